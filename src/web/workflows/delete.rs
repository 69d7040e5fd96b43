//! Deleting a workflow: first what goes, then the name typed out.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::workflows;
use crate::app::App;
use crate::store::access::Member;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{is_typed, wrong};
use crate::web::frame::{self, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::{Found, find, node_of, page, runner_of};

async fn deletable(app: &Data<App>, demand: &Demand<Member>, id: &str) -> Result<Found, Error> {
    let found = find(app, demand, id).await?;
    if found.may_delete() { Ok(found) } else { Err(Error::Forbidden) }
}

fn page_of(visitor: &Visitor, ws: &str, found: &Found, confirm: Input) -> page::Delete {
    page::Delete {
        chrome: frame::chrome(visitor, Some(&found.frame), "Delete a workflow", Place::Workflows),
        ws: ws.to_owned(),
        id: found.row.id.to_string(),
        name: found.row.name.to_string(),
        environment: found.row.environment,
        owner: found.row.owner_name.to_string(),
        yours: found.yours(),
        nodes: found.nodes.iter().map(|node| node_of(ws, found, node)).collect(),
        runners: found.runners.iter().map(|runner| runner_of(ws, found, runner)).collect(),
        confirm,
    }
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let found = deletable(&app, &demand, &path.1).await?;
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &found, Input::default()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Confirm {
    name: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Confirm>,
    app: Data<App>,
) -> Reply {
    let found = deletable(&app, &demand, &path.1).await?;
    let typed = form.into_inner().name;
    if !is_typed(&typed, &found.row.name) {
        let confirm = wrong(&typed, "This is not its name. Type it exactly as it stands above.");
        return frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &found, confirm));
    }
    let (kit, id) = (visitor.kit(&app), found.row.id.clone());
    let deleted = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| workflows::delete(tx, by, tools, &id)));
    deleted.await?;
    Ok(see_other(&app, &url::workflows(demand.ws()), Some(Flash::WorkflowDeleted)))
}
