//! Deleting a secret: first what will break, then the name typed out.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::secrets;
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

use super::{Found, find, mark, owner_of, page, used_by};

fn page_of(visitor: &Visitor, ws: &str, found: &Found, confirm: Input) -> page::Delete {
    let secret = &found.row.secret;
    page::Delete {
        chrome: frame::chrome(visitor, Some(&found.frame), "Delete a secret", Place::Secrets),
        ws: ws.to_owned(),
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: mark(secret),
        environment: secret.environment,
        owner: owner_of(&found.row),
        yours: found.yours,
        used_by: used_by(ws, &found.frame, &found.users, found.now),
        serving: found.serving.clone(),
        confirm,
    }
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &path.1).await?;
    if !found.may_delete {
        return Err(Error::Forbidden);
    }
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
    let found = find(&app, &demand, &path.1).await?;
    let typed = form.into_inner().name;
    if !is_typed(&typed, &found.row.secret.name) {
        let confirm = wrong(&typed, "This is not its name. Type it exactly as it stands above.");
        return frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &found, confirm));
    }
    let (kit, id) = (visitor.kit(&app), found.row.secret.id.clone());
    let deleted = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| secrets::delete(tx, by, tools, &id)));
    deleted.await?;
    Ok(see_other(&app, &url::secrets(demand.ws()), Some(Flash::SecretDeleted)))
}
