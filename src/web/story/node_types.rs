//! What was done to node types, as sentences.

use crate::domain::Environment;
use crate::domain::audit::NodeTypeEvent;
use crate::domain::secret::Adders;
use crate::web::view::counted;

use super::{Deed, deed};

pub(super) fn deed_to_node_type(event: &NodeTypeEvent) -> Deed {
    let done = |what: &str, name: &str| deed(format!("{what} the node type {name}"), None, "hook");
    let number = |count: &usize| u64::try_from(*count).unwrap_or(u64::MAX);
    match event {
        NodeTypeEvent::Added { node_type } => done("added", &node_type.name),
        NodeTypeEvent::Removed { node_type, secrets, .. } => {
            let of = Some(format!("with {}", counted(number(secrets), "secret", "secrets")));
            Deed { of, ..done("removed", &node_type.name) }
        }
        NodeTypeEvent::Enabled { node_type } => done("enabled", &node_type.name),
        NodeTypeEvent::Disabled { node_type } => done("disabled", &node_type.name),
        NodeTypeEvent::Described { node_type } => {
            Deed { of: Some("for end users".to_owned()), ..done("described", &node_type.name) }
        }
        NodeTypeEvent::Changed { node_type, disconnected } => {
            let of = (*disconnected > 0)
                .then(|| format!("and disconnected {}", counted(number(disconnected), "secret", "secrets")));
            Deed { of, ..done("changed", &node_type.name) }
        }
        NodeTypeEvent::ClientEntered { node_type, environment, .. } => {
            Deed { of: Some(format!("for {environment}")), ..done("set up the client of", &node_type.name) }
        }
        NodeTypeEvent::ClientRemoved { node_type, environment } => {
            Deed { of: Some(format!("for {environment}")), ..done("removed the client of", &node_type.name) }
        }
        NodeTypeEvent::ClientsLeftToOrganizations { node_type } => {
            done("left it to each organization to bring a client for", &node_type.name)
        }
        NodeTypeEvent::OrganizationConfigured { node_type, environment, organization, enabled, scopes } => {
            let asks = scopes.as_ref().map(|scopes| format!(", asking for {scopes}")).unwrap_or_default();
            let of = Some(format!("for the organization {organization} in {environment}{asks}"));
            Deed { of, ..done(if *enabled { "opened" } else { "closed" }, &node_type.name) }
        }
        NodeTypeEvent::OrganizationClientEntered { node_type, environment, organization, .. } => {
            Deed { of: brought(organization, *environment), ..done("set up the client of", &node_type.name) }
        }
        NodeTypeEvent::OrganizationClientRemoved { node_type, environment, organization } => {
            Deed { of: brought(organization, *environment), ..done("removed the client of", &node_type.name) }
        }
        NodeTypeEvent::AddersChanged { after, .. } => {
            let who = match after {
                Adders::Admins => "Owners and Admins alone",
                Adders::Everyone => "every member",
            };
            deed(format!("let {who} add node types"), None, "building")
        }
        NodeTypeEvent::ReturnAddressesChanged { addresses, .. } => {
            let of = (!addresses.is_empty()).then(|| format!("to {}", addresses.join(", ")));
            Deed { of, ..deed("changed where end users may be sent back to".to_owned(), None, "building") }
        }
    }
}

fn brought(organization: &str, environment: Environment) -> Option<String> {
    Some(format!("that the organization {organization} brings for {environment}"))
}
