//! What was done to workflows and their nodes, as sentences.

use crate::domain::TroubleWhy;
use crate::domain::audit::WorkflowEvent;

use super::{Deed, Teller, deed};

impl Teller<'_> {
    pub(super) fn deed_to_workflow(&self, event: &WorkflowEvent) -> Deed {
        let name = event.workflow().name.as_str();
        let done = |what: &str| deed(format!("{what} the workflow {name}"), None, "flow");
        let within = |what: String| Deed { of: Some(format!("of {name}")), ..deed(what, None, "flow") };
        match event {
            WorkflowEvent::Created { .. } => done("registered"),
            WorkflowEvent::Renamed { before, .. } => {
                deed(format!("renamed the workflow {before} to {name}"), None, "flow")
            }
            WorkflowEvent::Deleted { .. } => done("deleted"),
            WorkflowEvent::HandedOver { owner, .. } => {
                Deed { of: Some(format!("to {}", self.person_within(owner))), ..done("passed") }
            }
            WorkflowEvent::TokensChanged { .. } => done("changed which tokens may run"),
            WorkflowEvent::NodeAdded { node, .. } => within(format!("added the node {node}")),
            WorkflowEvent::NodeRemoved { node, .. } => within(format!("removed the node {node}")),
            WorkflowEvent::NodeBound { node, secret_name, .. } => {
                within(format!("bound {secret_name} to the node {node}"))
            }
            WorkflowEvent::NodeUnbound { node, .. } => within(format!("unbound the node {node}")),
            WorkflowEvent::NodeLoosened { node, secret, why, .. } => {
                let of = Some(format!("of {name}: {}", because(*why)));
                Deed { of, ..deed(format!("took the secret {secret} from the node {node}"), None, "unplug") }
            }
        }
    }
}

/// Why a node has no secret that it could use.
fn because(why: TroubleWhy) -> &'static str {
    match why {
        TroubleWhy::Deleted => "it was deleted",
        TroubleWhy::Unshared => "it is not shared with the workflow’s owner any more",
        TroubleWhy::ShareEnded => "its share with the workflow’s owner has ended",
        TroubleWhy::Disabled => "its node type is disabled",
        TroubleWhy::Removed => "its node type was removed",
        TroubleWhy::OwnerLeft => "its owner left",
        TroubleWhy::HandedOver => "the workflow’s new owner may not use it",
    }
}
