//! All the secrets of one node type: how many there are, which, and the end of their values.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::{Kind, NodeTypeId, SecretId, policy};
use crate::store::access::{Admin, AtLeast, Member, Proof};
use crate::store::error::Error;
use crate::store::schema::secrets;
use crate::store::tx::{ReadTx, WriteTx};

use super::lists::{rows_of, visible};
use super::{ListedSecret, empty};

/// How many secrets of each node type this member may see.
pub fn count_by_type(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
) -> Result<HashMap<NodeTypeId, u64>, Error> {
    let mut counts = HashMap::new();
    if policy::sees_all_secrets(by.role()) {
        let all: Vec<(NodeTypeId, i64)> = secrets::table
            .filter(secrets::workspace_id.eq(by.workspace()))
            .group_by(secrets::node_type_id)
            .select((secrets::node_type_id, diesel::dsl::count_star()))
            .load(tx.conn)?;
        counts.extend(all.into_iter().map(|(id, count)| (id, u64::try_from(count).unwrap_or_default())));
        return Ok(counts);
    }
    let seen: Vec<NodeTypeId> = visible(by, tx.now()).select(secrets::node_type_id).load(tx.conn)?;
    for id in seen {
        *counts.entry(id).or_default() += 1;
    }
    Ok(counts)
}

/// Every secret of a node type that this member may see, members' and end users', the newest first.
pub fn of_type(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    node_type: &NodeTypeId,
) -> Result<Vec<ListedSecret>, Error> {
    let ids: Vec<SecretId> =
        visible(by, tx.now()).filter(secrets::node_type_id.eq(node_type)).order(secrets::id.desc()).load(tx.conn)?;
    rows_of(tx, by, &ids)
}

/// Destroys a secret's values because its node type travels elsewhere now; the slot stays for the kind that is asked
/// for from now on.
pub fn disconnect_type(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (id, kind): (&SecretId, Kind),
) -> Result<(), Error> {
    empty(tx, by, id)?;
    diesel::update(secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq(id)))
        .set((secrets::kind.eq(kind), secrets::facts.eq("{}")))
        .execute(tx.conn)?;
    Ok(())
}
