//! What is done to end users and organizations themselves: their connections have entries of their own.

use serde::{Deserialize, Serialize};

use super::super::{EndUserId, OrganizationId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum OutsiderEvent {
    /// With everything of theirs: each connection has its own entry before.
    #[serde(rename = "end_user.deleted")]
    EndUserDeleted { end_user: EndUserId, external_id: String, connections: u64 },
    /// With its own connections, and those that end users had in it.
    #[serde(rename = "organization.deleted")]
    OrganizationDeleted { organization: OrganizationId, external_id: String, connections: u64 },
}

impl OutsiderEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::EndUserDeleted { end_user, .. } => end_user.as_str(),
            Self::OrganizationDeleted { organization, .. } => organization.as_str(),
        }
    }
}
