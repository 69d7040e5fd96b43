//! 256-bit keys, and short-lived ones derived from longer-lived ones.

use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::Chance;

pub(super) const KEY_BYTES: usize = 32;

/// 32 secret bytes that erase themselves. Deliberately without `Debug`, `Clone` and `Serialize`.
pub(super) struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl Key {
    pub(super) fn draw(chance: &dyn Chance) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(bytes.as_mut_slice());
        Self(bytes)
    }

    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    pub(super) fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*self.0).into())
    }

    /// A key for one purpose; nothing about this one follows from it.
    pub(super) fn derive(&self, purpose: &str) -> Self {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let derived = Hkdf::<Sha256>::new(None, self.bytes()).expand(purpose.as_bytes(), bytes.as_mut_slice());
        debug_assert!(derived.is_ok(), "32 bytes are within HKDF's limit");
        Self(bytes)
    }
}
