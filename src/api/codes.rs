//! The words that tell one error from another, each with its status and what it means.
//!
//! Invariant: the reference page explains every one of them, because it is drawn from this list.

use actix_web::http::StatusCode;

use crate::domain::word::words;

words! {
    Code {
        Unauthorized = "unauthorized",
        InsufficientAbility = "insufficient_ability",
        AddressNotAllowed = "address_not_allowed",
        NodeTypeNotAllowed = "node_type_not_allowed",
        CallNotAllowed = "call_not_allowed",
        NodeTypeDisabled = "node_type_disabled",
        NotYours = "not_yours",
        OwnedByEndUser = "owned_by_end_user",
        ProxyOnly = "delivery_proxy_only",
        TokenNotListed = "workflow_token_not_listed",
        OfAnotherMember = "workflow_of_another_member",
        NotFound = "not_found",
        MethodNotAllowed = "method_not_allowed",
        InvalidRequest = "invalid_request",
        InvalidParameters = "invalid_request_parameters",
        PayloadTooLarge = "payload_too_large",
        RequestTimeout = "request_timeout",
        PreconditionFailed = "precondition_failed",
        AlreadyExists = "already_exists",
        KeyReused = "idempotency_key_reused",
        NeedsReconfiguration = "needs_reconfiguration",
        SelectionRequired = "account_selection_required",
        InUse = "data_integration_in_use",
        Unreadable = "secret_unreadable",
        ReturnTo = "invalid_return_to",
        Origin = "invalid_origin",
        ReturnToExactly = "return_to_requires_exact_match",
        ConnectCode = "invalid_connect_code",
        AuthorizationOver = "authorization_state_expired",
        RateLimited = "rate_limited",
        NotRenewed = "token_not_renewed",
        NotConnected = "not_connected",
        NeedsReauthorization = "needs_reauthorization",
        PathRefused = "path_refused",
        HostNotAllowed = "host_not_allowed",
        UpstreamUnreachable = "upstream_unreachable",
        UpstreamTimeout = "upstream_timeout",
        Unavailable = "unavailable",
        Internal = "internal_error",
    }
}

impl Code {
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::InsufficientAbility
            | Self::AddressNotAllowed
            | Self::NodeTypeNotAllowed
            | Self::CallNotAllowed
            | Self::NodeTypeDisabled
            | Self::NotYours
            | Self::OwnedByEndUser
            | Self::ProxyOnly
            | Self::HostNotAllowed
            | Self::TokenNotListed
            | Self::OfAnotherMember => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::InvalidRequest
            | Self::ReturnTo
            | Self::Origin
            | Self::PathRefused
            | Self::ReturnToExactly
            | Self::ConnectCode
            | Self::AuthorizationOver => StatusCode::BAD_REQUEST,
            Self::InvalidParameters => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::AlreadyExists
            | Self::KeyReused
            | Self::NeedsReconfiguration
            | Self::SelectionRequired
            | Self::InUse
            | Self::NotConnected
            | Self::NeedsReauthorization
            | Self::Unreadable => StatusCode::CONFLICT,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::NotRenewed | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::UpstreamUnreachable => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What it means, and what to do about it.
    pub const fn means(self) -> &'static str {
        match self {
            Self::NotConnected
            | Self::NeedsReauthorization
            | Self::PathRefused
            | Self::HostNotAllowed
            | Self::UpstreamUnreachable
            | Self::UpstreamTimeout
            | Self::CallNotAllowed
            | Self::NotYours
            | Self::SelectionRequired
            | Self::TokenNotListed
            | Self::OwnedByEndUser => self.means_of_calls(),
            Self::Unauthorized => {
                "No service token came with the request, or it is incomplete, expired or revoked, or its maker has left."
            }
            Self::InsufficientAbility => {
                "The token lacks the ability that the route asks for, or its maker may not give it any more. An Admin makes \
                 a token with it."
            }
            Self::AddressNotAllowed => {
                "The token is limited to other addresses than the one that the request came from."
            }
            Self::NodeTypeNotAllowed => "The token is limited to other node types.",
            Self::NodeTypeDisabled => "The node type is disabled in this workspace. An Admin can enable it.",
            Self::ProxyOnly => "The secret is used through the proxy only; its value cannot be fetched.",
            Self::OfAnotherMember => "Only its owner changes a workflow. Use a token that the owner has made.",
            Self::NotFound => {
                "There is no such thing for this token: it was deleted, never was, or belongs to another workspace or \
                 environment."
            }
            Self::MethodNotAllowed => {
                "The route does not take this method; the header Allow names those that it takes."
            }
            Self::InvalidRequest => "The request could not be read: its body is no JSON, or its address is broken.",
            Self::InvalidParameters => "A parameter or a field is missing or wrong; the message names it.",
            Self::PayloadTooLarge => "The body is larger than this Keyrack takes.",
            Self::RequestTimeout => "The body did not arrive in time.",
            Self::PreconditionFailed => {
                "What If-Match names is not what is there now: somebody has changed it. Read it again, and decide anew."
            }
            Self::AlreadyExists => "There is one of this name already.",
            Self::KeyReused => "This Idempotency-Key stood for another request of this token.",
            Self::NeedsReconfiguration => {
                "The node has nothing that it could use; the message says why. The workflow's owner binds another key."
            }
            Self::InUse => "Secrets hang on the node type, so a person removes it on its page.",
            Self::Unreadable => "The stored value cannot be opened. It has to be entered again.",
            Self::ReturnTo => "An Admin has not registered this address to send people back to.",
            Self::Origin => "An Admin has not registered this origin for the connect page.",
            Self::ReturnToExactly => "With code_challenge, return_to is a registered address to the letter.",
            Self::ConnectCode => "The connect_code was used before, is too old, or its code_verifier is another one.",
            Self::AuthorizationOver => "What was asked for is over. Ask for a new address.",
            Self::RateLimited => "The token sends more requests than it may. Retry-After says when to go on.",
            Self::NotRenewed => "The provider could not be asked for new tokens just now. Try again.",
            Self::Unavailable => "Keyrack is busy. Try again in a moment.",
            Self::Internal => "Something went wrong on Keyrack's side. The answer's X-Request-Id leads to its log.",
        }
    }

    /// The same of those that have to do with keys and the calls made with them.
    const fn means_of_calls(self) -> &'static str {
        match self {
            Self::NotConnected => {
                "There is no key that the token may use here: none is stored, or its value was taken away. Add one in Keyrack."
            }
            Self::NeedsReauthorization => {
                "The key has expired, or the account has to be connected again. Open the secret in Keyrack."
            }
            Self::PathRefused => "The path climbs (..), hides what it is behind escapes, or holds what no path may.",
            Self::HostNotAllowed => {
                "The key was entered for other hosts, or the address is none that this Keyrack speaks to."
            }
            Self::UpstreamUnreachable => {
                "The other company's API could not be reached, or its answer broke off. The message says how far it came."
            }
            Self::UpstreamTimeout => "The other company's API did not answer in time.",
            Self::CallNotAllowed => "The token is limited to other methods and paths than those of this call.",
            Self::OwnedByEndUser => {
                "The secret is an end user's connection. Use the routes under /api/v1/connections, with the ability connect."
            }
            Self::NotYours => {
                "Only its owner changes a secret's name and sharing. Use a token that the owner of the secret has made."
            }
            Self::SelectionRequired => {
                "Several connections could be meant; name one with connected_account_id, or with the header Keyrack-Secret."
            }
            Self::TokenNotListed => {
                "The workflow does not name this token among those that may run it. Its owner can list it."
            }
            _ => "",
        }
    }
}
