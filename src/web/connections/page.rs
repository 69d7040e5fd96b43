//! What the list of connections draws.

use crate::domain::{Environment, SecretState};
use crate::web::chrome::Chrome;
use crate::web::secrets::page::Owner;
use crate::web::url;
use crate::web::view::{Choice, Link, NodeMark, Pager, Shown as _, When, counted, grouped};

#[derive(askama::Template)]
#[template(path = "connections/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub filter: Filter,
    pub matching: u64,
    /// How many there are without any filter.
    pub all: u64,
    pub rows: Vec<Row>,
    pub pager: Pager,
    pub may_manage: bool,
    /// Whether there is a node type yet whose accounts are connected.
    pub any_node_type: bool,
}

impl Index {
    pub fn count(&self) -> String {
        match self.matching == self.all {
            true => counted(self.all, "connection", "connections"),
            false => format!("{} of {}", grouped(self.matching), counted(self.all, "connection", "connections")),
        }
    }
}

/// What the list is narrowed to. The form sends `q`, `node_type`, `environment` and `state`.
pub struct Filter {
    pub q: String,
    pub node_types: Vec<Choice>,
    pub environments: Vec<Choice>,
    pub states: Vec<Choice>,
    pub chips: Vec<Link>,
}

pub struct Row {
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    /// As the provider calls it.
    pub account: Option<String>,
    pub owner: Owner,
    pub environment: Environment,
    pub state: SecretState,
    pub disabled: bool,
    /// What came between the last renewal and this one, while what is held still counts.
    pub trouble: Option<&'static str>,
    pub renewal: Option<When>,
    pub ends: Option<When>,
    pub act: Option<Link>,
}
