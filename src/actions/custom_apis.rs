//! A workspace's own node types: described on a form, and described anew.
//!
//! Invariant: a value never travels where it was not entered for. Another address, placement or kind destroys the values
//! that were entered under the one before; another provider, the secrets of the clients it was asked with.

use crate::catalog::{CUSTOM, Catalog, Draft, DraftFault, NodeType};
use crate::domain::audit::{Event, NodeTypeEvent, SecretEvent};
use crate::domain::letter::SecretsEnd;
use crate::domain::message::Message;
use crate::domain::{Environment, Method, Name, Slug};
use crate::store::access::{Admin, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::organization_settings::Bringer;
use crate::store::secrets::ListedSecret;
use crate::store::{self, Denied, Error, Fault, ReadTx, Refusal, WriteTx};

use super::node_types::{facts, get, insert};
use super::secrets::describe as facts_of_secret;
use super::{Tools, audit, letters, oauth_clients, organizations};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomRefusal {
    #[error("the form is to be put right")]
    Faults(Vec<DraftFault>),
    /// So much would be destroyed, which nobody has confirmed.
    #[error("{0:?} would be destroyed")]
    Unconfirmed(Going),
    #[error("it was changed in the meantime")]
    ChangedSince,
}

impl Refusal for CustomRefusal {}

/// What another description destroys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Going {
    /// Secrets that lose their value.
    pub secrets: usize,
    /// OAuth clients, whose secrets were entered for the provider that was asked before.
    pub clients: Vec<Environment>,
    /// How many of those that organizations have brought.
    pub brought: usize,
}

impl Going {
    /// The number by which it is confirmed.
    pub fn all(&self) -> usize {
        self.secrets + self.clients.len() + self.brought
    }
}

fn fault(field: &'static str, message: String) -> Fault<CustomRefusal> {
    CustomRefusal::Faults(vec![DraftFault { field, message }]).into()
}

/// Adds a custom API under a slug of its own.
pub fn create(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (catalog, draft): (&Catalog, &Draft),
) -> Result<Slug, Fault<CustomRefusal>> {
    let slug = free_slug(tx, by, &draft.name)?;
    let node = described(catalog, draft, &slug)?;
    let description = Message::parse(&draft.description).map_err(|error| fault("description", error.to_string()))?;
    let name = free_name(tx, by, &node, None)?;
    let method = node.methods.first().copied().unwrap_or(Method::Key);
    let row = insert(tx, by, tools, (slug, name, method), (description.as_ref(), Some(written(&node)?)))?;
    Ok(row.slug)
}

fn described(catalog: &Catalog, draft: &Draft, slug: &Slug) -> Result<NodeType, CustomRefusal> {
    catalog.custom(draft, slug).map_err(CustomRefusal::Faults)
}

fn written(node: &NodeType) -> Result<String, Error> {
    serde_json::to_string(node).map_err(|_| Error::Unsealed)
}

/// Two node types of one name would be confused with each other.
fn free_name(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, Admin>,
    node: &NodeType,
    own: Option<&Slug>,
) -> Result<Name, Fault<CustomRefusal>> {
    let name = Name::parse(&node.name).map_err(|error| fault("name", error.to_string()))?;
    let others = store::node_types::list(tx, by)?;
    if others.iter().any(|row| Some(&row.slug) != own && row.name.key() == name.key()) {
        return Err(fault("name", "Another node type of this workspace has that name.".to_owned()));
    }
    Ok(name)
}

const ENDINGS: u32 = 1_000;
/// What is left of a slug beside `custom-` and an ending.
const LONGEST: usize = 32;

/// A slug that reads like the name and that nothing in this workspace has.
fn free_slug(tx: &mut ReadTx<'_>, by: &Proof<'_, Admin>, name: &str) -> Result<Slug, Error> {
    let read = Slug::from_name(name).map(|slug| slug.as_str().chars().take(LONGEST).collect::<String>());
    let read = read.unwrap_or_else(|| "api".to_owned());
    let base = format!("{CUSTOM}{}", read.trim_end_matches('-'));
    for number in 1..ENDINGS {
        let text = if number == 1 { base.clone() } else { format!("{base}-{number}") };
        let slug: Slug = text.parse().map_err(|_| Error::Taken)?;
        if store::node_types::find(tx, by, &slug)?.is_none() {
            return Ok(slug);
        }
    }
    Err(Error::Taken)
}

/// A custom API as it is kept, and as a form shows it.
pub struct Kept {
    pub row: NodeTypeRow,
    pub node: NodeType,
    /// Those with a value.
    pub holding: Vec<ListedSecret>,
    /// For which environments it has an OAuth client of the workspace's own.
    pub clients: Vec<Environment>,
    /// The organizations that have brought one of theirs.
    pub brought: Vec<Bringer>,
}

impl Kept {
    pub fn draft(&self) -> Draft {
        Draft::of(&self.node)
    }

    /// The draft under the method that the node type came with, whatever a form says: it never changes.
    pub fn under_its_method(&self, draft: &Draft) -> Draft {
        Draft { method: self.row.method.to_string(), ..draft.clone() }
    }
}

/// Finds a custom API; a built-in node type is none.
pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, Admin>, catalog: &Catalog, slug: &Slug) -> Result<Kept, Error> {
    let row = get(tx, by, slug)?;
    let spec = row.spec.as_deref().ok_or(Denied::NotFound)?;
    let node = catalog.describe(slug.as_str(), Some(spec)).ok_or(Denied::NotFound)?.into_owned();
    let mut holding = store::secrets::of_type(tx, by, &row.id)?;
    holding.retain(|row| row.secret.value_entered_at.is_some());
    let clients = store::oauth_clients::list(tx, by, &row.id)?.into_iter().map(|client| client.environment).collect();
    let brought = store::organization_settings::bringers(tx, by, &row.id)?;
    Ok(Kept { row, node, holding, clients, brought })
}

/// What was meant to be changed: which description was seen, and how many values may go by it.
#[derive(Clone, Copy, Debug)]
pub struct Meant {
    pub revision: i64,
    pub confirmed: Option<usize>,
}

/// Describes a custom API anew; what was destroyed by it. Its provider is not asked to forget what was connected: nobody
/// knows whether it is to be trusted with it still, and the new one was never given it.
pub fn change(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (catalog, draft): (&Catalog, &Draft),
    (slug, meant): (&Slug, Meant),
) -> Result<Going, Fault<CustomRefusal>> {
    let kept = find(tx, by, catalog, slug)?;
    if kept.row.revision != meant.revision {
        return Err(CustomRefusal::ChangedSince.into());
    }
    let node = described(catalog, &kept.under_its_method(draft), slug)?;
    let name = free_name(tx, by, &node, Some(slug))?;
    let emptied: &[ListedSecret] = if node.travels_like(&kept.node) { &[] } else { &kept.holding };
    let (clients, brought) = match node.asks_like(&kept.node) {
        true => (Vec::new(), Vec::new()),
        false => (kept.clients.clone(), kept.brought.clone()),
    };
    let going = Going { secrets: emptied.len(), clients, brought: brought.len() };
    if going.all() > 0 && meant.confirmed != Some(going.all()) {
        return Err(CustomRefusal::Unconfirmed(going).into());
    }
    for environment in &going.clients {
        oauth_clients::destroy(tx, by, tools, (&kept.row, *environment))?;
    }
    organizations::destroy_clients(tx, by, tools, (&kept.row, brought))?;
    let kind = node.kinds.first().map(|spec| spec.kind);
    for row in emptied {
        let kind = kind.unwrap_or(row.secret.kind);
        store::secrets::disconnect_type(tx, by, (&row.secret.id, kind))?;
        let event = SecretEvent::Disconnected { secret: facts_of_secret(row) };
        audit::change(tx, by, tools, Event::Secret(event))?;
    }
    letters::tell_owners(tx, by, tools, (emptied, SecretsEnd::Disconnected))?;
    store::node_types::describe_anew(tx, by, &kept.row.id, (&name, &written(&node)?))?;
    let node_type = facts(&NodeTypeRow { name, ..kept.row });
    let event = NodeTypeEvent::Changed { node_type, disconnected: going.secrets };
    audit::change(tx, by, tools, Event::NodeType(event))?;
    Ok(going)
}
