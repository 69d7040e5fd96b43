//! The first page of all: it makes the first Owner and the first workspace.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::Input;

#[derive(askama::Template)]
#[template(path = "set_up/new.html")]
pub struct New {
    pub chrome: Chrome,
    /// The one-time token of the link, to post back to.
    pub token: String,
    pub name: Input,
    pub email: Input,
    pub password: Input,
    pub workspace: Input,
}

/// For whoever opens Keyrack without the link, or opens the link twice.
#[derive(askama::Template)]
#[template(path = "set_up/closed.html")]
pub struct Closed {
    pub chrome: Chrome,
    pub done: bool,
}
