//! The pages of rotation rounds.

use crate::domain::rotation::{Done, Progress};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Choice, Input, Pager, Tone, When, counted, grouped};

/// A round, as its list and its page tell of it.
pub struct Round {
    pub id: String,
    pub name: String,
    pub by: String,
    pub started: When,
    pub due: Option<When>,
    pub overdue: bool,
    pub closed: Option<When>,
    pub progress: Progress,
}

impl Round {
    /// `12 of 40 secrets`.
    pub fn told(&self) -> String {
        format!("{} of {}", grouped(self.progress.done), counted(self.progress.all, "secret", "secrets"))
    }

    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// A word, an icon and a colour for where it stands.
    pub fn state(&self) -> (&'static str, &'static str, &'static str) {
        match (self.progress.is_complete(), self.closed.is_some(), self.overdue) {
            (true, _, _) => ("All done", "check-circle", "good"),
            (false, true, _) => ("Closed", "close", "muted"),
            (false, false, true) => ("Overdue", "hourglass", "bad"),
            (false, false, false) => ("Under way", "rotate", "info"),
        }
    }
}

#[derive(askama::Template)]
#[template(path = "rotations/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Round>,
    pub pager: Pager,
}

#[derive(askama::Template)]
#[template(path = "rotations/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    pub name: Input,
    pub due_on: Input,
    pub pick: String,
    pub node_types: Vec<Choice>,
    pub members: Vec<Choice>,
    pub environment: String,
    /// What is picked at the moment.
    pub secrets: u64,
    pub owners: u64,
    pub refusal: Option<String>,
}

impl New {
    pub fn told(&self) -> String {
        let owners = counted(self.owners, "person", "people");
        format!("This asks {owners} for new values of {}.", counted(self.secrets, "secret", "secrets"))
    }

    pub fn refused(&self) -> bool {
        self.name.error.is_some() || self.due_on.error.is_some()
    }
}

/// A secret of the round.
pub struct Item {
    pub id: String,
    pub name: String,
    pub node_type: String,
    pub owner: String,
    pub done: Option<Done>,
    pub when: Option<When>,
}

impl Item {
    pub fn is_there(&self) -> bool {
        self.done != Some(Done::Deleted)
    }
}

#[derive(askama::Template)]
#[template(path = "rotations/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub round: Round,
    /// Whether those that are done are shown, instead of those that are left.
    pub done: bool,
    pub rows: Vec<Item>,
    pub pager: Pager,
    pub refusal: Option<String>,
}
