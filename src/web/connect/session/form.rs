//! The form of one node type: something to enter, or the way to a provider.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};

use crate::actions::authorizing::{self, AuthorizeRefusal};
use crate::actions::connect_sessions::{self, Item, Shown};
use crate::actions::connections::{Brought, ConnectionRefusal, Holding, Put};
use crate::actions::entering::{Facts, Filled};
use crate::app::App;
use crate::catalog::NodeType;
use crate::crypto::PageToken;
use crate::domain::connect_session::Outcome;
use crate::domain::errand::Intent;
use crate::domain::{Kind, Method};
use crate::store::access::AskSession;
use crate::store::{Error as StoreError, Fault};
use crate::web::connect::{page::Gone, start};
use crate::web::error::Error;
use crate::web::frame::{self, Reply};
use crate::web::secrets::form::{self as credential, Draft};
use crate::web::view::NodeMark;
use crate::web::visitor::Visitor;

use super::page::{Around, Asks, Form, chrome};
use super::sent::{Carried, alone};
use super::{Look, answer, answered, context, look, over, overview, shown};

/// `POST /connect/session/on/{node_type}`
pub async fn form(request: HttpRequest, node_type: Path<String>, carried: Carried, app: Data<App>) -> Reply {
    let shown = shown!(&app, &request, &carried.ask);
    match shown.open_item(&node_type) {
        Some(item) => drawn(&app, &request, (&shown, &carried.page), item).await,
        None => overview(&app, &request, (&shown, &carried.page), None),
    }
}

/// The form as it opens.
pub(super) async fn drawn(app: &App, request: &HttpRequest, (shown, page): (&Shown, &PageToken), item: &Item) -> Reply {
    let ask = AskSession::by_page(page.id.clone(), *app.keyring.page_mac(page).as_bytes());
    let asks = match described(app, item)? {
        (node, Method::OAuth) => account(app, ask, (shown, item, &node)).await?,
        (node, _) => entered(&node, &draft_of(&node, item)),
    };
    answered(&whole(request, (shown, page), (item, asks), None)?)
}

fn whole(
    request: &HttpRequest,
    (shown, page): (&Shown, &PageToken),
    (item, asks): (&Item, Asks),
    wrong: Option<String>,
) -> Result<Form, Error> {
    let row = &item.node_type;
    let around = Around::of(shown, page.as_str());
    Ok(Form {
        chrome: around.chrome(&context(request)?, shown.session.shade, &format!("Connect {}", row.name)),
        around,
        revision: row.revision,
        node_type: NodeMark { slug: row.slug.to_string(), name: row.name.to_string() },
        description: row.description.clone(),
        again: item.holds(),
        several: shown.items.len() > 1 || item.connection.is_some(),
        asks,
        wrong,
    })
}

/// The node type as it takes what end users have.
fn described<'a>(app: &'a App, item: &Item) -> Result<(Cow<'a, NodeType>, Method), Error> {
    let row = &item.node_type;
    let node = app.catalog.describe(row.slug.as_str(), row.spec.as_deref()).ok_or(Error::NotFound)?;
    let node = if row.method == Method::Key { node } else { Cow::Owned(node.under(row.method).into_owned()) };
    Ok((node, row.method))
}

/// Begins with what the connection shows of itself: where it is.
fn draft_of(node: &NodeType, item: &Item) -> Draft {
    match &item.connection {
        Some(row) => Draft::of_value(node, row.secret.kind, &Facts::read(&row.secret.facts)),
        None => Draft::default(),
    }
}

fn entered(node: &NodeType, draft: &Draft) -> Asks {
    Asks::Credential { credential: credential::drawn(node, draft), guide: credential::guide_of(node) }
}

/// What the provider will be asked, where there is a client to ask it with.
async fn account(app: &App, ask: AskSession, (shown, item, node): (&Shown, &Item, &NodeType)) -> Result<Asks, Error> {
    let known = item.connection.as_ref().map(|row| Facts::read(&row.secret.facts).fields).unwrap_or_default();
    let (clients, slug, parts) = (app.clients.clone(), item.node_type.slug.clone(), known.clone());
    let session = shown.session.clone();
    let found = app.db.read(ask, move |tx, by| {
        authorizing::way(tx, by, (&clients, &connect_sessions::ask_of(&session, by, &slug, parts.clone())))
    });
    let way = match found.await {
        Ok(way) => way,
        Err(Fault::Refused(_)) => return Ok(Asks::Nothing),
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    Ok(Asks::Account {
        scopes: way.asked(),
        host: way.host().to_owned(),
        parts: credential::parts_drawn(node.parts.iter(), &known, Vec::new()),
        stamp: item.came.as_ref().map_or(0, |came| came.at.micros()),
    })
}

/// `POST /connect/session/on/{node_type}/key`
pub async fn enter(
    visitor: Visitor,
    request: HttpRequest,
    node_type: Path<String>,
    carried: Carried,
    app: Data<App>,
) -> Reply {
    let Carried { page, ask, fields } = carried;
    let shown = shown!(&app, &request, &ask);
    let Some(item) = shown.open_item(&node_type) else { return overview(&app, &request, (&shown, &page), None) };
    let (node, method) = described(&app, item)?;
    let revision = credential::seen(&node, item.node_type.revision, &fields);
    // A form that was drawn from another description may ask in ways that are not there any more.
    let read = if method == Method::OAuth { Err(Error::BadRequest) } else { understood(&node, &shown, fields) };
    let (filled, draft) = match read {
        Err(Error::BadRequest) => return drawn(&app, &request, (&shown, &page), item).await,
        read => read?,
    };
    let again = |wrong: Option<String>| {
        let asks = entered(&node, &draft);
        answer(StatusCode::UNPROCESSABLE_ENTITY, &whole(&request, (&shown, &page), (item, asks), wrong)?)
    };
    let Some(filled) = filled else { return again(None) };
    let put = Put { revision, ..put(&shown, item, &node, filled) };
    let (kit, id) = (visitor.kit(&app), ask.session().clone());
    let stored = app.db.write(ask.clone(), move |tx, by| {
        kit.on_errand(by, |tools| connect_sessions::enter(tx, by, tools, (&id, &put)))
    });
    match stored.await {
        Ok(_) => {
            let shown = shown!(&app, &request, &ask);
            overview(&app, &request, (&shown, &page), Some((Outcome::Connected, &node_type)))
        }
        Err(Fault::Refused(refusal)) => again(Some(refused(&refusal, &shown))),
        Err(Fault::Store(StoreError::Denied(_))) => over(&app, &request, &ask).await,
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn refused(refusal: &ConnectionRefusal, shown: &Shown) -> String {
    let name = shown.brand.name.as_ref().unwrap_or(&shown.workspace.name);
    match refusal {
        ConnectionRefusal::OtherEnvironment { says, token } => {
            format!("This looks like a {says} key, and {name} asks for a {token} key here.")
        }
        ConnectionRefusal::ChangedSince => {
            "What is asked for here has changed meanwhile. Look at the form once more, and enter it again.".to_owned()
        }
        _ => "It cannot be connected at the moment. Nothing was stored.".to_owned(),
    }
}

/// What was entered. Which environment a key is for is judged where it is stored.
fn understood(
    node: &NodeType,
    shown: &Shown,
    mut fields: HashMap<String, String>,
) -> Result<(Option<Filled>, Draft), Error> {
    fields.insert("environment_confirmed".to_owned(), "yes".to_owned());
    credential::read(node, shown.environment, fields, BTreeMap::new())
}

fn put(shown: &Shown, item: &Item, node: &NodeType, filled: Filled) -> Put {
    let holding = match filled.kind {
        Kind::ClientCredentials => {
            Holding::Client(node.asks(Method::ClientCredentials, &Facts::read(&filled.facts).fields))
        }
        _ => Holding::Key,
    };
    Put {
        node_type: item.node_type.slug.clone(),
        revision: item.node_type.revision,
        name: item.node_type.name.clone(),
        of: shown.session.of(),
        user: Some(shown.session.user.clone()),
        meant: Intent::First,
        drawn: None,
        brought: Brought {
            kind: filled.kind,
            prefix_says: filled.prefix_says,
            last_four: filled.last_four,
            facts: filled.facts,
            credential: filled.credential,
            holding,
        },
        account_name: None,
        account_identifier: None,
        once: None,
    }
}

/// `POST /connect/session/on/{node_type}/leave`: opened in a window of its own, which goes on to the provider.
pub async fn leave(
    visitor: Visitor,
    request: HttpRequest,
    node_type: Path<String>,
    carried: Carried,
    app: Data<App>,
) -> Reply {
    let Carried { ask, fields, .. } = carried;
    let (kit, clients, shared) = (visitor.kit(&app), app.clients.clone(), app.clone());
    let (browser, id, slug) = (visitor.context.browser.clone(), ask.session().clone(), node_type.into_inner());
    let given: BTreeMap<String, String> = fields
        .iter()
        .filter_map(|(name, text)| Some((name.strip_prefix("field-")?.to_owned(), text.trim().to_owned())))
        .collect();
    let left = app.db.write(ask.clone(), move |tx, by| {
        kit.on_errand(by, |tools| {
            let redirect = |callback: &str| shared.way_back(callback);
            let going = (slug.as_str(), given.clone());
            connect_sessions::leave(tx, by, tools, (&clients, &id), going, (&browser, redirect))
        })
    });
    let (url, row) = match left.await {
        Ok(left) => left,
        Err(Fault::Refused(refusal)) => return cannot_leave(&app, &visitor, &refusal),
        Err(Fault::Store(StoreError::Denied(_))) => return over(&app, &request, &ask).await,
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    // This window is Keyrack's own: the browser that comes back is known by its cookie.
    alone(&request);
    let node_type = NodeMark { slug: row.slug.to_string(), name: row.name.to_string() };
    let chrome = chrome(&visitor.context, &format!("To {}", node_type.name), None);
    frame::page(&app, &visitor, &Gone { chrome, node_type, url })
}

fn cannot_leave(app: &Data<App>, visitor: &Visitor, refusal: &AuthorizeRefusal) -> Reply {
    let words = match refusal {
        AuthorizeRefusal::Part(fault) => fault.message.clone(),
        _ => "It cannot be connected at the moment.".to_owned(),
    };
    let words = [words.as_str(), "Close this window, and look at the page that you came from."];
    start::ended(app, visitor, ("Not yet", &words.join(" ")), None)
}
