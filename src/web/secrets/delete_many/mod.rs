//! Deleting many secrets at once: first what would go and what would break, then how many typed out.
//!
//! The preview changes nothing, so it is an address like any other: with the secrets that were chosen, or with the
//! filter that finds them.

mod page;

use std::collections::BTreeSet;

use actix_web::HttpRequest;
use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::actions::deleting::{self, Chosen, Seen};
use crate::app::App;
use crate::domain::policy::Standing;
use crate::domain::{Moment, Role, SecretId};
use crate::store::Fault;
use crate::store::access::Member;
use crate::store::secrets::Sought;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::wrong;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::{Input, counted};
use crate::web::visitor::{Demand, Visitor};

use super::index::Asked;
use super::{Never, bound, mark, owner_of, used_by};

/// How the query asks for everything that the filter finds.
pub(super) const ALL: (&str, &str) = ("all", "yes");
/// How the query calls each secret that was chosen.
pub(super) const ONE: &str = "secret";

/// What is to be deleted.
#[derive(Clone)]
enum Wanted {
    Named { ids: Vec<SecretId>, unreadable: usize },
    Found(Box<Sought>),
}

impl Wanted {
    /// Nothing where nothing is chosen.
    fn of(query: &str, asked: &Asked) -> Option<Self> {
        let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
        if pairs.iter().any(|(name, value)| (name.as_str(), value.as_str()) == ALL) {
            return Some(Self::Found(Box::new(asked.sought())));
        }
        let texts: BTreeSet<&str> =
            pairs.iter().filter(|(name, _)| name == ONE).map(|(_, value)| value.as_str()).collect();
        let ids: Vec<SecretId> = texts.iter().filter_map(|text| text.parse().ok()).collect();
        // What is no id is as little there as an id of nothing.
        let unreadable = texts.len().saturating_sub(ids.len());
        (!texts.is_empty()).then_some(Self::Named { ids, unreadable })
    }
}

struct Found {
    frame: Frame,
    role: Role,
    chosen: Chosen,
    now: Moment,
}

async fn look(app: &Data<App>, demand: &Demand<Member>, wanted: Wanted) -> Result<Found, Error> {
    let found = app.db.read(demand.ask(), move |tx, by| {
        let chosen = match &wanted {
            Wanted::Found(sought) => deleting::found(tx, by, sought)?,
            Wanted::Named { ids, unreadable } => {
                let chosen = deleting::named(tx, by, ids)?;
                Chosen { gone: chosen.gone.saturating_add(*unreadable), ..chosen }
            }
        };
        let now = tx.now();
        Ok::<_, Fault<Never>>(Found { frame: Frame::of_member(tx, by)?, role: by.role(), chosen, now })
    });
    Ok(found.await?)
}

/// What comes back with a preview that was looked at before.
#[derive(Default)]
struct Again<'a> {
    seen: Option<&'a Seen>,
    confirm: Input,
}

fn page_of(visitor: &Visitor, ws: &str, asked: &Asked, found: &Found, again: Again<'_>) -> page::DeleteMany {
    let chosen = &found.chosen;
    let standing = Standing { person: &found.frame.person.id, role: found.role };
    let is_changed = |id: &SecretId| again.seen.is_some_and(|seen| seen.has_other(&chosen.seen, id));
    let losing = |row: &crate::store::secrets::ListedSecret| page::Losing {
        name: row.secret.name.to_string(),
        node_type: mark(&row.secret),
        environment: row.secret.environment,
        owner: owner_of(row),
        owner_id: row.secret.owner.clone(),
        yours: row.secret.owner.as_ref() == Some(standing.person),
        changed: is_changed(&row.secret.id),
    };
    let mut going: Vec<page::Losing> = chosen.going.iter().map(losing).collect();
    // What has changed since is not to be looked for.
    going.sort_by_key(|row| !row.changed);
    let nodes = chosen.nodes.iter().take(page::NAMED);
    let filter = asked.kept();
    page::DeleteMany {
        chrome: frame::chrome(visitor, Some(&found.frame), "Delete secrets", Place::Secrets),
        list: url::with_query(&url::secrets(ws), &filter),
        action: url::with_query(&url::delete_secrets(ws), &filter),
        parts: page::parts(&going),
        going,
        too_many: chosen.too_many,
        serving: bound::shown(ws, &nodes.cloned().collect::<Vec<_>>(), standing),
        nodes: chosen.nodes.len(),
        used_by: used_by(ws, &found.frame, &chosen.users, found.now),
        kept: chosen.kept.iter().map(losing).collect(),
        kept_all: chosen.kept_all,
        gone: chosen.gone,
        notice: again.seen.and_then(|seen| changes(seen, chosen)),
        seen: chosen.seen.to_string(),
        confirm: again.confirm,
    }
}

/// In words, what is not as it was when the preview was looked at.
fn changes(before: &Seen, now: &Chosen) -> Option<String> {
    if before == &now.seen {
        return None;
    }
    let count = |number: usize, one: &str, many: &str| {
        (number > 0).then(|| counted(u64::try_from(number).unwrap_or(u64::MAX), one, many))
    };
    let changed = now.going.iter().filter(|row| before.has_other(&now.seen, &row.secret.id)).count();
    let kept = usize::try_from(now.kept_all).unwrap_or(usize::MAX);
    let parts = [
        count(changed, "secret has changed", "secrets have changed"),
        count(now.gone, "is not there any more", "are not there any more"),
        count(kept, "is not yours to delete any more", "are not yours to delete any more"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Some(format!("Nothing is deleted yet. Since you looked, {}. Look once more.", parts.join(", ")))
}

pub async fn new(
    request: HttpRequest,
    visitor: Visitor,
    demand: Demand<Member>,
    asked: Query<Asked>,
    app: Data<App>,
) -> Reply {
    let Some(wanted) = Wanted::of(request.query_string(), &asked) else {
        // Whoever may not see the workspace is told so, and not led into it.
        app.db.read::<_, _, Never, _>(demand.ask(), |_, _| Ok(())).await?;
        let list = url::with_query(&url::secrets(demand.ws()), &asked.kept());
        return Ok(see_other(&app, &list, Some(Flash::NothingChosen)));
    };
    let found = look(&app, &demand, wanted).await?;
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &asked, &found, Again::default()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Confirm {
    seen: String,
    count: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    asked: Query<Asked>,
    form: CsrfForm<Confirm>,
    app: Data<App>,
) -> Reply {
    let form = form.into_inner();
    let seen: Seen = form.seen.parse().map_err(|_| Error::BadRequest)?;
    let found = look(&app, &demand, Wanted::Named { ids: seen.ids(), unreadable: 0 }).await?;
    let list = url::with_query(&url::secrets(demand.ws()), &asked.kept());
    if seen.is_empty() {
        return Ok(see_other(&app, &list, Some(Flash::NothingChosen)));
    }
    let again = |found: &Found, confirm: Input| {
        let again = Again { seen: Some(&seen), confirm };
        frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &asked, found, again))
    };
    let is_typed = form.count.trim() == seen.len().to_string();
    // Where all of it is gone already there is nothing left to confirm.
    if !is_typed && found.chosen.gone < seen.len() {
        return again(&found, wrong(&form.count, "This is not that number. Type it exactly as it stands above."));
    }
    let (kit, shown) = (visitor.kit(&app), seen.clone());
    let deleted = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| deleting::delete(tx, by, tools, &shown)));
    match deleted.await {
        Ok(0) => Ok(see_other(&app, &list, Some(Flash::SecretsGone))),
        Ok(number) => {
            Ok(see_other(&app, &list, Some(Flash::SecretsDeleted(u16::try_from(number).unwrap_or(u16::MAX)))))
        }
        Err(Fault::Refused(_)) => {
            let found = look(&app, &demand, Wanted::Named { ids: seen.ids(), unreadable: 0 }).await?;
            again(&found, Input::default())
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
