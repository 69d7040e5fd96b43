//! What happens to a workspace and the people in it.

use serde::{Deserialize, Serialize};

use super::super::{InvitationId, PersonId, Role, Sharing, WorkspaceId};
use super::ChainHead;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum PeopleEvent {
    #[serde(rename = "workspace.created")]
    WorkspaceCreated { workspace: WorkspaceId, name: String },
    #[serde(rename = "workspace.renamed")]
    WorkspaceRenamed { workspace: WorkspaceId, before: String, after: String },
    /// With where its chains ended, since they go with it.
    #[serde(rename = "workspace.deleted")]
    WorkspaceDeleted { workspace: WorkspaceId, name: String, heads: Vec<ChainHead> },
    #[serde(rename = "workspace.default_sharing_changed")]
    DefaultSharingChanged { workspace: WorkspaceId, before: Sharing, after: Sharing },
    #[serde(rename = "member.joined")]
    MemberJoined {
        person: PersonId,
        name: String,
        role: Role,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited_by: Option<PersonId>,
        /// By themselves, because the workspace is open to it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        domain: Option<String>,
    },
    #[serde(rename = "workspace.domain_opened")]
    DomainOpened { workspace: WorkspaceId, domain: String },
    #[serde(rename = "workspace.domain_closed")]
    DomainClosed { workspace: WorkspaceId, domain: String },
    #[serde(rename = "member.role_changed")]
    RoleChanged { person: PersonId, name: String, before: Role, after: Role },
    #[serde(rename = "member.removed")]
    MemberRemoved { person: PersonId, name: String, role: Role, secrets: usize, kept: usize, tokens: usize },
    #[serde(rename = "member.left")]
    MemberLeft { person: PersonId, name: String, role: Role, secrets: usize, kept: usize, tokens: usize },
    /// A private link by which their calendar reads what ends.
    #[serde(rename = "calendar.opened")]
    CalendarOpened { person: PersonId, name: String },
    #[serde(rename = "calendar.closed")]
    CalendarClosed { person: PersonId, name: String },
    #[serde(rename = "invitation.sent")]
    InvitationSent { invitation: InvitationId, address: String, role: Role },
    #[serde(rename = "invitation.sent_again")]
    InvitationSentAgain { invitation: InvitationId, address: String },
    #[serde(rename = "invitation.revoked")]
    InvitationRevoked { invitation: InvitationId, address: String },
    #[serde(rename = "invitation.declined")]
    InvitationDeclined { invitation: InvitationId, address: String },
}

impl PeopleEvent {
    pub fn subject(&self) -> &str {
        match self {
            Self::WorkspaceCreated { workspace, .. }
            | Self::WorkspaceRenamed { workspace, .. }
            | Self::DefaultSharingChanged { workspace, .. }
            | Self::DomainOpened { workspace, .. }
            | Self::DomainClosed { workspace, .. }
            | Self::WorkspaceDeleted { workspace, .. } => workspace.as_str(),
            Self::CalendarOpened { person, .. }
            | Self::CalendarClosed { person, .. }
            | Self::MemberJoined { person, .. }
            | Self::RoleChanged { person, .. }
            | Self::MemberRemoved { person, .. }
            | Self::MemberLeft { person, .. } => person.as_str(),
            Self::InvitationSent { invitation, .. }
            | Self::InvitationSentAgain { invitation, .. }
            | Self::InvitationRevoked { invitation, .. }
            | Self::InvitationDeclined { invitation, .. } => invitation.as_str(),
        }
    }
}
