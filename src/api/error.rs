//! Errors as machines read them.

use std::convert::Infallible;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;

use crate::actions::connections::ConnectionRefusal;
use crate::actions::integrations::IntegrationRefusal;
use crate::actions::vend::VendRefusal;
use crate::api::pipes::custom_provider;
use crate::domain::Ability;
use crate::store::access::UseRefusal;
use crate::store::{self, Denied, Fault};

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

impl Error {
    /// What is wrong with a parameter, in a fixed sentence.
    pub fn invalid(text: &str) -> Self {
        Self::Invalid(text.to_owned())
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoToken | Self::UnknownToken => "unauthorized",
            Self::Lacks(_) => "insufficient_ability",
            Self::OutOfNetworks => "address_not_allowed",
            Self::OtherNodeType => "node_type_not_allowed",
            Self::NotFound => "not_found",
            Self::Disabled => "node_type_disabled",
            Self::ProxyOnly => "delivery_proxy_only",
            Self::Unlisted => "workflow_token_not_listed",
            Self::NotYours => "workflow_of_another_member",
            Self::NeedsReconfiguration(_) => "needs_reconfiguration",
            Self::SelectionRequired => "account_selection_required",
            Self::ReturnTo(_) => "invalid_return_to",
            Self::ReturnToExactly(_) => "return_to_requires_exact_match",
            Self::ConnectCode => "invalid_connect_code",
            Self::AuthorizationOver => "authorization_state_expired",
            Self::InUse(_) => "data_integration_in_use",
            Self::Exists => "already_exists",
            Self::KeyReused => "idempotency_key_reused",
            Self::Unreadable(_) => "secret_unreadable",
            Self::NotRenewed(_) => "token_not_renewed",
            Self::TooLarge => "payload_too_large",
            Self::TooSlow => "request_timeout",
            Self::Body(_) => "invalid_request",
            Self::Invalid(_) => "invalid_request_parameters",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal_error",
        }
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::UnknownToken => StatusCode::UNAUTHORIZED,
            Self::Lacks(_)
            | Self::OutOfNetworks
            | Self::OtherNodeType
            | Self::Disabled
            | Self::ProxyOnly
            | Self::Unlisted
            | Self::NotYours => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::SelectionRequired
            | Self::Exists
            | Self::InUse(_)
            | Self::KeyReused
            | Self::Unreadable(_)
            | Self::NeedsReconfiguration(_) => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Body(_)
            | Self::ReturnTo(_)
            | Self::ReturnToExactly(_)
            | Self::ConnectCode
            | Self::AuthorizationOver => StatusCode::BAD_REQUEST,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unavailable | Self::NotRenewed(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        let again = match self {
            Self::Unavailable => Some("2"),
            Self::NotRenewed(_) => Some("30"),
            _ => None,
        };
        if let Some(seconds) = again {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        response.json(json!({ "code": self.code(), "message": self.to_string() }))
    }
}

/// For what the framework itself refused before a handler was reached.
pub fn plain(status: StatusCode) -> HttpResponse {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => ("not_found", "There is no such route."),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This route does not take that method."),
        StatusCode::PAYLOAD_TOO_LARGE => ("payload_too_large", "The request body is too large."),
        status if status.is_server_error() => ("internal_error", "Something went wrong on our side."),
        _ => ("invalid_request", "The request could not be understood."),
    };
    HttpResponse::build(status).json(json!({ "code": code, "message": message }))
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Denied(Denied::UnknownToken) => Self::UnknownToken,
            store::Error::Denied(Denied::Lacks(ability)) => Self::Lacks(ability),
            store::Error::Denied(Denied::OutOfNetworks) => Self::OutOfNetworks,
            store::Error::Denied(Denied::OtherNodeType) => Self::OtherNodeType,
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

impl From<VendRefusal> for Error {
    fn from(refusal: VendRefusal) -> Self {
        match refusal {
            VendRefusal::Unreadable(name) => Self::Unreadable(name.to_string()),
            VendRefusal::NotRenewed(why) => Self::NotRenewed(why.told().to_owned()),
            VendRefusal::Use(UseRefusal::Disabled) => Self::Disabled,
            VendRefusal::Use(UseRefusal::NoTokens) => {
                Self::invalid("This node type holds keys; ask for its credentials instead.")
            }
            VendRefusal::Use(UseRefusal::ProxyOnly) => Self::ProxyOnly,
            VendRefusal::Use(UseRefusal::SelectionRequired) => Self::SelectionRequired,
            VendRefusal::Use(UseRefusal::Unlisted) => Self::Unlisted,
            VendRefusal::Use(UseRefusal::NeedsReconfiguration { key, why }) => {
                Self::NeedsReconfiguration(format!("The node “{key}” needs reconfiguration: {why}."))
            }
            // Answered as a success that says so, before it comes here.
            VendRefusal::Use(UseRefusal::NotInstalled | UseRefusal::NeedsReauthorization) => Self::NotFound,
        }
    }
}
