//! A forgotten password: an address asks for a link, and the link sets another password.

mod page;

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::accounts;
use crate::actions::sign_in::Attempt;
use crate::app::App;
use crate::domain::{Email, Work};
use crate::store::access::{AskLink, Reset};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::forms::{self, kept, wrong};
use super::frame::{self, Reply, see_other};
use super::links;
use super::sign_in::known_device;
use super::url;
use super::view::Input;
use super::visitor::Visitor;

fn page_of(visitor: &Visitor, email: Input, wait: Option<String>) -> links::Ask {
    links::Ask {
        chrome: frame::chrome(visitor, None, "Forgotten password", Place::Elsewhere),
        heading: "Forgotten your password?",
        lead: "Enter the address that you sign in with, and you get a link for a new one.".to_owned(),
        action: url::forgotten(),
        email,
        wait,
        doors: Vec::new(),
    }
}

pub async fn new(visitor: Visitor, app: Data<App>) -> Reply {
    frame::page(&app, &visitor, &page_of(&visitor, Input::default(), None))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asking {
    email: String,
}

pub async fn create(visitor: Visitor, form: CsrfForm<Asking>, app: Data<App>) -> Reply {
    let typed = form.into_inner().email;
    let email = match Email::parse(&typed) {
        Ok(email) => email,
        Err(error) => {
            return frame::again(&app, &visitor, &page_of(&visitor, wrong(&typed, &error.to_string()), None));
        }
    };
    if let Err(until) = links::ask(&app, &visitor, Work::ResetAsked { email }).await? {
        let (sentence, seconds) = forms::wait(until, app.clock.now());
        return frame::later(&app, &visitor, seconds, &page_of(&visitor, kept(&typed), Some(sentence)));
    }
    let what = "If this address has an account, a letter is on its way. Its link works once, for an hour.";
    links::on_its_way(&app, &visitor, what)
}

fn over(app: &Data<App>, visitor: &Visitor) -> Reply {
    links::over(app, visitor, ("Ask for another link", url::forgotten()))
}

fn reset_page(visitor: &Visitor, link: &str, email: &Email, password: Input) -> page::Reset {
    let chrome = frame::chrome(visitor, None, "New password", Place::Elsewhere);
    page::Reset { chrome, link: link.to_owned(), email: email.to_string(), password }
}

pub async fn open(visitor: Visitor, link: Path<String>, app: Data<App>) -> Reply {
    let Some((_, (person, _))) = links::look(&app, &link, AskLink::<Reset>::new, accounts::about).await? else {
        return over(&app, &visitor);
    };
    frame::page(&app, &visitor, &reset_page(&visitor, &link, &person.email, Input::default()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    password: String,
}

pub async fn reset(visitor: Visitor, link: Path<String>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let Some((ask, (person, _))) = links::look(&app, &link, AskLink::<Reset>::new, accounts::about).await? else {
        return over(&app, &visitor);
    };
    let (password, input) = forms::new_password(form.into_inner().password);
    let Some(password) = password else {
        return frame::again(&app, &visitor, &reset_page(&visitor, &link, &person.email, input));
    };
    let hash = app.hasher.hash(password).await?;
    let address = visitor.address().ok_or(Error::Internal)?;
    let device = known_device(&visitor, &app, person.email.as_str());
    let attempt = Attempt::new(&app.keyring, person.email.as_str(), address, device);
    let kit = visitor.kit(&app);
    let done = app.db.write(ask, move |tx, by| {
        kit.by_person(&person.id, |tools| accounts::reset_password(tx, by, tools, (&hash, &attempt)))
    });
    match done.await {
        Ok(()) => Ok(see_other(&app, &url::sign_in(), Some(Flash::PasswordReset))),
        Err(fault) if links::is_spent(&fault) => over(&app, &visitor),
        Err(fault) => Err(fault.into()),
    }
}
