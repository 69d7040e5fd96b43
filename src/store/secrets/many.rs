//! Several secrets at once: those that somebody has named, those of a filter that somebody may delete, and their end.

use diesel::prelude::*;

use crate::domain::rotation::Done;
use crate::domain::{SecretId, policy};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::error::Error;
use crate::store::paging::IDS_AT_ONCE;
use crate::store::rotations;
use crate::store::schema::{secret_values, secrets};
use crate::store::tx::{ReadTx, WriteTx};

use super::lists::{Ids, counted, matching, rows_of, visible};
use super::{ListedSecret, Sought};

/// Those of these ids that this member may see, the newest first. As many as a database takes in one question.
pub fn among(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    ids: &[SecretId],
) -> Result<Vec<ListedSecret>, Error> {
    let seen: Vec<SecretId> =
        visible(by, tx.now()).filter(secrets::id.eq_any(ids)).order(secrets::id.desc()).load(tx.conn)?;
    rows_of(tx, by, &seen)
}

/// What a filter finds, parted by who may delete it.
pub struct Parted {
    /// What this member may delete, the newest first; none of it where that is more than was asked for.
    pub deletable: Vec<ListedSecret>,
    pub deletable_all: u64,
    /// The first of what is others' alone to delete, and how much there is.
    pub kept: Vec<ListedSecret>,
    pub kept_all: u64,
}

/// At most so many that may be deleted, and so many of the others.
pub fn parted(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    sought: &Sought,
    (most, named): (u64, i64),
) -> Result<Parted, Error> {
    let now = tx.now();
    let deletable_all = counted(tx, deletable(by, matching(by, sought, now)))?;
    let mut ids: Vec<SecretId> = Vec::new();
    if deletable_all <= most {
        ids = deletable(by, matching(by, sought, now)).order(secrets::id.desc()).load(tx.conn)?;
    }
    let kept_all = counted(tx, matching(by, sought, now))?.saturating_sub(deletable_all);
    let mut others: Vec<SecretId> = Vec::new();
    if kept_all > 0 {
        let of_others = matching(by, sought, now).filter(secrets::owner_id.ne(by.person()));
        others = of_others.order(secrets::id.desc()).limit(named).load(tx.conn)?;
    }
    Ok(Parted { deletable: rows_of(tx, by, &ids)?, deletable_all, kept: rows_of(tx, by, &others)?, kept_all })
}

/// Those that a member may delete: the SQL of `policy::SecretFacts::deletable_by`.
fn deletable<'a>(by: &'a Proof<'_, impl AtLeast<Member>>, ids: Ids<'a>) -> Ids<'a> {
    if policy::sees_all_secrets(by.role()) { ids } else { ids.filter(secrets::owner_id.eq(by.person())) }
}

/// Deletes these with their values, which are overwritten first; and ticks them off in the rounds that ask for them.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, ids: &[SecretId]) -> Result<(), Error> {
    for ids in ids.chunks(IDS_AT_ONCE) {
        let here = || secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq_any(ids));
        let values = || secret_values::table.filter(secret_values::secret_id.eq_any(here().select(secrets::id)));
        diesel::update(values()).set(secret_values::blob.eq(Vec::<u8>::new())).execute(tx.conn)?;
        diesel::delete(values()).execute(tx.conn)?;
        rotations::tick(tx, by, (ids, Done::Deleted))?;
        diesel::delete(here()).execute(tx.conn)?;
    }
    Ok(())
}
