//! What an organization has of each node type: whether it is open for it, what is asked for, and the client it brings.

use std::collections::BTreeMap;
use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::clients::{AskedFor, Client, Clients};
use crate::actions::connecting;
use crate::actions::integrations::IntegrationRefusal;
use crate::actions::organizations::{self, Changes};
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::keys::Hook;
use crate::domain::{Environment, Method, OrganizationId, Slug};
use crate::store::access::{ManageRight, Proof, ReadRight, TokenRight};
use crate::store::node_types::NodeTypeRow;
use crate::store::organization_settings::{Place, SettingsRow};
use crate::store::{self, Denied, Fault, ReadTx};

use super::integration::{credentials_type, scopes_of};
use super::integrations::{admins, scopes, sent_client};
use super::read::{present, read};
use super::shapes::slug_of;
use super::subject::external;

type Answer = Result<HttpResponse, Error>;

/// A node type as one organization has it, read in one moment.
struct Told {
    row: NodeTypeRow,
    organization: OrganizationId,
    name: String,
    environment: Environment,
    settings: Option<SettingsRow>,
    client: Option<Client>,
}

impl Told {
    fn of(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl TokenRight>,
        (clients, row): (&Clients, NodeTypeRow),
        (organization, name): (&OrganizationId, &str),
    ) -> Result<Self, store::Error> {
        let environment = by.environment();
        let hook = Hook { node_type: row.id.clone(), environment };
        let settings = store::organization_settings::find(tx, by, Place { organization, hook: &hook })?;
        let client = match row.method {
            Method::OAuth => clients.find(tx, by, (&row, environment), AskedFor::Organization(name))?,
            Method::Key | Method::ClientCredentials => None,
        };
        let (organization, name) = (organization.clone(), name.to_owned());
        Ok(Self { row, organization, name, environment, settings, client })
    }

    fn json(&self, app: &App) -> Value {
        let (row, settings) = (&self.row, self.settings.as_ref());
        let brought = self.client.as_ref().filter(|client| client.organization.is_some());
        let (created, updated) =
            settings.map_or((row.created_at, row.updated_at), |own| (own.created_at, own.updated_at));
        let mut told = json!({
            "object": "data_integration_configuration",
            "id": row.id,
            "organization_id": self.name,
            "slug": row.slug,
            "name": row.name.as_str(),
            "enabled": row.enabled && settings.is_none_or(|own| own.enabled),
            "scopes": scopes_of(&app.clients, row, (self.client.as_ref(), settings)),
            "config": brought.map(|client| &client.parts).cloned().unwrap_or_default(),
            "created_at": created.wire(),
            "updated_at": updated.wire(),
        });
        if let (Some(credentials), Value::Object(fields)) = (self.credentials(app, brought), &mut told) {
            fields.insert("credentials".to_owned(), credentials);
        }
        told
    }

    /// Of whoever brings a client, or is to bring one.
    fn credentials(&self, app: &App, brought: Option<&Client>) -> Option<Value> {
        if brought.is_none() && !self.row.organizations_bring_clients {
            return None;
        }
        let node = app.clients.describe(&self.row)?;
        let callback = connecting::callback(&self.row, &node, (self.environment, Some(&self.organization)));
        Some(json!({
            "credentials_type": credentials_type(&self.row, brought),
            "has_credentials": brought.is_some(),
            "client_id": brought.map(|client| client.id.as_str()),
            "client_secret_last_four": brought.and_then(|client| client.last_four.as_deref()),
            "redirect_uri": app.way_back(&callback),
        }))
    }
}

/// `GET /organizations/{organization_id}/data_integration_configurations`
pub async fn index(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let name = match external(&path, "organization_id") {
        Ok(name) => name,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let clients = app.clients.clone();
    let told = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let organization = store::connections::known_organization(tx, by, &name)?.ok_or(Denied::NotFound)?;
        let mut rows = store::node_types::list(tx, by)?;
        rows.retain(|row| by.includes(&row.slug));
        let told = rows.into_iter().map(|row| Told::of(tx, by, (&clients, row), (&organization, &name)));
        Ok::<_, Fault<Infallible>>(told.collect::<Result<Vec<_>, _>>()?)
    });
    let data: Vec<Value> = told.await?.iter().map(|told| told.json(&app)).collect();
    Ok(HttpResponse::Ok().json(json!({ "object": "list", "data": data })))
}

/// What is to be from now on.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    scopes: Option<Option<Vec<String>>>,
    /// Null takes the client away: Keyrack's own.
    #[serde(default, deserialize_with = "present")]
    client_id: Option<Option<String>>,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
}

impl Body {
    fn changes(self) -> Result<Changes, Error> {
        let client = match (self.client_id, self.client_secret) {
            (None, None) => None,
            (Some(None), None) => Some(None),
            (Some(Some(id)), Some(secret)) => Some(Some(sent_client((id, secret), "")?)),
            _ => return Err(Error::invalid("Send client_id and client_secret together.")),
        };
        let changes = Changes { enabled: self.enabled, scopes: scopes(self.scopes)?, client, parts: self.config };
        if changes.are_some() {
            return Ok(changes);
        }
        Err(Error::invalid("Send enabled, scopes, client_id with client_secret, or config."))
    }
}

/// `PUT /organizations/{organization_id}/data_integration_configurations/{slug}`
pub async fn update(caller: Caller, path: Path<(String, String)>, sent: Sent, app: Data<App>) -> Answer {
    let understood = external(&path.0, "organization_id").and_then(|name| {
        let slug: Slug = slug_of(&path.1)?;
        Ok((name, slug, read::<Body>(&sent)?.changes()?))
    });
    let (name, slug, changes) = match understood {
        Ok(understood) => understood,
        Err(wrong) => return Err(caller.hears::<ManageRight>(&app, wrong).await),
    };
    let (kit, clients) = (app.kit(caller.address), app.clients.clone());
    let changed = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let admin = admins(by, &slug)?;
        let at = (&clients, by.environment());
        kit.by_token(by, |tools| organizations::configure(tx, &admin, tools, at, (&slug, &name, &changes)))?;
        store::tokens::mark_used(tx, by, kit.from)?;
        let row = store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        let organization = store::connections::known_organization(tx, by, &name)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<IntegrationRefusal>>(Told::of(tx, by, (&clients, row), (&organization, &name))?)
    });
    Ok(HttpResponse::Ok().json(changed.await?.json(&app)))
}
