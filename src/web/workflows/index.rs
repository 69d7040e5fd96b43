//! The list of workflows: what it is narrowed to, and one page of it.

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::app::App;
use crate::domain::{Environment, Moment, Name, PersonId, WorkflowId, policy};
use crate::store::access::Member;
use crate::store::workflows::{NodeRow, Sought, WorkflowRow};
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::filters::{self, InForce};
use crate::web::frame::{self, Frame, Reply};
use crate::web::view::{Choice, Shown as _};
use crate::web::visitor::{Demand, Visitor};
use crate::web::{paging, url};

use super::Never;
use super::page::{self, Readiness};

/// How the query calls the two states.
const STATES: [(&str, bool, Readiness); 2] = [("ready", true, Readiness::Ready), ("needs", false, Readiness::Needs)];

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    state: String,
    environment: String,
    owner: String,
    before: String,
    after: String,
}

impl Asked {
    /// What of it can be understood; the rest narrows nothing.
    fn sought(&self) -> Sought {
        Sought {
            name: Name::part_of_key(&self.q),
            environment: self.environment.parse().ok(),
            owner: self.owner.parse().ok(),
            ready: STATES.iter().find(|(word, ..)| *word == self.state).map(|(_, ready, _)| *ready),
        }
    }
}

fn in_force(typed: &str, sought: &Sought, members: &[(PersonId, Name)]) -> Vec<InForce> {
    let member = |id: &PersonId| {
        members.iter().find(|(member, _)| member == id).map_or("A former member", |(_, name)| name.as_str()).to_owned()
    };
    let state = |ready: bool| STATES.iter().find(|(_, means, _)| *means == ready);
    let all = [
        sought.name.as_ref().map(|_| InForce::new("q", typed.trim(), typed.trim())),
        sought.ready.and_then(state).map(|(word, _, shown)| InForce::new("state", word, shown.word())),
        sought.environment.map(|e| InForce::new("environment", e.as_str(), e.as_str())),
        sought.owner.as_ref().map(|id| InForce::new("owner", id.as_str(), &member(id))),
    ];
    all.into_iter().flatten().collect()
}

fn filter(
    asked: &Asked,
    sought: &Sought,
    members: &[(PersonId, Name)],
    chips: Vec<crate::web::view::Link>,
) -> page::Filter {
    let choice = |value: &str, label: &str, chosen| Choice { value: value.to_owned(), label: label.to_owned(), chosen };
    let state =
        |(word, ready, shown): &(&str, bool, Readiness)| choice(word, shown.word(), sought.ready == Some(*ready));
    let environment = |e: &Environment| choice(e.as_str(), e.as_str(), sought.environment == Some(*e));
    let owner = |(id, name): &(PersonId, Name)| choice(id.as_str(), name.as_str(), sought.owner.as_ref() == Some(id));
    let mut owners: Vec<Choice> = members.iter().map(owner).collect();
    owners.sort_by_key(|owner| owner.label.to_lowercase());
    page::Filter {
        q: asked.q.clone(),
        states: STATES.iter().map(state).collect(),
        environments: Environment::ALL.iter().map(environment).collect(),
        owners,
        chips,
    }
}

pub async fn index(visitor: Visitor, demand: Demand<Member>, asked: Query<Asked>, app: Data<App>) -> Reply {
    let (sought, turn) = (asked.sought(), paging::turn(&asked.before, &asked.after));
    let wanted = sought.clone();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let page = store::workflows::list(tx, by, &wanted, &turn)?;
        let ids: Vec<WorkflowId> = page.rows.iter().map(|row| row.id.clone()).collect();
        let nodes = store::workflows::nodes_of(tx, by, &ids)?;
        let counts = store::workflows::counts(tx, by, &wanted)?;
        let all_see = policy::sees_all_workflows(by.role());
        let members = if all_see { store::audit::names(tx, by)? } else { Vec::new() };
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, page, nodes, counts, members, tx.now()))
    });
    let (frame, page, nodes, (matching, all), members, now) = found.await?;
    let ws = demand.ws();
    let in_force = in_force(&asked.q, &sought, &members);
    let chips = filters::chips(&url::workflows(ws), &in_force);
    let template = page::Index {
        ws: ws.to_owned(),
        filter: filter(&asked, &sought, &members, chips),
        matching,
        all,
        rows: page.rows.iter().map(|row| row_of(row, &nodes, now)).collect(),
        pager: paging::pager(&url::workflows(ws), &filters::pairs(&in_force), &page, |row| row.id.to_string()),
        chrome: frame::chrome(&visitor, Some(&frame), "Workflows", Place::Workflows),
    };
    frame::page(&app, &visitor, &template)
}

fn row_of(row: &WorkflowRow, nodes: &[NodeRow], now: Moment) -> page::Row {
    let own = || nodes.iter().filter(|node| node.workflow == row.id);
    page::Row {
        id: row.id.to_string(),
        name: row.name.to_string(),
        external_id: row.external_id.clone(),
        owner: row.owner_name.to_string(),
        environment: row.environment,
        nodes: own().count(),
        unready: own().filter(|node| node.unready(now).is_some()).count(),
    }
}
