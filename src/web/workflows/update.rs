//! What the owner of a workflow changes on its page: its name, its nodes, and the tokens that may run it.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::workflows::{self, WorkflowRefusal};
use crate::app::App;
use crate::domain::workflow::HANDLE_RULE;
use crate::domain::{Handle, Slug, TokenId, WorkflowId};
use crate::store::Fault;
use crate::store::access::Member;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, kept, wrong};
use crate::web::frame::{self, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::{Again, Found, find, show_page};

/// A workflow of one's own: of another's, a form is refused before it is read.
async fn own(app: &Data<App>, demand: &Demand<Member>, id: &str) -> Result<Found, Error> {
    let found = find(app, demand, id).await?;
    if found.yours() { Ok(found) } else { Err(Error::Forbidden) }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewName {
    name: String,
}

pub async fn rename(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<NewName>,
    app: Data<App>,
) -> Reply {
    let found = own(&app, &demand, &path.1).await?;
    let (name, input) = forms::name(&form.into_inner().name);
    let Some(name) = name else {
        let again = Again { name: Some(input), ..Again::default() };
        return frame::again(&app, &visitor, &show_page(&visitor, &app, demand.ws(), &found, again));
    };
    let (kit, id) = (visitor.kit(&app), found.row.id.clone());
    let renamed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workflows::rename(tx, by, tools, (&id, &name)))
    });
    renamed.await?;
    Ok(see_other(&app, &url::workflow(demand.ws(), found.row.id.as_str()), Some(Flash::WorkflowRenamed)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewNode {
    key: String,
    node_type: String,
}

pub async fn add_node(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<NewNode>,
    app: Data<App>,
) -> Reply {
    let found = own(&app, &demand, &path.1).await?;
    let form = form.into_inner();
    let again = |key, error: Option<String>| {
        let again = Again { key: Some((key, form.node_type.clone(), error)), ..Again::default() };
        frame::again(&app, &visitor, &show_page(&visitor, &app, demand.ws(), &found, again))
    };
    let typed = form.key.trim();
    let Ok(key) = typed.parse::<Handle>() else { return again(wrong(typed, HANDLE_RULE), None) };
    let Ok(node_type) = form.node_type.parse::<Slug>() else {
        return again(kept(typed), Some(WorkflowRefusal::NoType.to_string()));
    };
    let (kit, id) = (visitor.kit(&app), found.row.id.clone());
    let added = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workflows::add(tx, by, tools, (&id, &key, &node_type)))
    });
    match added.await {
        Ok(_) => Ok(see_other(&app, &url::workflow(demand.ws(), found.row.id.as_str()), Some(Flash::NodeAdded))),
        Err(Fault::Refused(refusal @ WorkflowRefusal::KeyTaken)) => again(wrong(typed, &refusal.to_string()), None),
        Err(Fault::Refused(refusal)) => again(kept(typed), Some(refusal.to_string())),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewRunner {
    /// Chosen from the menu.
    token: String,
    /// Typed instead.
    token_id: String,
}

pub async fn list_token(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<NewRunner>,
    app: Data<App>,
) -> Reply {
    let found = own(&app, &demand, &path.1).await?;
    let form = form.into_inner();
    let typed = if form.token_id.trim().is_empty() { form.token.trim() } else { form.token_id.trim() };
    let again = |text: &str| {
        let again = Again { token: Some(wrong(form.token_id.trim(), text)), ..Again::default() };
        frame::again(&app, &visitor, &show_page(&visitor, &app, demand.ws(), &found, again))
    };
    if typed.is_empty() {
        return again("Choose a token, or enter the id of one.");
    }
    let Ok(token) = typed.parse::<TokenId>() else { return again(&WorkflowRefusal::NoToken.to_string()) };
    let (kit, id) = (visitor.kit(&app), found.row.id.clone());
    let listed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workflows::list_token(tx, by, tools, (&id, &token)))
    });
    match listed.await {
        Ok(()) => Ok(see_other(&app, &url::workflow(demand.ws(), found.row.id.as_str()), Some(Flash::RunnerAdded))),
        Err(Fault::Refused(refusal)) => again(&refusal.to_string()),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

pub async fn unlist_token(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: WorkflowId = path.1.parse().map_err(|_| Error::NotFound)?;
    let token: TokenId = path.2.parse().map_err(|_| Error::NotFound)?;
    let (kit, to) = (visitor.kit(&app), url::workflow(demand.ws(), id.as_str()));
    let removed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workflows::unlist_token(tx, by, tools, (&id, &token)))
    });
    removed.await?;
    Ok(see_other(&app, &to, Some(Flash::RunnerRemoved)))
}
