//! Unusual use, in a sentence, with the one act that answers it.

use crate::domain::Moment;
use crate::domain::unusual::Oddity;
use crate::store::oddities::OddRow;

use super::frame::Frame;
use super::url;
use super::view::{Link, Tone, When, counted, grouped};

/// Something unusual about a secret's use.
pub struct Unusual {
    /// Its word, for the form that says all is well.
    pub kind: Oddity,
    pub tone: Tone,
    pub title: &'static str,
    pub sentence: String,
    /// What to do unless all is well; none where it is somebody else's to do.
    pub act: Option<Link>,
}

/// Who reads it, and when.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub ws: &'a str,
    pub frame: &'a Frame,
    pub now: Moment,
}

impl Unusual {
    /// `replace` is where its value is replaced.
    pub fn of(row: &OddRow, reader: Reader<'_>, replace: &Link) -> Self {
        let tone = if row.kind == Oddity::Refusals { Tone::Bad } else { Tone::Warn };
        let (title, sentence, act) = (title(row.kind), sentence(row, reader), act(row, reader, replace));
        Self { kind: row.kind, tone, title, sentence, act }
    }
}

const fn title(kind: Oddity) -> &'static str {
    match kind {
        Oddity::NewToken => "A new user",
        Oddity::NewAddress => "A new address",
        Oddity::Spike => "Far more use than ever",
        Oddity::Refusals => "Refused again and again",
    }
}

pub fn sentence(row: &OddRow, reader: Reader<'_>) -> String {
    let when = When::new(row.found_at, reader.now).relative;
    match row.kind {
        Oddity::NewToken => new_token(row, reader, &when),
        Oddity::NewAddress => new_address(row, reader, &when),
        Oddity::Spike => spike(row, reader, &when),
        Oddity::Refusals => refusals(row, &when),
    }
}

/// The token's name, where its reader may know it.
fn token<'a>(row: &'a OddRow, reader: Reader<'_>) -> Option<&'a str> {
    let (_, name, maker) = row.token.as_ref()?;
    reader.frame.may_open_token(maker).then_some(name.as_str())
}

fn named(row: &OddRow, reader: Reader<'_>) -> String {
    token(row, reader).map_or_else(|| "another member’s service token".to_owned(), |name| format!("“{name}”"))
}

fn number(of: i64) -> u64 {
    u64::try_from(of).unwrap_or_default()
}

/// What else of the kind came since somebody looked.
fn others(row: &OddRow, (one, many): (&str, &str)) -> String {
    match number(row.number).saturating_sub(1) {
        0 => String::new(),
        more => format!(" Before it came {}.", counted(more, one, many)),
    }
}

fn new_token(row: &OddRow, reader: Reader<'_>, when: &str) -> String {
    let more = others(row, ("other new token", "other new tokens"));
    format!("It was used for the first time by {}, {when}.{more}", named(row, reader))
}

fn new_address(row: &OddRow, reader: Reader<'_>, when: &str) -> String {
    let origin = row.origin.as_deref().unwrap_or("an unknown address");
    let more = others(row, ("other new address", "other new addresses"));
    format!("It was used for the first time from {origin}, {when}, by {}.{more}", named(row, reader))
}

fn spike(row: &OddRow, reader: Reader<'_>, when: &str) -> String {
    let uses = counted(number(row.number), "use", "uses");
    let usual = grouped(number(row.usual.unwrap_or_default()));
    let by = row.token.as_ref().map(|_| format!(", most of them by {}", named(row, reader))).unwrap_or_default();
    format!("{uses} within an hour, {when}{by}. The busiest hour before had {usual}.")
}

fn refusals(row: &OddRow, when: &str) -> String {
    format!(
        "The provider did not accept it {} in a row, the last time {when}.",
        counted(number(row.number), "time", "times")
    )
}

fn act(row: &OddRow, reader: Reader<'_>, replace: &Link) -> Option<Link> {
    if row.kind == Oddity::Refusals {
        return Some(Link { label: replace.label.clone(), url: replace.url.clone() });
    }
    token(row, reader)?;
    let (id, ..) = row.token.as_ref()?;
    Some(Link { label: "Revoke the token".to_owned(), url: url::token(reader.ws, id.as_str()) })
}
