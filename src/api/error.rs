//! Errors as machines read them.

use std::convert::Infallible;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};

use crate::actions::connections::ConnectionRefusal;
use crate::actions::integrations::IntegrationRefusal;
use crate::actions::secrets::SecretRefusal;
use crate::actions::vend::UsingRefusal;
use crate::api::codes::Code;
use crate::api::pipes::custom_provider;
use crate::domain::Ability;
use crate::store::access::{Choice, UseRefusal};
use crate::store::{self, Denied, Fault, Refusal};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("Send a service token as `Authorization: Bearer …`.")]
    NoToken,
    #[error("The service token is not valid: it may be incomplete, expired or revoked.")]
    UnknownToken,
    #[error("The service token lacks the ability {0}.")]
    Lacks(Ability),
    #[error("The service token may not be used from this address.")]
    OutOfNetworks,
    #[error("The service token is limited to other node types.")]
    OtherNodeType,
    #[error("The service token is limited to other calls than this one.")]
    OtherCall,
    #[error("There is nothing of that name here.")]
    NotFound,
    #[error("The node type is disabled in this workspace.")]
    Disabled,
    #[error("The secret is used through the proxy only; its value cannot be fetched.")]
    ProxyOnly,
    #[error("This token is not among those that may run the workflow. Its owner can list it.")]
    Unlisted,
    #[error("The workflow belongs to another member. Register it with a token of theirs.")]
    NotYours,
    #[error("{0}")]
    NeedsReconfiguration(String),
    #[error("{0}")]
    InUse(String),
    #[error("There is one already.")]
    Exists,
    #[error("This Idempotency-Key stood for another request of this token.")]
    KeyReused,
    #[error("{0}")]
    ReturnTo(String),
    #[error("{0}")]
    Origin(String),
    #[error("{0}")]
    ReturnToExactly(String),
    #[error("The connect_code is not good: it was used before, is too old, or its code_verifier is another one.")]
    ConnectCode,
    #[error("What was asked for is over. Ask for a new address.")]
    AuthorizationOver,
    #[error("Several connections could be meant; name one with connected_account_id.")]
    SelectionRequired,
    #[error("The stored value of \"{0}\" cannot be read. It has to be entered again.")]
    Unreadable(String),
    #[error("{0}")]
    NotRenewed(String),
    #[error("Several keys could be meant; name one with the header Keyrack-Secret.")]
    Choose(Vec<Choice>),
    #[error("{1}")]
    Told(Code, String),
    #[error("Only the owner may do that. Use a token of theirs.")]
    NotTheirs,
    #[error("This is an end user's connection. It is taken away under /api/v1/connections.")]
    OfEndUser,
    #[error("It has changed since: If-Match names another state than the present one.")]
    Changed,
    #[error("{0}")]
    Taken(String),
    #[error("This token sends too many requests. Try again in {0} seconds.")]
    TooMany(u64),
    #[error("The request body is too large.")]
    TooLarge,
    #[error("The request body did not arrive in time.")]
    TooSlow,
    #[error("The request body is not the JSON object that this route takes: {0}")]
    Body(String),
    #[error("{0}")]
    Invalid(String),
    #[error("Keyrack is busy. Try again in a moment.")]
    Unavailable,
    #[error("Something went wrong on our side.")]
    Internal,
}

/// Work in a transaction may refuse in the words of the API itself.
impl Refusal for Error {}

impl Error {
    /// What is wrong with a parameter, in a fixed sentence.
    pub fn invalid(text: &str) -> Self {
        Self::Invalid(text.to_owned())
    }

    pub fn code(&self) -> Code {
        match self {
            Self::NoToken | Self::UnknownToken => Code::Unauthorized,
            Self::Lacks(_) => Code::InsufficientAbility,
            Self::OutOfNetworks => Code::AddressNotAllowed,
            Self::OtherNodeType => Code::NodeTypeNotAllowed,
            Self::OtherCall => Code::CallNotAllowed,
            Self::NotFound => Code::NotFound,
            Self::Disabled => Code::NodeTypeDisabled,
            Self::ProxyOnly => Code::ProxyOnly,
            Self::Unlisted => Code::TokenNotListed,
            Self::NotYours => Code::OfAnotherMember,
            Self::NotTheirs => Code::NotYours,
            Self::OfEndUser => Code::OwnedByEndUser,
            Self::NeedsReconfiguration(_) => Code::NeedsReconfiguration,
            Self::SelectionRequired | Self::Choose(_) => Code::SelectionRequired,
            Self::Told(code, _) => *code,
            Self::ReturnTo(_) => Code::ReturnTo,
            Self::Origin(_) => Code::Origin,
            Self::ReturnToExactly(_) => Code::ReturnToExactly,
            Self::ConnectCode => Code::ConnectCode,
            Self::AuthorizationOver => Code::AuthorizationOver,
            Self::InUse(_) => Code::InUse,
            Self::Exists | Self::Taken(_) => Code::AlreadyExists,
            Self::KeyReused => Code::KeyReused,
            Self::Changed => Code::PreconditionFailed,
            Self::Unreadable(_) => Code::Unreadable,
            Self::NotRenewed(_) => Code::NotRenewed,
            Self::TooLarge => Code::PayloadTooLarge,
            Self::TooSlow => Code::RequestTimeout,
            Self::Body(_) => Code::InvalidRequest,
            Self::Invalid(_) => Code::InvalidParameters,
            Self::TooMany(_) => Code::RateLimited,
            Self::Unavailable => Code::Unavailable,
            Self::Internal => Code::Internal,
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        let again = match self {
            Self::Unavailable => Some(2),
            Self::NotRenewed(_) => Some(30),
            Self::TooMany(seconds) => Some(*seconds),
            _ => None,
        };
        if let Some(seconds) = again {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        let mut body = told(self.code(), &self.to_string());
        if let (Self::Choose(choices), Some(body)) = (self, body.as_object_mut()) {
            let shown =
                |one: &Choice| json!({ "id": one.id, "name": one.name.to_string(), "last_four": one.last_four });
            body.insert("choices".to_owned(), choices.iter().map(shown).collect());
        }
        response.json(body)
    }
}

fn told(code: Code, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

/// Where the code is explained, on this very server.
fn told_with_docs(code: Code, message: &str) -> Value {
    json!({ "code": code, "message": message, "docs": docs(code) })
}

pub fn docs(code: Code) -> String {
    format!("/api/reference#error-{code}")
}

/// Which of our errors it is, where it is one.
pub fn code_of(error: &actix_web::Error) -> Option<Code> {
    error.as_error::<Error>().map(Error::code)
}

/// An error of a route of Keyrack's own, once more with where it is explained. The clients of the other routes know of no
/// such field.
pub fn explained(error: &actix_web::Error) -> Option<HttpResponse> {
    let error = error.as_error::<Error>()?;
    let answered = error.error_response();
    let mut response = HttpResponse::build(answered.status());
    if let Some(again) = answered.headers().get(header::RETRY_AFTER) {
        response.insert_header((header::RETRY_AFTER, again.clone()));
    }
    Some(response.json(told_with_docs(error.code(), &error.to_string())))
}

/// For what the framework itself refused before a handler was reached.
pub fn plain(status: StatusCode, native: bool) -> HttpResponse {
    let (code, message) = plain_words(status);
    let told = if native { told_with_docs(code, message) } else { told(code, message) };
    HttpResponse::build(status).json(told)
}

pub(super) fn plain_words(status: StatusCode) -> (Code, &'static str) {
    match status {
        StatusCode::NOT_FOUND => (Code::NotFound, "There is no such route."),
        StatusCode::METHOD_NOT_ALLOWED => (Code::MethodNotAllowed, "This route does not take that method."),
        StatusCode::PAYLOAD_TOO_LARGE => (Code::PayloadTooLarge, "The request body is too large."),
        status if status.is_server_error() => (Code::Internal, "Something went wrong on our side."),
        _ => (Code::InvalidRequest, "The request could not be understood."),
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Denied(Denied::UnknownToken) => Self::UnknownToken,
            store::Error::Denied(Denied::Lacks(ability)) => Self::Lacks(ability),
            store::Error::Denied(Denied::OutOfNetworks) => Self::OutOfNetworks,
            store::Error::Denied(Denied::OtherNodeType) => Self::OtherNodeType,
            store::Error::Denied(Denied::OtherCall) => Self::OtherCall,
            store::Error::Denied(Denied::Forbidden) => Self::NotTheirs,
            store::Error::Denied(_) => Self::NotFound,
            store::Error::Unavailable(why) => {
                tracing::warn!(why, "unavailable");
                Self::Unavailable
            }
            other => {
                tracing::error!(error = %other, "a request to the API failed");
                Self::Internal
            }
        }
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

/// What an action refuses, in the words of the API.
pub fn worded<T, E: Into<Error>>(outcome: Result<T, Fault<E>>) -> Result<T, Fault<Error>> {
    outcome.map_err(|fault| match fault {
        Fault::Refused(refusal) => Fault::Refused(refusal.into()),
        Fault::Store(error) => Fault::Store(error),
    })
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl From<ConnectionRefusal> for Error {
    fn from(refusal: ConnectionRefusal) -> Self {
        match refusal {
            ConnectionRefusal::Disabled => Self::Disabled,
            // Whoever asks again is checked against the new description.
            ConnectionRefusal::ChangedSince => Self::Unavailable,
            ConnectionRefusal::NoSuchAccount => Self::NotFound,
            ConnectionRefusal::Exists => Self::Exists,
            ConnectionRefusal::SelectionRequired => Self::SelectionRequired,
            ConnectionRefusal::KeyReused => Self::KeyReused,
            ConnectionRefusal::OtherEnvironment { .. } => Self::Invalid(refusal.to_string()),
        }
    }
}

impl From<IntegrationRefusal> for Error {
    fn from(refusal: IntegrationRefusal) -> Self {
        match refusal {
            IntegrationRefusal::Exists => Self::Exists,
            IntegrationRefusal::InUse(_) => Self::InUse(refusal.to_string()),
            IntegrationRefusal::Described(faults) => Self::Invalid(custom_provider::told(&faults)),
            other => Self::Invalid(other.to_string()),
        }
    }
}

impl From<UsingRefusal> for Error {
    fn from(refusal: UsingRefusal) -> Self {
        match refusal {
            UsingRefusal::Unreadable(name) => Self::Unreadable(name.to_string()),
            UsingRefusal::NotRenewed(why) => Self::NotRenewed(why.told().to_owned()),
            UsingRefusal::Use(UseRefusal::Disabled) => Self::Disabled,
            UsingRefusal::Use(UseRefusal::NoTokens) => {
                Self::invalid("This node type holds keys; ask for its credentials instead.")
            }
            UsingRefusal::Use(UseRefusal::ProxyOnly) => Self::ProxyOnly,
            UsingRefusal::Use(UseRefusal::SelectionRequired) => Self::SelectionRequired,
            // No token that vends is a Member's.
            UsingRefusal::Use(UseRefusal::OfOutsiders) => Self::OfEndUser,
            UsingRefusal::Use(UseRefusal::Unlisted) => Self::Unlisted,
            UsingRefusal::Use(UseRefusal::NeedsReconfiguration { key, why }) => {
                Self::NeedsReconfiguration(format!("The node “{key}” needs reconfiguration: {why}."))
            }
            // Answered as a success that says so, before it comes here.
            UsingRefusal::Use(UseRefusal::NotInstalled | UseRefusal::NeedsReauthorization) => Self::NotFound,
        }
    }
}

impl From<SecretRefusal> for Error {
    fn from(refusal: SecretRefusal) -> Self {
        match refusal {
            SecretRefusal::NameTaken => Self::Taken(refusal.to_string()),
            SecretRefusal::Disabled => Self::Disabled,
            other => Self::Invalid(other.to_string()),
        }
    }
}
