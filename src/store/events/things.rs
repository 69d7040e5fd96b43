//! Secrets and nodes as far as an event tells of them.

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::domain::{
    Environment, Kind, Moment, Name, NodeId, NodeTypeId, PersonId, SecretId, Slug, WorkflowId, WorkspaceId,
};
use crate::store::access::{InWorkspace, Proof, Runner, RunnerIn};
use crate::store::error::Error;
use crate::store::schema::{end_users, ends_told, node_types, nodes, organizations, secrets, workflows};
use crate::store::tx::{ReadTx, WriteTx};

/// Secrets of which one transaction tells.
const AT_ONCE: i64 = 500;

#[derive(Queryable)]
pub struct SecretSubject {
    pub name: Name,
    pub node_type: Slug,
    pub node_type_id: NodeTypeId,
    pub environment: Environment,
    pub owner: Option<PersonId>,
    pub end_user: Option<String>,
    pub organization: Option<String>,
    pub rejected_at: Option<Moment>,
    pub kind: Kind,
}

pub fn secret(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
) -> Result<Option<SecretSubject>, Error> {
    let row = secrets::table
        .inner_join(node_types::table)
        .left_join(end_users::table)
        .left_join(organizations::table)
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .select((
            secrets::name,
            node_types::slug,
            node_types::id,
            secrets::environment,
            secrets::owner_id,
            end_users::external_id.nullable(),
            organizations::external_id.nullable(),
            secrets::rejected_at,
            secrets::kind,
        ));
    Ok(row.first(tx.conn).optional()?)
}

#[derive(Queryable)]
pub struct NodeSubject {
    pub node: NodeId,
    pub node_type: Slug,
    pub owner: PersonId,
    pub external_id: Option<String>,
}

pub fn node(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (workflow, key): (&WorkflowId, &str),
) -> Result<Option<NodeSubject>, Error> {
    let row = nodes::table
        .inner_join(workflows::table)
        .filter(nodes::workspace_id.eq(by.workspace()))
        .filter(nodes::workflow_id.eq(workflow))
        .filter(nodes::key.eq(key))
        .select((nodes::id, nodes::node_type, workflows::owner_id, workflows::external_id));
    Ok(row.first(tx.conn).optional()?)
}

/// Secrets whose last day is before then and is still to come, and of which nobody was told that it is.
macro_rules! untold {
    ($now:expr, $until:expr) => {{
        let told = ends_told::table
            .filter(ends_told::secret_id.eq(secrets::id))
            .filter(ends_told::expires_at.nullable().eq(secrets::expires_at));
        secrets::table
            .filter(secrets::expires_at.gt($now))
            .filter(secrets::expires_at.le($until))
            .filter(secrets::value_entered_at.is_not_null())
            .filter(diesel::dsl::not(exists(told)))
    }};
}

/// The workspaces that have such secrets.
pub fn with_expiring(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, until: Moment) -> Result<Vec<WorkspaceId>, Error> {
    let now = tx.now();
    Ok(untold!(now, until).select(secrets::workspace_id).distinct().load(tx.conn)?)
}

/// Those of a workspace, with their ends, a portion at most.
pub fn expiring(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, RunnerIn>,
    until: Moment,
) -> Result<Vec<(SecretId, Moment)>, Error> {
    let now = tx.now();
    let rows = untold!(now, until)
        .filter(secrets::workspace_id.eq(by.workspace()))
        .order((secrets::expires_at, secrets::id))
        .limit(AT_ONCE)
        .select((secrets::id, secrets::expires_at.assume_not_null()))
        .load(tx.conn)?;
    Ok(rows)
}

/// Remembers that this end was told.
pub fn note_end_told(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, RunnerIn>,
    (id, end): (&SecretId, Moment),
) -> Result<(), Error> {
    diesel::delete(ends_told::table.filter(ends_told::secret_id.eq(id))).execute(tx.conn)?;
    diesel::insert_into(ends_told::table)
        .values((ends_told::secret_id.eq(id), ends_told::expires_at.eq(end)))
        .execute(tx.conn)?;
    Ok(())
}
