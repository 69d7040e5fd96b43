//! A point in time, in whole microseconds: the finest grain that both databases keep.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const READABLE: &[BorrowedFormatItem<'_>] =
    format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
const WIRE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MONTH: &[BorrowedFormatItem<'_>] = format_description!("[month repr:long] [year]");
const SHORT_DAY: &[BorrowedFormatItem<'_>] = format_description!("[day padding:none] [month repr:short]");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Moment(i64);

impl Moment {
    /// The first microsecond of 1970.
    pub const EPOCH: Self = Self(0);

    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }

    /// For the store, which binds by reference.
    pub(crate) const fn micros_ref(&self) -> &i64 {
        &self.0
    }

    pub fn millis(self) -> u64 {
        u64::try_from(self.0 / 1_000).unwrap_or(0)
    }

    #[must_use]
    pub fn of_millis(millis: u64) -> Self {
        Self(i64::try_from(millis.saturating_mul(1_000)).unwrap_or(i64::MAX))
    }

    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The last moment at or before this one that is a whole number of such stretches after 1970.
    pub(super) const fn whole(self, micros: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(micros))
    }

    /// How long after `earlier` this is; nothing when it is before.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `21 Nov 2026, 10:42 UTC`
    pub fn readable(self) -> String {
        self.format(READABLE)
    }

    /// `2026-11-21T10:42:00.000Z`
    pub fn wire(self) -> String {
        self.format(WIRE)
    }

    /// A moment written as in RFC 3339, of any offset.
    pub fn of_rfc3339(text: &str) -> Option<Self> {
        let at = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000).ok().map(Self)
    }

    /// The first microsecond of a day written `2026-11-21`.
    pub fn start_of_day(text: &str) -> Option<Self> {
        let day = time::Date::parse(text, DAY).ok()?.midnight().assume_utc();
        i64::try_from(day.unix_timestamp_nanos() / 1_000).ok().map(Self)
    }

    /// `2026-11-21`, the day in UTC.
    pub fn day(self) -> String {
        self.format(DAY)
    }

    /// `November 2026`
    pub fn month(self) -> String {
        self.format(MONTH)
    }

    /// `21 Nov`
    pub fn short_day(self) -> String {
        self.format(SHORT_DAY)
    }

    /// The last microsecond of a day written `2026-11-21`.
    pub fn end_of_day(text: &str) -> Option<Self> {
        let day = time::Date::parse(text, DAY).ok()?;
        let next = day.next_day()?.midnight().assume_utc();
        i64::try_from(next.unix_timestamp_nanos() / 1_000).ok().map(|micros| Self(micros - 1))
    }

    fn format(self, items: &[BorrowedFormatItem<'_>]) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .ok()
            .and_then(|at| at.format(items).ok())
            .unwrap_or_else(|| "beyond the calendar".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_people_and_machines_read() {
        let at = Moment::from_micros(1_795_257_720_123_456);
        assert_eq!(at.readable(), "21 Nov 2026, 10:42 UTC");
        assert_eq!(at.wire(), "2026-11-21T10:42:00.123Z");
    }

    #[test]
    fn a_day_ends_with_its_last_microsecond() {
        let end = Moment::end_of_day("2026-11-21").map(Moment::wire);
        assert_eq!(end.as_deref(), Some("2026-11-21T23:59:59.999Z"));
        let start = Moment::start_of_day("2026-11-21");
        assert_eq!(start.map(Moment::wire).as_deref(), Some("2026-11-21T00:00:00.000Z"));
        assert_eq!(start.map(Moment::day).as_deref(), Some("2026-11-21"));
        assert_eq!(Moment::end_of_day("21.11.2026"), None);
    }
}
