//! The pages of members.

use crate::domain::Role;
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{self, Choice, Input, NodeMark, Pager, Tone, When, counted};

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
}

/// What ends with a membership, before it ends.
#[derive(askama::Template)]
#[template(path = "members/end.html")]
pub struct End {
    pub chrome: Chrome,
    pub ws: String,
    pub row: Row,
    pub secrets: Vec<Losing>,
    pub tokens: Vec<String>,
    pub heirs: Vec<Choice>,
    pub heir_error: Option<String>,
    /// What the preview shows, for the act to compare.
    pub seen: String,
    pub confirm: Input,
}

impl End {
    pub fn has_shared(&self) -> bool {
        self.secrets.iter().any(|secret| secret.may_keep)
    }

    pub fn secrets_count(&self) -> String {
        counted(u64::try_from(self.secrets.len()).unwrap_or(u64::MAX), "secret", "secrets")
    }

    pub fn tokens_count(&self) -> String {
        counted(u64::try_from(self.tokens.len()).unwrap_or(u64::MAX), "service token", "service tokens")
    }
}

pub struct Losing {
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub environment: String,
    pub last_use: Option<When>,
    pub may_keep: bool,
    pub kept: bool,
}

/// What has ended.
#[derive(askama::Template)]
#[template(path = "members/ended.html")]
pub struct Ended {
    pub chrome: Chrome,
    /// Where the reader goes on: the members, or home when they have left themselves.
    pub on: String,
    pub name: String,
    pub by_themselves: bool,
    pub deleted: Vec<String>,
    pub kept: Vec<String>,
    pub tokens: Vec<String>,
}

impl Ended {
    /// What there is to tell, each under its heading.
    pub fn lists(&self) -> Vec<(&'static str, &[String])> {
        let all = [
            ("Deleted, with their values", self.deleted.as_slice()),
            ("Kept without a value", self.kept.as_slice()),
            ("Service tokens revoked", self.tokens.as_slice()),
        ];
        all.into_iter().filter(|(_, names)| !names.is_empty()).collect()
    }
}
