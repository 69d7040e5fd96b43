//! Where a key begins: which node type it is for. The workspace's own come first, then what may be added.

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::actions::node_types::BuiltIn;
use crate::app::App;
use crate::catalog::NodeType;
use crate::domain::{Method, policy};
use crate::store::access::Member;
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Fault};
use crate::web::catalogue::{self, Category, Tile, mark_of, mark_of_row};
use crate::web::chrome::Place;
use crate::web::frame::{self, Frame, Reply};
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, page};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

pub async fn choose(visitor: Visitor, demand: Demand<Member>, search: Query<Search>, app: Data<App>) -> Reply {
    let found = app.db.read(demand.ask(), |tx, by| {
        let may_add = policy::may_add_node_types(by.role(), store::workspaces::adders(tx, by)?);
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, store::node_types::list(tx, by)?, may_add))
    });
    let (frame, rows, may_add) = found.await?;
    let (ws, wanted) = (demand.ws(), search.q.trim().to_lowercase());
    let has = |node: &NodeType| rows.iter().any(|row| row.slug.as_str() == node.slug);
    let others = app.catalog.all().filter(|node| !has(node) && BuiltIn::of(node, Method::Key).is_some());
    let tile = |node: &NodeType| Tile {
        node_type: mark_of(node),
        benefit: node.benefit.clone(),
        url: may_add.then(|| url::new_secret_of(ws, &node.slug)),
        note: (!may_add).then_some("An Owner or Admin adds it first"),
    };
    let own =
        Category { id: "own".to_owned(), name: "In this workspace".to_owned(), tiles: own(&app, ws, &rows, &wanted) };
    let categories = Some(own).filter(|own| !own.tiles.is_empty()).into_iter();
    let template = page::Choose {
        chrome: frame::chrome(&visitor, Some(&frame), "Add a key", Place::Secrets),
        ws: ws.to_owned(),
        q: search.q.clone(),
        categories: categories.chain(catalogue::by_category(others, &wanted, tile)).collect(),
        any_api: may_add || rows.iter().any(|row| row.slug.as_str() == "http-request" && row.enabled),
    };
    frame::page(&app, &visitor, &template)
}

/// Those of the workspace that hold keys: the enabled ones first, each list by name.
fn own(app: &App, ws: &str, rows: &[NodeTypeRow], wanted: &str) -> Vec<Tile> {
    let mut rows: Vec<&NodeTypeRow> = rows.iter().collect();
    rows.sort_by_key(|row| (!row.enabled, row.name.key()));
    let tile = |row: &&NodeTypeRow| {
        let node = app.catalog.describe(row.slug.as_str(), row.spec.as_deref())?;
        let found = catalogue::is_found(wanted, [row.name.as_str(), &node.category, &node.benefit]);
        found.then(|| Tile {
            node_type: mark_of_row(row),
            benefit: node.benefit.clone(),
            url: row.enabled.then(|| url::new_secret_of(ws, row.slug.as_str())),
            note: (!row.enabled).then_some("Disabled by an Owner or Admin"),
        })
    };
    rows.iter().filter_map(tile).collect()
}
