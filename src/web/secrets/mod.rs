//! Secrets: the list, and one of them.

pub mod create;
pub mod delete;
mod page;

use std::net::IpAddr;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::audit::Origin;
use crate::actions::entering::Facts;
use crate::app::App;
use crate::catalog::Catalog;
use crate::domain::audit::Actor;
use crate::domain::policy::Standing;
use crate::domain::{Delivery, Environment, Moment, SecretId, SecretState};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::audit::{Names, StoredEntry};
use crate::store::secrets::ListedSecret;
use crate::store::tokens::UserRow;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::error::Error;
use super::frame::{self, Frame, Reply};
use super::story::Teller;
use super::url;
use super::view::{self, Choice, Link, NodeMark, Pager, Shown as _, Snippet, UsedBy, When};
use super::visitor::{Demand, Visitor};

type Never = std::convert::Infallible;

/// Changes that a secret's page tells.
const HISTORY: i64 = 20;

/// Who acts, for the entry of a change.
pub(super) fn origin(by: &Proof<'_, impl AtLeast<Member>>, from: Option<IpAddr>) -> Origin {
    Origin { by: Actor::Person { id: by.person().clone() }, from }
}

pub(super) fn mark(catalog: &Catalog, slug: &str) -> NodeMark {
    let name = catalog.get(slug).map_or(slug, |node_type| node_type.name.as_str());
    NodeMark { slug: slug.to_owned(), name: name.to_owned() }
}

fn owner_of(row: &ListedSecret) -> page::Owner {
    match (&row.end_user, &row.organization) {
        (Some(id), _) => page::Owner::EndUser(id.clone()),
        (None, Some(id)) => page::Owner::Organization(id.clone()),
        (None, None) => page::Owner::Member(row.owner_name.as_ref().map(ToString::to_string).unwrap_or_default()),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Narrow {
    q: String,
    node_type: String,
    environment: String,
    state: String,
}

impl Narrow {
    fn takes(&self, row: &ListedSecret, now: Moment) -> bool {
        let secret = &row.secret;
        let is = |wanted: &str, held: &str| wanted.is_empty() || wanted == held;
        let found = secret.name.key().contains(&self.q.trim().to_lowercase());
        found
            && is(&self.node_type, secret.node_type.as_str())
            && is(&self.environment, secret.environment.as_str())
            && is(&self.state, secret.state(now).as_str())
    }

    fn filter(&self, ws: &str, catalog: &Catalog) -> page::Filter {
        let choice = |value: &str, label: &str, chosen: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: value == chosen,
        };
        let node_types = catalog.all().map(|n| choice(&n.slug, &n.name, &self.node_type)).collect();
        let environments = Environment::ALL.iter().map(|e| choice(e.as_str(), e.as_str(), &self.environment)).collect();
        let states = SecretState::ALL.iter().map(|s| choice(s.as_str(), s.word(), &self.state)).collect();
        page::Filter { q: self.q.clone(), node_types, environments, states, chips: self.chips(ws) }
    }

    /// One for each filter in force, leading to the list without it.
    fn chips(&self, ws: &str) -> Vec<Link> {
        let all = [
            ("q", &self.q),
            ("node_type", &self.node_type),
            ("environment", &self.environment),
            ("state", &self.state),
        ];
        let without = |name: &str| {
            let rest: Vec<(&str, &str)> =
                all.iter().filter(|(n, _)| *n != name).map(|(n, v)| (*n, v.as_str())).collect();
            url::with_query(&url::secrets(ws), &rest)
        };
        let set = all.iter().filter(|(_, value)| !value.is_empty());
        set.map(|(name, value)| Link { label: (*value).clone(), url: without(name) }).collect()
    }
}

pub async fn index(visitor: Visitor, demand: Demand<Member>, narrow: Query<Narrow>, app: Data<App>) -> Reply {
    let found = app.db.read(demand.ask(), |tx, by| {
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, store::secrets::list(tx, by)?, tx.now()))
    });
    let (frame, rows, now) = found.await?;
    let matching: Vec<page::Row> =
        rows.iter().filter(|row| narrow.takes(row, now)).map(|row| row_of(&app, row, now)).collect();
    let template = page::Index {
        ws: demand.ws().to_owned(),
        filter: narrow.filter(demand.ws(), &app.catalog),
        matching: u64::try_from(matching.len()).unwrap_or(u64::MAX),
        all: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        rows: matching,
        pager: Pager::default(),
        chrome: frame::chrome(&visitor, Some(&frame), "Secrets", Place::Secrets),
    };
    frame::page(&app, &visitor, &template)
}

fn row_of(app: &App, row: &ListedSecret, now: Moment) -> page::Row {
    page::Row {
        id: row.secret.id.to_string(),
        name: row.secret.name.to_string(),
        node_type: mark(&app.catalog, row.secret.node_type.as_str()),
        owner: owner_of(row),
        sharing: row.secret.sharing,
        environment: row.secret.environment,
        last_four: row.secret.last_four.clone(),
        state: row.secret.state(now),
        last_use: row.secret.last_used_at.map(|at| When::new(at, now)),
    }
}

/// A secret that this member may see, and what stands around it.
struct Found {
    frame: Frame,
    row: ListedSecret,
    users: Vec<UserRow>,
    history: Vec<StoredEntry>,
    names: Names,
    may_delete: bool,
    usable: bool,
    yours: bool,
    now: Moment,
}

async fn find(app: &Data<App>, demand: &Demand<Member>, id: &str) -> Result<Found, Error> {
    let id: SecretId = id.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::secrets::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let users = store::tokens::users_of(tx, by, &id)?;
        let history = store::audit::history(tx, by, &row, HISTORY)?;
        let names = store::audit::names(tx, by)?;
        let standing = Standing { person: by.person(), role: by.role() };
        let (may_delete, usable) = (row.facts().deletable_by(standing), row.facts().usable_by(by.person()));
        let yours = row.secret.owner.as_ref() == Some(by.person());
        Ok::<_, Fault<Never>>(Found {
            frame: Frame::of_member(tx, by)?,
            row,
            users,
            history,
            names,
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
    let teller = Teller { ws, names: found.names.iter().cloned().collect(), now: found.now };
    found.history.iter().flat_map(StoredEntry::acts).map(|act| teller.tell(&act)).collect()
}

fn used_by(ws: &str, users: &[UserRow], now: Moment) -> Vec<UsedBy> {
    let row = |user: &UserRow| UsedBy {
        token: Link { label: user.name.to_string(), url: url::token(ws, user.token.as_str()) },
        uses: u64::try_from(user.uses).unwrap_or_default(),
        last: When::new(user.last_used_at, now),
    };
    users.iter().map(row).collect()
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &path.1).await?;
    let (secret, now) = (&found.row.secret, found.now);
    let base = app.config.server.public_url.as_str().trim_end_matches('/');
    let own = found.usable && secret.delivery == Delivery::Vend;
    let snippet = own.then(|| {
        Snippet::vend(
            "request",
            "Fetch it from a backend",
            base,
            secret.node_type.as_str(),
            found.frame.person.id.as_str(),
        )
    });
    let state = secret.state(now);
    let template = page::Show {
        ws: demand.ws().to_owned(),
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: mark(&app.catalog, secret.node_type.as_str()),
        kind: secret.kind.label().to_owned(),
        state,
        advice: advice(secret.unreadable_at.is_some(), state, secret.delivery).to_owned(),
        environment: secret.environment,
        owner: owner_of(&found.row),
        yours: found.yours,
        sharing: secret.sharing,
        delivery: secret.delivery,
        last_four: secret.last_four.clone(),
        hosts: Facts::read(&secret.facts).hosts,
        created: When::new(secret.created_at, now),
        entered: secret.value_entered_at.map(|at| When::new(at, now)),
        version: u32::try_from(secret.value_number).unwrap_or(u32::MAX),
        expires: secret.expires_at.map(|at| When::new(at, now)),
        last_use: secret.last_used_at.map(|at| When::new(at, now)),
        used_by: used_by(demand.ws(), &found.users, now),
        snippet,
        history: told(demand.ws(), &found),
        may_delete: found.may_delete,
        chrome: frame::chrome(&visitor, Some(&found.frame), secret.name.as_str(), Place::Secrets),
    };
    frame::page(&app, &visitor, &template)
}

fn advice(unreadable: bool, state: SecretState, delivery: Delivery) -> &'static str {
    match state {
        _ if unreadable => "Its stored value cannot be read. Delete it and add it again.",
        SecretState::Connected if delivery == Delivery::Proxy => {
            "It is on its hook, for calls through Keyrack. This version does not make such calls yet."
        }
        SecretState::Connected => "It is on its hook and ready to be used.",
        SecretState::Expired => "Its last day is over, so it is not used any more. Add the key that replaces it.",
        SecretState::Rejected => "The provider refused it at its last use.",
        SecretState::NeedsReauthorization => "The account has to be connected again.",
        SecretState::Disconnected => "It holds no value.",
    }
}
