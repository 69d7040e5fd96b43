//! A machine registers a workflow with its nodes: once or again, it comes to the same.

use crate::domain::{Called, Handle, Name, SecretId, Slug, WorkflowId};
use crate::store::access::{ManageRight, Proof};
use crate::store::workflows::{NewWorkflow, NodeRow, WorkflowRow};
use crate::store::{self, Denied, Fault, Outcome, Refusal, Unrecorded, WriteTx};

use super::{WorkflowRefusal, listed, made, named, nodes};
use crate::actions::Tools;

pub struct Registration {
    pub external_id: Handle,
    pub name: Name,
    pub nodes: Vec<NodeAsk>,
}

pub struct NodeAsk {
    pub key: Handle,
    pub node_type: Slug,
    pub secret: SecretAsk,
}

/// What a node is to be bound to.
pub enum SecretAsk {
    /// Whatever it is bound to already: people may have chosen that on its page.
    Keep,
    Nothing,
    Secret(SecretId),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegisterRefusal {
    #[error("the workflow belongs to another member")]
    NotYours,
    #[error("Node “{key}”: {why}")]
    Node { key: String, why: WorkflowRefusal },
}

impl Refusal for RegisterRefusal {}

/// Makes the workflow, or makes it what is asked for: its name and its nodes. The token that makes it may run it from
/// then on; who else may, and whether it still may, is its owner's to say. A token that is limited to node types names no
/// others, and takes away no node of theirs.
pub fn register(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ManageRight>,
    tools: Tools<'_>,
    ask: &Registration,
) -> Outcome<WorkflowRow, RegisterRefusal> {
    ask.nodes.iter().try_for_each(|node| by.covers(&node.node_type))?;
    let (called, environment) = (Called::External(ask.external_id.clone()), by.environment());
    let known = store::workflows::called(tx, by, (&called, environment))?;
    if known.as_ref().is_some_and(|row| row.owner != *by.maker()) {
        return Err(RegisterRefusal::NotYours.into());
    }
    let is_new = known.is_none();
    if is_new {
        let id = WorkflowId::draw(tx.now(), tools.chance);
        let external_id = Some(&ask.external_id);
        made(tx, by, tools, &NewWorkflow { id: &id, owner: by.maker(), name: &ask.name, environment, external_id })?;
    }
    let row = store::workflows::called(tx, by, (&called, environment))?.ok_or(Denied::NotFound)?;
    let mut changed = is_new | named(tx, by, tools, (&row, &ask.name))?;
    if is_new {
        listed(tx, by, tools, (&row, by.token()))?;
    }
    let there = store::workflows::nodes_of(tx, by, std::slice::from_ref(&row.id))?;
    for node in there.iter().filter(|node| !ask.nodes.iter().any(|asked| is_same(asked, node))) {
        by.covers(&node.node_type)?;
        nodes::removed(tx, by, tools, (&row, node))?;
        changed = true;
    }
    for asked in &ask.nodes {
        let node = there.iter().find(|node| is_same(asked, node));
        changed |= settle(tx, by, tools, (&row, asked, node)).map_err(|fault| match fault {
            Fault::Refused(why) => Fault::Refused(RegisterRefusal::Node { key: asked.key.to_string(), why }),
            Fault::Store(error) => Fault::Store(error),
        })?;
    }
    if !changed {
        tx.unrecorded(Unrecorded::Nothing);
    }
    store::tokens::mark_used(tx, by, tools.origin.from)?;
    Ok(store::workflows::called(tx, by, (&called, environment))?.ok_or(Denied::NotFound)?)
}

/// A node of another node type is another node, which has its secret to find anew.
fn is_same(asked: &NodeAsk, node: &NodeRow) -> bool {
    node.key == asked.key.as_str() && node.node_type == asked.node_type
}

fn settle(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ManageRight>,
    tools: Tools<'_>,
    (row, asked, known): (&WorkflowRow, &NodeAsk, Option<&NodeRow>),
) -> Outcome<bool, WorkflowRefusal> {
    let (node, is_new) = match known {
        Some(node) => (node.clone(), false),
        None => {
            let id = nodes::added(tx, by, tools, (row, &asked.key, &asked.node_type))?;
            let node = store::workflows::find_node(tx, by, (&row.id, &id))?.ok_or(Denied::NotFound)?;
            (node, true)
        }
    };
    let bound = match &asked.secret {
        SecretAsk::Keep => false,
        SecretAsk::Nothing => nodes::unbound(tx, by, tools, (row, &node))?,
        SecretAsk::Secret(secret) => nodes::bound(tx, by, tools, (row, &node, secret))?,
    };
    Ok(is_new || bound)
}
