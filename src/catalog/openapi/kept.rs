//! What is kept of the foreign parts of a description: a bounded number of entries, each of a bounded size.
//!
//! Invariant: a description of sixteen MiB may hold eight million values, and is let go as it is read; what is kept of
//! it does not grow with it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::document::MOST;

/// What one subtree may cost: one for each of its values and names, and one more for every [`LONG`] bytes of its texts.
/// The largest in use, the permissions of big platforms, cost some hundreds.
pub(super) const DEAREST: usize = 4_000;
const LONG: usize = 64;

/// A subtree; nothing, where it is larger than any that is meant.
#[derive(Debug, Default)]
pub(super) struct Kept(pub Value);

/// The first entries of a list. The rest are counted.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub first: Vec<Value>,
    pub count: usize,
}

/// The first entries of a map. The rest are counted.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    pub first: BTreeMap<String, Value>,
    pub count: usize,
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let left = Cell::new(Some(DEAREST));
        let value = Budget(&left).deserialize(from)?;
        Ok(Self(if left.get().is_some() { value } else { Value::Null }))
    }
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut found = Self::default();
        let take = |name: Option<String>, value: Kept| {
            if name.is_none() {
                found.first.push(value.0);
            }
        };
        let count = each(from, MOST, take)?;
        // A map in place of the list is none.
        found.count = if found.first.is_empty() { 0 } else { count };
        Ok(found)
    }
}

impl<'de> Deserialize<'de> for Mapped {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut found = Self::default();
        let take = |name: Option<String>, value: Kept| {
            if let Some(name) = name {
                found.first.insert(name, value.0);
            }
        };
        let count = each(from, MOST, take)?;
        found.count = if found.first.is_empty() { 0 } else { count };
        Ok(found)
    }
}

/// Hands over the first entries of a list or a map, one by one, and says how many there are. Anything else has none.
pub(super) fn each<'de, D: Deserializer<'de>>(
    from: D,
    most: usize,
    take: impl FnMut(Option<String>, Kept),
) -> Result<usize, D::Error> {
    from.deserialize_any(Each { most, take })
}

struct Each<F> {
    most: usize,
    take: F,
}

impl<'de, F: FnMut(Option<String>, Kept)> Visitor<'de> for Each<F> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_unit<E: Error>(self) -> Result<usize, E> {
        Ok(0)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while count < self.most {
            let Some(value) = list.next_element()? else { return Ok(count) };
            (self.take)(None, value);
            count += 1;
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<usize, A::Error> {
        let mut count = 0;
        while count < self.most {
            let Some((name, value)) = map.next_entry::<String, Kept>()? else { return Ok(count) };
            (self.take)(Some(name), value);
            count += 1;
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(count)
    }
}

/// Builds a value for as long as something is left; nothing is, once it has been overdrawn.
#[derive(Clone, Copy)]
struct Budget<'a>(&'a Cell<Option<usize>>);

impl Budget<'_> {
    fn pays(self, text: &str) -> bool {
        self.0.set(self.0.get().and_then(|left| left.checked_sub(1 + text.len() / LONG)));
        self.0.get().is_some()
    }

    fn value<E>(self, value: impl Into<Value>) -> Result<Value, E> {
        Ok(if self.pays("") { value.into() } else { Value::Null })
    }

    fn text<E>(self, text: &str) -> Result<Value, E> {
        Ok(if self.pays(text) { text.into() } else { Value::Null })
    }
}

impl<'de> DeserializeSeed<'de> for Budget<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Budget<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.value(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.value(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.value(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.value(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.text(text)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.value(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        let mut room = self.pays("");
        while room {
            let Some(value) = list.next_element_seed(self)? else { return Ok(Value::Array(all)) };
            all.push(value);
            room = self.0.get().is_some();
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut all = serde_json::Map::new();
        let mut room = self.pays("");
        while room {
            let Some(name) = map.next_key::<String>()? else { return Ok(Value::Object(all)) };
            room = self.pays(&name);
            all.insert(name, map.next_value_seed(self)?);
            room &= self.0.get().is_some();
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Null)
    }
}
