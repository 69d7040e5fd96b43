//! The nodes of workflows, with what each is bound to, and what could be bound to one.

use diesel::prelude::*;

use crate::domain::policy::SecretFacts;
use crate::domain::secret::StateFacts;
use crate::domain::{
    Delivery, Environment, Handle, Moment, Name, NodeId, NodeTypeId, PersonId, SecretId, SecretState, Sharing, Slug,
    Trouble, TroubleBy, TroubleWhy, Unready, WorkflowId,
};
use crate::store::access::{InWorkspace, Proof};
use crate::store::error::Error;
use crate::store::nodes::{BoundNode, bound, changed};
use crate::store::schema::{node_types, nodes, secret_shares, secrets, workflows};
use crate::store::tx::{ReadTx, WriteTx};

/// A node, as its workflow's page shows it.
#[derive(Queryable, Clone, Debug)]
pub struct NodeRow {
    pub id: NodeId,
    pub workflow: WorkflowId,
    pub key: String,
    pub node_type: Slug,
    /// None where the workspace does not have the node type any more.
    pub node_type_name: Option<Name>,
    trouble: Troubled,
    pub secret: Option<BoundSecret>,
    /// Whose rights decide what the node may use.
    owner: PersonId,
    /// The share of the workflow's owner: with whom, and until when.
    share: Option<(PersonId, Option<Moment>)>,
}

type Troubled = (Option<TroubleWhy>, Option<String>, Option<TroubleBy>, Option<Moment>);

#[derive(Queryable, Clone, Debug)]
pub struct BoundSecret {
    pub id: SecretId,
    pub name: Name,
    pub last_four: Option<String>,
    pub delivery: Delivery,
    owner: Option<PersonId>,
    sharing: Sharing,
    shared_until: Option<Moment>,
    value_entered_at: Option<Moment>,
    expires_at: Option<Moment>,
    rejected_at: Option<Moment>,
    needs_reauthorization_at: Option<Moment>,
}

impl BoundSecret {
    pub fn state(&self, now: Moment) -> SecretState {
        let facts = StateFacts {
            has_value: self.value_entered_at.is_some(),
            expires_at: self.expires_at,
            needs_reauthorization: self.needs_reauthorization_at.is_some(),
            rejected: self.rejected_at.is_some(),
        };
        SecretState::derive(facts, now)
    }
}

impl NodeRow {
    pub fn trouble(&self) -> Option<Trouble> {
        let (why, secret, by, at) = self.trouble.clone();
        Some(Trouble { why: why?, secret: secret?, by: by?, at: at? })
    }

    /// Why it has nothing that it could use, if so.
    pub fn unready(&self, now: Moment) -> Option<Unready> {
        let usable = |secret: &BoundSecret| {
            let facts = SecretFacts {
                owner: secret.owner.as_ref(),
                sharing: secret.sharing,
                shared_until: secret.shared_until,
                chosen: self.share.as_ref().map(|(_, until)| *until),
            };
            facts.usable_by(&self.owner, now)
        };
        let secret = self.secret.as_ref().map(|secret| (secret.name.as_str(), usable(secret)));
        Unready::of(self.trouble().as_ref(), secret)
    }
}

macro_rules! rows {
    ($by:expr) => {
        nodes::table
            .inner_join(workflows::table)
            .left_join(secrets::table)
            .left_join(
                secret_shares::table
                    .on(secret_shares::secret_id.eq(secrets::id).and(secret_shares::person_id.eq(workflows::owner_id))),
            )
            .left_join(
                node_types::table
                    .on(node_types::workspace_id.eq(nodes::workspace_id).and(node_types::slug.eq(nodes::node_type))),
            )
            .filter(nodes::workspace_id.eq($by.workspace()))
            .order((nodes::workflow_id, nodes::key))
            .select((
                nodes::id,
                nodes::workflow_id,
                nodes::key,
                nodes::node_type,
                node_types::name.nullable(),
                (nodes::trouble, nodes::trouble_secret, nodes::trouble_by, nodes::trouble_at),
                (
                    secrets::id,
                    secrets::name,
                    secrets::last_four,
                    secrets::delivery,
                    secrets::owner_id,
                    secrets::sharing,
                    secrets::shared_until,
                    secrets::value_entered_at,
                    secrets::expires_at,
                    secrets::rejected_at,
                    secrets::needs_reauthorization_at,
                )
                    .nullable(),
                workflows::owner_id,
                (secret_shares::person_id, secret_shares::ends_at).nullable(),
            ))
    };
}

/// The nodes of workflows that the caller has found before, in the order of their keys.
pub fn nodes_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    workflows: &[WorkflowId],
) -> Result<Vec<NodeRow>, Error> {
    Ok(rows!(by).filter(nodes::workflow_id.eq_any(workflows)).load(tx.conn)?)
}

/// One node of a workflow that the caller has found before.
pub fn find_node(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (workflow, node): (&WorkflowId, &NodeId),
) -> Result<Option<NodeRow>, Error> {
    let row = rows!(by).filter(nodes::workflow_id.eq(workflow)).filter(nodes::id.eq(node));
    Ok(row.first(tx.conn).optional()?)
}

/// The nodes of a workflow that have a secret.
pub fn bound_in(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    workflow: &WorkflowId,
) -> Result<Vec<BoundNode>, Error> {
    Ok(bound!(by).filter(nodes::workflow_id.eq(workflow)).load(tx.conn)?)
}

/// The nodes that any secret of this owner serves.
pub fn of_secrets_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    owner: &PersonId,
) -> Result<Vec<BoundNode>, Error> {
    Ok(bound!(by).filter(secrets::owner_id.eq(owner)).load(tx.conn)?)
}

pub struct NewNode<'a> {
    pub id: &'a NodeId,
    pub workflow: &'a WorkflowId,
    pub key: &'a Handle,
    pub node_type: &'a Slug,
}

/// One of this key that is there already is [`Error::Taken`].
pub fn insert_node(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, new: &NewNode<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(nodes::table)
        .values((
            nodes::id.eq(new.id),
            nodes::workspace_id.eq(by.workspace()),
            nodes::workflow_id.eq(new.workflow),
            nodes::key.eq(new.key.as_str()),
            nodes::node_type.eq(new.node_type),
            nodes::created_at.eq(now),
            nodes::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    super::counted(tx, by, new.workflow)
}

pub fn delete_node(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &NodeId) -> Result<(), Error> {
    changed(tx, by, id)?;
    let row = nodes::table.filter(nodes::workspace_id.eq(by.workspace())).filter(nodes::id.eq(id));
    diesel::delete(row).execute(tx.conn)?;
    Ok(())
}

/// Binds a secret to a node; what was wrong with the node is over.
pub fn bind(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (node, secret): (&NodeId, &SecretId),
) -> Result<(), Error> {
    set(tx, by, node, Some(secret))
}

/// Takes its secret from a node because somebody wanted that: there is nothing to tell of it.
pub fn unbind(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, node: &NodeId) -> Result<(), Error> {
    set(tx, by, node, None)
}

fn set(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    node: &NodeId,
    secret: Option<&SecretId>,
) -> Result<(), Error> {
    let now = tx.now();
    let row = nodes::table.filter(nodes::workspace_id.eq(by.workspace())).filter(nodes::id.eq(node));
    diesel::update(row)
        .set((
            nodes::secret_id.eq(secret),
            nodes::trouble.eq(None::<TroubleWhy>),
            nodes::trouble_secret.eq(None::<String>),
            nodes::trouble_by.eq(None::<TroubleBy>),
            nodes::trouble_at.eq(None::<Moment>),
            nodes::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    changed(tx, by, node)
}

/// A secret that somebody wants to bind.
#[derive(Queryable, Clone, Debug)]
pub struct ToBind {
    pub name: Name,
    pub node_type: NodeTypeId,
    pub environment: Environment,
}

/// What the rules ask of a secret, where this person may use it: of a workflow's owner, who may not be the caller.
pub fn to_bind(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (secret, person): (&SecretId, &PersonId),
) -> Result<Option<ToBind>, Error> {
    if !crate::store::secrets::is_usable(tx, by, secret, person)? {
        return Ok(None);
    }
    let row = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(secret))
        .select((secrets::name, secrets::node_type_id, secrets::environment))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}
