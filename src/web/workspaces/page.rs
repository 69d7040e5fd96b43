//! The pages about a workspace as a whole.

use crate::domain::{Adders, Sharing};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Input, counted};

#[derive(askama::Template)]
#[template(path = "workspaces/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub name: Input,
}

#[derive(askama::Template)]
#[template(path = "workspaces/edit.html")]
pub struct Edit {
    pub chrome: Chrome,
    pub ws: String,
    pub name: Input,
    /// The name as it is, whatever was typed.
    pub workspace: String,
    pub sharing: Sharing,
    pub adders: Adders,
    pub return_addresses: Input,
    /// Whose people join by themselves.
    pub domains: Vec<String>,
    /// The one that the reader could add.
    pub to_open: Option<String>,
    pub opens: bool,
    pub address: String,
    pub may_delete: bool,
    pub sees_jobs: bool,
}

impl Edit {
    pub fn everybody(&self) -> String {
        format!("Everybody in {}, through tokens of their own.", self.workspace)
    }
}

#[derive(askama::Template)]
#[template(path = "workspaces/delete.html")]
pub struct Delete {
    pub chrome: Chrome,
    pub ws: String,
    pub name: String,
    pub members: u64,
    pub secrets: u64,
    pub tokens: u64,
    pub confirm: Input,
}

impl Delete {
    /// What goes, in numbers.
    pub fn lines(&self) -> [(&'static str, String); 3] {
        [
            ("key", format!("{}, with their values", counted(self.secrets, "secret", "secrets"))),
            (
                "ticket",
                format!(
                    "{}: whatever holds one stops working",
                    counted(self.tokens, "service token", "service tokens")
                ),
            ),
            ("people", format!("the membership of {}", counted(self.members, "person", "people"))),
        ]
    }
}
