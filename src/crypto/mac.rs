//! Message authentication codes, compared in constant time.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::kdf::Key;

/// An HMAC-SHA256 value. Equality takes the same time whatever differs.
#[derive(Clone)]
pub struct Mac([u8; 32]);

impl Mac {
    /// Every part counts with its length, so that no two lists of parts give the same input.
    pub(super) fn over(key: &Key, parts: &[&[u8]]) -> Self {
        // HMAC pads a key that is shorter than its block with zeros; done here, it cannot fail.
        let mut block = Zeroizing::new([0_u8; 64]);
        for (into, from) in block.iter_mut().zip(key.bytes()) {
            *into = *from;
        }
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Self(mac.finalize().into_bytes().into())
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }
}
