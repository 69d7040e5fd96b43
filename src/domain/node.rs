//! Why a node of a workflow is to be configured anew.

use super::Moment;
use super::word::words;

words! {
    /// What happened to the secret that a node was bound to.
    TroubleWhy {
        Deleted = "deleted",
        Unshared = "unshared",
        ShareEnded = "share_ended",
        /// Its node type is disabled. The binding stays, and counts again once that is enabled.
        Disabled = "disabled",
        /// Its node type was removed, and all secrets of it.
        Removed = "removed",
        OwnerLeft = "owner_left",
        /// The workflow passed to somebody who may not use the secret.
        HandedOver = "handed_over",
    }
}

words! {
    /// Who did it, as far as whoever owns the workflow needs to know.
    TroubleBy { ItsOwner = "its_owner", Admin = "admin", Owner = "owner", Keyrack = "keyrack" }
}

/// What a node that is to be configured anew was bound to, and what became of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub why: TroubleWhy,
    /// The secret's name at that time.
    pub secret: String,
    pub by: TroubleBy,
    pub at: Moment,
}
