//! Settings of which there may be any number: a prefix, a name in the middle, and one of a few endings.
//!
//! Invariant: an ending that is not in these tables is refused like any unknown variable, and `docs/configuration.md` says
//! the same as they do.

use std::collections::BTreeMap;

use super::reader::{Given, Noted, Reader, place_of};

/// One kind of thing, of which each has a name of its own.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// What the variables begin with.
    pub prefix: &'static str,
    /// The table in the file in which each has a table of its own.
    pub section: &'static str,
    /// What the name stands for, as the page writes it.
    pub middle: &'static str,
    pub endings: &'static [Ending],
}

#[derive(Clone, Copy, Debug)]
pub struct Ending {
    pub ending: &'static str,
    pub key: &'static str,
    pub about: &'static str,
}

const fn ending(ending: &'static str, key: &'static str, about: &'static str) -> Ending {
    Ending { ending, key, about }
}

/// Providers that people sign in with.
pub static OIDC: Family = Family {
    prefix: "KEYRACK_OIDC_",
    section: "oidc",
    middle: "<NAME>",
    endings: &[
        ending("_ISSUER", "issuer", "The provider's issuer, letter by letter as its discovery document names it."),
        ending("_CLIENT_ID", "client_id", "The client id that the provider has given."),
        ending("_CLIENT_SECRET", "client_secret", "The secret that belongs to it."),
        ending("_LABEL", "label", "What stands on the button; without it the name."),
        ending(
            "_DOMAINS",
            "domains",
            "Domains of proven addresses, separated by commas, with which an account may be made there; without it `KEYRACK_SIGN_UP` decides.",
        ),
    ],
};

/// The operator's own clients for connecting accounts, by node type and environment.
pub static OAUTH: Family = Family {
    prefix: "KEYRACK_OAUTH_",
    section: "oauth",
    middle: "<NODE_TYPE>_<ENVIRONMENT>",
    endings: &[
        ending(
            "_CLIENT_ID",
            "client_id",
            "The client id that the provider has given for this node type's connections.",
        ),
        ending("_CLIENT_SECRET", "client_secret", "The secret that belongs to it."),
        ending(
            "_SCOPES",
            "scopes",
            "Permissions that are asked for, by the provider's names, with spaces between; without it the usual ones.",
        ),
    ],
};

pub static FAMILIES: &[&Family] = &[&OIDC, &OAUTH];

/// A name is a word of an address, too.
const LONGEST_NAME: usize = 60;

/// A variable's family, its ending, and the name in between as the file and addresses write it.
pub(super) fn find(variable: &str) -> Option<(&'static Family, &'static Ending, String)> {
    FAMILIES.iter().copied().find_map(|family| {
        let rest = variable.strip_prefix(family.prefix)?;
        let (ending, middle) =
            family.endings.iter().find_map(|ending| Some((ending, rest.strip_suffix(ending.ending)?)))?;
        let is_upper = middle.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        let name = middle.to_ascii_lowercase().replace('_', "-");
        (is_upper && is_name(&name)).then_some((family, ending, name))
    })
}

pub(super) fn of_section(section: &str) -> Option<&'static Family> {
    FAMILIES.iter().copied().find(|family| family.section == section)
}

pub(super) fn is_name(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let whole = !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains("--");
    plain && whole && text.starts_with(|first: char| first.is_ascii_lowercase()) && !text.ends_with('-')
}

impl Family {
    pub fn variable(&self, name: &str, ending: &Ending) -> String {
        format!("{}{}{}", self.prefix, name.to_ascii_uppercase().replace('-', "_"), ending.ending)
    }
}

/// What is given of one of a family.
pub(super) struct OneOf<'a> {
    family: &'static Family,
    name: &'a str,
    given: &'a BTreeMap<&'static str, Given>,
}

impl<'a> OneOf<'a> {
    pub fn new(family: &'static Family, (name, given): (&'a String, &'a BTreeMap<&'static str, Given>)) -> Self {
        Self { family, name, given }
    }

    fn place(&self, key: &str) -> String {
        let Some(ending) = self.family.endings.iter().find(|ending| ending.key == key) else { return key.to_owned() };
        let variable = self.family.variable(self.name, ending);
        let from_file = self.given.get(key).is_some_and(|given| given.from_file);
        place_of(&variable, (&format!("{}.{}", self.family.section, self.name), key), from_file)
    }

    pub fn refuse(&self, reader: &mut Reader, key: &str, message: &str) -> Noted {
        reader.refuse(self.place(key), message.to_owned());
        Noted
    }

    pub fn optional<T>(
        &self,
        reader: &mut Reader,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Noted> {
        let Some(given) = self.given.get(key) else { return Ok(None) };
        parse(given.text.trim()).map(Some).map_err(|message| self.refuse(reader, key, &message))
    }

    pub fn required<T>(
        &self,
        reader: &mut Reader,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Noted> {
        match self.optional(reader, key, parse)? {
            Some(value) => Ok(value),
            // An empty one was refused already, and is not missing besides.
            None if reader.was_refused(&self.place(key)) => Err(Noted),
            None => Err(self.refuse(reader, key, "must be given, as the others of the same name are")),
        }
    }
}
