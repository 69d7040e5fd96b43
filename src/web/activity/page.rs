//! What happened in a workspace, newest first.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Entry, Link, Pager};

#[derive(askama::Template)]
#[template(path = "activity/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub entries: Vec<Entry>,
    pub filters: Vec<Filter>,
    pub pager: Pager,
}

/// A choice above the list: everything, changes, uses.
pub struct Filter {
    pub link: Link,
    pub chosen: bool,
}
