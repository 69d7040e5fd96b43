//! The calendar's page: months, and in each what ends or is due.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Link, When, counted};

#[derive(askama::Template)]
#[template(path = "calendar/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub months: Vec<Month>,
    pub all: u64,
    /// Since when there is a private link.
    pub linked: Option<When>,
    /// A link that was made just now.
    pub link: Option<String>,
}

impl Show {
    pub fn count(&self) -> String {
        counted(self.all, "date", "dates")
    }
}

/// `December 2026`
pub struct Month {
    pub name: String,
    pub lines: Vec<Line>,
}

pub struct Line {
    pub icon: &'static str,
    pub tone: &'static str,
    pub what: Link,
    /// What becomes of it on that day.
    pub words: &'static str,
    pub detail: String,
    pub when: When,
    /// `5 Dec`
    pub day: String,
    /// `in 9 days`, where it is near.
    pub distance: Option<String>,
}
