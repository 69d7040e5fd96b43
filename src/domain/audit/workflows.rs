//! What is done to workflows and their nodes.

use serde::{Deserialize, Serialize};

use super::super::{Environment, PersonId, SecretId, TokenId, TroubleWhy, WorkflowId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum WorkflowEvent {
    #[serde(rename = "workflow.created")]
    Created { workflow: WorkflowFacts },
    #[serde(rename = "workflow.renamed")]
    Renamed { workflow: WorkflowFacts, before: String },
    #[serde(rename = "workflow.deleted")]
    Deleted { workflow: WorkflowFacts },
    #[serde(rename = "workflow.handed_over")]
    HandedOver { workflow: WorkflowFacts, former_owner: PersonId, owner: PersonId },
    /// Which tokens may run it from now on.
    #[serde(rename = "workflow.tokens_changed")]
    TokensChanged { workflow: WorkflowFacts, tokens: Vec<TokenId> },
    #[serde(rename = "node.added")]
    NodeAdded { workflow: WorkflowFacts, node: String, node_type: String },
    #[serde(rename = "node.removed")]
    NodeRemoved { workflow: WorkflowFacts, node: String },
    #[serde(rename = "node.bound")]
    NodeBound { workflow: WorkflowFacts, node: String, secret: SecretId, secret_name: String },
    #[serde(rename = "node.unbound")]
    NodeUnbound { workflow: WorkflowFacts, node: String },
    /// What it was bound to is gone or out of reach.
    #[serde(rename = "node.loosened")]
    NodeLoosened { workflow: WorkflowFacts, node: String, secret: String, why: TroubleWhy },
}

/// A workflow as an entry describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowFacts {
    pub id: WorkflowId,
    pub name: String,
    pub environment: Environment,
}

impl WorkflowEvent {
    pub fn workflow(&self) -> &WorkflowFacts {
        match self {
            Self::Created { workflow }
            | Self::Renamed { workflow, .. }
            | Self::Deleted { workflow }
            | Self::HandedOver { workflow, .. }
            | Self::TokensChanged { workflow, .. }
            | Self::NodeAdded { workflow, .. }
            | Self::NodeRemoved { workflow, .. }
            | Self::NodeBound { workflow, .. }
            | Self::NodeUnbound { workflow, .. }
            | Self::NodeLoosened { workflow, .. } => workflow,
        }
    }
}
