//! What is recorded: who did what to which thing, with what result. Never a value.

mod node_types;
mod rotations;
mod secrets;
mod workflows;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use node_types::{NodeTypeEvent, NodeTypeFacts};
pub use rotations::RotationEvent;
pub use secrets::SecretEvent;
pub use workflows::{WorkflowEvent, WorkflowFacts};

use super::word::words;
use super::{
    Delivery, Environment, InvitationId, JobId, Kind, Moment, PersonId, SecretId, SessionId, Sharing, TokenId,
    WorkflowId, WorkspaceId,
};

words! {
    /// How the activity is exported.
    ExportFormat { JsonLines = "jsonl", Csv = "csv" }
}

words! {
    /// How the list of secrets is exported.
    ListFormat { Csv = "csv", Json = "json" }
}

words! {
    /// The three kinds of chain.
    ChainKind { Changes = "changes", Uses = "uses", Installation = "installation" }
}

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    Person {
        id: PersonId,
    },
    Token {
        id: TokenId,
        maker: PersonId,
    },
    CommandLine,
    SetUpLink,
    /// By itself, because a time that somebody had set was over.
    Keyrack,
    Unknown,
}

impl Actor {
    /// The one word by which what they did is found: an id, where they have one.
    pub fn word(&self) -> &str {
        match self {
            Self::Person { id } => id.as_str(),
            Self::Token { id, .. } => id.as_str(),
            Self::CommandLine => COMMAND_LINE,
            Self::SetUpLink => "set_up_link",
            Self::Keyrack => KEYRACK,
            Self::Unknown => "unknown",
        }
    }
}

/// The word of Keyrack itself.
pub const KEYRACK: &str = "keyrack";

/// The word of whoever can run the program on its machine.
pub const COMMAND_LINE: &str = "command_line";

/// One recorded act. Names are kept as they were, because the things may be gone later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub at: Moment,
    pub by: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    #[serde(flatten)]
    pub event: Event,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum Event {
    #[serde(rename = "set_up.done")]
    SetUpDone { person: PersonId },
    #[serde(rename = "workspace.created")]
    WorkspaceCreated { workspace: WorkspaceId, name: String },
    #[serde(rename = "workspace.renamed")]
    WorkspaceRenamed { workspace: WorkspaceId, before: String, after: String },
    /// With where its chains ended, since they go with it.
    #[serde(rename = "workspace.deleted")]
    WorkspaceDeleted { workspace: WorkspaceId, name: String, heads: Vec<ChainHead> },
    #[serde(rename = "workspace.default_sharing_changed")]
    DefaultSharingChanged { workspace: WorkspaceId, before: Sharing, after: Sharing },
    #[serde(rename = "activity.exported")]
    ActivityExported { workspace: WorkspaceId, format: ExportFormat },
    /// What is known about secrets, never a value.
    #[serde(rename = "secrets.exported")]
    SecretsExported { workspace: WorkspaceId, format: ListFormat },
    #[serde(rename = "person.created")]
    PersonCreated { person: PersonId },
    #[serde(rename = "person.renamed")]
    PersonRenamed { person: PersonId, before: String, after: String },
    /// Without name or address: nothing of them is kept here.
    #[serde(rename = "person.deleted")]
    PersonDeleted { person: PersonId, sessions: Vec<SessionId>, workspaces: usize },
    #[serde(rename = "member.joined")]
    MemberJoined {
        person: PersonId,
        name: String,
        role: super::Role,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invited_by: Option<PersonId>,
    },
    #[serde(rename = "member.role_changed")]
    RoleChanged { person: PersonId, name: String, before: super::Role, after: super::Role },
    #[serde(rename = "member.removed")]
    MemberRemoved { person: PersonId, name: String, role: super::Role, secrets: usize, kept: usize, tokens: usize },
    #[serde(rename = "member.left")]
    MemberLeft { person: PersonId, name: String, role: super::Role, secrets: usize, kept: usize, tokens: usize },
    #[serde(rename = "invitation.sent")]
    InvitationSent { invitation: InvitationId, address: String, role: super::Role },
    #[serde(rename = "invitation.sent_again")]
    InvitationSentAgain { invitation: InvitationId, address: String },
    #[serde(rename = "invitation.revoked")]
    InvitationRevoked { invitation: InvitationId, address: String },
    #[serde(rename = "invitation.declined")]
    InvitationDeclined { invitation: InvitationId, address: String },
    #[serde(rename = "secret.slot_kept")]
    SlotKept { secret: SecretFacts, former_owner: PersonId, owner: PersonId },
    #[serde(rename = "session.started")]
    SignedIn { session: SessionId },
    #[serde(rename = "session.refused")]
    SignInRefused { person: Option<PersonId> },
    #[serde(rename = "session.ended")]
    SignedOut { session: SessionId },
    #[serde(rename = "session.revoked")]
    SessionsRevoked { sessions: Vec<SessionId> },
    #[serde(rename = "password.changed")]
    PasswordChanged { person: PersonId },
    /// By a link that was sent to their address.
    #[serde(rename = "password.reset")]
    PasswordReset { person: PersonId },
    /// Which addresses, the entry does not keep: they are the person's own, and it may outlive the account.
    #[serde(rename = "email.changed")]
    EmailChanged { person: PersonId },
    #[serde(rename = "secret.created")]
    SecretCreated { secret: SecretFacts, value: i64 },
    #[serde(rename = "secret.value_replaced")]
    ValueReplaced { secret: SecretFacts, value: i64 },
    #[serde(rename = "secret.deleted")]
    SecretDeleted { secret: SecretFacts },
    #[serde(rename = "secret.unreadable")]
    SecretUnreadable { secret: SecretId, name: String, value: i64 },
    #[serde(rename = "secret.vended")]
    Vended {
        secret: SecretId,
        name: String,
        node_type: String,
        environment: Environment,
        value: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        end_user: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        organization: Option<String>,
        /// Where a workflow's node asked for it: which, and of which workflow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workflow: Option<WorkflowId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<String>,
    },
    #[serde(rename = "token.created")]
    TokenCreated { token: TokenId, name: String, environment: Environment, abilities: String },
    #[serde(rename = "token.revoked")]
    TokenRevoked { token: TokenId, name: String },
    #[serde(rename = "mail.tried")]
    MailTried { person: PersonId },
    #[serde(rename = "job.retried")]
    JobRetried { job: JobId, title: String },
    #[serde(rename = "job.discarded")]
    JobDiscarded { job: JobId, title: String },
    #[serde(untagged)]
    Secret(SecretEvent),
    #[serde(untagged)]
    NodeType(NodeTypeEvent),
    #[serde(untagged)]
    Workflow(WorkflowEvent),
    #[serde(untagged)]
    Rotation(RotationEvent),
}

impl Event {
    /// The id of what the act is about, by which its history is found.
    pub fn subject(&self) -> &str {
        match self {
            Self::SetUpDone { person }
            | Self::PersonCreated { person }
            | Self::PersonRenamed { person, .. }
            | Self::PersonDeleted { person, .. }
            | Self::MemberJoined { person, .. }
            | Self::RoleChanged { person, .. }
            | Self::MemberRemoved { person, .. }
            | Self::MemberLeft { person, .. }
            | Self::PasswordChanged { person }
            | Self::MailTried { person }
            | Self::PasswordReset { person }
            | Self::EmailChanged { person } => person.as_str(),
            Self::InvitationSent { invitation, .. }
            | Self::InvitationSentAgain { invitation, .. }
            | Self::InvitationRevoked { invitation, .. }
            | Self::InvitationDeclined { invitation, .. } => invitation.as_str(),
            Self::WorkspaceCreated { workspace, .. }
            | Self::WorkspaceRenamed { workspace, .. }
            | Self::DefaultSharingChanged { workspace, .. }
            | Self::ActivityExported { workspace, .. }
            | Self::SecretsExported { workspace, .. }
            | Self::WorkspaceDeleted { workspace, .. } => workspace.as_str(),
            Self::SignedIn { session } | Self::SignedOut { session } => session.as_str(),
            Self::SignInRefused { person } => person.as_ref().map_or("", PersonId::as_str),
            Self::SessionsRevoked { sessions } => sessions.first().map_or("", SessionId::as_str),
            Self::SecretCreated { secret, .. }
            | Self::ValueReplaced { secret, .. }
            | Self::SecretDeleted { secret }
            | Self::SlotKept { secret, .. } => secret.id.as_str(),
            Self::SecretUnreadable { secret, .. } | Self::Vended { secret, .. } => secret.as_str(),
            Self::Secret(event) => event.subject(),
            Self::NodeType(event) => event.subject(),
            Self::Rotation(event) => event.subject(),
            Self::Workflow(event) => event.workflow().id.as_str(),
            Self::TokenCreated { token, .. } | Self::TokenRevoked { token, .. } => token.as_str(),
            Self::JobRetried { job, .. } | Self::JobDiscarded { job, .. } => job.as_str(),
        }
    }
}

/// The last place of a chain: its number and, in hexadecimal, its MAC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    pub kind: ChainKind,
    pub seq: i64,
    pub mac: String,
}

/// A secret as an entry describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFacts {
    pub id: SecretId,
    pub name: String,
    pub node_type: String,
    pub environment: Environment,
    pub kind: Kind,
    pub sharing: Sharing,
    pub delivery: Delivery,
    /// Somebody outside the workspace, when the secret is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// An act, and how often it was done alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The latest of them.
    pub act: Entry,
    pub times: u64,
}

/// The acts of one stored entry, the newest first. What the same one did to the same thing from the same address is one
/// line: a group of uses may hold hundreds.
pub fn folded(acts: Vec<Entry>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for act in acts.into_iter().rev() {
        let alike =
            |line: &&mut Line| (&line.act.by, line.act.from, &line.act.event) == (&act.by, act.from, &act.event);
        match lines.iter_mut().find(alike) {
            Some(line) => line.times += 1,
            None => lines.push(Line { act, times: 1 }),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn id<T: std::str::FromStr>(prefix: &str) -> T {
        format!("{prefix}_01jd8x3f5k7q9r2t4v6w8y0z1a").parse().ok().unwrap()
    }

    fn secret() -> SecretFacts {
        SecretFacts {
            id: id("sec"),
            name: "Main".to_owned(),
            node_type: "stripe".to_owned(),
            environment: Environment::Test,
            kind: Kind::ApiKey,
            sharing: Sharing::Private,
            delivery: Delivery::Vend,
            end_user: Some("customer-42".to_owned()),
            organization: None,
        }
    }

    fn answered() -> SecretEvent {
        let (verdict, finding) = (crate::domain::Verdict::Rejected, crate::domain::Finding::Refused);
        SecretEvent::ProbeAnswered {
            secret: id("sec"),
            name: "Main".to_owned(),
            value: 1,
            verdict,
            finding,
            status: Some(401),
        }
    }

    /// The entry's own words stand beside the event's in one object: none may have the same name.
    #[test]
    fn every_kind_of_change_is_read_back_as_it_was_written() {
        let (person, name) = (|| id::<PersonId>("usr"), || "Ada".to_owned());
        let (role, secrets, kept, tokens) = (Role::Member, 3, 1, 2);
        let heads = vec![ChainHead { kind: ChainKind::Uses, seq: 7, mac: "0f".to_owned() }];
        let (environment, abilities) = (Environment::Live, "vend".to_owned());
        let node_type = || NodeTypeFacts {
            id: id("nt"),
            slug: "stripe".to_owned(),
            name: name(),
            method: crate::domain::Method::Key,
        };
        let workflow = || WorkflowFacts { id: id("wfl"), name: name(), environment };
        let events = [
            Event::SetUpDone { person: person() },
            Event::WorkspaceCreated { workspace: id("wsp"), name: name() },
            Event::WorkspaceRenamed { workspace: id("wsp"), before: name(), after: name() },
            Event::WorkspaceDeleted { workspace: id("wsp"), name: name(), heads },
            Event::DefaultSharingChanged { workspace: id("wsp"), before: Sharing::Private, after: Sharing::Workspace },
            Event::ActivityExported { workspace: id("wsp"), format: ExportFormat::Csv },
            Event::SecretsExported { workspace: id("wsp"), format: ListFormat::Json },
            Event::PersonCreated { person: person() },
            Event::PersonRenamed { person: person(), before: name(), after: name() },
            Event::PersonDeleted { person: person(), sessions: vec![id("ses")], workspaces: 2 },
            Event::MemberJoined { person: person(), name: name(), role, invited_by: Some(person()) },
            Event::InvitationSent { invitation: id("inv"), address: name(), role },
            Event::InvitationSentAgain { invitation: id("inv"), address: name() },
            Event::InvitationRevoked { invitation: id("inv"), address: name() },
            Event::InvitationDeclined { invitation: id("inv"), address: name() },
            Event::RoleChanged { person: person(), name: name(), before: role, after: Role::Owner },
            Event::MemberRemoved { person: person(), name: name(), role, secrets, kept, tokens },
            Event::MemberLeft { person: person(), name: name(), role, secrets, kept, tokens },
            Event::SlotKept { secret: secret(), former_owner: person(), owner: person() },
            Event::SignedIn { session: id("ses") },
            Event::SignInRefused { person: None },
            Event::SignedOut { session: id("ses") },
            Event::SessionsRevoked { sessions: vec![id("ses")] },
            Event::PasswordChanged { person: person() },
            Event::PasswordReset { person: person() },
            Event::EmailChanged { person: person() },
            Event::SecretCreated { secret: secret(), value: 1 },
            Event::ValueReplaced { secret: secret(), value: 2 },
            Event::SecretDeleted { secret: secret() },
            Event::SecretUnreadable { secret: id("sec"), name: name(), value: 1 },
            Event::TokenCreated { token: id("tok"), name: name(), environment, abilities },
            Event::TokenRevoked { token: id("tok"), name: name() },
            Event::MailTried { person: person() },
            Event::JobRetried { job: id("job"), title: name() },
            Event::JobDiscarded { job: id("job"), title: name() },
            Event::Secret(SecretEvent::Disconnected { secret: secret() }),
            Event::Secret(SecretEvent::ShareEnded { secret: id("sec"), name: name(), person: None }),
            Event::Secret(answered()),
            Event::NodeType(NodeTypeEvent::Removed { node_type: node_type(), secrets, nodes: 4 }),
            Event::Rotation(RotationEvent::Closed { rotation: id("rot"), name: name(), done: 3, left: 1 }),
            Event::Workflow(WorkflowEvent::NodeUnbound { workflow: workflow(), node: name() }),
        ];
        for event in events {
            let from = "192.0.2.1".parse().ok();
            let entry = Entry { at: Moment::from_micros(1), by: Actor::Person { id: person() }, from, event };
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<Entry>(&text).ok(), Some(entry), "{text}");
        }
    }
}
