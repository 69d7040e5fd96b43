//! Connect sessions: the one page on which an end user may connect what a backend has named, and what came of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::word::words;
use super::{Moment, SecretId, Slug};

words! {
    /// What came of it for one node type.
    Outcome {
        Connected = "connected",
        Disconnected = "disconnected",
        /// The end user did not agree at the provider.
        AccessDenied = "access_denied",
        Failed = "connection_failed",
    }
}

words! {
    /// How far a session is.
    SessionState {
        /// Nobody has opened its link.
        Waiting = "waiting",
        Open = "open",
        Ended = "ended",
    }
}

words! {
    /// In which colours the page is shown, where the page around it says so.
    Shade { Light = "light", Dark = "dark" }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    pub outcome: Outcome,
    /// The connection that it is about, while there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<SecretId>,
    pub at: Moment,
}

/// The newest result of each node type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Results(BTreeMap<String, Noted>);

impl Results {
    pub fn note(&mut self, node_type: &Slug, result: Noted) {
        self.0.insert(node_type.to_string(), result);
    }

    pub fn of(&self, node_type: &Slug) -> Option<&Noted> {
        self.0.get(node_type.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Noted)> {
        self.0.iter().map(|(node_type, result)| (node_type.as_str(), result))
    }
}
