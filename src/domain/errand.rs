//! What somebody is sent to a provider for, and what its answer is checked with when they come back.

use serde::{Deserialize, Serialize};

use super::{PersonId, SecretId, Slug};

/// Kept sealed until then: the verifier of a code challenge is worth as much as the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case")]
pub enum Errand {
    /// An account at the provider is connected, by whoever began it and nobody else.
    Connect(Box<Connect>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connect {
    pub person: PersonId,
    pub workspace: Slug,
    /// The redirect address is its own: a code that another provider sends here is not for it.
    pub node_type: Slug,
    /// The connection that is given another token set.
    pub secret: SecretId,
    /// With whom the code can be exchanged.
    pub client_id: String,
    pub verifier: String,
}
