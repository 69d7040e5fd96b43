//! Use: what came of a call upstream, and what of it is counted.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv6Net};

use super::Moment;
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

/// What uses come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub vends: i64,
    /// All of them; the next three are among these.
    pub calls: i64,
    pub failures: i64,
    pub refused: i64,
    pub limited: i64,
    /// What all calls took together, and the longest of them.
    pub millis: i64,
    pub longest: i64,
    pub sent: i64,
    pub received: i64,
}

impl Sums {
    pub fn of(counted: Counted) -> Self {
        match counted {
            Counted::Nothing => Self::default(),
            Counted::Vend => Self { vends: 1, ..Self::default() },
            Counted::Call(Called { heard, millis, sent, received, .. }) => Self {
                vends: 0,
                calls: 1,
                failures: i64::from(heard == Heard::Failed),
                refused: i64::from(heard == Heard::Refused),
                limited: i64::from(heard == Heard::RateLimited),
                millis,
                longest: millis,
                sent,
                received,
            },
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.vends = self.vends.saturating_add(other.vends);
        self.calls = self.calls.saturating_add(other.calls);
        self.failures = self.failures.saturating_add(other.failures);
        self.refused = self.refused.saturating_add(other.refused);
        self.limited = self.limited.saturating_add(other.limited);
        self.millis = self.millis.saturating_add(other.millis);
        self.longest = self.longest.max(other.longest);
        self.sent = self.sent.saturating_add(other.sent);
        self.received = self.received.saturating_add(other.received);
    }

    /// How often something was used.
    pub fn uses(&self) -> i64 {
        self.vends.saturating_add(self.calls)
    }

    /// What a call took on average; none where there was none.
    pub fn mean(&self) -> Option<i64> {
        self.millis.checked_div(self.calls)
    }
}

/// Calls that were refused one after another, as far as one stretch of calls tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// At the end of the stretch.
    in_a_row: i64,
    /// Whether the provider took the credential at least once: what was before does not count then.
    was_taken: bool,
}

impl Refusals {
    /// A vend tells nothing, and neither does a provider that has trouble of its own or wants slower calls.
    pub fn of(counted: Counted) -> Self {
        match counted {
            Counted::Call(Called { heard: Heard::Refused, .. }) => Self { in_a_row: 1, was_taken: false },
            Counted::Call(Called { heard: Heard::Accepted, .. }) => Self { in_a_row: 0, was_taken: true },
            Counted::Nothing | Counted::Vend | Counted::Call(_) => Self::default(),
        }
    }

    /// This stretch and the next one together.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self { in_a_row: next.after(self.in_a_row), was_taken: self.was_taken || next.was_taken }
    }

    /// How many there are in a row after this stretch, where so many were before it.
    pub fn after(self, before: i64) -> i64 {
        if self.was_taken { self.in_a_row } else { before.saturating_add(self.in_a_row) }
    }

    /// Whether it changes nothing.
    pub fn say_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Where uses come from: an address, or of version 6 the network of one host, which draws new addresses in it every day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(IpNet);

const OF_ONE_HOST: u8 = 64;

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(wide) => Self(IpNet::V6(Ipv6Net::new(wide, OF_ONE_HOST).unwrap_or(wide.into()).trunc())),
            narrow @ IpAddr::V4(_) => Self(narrow.into()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpNet::V4(alone) => alone.addr().fmt(f),
            IpNet::V6(network) => network.fmt(f),
        }
    }
}

words! {
    /// Into which stretches of time uses are told.
    Stretch { Hour = "hour", Day = "day" }
}

impl Stretch {
    /// The first moment of the one that holds this moment, in UTC.
    pub fn start(self, at: Moment) -> Moment {
        match self {
            Self::Hour => at.whole(MICROS_OF_HOUR),
            Self::Day => at.whole(24 * MICROS_OF_HOUR),
        }
    }
}

const MICROS_OF_HOUR: i64 = 3_600_000_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    fn call(heard: Heard) -> Counted {
        Counted::Call(Called { heard, status: None, millis: 7, sent: 1, received: 2 })
    }

    #[test]
    fn an_origin_is_an_address_or_the_network_of_one_host() {
        let told = |text: &str| text.parse::<IpAddr>().map(|address| Origin::from(address).to_string());
        assert_eq!(told("203.0.113.7").as_deref(), Ok("203.0.113.7"));
        assert_eq!(told("::ffff:203.0.113.7").as_deref(), Ok("203.0.113.7"));
        assert_eq!(told("2001:db8:1:2:3:4:5:6").as_deref(), Ok("2001:db8:1:2::/64"));
    }

    fn any_counted() -> impl Strategy<Value = Counted> {
        prop_oneof![
            Just(Counted::Nothing),
            Just(Counted::Vend),
            (0..4_usize).prop_map(|at| call(Heard::ALL.get(at).copied().unwrap_or(Heard::Failed))),
        ]
    }

    proptest! {
        /// Wherever a run of calls is cut, its pieces come to the same as the whole.
        #[test]
        fn refusals_in_a_row_do_not_depend_on_the_cuts(
            run in proptest::collection::vec(any_counted(), 0..40), cut in 0..40_usize, before in 0..9_i64,
        ) {
            let told = |run: &[Counted]| run.iter().fold(Refusals::default(), |all, one| all.then(Refusals::of(*one)));
            let (first, second) = run.split_at(cut.min(run.len()));
            prop_assert_eq!(told(first).then(told(second)), told(&run));
            prop_assert_eq!(told(second).after(told(first).after(before)), told(&run).after(before));
            let mut row = before;
            for one in &run {
                row = match one {
                    Counted::Call(Called { heard: Heard::Accepted, .. }) => 0,
                    Counted::Call(Called { heard: Heard::Refused, .. }) => row + 1,
                    _ => row,
                };
            }
            prop_assert_eq!(told(&run).after(before), row);
        }

        #[test]
        fn what_is_counted_adds_up(run in proptest::collection::vec(any_counted(), 0..40)) {
            let mut sums = Sums::default();
            run.iter().for_each(|one| sums.add(&Sums::of(*one)));
            let heard = |wanted| run.iter().filter(|one| matches!(one, Counted::Call(call) if call.heard == wanted)).count();
            let calls: usize = Heard::ALL.iter().map(|one| heard(*one)).sum();
            let expected = [calls, heard(Heard::Failed), heard(Heard::Refused), heard(Heard::RateLimited)];
            let found = [sums.calls, sums.failures, sums.refused, sums.limited];
            prop_assert_eq!(found.map(|number| usize::try_from(number).unwrap_or_default()), expected);
            prop_assert_eq!(sums.mean(), (calls > 0).then_some(7));
            prop_assert_eq!(sums.uses() - sums.vends, sums.calls);
        }

        #[test]
        fn a_stretch_holds_its_moments(micros in -9_999_999_999_999_999_i64..9_999_999_999_999_999) {
            for (stretch, span) in [(Stretch::Hour, MICROS_OF_HOUR), (Stretch::Day, 24 * MICROS_OF_HOUR)] {
                let start = stretch.start(Moment::from_micros(micros)).micros();
                prop_assert!(start <= micros && micros < start + span && start % span == 0);
            }
        }
    }
}
