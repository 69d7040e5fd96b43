//! All connections of a workspace that one may see: how they fare, when they are renewed, and what to do.

mod page;

use std::collections::HashMap;

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::app::App;
use crate::domain::policy::{self, Standing};
use crate::domain::{Environment, Hindrance, Method, Moment, Name, SecretId, SecretState, Slug};
use crate::store::access::Member;
use crate::store::node_types::NodeTypeRow;
use crate::store::paging::Page;
use crate::store::secrets::{ListedSecret, Order, Sought, Spot};
use crate::store::token_sets::Fare;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::filters::{self, InForce};
use crate::web::frame::{self, Frame, Reply};
use crate::web::secrets::{mark, owner_of};
use crate::web::view::{Choice, Link, Shown as _, When};
use crate::web::visitor::{Demand, Visitor};
use crate::web::{paging, url};

type Never = std::convert::Infallible;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    node_type: String,
    environment: String,
    state: String,
    before: String,
    after: String,
}

impl Asked {
    fn sought(&self) -> Sought {
        Sought {
            name: Name::part_of_key(&self.q),
            node_type: self.node_type.parse().ok(),
            environment: self.environment.parse().ok(),
            state: self.state.parse().ok(),
            connections: true,
            ..Sought::default()
        }
    }
}

pub async fn index(visitor: Visitor, demand: Demand<Member>, asked: Query<Asked>, app: Data<App>) -> Reply {
    let (sought, turn) = (asked.sought(), paging::turn::<Spot>(&asked.before, &asked.after));
    let wanted = sought.clone();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let all = store::secrets::count(tx, by, &Sought { connections: true, ..Sought::default() })?;
        let matching = if all == 0 { 0 } else { store::secrets::count(tx, by, &wanted)? };
        let page = match matching {
            0 => Page::empty(),
            _ => store::secrets::list(tx, by, &wanted, (Order::Newest, &turn))?,
        };
        let ids: Vec<SecretId> = page.rows.iter().map(|row| row.secret.id.clone()).collect();
        let fares = store::token_sets::of_any(tx, by, &ids)?;
        let node_types = store::node_types::list(tx, by)?;
        Ok::<_, Fault<Never>>((
            Frame::of_member(tx, by)?,
            by.role(),
            page,
            fares,
            node_types,
            (matching, all),
            tx.now(),
        ))
    });
    let (frame, role, page, fares, node_types, (matching, all), now) = found.await?;
    let ws = demand.ws();
    let node_types: Vec<&NodeTypeRow> = node_types.iter().filter(|row| row.method != Method::Key).collect();
    let in_force = in_force(&asked, &sought, &node_types);
    let pairs = filters::pairs(&in_force);
    let reader = Reader { ws, standing: Standing { person: &frame.person.id, role }, fares: &fares, now };
    let template = page::Index {
        ws: ws.to_owned(),
        filter: filter_of((ws, &asked.q), &sought, &node_types, &in_force),
        matching,
        all,
        rows: page.rows.iter().map(|row| reader.row(row)).collect(),
        pager: paging::pager(&url::connections(ws), &pairs, &page, |row| row.spot(Order::Newest).to_string()),
        may_manage: policy::may_manage_node_types(role),
        any_node_type: !node_types.is_empty(),
        chrome: frame::chrome(&visitor, Some(&frame), "Connections", Place::Connections),
    };
    frame::page(&app, &visitor, &template)
}

fn in_force(asked: &Asked, sought: &Sought, node_types: &[&NodeTypeRow]) -> Vec<InForce> {
    let one = InForce::new;
    let called = |slug: &Slug| {
        node_types.iter().find(|row| row.slug == *slug).map_or_else(|| slug.to_string(), |row| row.name.to_string())
    };
    let all = [
        sought.name.as_ref().map(|_| one("q", asked.q.trim(), asked.q.trim())),
        sought.node_type.as_ref().map(|slug| one("node_type", slug.as_str(), &called(slug))),
        sought.environment.map(|of| one("environment", of.as_str(), of.as_str())),
        sought.state.map(|of| one("state", of.as_str(), of.word())),
    ];
    all.into_iter().flatten().collect()
}

fn filter_of(
    (ws, typed): (&str, &str),
    sought: &Sought,
    node_types: &[&NodeTypeRow],
    in_force: &[InForce],
) -> page::Filter {
    let choice =
        |value: &str, label: &str, chosen: bool| Choice { value: value.to_owned(), label: label.to_owned(), chosen };
    let of_type =
        |row: &&NodeTypeRow| choice(row.slug.as_str(), row.name.as_str(), sought.node_type.as_ref() == Some(&row.slug));
    let environment = |of: &Environment| choice(of.as_str(), of.as_str(), sought.environment == Some(*of));
    let state = |of: &SecretState| choice(of.as_str(), of.word(), sought.state == Some(*of));
    page::Filter {
        q: typed.to_owned(),
        node_types: node_types.iter().map(of_type).collect(),
        environments: Environment::ALL.iter().map(environment).collect(),
        states: SecretState::ALL.iter().map(state).collect(),
        chips: filters::chips(&url::connections(ws), in_force),
    }
}

/// Who looks, and at what.
struct Reader<'a> {
    ws: &'a str,
    standing: Standing<'a>,
    fares: &'a HashMap<SecretId, Fare>,
    now: Moment,
}

impl Reader<'_> {
    fn row(&self, row: &ListedSecret) -> page::Row {
        let (secret, now) = (&row.secret, self.now);
        let (fare, state) = (self.fares.get(&secret.id), secret.state(now));
        let works = matches!(state, SecretState::Connected | SecretState::Rejected);
        let hindrance = fare.and_then(|fare| fare.hindrance).filter(|_| works);
        // Where another client has taken its place, the next look finds the end.
        let renews = hindrance != Some(Hindrance::OtherClient);
        page::Row {
            id: secret.id.to_string(),
            name: secret.name.to_string(),
            node_type: mark(secret),
            account: fare.and_then(|fare| fare.account.clone()),
            owner: owner_of(row),
            environment: secret.environment,
            state,
            disabled: !secret.node_type_enabled,
            trouble: hindrance.map(Hindrance::told),
            renewal: fare.and_then(|fare| fare.renew_at).filter(|_| works && renews).map(|at| When::new(at, now)),
            ends: fare.and_then(|fare| fare.ends_at).filter(|_| works).map(|at| When::new(at, now)),
            act: self.act(row, (state, hindrance)),
        }
    }

    /// The one thing to do about it, for this person.
    fn act(&self, row: &ListedSecret, (state, hindrance): (SecretState, Option<Hindrance>)) -> Option<Link> {
        let secret = &row.secret;
        let link = |label: &str, url| Some(Link { label: label.to_owned(), url });
        let may_enter = row.facts().rotatable_by(self.standing) && secret.node_type_enabled;
        let stands_still = state != SecretState::Connected;
        let is_client = hindrance.is_some_and(|of| matches!(of, Hindrance::ClientRefused | Hindrance::NoClient));
        if is_client && policy::may_manage_node_types(self.standing.role) && secret.kind.method() == Method::OAuth {
            let client = url::oauth_client(self.ws, secret.node_type.as_str(), secret.environment.as_str());
            return link("Look at the client", client);
        }
        let is_over = hindrance.is_some_and(|of| matches!(of, Hindrance::OtherClient | Hindrance::Unreadable));
        if !may_enter || !(stands_still || is_over) {
            return None;
        }
        match (secret.kind.method(), secret.value_entered_at.is_some()) {
            (Method::ClientCredentials, _) => {
                link("Enter id and secret", url::replace_secret(self.ws, secret.id.as_str()))
            }
            (_, true) => link("Connect again", url::connect_secret(self.ws, secret.id.as_str())),
            (_, false) => link("Connect", url::connect_secret(self.ws, secret.id.as_str())),
        }
    }
}
