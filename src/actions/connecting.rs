//! Connecting an account at a provider: somebody is sent there, comes back with a code, and the code becomes tokens.
//!
//! Invariant: whoever begins it finishes it, in the same browser, for the same place. The code and the client leave only
//! after the record of it is durable, and no connection to the database is held meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::NodeType;
use crate::crypto::{Purpose, Route, StateToken};
use crate::domain::audit::{ConnectionEvent, Event};
use crate::domain::errand::Connect;
use crate::domain::keys::Hook;
use crate::domain::letter::SecretDeed;
use crate::domain::policy::Standing;
use crate::domain::{Errand, Hindrance, Kind, Method, SecretId};
use crate::store::access::{Ask, AtLeast, Member, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::secrets::{Dates, ListedSecret, Replaced};
use crate::store::token_sets::Given;
use crate::store::{self, Db, Denied, Error, Fault, ReadTx, Refusal, WriteTx};
use crate::upstream::Upstream;
use crate::upstream::oauth::Endpoints;
use crate::upstream::oauth::tokens::{self, Asker, Fetched};

use super::clients::{Client, Clients};
use super::entering::Facts;
use super::renewing::{granted, holding, renewal_of};
use super::sealing::{Numbered, Shown};
use super::secrets::describe;
use super::uses::{Recorder, Use};
use super::{Kit, Tools, audit, flows, letters, sealing};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectRefusal {
    #[error("This node type is disabled.")]
    Disabled,
    #[error("{}", .0.told())]
    Hindered(Hindrance),
}

impl Refusal for ConnectRefusal {}

/// The parts that connecting needs.
#[derive(Clone)]
pub struct Means {
    pub db: Db,
    pub recorder: Recorder,
    pub upstream: Upstream,
    pub clients: Clients,
    pub kit: Kit,
}

/// A connection that this member may connect, and with what.
pub struct Ground {
    pub row: ListedSecret,
    pub node_type: NodeTypeRow,
    pub description: NodeType,
    pub parts: BTreeMap<String, String>,
    pub endpoints: Endpoints,
    pub client: Client,
}

impl Ground {
    fn hook(&self) -> Hook {
        Hook { node_type: self.node_type.id.clone(), environment: self.row.secret.environment }
    }
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
    let node_type = store::node_types::find(tx, by, &row.secret.node_type)?.ok_or(Denied::NotFound)?;
    if node_type.method != Method::OAuth {
        return Err(Denied::NotFound.into());
    }
    if !node_type.enabled {
        return Err(ConnectRefusal::Disabled.into());
    }
    let described = clients.describe(&node_type).ok_or(Denied::NotFound)?;
    let client = clients.find(tx, by, (&node_type, row.secret.environment))?;
    let client = client.ok_or(ConnectRefusal::Hindered(Hindrance::NoClient))?;
    let mut parts = Facts::read(&row.secret.facts).fields;
    parts.extend(client.parts.clone());
    let endpoints = Endpoints::of(&described, Method::OAuth, &parts).ok_or(Denied::NotFound)?;
    let description = described.into_owned();
    Ok(Ground { row, node_type, description, parts, endpoints, client })
}

/// Where this member is sent for their consent.
pub fn begin(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Member>,
    tools: Tools<'_>,
    (ground, browser, redirect): (&Ground, &str, &str),
) -> Result<String, Fault<ConnectRefusal>> {
    let verifier = format!("{}{}", tools.keyring.random_text(), tools.keyring.random_text());
    let errand = Errand::Connect(Box::new(Connect {
        person: by.person().clone(),
        workspace: store::workspaces::current(tx, by)?.slug,
        node_type: ground.node_type.slug.clone(),
        secret: ground.row.secret.id.clone(),
        client_id: ground.client.id.clone(),
        verifier: verifier.clone(),
    }));
    let state: StateToken = flows::begin(tx, by, tools, (browser, &errand))?;
    let url = tokens::consent(
        &ground.endpoints,
        &ground.client.id,
        (redirect, state.as_str(), &verifier),
        &ground.client.scopes,
    );
    Ok(url.map_err(ConnectRefusal::Hindered)?)
}

/// Exchanges the code that came back, and stores what it was exchanged for.
pub async fn finish(
    means: Means,
    ask: impl Fn() -> Ask<Member>,
    errand: &Connect,
    (code, redirect): (String, String),
) -> Result<(), Fault<ConnectRefusal>> {
    let (clients, id, kit) = (means.clients.clone(), errand.secret.clone(), means.kit.clone());
    let found = means.db.read(ask(), move |tx, by| {
        let ground = ground(tx, by, (&clients, &id))?;
        let of = kit.by_person(by.person(), |tools| exchanged(tx, by, tools, &ground));
        Ok((ground, of))
    });
    let (ground, of) = found.await?;
    if ground.client.id != errand.client_id {
        // The code belongs to the client that it was asked for with.
        return Err(ConnectRefusal::Hindered(Hindrance::Refused).into());
    }
    means.recorder.record(of).await?;
    // Whoever goes away meanwhile does not stop it: tokens that have been given are kept.
    let (verifier, ask) = (errand.verifier.clone(), ask());
    let connecting = tokio::spawn(async move {
        let fetched = fetch(&means, &ground, (&code, &verifier, &redirect)).await?;
        let kit = means.kit.clone();
        let given = Arc::new((ground, fetched));
        let stored = means.db.write(ask, move |tx, by| {
            let (ground, fetched) = &*given;
            kit.by_person(by.person(), |tools| keep(tx, by, tools, (ground, fetched)))
        });
        stored.await
    });
    connecting.await.unwrap_or_else(|_| Err(Error::Unavailable("connecting was given up").into()))
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
    Use {
        workspace: by.workspace().clone(),
        secret: secret.id.clone(),
        token: None,
        entry: tools.origin.entry(tx.now(), Event::Connection(event)),
    }
}

async fn fetch(means: &Means, ground: &Ground, brought: (&str, &str, &str)) -> Result<Fetched, Fault<ConnectRefusal>> {
    let opened = ground.client.open(&means.kit.keyring, Purpose::Exchange);
    let client = opened.map_err(|_| ConnectRefusal::Hindered(Hindrance::NoClient))?;
    // The client's secret goes where its Admin said, whatever rows say meanwhile.
    let mut parts = ground.parts.clone();
    parts.extend(client.others(Purpose::Exchange).map(|(name, text)| (name.to_owned(), text.to_owned())));
    let endpoints = Endpoints::of(&ground.description, Method::OAuth, &parts);
    let endpoints = endpoints.ok_or(ConnectRefusal::Hindered(Hindrance::NoClient))?;
    let asker = Asker { id: &ground.client.id, secret: client.value(Purpose::Exchange) };
    let fetched = tokens::exchange(&means.upstream, (&endpoints, &asker), brought).await;
    Ok(fetched.map_err(ConnectRefusal::Hindered)?)
}

/// Stores the tokens as the value of their place. Identity, name, sharing and bindings stay.
fn keep(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Member>,
    tools: Tools<'_>,
    (begun, fetched): (&Ground, &Fetched),
) -> Result<(), Fault<ConnectRefusal>> {
    // Looked at once more where it is written: rights and node type may be others by now.
    let row = store::secrets::find(tx, by, &begun.row.secret.id)?.ok_or(Denied::NotFound)?;
    if !row.facts().rotatable_by(Standing { person: by.person(), role: by.role() }) {
        return Err(Denied::Forbidden.into());
    }
    if !row.secret.node_type_enabled {
        return Err(ConnectRefusal::Disabled.into());
    }
    let address = begun.description.address(|name| begun.parts.get(name).map(String::as_str));
    let address = address.map_err(|_| Denied::NotFound)?;
    let under = begun.description.under(Method::OAuth);
    let placements = under.kinds.first().map(|kind| &kind.placements);
    let placement = serde_json::to_value(placements).unwrap_or_default();
    let route = Route { base_url: address.base_url, hosts: address.hosts.clone(), placement };
    let credential = holding(fetched, None, (&begun.parts, route));
    let facts = Facts { fields: begun.parts.clone(), hosts: address.hosts, way: None };
    let facts = serde_json::to_string(&facts).unwrap_or_default();
    let (id, number) = (&row.secret.id, row.secret.newest_number + 1);
    store::secrets::destroy_values(tx, by, id)?;
    let shown = Shown { kind: Kind::TokenSet, last_four: None, facts: &facts, dates: Dates::default() };
    sealing::seal(tx, by, tools, &begun.hook(), Numbered::current(id, number), (&credential, shown))?;
    let new = Replaced {
        number,
        kind: Kind::TokenSet,
        last_four: None,
        facts: &facts,
        account_name: None,
        account_identifier: None,
    };
    store::secrets::note_new_value(tx, by, id, &new)?;
    note(tx, by, tools, (begun, fetched), (&row, number))
}

fn note(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Member>,
    tools: Tools<'_>,
    (begun, fetched): (&Ground, &Fetched),
    (row, number): (&ListedSecret, i64),
) -> Result<(), Fault<ConnectRefusal>> {
    let now = tx.now();
    let scopes = granted(fetched, &begun.client.scopes);
    let given = Given {
        client_id: &begun.client.id,
        asked: &begun.client.scopes,
        granted: scopes,
        ends_at: fetched.lasts.map(|lasts| now.plus(lasts)),
        renew_at: fetched.refresh.as_ref().and_then(|_| renewal_of(fetched.lasts, now)),
    };
    store::token_sets::put(tx, by, (&row.secret.id, &given))?;
    let secret = crate::domain::audit::SecretFacts { kind: Kind::TokenSet, ..describe(row) };
    let (missing, scopes) = (scopes.missing(&begun.client.scopes).to_string(), scopes.to_string());
    audit::change(
        tx,
        by,
        tools,
        Event::Connection(ConnectionEvent::Connected { secret, value: number, scopes, missing }),
    )?;
    Ok(letters::tell_owner(tx, by, tools, (row, SecretDeed::Replaced))?)
}
