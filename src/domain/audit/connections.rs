//! What is done with the tokens of a connection.

use serde::{Deserialize, Serialize};

use super::super::{Environment, SecretId};
use super::{NodeTypeFacts, SecretFacts};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum ConnectionEvent {
    /// An account at the provider, or the client's own access, is connected: these are its tokens.
    #[serde(rename = "secret.connected")]
    Connected { secret: SecretFacts, value: i64, scopes: String, missing: String },
    /// The code that somebody came back with is about to be sent to its provider, with the client's secret. A use.
    #[serde(rename = "secret.code_exchanged")]
    Exchanged { secret: SecretId, name: String, node_type: String, environment: Environment, value: i64 },
    /// The tokens are about to be sent to their provider, for new ones. A use.
    #[serde(rename = "secret.renewed")]
    Renewed { secret: SecretId, name: String, node_type: String, environment: Environment, value: i64 },
    /// An end user's account could not be connected.
    #[serde(rename = "connection.failed")]
    Failed {
        node_type: NodeTypeFacts,
        environment: Environment,
        end_user: Option<String>,
        organization: Option<String>,
        /// Why, in a word of Keyrack's own.
        reason: String,
    },
    /// The provider does not give new ones any more.
    #[serde(rename = "secret.consent_lost")]
    ConsentLost { secret: SecretId, name: String, value: i64 },
    /// The tokens are about to be sent to their provider, to be forgotten there. A use.
    #[serde(rename = "secret.revoked_upstream")]
    RevokedUpstream { secret: SecretId, name: String, node_type: String, environment: Environment, value: i64 },
    /// Whether the provider did.
    #[serde(rename = "secret.revocation_answered")]
    RevocationAnswered { secret: SecretId, name: String, worked: bool },
}

impl ConnectionEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::Connected { secret, .. } => secret.id.as_str(),
            Self::Failed { node_type, .. } => node_type.id.as_str(),
            Self::Exchanged { secret, .. }
            | Self::Renewed { secret, .. }
            | Self::ConsentLost { secret, .. }
            | Self::RevokedUpstream { secret, .. }
            | Self::RevocationAnswered { secret, .. } => secret.as_str(),
        }
    }
}
