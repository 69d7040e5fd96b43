//! Bearer tokens: a readable prefix, the id to look up, 32 random bytes, and a checksum.
//!
//! `kr_live_` + id body (26) + secret (52) + checksum (7). Only an HMAC of the whole is stored.

use std::str::FromStr;

use data_encoding::{Encoding, Specification};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;
use zeroize::Zeroizing;

use crate::domain::id::Malformed;
use crate::domain::{CalendarId, Chance, ConnectSessionId, Environment, FlowId, LinkId, TokenId};

const SECRET_BYTES: usize = 32;
const SECRET_CHARS: usize = 52;
const SUM_CHARS: usize = 7;
const ID_CHARS: usize = 26;

/// Base 32 in lower case without padding; every text has exactly one reading.
pub(super) static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification.encoding().unwrap_or(data_encoding::BASE32_NOPAD)
});

/// A token as it is shown, once.
pub struct NewToken(Zeroizing<String>);

impl NewToken {
    pub fn draw(id: &TokenId, environment: Environment, chance: &dyn Chance) -> Self {
        let prefix = format!("kr_{environment}_");
        Self(compose(&prefix, id.as_str().trim_start_matches(TokenId::PREFIX), chance))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token as it was sent: well formed, not yet known to be anybody's.
pub struct Bearer {
    pub id: TokenId,
    text: Zeroizing<String>,
}

impl FromStr for Bearer {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let known = Environment::ALL.iter().find_map(|e| text.strip_prefix(&format!("kr_{e}_")).map(|rest| (e, rest)));
        let (environment, rest) = known.ok_or(Malformed("token"))?;
        let body = checked(&format!("kr_{environment}_"), rest)?;
        let id = format!("{}{body}", TokenId::PREFIX).parse()?;
        Ok(Self { id, text: Zeroizing::new(text.to_owned()) })
    }
}

impl Bearer {
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

macro_rules! carried {
    ($($(#[$meta:meta])* $name:ident($id:ident) $prefix:literal $what:literal;)+) => {$(
        $(#[$meta])*
        pub struct $name {
            pub id: $id,
            text: Zeroizing<String>,
        }

        impl $name {
            const PREFIX: &'static str = $prefix;

            pub fn draw(id: $id, chance: &dyn Chance) -> Self {
                let text = compose(Self::PREFIX, id.as_str().trim_start_matches($id::PREFIX), chance);
                Self { id, text }
            }

            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                let rest = text.strip_prefix(Self::PREFIX).ok_or(Malformed($what))?;
                let body = checked(Self::PREFIX, rest)?;
                let id = format!("{}{body}", $id::PREFIX).parse()?;
                Ok(Self { id, text: Zeroizing::new(text.to_owned()) })
            }
        }
    )+};
}

carried! {
    /// The secret part of a single-use link.
    LinkToken(LinkId) "kr_link_" "link";
    /// The state that goes to a provider and comes back.
    StateToken(FlowId) "kr_state_" "state";
    /// The secret part of the link that opens a connect session.
    ConnectToken(ConnectSessionId) "kr_connect_" "connect session";
    /// What the page of a connect session carries from form to form.
    PageToken(ConnectSessionId) "kr_page_" "page";
    /// The secret part of a private link, by which a calendar reads until the link is taken back.
    CalendarToken(CalendarId) "kr_calendar_" "calendar";
}

/// The S256 challenge of a verifier.
pub fn challenge_of(verifier: &str) -> String {
    data_encoding::BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()))
}

fn compose(prefix: &str, id: &str, chance: &dyn Chance) -> Zeroizing<String> {
    let mut secret = Zeroizing::new([0_u8; SECRET_BYTES]);
    chance.fill(secret.as_mut_slice());
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + ID_CHARS + SECRET_CHARS + SUM_CHARS));
    text.push_str(prefix);
    text.push_str(id);
    BASE32.encode_append(secret.as_slice(), &mut text);
    let sum = checksum(&text);
    text.push_str(&sum);
    text
}

/// Catches truncation and typing errors before anything is looked up; proves nothing.
fn checksum(text: &str) -> String {
    BASE32.encode(&crc32fast::hash(text.as_bytes()).to_be_bytes())
}

/// The id part of a text that is whole.
fn checked<'a>(prefix: &str, rest: &'a str) -> Result<&'a str, Malformed> {
    const WRONG: Malformed = Malformed("token");
    if !rest.is_ascii() || rest.len() != ID_CHARS + SECRET_CHARS + SUM_CHARS {
        return Err(WRONG);
    }
    let (kept, sum) = rest.split_at(ID_CHARS + SECRET_CHARS);
    let (id, secret) = kept.split_at(ID_CHARS);
    let whole = checksum(&format!("{prefix}{kept}")) == sum;
    let canonical = BASE32.decode(secret.as_bytes()).is_ok_and(|bytes| bytes.len() == SECRET_BYTES);
    if whole && canonical { Ok(id) } else { Err(WRONG) }
}
