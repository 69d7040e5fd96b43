//! The secrets that a member may choose among, for a node of a workflow of theirs.

use diesel::prelude::*;

use crate::domain::SecretId;
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::error::Error;
use crate::store::schema::secrets;
use crate::store::tx::ReadTx;

use super::lists::{counted, matching, rows_of, usable};
use super::{ListedSecret, Sought};

/// The first so many, by their names, and how many there are in all. An end user's connection is never among them.
pub struct Choice {
    pub rows: Vec<ListedSecret>,
    pub all: u64,
}

/// Those that match and that this member may use.
pub fn choice(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    sought: &Sought,
    limit: i64,
) -> Result<Choice, Error> {
    let now = tx.now();
    let fitting = || usable(matching(by, sought, now), by.person(), now);
    let all = counted(tx, fitting())?;
    let ids: Vec<SecretId> = fitting().order((secrets::name_key, secrets::id)).limit(limit).load(tx.conn)?;
    Ok(Choice { rows: rows_of(tx, by, &ids)?, all })
}
