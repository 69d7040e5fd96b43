//! The keys by which a receiver tells that an event comes from here.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::domain::{Chance, Moment};

use super::plaintext::{Plaintext, Purpose};
use super::sealed::Unreadable;
use super::token::BASE32;

const PREFIX: &str = "whsec_";
const BYTES: usize = 32;

/// A signing key as it is shown, once. The whole text is the key.
pub struct NewSigningKey(Zeroizing<String>);

impl NewSigningKey {
    pub fn draw(chance: &dyn Chance) -> Self {
        let mut bytes = Zeroizing::new([0_u8; BYTES]);
        chance.fill(bytes.as_mut_slice());
        // Reserved at once: growing would leave copies of it behind.
        let mut text = Zeroizing::new(String::with_capacity(64));
        text.push_str(PREFIX);
        BASE32.encode_append(bytes.as_slice(), &mut text);
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn last_four(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(4)..).unwrap_or_default()
    }
}

/// `t=…, v1=…`: the time in milliseconds, and the HMAC-SHA256 of time, full stop and body, in hexadecimal.
pub fn signature(key: &Plaintext, at: Moment, body: &[u8]) -> Result<String, Unreadable> {
    let time = at.millis().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose(Purpose::Sign)).map_err(|_| Unreadable)?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    let sum = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
    Ok(format!("t={time}, v1={sum}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Chance for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    /// The sum was computed with openssl: `printf '%s' '1795257720000.{}' | openssl dgst -sha256 -hmac whsec_abc`.
    #[test]
    fn a_signature_is_what_others_compute() {
        let key = Plaintext::new(b"whsec_abc".to_vec());
        let at = Moment::from_micros(1_795_257_720_000_000);
        let sum = "6aa6e5ebe4b0254cb66fefcc51b8067b9b67cb6ddafc0afdaebb2e46a68f47a5";
        assert_eq!(signature(&key, at, b"{}").ok().as_deref(), Some(format!("t=1795257720000, v1={sum}").as_str()));
    }

    #[test]
    fn keys_have_all_their_bytes_and_differ() {
        let (one, other) = (NewSigningKey::draw(&Fixed(1)), NewSigningKey::draw(&Fixed(2)));
        assert!(one.as_str().starts_with(PREFIX) && one.as_str().len() == PREFIX.len() + 52);
        assert_ne!(one.as_str(), other.as_str());
        assert!(one.as_str().ends_with(one.last_four()) && one.last_four().len() == 4);
    }
}
