//! Why a node of a workflow is to be configured anew.

use std::fmt;

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

impl TroubleBy {
    fn words(self) -> &'static str {
        match self {
            Self::ItsOwner => "its owner",
            Self::Admin => "an Admin",
            Self::Owner => "an Owner",
            Self::Keyrack => "Keyrack",
        }
    }
}

/// “was “Stripe live”, deleted by an Admin on 21 Nov 2026”.
impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (secret, who, moment) = (&self.secret, self.by.words(), self.at.readable());
        let day = moment.split(',').next().unwrap_or_default();
        match self.why {
            TroubleWhy::Deleted => write!(f, "was “{secret}”, deleted by {who} on {day}"),
            TroubleWhy::Unshared => write!(f, "was “{secret}”, taken out of the workflow’s reach by {who} on {day}"),
            TroubleWhy::ShareEnded => write!(f, "was “{secret}”, shared with the workflow’s owner until {day}"),
            TroubleWhy::Disabled => write!(f, "is “{secret}”, whose node type was disabled by {who} on {day}"),
            TroubleWhy::Removed => write!(f, "was “{secret}”, gone with its node type, removed by {who} on {day}"),
            TroubleWhy::OwnerLeft => write!(f, "was “{secret}”, gone with its owner, who left on {day}"),
            TroubleWhy::HandedOver => {
                write!(f, "was “{secret}”, which is not for the workflow’s new owner to use, since {day}")
            }
        }
    }
}

/// Why a node has nothing that it could use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unready {
    /// Nobody has bound a secret to it.
    Unbound,
    Lost(Trouble),
    /// The workflow's owner may not use it at this moment.
    OutOfReach {
        secret: String,
    },
}

impl Unready {
    /// What stands in a node's way, besides the state of its secret: that is told by its name, and whether the
    /// workflow's owner may use it.
    pub fn of(trouble: Option<&Trouble>, secret: Option<(&str, bool)>) -> Option<Self> {
        match (trouble, secret) {
            (Some(trouble), _) => Some(Self::Lost(trouble.clone())),
            (None, None) => Some(Self::Unbound),
            (None, Some((name, false))) => Some(Self::OutOfReach { secret: name.to_owned() }),
            (None, Some((_, true))) => None,
        }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbound => f.write_str("no key is bound to it yet"),
            Self::Lost(trouble) => trouble.fmt(f),
            Self::OutOfReach { secret } => {
                write!(f, "is “{secret}”, which the workflow’s owner may not use any more")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_says_what_became_of_its_secret() {
        let at = Moment::from_micros(1_795_257_720_000_000);
        let trouble = Trouble { why: TroubleWhy::Deleted, secret: "Stripe live".to_owned(), by: TroubleBy::Admin, at };
        let unready = Unready::of(Some(&trouble), None).map(|unready| unready.to_string());
        assert_eq!(unready.as_deref(), Some("was “Stripe live”, deleted by an Admin on 21 Nov 2026"));
        assert_eq!(Unready::of(None, Some(("Stripe live", true))), None);
        assert_eq!(Unready::of(None, None), Some(Unready::Unbound));
    }
}
