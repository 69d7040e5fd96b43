//! What a webhook can be: which events it gets, how it stands, what came of a try, and when there is another.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::id::Malformed;
use super::word::words;
use super::{Chance, Moment, TellKind};

/// A workspace has at most so many.
pub const MOST: u64 = 20;
/// How long before its last day a secret is told of.
pub const EXPIRING: Duration = Duration::from_hours(7 * 24);
/// One that has taken nothing for so long, in so many tries at least, is given up.
pub const PATIENCE: Duration = Duration::from_hours(5 * 24);
pub const FAILURES: i32 = 10;
/// Of an answer so many bytes are kept for the log.
pub const ANSWER: usize = 1_024;

/// The kinds of events that are sent: at least one. All of them is the absence of a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds(BTreeSet<TellKind>);

impl Kinds {
    pub fn new(kinds: impl IntoIterator<Item = TellKind>) -> Option<Self> {
        let set: BTreeSet<_> = kinds.into_iter().collect();
        if set.is_empty() { None } else { Some(Self(set)) }
    }

    pub fn contains(&self, kind: TellKind) -> bool {
        self.0.contains(&kind)
    }

    pub fn iter(&self) -> impl Iterator<Item = TellKind> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|kind| kind.as_str()).collect();
        f.write_str(&words.join(","))
    }
}

impl FromStr for Kinds {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let set = text.split(',').map(str::parse).collect::<Result<Vec<TellKind>, _>>()?;
        Self::new(set).ok_or(Malformed("list of events"))
    }
}

words! {
    /// How a webhook stands.
    WebhookState { Active = "active", Failing = "failing", Paused = "paused", GivenUp = "given_up" }
}

words! {
    DeliveryState { Waiting = "waiting", Delivered = "delivered", Failed = "failed" }
}

words! {
    /// What came of a try.
    Reply {
        Taken = "taken",
        /// With a status that is none of success.
        Refused = "refused",
        Redirected = "redirected",
        AddressNotUsable = "address_not_usable",
        NotConnected = "not_connected",
        NotTrusted = "not_trusted",
        NoAnswer = "no_answer",
        Broken = "broken",
        /// The key that signs could not be opened.
        Unsigned = "unsigned",
        /// The process ended each time.
        Interrupted = "interrupted",
    }
}

words! {
    /// When a new key takes over from the one that signs.
    TakeOver { Now = "now", Hour = "hour", Day = "day", Week = "week" }
}

impl TakeOver {
    pub fn span(self) -> Duration {
        match self {
            Self::Now => Duration::ZERO,
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
            Self::Week => Duration::from_hours(7 * 24),
        }
    }
}

/// The pauses between tries, in minutes: three days in all.
const PAUSES: [u64; 9] = [1, 5, 15, 60, 180, 360, 720, 1_440, 1_440];

/// Tries of one delivery.
pub const MOST_TRIES: i32 = 10;

/// How long to wait after so many tries have failed, and a little longer by chance, so that what failed together is not
/// tried together again; none where that was the last.
pub fn pause_after(tries: i32, chance: &dyn Chance) -> Option<Duration> {
    let at = usize::try_from(tries.checked_sub(1)?).ok()?;
    let pause = Duration::from_mins(*PAUSES.get(at)?);
    let mut jitter = [0_u8; 1];
    chance.fill(&mut jitter);
    Some(pause + pause / 2_560 * u32::from(jitter[0]))
}

/// Whether what has failed so often since then is to be given up.
pub fn is_hopeless(failures: i32, failing_since: Option<Moment>, now: Moment) -> bool {
    failures >= FAILURES && failing_since.is_some_and(|since| since.plus(PATIENCE) <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Chance for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn tries_go_on_for_about_three_days() {
        let all = |jitter| (1..).map_while(|tries| pause_after(tries, &Fixed(jitter))).collect::<Vec<_>>();
        assert_eq!(i32::try_from(all(0).len()).ok(), Some(MOST_TRIES - 1));
        let (least, most): (Duration, Duration) = (all(0).iter().sum(), all(255).iter().sum());
        assert!(least >= Duration::from_hours(70) && most <= Duration::from_hours(78), "{least:?} {most:?}");
        assert_eq!(pause_after(0, &Fixed(0)), None);
    }

    #[test]
    fn one_bad_hour_is_not_hopeless_and_one_old_failure_neither() {
        let now = Moment::EPOCH.plus(PATIENCE);
        assert!(is_hopeless(FAILURES, Some(Moment::EPOCH), now));
        assert!(!is_hopeless(FAILURES - 1, Some(Moment::EPOCH), now));
        assert!(!is_hopeless(100, Some(Moment::from_micros(1)), now) && !is_hopeless(100, None, now));
    }

    #[test]
    fn kinds_are_read_back_as_they_were_written() {
        let kinds = Kinds::new([TellKind::SecretRejected, TellKind::Connected]).unwrap();
        assert_eq!(kinds.to_string().parse().ok(), Some(kinds));
        assert!(Kinds::new([]).is_none() && "".parse::<Kinds>().is_err() && "x,y".parse::<Kinds>().is_err());
    }
}
