//! Signing up, where it is open: an address asks for a link, and the link makes the account.
//! So no account that was signed up for has an address that nobody has proven.

mod page;

use actix_session::Session;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::accounts::{self, AddressTaken};
use crate::actions::founding::NewAccount;
use crate::actions::sign_in::open_session;
use crate::app::App;
use crate::config::SignUp as Policy;
use crate::domain::audit::Actor;
use crate::domain::{Email, Work};
use crate::store::access::{AskLink, Proof, SignUp};
use crate::store::{self, Fault, Outcome, ReadTx};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::doors;
use super::error::Error;
use super::flash::Flash;
use super::forms::{self, kept, wrong};
use super::frame::{self, Reply, see_other};
use super::links;
use super::sign_in::enter;
use super::url;
use super::view::Input;
use super::visitor::Visitor;

fn policy(app: &App) -> &Policy {
    &app.config.accounts.sign_up
}

fn page_of(visitor: &Visitor, app: &App, email: Input, wait: Option<String>) -> links::Ask {
    let lead = match policy(app) {
        Policy::Domains(domains) => format!("For addresses at {}.", domains.join(", ")),
        Policy::Anybody | Policy::Invited => "You get a link that proves your address.".to_owned(),
    };
    let chrome = frame::chrome(visitor, None, "Make an account", Place::Elsewhere);
    let doors = doors::all(app);
    links::Ask { chrome, heading: "Make an account", lead, action: url::sign_up(), email, wait, doors }
}

pub async fn new(visitor: Visitor, app: Data<App>) -> Reply {
    if *policy(&app) == Policy::Invited {
        let words = [
            "Accounts here are for people who were invited to a workspace. The invitation comes by mail, with a link.",
            "If you wait for one, ask an Owner or Admin of the workspace, or whoever runs this Keyrack.",
        ];
        return links::tell((&app, &visitor), "Keyrack is by invitation", &words, ("Sign in", url::sign_in()));
    }
    frame::page(&app, &visitor, &page_of(&visitor, &app, Input::default(), None))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asking {
    email: String,
}

pub async fn create(visitor: Visitor, form: CsrfForm<Asking>, app: Data<App>) -> Reply {
    if *policy(&app) == Policy::Invited {
        return Err(Error::Forbidden);
    }
    let typed = form.into_inner().email;
    let email = match judge(&app, &typed) {
        Ok(email) => email,
        Err(input) => return frame::again(&app, &visitor, &page_of(&visitor, &app, input, None)),
    };
    if let Err(until) = links::ask(&app, &visitor, Work::SignUpAsked { email }).await? {
        let (sentence, seconds) = forms::wait(until, app.clock.now());
        return frame::later(&app, &visitor, seconds, &page_of(&visitor, &app, kept(&typed), Some(sentence)));
    }
    links::on_its_way(&app, &visitor, "A letter is on its way to this address. Its link works once, for a day.")
}

/// The address, where one may sign up with it; else the input with what is wrong, which is no secret.
fn judge(app: &App, typed: &str) -> Result<Email, Input> {
    let email = Email::parse(typed).map_err(|error| wrong(typed, &error.to_string()))?;
    match policy(app) {
        rule if rule.allows(&email) => Ok(email),
        Policy::Domains(domains) => {
            Err(wrong(typed, &format!("Only addresses at {} can sign up here.", domains.join(", "))))
        }
        Policy::Anybody | Policy::Invited => Err(wrong(typed, "Nobody can sign up here.")),
    }
}

/// A link that is good, its address, and whether that has an account by now.
async fn look(app: &App, link: &str) -> Result<Option<(AskLink<SignUp>, (Email, bool))>, Error> {
    let found = links::look(app, link, AskLink::<SignUp>::new, find).await?;
    // The rule may have changed since the link was sent.
    Ok(found.filter(|(_, (email, _))| policy(app).allows(email)))
}

fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, SignUp>) -> Outcome<(Email, bool)> {
    let taken = store::people::find_by_email(tx, by.address())?.is_some();
    Ok((by.address().clone(), taken))
}

fn over(app: &Data<App>, visitor: &Visitor) -> Reply {
    links::over(app, visitor, ("Ask for another link", url::sign_up()))
}

/// Told to whoever reads the mail of the address.
fn already_here(app: &Data<App>, visitor: &Visitor) -> Reply {
    let words = ["This address has an account by now. Sign in with it."];
    links::tell((app, visitor), "You have an account already", &words, ("Sign in", url::sign_in()))
}

fn form_of(visitor: &Visitor, link: &str, email: &Email, (name, password): (Input, Input)) -> page::New {
    let chrome = frame::chrome(visitor, None, "Make your account", Place::Elsewhere);
    page::New { chrome, link: link.to_owned(), email: email.to_string(), name, password }
}

pub async fn open(visitor: Visitor, link: Path<String>, app: Data<App>) -> Reply {
    match look(&app, &link).await? {
        None => over(&app, &visitor),
        Some((_, (_, true))) => already_here(&app, &visitor),
        Some((_, (email, false))) => frame::page(&app, &visitor, &form_of(&visitor, &link, &email, Default::default())),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    password: String,
}

pub async fn finish(
    visitor: Visitor,
    link: Path<String>,
    form: CsrfForm<Form>,
    session: Session,
    app: Data<App>,
) -> Reply {
    let Some((ask, (email, taken))) = look(&app, &link).await? else { return over(&app, &visitor) };
    // Before a password is hashed that no account can be made with.
    if taken {
        return already_here(&app, &visitor);
    }
    let form = form.into_inner();
    let (name, name_input) = forms::name(&form.name);
    let (password, password_input) = forms::new_password(form.password);
    let (Some(name), Some(password)) = (name, password) else {
        let page = form_of(&visitor, &link, &email, (name_input, password_input));
        return frame::again(&app, &visitor, &page);
    };
    let account = NewAccount { name, password_hash: Some(app.hasher.hash(password).await?) };
    let (kit, browser) = (visitor.kit(&app), visitor.browser());
    let made = app.db.write::<_, _, AddressTaken, _>(ask, move |tx, by| {
        let person = kit.by(Actor::Unknown, |tools| accounts::sign_up(tx, by, tools, &account))?;
        Ok(kit.by_person(&person, |tools| open_session(tx, by, tools, &person, &browser))?)
    });
    let opened = match made.await {
        Ok(opened) => opened,
        Err(Fault::Refused(AddressTaken)) => return already_here(&app, &visitor),
        Err(fault) if links::is_spent(&fault) => return over(&app, &visitor),
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    let response = see_other(&app, &url::new_workspace(), Some(Flash::AccountMade));
    enter(&app, &session, (&opened, email.as_str()), response)
}
