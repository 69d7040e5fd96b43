//! Wrapped keys and sealed values as they lie in the database: plain data that only `crypto` can open.

use super::{DataKeyId, Environment, NodeTypeId, OrganizationId, SecretId, WorkspaceId};

/// A workspace's key, wrapped by a master key.
#[derive(Clone, Debug)]
pub struct WrappedWorkspaceKey {
    pub workspace: WorkspaceId,
    pub master: String,
    pub blob: Vec<u8>,
}

/// A key of the whole installation, wrapped by a master key.
#[derive(Clone, Debug)]
pub struct WrappedInstallationKey {
    pub purpose: String,
    pub master: String,
    pub blob: Vec<u8>,
}

/// Where a data key applies: one node type in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub node_type: NodeTypeId,
    pub environment: Environment,
}

/// A data key, wrapped by its workspace's key.
#[derive(Clone, Debug)]
pub struct WrappedDataKey {
    pub id: DataKeyId,
    pub hook: Hook,
    pub generation: i32,
    pub blob: Vec<u8>,
    pub workspace_key: WrappedWorkspaceKey,
}

/// A sealed value together with everything its seal is bound to.
#[derive(Clone, Debug)]
pub struct SealedValue {
    pub secret: SecretId,
    /// The secret's own node type and environment, as its row says.
    pub hook: Hook,
    pub number: i64,
    pub blob: Vec<u8>,
    pub key: WrappedDataKey,
}

/// The sealed secret of an OAuth client; its hook is its key's.
#[derive(Clone, Debug)]
pub struct SealedClient {
    /// Who brought it, where it is not the workspace's own.
    pub organization: Option<OrganizationId>,
    pub number: i64,
    pub blob: Vec<u8>,
    pub key: WrappedDataKey,
}
