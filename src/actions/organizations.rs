//! What single organizations have otherwise than everybody: whether a node type is open for them, what is asked for, and
//! the OAuth client that they bring.
//!
//! Invariant: whatever is wrong with one of several changes, none is made.

use std::collections::BTreeMap;

use crate::domain::audit::{Event, NodeTypeEvent, NodeTypeFacts};
use crate::domain::keys::Hook;
use crate::domain::{Environment, Method, Scopes, Slug};
use crate::store::access::{Admin, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::organization_settings::{self, Bringer, BroughtClient, Place, SettingsRow};
use crate::store::{self, Denied, Error, Fault, Unrecorded, WriteTx};

use super::clients::Clients;
use super::entering::{Facts, FieldFault};
use super::integrations::{IntegrationRefusal, SentClient, client_parts};
use super::oauth_clients::{self, ClientRefusal};
use super::{Tools, audit, node_types};

/// What is to be from now on; what is absent stays as it is.
#[derive(Default)]
pub struct Changes {
    pub enabled: Option<bool>,
    /// What is asked for of everybody with nothing.
    pub scopes: Option<Option<Scopes>>,
    /// The client that it brings; it brings none any more with nothing.
    pub client: Option<Option<SentClient>>,
    /// Where the provider of its client is, as far as that differs.
    pub parts: Option<BTreeMap<String, String>>,
}

impl Changes {
    /// Whether they say anything.
    pub fn are_some(&self) -> bool {
        self.enabled.is_some() || self.scopes.is_some() || self.client.is_some() || self.parts.is_some()
    }

    /// Whether they are only for node types whose accounts are connected.
    fn concern_accounts(&self) -> bool {
        let is_some = |scopes: &Option<Scopes>| scopes.is_some();
        self.scopes.as_ref().is_some_and(is_some)
            || self.client.as_ref().is_some_and(Option::is_some)
            || self.parts.as_ref().is_some_and(|parts| !parts.is_empty())
    }
}

/// Of what is written: the node type, the organization by its name, and the environment.
struct Of<'a> {
    row: &'a NodeTypeRow,
    organization: &'a str,
    environment: Environment,
}

impl Of<'_> {
    /// What every entry about it says.
    fn told(&self) -> (NodeTypeFacts, Environment, String) {
        (node_types::facts(self.row), self.environment, self.organization.to_owned())
    }
}

/// Changes what an organization has otherwise. It comes into being by being mentioned.
pub fn configure(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (clients, environment): (&Clients, Environment),
    (slug, organization, changes): (&Slug, &str, &Changes),
) -> Result<(), Fault<IntegrationRefusal>> {
    let row = node_types::get(tx, by, slug)?;
    if changes.concern_accounts() && row.method != Method::OAuth {
        return Err(IntegrationRefusal::NoClientTaken.into());
    }
    let id = store::connections::organization(tx, by, organization, tools.chance)?;
    let hook = Hook { node_type: row.id.clone(), environment };
    let (place, of) = (Place { organization: &id, hook: &hook }, Of { row: &row, organization, environment });
    let known = organization_settings::find(tx, by, place)?;
    let is_set = set(tx, by, tools, (place, &of), (known.as_ref(), changes))?;
    let held = known.and_then(|known| known.client);
    let is_another = match &changes.client {
        Some(Some(sent)) => enter(tx, by, tools, (clients, place, &of), (held, sent, changes.parts.as_ref()))?,
        Some(None) => take_away(tx, by, tools, (place, &of))?,
        None => stays(held.as_ref(), changes.parts.as_ref())?,
    };
    if !is_set && !is_another {
        tx.unrecorded(Unrecorded::Nothing);
    }
    Ok(())
}

/// Whether it is open, and what is asked for; whether that is another thing than before.
fn set(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (place, of): (Place<'_>, &Of<'_>),
    (known, changes): (Option<&SettingsRow>, &Changes),
) -> Result<bool, Error> {
    let before = known.map(|known| (known.enabled, known.scopes.as_ref()));
    let (open, asked) = before.unwrap_or((true, None));
    let scopes = changes.scopes.as_ref().map_or(asked, Option::as_ref);
    let enabled = changes.enabled.unwrap_or(open);
    if before == Some((enabled, scopes)) {
        return Ok(false);
    }
    organization_settings::put(tx, by, place, (enabled, scopes))?;
    let (node_type, environment, organization) = of.told();
    let scopes = scopes.map(ToString::to_string);
    let event = NodeTypeEvent::OrganizationConfigured { node_type, environment, organization, enabled, scopes };
    audit::change(tx, by, tools, Event::NodeType(event))?;
    Ok(true)
}

/// Puts the client that it brings in its place. Connections that were made with another one cannot be renewed with it.
fn enter(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (clients, place, of): (&Clients, Place<'_>, &Of<'_>),
    (held, sent, parts): (Option<BroughtClient>, &SentClient, Option<&BTreeMap<String, String>>),
) -> Result<bool, Fault<IntegrationRefusal>> {
    let node = clients.describe(of.row).ok_or(Denied::NotFound)?;
    let before = held.as_ref().map(parts_of).unwrap_or_default();
    let given = parts.unwrap_or(&before);
    if let Some(field) = given.keys().find(|name| !node.client_parts().any(|part| part.name == **name)) {
        let message = "A client of this node type belongs nowhere of that name.".to_owned();
        return Err(IntegrationRefusal::Part(FieldFault { field: field.clone(), message }).into());
    }
    let parts = client_parts(&node, given)?;
    // Never the number of a client before it: an older blob put back does not open.
    let now = tx.now().micros();
    let number = held.map_or(now, |held| now.max(held.number + 1));
    let at = (place.hook, Some(place.organization), number);
    let sealed = oauth_clients::seal(tx, by, tools, (clients, of.row), at, (&sent.secret(), &parts))?;
    organization_settings::put_client(tx, by, place, &sealed.named(&sent.id))?;
    let (node_type, environment, organization) = of.told();
    let client_id = sent.id.clone();
    let event = NodeTypeEvent::OrganizationClientEntered { node_type, environment, organization, client_id };
    audit::change(tx, by, tools, Event::NodeType(event))?;
    Ok(true)
}

fn parts_of(client: &BroughtClient) -> BTreeMap<String, String> {
    Facts::read(&client.facts).fields
}

/// A secret goes where it was entered for: the provider is another one only with another secret.
fn stays(held: Option<&BroughtClient>, parts: Option<&BTreeMap<String, String>>) -> Result<bool, IntegrationRefusal> {
    match (held, parts) {
        (_, None) => Ok(false),
        (Some(held), Some(parts)) if parts_of(held) == *parts => Ok(false),
        (Some(_), Some(_)) => Err(IntegrationRefusal::Client(ClientRefusal::OtherClient)),
        (None, Some(parts)) if parts.is_empty() => Ok(false),
        (None, Some(_)) => Err(IntegrationRefusal::NoClientSent),
    }
}

/// Destroys the client that it brought; whether there was one.
fn take_away(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (place, of): (Place<'_>, &Of<'_>),
) -> Result<bool, Error> {
    if !organization_settings::remove_client(tx, by, place)? {
        return Ok(false);
    }
    let (node_type, environment, organization) = of.told();
    let event = NodeTypeEvent::OrganizationClientRemoved { node_type, environment, organization };
    audit::change(tx, by, tools, Event::NodeType(event))?;
    Ok(true)
}

/// Destroys the clients that organizations have brought for a node type: they were entered for another provider.
pub(super) fn destroy_clients(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (row, brought): (&NodeTypeRow, Vec<Bringer>),
) -> Result<(), Error> {
    for Bringer { id, name, environment } in brought {
        let hook = Hook { node_type: row.id.clone(), environment };
        let (place, of) = (Place { organization: &id, hook: &hook }, Of { row, organization: &name, environment });
        take_away(tx, by, tools, (place, &of))?;
    }
    Ok(())
}
