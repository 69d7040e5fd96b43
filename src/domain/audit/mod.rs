//! What is recorded: who did what to which thing, with what result. Never a value.

mod accounts;
mod calls;
mod connect;
mod connections;
mod node_types;
mod outsiders;
mod people;
mod rotations;
mod secrets;
mod tokens;
mod webhooks;
mod workflows;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

pub use accounts::AccountEvent;
pub use calls::CallEvent;
pub use connect::{ConnectEvent, SessionFacts};
pub use connections::ConnectionEvent;
pub use node_types::{NodeTypeEvent, NodeTypeFacts};
pub use outsiders::OutsiderEvent;
pub use people::PeopleEvent;
pub use rotations::RotationEvent;
pub use secrets::SecretEvent;
pub use tokens::TokenEvent;
pub use webhooks::{WebhookEvent, WebhookFacts};
pub use workflows::{WorkflowEvent, WorkflowFacts};

use super::word::words;
use super::{
    Delivery, Environment, JobId, Kind, Moment, PersonId, SecretId, Sharing, TokenId, WorkflowId, WorkspaceId,
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
    /// Somebody outside the workspace, on what a token has asked for.
    Errand {
        token: TokenId,
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
            Self::Token { id, .. } | Self::Errand { token: id, .. } => id.as_str(),
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
    #[serde(rename = "activity.exported")]
    ActivityExported { workspace: WorkspaceId, format: ExportFormat },
    /// What is known about secrets, never a value.
    #[serde(rename = "secrets.exported")]
    SecretsExported { workspace: WorkspaceId, format: ListFormat },
    #[serde(rename = "secret.slot_kept")]
    SlotKept { secret: SecretFacts, former_owner: PersonId, owner: PersonId },
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
    #[serde(rename = "mail.tried")]
    MailTried { person: PersonId },
    #[serde(rename = "job.retried")]
    JobRetried { job: JobId, title: String },
    #[serde(rename = "job.discarded")]
    JobDiscarded { job: JobId, title: String },
    #[serde(untagged)]
    Secret(SecretEvent),
    #[serde(untagged)]
    Call(CallEvent),
    #[serde(untagged)]
    Connection(ConnectionEvent),
    #[serde(untagged)]
    Connect(ConnectEvent),
    #[serde(untagged)]
    Outsider(OutsiderEvent),
    #[serde(untagged)]
    NodeType(NodeTypeEvent),
    #[serde(untagged)]
    Workflow(WorkflowEvent),
    #[serde(untagged)]
    Token(TokenEvent),
    #[serde(untagged)]
    Webhook(WebhookEvent),
    #[serde(untagged)]
    Rotation(RotationEvent),
    #[serde(untagged)]
    Account(AccountEvent),
    #[serde(untagged)]
    People(PeopleEvent),
}

impl Event {
    /// The id of what the act is about, by which its history is found.
    pub fn subject(&self) -> &str {
        match self {
            Self::ActivityExported { workspace, .. } | Self::SecretsExported { workspace, .. } => workspace.as_str(),
            Self::MailTried { person } => person.as_str(),
            Self::Account(event) => event.subject(),
            Self::People(event) => event.subject(),
            Self::SecretCreated { secret, .. }
            | Self::ValueReplaced { secret, .. }
            | Self::SecretDeleted { secret }
            | Self::SlotKept { secret, .. } => secret.id.as_str(),
            Self::SecretUnreadable { secret, .. } | Self::Vended { secret, .. } => secret.as_str(),
            Self::Secret(event) => event.subject(),
            Self::Call(event) => event.subject(),
            Self::Connection(event) => event.subject(),
            Self::Connect(event) => event.subject(),
            Self::Outsider(event) => event.subject(),
            Self::NodeType(event) => event.subject(),
            Self::Rotation(event) => event.subject(),
            Self::Workflow(event) => event.workflow().id.as_str(),
            Self::Token(event) => event.subject(),
            Self::Webhook(event) => event.webhook().id.as_str(),
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

    fn among_people() -> Vec<Event> {
        let (person, name) = (|| id::<PersonId>("usr"), || "Ada".to_owned());
        let (role, secrets, kept, tokens) = (Role::Member, 3, 1, 2);
        let heads = vec![ChainHead { kind: ChainKind::Uses, seq: 7, mac: "0f".to_owned() }];
        vec![
            Event::Account(AccountEvent::SetUpDone { person: person() }),
            Event::People(PeopleEvent::WorkspaceCreated { workspace: id("wsp"), name: name() }),
            Event::People(PeopleEvent::WorkspaceRenamed { workspace: id("wsp"), before: name(), after: name() }),
            Event::People(PeopleEvent::WorkspaceDeleted { workspace: id("wsp"), name: name(), heads }),
            Event::People(PeopleEvent::DefaultSharingChanged {
                workspace: id("wsp"),
                before: Sharing::Private,
                after: Sharing::Workspace,
            }),
            Event::Account(AccountEvent::PersonCreated { person: person() }),
            Event::Account(AccountEvent::PersonRenamed { person: person(), before: name(), after: name() }),
            Event::Account(AccountEvent::PersonDeleted { person: person(), sessions: vec![id("ses")], workspaces: 2 }),
            Event::People(PeopleEvent::MemberJoined {
                person: person(),
                name: name(),
                role,
                invited_by: Some(person()),
                domain: Some(name()),
            }),
            Event::People(PeopleEvent::DomainOpened { workspace: id("wsp"), domain: name() }),
            Event::People(PeopleEvent::DomainClosed { workspace: id("wsp"), domain: name() }),
            Event::People(PeopleEvent::InvitationSent { invitation: id("inv"), address: name(), role }),
            Event::People(PeopleEvent::InvitationSentAgain { invitation: id("inv"), address: name() }),
            Event::People(PeopleEvent::InvitationRevoked { invitation: id("inv"), address: name() }),
            Event::People(PeopleEvent::InvitationDeclined { invitation: id("inv"), address: name() }),
            Event::People(PeopleEvent::RoleChanged {
                person: person(),
                name: name(),
                before: role,
                after: Role::Owner,
            }),
            Event::People(PeopleEvent::MemberRemoved { person: person(), name: name(), role, secrets, kept, tokens }),
            Event::People(PeopleEvent::MemberLeft { person: person(), name: name(), role, secrets, kept, tokens }),
            Event::Account(AccountEvent::SignedIn { session: id("ses") }),
            Event::Account(AccountEvent::SignInRefused { person: None }),
            Event::Account(AccountEvent::SignedOut { session: id("ses") }),
            Event::Account(AccountEvent::SessionsRevoked { sessions: vec![id("ses")] }),
            Event::Account(AccountEvent::PasswordChanged { person: person() }),
            Event::Account(AccountEvent::PasswordReset { person: person() }),
            Event::Account(AccountEvent::EmailChanged { person: person() }),
            Event::Account(AccountEvent::IdentityLinked { person: person(), provider: name() }),
            Event::Account(AccountEvent::IdentityUnlinked { person: person(), provider: name() }),
            Event::Account(AccountEvent::IdentityUsed { person: person(), provider: name() }),
            Event::Account(AccountEvent::SessionConfirmed { session: id("ses"), provider: name() }),
        ]
    }

    /// The entry's own words stand beside the event's in one object: none may have the same name.
    #[test]
    fn every_kind_of_change_is_read_back_as_it_was_written() {
        let (person, name) = (|| id::<PersonId>("usr"), || "Ada".to_owned());
        let secrets = 3;
        let (environment, abilities) = (Environment::Live, "vend".to_owned());
        let node_type = || NodeTypeFacts {
            id: id("nt"),
            slug: "stripe".to_owned(),
            name: name(),
            method: crate::domain::Method::Key,
        };
        let webhook = || WebhookFacts { id: id("whk"), name: name(), environment, host: "example.com".to_owned() };
        let workflow = || WorkflowFacts { id: id("wfl"), name: name(), environment };
        let events = [
            Event::ActivityExported { workspace: id("wsp"), format: ExportFormat::Csv },
            Event::SecretsExported { workspace: id("wsp"), format: ListFormat::Json },
            Event::SlotKept { secret: secret(), former_owner: person(), owner: person() },
            Event::SecretCreated { secret: secret(), value: 1 },
            Event::ValueReplaced { secret: secret(), value: 2 },
            Event::SecretDeleted { secret: secret() },
            Event::SecretUnreadable { secret: id("sec"), name: name(), value: 1 },
            Event::Token(TokenEvent::Created {
                token: id("tok"),
                name: name(),
                environment,
                abilities,
                node_types: Some("stripe".to_owned()),
                networks: Some("10.0.0.0/8".to_owned()),
                calls: None,
                expires_at: Some(Moment::from_micros(2)),
            }),
            Event::Token(TokenEvent::Renewed { token: id("tok"), name: name(), previous_until: None }),
            Event::MailTried { person: person() },
            Event::JobRetried { job: id("job"), title: name() },
            Event::JobDiscarded { job: id("job"), title: name() },
            Event::Secret(SecretEvent::Disconnected { secret: secret() }),
            Event::Secret(SecretEvent::ShareEnded { secret: id("sec"), name: name(), person: None }),
            Event::Secret(answered()),
            Event::Secret(SecretEvent::FoundWell { secret: secret(), kind: crate::domain::unusual::Oddity::NewToken }),
            Event::Connect(ConnectEvent::Opened {
                session: SessionFacts { id: id("cns"), node_types: name(), end_user: Some(name()), organization: None },
            }),
            Event::Connect(ConnectEvent::PageChanged {
                workspace: id("wsp"),
                origins: vec![name()],
                shown_as: Some(name()),
                accent: None,
            }),
            Event::NodeType(NodeTypeEvent::Removed { node_type: node_type(), secrets, nodes: 4 }),
            Event::Outsider(OutsiderEvent::EndUserDeleted { end_user: id("eu"), external_id: name(), connections: 2 }),
            Event::Webhook(WebhookEvent::GivenUp { webhook: webhook(), failing_since: None }),
            Event::Rotation(RotationEvent::Closed { rotation: id("rot"), name: name(), done: 3, left: 1 }),
            Event::Workflow(WorkflowEvent::NodeUnbound { workflow: workflow(), node: name() }),
        ];
        for event in among_people().into_iter().chain(events) {
            let from = "192.0.2.1".parse().ok();
            let entry = Entry { at: Moment::from_micros(1), by: Actor::Person { id: person() }, from, event };
            let text = serde_json::to_string(&entry).unwrap();
            assert_eq!(serde_json::from_str::<Entry>(&text).ok(), Some(entry), "{text}");
        }
    }
}
