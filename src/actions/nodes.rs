//! What becomes of nodes when the secret they are bound to is gone, out of reach, or of a disabled node type.
//!
//! Invariant: whatever takes a secret from a workflow's owner calls one of these in the same transaction.

use crate::domain::audit::{Event, WorkflowEvent, WorkflowFacts};
use crate::domain::{PersonId, Role, SecretId, Slug, Trouble, TroubleBy, TroubleWhy};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::nodes::BoundNode;
use crate::store::{self, Error, WriteTx};

use super::{Tools, audit};

/// What happened, and who did it.
#[derive(Clone, Copy, Debug)]
pub struct Because {
    pub why: TroubleWhy,
    pub by: TroubleBy,
}

/// What whoever acts is to the owner of what they act on.
pub(super) fn done_by(by: &Proof<'_, impl AtLeast<Member>>, owner: Option<&PersonId>) -> TroubleBy {
    match by.role() {
        _ if owner == Some(by.person()) => TroubleBy::ItsOwner,
        Role::Owner => TroubleBy::Owner,
        Role::Admin | Role::Member => TroubleBy::Admin,
    }
}

/// Loosens every node of a secret that is about to be deleted.
pub(super) fn secret_goes(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (secret, because): (&SecretId, Because),
) -> Result<Vec<BoundNode>, Error> {
    let nodes = store::nodes::bound_to(tx, by, secret)?;
    loosen(tx, by, tools, (&nodes, because))?;
    Ok(nodes)
}

/// Loosens the nodes whose workflow's owner may not use the secret any more, once its sharing has changed.
pub(super) fn sharing_changed(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (secret, because): (&SecretId, Because),
) -> Result<Vec<BoundNode>, Error> {
    let mut out_of_reach = Vec::new();
    for node in store::nodes::bound_to(tx, by, secret)? {
        if !store::secrets::is_usable(tx, by, secret, &node.owner)? {
            out_of_reach.push(node);
        }
    }
    loosen(tx, by, tools, (&out_of_reach, because))?;
    Ok(out_of_reach)
}

/// Says of every node of a node type that it is disabled; their bindings stay.
pub(super) fn type_disabled(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (slug, who): (&Slug, TroubleBy),
) -> Result<Vec<BoundNode>, Error> {
    let nodes = store::nodes::of_type(tx, by, slug)?;
    loosen(tx, by, tools, (&nodes, Because { why: TroubleWhy::Disabled, by: who }))?;
    Ok(nodes)
}

/// Loosens every node of a node type that is about to be removed with its secrets.
pub(super) fn type_goes(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (slug, who): (&Slug, TroubleBy),
) -> Result<Vec<BoundNode>, Error> {
    let nodes = store::nodes::of_type(tx, by, slug)?;
    loosen(tx, by, tools, (&nodes, Because { why: TroubleWhy::Removed, by: who }))?;
    Ok(nodes)
}

fn loosen(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (nodes, because): (&[BoundNode], Because),
) -> Result<(), Error> {
    for node in nodes {
        let (secret, at) = (node.secret_name.to_string(), tx.now());
        let trouble = Trouble { why: because.why, secret, by: because.by, at };
        let keep = because.why == TroubleWhy::Disabled;
        store::nodes::loosen(tx, by, (&node.id, keep), &trouble)?;
        let workflow = WorkflowFacts {
            id: node.workflow.clone(),
            name: node.workflow_name.to_string(),
            environment: node.environment,
        };
        let (node, secret, why) = (node.key.clone(), trouble.secret, because.why);
        let event = WorkflowEvent::NodeLoosened { workflow, node, secret, why };
        audit::change(tx, by, tools, Event::Workflow(event))?;
    }
    Ok(())
}
