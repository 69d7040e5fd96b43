//! Connecting an account: somebody is sent there, comes back with a code, and the code becomes tokens.
//!
//! Invariant: whoever begins it finishes it, in the same browser, for the same place. The code and the client leave only
//! after the record of it is durable, and no connection to the database is held meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::{Instrument as _, Span};

use crate::catalog::NodeType;
use crate::crypto::{Credential, Purpose, Route, StateToken};
use crate::domain::audit::{ConnectionEvent, Event, SecretFacts};
use crate::domain::errand::Connect;
use crate::domain::keys::Hook;
use crate::domain::letter::SecretDeed;
use crate::domain::policy::Standing;
use crate::domain::{Delivery, Environment, Errand, Hindrance, Kind, Method, OrganizationId, SecretId, Slug};
use crate::store::access::{Ask, AtLeast, InWorkspace, Member, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::secrets::{Dates, ListedSecret, Replaced};
use crate::store::{self, Denied, Error, Fault, ReadTx, Refusal, WriteTx};
use crate::upstream::oauth::Endpoints;
use crate::upstream::oauth::tokens::{self, Asker, Fetched};

use super::clients::{AskedFor, Client, Clients};
use super::entering::Facts;
use super::renewing::{Asked, Renewer, endpoints, holding};
use super::revoking::{self, Place};
use super::sealing::{Numbered, Shown};
use super::secrets::describe;
use super::uses::Use;
use super::{Kit, Tools, audit, flows, letters, sealing, values};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectRefusal {
    #[error("This node type is disabled.")]
    Disabled,
    #[error("Nobody is asked for consent here: its value is entered.")]
    Entered,
    #[error("Organizations bring the OAuth clients of this node type: only what belongs to one of them is connected.")]
    OfOrganizations,
    #[error("This organization has brought no OAuth client yet: it is entered in its configuration of the node type.")]
    NotBrought,
    #[error("{}", .0.told())]
    Hindered(Hindrance),
}

impl Refusal for ConnectRefusal {}

/// With what accounts are connected and taken away, for whoever asks.
#[derive(Clone)]
pub struct Means {
    pub renewer: Arc<Renewer>,
    pub kit: Kit,
}

/// The way to a provider: of which node type, where it is, and with whose client.
pub struct Way {
    pub node_type: NodeTypeRow,
    pub description: NodeType,
    pub parts: BTreeMap<String, String>,
    pub endpoints: Endpoints,
    pub client: Client,
    pub environment: Environment,
}

impl Way {
    pub(super) fn hook(&self) -> Hook {
        Hook { node_type: self.node_type.id.clone(), environment: self.environment }
    }

    pub fn callback(&self) -> String {
        callback(&self.node_type, &self.description, (self.environment, self.client.organization.as_ref()))
    }

    /// What will be asked for: what it lets a workflow do, where that is known, and what the provider calls it.
    pub fn asked(&self) -> Vec<(Option<String>, String)> {
        let known = self.description.scopes(Method::OAuth);
        let means = |name: &str| known.iter().find(|scope| scope.name == name).map(|scope| scope.means.clone());
        self.client.scopes.names().map(|name| (means(name), name.to_owned())).collect()
    }

    /// The host that is gone to.
    pub fn host(&self) -> &str {
        self.endpoints.authorize_url.split('/').nth(2).unwrap_or_default()
    }

    /// Whether a code that was asked for there, for tokens that travel there, may be brought here.
    pub(super) fn is_of(&self, client_id: &str, agreed: (&str, &[String], &str)) -> bool {
        let providers = self.endpoints.providers();
        let is = (self.endpoints.token_url.as_str(), providers.as_slice(), self.description.base_url.as_str());
        self.client.id == client_id && is == agreed
    }

    /// The node type as it is by now: one that was described anew meanwhile may lead elsewhere, to which nobody agreed.
    pub(super) fn unmoved(
        &self,
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl InWorkspace>,
        clients: &Clients,
    ) -> Result<NodeTypeRow, Fault<ConnectRefusal>> {
        let row = store::node_types::find(tx, by, &self.node_type.slug)?.ok_or(Denied::NotFound)?;
        let described = clients.describe(&row).ok_or(Denied::NotFound)?;
        if row.revision == self.node_type.revision || described.travels_like(&self.description) {
            return Ok(row);
        }
        Err(ConnectRefusal::Hindered(Hindrance::Refused).into())
    }

    /// What is sealed of tokens, and the plain facts about them; none where the parts do not make an address.
    pub(super) fn stored(&self, fetched: &Fetched) -> Option<(Credential, Facts)> {
        stored(&self.description, &self.parts, fetched)
    }
}

/// What is sealed of tokens of such a node type, and the plain facts about them.
pub(super) fn stored(
    node: &NodeType,
    parts: &BTreeMap<String, String>,
    fetched: &Fetched,
) -> Option<(Credential, Facts)> {
    let address = node.address(|name| parts.get(name).map(String::as_str)).ok()?;
    let under = node.under(Method::OAuth);
    let placements = under.kinds.first().map(|kind| &kind.placements);
    let placement = serde_json::to_value(placements).unwrap_or_default();
    let providers = Endpoints::of(node, Method::OAuth, parts)?.providers();
    let route = Route { base_url: address.base_url, hosts: address.hosts.clone(), placement, providers };
    let facts = Facts { fields: parts.clone(), hosts: address.hosts, way: None };
    Some((holding(fetched, None, (parts, route)), facts))
}

/// The node type with the client that asks its provider, for everybody or for an organization; or why nobody can be asked.
pub(super) fn asker(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (clients, organization): (&Clients, Option<&str>),
    (slug, environment): (&Slug, Environment),
) -> Result<(NodeTypeRow, Client), Fault<ConnectRefusal>> {
    let found = store::node_types::find_for(tx, by, (slug, environment, organization))?;
    let node_type = found.ok_or(Denied::NotFound)?;
    if node_type.method != Method::OAuth {
        return Err(ConnectRefusal::Entered.into());
    }
    if !node_type.enabled {
        return Err(ConnectRefusal::Disabled.into());
    }
    let client = clients.find(tx, by, (&node_type, environment), AskedFor::named(organization))?;
    let client = client.ok_or(match (node_type.organizations_bring_clients, organization) {
        (false, _) => ConnectRefusal::Hindered(Hindrance::NoClient),
        (true, None) => ConnectRefusal::OfOrganizations,
        (true, Some(_)) => ConnectRefusal::NotBrought,
    })?;
    Ok((node_type, client))
}

/// Finds the way, or says why nobody can go it.
pub(super) fn way(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (clients, organization): (&Clients, Option<&str>),
    (slug, environment, mut parts): (&Slug, Environment, BTreeMap<String, String>),
) -> Result<Way, Fault<ConnectRefusal>> {
    let (node_type, client) = asker(tx, by, (clients, organization), (slug, environment))?;
    let described = clients.describe(&node_type).ok_or(Denied::NotFound)?;
    parts.extend(client.parts.clone());
    let endpoints = Endpoints::of(&described, Method::OAuth, &parts).ok_or(Denied::NotFound)?;
    let description = described.into_owned();
    Ok(Way { node_type, description, parts, endpoints, client, environment })
}

/// A connection that this member may connect, and with what.
pub struct Ground {
    pub row: ListedSecret,
    pub way: Way,
    /// Whether this member decides how it may leave.
    pub governs: bool,
}

/// The word of the address that a provider sends people back to. Where a workspace says who the provider is, the address
/// is that client's alone: a provider of one workspace, or of one organization, gets no code of another's taken for its
/// own.
pub fn callback(
    row: &NodeTypeRow,
    description: &NodeType,
    (environment, organization): (Environment, Option<&OrganizationId>),
) -> String {
    let is_shared = row.spec.is_none() && description.client_parts().next().is_none();
    match organization {
        _ if is_shared => row.slug.to_string(),
        None => format!("{}-{environment}", row.id),
        Some(organization) => format!("{}-{environment}-{organization}", row.id),
    }
}

/// The whole address of that word.
pub fn way_back(base: &str, callback: &str) -> String {
    format!("{base}/connect/{callback}/callback")
}

/// What there is to connect, or why it cannot be.
pub fn ground(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (clients, id): (&Clients, &SecretId),
) -> Result<Ground, Fault<ConnectRefusal>> {
    let row = store::secrets::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !row.facts().rotatable_by(Standing { person: by.person(), role: by.role() }) {
        return Err(Denied::Forbidden.into());
    }
    let governs = row.facts().governed_by(by.person());
    let parts = Facts::read(&row.secret.facts).fields;
    let way = way(tx, by, (clients, None), (&row.secret.node_type, row.secret.environment, parts))?;
    Ok(Ground { row, way, governs })
}

/// Where this member is sent for their consent.
pub fn begin(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Member>,
    tools: Tools<'_>,
    ground: &Ground,
    (browser, redirect, delivery): (&str, &str, Option<Delivery>),
) -> Result<String, Fault<ConnectRefusal>> {
    let verifier = format!("{}{}", tools.keyring.random_text(), tools.keyring.random_text());
    let errand = Errand::Connect(Box::new(Connect {
        person: by.person().clone(),
        workspace: store::workspaces::current(tx, by)?.slug,
        callback: ground.way.callback(),
        token_url: ground.way.endpoints.token_url.clone(),
        providers: ground.way.endpoints.providers(),
        base_url: ground.way.description.base_url.clone(),
        secret: ground.row.secret.id.clone(),
        client_id: ground.way.client.id.clone(),
        delivery: delivery.filter(|_| ground.governs),
        verifier: verifier.clone(),
    }));
    let state: StateToken = flows::begin(tx, by, tools, (browser, &errand))?;
    let (way, sent) = (&ground.way, (redirect, state.as_str(), verifier.as_str()));
    let url = tokens::consent(&way.endpoints, &way.client.id, sent, &way.client.scopes);
    Ok(url.map_err(ConnectRefusal::Hindered)?)
}

/// Exchanges the code that came back, and stores what it was exchanged for.
pub async fn finish(
    means: Means,
    ask: impl Fn() -> Ask<Member> + Send + Sync + 'static,
    errand: Connect,
    (code, redirect): (String, String),
) -> Result<(), Fault<ConnectRefusal>> {
    let (clients, id, kit) = (means.renewer.clients.clone(), errand.secret.clone(), means.kit.clone());
    let found = means.renewer.db.read(ask(), move |tx, by| {
        let ground = ground(tx, by, (&clients, &id))?;
        let of = kit.by_person(by.person(), |tools| exchanged(tx, by, tools, &ground));
        Ok((ground, of))
    });
    let (ground, of) = found.await?;
    if !ground.way.is_of(&errand.client_id, (&errand.token_url, &errand.providers, &errand.base_url)) {
        // The code belongs to the client that it was asked for with, and to where that one was; the consent, to where
        // the tokens were to travel.
        return Err(ConnectRefusal::Hindered(Hindrance::Refused).into());
    }
    means.renewer.recorder.record(of.clone()).await?;
    // Whoever goes away meanwhile does not stop it: tokens that have been given are kept.
    let connecting = async move {
        let brought = (code.as_str(), errand.verifier.as_str(), redirect.as_str());
        let got = fetch(&means.renewer, &ground.way, brought).await?;
        let given = Arc::new((ground, got, errand.delivery));
        let stored = means.renewer.persist(|| {
            let (kit, given, clients) = (means.kit.clone(), given.clone(), means.renewer.clients.clone());
            means.renewer.db.write(ask(), move |tx, by| {
                let (ground, got, delivery) = &*given;
                ground.way.unmoved(tx, by, &clients)?;
                kit.by_person(by.person(), |tools| keep(tx, by, tools, (ground, &got.fetched), *delivery))
            })
        });
        let stored = stored.await;
        let (ground, got, _) = &*given;
        if stored.is_err() && ground.row.secret.value_entered_at.is_none() {
            // The place, or the right to it, has gone meanwhile. Where older tokens were held it is left alone: some
            // providers take back everything that the account has granted, and those may still be in use.
            let secret = &ground.row.secret;
            let place = (&of, secret.name.as_str(), secret.newest_number + 1);
            got.give_back(&means.renewer, &ground.way, place).await;
        }
        stored
    };
    let connected = tokio::spawn(connecting.instrument(Span::current())).await;
    connected.unwrap_or_else(|_| Err(Error::Unavailable("connecting was given up").into()))
}

fn exchanged(tx: &ReadTx<'_>, by: &Proof<'_, Member>, tools: Tools<'_>, ground: &Ground) -> Use {
    let secret = &ground.row.secret;
    let event = ConnectionEvent::Exchanged {
        secret: secret.id.clone(),
        name: secret.name.to_string(),
        node_type: secret.node_type.to_string(),
        environment: secret.environment,
        value: secret.newest_number + 1,
    };
    let entry = tools.origin.entry(tx.now(), Event::Connection(event));
    Use::uncounted((by.workspace().clone(), secret.id.clone(), &secret.node_type), entry)
}

/// What a provider gave, with what it was asked with.
pub(super) struct Got {
    pub fetched: Fetched,
    endpoints: Endpoints,
    client: Credential,
}

impl Got {
    /// Gives back what found no place.
    pub(super) async fn give_back(&self, renewer: &Renewer, way: &Way, (of, name, number): (&Use, &str, i64)) {
        let place = Place { of, name, node_type: way.node_type.slug.as_str(), hook: &way.hook() };
        let back = (&self.endpoints, (way.client.id.as_str(), &self.client), &self.fetched);
        revoking::give_back(renewer, (place, number), back).await;
    }
}

/// Exchanges a code, its verifier and the address that it came to.
pub(super) async fn fetch(
    renewer: &Renewer,
    way: &Way,
    brought: (&str, &str, &str),
) -> Result<Got, Fault<ConnectRefusal>> {
    let opened = way.client.open(&renewer.kit.keyring, Purpose::Exchange);
    let client = opened.map_err(|_| ConnectRefusal::Hindered(Hindrance::NoClient))?;
    let with = Some((&client, Purpose::Exchange));
    let endpoints = endpoints((&way.description, Method::OAuth), &way.parts, (None, with));
    let endpoints = endpoints.ok_or(ConnectRefusal::Hindered(Hindrance::NoClient))?;
    let asker = Asker { id: &way.client.id, secret: client.value(Purpose::Exchange) };
    let fetched = tokens::exchange(&renewer.upstream, (&endpoints, &asker), brought).await;
    let fetched = fetched.map_err(ConnectRefusal::Hindered)?;
    Ok(Got { fetched, endpoints, client })
}

/// Stores the tokens as the value of their place. Identity, name, sharing and bindings stay.
fn keep(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Member>,
    tools: Tools<'_>,
    (begun, fetched): (&Ground, &Fetched),
    delivery: Option<Delivery>,
) -> Result<(), Fault<ConnectRefusal>> {
    // Looked at once more where it is written: rights and node type may be others by now.
    let row = store::secrets::find(tx, by, &begun.row.secret.id)?.ok_or(Denied::NotFound)?;
    if !row.facts().rotatable_by(Standing { person: by.person(), role: by.role() }) {
        return Err(Denied::Forbidden.into());
    }
    if !row.secret.node_type_enabled {
        return Err(ConnectRefusal::Disabled.into());
    }
    let (credential, facts) = begun.way.stored(fetched).ok_or(Denied::NotFound)?;
    let facts = serde_json::to_string(&facts).unwrap_or_default();
    let (id, number) = (&row.secret.id, row.secret.newest_number + 1);
    store::secrets::destroy_values(tx, by, id)?;
    let shown = Shown { kind: Kind::TokenSet, last_four: None, facts: &facts, dates: Dates::default() };
    sealing::seal(tx, by, tools, &begun.way.hook(), Numbered::current(id, number), (&credential, shown))?;
    let new = Replaced {
        number,
        kind: Kind::TokenSet,
        last_four: None,
        facts: &facts,
        account_name: None,
        account_identifier: None,
    };
    store::secrets::note_new_value(tx, by, id, &new)?;
    // A day that is over was the former value's.
    store::secrets::set_dates(tx, by, id, row.secret.dates().to_come(tx.now()))?;
    note(tx, by, tools, (begun, fetched), (&row, number))?;
    let delivery = delivery.filter(|_| row.facts().governed_by(by.person())).unwrap_or(row.secret.delivery);
    let now = SecretFacts { kind: Kind::TokenSet, delivery, ..describe(&row) };
    values::deliver(tx, by, tools, (&row, &now))?;
    Ok(letters::tell_owner(tx, by, tools, (&row, SecretDeed::Replaced))?)
}

fn note(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Member>,
    tools: Tools<'_>,
    (begun, fetched): (&Ground, &Fetched),
    (row, number): (&ListedSecret, i64),
) -> Result<(), Error> {
    let (client, renewable) = (&begun.way.client, fetched.refresh.is_some());
    let asked = Asked { client_id: &client.id, scopes: &client.scopes, otherwise: &client.scopes, renewable };
    let given = asked.given(fetched, tx.now());
    store::token_sets::put(tx, by, (&row.secret.id, &given))?;
    let secret = SecretFacts { kind: Kind::TokenSet, ..describe(row) };
    let (missing, scopes) = (given.granted.missing(&client.scopes).to_string(), given.granted.to_string());
    let event = ConnectionEvent::Connected { secret, value: number, scopes, missing };
    audit::change(tx, by, tools, Event::Connection(event))
}
