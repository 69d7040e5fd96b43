//! What somebody is sent to a provider for, and what its answer is checked with when they come back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ConnectSessionId, Delivery, PersonId, SecretId, Seen, SessionId, Slug, TokenId};

/// Kept sealed until then: the verifier of a code challenge is worth as much as the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "errand", rename_all = "snake_case")]
pub enum Errand {
    /// An account at the provider is connected, by whoever began it and nobody else.
    Connect(Box<Connect>),
    /// An end user's account is to be connected, as a backend has asked: whoever opens the link is led there.
    Ask(Box<Ask>),
    /// They are at the provider for it.
    Consent(Box<Consent>),
    /// They have come back, and the backend that asked is to say that it is the one.
    Finish(Box<Finish>),
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
    /// To whom the account's tokens were to be shown, and where they were to travel.
    pub providers: Vec<String>,
    pub base_url: String,
    /// The connection that is given another token set.
    pub secret: SecretId,
    /// With whom the code can be exchanged.
    pub client_id: String,
    /// How it may leave from then on, where whoever decides it chose anew.
    pub delivery: Option<Delivery>,
    pub verifier: String,
}

/// An account that a backend wants one of its end users to connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// That asked. It goes on while the token could still ask.
    pub token: TokenId,
    pub node_type: Slug,
    /// Who connects it.
    pub user: String,
    /// Whose it is: absent where the organization itself owns it.
    pub end_user: Option<String>,
    pub organization: Option<String>,
    pub intent: Intent,
    /// The parts of the provider's address, where the backend names them.
    pub parts: BTreeMap<String, String>,
    pub account_name: Option<String>,
    /// Where they are sent in the end.
    pub return_to: Option<String>,
    /// By which the backend knows them there.
    pub state: String,
    /// Of a verifier that only the backend has: without it nothing is connected.
    pub challenge: Option<String>,
    /// The page that they have come from, which waits to hear of it.
    pub session: Option<ConnectSessionId>,
}

/// Which connection of an end user is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// The first one, which is made where there is none.
    First,
    /// The first one or this one, which is there.
    Known(Option<SecretId>),
    /// The first one, which must not be there yet.
    New,
    /// One more, beside those that there are.
    Another,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub ask: Ask,
    pub callback: String,
    /// Where the code is exchanged, to whom tokens are shown, and where they travel: as it was agreed to.
    pub token_url: String,
    pub providers: Vec<String>,
    pub base_url: String,
    pub client_id: String,
    pub verifier: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    pub consent: Consent,
    pub code: String,
}
