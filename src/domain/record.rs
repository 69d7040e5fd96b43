//! How entries of the record are found and named: what they are about, and where they stand.
//!
//! Invariant: nothing of this is sealed; it only leads to entries, whose text says what happened.

use std::fmt;
use std::str::FromStr;

use super::audit::{ChainKind, Event};
use super::id::Malformed;
use super::word::words;
use super::{EndUserId, InvitationId, NodeTypeId, OrganizationId, PersonId, SecretId, TokenId, WebhookId, WorkflowId};

words! {
    /// What kind of thing an entry is about.
    Topic { Secrets = "secrets", Members = "members", Tokens = "tokens", NodeTypes = "node_types", Workflows = "workflows", Webhooks = "webhooks", EndUsers = "end_users", Workspace = "workspace" }
}

impl Topic {
    /// Read off the id that the event is about; what has no kind of its own concerns the workspace.
    pub fn of(event: &Event) -> Self {
        let subject = event.subject();
        let kinds = [
            (SecretId::PREFIX, Self::Secrets),
            (PersonId::PREFIX, Self::Members),
            (InvitationId::PREFIX, Self::Members),
            (TokenId::PREFIX, Self::Tokens),
            (NodeTypeId::PREFIX, Self::NodeTypes),
            (WorkflowId::PREFIX, Self::Workflows),
            (WebhookId::PREFIX, Self::Webhooks),
            (EndUserId::PREFIX, Self::EndUsers),
            (OrganizationId::PREFIX, Self::EndUsers),
        ];
        kinds.into_iter().find(|(prefix, _)| subject.starts_with(prefix)).map_or(Self::Workspace, |(_, topic)| topic)
    }
}

/// The name of an entry in its workspace: its chain, and its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryName {
    pub kind: ChainKind,
    pub seq: i64,
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.kind, self.seq)
    }
}

impl FromStr for EntryName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (kind, digits) = text.split_once('-').ok_or(Malformed("EntryName"))?;
        let name = Self { kind: kind.parse()?, seq: digits.parse().map_err(|_| Malformed("EntryName"))? };
        // One entry has one name.
        if name.to_string() == text { Ok(name) } else { Err(Malformed("EntryName")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::AccountEvent;

    #[test]
    fn an_entry_has_one_name() {
        let name = EntryName { kind: ChainKind::Uses, seq: 12 };
        assert_eq!(name.to_string(), "uses-12");
        assert_eq!("uses-12".parse().ok(), Some(name));
        for other in ["uses-012", "uses-+12", "uses-", "uses", "Uses-12", "uses-12 ", "12", "uses-99999999999999999999"]
        {
            assert!(other.parse::<EntryName>().is_err(), "{other}");
        }
    }

    #[test]
    fn a_topic_is_read_off_the_subject() {
        let person = "usr_01jd8x3f5k7q9r2t4v6w8y0z1a"
            .parse()
            .ok()
            .map(|person| Event::Account(AccountEvent::PersonCreated { person }));
        assert_eq!(person.as_ref().map(Topic::of), Some(Topic::Members));
        assert_eq!(Topic::of(&Event::Account(AccountEvent::SignInRefused { person: None })), Topic::Workspace);
    }
}
