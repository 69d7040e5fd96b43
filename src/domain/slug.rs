//! Slugs: the readable part of an address on the web.

use std::fmt;
use std::str::FromStr;

use super::id::Malformed;

const MOST: usize = 48;

/// Lower-case letters and digits in groups joined by single hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct Slug(String);

impl Slug {
    /// The slug that reads like the name; none when no letter of it can be kept.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut slug = String::new();
        for c in name.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.len() >= MOST - 6 {
                break;
            }
        }
        slug.trim_matches('-').parse().ok()
    }

    /// The next candidate when this one is taken.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        Self(format!("{}-{suffix}", self.0))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl<'de> serde::Deserialize<'de> for Slug {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Slug {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let plain = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let joined = !text.is_empty() && !text.starts_with('-') && !text.ends_with('-') && !text.contains("--");
        if plain && joined && text.len() <= MOST { Ok(Self(text.to_owned())) } else { Err(Malformed("slug")) }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_the_name() {
        assert_eq!(Slug::from_name("Ada & Friends, Ltd.").map(|s| s.to_string()), Some("ada-friends-ltd".to_owned()));
        assert_eq!(Slug::from_name("日本"), None);
        assert!(Slug::from_name(&"long ".repeat(100)).is_some_and(|s| s.as_str().len() <= MOST));
    }
}
