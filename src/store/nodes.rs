//! The nodes of workflows: what they are bound to, and why some are bound to nothing any more.

use diesel::prelude::*;

use crate::domain::{
    Environment, Moment, Name, NodeId, PersonId, SecretId, Slug, Trouble, TroubleBy, TroubleWhy, WorkflowId,
};

use super::access::{InWorkspace, Proof};
use super::error::Error;
use super::paging::IDS_AT_ONCE;
use super::schema::{nodes, secrets, workflows};
use super::tx::{ReadTx, WriteTx};

/// A node that has a secret, and whose it is.
#[derive(Queryable, Clone, Debug)]
pub struct BoundNode {
    pub id: NodeId,
    pub key: String,
    pub workflow: WorkflowId,
    pub workflow_name: Name,
    pub environment: Environment,
    /// Whose rights decide what the node may use.
    pub owner: PersonId,
    pub secret: SecretId,
    pub secret_name: Name,
}

macro_rules! bound {
    ($by:expr) => {
        nodes::table
            .inner_join(workflows::table)
            .inner_join(secrets::table)
            .filter(nodes::workspace_id.eq($by.workspace()))
            .order((workflows::name_key, nodes::key))
            .select((
                nodes::id,
                nodes::key,
                workflows::id,
                workflows::name,
                workflows::environment,
                workflows::owner_id,
                secrets::id,
                secrets::name,
            ))
    };
}

pub(super) use bound;

/// The nodes that a secret serves.
pub fn bound_to(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    secret: &SecretId,
) -> Result<Vec<BoundNode>, Error> {
    Ok(bound!(by).filter(nodes::secret_id.eq(secret)).load(tx.conn)?)
}

/// The nodes that any of these secrets serves.
pub fn bound_to_any(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    secrets: &[SecretId],
) -> Result<Vec<BoundNode>, Error> {
    let mut bound = Vec::new();
    for ids in secrets.chunks(IDS_AT_ONCE) {
        bound.extend(bound!(by).filter(nodes::secret_id.eq_any(ids)).load::<BoundNode>(tx.conn)?);
    }
    Ok(bound)
}

/// The nodes of a node type that have a secret.
pub fn of_type(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, slug: &Slug) -> Result<Vec<BoundNode>, Error> {
    Ok(bound!(by).filter(nodes::node_type.eq(slug)).load(tx.conn)?)
}

/// Takes its secret from a node, or only says what is wrong with it where `keep`.
pub fn loosen(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (node, keep): (&NodeId, bool),
    trouble: &Trouble,
) -> Result<(), Error> {
    let now = tx.now();
    let row = || nodes::table.filter(nodes::workspace_id.eq(by.workspace())).filter(nodes::id.eq(node));
    diesel::update(row())
        .set((
            nodes::trouble.eq(trouble.why),
            nodes::trouble_secret.eq(&trouble.secret),
            nodes::trouble_by.eq(trouble.by),
            nodes::trouble_at.eq(trouble.at),
            nodes::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    if !keep {
        diesel::update(row()).set(nodes::secret_id.eq(None::<SecretId>)).execute(tx.conn)?;
    }
    changed(tx, by, node)
}

/// A node has changed, and so has the workflow that it belongs to.
pub(super) fn changed(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, node: &NodeId) -> Result<(), Error> {
    let of_node = nodes::table.filter(nodes::workspace_id.eq(by.workspace())).filter(nodes::id.eq(node));
    let workflow: Option<WorkflowId> = of_node.select(nodes::workflow_id).first(tx.conn).optional()?;
    workflow.map_or(Ok(()), |workflow| super::workflows::counted(tx, by, &workflow))
}

/// Takes away what was wrong only because the node type was disabled.
pub fn settle(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, slug: &Slug) -> Result<(), Error> {
    let now = tx.now();
    let disabled = nodes::table
        .filter(nodes::workspace_id.eq(by.workspace()))
        .filter(nodes::node_type.eq(slug))
        .filter(nodes::secret_id.is_not_null())
        .filter(nodes::trouble.eq(TroubleWhy::Disabled));
    diesel::update(disabled)
        .set((
            nodes::trouble.eq(None::<TroubleWhy>),
            nodes::trouble_secret.eq(None::<String>),
            nodes::trouble_by.eq(None::<TroubleBy>),
            nodes::trouble_at.eq(None::<Moment>),
            nodes::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}
