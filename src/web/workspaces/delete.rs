//! The end of a workspace: what goes with it, and the name typed once more.

use actix_web::web::Data;

use crate::actions::workspaces;
use crate::app::App;
use crate::domain::Name;
use crate::store::access::Owner;
use crate::store::secrets::Sought;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{is_typed, wrong};
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::{Form, page};

type Never = std::convert::Infallible;

/// What would go.
struct Going {
    frame: Frame,
    name: Name,
    members: u64,
    secrets: u64,
    tokens: u64,
}

async fn look(app: &App, demand: &Demand<Owner>) -> Result<Going, Error> {
    let going = app.db.read(demand.ask(), |tx, by| {
        Ok::<_, Fault<Never>>(Going {
            frame: Frame::of_member(tx, by)?,
            name: store::workspaces::current(tx, by)?.name,
            members: store::members::count(tx, by)?,
            secrets: store::secrets::count(tx, by, &Sought::default())?,
            tokens: store::tokens::count(tx, by)?,
        })
    });
    Ok(going.await?)
}

fn page_of(visitor: &Visitor, ws: &str, going: &Going, confirm: Input) -> page::Delete {
    page::Delete {
        chrome: frame::chrome(visitor, Some(&going.frame), "Delete the workspace", Place::Settings),
        ws: ws.to_owned(),
        name: going.name.to_string(),
        members: going.members,
        secrets: going.secrets,
        tokens: going.tokens,
        confirm,
    }
}

pub async fn new(visitor: Visitor, demand: Demand<Owner>, app: Data<App>) -> Reply {
    let going = look(&app, &demand).await?;
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &going, Input::default()))
}

pub async fn create(visitor: Visitor, demand: Demand<Owner>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let going = look(&app, &demand).await?;
    let typed = form.into_inner().name;
    if !is_typed(&typed, &going.name) {
        let confirm = wrong(&typed, "This is not its name. Type it exactly as it stands above.");
        return frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &going, confirm));
    }
    let kit = visitor.kit(&app);
    let deleted =
        app.db.write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| workspaces::delete(tx, by, tools)));
    deleted.await?;
    Ok(see_other(&app, &url::home(), Some(Flash::WorkspaceDeleted)))
}
