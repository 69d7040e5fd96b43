//! The dates of a form: the last day, and the day to be reminded on.

use crate::domain::Moment;
use crate::store::secrets::Dates;
use crate::web::forms::{self, kept, wrong};
use crate::web::view::Input;

use super::form::Sent;

/// What a form shows of them.
#[derive(Clone, Default)]
pub struct Draft {
    pub expires_on: Input,
    pub rotate_on: Input,
    /// The last day of what was there is over: to have none from now on is said and not left out.
    pub asks: bool,
    pub never: bool,
}

/// What the form asks beside the two days.
#[derive(Clone, Copy, Default)]
pub struct Known {
    /// Days that stand on the row already may stay, though they are over.
    pub stay: Dates,
    /// Whether the value that is replaced had a last day, and it is over.
    pub over: bool,
}

impl Draft {
    /// The days that are to come; those that are over say nothing about another value.
    pub fn to_come(dates: Dates, now: Moment) -> Self {
        let asks = dates.expires_at.is_some_and(|end| end <= now);
        Self { asks, ..Self::standing(dates.to_come(now)) }
    }

    pub fn standing(dates: Dates) -> Self {
        let day = |at: Option<Moment>| kept(&at.map(Moment::day).unwrap_or_default());
        Self { expires_on: day(dates.expires_at), rotate_on: day(dates.rotate_at), ..Self::default() }
    }
}

/// The dates, when they can be read and mean something, and what to show again.
pub fn read(sent: &Sent, known: Known, now: Moment) -> (Option<Dates>, Draft) {
    let text = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    let (last, mut expires_on) =
        stands(text("expires_on"), known.stay.expires_at).unwrap_or_else(|| forms::last_day(text("expires_on"), now));
    let (reminder, mut rotate_on) =
        stands(text("rotate_on"), known.stay.rotate_at).unwrap_or_else(|| forms::reminder(text("rotate_on"), now));
    let never = text("never_expires") == "yes";
    if known.over && last == Some(None) && !never {
        expires_on =
            wrong("", "The last day of the old value is over. Choose one for the new value, or say that it has none.");
    }
    if let (Some(Some(last)), Some(Some(reminder))) = (last, reminder)
        && reminder > last
    {
        rotate_on = wrong(text("rotate_on"), "That is after its last day. Choose an earlier one.");
    }
    let dates = match (last, reminder) {
        (Some(expires_at), Some(rotate_at)) if expires_on.error.is_none() && rotate_on.error.is_none() => {
            Some(Dates { expires_at, rotate_at })
        }
        _ => None,
    };
    (dates, Draft { expires_on, rotate_on, asks: known.over, never })
}

/// A day that is left as it stands.
fn stands(text: &str, at: Option<Moment>) -> Option<(Option<Option<Moment>>, Input)> {
    at.filter(|at| at.day() == text.trim()).map(|at| (Some(Some(at)), kept(text)))
}
