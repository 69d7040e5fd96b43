//! The link of an invitation: what it offers, and the two ways to accept, with an account or without.
//!
//! Looking spends nothing, so that whatever opens links in mails before people do takes nobody's invitation.

use actix_session::Session;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::founding::NewAccount;
use crate::actions::invitations::{self, AcceptRefusal};
use crate::app::App;
use crate::domain::Moment;
use crate::domain::audit::Actor;
use crate::store::access::{AskInvited, AskMyself, AskOffered, Offer, Which};
use crate::store::{self, Denied, Error as StoreError, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::doors;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, kept};
use crate::web::frame::{self, Reply, see_other};
use crate::web::sign_in::{Nothing, enter};
use crate::web::view::Input;
use crate::web::visitor::{Myself, Visitor};
use crate::web::{links, url};

use super::page::{self, Offered, Reader};

type Never = std::convert::Infallible;

/// The offer of a link that is still good.
async fn find(app: &App, link: &str) -> Result<Option<(AskOffered, (Offer, Moment))>, Error> {
    links::look(app, link, AskOffered, |tx, by| Ok((by.holder().clone(), tx.now()))).await
}

fn closed(visitor: &Visitor, app: &Data<App>) -> Reply {
    let words = [
        "It was accepted, revoked, sent again with another link, or its time is over.",
        "Look for the newest letter, or ask whoever invited you to send it again. If you have accepted already, sign in.",
    ];
    links::tell((app, visitor), "This invitation is not open", &words, ("Go on", url::home()))
}

/// Who looks at the offer.
async fn reader(visitor: &Visitor, app: &App, offer: &Offer) -> Result<Reader, Error> {
    let Some(session) = visitor.session.clone() else { return Ok(Reader::Nobody) };
    let read = app.db.read(AskMyself { session }, |tx, by| {
        let (person, _) = store::people::myself(tx, by)?;
        Ok::<_, Fault<Never>>((person, store::workspaces::mine(tx, by)?))
    });
    let (person, all) = match read.await {
        Ok(found) => found,
        Err(Fault::Store(StoreError::Denied(Denied::SignedOut))) => return Ok(Reader::Nobody),
        Err(fault) => return Err(fault.into()),
    };
    if let Some((row, _)) = all.iter().find(|(row, _)| row.id == offer.workspace) {
        return Ok(Reader::Member { slug: row.slug.to_string() });
    }
    if person.email.key() == offer.email.key() {
        return Ok(Reader::Invited { name: person.name.to_string() });
    }
    let sentence = format!("You are signed in as {}. This invitation is for {}.", person.email, offer.email);
    Ok(Reader::Other { sentence })
}

/// What of the form is shown again.
#[derive(Default)]
struct Inputs {
    name: Input,
    password: Input,
    trouble: Option<String>,
}

async fn page_of(
    visitor: &Visitor,
    app: &App,
    link: &str,
    (offer, now): (&Offer, Moment),
    inputs: Inputs,
) -> Result<page::Show, Error> {
    Ok(page::Show {
        chrome: frame::chrome(visitor, None, "Invitation", Place::Elsewhere),
        link: link.to_owned(),
        reader: reader(visitor, app, offer).await?,
        offer: Offered::of(offer, now),
        name: inputs.name,
        password: inputs.password,
        trouble: inputs.trouble,
        doors: doors::all(app),
    })
}

pub async fn show(visitor: Visitor, link: Path<String>, app: Data<App>) -> Reply {
    let Some((_, (offer, now))) = find(&app, &link).await? else { return closed(&visitor, &app) };
    let page = page_of(&visitor, &app, &link, (&offer, now), Inputs::default()).await?;
    frame::page(&app, &visitor, &page)
}

/// Accepts as the signed-in person.
pub async fn create(
    visitor: Visitor,
    _myself: Myself,
    link: Path<String>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let Some((AskOffered(brought), (offer, now))) = find(&app, &link).await? else { return closed(&visitor, &app) };
    let session = visitor.session.clone().ok_or(Error::SignIn)?;
    let ask = AskInvited { session, which: Which::Link(brought) };
    let kit = visitor.kit(&app);
    let accepted =
        app.db.write(ask, move |tx, by| kit.by_person(&by.holder().person, |tools| invitations::accept(tx, by, tools)));
    match accepted.await {
        Ok(slug) => Ok(see_other(&app, &url::workspace(slug.as_str()), Some(Flash::Joined))),
        // Somebody else's, or a member's already: the page says which.
        Err(Fault::Refused(_) | Fault::Store(StoreError::Denied(Denied::Forbidden))) => {
            let page = page_of(&visitor, &app, &link, (&offer, now), Inputs::default()).await?;
            frame::again(&app, &visitor, &page)
        }
        Err(fault) if links::is_spent(&fault) => closed(&visitor, &app),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    password: String,
}

/// Accepts as somebody new, whose account is made on the way.
pub async fn join(
    visitor: Visitor,
    link: Path<String>,
    form: CsrfForm<Form>,
    session: Session,
    app: Data<App>,
) -> Reply {
    let Some((ask, (offer, now))) = find(&app, &link).await? else { return closed(&visitor, &app) };
    let form = form.into_inner();
    let (name, name_input) = forms::name(&form.name);
    let (password, password_input) = forms::new_password(form.password);
    let (Some(name), Some(password)) = (name, password) else {
        let inputs = Inputs { name: name_input, password: password_input, trouble: None };
        return frame::again(&app, &visitor, &page_of(&visitor, &app, &link, (&offer, now), inputs).await?);
    };
    if app.db.read(ask.clone(), invitations::has_account).await? {
        return again(&visitor, &app, &link, (&offer, now), &form.name, AcceptRefusal::HasAccount).await;
    }
    let account = NewAccount { name, password_hash: Some(app.hasher.hash(password).await?) };
    let (kit, browser) = (visitor.kit(&app), visitor.browser());
    let joined = app.db.write(ask, move |tx, by| {
        kit.by(Actor::Unknown, |tools| invitations::accept_as_newcomer(tx, by, tools, (&account, &browser)))
    });
    match joined.await {
        Ok((slug, opened)) => {
            let response = see_other(&app, &url::workspace(slug.as_str()), Some(Flash::Joined));
            enter(&app, &session, (&opened, offer.email.as_str()), response)
        }
        Err(Fault::Refused(refusal)) => again(&visitor, &app, &link, (&offer, now), &form.name, refusal).await,
        // Made in this very moment by somebody else with the same address.
        Err(Fault::Store(StoreError::Taken)) => {
            again(&visitor, &app, &link, (&offer, now), &form.name, AcceptRefusal::HasAccount).await
        }
        Err(fault) if links::is_spent(&fault) => closed(&visitor, &app),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

async fn again(
    visitor: &Visitor,
    app: &Data<App>,
    link: &str,
    offer: (&Offer, Moment),
    name: &str,
    refusal: AcceptRefusal,
) -> Reply {
    let inputs = Inputs { name: kept(name), password: Input::default(), trouble: Some(refusal.to_string()) };
    frame::again(app, visitor, &page_of(visitor, app, link, offer, inputs).await?)
}
