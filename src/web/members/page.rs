//! The pages of members.

use crate::domain::Role;
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{self, Choice, Input, Pager, Tone, When, counted};

use super::ending::{Ending, Gone};
use super::uses::{Uses, Way};

#[derive(askama::Template)]
#[template(path = "members/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Row>,
    pub all: u64,
    pub pager: Pager,
    /// Whether the reader may invite somebody.
    pub may_invite: bool,
}

impl Index {
    pub fn count(&self) -> String {
        counted(self.all, "member", "members")
    }
}

pub struct Row {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub you: bool,
    pub joined: When,
    pub last_seen: Option<When>,
}

#[derive(askama::Template)]
#[template(path = "members/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub row: Row,
    /// The roles that the reader may give; empty where there is nothing to change.
    pub roles: Vec<Choice>,
    pub role_error: Option<String>,
    pub is_last_owner: bool,
    pub may_end: bool,
    pub uses: Uses,
    /// Whether the reader sees every secret.
    pub may_see_all: bool,
}

/// What ends with a membership, before it ends.
#[derive(askama::Template)]
#[template(path = "members/end.html")]
pub struct End {
    pub chrome: Chrome,
    pub ws: String,
    pub row: Row,
    pub ending: Ending,
    pub confirm: Input,
}

/// What has ended.
#[derive(askama::Template)]
#[template(path = "members/ended.html")]
pub struct Ended {
    pub chrome: Chrome,
    /// Where the reader goes on: the members, or home when they have left themselves.
    pub on: String,
    pub gone: Gone,
}
