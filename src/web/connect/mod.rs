//! Connecting an account: what will be asked for, the way to the provider, and the way back.
//!
//! Invariant: whoever began finishes, in the same browser; of what a provider sends back nothing is shown but what a
//! closed set of words says.

mod page;
pub mod session;
pub mod start;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::connecting::{self, ConnectRefusal, Ground};
use crate::actions::{flows, probe};
use crate::app::App;
use crate::crypto::StateToken;
use crate::domain::audit::Actor;
use crate::domain::errand::Connect;
use crate::domain::{Delivery, Errand, SecretId, SessionId, Slug};
use crate::store::access::{Ask, AskMyself, AskNothing, Member};
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::links;
use crate::web::node_types::client::redirect;
use crate::web::url;
use crate::web::view::NodeMark;
use crate::web::visitor::{Demand, Visitor};

type Never = std::convert::Infallible;
type At = Path<(String, String)>;

/// What there is to connect, or why not.
async fn ground(
    app: &Data<App>,
    demand: &Demand<Member>,
    id: &SecretId,
) -> Result<(Frame, Result<Ground, ConnectRefusal>), Error> {
    let (clients, id) = (app.clients.clone(), id.clone());
    let found = app.db.read(demand.ask(), move |tx, by| {
        let frame = Frame::of_member(tx, by)?;
        match connecting::ground(tx, by, (&clients, &id)) {
            Ok(ground) => Ok::<_, Fault<Never>>((frame, Ok(ground))),
            Err(Fault::Refused(refusal)) => Ok((frame, Err(refusal))),
            Err(Fault::Store(error)) => Err(error.into()),
        }
    });
    Ok(found.await?)
}

fn id_of(at: &At) -> Result<SecretId, Error> {
    at.1.parse().map_err(|_| Error::NotFound)
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, at: At, app: Data<App>) -> Reply {
    let id = id_of(&at)?;
    let (frame, ground) = ground(&app, &demand, &id).await?;
    let chrome = |title: &str| frame::chrome(&visitor, Some(&frame), title, Place::Connections);
    match ground {
        Ok(ground) => {
            let title = format!("Connect {}", ground.way.node_type.name);
            frame::page(&app, &visitor, &page::asked(demand.ws(), &ground, chrome(&title)))
        }
        Err(ConnectRefusal::Entered) => Ok(see_other(&app, &url::replace_secret(demand.ws(), id.as_str()), None)),
        Err(refusal) => {
            let way_on = ("Back to the connection", url::secret(demand.ws(), id.as_str()));
            links::tell((&app, &visitor), "It cannot be connected now", &[&refusal.to_string()], way_on)
        }
    }
}

/// What is chosen on the way.
#[derive(Deserialize)]
pub struct Chosen {
    delivery: Option<Delivery>,
}

/// Answers with a page of ours that leads on: browsers hold a redirect after a form against `form-action`.
pub async fn create(visitor: Visitor, demand: Demand<Member>, at: At, form: CsrfForm<Chosen>, app: Data<App>) -> Reply {
    let delivery = form.into_inner().delivery;
    let (id, clients, kit) = (id_of(&at)?, app.clients.clone(), visitor.kit(&app));
    let (browser, shared) = (visitor.context.browser.clone(), app.clone());
    let begun = app.db.write(demand.ask(), move |tx, by| {
        let frame = Frame::of_member(tx, by)?;
        let ground = connecting::ground(tx, by, (&clients, &id))?;
        let back = redirect(&shared, &ground.way.callback());
        let with = (browser.as_str(), back.as_str(), delivery);
        let url = kit.by_person(by.person(), |tools| connecting::begin(tx, by, tools, &ground, with))?;
        let mark =
            NodeMark { slug: ground.way.node_type.slug.to_string(), name: ground.way.node_type.name.to_string() };
        Ok((frame, mark, url))
    });
    match begun.await {
        Ok((frame, node_type, to)) => {
            let chrome = frame::chrome(&visitor, Some(&frame), &format!("To {}", node_type.name), Place::Connections);
            let back = url::secret(demand.ws(), &at.1);
            frame::page(&app, &visitor, &page::Leave { chrome, node_type, url: to, back })
        }
        // Its page says why.
        Err(Fault::Refused(_)) => Ok(see_other(&app, &url::connect_secret(demand.ws(), &at.1), None)),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// What a provider sends back. Texts of its own are not shown: anybody can write an address.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Brought {
    state: String,
    code: String,
    error: String,
}

pub async fn callback(visitor: Visitor, callback: Path<String>, brought: Query<Brought>, app: Data<App>) -> Reply {
    // Nothing is spent of a member's before they have signed in again.
    if visitor.session.is_none() && is_members(&app, &visitor, &brought.state).await? {
        return Err(Error::SignIn);
    }
    // No page that answers leads back here: the state is spent.
    let visitor = Visitor { path: url::home(), ..visitor };
    match finished(&app, &visitor, &brought.state).await? {
        Some(Errand::Connect(errand)) if errand.callback == *callback => {
            connected(&app, &visitor, *errand, brought.into_inner()).await
        }
        Some(Errand::Consent(consent)) if consent.callback == *callback => {
            start::come_back(&app, &visitor, *consent, brought.into_inner()).await
        }
        // A state that was made for something else, or for another provider, connects nothing.
        _ => over(&app, &visitor),
    }
}

/// Whether a member is on this errand, who has a session to go on with.
async fn is_members(app: &Data<App>, visitor: &Visitor, state: &str) -> Result<bool, Error> {
    let Ok(state) = state.parse::<StateToken>() else { return Ok(false) };
    let (keyring, browser) = (app.keyring.clone(), visitor.context.browser.clone());
    let looked = app.db.read::<_, _, Never, _>(AskNothing, move |tx, by| {
        Ok(matches!(flows::look(tx, by, &keyring, (&browser, &state))?, Some(Errand::Connect(_))))
    });
    Ok(looked.await?)
}

async fn connected(app: &Data<App>, visitor: &Visitor, errand: Connect, brought: Brought) -> Reply {
    let session = visitor.session.clone().ok_or(Error::SignIn)?;
    let myself = AskMyself { session: session.clone() };
    let person = app.db.read(myself, |_, by| Ok::<_, Fault<Never>>(by.holder().person.clone())).await?;
    if errand.person != person {
        return over(app, visitor);
    }
    let workspace = now_called(app, &session, &errand.workspace).await?;
    let (ws, id) = (workspace.to_string(), errand.secret.to_string());
    if brought.code.is_empty() || !brought.error.is_empty() {
        return told(app, visitor, (&ws, &id), refused(&brought));
    }
    let ask = move || Ask::<Member>::new(session.clone(), workspace.clone());
    let (means, testing) = (app.connecting(visitor.kit(app)), app.means(visitor.kit(app)));
    let (secret, asking) = (errand.secret.clone(), ask.clone());
    let back = redirect(app, &errand.callback);
    match connecting::finish(means, ask, errand, (brought.code, back)).await {
        Ok(()) => {
            probe::introduce(testing, asking, secret).await;
            Ok(see_other(app, &url::secret(&ws, &id), Some(Flash::AccountConnected)))
        }
        Err(Fault::Refused(refusal)) => {
            let words = match refusal {
                ConnectRefusal::Hindered(hindrance) => hindrance.told_at_once(),
                ConnectRefusal::Disabled
                | ConnectRefusal::Entered
                | ConnectRefusal::OfOrganizations
                | ConnectRefusal::NotBrought => "The node type takes no accounts at the moment. Nothing was connected.",
            };
            told(app, visitor, (&ws, &id), words)
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// It may have been renamed while its member was at the provider.
async fn now_called(app: &Data<App>, session: &SessionId, workspace: &Slug) -> Result<Slug, Error> {
    let looked = app.db.read::<_, _, Never, _>(Ask::<Member>::new(session.clone(), workspace.clone()), |_, _| Ok(()));
    match looked.await {
        Ok(()) => Ok(workspace.clone()),
        Err(Fault::Store(store::Error::Moved(slug))) => Ok(slug),
        Err(fault) => Err(fault.into()),
    }
}

/// The errand that this browser was on, which is spent by it.
async fn finished(app: &Data<App>, visitor: &Visitor, state: &str) -> Result<Option<Errand>, Error> {
    let Ok(state) = state.parse::<StateToken>() else { return Ok(None) };
    let (kit, browser) = (visitor.kit(app), visitor.context.browser.clone());
    let taken = app.db.write::<_, _, Never, _>(AskNothing, move |tx, by| {
        kit.by(Actor::Unknown, |tools| flows::finish(tx, by, tools, (&browser, &state)))
    });
    Ok(taken.await?)
}

/// Why nobody has come back with a code.
fn refused(brought: &Brought) -> &'static str {
    match brought.error.as_str() {
        "access_denied" => "The consent was not given, so nothing was connected. What was there before stays as it is.",
        _ => "The provider sent you back without access, so nothing was connected.",
    }
}

fn over(app: &Data<App>, visitor: &Visitor) -> Reply {
    let words = [
        "It was finished before, took longer than ten minutes, or was begun by somebody else or in another browser.",
        "Nothing has changed by it. Begin again where you began it: in Keyrack, on the page of the connection.",
    ];
    links::tell((app, visitor), "This way back is over", &words, ("Go to the home page", url::home()))
}

fn told(app: &Data<App>, visitor: &Visitor, (ws, id): (&str, &str), words: &str) -> Reply {
    links::tell((app, visitor), "Not connected", &[words], ("Back to the connection", url::secret(ws, id)))
}
