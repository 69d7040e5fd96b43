//! What a service token can be, how lately it was used, and how long an old text of it goes on.

use std::time::Duration;

use super::Moment;
use super::word::words;

/// A token whose end is nearer than this is about to expire.
pub const SOON: Duration = Duration::from_hours(14 * 24);

/// What has not been used for so long is perhaps not needed any more.
pub const LONG: Duration = Duration::from_hours(30 * 24);

words! {
    /// Each token is one of these.
    TokenState { Active = "active", Expiring = "expiring", Expired = "expired", Revoked = "revoked" }
}

impl TokenState {
    pub fn derive(revoked_at: Option<Moment>, expires_at: Option<Moment>, now: Moment) -> Self {
        match expires_at {
            _ if revoked_at.is_some() => Self::Revoked,
            Some(end) if end <= now => Self::Expired,
            Some(end) if end <= now.plus(SOON) => Self::Expiring,
            _ => Self::Active,
        }
    }

    pub fn lives(self) -> bool {
        matches!(self, Self::Active | Self::Expiring)
    }
}

words! {
    LastUse { Lately = "lately", LongAgo = "long-ago", Never = "never" }
}

words! {
    /// How long the text before goes on beside a new one: long enough to put the new one everywhere.
    Overlap { None = "none", Hour = "hour", Day = "day", Week = "week" }
}

impl Overlap {
    pub fn span(self) -> Option<Duration> {
        match self {
            Self::None => None,
            Self::Hour => Some(Duration::from_hours(1)),
            Self::Day => Some(Duration::from_hours(24)),
            Self::Week => Some(Duration::from_hours(7 * 24)),
        }
    }
}
