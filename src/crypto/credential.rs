//! What is sealed for a secret: its fields, and where they may travel.
//!
//! The encoding is a list of length-prefixed parts, so that no serialiser ever touches a value. The
//! value comes first, so that what was sealed always has one.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::plaintext::{Entered, Plaintext, Purpose};
use super::sealed::{SealError, Unreadable};

const FORMAT: u8 = 1;

/// Where a value may travel, fixed when it was entered and sealed with it: hosts, and the way it
/// is put into a request. Plain facts, kept as the catalogue's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Route {
    pub base_url: String,
    pub hosts: Vec<String>,
    pub placement: serde_json::Value,
    /// Who may be asked for tokens with it, as origins; nobody where nothing of it is ever sent to a provider.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<String>,
}

/// A credential before sealing or after opening: the value itself, the fields beside it, and its route.
pub struct Credential {
    value: Field,
    others: BTreeMap<String, Zeroizing<String>>,
    pub route: Route,
}

struct Field {
    name: String,
    text: Zeroizing<String>,
}

impl Credential {
    pub fn new(
        (name, value): (String, Entered),
        others: impl IntoIterator<Item = (String, Entered)>,
        route: Route,
    ) -> Self {
        let own = |value: Entered| Zeroizing::new(value.as_str().to_owned());
        let others = others.into_iter().map(|(name, value)| (name, own(value)));
        Self { value: Field { name, text: own(value) }, others: others.collect(), route }
    }

    /// The one field that is the value.
    pub fn value(&self, _purpose: Purpose) -> &str {
        &self.value.text
    }

    /// What the catalogue calls that field.
    pub fn value_name(&self) -> &str {
        &self.value.name
    }

    /// The fields beside the value, with their names.
    pub fn others(&self, _purpose: Purpose) -> impl Iterator<Item = (&str, &str)> {
        self.others.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn encode(&self) -> Result<Plaintext, SealError> {
        let route = serde_json::to_vec(&self.route).map_err(|_| SealError)?;
        let fields = || {
            let value = std::iter::once((&self.value.name, &self.value.text));
            value.chain(&self.others)
        };
        let size = fields().map(|(n, v)| n.len() + v.len() + 8).sum::<usize>() + route.len() + 16;
        // Reserved at once: growing would leave copies of the value behind.
        let mut bytes = Vec::with_capacity(size);
        bytes.push(FORMAT);
        put(&mut bytes, &route);
        for (name, value) in fields() {
            put(&mut bytes, name.as_bytes());
            put(&mut bytes, value.as_bytes());
        }
        Ok(Plaintext::new(bytes))
    }

    pub(super) fn decode(plain: &Plaintext) -> Result<Self, Unreadable> {
        let (format, mut rest) = plain.bytes().split_first().ok_or(Unreadable)?;
        if *format != FORMAT {
            return Err(Unreadable);
        }
        let route = serde_json::from_slice(take(&mut rest)?).map_err(|_| Unreadable)?;
        let (name, value) = field(&mut rest)?;
        let mut others = BTreeMap::new();
        while !rest.is_empty() {
            let (name, value) = field(&mut rest)?;
            others.insert(name, value);
        }
        Ok(Self { value: Field { name, text: value }, others, route })
    }
}

fn field(rest: &mut &[u8]) -> Result<(String, Zeroizing<String>), Unreadable> {
    let name = text(take(rest)?)?.to_owned();
    Ok((name, Zeroizing::new(text(take(rest)?)?.to_owned())))
}

fn put(into: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    into.extend_from_slice(&length.to_be_bytes());
    into.extend_from_slice(part);
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Unreadable> {
    let (length, tail) = rest.split_first_chunk::<4>().ok_or(Unreadable)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Unreadable)?;
    let (part, tail) = tail.split_at_checked(length).ok_or(Unreadable)?;
    *rest = tail;
    Ok(part)
}

fn text(bytes: &[u8]) -> Result<&str, Unreadable> {
    std::str::from_utf8(bytes).map_err(|_| Unreadable)
}
