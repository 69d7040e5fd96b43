//! The list of service tokens: what it is narrowed to, and one page of it.

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::app::App;
use crate::domain::token::LastUse;
use crate::domain::{Environment, Moment, Name, PersonId, TokenState, policy};
use crate::store::access::Member;
use crate::store::tokens::{Sought, TokenRow};
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::filters::{self, InForce};
use crate::web::frame::{self, Frame, Reply};
use crate::web::view::{Choice, Link, Shown as _, When};
use crate::web::visitor::{Demand, Visitor};
use crate::web::{paging, url};

use super::{Never, page};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    environment: String,
    state: String,
    maker: String,
    used: String,
    before: String,
    after: String,
}

impl Asked {
    /// What of it can be understood; the rest narrows nothing.
    fn sought(&self) -> Sought {
        Sought {
            name: Name::part_of_key(&self.q),
            environment: self.environment.parse().ok(),
            state: self.state.parse().ok(),
            maker: self.maker.parse().ok(),
            last_use: self.used.parse().ok(),
        }
    }
}

fn used_word(used: LastUse) -> &'static str {
    match used {
        LastUse::Lately => "Used in the last 30 days",
        LastUse::LongAgo => "Not for 30 days",
        LastUse::Never => "Never used",
    }
}

fn in_force(typed: &str, sought: &Sought, members: &[(PersonId, Name)]) -> Vec<InForce> {
    let member = |id: &PersonId| {
        members.iter().find(|(member, _)| member == id).map_or("A former member", |(_, name)| name.as_str()).to_owned()
    };
    let all = [
        sought.name.as_ref().map(|_| InForce::new("q", typed.trim(), typed.trim())),
        sought.state.map(|state| InForce::new("state", state.as_str(), state.word())),
        sought.environment.map(|e| InForce::new("environment", e.as_str(), e.as_str())),
        sought.maker.as_ref().map(|id| InForce::new("maker", id.as_str(), &format!("made by {}", member(id)))),
        sought.last_use.map(|used| InForce::new("used", used.as_str(), used_word(used))),
    ];
    all.into_iter().flatten().collect()
}

fn filter(asked: &Asked, sought: &Sought, members: &[(PersonId, Name)], chips: Vec<Link>) -> page::Filter {
    let choice = |value: &str, label: &str, chosen| Choice { value: value.to_owned(), label: label.to_owned(), chosen };
    let state = |s: &TokenState| choice(s.as_str(), s.word(), sought.state == Some(*s));
    let environment = |e: &Environment| choice(e.as_str(), e.as_str(), sought.environment == Some(*e));
    let used = |u: &LastUse| choice(u.as_str(), used_word(*u), sought.last_use == Some(*u));
    let maker = |(id, name): &(PersonId, Name)| choice(id.as_str(), name.as_str(), sought.maker.as_ref() == Some(id));
    let mut makers: Vec<Choice> = members.iter().map(maker).collect();
    makers.sort_by_key(|maker| maker.label.to_lowercase());
    page::Filter {
        q: asked.q.clone(),
        states: TokenState::ALL.iter().map(state).collect(),
        environments: Environment::ALL.iter().map(environment).collect(),
        uses: LastUse::ALL.iter().map(used).collect(),
        makers,
        chips,
    }
}

pub async fn index(visitor: Visitor, demand: Demand<Member>, asked: Query<Asked>, app: Data<App>) -> Reply {
    let (sought, turn) = (asked.sought(), paging::turn(&asked.before, &asked.after));
    let wanted = sought.clone();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let (page, counts) = (store::tokens::list(tx, by, &wanted, &turn)?, store::tokens::counts(tx, by, &wanted)?);
        let all_see = policy::sees_all_tokens(by.role());
        let members = if all_see { store::audit::names(tx, by)? } else { Vec::new() };
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, page, counts, (all_see, members), tx.now()))
    });
    let (frame, page, (matching, all), (sees_all, members), now) = found.await?;
    let ws = demand.ws();
    let in_force = in_force(&asked.q, &sought, &members);
    let chips = filters::chips(&url::tokens(ws), &in_force);
    let template = page::Index {
        ws: ws.to_owned(),
        filter: filter(&asked, &sought, &members, chips),
        matching,
        all,
        sees_all,
        rows: page.rows.iter().map(|row| row_of(row, now)).collect(),
        pager: paging::pager(&url::tokens(ws), &filters::pairs(&in_force), &page, |row| row.id.to_string()),
        chrome: frame::chrome(&visitor, Some(&frame), "Service tokens", Place::Tokens),
    };
    frame::page(&app, &visitor, &template)
}

fn row_of(row: &TokenRow, now: Moment) -> page::Row {
    page::Row {
        id: row.id.to_string(),
        name: row.name.to_string(),
        maker: row.maker_name.to_string(),
        environment: row.environment,
        abilities: row.abilities.iter().collect(),
        limited: row.node_types.is_some() || row.networks.is_some() || row.calls.is_some(),
        last_use: row.last_used_at.map(|at| When::new(at, now)),
        expires: row.expires_at.map(|at| When::new(at, now)),
        overlaps: row.overlaps_until(now).is_some(),
        state: row.state(now),
    }
}
