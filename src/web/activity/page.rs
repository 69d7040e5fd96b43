//! What happened in a workspace, newest first, and whether the record is whole.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Entry, Link, Pager, When, grouped};

#[derive(askama::Template)]
#[template(path = "activity/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub entries: Vec<Entry>,
    pub filters: Vec<Filter>,
    pub chain: Chain,
    pub pager: Pager,
}

/// A choice above the list: everything, changes, uses.
pub struct Filter {
    pub link: Link,
    pub chosen: bool,
}

/// Each entry seals the one before it; this is what checking them found.
pub enum Chain {
    Verified { entries: u64, at: When },
    Broken { at_entry: u64, at: When },
    Unchecked,
}
