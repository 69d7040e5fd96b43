//! What happens around the page on which end users connect.

use serde::{Deserialize, Serialize};

use super::super::{ConnectSessionId, WorkspaceId};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum ConnectEvent {
    /// A backend has asked for a page for one end user.
    #[serde(rename = "connect_session.made")]
    Made { session: SessionFacts },
    #[serde(rename = "connect_session.opened")]
    Opened { session: SessionFacts },
    /// Before its time, because the backend wanted it.
    #[serde(rename = "connect_session.ended")]
    Ended { session: SessionFacts },
    /// Which sites may hold the page, and what it looks like.
    #[serde(rename = "workspace.connect_page_changed")]
    PageChanged { workspace: WorkspaceId, origins: Vec<String>, shown_as: Option<String>, accent: Option<String> },
    #[serde(rename = "workspace.connect_logo_changed")]
    LogoChanged { workspace: WorkspaceId, shown: bool },
}

/// A session as an entry describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionFacts {
    pub id: ConnectSessionId,
    pub node_types: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

impl ConnectEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::Made { session } | Self::Opened { session } | Self::Ended { session } => session.id.as_str(),
            Self::PageChanged { workspace, .. } | Self::LogoChanged { workspace, .. } => workspace.as_str(),
        }
    }
}
