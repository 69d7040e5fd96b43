//! Ways to sign in: which providers open one's account, one more, one less, and showing at one that it is still oneself.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::actions::flows;
use crate::actions::identities::{self, LinkRefusal, OnlyWay};
use crate::app::App;
use crate::crypto::StateToken;
use crate::domain::errand::{Link, Purpose};
use crate::domain::{Errand, IdentityId};
use crate::store::identities::IdentityRow;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::doors::{self, Door};
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::wrong;
use crate::web::frame::{self, Frame, Reply, safe_return, see_other};
use crate::web::sign_in::Nothing;
use crate::web::sign_in::providers::{depart, provider};
use crate::web::view::{Input, When};
use crate::web::visitor::{Myself, Visitor};
use crate::web::{links, url};

use super::{confirm, page};

type Never = std::convert::Infallible;

/// The section of the account's page.
pub(super) fn section(
    app: &App,
    (rows, has_password): (&[IdentityRow], bool),
    now: crate::domain::Moment,
) -> page::Ways {
    let of = |row: &IdentityRow| app.desk.find(&row.provider);
    let usable = rows.iter().filter(|row| of(row).is_some()).count();
    let linked = rows.iter().map(|row| page::Way {
        id: row.id.to_string(),
        door: of(row).map_or_else(|| Door::gone(&row.provider), Door::of),
        address: row.address.as_ref().map(ToString::to_string),
        used: row.used_at.map(|at| When::new(at, now)),
        only: !has_password && usable <= usize::from(of(row).is_some()),
    });
    page::Ways { linked: linked.collect(), opening: doors::opening(app, rows), doors: doors::all(app), has_password }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Back {
    return_to: String,
}

/// To a provider, to link it.
pub async fn begin(
    visitor: Visitor,
    myself: Myself,
    slug: Path<String>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let provider = provider(&app, &slug)?;
    let person = app.db.read(myself.ask(), |_, by| Ok::<_, Fault<Never>>(by.holder().person.clone())).await?;
    depart(&visitor, &app, provider, Purpose::Link { person }).await
}

/// To a provider, to show that it is still oneself.
pub async fn begin_confirm(
    visitor: Visitor,
    myself: Myself,
    slug: Path<String>,
    form: CsrfForm<Back>,
    app: Data<App>,
) -> Reply {
    let provider = provider(&app, &slug)?;
    let return_to = safe_return(&form.into_inner().return_to).map(ToOwned::to_owned);
    let holder = app.db.read(myself.ask(), |_, by| Ok::<_, Fault<Never>>(by.holder().clone())).await?;
    let purpose = Purpose::Confirm { person: holder.person, session: holder.session, return_to };
    depart(&visitor, &app, provider, purpose).await
}

fn over(app: &Data<App>, visitor: &Visitor) -> Reply {
    let words =
        ["It was used already, took longer than ten minutes, or began in another browser. Nothing was changed."];
    links::tell((app, visitor), "This is over", &words, ("Go to your account", url::account()))
}

fn elsewhere(app: &Data<App>, visitor: &Visitor, words: &str) -> Reply {
    links::tell((app, visitor), "This is for another account", &[words], ("Go to your account", url::account()))
}

const OTHER_PERSON: &str =
    "You are signed in to another account than the one that has the address. Sign out, and sign in to that one.";
const ELSEWHERE: &str = "What you showed opens another account here already. Nothing was changed.";

/// What was kept for somebody, and who looks at it.
struct Kept {
    frame: Frame,
    link: Option<Link>,
    is_theirs: bool,
    /// Whether something has to be shown once more before it is done.
    must_confirm: bool,
    has_password: bool,
    rows: Vec<IdentityRow>,
}

async fn look(visitor: &Visitor, myself: &Myself, app: &App, state: &Arc<StateToken>) -> Result<Kept, Error> {
    let (mark, keyring, state) = (visitor.context.browser.clone(), app.keyring.clone(), state.clone());
    let found = app.db.read(myself.ask(), move |tx, by| {
        let link = match flows::look(tx, by, &keyring, (&mark, &state))? {
            Some(Errand::Link(link)) => Some(*link),
            _ => None,
        };
        let is_theirs = link.as_ref().is_some_and(|link| link.person == by.holder().person);
        let has_password = store::people::myself(tx, by)?.1.is_some();
        let must_confirm = !identities::is_fresh(tx, by)?;
        let (frame, rows) = (Frame::of_myself(tx, by)?, store::identities::mine(tx, by)?);
        Ok::<_, Fault<Never>>(Kept { frame, link, is_theirs, must_confirm, has_password, rows })
    });
    Ok(found.await?)
}

fn page_of(
    visitor: &Visitor,
    app: &App,
    (kept, link): (&Kept, &Link),
    (state, current): (&StateToken, Input),
) -> Result<page::Link, Error> {
    let door = Door::of(provider(app, &link.seen.provider)?);
    Ok(page::Link {
        chrome: frame::chrome(visitor, None, &format!("Sign in with {} too?", door.label), Place::Elsewhere),
        state: state.as_str().to_owned(),
        label: door.label,
        address: link.seen.email.as_ref().map(ToString::to_string),
        email: kept.frame.person.email.to_string(),
        must_confirm: kept.must_confirm,
        has_password: kept.has_password,
        doors: doors::opening(app, &kept.rows),
        current,
    })
}

pub async fn open(visitor: Visitor, myself: Myself, state: Path<String>, app: Data<App>) -> Reply {
    let Ok(state) = state.parse::<StateToken>().map(Arc::new) else { return over(&app, &visitor) };
    let kept = look(&visitor, &myself, &app, &state).await?;
    match &kept.link {
        None => over(&app, &visitor),
        Some(_) if !kept.is_theirs => elsewhere(&app, &visitor, OTHER_PERSON),
        Some(link) => {
            let page = page_of(&visitor, &app, (&kept, link), (&state, Input::default()))?;
            frame::page(&app, &visitor, &page)
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    current: String,
}

pub async fn link(
    visitor: Visitor,
    myself: Myself,
    state: Path<String>,
    form: CsrfForm<Form>,
    app: Data<App>,
) -> Reply {
    let Ok(state) = state.parse::<StateToken>().map(Arc::new) else { return over(&app, &visitor) };
    let kept = look(&visitor, &myself, &app, &state).await?;
    let Some(link) = kept.link.as_ref().filter(|_| kept.is_theirs) else { return over(&app, &visitor) };
    if kept.must_confirm {
        let current = Zeroizing::new(form.into_inner().current);
        let again = |words: &str| page_of(&visitor, &app, (&kept, link), (&state, wrong("", words)));
        match confirm::ask(&app, (&visitor, &myself), current, std::future::ready(Ok(()))).await? {
            confirm::Asked::Right(_) => {}
            confirm::Asked::Wrong => return frame::again(&app, &visitor, &again(confirm::wrong(kept.has_password))?),
            confirm::Asked::TooOften(sentence, seconds) => {
                return frame::later(&app, &visitor, seconds, &again(&sentence)?);
            }
        }
    }
    let label = provider(&app, &link.seen.provider)?.label.clone();
    let (kit, mark) = (visitor.kit(&app), visitor.context.browser.clone());
    let linked = app.db.write(myself.ask(), move |tx, by| {
        kit.by_person(&by.holder().person, |tools| identities::link(tx, by, tools, (&mark, &state, &label)))
    });
    match linked.await {
        Ok(()) => Ok(see_other(&app, &url::account(), Some(Flash::SignInLinked))),
        Err(Fault::Refused(LinkRefusal::Over)) => over(&app, &visitor),
        Err(Fault::Refused(LinkRefusal::OtherPerson)) => elsewhere(&app, &visitor, OTHER_PERSON),
        Err(Fault::Refused(LinkRefusal::Elsewhere)) => elsewhere(&app, &visitor, ELSEWHERE),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

pub async fn unlink(
    visitor: Visitor,
    myself: Myself,
    id: Path<String>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: IdentityId = id.parse().map_err(|_| Error::NotFound)?;
    let kit = visitor.kit(&app);
    let providers: Vec<_> = app.desk.all().iter().map(|one| (one.slug.clone(), one.label.clone())).collect();
    let unlinked = app.db.write(myself.ask(), move |tx, by| {
        kit.by_person(&by.holder().person, |tools| identities::unlink(tx, by, tools, (&id, &providers)))
    });
    let told = match unlinked.await {
        Ok(()) => Flash::SignInUnlinked,
        Err(Fault::Refused(OnlyWay)) => Flash::SignInOnly,
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(&app, &url::account(), Some(told)))
}
