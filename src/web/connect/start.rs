//! End users who connect an account because a backend has sent them: what for, the way to the provider, and the way on.
//!
//! Invariant: opening the link spends nothing, and only the browser that went on with it comes back.

use actix_web::web::{Data, Path};

use crate::actions::authorizing::{self, AuthorizeRefusal};
use crate::actions::connecting::{ConnectRefusal, Way};
use crate::actions::flows;
use crate::app::App;
use crate::crypto::StateToken;
use crate::domain::errand::{Ask, Consent, Errand};
use crate::domain::return_to::with_query;
use crate::store::access::{AskErrand, AskNothing};
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Denied, Error as StoreError, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::frame::{self, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::view::{Link, NodeMark};
use crate::web::visitor::Visitor;

use super::{Brought, Never, page, refused};

/// What a link leads to that nobody has gone on with yet.
async fn offered(app: &Data<App>, link: &str) -> Result<Option<Ask>, Error> {
    let Ok(link) = link.parse::<StateToken>() else { return Ok(None) };
    let keyring = app.keyring.clone();
    let looked = app.db.read::<_, _, Never, _>(AskNothing, move |tx, by| flows::offered(tx, by, &keyring, &link));
    Ok(match looked.await? {
        Some(Errand::Ask(ask)) => Some(*ask),
        _ => None,
    })
}

/// What the page tells: who asks, and for what.
struct Told {
    way: Way,
    workspace: String,
}

async fn told(app: &Data<App>, ask: &Ask) -> Result<Option<Told>, Error> {
    let (clients, ask) = (app.clients.clone(), ask.clone());
    let found = app.db.read(AskErrand::of(ask.token.clone()), move |tx, by| {
        let way = authorizing::way(tx, by, (&clients, &ask))?;
        let workspace = store::workspaces::current(tx, by)?.name.to_string();
        Ok::<_, Fault<AuthorizeRefusal>>(Told { way, workspace })
    });
    standing(found.await)
}

/// None where it cannot be gone on with: the token is gone, or the node type, or its client.
fn standing<T>(done: Result<T, Fault<AuthorizeRefusal>>) -> Result<Option<T>, Error> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Fault::Refused(_)) => Ok(None),
        Err(Fault::Store(StoreError::Denied(
            Denied::NotFound | Denied::UnknownToken | Denied::Lacks(_) | Denied::Forbidden,
        ))) => Ok(None),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn mark(row: &NodeTypeRow) -> NodeMark {
    NodeMark { slug: row.slug.to_string(), name: row.name.to_string() }
}

/// The host that somebody is sent back to in the end, as they read it.
fn host_of(address: &str) -> Option<String> {
    url::Url::parse(address).ok()?.host_str().map(ToOwned::to_owned)
}

pub async fn show(visitor: Visitor, link: Path<String>, app: Data<App>) -> Reply {
    let visitor = Visitor { path: crate::web::url::home(), ..visitor };
    let Some(ask) = offered(&app, &link).await? else { return over(&app, &visitor) };
    let Some(Told { way, workspace }) = told(&app, &ask).await? else { return over(&app, &visitor) };
    let page = page::Start {
        chrome: frame::chrome(&visitor, None, &format!("Connect {}", way.node_type.name), Place::Elsewhere),
        link: link.into_inner(),
        node_type: mark(&way.node_type),
        description: way.node_type.description.clone(),
        workspace,
        host: way.host().to_owned(),
        scopes: way.asked(),
        back: ask.return_to.as_deref().and_then(host_of),
    };
    frame::page(&app, &visitor, &page)
}

pub async fn create(visitor: Visitor, link: Path<String>, _form: CsrfForm<Nothing>, app: Data<App>) -> Reply {
    let visitor = Visitor { path: crate::web::url::home(), ..visitor };
    let Some(ask) = offered(&app, &link).await? else { return over(&app, &visitor) };
    let link: StateToken = link.parse().map_err(|_| Error::NotFound)?;
    let (kit, clients, shared) = (visitor.kit(&app), app.clients.clone(), app.clone());
    let (browser, token, asked) = (visitor.context.browser.clone(), ask.token.clone(), ask.clone());
    let left = app.db.write(AskErrand::of(token), move |tx, by| {
        kit.on_errand(by, |tools| {
            // Two at once: one of them takes it.
            let taken = flows::take(tx, by, tools, &link).map_err(StoreError::from)?;
            if taken.is_none() {
                return Err(AuthorizeRefusal::Over.into());
            }
            let redirect = |callback: &str| shared.way_back(callback);
            let (url, row) = authorizing::leave(tx, by, tools, (&clients, &asked), (&browser, redirect))?;
            Ok((url, mark(&row)))
        })
    });
    let Some((url, node_type)) = standing(left.await)? else { return over(&app, &visitor) };
    let chrome = frame::chrome(&visitor, None, &format!("To {}", node_type.name), Place::Elsewhere);
    frame::page(&app, &visitor, &page::Gone { chrome, node_type, url })
}

/// Somebody has come back from the provider.
pub(super) async fn come_back(app: &Data<App>, visitor: &Visitor, consent: Consent, brought: Brought) -> Reply {
    let (return_to, state) = (consent.ask.return_to.clone(), consent.ask.state.clone());
    let way_on = |error: &str| {
        let address = return_to.as_deref()?;
        let url = with_query(address, &[("error", error), ("state", &state)]);
        Some(Link { label: format!("Back to {}", host_of(address)?), url })
    };
    let (ask, means) = (consent.ask.clone(), app.connecting(visitor.kit(app)));
    if brought.code.is_empty() || !brought.error.is_empty() {
        let error = if brought.error == "access_denied" { "access_denied" } else { "connection_failed" };
        standing(authorizing::fail(means, ask, error).await)?;
        return ended(app, visitor, ("Not connected", refused(&brought)), way_on(error));
    }
    let back = app.way_back(&consent.callback);
    match authorizing::come_back(means.clone(), (consent, brought.code, back)).await {
        Ok(Some(address)) => Ok(see_other(app, &address, None)),
        Ok(None) => ended(app, visitor, ("Connected", "You can close this page."), None),
        Err(Fault::Refused(refusal)) => {
            let words = match refusal {
                AuthorizeRefusal::Connect(ConnectRefusal::Hindered(hindrance)) => hindrance.told_at_once(),
                _ => "What was asked for cannot be connected any more. Begin again where you came from.",
            };
            standing(authorizing::fail(means, ask, "connection_failed").await)?;
            ended(app, visitor, ("Not connected", words), way_on("connection_failed"))
        }
        Err(Fault::Store(StoreError::Denied(_))) => {
            standing(authorizing::fail(means, ask, "connection_failed").await)?;
            over(app, visitor)
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn over(app: &Data<App>, visitor: &Visitor) -> Reply {
    let words = "It was used before, is older than half an hour, or what it is for cannot be connected now. Begin again where you came from.";
    ended(app, visitor, ("This link is over", words), None)
}

pub(super) fn ended(
    app: &Data<App>,
    visitor: &Visitor,
    (heading, words): (&'static str, &str),
    way_on: Option<Link>,
) -> Reply {
    let chrome = frame::chrome(visitor, None, heading, Place::Elsewhere);
    frame::page(app, visitor, &page::Ended { chrome, heading, words: words.to_owned(), way_on })
}
