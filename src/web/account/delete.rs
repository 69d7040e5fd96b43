//! The end of one's account: what ends with it in each workspace, and the password and address to confirm it.

use actix_session::Session;
use actix_web::web::Data;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::actions::farewell::{self, Obstacle, Parted, Parting, Wishes};
use crate::actions::identities;
use crate::actions::members::{Keeping, MemberRefusal};
use crate::app::App;
use crate::app::context::Cookies;
use crate::domain::{Email, Moment, PersonId, WorkspaceId};
use crate::store::identities::IdentityRow;
use crate::store::{self, Fault};
use crate::web::attempts;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::doors;
use crate::web::error::Error;
use crate::web::frame::{self, Frame, Reply};
use crate::web::members::ending::{Chosen, Ending, Gone, kept_secrets, taken_apart};
use crate::web::view::Input;
use crate::web::visitor::{Myself, Visitor};

use super::confirm::{self, Asked, Confirmed};
use super::page;

type Never = std::convert::Infallible;

/// What the preview shows.
struct Seen {
    frame: Frame,
    partings: Vec<Parting>,
    has_password: bool,
    is_fresh: bool,
    ways: Vec<IdentityRow>,
    now: Moment,
}

async fn look(app: &App, myself: &Myself) -> Result<Seen, Error> {
    let seen = app.db.read(myself.ask_everywhere(), |tx, by| {
        let frame = Frame::of_myself(tx, &by.oneself())?;
        let has_password = store::people::myself(tx, &by.oneself())?.1.is_some();
        let is_fresh = identities::is_fresh(tx, &by.oneself())?;
        let ways = store::identities::mine(tx, &by.oneself())?;
        let partings = farewell::preview(tx, by)?;
        Ok::<_, Fault<Never>>(Seen { frame, partings, has_password, is_fresh, ways, now: tx.now() })
    });
    Ok(seen.await?)
}

/// What is to be put right.
#[derive(Default)]
struct Trouble {
    obstacle: Option<Obstacle>,
    email: Option<String>,
    current: Option<String>,
}

impl Trouble {
    fn is_none(&self) -> bool {
        self.obstacle.is_none() && self.email.is_none() && self.current.is_none()
    }

    /// What is told at one workspace's heirs.
    fn at(&self, workspace: &WorkspaceId) -> Option<String> {
        let here = |obstacle: &&Obstacle| obstacle.workspace.as_ref() == Some(workspace);
        self.obstacle.as_ref().filter(here).map(ToString::to_string)
    }

    /// What is told at the top. Who is the only Owner of what is told anyway.
    fn notice(&self) -> Option<String> {
        let told = |obstacle: &&Obstacle| obstacle.refusal == MemberRefusal::Changed;
        self.obstacle.as_ref().filter(told).map(ToString::to_string)
    }
}

fn page_of((visitor, app): (&Visitor, &App), seen: &Seen, form: &Form, trouble: Trouble) -> page::Delete {
    let chosen = Chosen { keep: &form.keep, heirs: &form.heir };
    let blocked = seen.partings.iter().any(|parting| parting.leaving.is_none());
    let place = |Parting { workspace, leaving }: &Parting| {
        let ending = leaving.as_ref().map(|leaving| {
            let mut ending = Ending::of(leaving, workspace.id.as_str(), chosen, seen.now);
            ending.heir_error = trouble.at(&workspace.id);
            // Without a form there is nothing to choose yet.
            if blocked { ending.only_told() } else { ending }
        });
        page::Leaving { ws: workspace.slug.to_string(), name: workspace.name.to_string(), ending }
    };
    let mut places: Vec<_> = seen.partings.iter().map(place).collect();
    // What stands in the way comes first.
    places.sort_by(|one, other| (one.ending.is_some(), &one.name).cmp(&(other.ending.is_some(), &other.name)));
    page::Delete {
        chrome: frame::chrome(visitor, Some(&seen.frame), "Delete your account", Place::Account),
        address: seen.frame.person.email.to_string(),
        blocked,
        places,
        notice: trouble.notice(),
        email: Input { value: form.email.clone(), error: trouble.email },
        current: Input { value: String::new(), error: trouble.current },
        has_password: seen.has_password,
        must_confirm: !seen.is_fresh,
        doors: doors::opening(app, &seen.ways),
    }
}

pub async fn new(visitor: Visitor, myself: Myself, app: Data<App>) -> Reply {
    let seen = look(&app, &myself).await?;
    frame::page(&app, &visitor, &page_of((&visitor, &app), &seen, &Form::default(), Trouble::default()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    email: String,
    current: String,
    keep: Vec<String>,
    heir: Vec<String>,
    seen: Vec<String>,
}

impl Form {
    fn wishes(&self) -> Result<Wishes, Error> {
        let mut wishes = Wishes::new();
        let secrets = kept_secrets(&self.keep)?;
        for sent in &self.seen {
            let (workspace, seen) = taken_apart::<WorkspaceId, String>(sent)?.ok_or(Error::BadRequest)?;
            wishes.insert(workspace, Keeping { secrets: secrets.clone(), heir: None, seen });
        }
        for sent in &self.heir {
            if let Some((workspace, heir)) = taken_apart::<WorkspaceId, PersonId>(sent)?
                && let Some(keeping) = wishes.get_mut(&workspace)
            {
                keeping.heir = Some(heir);
            }
        }
        Ok(wishes)
    }
}

pub async fn create(visitor: Visitor, myself: Myself, form: CsrfForm<Form>, session: Session, app: Data<App>) -> Reply {
    let mut form = form.into_inner();
    let current = Zeroizing::new(std::mem::take(&mut form.current));
    let seen = look(&app, &myself).await?;
    // More than there are now were not shown for this; and each would bring a copy of all that is kept.
    let wishes = if form.seen.len() > seen.partings.len() { Wishes::new() } else { form.wishes()? };
    let again = |trouble| page_of((&visitor, &app), &seen, &form, trouble);
    // Told before the password is counted and compared, so that no try is lost to a mistake elsewhere.
    let mistakes = Trouble {
        obstacle: farewell::check(&seen.partings, &wishes).err(),
        email: wrong_address(&form.email, &seen.frame.person.email),
        current: None,
    };
    if !mistakes.is_none() {
        return frame::again(&app, &visitor, &again(mistakes));
    }
    let trouble = |text| Trouble { current: Some(text), ..Trouble::default() };
    let confirmed = match confirm::ask(&app, (&visitor, &myself), current, std::future::ready(Ok(()))).await? {
        Asked::Right(confirmed) => confirmed,
        Asked::Wrong => {
            return frame::again(&app, &visitor, &again(trouble(confirm::wrong(seen.has_password).to_owned())));
        }
        Asked::TooOften(sentence, seconds) => {
            return frame::later(&app, &visitor, seconds, &again(trouble(sentence)));
        }
    };
    match end(&visitor, &myself, &app, wishes, confirmed).await? {
        Ok(parted) => said_goodbye(&visitor, &app, &session, &parted),
        Err(obstacle) => {
            let now = look(&app, &myself).await?;
            let trouble = Trouble { obstacle: Some(obstacle), ..Trouble::default() };
            frame::again(&app, &visitor, &page_of((&visitor, &app), &now, &form, trouble))
        }
    }
}

fn wrong_address(typed: &str, email: &Email) -> Option<String> {
    let right = Email::parse(typed).is_ok_and(|typed| typed.key() == email.key());
    (!right).then(|| "This is not your address. Type it as it stands above.".to_owned())
}

async fn end(
    visitor: &Visitor,
    myself: &Myself,
    app: &App,
    wishes: Wishes,
    Confirmed { stored, attempt, .. }: Confirmed<()>,
) -> Result<Result<Parted, Obstacle>, Error> {
    let (kit, tried) = (visitor.kit(app), attempt.clone());
    let ended = app.db.write(myself.ask_everywhere(), move |tx, by| {
        let person = by.oneself().holder().person.clone();
        kit.by_person(&person, |tools| farewell::end(tx, by, tools, &wishes, (stored.as_deref(), &tried)))
    });
    match ended.await {
        Ok(parted) => Ok(Ok(parted)),
        Err(Fault::Refused(obstacle)) => {
            attempts::take_back(app, &attempt).await?;
            Ok(Err(obstacle))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// Nobody in particular reads this page: the session is over, and so is what this browser was known by.
fn said_goodbye(visitor: &Visitor, app: &Data<App>, session: &Session, parted: &Parted) -> Reply {
    session.purge();
    let mut chrome = frame::chrome(visitor, None, "Your account is deleted", Place::Elsewhere);
    chrome.csrf = app.keyring.form_token(&visitor.context.browser, "");
    let mut places: Vec<_> = parted.places.iter().map(|(of, ended)| (of.name.to_string(), Gone::of(ended))).collect();
    places.sort_by(|one, other| one.0.cmp(&other.0));
    let mut response = frame::page(app, visitor, &page::Deleted { chrome, places })?;
    response.add_cookie(&Cookies::new(&app.config.server).remove("device")).map_err(|_| Error::Internal)?;
    Ok(response)
}
