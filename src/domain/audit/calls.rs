//! Calls that Keyrack makes for others, with a secret that never leaves it.

use serde::{Deserialize, Serialize};

use super::super::{Environment, SecretId, WorkflowId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum CallEvent {
    /// The value is about to be sent with a call. A use.
    #[serde(rename = "secret.called")]
    Called {
        secret: SecretId,
        name: String,
        node_type: String,
        environment: Environment,
        value: i64,
        method: String,
        /// Another one than the usual, where the caller named it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<String>,
        /// Without its query, and cut where it is long.
        path: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_user: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        organization: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workflow: Option<WorkflowId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    /// What came of it.
    #[serde(rename = "secret.call_ended")]
    Ended {
        secret: SecretId,
        name: String,
        /// None where there was no answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// Why it came to nothing, or broke off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failure: Option<String>,
        /// Bytes of the bodies.
        sent: i64,
        received: i64,
        millis: i64,
    },
}

impl CallEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::Called { secret, .. } | Self::Ended { secret, .. } => secret.as_str(),
        }
    }
}
