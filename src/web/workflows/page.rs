//! The pages of workflows and their nodes. A key is shown by its name, its last four and its state.

use crate::domain::{Environment, SecretState, TokenState};
use crate::web::chrome::Chrome;
use crate::web::snippet::Snippet;
use crate::web::url;
use crate::web::view::{Choice, Input, Link, NodeMark, Pager, Shown, Tone, When, counted, grouped};

/// Whether a workflow's nodes have what they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    Needs,
    /// There is nothing that could need anything.
    NoNodes,
}

impl Readiness {
    pub fn of(nodes: usize, unready: usize) -> Self {
        match (nodes, unready) {
            (0, _) => Self::NoNodes,
            (_, 0) => Self::Ready,
            _ => Self::Needs,
        }
    }
}

impl Shown for Readiness {
    fn word(&self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Needs => "Needs reconfiguration",
            Self::NoNodes => "No nodes yet",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Ready => "check-circle",
            Self::Needs => "alert",
            Self::NoNodes => "info",
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Ready => "good",
            Self::Needs => "warn",
            Self::NoNodes => "muted",
        }
    }
}

#[derive(askama::Template)]
#[template(path = "workflows/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Row>,
    pub filter: Filter,
    /// How many match the filter, over all pages.
    pub matching: u64,
    /// How many this person may see at all.
    pub all: u64,
    pub pager: Pager,
}

impl Index {
    pub fn count(&self) -> String {
        if self.filter.chips.is_empty() {
            counted(self.all, "workflow", "workflows")
        } else {
            format!("{} of {}", grouped(self.matching), counted(self.all, "workflow", "workflows"))
        }
    }
}

pub struct Row {
    pub id: String,
    pub name: String,
    pub external_id: Option<String>,
    pub owner: String,
    pub environment: Environment,
    pub nodes: usize,
    pub unready: usize,
}

impl Row {
    pub fn state(&self) -> Readiness {
        Readiness::of(self.nodes, self.unready)
    }

    /// How many there are, and of them how many need something.
    pub fn nodes_count(&self) -> String {
        if self.unready == 0 { self.nodes.to_string() } else { format!("{} of {}", self.unready, self.nodes) }
    }
}

/// What the list is narrowed to. The form sends `q`, `state`, `environment` and `owner`.
pub struct Filter {
    pub q: String,
    pub states: Vec<Choice>,
    pub environments: Vec<Choice>,
    /// Empty for those who see no others' anyway.
    pub owners: Vec<Choice>,
    pub chips: Vec<Link>,
}

#[derive(askama::Template)]
#[template(path = "workflows/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    /// The workflow's id, drawn with the form: the same form makes one workflow, however often it is sent.
    pub id: String,
    pub name: Input,
    pub environment: Environment,
    pub external_id: Input,
}

impl New {
    /// True when the form comes back with something to put right.
    pub fn refused(&self) -> bool {
        self.name.error.is_some() || self.external_id.error.is_some()
    }
}

#[derive(askama::Template)]
#[template(path = "workflows/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub environment: Environment,
    pub external_id: Option<String>,
    pub owner: String,
    /// Whether the reader owns it, and so may change it.
    pub yours: bool,
    pub may_delete: bool,
    pub created: When,
    pub nodes: Vec<Node>,
    pub runners: Vec<Runner>,
    pub adding: Adding,
    pub listing: Listing,
    pub new_name: Input,
    pub snippet: Option<Snippet>,
}

impl Show {
    pub fn unready(&self) -> usize {
        self.nodes.iter().filter(|node| node.why.is_some()).count()
    }

    pub fn state(&self) -> Readiness {
        Readiness::of(self.nodes.len(), self.unready())
    }

    pub fn ready_words(&self) -> String {
        match self.nodes.len() {
            1 => "Its one node has a key.".to_owned(),
            nodes => format!("All {nodes} nodes have a key."),
        }
    }

    pub fn needs_words(&self) -> String {
        let nodes = counted(self.nodes.len() as u64, "node", "nodes");
        format!("{} of {nodes} cannot get a key. What to do stands at each.", self.unready())
    }
}

/// The form for one more node.
#[derive(Default)]
pub struct Adding {
    pub key: Input,
    pub node_types: Vec<Choice>,
    pub error: Option<String>,
}

/// The form for one more token.
#[derive(Default)]
pub struct Listing {
    pub tokens: Vec<Choice>,
    pub token_id: Input,
}

/// A node as its workflow's page and its own show it.
pub struct Node {
    pub id: String,
    pub key: String,
    pub node_type: NodeMark,
    /// Why it has nothing that it could use.
    pub why: Option<String>,
    pub bound: Option<Bound>,
    pub picker: Picker,
}

/// What is bound to a node.
pub struct Bound {
    pub name: String,
    /// Where the reader may open it.
    pub url: Option<String>,
    pub last_four: Option<String>,
    pub state: SecretState,
    /// Used through the proxy alone.
    pub proxy_only: bool,
}

/// The keys that a node could use, for the workflow's owner.
#[derive(Default)]
pub struct Picker {
    pub choices: Vec<Choice>,
    /// How many fit in all, of which a page shows the first.
    pub all: u64,
    /// The form that adds a key of the node type, where there is one.
    pub add: Option<String>,
}

impl Picker {
    pub fn shows_all(&self) -> bool {
        u64::try_from(self.choices.len()).unwrap_or(u64::MAX) >= self.all
    }

    pub fn all_words(&self) -> String {
        counted(self.all, "key", "keys")
    }
}

pub struct Runner {
    pub id: String,
    pub name: String,
    pub maker: String,
    /// Where the reader may open it.
    pub url: Option<String>,
    pub state: TokenState,
}

#[derive(askama::Template)]
#[template(path = "workflows/node.html")]
pub struct OneNode {
    pub chrome: Chrome,
    pub ws: String,
    pub workflow: String,
    pub workflow_name: String,
    pub environment: Environment,
    pub yours: bool,
    pub node: Node,
    pub q: String,
    pub error: Option<String>,
}

/// What goes, and the name to type before it does.
#[derive(askama::Template)]
#[template(path = "workflows/delete.html")]
pub struct Delete {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub environment: Environment,
    pub owner: String,
    pub yours: bool,
    pub nodes: Vec<Node>,
    pub runners: Vec<Runner>,
    pub confirm: Input,
}
