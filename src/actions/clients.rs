//! With whose client a provider is asked: the organization's that brings one, or else the workspace's own, or else the
//! operator's.
//!
//! Invariant: a secret goes to the providers that it was sealed for. An operator's client is asked with at the catalogue's own addresses alone. It is lent to no node type that
//! a workspace described, and to none of which a part of the provider's address is entered.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{Catalog, NodeType};
use crate::config::{OAuthClient, OAuthClients, Redacted};
use crate::crypto::{Credential, Entered, Keyring, Purpose, Route, Unreadable};
use crate::domain::keys::{Hook, SealedClient};
use crate::domain::{Environment, Method, OrganizationId, Scopes, SecretId};
use crate::store::access::{InWorkspace, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::organization_settings::Place;
use crate::store::{self, Error, ReadTx};
use crate::upstream::oauth::Endpoints;

use super::entering::Facts;
use super::renewing::CLIENT_SECRET;

/// The node types that there are, and the operator's clients for them. There is one in a process.
#[derive(Clone)]
pub struct Clients {
    pub catalog: Arc<Catalog>,
    lent: Arc<OAuthClients>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the OAuth client {slug}-{environment} of the settings cannot be used: {fault}")]
pub struct Unusable {
    slug: String,
    environment: Environment,
    fault: &'static str,
}

/// A client as it waits to be asked with.
pub struct Client {
    pub id: String,
    /// What is asked for with it.
    pub scopes: Scopes,
    /// Where the provider is, as far as that differs.
    pub parts: BTreeMap<String, String>,
    /// Who brought it, where it is not the workspace's own or the operator's.
    pub organization: Option<OrganizationId>,
    /// The end of its secret, where that may be shown.
    pub last_four: Option<String>,
    secret: Secret,
}

/// For whom a provider is asked.
#[derive(Clone, Copy, Debug)]
pub enum AskedFor<'a> {
    /// Nobody outside, or an end user of no organization.
    Everybody,
    /// An organization by the name that the customer gave it.
    Organization(&'a str),
    /// The organization to which this secret belongs, if it belongs to one.
    OwnerOf(&'a SecretId),
}

impl<'a> AskedFor<'a> {
    pub fn named(organization: Option<&'a str>) -> Self {
        organization.map_or(Self::Everybody, Self::Organization)
    }

    fn id(self, tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Option<OrganizationId>, Error> {
        match self {
            Self::Everybody => Ok(None),
            Self::Organization(name) => store::connections::known_organization(tx, by, name),
            Self::OwnerOf(secret) => store::connections::organization_of(tx, by, secret),
        }
    }
}

enum Secret {
    Sealed(SealedClient),
    /// With whom it may be shown to.
    Lent(Redacted, Vec<String>),
}

impl Clients {
    /// The operator hears at the start of a client that no connection could ever use.
    pub fn new(catalog: Arc<Catalog>, lent: OAuthClients) -> Result<Self, Unusable> {
        for client in lent.all() {
            let fault = match catalog.get(&client.slug) {
                None => "the catalogue has no node type of this name",
                Some(node) if !node.methods.contains(&Method::OAuth) => "this node type does not connect accounts",
                Some(node) if node.client_parts().next().is_some() => {
                    "the provider's address differs, so that each workspace enters a client of its own"
                }
                Some(_) => continue,
            };
            return Err(Unusable { slug: client.slug.clone(), environment: client.environment, fault });
        }
        Ok(Self { catalog, lent: Arc::new(lent) })
    }

    /// In the catalogue's words, or in the workspace's own.
    pub fn describe(&self, row: &NodeTypeRow) -> Option<Cow<'_, NodeType>> {
        self.catalog.describe(row.slug.as_str(), row.spec.as_deref())
    }

    /// The operator's client for a node type of a workspace.
    pub fn lent(&self, row: &NodeTypeRow, environment: Environment) -> Option<&OAuthClient> {
        let is_lent_to = row.spec.is_none() && row.method == Method::OAuth && !row.organizations_bring_clients;
        self.lent.find(row.slug.as_str(), environment).filter(|_| is_lent_to)
    }

    /// With what accounts of a node type are connected; none where nobody has set anything up.
    pub fn find(
        &self,
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl InWorkspace>,
        (row, environment): (&NodeTypeRow, Environment),
        whom: AskedFor<'_>,
    ) -> Result<Option<Client>, Error> {
        let everybodys = self.everybodys(tx, by, (row, environment))?;
        let Some(organization) = whom.id(tx, by)? else { return Ok(everybodys) };
        let hook = Hook { node_type: row.id.clone(), environment };
        let place = Place { organization: &organization, hook: &hook };
        let Some(own) = store::organization_settings::find(tx, by, place)? else { return Ok(everybodys) };
        let Some(brought) = own.client else {
            return Ok(everybodys.map(|client| Client { scopes: own.scopes.unwrap_or(client.scopes), ..client }));
        };
        let scopes = own.scopes.or_else(|| everybodys.map(|client| client.scopes));
        let usual = || self.describe(row).map(|node| node.usual_scopes(Method::OAuth)).unwrap_or_default();
        let sealed = store::organization_settings::sealed(tx, by, place)?;
        Ok(sealed.map(|sealed| Client {
            id: brought.client_id,
            scopes: scopes.unwrap_or_else(usual),
            parts: Facts::read(&brought.facts).fields,
            organization: Some(organization),
            last_four: brought.last_four,
            secret: Secret::Sealed(sealed),
        }))
    }

    /// The workspace's own client, or the operator's.
    fn everybodys(
        &self,
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl InWorkspace>,
        (row, environment): (&NodeTypeRow, Environment),
    ) -> Result<Option<Client>, Error> {
        let hook = Hook { node_type: row.id.clone(), environment };
        let shown = store::oauth_clients::list(tx, by, &row.id)?.into_iter().find(|of| of.environment == environment);
        if let Some(shown) = shown {
            let sealed = store::oauth_clients::sealed(tx, by, &hook)?;
            return Ok(sealed.map(|sealed| Client {
                id: shown.client_id,
                scopes: shown.scopes,
                parts: Facts::read(&shown.facts).fields,
                organization: None,
                last_four: shown.last_four,
                secret: Secret::Sealed(sealed),
            }));
        }
        let known = self.lent(row, environment).and_then(|lent| Some((lent, self.catalog.get(row.slug.as_str())?)));
        Ok(known.map(|(lent, node)| Client {
            id: lent.client_id.clone(),
            scopes: lent.scopes.clone().unwrap_or_else(|| node.usual_scopes(Method::OAuth)),
            parts: BTreeMap::new(),
            organization: None,
            last_four: None,
            secret: Secret::Lent(lent.client_secret.clone(), providers(node, &BTreeMap::new())),
        }))
    }
}

impl Client {
    /// Whether the operator lends it.
    pub fn is_lent(&self) -> bool {
        matches!(self.secret, Secret::Lent(..))
    }

    /// Its secret, with the parts of the address to which it may go.
    pub(super) fn open(&self, keyring: &Keyring, purpose: Purpose) -> Result<Credential, Unreadable> {
        match &self.secret {
            Secret::Sealed(sealed) => keyring.open_client(purpose, sealed),
            Secret::Lent(secret, providers) => {
                let secret = Entered::exact(secret.expose().to_owned());
                Ok(sealable(&secret, &BTreeMap::new(), providers.clone()))
            }
        }
    }
}

/// To whom the secret of a client with these parts goes.
pub fn providers(node: &NodeType, parts: &BTreeMap<String, String>) -> Vec<String> {
    Endpoints::of_client(node, parts).map(|endpoints| endpoints.providers()).unwrap_or_default()
}

/// What is sealed of a client: its secret goes where these parts say, and to these providers alone.
pub(super) fn sealable(secret: &Entered, parts: &BTreeMap<String, String>, providers: Vec<String>) -> Credential {
    let copy = |text: &str| Entered::exact(text.to_owned());
    let parts = parts.iter().map(|(name, text)| (name.clone(), copy(text)));
    Credential::new((CLIENT_SECRET.to_owned(), copy(secret.as_str())), parts, Route { providers, ..Route::default() })
}
