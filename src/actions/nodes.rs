//! What becomes of nodes when the secret they are bound to is gone, out of reach, or of a disabled node type.
//!
//! Invariant: whatever takes a secret from a workflow's owner calls one of these in the same transaction, and the owner
//! is written to once for each act, unless it was their own.

use std::collections::BTreeMap;

use crate::domain::audit::{Actor, Event, WorkflowEvent, WorkflowFacts};
use crate::domain::{Letter, Moment, PersonId, Role, SecretId, Slug, Trouble, TroubleBy, TroubleWhy};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::nodes::BoundNode;
use crate::store::{self, Error, WriteTx};

use super::{Tools, audit, letters, outbox};

/// What happened, and who did it.
#[derive(Clone, Copy, Debug)]
pub struct Because {
    pub why: TroubleWhy,
    pub by: TroubleBy,
}

impl Because {
    fn trouble(self, node: &BoundNode, at: Moment) -> Trouble {
        Trouble { why: self.why, secret: node.secret_name.to_string(), by: self.by, at }
    }
}

/// Nodes that one act has loosened, and why each.
pub(super) type Loosened = Vec<(BoundNode, Because)>;

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
    let nodes = take_secret(tx, by, tools, (secret, because))?;
    told(tx, by, tools, (nodes, because))
}

/// The same without the letters, for an act that takes several: it ends with [`tell_owners`] about all of them.
pub(super) fn take_secret(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (secret, because): (&SecretId, Because),
) -> Result<Vec<BoundNode>, Error> {
    let nodes = store::nodes::bound_to(tx, by, secret)?;
    loosen(tx, by, tools, (&nodes, because))?;
    Ok(nodes)
}

/// The same for the nodes of several secrets, each for its own reason.
pub(super) fn take_nodes(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    loosened: &[(BoundNode, Because)],
) -> Result<(), Error> {
    for (node, because) in loosened {
        loosen(tx, by, tools, (std::slice::from_ref(node), *because))?;
    }
    Ok(())
}

/// Loosens the nodes whose workflow's owner may not use the secret any more, once its sharing has changed.
pub(super) fn sharing_changed(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (secret, because): (&SecretId, Because),
) -> Result<Vec<BoundNode>, Error> {
    let bound = store::nodes::bound_to(tx, by, secret)?;
    let nodes = loosen_out_of_reach(tx, by, tools, (bound, because))?;
    told(tx, by, tools, (nodes, because))
}

/// Loosens those of these nodes whose workflow's owner may not use the secret, and writes no letters.
pub(super) fn loosen_out_of_reach(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (nodes, because): (Vec<BoundNode>, Because),
) -> Result<Vec<BoundNode>, Error> {
    let mut out_of_reach = Vec::new();
    for node in nodes {
        if !store::secrets::is_usable(tx, by, &node.secret, &node.owner)? {
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
    let because = Because { why: TroubleWhy::Disabled, by: who };
    loosen(tx, by, tools, (&nodes, because))?;
    told(tx, by, tools, (nodes, because))
}

/// Loosens every node of a node type that is about to be removed with its secrets.
pub(super) fn type_goes(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (slug, who): (&Slug, TroubleBy),
) -> Result<Vec<BoundNode>, Error> {
    let nodes = store::nodes::of_type(tx, by, slug)?;
    let because = Because { why: TroubleWhy::Removed, by: who };
    loosen(tx, by, tools, (&nodes, because))?;
    told(tx, by, tools, (nodes, because))
}

fn loosen(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (nodes, because): (&[BoundNode], Because),
) -> Result<(), Error> {
    for node in nodes {
        let trouble = because.trouble(node, tx.now());
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

/// Writes to the owners of the workflows, and gives the nodes back.
fn told(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (nodes, because): (Vec<BoundNode>, Because),
) -> Result<Vec<BoundNode>, Error> {
    let loosened: Loosened = nodes.into_iter().map(|node| (node, because)).collect();
    tell_owners(tx, by, tools, &loosened)?;
    Ok(loosened.into_iter().map(|(node, _)| node).collect())
}

/// One letter to each owner about all that is broken for them; none to whoever did it themselves, and not the same again
/// and again where somebody goes back and forth.
pub(super) fn tell_owners(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    loosened: &[(BoundNode, Because)],
) -> Result<(), Error> {
    let actor = match &tools.origin.by {
        Actor::Person { id } | Actor::Token { maker: id, .. } | Actor::Errand { maker: id, .. } => Some(id),
        _ => None,
    };
    let at = tx.now();
    let mut by_reason: BTreeMap<(&PersonId, &str), Vec<String>> = BTreeMap::new();
    for (node, because) in loosened.iter().filter(|(node, _)| Some(&node.owner) != actor) {
        let line = format!("“{}” of {} {}", node.key, node.workflow_name, because.trouble(node, at));
        by_reason.entry((&node.owner, because.why.as_str())).or_default().push(line);
    }
    let mut by_owner: BTreeMap<&PersonId, Vec<String>> = BTreeMap::new();
    for ((owner, why), lines) in by_reason {
        if letters::may_tell(tx, by, tools, &[b"nodes", owner.as_str().as_bytes(), why.as_bytes()])? {
            by_owner.entry(owner).or_default().extend(lines);
        }
    }
    if by_owner.is_empty() {
        return Ok(());
    }
    let workspace = store::workspaces::current(tx, by)?;
    let owners: Vec<PersonId> = by_owner.keys().map(|id| (*id).clone()).collect();
    for (owner, address) in store::members::addresses(tx, by, &owners)? {
        let letter = Letter::WorkflowsBroken {
            workspace: workspace.name.to_string(),
            slug: workspace.slug.to_string(),
            nodes: by_owner.remove(&owner).unwrap_or_default(),
        };
        outbox::of_workspace(tx, by, tools, (&address, letter))?;
    }
    Ok(())
}
