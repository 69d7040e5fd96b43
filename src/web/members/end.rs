//! Ending a membership: what it will do, and what it did.

use std::collections::BTreeSet;

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::members::{self, Keeping, Leaving, MemberRefusal};
use crate::app::App;
use crate::domain::{Moment, PersonId, SecretId};
use crate::store::Fault;
use crate::store::access::Member;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::forms::{is_typed, wrong};
use crate::web::frame::{self, Frame, Reply};
use crate::web::secrets::{mark, origin};
use crate::web::url;
use crate::web::view::{Choice, Input, When};
use crate::web::visitor::{Demand, Visitor};

use super::{page, row_of, show_page};

/// What the preview shows.
struct Seen {
    frame: Frame,
    leaving: Leaving,
    now: Moment,
}

enum Looked {
    Seen(Box<Seen>),
    Refused(MemberRefusal),
}

async fn look(app: &App, demand: &Demand<Member>, id: &PersonId) -> Result<Looked, Error> {
    let id = id.clone();
    let seen = app.db.read(demand.ask(), move |tx, by| {
        let leaving = members::leaving(tx, by, &id)?;
        Ok(Box::new(Seen { frame: Frame::of_member(tx, by)?, leaving, now: tx.now() }))
    });
    match seen.await {
        Ok(seen) => Ok(Looked::Seen(seen)),
        Err(Fault::Refused(refusal)) => Ok(Looked::Refused(refusal)),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn page_of(
    visitor: &Visitor,
    app: &App,
    ws: &str,
    seen: &Seen,
    sent: &Form,
    (confirm, heir_error): (Input, Option<String>),
) -> page::End {
    let leaving = &seen.leaving;
    let losing = leaving.secrets.iter().map(|row| page::Losing {
        id: row.secret.id.to_string(),
        name: row.secret.name.to_string(),
        node_type: mark(&app.catalog, row.secret.node_type.as_str()),
        environment: row.secret.environment.to_string(),
        last_use: row.secret.last_used_at.map(|at| When::new(at, seen.now)),
        may_keep: Leaving::may_keep(row),
        kept: sent.keep.iter().any(|id| id == row.secret.id.as_str()),
    });
    let heirs = leaving.heirs.iter().filter(|_| leaving.by_themselves).map(|heir| Choice {
        value: heir.person.to_string(),
        label: heir.name.to_string(),
        chosen: sent.heir == heir.person.as_str(),
    });
    let title = if leaving.by_themselves { "Leave the workspace" } else { "Remove a member" };
    page::End {
        chrome: frame::chrome(visitor, Some(&seen.frame), title, Place::Members),
        ws: ws.to_owned(),
        row: row_of(&leaving.member, &seen.frame.person.id, seen.now),
        secrets: losing.collect(),
        tokens: leaving.tokens.iter().map(|token| token.name.to_string()).collect(),
        heirs: heirs.collect(),
        heir_error,
        seen: leaving.fingerprint(),
        confirm,
    }
}

async fn refused(
    visitor: &Visitor,
    demand: &Demand<Member>,
    app: &Data<App>,
    id: &PersonId,
    refusal: MemberRefusal,
) -> Reply {
    let found = super::find(app, demand, id).await?;
    frame::again(app, visitor, &show_page(visitor, demand.ws(), &found, Some(refusal.to_string())))
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let id: PersonId = path.1.parse().map_err(|_| Error::NotFound)?;
    let seen = match look(&app, &demand, &id).await? {
        Looked::Seen(seen) => seen,
        Looked::Refused(refusal) => return refused(&visitor, &demand, &app, &id, refusal).await,
    };
    let nothing = (Input::default(), None);
    frame::page(&app, &visitor, &page_of(&visitor, &app, demand.ws(), &seen, &Form::default(), nothing))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    keep: Vec<String>,
    heir: String,
    seen: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Form>,
    app: Data<App>,
) -> Reply {
    let id: PersonId = path.1.parse().map_err(|_| Error::NotFound)?;
    let form = form.into_inner();
    let seen = match look(&app, &demand, &id).await? {
        Looked::Seen(seen) => seen,
        Looked::Refused(refusal) => return refused(&visitor, &demand, &app, &id, refusal).await,
    };
    let again = |confirm, heir_error| page_of(&visitor, &app, demand.ws(), &seen, &form, (confirm, heir_error));
    if !is_typed(&form.name, &seen.leaving.member.name) {
        let confirm = wrong(&form.name, "This is not the name. Type it exactly as it stands above.");
        return frame::again(&app, &visitor, &again(confirm, None));
    }
    let secrets: Result<BTreeSet<SecretId>, _> = form.keep.iter().map(|id| id.parse()).collect();
    let keeping = Keeping {
        secrets: secrets.map_err(|_| Error::BadRequest)?,
        heir: form.heir.parse().ok(),
        seen: form.seen.clone(),
    };
    let (keyring, from) = (app.keyring.clone(), visitor.address());
    let ended =
        app.db.write(demand.ask(), move |tx, by| members::end(tx, by, &keyring, &origin(by, from), (&id, &keeping)));
    match ended.await {
        Ok(ended) => frame::page(&app, &visitor, &ended_page(&visitor, demand.ws(), &seen.frame, &form, &ended)),
        Err(Fault::Refused(refusal)) => frame::again(
            &app,
            &visitor,
            &again(Input { value: form.name.clone(), error: None }, Some(refusal.to_string())),
        ),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn ended_page(visitor: &Visitor, ws: &str, frame: &Frame, form: &Form, ended: &members::Ended) -> page::Ended {
    let leaving = &ended.leaving;
    let is_kept = |id: &SecretId| ended.kept > 0 && form.keep.iter().any(|kept| kept == id.as_str());
    let (kept, deleted): (Vec<_>, Vec<_>) =
        leaving.secrets.iter().partition(|row| Leaving::may_keep(row) && is_kept(&row.secret.id));
    let names = |rows: Vec<&crate::store::secrets::ListedSecret>| -> Vec<String> {
        rows.iter().map(|row| row.secret.name.to_string()).collect()
    };
    // Whoever has left sees the frame of somebody without this workspace.
    let frame = (!leaving.by_themselves).then_some(frame);
    page::Ended {
        chrome: frame::chrome(visitor, frame, "The membership has ended", Place::Members),
        on: if leaving.by_themselves { url::home() } else { url::members(ws) },
        name: leaving.member.name.to_string(),
        by_themselves: leaving.by_themselves,
        deleted: names(deleted),
        kept: names(kept),
        tokens: leaving.tokens.iter().map(|token| token.name.to_string()).collect(),
    }
}
