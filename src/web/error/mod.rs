//! What went wrong, as people see it.

pub mod page;

use std::convert::Infallible;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderValue;
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use askama::Template as _;

use crate::app::context::RequestContext;
use crate::domain::Slug;
use crate::store::{self, Denied, Fault};

use super::chrome::{Chrome, May, Place, Theme};
use super::url;
use super::view::Link;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("signing in is needed")]
    SignIn,
    #[error("the workspace has moved")]
    Moved(Slug),
    #[error("the request could not be read")]
    BadRequest,
    #[error("the form did not come from our own page")]
    ForeignForm,
    #[error("the role is not enough")]
    Forbidden,
    #[error("not found")]
    NotFound,
    #[error("the form is larger than allowed")]
    TooLarge,
    #[error("the form did not arrive in time")]
    TooSlow,
    #[error("busy")]
    Unavailable,
    #[error("something failed inside")]
    Internal,
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::SignIn => StatusCode::SEE_OTHER,
            // A form that was open under the old address is sent once more to the new one.
            Self::Moved(_) => StatusCode::TEMPORARY_REDIRECT,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::ForeignForm | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Without a body: the middleware, which knows the request, puts it into words.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::SignIn => {
                response.insert_header((header::LOCATION, url::sign_in()));
            }
            Self::Unavailable => {
                response.insert_header((header::RETRY_AFTER, "2"));
            }
            _ => {}
        }
        response.finish()
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Denied(Denied::SignedOut) => Self::SignIn,
            store::Error::Denied(Denied::Forbidden) => Self::Forbidden,
            store::Error::Denied(_) => Self::NotFound,
            store::Error::Moved(slug) => Self::Moved(slug),
            store::Error::Unavailable(why) => {
                tracing::warn!(why, "unavailable");
                Self::Unavailable
            }
            other => {
                tracing::error!(error = %other, "a page failed");
                Self::Internal
            }
        }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl<E: Into<Self>> From<Fault<E>> for Error {
    fn from(fault: Fault<E>) -> Self {
        match fault {
            Fault::Refused(refusal) => refusal.into(),
            Fault::Store(error) => error.into(),
        }
    }
}

impl From<askama::Error> for Error {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be drawn");
        Self::Internal
    }
}

impl From<crate::crypto::HashError> for Error {
    fn from(error: crate::crypto::HashError) -> Self {
        match error {
            crate::crypto::HashError::Busy => Self::Unavailable,
            crate::crypto::HashError::Failed => Self::Internal,
        }
    }
}

/// Where people are sent on to, for which the request's own address is needed: after signing in back to the page where
/// they were (never to the sending of a form), and from a workspace's old address to its new one.
pub fn lead_on(response: &mut ServiceResponse<BoxBody>) {
    let path = response.request().uri().path_and_query().map_or("", PathAndQuery::as_str);
    let to = match response.response().error().and_then(|error| error.as_error::<Error>()) {
        Some(Error::SignIn) if response.request().method() == Method::GET => {
            Some(url::with_query(&url::sign_in(), &[("return_to", path)]))
        }
        Some(Error::Moved(slug)) => url::moved(path, slug.as_str()),
        _ => None,
    };
    if let Some(to) = to.and_then(|to| HeaderValue::from_str(&to).ok()) {
        response.headers_mut().insert(header::LOCATION, to);
    }
}

pub async fn not_found() -> Result<HttpResponse, Error> {
    Err(Error::NotFound)
}

/// The page for a status, drawn without asking for a session: so it has no forms either.
pub fn page(status: StatusCode, theme: Theme, context: &RequestContext) -> HttpResponse {
    let chrome = Chrome {
        page: page::Words::of(status.as_u16()).title.to_owned(),
        nonce: context.nonce.clone(),
        csrf: String::new(),
        theme,
        path: url::home(),
        flash: Vec::new(),
        person: None,
        workspace: None,
        workspaces: Vec::new(),
        here: Place::Elsewhere,
        may: May::default(),
    };
    let shown = page::Show {
        chrome,
        status: status.as_u16(),
        words: page::Words::of(status.as_u16()),
        request_id: context.id.clone(),
        way_on: Link { label: "Go to the home page".to_owned(), url: url::home() },
    };
    match shown.render() {
        Ok(html) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html),
        Err(_) => HttpResponse::build(status).content_type("text/html; charset=utf-8").body("Something went wrong."),
    }
}
