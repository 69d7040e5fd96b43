//! From a connection's row to its card: how it fares, and what an Admin can do about it.

use std::collections::HashMap;

use crate::catalog::Catalog;
use crate::domain::{Method, Moment, OutsiderKind, Scopes, SecretId, SecretState};
use crate::store::outsiders::Account;
use crate::store::secrets::ListedSecret;
use crate::web::secrets::connection::in_words;
use crate::web::secrets::mark;
use crate::web::url;
use crate::web::view::{Link, When};

use super::link;
use super::page::{Beside, Card};

pub(super) struct Reader<'a> {
    pub ws: &'a str,
    pub catalog: &'a Catalog,
    pub accounts: &'a HashMap<SecretId, Account>,
    /// Whose page it is.
    pub of: OutsiderKind,
    pub now: Moment,
}

impl Reader<'_> {
    pub fn card(&self, row: &ListedSecret) -> Card {
        let (secret, now) = (&row.secret, self.now);
        let account = self.accounts.get(&secret.id);
        let tokens = account.and_then(|account| account.tokens.as_ref());
        let (node, method) = (self.catalog.get(secret.node_type.as_str()), secret.kind.method());
        let scopes = |of: &Scopes| in_words(node, method, of);
        // Of a client that has fetched nothing yet nobody knows what it is granted.
        let begun = tokens.filter(|tokens| tokens.ends_at != Some(tokens.renewed_at));
        let state = secret.state(now);
        let unreadable = secret.unreadable_at.is_some();
        Card {
            id: secret.id.to_string(),
            name: secret.name.to_string(),
            told: told(row),
            node_type: mark(secret),
            environment: secret.environment,
            state,
            advice: advice(unreadable, (state, method)),
            act: self.act(row, unreadable || state != SecretState::Connected),
            disabled: !secret.node_type_enabled,
            holds: secret.value_entered_at.is_some(),
            account: account.and_then(Account::called).map(ToOwned::to_owned),
            last_four: secret.last_four.clone(),
            beside: account.and_then(|account| self.beside(account)),
            granted: tokens.map(|tokens| scopes(&tokens.granted)).unwrap_or_default(),
            missing: begun.map(|tokens| scopes(&tokens.granted.missing(&tokens.asked))).unwrap_or_default(),
            ends: secret.expires_at.map(|at| When::new(at, now)),
            made: When::new(secret.created_at, now),
            last_use: secret.last_used_at.map(|at| When::new(at, now)),
        }
    }

    fn beside(&self, account: &Account) -> Option<Beside> {
        match self.of {
            OutsiderKind::EndUser => {
                let (id, called) = account.organization.as_ref()?;
                Some(Beside { label: "Organization", who: Some(link(self.ws, id.clone(), called)) })
            }
            OutsiderKind::Organization => {
                let who = account.end_user.as_ref().map(|(id, called)| link(self.ws, id.clone(), called));
                Some(Beside { label: "End user", who })
            }
        }
    }

    /// A key or a client an Admin can enter for them; an account is connected by its own person alone.
    fn act(&self, row: &ListedSecret, stands_still: bool) -> Option<Link> {
        let secret = &row.secret;
        let label = match secret.kind.method() {
            Method::OAuth => return None,
            Method::Key => "Enter a key",
            Method::ClientCredentials => "Enter id and secret",
        };
        let url = url::replace_secret(self.ws, secret.id.as_str());
        (stands_still && secret.node_type_enabled).then(|| Link { label: label.to_owned(), url })
    }
}

/// Its name, and what tells it apart: the end of its key, or the organization it is in.
fn told(row: &ListedSecret) -> String {
    let (name, last_four) = (&row.secret.name, row.secret.last_four.as_ref());
    let tail = last_four.map(|tail| format!(" ending with {tail}")).unwrap_or_default();
    let of = row.organization.as_ref().map(|of| format!(" of organization {of}")).unwrap_or_default();
    format!("{name}{tail}{of}")
}

fn advice(unreadable: bool, (state, method): (SecretState, Method)) -> &'static str {
    let account = method == Method::OAuth;
    match state {
        _ if unreadable && account => "Its tokens cannot be read. Have them connect the account again.",
        _ if unreadable => "Its value cannot be read. Have your product store it again, or enter it here.",
        SecretState::Connected => "It works, as far as anybody knows.",
        SecretState::NeedsReauthorization if account => {
            "Its provider does not renew the access any more. Send them to connect the account again."
        }
        SecretState::NeedsReauthorization => {
            "Its provider does not take this client any more. Another id and secret are needed."
        }
        SecretState::Rejected if account => {
            "Its provider refused the access. Send them to connect the account again, with a look at what it allows there."
        }
        SecretState::Rejected => "Its provider refused it. Ask them for another key, or enter one here.",
        SecretState::Expired => "Its last day is over, so nothing uses it.",
        SecretState::Disconnected if account => {
            "Nothing is connected. Its place waits until they connect the account again."
        }
        SecretState::Disconnected => "It holds no value. Its place waits until your product stores one.",
    }
}
