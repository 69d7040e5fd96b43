//! One's own account: profile, password, sessions.

mod confirm;
pub mod delete;
pub mod email;
mod page;
pub mod ways;

use actix_session::Session;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::actions::sign_in::{self, Opened};
use crate::actions::{identities, people};
use crate::app::App;
use crate::domain::SessionId;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::forms::{self, kept, wrong};
use super::frame::{self, Frame, Reply, see_other};
use super::invitations::Offered;
use super::session::hand_out;
use super::sign_in::Nothing;
use super::url;
use super::view::{Input, When};
use super::visitor::{Myself, Visitor};
use confirm::{Asked, Confirmed};

type Never = std::convert::Infallible;

/// What the page's fields show; the name where it is not the stored one.
#[derive(Default)]
struct Inputs {
    name: Option<Input>,
    email: Input,
    email_password: Input,
    current: Input,
    new: Input,
}

impl Inputs {
    fn wrong_current(message: &str) -> Self {
        Self { current: wrong("", message), ..Self::default() }
    }
}

pub async fn show(visitor: Visitor, myself: Myself, app: Data<App>) -> Reply {
    let page = profile(&visitor, &myself, &app, Inputs::default()).await?;
    frame::page(&app, &visitor, &page)
}

async fn profile(visitor: &Visitor, myself: &Myself, app: &App, inputs: Inputs) -> Result<page::Show, Error> {
    let found = app.db.read(myself.ask(), |tx, by| {
        let (joined, offers) = (store::people::joined(tx, by)?, store::invitations::mine(tx, by)?);
        let ways = (store::identities::mine(tx, by)?, store::people::myself(tx, by)?.1.is_some());
        let is_fresh = identities::is_fresh(tx, by)?;
        Ok::<_, Fault<Never>>((Frame::of_myself(tx, by)?, (joined, offers), (ways, is_fresh), tx.now()))
    });
    let (frame, (joined, offers), ((rows, has_password), is_fresh), now) = found.await?;
    Ok(page::Show {
        ways: ways::section(app, (&rows, has_password), now),
        must_confirm: !is_fresh,
        id: frame.person.id.to_string(),
        name: inputs.name.unwrap_or_else(|| kept(frame.person.name.as_str())),
        email: frame.person.email.to_string(),
        joined: When::new(joined, now),
        has_workspace: frame.here.is_some(),
        invitations: offers.iter().map(|offer| Offered::of(offer, now)).collect(),
        chrome: frame::chrome(visitor, Some(&frame), "Account", Place::Account),
        new_email: inputs.email,
        email_password: inputs.email_password,
        current: inputs.current,
        new: inputs.new,
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Profile {
    name: String,
}

pub async fn update_profile(visitor: Visitor, myself: Myself, form: CsrfForm<Profile>, app: Data<App>) -> Reply {
    let (name, input) = forms::name(&form.into_inner().name);
    let Some(name) = name else {
        let inputs = Inputs { name: Some(input), ..Inputs::default() };
        return frame::again(&app, &visitor, &profile(&visitor, &myself, &app, inputs).await?);
    };
    let kit = visitor.kit(&app);
    let renamed = app.db.write(myself.ask(), move |tx, by| {
        kit.by_person(&by.holder().person, |tools| people::rename(tx, by, tools, &name))
    });
    renamed.await?;
    Ok(see_other(&app, &url::account(), Some(Flash::NameChanged)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Passwords {
    current: String,
    new: String,
}

pub async fn update_password(
    visitor: Visitor,
    myself: Myself,
    form: CsrfForm<Passwords>,
    session: Session,
    app: Data<App>,
) -> Reply {
    let form = form.into_inner();
    let (current, (new, new_input)) = (Zeroizing::new(form.current), forms::new_password(form.new));
    let Some(new) = new else {
        let inputs = Inputs { new: new_input, ..Inputs::default() };
        return frame::again(&app, &visitor, &profile(&visitor, &myself, &app, inputs).await?);
    };
    let hashing = async { Ok(app.hasher.hash(new).await?) };
    let confirmed = match confirm::ask(&app, (&visitor, &myself), current, hashing).await? {
        Asked::Right(confirmed) => confirmed,
        Asked::Wrong => {
            let page = profile(&visitor, &myself, &app, Inputs::wrong_current(confirm::WRONG)).await?;
            return frame::again(&app, &visitor, &page);
        }
        Asked::TooOften(sentence, seconds) => {
            let page = profile(&visitor, &myself, &app, Inputs::wrong_current(&sentence)).await?;
            return frame::later(&app, &visitor, seconds, &page);
        }
    };
    let opened = change_password(&visitor, &myself, &app, confirmed).await?;
    hand_out(&session, &opened)?;
    Ok(see_other(&app, &url::account(), Some(Flash::PasswordChanged)))
}

async fn change_password(
    visitor: &Visitor,
    myself: &Myself,
    app: &App,
    Confirmed { stored, attempt, then: hash }: Confirmed<String>,
) -> Result<Opened, Error> {
    let (kit, browser) = (visitor.kit(app), visitor.browser());
    // Somebody who has none sets one by a letter.
    let stored = stored.ok_or(Error::Forbidden)?;
    let changed = app.db.write(myself.ask(), move |tx, by| {
        let (hashes, from) = ((stored.as_str(), hash.as_str()), (&browser, &attempt));
        kit.by_person(&by.holder().person, |tools| sign_in::change_password(tx, by, tools, hashes, from))
    });
    Ok(changed.await?)
}

pub async fn sessions(visitor: Visitor, myself: Myself, app: Data<App>) -> Reply {
    let found = app.db.read(myself.ask(), |tx, by| {
        let this = by.holder().session.clone();
        Ok::<_, Fault<Never>>((Frame::of_myself(tx, by)?, store::sessions::mine(tx, by)?, this, tx.now()))
    });
    let (frame, rows, this, now) = found.await?;
    let sessions = rows.into_iter().map(|row| page::Session {
        device: device_words(&row.user_agent),
        on_phone: row.user_agent.contains("Mobile"),
        signed_in: When::new(row.created_at, now),
        last_seen: When::new(row.seen_at, now),
        this_one: row.id == this,
        id: row.id.to_string(),
        address: row.address,
    });
    let sessions = sessions.collect();
    let chrome = frame::chrome(&visitor, Some(&frame), "Sessions", Place::Account);
    frame::page(&app, &visitor, &page::Sessions { chrome, sessions })
}

/// “Firefox on Linux”, as far as a browser tells.
fn device_words(agent: &str) -> String {
    let first = |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, w)| *w);
    let browser = first(&[("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    format!("{} on {}", browser.unwrap_or("A browser"), system.unwrap_or("an unknown system"))
}

pub async fn revoke(
    visitor: Visitor,
    myself: Myself,
    id: Path<String>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: SessionId = id.parse().map_err(|_| Error::NotFound)?;
    let kit = visitor.kit(&app);
    let ended = app.db.write(myself.ask(), move |tx, by| {
        kit.by_person(&by.holder().person, |tools| sign_in::end(tx, by, tools, Some(&id)))
    });
    ended.await?;
    Ok(see_other(&app, &url::sessions(), Some(Flash::SessionEnded)))
}

pub async fn revoke_others(visitor: Visitor, myself: Myself, _form: CsrfForm<Nothing>, app: Data<App>) -> Reply {
    let kit = visitor.kit(&app);
    let ended = app.db.write(myself.ask(), move |tx, by| {
        kit.by_person(&by.holder().person, |tools| sign_in::end_others(tx, by, tools))
    });
    ended.await?;
    Ok(see_other(&app, &url::sessions(), Some(Flash::SessionsEnded)))
}
