//! What a data integration, which is a node type of the workspace, looks like on the wire.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::actions::clients::{AskedFor, Client, Clients};
use crate::actions::connecting;
use crate::app::App;
use crate::catalog::{BodyFormat, ClientAuth, NodeType, OAuth};
use crate::domain::{Environment, Method, Scopes};
use crate::store::access::{Proof, TokenRight};
use crate::store::connections::ConnectionRow;
use crate::store::node_types::NodeTypeRow;
use crate::store::organization_settings::SettingsRow;
use crate::store::{Error, ReadTx};

use super::shapes::{installation, method_word};

/// Whose client it is: an organization's, the workspace's own, or the operator's.
pub(super) fn credentials_type(row: &NodeTypeRow, client: Option<&Client>) -> &'static str {
    match client {
        _ if row.organizations_bring_clients => "organization",
        Some(client) if client.organization.is_some() => "organization",
        Some(client) if client.is_lent() => "shared",
        Some(_) | None => "custom",
    }
}

/// What is asked for, of everybody or of an organization that has it otherwise; none where nothing is.
pub(super) fn scopes_of(
    clients: &Clients,
    row: &NodeTypeRow,
    (client, own): (Option<&Client>, Option<&SettingsRow>),
) -> Option<Vec<String>> {
    if row.method == Method::Key {
        return None;
    }
    let usual = || clients.describe(row).map(|node| node.usual_scopes(row.method)).unwrap_or_default();
    let otherwise = own.and_then(|own| own.scopes.clone()).or_else(|| client.map(|client| client.scopes.clone()));
    let scopes: Scopes = otherwise.unwrap_or_else(usual);
    Some(scopes.names().map(ToOwned::to_owned).collect())
}

/// For whom a root is shown. A node type serves both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    User,
    Organization,
}

impl Ownership {
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Organization => "organization",
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        [Self::User, Self::Organization].into_iter().find(|one| one.word() == text)
    }
}

/// A node type with its client, read in one moment.
pub struct Told {
    pub row: NodeTypeRow,
    environment: Environment,
    client: Option<Client>,
    /// The key that came with it.
    installed: Option<ConnectionRow>,
}

impl Told {
    pub fn of(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl TokenRight>,
        (clients, row): (&Clients, NodeTypeRow),
    ) -> Result<Self, Error> {
        let environment = by.environment();
        let client = clients.find(tx, by, (&row, environment), AskedFor::Everybody)?;
        Ok(Self { row, environment, client, installed: None })
    }

    pub fn with(self, installed: Option<ConnectionRow>) -> Self {
        Self { installed, ..self }
    }

    pub fn json(&self, app: &App, ownership: Ownership) -> Value {
        let row = &self.row;
        let node = app.clients.describe(row);
        let oauth = node.as_deref().and_then(|node| node.oauth.as_ref()).filter(|_| row.method == Method::OAuth);
        let callback = node.as_deref().filter(|_| oauth.is_some());
        let callback = callback.map(|node| connecting::callback(row, node, (self.environment, None)));
        let own = self.client.as_ref().filter(|client| !client.is_lent());
        let lacks_one = oauth.is_some() && self.client.is_none() && !row.organizations_bring_clients;
        json!({
            "object": "data_integration",
            "id": row.id,
            "slug": row.slug,
            "integration_type": row.slug,
            "ownership": ownership.word(),
            "description": row.description,
            "enabled": row.enabled,
            "state": if lacks_one { "invalid" } else { "valid" },
            "scopes": scopes_of(&app.clients, row, (self.client.as_ref(), None)),
            "redirect_uri": callback.map_or_else(String::new, |callback| app.way_back(&callback)),
            "auth_methods": [method_word(row.method)],
            "credentials": (own.is_some() || row.organizations_bring_clients).then(|| json!({
                "type": credentials_type(row, own),
                "client_id": own.map(|own| own.id.as_str()),
                "redacted_client_secret": own.and_then(|own| own.last_four.as_deref()),
            })),
            "installation": self.installed.as_ref().map(installation),
            "config": own.map(|own| &own.parts).cloned().unwrap_or_default(),
            "custom_provider": node.as_deref().filter(|_| row.is_homemade()).map(|node| custom(node, oauth)),
            "created_at": row.created_at.wire(),
            "updated_at": row.updated_at.wire(),
        })
    }
}

/// A provider that the workspace described itself.
fn custom(node: &NodeType, oauth: Option<&OAuth>) -> Value {
    let parameters: BTreeMap<&str, &str> =
        oauth.iter().flat_map(|of| &of.parameters).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    json!({
        "name": node.name,
        "authorization_url": oauth.map(|of| of.authorize_url.as_str()),
        "token_url": oauth.map(|of| of.token_url.as_str()),
        "refresh_token_url": oauth.and_then(|of| of.refresh_url.as_deref()),
        "pkce_enabled": true,
        "request_scope_separator": oauth.map_or(" ", |of| of.scope_separator.as_str()),
        "scopes_required": false,
        "client_secret_required": true,
        "additional_authorization_parameters": parameters,
        "token_body_content_type": match oauth.map(|of| of.body) {
            Some(BodyFormat::Json) => "application/json",
            _ => "application/x-www-form-urlencoded",
        },
        "authenticate_via": match oauth.map(|of| of.client_auth) {
            Some(ClientAuth::Body) => "request_body",
            _ => "basic_auth_header",
        },
    })
}
