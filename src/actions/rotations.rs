//! Rounds of rotation: an Admin picks secrets, their owners are asked for new values, and each is ticked off by one.

use std::time::Duration;

use crate::domain::audit::{Event, RotationEvent};
use crate::domain::{Environment, Letter, Moment, Name, RotationId};
use crate::store::access::{Admin, AtLeast, Proof};
use crate::store::rotations::{NewRotation, Pick};
use crate::store::{self, Denied, Error, Fault, Refusal, Unrecorded, WriteTx};

use super::{Tools, audit, letters, outbox};

/// A round has this many secrets at most: a larger one is better done in parts, by node type.
pub const MOST: u64 = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotationRefusal {
    #[error("No secret with a value is picked, so there is nothing to replace.")]
    Nothing,
    #[error("That picks {0} secrets, and a round has at most {MOST}. Pick one node type or one environment.")]
    TooMany(u64),
    #[error("This round is closed.")]
    Closed,
    #[error("The owners were written to less than a day ago.")]
    TooSoon,
}

impl Refusal for RotationRefusal {}

pub struct Ask {
    pub name: Name,
    pub pick: Pick,
    /// Both, where none is chosen.
    pub environment: Option<Environment>,
    pub due_at: Option<Moment>,
}

/// Starts a round, and writes to everybody who owns something of it.
pub fn start(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    ask: &Ask,
) -> Result<RotationId, Fault<RotationRefusal>> {
    let pick = (&ask.pick, ask.environment);
    let (secrets, _) = store::rotations::count(tx, by, pick)?;
    match secrets {
        0 => return Err(RotationRefusal::Nothing.into()),
        1..=MOST => {}
        more => return Err(RotationRefusal::TooMany(more).into()),
    }
    let id = RotationId::draw(tx.now(), tools.chance);
    store::rotations::start(tx, by, &NewRotation { id: &id, name: &ask.name, due_at: ask.due_at }, pick)?;
    let owners = write_to_owners(tx, by, tools, (&id, &ask.name, ask.due_at))?;
    let event = RotationEvent::Started { rotation: id.clone(), name: ask.name.to_string(), secrets, owners };
    audit::change(tx, by, tools, Event::Rotation(event))?;
    Ok(id)
}

/// Writes once more to those who have something left.
pub fn remind(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &RotationId,
) -> Result<(), Fault<RotationRefusal>> {
    let row = store::rotations::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if row.closed_at.is_some() {
        return Err(RotationRefusal::Closed.into());
    }
    let name = tools.keyring.throttle_key(&[b"rotation", id.as_str().as_bytes()]);
    let count = store::throttle::hit(tx, by, name.as_bytes(), Duration::from_hours(24))?;
    let written_at_start = tx.now().since(row.created_at) < Duration::from_hours(24);
    if count.hits > 1 || written_at_start {
        return Err(RotationRefusal::TooSoon.into());
    }
    let owners = write_to_owners(tx, by, tools, (id, &row.name, row.due_at))?;
    let event = RotationEvent::Reminded { rotation: id.clone(), name: row.name.to_string(), owners };
    Ok(audit::change(tx, by, tools, Event::Rotation(event))?)
}

/// Ends a round; what is left is not asked for any more.
pub fn close(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &RotationId,
) -> Result<(), Fault<RotationRefusal>> {
    let row = store::rotations::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !store::rotations::close(tx, by, id)? {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    let progress = store::rotations::progress(tx, by, id)?;
    let (name, done, left) = (row.name.to_string(), progress.done, progress.left());
    let event = RotationEvent::Closed { rotation: id.clone(), name, done, left };
    Ok(audit::change(tx, by, tools, Event::Rotation(event))?)
}

fn write_to_owners(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    (id, name, due): (&RotationId, &Name, Option<Moment>),
) -> Result<usize, Error> {
    let workspace = store::workspaces::current(tx, by)?;
    let starter = store::workspaces::find_person(tx, by)?.name.to_string();
    let asked = store::rotations::asked(tx, by, id)?;
    let owners = asked.len();
    for owner in asked {
        if !letters::may_tell(tx, by, tools, &[b"rotation", owner.person.as_str().as_bytes()])? {
            continue;
        }
        let (secrets, more) = letters::named(owner.secrets);
        let letter = Letter::RotationAsked {
            workspace: workspace.name.to_string(),
            slug: workspace.slug.to_string(),
            by: starter.clone(),
            name: name.to_string(),
            due,
            secrets,
            more,
        };
        outbox::of_workspace(tx, by, tools, (&owner.email, letter))?;
    }
    Ok(owners)
}
