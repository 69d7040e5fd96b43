//! Sealing a credential under the data key of its hook, and counting the seal.

use crate::crypto::{Credential, Keyring};
use crate::domain::keys::{Hook, WrappedDataKey};
use crate::domain::secret::Slot;
use crate::domain::{DataKeyId, Kind, OrganizationId, SecretId, ValueId};
use crate::store::access::{InWorkspace, Proof};
use crate::store::secrets::{Dates, NewValue};
use crate::store::{self, Error, WriteTx};

use super::Tools;

/// After this many values a new generation begins; far below what random nonces allow.
const ROTATE_AFTER: i64 = 1 << 28;

/// What a value shows of itself, beside what is sealed of it.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub kind: Kind,
    pub last_four: Option<&'a str>,
    pub facts: &'a str,
    /// Of a value that is to follow the current one.
    pub dates: Dates,
}

/// Which value of which secret, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Numbered<'a> {
    pub secret: &'a SecretId,
    pub slot: Slot,
    pub number: i64,
}

impl<'a> Numbered<'a> {
    pub fn current(secret: &'a SecretId, number: i64) -> Self {
        Self { secret, slot: Slot::Current, number }
    }
}

/// Seals the credential as a value of the secret.
pub(super) fn seal(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    hook: &Hook,
    Numbered { secret, slot, number }: Numbered<'_>,
    (credential, shown): (&Credential, Shown<'_>),
) -> Result<(), Error> {
    let key = current_key(tx, by, tools.keyring, hook)?;
    let blob = tools.keyring.seal(&key, secret, number, credential).map_err(|_| Error::Unsealed)?;
    store::keys::count_seal(tx, by, &key.id)?;
    let id = ValueId::draw(tx.now(), tools.chance);
    let Shown { kind, last_four, facts, dates } = shown;
    let value =
        NewValue { id: &id, secret, slot, number, data_key: &key.id, blob: &blob, kind, last_four, facts, dates };
    store::secrets::insert_value(tx, by, &value)
}

/// Seals the secret of an OAuth client, with where it may go, under the key of its hook.
pub(super) fn seal_client(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    hook: &Hook,
    numbered: (Option<&OrganizationId>, i64),
    client: &Credential,
) -> Result<(DataKeyId, Vec<u8>), Error> {
    let key = current_key(tx, by, tools.keyring, hook)?;
    let blob = tools.keyring.seal_client(&key, numbered, client).map_err(|_| Error::Unsealed)?;
    store::keys::count_seal(tx, by, &key.id)?;
    Ok((key.id, blob))
}

fn current_key(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    keyring: &Keyring,
    hook: &Hook,
) -> Result<WrappedDataKey, Error> {
    let newest = store::keys::newest(tx, by, hook)?;
    let generation = match newest {
        Some(counted) if counted.seals < ROTATE_AFTER => return Ok(counted.key),
        Some(counted) => counted.key.generation + 1,
        None => 1,
    };
    let workspace_key = store::keys::workspace_key(tx, by)?;
    let key = keyring.new_data_key(hook.clone(), generation, workspace_key).map_err(|_| Error::Unsealed)?;
    store::keys::insert(tx, by, &key)?;
    Ok(key)
}
