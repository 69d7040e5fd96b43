//! What happened in a workspace: the list, one entry of it, and whether it is whole.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Choice, Entry, Input, Link, Pager, Tone, When, counted};

#[derive(askama::Template)]
#[template(path = "activity/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Row>,
    pub chips: Vec<Chip>,
    pub form: Form,
    /// Whether the list is narrowed to less than everything.
    pub narrow: bool,
    pub exports: [Link; 2],
    pub pager: Pager,
    /// How many entries were looked at, where the page stopped at that.
    pub looked_at: Option<usize>,
    /// Whether the page was turned towards the newest.
    pub upwards: bool,
}

impl Index {
    /// How far the page has looked, where it stopped at that.
    pub fn looked(&self) -> String {
        let count = u64::try_from(self.looked_at.unwrap_or_default()).unwrap_or_default();
        format!("Looked at {} from here on.", counted(count, "entry", "entries"))
    }

    /// On in the direction in which the page was turned.
    pub fn onwards(&self) -> Option<&String> {
        if self.upwards { self.pager.newer.as_ref() } else { self.pager.older.as_ref() }
    }
}

/// A view of the list: everything, changes, uses.
pub struct Chip {
    pub link: Link,
    pub chosen: bool,
}

/// The form sends `kind`, `by`, `about`, `from` and `to`.
pub struct Form {
    pub kind: &'static str,
    pub actors: Vec<Choice>,
    pub topics: Vec<Choice>,
    pub from: Input,
    pub to: Input,
}

pub struct Row {
    /// None where the entry's text cannot be read.
    pub line: Option<Entry>,
    pub when: When,
    pub url: String,
}

impl Row {
    pub fn address(&self) -> Option<&String> {
        self.line.as_ref()?.address.as_ref()
    }
}

#[derive(askama::Template)]
#[template(path = "activity/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    /// `changes-12`
    pub name: String,
    pub chain: &'static str,
    pub seq: String,
    pub of: String,
    pub when: When,
    pub acts: Vec<Act>,
    pub mac: String,
    pub mac_before: Option<String>,
    /// Whether it is what was sealed; unknown where the entry before is missing.
    pub holds: Option<bool>,
    pub newer: Option<String>,
    pub older: Option<String>,
}

/// One act of an entry, or several alike.
pub struct Act {
    pub line: Entry,
    /// `secret.created`
    pub event: String,
    pub facts: Vec<Fact>,
}

/// Something that the entry says besides.
pub struct Fact {
    pub label: String,
    pub value: String,
    pub is_id: bool,
}

#[derive(askama::Template)]
#[template(path = "activity/check.html")]
pub struct Check {
    pub chrome: Chrome,
    pub ws: String,
    pub chains: Vec<Chain>,
    pub when: When,
    /// Where to go on, when the record is too long to be walked at once.
    pub next: Option<String>,
}

/// A chain as it was walked.
pub struct Chain {
    pub title: &'static str,
    pub tone: Tone,
    pub verdict: String,
    pub detail: String,
    /// The first entry that does not hold, or the last that does.
    pub link: Option<Link>,
}
