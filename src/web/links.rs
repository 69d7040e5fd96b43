//! Single-use links: asked for, opened, and over.

use actix_web::web::Data;

use crate::actions::accounts::{self, Asked, Asker};
use crate::app::App;
use crate::crypto::LinkToken;
use crate::domain::Work;
use crate::domain::audit::Actor;
use crate::store::access::{AskNothing, Brought, Demand, Proof};
use crate::store::{Denied, Error as StoreError, Fault, Outcome, ReadTx};

use super::chrome::{Chrome, Place};
use super::doors::Door;
use super::error::Error;
use super::frame::{self, Reply};
use super::url;
use super::view::{Input, Link, Tone};
use super::visitor::Visitor;

/// A page that asks for an address and nothing else.
#[derive(askama::Template)]
#[template(path = "links/ask.html")]
pub struct Ask {
    pub chrome: Chrome,
    pub heading: &'static str,
    pub lead: String,
    pub action: String,
    pub email: Input,
    /// When the next request will be looked at, where there were too many.
    pub wait: Option<String>,
    /// Other ways in.
    pub doors: Vec<Door>,
}

/// A page that tells something and leads on.
#[derive(askama::Template)]
#[template(path = "links/told.html")]
pub struct Told {
    pub chrome: Chrome,
    pub heading: &'static str,
    pub words: Vec<String>,
    pub way_on: Link,
}

pub fn tell(
    (app, visitor): (&Data<App>, &Visitor),
    heading: &'static str,
    words: &[&str],
    (label, url): (&str, String),
) -> Reply {
    let chrome = frame::chrome(visitor, None, heading, Place::Elsewhere);
    let words = words.iter().map(|line| (*line).to_owned()).collect();
    let way_on = Link { label: label.to_owned(), url };
    frame::page(app, visitor, &Told { chrome, heading, words, way_on })
}

/// For whoever comes with a link that is used, too old, cut off or for something else.
pub fn over(app: &Data<App>, visitor: &Visitor, way_on: (&str, String)) -> Reply {
    let words = ["It has been used, or is too old, or was cut off on its way. A link works once."];
    tell((app, visitor), "This link does not work", &words, way_on)
}

/// Takes down what is asked for an address. Nothing here depends on whether it has an account.
pub async fn ask(app: &App, visitor: &Visitor, work: Work) -> Result<Asked, Error> {
    let asker = asker(app, visitor)?;
    let kit = visitor.kit(app);
    let asked = app
        .db
        .write(AskNothing, move |tx, by| kit.by(Actor::Unknown, |tools| accounts::ask(tx, by, tools, &asker, &work)));
    Ok(asked.await?)
}

pub fn asker(app: &App, visitor: &Visitor) -> Result<Asker, Error> {
    Ok(Asker::new(&app.keyring, visitor.address().ok_or(Error::Internal)?))
}

/// What whoever asked for a link is told, known or not.
pub fn on_its_way(app: &Data<App>, visitor: &Visitor, what: &str) -> Reply {
    const WHERE: &str =
        "Nothing there after some minutes? Look among unwanted mail, and whether the address is the right one.";
    const BY_HAND: &str = "This Keyrack has no mail server: whoever runs it hands the letter on.";
    let words: &[&str] = if app.mailer.delivers() { &[what, WHERE] } else { &[what, WHERE, BY_HAND] };
    tell((app, visitor), "Look at your mail", words, ("Sign in", url::sign_in()))
}

/// The demand of a link that is still good, and what was found by it. Looking spends nothing.
pub async fn look<D: Demand + Clone, T: Send + 'static>(
    app: &App,
    text: &str,
    demand: fn(Brought) -> D,
    find: impl for<'tx> Fn(&mut ReadTx<'tx>, &Proof<'tx, D::Right>) -> Outcome<T> + Send + 'static,
) -> Result<Option<(D, T)>, Error> {
    let Ok(token) = text.parse::<LinkToken>() else { return Ok(None) };
    let mac = *app.keyring.link_mac(&token).as_bytes();
    let ask = demand(Brought { link: token.id, mac });
    match app.db.read(ask.clone(), move |tx, by| find(tx, by)).await {
        Ok(found) => Ok(Some((ask, found))),
        Err(fault) if is_spent(&fault) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

pub fn is_spent<E>(fault: &Fault<E>) -> bool {
    matches!(fault, Fault::Store(StoreError::Denied(Denied::SpentLink)))
}
