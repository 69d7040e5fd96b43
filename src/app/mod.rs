//! The parts of a running Keyrack, built once and passed on; there are no globals.

pub mod body;
pub mod commands;
pub mod context;
mod health;
pub mod logging;
mod middleware;
pub mod pace;
pub mod routes;
pub mod server;
pub mod system;
pub mod terminal;
pub mod verify;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::actions::Kit;
use crate::actions::calling;
use crate::actions::clients::{Clients, Unusable};
use crate::actions::connecting;
use crate::actions::installation::{self, OpenError};
use crate::actions::probe::Means;
use crate::actions::renewing::Renewer;
use crate::actions::uses::Recorder;
use crate::actions::webhooks;
use crate::catalog::{Catalog, CatalogError};
use crate::config::Config;
use crate::crypto::{Hasher, Keyring};
use crate::domain::{Chance, Clock};
use crate::mail::{MailError, Mailer};
use crate::store::migrate::{self, MigrateError, WhereNew};
use crate::store::{Db, Refusal};
use crate::upstream::oauth::{Desk, Means as Asking};
use crate::upstream::{Limits, SystemResolver, Upstream, UpstreamError};

use pace::Pace;

/// Until a call for others has its answer, whatever moves.
const LONGEST_CALL: Duration = Duration::from_hours(24);
/// So long the record's thread is waited for when the program ends.
const CLOSING: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub struct App {
    pub config: Arc<Config>,
    pub db: Db,
    pub keyring: Arc<Keyring>,
    pub hasher: Arc<Hasher>,
    pub recorder: Recorder,
    pub mailer: Mailer,
    pub upstream: Upstream,
    /// Calls for others that may go on at once.
    pub calls: Arc<Semaphore>,
    pub renewer: Arc<Renewer>,
    pub catalog: Arc<Catalog>,
    /// With which accounts are connected.
    pub clients: Clients,
    /// Of the providers that people sign in with.
    pub desk: Arc<Desk>,
    /// How fast each service token may ask; none where there is no limit.
    pub pace: Option<Arc<Pace>>,
    /// What `/api/v1` can do, as OpenAPI.
    pub description: Arc<serde_json::Value>,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error(transparent)]
    Keys(#[from] OpenError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Client(#[from] Unusable),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    #[error("no thread could be started for the record: {0}")]
    Thread(std::io::Error),
    #[error("the start was interrupted")]
    Interrupted,
}

impl Refusal for StartError {}

impl App {
    /// For changes that are asked for from there; none where nobody asks over the network.
    pub fn kit(&self, from: Option<IpAddr>) -> Kit {
        Kit { keyring: self.keyring.clone(), chance: self.chance.clone(), from }
    }

    /// Where an end user begins who is to connect an account.
    pub fn start_connecting(&self, link: &str) -> String {
        format!("{}/connect/start/{link}", self.config.server.base())
    }

    /// What opens the page of a connect session.
    pub fn connect_session(&self, link: &str) -> String {
        format!("{}/connect/session/{link}", self.config.server.base())
    }

    /// The address that a provider sends people back to.
    pub fn way_back(&self, callback: &str) -> String {
        connecting::way_back(self.config.server.base(), callback)
    }

    /// For asking providers who somebody is.
    pub fn asking(&self) -> Asking<'_> {
        Asking { upstream: &self.upstream, clock: &*self.clock }
    }

    /// For a test of a secret that is asked for from there.
    pub fn means(&self, kit: Kit) -> Means {
        Means { renewer: self.renewer.clone(), catalog: self.catalog.clone(), kit }
    }

    /// For a call that somebody asks for from there.
    pub fn calling(&self, kit: Kit) -> calling::Means {
        let patience = self.config.proxy.patience;
        // Whoever sends much is waited for as long as it moves: the action keeps that time.
        let limits = Limits { head: LONGEST_CALL, body: patience, ..Limits::default() };
        let (renewer, catalog) = (self.renewer.clone(), self.catalog.clone());
        calling::Means { renewer, catalog, upstream: self.upstream.within(limits), patience, kit }
    }

    /// For sending events to webhooks.
    pub fn sending(&self) -> webhooks::Means {
        let (db, upstream, clock) = (self.db.clone(), self.upstream.clone(), self.clock.clone());
        webhooks::Means { db, upstream, kit: self.kit(None), clock }
    }

    /// For connecting an account, or taking it away, that is asked for from there.
    pub fn connecting(&self, kit: Kit) -> connecting::Means {
        connecting::Means { renewer: self.renewer.clone(), kit }
    }

    /// Opens the database that is configured, or makes it.
    pub async fn start(config: Config, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Result<Self, StartError> {
        Self::open(config, WhereNew::Make, clock, chance).await
    }

    /// Verifies the keys, migrates, and opens everything. Needs a Tokio runtime.
    pub async fn open(
        config: Config,
        where_new: WhereNew,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
    ) -> Result<Self, StartError> {
        let mailer = Mailer::open(&config)?;
        let upstream = Upstream::open(&config.upstream, Arc::new(SystemResolver), Limits::default())?;
        let catalog = Arc::new(Catalog::load()?);
        let clients = Clients::new(catalog.clone(), config.oauth_clients.clone())?;
        for name in migrate(config.clone(), where_new, clock.clone(), chance.clone()).await? {
            tracing::info!(migration = name, "migration applied");
        }
        let db = Db::open(&config.database, clock.clone(), chance.clone());
        let keyring = installation::open_keyring(&db, &config.keys, clock.clone(), chance.clone()).await?;
        let keyring = Arc::new(keyring);
        let recorder = Recorder::start(db.clone(), keyring.clone(), clock.clone()).map_err(StartError::Thread)?;
        let kit = Kit { keyring: keyring.clone(), chance: chance.clone(), from: None };
        let known = (db.clone(), recorder.clone(), upstream.clone());
        let renewer = Renewer::new(known, (clients.clone(), kit), clock.clone());
        Ok(Self {
            renewer: Arc::new(renewer),
            recorder,
            hasher: Arc::new(Hasher::new(config.passwords, chance.clone())),
            catalog,
            clients,
            desk: Arc::new(Desk::new(&config.providers)),
            mailer,
            upstream,
            description: Arc::new(crate::api::native::document()),
            pace: Pace::new(config.server.api_rate).map(Arc::new),
            calls: Arc::new(Semaphore::new(config.proxy.calls)),
            config: Arc::new(config),
            db,
            keyring,
            clock,
            chance,
        })
    }

    /// Lets go of the database. The program does not end before the record's thread has, which may be about to close it.
    pub async fn close(self) {
        let over = self.recorder.over();
        drop(self);
        let _too_late = tokio::time::timeout(CLOSING, over).await;
    }
}

async fn migrate(
    config: Config,
    where_new: WhereNew,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
) -> Result<Vec<String>, StartError> {
    let migrating = tokio::task::spawn_blocking(move || {
        migrate::run(&config.database, where_new, |kept| {
            Ok::<_, StartError>(installation::verify(&config.keys, kept, clock, chance)?)
        })
    });
    migrating.await.map_err(|_| StartError::Interrupted)?
}
