//! Node types as backends manage them: several changes that belong together, made at once.
//!
//! Invariant: whatever is wrong with one of them, none is made.

use std::collections::BTreeMap;

use crate::catalog::{Draft, DraftFault, NodeType};
use crate::crypto::Entered;
use crate::domain::message::Message;
use crate::domain::{Environment, Method, Scopes, Slug};
use crate::store::access::{Admin, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::oauth_clients::ClientRow;
use crate::store::secrets::ListedSecret;
use crate::store::{self, Denied, Error, Fault, Refusal, WriteTx};

use super::Tools;
use super::clients::Clients;
use super::custom_apis::{self, CustomRefusal, Meant};
use super::entering::{Facts, FieldFault, fill_parts};
use super::node_types::{self, BuiltIn};
use super::oauth_clients::{self, ClientEntry, ClientRefusal};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntegrationRefusal {
    #[error("There is a data integration of this provider already.")]
    Exists,
    #[error("auth_methods: this provider does not authenticate in that way.")]
    NoSuchMethod,
    #[error("{0}")]
    Client(#[from] ClientRefusal),
    #[error("Only node types whose accounts are connected have a client and scopes.")]
    NoClientTaken,
    #[error("Send credentials first: scopes are asked for with a client.")]
    NoClient,
    #[error("Each organization brings a client of its own here, and says in its configuration what is asked for.")]
    OfOrganizations,
    #[error("Send config together with client_id and client_secret: it says where that client belongs.")]
    NoClientSent,
    #[error("config.{}: {}", .0.field, .0.message)]
    Part(FieldFault),
    #[error("the description is to be put right")]
    Described(Vec<DraftFault>),
    #[error("{0}")]
    Unreadable(String),
    /// Whoever destroys something looks at what goes first.
    #[error("{0} would go by this. Do it on its page in Keyrack, which shows what goes.")]
    InUse(String),
}

impl Refusal for IntegrationRefusal {}

/// A client as it is sent.
pub struct SentClient {
    pub id: String,
    pub secret: Entered,
}

impl SentClient {
    /// What was entered is not cloned by the way.
    pub(super) fn secret(&self) -> Entered {
        Entered::exact(self.secret.as_str().to_owned())
    }
}

/// Whose client asks the provider from now on.
pub enum SentCredentials {
    Own(SentClient),
    /// Each organization's own.
    OfOrganizations,
}

/// What is to be from now on; what is absent stays as it is.
#[derive(Default)]
pub struct Changes {
    /// Clears with nothing.
    pub description: Option<Option<Message>>,
    pub enabled: Option<bool>,
    /// Those that are usually asked for with nothing.
    pub scopes: Option<Option<Scopes>>,
    pub credentials: Option<SentCredentials>,
    /// Where the provider is, as far as that differs.
    pub parts: Option<BTreeMap<String, String>>,
}

impl Changes {
    /// Whether the client is another one by them. That nothing special is asked for is so where there is none.
    fn concern_the_client(&self, has_one: bool) -> bool {
        let scopes = self.scopes.as_ref().is_some_and(|scopes| scopes.is_some() || has_one);
        self.credentials.is_some() || scopes || self.parts.as_ref().is_some_and(|parts| has_one || !parts.is_empty())
    }
}

/// Adds a node type of the catalogue, as it is to be.
pub fn create(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (clients, environment): (&Clients, Environment),
    (node, method, changes): (&NodeType, Method, &Changes),
) -> Result<Slug, Fault<IntegrationRefusal>> {
    let built_in = BuiltIn::of(node, method).ok_or(Denied::NotFound)?;
    let slug: Slug = node.slug.parse().map_err(|_| Denied::NotFound)?;
    if store::node_types::find(tx, by, &slug)?.is_some() {
        return Err(IntegrationRefusal::Exists.into());
    }
    node_types::add(tx, by, tools, &built_in).map_err(Error::from)?;
    change(tx, by, tools, (clients, environment), (&slug, changes))?;
    Ok(slug)
}

/// Adds a provider that a backend describes, as it is to be.
pub fn create_custom(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (clients, environment): (&Clients, Environment),
    (draft, changes): (&Draft, &Changes),
) -> Result<Slug, Fault<IntegrationRefusal>> {
    let slug = custom(custom_apis::create(tx, by, tools, (&clients.catalog, draft)))?;
    change(tx, by, tools, (clients, environment), (&slug, changes))?;
    Ok(slug)
}

/// Describes such a provider anew, where nothing is destroyed by it: who destroys something looks at a page first.
pub fn describe_custom(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    clients: &Clients,
    (slug, over): (&Slug, impl FnOnce(Draft) -> Result<Draft, IntegrationRefusal>),
) -> Result<(), Fault<IntegrationRefusal>> {
    let kept = custom_apis::find(tx, by, &clients.catalog, slug)?;
    let draft = over(kept.draft())?;
    let meant = Meant { revision: kept.row.revision, confirmed: None };
    custom(custom_apis::change(tx, by, tools, (&clients.catalog, &draft), (slug, meant))).map(drop)
}

fn custom<T>(done: Result<T, Fault<CustomRefusal>>) -> Result<T, Fault<IntegrationRefusal>> {
    done.map_err(|fault| match fault {
        Fault::Refused(CustomRefusal::Faults(faults)) => IntegrationRefusal::Described(faults).into(),
        Fault::Refused(CustomRefusal::Unconfirmed(going)) => {
            IntegrationRefusal::InUse(format!("{} values and clients", going.all())).into()
        }
        // Within one transaction it is what was just looked at.
        Fault::Refused(CustomRefusal::ChangedSince) => Error::Collided.into(),
        Fault::Store(error) => error.into(),
    })
}

pub fn change(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (clients, environment): (&Clients, Environment),
    (slug, changes): (&Slug, &Changes),
) -> Result<(), Fault<IntegrationRefusal>> {
    let row = node_types::get(tx, by, slug)?;
    let known = store::oauth_clients::list(tx, by, &row.id)?.into_iter().find(|of| of.environment == environment);
    if changes.concern_the_client(known.is_some()) {
        if row.method != Method::OAuth {
            return Err(IntegrationRefusal::NoClientTaken.into());
        }
        match &changes.credentials {
            Some(SentCredentials::OfOrganizations) => leave_to_organizations(tx, by, tools, (&row, changes))?,
            None if row.organizations_bring_clients => return Err(IntegrationRefusal::OfOrganizations.into()),
            Some(SentCredentials::Own(_)) | None => {
                let entry = entry((clients, environment), (&row, known), changes)?;
                oauth_clients::put(tx, by, tools, (clients, &entry)).map_err(|fault| match fault {
                    Fault::Refused(refusal) => Fault::Refused(IntegrationRefusal::Client(refusal)),
                    Fault::Store(error) => Fault::Store(error),
                })?;
            }
        }
    }
    if let Some(text) = &changes.description {
        node_types::describe(tx, by, tools, (slug, text.as_ref())).map_err(Error::from)?;
    }
    match changes.enabled {
        Some(true) => node_types::enable(tx, by, tools, slug).map_err(Error::from)?,
        Some(false) => node_types::disable(tx, by, tools, slug).map_err(Error::from)?,
        None => tx.unrecorded(store::Unrecorded::Nothing),
    }
    Ok(())
}

/// Whoever destroys a client of the workspace's looks at its page first.
fn leave_to_organizations(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (row, changes): (&NodeTypeRow, &Changes),
) -> Result<(), Fault<IntegrationRefusal>> {
    let says_more = changes.scopes.as_ref().is_some_and(Option::is_some);
    if says_more || changes.parts.as_ref().is_some_and(|parts| !parts.is_empty()) {
        return Err(IntegrationRefusal::OfOrganizations.into());
    }
    let held = store::oauth_clients::list(tx, by, &row.id)?;
    if let Some(client) = held.first() {
        return Err(IntegrationRefusal::InUse(format!("The client for {}", client.environment)).into());
    }
    Ok(oauth_clients::leave_to_organizations(tx, by, tools, row)?)
}

/// The client as it is to be, with what stays of the one that is there.
fn entry(
    (clients, environment): (&Clients, Environment),
    (row, known): (&NodeTypeRow, Option<ClientRow>),
    changes: &Changes,
) -> Result<ClientEntry, Fault<IntegrationRefusal>> {
    let node = clients.describe(row).ok_or(Denied::NotFound)?;
    let held = known.as_ref().map(|known| Facts::read(&known.facts).fields).unwrap_or_default();
    let parts = client_parts(&node, changes.parts.as_ref().unwrap_or(&held))?;
    let scopes = match (&changes.scopes, &known) {
        (Some(Some(scopes)), _) => scopes.clone(),
        (None, Some(known)) => known.scopes.clone(),
        (Some(None), _) | (None, None) => node.usual_scopes(Method::OAuth),
    };
    let (client_id, secret) = match (&changes.credentials, known) {
        (Some(SentCredentials::Own(client)), _) => (client.id.clone(), Some(client.secret())),
        (_, Some(known)) => (known.client_id, None),
        (_, None) => return Err(IntegrationRefusal::NoClient.into()),
    };
    let (node_type, revision) = (row.slug.clone(), row.revision);
    Ok(ClientEntry { node_type, revision, environment, client_id, secret, parts, scopes })
}

/// Where a client belongs, as far as that differs.
pub(super) fn client_parts(
    node: &NodeType,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, IntegrationRefusal> {
    fill_parts(node.client_parts(), given).map_err(|faults| {
        let first = faults.into_iter().next();
        let nothing = || FieldFault { field: String::new(), message: String::new() };
        IntegrationRefusal::Part(first.unwrap_or_else(nothing))
    })
}

/// Removes a node type on which nothing hangs but what end users have connected in this environment: who removes more
/// looks at a page first.
pub fn remove(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (environment, slug): (Environment, &Slug),
) -> Result<(), Fault<IntegrationRefusal>> {
    let hanging = node_types::hanging(tx, by, slug)?;
    let others = |row: &&ListedSecret| row.secret.owner.is_some() || row.secret.environment != environment;
    let others = hanging.secrets.iter().filter(others).count();
    if others > 0 {
        let secrets = match others {
            1 => "1 secret of a member or of the other environment".to_owned(),
            more => format!("{more} secrets of members or of the other environment"),
        };
        return Err(IntegrationRefusal::InUse(secrets).into());
    }
    let seen = hanging.fingerprint();
    node_types::remove(tx, by, tools, (slug, &seen)).map_err(|fault| match fault {
        // Within one transaction it is what was just looked at.
        Fault::Refused(_) => Error::Collided.into(),
        Fault::Store(error) => error.into(),
    })
}
