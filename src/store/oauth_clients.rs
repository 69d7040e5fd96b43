//! With what a workspace asks providers for access.
//!
//! Invariant: a client is found with its sealed secret by the hook that it belongs to, in the workspace of the proof.

use diesel::prelude::*;

use crate::domain::keys::{Hook, SealedClient};
use crate::domain::{DataKeyId, Environment, Moment, NodeTypeId, Scopes};

use super::access::{Admin, AtLeast, InWorkspace, Proof};
use super::error::Error;
use super::keys;
use super::schema::{node_types, oauth_clients};
use super::tx::{ReadTx, WriteTx};

/// What pages show of a client.
#[derive(Queryable, Clone, Debug)]
pub struct ClientRow {
    pub environment: Environment,
    pub client_id: String,
    pub number: i64,
    /// Where the provider is, as JSON.
    pub facts: String,
    pub scopes: Scopes,
    pub last_four: Option<String>,
    pub updated_at: Moment,
}

pub struct NewClient<'a> {
    pub client_id: &'a str,
    pub blob: &'a [u8],
    pub data_key: &'a DataKeyId,
    pub number: i64,
    pub facts: &'a str,
    pub last_four: Option<&'a str>,
}

/// The clients of a node type that the workspace has.
macro_rules! of_type {
    ($by:expr, $node_type:expr) => {
        oauth_clients::table.filter(oauth_clients::node_type_id.eq($node_type)).filter(
            oauth_clients::node_type_id
                .eq_any(node_types::table.filter(node_types::workspace_id.eq($by.workspace())).select(node_types::id)),
        )
    };
}

/// One for each environment at most.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    node_type: &NodeTypeId,
) -> Result<Vec<ClientRow>, Error> {
    let rows = of_type!(by, node_type)
        .select((
            oauth_clients::environment,
            oauth_clients::client_id,
            oauth_clients::number,
            oauth_clients::facts,
            oauth_clients::scopes,
            oauth_clients::last_four,
            oauth_clients::updated_at,
        ))
        .load(tx.conn)?;
    Ok(rows)
}

/// The client's secret with its key, to be opened where a token is asked for.
pub fn sealed(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    hook: &Hook,
) -> Result<Option<SealedClient>, Error> {
    let row: Option<(Vec<u8>, DataKeyId, i64)> = of_type!(by, &hook.node_type)
        .filter(oauth_clients::environment.eq(hook.environment))
        .select((oauth_clients::blob, oauth_clients::data_key_id, oauth_clients::number))
        .first(tx.conn)
        .optional()?;
    let Some((blob, data_key, number)) = row else { return Ok(None) };
    // A row that was moved to another hook has no key there.
    let key = keys::find(tx, by, &data_key)?.filter(|key| key.hook == *hook);
    Ok(key.map(|key| SealedClient { organization: None, number, blob, key }))
}

/// Puts a client in the place of the one that is there.
pub fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    hook: &Hook,
    (new, scopes): (&NewClient<'_>, &Scopes),
) -> Result<(), Error> {
    let now = tx.now();
    remove(tx, by, hook)?;
    diesel::insert_into(oauth_clients::table)
        .values((
            oauth_clients::node_type_id.eq(&hook.node_type),
            oauth_clients::environment.eq(hook.environment),
            oauth_clients::client_id.eq(new.client_id),
            oauth_clients::blob.eq(new.blob),
            oauth_clients::data_key_id.eq(new.data_key),
            oauth_clients::number.eq(new.number),
            oauth_clients::facts.eq(new.facts),
            oauth_clients::last_four.eq(new.last_four),
            oauth_clients::scopes.eq(scopes),
            oauth_clients::created_at.eq(now),
            oauth_clients::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// What is asked for from now on; the client stays.
pub fn set_scopes(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (hook, scopes): (&Hook, &Scopes),
) -> Result<(), Error> {
    let now = tx.now();
    let row = of_type!(by, &hook.node_type).filter(oauth_clients::environment.eq(hook.environment));
    diesel::update(row).set((oauth_clients::scopes.eq(scopes), oauth_clients::updated_at.eq(now))).execute(tx.conn)?;
    Ok(())
}

/// Overwrites and removes it; whether there was one.
pub fn remove(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, hook: &Hook) -> Result<bool, Error> {
    let row = || of_type!(by, &hook.node_type).filter(oauth_clients::environment.eq(hook.environment));
    diesel::update(row()).set(oauth_clients::blob.eq(Vec::<u8>::new())).execute(tx.conn)?;
    Ok(diesel::delete(row()).execute(tx.conn)? == 1)
}
