//! Requests that come again: what the first of them made is found by the key that its sender gave it.

use crate::crypto::{Keyring, Mac};
use crate::store::access::{Proof, TokenRight};
use crate::store::{self, Error, Fault, ReadTx, Refusal, WriteTx};

/// The key of a request, and the request itself, both unreadable.
pub struct Once {
    key: Mac,
    request: Mac,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key of this request stood for another one")]
pub struct KeyReused;

impl Refusal for KeyReused {}

impl Once {
    /// `request` is all that was asked, whatever it holds.
    pub fn new(keyring: &Keyring, key: &str, request: &[&[u8]]) -> Self {
        Self { key: keyring.repeat_mac(&[key.as_bytes()]), request: keyring.repeat_mac(request) }
    }
}

/// The id of what the same request has made before.
pub fn made<T: std::str::FromStr, E: From<KeyReused>>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    once: Option<&Once>,
) -> Result<Option<T>, Fault<E>> {
    let Some(once) = once else { return Ok(None) };
    let Some(row) = store::repeats::find(tx, by, once.key.as_bytes())? else { return Ok(None) };
    if !once.request.matches(&row.request_mac) {
        return Err(Fault::Refused(KeyReused.into()));
    }
    Ok(row.made.parse().ok())
}

pub fn note(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    once: Option<&Once>,
    made: &str,
) -> Result<(), Error> {
    let Some(once) = once else { return Ok(()) };
    store::repeats::put(tx, by, (once.key.as_bytes(), once.request.as_bytes(), made))
}
