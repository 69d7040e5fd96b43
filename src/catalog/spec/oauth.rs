//! How a provider lets people connect their account, or a client fetch a token of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The authorization code flow.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    pub authorize_url: String,
    pub token_url: String,
    /// Where it is not the token URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    /// Whether the provider takes a code challenge (S256).
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub pkce: bool,
    #[serde(default = "space")]
    pub scope_separator: String,
    pub scopes: Vec<Scope>,
    /// Added to the address of the consent page.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    pub client_auth: ClientAuth,
    #[serde(default)]
    pub body: BodyFormat,
    /// To where a client is registered, and its id and secret are found.
    pub steps: Vec<String>,
    /// The provider's page on which that is done, where it has an address of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A token that a client fetches for itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientCredentials {
    pub token_url: String,
    #[serde(default = "space")]
    pub scope_separator: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Scope>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    pub client_auth: ClientAuth,
    #[serde(default)]
    pub body: BodyFormat,
    pub steps: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    pub name: String,
    /// What it lets a workflow do, as a sentence for whoever ticks it.
    pub means: String,
    /// Asked for where nobody chooses.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub usual: bool,
}

/// How a client says who it is at the token URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// HTTP Basic.
    Basic,
    /// `client_id` and `client_secret` in the body.
    Body,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    #[default]
    Form,
    Json,
}

fn space() -> String {
    " ".to_owned()
}
