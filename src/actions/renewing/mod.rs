//! New tokens for old ones: before they end, once for everybody who waits, and never so that the old ones are lost first.
//!
//! Invariant: of all processes one asks a provider for new tokens, by a lease in the database; the old tokens stay until
//! the new ones are durable; and nobody holds a connection to the database while the network is waited for.

mod outcome;
mod turns;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument as _, Span};

use crate::catalog::NodeType;
use crate::crypto::{Credential, Entered, Purpose, Route};
use crate::domain::audit::{Actor, ConnectionEvent, Event};
use crate::domain::keys::{Hook, SealedValue};
use crate::domain::{Clock, Hindrance, Method, Moment, Scopes, SecretId, WorkspaceId};
use crate::store::access::{self, AskRunnerIn, InWorkspace, Proof, Renewing, RunnerIn, UseProof};
use crate::store::token_sets::{Given, TokenSet};
use crate::store::{self, Db, Error, Fault, Refusal, Unrecorded, WriteTx};
use crate::upstream::Upstream;
use crate::upstream::oauth::Endpoints;
use crate::upstream::oauth::tokens::{self, Asker, Fetched};

use super::Kit;
use super::clients::{Client, Clients};
use super::uses::{Recorder, Use};
use turns::Turns;

/// Longer than a provider may take, and what is done before and after.
const LEASE: Duration = Duration::from_mins(1);
/// How long a request waits for another process that is asking already, and how often it looks.
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(150);
/// Tokens that end sooner than this are renewed before they are used.
const AHEAD: Duration = Duration::from_mins(1);

/// Under these names a credential holds what belongs to its tokens and not to whoever uses it.
pub const ACCESS: &str = "access_token";
pub const REFRESH: &str = "refresh_token";
pub const CLIENT_ID: &str = "client_id";
pub const CLIENT_SECRET: &str = "client_secret";

/// Whether a field beside the value belongs to the tokens: nobody else is given it.
pub fn is_own(name: &str) -> bool {
    [ACCESS, REFRESH, CLIENT_ID, CLIENT_SECRET].contains(&name)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.told())]
pub struct NotRenewed(pub Hindrance);

impl Refusal for NotRenewed {}

/// Which tokens are meant: another number is another set.
#[derive(Clone, Debug)]
pub struct TokensOf {
    pub workspace: WorkspaceId,
    pub secret: SecretId,
    pub number: i64,
}

/// Whether tokens are to be renewed before they are used. Those that last for less than two minutes are used for half
/// of their time: otherwise none of them ever would be.
pub fn is_stale(set: &TokenSet, now: Moment) -> bool {
    set.ends_at.is_some_and(|end| end <= now.plus(AHEAD.min(end.since(set.renewed_at) / 2)))
}

/// Renews tokens. There is one in a process.
#[derive(Clone)]
pub struct Renewer {
    pub db: Db,
    pub recorder: Recorder,
    pub upstream: Upstream,
    pub clients: Clients,
    pub kit: Kit,
    clock: Arc<dyn Clock>,
    turns: Turns,
}

/// What the transaction that took the lease found: everything that is needed to record, to open and to ask.
struct Ready {
    of: Use,
    name: String,
    number: i64,
    hook: Hook,
    method: Method,
    lease: String,
    set: TokenSet,
    sealed: Option<SealedValue>,
    client: Option<Client>,
    description: Option<NodeType>,
}

enum Taken {
    /// There are others by now, or none to be renewed.
    Over,
    /// Somebody else is asking.
    Elsewhere,
    /// It came to nothing lately, and is tried again later.
    Later(Hindrance),
    Leased(Box<Ready>),
}

impl Renewer {
    pub fn new(
        (db, recorder, upstream): (Db, Recorder, Upstream),
        (clients, kit): (Clients, Kit),
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { db, recorder, upstream, clients, kit, clock, turns: Turns::default() }
    }

    /// Returns once there are other tokens than these, or none any more. Whoever waits for the same ones is served by
    /// the same question.
    pub async fn renew(&self, of: &TokensOf) -> Result<(), Fault<NotRenewed>> {
        let turn = self.turns.of(&of.secret);
        let _mine = turn.lock().await;
        for _ in 0..LOOKS {
            match self.take(of).await? {
                Taken::Over => return Ok(()),
                Taken::Later(hindrance) => return Err(NotRenewed(hindrance).into()),
                Taken::Elsewhere => self.clock.sleep(PAUSE).await,
                Taken::Leased(ready) => return self.ask(*ready).await,
            }
        }
        Err(NotRenewed(Hindrance::Busy).into())
    }

    /// Whoever goes away meanwhile does not stop it: tokens that have been given must not be lost.
    async fn ask(&self, ready: Ready) -> Result<(), Fault<NotRenewed>> {
        let this = self.clone();
        let asking = async move {
            let fetched = this.fetch(&ready).await;
            outcome::note(&this, &ready, fetched).await
        };
        let asked = tokio::spawn(asking.instrument(Span::current())).await;
        asked.unwrap_or_else(|_| Err(Error::Unavailable("the renewal was given up").into()))
    }

    async fn take(&self, of: &TokensOf) -> Result<Taken, Fault<NotRenewed>> {
        let (of, kit, clients) = (of.clone(), self.kit.clone(), self.clients.clone());
        let lease = kit.keyring.random_text();
        let ask = AskRunnerIn { workspace: of.workspace.clone() };
        self.db.write(ask, move |tx, by| Ok(take(tx, by, (&kit, &clients), (&of, &lease))?)).await
    }

    async fn fetch(&self, ready: &Ready) -> Result<(Fetched, Credential), Fault<NotRenewed>> {
        self.recorder.record(ready.of.clone()).await?;
        let keyring = &self.kit.keyring;
        let opened = ready.sealed.as_ref().and_then(|sealed| keyring.open_value(Purpose::Refresh, sealed).ok());
        let credential = opened.ok_or(NotRenewed(Hindrance::Unreadable))?;
        let client = ready.client.as_ref().map(|client| client.open(keyring, Purpose::Refresh));
        let client = client.transpose().map_err(|_| NotRenewed(Hindrance::NoClient))?;
        let endpoints = ready.endpoints(&credential, client.as_ref()).ok_or(NotRenewed(Hindrance::NoClient))?;
        let fetched = match ready.method {
            Method::Key => Err(Hindrance::NoClient),
            Method::OAuth => {
                let token = field(&credential, REFRESH).ok_or(NotRenewed(Hindrance::Refused))?;
                let client = client.as_ref().ok_or(NotRenewed(Hindrance::NoClient))?;
                let asker = Asker { id: &ready.set.client_id, secret: client.value(Purpose::Refresh) };
                tokens::refresh(&self.upstream, (&endpoints, &asker), token).await
            }
            Method::ClientCredentials => {
                let (id, secret) = (field(&credential, CLIENT_ID), field(&credential, CLIENT_SECRET));
                let asker = Asker { id: id.unwrap_or_default(), secret: secret.unwrap_or_default() };
                tokens::fetch(&self.upstream, (&endpoints, &asker), &ready.set.asked).await
            }
        };
        Ok((fetched.map_err(NotRenewed)?, credential))
    }
}

impl Ready {
    /// Where tokens are asked for: as it was sealed with them and with the client, whatever rows say.
    fn endpoints(&self, tokens: &Credential, client: Option<&Credential>) -> Option<Endpoints> {
        let mut parts = parts_of(tokens);
        parts.extend(client.map(parts_of).unwrap_or_default());
        Endpoints::of(self.description.as_ref()?, self.method, &parts)
    }
}

/// The parts of the address that are sealed with a credential.
pub(super) fn parts_of(of: &Credential) -> BTreeMap<String, String> {
    let parts = of.others(Purpose::Refresh).filter(|(name, _)| !is_own(name));
    parts.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// A field of the credential, be it the value itself or one beside it.
fn field<'a>(credential: &'a Credential, wanted: &str) -> Option<&'a str> {
    if credential.value_name() == wanted {
        return Some(credential.value(Purpose::Refresh));
    }
    credential.others(Purpose::Refresh).find(|(name, _)| *name == wanted).map(|(_, text)| text)
}

fn take<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    (kit, clients): (&Kit, &Clients),
    (of, lease): (&TokensOf, &str),
) -> Result<Taken, Error> {
    tx.unrecorded(Unrecorded::Lease);
    let now = tx.now();
    let Some(allowed) = access::prove_renewal(tx, by, &of.secret)? else { return Ok(Taken::Over) };
    let Some(set) = store::token_sets::find(tx, by, &of.secret)? else { return Ok(Taken::Over) };
    if allowed.number() != of.number {
        return Ok(Taken::Over);
    }
    if set.leased_until.is_some_and(|until| until > now) {
        return Ok(Taken::Elsewhere);
    }
    if set.tries > 0 && set.renew_at.is_some_and(|again| again > now) {
        return Ok(Taken::Later(set.hindrance.unwrap_or(Hindrance::Busy)));
    }
    let row = store::node_types::find(tx, by, allowed.node_type())?;
    let Some(row) = row else { return Ok(Taken::Over) };
    let client = clients.find(tx, by, (&row, allowed.environment()))?;
    // The client that the tokens were given to may have made room for another one.
    let orphan = allowed.method() == Method::OAuth && client.as_ref().is_some_and(|client| client.id != set.client_id);
    // There is nothing to ask with, or nobody who may: only a person can.
    if set.renew_at.is_none() || orphan {
        let lost = outcome::Lost { secret: &of.secret, number: of.number, name: allowed.name().as_str() };
        kit.by(Actor::Keyrack, |tools| outcome::lose(tx, by, tools, &lost))?;
        return Ok(Taken::Over);
    }
    if !store::token_sets::lease(tx, by, &of.secret, (lease, now.plus(LEASE)))? {
        return Ok(Taken::Elsewhere);
    }
    let description = clients.describe(&row).map(std::borrow::Cow::into_owned);
    let ready = ready(tx, by, kit, (&allowed, set, lease), (client, description))?;
    Ok(Taken::Leased(Box::new(ready)))
}

fn ready<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    kit: &Kit,
    (allowed, set, lease): (&UseProof<'tx, Renewing>, TokenSet, &str),
    (client, description): (Option<Client>, Option<NodeType>),
) -> Result<Ready, Error> {
    let event = ConnectionEvent::Renewed {
        secret: allowed.secret().clone(),
        name: allowed.name().to_string(),
        node_type: allowed.node_type().to_string(),
        environment: allowed.environment(),
        value: allowed.number(),
    };
    let of = Use {
        workspace: by.workspace().clone(),
        secret: allowed.secret().clone(),
        token: None,
        entry: kit.by(Actor::Keyrack, |tools| tools.origin.entry(tx.now(), Event::Connection(event))),
    };
    let hook = Hook { node_type: allowed.node_type_id().clone(), environment: allowed.environment() };
    Ok(Ready {
        of,
        name: allowed.name().to_string(),
        number: allowed.number(),
        method: allowed.method(),
        lease: lease.to_owned(),
        sealed: store::vend::sealed_value(tx, by, allowed)?,
        client,
        description,
        hook,
        set,
    })
}

/// What is sealed of a client that fetches its own tokens: its id and secret stand beside the place of the token, so that
/// nothing ever takes the secret for one.
pub(super) fn of_client(entered: &Credential) -> Credential {
    let copy = |text: &str| Entered::exact(text.to_owned());
    let value = (entered.value_name(), entered.value(Purpose::Exchange));
    let all = std::iter::once(value).chain(entered.others(Purpose::Exchange));
    let others = all.map(|(name, text)| (name.to_owned(), copy(text)));
    Credential::new((ACCESS.to_owned(), copy("")), others, entered.route.clone())
}

/// Takes down that a client has still to fetch its first token: it ends now, so that the first use fetches it.
pub(super) fn begin(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    (client, asks): (&Credential, &Scopes),
) -> Result<(), Error> {
    let now = Some(tx.now());
    let client_id = field(client, CLIENT_ID).unwrap_or_default();
    let given = Given { client_id, asked: asks, granted: &Scopes::default(), ends_at: now, renew_at: now };
    store::token_sets::put(tx, by, (id, &given))
}

/// The credential that holds new tokens, with what goes on of the one before.
pub(super) fn holding(
    fetched: &Fetched,
    before: Option<&Credential>,
    (parts, route): (&BTreeMap<String, String>, Route),
) -> Credential {
    let copy = |text: &str| Entered::exact(text.to_owned());
    let kept = |name: &str| before.and_then(|before| field(before, name)).map(copy);
    let mut others: Vec<(String, Entered)> = parts.iter().map(|(name, text)| (name.clone(), copy(text))).collect();
    let refresh = fetched.refresh.as_ref().map(|token| copy(token.as_str())).or_else(|| kept(REFRESH));
    others.extend(refresh.map(|token| (REFRESH.to_owned(), token)));
    for name in [CLIENT_ID, CLIENT_SECRET] {
        others.extend(kept(name).map(|text| (name.to_owned(), text)));
    }
    Credential::new((ACCESS.to_owned(), copy(fetched.access.as_str())), others, route)
}

/// When Keyrack renews tokens by itself: with a fifth of their time left, and not later than five minutes before.
pub(super) fn renewal_of(lasts: Option<Duration>, now: Moment) -> Option<Moment> {
    let lasts = lasts?;
    let ahead = (lasts / 5).max(Duration::from_mins(5)).min(lasts / 2);
    Some(now.plus(lasts - ahead))
}

/// What was granted, where the provider says it: otherwise what was asked for.
pub(super) fn granted<'a>(fetched: &'a Fetched, asked: &'a Scopes) -> &'a Scopes {
    fetched.scopes.as_ref().unwrap_or(asked)
}
