//! The page of mail and jobs.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Pager, Tone, When, counted};

#[derive(askama::Template)]
#[template(path = "jobs/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    /// “through mail.example.com”
    pub way: String,
    pub delivers: bool,
    /// Where a trial letter goes.
    pub email: String,
    /// Why no trial letter was sent.
    pub trouble: Option<String>,
    pub rows: Vec<Row>,
    pub waiting: u64,
    pub failed: u64,
    pub pager: Pager,
    pub recurring: Vec<Recurring>,
}

impl Index {
    pub fn is_quiet(&self) -> bool {
        self.waiting == 0 && self.failed == 0
    }

    pub fn count(&self) -> String {
        let (waiting, failed) = (counted(self.waiting, "waits", "wait"), counted(self.failed, "failed", "failed"));
        format!("{waiting}, {failed}")
    }
}

/// A letter or another piece of work.
pub struct Row {
    pub id: String,
    pub title: String,
    pub recipient: Option<String>,
    pub since: When,
    pub tries: u64,
    pub state: State,
    /// What went wrong the last time.
    pub error: Option<String>,
    /// Then another try would come too late.
    pub is_over: bool,
}

pub enum State {
    BeingDone,
    /// Until then; none where it is next.
    Waiting(Option<When>),
    Failed(When),
}

impl Row {
    pub fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    pub fn tried(&self) -> String {
        match self.tries {
            0 => "not tried yet".to_owned(),
            1 => "tried once".to_owned(),
            tries => format!("tried {}", counted(tries, "time", "times")),
        }
    }

    /// “Invitation to anna@example.com”
    pub fn name(&self) -> String {
        match &self.recipient {
            Some(to) => format!("{} to {to}", self.title),
            None => self.title.clone(),
        }
    }

    pub fn tone(&self) -> (&'static str, &'static str) {
        match (&self.state, &self.error) {
            (State::Failed(_), _) => (Tone::Bad.class(), Tone::Bad.icon()),
            (_, Some(_)) => (Tone::Warn.class(), Tone::Warn.icon()),
            (_, None) => ("", "hourglass"),
        }
    }
}

/// What Keyrack does again and again, for all workspaces.
pub struct Recurring {
    pub name: &'static str,
    pub done: Option<When>,
    pub next: Option<When>,
}
