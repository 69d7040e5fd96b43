//! The pages of connecting an account.

use crate::actions::connecting::Ground;
use crate::domain::{Delivery, Environment};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Link, NodeMark};

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
    let (secret, way) = (&ground.row.secret, &ground.way);
    AskPage {
        chrome,
        ws: ws.to_owned(),
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: NodeMark { slug: secret.node_type.to_string(), name: secret.node_type_name.to_string() },
        environment: secret.environment,
        scopes: way.asked(),
        again: secret.value_entered_at.is_some(),
        introduces: way.description.probe.is_some(),
        delivery: Some(secret.delivery).filter(|held| ground.governs && *held == Delivery::Proxy),
        host: way.host().to_owned(),
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

/// What an end user is asked for, and by whom.
#[derive(askama::Template)]
#[template(path = "connect/start.html")]
pub struct Start {
    pub chrome: Chrome,
    pub link: String,
    pub node_type: NodeMark,
    pub description: Option<String>,
    pub workspace: String,
    /// The host that is gone to.
    pub host: String,
    pub scopes: Vec<(Option<String>, String)>,
    /// The host that they are sent back to in the end.
    pub back: Option<String>,
}

/// On to the provider, for an end user.
#[derive(askama::Template)]
#[template(path = "connect/gone.html")]
pub struct Gone {
    pub chrome: Chrome,
    pub node_type: NodeMark,
    pub url: String,
}

/// What came of it.
#[derive(askama::Template)]
#[template(path = "connect/ended.html")]
pub struct Ended {
    pub chrome: Chrome,
    pub heading: &'static str,
    pub words: String,
    pub way_on: Option<Link>,
}
