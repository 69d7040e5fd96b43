//! Setting Keyrack up: one link, one Owner, one workspace.

mod page;

use actix_session::Session;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::founding::{self, Founding, FoundingError};
use crate::actions::sign_in::open_session;
use crate::app::App;
use crate::domain::Email;
use crate::domain::audit::Actor;
use crate::store::access::{AskLink, AskNothing, SetUp};
use crate::store::{self, Error as StoreError, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::forms::{self, kept, wrong};
use super::frame::{self, Reply, see_other};
use super::links;
use super::sign_in::enter;
use super::url;
use super::view::Input;
use super::visitor::Visitor;

type Never = std::convert::Infallible;

pub async fn new(visitor: Visitor, link: Path<String>, app: Data<App>) -> Reply {
    if open(&app, &link).await?.is_none() {
        return closed_now(&visitor, &app).await;
    }
    frame::page(&app, &visitor, &page_of(&visitor, &link, Fields::default()))
}

#[derive(Default)]
struct Fields {
    name: Input,
    email: Input,
    password: Input,
    workspace: Input,
}

fn page_of(visitor: &Visitor, link: &str, fields: Fields) -> page::New {
    let Fields { name, email, password, workspace } = fields;
    let chrome = frame::chrome(visitor, None, "Set up", Place::Elsewhere);
    page::New { chrome, token: link.to_owned(), name, email, password, workspace }
}

async fn open(app: &App, link: &str) -> Result<Option<AskLink<SetUp>>, Error> {
    Ok(links::look(app, link, AskLink::new, |_, _| Ok(())).await?.map(|(ask, ())| ask))
}

async fn closed_now(visitor: &Visitor, app: &Data<App>) -> Reply {
    let done = app.db.read(AskNothing, |tx, _| Ok::<_, Fault<Never>>(store::people::exist(tx)?)).await?;
    closed(visitor, app, done)
}

pub fn closed(visitor: &Visitor, app: &Data<App>, done: bool) -> Reply {
    let chrome = frame::chrome(visitor, None, "Set up", Place::Elsewhere);
    frame::page(app, visitor, &page::Closed { chrome, done })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    email: String,
    password: String,
    workspace: String,
}

pub async fn create(
    visitor: Visitor,
    link: Path<String>,
    form: CsrfForm<Form>,
    session: Session,
    app: Data<App>,
) -> Reply {
    let Some(ask) = open(&app, &link).await? else { return closed_now(&visitor, &app).await };
    let form = form.into_inner();
    let (name, name_input) = forms::name(&form.name);
    let (workspace, workspace_input) = forms::name(&form.workspace);
    let email = Email::parse(&form.email);
    let (password, password_input) = forms::new_password(form.password);
    let fields = Fields {
        name: name_input,
        workspace: workspace_input,
        email: email.as_ref().map_or_else(|e| wrong(&form.email, &e.to_string()), |_| kept(&form.email)),
        password: password_input,
    };
    let (Some(name), Some(workspace), Ok(email), Some(password)) = (name, workspace, email, password) else {
        return frame::again(&app, &visitor, &page_of(&visitor, &link, fields));
    };
    let password_hash = app.hasher.hash(password).await?;
    let asked = Founding { email, name, workspace, password_hash };
    let (kit, browser) = (visitor.kit(&app), visitor.browser());
    let founded = app.db.write::<_, _, FoundingError, _>(ask, move |tx, by| {
        let founded = kit.by(Actor::SetUpLink, |tools| founding::set_up(tx, by, tools, &asked))?;
        let owner = &founded.person;
        let opened = kit.by_person(owner, |tools| open_session(tx, by, tools, owner, &browser))?;
        Ok((founded.workspace, opened))
    });
    let (workspace, opened) = match founded.await {
        Ok(done) => done,
        Err(Fault::Store(StoreError::Denied(_))) => return closed_now(&visitor, &app).await,
        Err(Fault::Store(error)) => return Err(error.into()),
        Err(Fault::Refused(_)) => return Err(Error::Internal),
    };
    let response = see_other(&app, &url::workspace(workspace.as_str()), Some(Flash::Welcome));
    enter(&app, &session, (&opened, &form.email), response)
}
