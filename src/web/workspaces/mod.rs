//! Workspaces: one more, and the settings of one.

pub mod adders;
pub mod connect_page;
pub mod delete;
pub mod domains;
mod page;
pub mod return_addresses;
pub mod sharing;

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::founding::{self, FoundingError};
use crate::actions::{domains as opening, workspaces};
use crate::app::App;
use crate::domain::{Adders, Sharing, policy};
use crate::store::access::Admin;
use crate::store::workspaces::WorkspaceRow;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::forms::{self, kept, wrong};
use super::frame::{self, Frame, Reply, see_other};
use super::url;
use super::view::Input;
use super::visitor::{Demand, Myself, Visitor};

type Never = std::convert::Infallible;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
}

async fn own_frame(app: &App, myself: &Myself) -> Result<Frame, Error> {
    Ok(app.db.read(myself.ask(), |tx, by| Ok::<_, Fault<Never>>(Frame::of_myself(tx, by)?)).await?)
}

fn new_page(visitor: &Visitor, frame: &Frame, name: Input) -> page::New {
    page::New { chrome: frame::chrome(visitor, Some(frame), "New workspace", Place::Elsewhere), name }
}

pub async fn new(visitor: Visitor, myself: Myself, app: Data<App>) -> Reply {
    let frame = own_frame(&app, &myself).await?;
    frame::page(&app, &visitor, &new_page(&visitor, &frame, Input::default()))
}

pub async fn create(visitor: Visitor, myself: Myself, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let frame = own_frame(&app, &myself).await?;
    let (name, input) = forms::name(&form.into_inner().name);
    let Some(name) = name else { return frame::again(&app, &visitor, &new_page(&visitor, &frame, input)) };
    let kit = visitor.kit(&app);
    let made = app.db.write(myself.ask(), move |tx, by| {
        kit.by_person(&by.holder().person, |tools| founding::create_workspace(tx, by, tools, &name))
    });
    match made.await {
        Ok(slug) => Ok(see_other(&app, &url::workspace(slug.as_str()), Some(Flash::WorkspaceMade))),
        Err(Fault::Refused(refusal)) => {
            frame::again(&app, &visitor, &new_page(&visitor, &frame, refused(&input, &refusal)))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn refused(input: &Input, refusal: &FoundingError) -> Input {
    wrong(&input.value, &refusal.to_string())
}

/// The workspace that the page is about, and the frame around it.
struct Found {
    frame: Frame,
    row: WorkspaceRow,
    sharing: Sharing,
    adders: Adders,
    addresses: crate::domain::return_to::ReturnAddresses,
    domains: Vec<String>,
    own_domain: Option<String>,
}

async fn find(app: &App, demand: &Demand<Admin>) -> Result<Found, Error> {
    let found = app.db.read(demand.ask(), |tx, by| {
        Ok::<_, Fault<Never>>(Found {
            frame: Frame::of_member(tx, by)?,
            row: store::workspaces::current(tx, by)?,
            sharing: store::workspaces::default_sharing(tx, by)?,
            adders: store::workspaces::adders(tx, by)?,
            addresses: store::workspaces::return_addresses(tx, by)?,
            domains: store::domains::list(tx, by)?,
            own_domain: opening::mine(tx, by)?,
        })
    });
    Ok(found.await?)
}

/// What was typed into the one section that comes back.
#[derive(Default)]
struct Typed {
    name: Option<Input>,
    addresses: Option<Input>,
}

impl Typed {
    fn name(input: Input) -> Self {
        Self { name: Some(input), ..Self::default() }
    }
}

/// Each section is a form of its own: one that comes back leaves the others as they are stored.
fn edit_page(visitor: &Visitor, app: &App, ws: &str, found: &Found, typed: Typed) -> page::Edit {
    let base = app.config.server.base();
    let role = found.frame.here.as_ref().map(|(_, role)| *role);
    page::Edit {
        chrome: frame::chrome(visitor, Some(&found.frame), "Settings", Place::Settings),
        ws: ws.to_owned(),
        name: typed.name.unwrap_or_else(|| kept(found.row.name.as_str())),
        return_addresses: typed.addresses.unwrap_or_else(|| kept(&found.addresses.text())),
        workspace: found.row.name.to_string(),
        sharing: found.sharing,
        adders: found.adders,
        domains: found.domains.clone(),
        to_open: found.own_domain.clone().filter(|own| !found.domains.contains(own)),
        opens: role.is_some_and(policy::opens_to_domains) && !app.desk.all().is_empty(),
        address: format!("{base}{}", url::workspace(ws)),
        may_delete: role.is_some_and(policy::may_delete_workspace),
        sees_jobs: role.is_some_and(policy::sees_jobs),
    }
}

pub async fn edit(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let found = find(&app, &demand).await?;
    frame::page(&app, &visitor, &edit_page(&visitor, &app, demand.ws(), &found, Typed::default()))
}

pub async fn update(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let found = find(&app, &demand).await?;
    let (name, input) = forms::name(&form.into_inner().name);
    let Some(name) = name else {
        return frame::again(&app, &visitor, &edit_page(&visitor, &app, demand.ws(), &found, Typed::name(input)));
    };
    let kit = visitor.kit(&app);
    let renamed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workspaces::rename(tx, by, tools, &name))
    });
    match renamed.await {
        Ok(slug) => Ok(see_other(&app, &url::settings(slug.as_str()), Some(Flash::WorkspaceRenamed))),
        Err(Fault::Refused(refusal)) => {
            let input = refused(&input, &refusal);
            frame::again(&app, &visitor, &edit_page(&visitor, &app, demand.ws(), &found, Typed::name(input)))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
