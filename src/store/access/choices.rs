//! What a token could choose from, where several secrets would do.

use diesel::prelude::*;

use crate::domain::{Name, SecretId};
use crate::store::error::Error;
use crate::store::node_types;
use crate::store::schema::secrets;
use crate::store::tx::ReadTx;

use super::candidates::{of_connection, of_member};
use super::uses::{Wanted, Whose};
use super::{Proof, UseRight};

/// So many are told of.
const MOST: i64 = 20;

/// One of them, as far as it is told.
#[derive(Debug, Queryable)]
pub struct Choice {
    pub id: SecretId,
    pub name: Name,
    pub last_four: Option<String>,
}

/// Those of which one may be named; the token may use each. None where one node alone was meant.
pub fn choices<R: UseRight>(tx: &mut ReadTx<'_>, by: &Proof<'_, R>, wanted: &Wanted) -> Result<Vec<Choice>, Error> {
    let Wanted::Secret { node_type, whose, several, .. } = wanted else { return Ok(Vec::new()) };
    by.covers(node_type)?;
    let Some(node_type) = node_types::find(tx, by, node_type)? else { return Ok(Vec::new()) };
    let found = match whose {
        Some(Whose::Connection(of)) => of_connection(tx, by, (&node_type.id, of, *several), (None, MOST))?,
        Some(Whose::Person(_)) | None => of_member(tx, by, &node_type.id, (None, MOST))?,
    };
    let ids: Vec<SecretId> = found.into_iter().map(|one| one.candidate.id).collect();
    let rows = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq_any(ids))
        .order((secrets::name_key, secrets::id))
        .select((secrets::id, secrets::name, secrets::last_four))
        .load(tx.conn)?;
    Ok(rows)
}
