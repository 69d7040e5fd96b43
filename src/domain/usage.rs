//! Use: what came of a call upstream, and what of it is counted.

use super::word::words;

words! {
    /// What a provider made of a call.
    Heard {
        /// It answered the call itself, whatever it said.
        Accepted = "accepted",
        /// It had trouble of its own, or gave no answer.
        Failed = "failed",
        /// It did not accept the credential.
        Refused = "refused",
        /// Calls came too fast for it.
        RateLimited = "rate_limited",
    }
}

const TOO_MANY: u16 = 429;
const NOT_KNOWN: u16 = 401;
const NOT_ALLOWED: u16 = 403;

impl Heard {
    /// What a status says, none being no answer; `refusing` and `limiting` are those by which this provider refuses a
    /// credential and slows callers down. Many answer 403 to a good key that may not do this one thing: it counts as
    /// refused only where the provider is known to mean the key.
    pub fn of(status: Option<u16>, refusing: &[u16], limiting: &[u16]) -> Self {
        match status {
            Some(TOO_MANY) => Self::RateLimited,
            Some(status) if limiting.contains(&status) => Self::RateLimited,
            Some(NOT_KNOWN) => Self::Refused,
            Some(NOT_ALLOWED) if refusing.contains(&NOT_ALLOWED) => Self::Refused,
            None | Some(500..) => Self::Failed,
            Some(_) => Self::Accepted,
        }
    }
}

/// A call that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called {
    pub heard: Heard,
    /// None where there was no answer.
    pub status: Option<u16>,
    /// How long it took, to the last byte.
    pub millis: i64,
    /// Bytes of the bodies.
    pub sent: i64,
    pub received: i64,
}

/// As what a recorded use counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A test, or a call whose outcome is still to come.
    Nothing,
    Vend,
    Call(Called),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_heard_as_its_provider_means_it() {
        let told = [
            (Some(200), Heard::Accepted),
            (Some(404), Heard::Accepted),
            (Some(401), Heard::Refused),
            (Some(403), Heard::Accepted),
            (Some(420), Heard::Accepted),
            (Some(429), Heard::RateLimited),
            (Some(500), Heard::Failed),
            (Some(599), Heard::Failed),
            (None, Heard::Failed),
        ];
        for (status, heard) in told {
            assert_eq!(Heard::of(status, &[401], &[]), heard, "{status:?}");
        }
        assert_eq!(Heard::of(Some(403), &[401, 403], &[]), Heard::Refused);
        // In answer to a test, 400 may mean the key; in answer to a call it means the call.
        assert_eq!(Heard::of(Some(400), &[400], &[]), Heard::Accepted);
        assert_eq!(Heard::of(Some(420), &[401], &[420]), Heard::RateLimited);
        assert_eq!(Heard::of(Some(503), &[401], &[503]), Heard::RateLimited);
    }
}
