//! Another address for one's account: asked for with the password, and proven by the link that is sent there.

use actix_web::web::{Data, Path};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::actions::accounts::{self, AddressTaken, Asked};
use crate::app::App;
use crate::domain::Email;
use crate::store::access::{AskLink, EmailChange};
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, kept, wrong};
use crate::web::frame::{self, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::view::Input;
use crate::web::visitor::{Myself, Visitor};
use crate::web::{links, url};

use super::confirm::{self, Asked as Judged, Confirmed};
use super::{Inputs, page, profile};

type Never = std::convert::Infallible;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    new_email: String,
    email_password: String,
}

pub async fn ask(visitor: Visitor, myself: Myself, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let form = form.into_inner();
    let password = Zeroizing::new(form.email_password);
    let found = app.db.read(myself.ask(), |tx, by| Ok::<_, Fault<Never>>(store::people::myself(tx, by)?.0));
    let new = match judge(&form.new_email, &found.await?.email) {
        Ok(new) => new,
        Err(email) => {
            let inputs = Inputs { email, ..Inputs::default() };
            return frame::again(&app, &visitor, &profile(&visitor, &myself, &app, inputs).await?);
        }
    };
    let refused =
        |words: &str| Inputs { email: kept(&form.new_email), email_password: wrong("", words), ..Inputs::default() };
    let confirmed = match confirm::ask(&app, (&visitor, &myself), password, std::future::ready(Ok(()))).await? {
        Judged::Right(confirmed) => confirmed,
        Judged::Wrong => {
            let page = profile(&visitor, &myself, &app, Inputs::default()).await?;
            let inputs = refused(confirm::wrong(page.ways.has_password));
            let page = profile(&visitor, &myself, &app, inputs).await?;
            return frame::again(&app, &visitor, &page);
        }
        Judged::TooOften(sentence, seconds) => {
            let page = profile(&visitor, &myself, &app, refused(&sentence)).await?;
            return frame::later(&app, &visitor, seconds, &page);
        }
    };
    if let Err(until) = take_down(&visitor, &myself, &app, confirmed, new).await? {
        let (sentence, seconds) = forms::wait(until, app.clock.now());
        let inputs = Inputs { email: wrong(&form.new_email, &sentence), ..Inputs::default() };
        return frame::later(&app, &visitor, seconds, &profile(&visitor, &myself, &app, inputs).await?);
    }
    Ok(see_other(&app, &url::account(), Some(Flash::EmailAsked)))
}

fn judge(typed: &str, present: &Email) -> Result<Email, Input> {
    match Email::parse(typed) {
        Ok(new) if new == *present => Err(wrong(typed, "This is your address already.")),
        Ok(new) => Ok(new),
        Err(error) => Err(wrong(typed, &error.to_string())),
    }
}

async fn take_down(
    visitor: &Visitor,
    myself: &Myself,
    app: &App,
    Confirmed { stored, attempt, .. }: Confirmed<()>,
    new: Email,
) -> Result<Asked, Error> {
    let asker = links::asker(app, visitor)?;
    let kit = visitor.kit(app);
    let asked = app.db.write(myself.ask(), move |tx, by| {
        let compared = (stored.as_deref(), &attempt, &asker);
        kit.by_person(&by.holder().person, |tools| accounts::ask_email_change(tx, by, tools, compared, &new))
    });
    Ok(asked.await?)
}

fn over(app: &Data<App>, visitor: &Visitor) -> Reply {
    links::over(app, visitor, ("Ask for another in your account", url::account()))
}

pub async fn open(visitor: Visitor, link: Path<String>, app: Data<App>) -> Reply {
    let Some((_, (_, email))) = links::look(&app, &link, AskLink::<EmailChange>::new, accounts::about).await? else {
        return over(&app, &visitor);
    };
    let chrome = frame::chrome(&visitor, None, "Use this address?", Place::Elsewhere);
    let signed_in = visitor.session.is_some();
    frame::page(
        &app,
        &visitor,
        &page::Proof { chrome, link: link.to_string(), email: email.to_string(), signed_in, present: Input::default() },
    )
}

/// Whoever asked must finish it: somebody else who reads the letter would give their address to an account that they do
/// not know.
pub async fn change(
    visitor: Visitor,
    myself: Myself,
    link: Path<String>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let Some((ask, (person, _))) = links::look(&app, &link, AskLink::<EmailChange>::new, accounts::about).await? else {
        return over(&app, &visitor);
    };
    let signed_in = app.db.read(myself.ask(), |_, by| Ok::<_, Fault<Never>>(by.holder().person.clone()));
    if signed_in.await? != person.id {
        let words =
            ["You are signed in to another account than the one that asked for this address. Nothing was changed."];
        return links::tell(
            (&app, &visitor),
            "This link is for another account",
            &words,
            ("Go to your account", url::account()),
        );
    }
    let kit = visitor.kit(&app);
    let changed =
        app.db.write(ask, move |tx, by| kit.by_person(&person.id, |tools| accounts::change_email(tx, by, tools)));
    match changed.await {
        Ok(()) => Ok(see_other(&app, &url::account(), Some(Flash::EmailChanged))),
        Err(Fault::Refused(AddressTaken)) => {
            let words = ["Somebody has made an account with this address meanwhile, so yours keeps the one it has."];
            links::tell((&app, &visitor), "This address is taken", &words, ("Go to your account", url::account()))
        }
        Err(fault) if links::is_spent(&fault) => over(&app, &visitor),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
