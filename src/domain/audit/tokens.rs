//! What is done with service tokens.

use serde::{Deserialize, Serialize};

use super::super::{Environment, Moment, TokenId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum TokenEvent {
    #[serde(rename = "token.created")]
    Created {
        token: TokenId,
        name: String,
        environment: Environment,
        abilities: String,
        /// To what it is limited; nothing where it is not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node_types: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        networks: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        calls: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Moment>,
    },
    /// It has another text, and the one before goes on until then; not at all where there is no such moment.
    #[serde(rename = "token.renewed")]
    Renewed {
        token: TokenId,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous_until: Option<Moment>,
    },
    #[serde(rename = "token.previous_ended")]
    PreviousEnded { token: TokenId, name: String },
    #[serde(rename = "token.revoked")]
    Revoked { token: TokenId, name: String },
}

impl TokenEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::Created { token, .. }
            | Self::Renewed { token, .. }
            | Self::PreviousEnded { token, .. }
            | Self::Revoked { token, .. } => token.as_str(),
        }
    }
}
