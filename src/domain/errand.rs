//! What somebody is sent to a provider for, and what its answer is checked with when they come back.

use serde::{Deserialize, Serialize};

use super::{Delivery, PersonId, SecretId, Seen, SessionId, Slug};

/// Kept sealed until then: the verifier of a code challenge is worth as much as the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case")]
pub enum Errand {
    /// An account at the provider is connected, by whoever began it and nobody else.
    Connect(Box<Connect>),
    /// Somebody is to show who they are.
    SignIn(Box<SignIn>),
    /// Somebody has shown it, and is to agree to what follows: kept for them meanwhile.
    Link(Box<Link>),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The provider that they were sent to. Nobody else's answer counts.
    pub provider: String,
    pub nonce: String,
    pub verifier: String,
    pub purpose: Purpose,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To come in, and go on there.
    Enter { return_to: Option<String> },
    /// To accept the invitation of this link as somebody new.
    Join { link: String },
    /// To be able to come in by it from now on, as this person.
    Link { person: PersonId },
    /// To show that it is still them, in this session.
    Confirm { person: PersonId, session: SessionId, return_to: Option<String> },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Whose account has the address.
    pub person: PersonId,
    pub seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connect {
    pub person: PersonId,
    pub workspace: Slug,
    /// The word of the address to come back to: no other provider sends anybody there.
    pub callback: String,
    /// Where the code is exchanged, and nowhere else.
    pub token_url: String,
    /// The connection that is given another token set.
    pub secret: SecretId,
    /// With whom the code can be exchanged.
    pub client_id: String,
    /// How it may leave from then on, where whoever decides it chose anew.
    pub delivery: Option<Delivery>,
    pub verifier: String,
}
