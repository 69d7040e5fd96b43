//! What forms share: an input with its fault, a date, an environment.

use zeroize::Zeroizing;

use crate::domain::{Moment, Name, password};

use super::view::{Input, counted};

pub fn kept(value: &str) -> Input {
    Input { value: value.to_owned(), error: None }
}

pub fn wrong(value: &str, message: &str) -> Input {
    Input { value: value.to_owned(), error: Some(message.to_owned()) }
}

/// The value when it could be read, and the input to show again.
pub fn name(text: &str) -> (Option<Name>, Input) {
    match Name::parse(text) {
        Ok(name) => (Some(name), kept(text)),
        Err(error) => (None, wrong(text, &error.to_string())),
    }
}

/// A password that may be set, and the input to show again, which never shows what was typed.
pub fn new_password(typed: String) -> (Option<Zeroizing<String>>, Input) {
    let typed = Zeroizing::new(typed);
    match password::check(&typed) {
        Ok(()) => (Some(typed), Input::default()),
        Err(error) => (None, wrong("", &error.to_string())),
    }
}

/// Whether this name was typed to confirm something.
pub fn is_typed(typed: &str, name: &Name) -> bool {
    Name::parse(typed).is_ok_and(|typed| typed == *name)
}

/// What is said where somebody has tried too often, and the seconds for `Retry-After`.
pub fn wait(until: Moment, now: Moment) -> (String, u64) {
    let seconds = until.since(now).as_secs().max(1);
    let span = if seconds < 120 {
        counted(seconds, "second", "seconds")
    } else {
        counted(seconds.div_ceil(60), "minute", "minutes")
    };
    (format!("There were too many attempts. Wait {span}, then try again."), seconds)
}

/// A last day that may be left empty; nothing when what stands there is no day to come.
pub fn last_day(text: &str, now: Moment) -> (Option<Option<Moment>>, Input) {
    if text.trim().is_empty() {
        return (Some(None), kept(""));
    }
    match Moment::end_of_day(text.trim()) {
        Some(end) if end > now => (Some(Some(end)), kept(text)),
        Some(_) => (None, wrong(text, "That day is over. Choose a later one.")),
        None => (None, wrong(text, NO_DAY)),
    }
}

/// The day on which to be reminded, which may be left empty; nothing when what stands there is no day to come.
pub fn reminder(text: &str, now: Moment) -> (Option<Option<Moment>>, Input) {
    if text.trim().is_empty() {
        return (Some(None), kept(""));
    }
    match Moment::start_of_day(text.trim()) {
        Some(day) if day > now => (Some(Some(day)), kept(text)),
        Some(_) => (None, wrong(text, "That day has begun already. Choose a later one.")),
        None => (None, wrong(text, NO_DAY)),
    }
}

const NO_DAY: &str = "Enter a day like 2027-01-31.";

/// A day of a filter, read by its first or its last moment; nothing narrows where there is none.
pub fn day(text: &str, read: fn(&str) -> Option<Moment>) -> (Option<Moment>, Input) {
    let text = text.trim();
    match read(text) {
        None if !text.is_empty() => (None, wrong(text, NO_DAY)),
        read => (read, kept(text)),
    }
}
