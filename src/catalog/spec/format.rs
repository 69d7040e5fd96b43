//! What a text must look like, and what to say where it does not.

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    #[serde(serialize_with = "pattern", deserialize_with = "regex")]
    pub pattern: Regex,
    /// Texts that are refused although they match, whatever their letter case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// What to tell the person whose text does not match.
    pub message: String,
}

impl Format {
    /// What to say of the text; nothing where it is as it should be.
    pub fn fault(&self, text: &str) -> Option<&str> {
        let refused = !self.pattern.is_match(text) || self.except.iter().any(|word| word.eq_ignore_ascii_case(text));
        refused.then_some(self.message.as_str())
    }
}

fn pattern<S: Serializer>(pattern: &Regex, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(pattern.as_str())
}

fn regex<'de, D: Deserializer<'de>>(from: D) -> Result<Regex, D::Error> {
    let text = String::deserialize(from)?;
    Regex::new(&text).map_err(serde::de::Error::custom)
}
