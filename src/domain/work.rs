//! What is done later, by whichever process comes first.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::word::words;
use super::{Email, Letter, PersonId};

words! {
    JobKind {
        Letter = "letter",
        ResetAsked = "reset_asked",
        SignUpAsked = "sign_up_asked",
        EmailChangeAsked = "email_change_asked",
        Sweep = "sweep",
        Renew = "renew",
        Probe = "probe",
    }
}

impl JobKind {
    /// What it is, for somebody who is not told whom it is for.
    pub fn label(self) -> &'static str {
        match self {
            Self::Letter => "Sending letters",
            Self::ResetAsked | Self::SignUpAsked | Self::EmailChangeAsked => "Looking up accounts",
            Self::Sweep => "Taking away what is over",
            Self::Renew => "Renewing connections",
            Self::Probe => "Testing secrets",
        }
    }

    /// Whether it is planned anew each time it is done. Such work is never given up: nobody would begin it again.
    pub fn comes_again(self) -> bool {
        matches!(self, Self::Sweep | Self::Renew | Self::Probe)
    }
}

/// One piece of work. Whatever is done twice after a crash must come to the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    Letter {
        to: Email,
        letter: Box<Letter>,
    },
    /// Whether there is such an account is looked up where nobody can time it.
    ResetAsked {
        email: Email,
    },
    SignUpAsked {
        email: Email,
    },
    EmailChangeAsked {
        person: PersonId,
        email: Email,
    },
    /// Takes away what is over.
    Sweep,
    /// Asks for new tokens before the old ones end.
    Renew,
    /// Tests what was not tested for long.
    Probe,
}

impl Work {
    pub fn kind(&self) -> JobKind {
        match self {
            Self::Letter { .. } => JobKind::Letter,
            Self::ResetAsked { .. } => JobKind::ResetAsked,
            Self::SignUpAsked { .. } => JobKind::SignUpAsked,
            Self::EmailChangeAsked { .. } => JobKind::EmailChangeAsked,
            Self::Sweep => JobKind::Sweep,
            Self::Renew => JobKind::Renew,
            Self::Probe => JobKind::Probe,
        }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Letter { letter, .. } => letter.title(),
            Self::ResetAsked { .. } => "Asked for a new password",
            Self::SignUpAsked { .. } => "Asked for an account",
            Self::EmailChangeAsked { .. } => "Asked for another address",
            Self::Sweep | Self::Renew | Self::Probe => self.kind().label(),
        }
    }
}

/// Tries before a piece of work counts as failed.
pub const MOST_TRIES: u32 = 8;

/// How long to wait after so many tries have failed: a minute at first, six hours at most, about a day in all.
pub fn pause_after(tries: u32) -> Duration {
    let minutes = [1, 5, 15, 60, 180, 360, 360];
    let at = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    Duration::from_mins(minutes.get(at).copied().unwrap_or(360))
}
