//! Disconnecting an account: its tokens are destroyed at once, and the provider is asked to forget them.
//!
//! Invariant: whatever the provider does, the tokens are gone here first. They leave only after the record of it.

use std::convert::Infallible;

use oauth2::{AccessToken, RefreshToken, StandardRevocableToken};
use tracing::{Instrument as _, Span};

use crate::catalog::NodeType;
use crate::crypto::{Credential, Purpose};
use crate::domain::audit::{ConnectionEvent, Event};
use crate::domain::keys::SealedValue;
use crate::domain::{Method, SecretId};
use crate::store::access::{self, Ask, Member, Proof};
use crate::store::{self, Error, Fault, ReadTx};
use crate::upstream::oauth::Endpoints;
use crate::upstream::oauth::tokens::{self, Asker};

use super::clients::{Client, Clients};
use super::connecting::Means;
use super::renewing::{REFRESH, parts_of};
use super::uses::Use;
use super::{Tools, audit, values};

/// What the provider was asked, and whether it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// There was nothing to ask, or nobody who takes such requests.
    NotAsked,
    Forgot,
    /// Or nobody knows.
    Kept,
}

struct Ready {
    of: Use,
    name: String,
    sealed: SealedValue,
    client: Client,
    description: NodeType,
}

/// What is sent to the provider, kept in memory alone from here on.
struct Last {
    secret: SecretId,
    name: String,
    endpoints: Endpoints,
    client_id: String,
    client: Credential,
    token: StandardRevocableToken,
}

/// Disconnects a secret, and asks its provider to forget what was connected where it takes such requests.
pub async fn disconnect<F>(means: &Means, ask: F, id: SecretId) -> Result<Upstream, Fault<Infallible>>
where
    F: Fn() -> Ask<Member>,
{
    // That the provider cannot be asked is no reason to go on using it.
    let last = prepare(means, &ask, &id).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a provider is not asked to forget tokens");
        None
    });
    let kit = means.kit.clone();
    let gone =
        means.db.write(ask(), move |tx, by| kit.by_person(by.person(), |tools| values::disconnect(tx, by, tools, &id)));
    gone.await?;
    let Some(last) = last else { return Ok(Upstream::NotAsked) };
    // Whoever goes away meanwhile does not stop it: here nothing is left to try it with once more.
    let (means, ask) = (means.clone(), ask());
    let asking = tokio::spawn(async move { forget(&means, ask, last).await }.instrument(Span::current()));
    asking.await.unwrap_or(Ok(Upstream::Kept))
}

async fn forget(means: &Means, ask: Ask<Member>, last: Last) -> Result<Upstream, Fault<Infallible>> {
    let asker = Asker { id: &last.client_id, secret: last.client.value(Purpose::Revoke) };
    let worked = tokens::revoke(&means.upstream, (&last.endpoints, &asker), last.token).await;
    let (kit, secret, name) = (means.kit.clone(), last.secret, last.name);
    let noted = means.db.write::<_, _, Infallible, _>(ask, move |tx, by| {
        let event = ConnectionEvent::RevocationAnswered { secret: secret.clone(), name: name.clone(), worked };
        Ok(kit.by_person(by.person(), |tools| audit::change(tx, by, tools, Event::Connection(event)))?)
    });
    noted.await?;
    Ok(if worked { Upstream::Forgot } else { Upstream::Kept })
}

async fn prepare(
    means: &Means,
    ask: impl Fn() -> Ask<Member>,
    id: &SecretId,
) -> Result<Option<Last>, Fault<Infallible>> {
    let (id, clients, kit) = (id.clone(), means.clients.clone(), means.kit.clone());
    let ready = means.db.read::<_, _, Infallible, _>(ask(), move |tx, by| {
        Ok(kit.by_person(by.person(), |tools| ready(tx, by, tools, (&clients, &id)))?)
    });
    let Some(ready) = ready.await? else { return Ok(None) };
    let keyring = &means.kit.keyring;
    let client = ready.client.open(keyring, Purpose::Revoke);
    let (Ok(client), Ok(value)) = (client, keyring.open_value(Purpose::Revoke, &ready.sealed)) else { return Ok(None) };
    let mut parts = parts_of(&value);
    parts.extend(parts_of(&client));
    let endpoints = Endpoints::of(&ready.description, Method::OAuth, &parts);
    let Some(endpoints) = endpoints.filter(|endpoints| endpoints.revoke_url.is_some()) else { return Ok(None) };
    // The refresh token is the root of the others.
    let refresh = value.others(Purpose::Revoke).find(|(name, _)| *name == REFRESH);
    let token = match refresh {
        Some((_, token)) => StandardRevocableToken::RefreshToken(RefreshToken::new(token.to_owned())),
        None => AccessToken::new(value.value(Purpose::Revoke).to_owned()).into(),
    };
    means.recorder.record(ready.of.clone()).await?;
    let (secret, client_id) = (ready.of.secret, ready.client.id);
    Ok(Some(Last { secret, name: ready.name, endpoints, client_id, client, token }))
}

fn ready<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, Member>,
    tools: Tools<'_>,
    (clients, id): (&Clients, &SecretId),
) -> Result<Option<Ready>, Error> {
    let Some(allowed) = access::prove_revocation(tx, by, id)? else { return Ok(None) };
    let Some(row) = store::node_types::find(tx, by, allowed.node_type())? else { return Ok(None) };
    let Some(set) = store::token_sets::find(tx, by, id)? else { return Ok(None) };
    // Another client than the one that they were given to cannot give them back.
    let client = clients.find(tx, by, (&row, allowed.environment()))?.filter(|client| client.id == set.client_id);
    let sealed = store::vend::sealed_value(tx, by, &allowed)?;
    let (Some(node), Some(sealed), Some(client)) = (clients.describe(&row), sealed, client) else { return Ok(None) };
    let event = ConnectionEvent::RevokedUpstream {
        secret: id.clone(),
        name: allowed.name().to_string(),
        node_type: allowed.node_type().to_string(),
        environment: allowed.environment(),
        value: allowed.number(),
    };
    let entry = tools.origin.entry(tx.now(), Event::Connection(event));
    let of = Use { workspace: by.workspace().clone(), secret: id.clone(), token: None, entry };
    let (name, description) = (allowed.name().to_string(), node.into_owned());
    Ok(Some(Ready { of, name, sealed, client, description }))
}
