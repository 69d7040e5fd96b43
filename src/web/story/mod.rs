//! Audit entries as sentences.

mod accounts;
mod calls;
mod connect;
mod node_types;
mod outsiders;
mod people;
mod rotations;
mod secrets;
mod tokens;
mod webhooks;
mod workflows;

use std::collections::{HashMap, HashSet};

use crate::domain::audit::{Actor, Entry as Act, Event, ExportFormat, Line, PeopleEvent};
use crate::domain::{Moment, Name, PersonId, SecretId};

use accounts::deed_with_account;
use connect::deed_on_connect_page;
use node_types::deed_to_node_type;
use outsiders::deed_to_outsider;

use super::url;
use super::view::{Entry, Link, When, counted};

pub struct Teller<'a> {
    pub ws: &'a str,
    /// Members, and the tokens that the reader may open, by their ids.
    pub names: HashMap<String, Name>,
    /// The ids of the secrets that the reader may open.
    pub secrets: HashSet<String>,
    pub now: Moment,
}

/// What was done: the words, what it was done to, and for whom.
struct Deed {
    what: String,
    target: Option<Link>,
    of: Option<String>,
    icon: &'static str,
}

fn deed(what: impl Into<String>, target: Option<Link>, icon: &'static str) -> Deed {
    Deed { what: what.into(), target, of: None, icon }
}

impl Teller<'_> {
    pub fn tell(&self, line: &Line) -> Entry {
        let act = &line.act;
        let (who, token) = self.who(act);
        let Deed { what, target, of, icon } = self.deed(&act.event, &act.by);
        Entry {
            when: When::new(act.at, self.now),
            who,
            token,
            what,
            target,
            of,
            address: act.from.map(|a| a.to_string()),
            times: (line.times > 1).then(|| counted(line.times, "time", "times")),
            icon,
        }
    }

    fn person(&self, id: &PersonId) -> String {
        self.names.get(id.as_str()).map_or_else(|| "A former member".to_owned(), ToString::to_string)
    }

    /// The same in the middle of a sentence.
    fn person_within(&self, id: &PersonId) -> String {
        self.names.get(id.as_str()).map_or_else(|| "a former member".to_owned(), ToString::to_string)
    }

    /// Who acted; with a token, which one, where the reader may open it.
    fn who(&self, act: &Act) -> (String, Option<Link>) {
        let who = match (&act.event, &act.by) {
            // What nobody did from inside is told of what came of it.
            (
                Event::People(
                    PeopleEvent::WorkspaceCreated { name, .. }
                    | PeopleEvent::MemberJoined { name, .. }
                    | PeopleEvent::MemberLeft { name, .. },
                ),
                _,
            ) => name.clone(),
            (_, Actor::Person { id }) => self.person(id),
            (_, Actor::Token { id, maker }) => {
                let maker = self.person(maker);
                let token = self.names.get(id.as_str());
                let link = |name: &Name| Link { label: name.to_string(), url: url::token(self.ws, id.as_str()) };
                return (format!("{maker}’s token"), token.map(link));
            }
            (_, Actor::Errand { maker, .. }) => format!("An end user, sent by {}’s token", self.person(maker)),
            (_, Actor::CommandLine) => "The command line".to_owned(),
            (_, Actor::SetUpLink) => "Whoever held the set-up link".to_owned(),
            (_, Actor::Keyrack) => "Keyrack".to_owned(),
            (_, Actor::Unknown) => "Somebody".to_owned(),
        };
        (who, None)
    }

    /// How something came about that is told without the one who did it.
    fn means(&self, actor: &Actor) -> String {
        match actor {
            Actor::Person { id } | Actor::Token { maker: id, .. } | Actor::Errand { maker: id, .. } => {
                format!("by {}", self.person_within(id))
            }
            Actor::CommandLine => "at the command line".to_owned(),
            Actor::SetUpLink => "with the set-up link".to_owned(),
            Actor::Keyrack => "by Keyrack".to_owned(),
            Actor::Unknown => String::new(),
        }
    }

    /// Something done to what may have a page of its own: a link where it does, for this reader.
    fn on(&self, what: &str, (id, name): (&str, &str), url: fn(&str, &str) -> String, icon: &'static str) -> Deed {
        if self.names.contains_key(id) || self.secrets.contains(id) {
            return deed(what, Some(Link { label: name.to_owned(), url: url(self.ws, id) }), icon);
        }
        deed(format!("{what} {name}"), None, icon)
    }

    fn deed(&self, event: &Event, by: &Actor) -> Deed {
        let secret = |what, id: &SecretId, name, icon| self.on(what, (id.as_str(), name), url::secret, icon);
        match event {
            Event::SecretCreated { secret: s, .. } => {
                let of = whose(s.end_user.as_ref(), s.organization.as_ref());
                Deed { of, ..secret("added the secret", &s.id, &s.name, "key") }
            }
            Event::ValueReplaced { secret: s, .. } => {
                let of = whose(s.end_user.as_ref(), s.organization.as_ref());
                Deed { of, ..secret("entered a new value for", &s.id, &s.name, "key") }
            }
            Event::SecretDeleted { secret: s } => {
                let of = whose(s.end_user.as_ref(), s.organization.as_ref());
                Deed { of, ..deed(format!("deleted the secret {}", s.name), None, "trash") }
            }
            Event::SlotKept { secret: s, owner, .. } => {
                let of = Some(format!("and passed its place to {}", self.person_within(owner)));
                Deed { of, ..secret("destroyed the value of", &s.id, &s.name, "key") }
            }
            Event::SecretUnreadable { secret: id, name, .. } => {
                secret("could not read the value of", id, name, "alert")
            }
            Event::Vended { secret: id, name, end_user, organization, node, .. } => {
                let of = whose(end_user.as_ref(), organization.as_ref());
                let of = of.or_else(|| node.as_ref().map(|key| format!("for the node {key}")));
                Deed { of, ..secret("fetched the value of", id, name, "hand-out") }
            }
            Event::ActivityExported { format, .. } => {
                deed(format!("exported the activity as {}", format_word(*format)), None, "book")
            }
            Event::SecretsExported { format, .. } => {
                deed(format!("exported the list of secrets as {}", format.as_str().to_uppercase()), None, "key")
            }
            Event::Secret(event) => self.deed_to_secret(event),
            Event::Call(event) => self.deed_of_call(event),
            Event::Connection(event) => self.deed_to_connection(event),
            Event::Connect(event) => deed_on_connect_page(event),
            Event::Outsider(event) => deed_to_outsider(event),
            Event::NodeType(event) => deed_to_node_type(event),
            Event::Workflow(event) => self.deed_to_workflow(event),
            Event::Token(event) => self.deed_to_token(event),
            Event::Webhook(event) => self.deed_to_webhook(event),
            Event::Rotation(event) => self.deed_to_rotation(event),
            Event::People(event) => self.deed_among_people(event, by),
            Event::Account(event) => deed_with_account(event),
            Event::MailTried { .. } => deed("sent a trial letter to themselves", None, "mail"),
            Event::JobRetried { title, .. } => deed(format!("had this tried again: {title}"), None, "mail"),
            Event::JobDiscarded { title, .. } => deed(format!("gave this up: {title}"), None, "mail"),
        }
    }
}

fn format_word(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::JsonLines => "JSON lines",
        ExportFormat::Csv => "CSV",
    }
}

pub(super) fn whose(end_user: Option<&String>, organization: Option<&String>) -> Option<String> {
    match (end_user, organization) {
        (Some(id), Some(of)) => Some(format!("of end user {id} of organization {of}")),
        (Some(id), None) => Some(format!("of end user {id}")),
        (None, Some(of)) => Some(format!("of organization {of}")),
        (None, None) => None,
    }
}
