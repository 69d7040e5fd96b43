//! Rounds in which many secrets are given new values.

use serde::{Deserialize, Serialize};

use super::super::RotationId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum RotationEvent {
    #[serde(rename = "rotation.started")]
    Started { rotation: RotationId, name: String, secrets: u64, owners: usize },
    #[serde(rename = "rotation.reminded")]
    Reminded { rotation: RotationId, name: String, owners: usize },
    #[serde(rename = "rotation.closed")]
    Closed { rotation: RotationId, name: String, done: u64, left: u64 },
}

impl RotationEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::Started { rotation, .. } | Self::Reminded { rotation, .. } | Self::Closed { rotation, .. } => {
                rotation.as_str()
            }
        }
    }
}
