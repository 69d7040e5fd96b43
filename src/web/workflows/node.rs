//! One node: the keys that it could use, searched, and what its owner does with it.

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::workflows::{self, WorkflowRefusal};
use crate::app::App;
use crate::domain::{Moment, NodeId, Role, SecretId, WorkflowId, policy};
use crate::store::access::Member;
use crate::store::node_types::NodeTypeRow;
use crate::store::secrets::Choice;
use crate::store::workflows::{NodeRow, WorkflowRow};
use crate::store::{self, Denied, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, fitting, page, picker_of, shown_node};

/// Keys that the page offers at once; the search finds the others.
const OFFERED: i64 = 50;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

struct Found {
    frame: Frame,
    row: WorkflowRow,
    node: NodeRow,
    menu: Option<Choice>,
    node_types: Vec<NodeTypeRow>,
    role: Role,
    now: Moment,
}

fn ids(path: &(String, String, String)) -> Result<(WorkflowId, NodeId), Error> {
    let id = path.1.parse().map_err(|_| Error::NotFound)?;
    Ok((id, path.2.parse().map_err(|_| Error::NotFound)?))
}

async fn find(
    app: &Data<App>,
    demand: &Demand<Member>,
    (id, node): (WorkflowId, NodeId),
    typed: &str,
) -> Result<Found, Error> {
    let typed = typed.to_owned();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::workflows::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        let node = store::workflows::find_node(tx, by, (&id, &node))?.ok_or(Denied::NotFound)?;
        let menu = match policy::may_change_workflow(by.person(), &row.owner) {
            true => Some(fitting(tx, by, (&row, &node, &typed), OFFERED)?),
            false => None,
        };
        let (frame, node_types) = (Frame::of_member(tx, by)?, store::node_types::list(tx, by)?);
        Ok::<_, Fault<Never>>(Found { frame, row, node, menu, node_types, role: by.role(), now: tx.now() })
    });
    Ok(found.await?)
}

fn page_of(visitor: &Visitor, ws: &str, found: &Found, typed: &str, error: Option<String>) -> page::OneNode {
    let (row, node, now) = (&found.row, &found.node, found.now);
    let picker = found.menu.as_ref().map(|menu| picker_of(ws, (&found.node_types, node), menu, now));
    page::OneNode {
        chrome: frame::chrome(visitor, Some(&found.frame), &node.key, Place::Workflows),
        ws: ws.to_owned(),
        workflow: row.id.to_string(),
        workflow_name: row.name.to_string(),
        environment: row.environment,
        yours: found.menu.is_some(),
        node: shown_node(ws, node, picker.unwrap_or_default(), (found.role, now)),
        q: typed.to_owned(),
        error,
    }
}

type Places = Path<(String, String, String)>;

pub async fn show(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Places,
    search: Query<Search>,
    app: Data<App>,
) -> Reply {
    let found = find(&app, &demand, ids(&path)?, &search.q).await?;
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &found, &search.q, None))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    secret: String,
}

pub async fn bind(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Places,
    form: CsrfForm<Chosen>,
    app: Data<App>,
) -> Reply {
    let (id, node) = ids(&path)?;
    let found = find(&app, &demand, (id.clone(), node.clone()), "").await?;
    if found.menu.is_none() {
        return Err(Error::Forbidden);
    }
    let again =
        |text: &str| frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &found, "", Some(text.to_owned())));
    let typed = form.into_inner().secret;
    if typed.is_empty() {
        return again("Choose a key first.");
    }
    let Ok(secret) = typed.parse::<SecretId>() else { return again(&WorkflowRefusal::NoSecret.to_string()) };
    let (kit, to) = (visitor.kit(&app), url::workflow(demand.ws(), id.as_str()));
    let bound = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workflows::bind(tx, by, tools, (&id, &node, &secret)))
    });
    match bound.await {
        Ok(()) => Ok(see_other(&app, &to, Some(Flash::NodeBound))),
        Err(Fault::Refused(refusal)) => again(&refusal.to_string()),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

pub async fn unbind(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Places,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let (id, node) = ids(&path)?;
    let (kit, to) = (visitor.kit(&app), url::workflow(demand.ws(), id.as_str()));
    let unbound = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workflows::unbind(tx, by, tools, (&id, &node)))
    });
    unbound.await?;
    Ok(see_other(&app, &to, Some(Flash::NodeUnbound)))
}

pub async fn remove(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Places,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let (id, node) = ids(&path)?;
    let (kit, to) = (visitor.kit(&app), url::workflow(demand.ws(), id.as_str()));
    let removed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workflows::remove(tx, by, tools, (&id, &node)))
    });
    removed.await?;
    Ok(see_other(&app, &to, Some(Flash::NodeRemoved)))
}
