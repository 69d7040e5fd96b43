//! What happens to accounts and their sessions.

use serde::{Deserialize, Serialize};

use super::super::{PersonId, SessionId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum AccountEvent {
    #[serde(rename = "set_up.done")]
    SetUpDone { person: PersonId },
    #[serde(rename = "person.created")]
    PersonCreated { person: PersonId },
    #[serde(rename = "person.renamed")]
    PersonRenamed { person: PersonId, before: String, after: String },
    /// Without name or address: nothing of them is kept here.
    #[serde(rename = "person.deleted")]
    PersonDeleted { person: PersonId, sessions: Vec<SessionId>, workspaces: usize },
    #[serde(rename = "session.started")]
    SignedIn { session: SessionId },
    #[serde(rename = "session.refused")]
    SignInRefused { person: Option<PersonId> },
    #[serde(rename = "session.ended")]
    SignedOut { session: SessionId },
    #[serde(rename = "session.revoked")]
    SessionsRevoked { sessions: Vec<SessionId> },
    #[serde(rename = "password.changed")]
    PasswordChanged { person: PersonId },
    /// By a link that was sent to their address.
    #[serde(rename = "password.reset")]
    PasswordReset { person: PersonId },
    /// Which addresses, the entry does not keep: they are the person's own, and it may outlive the account.
    #[serde(rename = "email.changed")]
    EmailChanged { person: PersonId },
    /// By a provider, as the settings name it. Who they are there, the entry does not keep.
    #[serde(rename = "identity.linked")]
    IdentityLinked { person: PersonId, provider: String },
    #[serde(rename = "identity.unlinked")]
    IdentityUnlinked { person: PersonId, provider: String },
    #[serde(rename = "identity.used")]
    IdentityUsed { person: PersonId, provider: String },
    /// The same session, shown at a provider to be still its person's.
    #[serde(rename = "session.confirmed")]
    SessionConfirmed { session: SessionId, provider: String },
}

impl AccountEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::SetUpDone { person }
            | Self::PersonCreated { person }
            | Self::PersonRenamed { person, .. }
            | Self::PersonDeleted { person, .. }
            | Self::PasswordChanged { person }
            | Self::PasswordReset { person }
            | Self::EmailChanged { person }
            | Self::IdentityLinked { person, .. }
            | Self::IdentityUnlinked { person, .. }
            | Self::IdentityUsed { person, .. } => person.as_str(),
            Self::SignedIn { session } | Self::SignedOut { session } | Self::SessionConfirmed { session, .. } => {
                session.as_str()
            }
            Self::SignInRefused { person } => person.as_ref().map_or("", PersonId::as_str),
            Self::SessionsRevoked { sessions } => sessions.first().map_or("", SessionId::as_str),
        }
    }
}
