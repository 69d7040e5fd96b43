//! The lists of end users and of organizations: what they are narrowed to, and one page of either.

use std::collections::HashMap;

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::app::App;
use crate::domain::outsider::part_of_external;
use crate::domain::{Environment, Moment, NodeTypeId, OutsiderKind, Slug};
use crate::store::access::Admin;
use crate::store::node_types::NodeTypeRow;
use crate::store::outsiders::{Around, Held, Listed, Outsider, Sought};
use crate::store::paging::Page;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::filters::{self, InForce};
use crate::web::frame::{self, Frame, Reply};
use crate::web::snippet::Snippet;
use crate::web::view::{Choice, NodeMark, When};
use crate::web::visitor::{Demand, Visitor};
use crate::web::{paging, url};

use super::{Never, link, page};

/// Node types and organizations that a row names.
const NAMED: usize = 3;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    organization: String,
    node_type: String,
    environment: String,
    before: String,
    after: String,
}

impl Asked {
    fn sought(&self, kind: OutsiderKind) -> Sought {
        let organization = part_of_external(&self.organization).filter(|_| kind == OutsiderKind::EndUser);
        Sought {
            external: part_of_external(&self.q),
            organization,
            node_type: self.node_type.parse().ok(),
            environment: self.environment.parse().ok(),
        }
    }
}

/// A page of either list, with what stands around its rows.
struct Found<I> {
    frame: Frame,
    page: Page<Listed<I>>,
    held: HashMap<I, Held>,
    around: HashMap<I, Around>,
    node_types: Vec<NodeTypeRow>,
    matching: u64,
    all: u64,
    now: Moment,
}

pub async fn index<I: Outsider>(visitor: Visitor, demand: Demand<Admin>, asked: Query<Asked>, app: Data<App>) -> Reply {
    let (sought, turn) = (asked.sought(I::KIND), paging::turn::<I>(&asked.before, &asked.after));
    let wanted = sought.clone();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let all = I::count(tx, by, &Sought::default())?;
        let matching = if wanted == Sought::default() || all == 0 { all } else { I::count(tx, by, &wanted)? };
        let page = if matching == 0 { Page::empty() } else { I::page(tx, by, &wanted, &turn)? };
        let ids: Vec<I> = page.rows.iter().map(|row| row.id.clone()).collect();
        Ok::<_, Fault<Never>>(Found {
            held: I::held(tx, by, &ids)?,
            around: I::around(tx, by, &ids)?,
            node_types: store::node_types::list(tx, by)?,
            frame: Frame::of_member(tx, by)?,
            now: tx.now(),
            page,
            matching,
            all,
        })
    });
    let found = found.await?;
    let (ws, base) = (demand.ws(), url::outsiders(demand.ws(), I::KIND));
    let in_force = in_force(&asked, &sought, &found.node_types);
    let pairs = filters::pairs(&in_force);
    let server = app.config.server.base();
    let title = page::title(I::KIND);
    let template = page::Index {
        ws: ws.to_owned(),
        kind: I::KIND,
        filter: filter_of((&base, &asked), &sought, &found.node_types, &in_force),
        matching: found.matching,
        all: found.all,
        rows: found.page.rows.iter().map(|row| row_of(ws, &found, row)).collect(),
        pager: paging::pager(&base, &pairs, &found.page, |row| row.id.to_string()),
        snippets: match found.all {
            0 => vec![
                page::authorize(server),
                Snippet::put_api_key("put", "Or store a key of theirs", server, "stripe", page::EXAMPLE),
            ],
            _ => Vec::new(),
        },
        chrome: frame::chrome(&visitor, Some(&found.frame), title, Place::EndUsers),
    };
    frame::page(&app, &visitor, &template)
}

fn in_force(asked: &Asked, sought: &Sought, node_types: &[NodeTypeRow]) -> Vec<InForce> {
    let one = InForce::new;
    let called = |slug: &Slug| {
        node_types.iter().find(|row| row.slug == *slug).map_or_else(|| slug.to_string(), |row| row.name.to_string())
    };
    let all = [
        sought.external.as_ref().map(|_| one("q", asked.q.trim(), asked.q.trim())),
        sought.organization.as_ref().map(|of| one("organization", of, &format!("organization {of}"))),
        sought.node_type.as_ref().map(|slug| one("node_type", slug.as_str(), &called(slug))),
        sought.environment.map(|of| one("environment", of.as_str(), of.as_str())),
    ];
    all.into_iter().flatten().collect()
}

fn filter_of(
    (base, asked): (&str, &Asked),
    sought: &Sought,
    node_types: &[NodeTypeRow],
    in_force: &[InForce],
) -> page::Filter {
    let choice =
        |value: &str, label: &str, chosen: bool| Choice { value: value.to_owned(), label: label.to_owned(), chosen };
    let of_type =
        |row: &NodeTypeRow| choice(row.slug.as_str(), row.name.as_str(), sought.node_type.as_ref() == Some(&row.slug));
    let environment = |of: &Environment| choice(of.as_str(), of.as_str(), sought.environment == Some(*of));
    page::Filter {
        q: asked.q.clone(),
        organization: asked.organization.clone(),
        node_types: node_types.iter().map(of_type).collect(),
        environments: Environment::ALL.iter().map(environment).collect(),
        chips: filters::chips(base, in_force),
    }
}

fn row_of<I: Outsider>(ws: &str, found: &Found<I>, row: &Listed<I>) -> page::Row {
    let none = Held::default();
    let (held, now) = (found.held.get(&row.id).unwrap_or(&none), found.now);
    let mark = |id: &NodeTypeId| {
        let row = found.node_types.iter().find(|row| row.id == *id)?;
        Some(NodeMark { slug: row.slug.to_string(), name: row.name.to_string() })
    };
    let mut node_types: Vec<NodeMark> = held.of_types.iter().filter_map(|of| mark(&of.node_type)).collect();
    node_types.sort_by_key(|of| of.name.to_lowercase());
    let around = found.around.get(&row.id);
    let mut organizations = super::organizations(ws, around);
    let more_types = page::cut(&mut node_types, NAMED);
    let more_organizations = page::cut(&mut organizations, NAMED);
    let own = link(ws, row.id.clone(), &row.external_id);
    page::Row {
        own,
        connections: held.of_types.iter().map(|of| of.connections).sum(),
        broken: held.broken,
        node_types,
        more_types,
        organizations,
        more_organizations,
        end_users: super::end_users(ws, row, around),
        first_seen: When::new(row.created_at, now),
        last_use: held.of_types.iter().filter_map(|of| of.last_used_at).max().map(|at| When::new(at, now)),
    }
}
