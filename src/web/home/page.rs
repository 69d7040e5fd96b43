//! The home of a workspace: what needs attention, the first three steps, what happened lately.

use crate::web::chart::Chart;
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Entry, Link, Tone, grouped};

#[derive(askama::Template)]
#[template(path = "home/show.html")]
pub struct Show {
    pub chrome: Chrome,
    /// The workspace's slug, for links.
    pub ws: String,
    pub workspace: String,
    pub attention: Vec<Attention>,
    /// How many more need attention than are told of.
    pub further: u64,
    /// None once all three steps are done.
    pub start: Option<Start>,
    pub counts: Vec<Count>,
    /// None before the first key and token.
    pub uses: Option<Chart>,
    pub recent: Vec<Entry>,
}

impl Show {
    /// True before the first key and the first token: there is nothing to count yet.
    pub fn newcomer(&self) -> bool {
        self.start.as_ref().is_some_and(|start| !start.key && !start.token)
    }
}

/// One thing that is wrong or soon will be, and the one act that mends it.
pub struct Attention {
    pub tone: Tone,
    pub title: String,
    pub detail: String,
    pub action: Link,
    /// The provider's own page on which it is mended.
    pub place: Option<Link>,
    /// Where it can be put off, if it can.
    pub snooze: Option<String>,
}

/// A newcomer's three steps, each done or to do.
pub struct Start {
    pub key: bool,
    /// Whether the second step is theirs.
    pub makes_tokens: bool,
    pub token: bool,
    pub used: bool,
    /// Where the ready request for the third step stands, once there is one to show.
    pub use_it: Option<String>,
}

impl Start {
    /// The first step that is not done: its button is the one to press.
    pub fn next(&self) -> usize {
        [self.key, self.token, self.used].iter().take_while(|done| **done).count() + 1
    }

    /// True where there are keys, and none that holds a value and that its reader may use.
    pub fn stuck(&self) -> bool {
        self.key && self.use_it.is_none()
    }

    /// Whether something is left to do for the one who reads it.
    pub fn is_open(&self) -> bool {
        if self.makes_tokens { self.done() < 3 } else { !self.key }
    }

    pub fn done(&self) -> usize {
        [self.key, self.token, self.used].into_iter().filter(|done| *done).count()
    }
}

/// A number that the workspace is measured by, and the list that it counts.
pub struct Count {
    pub number: u64,
    pub label: &'static str,
    pub url: Option<String>,
}

impl Count {
    pub fn figure(&self) -> String {
        grouped(self.number)
    }
}
