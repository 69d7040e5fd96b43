//! The pages of service tokens. A text of a token is on a page once, right after it was made.

use crate::domain::token::Overlap;
use crate::domain::{Ability, Environment, TokenState};
use crate::web::chart::Chart;
use crate::web::chrome::Chrome;
use crate::web::snippet::Snippet;
use crate::web::url;
use crate::web::view::{Choice, Link, Pager, Shown, When, counted, grouped, meaning};

#[derive(askama::Template)]
#[template(path = "tokens/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub filter: Filter,
    pub rows: Vec<Row>,
    pub matching: u64,
    pub all: u64,
    /// Everybody's, not one's own alone.
    pub sees_all: bool,
    pub pager: Pager,
}

impl Index {
    pub fn count(&self) -> String {
        let all = counted(self.all, "service token", "service tokens");
        if self.matching == self.all { all } else { format!("{} of {all}", grouped(self.matching)) }
    }
}

pub struct Filter {
    pub q: String,
    pub states: Vec<Choice>,
    pub environments: Vec<Choice>,
    /// None where one sees one's own alone.
    pub makers: Vec<Choice>,
    pub uses: Vec<Choice>,
    pub chips: Vec<Link>,
}

pub struct Row {
    pub id: String,
    pub name: String,
    pub maker: String,
    pub environment: Environment,
    pub abilities: Vec<Ability>,
    /// To node types or addresses.
    pub limited: bool,
    pub last_use: Option<When>,
    pub expires: Option<When>,
    /// Whether an old text works beside the new one.
    pub overlaps: bool,
    pub state: TokenState,
}

/// What became of the text before.
pub enum Old {
    None,
    Ended,
    Until(When),
}

/// The only page that a text of a token is ever on.
#[derive(askama::Template)]
#[template(path = "tokens/created.html")]
pub struct Created {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub environment: Environment,
    pub token: String,
    pub old: Old,
    /// What the token is for, in the order in which one would try it.
    pub snippets: Vec<Snippet>,
}

#[derive(askama::Template)]
#[template(path = "tokens/renew.html")]
pub struct Renew {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    /// The text that gets a successor: the same form makes one, however often it is sent.
    pub generation: i64,
    pub expires: Option<When>,
    /// Until when a text before the present one works.
    pub older: Option<When>,
}

/// The label of an overlap, and when to choose it.
pub fn overlap_words(overlap: &Overlap) -> (&'static str, &'static str) {
    match overlap {
        Overlap::None => {
            ("At once", "For a text that may have been seen. What holds it stops until it gets the new one.")
        }
        Overlap::Hour => ("In an hour", "Enough where one program holds it, and you are at it."),
        Overlap::Day => ("In 24 hours", "Time to put the new text everywhere, without anything standing still."),
        Overlap::Week => ("In 7 days", "For what is released once a week, or is in other people's hands."),
    }
}

/// A secret that the token has used.
pub struct UsedSecret {
    pub secret: Link,
    pub of: Option<String>,
    pub uses: u64,
    pub last: When,
}

impl UsedSecret {
    pub fn times(&self) -> String {
        counted(self.uses, "use", "uses")
    }
}

pub struct Used {
    pub latest: Vec<UsedSecret>,
    pub secrets: u64,
    pub uses: u64,
}

impl Used {
    /// How many are not told by their names.
    pub fn further(&self) -> u64 {
        self.secrets.saturating_sub(u64::try_from(self.latest.len()).unwrap_or(u64::MAX))
    }

    pub fn further_count(&self) -> String {
        counted(self.further(), "other secret", "other secrets")
    }
}

#[derive(askama::Template)]
#[template(path = "tokens/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub maker: String,
    pub environment: Environment,
    pub abilities: Vec<Ability>,
    /// To what it is limited; none is no limit.
    pub node_types: Vec<String>,
    pub networks: Vec<String>,
    pub calls: Vec<String>,
    pub state: TokenState,
    pub created: When,
    pub expires: Option<When>,
    /// Since when the present text counts, where it is not the first.
    pub renewed: Option<When>,
    pub old_until: Option<When>,
    pub last_use: Option<When>,
    pub last_from: Option<String>,
    pub used: Used,
    pub chart: Chart,
    pub revoked: Option<When>,
    pub may_renew: bool,
    pub may_revoke: bool,
    /// For whoever made it.
    pub snippets: Vec<Snippet>,
}
