//! What is sealed for a secret: its fields, and where they may travel.
//!
//! The encoding is a list of length-prefixed parts, so that no serialiser ever touches a value.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::plaintext::{Entered, Plaintext, Purpose};
use super::sealed::Unreadable;

const FORMAT: u8 = 1;

/// Where a value may travel, fixed when it was entered and sealed with it: hosts, and the way it
/// is put into a request. Plain facts, kept as the catalogue's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Route {
    pub base_url: String,
    pub hosts: Vec<String>,
    pub placement: serde_json::Value,
}

/// A credential's fields and route, before sealing or after opening.
pub struct Credential {
    fields: BTreeMap<String, Zeroizing<String>>,
    pub route: Route,
}

impl Credential {
    pub fn new(fields: impl IntoIterator<Item = (String, Entered)>, route: Route) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name, Zeroizing::new(value.as_str().to_owned())));
        Self { fields: fields.collect(), route }
    }

    pub fn field(&self, name: &str, _purpose: Purpose) -> Option<&str> {
        self.fields.get(name).map(|value| value.as_str())
    }

    /// All fields with their names, for the one answer that hands them out.
    pub fn fields(&self, _purpose: Purpose) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn encode(&self) -> Plaintext {
        let route = serde_json::to_vec(&self.route).unwrap_or_default();
        let size = self.fields.iter().map(|(n, v)| n.len() + v.len() + 8).sum::<usize>() + route.len() + 16;
        // Reserved at once: growing would leave copies of the value behind.
        let mut bytes = Vec::with_capacity(size);
        bytes.push(FORMAT);
        put(&mut bytes, &route);
        for (name, value) in &self.fields {
            put(&mut bytes, name.as_bytes());
            put(&mut bytes, value.as_bytes());
        }
        Plaintext::new(bytes)
    }

    pub(super) fn decode(plain: &Plaintext) -> Result<Self, Unreadable> {
        let (format, mut rest) = plain.bytes().split_first().ok_or(Unreadable)?;
        if *format != FORMAT {
            return Err(Unreadable);
        }
        let route = serde_json::from_slice(take(&mut rest)?).map_err(|_| Unreadable)?;
        let mut fields = BTreeMap::new();
        while !rest.is_empty() {
            let name = text(take(&mut rest)?)?.to_owned();
            let value = Zeroizing::new(text(take(&mut rest)?)?.to_owned());
            fields.insert(name, value);
        }
        Ok(Self { fields, route })
    }
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
