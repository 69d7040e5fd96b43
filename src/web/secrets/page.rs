//! The pages of secrets. No struct here has a place for a stored value:
//! a secret field has no value, and a page knows the last four characters at most.

use std::fmt;

use super::probe::Offer;
use crate::domain::{Delivery, Environment, Method, SecretState, Sharing};
use crate::web::catalogue::Category;
use crate::web::chrome::Chrome;
use crate::web::snippet::Snippet;
use crate::web::url;
use crate::web::view::{Choice, Entry, Input, Link, NodeMark, Pager, Shown, Tone, UsedBy, When, counted, grouped};

pub use super::bound::Serving;
pub use super::connection::Connection;
pub use super::pages_of_life::Values;
use super::sharing::page::Audience;
use super::sharing::picker::Picker;
pub use super::usage::Usage;

#[derive(askama::Template)]
#[template(path = "secrets/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Row>,
    pub filter: Filter,
    /// How many match the filter, over all pages.
    pub matching: u64,
    /// How many this person may see at all.
    pub all: u64,
    /// The list as a file, with the filters in force.
    pub exports: [Link; 2],
    pub pager: Pager,
    pub sorts: Sorts,
    /// Where there is something on this page that its reader may delete.
    pub choosing: Option<Choosing>,
    /// To everything that matches, where it may be deleted at once.
    pub delete_all: Option<String>,
}

/// Choosing rows of the list.
pub struct Choosing {
    /// What the form sends besides, so that it leads back to this page of the list.
    pub hidden: Vec<(String, String)>,
    /// Whether every row of the page is chosen when it opens.
    pub every: bool,
}

/// What the table can be sorted by in its head.
pub struct Sorts {
    pub name: Sort,
    pub last_use: Sort,
}

pub struct Sort {
    pub url: String,
    pub current: bool,
}

impl Show {
    /// Whether people connect an account instead of entering something.
    pub fn connects(&self) -> bool {
        self.method == Method::OAuth
    }

    /// The act that gives it another value.
    pub fn act(&self) -> &'static str {
        match (self.method, self.holds) {
            (Method::OAuth, true) => "Connect it again",
            (Method::OAuth, false) => "Connect an account",
            (Method::Key | Method::ClientCredentials, true) => "Replace the value",
            (Method::Key | Method::ClientCredentials, false) => "Enter a value",
        }
    }
}

impl Index {
    pub fn count(&self) -> String {
        if self.filter.chips.is_empty() {
            counted(self.all, "secret", "secrets")
        } else {
            format!("{} of {}", grouped(self.matching), counted(self.all, "secret", "secrets"))
        }
    }
}

/// Whose a secret is: a member's, or that of somebody outside who is served by a backend.
pub enum Owner {
    Member(String),
    EndUser(String),
    Organization(String),
}

impl Owner {
    /// For a key from outside, what stands where a member's says with whom it is shared.
    pub fn outside(&self) -> Option<Outside> {
        match self {
            Self::Member(_) => None,
            Self::EndUser(_) => Some(Outside::EndUser),
            Self::Organization(_) => Some(Outside::Organization),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => f.write_str(name),
            Self::EndUser(id) => write!(f, "end user {id}"),
            Self::Organization(id) => write!(f, "organization {id}"),
        }
    }
}

/// Who, outside the workspace, a key is kept for.
pub enum Outside {
    EndUser,
    Organization,
}

impl Shown for Outside {
    fn word(&self) -> &'static str {
        match self {
            Self::EndUser => "End user only",
            Self::Organization => "Organization only",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::EndUser => "person",
            Self::Organization => "building",
        }
    }
}

pub struct Row {
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub owner: Owner,
    pub sharing: Sharing,
    pub environment: Environment,
    pub last_four: Option<String>,
    pub disabled: bool,
    pub state: SecretState,
    /// Its last day and its reminder, where it has any.
    pub dates: Vec<(&'static str, When)>,
    pub last_use: Option<When>,
    /// Whether its reader may delete it, and so choose it.
    pub may_delete: bool,
}

/// What the list is narrowed to. The form sends `q`, `node_type`, `environment`, `state`, `owner` and `sharing`.
#[derive(Default)]
pub struct Filter {
    pub q: String,
    pub node_types: Vec<Choice>,
    pub environments: Vec<Choice>,
    pub states: Vec<Choice>,
    pub owners: Vec<Choice>,
    pub sharings: Vec<Choice>,
    pub orders: Vec<Choice>,
    /// The member who may use them, where a link named one.
    pub user: String,
    /// One for each filter in force: its words, and the list without it.
    pub chips: Vec<Link>,
}

/// The first step of storing a key: which node type it is for.
#[derive(askama::Template)]
#[template(path = "secrets/choose.html")]
pub struct Choose {
    pub chrome: Chrome,
    pub ws: String,
    /// The search as sent without a script; with one the tiles are filtered in place.
    pub q: String,
    pub categories: Vec<Category>,
    /// Whether HTTP Request, which takes the key of any API, can be chosen.
    pub any_api: bool,
}

/// The second step: the form that the node type needs, with the guide beside it.
#[derive(askama::Template)]
#[template(path = "secrets/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    pub node_type: NodeMark,
    /// Of the description that is shown: what is entered under it does not travel by another.
    pub revision: i64,
    /// Whether the first key brings the node type into the workspace.
    pub title: String,
    /// Whether nothing is entered: an account is connected on the next page.
    pub connects: bool,
    pub brings_it: bool,
    pub guide: Guide,
    pub credential: Credential,
    pub name: Input,
    pub environment: Environment,
    pub delivery: Delivery,
    pub sharing: Sharing,
    /// Members to share it with.
    pub picker: Picker,
    /// What the workspace begins with.
    pub default_sharing: Sharing,
    /// The workspace's name.
    pub workspace: String,
    pub dates: super::dates::Draft,
    /// Set when the prefix and the chosen environment disagree: asks for the box to be ticked.
    pub disagreement: Option<String>,
    /// True when the form comes back with something to put right.
    pub refused: bool,
    /// The test that can follow at once, where there is one.
    pub first_test: Option<FirstTest>,
}

/// What is sent, and where to, to learn whether what is entered works.
pub struct FirstTest {
    pub request: String,
    pub wanted: bool,
}

impl New {
    pub fn everybody(&self) -> String {
        format!("Everybody in {} may use it", self.workspace)
    }

    /// Marks the sharing that the workspace begins with.
    pub fn usual(&self, sharing: &str) -> &'static str {
        if self.default_sharing.as_str() == sharing { "usual here" } else { "" }
    }
}

/// The fields of a credential, as the description of its node type asks for them.
pub struct Credential {
    pub legend: &'static str,
    /// Asked whatever the kind, such as a base URL.
    pub fields: Vec<Field>,
    /// One is shown as its fields alone; of several, one is chosen.
    pub kinds: Vec<Variant>,
    /// Where an upstream request carries the value; empty where the catalogue says it.
    pub placements: Vec<Variant>,
}

impl Credential {
    pub fn several_kinds(&self) -> bool {
        self.kinds.len() > 1
    }

    /// The picture of the only kind there is.
    pub fn picture(&self) -> Option<&str> {
        match self.kinds.as_slice() {
            [only] => Some(&only.picture),
            _ => None,
        }
    }
}

/// One way among several, with the fields that only it needs.
pub struct Variant {
    pub value: String,
    pub label: String,
    pub picture: String,
    pub chosen: bool,
    pub fields: Vec<Field>,
}

/// A field as the catalogue describes it.
pub struct Field {
    pub name: String,
    pub label: String,
    pub help: String,
    pub placeholder: String,
    pub required: bool,
    pub control: Control,
    pub error: Option<String>,
}

impl Field {
    /// Whether it only says how things are.
    pub fn is_fixed(&self) -> bool {
        matches!(self.control, Control::Fixed { .. })
    }
}

/// A secret field has no value: it cannot come back filled.
pub enum Control {
    Plain {
        value: String,
    },
    Options {
        all: Vec<Choice>,
    },
    /// Several lines that are not secret.
    Lines {
        value: String,
    },
    /// Shown, and not to be chosen.
    Fixed {
        value: String,
    },
    /// The known prefixes of each environment, separated by spaces.
    Secret {
        test: String,
        live: String,
    },
    /// Several lines, as a private key has them.
    SecretLines {
        test: String,
        live: String,
    },
}

pub struct Guide {
    /// Whether it leads to something that is entered here; otherwise it tells how an account is connected.
    pub entered: bool,
    pub steps: Vec<String>,
    pub least: String,
    pub sandbox: Option<String>,
    /// The provider's own page about its keys.
    pub link: Option<Link>,
}

#[derive(askama::Template)]
#[template(path = "secrets/show.html")]
pub struct Show {
    pub method: Method,
    pub connection: Option<Connection>,
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub kind: String,
    /// Whether its node type is disabled.
    pub disabled: bool,
    pub state: SecretState,
    /// What the state means and the one thing to do about it.
    pub advice: String,
    /// The provider's own page on which it is mended.
    pub place: Option<Link>,
    pub environment: Environment,
    pub owner: Owner,
    pub yours: bool,
    pub sharing: Sharing,
    pub audience: Option<Audience>,
    pub delivery: Delivery,
    pub last_four: Option<String>,
    /// The hosts that the value may travel to.
    pub hosts: Vec<String>,
    pub created: When,
    pub entered: Option<When>,
    pub version: u32,
    pub expires: Option<When>,
    pub rotate: Option<When>,
    pub last_use: Option<When>,
    pub used_by: Vec<UsedBy>,
    pub usage: Usage,
    /// Said of tokens that are not this person's to know.
    pub others: Option<String>,
    pub serving: Vec<Serving>,
    /// Ready requests, for those who may use the secret.
    pub snippets: Vec<Snippet>,
    pub history: Vec<Entry>,
    /// The values beside the current one.
    pub values: Values,
    /// True where a value is there to be used; one that cannot be read is none.
    pub holds: bool,
    /// The rotation rounds that ask for a new value.
    pub asking: Vec<Asking>,
    /// Whether this person may enter a value, and disconnect and delete the secret.
    pub may_rotate: bool,
    pub trial: super::probe::Trial,
    pub may_delete: bool,
}

pub struct Asking {
    pub round: String,
    pub due: Option<When>,
}

/// What will break, and the name to type before it does.
#[derive(askama::Template)]
#[template(path = "secrets/delete.html")]
pub struct Delete {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub environment: Environment,
    pub owner: Owner,
    pub yours: bool,
    pub used_by: Vec<UsedBy>,
    pub serving: Vec<Serving>,
    pub confirm: Input,
}
