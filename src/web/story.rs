//! Audit entries as sentences.

use std::collections::HashMap;

use crate::domain::audit::{Actor, Event, Line};
use crate::domain::{Moment, Name, PersonId};

use super::url;
use super::view::{Entry, Link, When, counted};

pub struct Teller<'a> {
    pub ws: &'a str,
    pub names: HashMap<PersonId, Name>,
    pub now: Moment,
}

impl Teller<'_> {
    pub fn tell(&self, line: &Line) -> Entry {
        let act = &line.act;
        let (what, target, icon) = self.deed(&act.event);
        Entry {
            when: When::new(act.at, self.now),
            who: self.who(&act.by),
            what,
            target,
            address: act.from.map(|a| a.to_string()),
            times: (line.times > 1).then(|| counted(line.times, "time", "times")),
            icon,
        }
    }

    fn person(&self, id: &PersonId) -> String {
        self.names.get(id).map_or_else(|| "A former member".to_owned(), ToString::to_string)
    }

    fn who(&self, actor: &Actor) -> String {
        match actor {
            Actor::Person { id } => self.person(id),
            Actor::Token { maker, .. } => format!("A token of {}", self.person(maker)),
            Actor::CommandLine => "The command line".to_owned(),
            Actor::SetUpLink => "The set-up link".to_owned(),
            Actor::Unknown => "Somebody".to_owned(),
        }
    }

    fn deed(&self, event: &Event) -> (String, Option<Link>, &'static str) {
        let secret = |id: &str, name: &str| Some(Link { label: name.to_owned(), url: url::secret(self.ws, id) });
        let token = |id: &str, name: &str| Some(Link { label: name.to_owned(), url: url::token(self.ws, id) });
        match event {
            Event::SecretCreated { secret: s, .. } => {
                ("added the secret".to_owned(), secret(s.id.as_str(), &s.name), "key")
            }
            Event::ValueReplaced { secret: s, .. } => {
                ("entered a new value for".to_owned(), secret(s.id.as_str(), &s.name), "key")
            }
            Event::SecretDeleted { secret: s } => (format!("deleted the secret {}", s.name), None, "trash"),
            Event::SecretUnreadable { secret: id, name, .. } => {
                ("could not read the value of".to_owned(), secret(id.as_str(), name), "alert")
            }
            Event::Vended { secret: id, name, .. } => {
                ("fetched the value of".to_owned(), secret(id.as_str(), name), "hand-out")
            }
            Event::TokenCreated { token: id, name, .. } => {
                ("made the service token".to_owned(), token(id.as_str(), name), "ticket")
            }
            Event::TokenRevoked { token: id, name } => {
                ("revoked the service token".to_owned(), token(id.as_str(), name), "ticket")
            }
            Event::WorkspaceCreated { name, .. } => (format!("made the workspace {name}"), None, "building"),
            Event::MemberJoined { name, role, .. } => (format!("made {name} an {}", role.label()), None, "people"),
            Event::SetUpDone { .. } => ("set Keyrack up".to_owned(), None, "check-circle"),
            Event::PersonCreated { .. } => ("made an account".to_owned(), None, "people"),
            Event::SignedIn { .. } => ("signed in".to_owned(), None, "lock"),
            Event::SignInRefused { .. } => ("was refused at the door".to_owned(), None, "lock"),
            Event::SignedOut { .. } => ("signed out".to_owned(), None, "lock"),
            Event::SessionsRevoked { .. } => ("ended sessions".to_owned(), None, "lock"),
            Event::PasswordChanged { .. } => ("changed their password".to_owned(), None, "lock"),
        }
    }
}
