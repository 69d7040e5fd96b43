//! End users who connect an account because a backend has asked them to: led to the provider, back, and on.
//!
//! Invariant: a link leads one browser there once; what comes back is taken from that browser alone; and where the backend
//! has a verifier of its own, nothing is connected before it has shown it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tracing::{Instrument as _, Span};

use crate::crypto::{Keyring, StateToken, challenge_of};
use crate::domain::audit::{ConnectionEvent, Event};
use crate::domain::connect_session::Outcome as Came;
use crate::domain::errand::{Ask, Consent, Errand, Finish, Intent};
use crate::domain::return_to::{Fit, with_query};
use crate::domain::{Hindrance, Kind, SecretId};
use crate::store::access::{AskErrand, ConnectRight, ConnectionOf, Proof};
use crate::store::connections::{ConnectionRow, Sought};
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Denied, Fault, ReadTx, Refusal, WriteTx};
use crate::upstream::oauth::tokens;

use super::clients::Clients;
use super::connecting::{self, ConnectRefusal, Got, Means, Way};
use super::connections::{self, Brought, ConnectionRefusal, Holding, Put, Tokens};
use super::entering::{FieldFault, name_parts};
use super::renewing::Asked;
use super::uses::Use;
use super::{Tools, audit, connect_sessions, flows, node_types};

/// The browser that stands for the backend itself: a code for it is bound to no other.
const BACKEND: &str = "the backend that asked";

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizeRefusal {
    #[error(transparent)]
    Connect(ConnectRefusal),
    #[error(transparent)]
    Connection(ConnectionRefusal),
    #[error("return_to is not among the addresses that an Admin has registered in the settings of the workspace.")]
    ReturnTo,
    #[error("With a code_challenge, return_to must be a registered address itself: the origin alone does not do.")]
    ReturnToExactly,
    #[error("config.{}: {}", .0.field, .0.message)]
    Part(FieldFault),
    /// It was taken back, or is for somebody else.
    #[error("This is over.")]
    Over,
    /// It was used before, is too old, was never made here, or its verifier is another one.
    #[error("The code is not good.")]
    Code,
}

impl Refusal for AuthorizeRefusal {}

fn of(ask: &Ask) -> ConnectionOf {
    ConnectionOf { end_user: ask.end_user.clone(), organization: ask.organization.clone() }
}

fn connecting<T>(done: Result<T, Fault<ConnectRefusal>>) -> Result<T, Fault<AuthorizeRefusal>> {
    done.map_err(|fault| match fault {
        Fault::Refused(refusal) => Fault::Refused(AuthorizeRefusal::Connect(refusal)),
        Fault::Store(error) => Fault::Store(error),
    })
}

/// The way to the provider of what is asked for.
pub fn way(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    (clients, ask): (&Clients, &Ask),
) -> Result<Way, Fault<AuthorizeRefusal>> {
    by.covers(&ask.node_type)?;
    let (whom, place) = (ask.organization.as_deref(), (&ask.node_type, by.environment(), ask.parts.clone()));
    connecting(connecting::way(tx, by, (clients, whom), place))
}

/// The parts of the address as the connection will have them.
pub(super) fn parts(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    (clients, ask): (&Clients, &Ask),
) -> Result<BTreeMap<String, String>, Fault<AuthorizeRefusal>> {
    by.covers(&ask.node_type)?;
    let (whom, place) = (ask.organization.as_deref(), (&ask.node_type, by.environment()));
    let (row, client) = connecting(connecting::asker(tx, by, (clients, whom), place))?;
    let node = clients.describe(&row).ok_or(Denied::NotFound)?;
    let parts = name_parts(&node, Some(&client.parts), &ask.parts);
    Ok(parts.map_err(|faults| match faults.into_iter().next() {
        Some(fault) => AuthorizeRefusal::Part(fault),
        None => AuthorizeRefusal::Over,
    })?)
}

/// Keeps what a backend asks for; the secret word of the link that leads there.
pub fn ask(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (clients, ask): (&Clients, &Ask),
) -> Result<StateToken, Fault<AuthorizeRefusal>> {
    let ask = Ask { parts: parts(tx, by, (clients, ask))?, ..ask.clone() };
    let way = way(tx, by, (clients, &ask))?;
    meant(tx, by, (&way, &ask))?;
    if let Some(address) = &ask.return_to {
        match (store::workspaces::return_addresses(tx, by)?.fit(address), &ask.challenge) {
            (Fit::Exact, _) | (Fit::Under, None) => {}
            (Fit::Under, Some(_)) => return Err(AuthorizeRefusal::ReturnToExactly.into()),
            (Fit::None, _) => return Err(AuthorizeRefusal::ReturnTo.into()),
        }
    }
    store::tokens::mark_used(tx, by, tools.origin.from)?;
    Ok(flows::offer(tx, by, tools, &Errand::Ask(Box::new(ask)))?)
}

/// The connection that is there already, where one that is there is meant.
fn meant(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    (way, ask): (&Way, &Ask),
) -> Result<Option<ConnectionRow>, Fault<AuthorizeRefusal>> {
    let of = of(ask);
    let (chosen, must) = match &ask.intent {
        Intent::First => (None, false),
        Intent::Known(chosen) => (chosen.as_ref(), true),
        Intent::New | Intent::Another => return Ok(None),
    };
    let sought = Sought { node_type: Some(&way.node_type.id), of: &of, chosen, several: chosen.is_some() };
    let found = store::connections::list(tx, by, &sought)?.pop();
    match (found, must) {
        (None, true) => Err(AuthorizeRefusal::Connection(ConnectionRefusal::NoSuchAccount).into()),
        (found, _) => Ok(found),
    }
}

/// Where the browser that opened the link is sent. The link is spent by it.
pub fn leave(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (clients, ask): (&Clients, &Ask),
    (browser, redirect): (&str, impl FnOnce(&str) -> String),
) -> Result<(String, NodeTypeRow), Fault<AuthorizeRefusal>> {
    let way = way(tx, by, (clients, ask))?;
    meant(tx, by, (&way, ask))?;
    let verifier = format!("{}{}", tools.keyring.random_text(), tools.keyring.random_text());
    let consent = Consent {
        ask: ask.clone(),
        callback: way.callback(),
        token_url: way.endpoints.token_url.clone(),
        providers: way.endpoints.providers(),
        base_url: way.description.base_url.clone(),
        client_id: way.client.id.clone(),
        verifier: verifier.clone(),
    };
    let redirect = redirect(&consent.callback);
    let state = flows::begin(tx, by, tools, (browser, &Errand::Consent(Box::new(consent))))?;
    let sent = (redirect.as_str(), state.as_str(), verifier.as_str());
    let url = tokens::consent(&way.endpoints, &way.client.id, sent, &way.client.scopes);
    let url = connecting(url.map_err(|hindrance| ConnectRefusal::Hindered(hindrance).into()))?;
    Ok((url, way.node_type))
}

/// Somebody has come back with a code: to where they go on.
pub async fn come_back(
    means: Means,
    (consent, code, redirect): (Consent, String, String),
) -> Result<Option<String>, Fault<AuthorizeRefusal>> {
    let ask = consent.ask.clone();
    if ask.challenge.is_none() {
        finish(means, (consent, code, redirect), None).await?;
        return Ok(ask.return_to.map(|address| with_query(&address, &[("state", &ask.state)])));
    }
    let (kit, token) = (means.kit.clone(), ask.token.clone());
    let finish = Errand::Finish(Box::new(Finish { consent, code }));
    let code = means.renewer.db.write(AskErrand::of(token), move |tx, by| {
        Ok::<_, Fault<AuthorizeRefusal>>(kit.on_errand(by, |tools| flows::begin(tx, by, tools, (BACKEND, &finish)))?)
    });
    let code = code.await?;
    let more = [("connect_code", code.as_str()), ("state", &ask.state)];
    Ok(ask.return_to.map(|address| with_query(&address, &more)))
}

/// Records that nothing came of it, for whoever follows connections. `reason` is a word of our own.
pub async fn fail(means: Means, ask: Ask, reason: &'static str) -> Result<(), Fault<AuthorizeRefusal>> {
    let kit = means.kit.clone();
    let noted = means.renewer.db.write(AskErrand::of(ask.token.clone()), move |tx, by| {
        // Whatever has become of the way meanwhile: somebody waits to hear of it.
        if let Some(session) = &ask.session {
            let outcome = reason.parse().unwrap_or(Came::Failed);
            connect_sessions::note(tx, by, session, (&ask.node_type, outcome, None))?;
        }
        let Some(row) = store::node_types::find(tx, by, &ask.node_type)? else {
            tx.unrecorded(store::Unrecorded::Nothing);
            return Ok(());
        };
        let event = ConnectionEvent::Failed {
            node_type: node_types::facts(&row),
            environment: by.environment(),
            end_user: ask.end_user.clone(),
            organization: ask.organization.clone(),
            reason: reason.to_owned(),
        };
        Ok(kit.on_errand(by, |tools| audit::change(tx, by, tools, Event::Connection(event)))?)
    });
    noted.await
}

/// Whether the page that they came from goes on: one that its backend has ended connects nothing any more.
fn lasts(tx: &mut ReadTx<'_>, by: &Proof<'_, ConnectRight>, ask: &Ask) -> Result<(), Fault<AuthorizeRefusal>> {
    let Some(id) = &ask.session else { return Ok(()) };
    match store::connect_sessions::find(tx, by, id)? {
        Some(session) if !session.was_ended() => Ok(()),
        _ => Err(AuthorizeRefusal::Over.into()),
    }
}

/// What somebody has come back with, for the backend that shows the verifier of its challenge. Nothing is spent by it.
pub fn look(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    keyring: &Keyring,
    (code, verifier, state): (&StateToken, &str, Option<&str>),
) -> Result<Finish, Fault<AuthorizeRefusal>> {
    let looked = flows::look(tx, by, keyring, (BACKEND, code)).map_err(store::Error::from)?;
    let Some(Errand::Finish(finish)) = looked else { return Err(AuthorizeRefusal::Code.into()) };
    let ask = &finish.consent.ask;
    // Another token of the same workspace may finish it, as long as it acts in the same environment, and for this.
    if store::tokens::place_of(tx, by, &ask.token)? != Some(by.environment()) {
        return Err(AuthorizeRefusal::Code.into());
    }
    by.covers(&ask.node_type)?;
    if ask.challenge.as_deref() != Some(challenge_of(verifier).as_str()) {
        return Err(AuthorizeRefusal::Code.into());
    }
    if state.is_some_and(|state| state != ask.state) {
        return Err(AuthorizeRefusal::Over.into());
    }
    Ok(*finish)
}

/// Records what follows, spends the code of our own where one stands for it, exchanges the provider's, and stores what
/// it was exchanged for.
pub async fn finish(
    means: Means,
    (consent, code, redirect): (Consent, String, String),
    spent: Option<Arc<StateToken>>,
) -> Result<ConnectionRow, Fault<AuthorizeRefusal>> {
    let (clients, kit, consent) = (means.renewer.clients.clone(), means.kit.clone(), Arc::new(consent));
    let (token, asked) = (consent.ask.token.clone(), consent.clone());
    let found = means.renewer.db.read(AskErrand::of(token), move |tx, by| {
        lasts(tx, by, &asked.ask)?;
        let way = way(tx, by, (&clients, &asked.ask))?;
        let row = meant(tx, by, (&way, &asked.ask))?;
        let of = kit.on_errand(by, |tools| exchanged(tx, by, tools, (&way, row.as_ref())));
        Ok::<_, Fault<AuthorizeRefusal>>((way, row.is_some(), of))
    });
    let (way, is_known, of) = found.await?;
    if !way.is_of(&consent.client_id, (&consent.token_url, &consent.providers, &consent.base_url)) {
        // The code belongs to the client that it was asked for with, and to where that one was.
        return Err(AuthorizeRefusal::Connect(ConnectRefusal::Hindered(Hindrance::Refused)).into());
    }
    means.renewer.recorder.record(of.clone()).await?;
    if let Some(spent) = spent {
        spend(&means, &consent, spent).await?;
    }
    // Whoever goes away meanwhile does not stop it: tokens that have been given are kept.
    let working = async move {
        let brought = (code.as_str(), consent.verifier.as_str(), redirect.as_str());
        let got = connecting(connecting::fetch(&means.renewer, &way, brought).await)?;
        let given = Arc::new((way, got));
        let stored = means.renewer.persist(|| {
            let (kit, given, consent, of) = (means.kit.clone(), given.clone(), consent.clone(), of.clone());
            let (clients, token) = (means.renewer.clients.clone(), consent.ask.token.clone());
            means.renewer.db.write(AskErrand::of(token), move |tx, by| {
                // The id of an account that has gone meanwhile stands for no other.
                let drawn = (!is_known).then_some(&of.secret);
                kit.on_errand(by, |tools| keep(tx, by, tools, (&clients, &given.0, &given.1), (&consent, drawn)))
            })
        });
        let stored = stored.await;
        if stored.is_err() && !is_known {
            // The node type, the token or the account has gone meanwhile; where older tokens are held they may be in use.
            let (way, got) = &*given;
            got.give_back(&means.renewer, way, (&of, way.node_type.name.as_str(), 1)).await;
        }
        stored
    };
    let done = tokio::spawn(working.instrument(Span::current())).await;
    done.unwrap_or_else(|_| Err(store::Error::Unavailable("connecting was given up").into()))
}

async fn spend(means: &Means, consent: &Consent, code: Arc<StateToken>) -> Result<(), Fault<AuthorizeRefusal>> {
    let kit = means.kit.clone();
    let taken = means.renewer.db.write(AskErrand::of(consent.ask.token.clone()), move |tx, by| {
        let taken = kit.on_errand(by, |tools| flows::finish(tx, by, tools, (BACKEND, &code)));
        Ok::<_, Fault<AuthorizeRefusal>>(taken.map_err(store::Error::from)?)
    });
    if taken.await?.is_some() { Ok(()) } else { Err(AuthorizeRefusal::Code.into()) }
}

fn exchanged(
    tx: &ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (way, row): (&Way, Option<&ConnectionRow>),
) -> Use {
    // What is made of it will have this id.
    let secret = row.map_or_else(|| SecretId::draw(tx.now(), tools.chance), |row| row.secret.id.clone());
    let event = ConnectionEvent::Exchanged {
        secret: secret.clone(),
        name: way.node_type.name.to_string(),
        node_type: way.node_type.slug.to_string(),
        environment: way.environment,
        value: row.map_or(0, |row| row.secret.newest_number) + 1,
    };
    let entry = tools.origin.entry(tx.now(), Event::Connection(event));
    Use::uncounted((by.workspace().clone(), secret, &way.node_type.slug), entry)
}

fn keep(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (clients, way, got): (&Clients, &Way, &Got),
    (consent, drawn): (&Consent, Option<&SecretId>),
) -> Result<ConnectionRow, Fault<AuthorizeRefusal>> {
    lasts(tx, by, &consent.ask)?;
    let node_type = connecting(way.unmoved(tx, by, clients))?;
    let (ask, client) = (&consent.ask, &way.client);
    let (credential, facts) = way.stored(&got.fetched).ok_or(Denied::NotFound)?;
    let renewable = got.fetched.refresh.is_some();
    let asked = Asked { client_id: &client.id, scopes: &client.scopes, otherwise: &client.scopes, renewable };
    let given = asked.given(&got.fetched, tx.now());
    let put = Put {
        node_type: ask.node_type.clone(),
        revision: node_type.revision,
        name: node_type.name,
        of: of(ask),
        user: Some(ask.user.clone()),
        meant: ask.intent.clone(),
        drawn: drawn.cloned(),
        brought: Brought {
            kind: Kind::TokenSet,
            prefix_says: None,
            last_four: None,
            facts: serde_json::to_string(&facts).unwrap_or_default(),
            credential,
            holding: Holding::Tokens(Tokens {
                client_id: client.id.clone(),
                asked: client.scopes.clone(),
                granted: given.granted.clone(),
                ends_at: given.ends_at,
                renew_at: given.renew_at,
                lost: false,
            }),
        },
        account_name: ask.account_name.clone().map(Some),
        account_identifier: None,
        once: None,
    };
    let row = connections::place(tx, by, tools, &put).map_err(|fault| match fault {
        Fault::Refused(refusal) => Fault::Refused(AuthorizeRefusal::Connection(refusal)),
        Fault::Store(error) => Fault::Store(error),
    })?;
    if let Some(session) = &ask.session {
        connect_sessions::note(tx, by, session, (&ask.node_type, Came::Connected, Some(&row.secret.id)))?;
    }
    Ok(row)
}
