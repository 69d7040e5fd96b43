//! Known answers, properties and refusals of everything in this folder.
//!
//! The known answers come from Python's `hmac`, `zlib` and `base64` and from Node's `crypto`.

use std::collections::BTreeMap;
use std::fs;
use std::future::{Future, poll_fn};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::keys::{Hook, SealedValue, WrappedDataKey, WrappedWorkspaceKey};
use crate::domain::{
    Chance, Clock, Environment, LinkId, Moment, NodeTypeId, SecretId, TokenId, WebhookId, WorkspaceId,
};

use super::kdf::Key;
use super::sealed::{self, KeyName};
use super::*;

mod known_answers;
mod masters;
mod passwords;
mod sealing;
mod tokens;

const BODY: &str = "01jd8x3f5k7q9r2t4v6w8y0z1a";

/// The same byte for ever.
struct Same(u8);

impl Chance for Same {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

/// Bytes that differ at every draw and are the same in every run.
#[derive(Default)]
struct Drawn(AtomicU64);

impl Chance for Drawn {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let drawn = Sha256::digest(self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

#[derive(Default)]
struct Set(AtomicI64);

impl Set {
    fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Set {
    fn now(&self) -> Moment {
        Moment::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(span);
        Box::pin(std::future::ready(()))
    }
}

fn counted() -> Key {
    let bytes: Vec<u8> = (0..32).collect();
    Key::from_slice(&bytes).unwrap()
}

fn masters(entries: &[(&str, u8)]) -> MasterKeys {
    let entries: Vec<_> = entries.iter().map(|(id, byte)| format!("{id}:{}", BASE64.encode(&[*byte; 32]))).collect();
    MasterKeys::parse(&entries.join(",")).unwrap()
}

/// A keyring with one workspace, one data key and a way to draw more.
struct World {
    keyring: Keyring,
    installation: InstallationKeys,
    workspace_key: WrappedWorkspaceKey,
    key: WrappedDataKey,
    secret: SecretId,
    clock: Arc<Set>,
    chance: Arc<Drawn>,
}

impl World {
    fn new() -> Self {
        let (clock, chance) = (Arc::new(Set::default()), Arc::new(Drawn::default()));
        let installation = InstallationKeys::draw(&masters(&[("main", 1)]), &*chance).unwrap();
        let keyring = Keyring::open(masters(&[("main", 1)]), &installation, clock.clone(), chance.clone()).unwrap();
        let workspace = WorkspaceId::draw(clock.now(), &*chance);
        let workspace_key = keyring.new_workspace_key(&workspace).unwrap();
        let hook = Hook { node_type: NodeTypeId::draw(clock.now(), &*chance), environment: Environment::Live };
        let key = keyring.new_data_key(hook, 1, workspace_key.clone()).unwrap();
        let secret = SecretId::draw(clock.now(), &*chance);
        Self { keyring, installation, workspace_key, key, secret, clock, chance }
    }

    fn sealed(&self) -> SealedValue {
        let blob = self.keyring.seal(&self.key, &self.secret, 1, &credential("sk_live_value")).unwrap();
        SealedValue { secret: self.secret.clone(), hook: self.key.hook.clone(), number: 1, blob, key: self.key.clone() }
    }

    /// Another process with the same keys and nothing cached.
    fn restarted(&self, keys: &[(&str, u8)]) -> Keyring {
        Keyring::open(masters(keys), &self.installation, self.clock.clone(), self.chance.clone()).unwrap()
    }

    /// Opens as the process that sealed it, whose cache is warm, and as one that has just started.
    fn opens(&self, value: &SealedValue) -> bool {
        let warm = self.keyring.open_value(Purpose::Vend, value).is_ok();
        let cold = self.restarted(&[("main", 1)]).open_value(Purpose::Vend, value).is_ok();
        assert_eq!(warm, cold, "the cache must not decide");
        warm
    }
}

fn credential(value: &str) -> Credential {
    Credential::new(("key".to_owned(), Entered::new(value.to_owned())), [], Route::default())
}
