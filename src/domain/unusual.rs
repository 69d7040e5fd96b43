//! Unusual use: what about a secret's uses is worth a person's look.
//!
//! Invariant: judged by the secret's own history alone, and never by numbers so small that chance explains them.

use std::time::Duration;

use super::Moment;
use super::word::words;

words! {
    /// What is unusual. Of each, a secret has one at a time.
    Oddity {
        NewToken = "new_token",
        NewAddress = "new_address",
        Spike = "spike",
        /// The provider refused it several times in a row.
        Refusals = "refusals",
    }
}

/// A secret's first days are all new: only after them does somebody new stand out.
const SETTLING_IN: Duration = Duration::from_hours(3 * 24);
/// What is used by so many, or from so many places, meets somebody new every day.
const MANY: i64 = 16;
/// So many refusals in a row are told of.
pub const ROW: i64 = 3;
/// Fewer uses in an hour than this are no spike, whatever was before.
pub const FLOOR: i64 = 60;
/// So many times the busiest hour before.
const FACTOR: i64 = 3;
/// For how long before the hours are looked at.
pub const MEMORY: Duration = Duration::from_hours(28 * 24);

/// Whether a token or an address that was never seen before is worth a word: used since when, if at all, and by or from
/// how many until now.
pub fn stands_out(used_since: Option<Moment>, known: i64, now: Moment) -> bool {
    known > 0 && known < MANY && used_since.is_some_and(|since| now.since(since) >= SETTLING_IN)
}

/// Whether one hour's uses stand out from the busiest hour before.
pub fn is_spike(uses: i64, busiest: i64, used_since: Option<Moment>, now: Moment) -> bool {
    let settled = used_since.is_some_and(|since| now.since(since) >= SETTLING_IN);
    settled && uses >= FLOOR && uses >= busiest.saturating_mul(FACTOR)
}

pub fn is_row(in_a_row: i64) -> bool {
    in_a_row >= ROW
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Moment = Moment::from_micros(1_795_257_720_000_000);

    fn days_ago(days: u64) -> Option<Moment> {
        Some(NOW.minus(Duration::from_hours(24 * days)))
    }

    #[test]
    fn somebody_new_stands_out_once_a_secret_has_settled_in() {
        assert!(stands_out(days_ago(3), 1, NOW));
        assert!(stands_out(days_ago(90), 15, NOW));
        assert!(!stands_out(days_ago(2), 1, NOW));
        assert!(!stands_out(None, 1, NOW));
        assert!(!stands_out(days_ago(90), 0, NOW), "the first one of all");
        assert!(!stands_out(days_ago(90), 16, NOW), "one of many");
    }

    #[test]
    fn a_spike_stands_out_from_the_busiest_hour() {
        assert!(is_spike(60, 20, days_ago(7), NOW));
        assert!(!is_spike(59, 0, days_ago(7), NOW));
        assert!(!is_spike(600, 201, days_ago(7), NOW));
        assert!(!is_spike(600, 1, days_ago(1), NOW));
        assert!(!is_spike(600, 0, None, NOW));
    }

    proptest! {
        #[test]
        fn small_numbers_are_no_spike(uses in 0..FLOOR, busiest in 0..i64::MAX, days in 0..900_u64) {
            prop_assert!(!is_spike(uses, busiest, days_ago(days), NOW));
        }

        #[test]
        fn what_happened_before_is_no_spike(uses in 0..i64::MAX, more in 0..1_000_i64, days in 0..900_u64) {
            prop_assert!(!is_spike(uses, uses.saturating_add(more).max(1), days_ago(days), NOW));
        }

        #[test]
        fn more_of_it_is_a_spike_too(uses in 0..1_000_000_i64, more in 0..1_000_000_i64, busiest in 0..1_000_000_i64) {
            prop_assert!(!is_spike(uses, busiest, days_ago(9), NOW) || is_spike(uses + more, busiest, days_ago(9), NOW));
        }
    }
}
