//! Forms that are known to come from our own pages.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::app::body::{self, NoBody};
use crate::domain::SessionId;

use super::error::Error;
use super::visitor::Visitor;

/// A form whose contents can be reached only after it was checked: the only way to one is the check.
pub struct CsrfForm<T>(T);

impl<T> CsrfForm<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

#[derive(serde::Deserialize)]
struct Guard {
    #[serde(default)]
    csrf: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for CsrfForm<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, body) = (request.clone(), body::read(request, payload));
        Box::pin(async move {
            let app = request.app_data::<Data<App>>().ok_or(Error::Internal)?;
            if !comes_from_here(app, &request) {
                return Err(Error::ForeignForm);
            }
            let body = body.await.map_err(|why| match why {
                NoBody::TooLarge => Error::TooLarge,
                NoBody::TooSlow => Error::TooSlow,
                NoBody::Broken => Error::BadRequest,
            })?;
            check(app, &request, &body)?;
            serde_html_form::from_bytes(&body).map(Self).map_err(|_| Error::BadRequest)
        })
    }
}

fn check(app: &App, request: &HttpRequest, body: &[u8]) -> Result<(), Error> {
    let sent: Guard = serde_html_form::from_bytes(body).map_err(|_| Error::BadRequest)?;
    check_guard(app, request, &sent.csrf)
}

/// Whether a form carries what this browser was given in this session.
pub(super) fn check_guard(app: &App, request: &HttpRequest, sent: &str) -> Result<(), Error> {
    let visitor = Visitor::of(request)?;
    let session = visitor.session.as_ref().map_or("", SessionId::as_str);
    if app.keyring.form_token_matches(&visitor.context.browser, session, sent) {
        Ok(())
    } else {
        Err(Error::ForeignForm)
    }
}

/// Whether the browser says that the request comes from a page of ours, or from somebody who typed the address.
pub fn comes_from_here(app: &App, request: &HttpRequest) -> bool {
    is_from_here(request.headers(), &app.config.server.public_url.origin().ascii_serialization())
}

/// What the browser itself says about where the form stood. `null` is never ours.
fn is_from_here(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
    let same_origin = text(header::ORIGIN.as_str()).is_none_or(|sent| sent == origin);
    let same_site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    same_origin && same_site
}
