//! New tokens for old ones: before they end, once for everybody who waits, and never so that the old ones are lost first.
//!
//! Invariant: of all processes one asks a provider for new tokens, by a lease in the database; the old tokens stay until
//! the new ones are durable; and nobody holds a connection to the database while the network is waited for.

mod outcome;
mod taking;
mod tokens;
mod turns;

use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument as _, Span};

use crate::crypto::{Credential, Purpose};
use crate::domain::{Clock, Hindrance, Method, Moment, SecretId, WorkspaceId};
use crate::store::access::AskRunnerIn;
use crate::store::{Db, Error, Fault, Refusal};
use crate::upstream::Upstream;
use crate::upstream::oauth::Endpoints;
use crate::upstream::oauth::tokens::{Asker, Fetched};

use super::Kit;
use super::clients::Clients;
use super::uses::Recorder;
use taking::{NotNow, Ready};
use tokens::field;
pub(super) use tokens::{Asked, REFRESH, begin, endpoints, holding, of_client, parts_of, renewal_of};
pub use tokens::{CLIENT_ID, CLIENT_SECRET, has_ended, is_own, is_stale};
use turns::Turns;

/// Longer than a provider may take, and than a database may be away that is to keep what the provider has given.
const LEASE: Duration = Duration::from_mins(5);
/// For how long what was given is tried to be stored: well within the lease.
const STORED_WITHIN: Duration = Duration::from_mins(4);
/// As many pauses as there are in it, for a clock that stands still.
const TRIES: u32 = 1_600;
/// How long a request waits for whoever is asking already, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOKS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(150);

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

/// Renews tokens, and holds what everything takes that uses a value. There is one in a process.
#[derive(Clone)]
pub struct Renewer {
    pub db: Db,
    pub recorder: Recorder,
    /// Its connections are shared by all threads; calls for others have those of their own.
    pub upstream: Upstream,
    pub clients: Clients,
    pub kit: Kit,
    clock: Arc<dyn Clock>,
    turns: Turns,
}

/// What a provider gave, with what it was asked with.
struct Got {
    fetched: Fetched,
    before: Credential,
    endpoints: Endpoints,
    client: Option<Credential>,
}

impl Renewer {
    pub fn new(
        (db, recorder, upstream): (Db, Recorder, Upstream),
        (clients, kit): (Clients, Kit),
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { db, recorder, upstream, clients, kit, clock, turns: Turns::default() }
    }

    pub fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Returns once there are other tokens than these, or none any more. Whoever waits for the same ones is served by
    /// the same question, and nobody waits for long; for another process only who cannot do without.
    pub async fn renew(&self, of: &TokensOf, needed: bool) -> Result<(), Fault<NotRenewed>> {
        let served = tokio::time::timeout(PATIENCE, self.in_turn(of, needed)).await;
        served.unwrap_or_else(|_| Err(NotRenewed(Hindrance::Busy).into()))
    }

    async fn in_turn(&self, of: &TokensOf, needed: bool) -> Result<(), Fault<NotRenewed>> {
        let turn = self.turns.of(&of.secret);
        let _mine = turn.lock().await;
        for _ in 0..LOOKS {
            let not = match self.look(of).await? {
                Ok(()) => self.ask(of.clone()).await?,
                Err(not) => not,
            };
            match not {
                NotNow::Over => return Ok(()),
                NotNow::Later(hindrance) => return Err(NotRenewed(hindrance).into()),
                NotNow::Elsewhere if !needed => break,
                NotNow::Elsewhere => self.clock.sleep(PAUSE).await,
            }
        }
        Err(NotRenewed(Hindrance::Busy).into())
    }

    /// Whoever waits for somebody else only reads.
    async fn look(&self, of: &TokensOf) -> Result<Result<(), NotNow>, Fault<NotRenewed>> {
        let (ask, of) = (AskRunnerIn { workspace: of.workspace.clone() }, of.clone());
        self.db.read(ask, move |tx, by| Ok(taking::look(tx, by, &of)?.map(drop))).await
    }

    /// Asks, and says why it is not to be asked once more. Whoever goes away meanwhile does not stop it: a lease that is
    /// taken ends, and tokens that are given are kept.
    async fn ask(&self, of: TokensOf) -> Result<NotNow, Fault<NotRenewed>> {
        let this = self.clone();
        let asking = async move {
            let lease = this.kit.keyring.random_text();
            let (kit, clients) = (this.kit.clone(), this.clients.clone());
            let ask = AskRunnerIn { workspace: of.workspace.clone() };
            let taken = this.db.write(ask, move |tx, by| Ok(taking::take(tx, by, (&kit, &clients), (&of, &lease))?));
            match taken.await? {
                Ok(ready) => {
                    let ready = Arc::new(ready);
                    let got = this.fetch(&ready).await;
                    outcome::note(&this, &ready, got).await.map(|()| NotNow::Over)
                }
                Err(not) => Ok(not),
            }
        };
        let asked = tokio::spawn(asking.instrument(Span::current())).await;
        asked.unwrap_or_else(|_| Err(Error::Unavailable("the renewal was given up").into()))
    }

    async fn fetch(&self, ready: &Ready) -> Result<Got, Fault<NotRenewed>> {
        self.recorder.record(ready.of.clone()).await?;
        let keyring = &self.kit.keyring;
        let opened = ready.sealed.as_ref().and_then(|sealed| keyring.open_value(Purpose::Refresh, sealed).ok());
        let before = opened.ok_or(NotRenewed(Hindrance::Unreadable))?;
        let client = ready.client.as_ref().map(|client| client.open(keyring, Purpose::Refresh));
        let client = client.transpose().map_err(|_| NotRenewed(Hindrance::NoClient))?;
        let with = client.as_ref().map(|client| (client, Purpose::Refresh));
        let parts = parts_of(&before, Purpose::Refresh);
        let endpoints = endpoints((&ready.description, ready.method), &parts, (Some(&before), with));
        let endpoints = endpoints.ok_or(NotRenewed(Hindrance::NoClient))?;
        let fetched = self.ask_provider(ready, (&before, client.as_ref()), &endpoints).await;
        Ok(Got { fetched: fetched.map_err(NotRenewed)?, before, endpoints, client })
    }

    async fn ask_provider(
        &self,
        ready: &Ready,
        (before, client): (&Credential, Option<&Credential>),
        endpoints: &Endpoints,
    ) -> Result<Fetched, Hindrance> {
        use crate::upstream::oauth::tokens;
        let held = |name| field(before, name, Purpose::Refresh);
        match ready.method {
            Method::Key => Err(Hindrance::NoClient),
            Method::OAuth => {
                let token = held(REFRESH).ok_or(Hindrance::Refused)?;
                let client = client.ok_or(Hindrance::NoClient)?;
                let asker = Asker { id: &ready.set.client_id, secret: client.value(Purpose::Refresh) };
                tokens::refresh(&self.upstream, (endpoints, &asker), token).await
            }
            Method::ClientCredentials => {
                let (id, secret) = (held(CLIENT_ID).unwrap_or_default(), held(CLIENT_SECRET).unwrap_or_default());
                tokens::fetch(&self.upstream, (endpoints, &Asker { id, secret }), &ready.set.asked).await
            }
        }
    }

    /// Stores what a provider has answered, however often that takes: with new tokens, those held before may have ended.
    pub(super) async fn persist<T, R, F>(&self, store: impl Fn() -> F) -> Result<T, Fault<R>>
    where
        R: Refusal,
        F: Future<Output = Result<T, Fault<R>>>,
    {
        let until = self.now().plus(STORED_WITHIN);
        let mut tries = 0;
        loop {
            match store().await {
                Err(Fault::Store(error)) if passes(&error) && tries < TRIES && self.now() < until => {
                    tracing::warn!(%error, "what a provider has answered could not be stored yet");
                    tries += 1;
                    self.clock.sleep(PAUSE).await;
                }
                stored => return stored,
            }
        }
    }
}

fn passes(error: &Error) -> bool {
    matches!(error, Error::Unavailable(_) | Error::Collided | Error::Database(_))
}
