//! Forms of a page that stands on somebody else's site, where no cookie comes along: each carries what it may do.
//!
//! Invariant: what a form of the page asks for is done only where the browser says that the form stood on our own page.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use crate::app::App;
use crate::app::body::{self, NoBody};
use crate::app::context::Embedded;
use crate::crypto::{ConnectToken, PageToken};
use crate::store::access::AskSession;
use crate::web::csrf::comes_from_here;
use crate::web::error::Error;

type Fields = HashMap<String, String>;

async fn fields(reading: impl Future<Output = Result<actix_web::web::Bytes, NoBody>>) -> Result<Fields, Error> {
    let body = reading.await.map_err(|why| match why {
        NoBody::TooLarge => Error::TooLarge,
        NoBody::TooSlow => Error::TooSlow,
        NoBody::Broken => Error::BadRequest,
    })?;
    let pairs: Vec<(String, String)> = serde_html_form::from_bytes(&body).map_err(|_| Error::BadRequest)?;
    Ok(pairs.into_iter().collect())
}

/// Lets the site that a session names hold the answer, and sets no cookie with it.
pub fn embed(request: &HttpRequest, origin: Option<&str>) {
    request.extensions_mut().insert(Embedded { origin: origin.map(ToOwned::to_owned) });
}

/// Takes that back: the answer stands by itself, and knows its browser again by a cookie.
pub fn alone(request: &HttpRequest) {
    request.extensions_mut().remove::<Embedded>();
}

/// The link of a session, from wherever it is brought.
pub struct Opening {
    pub link: Option<ConnectToken>,
    /// Where the form stood that brought it; none where that was here.
    pub from: Option<String>,
}

impl Opening {
    pub fn ask(&self, app: &App) -> Option<AskSession> {
        self.link.as_ref().map(|link| by_link(app, link))
    }
}

pub fn by_link(app: &App, link: &ConnectToken) -> AskSession {
    AskSession::by_link(link.id.clone(), *app.keyring.connect_mac(link).as_bytes())
}

impl FromRequest for Opening {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, reading) = (request.clone(), body::read(request, payload));
        Box::pin(async move {
            embed(&request, None);
            let mut fields = fields(reading).await?;
            let app = request.app_data::<Data<App>>().ok_or(Error::Internal)?;
            let link = fields.remove("link").and_then(|text| text.parse().ok());
            if comes_from_here(app, &request) {
                return Ok(Self { link, from: None });
            }
            // A frame without an origin of its own, or a form that does not say where it stands, is nobody's.
            let from = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
            let from = from.filter(|origin| *origin != "null").ok_or(Error::ForeignForm)?;
            Ok(Self { link, from: Some(from.to_owned()) })
        })
    }
}

/// A form of the page itself.
pub struct Carried {
    pub page: PageToken,
    pub ask: AskSession,
    pub fields: Fields,
}

impl FromRequest for Carried {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, reading) = (request.clone(), body::read(request, payload));
        Box::pin(async move {
            embed(&request, None);
            let app = request.app_data::<Data<App>>().ok_or(Error::Internal)?;
            if !comes_from_here(app, &request) {
                return Err(Error::ForeignForm);
            }
            let mut fields = fields(reading).await?;
            let page: PageToken = fields.remove("page").and_then(|text| text.parse().ok()).ok_or(Error::NotFound)?;
            let ask = AskSession::by_page(page.id.clone(), *app.keyring.page_mac(&page).as_bytes());
            Ok(Self { page, ask, fields })
        })
    }
}
