//! The home of a workspace: what needs attention, the first three steps, what happened lately.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Entry, Link, Tone};

#[derive(askama::Template)]
#[template(path = "home/show.html")]
pub struct Show {
    pub chrome: Chrome,
    /// The workspace's slug, for links.
    pub ws: String,
    pub workspace: String,
    pub attention: Vec<Attention>,
    /// None once all three steps are done.
    pub start: Option<Start>,
    pub counts: Vec<Count>,
    pub recent: Vec<Entry>,
}

/// One thing that is wrong or soon will be, and the one act that mends it.
pub struct Attention {
    pub tone: Tone,
    pub title: String,
    pub detail: String,
    pub action: Link,
}

/// A newcomer's three steps, each done or to do.
pub struct Start {
    pub key: bool,
    pub token: bool,
    pub vended: bool,
    /// Where the ready request for the third step stands: the secret's page.
    pub vend: Option<String>,
    /// Members make only tokens that call through Keyrack, so they see other words.
    pub may_vend: bool,
}

pub struct Count {
    pub number: u64,
    pub label: &'static str,
    pub url: Option<String>,
}
