//! Disconnecting an account: its tokens are destroyed at once, and the provider is asked to forget them.
//!
//! Invariant: whatever the provider does, the tokens are gone here first. They leave only after the record of it.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use oauth2::{AccessToken, RefreshToken, StandardRevocableToken};
use tracing::{Instrument as _, Span};

use crate::crypto::{Credential, Purpose};
use crate::domain::audit::{Actor, ConnectionEvent, Event};
use crate::domain::keys::Hook;
use crate::domain::{Method, SecretId, WorkspaceId};
use crate::store::access::{self, Ask, AskRunnerIn, Demand, InWorkspace, Member, Proof};
use crate::store::{self, Denied, Error, Fault, Outcome, Refusal, WriteTx};
use crate::upstream::Upstream;
use crate::upstream::oauth::Endpoints;
use crate::upstream::oauth::tokens::{self, Asker, Fetched};

use super::clients::{AskedFor, Clients};
use super::connecting::Means;
use super::renewing::{REFRESH, Renewer, endpoints, parts_of};
use super::uses::Use;
use super::{Tools, audit, values};

/// So many providers are asked side by side.
const AT_ONCE: usize = 8;

/// What the provider was asked, and whether it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgetting {
    /// It takes no such requests, or there was nothing to forget.
    Nothing,
    Done,
    /// It said no, or nobody knows, or it could not be asked.
    Unsure,
}

/// What the provider is asked to forget.
pub(super) enum Left {
    Nothing,
    /// It would take the request, and there is nobody to make it with any more.
    Unaskable,
    Tokens(Box<Last>),
}

/// What is sent to the provider, kept in memory alone.
pub(super) struct Last {
    secret: SecretId,
    name: String,
    endpoints: Endpoints,
    client_id: String,
    client: Credential,
    token: StandardRevocableToken,
}

/// Disconnects a secret, and asks its provider to forget what was connected where it takes such requests.
pub async fn disconnect(means: &Means, ask: Ask<Member>, id: SecretId) -> Result<Forgetting, Fault<Infallible>> {
    disconnect_as(means, ask, id, |_, by| {
        let member = by.raised::<Member>().ok_or(Denied::Forbidden)?;
        Ok((member, Actor::Person { id: by.person().clone() }))
    })
    .await
}

/// The same for whoever is found, where it is done, to act as a member.
pub async fn disconnect_as<D, E, F>(means: &Means, ask: D, id: SecretId, acting: F) -> Result<Forgetting, Fault<E>>
where
    D: Demand,
    E: Refusal,
    F: for<'tx> Fn(&mut WriteTx<'tx>, &Proof<'tx, D::Right>) -> Outcome<(Proof<'tx, Member>, Actor), E>
        + Send
        + 'static,
{
    let (clients, kit) = (means.renewer.clients.clone(), means.kit.clone());
    let gone = means.renewer.db.write(ask, move |tx, by| {
        let (member, actor) = acting(tx, by)?;
        let left = kit.by(actor.clone(), |tools| {
            // Read where they are destroyed: tokens that were renewed a moment ago are the ones to be forgotten.
            let left = left(tx, &member, tools, (&clients, &id))?;
            values::disconnect(tx, &member, tools, &id).map_err(Error::from)?;
            Ok::<_, Error>(left)
        });
        Ok((left?, member.workspace().clone(), actor))
    });
    let (left, workspace, actor) = gone.await?;
    Ok(ask_to_forget(means, (workspace, actor), vec![left]).await)
}

/// Asks the providers to forget what was left of connections, for the one who has ended them here.
pub(super) async fn ask_to_forget(
    means: &Means,
    (workspace, actor): (WorkspaceId, Actor),
    all: Vec<Left>,
) -> Forgetting {
    let mut lasts = Vec::new();
    let mut unaskable = false;
    for left in all {
        match left {
            Left::Nothing => {}
            Left::Unaskable => unaskable = true,
            Left::Tokens(last) => lasts.push(*last),
        }
    }
    if lasts.is_empty() {
        return if unaskable { Forgetting::Unsure } else { Forgetting::Nothing };
    }
    // Whoever goes away meanwhile does not stop it: here nothing is left to try it with once more.
    let means = means.clone();
    let asking = async move {
        let each = lasts.into_iter().map(|last| asked(&means, (&workspace, &actor), last));
        stream::iter(each).buffer_unordered(AT_ONCE).fold(true, |all, worked| ready(all && worked)).await
    };
    let worked = tokio::spawn(asking.instrument(Span::current())).await.unwrap_or(false);
    if worked && !unaskable { Forgetting::Done } else { Forgetting::Unsure }
}

/// Whether the provider forgot it; its word is recorded.
async fn asked(means: &Means, (workspace, actor): (&WorkspaceId, &Actor), last: Last) -> bool {
    let worked = last.forget(&means.renewer.upstream).await;
    let (kit, actor, secret, name) = (means.kit.clone(), actor.clone(), last.secret, last.name);
    let ask = AskRunnerIn { workspace: workspace.clone() };
    let noted = means.renewer.db.write::<_, _, Infallible, _>(ask, move |tx, by| {
        Ok(kit.by(actor.clone(), |tools| answered(tx, by, tools, (&secret, &name, worked)))?)
    });
    // Whatever became of the one who asked meanwhile: the tokens are gone, and the provider has answered.
    if let Err(error) = noted.await {
        tracing::warn!(%error, "what a provider said of tokens to be forgotten is not recorded");
    }
    worked
}

/// Takes out what the provider is to be asked with, and records that it is about to be.
pub(super) fn left<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Member>,
    tools: Tools<'_>,
    (clients, id): (&Clients, &SecretId),
) -> Result<Left, Error> {
    let Some(allowed) = access::prove_revocation(tx, by, id)? else { return Ok(Left::Nothing) };
    let Some(row) = store::node_types::find(tx, by, allowed.node_type())? else { return Ok(Left::Nothing) };
    let description = clients.describe(&row);
    let Some(description) = description.filter(|description| description.can_forget()) else {
        return Ok(Left::Nothing);
    };
    // Another client than the one that they were given to cannot give them back.
    let set = store::token_sets::find(tx, by, id)?;
    let client = clients.find(tx, by, (&row, allowed.environment()), AskedFor::OwnerOf(id))?;
    let client = client.filter(|client| set.is_some_and(|set| set.client_id == client.id));
    let (Some(client), Some(sealed)) = (client, store::vend::sealed_value(tx, by, &allowed)?) else {
        return Ok(Left::Unaskable);
    };
    let value = tools.keyring.open_value(Purpose::Revoke, &sealed);
    let (Ok(opened), Ok(value)) = (client.open(tools.keyring, Purpose::Revoke), value) else {
        return Ok(Left::Unaskable);
    };
    let with = Some((&opened, Purpose::Revoke));
    let endpoints = endpoints((&description, Method::OAuth), &parts_of(&value, Purpose::Revoke), (Some(&value), with));
    let Some(endpoints) = endpoints else { return Ok(Left::Unaskable) };
    let refresh = value.others(Purpose::Revoke).find(|(name, _)| *name == REFRESH).map(|(_, token)| token);
    let token = revocable(refresh, value.value(Purpose::Revoke));
    let name = allowed.name().to_string();
    let event = ConnectionEvent::RevokedUpstream {
        secret: id.clone(),
        name: name.clone(),
        node_type: allowed.node_type().to_string(),
        environment: allowed.environment(),
        value: allowed.number(),
    };
    audit::change(tx, by, tools, Event::Connection(event))?;
    let (secret, client_id) = (id.clone(), client.id);
    Ok(Left::Tokens(Box::new(Last { secret, name, endpoints, client_id, client: opened, token })))
}

/// The refresh token is the root of the others.
fn revocable(refresh: Option<&str>, access: &str) -> StandardRevocableToken {
    match refresh {
        Some(token) => StandardRevocableToken::RefreshToken(RefreshToken::new(token.to_owned())),
        None => AccessToken::new(access.to_owned()).into(),
    }
}

impl Last {
    async fn forget(&self, upstream: &Upstream) -> bool {
        let asker = Asker { id: &self.client_id, secret: self.client.value(Purpose::Revoke) };
        tokens::revoke(upstream, (&self.endpoints, &asker), self.token.clone()).await
    }
}

fn answered(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (secret, name, worked): (&SecretId, &str, bool),
) -> Result<(), Error> {
    let event = ConnectionEvent::RevocationAnswered { secret: secret.clone(), name: name.to_owned(), worked };
    audit::change(tx, by, tools, Event::Connection(event))
}

/// For which connection tokens were given.
pub(super) struct Place<'a> {
    pub of: &'a Use,
    pub name: &'a str,
    pub node_type: &'a str,
    pub hook: &'a Hook,
}

/// Gives back tokens that came for a place which was deleted or disconnected meanwhile: they would live on unseen.
pub(super) async fn give_back(
    renewer: &Renewer,
    (place, number): (Place<'_>, i64),
    (endpoints, (client_id, client), fetched): (&Endpoints, (&str, &Credential), &Fetched),
) {
    if endpoints.revoke_url.is_none() {
        return;
    }
    let event = ConnectionEvent::RevokedUpstream {
        secret: place.of.secret.clone(),
        name: place.name.to_owned(),
        node_type: place.node_type.to_owned(),
        environment: place.hook.environment,
        value: number,
    };
    let kit = &renewer.kit;
    let entry = kit.by(Actor::Keyrack, |tools| tools.origin.entry(renewer.now(), Event::Connection(event)));
    if let Err(error) = renewer.recorder.record(Use { entry: Arc::new(entry), ..place.of.clone() }).await {
        tracing::warn!(%error, "tokens that nobody waits for are not given back");
        return;
    }
    let asker = Asker { id: client_id, secret: client.value(Purpose::Revoke) };
    let token = revocable(fetched.refresh.as_ref().map(|token| token.as_str()), fetched.access.as_str());
    let worked = tokens::revoke(&renewer.upstream, (endpoints, &asker), token).await;
    let (kit, secret, name) = (kit.clone(), place.of.secret.clone(), place.name.to_owned());
    let ask = AskRunnerIn { workspace: place.of.workspace.clone() };
    let noted = renewer.db.write::<_, _, Infallible, _>(ask, move |tx, by| {
        Ok(kit.by(Actor::Keyrack, |tools| answered(tx, by, tools, (&secret, &name, worked)))?)
    });
    if let Err(error) = noted.await {
        tracing::warn!(%error, "whether tokens were given back is not recorded");
    }
}
