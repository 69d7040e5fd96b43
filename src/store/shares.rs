//! With whom secrets are shared, and until when.
//!
//! Invariant: a share whose end is over counts for nobody, whether or not its row is still there.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use crate::domain::{Email, Moment, Name, PersonId, SecretId, Sharing, WorkspaceId};

use super::access::{AtLeast, InWorkspace, Member, Proof, Runner};
use super::error::Error;
use super::schema::{members, people, secret_shares, secrets};
use super::tx::{ReadTx, WriteTx};

/// A chosen member who may use a secret.
#[derive(Queryable, Clone, Debug)]
pub struct ShareRow {
    pub person: PersonId,
    pub name: Name,
    pub ends_at: Option<Moment>,
}

/// Somebody whom a secret could be shared with.
#[derive(Queryable, Clone, Debug)]
pub struct Candidate {
    pub person: PersonId,
    pub name: Name,
    pub email: Email,
}

macro_rules! here {
    ($by:expr) => {
        secrets::table.filter(secrets::workspace_id.eq($by.workspace()))
    };
}

/// The chosen members who may use it at this moment, by their names.
pub fn of_secret(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<Vec<ShareRow>, Error> {
    let now = tx.now();
    let of_workspace = members::table.filter(members::workspace_id.eq(by.workspace())).select(members::person_id);
    let mut rows: Vec<ShareRow> = people::table
        .inner_join(secret_shares::table.on(secret_shares::person_id.eq(people::id)))
        .filter(people::id.eq_any(of_workspace))
        .filter(secret_shares::secret_id.eq_any(here!(by).filter(secrets::id.eq(id)).select(secrets::id)))
        .filter(secret_shares::ends_at.is_null().or(secret_shares::ends_at.gt(now)))
        .select((people::id, people::name, secret_shares::ends_at))
        .load(tx.conn)?;
    rows.sort_by_cached_key(|row| (row.name.key(), row.person.clone()));
    Ok(rows)
}

/// Everybody of the workspace but the one who asks, by their names.
pub fn candidates(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Vec<Candidate>, Error> {
    let mut rows: Vec<Candidate> = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(members::person_id.ne(by.person()))
        .select((people::id, people::name, people::email))
        .load(tx.conn)?;
    rows.sort_by_cached_key(|row| (row.name.key(), row.person.clone()));
    Ok(rows)
}

/// Whether all of these belong to the workspace.
pub fn are_members<'a>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    people: impl Iterator<Item = &'a PersonId>,
) -> Result<bool, Error> {
    let people: BTreeSet<PersonId> = people.cloned().collect();
    let found: i64 = members::table
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(members::person_id.eq_any(&people))
        .select(diesel::dsl::count_star())
        .get_result(tx.conn)?;
    Ok(usize::try_from(found).is_ok_and(|found| found == people.len()))
}

/// Of these secrets, those that are shared with a person as a chosen member, and until when.
pub fn with_person(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (person, ids): (&PersonId, &[SecretId]),
) -> Result<BTreeMap<SecretId, Option<Moment>>, Error> {
    let now = tx.now();
    let rows: Vec<(SecretId, Option<Moment>)> = secret_shares::table
        .filter(secret_shares::person_id.eq(person))
        .filter(secret_shares::secret_id.eq_any(here!(by).filter(secrets::id.eq_any(ids)).select(secrets::id)))
        .filter(secret_shares::ends_at.is_null().or(secret_shares::ends_at.gt(now)))
        .select((secret_shares::secret_id, secret_shares::ends_at))
        .load(tx.conn)?;
    Ok(rows.into_iter().collect())
}

/// With whom any of these secrets is shared by name, and until when.
pub fn of_any(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    ids: &[SecretId],
) -> Result<Vec<(SecretId, PersonId, Option<Moment>)>, Error> {
    let rows = secret_shares::table
        .filter(secret_shares::secret_id.eq_any(here!(by).filter(secrets::id.eq_any(ids)).select(secrets::id)))
        .order((secret_shares::secret_id, secret_shares::person_id))
        .select((secret_shares::secret_id, secret_shares::person_id, secret_shares::ends_at))
        .load(tx.conn)?;
    Ok(rows)
}

/// Says with whom a secret is shared: as a whole, and until when where that is the workspace.
pub fn set(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    (sharing, until): (Sharing, Option<Moment>),
) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(here!(by).filter(secrets::id.eq(id)))
        .set((
            secrets::sharing.eq(sharing),
            secrets::shared_until.eq(until),
            secrets::revision.eq(secrets::revision + 1),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Lets a member use a secret until then, whatever was said before.
pub fn give(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    (person, until): (&PersonId, Option<Moment>),
) -> Result<(), Error> {
    let now = tx.now();
    take(tx, by, id, person)?;
    diesel::insert_into(secret_shares::table)
        .values((
            secret_shares::secret_id.eq(id),
            secret_shares::person_id.eq(person),
            secret_shares::ends_at.eq(until),
            secret_shares::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn take(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    person: &PersonId,
) -> Result<(), Error> {
    let of_secret = here!(by).filter(secrets::id.eq(id)).select(secrets::id);
    let row = secret_shares::table
        .filter(secret_shares::secret_id.eq_any(of_secret))
        .filter(secret_shares::person_id.eq(person));
    diesel::delete(row).execute(tx.conn)?;
    Ok(())
}

/// What of a secret's sharing was over, and is taken away now.
pub struct Over {
    pub name: Name,
    pub people: Vec<PersonId>,
    /// Whether it was the whole workspace's.
    pub workspace: bool,
}

/// Takes away the shares whose end is over; a secret that nobody is left for is its owner's alone again.
pub fn end(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<Option<Over>, Error> {
    let now = tx.now();
    let row = here!(by).filter(secrets::id.eq(id)).select((secrets::name, secrets::sharing, secrets::shared_until));
    let found: Option<(Name, Sharing, Option<Moment>)> = row.first(tx.conn).optional()?;
    let Some((name, sharing, until)) = found else { return Ok(None) };
    let all = || secret_shares::table.filter(secret_shares::secret_id.eq(id));
    let ended = || all().filter(secret_shares::ends_at.le(now));
    let people: Vec<PersonId> =
        ended().order(secret_shares::person_id).select(secret_shares::person_id).load(tx.conn)?;
    let workspace = sharing == Sharing::Workspace && until.is_some_and(|end| end <= now);
    if people.is_empty() && !workspace {
        return Ok(None);
    }
    diesel::delete(ended()).execute(tx.conn)?;
    let left: i64 = all().select(diesel::dsl::count_star()).get_result(tx.conn)?;
    if workspace || (sharing == Sharing::Members && left == 0) {
        set(tx, by, id, (Sharing::Private, None))?;
    }
    Ok(Some(Over { name, people, workspace }))
}

/// Secrets of which some sharing is over, and where they are: at most so many, in no order, and none of these workspaces.
pub fn over(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, Runner>,
    (limit, without): (i64, &[WorkspaceId]),
) -> Result<BTreeSet<(WorkspaceId, SecretId)>, Error> {
    let now = tx.now();
    let place = (secrets::workspace_id, secrets::id);
    let of_workspaces: Vec<(WorkspaceId, SecretId)> = secrets::table
        .filter(secrets::sharing.eq(Sharing::Workspace))
        .filter(secrets::shared_until.le(now))
        .filter(secrets::workspace_id.ne_all(without))
        .select(place)
        .limit(limit)
        .load(tx.conn)?;
    let of_people: Vec<(WorkspaceId, SecretId)> = secret_shares::table
        .inner_join(secrets::table.on(secrets::id.eq(secret_shares::secret_id)))
        .filter(secret_shares::ends_at.le(now))
        .filter(secrets::workspace_id.ne_all(without))
        .select(place)
        .distinct()
        .limit(limit)
        .load(tx.conn)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(of_workspaces.into_iter().chain(of_people).take(most).collect())
}

/// When the next of all shares is over.
pub fn next_end(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>) -> Result<Option<Moment>, Error> {
    let now = tx.now();
    let of_people: Option<Option<Moment>> = secret_shares::table
        .filter(secret_shares::ends_at.gt(now))
        .order(secret_shares::ends_at.asc())
        .select(secret_shares::ends_at)
        .first(tx.conn)
        .optional()?;
    let of_workspaces: Option<Option<Moment>> = secrets::table
        .filter(secrets::sharing.eq(Sharing::Workspace))
        .filter(secrets::shared_until.gt(now))
        .order(secrets::shared_until.asc())
        .select(secrets::shared_until)
        .first(tx.conn)
        .optional()?;
    Ok(of_people.flatten().into_iter().chain(of_workspaces.flatten()).min())
}
