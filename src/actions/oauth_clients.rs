//! The clients with which a workspace asks providers for access.

use std::collections::BTreeMap;

use crate::crypto::Entered;
use crate::domain::audit::{Event, NodeTypeEvent};
use crate::domain::keys::Hook;
use crate::domain::name::is_hidden;
use crate::domain::secret::last_four;
use crate::domain::{DataKeyId, Environment, Method, OrganizationId, Scopes, Slug};
use crate::store::access::{Admin, Proof};
use crate::store::node_types::{NodeTypeRow, Setting};
use crate::store::oauth_clients::{ClientRow, NewClient};
use crate::store::{self, Denied, Error, Fault, Outcome, Refusal, Unrecorded, WriteTx};

use super::clients::{Clients, providers, sealable};
use super::entering::Facts;
use super::{Tools, audit, node_types, sealing};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientRefusal {
    #[error("Enter the client's secret: there is none yet that could stay.")]
    NoSecret,
    #[error("Enter the secret that belongs to this client: its id or its provider is another one now.")]
    OtherClient,
    #[error(
        "The node type was described anew since you opened this page. Look whom it asks now, and enter the secret again."
    )]
    ChangedSince,
}

impl Refusal for ClientRefusal {}

/// A client as an Admin entered it.
pub struct ClientEntry {
    pub node_type: Slug,
    /// Of the description that was seen: a secret that was entered under one goes nowhere by another.
    pub revision: i64,
    pub environment: Environment,
    pub client_id: String,
    /// None where the one that is there stays.
    pub secret: Option<Entered>,
    /// Where the provider is, as far as that differs.
    pub parts: BTreeMap<String, String>,
    pub scopes: Scopes,
}

/// Longer ids and secrets are no client's.
const LONGEST: usize = 2_000;

impl ClientEntry {
    /// What is wrong with the id of a client.
    pub fn id_fault(id: &str) -> Option<&'static str> {
        let unfit = id.is_empty() || id.len() > LONGEST || id.chars().any(is_hidden);
        unfit.then_some("Enter the client id that the provider shows.")
    }

    /// What is wrong with its secret.
    pub fn secret_fault(secret: &Entered) -> Option<&'static str> {
        let text = secret.as_str();
        let unfit = text.is_empty() || text.len() > LONGEST || text.contains(['\n', '\0']);
        unfit.then_some("This is no client secret: it is too long, or has several lines.")
    }
}

/// Puts a client in its place. Connections that were made with another one cannot be renewed with it.
pub fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (clients, entry): (&Clients, &ClientEntry),
) -> Result<(), Fault<ClientRefusal>> {
    let row = node_types::get(tx, by, &entry.node_type)?;
    if row.method != Method::OAuth {
        return Err(Denied::NotFound.into());
    }
    if row.revision != entry.revision {
        return Err(ClientRefusal::ChangedSince.into());
    }
    let hook = Hook { node_type: row.id.clone(), environment: entry.environment };
    let known = store::oauth_clients::list(tx, by, &row.id)?.into_iter().find(|of| of.environment == entry.environment);
    let (client_id, scopes) = (entry.client_id.as_str(), &entry.scopes);
    match (&entry.secret, &known) {
        (Some(secret), _) => {
            // Never the number of a client before it: an older blob put back does not open.
            let number = known.map_or(tx.now().micros(), |known| known.number + 1);
            let with = (secret, &entry.parts);
            let sealed = seal(tx, by, tools, (clients, &row), (&hook, None, number), with)?;
            store::oauth_clients::put(tx, by, &hook, (&sealed.named(client_id), scopes))?;
        }
        (None, None) => return Err(ClientRefusal::NoSecret.into()),
        (None, Some(known)) if !is_same(known, entry) => return Err(ClientRefusal::OtherClient.into()),
        (None, Some(_)) => store::oauth_clients::set_scopes(tx, by, (&hook, scopes))?,
    }
    if row.organizations_bring_clients {
        store::node_types::set(tx, by, &row.id, Setting::OrganizationsBringClients(false))?;
    }
    let event = NodeTypeEvent::ClientEntered {
        node_type: node_types::facts(&row),
        environment: entry.environment,
        client_id: entry.client_id.clone(),
        scopes: entry.scopes.to_string(),
    };
    Ok(audit::change(tx, by, tools, Event::NodeType(event))?)
}

/// A client as it is stored.
pub(super) struct Sealed {
    blob: Vec<u8>,
    data_key: DataKeyId,
    number: i64,
    facts: String,
    last_four: Option<String>,
}

impl Sealed {
    pub fn named<'a>(&'a self, client_id: &'a str) -> NewClient<'a> {
        let Self { blob, data_key, number, facts, last_four } = self;
        NewClient { client_id, blob, data_key, number: *number, facts, last_four: last_four.as_deref() }
    }
}

/// Seals the secret of a client, to go to the provider of this description with these parts and nowhere else.
pub(super) fn seal(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (clients, row): (&Clients, &NodeTypeRow),
    (hook, organization, number): (&Hook, Option<&OrganizationId>, i64),
    (secret, parts): (&Entered, &BTreeMap<String, String>),
) -> Result<Sealed, Error> {
    let description = clients.describe(row).ok_or(Denied::NotFound)?;
    let client = sealable(secret, parts, providers(&description, parts));
    let (data_key, blob) = sealing::seal_client(tx, by, tools, hook, (organization, number), &client)?;
    let facts = Facts { fields: parts.clone(), ..Facts::default() };
    let facts = serde_json::to_string(&facts).unwrap_or_default();
    Ok(Sealed { blob, data_key, number, facts, last_four: last_four(secret.as_str()) })
}

/// Leaves it to each organization to bring a client of its own. There is none of the workspace's that would be lost.
pub(super) fn leave_to_organizations(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    row: &NodeTypeRow,
) -> Result<(), Error> {
    if row.organizations_bring_clients {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::node_types::set(tx, by, &row.id, Setting::OrganizationsBringClients(true))?;
    let event = NodeTypeEvent::ClientsLeftToOrganizations { node_type: node_types::facts(row) };
    audit::change(tx, by, tools, Event::NodeType(event))
}

/// A secret goes where the Admin who entered it said, so it stays only with the same id and provider.
fn is_same(known: &ClientRow, entry: &ClientEntry) -> bool {
    known.client_id == entry.client_id && Facts::read(&known.facts).fields == entry.parts
}

/// Destroys a client. What was connected with it stays until it has to be renewed.
pub fn remove(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (slug, environment): (&Slug, Environment),
) -> Outcome<()> {
    let row = node_types::get(tx, by, slug)?;
    if !destroy(tx, by, tools, (&row, environment))? {
        tx.unrecorded(Unrecorded::Nothing);
    }
    Ok(())
}

/// Whether there was one.
pub(super) fn destroy(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (row, environment): (&NodeTypeRow, Environment),
) -> Result<bool, Error> {
    let hook = Hook { node_type: row.id.clone(), environment };
    if !store::oauth_clients::remove(tx, by, &hook)? {
        return Ok(false);
    }
    let event = NodeTypeEvent::ClientRemoved { node_type: node_types::facts(row), environment };
    audit::change(tx, by, tools, Event::NodeType(event))?;
    Ok(true)
}
