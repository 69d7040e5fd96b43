//! Secrets: the list, and one of them.

mod bound;
pub mod choose;
pub(super) mod connection;
pub mod create;
mod dates;
pub mod delete;
pub mod delete_many;
pub mod edit;
pub mod export;
pub(super) mod form;
mod history;
pub mod import;
mod index;
pub(super) mod page;
mod pages_of_life;
pub mod probe;
pub mod replace;
pub mod sharing;
pub mod snooze;
pub mod turns;
pub mod usage;

use std::slice;

use actix_web::web::{Data, Path};

use crate::actions::entering::Facts;
use crate::actions::sharing::Shared;
use crate::app::App;
use crate::domain::audit::folded;
use crate::domain::policy::Standing;
use crate::domain::secret::Slot;
use crate::domain::{Delivery, Method, Moment, Name, SecretId, SecretState};
use crate::store::access::Member;
use crate::store::audit::{Names, StoredEntry};
use crate::store::paging::Turn;
use crate::store::secrets::{Held, ListedSecret, SecretRow};
use crate::store::token_sets::TokenSet;
use crate::store::tokens::UserRow;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::error::Error;
use super::frame::{self, Frame, Reply};
use super::snippet::Snippet;
use super::story::Teller;
use super::url;
use super::view::{self, NodeMark, UsedBy, When, counted};
use super::visitor::{Demand, Visitor};
use sharing::page::Audience;

pub use history::history;
pub use index::index;

type Never = std::convert::Infallible;

/// Changes that a secret's page tells.
const HISTORY: usize = 10;

pub(super) fn mark(secret: &SecretRow) -> NodeMark {
    NodeMark { slug: secret.node_type.to_string(), name: secret.node_type_name.to_string() }
}

pub(super) fn owner_of(row: &ListedSecret) -> page::Owner {
    match (&row.end_user, &row.organization) {
        (Some(id), _) => page::Owner::EndUser(id.clone()),
        (None, Some(id)) => page::Owner::Organization(id.clone()),
        (None, None) => page::Owner::Member(row.owner_name.as_ref().map(ToString::to_string).unwrap_or_default()),
    }
}

/// A secret that this member may see, and what stands around it.
struct Found {
    frame: Frame,
    row: ListedSecret,
    shared: Shared,
    users: Vec<UserRow>,
    /// Tokens that have used it and are not this person's to know.
    others: usize,
    serving: Vec<bound::Serving>,
    history: Vec<StoredEntry>,
    trial: probe::Seen,
    usage: usage::Seen,
    /// What is known of the tokens that it holds.
    tokens: Option<TokenSet>,
    names: Names,
    /// The values beside the current one.
    held: Vec<Held>,
    /// The rounds that ask for a new value: their names, and when it is due.
    asking: Vec<(Name, Option<Moment>)>,
    may_rotate: bool,
    may_delete: bool,
    usable: bool,
    yours: bool,
    now: Moment,
}

impl Found {
    /// Whether there is a value that can be used; one that cannot be read is none.
    fn holds(&self) -> bool {
        self.row.secret.value_entered_at.is_some() && self.row.secret.unreadable_at.is_none()
    }
}

async fn find(app: &Data<App>, demand: &Demand<Member>, id: &str) -> Result<Found, Error> {
    let id: SecretId = id.parse().map_err(|_| Error::NotFound)?;
    let catalog = app.catalog.clone();
    let ws = demand.ws().to_owned();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::secrets::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let shared = Shared::read(tx, by, &row)?;
        let held = store::secrets::held(tx, by, &row)?;
        let trial = probe::look(tx, by, &catalog, &row, &held)?;
        let usage = usage::look(tx, by, (&catalog, &row))?;
        let tokens = match row.secret.kind.method() {
            Method::Key => None,
            Method::OAuth | Method::ClientCredentials => store::token_sets::find(tx, by, &id)?,
        };
        let mut users = store::tokens::users_of_any(tx, by, slice::from_ref(&id))?;
        let mut history = store::audit::history(tx, by, &row, &Turn::Newest)?.rows;
        history.truncate(HISTORY);
        let names = store::audit::actors(tx, by)?;
        let standing = Standing { person: by.person(), role: by.role() };
        let may_rotate = row.facts().rotatable_by(standing);
        let asking = store::rotations::asking_for(tx, by, &id)?;
        let serving = bound::shown(&ws, &bound::find(tx, by, &row)?, standing);
        let (may_delete, usable) = (row.facts().deletable_by(standing), row.facts().usable_by(by.person(), tx.now()));
        let yours = row.secret.owner.as_ref() == Some(by.person());
        let all = users.len();
        // Whoever may merely use it is told of other members' tokens how many there are.
        users.retain(|user| may_delete || names.iter().any(|(id, _)| id == user.token.as_str()));
        let others = all - users.len();
        Ok::<_, Fault<Never>>(Found {
            frame: Frame::of_member(tx, by)?,
            row,
            shared,
            users,
            others,
            serving,
            history,
            trial,
            usage,
            tokens,
            names,
            held,
            asking,
            may_rotate,
            may_delete,
            usable,
            yours,
            now: tx.now(),
        })
    });
    Ok(found.await?)
}

/// What was done to it, the newest first.
fn told(ws: &str, found: &Found) -> Vec<view::Entry> {
    let (names, secrets) = (found.names.iter().cloned().collect(), [found.row.secret.id.to_string()].into());
    let teller = Teller { ws, names, secrets, now: found.now };
    found.history.iter().flat_map(|entry| folded(entry.acts())).map(|line| teller.tell(&line)).collect()
}

pub(super) fn used_by(ws: &str, frame: &Frame, users: &[UserRow], now: Moment) -> Vec<UsedBy> {
    let row = |user: &UserRow| UsedBy {
        token: user.name.to_string(),
        url: frame.may_open_token(&user.maker).then(|| url::token(ws, user.token.as_str())),
        uses: u64::try_from(user.uses).unwrap_or_default(),
        last: When::new(user.last_used_at, now),
    };
    users.iter().map(row).collect()
}

/// Who may use it; nothing for a key from outside, which is shared with nobody.
fn audience(found: &Found) -> Option<Audience> {
    let owner = (owner_of(&found.row).to_string(), &found.frame.person.id);
    let audience = Audience::of(&found.shared, owner, found.yours, found.now);
    found.row.secret.owner.is_some().then(|| audience.in_short())
}

fn others(count: usize) -> Option<String> {
    let said = counted(u64::try_from(count).unwrap_or_default(), "service token", "service tokens");
    (count > 0).then(|| format!("Other members’ backends use it too, with {said}."))
}

fn asking(found: &Found) -> Vec<page::Asking> {
    let round = |(name, due): &(Name, Option<Moment>)| page::Asking {
        round: name.to_string(),
        due: due.map(|end| When::new(end, found.now)),
    };
    found.asking.iter().filter(|_| found.may_rotate).map(round).collect()
}

fn values(found: &Found, ws: &str) -> page::Values {
    let now = found.now;
    let shown = |slot: Slot| {
        found.held.iter().find(|held| held.slot == slot).map(|held| pages_of_life::Held {
            number: held.number,
            kind: held.kind.label(),
            last_four: held.last_four.clone(),
            entered: When::new(held.entered_at, now),
            expires: held.expires_at.map(|at| When::new(at, now)),
            kept_until: held.kept_until.map(|at| When::new(at, now)),
            trial: (slot == Slot::Next).then(|| probe::shown_next(&found.trial, ws, &found.row.secret, now)),
        })
    };
    page::Values { next: shown(Slot::Next), previous: shown(Slot::Previous) }
}

/// Requests with which whoever may use it tries it.
fn snippets(base: &str, found: &Found) -> Vec<Snippet> {
    let secret = &found.row.secret;
    if !found.usable || secret.value_entered_at.is_none() {
        return Vec::new();
    }
    let (node_type, maker) = (secret.node_type.as_str(), found.frame.person.id.as_str());
    let harmless = probe::to_try(&found.trial);
    let call = Snippet::call("call", base, (node_type, &harmless.path), &harmless.headers, Some(&secret.id));
    let fetch = || Snippet::vend("request", "Fetch it from a backend", base, node_type, maker);
    std::iter::once(call).chain((secret.delivery == Delivery::Vend).then(fetch)).collect()
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &path.1).await?;
    let (secret, now) = (&found.row.secret, found.now);
    let state = secret.state(now);
    let method = secret.kind.method();
    let (advice, place) = said(&found);
    let template = page::Show {
        method,
        connection: connection::shown(&app, &found),
        ws: demand.ws().to_owned(),
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: mark(secret),
        kind: secret.kind.label().to_owned(),
        state,
        disabled: !secret.node_type_enabled,
        advice,
        place,
        environment: secret.environment,
        owner: owner_of(&found.row),
        yours: found.yours,
        sharing: found.shared.sharing,
        audience: audience(&found),
        delivery: secret.delivery,
        last_four: secret.last_four.clone(),
        hosts: Facts::read(&secret.facts).hosts,
        created: When::new(secret.created_at, now),
        entered: secret.value_entered_at.map(|at| When::new(at, now)),
        version: u32::try_from(secret.value_number).unwrap_or(u32::MAX),
        expires: secret.expires_at.map(|at| When::new(at, now)),
        rotate: secret.rotate_at.map(|at| When::new(at, now)),
        last_use: secret.last_used_at.map(|at| When::new(at, now)),
        used_by: used_by(demand.ws(), &found.frame, &found.users, now),
        usage: usage::shown(demand.ws(), &found),
        others: others(found.others),
        serving: found.serving.clone(),
        snippets: snippets(app.config.server.base(), &found),
        history: told(demand.ws(), &found),
        values: values(&found, demand.ws()),
        holds: found.holds(),
        asking: asking(&found),
        may_rotate: found.may_rotate,
        trial: probe::shown(&found.trial, demand.ws(), secret, now),
        may_delete: found.may_delete,
        chrome: frame::chrome(&visitor, Some(&found.frame), secret.name.as_str(), Place::Secrets),
    };
    frame::page(&app, &visitor, &template)
}

/// What its state means and what to do about it, with the provider's own page where that is the place to do it.
fn said(found: &Found) -> (String, Option<view::Link>) {
    let (secret, now) = (&found.row.secret, found.now);
    let unreadable = secret.unreadable_at.is_some();
    let of_state = (secret.state(now), secret.kind.method());
    let rejection = probe::rejection(&found.trial, secret, now).filter(|_| !unreadable);
    rejection.unwrap_or_else(|| (advice(unreadable, of_state, secret.delivery).to_owned(), None))
}

fn advice(unreadable: bool, (state, method): (SecretState, Method), delivery: Delivery) -> &'static str {
    let account = method == Method::OAuth;
    match state {
        _ if unreadable && account => "Its tokens cannot be read. Connect it again: everything else is as it was.",
        _ if unreadable => "Its stored value cannot be read. Enter it again: everything else is as it was.",
        SecretState::Connected if delivery == Delivery::Proxy => {
            "It is on its hook, for calls through Keyrack. Whoever makes them never gets it."
        }
        SecretState::Connected => "It is on its hook and ready to be used.",
        SecretState::Expired if account => {
            "Its last day is over, so it is not used any more. Connect the account again, and it goes on."
        }
        SecretState::Expired => "Its last day is over, so it is not used any more. Enter the key that replaces it.",
        SecretState::Rejected if account => {
            "The provider refused its access at the last use. Connect the account again, and look at what it allows there."
        }
        SecretState::Rejected => "The provider refused it at its last use. Make another key there, and enter it here.",
        SecretState::NeedsReauthorization if account => {
            "The provider does not renew its access any more. Connect the account again."
        }
        SecretState::NeedsReauthorization => {
            "The provider does not take this client any more. Enter its id and secret again."
        }
        SecretState::Disconnected if account => {
            "No account is connected, so whatever uses it gets nothing. Its name, its sharing and what is bound to it wait for one."
        }
        SecretState::Disconnected => {
            "It holds no value, so whatever uses it gets nothing. Its name, its sharing and what is bound to it wait for one."
        }
    }
}
