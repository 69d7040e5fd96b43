//! The keyring: the one place that turns wrapped keys into usable ones.
//!
//! Unwrapped data keys are kept for a few minutes, bounded in number; opened values never are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aes_gcm::Aes256Gcm;
use data_encoding::BASE64URL_NOPAD;
use zeroize::Zeroizing;

use crate::domain::keys::{
    Hook, SealedClient, SealedValue, WrappedDataKey, WrappedInstallationKey, WrappedWorkspaceKey,
};
use crate::domain::{
    Chance, Clock, DataKeyId, Errand, FlowId, ImportId, JobId, Moment, OrganizationId, PersonId, SecretId, WebhookId,
    Work, WorkspaceId,
};

use super::contexts::{
    client_context, data_key_context, errand_context, import_context, installation_context, signing_context,
    value_context, work_context, workspace_context,
};
use super::credential::Credential;
use super::kdf::Key;
use super::mac::Mac;
use super::master::MasterKeys;
use super::plaintext::{Entered, Plaintext, Purpose};
use super::sealed::{self, Context, KeyName, SealError, Unreadable};
use super::signing::NewSigningKey;
use super::token::{Bearer, CalendarToken, ConnectToken, LinkToken, NewToken, PageToken, StateToken};

const CACHED_KEYS: usize = 10_000;
const CACHE_LIFETIME: Duration = Duration::from_mins(5);
const PEPPER: &str = "pepper";
const AUDIT: &str = "audit";
const WRAPPING: &str = "keyrack wrapping v1";
const WORK: &str = "keyrack queued work v1";
const IMPORT: &str = "keyrack imports v1";
const ERRAND: &str = "keyrack errands v1";
const SIGNING: &str = "keyrack webhook signing v1";
const WORK_KEY: KeyName<'static> = KeyName { id: PEPPER, generation: 0 };

#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error("the master key \"{0}\" is needed and not configured")]
    Missing(String),
    #[error("the master key \"{0}\" is not the one that this database was made with")]
    Wrong(String),
    #[error("the installation key \"{0}\" is missing in the database")]
    Incomplete(&'static str),
}

/// The keys of the whole installation, wrapped: random once, never changed by a rotation.
pub struct InstallationKeys(pub Vec<WrappedInstallationKey>);

/// What an import's text is bound to.
#[derive(Clone, Copy)]
pub struct ImportOf<'a> {
    pub import: &'a ImportId,
    pub workspace: &'a WorkspaceId,
    pub person: &'a PersonId,
}

struct Cached {
    workspace: WorkspaceId,
    cipher: Arc<Aes256Gcm>,
    until: Moment,
}

pub struct Keyring {
    masters: MasterKeys,
    pepper: Key,
    audit: Key,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    cache: Mutex<HashMap<DataKeyId, Cached>>,
}

impl MasterKeys {
    /// A value by which a later start tells whether it was given the same key under this id.
    pub fn check_value(&self, id: &str) -> Option<Mac> {
        self.find(id).map(|key| Mac::over(&key.derive("keyrack key check v1"), &[id.as_bytes()]))
    }

    pub fn active_id(&self) -> &str {
        self.active().0
    }

    fn wrap(&self, context: &Context<'_>, key: &Key, chance: &dyn Chance) -> Result<(String, Vec<u8>), SealError> {
        let (id, master) = self.active();
        let name = KeyName { id, generation: 0 };
        let blob = sealed::seal(&master.derive(WRAPPING).cipher(), name, context, key.bytes(), chance)?;
        Ok((id.to_owned(), blob))
    }

    fn unwrap_key(&self, id: &str, context: &Context<'_>, blob: &[u8]) -> Result<Key, KeyringError> {
        let master = self.find(id).ok_or_else(|| KeyringError::Missing(id.to_owned()))?;
        let name = KeyName { id, generation: 0 };
        let wrong = || KeyringError::Wrong(id.to_owned());
        let plain = sealed::open(&master.derive(WRAPPING).cipher(), name, context, blob).map_err(|_| wrong())?;
        Key::from_slice(plain.bytes()).ok_or_else(wrong)
    }
}

impl InstallationKeys {
    pub fn draw(masters: &MasterKeys, chance: &dyn Chance) -> Result<Self, SealError> {
        let wrap = |purpose: &str| {
            let key = Key::draw(chance);
            let (master, blob) = masters.wrap(&installation_context(purpose), &key, chance)?;
            Ok(WrappedInstallationKey { purpose: purpose.to_owned(), master, blob })
        };
        Ok(Self(vec![wrap(PEPPER)?, wrap(AUDIT)?]))
    }

    fn open(&self, masters: &MasterKeys, purpose: &'static str) -> Result<Key, KeyringError> {
        let wrapped = self.0.iter().find(|k| k.purpose == purpose).ok_or(KeyringError::Incomplete(purpose))?;
        masters.unwrap_key(&wrapped.master, &installation_context(purpose), &wrapped.blob)
    }
}

impl Keyring {
    pub fn open(
        masters: MasterKeys,
        keys: &InstallationKeys,
        clock: Arc<dyn Clock>,
        chance: Arc<dyn Chance>,
    ) -> Result<Self, KeyringError> {
        let pepper = keys.open(&masters, PEPPER)?;
        let audit = keys.open(&masters, AUDIT)?;
        Ok(Self { masters, pepper, audit, clock, chance, cache: Mutex::default() })
    }

    /// Whether these are the installation keys that it was opened with.
    pub fn is_of(&self, keys: &InstallationKeys) -> bool {
        let same = |held: &Key, purpose| {
            let check = |key: &Key| Mac::over(key, &[b"same key"]);
            keys.open(&self.masters, purpose).is_ok_and(|kept| check(held).matches(check(&kept).as_bytes()))
        };
        same(&self.pepper, PEPPER) && same(&self.audit, AUDIT)
    }

    pub fn new_workspace_key(&self, workspace: &WorkspaceId) -> Result<WrappedWorkspaceKey, SealError> {
        let key = Key::draw(&*self.chance);
        let (master, blob) = self.masters.wrap(&workspace_context(workspace), &key, &*self.chance)?;
        Ok(WrappedWorkspaceKey { workspace: workspace.clone(), master, blob })
    }

    pub fn new_data_key(
        &self,
        hook: Hook,
        generation: i32,
        workspace_key: WrappedWorkspaceKey,
    ) -> Result<WrappedDataKey, SealError> {
        let id = DataKeyId::draw(self.clock.now(), &*self.chance);
        let key = Key::draw(&*self.chance);
        let wrapping = self.open_workspace_key(&workspace_key).map_err(|_| SealError)?;
        let name = KeyName { id: id.as_str(), generation };
        let context = data_key_context(&workspace_key.workspace, &hook, &id, generation);
        let blob = sealed::seal(&wrapping.cipher(), name, &context, key.bytes(), &*self.chance)?;
        Ok(WrappedDataKey { id, hook, generation, blob, workspace_key })
    }

    /// Seals a credential for one row and one value number.
    pub fn seal(
        &self,
        key: &WrappedDataKey,
        secret: &SecretId,
        number: i64,
        credential: &Credential,
    ) -> Result<Vec<u8>, SealError> {
        let cipher = self.data_cipher(key).map_err(|_| SealError)?;
        let context = value_context(key, secret, number);
        sealed::seal(&cipher, name_of(key), &context, credential.encode()?.bytes(), &*self.chance)
    }

    pub fn open_value(&self, purpose: Purpose, value: &SealedValue) -> Result<Credential, Unreadable> {
        tracing::trace!(?purpose, secret = %value.secret, "opening a value");
        // A secret whose row was moved to another hook has no key there.
        if value.hook != value.key.hook {
            return Err(Unreadable);
        }
        let cipher = self.data_cipher(&value.key).map_err(|_| Unreadable)?;
        let context = value_context(&value.key, &value.secret, value.number);
        let plain: Plaintext = sealed::open(&cipher, name_of(&value.key), &context, &value.blob)?;
        Credential::decode(&plain)
    }

    /// Seals the secret of an OAuth client, with where it may go, under the key of its hook.
    pub fn seal_client(
        &self,
        key: &WrappedDataKey,
        (organization, number): (Option<&OrganizationId>, i64),
        client: &Credential,
    ) -> Result<Vec<u8>, SealError> {
        let cipher = self.data_cipher(key).map_err(|_| SealError)?;
        let context = client_context(key, organization, number);
        sealed::seal(&cipher, name_of(key), &context, client.encode()?.bytes(), &*self.chance)
    }

    pub fn open_client(&self, purpose: Purpose, client: &SealedClient) -> Result<Credential, Unreadable> {
        tracing::trace!(?purpose, node_type = %client.key.hook.node_type, "opening an OAuth client");
        let cipher = self.data_cipher(&client.key)?;
        let context = client_context(&client.key, client.organization.as_ref(), client.number);
        Credential::decode(&sealed::open(&cipher, name_of(&client.key), &context, &client.blob)?)
    }

    /// Seals the key that signs what is sent to a webhook. It opens with its workspace's key alone.
    pub fn seal_signing_key(
        &self,
        wrapping: &WrappedWorkspaceKey,
        (webhook, number): (&WebhookId, i64),
        key: &NewSigningKey,
    ) -> Result<Vec<u8>, SealError> {
        let cipher = self.open_workspace_key(wrapping).map_err(|_| SealError)?.derive(SIGNING).cipher();
        let (name, of) = (KeyName { id: wrapping.workspace.as_str(), generation: 0 }, &wrapping.workspace);
        sealed::seal(&cipher, name, &signing_context(of, webhook, number), key.as_str().as_bytes(), &*self.chance)
    }

    pub fn open_signing_key(
        &self,
        purpose: Purpose,
        wrapping: &WrappedWorkspaceKey,
        (webhook, number): (&WebhookId, i64),
        blob: &[u8],
    ) -> Result<Plaintext, Unreadable> {
        tracing::trace!(?purpose, %webhook, "opening a signing key");
        let cipher = self.open_workspace_key(wrapping).map_err(|_| Unreadable)?.derive(SIGNING).cipher();
        let (name, of) = (KeyName { id: wrapping.workspace.as_str(), generation: 0 }, &wrapping.workspace);
        sealed::open(&cipher, name, &signing_context(of, webhook, number), blob)
    }

    fn data_cipher(&self, key: &WrappedDataKey) -> Result<Arc<Aes256Gcm>, Unreadable> {
        let now = self.clock.now();
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache.get(&key.id)
            && known.until > now
            && known.workspace == key.workspace_key.workspace
        {
            return Ok(known.cipher.clone());
        }
        let cipher = Arc::new(self.unwrap_data_key(key)?.cipher());
        if cache.len() >= CACHED_KEYS {
            cache.retain(|_, known| known.until > now);
        }
        if cache.len() >= CACHED_KEYS {
            cache.clear();
        }
        let workspace = key.workspace_key.workspace.clone();
        cache.insert(key.id.clone(), Cached { workspace, cipher: cipher.clone(), until: now.plus(CACHE_LIFETIME) });
        Ok(cipher)
    }

    fn unwrap_data_key(&self, key: &WrappedDataKey) -> Result<Key, Unreadable> {
        let wrapping = self.open_workspace_key(&key.workspace_key).map_err(|_| Unreadable)?;
        let context = data_key_context(&key.workspace_key.workspace, &key.hook, &key.id, key.generation);
        let plain = sealed::open(&wrapping.cipher(), name_of(key), &context, &key.blob)?;
        Key::from_slice(plain.bytes()).ok_or(Unreadable)
    }

    fn open_workspace_key(&self, key: &WrappedWorkspaceKey) -> Result<Key, KeyringError> {
        self.masters.unwrap_key(&key.master, &workspace_context(&key.workspace), &key.blob)
    }
}

/// What the installation keys vouch for: tokens, links, cookies, forms, the audit chains.
impl Keyring {
    pub fn new_token_mac(&self, token: &NewToken) -> Mac {
        self.peppered("service token", &[token.as_str().as_bytes()])
    }

    pub fn bearer_mac(&self, token: &Bearer) -> Mac {
        self.peppered("service token", &[token.bytes()])
    }

    pub fn link_mac(&self, link: &LinkToken) -> Mac {
        self.peppered("link", &[link.as_str().as_bytes()])
    }

    /// A state counts in the browser that it was made for alone.
    pub fn flow_mac(&self, state: &StateToken, browser: &str) -> Mac {
        self.peppered("flow", &[state.as_str().as_bytes(), browser.as_bytes()])
    }

    pub fn connect_mac(&self, link: &ConnectToken) -> Mac {
        self.peppered("connect session", &[link.as_str().as_bytes()])
    }

    pub fn calendar_mac(&self, link: &CalendarToken) -> Mac {
        self.peppered("calendar", &[link.as_str().as_bytes()])
    }

    pub fn page_mac(&self, page: &PageToken) -> Mac {
        self.peppered("connect page", &[page.as_str().as_bytes()])
    }

    pub fn session_mac(&self, cookie: &str) -> Mac {
        self.peppered("session", &[cookie.as_bytes()])
    }

    /// What a form must carry to be taken from this browser in this session.
    pub fn form_token(&self, browser: &str, session: &str) -> String {
        BASE64URL_NOPAD.encode(self.peppered("form", &[browser.as_bytes(), session.as_bytes()]).as_bytes())
    }

    pub fn form_token_matches(&self, browser: &str, session: &str, sent: &str) -> bool {
        let sent = BASE64URL_NOPAD.decode(sent.as_bytes()).unwrap_or_default();
        self.peppered("form", &[browser.as_bytes(), session.as_bytes()]).matches(&sent)
    }

    /// By which a browser shows that this person has signed in on it before.
    pub fn device_mac(&self, person: &str, device: &str) -> Mac {
        self.peppered("device", &[person.as_bytes(), device.as_bytes()])
    }

    /// Names what attempts are counted by, without keeping addresses or accounts readable.
    pub fn throttle_key(&self, parts: &[&[u8]]) -> Mac {
        self.peppered("throttle", parts)
    }

    /// Names a request by the key that its sender gave it, and tells one request from another, without keeping either.
    pub fn repeat_mac(&self, parts: &[&[u8]]) -> Mac {
        self.peppered("repeat", parts)
    }

    /// Seals what is to be done later: it may hold the text of a link, which is kept nowhere else.
    pub fn seal_work(&self, job: &JobId, work: &Work) -> Result<Vec<u8>, SealError> {
        let text = Zeroizing::new(serde_json::to_vec(work).map_err(|_| SealError)?);
        sealed::seal(&self.pepper.derive(WORK).cipher(), WORK_KEY, &work_context(job), &text, &*self.chance)
    }

    pub fn open_work(&self, job: &JobId, blob: &[u8]) -> Result<Work, Unreadable> {
        let plain = sealed::open(&self.pepper.derive(WORK).cipher(), WORK_KEY, &work_context(job), blob)?;
        serde_json::from_slice(plain.bytes()).map_err(|_| Unreadable)
    }

    /// Seals what somebody has pasted to be taken apart: for this import, and for them alone.
    pub fn seal_import(&self, of: ImportOf<'_>, text: &Entered) -> Result<Vec<u8>, SealError> {
        let cipher = self.pepper.derive(IMPORT).cipher();
        sealed::seal(&cipher, WORK_KEY, &import_context(&of), text.as_str().as_bytes(), &*self.chance)
    }

    pub fn open_import(&self, of: ImportOf<'_>, blob: &[u8]) -> Result<Entered, Unreadable> {
        let plain = sealed::open(&self.pepper.derive(IMPORT).cipher(), WORK_KEY, &import_context(&of), blob)?;
        let text = std::str::from_utf8(plain.bytes()).map_err(|_| Unreadable)?;
        Ok(Entered::exact(text.to_owned()))
    }

    pub fn seal_errand(&self, flow: &FlowId, errand: &Errand) -> Result<Vec<u8>, SealError> {
        let text = Zeroizing::new(serde_json::to_vec(errand).map_err(|_| SealError)?);
        sealed::seal(&self.pepper.derive(ERRAND).cipher(), WORK_KEY, &errand_context(flow), &text, &*self.chance)
    }

    pub fn open_errand(&self, flow: &FlowId, blob: &[u8]) -> Result<Errand, Unreadable> {
        let plain = sealed::open(&self.pepper.derive(ERRAND).cipher(), WORK_KEY, &errand_context(flow), blob)?;
        serde_json::from_slice(plain.bytes()).map_err(|_| Unreadable)
    }

    /// The key that session cookies are signed with, for the cookie library alone.
    pub fn cookie_key(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.pepper.derive("keyrack session cookies v1").bytes().to_vec())
    }

    pub fn audit_mac(&self, parts: &[&[u8]]) -> Mac {
        Mac::over(&self.audit, parts)
    }

    /// A short random text for cookies and nonces.
    pub fn random_text(&self) -> String {
        let mut bytes = [0_u8; 24];
        self.chance.fill(&mut bytes);
        BASE64URL_NOPAD.encode(&bytes)
    }

    fn peppered(&self, purpose: &str, parts: &[&[u8]]) -> Mac {
        let mut all = vec![purpose.as_bytes()];
        all.extend_from_slice(parts);
        Mac::over(&self.pepper, &all)
    }
}

fn name_of(key: &WrappedDataKey) -> KeyName<'_> {
    KeyName { id: key.id.as_str(), generation: key.generation }
}
