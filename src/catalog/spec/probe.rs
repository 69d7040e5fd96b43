//! The cheapest harmless request that tells whether a credential works.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// `GET`, `HEAD` or `POST`.
    pub method: String,
    /// Below the base URL. Texts may hold plain fields and parts as `{name}`.
    pub path: String,
    /// Headers that the API asks for besides the credential, such as its version.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What a POST sends, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    pub verified: Vec<u16>,
    pub rejected: Vec<u16>,
    /// For an API that answers the same status to whoever it refuses: what its body says to the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
    /// Where the answer names the account, as a JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A verified answer has this at the JSON pointer; one that has something else there is a rejection.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmed {
    pub pointer: String,
    pub is: serde_json::Value,
}
