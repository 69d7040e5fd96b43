//! E-mail addresses: kept as typed, compared whatever their letter case.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Enter an e-mail address like name@example.com.")]
pub struct EmailError;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError)?;
        let plain = |c: char| {
            c.is_ascii_graphic() && !matches!(c, '@' | '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '\\' | '"')
        };
        let dotted =
            |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
        let host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        let fits = local.len() <= 64 && text.len() <= 254;
        if fits
            && dotted(local)
            && local.chars().all(plain)
            && dotted(domain)
            && domain.contains('.')
            && domain.chars().all(host)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmailError)
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// What stands behind the last @, in lower case.
    pub fn domain(&self) -> String {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase()
    }

    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl serde::Serialize for Email {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Email {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_addresses_and_nothing_that_breaks_a_mail() {
        for good in ["ada@example.com", "Ada.Lovelace+keys@mail.example.co"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "ada@localhost",
            "a b@example.com",
            "a@b@example.com",
            "a@example.com\r\nBcc: x@y.z",
            "ada@exa mple.com",
            "a..b@example.com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }
}
