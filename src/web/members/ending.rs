//! What ends with a membership, as pages show it: before it ends, and after.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::actions::members::{Ended, Leaving};
use crate::domain::{Delivery, Moment, SecretId};
use crate::store::nodes::BoundNode;
use crate::store::secrets::ListedSecret;
use crate::web::error::Error;
use crate::web::secrets::mark;
use crate::web::view::{Choice, NodeMark, When, counted, grouped};

/// One membership that would end. Where a page shows several, each belongs to a place, of which its ids and the values
/// of its fields speak.
pub struct Ending {
    place: String,
    pub you: bool,
    pub name: String,
    pub secrets: Vec<Losing>,
    pub tokens: Vec<String>,
    /// The workflows that pass to somebody else.
    pub workflows: Vec<String>,
    /// The nodes that the secrets serve, each with the name of its workflow and of its secret.
    pub nodes: Vec<Serving>,
    /// Whom the invitations went to that end.
    pub invitations: Vec<String>,
    /// What others own and they can use until then, as far as it is named.
    pub reach: Vec<Reached>,
    further: u64,
    reach_all: u64,
    pub heirs: Vec<Choice>,
    pub heir_error: Option<String>,
    /// What the preview shows, for the act to compare.
    pub seen: String,
}

pub struct Serving {
    pub node: String,
    pub workflow: String,
    pub secret: String,
}

pub struct Losing {
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub environment: String,
    pub last_use: Option<When>,
    pub may_keep: bool,
    pub kept: bool,
}

/// A secret of somebody else.
pub struct Reached {
    pub name: String,
    pub node_type: NodeMark,
    pub environment: String,
    pub owner: String,
    /// Whether a backend of theirs may have fetched its value.
    pub vended: bool,
}

impl Reached {
    fn of(row: &ListedSecret) -> Self {
        Self {
            name: row.secret.name.to_string(),
            node_type: mark(&row.secret),
            environment: row.secret.environment.to_string(),
            owner: row.owner_name.as_ref().map(ToString::to_string).unwrap_or_default(),
            vended: row.secret.delivery == Delivery::Vend,
        }
    }
}

/// What was chosen on the form, to be shown again.
#[derive(Clone, Copy, Default)]
pub struct Chosen<'a> {
    pub keep: &'a [String],
    pub heirs: &'a [String],
}

impl Ending {
    /// How it stands before somebody confirms it; the place is empty where the page shows no other.
    pub fn of(leaving: &Leaving, place: &str, chosen: Chosen<'_>, now: Moment) -> Self {
        let losing = leaving.secrets.iter().map(|row| Losing {
            id: row.secret.id.to_string(),
            name: row.secret.name.to_string(),
            node_type: mark(&row.secret),
            environment: row.secret.environment.to_string(),
            last_use: row.secret.last_used_at.map(|at| When::new(at, now)),
            may_keep: Leaving::may_keep(row),
            kept: chosen.keep.iter().any(|id| id == row.secret.id.as_str()),
        });
        let heirs = leaving.heirs.iter().filter(|_| leaving.by_themselves).map(|heir| {
            let value = at(place, heir.person.as_str());
            Choice { label: heir.name.to_string(), chosen: chosen.heirs.contains(&value), value }
        });
        Self {
            place: place.to_owned(),
            you: leaving.by_themselves,
            name: leaving.member.name.to_string(),
            secrets: losing.collect(),
            tokens: leaving.tokens.iter().map(|token| token.name.to_string()).collect(),
            workflows: leaving.workflows.iter().map(|row| row.name.to_string()).collect(),
            nodes: leaving.nodes.iter().map(serving).collect(),
            invitations: leaving.invitations.iter().map(|row| row.email.to_string()).collect(),
            reach: leaving.reach.secrets.iter().map(Reached::of).collect(),
            further: leaving.reach.further(),
            reach_all: leaving.reach.all,
            heirs: heirs.collect(),
            heir_error: None,
            seen: at(place, &leaving.fingerprint()),
        }
    }

    /// The same where nothing can be chosen.
    pub fn only_told(mut self) -> Self {
        self.secrets.iter_mut().for_each(|secret| secret.may_keep = false);
        self
    }

    /// An id on the page that no other place has.
    pub fn id(&self, word: &str) -> String {
        if self.place.is_empty() { word.to_owned() } else { format!("{word}-{}", self.place) }
    }

    pub fn has_shared(&self) -> bool {
        self.secrets.iter().any(|secret| secret.may_keep)
    }

    /// Whether somebody has to be named who takes over.
    pub fn asks_for_heir(&self) -> bool {
        self.you && (self.has_shared() || !self.workflows.is_empty())
    }

    pub fn workflows_count(&self) -> String {
        counted(u64::try_from(self.workflows.len()).unwrap_or(u64::MAX), "workflow", "workflows")
    }

    pub fn nodes_count(&self) -> String {
        counted(u64::try_from(self.nodes.len()).unwrap_or(u64::MAX), "node loses", "nodes lose")
    }

    pub fn secrets_count(&self) -> String {
        counted(u64::try_from(self.secrets.len()).unwrap_or(u64::MAX), "secret", "secrets")
    }

    pub fn invitations_count(&self) -> String {
        counted(u64::try_from(self.invitations.len()).unwrap_or(u64::MAX), "invitation", "invitations")
    }

    pub fn reach_count(&self) -> String {
        counted(self.reach_all, "secret", "secrets")
    }

    /// How many of them are not named; nothing where all are.
    pub fn further_reach(&self) -> Option<String> {
        (self.further > 0).then(|| grouped(self.further))
    }

    pub fn tokens_count(&self) -> String {
        counted(u64::try_from(self.tokens.len()).unwrap_or(u64::MAX), "service token", "service tokens")
    }
}

fn serving(node: &BoundNode) -> Serving {
    Serving { node: node.key.clone(), workflow: node.workflow_name.to_string(), secret: node.secret_name.to_string() }
}

/// A field's value that says which place it is meant for.
fn at(place: &str, value: &str) -> String {
    if place.is_empty() { value.to_owned() } else { format!("{place}:{value}") }
}

/// The place and the value of such a field; nothing where nothing was chosen.
pub fn taken_apart<P: FromStr, V: FromStr>(sent: &str) -> Result<Option<(P, V)>, Error> {
    if sent.is_empty() {
        return Ok(None);
    }
    let (place, value) = sent.split_once(':').ok_or(Error::BadRequest)?;
    let place = place.parse().map_err(|_| Error::BadRequest)?;
    Ok(Some((place, value.parse().map_err(|_| Error::BadRequest)?)))
}

pub fn kept_secrets(sent: &[String]) -> Result<BTreeSet<SecretId>, Error> {
    sent.iter().map(|id| id.parse().map_err(|_| Error::BadRequest)).collect()
}

/// One membership that has ended.
pub struct Gone {
    pub name: String,
    pub by_themselves: bool,
    deleted: Vec<String>,
    kept: Vec<String>,
    tokens: Vec<String>,
    invitations: Vec<String>,
    reach: Vec<String>,
    workflows: Vec<String>,
}

impl Gone {
    pub fn of(ended: &Ended) -> Self {
        let leaving = &ended.leaving;
        let (deleted, kept) = ended.secrets();
        let further = leaving.reach.further();
        let more = (further > 0).then(|| format!("and {} more", grouped(further)));
        Self {
            name: leaving.member.name.to_string(),
            by_themselves: leaving.by_themselves,
            deleted,
            kept,
            tokens: ended.tokens(),
            invitations: leaving.invitations.iter().map(|row| row.email.to_string()).collect(),
            reach: ended.reach().into_iter().chain(more).collect(),
            workflows: ended.workflows().1,
        }
    }

    /// What there is to tell, each under its heading.
    pub fn lists(&self) -> Vec<(&'static str, &[String])> {
        let all = [
            ("Deleted, with their values", self.deleted.as_slice()),
            ("Kept without a value", self.kept.as_slice()),
            ("Service tokens revoked", self.tokens.as_slice()),
            ("Workflows passed on", self.workflows.as_slice()),
            ("Invitations revoked", self.invitations.as_slice()),
            (
                if self.by_themselves {
                    "Of others, and not yours to use any more"
                } else {
                    "Of others, and not theirs to use any more"
                },
                self.reach.as_slice(),
            ),
        ];
        all.into_iter().filter(|(_, names)| !names.is_empty()).collect()
    }
}
