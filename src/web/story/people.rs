//! What happened to a workspace and the people in it, as sentences.

use crate::domain::Sharing;
use crate::domain::audit::{Actor, PeopleEvent};
use crate::web::url;

use super::{Deed, Teller, deed};

impl Teller<'_> {
    pub(super) fn deed_among_people(&self, event: &PeopleEvent, by: &Actor) -> Deed {
        match event {
            PeopleEvent::WorkspaceCreated { .. } => deed(format!("was made {}", self.means(by)), None, "building"),
            PeopleEvent::WorkspaceRenamed { before, after, .. } => {
                deed(format!("renamed the workspace from {before} to {after}"), None, "building")
            }
            PeopleEvent::DefaultSharingChanged { after, .. } => {
                deed(format!("let new secrets be used by {}", audience(*after)), None, "building")
            }
            PeopleEvent::WorkspaceDeleted { name, .. } => {
                deed(format!("deleted the workspace {name}"), None, "building")
            }
            PeopleEvent::DomainOpened { domain, .. } => {
                deed(format!("opened the workspace to everybody of {domain}"), None, "people")
            }
            PeopleEvent::DomainClosed { domain, .. } => {
                deed(format!("closed the workspace to people of {domain} who were not invited"), None, "people")
            }
            PeopleEvent::MemberJoined { role, domain: Some(domain), .. } => {
                deed(format!("joined as {} by an address of {domain}", role.label()), None, "people")
            }
            PeopleEvent::MemberJoined { role, invited_by, .. } => {
                let means = invited_by.as_ref().map(|by| format!("on the invitation of {}", self.person(by)));
                let means = means.unwrap_or_else(|| self.means(by));
                deed(format!("joined as {} {means}", role.label()), None, "people")
            }
            PeopleEvent::RoleChanged { person, name, before, after } => {
                let of = Some(format!("from {} to {}", before.label(), after.label()));
                Deed { of, ..self.on("changed the role of", (person.as_str(), name), url::member, "people") }
            }
            PeopleEvent::MemberRemoved { name, .. } => deed(format!("removed {name}"), None, "leave"),
            PeopleEvent::MemberLeft { .. } => deed("left the workspace", None, "leave"),
            PeopleEvent::CalendarOpened { .. } => deed("made a private link to their calendar", None, "calendar"),
            PeopleEvent::CalendarClosed { .. } => deed("took back the link to their calendar", None, "calendar"),
            PeopleEvent::InvitationSent { address, role, .. } => {
                deed(format!("invited {address} as {}", role.label()), None, "mail")
            }
            PeopleEvent::InvitationSentAgain { address, .. } => {
                deed(format!("sent the invitation to {address} again"), None, "mail")
            }
            PeopleEvent::InvitationRevoked { address, .. } => {
                deed(format!("revoked the invitation to {address}"), None, "mail")
            }
            PeopleEvent::InvitationDeclined { .. } => deed("declined the invitation", None, "mail"),
        }
    }
}

pub(super) fn audience(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::Private => "their owner alone",
        Sharing::Members => "chosen members",
        Sharing::Workspace => "the whole workspace",
    }
}
