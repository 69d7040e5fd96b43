//! What the pages of end users and organizations draw.

use crate::domain::{Environment, OutsiderId, OutsiderKind, SecretState};
use crate::web::chrome::Chrome;
use crate::web::secrets::connection::Scope;
use crate::web::snippet::Snippet;
use crate::web::url;
use crate::web::view::{Choice, Entry, Input, Link, NodeMark, Pager, Shown as _, Tone, UsedBy, When, counted, grouped};

use super::word;

/// An end user's name in the examples.
pub(super) const EXAMPLE: &str = "customer-42";
/// The longest name that anybody is asked to type.
const TYPED: usize = 64;
/// Connections that are named one by one; of more only the number is told.
pub(super) const NAMED: usize = 50;

pub(super) fn title(kind: OutsiderKind) -> &'static str {
    match kind {
        OutsiderKind::EndUser => "End users",
        OutsiderKind::Organization => "Organizations",
    }
}

/// Leaves the first so many, and says how many more there are.
pub(super) fn cut<T>(all: &mut Vec<T>, most: usize) -> usize {
    let more = all.len().saturating_sub(most);
    all.truncate(most);
    more
}

/// Sends an end user to connect an account.
pub(super) fn authorize(base: &str) -> Snippet {
    let code = format!(
        "curl -X POST {base}/data-integrations/github/authorize \\\n  \
         -H \"Authorization: Bearer $TOKEN\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  \
         -d '{{\"user_id\":\"{EXAMPLE}\",\"return_to\":\"https://your-product.example/done\"}}'"
    );
    Snippet { id: "authorize", title: "Send an end user to connect an account".to_owned(), code }
}

#[derive(askama::Template)]
#[template(path = "end_users/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub kind: OutsiderKind,
    pub filter: Filter,
    pub matching: u64,
    /// How many there are without any filter.
    pub all: u64,
    pub rows: Vec<Row>,
    pub pager: Pager,
    /// How a backend names the first one, while there is none.
    pub snippets: Vec<Snippet>,
}

impl Index {
    pub fn is_of_end_users(&self) -> bool {
        self.kind == OutsiderKind::EndUser
    }

    pub fn title(&self) -> &'static str {
        title(self.kind)
    }

    pub fn word(&self) -> &'static str {
        word(self.kind)
    }

    pub fn list(&self) -> String {
        url::outsiders(&self.ws, self.kind)
    }

    pub fn count(&self) -> String {
        let all = match self.kind {
            OutsiderKind::EndUser => counted(self.all, "end user", "end users"),
            OutsiderKind::Organization => counted(self.all, "organization", "organizations"),
        };
        if self.filter.chips.is_empty() { all } else { format!("{} of {all}", grouped(self.matching)) }
    }
}

/// What the list is narrowed to. The form sends `q`, `organization`, `node_type` and `environment`.
pub struct Filter {
    pub q: String,
    pub organization: String,
    pub node_types: Vec<Choice>,
    pub environments: Vec<Choice>,
    pub chips: Vec<Link>,
}

pub struct Row {
    pub own: Link,
    pub connections: u64,
    pub broken: u64,
    pub node_types: Vec<NodeMark>,
    pub more_types: usize,
    /// Of an end user.
    pub organizations: Vec<Link>,
    pub more_organizations: usize,
    /// Of an organization: how many, and the list of them.
    pub end_users: Option<Link>,
    pub first_seen: When,
    pub last_use: Option<When>,
}

#[derive(askama::Template)]
#[template(path = "end_users/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub id: OutsiderId,
    pub kind: OutsiderKind,
    pub external_id: String,
    pub first_seen: When,
    /// In which an end user has connections.
    pub organizations: Vec<Link>,
    /// Who have connections in an organization: how many, and the list of them.
    pub end_users: Option<Link>,
    /// How many connections there are, over all pages.
    pub all: u64,
    pub cards: Vec<Card>,
    /// Whether any of them holds a value.
    pub holding: bool,
    /// The same as a list that can be narrowed, and deleted part by part.
    pub in_secrets: String,
    pub pager: Pager,
    pub history: Vec<Entry>,
}

impl Show {
    pub fn is_end_user(&self) -> bool {
        self.kind == OutsiderKind::EndUser
    }

    pub fn word(&self) -> &'static str {
        word(self.kind)
    }

    pub fn connections(&self) -> String {
        counted(self.all, "connection", "connections")
    }
}

/// A connection, with what can be said of it without opening it.
pub struct Card {
    pub id: String,
    pub name: String,
    /// Which one it is among those of the same name.
    pub told: String,
    pub node_type: NodeMark,
    pub environment: Environment,
    pub state: SecretState,
    /// What the state means and what to do about it.
    pub advice: &'static str,
    /// Where an Admin can mend it.
    pub act: Option<Link>,
    pub disabled: bool,
    pub holds: bool,
    pub account: Option<String>,
    pub last_four: Option<String>,
    /// To whom it belongs besides the one whose page it is.
    pub beside: Option<Beside>,
    pub granted: Vec<Scope>,
    pub missing: Vec<Scope>,
    pub ends: Option<When>,
    pub made: When,
    pub last_use: Option<When>,
}

/// Of an end user's connection the organization; of an organization's the end user, or that it is its own.
pub struct Beside {
    pub label: &'static str,
    pub who: Option<Link>,
}

/// What somebody would lose, one line for each connection.
pub struct Going {
    pub name: String,
    pub node_type: NodeMark,
    pub environment: Environment,
    pub account: Option<String>,
    pub last_four: Option<String>,
    /// “of organization hotel”, where that is not told already.
    pub of: Option<String>,
}

/// What an end would come to.
pub struct Ends {
    pub ws: String,
    pub id: OutsiderId,
    pub kind: OutsiderKind,
    pub external_id: String,
    pub going: Vec<Going>,
    /// How many there are where that is more than ends at once.
    pub too_many: Option<u64>,
    pub in_secrets: String,
    pub used_by: Vec<UsedBy>,
    pub seen: String,
    /// What is not as it was when it was looked at.
    pub notice: Option<(Tone, &'static str)>,
}

impl Ends {
    pub fn word(&self) -> &'static str {
        word(self.kind)
    }

    /// Whose page it leads back to.
    pub fn owner(&self) -> &'static str {
        match self.kind {
            OutsiderKind::EndUser => "End user",
            OutsiderKind::Organization => "Organization",
        }
    }

    pub fn connections(&self) -> String {
        counted(u64::try_from(self.going.len()).unwrap_or(u64::MAX), "connection", "connections")
    }

    pub fn all(&self, all: &u64) -> String {
        counted(*all, "connection", "connections")
    }

    pub fn first(&self) -> &[Going] {
        self.going.get(..NAMED).unwrap_or(&self.going)
    }

    pub fn more(&self) -> usize {
        self.going.len().saturating_sub(NAMED)
    }

    /// What is typed to confirm: the name, or the id of ours where that cannot be typed as it stands.
    pub fn typed_word(&self) -> String {
        let can_be_typed = self.external_id.bytes().all(|b| b.is_ascii_graphic()) && self.external_id.len() <= TYPED;
        if can_be_typed { self.external_id.clone() } else { self.id.to_string() }
    }
}

#[derive(askama::Template)]
#[template(path = "end_users/disconnect.html")]
pub struct Disconnect {
    pub chrome: Chrome,
    pub ends: Ends,
}

#[derive(askama::Template)]
#[template(path = "end_users/delete.html")]
pub struct Delete {
    pub chrome: Chrome,
    pub ends: Ends,
    pub confirm: Input,
}
