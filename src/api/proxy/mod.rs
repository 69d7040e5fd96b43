//! `ANY /proxy/{slug}/{path…}`: a call to another company's API, in which Keyrack puts the credential.
//!
//! Invariant: the caller never gets the value; what is an error of Keyrack's own has the header `Keyrack-Error`, and what
//! upstream said never has it.

mod answer;
mod content;
mod meant;
mod pieces;
mod refusals;
mod websocket;

use std::sync::Arc;

use actix_web::http::{Method, Version, header};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::actions::calling::{self, CallRefusal, Counter, Load, Request};
use crate::actions::using::UsingRefusal;
use crate::app::App;
use crate::store::access::{AskToken, ProxyRight, UseRefusal, Wanted};
use crate::store::{self, Fault};

use super::authenticate::Caller;
use super::error::Error;
use content::Coming;

pub use answer::Proxied;
pub use refusals::name;

/// Everything that is passed on begins with this.
const ROOT: &str = "/proxy/";

/// Where a call goes, as its address says: the slug, and the rest to the letter.
struct Address<'a> {
    slug: &'a str,
    path: String,
}

impl<'a> Address<'a> {
    /// Read off what was sent: the framework's own reading takes escapes away.
    fn of(request: &'a HttpRequest) -> Option<Self> {
        let rest = request.uri().path().strip_prefix(ROOT)?;
        let (slug, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(Self { slug, path: format!("{path}{query}") })
    }
}

pub async fn call(
    request: HttpRequest,
    payload: Payload,
    caller: Caller,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let headers = answer::modern(request.headers());
    let understood = Address::of(&request).ok_or(Error::NotFound).and_then(|address| {
        let wanted = meant::wanted(address.slug, &headers)?;
        Ok((wanted, address.path, meant::host(&headers)?))
    });
    let (wanted, path, host) = caller.judged::<ProxyRight, _>(&app, understood).await?;
    let coming = Coming::of(&request)?;
    let websocket = request.method() == Method::GET && calling::wants_websocket(&headers);
    if !websocket && hops_away(&request) {
        return Err(Error::invalid("A WebSocket begins with GET, Connection: Upgrade and Upgrade: websocket."));
    }
    if !matches!(coming, Coming::Nothing) {
        // Nobody is waited for who may not call.
        let known = app.db.glance::<_, _, std::convert::Infallible, _>(caller.ask::<ProxyRight>(), |_, _| Ok(()));
        known.await?;
    }
    let at_once = Arc::clone(&app.calls).try_acquire_owned().map_err(|_| Error::Unavailable)?;
    let method = http::Method::from_bytes(request.method().as_str().as_bytes()).map_err(|_| Error::Internal)?;
    let sent = Counter::default();
    let (content, onward) = if websocket {
        (content::nothing(), Some((payload, sent.clone())))
    } else {
        (coming.content(payload, app.config.server.body_patience, sent.clone()).await?, None)
    };
    // Only behind pieces is there anything, and only the newer HTTP has those.
    let trailers = !websocket && request.version() == Version::HTTP_11 && calling::takes_trailers(&headers);
    let asked = Request { method, host, path, headers, websocket, trailers };
    let (wanted, asked) = (Arc::new(wanted), (Arc::new(asked), Load { content, sent }));
    let means = app.calling(app.kit(caller.address));
    match calling::call(&means, || caller.ask(), wanted.clone(), asked).await {
        Ok(answered) => answer::passed(answered, (onward, trailers), at_once),
        Err(Fault::Refused(CallRefusal::Using(UsingRefusal::Use(UseRefusal::SelectionRequired)))) => {
            Err(choices(&app, caller.ask(), wanted).await?)
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Whether the framework takes it for the beginning of a WebSocket, and what follows for no request.
fn hops_away(request: &HttpRequest) -> bool {
    let mut words = request.headers().get_all(header::UPGRADE);
    words.any(|word| word.as_bytes().to_ascii_lowercase().windows(9).any(|part| part == b"websocket"))
}

/// Several secrets would do: which, for whoever asks to name one.
async fn choices(app: &App, ask: AskToken<ProxyRight>, wanted: Arc<Wanted>) -> Result<Error, Error> {
    let found = app
        .db
        .read::<_, _, std::convert::Infallible, _>(ask, move |tx, by| Ok(store::access::choices(tx, by, &wanted)?));
    Ok(Error::Choose(found.await?))
}
