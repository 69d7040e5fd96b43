//! Node types: those of the workspace, the catalogue to choose from, and what is set of each.

pub mod client;
pub mod custom;
pub mod end;
pub mod import;
mod page;
mod show;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::node_types::{self, BuiltIn};
use crate::app::App;
use crate::catalog::NodeType;
use crate::domain::message::Message;
use crate::domain::{Slug, policy};
use crate::store::access::{Admin, Member};
use crate::store::{self, Fault};

use super::catalogue::{self, Tile, mark_of, mark_of_row};
use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::frame::{self, Frame, Reply, see_other};
use super::url;
use super::view::Input;
use super::visitor::{Demand, Visitor};

pub use show::show;

type Never = std::convert::Infallible;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

/// The node type that the address names.
fn named(path: &(String, String)) -> Result<Slug, Error> {
    path.1.parse().map_err(|_| Error::NotFound)
}

fn standing(enabled: bool) -> page::Standing {
    if enabled { page::Standing::Enabled } else { page::Standing::Disabled }
}

pub async fn index(visitor: Visitor, demand: Demand<Member>, search: Query<Search>, app: Data<App>) -> Reply {
    let found = app.db.read(demand.ask(), |tx, by| {
        let (rows, counts) = (store::node_types::list(tx, by)?, store::secrets::count_by_type(tx, by)?);
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, rows, counts, by.role()))
    });
    let (frame, mut rows, counts, role) = found.await?;
    rows.sort_by_key(|row| row.name.key());
    let (ws, wanted) = (demand.ws(), search.q.trim().to_lowercase());
    let note = |node: &NodeType| match rows.iter().find(|row| row.slug.as_str() == node.slug) {
        Some(row) if row.enabled => Some("Added"),
        Some(_) => Some("Added, and disabled"),
        None => None,
    };
    let tile = |node: &NodeType| Tile {
        node_type: mark_of(node),
        benefit: node.benefit.clone(),
        url: Some(url::node_type(ws, &node.slug)),
        note: note(node),
    };
    let own = rows.iter().map(|row| page::Own {
        node_type: mark_of_row(row),
        method: row.method,
        standing: standing(row.enabled),
        secrets: counts.get(&row.id).copied().unwrap_or_default(),
    });
    let template = page::Index {
        chrome: frame::chrome(&visitor, Some(&frame), "Node types", Place::NodeTypes),
        ws: ws.to_owned(),
        own: own.collect(),
        q: search.q.clone(),
        categories: catalogue::by_category(app.catalog.all(), &wanted, tile),
        all: u64::try_from(app.catalog.all().count()).unwrap_or_default(),
        may_manage: policy::may_manage_node_types(role),
    };
    frame::page(&app, &visitor, &template)
}

pub async fn add(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Added>,
    app: Data<App>,
) -> Reply {
    let node = app.catalog.get(&path.1).ok_or(Error::NotFound)?;
    let method = match form.into_inner().method.as_str() {
        "" => node.methods.first().copied().ok_or(Error::NotFound)?,
        word => word.parse().map_err(|_| Error::BadRequest)?,
    };
    let built_in = BuiltIn::of(node, method).ok_or(Error::BadRequest)?;
    let kit = visitor.kit(&app);
    let added = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| node_types::add(tx, by, tools, &built_in))
    });
    added.await?;
    Ok(see_other(&app, &url::node_type(demand.ws(), &path.1), Some(Flash::NodeTypeAdded)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Added {
    /// The usual one where none is chosen.
    method: String,
}

/// A form that is a button.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Nothing {}

pub async fn enable(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let (kit, slug) = (visitor.kit(&app), named(&path)?);
    let enabled = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| node_types::enable(tx, by, tools, &slug))
    });
    enabled.await?;
    Ok(see_other(&app, &url::node_type(demand.ws(), &path.1), Some(Flash::NodeTypeEnabled)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Described {
    description: String,
}

pub async fn describe(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    form: CsrfForm<Described>,
    app: Data<App>,
) -> Reply {
    let slug = named(&path)?;
    let typed = form.into_inner().description;
    let text = match Message::parse(&typed) {
        Ok(text) => text,
        Err(error) => {
            let found = show::find(&app, &demand, &slug).await?;
            let input = Input { value: typed, error: Some(error.to_string()) };
            return frame::again(&app, &visitor, &show::page_of(&visitor, &app, demand.ws(), &found, Some(input))?);
        }
    };
    let kit = visitor.kit(&app);
    let saved = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| node_types::describe(tx, by, tools, (&slug, text.as_ref())))
    });
    saved.await?;
    Ok(see_other(&app, &url::node_type(demand.ws(), &path.1), Some(Flash::NodeTypeDescribed)))
}
