//! The end of an account: every membership ends, and nothing of the person stays but what was recorded.

use std::collections::BTreeMap;

use crate::domain::audit::{AccountEvent, Event};
use crate::domain::{Letter, WorkspaceId};
use crate::store::access::{Everywhere, Proof};
use crate::store::people::Person;
use crate::store::workspaces::WorkspaceRow;
use crate::store::{self, Error, Fault, ReadTx, Refusal, WriteTx};

use super::members::{self, Ended, Keeping, Leaving, MemberRefusal};
use super::outbox::{self, Post};
use super::sign_in::Attempt;
use super::{Tools, audit, identities};

/// What stands in the way, and in which workspace where it is one's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct Obstacle {
    pub workspace: Option<WorkspaceId>,
    pub refusal: MemberRefusal,
}

impl Refusal for Obstacle {}

impl Obstacle {
    fn changed() -> Self {
        Self { workspace: None, refusal: MemberRefusal::Changed }
    }

    fn at(workspace: &WorkspaceId) -> impl Fn(MemberRefusal) -> Self {
        move |refusal| Self { workspace: Some(workspace.clone()), refusal }
    }
}

/// One of the workspaces: what ends there, or nothing where they are its only Owner and cannot go.
pub struct Parting {
    pub workspace: WorkspaceRow,
    pub leaving: Option<Leaving>,
}

/// Which slots stay, and with whom, in each of the workspaces that were shown.
pub type Wishes = BTreeMap<WorkspaceId, Keeping>;

/// Looks at what would end, in the order of the workspaces' ids.
pub fn preview(tx: &mut ReadTx<'_>, by: &Proof<'_, Everywhere>) -> Result<Vec<Parting>, Error> {
    let mut partings = Vec::new();
    for membership in by.memberships() {
        let leaving = match members::leaving(tx, &membership, membership.person()) {
            Ok(leaving) => Some(leaving),
            Err(Fault::Refused(_)) => None,
            Err(Fault::Store(error)) => return Err(error),
        };
        partings.push(Parting { workspace: store::workspaces::current(tx, &membership)?, leaving });
    }
    Ok(partings)
}

/// Whether the account may end so, as far as the preview tells: asked before a password is counted and compared.
pub fn check(partings: &[Parting], wishes: &Wishes) -> Result<(), Obstacle> {
    for Parting { workspace, leaving } in partings {
        let at = Obstacle::at(&workspace.id);
        let leaving = leaving.as_ref().ok_or(MemberRefusal::LastOwner).map_err(&at)?;
        let keeping = wishes.get(&workspace.id).ok_or_else(Obstacle::changed)?;
        leaving.heir(keeping).map_err(&at)?;
    }
    if partings.len() == wishes.len() { Ok(()) } else { Err(Obstacle::changed()) }
}

/// What came of it, and whom to tell: the person at their address, and those of each workspace what ended there.
pub struct Parted {
    pub person: Person,
    pub places: Vec<(WorkspaceRow, Ended)>,
}

/// Ends every membership as leaving does, and then removes the person: all of it or nothing.
pub fn end(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Everywhere>,
    tools: Tools<'_>,
    wishes: &Wishes,
    shown: (Option<&str>, &Attempt),
) -> Result<Parted, Fault<Obstacle>> {
    let oneself = by.oneself();
    let (person, _) = store::people::myself(tx, &oneself)?;
    // Whoever makes an account with this address later begins without attempts.
    identities::must_be_shown(tx, &oneself, shown)?;
    let memberships = by.memberships();
    if !memberships.iter().map(Proof::workspace).eq(wishes.keys()) {
        return Err(Obstacle::changed().into());
    }
    let mut places = Vec::new();
    for (membership, keeping) in memberships.iter().zip(wishes.values()) {
        let workspace = store::workspaces::current(tx, membership)?;
        match members::end(tx, membership, tools, (&person.id, keeping)) {
            Ok(ended) => places.push((workspace, ended)),
            Err(Fault::Refused(refusal)) => return Err(Obstacle::at(&workspace.id)(refusal).into()),
            Err(Fault::Store(error)) => return Err(error.into()),
        }
    }
    let sessions = store::sessions::delete_all(tx, &oneself, &person.id)?;
    store::people::delete(tx, by)?;
    let event =
        Event::Account(AccountEvent::PersonDeleted { person: person.id.clone(), sessions, workspaces: places.len() });
    audit::installation(tx, tools, event)?;
    let post = Post { to: &person.email, person: None, letter: Letter::AccountDeleted };
    outbox::of_person(tx, by, tools, post)?;
    Ok(Parted { person, places })
}
