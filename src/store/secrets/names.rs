//! Which names are taken on the rack.

use std::collections::HashSet;

use diesel::prelude::*;

use crate::domain::{Environment, NodeTypeId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::error::Error;
use crate::store::paging::IDS_AT_ONCE;
use crate::store::schema::secrets;
use crate::store::tx::ReadTx;

/// Where a name stands: under a node type, in an environment, by its key.
pub type Place = (NodeTypeId, Environment, String);

/// Of these keys of names, those that a member's secret has, with where it has them.
pub fn names_among(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    keys: &[String],
) -> Result<HashSet<Place>, Error> {
    let mut taken = HashSet::new();
    for some in keys.chunks(IDS_AT_ONCE) {
        let found: Vec<Place> = secrets::table
            .filter(secrets::workspace_id.eq(by.workspace()))
            .filter(secrets::owner_id.is_not_null())
            .filter(secrets::name_key.eq_any(some))
            .select((secrets::node_type_id, secrets::environment, secrets::name_key))
            .load(tx.conn)?;
        taken.extend(found);
    }
    Ok(taken)
}
