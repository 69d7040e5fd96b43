//! The pages of an import. What stands in them was written by a stranger: plain text, bounded, and never a link beside https.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Link, Tone, grouped};

/// The first step: the text.
#[derive(askama::Template)]
#[template(path = "custom_apis/import/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    pub error: Option<String>,
    /// What was pasted, where that is short enough to come back with an error.
    pub pasted: String,
}

/// The second step: what was understood.
#[derive(askama::Template)]
#[template(path = "custom_apis/import/understood.html")]
pub struct Shown {
    pub chrome: Chrome,
    pub ws: String,
    pub name: String,
    pub version: String,
    pub summary: String,
    pub docs: Option<Link>,
    pub servers: Cut<Offered>,
    pub ways: Cut<Offered>,
    pub unused: Cut<Unused>,
}

/// What a person can choose.
pub struct Offered {
    /// What the choice is sent as.
    pub value: String,
    pub label: String,
    pub words: String,
    pub chosen: bool,
}

pub struct Unused {
    pub place: String,
    pub why: String,
}

/// The first of many.
pub struct Cut<T> {
    pub shown: Vec<T>,
    pub more: usize,
}

impl<T> Cut<T> {
    pub fn of(mut all: Vec<T>, most: usize) -> Self {
        let more = all.len().saturating_sub(most);
        all.truncate(most);
        Self { shown: all, more }
    }

    pub fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    pub fn all(&self) -> String {
        grouped(u64::try_from(self.shown.len() + self.more).unwrap_or(u64::MAX))
    }
}
