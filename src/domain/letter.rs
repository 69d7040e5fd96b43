//! What Keyrack writes to people: facts alone. The words are put to them when a letter is sent.
//!
//! Invariant: no letter has a place for a stored value. Links are kept sealed until their letter is sent.

use serde::{Deserialize, Serialize};

use super::reminder::DateKind;
use super::word::words;
use super::{Email, Environment, Method, Moment, Role, SecretId, WebhookId};

words! {
    /// What somebody else did to a secret, as its owner is told.
    SecretDeed {
        Replaced = "replaced",
        Staged = "staged",
        Dropped = "dropped",
        Promoted = "promoted",
        RolledBack = "rolled_back",
        Disconnected = "disconnected",
        Deleted = "deleted",
    }
}

words! {
    /// How a provider showed that it does not take a key.
    Refused { Test = "test", Calls = "calls" }
}

words! {
    /// What ended several secrets' values at once.
    SecretsEnd { Deleted = "deleted", Disconnected = "disconnected" }
}

/// A date of a secret, as a letter lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateLine {
    pub slug: String,
    pub workspace: String,
    pub name: String,
    pub node_type: String,
    pub environment: Environment,
    pub kind: DateKind,
    pub at: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// An offer of membership.
    Invitation {
        workspace: String,
        by: String,
        address: Email,
        role: Role,
        message: Option<String>,
        link: String,
        until: Moment,
    },
    /// To somebody who may make an account, to prove that the address is theirs.
    SignUp {
        link: String,
        until: Moment,
    },
    /// Somebody gave an address as new that has an account.
    AlreadyHere,
    PasswordReset {
        link: String,
        until: Moment,
    },
    PasswordChanged {
        at: Moment,
    },
    /// To the new address, to prove that it is the person's.
    EmailProof {
        link: String,
        until: Moment,
    },
    /// To the old address, before anything changes.
    EmailChangeAsked {
        new: Email,
    },
    /// To both addresses, once it has changed.
    EmailChanged {
        before: Email,
        after: Email,
        /// Whether this is the one to the new address; the old one opens nothing any more.
        to_new: bool,
    },
    RoleChanged {
        workspace: String,
        slug: String,
        by: String,
        role: Role,
    },
    /// To somebody who was removed.
    Removed {
        workspace: String,
        by: String,
    },
    /// To those who look after a workspace: what ended with a membership.
    MemberGone {
        workspace: String,
        slug: String,
        name: String,
        /// None where they left by themselves.
        by: Option<String>,
        deleted: Vec<String>,
        kept: Vec<String>,
        tokens: Vec<String>,
        /// What others own and they could use, as far as it is named, and how many more there are.
        #[serde(default)]
        reach: Vec<String>,
        #[serde(default)]
        further: u64,
        /// To whom the workflows pass, and which.
        #[serde(default)]
        heir: Option<String>,
        #[serde(default)]
        workflows: Vec<String>,
    },
    /// To the owner of a secret: what an Admin did to it.
    SecretTouched {
        workspace: String,
        slug: String,
        id: SecretId,
        name: String,
        node_type: String,
        by: String,
        deed: SecretDeed,
    },
    /// To the owner of a connection whose provider does not renew it any more.
    ConsentLost {
        workspace: String,
        slug: String,
        id: SecretId,
        name: String,
        node_type: String,
        method: Method,
    },
    /// To the owner of a secret that its provider does not take any more.
    SecretRejected {
        workspace: String,
        slug: String,
        id: SecretId,
        name: String,
        node_type: String,
        refused: Refused,
        method: Method,
        /// What its node type says about it.
        advice: String,
        /// The provider's own page on which keys are made.
        place: Option<String>,
    },
    /// To the owner of secrets: which of them an Admin has ended together.
    SecretsEnded {
        workspace: String,
        slug: String,
        by: String,
        end: SecretsEnd,
        secrets: Vec<String>,
        /// How many more there are than are named.
        more: usize,
    },
    /// To the owner of workflows: which nodes have lost their secret, and how.
    WorkflowsBroken {
        workspace: String,
        slug: String,
        nodes: Vec<String>,
    },
    AccountDeleted,
    /// By which provider one can come in from now on, or no more.
    SignInLinked {
        provider: String,
        address: Option<Email>,
    },
    SignInUnlinked {
        provider: String,
    },
    /// To an owner: which of their secrets are to have new values.
    RotationAsked {
        workspace: String,
        slug: String,
        by: String,
        name: String,
        due: Option<Moment>,
        secrets: Vec<String>,
        /// How many more there are than are named.
        more: usize,
    },
    /// To an owner of secrets: which of them end soon, or are due for another value. In all workspaces.
    Reminder {
        lines: Vec<DateLine>,
        /// How many more there are than are named.
        more: usize,
    },
    /// To those who look after a workspace: a webhook is given up.
    WebhookGivenUp {
        workspace: String,
        slug: String,
        id: WebhookId,
        name: String,
        host: String,
        since: Option<Moment>,
    },
    /// An Owner tries whether mail arrives.
    Trial {
        workspace: String,
    },
}

impl Letter {
    /// What it is, for a list of what waits to be sent.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Invitation { .. } => "Invitation",
            Self::SignUp { .. } => "Sign-up link",
            Self::AlreadyHere => "Notice of an account that exists",
            Self::PasswordReset { .. } => "Password reset",
            Self::PasswordChanged { .. } => "Notice of a new password",
            Self::EmailProof { .. } => "Proof of a new address",
            Self::EmailChangeAsked { .. } => "Notice of an address to change",
            Self::EmailChanged { .. } => "Notice of a changed address",
            Self::RoleChanged { .. } => "Notice of a new role",
            Self::Removed { .. } => "Notice of a removal",
            Self::MemberGone { .. } => "Report on a member who is gone",
            Self::SecretTouched { .. } => "Notice about a secret",
            Self::ConsentLost { .. } => "Notice of a connection to renew",
            Self::SecretRejected { .. } => "Notice of a rejected secret",
            Self::SecretsEnded { .. } => "Notice about secrets",
            Self::WorkflowsBroken { .. } => "Notice of broken workflows",
            Self::AccountDeleted => "Notice of a deleted account",
            Self::SignInLinked { .. } | Self::SignInUnlinked { .. } => "Notice of a way to sign in",
            Self::RotationAsked { .. } => "Request for new values",
            Self::Reminder { .. } => "Reminder of secrets’ dates",
            Self::WebhookGivenUp { .. } => "Notice of a webhook that is given up",
            Self::Trial { .. } => "Trial letter",
        }
    }

    /// After which it would only mislead.
    pub fn until(&self) -> Option<Moment> {
        match self {
            Self::Invitation { until, .. }
            | Self::SignUp { until, .. }
            | Self::PasswordReset { until, .. }
            | Self::EmailProof { until, .. } => Some(*until),
            _ => None,
        }
    }
}
