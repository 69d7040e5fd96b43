//! The page that shows what would go.

use crate::actions::deleting::MOST;
use crate::domain::{Environment, PersonId};
use crate::web::chrome::Chrome;
use crate::web::secrets::bound::Serving;
use crate::web::secrets::page::Owner;
use crate::web::url;
use crate::web::view::{Input, NodeMark, Tone, UsedBy, counted, grouped};

/// Secrets and nodes that are named; of more only the number is told.
pub(super) const NAMED: usize = 50;

#[derive(askama::Template)]
#[template(path = "secrets/delete_many.html")]
pub struct DeleteMany {
    pub chrome: Chrome,
    /// The list that they were chosen from, as it was narrowed.
    pub list: String,
    /// Where the form is sent, with the same filter.
    pub action: String,
    /// Those that have changed since they were looked at come first.
    pub going: Vec<Losing>,
    pub parts: Parts,
    pub too_many: Option<u64>,
    pub serving: Vec<Serving>,
    pub nodes: usize,
    pub used_by: Vec<UsedBy>,
    /// Others' alone to delete: the first of them, and how many there are.
    pub kept: Vec<Losing>,
    pub kept_all: u64,
    pub gone: usize,
    /// What is not as it was when it was looked at.
    pub notice: Option<String>,
    pub seen: String,
    pub confirm: Input,
}

pub struct Losing {
    pub name: String,
    pub node_type: NodeMark,
    pub environment: Environment,
    pub owner: Owner,
    pub owner_id: Option<PersonId>,
    pub yours: bool,
    pub changed: bool,
}

/// How many of whom, and of what.
pub struct Parts {
    pub owners: Vec<OwnersPart>,
    pub kinds: Vec<(NodeMark, Environment, u64)>,
}

/// What one owner has of them; two members may have the same name.
pub struct OwnersPart {
    id: Option<PersonId>,
    pub words: String,
    pub count: u64,
}

/// The largest part first, and each part once.
pub(super) fn parts(rows: &[Losing]) -> Parts {
    let mut parts = Parts { owners: Vec::new(), kinds: Vec::new() };
    for row in rows {
        match parts.owners.iter_mut().find(|part| part.id == row.owner_id && part.words == row.owner_words()) {
            Some(part) => part.count += 1,
            None => parts.owners.push(OwnersPart { id: row.owner_id.clone(), words: row.owner_words(), count: 1 }),
        }
        let is_same =
            |kind: &&mut (NodeMark, Environment, u64)| kind.0.slug == row.node_type.slug && kind.1 == row.environment;
        match parts.kinds.iter_mut().find(is_same) {
            Some((_, _, count)) => *count += 1,
            None => parts.kinds.push((row.node_type.clone(), row.environment, 1)),
        }
    }
    parts.owners.sort_by_key(|part| std::cmp::Reverse(part.count));
    parts.kinds.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
    parts
}

impl Losing {
    /// End users are many, and told as one.
    fn owner_words(&self) -> String {
        match &self.owner {
            Owner::Member(_) if self.yours => "you".to_owned(),
            Owner::Member(name) => name.clone(),
            Owner::EndUser(_) => "end users".to_owned(),
            Owner::Organization(_) => "organizations".to_owned(),
        }
    }
}

impl DeleteMany {
    fn secrets(&self) -> String {
        counted(number(self.going.len()), "secret", "secrets")
    }

    fn title(&self) -> String {
        match self.too_many {
            Some(_) => "Too many to delete at once".to_owned(),
            None if self.going.is_empty() => "There is nothing to delete".to_owned(),
            None => format!("Delete {}?", self.secrets()),
        }
    }

    fn is_one(&self) -> bool {
        self.going.len() == 1
    }

    fn first(&self) -> &[Losing] {
        self.going.get(..NAMED).unwrap_or(&self.going)
    }

    fn more(&self) -> usize {
        self.going.len().saturating_sub(NAMED)
    }

    fn more_nodes(&self) -> usize {
        self.nodes.saturating_sub(self.serving.len())
    }

    fn too_many_words(all: &u64) -> String {
        format!("These are {}, and at most {MOST} are deleted at once.", counted(*all, "secret", "secrets"))
    }

    fn kept_words(&self) -> String {
        let secrets = counted(self.kept_all, "secret", "secrets");
        let (them, their) = if self.kept_all == 1 { ("it", "its owner") } else { ("them", "their owners") };
        format!(
            "{secrets} of others, who let you use {them}. Besides {their}, only Admins and Owners of the workspace may \
             delete {them}."
        )
    }

    fn names_not_all(&self) -> bool {
        self.kept_all > number(self.kept.len())
    }

    fn more_kept(&self) -> String {
        grouped(self.kept_all.saturating_sub(number(self.kept.len())))
    }

    fn gone_words(&self) -> String {
        counted(
            number(self.gone),
            "of what was chosen is not there any more.",
            "of what was chosen are not there any more.",
        )
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
