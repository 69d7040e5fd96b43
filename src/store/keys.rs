//! Wrapped workspace and data keys, and how many values each data key has sealed.

use diesel::prelude::*;

use crate::domain::keys::{Hook, WrappedDataKey, WrappedWorkspaceKey};
use crate::domain::{DataKeyId, Environment, NodeTypeId, WorkspaceId};

use super::access::{InWorkspace, Proof};
use super::error::Error;
use super::schema::{data_keys, workspaces};
use super::tx::{ReadTx, WriteTx};

/// A data key, and how many values it has sealed.
pub struct CountedKey {
    pub key: WrappedDataKey,
    pub seals: i64,
}

macro_rules! columns {
    () => {
        (
            data_keys::id,
            data_keys::node_type_id,
            data_keys::environment,
            data_keys::generation,
            data_keys::blob,
            data_keys::seals,
        )
    };
}

type Row = (DataKeyId, NodeTypeId, Environment, i32, Vec<u8>, i64);

pub fn workspace_key(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<WrappedWorkspaceKey, Error> {
    let (workspace, master, blob): (WorkspaceId, String, Vec<u8>) = workspaces::table
        .filter(workspaces::id.eq(by.workspace()))
        .select((workspaces::id, workspaces::master, workspaces::key_blob))
        .first(tx.conn)?;
    Ok(WrappedWorkspaceKey { workspace, master, blob })
}

/// The newest generation for this hook.
pub fn newest(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, hook: &Hook) -> Result<Option<CountedKey>, Error> {
    let row: Option<Row> = data_keys::table
        .filter(data_keys::workspace_id.eq(by.workspace()))
        .filter(data_keys::node_type_id.eq(&hook.node_type))
        .filter(data_keys::environment.eq(hook.environment))
        .order(data_keys::generation.desc())
        .select(columns!())
        .first(tx.conn)
        .optional()?;
    row.map(|row| whole(tx, by, row)).transpose()
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &DataKeyId,
) -> Result<Option<WrappedDataKey>, Error> {
    let row: Option<Row> = data_keys::table
        .filter(data_keys::workspace_id.eq(by.workspace()))
        .filter(data_keys::id.eq(id))
        .select(columns!())
        .first(tx.conn)
        .optional()?;
    row.map(|row| whole(tx, by, row).map(|counted| counted.key)).transpose()
}

fn whole(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, row: Row) -> Result<CountedKey, Error> {
    let (id, node_type, environment, generation, blob, seals) = row;
    let workspace_key = workspace_key(tx, by)?;
    let key = WrappedDataKey { id, hook: Hook { node_type, environment }, generation, blob, workspace_key };
    Ok(CountedKey { key, seals })
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, key: &WrappedDataKey) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(data_keys::table)
        .values((
            data_keys::id.eq(&key.id),
            data_keys::workspace_id.eq(by.workspace()),
            data_keys::node_type_id.eq(&key.hook.node_type),
            data_keys::environment.eq(key.hook.environment),
            data_keys::generation.eq(key.generation),
            data_keys::blob.eq(&key.blob),
            data_keys::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Counts one more sealed value, in the transaction that keeps it.
pub fn count_seal(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &DataKeyId) -> Result<(), Error> {
    diesel::update(data_keys::table.filter(data_keys::workspace_id.eq(by.workspace())).filter(data_keys::id.eq(id)))
        .set(data_keys::seals.eq(data_keys::seals + 1))
        .execute(tx.conn)?;
    Ok(())
}
