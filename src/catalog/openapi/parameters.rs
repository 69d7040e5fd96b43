//! Keys that a description names as ordinary parameters of its requests, and not as a way to sign in.
//!
//! Invariant: only what says by its name that it is a key, and stands on many of the requests that no scheme covers, is
//! proposed; and it is marked as such.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::Kind;

use super::document::{Document, requirements};
use super::kept::each;
use super::schemes::{self, Scheme};
use super::{Credential, Way};

/// Different parameters that are counted; more are left.
const MOST: usize = 2_000;
/// Longer names are no names.
const LONGEST_NAME: usize = 200;
/// One of so many requests, of all that are described, has to take it.
const ONE_IN: usize = 4;

const NOTE: &str = "Named as a parameter, not as a way to sign in: check it.";
const NOTE_OF_AUTHORIZATION: &str =
    "Named as a parameter, not as a way to sign in: check it, and whether a word such as Bearer goes before the key.";

/// A header or query parameter, or a reference to one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// What follows `#/components/parameters/`.
    Elsewhere(String),
    Here(Parameter),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parameter {
    place: &'static str,
    name: String,
    bearer: bool,
}

/// The parameters of one request or of all requests of a path, or those that are kept under a name: as far as they could
/// carry a key. The rest is let go as it is read.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, Named)>);

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // Of another form, they cost only themselves.
        let mut found = Vec::new();
        each(from, usize::MAX, |name, one| {
            let name = name.unwrap_or_default();
            if found.len() < MOST
                && name.len() <= LONGEST_NAME
                && let Some(named) = Named::read(&one.0)
            {
                found.push((name, named));
            }
        })?;
        Ok(Self(found))
    }
}

#[cfg(test)]
impl Parameters {
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Named {
    fn read(described: &Value) -> Option<Self> {
        let text = |name: &str| described.get(name).and_then(Value::as_str);
        let short = |name: &str| text(name).filter(|text| text.len() <= LONGEST_NAME);
        if let Some(reference) = short("$ref") {
            return Some(Self::Elsewhere(reference.strip_prefix("#/components/parameters/")?.to_owned()));
        }
        let place = ["header", "query"].into_iter().find(|place| text("in") == Some(place))?;
        let name = short("name").filter(|name| is_of_a_key(name))?.to_owned();
        let bearer = text("description").is_some_and(|words| words.to_lowercase().contains("bearer "));
        Some(Self::Here(Parameter { place, name, bearer }))
    }
}

/// Whether a name says that it is a key: `api_key`, `X-Auth-Token`, `accessToken`, `Authorization`.
fn is_of_a_key(name: &str) -> bool {
    /// Words of names that say so of something else.
    const OTHERS: [&str; 16] = [
        "page",
        "next",
        "prev",
        "previous",
        "sync",
        "continuation",
        "cursor",
        "sort",
        "idempotency",
        "partition",
        "cache",
        "csrf",
        "xsrf",
        "public",
        "order",
        "primary",
    ];
    let mut spaced = String::new();
    for c in name.chars().take(80) {
        if c.is_ascii_uppercase() && spaced.ends_with(|before: char| before.is_ascii_lowercase()) {
            spaced.push(' ');
        }
        spaced.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let ends = words.last().is_some_and(|last| {
        matches!(*last, "key" | "token" | "authorization" | "apikey" | "apitoken" | "authtoken" | "accesstoken")
    });
    ends && !words.iter().any(|word| OTHERS.contains(word))
}

/// How often parameters stand on requests that ask for no scheme, or say nothing of it.
#[derive(Debug, Default)]
pub(super) struct Unsigned {
    openly: Counts,
    silently: Counts,
}

type Counts = BTreeMap<Named, usize>;

impl Unsigned {
    pub fn count(&mut self, of_path: &Parameters, own: &Parameters, silent: bool) {
        let counts = if silent { &mut self.silently } else { &mut self.openly };
        let all: BTreeSet<&Named> = of_path.0.iter().chain(&own.0).map(|(_, named)| named).collect();
        for named in all {
            if counts.len() < MOST || counts.contains_key(named) {
                *counts.entry(named.clone()).or_default() += 1;
            }
        }
    }
}

pub(super) fn read(document: &Document) -> Vec<Way> {
    let unsigned = &document.paths.unsigned;
    let mut counts = vec![&unsigned.openly];
    // Silent requests take what the description says for all of them.
    if requirements(&document.security).is_empty() {
        counts.push(&unsigned.silently);
    }
    let requests = document.paths.requests;
    let mut found: BTreeMap<&Parameter, usize> = BTreeMap::new();
    for (named, times) in counts.into_iter().flatten() {
        if let Some(parameter) = resolve(named, &document.components.parameters) {
            *found.entry(parameter).or_default() += times;
        }
    }
    found.retain(|_, times| *times * ONE_IN >= requests);
    // A request may say it twice: itself, and by a reference.
    found.into_iter().filter_map(|(parameter, times)| way(parameter, times.min(requests))).collect()
}

fn resolve<'a>(named: &'a Named, kept: &'a Parameters) -> Option<&'a Parameter> {
    let Named::Elsewhere(name) = named else { return here(named) };
    kept.0.iter().find(|(known, _)| known == name).and_then(|(_, named)| here(named))
}

fn here(named: &Named) -> Option<&Parameter> {
    match named {
        Named::Here(parameter) => Some(parameter),
        Named::Elsewhere(_) => None,
    }
}

fn way(parameter: &Parameter, requests: usize) -> Option<Way> {
    let description = if parameter.bearer { "Bearer " } else { "" };
    let scheme = Scheme::of_key(parameter.place, &parameter.name, description);
    let (label, placement, look) = schemes::api_key(&scheme).ok()?;
    Some(Way {
        schemes: vec![parameter.name.clone()],
        label,
        credential: Credential::Key(schemes::single(Kind::ApiKey, "api_key", "API key", placement)),
        requests,
        note: Some(if look.is_some() { NOTE_OF_AUTHORIZATION } else { NOTE }),
        as_parameter: true,
    })
}
