//! What a secret's page tells of its connection: what was granted, and how its tokens fare.

use crate::app::App;
use crate::catalog::NodeType;
use crate::domain::{Hindrance, Method, Scopes, SecretState};
use crate::web::view::When;

use super::Found;

pub struct Connection {
    /// Whether a token was ever had: a client's first one is fetched when it is used.
    pub begun: bool,
    pub granted: Vec<Scope>,
    /// Asked for and not granted.
    pub missing: Vec<Scope>,
    /// Until when the access counts that is held now; none where the provider does not say.
    pub ends: Option<When>,
    pub renewal: Option<When>,
    /// Whether it is not renewed any more, so that only its owner can mend it.
    pub lost: bool,
    pub renewed: When,
    /// What came between, and what to do.
    pub hindrance: Option<&'static str>,
}

/// A permission as its provider calls it, and in words where they are known.
pub struct Scope {
    pub name: String,
    pub means: Option<String>,
}

pub(super) fn shown(app: &App, found: &Found) -> Option<Connection> {
    let (set, secret, now) = (found.tokens.as_ref()?, &found.row.secret, found.now);
    let node = app.catalog.get(secret.node_type.as_str());
    let method = secret.kind.method();
    let scopes = |of: &Scopes| in_words(node, method, of);
    let begun = set.ends_at != Some(set.renewed_at);
    let missing = if begun { set.granted.missing(&set.asked) } else { Scopes::default() };
    let lost = secret.state(now) == SecretState::NeedsReauthorization;
    Some(Connection {
        begun,
        granted: scopes(&set.granted),
        missing: scopes(&missing),
        ends: set.ends_at.map(|at| When::new(at, now)),
        renewal: set
            .renew_at
            .filter(|_| !lost && set.hindrance != Some(Hindrance::OtherClient))
            .map(|at| When::new(at, now)),
        lost,
        renewed: When::new(set.renewed_at, now),
        // What is lost is told above all else on the page.
        hindrance: set.hindrance.filter(|_| !lost).map(Hindrance::told),
    })
}

/// Each of these permissions, as far as the catalogue knows it.
pub(in crate::web) fn in_words(node: Option<&NodeType>, method: Method, scopes: &Scopes) -> Vec<Scope> {
    scopes.names().map(|name| scope(node, method, name)).collect()
}

fn scope(node: Option<&NodeType>, method: Method, name: &str) -> Scope {
    let known = node.and_then(|node| node.scopes(method).iter().find(|scope| scope.name == name));
    Scope { name: name.to_owned(), means: known.map(|scope| scope.means.clone()) }
}
