//! Calls as they are recorded once they are over, without anybody who makes them.

use std::sync::Arc;

use keyrack::actions::uses::Use;
use keyrack::domain::audit::{Actor, Entry, Event};
use keyrack::domain::usage::{Called, Counted, Heard};
use keyrack::domain::{Clock, Environment};

use super::{TestApp, Token};

impl TestApp {
    /// Notes what came of a call with this Stripe key.
    pub fn called(&self, token: &Token, secret: &str, heard: Heard) {
        let text = |query: &str| self.database.text(&format!("SELECT {query}"));
        let id = token.id();
        let of_token = format!("FROM tokens WHERE id = '{id}'");
        let called = Called { heard, status: None, millis: 120, sent: 10, received: 2_000 };
        let event = Event::Vended {
            secret: secret.parse().unwrap(),
            name: "Called".to_owned(),
            node_type: "stripe".to_owned(),
            environment: Environment::Test,
            value: 1,
            end_user: None,
            organization: None,
            workflow: None,
            node: None,
        };
        let maker = text(&format!("maker_id AS text {of_token}")).parse().unwrap();
        let by = Actor::Token { id: id.parse().unwrap(), maker };
        self.app.recorder.note(Use {
            workspace: text(&format!("workspace_id AS text {of_token}")).parse().unwrap(),
            secret: secret.parse().unwrap(),
            token: Some(id.parse().unwrap()),
            node_type: Some("stripe".parse().unwrap()),
            workflow: None,
            counted: Counted::Call(called),
            entry: Arc::new(Entry { at: self.clock.now(), by, from: "127.0.0.1".parse().ok(), event }),
        });
    }
}
