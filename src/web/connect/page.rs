//! The pages of connecting an account.

use crate::actions::connecting::Ground;
use crate::domain::{Delivery, Environment, Method};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::NodeMark;

/// What the provider will be asked for, before anybody goes there.
#[derive(askama::Template)]
#[template(path = "connect/ask.html")]
pub struct AskPage {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub environment: Environment,
    /// What it lets a workflow do, and what the provider calls that.
    pub scopes: Vec<(Option<String>, String)>,
    /// Whether there is something that is replaced.
    pub again: bool,
    /// The host that is gone to.
    pub host: String,
    /// Whether the provider is asked whose account it is.
    pub introduces: bool,
    /// Where it may be chosen anew, and nowhere else: with new tokens.
    pub delivery: Option<Delivery>,
}

pub(super) fn asked(ws: &str, ground: &Ground, chrome: Chrome) -> AskPage {
    let (secret, known) = (&ground.row.secret, ground.description.scopes(Method::OAuth));
    let meaning = |name: &str| {
        let known = known.iter().find(|scope| scope.name == name);
        (known.map(|scope| scope.means.clone()), name.to_owned())
    };
    AskPage {
        chrome,
        ws: ws.to_owned(),
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: NodeMark { slug: secret.node_type.to_string(), name: secret.node_type_name.to_string() },
        environment: secret.environment,
        scopes: ground.client.scopes.names().map(meaning).collect(),
        again: secret.value_entered_at.is_some(),
        introduces: ground.description.probe.is_some(),
        delivery: Some(secret.delivery).filter(|held| ground.governs && *held == Delivery::Proxy),
        host: ground.endpoints.authorize_url.split('/').nth(2).unwrap_or_default().to_owned(),
    }
}

/// On to the provider.
#[derive(askama::Template)]
#[template(path = "connect/leave.html")]
pub struct Leave {
    pub chrome: Chrome,
    pub node_type: NodeMark,
    pub url: String,
    /// To the connection, for whoever does not want to after all.
    pub back: String,
}
