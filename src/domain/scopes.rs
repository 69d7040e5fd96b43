//! What a provider is asked to allow: the names of permissions, as the provider writes them.

use std::fmt;
use std::str::FromStr;

use super::id::Malformed;

const MOST: usize = 200;
const LONGEST: usize = 300;

/// Each once, in the order in which they were named, with single spaces between.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(String);

impl Scopes {
    /// Leaves out what no name can be.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut kept: Vec<&str> = Vec::new();
        for name in names.into_iter().filter(|name| is_name(name)) {
            if kept.len() < MOST && !kept.contains(&name) {
                kept.push(name);
            }
        }
        Self(kept.join(" "))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|name| !name.is_empty())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn has(&self, name: &str) -> bool {
        self.names().any(|own| own == name)
    }

    /// Those of the others that are not among these.
    pub fn missing(&self, asked: &Self) -> Self {
        Self::of(asked.names().filter(|name| !self.has(name)))
    }

    /// As a provider reads them.
    pub fn joined(&self, separator: &str) -> String {
        self.0.replace(' ', separator)
    }

    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }
}

/// Visible ASCII without the marks that providers separate names by.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic() && b != b',')
}

impl FromStr for Scopes {
    type Err = Malformed;

    /// Separated by spaces, line ends or commas.
    fn from_str(text: &str) -> Result<Self, Malformed> {
        let names = || text.split([' ', ',', '\n', '\r', '\t']).filter(|name| !name.is_empty());
        if names().count() <= MOST && names().all(is_name) {
            Ok(Self::of(names()))
        } else {
            Err(Malformed("list of permissions"))
        }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_once_each_and_told_apart() {
        let scopes: Scopes = "read write,read\r\nadmin:org ".parse().unwrap();
        assert_eq!(scopes.to_string(), "read write admin:org");
        assert_eq!(Scopes::of(["read"]).missing(&scopes).to_string(), "write admin:org");
        assert!("".parse::<Scopes>().unwrap().is_empty());
        for wrong in ["ünï", "a\u{0}b", &"x".repeat(301)] {
            assert!(wrong.parse::<Scopes>().is_err(), "{wrong}");
        }
        assert_eq!(Scopes::of(["a b", "c"]).to_string(), "c");
    }
}
