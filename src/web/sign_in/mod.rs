//! Signing in and out. Known and unknown addresses get the same answer after the same work.

mod page;
pub mod providers;

use actix_session::Session;
use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::web::{Data, Query};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::actions::sign_in::{self, Attempt, Compared, Opened};
use crate::app::App;
use crate::app::context::Cookies;
use crate::config::SignUp;
use crate::crypto::Checked;
use crate::domain::audit::Actor;
use crate::domain::{Email, PersonId, password};
use crate::store::Fault;
use crate::store::access::AskNothing;

use super::attempts::{self, Judged};
use super::chrome::Place;
use super::csrf::CsrfForm;
use super::doors;
use super::error::Error;
use super::flash::Flash;
use super::forms::{self, kept};
use super::frame::{self, Reply, safe_return, see_other};
use super::session::hand_out;
use super::url;
use super::visitor::{Myself, Visitor};

type Never = std::convert::Infallible;

#[derive(Deserialize)]
pub struct Back {
    #[serde(default)]
    return_to: String,
}

fn page_of(
    visitor: &Visitor,
    app: &App,
    (email, return_to): (&str, &str),
    trouble: Option<page::Trouble>,
) -> page::New {
    let chrome = frame::chrome(visitor, None, "Sign in", Place::Elsewhere);
    let return_to = safe_return(return_to).unwrap_or_default().to_owned();
    let sign_up = app.config.accounts.sign_up != SignUp::Invited;
    page::New { chrome, email: kept(email), return_to, trouble, sign_up, doors: doors::all(app) }
}

pub async fn new(visitor: Visitor, back: Query<Back>, app: Data<App>) -> Reply {
    if visitor.session.is_some() {
        return Ok(see_other(&app, &url::home(), visitor.flash));
    }
    frame::page(&app, &visitor, &page_of(&visitor, &app, ("", &back.return_to), None))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    email: String,
    password: String,
    return_to: String,
}

pub async fn create(visitor: Visitor, form: CsrfForm<Form>, session: Session, app: Data<App>) -> Reply {
    let form = form.into_inner();
    let entered = Zeroizing::new(form.password);
    let device = known_device(&visitor, &app, &form.email);
    let address = visitor.address().ok_or(Error::Internal)?;
    let attempt = Attempt::new(&app.keyring, &form.email, address, device);
    let (known, checked) = match attempts::judge(&app, &attempt, compare(&app, &form.email, &entered)).await? {
        Judged::Yes(compared) => compared,
        Judged::TooOften(until) => {
            let (sentence, seconds) = forms::wait(until, app.clock.now());
            let words = Some(page::Trouble::Wait { sentence });
            let page = page_of(&visitor, &app, (&form.email, &form.return_to), words);
            return frame::later(&app, &visitor, seconds, &page);
        }
    };
    match known {
        Some((person, Some(stored))) if checked.right => {
            // With a full queue it stays as it is until the next time.
            let fresh = if checked.outdated { app.hasher.hash(entered).await.ok() } else { None };
            let compared = Compared { person, stored, fresh };
            welcome(&visitor, (&form.email, &form.return_to), session, &app, compared, attempt).await
        }
        known => refuse(&visitor, (&form.email, &form.return_to), &app, known.map(|(person, _)| person)).await,
    }
}

type Known = Option<(PersonId, Option<String>)>;

/// Looks the account up and compares; an unknown address and a password too long to be one cost the same.
async fn compare(app: &App, email: &str, entered: &Zeroizing<String>) -> Result<(Known, Checked), Error> {
    let known = match Email::parse(email) {
        Ok(email) => app.db.read::<_, _, Never, _>(AskNothing, move |tx, by| sign_in::find(tx, by, &email)).await?,
        Err(_) => None,
    };
    let too_long = entered.len() > password::MOST;
    let entered = if too_long { Zeroizing::new(String::new()) } else { entered.clone() };
    let stored = known.as_ref().and_then(|(_, hash)| hash.clone()).filter(|_| !too_long);
    let checked = app.hasher.check(entered, stored).await?;
    Ok((known, checked))
}

async fn refuse(visitor: &Visitor, (email, back): (&str, &str), app: &Data<App>, known: Option<PersonId>) -> Reply {
    let kit = visitor.kit(app);
    let noted = app
        .db
        .write(AskNothing, move |tx, by| kit.by(Actor::Unknown, |tools| sign_in::refuse(tx, by, tools, known.clone())));
    noted.await?;
    frame::again(app, visitor, &page_of(visitor, app, (email, back), Some(page::Trouble::NoMatch)))
}

async fn welcome(
    visitor: &Visitor,
    (email, back): (&str, &str),
    session: Session,
    app: &Data<App>,
    compared: Compared,
    attempt: Attempt,
) -> Reply {
    let (kit, browser) = (visitor.kit(app), visitor.browser());
    let opened = app.db.write(AskNothing, move |tx, by| {
        kit.by_person(&compared.person, |tools| sign_in::start(tx, by, tools, (&compared, &attempt), &browser))
    });
    let to = safe_return(back).map_or_else(url::home, ToOwned::to_owned);
    enter(app, &session, (&opened.await?, email), see_other(app, &to, None))
}

/// Lets the browser in with a session that has begun. It is known from now on, for this account alone.
pub(super) fn enter(app: &App, to: &Session, (opened, email): (&Opened, &str), mut response: HttpResponse) -> Reply {
    hand_out(to, opened)?;
    let device = Cookies::new(&app.config.server).make("device", &new_device(app, email), Some(Duration::days(365)));
    response.add_cookie(&device).map_err(|_| Error::Internal)?;
    Ok(response)
}

/// A device cookie is a random name and its HMAC for one account.
fn new_device(app: &App, email: &str) -> String {
    let name = app.keyring.random_text();
    let mac = app.keyring.device_mac(&email.trim().to_ascii_lowercase(), &name);
    format!("{name}.{}", data_encoding::BASE64URL_NOPAD.encode(mac.as_bytes()))
}

/// The name of the browser that asks, where this account was signed in to on it before.
pub(super) fn known_device<'a>(visitor: &'a Visitor, app: &App, email: &str) -> Option<&'a str> {
    visitor.device.as_deref().filter(|device| is_known(app, device, email))
}

fn is_known(app: &App, device: &str, email: &str) -> bool {
    let Some((name, sent)) = device.split_once('.') else { return false };
    let sent = data_encoding::BASE64URL_NOPAD.decode(sent.as_bytes()).unwrap_or_default();
    app.keyring.device_mac(&email.trim().to_ascii_lowercase(), name).matches(&sent)
}

#[derive(Deserialize)]
pub struct Nothing {}

pub async fn destroy(
    visitor: Visitor,
    myself: Myself,
    form: CsrfForm<Back>,
    session: Session,
    app: Data<App>,
) -> Reply {
    let kit = visitor.kit(&app);
    let ended = app.db.write(myself.ask(), move |tx, by| {
        kit.by_person(&by.holder().person, |tools| sign_in::end(tx, by, tools, None))
    });
    match ended.await {
        Ok(()) | Err(Fault::Store(crate::store::Error::Denied(_))) => {}
        Err(fault) => return Err(fault.into()),
    }
    session.purge();
    let back = form.into_inner().return_to;
    let to = safe_return(&back).map_or_else(url::sign_in, ToOwned::to_owned);
    Ok(see_other(&app, &to, Some(Flash::SignedOut)))
}
