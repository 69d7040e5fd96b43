//! The nodes of a workflow: added, bound to a secret of their own node type, loosened, removed.

use crate::domain::audit::{Event, WorkflowEvent};
use crate::domain::{Handle, NodeId, SecretId, Slug, WorkflowId, policy};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::workflows::{NewNode, NodeRow, WorkflowRow};
use crate::store::{self, Denied, Error, Fault, Outcome, Unrecorded, WriteTx};

use super::{WorkflowRefusal, describe, own};
use crate::actions::{Tools, audit};

pub fn add(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, key, node_type): (&WorkflowId, &Handle, &Slug),
) -> Outcome<NodeId, WorkflowRefusal> {
    let row = own(tx, by, id)?;
    if store::workflows::nodes_of(tx, by, std::slice::from_ref(&row.id))?.len() >= store::workflows::MOST_NODES {
        return Err(WorkflowRefusal::Full.into());
    }
    added(tx, by, tools, (&row, key, node_type))
}

/// A node of a node type that the workspace has, bound to nothing yet.
pub(super) fn added(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (row, key, node_type): (&WorkflowRow, &Handle, &Slug),
) -> Outcome<NodeId, WorkflowRefusal> {
    store::node_types::find(tx, by, node_type)?.ok_or(WorkflowRefusal::NoType)?;
    let id = NodeId::draw(tx.now(), tools.chance);
    let new = NewNode { id: &id, workflow: &row.id, key, node_type };
    store::workflows::insert_node(tx, by, &new).map_err(|error| match error {
        Error::Taken => Fault::Refused(WorkflowRefusal::KeyTaken),
        other => other.into(),
    })?;
    let (node, node_type) = (key.to_string(), node_type.to_string());
    let event = WorkflowEvent::NodeAdded { workflow: describe(row), node, node_type };
    audit::change(tx, by, tools, Event::Workflow(event))?;
    Ok(id)
}

pub fn remove(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, node): (&WorkflowId, &NodeId),
) -> Outcome<()> {
    let (row, node) = found(tx, by, (id, node))?;
    Ok(removed(tx, by, tools, (&row, &node))?)
}

pub(super) fn removed(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (row, node): (&WorkflowRow, &NodeRow),
) -> Result<(), Error> {
    store::workflows::delete_node(tx, by, &node.id)?;
    let event = WorkflowEvent::NodeRemoved { workflow: describe(row), node: node.key.clone() };
    audit::change(tx, by, tools, Event::Workflow(event))
}

pub fn bind(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, node, secret): (&WorkflowId, &NodeId, &SecretId),
) -> Outcome<(), WorkflowRefusal> {
    let (row, node) = found(tx, by, (id, node))?;
    if !bound(tx, by, tools, (&row, &node, secret))? {
        tx.unrecorded(Unrecorded::Nothing);
    }
    Ok(())
}

/// Binds a secret that the workflow's owner may use: of the node's own node type and the workflow's environment. False
/// where it is bound already.
pub(super) fn bound(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (row, node, secret): (&WorkflowRow, &NodeRow, &SecretId),
) -> Outcome<bool, WorkflowRefusal> {
    let node_type = store::node_types::find(tx, by, &node.node_type)?.ok_or(WorkflowRefusal::NoType)?;
    let found = store::workflows::to_bind(tx, by, (secret, &row.owner))?.ok_or(WorkflowRefusal::NoSecret)?;
    if !policy::fits((&node_type.id, row.environment), (&found.node_type, found.environment)) {
        return Err(WorkflowRefusal::NoSecret.into());
    }
    if node.trouble().is_none() && node.secret.as_ref().is_some_and(|held| held.id == *secret) {
        return Ok(false);
    }
    if !node_type.enabled {
        return Err(WorkflowRefusal::Disabled.into());
    }
    store::workflows::bind(tx, by, (&node.id, secret))?;
    let (secret, secret_name) = (secret.clone(), found.name.to_string());
    let event = WorkflowEvent::NodeBound { workflow: describe(row), node: node.key.clone(), secret, secret_name };
    audit::change(tx, by, tools, Event::Workflow(event))?;
    Ok(true)
}

pub fn unbind(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, node): (&WorkflowId, &NodeId),
) -> Outcome<()> {
    let (row, node) = found(tx, by, (id, node))?;
    if !unbound(tx, by, tools, (&row, &node))? {
        tx.unrecorded(Unrecorded::Nothing);
    }
    Ok(())
}

/// False where nothing was bound.
pub(super) fn unbound(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (row, node): (&WorkflowRow, &NodeRow),
) -> Result<bool, Error> {
    if node.secret.is_none() {
        return Ok(false);
    }
    store::workflows::unbind(tx, by, &node.id)?;
    let event = WorkflowEvent::NodeUnbound { workflow: describe(row), node: node.key.clone() };
    audit::change(tx, by, tools, Event::Workflow(event))?;
    Ok(true)
}

fn found<E>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (id, node): (&WorkflowId, &NodeId),
) -> Result<(WorkflowRow, NodeRow), Fault<E>> {
    let row = own(tx, by, id)?;
    let node = store::workflows::find_node(tx, by, (id, node))?.ok_or(Denied::NotFound)?;
    Ok((row, node))
}
