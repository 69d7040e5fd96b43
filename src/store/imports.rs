//! What somebody has begun to import: sealed, theirs alone, and only for a while.
//!
//! Invariant: an import is found by the one who began it, in the workspace where they did, and not after its end. With
//! their membership it goes by itself.

use diesel::prelude::*;

use crate::domain::{ImportId, Moment};

use super::access::{AtLeast, Member, Proof, Runner};
use super::error::Error;
use super::schema::imports;
use super::tx::{ReadTx, WriteTx};

pub struct NewImport<'a> {
    pub id: &'a ImportId,
    pub payload: &'a [u8],
    pub choices: &'a str,
    pub expires_at: Moment,
}

#[derive(Queryable, Clone)]
pub struct ImportRow {
    pub id: ImportId,
    /// None once it has been stored.
    pub payload: Option<Vec<u8>>,
    pub choices: String,
    pub report: Option<String>,
    pub expires_at: Moment,
}

macro_rules! own {
    ($by:expr) => {
        imports::table.filter(imports::workspace_id.eq($by.workspace())).filter(imports::person_id.eq($by.person()))
    };
}

/// Begins an import; one that this member has begun before is over with it.
pub fn begin(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, new: &NewImport<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::delete(own!(by)).execute(tx.conn)?;
    diesel::insert_into(imports::table)
        .values((
            imports::id.eq(new.id),
            imports::workspace_id.eq(by.workspace()),
            imports::person_id.eq(by.person()),
            imports::payload.eq(new.payload),
            imports::choices.eq(new.choices),
            imports::expires_at.eq(new.expires_at),
            imports::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    id: &ImportId,
) -> Result<Option<ImportRow>, Error> {
    let now = tx.now();
    let row = own!(by)
        .filter(imports::id.eq(id))
        .filter(imports::expires_at.gt(now))
        .select((imports::id, imports::payload, imports::choices, imports::report, imports::expires_at))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

/// The import that this member has begun and not finished, and until when it waits.
pub fn waiting(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Option<(ImportId, Moment)>, Error> {
    let now = tx.now();
    let row = own!(by)
        .filter(imports::payload.is_not_null())
        .filter(imports::expires_at.gt(now))
        .select((imports::id, imports::expires_at))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

pub fn choose(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (id, choices): (&ImportId, &str),
) -> Result<(), Error> {
    diesel::update(own!(by).filter(imports::id.eq(id))).set(imports::choices.eq(choices)).execute(tx.conn)?;
    Ok(())
}

/// Destroys the text, and keeps what came of it.
pub fn finish(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (id, report): (&ImportId, &str),
) -> Result<(), Error> {
    diesel::update(own!(by).filter(imports::id.eq(id)))
        .set((imports::payload.eq(None::<Vec<u8>>), imports::choices.eq("{}"), imports::report.eq(report)))
        .execute(tx.conn)?;
    Ok(())
}

/// Destroys it; false where it is not there.
pub fn cancel(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &ImportId) -> Result<bool, Error> {
    Ok(diesel::delete(own!(by).filter(imports::id.eq(id))).execute(tx.conn)? == 1)
}

/// Destroys what nobody has finished in time.
pub fn sweep(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>) -> Result<(), Error> {
    let now = tx.now();
    diesel::delete(imports::table.filter(imports::expires_at.le(now))).execute(tx.conn)?;
    Ok(())
}
