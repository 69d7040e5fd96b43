//! End users and organizations: who has connected what, how it fares, and the end of it. For Owners and Admins.

mod card;
pub mod delete;
pub mod disconnect;
mod index;
mod page;

use std::collections::{HashMap, HashSet};

use actix_web::web::{Data, Path, Query};

use crate::actions::outsiders::{self, Outlook};
use crate::app::App;
use crate::domain::audit::folded;
use crate::domain::{Moment, OutsiderId, OutsiderKind, SecretId};
use crate::store::access::Admin;
use crate::store::audit::{Names, StoredEntry};
use crate::store::outsiders::{Account, Around, Listed, Outsider};
use crate::store::paging::Page;
use crate::store::secrets::{ListedSecret, Order, Spot};
use crate::store::{self, Denied, Fault};

use super::chrome::Place;
use super::error::Error;
use super::frame::{self, Frame, Reply};
use super::secrets::{mark, used_by};
use super::story::Teller;
use super::view::{Entry, Link, Tone, When, counted};
use super::visitor::{Demand, Visitor};
use super::{paging, url};

pub use index::index;

type Never = std::convert::Infallible;
type At = Path<(String, String)>;

/// Acts that a page tells.
const LATELY: i64 = 10;

fn id_of<I: Outsider>(path: &At) -> Result<I, Error> {
    path.1.parse().map_err(|_| Error::NotFound)
}

/// Somebody, and a page of what they have connected.
struct Found<I> {
    frame: Frame,
    row: Listed<I>,
    around: Option<Around>,
    all: u64,
    page: Page<ListedSecret>,
    accounts: HashMap<SecretId, Account>,
    lately: Vec<StoredEntry>,
    names: Names,
    now: Moment,
}

async fn find<I: Outsider>(app: &App, demand: &Demand<Admin>, id: I, turn: paging::Asked) -> Result<Found<I>, Error> {
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = I::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        let sought = outsiders::theirs(id.clone());
        let all = store::secrets::count(tx, by, &sought)?;
        let page = store::secrets::list(tx, by, &sought, (Order::Newest, &turn.turn::<Spot>()))?;
        let ids: Vec<SecretId> = page.rows.iter().map(|row| row.secret.id.clone()).collect();
        let accounts = store::outsiders::accounts(tx, by, &ids)?;
        let subjects: Vec<&str> = ids.iter().map(SecretId::as_str).collect();
        Ok::<_, Fault<Never>>(Found {
            lately: store::audit::lately(tx, by, &subjects, LATELY)?,
            names: store::audit::actors(tx, by)?,
            around: I::around(tx, by, std::slice::from_ref(&id))?.remove(&id),
            frame: Frame::of_member(tx, by)?,
            now: tx.now(),
            row,
            all,
            page,
            accounts,
        })
    });
    Ok(found.await?)
}

pub async fn show<I: Outsider>(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: At,
    asked: Query<paging::Asked>,
    app: Data<App>,
) -> Reply {
    let found = find::<I>(&app, &demand, id_of(&path)?, asked.into_inner()).await?;
    let (ws, now) = (demand.ws(), found.now);
    let id: OutsiderId = found.row.id.clone().into();
    let reader = card::Reader { ws, catalog: &app.catalog, accounts: &found.accounts, of: I::KIND, now };
    let template = page::Show {
        ws: ws.to_owned(),
        kind: I::KIND,
        external_id: found.row.external_id.clone(),
        first_seen: When::new(found.row.created_at, now),
        organizations: organizations(ws, found.around.as_ref()),
        end_users: end_users(ws, &found.row, found.around.as_ref()),
        all: found.all,
        cards: found.page.rows.iter().map(|row| reader.card(row)).collect(),
        holding: found.page.rows.iter().any(|row| row.secret.value_entered_at.is_some()),
        in_secrets: url::with_query(&url::secrets(ws), &[("owner", &id.to_string())]),
        pager: paging::pager(&url::outsider(ws, &id), &[], &found.page, |row| row.spot(Order::Newest).to_string()),
        history: told(ws, &found),
        chrome: frame::chrome(&visitor, Some(&found.frame), &found.row.external_id, Place::EndUsers),
        id,
    };
    frame::page(&app, &visitor, &template)
}

/// Those in which an end user has connections.
fn organizations(ws: &str, around: Option<&Around>) -> Vec<Link> {
    match around {
        Some(Around::Organizations(all)) => all.iter().map(|(id, called)| link(ws, id.clone(), called)).collect(),
        _ => Vec::new(),
    }
}

fn link(ws: &str, id: impl Into<OutsiderId>, called: &str) -> Link {
    Link { label: called.to_owned(), url: url::outsider(ws, &id.into()) }
}

/// Those who have connections in an organization: how many, and the list of them.
fn end_users<I>(ws: &str, row: &Listed<I>, around: Option<&Around>) -> Option<Link> {
    match around {
        Some(Around::EndUsers(number)) if *number > 0 => Some(Link {
            label: counted(*number, "end user", "end users"),
            url: url::with_query(&url::end_users(ws), &[("organization", &row.external_id)]),
        }),
        _ => None,
    }
}

/// What was done to the connections of this page, the newest first.
fn told<I>(ws: &str, found: &Found<I>) -> Vec<Entry> {
    let secrets: HashSet<String> = found.page.rows.iter().map(|row| row.secret.id.to_string()).collect();
    let teller = Teller { ws, names: found.names.iter().cloned().collect(), secrets, now: found.now };
    found.lately.iter().flat_map(|entry| folded(entry.acts())).map(|line| teller.tell(&line)).collect()
}

/// What would end with somebody, and who looks.
struct Ending<I> {
    frame: Frame,
    outlook: Outlook<I>,
    /// Of those that are named.
    accounts: HashMap<SecretId, Account>,
    now: Moment,
}

async fn ending<I: Outsider>(app: &App, demand: &Demand<Admin>, id: I) -> Result<Ending<I>, Error> {
    let found = app.db.read(demand.ask(), move |tx, by| {
        let outlook = outsiders::look(tx, by, &id)?;
        let named = outlook.chosen.going.iter().take(page::NAMED).map(|row| row.secret.id.clone());
        let accounts = store::outsiders::accounts(tx, by, &named.collect::<Vec<_>>())?;
        Ok::<_, Fault<Never>>(Ending { frame: Frame::of_member(tx, by)?, outlook, accounts, now: tx.now() })
    });
    Ok(found.await?)
}

fn ends<I: Outsider>(ws: &str, found: &Ending<I>) -> page::Ends {
    let Outlook { row, chosen } = &found.outlook;
    let id: OutsiderId = row.id.clone().into();
    let going = |row: &ListedSecret| page::Going {
        name: row.secret.name.to_string(),
        node_type: mark(&row.secret),
        environment: row.secret.environment,
        last_four: row.secret.last_four.clone(),
        of: beside(I::KIND, row),
        account: found.accounts.get(&row.secret.id).and_then(Account::called).map(ToOwned::to_owned),
    };
    page::Ends {
        ws: ws.to_owned(),
        kind: I::KIND,
        external_id: row.external_id.clone(),
        going: chosen.going.iter().map(going).collect(),
        too_many: chosen.too_many,
        in_secrets: url::with_query(&url::secrets(ws), &[("owner", &id.to_string())]),
        used_by: used_by(ws, &found.frame, &chosen.users, found.now),
        seen: chosen.seen.to_string(),
        notice: None,
        id,
    }
}

/// To whom a connection belongs besides the one who ends it.
fn beside(kind: OutsiderKind, row: &ListedSecret) -> Option<String> {
    match kind {
        OutsiderKind::EndUser => row.organization.as_ref().map(|of| format!("in organization {of}")),
        OutsiderKind::Organization => row.end_user.as_ref().map(|of| format!("of end user {of}")),
    }
}

/// What is said where something has changed since somebody looked.
const CHANGED: (Tone, &str) =
    (Tone::Warn, "Nothing has ended yet: what they have connected has changed since you looked. Look once more.");

/// What it is called in the middle of a sentence.
fn word(kind: OutsiderKind) -> &'static str {
    match kind {
        OutsiderKind::EndUser => "end user",
        OutsiderKind::Organization => "organization",
    }
}
