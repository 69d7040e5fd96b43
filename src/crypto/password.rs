//! Argon2id, at most a few at once, with a short queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::{PasswordHash, Salt};
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64_NOPAD;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroizing;

use crate::domain::Chance;

/// Costs and bounds of password hashing.
#[derive(Clone, Copy, Debug)]
pub struct HashSettings {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
    /// Hashes computed at the same time.
    pub at_once: usize,
    /// Requests that may wait for one.
    pub waiting: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    #[error("too many sign-ins are waiting")]
    Busy,
    #[error("the password could not be hashed")]
    Failed,
}

/// What checking a password found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub right: bool,
    /// Right, but hashed with other costs than today's.
    pub outdated: bool,
}

pub struct Hasher {
    settings: HashSettings,
    chance: Arc<dyn Chance>,
    slots: Arc<Semaphore>,
    queue: Arc<AtomicUsize>,
    /// Looks like a stored hash and is none: checked where there is no account, so that both cost the same.
    decoy: String,
}

struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Hasher {
    pub fn new(settings: HashSettings, chance: Arc<dyn Chance>) -> Self {
        let slots = Arc::new(Semaphore::new(settings.at_once.max(1)));
        let decoy = decoy(settings, &*chance);
        Self { settings, chance, slots, queue: Arc::default(), decoy }
    }

    pub async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashError> {
        let (settings, chance) = (self.settings, self.chance.clone());
        self.run(move || hash(settings, &*chance, password.as_bytes())).await?
    }

    /// Compares with the stored hash, or with nobody's when there is none.
    pub async fn check(&self, password: Zeroizing<String>, stored: Option<String>) -> Result<Checked, HashError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let settings = self.settings;
        self.run(move || {
            let parsed = PasswordHash::new(&stored).map_err(|_| HashError::Failed)?;
            let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known;
            let outdated = right && !made_with(settings, &parsed);
            Ok(Checked { right, outdated })
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashError> {
        let slot = self.slot().await?;
        // The slot travels with the work: a caller that goes away must not let a further hash begin.
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(slot);
            done
        })
        .await
        .map_err(|_| HashError::Failed)
    }

    async fn slot(&self) -> Result<OwnedSemaphorePermit, HashError> {
        // A free slot needs no place in the queue; whoever waits already comes first all the same.
        if let Ok(free) = self.slots.clone().try_acquire_owned() {
            return Ok(free);
        }
        let _place = self.queue_up()?;
        self.slots.clone().acquire_owned().await.map_err(|_| HashError::Failed)
    }

    fn queue_up(&self) -> Result<Place, HashError> {
        let before = self.queue.fetch_add(1, Ordering::AcqRel);
        let place = Place(self.queue.clone());
        if before >= self.settings.waiting { Err(HashError::Busy) } else { Ok(place) }
    }
}

fn argon2(settings: HashSettings) -> Result<Argon2<'static>, HashError> {
    let params =
        Params::new(settings.memory_kib, settings.passes, settings.lanes, None).map_err(|_| HashError::Failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(settings: HashSettings, chance: &dyn Chance, password: &[u8]) -> Result<String, HashError> {
    let mut salt = [0_u8; Salt::RECOMMENDED_LENGTH];
    chance.fill(&mut salt);
    let hashed = argon2(settings)?.hash_password_with_salt(password, &salt).map_err(|_| HashError::Failed)?;
    Ok(hashed.to_string())
}

fn decoy(settings: HashSettings, chance: &dyn Chance) -> String {
    let (mut salt, mut output) = ([0_u8; Salt::RECOMMENDED_LENGTH], [0_u8; 32]);
    chance.fill(&mut salt);
    chance.fill(&mut output);
    let HashSettings { memory_kib, passes, lanes, .. } = settings;
    let (salt, output) = (BASE64_NOPAD.encode(&salt), BASE64_NOPAD.encode(&output));
    format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}")
}

fn made_with(settings: HashSettings, stored: &PasswordHash) -> bool {
    Params::try_from(stored).is_ok_and(|params| {
        params.m_cost() == settings.memory_kib
            && params.t_cost() == settings.passes
            && params.p_cost() == settings.lanes
    })
}
