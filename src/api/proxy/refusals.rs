//! Why Keyrack itself did not make a call, or got nothing by it.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::actions::calling::{CallRefusal, Failure, PlaceError, Refused};
use crate::actions::using::UsingRefusal;
use crate::api::codes::Code;
use crate::api::error::{Error, plain_words};
use crate::store::access::UseRefusal;

const NAME: HeaderName = HeaderName::from_static("keyrack-error");

/// Says on an answer of Keyrack's own which error it is.
pub fn name(headers: &mut HeaderMap, code: Option<Code>, status: StatusCode) {
    let code = code.unwrap_or_else(|| plain_words(status).0);
    headers.insert(NAME, HeaderValue::from_static(code.as_str()));
}

impl From<CallRefusal> for Error {
    fn from(refusal: CallRefusal) -> Self {
        let told = |code, text: &str| Self::Told(code, text.to_owned());
        match refusal {
            CallRefusal::Using(UsingRefusal::Use(UseRefusal::NotInstalled)) => told(
                Code::NotConnected,
                "There is no key here that this token may use: none is stored, or it was disconnected. Add one in Keyrack.",
            ),
            CallRefusal::Using(UsingRefusal::Use(UseRefusal::NeedsReauthorization)) => told(
                Code::NeedsReauthorization,
                "The key has expired, or the account has to be connected again. Open the secret in Keyrack.",
            ),
            CallRefusal::Using(UsingRefusal::Use(UseRefusal::OfOutsiders)) => told(
                Code::OwnedByEndUser,
                "A Member's token does not use end users' connections. Use one that an Admin has made.",
            ),
            CallRefusal::Using(refusal) => refusal.into(),
            CallRefusal::Place(why) => misplaced(why),
            CallRefusal::Failed(failure) => failed(failure),
        }
    }
}

fn misplaced(why: PlaceError) -> Error {
    let told = |code, text: &str| Error::Told(code, text.to_owned());
    match why {
        PlaceError::Path => {
            told(Code::PathRefused, "The path climbs, hides what it is behind escapes, or holds what no path may.")
        }
        PlaceError::Elsewhere => told(Code::HostNotAllowed, "The key was entered for other hosts than this one."),
        PlaceError::NoBody => told(
            Code::InvalidParameters,
            "The key belongs into the body here: send a JSON object or a form, of at most 256 KiB and with its length.",
        ),
        PlaceError::Refused(why) => {
            Error::Told(Code::HostNotAllowed, format!("The key's address is not spoken to: {why}."))
        }
        PlaceError::NoRoute | PlaceError::Unsendable => {
            told(Code::Unreadable, "The key cannot be sent as it was entered. Enter it again.")
        }
    }
}

fn failed(failure: Failure) -> Error {
    let code = match failure {
        Failure::Refused(Refused::NoSuchName) => Code::UpstreamUnreachable,
        Failure::Refused(_) => Code::HostNotAllowed,
        Failure::NoAnswer | Failure::ConnectTimeout | Failure::SlowBody => Code::UpstreamTimeout,
        Failure::NotConnected | Failure::NotTrusted | Failure::Broken | Failure::TooLarge => Code::UpstreamUnreachable,
    };
    Error::Told(code, format!("Upstream: {failure}."))
}
