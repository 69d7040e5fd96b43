//! When somebody is reminded that a secret ends, or that another value of it is due.

use std::time::Duration;

use super::Moment;
use super::word::words;

words! {
    /// What a date of a secret is.
    DateKind { Expiry = "expiry", Rotation = "rotation" }
}

const DAY: Duration = Duration::from_hours(24);
/// How long before its last day a secret is spoken of.
pub const SOON: Duration = Duration::from_hours(14 * 24);
/// For so long it is still written that a date was passed over, as when Keyrack stood still.
pub const LATE: Duration = Duration::from_hours(7 * 24);
/// Another value that was due before is not spoken of any more by letter: longer than anybody can put it off.
pub const OVERDUE: Duration = Duration::from_hours(60 * 24);
/// For how many days somebody may want not to hear of it.
pub const SNOOZES: [u64; 3] = [1, 7, 30];

impl DateKind {
    /// How many letters about it should have been written by now: of its end two weeks before, three days before, and when
    /// the last day begins; of a value that is due one.
    pub fn letters(self, at: Moment, now: Moment) -> i32 {
        let begun = |before: Duration| i32::from(at.minus(before) <= now);
        match self {
            Self::Expiry => begun(SOON) + begun(DAY * 3) + begun(DAY),
            Self::Rotation => begun(Duration::ZERO),
        }
    }
}

/// What was written of a secret's dates to somebody, and until when they do not want to hear of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    pub expiry: i32,
    pub rotation: i32,
    pub at: Option<Moment>,
    pub snoozed_until: Option<Moment>,
}

impl Told {
    pub fn is_snoozed(self, now: Moment) -> bool {
        self.snoozed_until.is_some_and(|until| until > now)
    }

    /// Whether there is something to be written of this date: more than was, or that the wish to hear no more is over.
    pub fn lacks(self, kind: DateKind, at: Moment, now: Moment) -> bool {
        let (wanted, written) = (kind.letters(at, now), self.of(kind));
        let woken = self.snoozed_until.is_some_and(|until| until <= now && self.at.is_none_or(|told| told < until));
        // What is passed over for long is no news; that another value is due stays true.
        let late = at.plus(LATE) <= now;
        let open = (wanted > written && !late) || (woken && (kind == DateKind::Rotation || !late));
        wanted > 0 && !self.is_snoozed(now) && open
    }

    fn of(self, kind: DateKind) -> i32 {
        match kind {
            DateKind::Expiry => self.expiry,
            DateKind::Rotation => self.rotation,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u64) -> Moment {
        Moment::EPOCH.plus(DAY * u32::try_from(number).unwrap())
    }

    #[test]
    fn an_end_is_written_of_three_times_and_a_value_that_is_due_once() {
        let end = day(100);
        let of = |now| DateKind::Expiry.letters(end, now);
        assert_eq!([80, 86, 96, 97, 98, 99, 100].map(|at| of(day(at))), [0, 1, 1, 2, 2, 3, 3]);
        assert_eq!([99, 100, 200].map(|at| DateKind::Rotation.letters(end, day(at))), [0, 1, 1]);
    }

    #[test]
    fn nothing_is_written_twice_or_of_what_somebody_does_not_want_to_hear() {
        let (end, none) = (day(100), Told::default());
        let lacks = |told: Told, now| told.lacks(DateKind::Expiry, end, day(now));
        assert!(!lacks(none, 80) && lacks(none, 86));
        let once = Told { expiry: 1, at: Some(day(86)), ..none };
        assert!(!lacks(once, 90) && lacks(once, 97));
        let snoozed = Told { snoozed_until: Some(day(93)), ..once };
        assert!(!lacks(snoozed, 92) && lacks(snoozed, 93), "what was put off comes back");
        assert!(!lacks(Told { at: Some(day(93)), ..snoozed }, 94), "and once");
        assert!(lacks(none, 101) && !lacks(none, 107), "what is long over is no news");
        let put_off = Told { rotation: 1, at: Some(day(100)), snoozed_until: Some(day(130)), ..none };
        let due = |now| put_off.lacks(DateKind::Rotation, end, day(now));
        assert!(!due(129) && due(130), "it is due all the same");
    }
}
