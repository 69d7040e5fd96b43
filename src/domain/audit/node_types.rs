//! What is done to the node types of a workspace.

use serde::{Deserialize, Serialize};

use super::super::secret::Adders;
use super::super::{Environment, Method, NodeTypeId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum NodeTypeEvent {
    #[serde(rename = "node_type.added")]
    Added { node_type: NodeTypeFacts },
    #[serde(rename = "node_type.removed")]
    Removed { node_type: NodeTypeFacts, secrets: usize, nodes: usize },
    #[serde(rename = "node_type.enabled")]
    Enabled { node_type: NodeTypeFacts },
    #[serde(rename = "node_type.disabled")]
    Disabled { node_type: NodeTypeFacts },
    #[serde(rename = "node_type.described")]
    Described { node_type: NodeTypeFacts },
    /// Another description of a custom API: how many secrets lost their value by it.
    #[serde(rename = "node_type.changed")]
    Changed { node_type: NodeTypeFacts, disconnected: usize },
    /// The client that asks its provider for access, or what it asks for.
    #[serde(rename = "node_type.client_entered")]
    ClientEntered { node_type: NodeTypeFacts, environment: Environment, client_id: String, scopes: String },
    #[serde(rename = "node_type.client_removed")]
    ClientRemoved { node_type: NodeTypeFacts, environment: Environment },
    /// From now on each organization brings a client of its own.
    #[serde(rename = "node_type.clients_left_to_organizations")]
    ClientsLeftToOrganizations { node_type: NodeTypeFacts },
    /// Whether one organization may use it, and what is asked for there where that differs.
    #[serde(rename = "node_type.organization_configured")]
    OrganizationConfigured {
        node_type: NodeTypeFacts,
        environment: Environment,
        organization: String,
        enabled: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scopes: Option<String>,
    },
    #[serde(rename = "node_type.organization_client_entered")]
    OrganizationClientEntered {
        node_type: NodeTypeFacts,
        environment: Environment,
        organization: String,
        client_id: String,
    },
    #[serde(rename = "node_type.organization_client_removed")]
    OrganizationClientRemoved { node_type: NodeTypeFacts, environment: Environment, organization: String },
    #[serde(rename = "workspace.adders_changed")]
    AddersChanged { workspace: WorkspaceId, before: Adders, after: Adders },
    /// To where people may be sent back who have connected something.
    #[serde(rename = "workspace.return_addresses_changed")]
    ReturnAddressesChanged { workspace: WorkspaceId, addresses: Vec<String> },
}

/// A node type as an entry describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTypeFacts {
    pub id: NodeTypeId,
    pub slug: String,
    pub name: String,
    pub method: Method,
}

impl NodeTypeEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::Added { node_type }
            | Self::Removed { node_type, .. }
            | Self::Enabled { node_type }
            | Self::Disabled { node_type }
            | Self::Described { node_type }
            | Self::Changed { node_type, .. }
            | Self::ClientEntered { node_type, .. }
            | Self::ClientRemoved { node_type, .. }
            | Self::ClientsLeftToOrganizations { node_type }
            | Self::OrganizationConfigured { node_type, .. }
            | Self::OrganizationClientEntered { node_type, .. }
            | Self::OrganizationClientRemoved { node_type, .. } => node_type.id.as_str(),
            Self::AddersChanged { workspace, .. } | Self::ReturnAddressesChanged { workspace, .. } => {
                workspace.as_str()
            }
        }
    }
}
