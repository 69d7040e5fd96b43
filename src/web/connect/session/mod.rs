//! The page on which an end user connects, alone or in a frame on somebody else's site: opened once by its link, then
//! carried from form to form.
//!
//! Invariant: no cookie counts here, and none is set but where somebody goes to a provider; the page tells the one
//! registered site what was connected, never a value.

mod form;
mod page;
mod sent;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use crate::actions::connect_sessions::{self, Shown};
use crate::actions::revoking;
use crate::app::App;
use crate::app::context::RequestContext;
use crate::crypto::{ConnectToken, PageToken};
use crate::domain::audit::Actor;
use crate::domain::connect_session::Outcome;
use crate::store::access::{AskNothing, AskSession, Member};
use crate::store::{self, Denied, Error as StoreError, Fault};
use crate::web::error::Error;
use crate::web::frame::Reply;
use crate::web::view::{Link, NodeMark};
use crate::web::visitor::Visitor;

pub use form::{enter, form, leave};
use page::{Around, Begin, Card, Over, Overview, Told};
use sent::{Carried, Opening, by_link, embed};

type Never = std::convert::Infallible;

fn answer(status: StatusCode, template: &impl Template) -> Reply {
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(template.render()?))
}

fn answered(template: &impl Template) -> Reply {
    answer(StatusCode::OK, template)
}

fn context(request: &HttpRequest) -> Result<RequestContext, Error> {
    RequestContext::of(request).ok_or(Error::Internal)
}

/// What the page is drawn from, or that it is over.
enum Look {
    At(Box<Shown>),
    Over(Reply),
}

/// Looks at a session by what was brought; whatever is answered from now on may stand on its site.
async fn look(app: &App, request: &HttpRequest, ask: &AskSession) -> Result<Look, Error> {
    let id = ask.session().clone();
    let looked =
        app.db.read(ask.clone(), move |tx, by| Ok::<_, Fault<Never>>(connect_sessions::show(tx, by, &id)?)).await;
    match standing(looked)? {
        Some(shown) => {
            embed(request, shown.session.origin.as_deref());
            Ok(Look::At(Box::new(shown)))
        }
        None => Ok(Look::Over(over(app, request, ask).await)),
    }
}

/// The session, or the answer that it is over.
macro_rules! shown {
    ($app:expr, $request:expr, $ask:expr) => {
        match look($app, $request, $ask).await? {
            Look::At(shown) => *shown,
            Look::Over(reply) => return reply,
        }
    };
}

use shown;

/// None where the session is over, or the token that asked for it.
fn standing<T, E: Into<Error>>(done: Result<T, Fault<E>>) -> Result<Option<T>, Error> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Fault::Store(StoreError::Denied(
            Denied::SpentLink | Denied::UnknownToken | Denied::Lacks(_) | Denied::NotFound | Denied::Forbidden,
        ))) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// Says that it is over, also in the frame where it was open.
async fn over(app: &App, request: &HttpRequest, ask: &AskSession) -> Reply {
    let (id, ask) = (ask.session().to_string(), ask.clone());
    let origin = app
        .db
        .read::<_, _, Never, _>(AskNothing, move |tx, by| Ok(store::connect_sessions::origin_of(tx, by, &ask)?))
        .await?;
    embed(request, origin.as_deref());
    nothing(request, (id, origin))
}

fn nothing(request: &HttpRequest, (session, origin): (String, Option<String>)) -> Reply {
    let chrome = page::chrome(&context(request)?, "This page is over", None);
    answer(StatusCode::GONE, &Over { chrome, session, origin })
}

/// `GET /connect/session/{link}`: a link that was opened by hand. Nothing is spent before the button is pressed.
pub async fn begin(request: HttpRequest, link: Path<String>, app: Data<App>) -> Reply {
    embed(&request, None);
    let Ok(token) = link.parse::<ConnectToken>() else { return nothing(&request, Default::default()) };
    let shown = shown!(&app, &request, &by_link(&app, &token));
    // Opened by hand it stands by itself.
    embed(&request, None);
    let around = Around::of(&shown, "");
    let chrome = around.chrome(&context(&request)?, shown.session.shade, "Connect");
    let mark = |card: &connect_sessions::Item| NodeMark {
        slug: card.node_type.slug.to_string(),
        name: card.node_type.name.to_string(),
    };
    answered(&Begin { chrome, around, link: link.into_inner(), names: shown.items.iter().map(mark).collect() })
}

/// `POST /connect/session`: spends the link, from our own page or from the site that was named.
pub async fn open(request: HttpRequest, opening: Opening, app: Data<App>) -> Reply {
    let Some(ask) = opening.ask(&app) else { return nothing(&request, Default::default()) };
    let shown = shown!(&app, &request, &ask);
    if opening.from.is_some() && opening.from != shown.session.origin {
        embed(&request, None);
        return Err(Error::ForeignForm);
    }
    let (kit, id) = (app.kit(context(&request)?.address), ask.session().clone());
    let opened = app.db.write(ask.clone(), move |tx, by| {
        Ok::<_, Fault<Never>>(kit.on_errand(by, |tools| connect_sessions::open(tx, by, tools, &id))?)
    });
    let Some(page) = standing(opened.await)? else { return over(&app, &request, &ask).await };
    match shown.items.as_slice() {
        [only] if !only.holds() => form::drawn(&app, &request, (&shown, &page), only).await,
        _ => overview(&app, &request, (&shown, &page), None),
    }
}

/// `POST /connect/session/page`
pub async fn show(request: HttpRequest, carried: Carried, app: Data<App>) -> Reply {
    let shown = shown!(&app, &request, &carried.ask);
    overview(&app, &request, (&shown, &carried.page), None)
}

/// What may be connected and what is; with what has just come about, for the site around it.
fn overview(
    app: &App,
    request: &HttpRequest,
    (shown, page): (&Shown, &PageToken),
    told: Option<(Outcome, &str)>,
) -> Reply {
    let now = app.clock.now();
    let mut around = Around::of(shown, page.as_str());
    let chrome = around.chrome(&context(request)?, shown.session.shade, "Connect");
    around.told = told.and_then(|(outcome, node_type)| {
        let connection = shown.item(node_type)?.connection.as_ref()?;
        Some(Told { outcome, node_type: node_type.to_owned(), account: connection.secret.id.to_string() })
    });
    let host = |address: &str| url::Url::parse(address).ok()?.host_str().map(ToOwned::to_owned);
    let back = shown
        .session
        .return_to
        .as_deref()
        .and_then(|address| Some(Link { label: format!("Back to {}", host(address)?), url: address.to_owned() }));
    let cards = shown.items.iter().map(|item| Card::of(item, now)).collect();
    answered(&Overview { chrome, around, cards, back })
}

/// `POST /connect/session/status`: what has come of it by now, for the page that waits.
pub async fn status(request: HttpRequest, carried: Carried, app: Data<App>) -> Reply {
    let (ask, id) = (carried.ask.clone(), carried.ask.session().clone());
    let looked = app.db.read(ask, move |tx, by| Ok::<_, Fault<Never>>(connect_sessions::current(tx, by, &id)?.0));
    let session = standing(looked.await)?;
    embed(&request, session.as_ref().and_then(|row| row.origin.as_deref()));
    let results = session.as_ref().map(|row| row.results()).unwrap_or_default();
    let results: serde_json::Map<String, serde_json::Value> = results
        .iter()
        .map(|(slug, came)| {
            let told = json!({ "outcome": came.outcome, "account": came.account, "stamp": came.at.micros() });
            (slug.to_owned(), told)
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "open": session.is_some(), "results": results })))
}

/// `POST /connect/session/on/{node_type}/disconnect`
pub async fn disconnect(
    visitor: Visitor,
    request: HttpRequest,
    node_type: Path<String>,
    carried: Carried,
    app: Data<App>,
) -> Reply {
    let shown = shown!(&app, &request, &carried.ask);
    let value = carried.fields.get("value").and_then(|text| text.parse().ok()).ok_or(Error::BadRequest)?;
    let Some(row) = shown.item(&node_type).filter(|item| item.holds()).and_then(|item| item.connection.as_ref()) else {
        return overview(&app, &request, (&shown, &carried.page), None);
    };
    let means = app.connecting(visitor.kit(&app));
    let (id, slug, secret) = (carried.ask.session().clone(), node_type.clone(), row.secret.id.clone());
    let gone = revoking::disconnect_as(&means, carried.ask.clone(), secret.clone(), move |tx, by| {
        if connect_sessions::disconnecting(tx, by, (&id, &slug, value))? != secret {
            return Err(Denied::NotFound.into());
        }
        let maker = by.makers::<Member>().ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Never>>((maker, Actor::Errand { token: by.token().clone(), maker: by.maker().clone() }))
    });
    let told = standing(gone.await)?.map(|_| (Outcome::Disconnected, node_type.as_str()));
    // Where another one has taken its place meanwhile, the page shows that.
    let shown = shown!(&app, &request, &carried.ask);
    overview(&app, &request, (&shown, &carried.page), told)
}

/// `GET /connect/logos/{logo}`
pub async fn logo(request: HttpRequest, name: Path<String>, app: Data<App>) -> Reply {
    embed(&request, None);
    let found = app.db.read::<_, _, Never, _>(AskNothing, move |tx, by| Ok(store::connect_pages::logo(tx, by, &name)?));
    let png = found.await?.ok_or(Error::NotFound)?;
    let kept = "public, max-age=31536000, immutable";
    Ok(HttpResponse::Ok().content_type("image/png").insert_header(("cache-control", kept)).body(png))
}
