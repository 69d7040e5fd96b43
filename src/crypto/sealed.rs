//! AES-256-GCM with everything that must not be exchanged bound into the seal.
//!
//! A blob is `format ‖ length of key id ‖ key id ‖ generation ‖ nonce ‖ ciphertext ‖ tag`. The key is
//! chosen by the id in the blob's row, never by trial; the blob's own copy must agree with it.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, Nonce};

use crate::domain::{Chance, Environment, NodeTypeId, WorkspaceId};

use super::plaintext::Plaintext;

const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// A blob that does not open: changed, moved, cut, or sealed under another key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value cannot be opened")]
pub struct Unreadable;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value could not be sealed")]
pub struct SealError;

/// What a ciphertext is bound to. A blob found under any other context does not open.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub purpose: &'a str,
    pub workspace: Option<&'a WorkspaceId>,
    pub hook: Option<(&'a NodeTypeId, Environment)>,
    pub row: &'a str,
    pub column: &'a str,
    pub number: i64,
}

/// The key's name as it stands in the blob and in the bound context.
#[derive(Clone, Copy)]
pub(super) struct KeyName<'a> {
    pub id: &'a str,
    pub generation: i32,
}

impl Context<'_> {
    /// Every part length-prefixed, so that no two contexts read the same.
    fn bind(&self, key: KeyName<'_>) -> Vec<u8> {
        let (node_type, environment) = self.hook.map_or(("", ""), |(n, e)| (n.as_str(), e.as_str()));
        let number = self.number.to_be_bytes();
        let generation = key.generation.to_be_bytes();
        let parts: [&[u8]; 10] = [
            &[FORMAT],
            self.purpose.as_bytes(),
            self.workspace.map_or("", WorkspaceId::as_str).as_bytes(),
            node_type.as_bytes(),
            environment.as_bytes(),
            self.row.as_bytes(),
            self.column.as_bytes(),
            &number,
            key.id.as_bytes(),
            &generation,
        ];
        let mut bound = Vec::with_capacity(256);
        for part in parts {
            bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bound.extend_from_slice(part);
        }
        bound
    }
}

fn header(key: KeyName<'_>) -> Result<Vec<u8>, SealError> {
    let id_length = u8::try_from(key.id.len()).map_err(|_| SealError)?;
    let mut header = vec![FORMAT, id_length];
    header.extend_from_slice(key.id.as_bytes());
    header.extend_from_slice(&key.generation.to_be_bytes());
    Ok(header)
}

pub(super) fn seal(
    cipher: &Aes256Gcm,
    key: KeyName<'_>,
    context: &Context<'_>,
    value: &[u8],
    chance: &dyn Chance,
) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0_u8; NONCE_BYTES];
    chance.fill(&mut nonce);
    let payload = Payload { msg: value, aad: &context.bind(key) };
    let ciphertext = cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| SealError)?;
    let mut blob = header(key)?;
    blob.extend_from_slice(&nonce);
    blob.extend_from_slice(&ciphertext);
    Ok(blob)
}

pub(super) fn open(
    cipher: &Aes256Gcm,
    key: KeyName<'_>,
    context: &Context<'_>,
    blob: &[u8],
) -> Result<Plaintext, Unreadable> {
    let expected = header(key).map_err(|_| Unreadable)?;
    let sealed = blob.strip_prefix(expected.as_slice()).ok_or(Unreadable)?;
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(Unreadable)?;
    if ciphertext.len() < TAG_BYTES {
        return Err(Unreadable);
    }
    let payload = Payload { msg: ciphertext, aad: &context.bind(key) };
    cipher.decrypt(&Nonce::from(*nonce), payload).map(Plaintext::new).map_err(|_| Unreadable)
}
