//! The sealed values of secrets: the current one, the one that is to follow it, and the one before.
//!
//! Invariant: the row says of a secret what its current value says of itself. Moving a value to another slot opens
//! nothing, and whatever leaves its slot for good is overwritten first.

use std::slice;

use diesel::prelude::*;

use crate::domain::rotation::Done;
use crate::domain::secret::Slot;
use crate::domain::{DataKeyId, Kind, Moment, SecretId, ValueId, WorkspaceId};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof, Runner, RunnerIn};
use crate::store::error::Error;
use crate::store::oddities;
use crate::store::reminders;
use crate::store::rotations;
use crate::store::schema::{secret_values, secrets};
use crate::store::tx::{ReadTx, WriteTx};

use super::{Dates, ListedSecret, SecretRow, row, set_labels};

pub struct NewValue<'a> {
    pub id: &'a ValueId,
    pub secret: &'a SecretId,
    pub slot: Slot,
    pub number: i64,
    pub data_key: &'a DataKeyId,
    pub blob: &'a [u8],
    pub kind: Kind,
    pub last_four: Option<&'a str>,
    pub facts: &'a str,
    /// Of the value that is to follow; the row has those of the current one.
    pub dates: Dates,
}

pub fn insert_value(tx: &mut WriteTx<'_>, _by: &Proof<'_, impl InWorkspace>, new: &NewValue<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(secret_values::table)
        .values((
            secret_values::id.eq(new.id),
            secret_values::secret_id.eq(new.secret),
            secret_values::slot.eq(new.slot),
            secret_values::number.eq(new.number),
            secret_values::data_key_id.eq(new.data_key),
            secret_values::blob.eq(new.blob),
            secret_values::kind.eq(new.kind),
            secret_values::last_four.eq(new.last_four),
            secret_values::facts.eq(new.facts),
            secret_values::expires_at.eq(new.dates.expires_at),
            secret_values::rotate_at.eq(new.dates.rotate_at),
            secret_values::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Overwrites and removes every sealed value of a secret.
pub fn destroy_values(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<(), Error> {
    for slot in Slot::ALL {
        destroy_slot(tx, by, (id, *slot))?;
    }
    Ok(())
}

/// Overwrites and removes the value that stands there, if one does.
pub fn destroy_slot(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, impl InWorkspace>,
    (id, slot): (&SecretId, Slot),
) -> Result<(), Error> {
    let value = || secret_values::table.filter(secret_values::secret_id.eq(id)).filter(secret_values::slot.eq(slot));
    diesel::update(value()).set(secret_values::blob.eq(Vec::<u8>::new())).execute(tx.conn)?;
    diesel::delete(value()).execute(tx.conn)?;
    Ok(())
}

/// What a value that is not the current one shows of itself.
#[derive(Queryable, Clone, Debug)]
pub struct Held {
    pub slot: Slot,
    pub number: i64,
    pub kind: Kind,
    pub last_four: Option<String>,
    pub facts: String,
    pub expires_at: Option<Moment>,
    pub rotate_at: Option<Moment>,
    rejected_at: Option<Moment>,
    /// Until when a previous one can be rolled back to.
    pub kept_until: Option<Moment>,
    pub entered_at: Moment,
}

/// The values beside the current one that can still become it, for whoever has been shown the secret.
pub fn held(tx: &mut ReadTx<'_>, _by: &Proof<'_, impl AtLeast<Member>>, of: &ListedSecret) -> Result<Vec<Held>, Error> {
    let now = tx.now();
    let rows = secret_values::table
        .filter(secret_values::secret_id.eq(&of.secret.id))
        .filter(secret_values::slot.ne(Slot::Current))
        .filter(secret_values::kept_until.is_null().or(secret_values::kept_until.gt(now)))
        .select((
            secret_values::slot,
            secret_values::number,
            secret_values::kind,
            secret_values::last_four,
            secret_values::facts,
            secret_values::expires_at,
            secret_values::rotate_at,
            secret_values::rejected_at,
            secret_values::kept_until,
            secret_values::created_at,
        ))
        .load(tx.conn)?;
    Ok(rows)
}

/// Lets the next value be the current one, and keeps what was current until then.
pub fn promote(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (secret, next): (&SecretRow, &Held),
    kept_until: Moment,
) -> Result<(), Error> {
    destroy_slot(tx, by, (&secret.id, Slot::Previous))?;
    let current = secret_values::table
        .filter(secret_values::secret_id.eq(&secret.id))
        .filter(secret_values::slot.eq(Slot::Current));
    diesel::update(current)
        .set((
            secret_values::slot.eq(Slot::Previous),
            secret_values::kept_until.eq(kept_until),
            // What the row has learnt about it since it was entered.
            secret_values::expires_at.eq(secret.expires_at),
            secret_values::rotate_at.eq(secret.rotate_at),
            secret_values::rejected_at.eq(secret.rejected_at),
        ))
        .execute(tx.conn)?;
    rotations::tick(tx, by, (slice::from_ref(&secret.id), Done::Replaced))?;
    become_current(tx, by, &secret.id, next)
}

/// Lets the previous value be the current one again; the one that had followed it is destroyed.
pub fn roll_back(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (secret, previous): (&SecretRow, &Held),
) -> Result<(), Error> {
    destroy_slot(tx, by, (&secret.id, Slot::Current))?;
    if let Some(since) = secret.value_entered_at {
        rotations::untick(tx, by, (&secret.id, since))?;
    }
    become_current(tx, by, &secret.id, previous)
}

/// Moves a value into the empty place of the current one, and has the row say what it says.
fn become_current(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    value: &Held,
) -> Result<(), Error> {
    reminders::forget(tx, by, id)?;
    let (now, none) = (tx.now(), None::<Moment>);
    let held = secret_values::table
        .filter(secret_values::secret_id.eq(id))
        .filter(secret_values::slot.eq(value.slot))
        .filter(secret_values::number.eq(value.number));
    diesel::update(held)
        .set((secret_values::slot.eq(Slot::Current), secret_values::kept_until.eq(none)))
        .execute(tx.conn)?;
    diesel::update(row!(by, id))
        .set((
            secrets::revision.eq(secrets::revision + 1),
            secrets::value_number.eq(value.number),
            secrets::kind.eq(value.kind),
            secrets::last_four.eq(&value.last_four),
            secrets::facts.eq(&value.facts),
            secrets::value_entered_at.eq(value.entered_at),
            secrets::expires_at.eq(value.expires_at),
            secrets::rotate_at.eq(value.rotate_at),
            secrets::rejected_at.eq(value.rejected_at),
            secrets::refusals.eq(0),
            secrets::needs_reauthorization_at.eq(none),
            secrets::unreadable_at.eq(none),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    oddities::begin_anew(tx, id)
}

/// Takes down that a number was given to a value which is not the current one.
pub fn note_staged(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    number: i64,
) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(row!(by, id))
        .set((
            secrets::revision.eq(secrets::revision + 1),
            secrets::newest_number.eq(number),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// What changes in a secret's row when a new value is entered.
pub struct Replaced<'a> {
    pub number: i64,
    pub kind: Kind,
    pub last_four: Option<&'a str>,
    pub facts: &'a str,
    /// Absent keeps, present sets or clears.
    pub account_name: Option<Option<&'a str>>,
    pub account_identifier: Option<Option<&'a str>>,
}

pub fn note_new_value(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    new: &Replaced<'_>,
) -> Result<(), Error> {
    rotations::tick(tx, by, (slice::from_ref(id), Done::Replaced))?;
    reminders::forget(tx, by, id)?;
    let now = tx.now();
    let cleared = None::<Moment>;
    diesel::update(row!(by, id))
        .set((
            secrets::revision.eq(secrets::revision + 1),
            secrets::value_number.eq(new.number),
            secrets::newest_number.eq(new.number),
            secrets::kind.eq(new.kind),
            secrets::last_four.eq(new.last_four),
            secrets::facts.eq(new.facts),
            secrets::value_entered_at.eq(now),
            secrets::rejected_at.eq(cleared),
            secrets::refusals.eq(0),
            secrets::needs_reauthorization_at.eq(cleared),
            secrets::unreadable_at.eq(cleared),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    oddities::begin_anew(tx, id)?;
    set_labels(tx, by, id, new.account_name, new.account_identifier)
}

/// The workspaces in which somebody's time to roll back is over, in the order of their ids.
pub fn with_ended_previous(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>) -> Result<Vec<WorkspaceId>, Error> {
    let now = tx.now();
    let ids = secret_values::table
        .inner_join(secrets::table)
        .filter(secret_values::kept_until.le(now))
        .select(secrets::workspace_id)
        .distinct()
        .order(secrets::workspace_id)
        .load(tx.conn)?;
    Ok(ids)
}

/// A previous value that nobody can roll back to any more.
#[derive(Queryable)]
pub struct EndedPrevious {
    pub secret: SecretId,
    pub name: crate::domain::Name,
    pub number: i64,
}

pub fn ended_previous(tx: &mut ReadTx<'_>, by: &Proof<'_, RunnerIn>) -> Result<Vec<EndedPrevious>, Error> {
    let now = tx.now();
    let rows = secret_values::table
        .inner_join(secrets::table)
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secret_values::slot.eq(Slot::Previous))
        .filter(secret_values::kept_until.le(now))
        .order(secrets::id)
        .select((secrets::id, secrets::name, secret_values::number))
        .load(tx.conn)?;
    Ok(rows)
}
