//! The pages of an import. No struct here has a place for a value: of each row the last four characters at most.

use crate::domain::{Delivery, Environment, Sharing};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Choice, Link, NodeMark, Shown as _, Tone, When, counted, grouped};

/// The first step: the text, and what holds for all of it.
#[derive(askama::Template)]
#[template(path = "secrets/import/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    pub workspace: String,
    pub format: String,
    pub environment: Environment,
    pub delivery: Delivery,
    pub sharing: Sharing,
    pub error: Option<String>,
    /// One that was begun before: where it is, and until when.
    pub waiting: Option<(String, When)>,
}

impl New {
    pub fn everybody(&self) -> String {
        format!("Everybody in {} may use them", self.workspace)
    }
}

/// The second step: what each row becomes.
#[derive(askama::Template)]
#[template(path = "secrets/import/preview.html")]
pub struct Preview {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub variables: bool,
    pub columns: Vec<Column>,
    /// For rows of a table that name none.
    pub node_types: Vec<Choice>,
    pub headings: bool,
    pub rows: Vec<Row>,
    pub faults: Vec<String>,
    pub ready: usize,
    pub faulty: usize,
    pub left_out: usize,
    /// Whether the environments are to be confirmed, and whether they are.
    pub disagree: bool,
    pub confirmed: bool,
    pub delivery: Delivery,
    pub sharing: Sharing,
    pub expires: When,
    /// How the node types are described that this shows.
    pub seen: String,
    pub at: Pages,
    /// Said where the form comes back instead of being done.
    pub notice: Option<(Tone, String)>,
}

/// Which of many rows are shown.
#[derive(Default)]
pub struct Pages {
    /// The place of the first row.
    pub from: usize,
    pub only_faulty: bool,
    pub shown: usize,
    pub all: usize,
    pub earlier: Option<String>,
    pub later: Option<String>,
    pub everything: String,
    pub faulty: String,
}

pub struct Column {
    pub number: usize,
    pub heading: String,
    pub choices: Vec<Choice>,
}

pub struct Row {
    /// Its place among all rows, by which the form names it.
    pub at: usize,
    pub line: usize,
    pub variable: Option<String>,
    pub name: Option<String>,
    pub node_type: Option<NodeMark>,
    pub node_types: Vec<Choice>,
    pub environment: Environment,
    pub kind: Option<String>,
    pub last_four: Option<String>,
    pub expires: Option<When>,
    pub faults: Vec<String>,
    pub remarks: Vec<String>,
    pub left_out: bool,
}

impl Row {
    pub fn title(&self) -> String {
        self.variable.clone().unwrap_or_else(|| format!("Row on line {}", self.line))
    }
}

impl Preview {
    pub fn may_store(&self) -> bool {
        self.ready > 0 && self.faulty == 0 && self.faults.is_empty()
    }

    pub fn store_label(&self) -> String {
        format!("Store {}", count(self.ready))
    }

    /// `48 secrets are ready, 2 rows are to be put right, 5 are left out.`
    pub fn summary(&self) -> String {
        let mut said = vec![format!("{} ready", count(self.ready))];
        if self.faulty > 0 {
            said.push(format!("{} to put right", counted(number(self.faulty), "row", "rows")));
        }
        if self.left_out > 0 {
            said.push(format!("{} left out", grouped(number(self.left_out))));
        }
        said.join(", ")
    }
}

impl Pages {
    pub fn range(&self) -> String {
        let (first, last) = (self.from + 1, self.from + self.shown);
        format!("Rows {} to {} of {}", grouped(number(first)), grouped(number(last)), grouped(number(self.all)))
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or_default()
}

pub fn count(secrets: usize) -> String {
    counted(number(secrets), "secret", "secrets")
}

/// The third step: what came of it.
#[derive(askama::Template)]
#[template(path = "secrets/import/done.html")]
pub struct Done {
    pub chrome: Chrome,
    pub ws: String,
    pub title: String,
    pub stored: Vec<Stored>,
    pub left_out: u64,
}

pub struct Stored {
    pub node_type: NodeMark,
    pub environment: Environment,
    pub secrets: Link,
}

impl Done {
    pub fn left(&self) -> String {
        counted(self.left_out, "row was left out", "rows were left out")
    }
}
