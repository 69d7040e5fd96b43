//! What pages show of sharing.

use crate::actions::sharing::Shared;
use crate::domain::{Moment, PersonId, Sharing};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Input, NodeMark, Shown as _, Tone, When, counted};

use super::picker::Picker;

/// Chosen members that a secret's page names; the others stand on the page of its sharing.
const NAMED: usize = 8;

/// Who may use a secret besides its owner.
pub struct Audience {
    pub sharing: Sharing,
    /// Until when the whole workspace may.
    pub until: Option<When>,
    pub people: Vec<Companion>,
    /// How many are not named here.
    pub further: usize,
    pub owner: String,
    pub yours: bool,
}

/// A chosen member.
pub struct Companion {
    pub id: String,
    pub name: String,
    pub you: bool,
    pub until: Option<When>,
}

impl Audience {
    pub fn of(shared: &Shared, (owner, reader): (String, &PersonId), yours: bool, now: Moment) -> Self {
        let people = shared.people.iter().map(|row| Companion {
            id: row.person.to_string(),
            name: row.name.to_string(),
            you: row.person == *reader,
            until: row.ends_at.map(|end| When::new(end, now)),
        });
        Self {
            sharing: shared.sharing,
            until: shared.until.map(|end| When::new(end, now)),
            people: people.collect(),
            further: 0,
            owner,
            yours,
        }
    }

    /// The same where there is little room: the reader is always among those who are named.
    pub fn in_short(mut self) -> Self {
        self.people.sort_by_key(|companion| !companion.you);
        self.further = self.people.len().saturating_sub(NAMED);
        self.people.truncate(NAMED);
        self
    }

    pub fn further_count(&self) -> String {
        counted(u64::try_from(self.further).unwrap_or(u64::MAX), "more member", "more members")
    }
}

/// Who may use a secret, and for its owner the form to say so.
#[derive(askama::Template)]
#[template(path = "secrets/sharing_edit.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub workspace: String,
    pub audience: Audience,
    /// How many nodes of workflows use it.
    pub nodes: usize,
    pub form: Option<Form>,
}

pub struct Form {
    pub sharing: Sharing,
    pub until: Input,
    pub picker: Picker,
    /// What the page shows, for the act to compare.
    pub seen: String,
    pub refusal: Option<String>,
}

impl Show {
    pub fn everybody(&self) -> String {
        format!("Everybody in {}, whoever joins later too.", self.workspace)
    }

    pub fn nodes_count(&self) -> String {
        counted(u64::try_from(self.nodes).unwrap_or(u64::MAX), "node of a workflow uses", "nodes of workflows use")
    }
}
