//! The parts of a description that matter here. The rest is read past without being kept.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::Value;

use super::kept::{Kept, Listed, Mapped};
use super::parameters::{Parameters, Unsigned};
use super::{ImportError, LONGEST};

/// A description has this many of anything at most; more are counted and left.
pub(super) const MOST: usize = 64;
/// How deep a description may be nested: well-formed ones stay under thirty.
const DEEPEST: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub openapi: Kept,
    pub swagger: Kept,
    pub info: Info,
    pub servers: Listed,
    pub security: Kept,
    pub components: Components,
    pub paths: Paths,
    #[serde(rename = "externalDocs")]
    pub external_docs: ExternalDocs,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    pub title: String,
    pub summary: Option<String>,
    pub description: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ExternalDocs {
    pub url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Components {
    #[serde(rename = "securitySchemes")]
    pub schemes: Mapped,
    pub parameters: Parameters,
}

/// What the described requests ask for: how often each set of schemes, and which paths go to servers of their own.
#[derive(Debug, Default)]
pub(super) struct Paths {
    pub requests: usize,
    /// Requests that say nothing take what the description says for all.
    pub silent: usize,
    pub asking: BTreeMap<Vec<String>, usize>,
    pub own_servers: Vec<String>,
    /// What requests are described with that ask for no scheme.
    pub unsigned: Unsigned,
}

/// One path: its requests, and whether it has servers of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PathItem {
    servers: Option<IgnoredAny>,
    parameters: Parameters,
    get: Option<Operation>,
    put: Option<Operation>,
    post: Option<Operation>,
    delete: Option<Operation>,
    options: Option<Operation>,
    head: Option<Operation>,
    patch: Option<Operation>,
    trace: Option<Operation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Operation {
    servers: Option<IgnoredAny>,
    security: Option<Kept>,
    parameters: Parameters,
}

/// Counted while it is read, so that a description of ten thousand requests costs no more than their names.
impl<'de> Deserialize<'de> for Paths {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Counting;

        impl<'de> Visitor<'de> for Counting {
            type Value = Paths;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of paths")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Paths, E> {
                Ok(Paths::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Paths, A::Error> {
                let mut paths = Paths::default();
                while let Some(path) = map.next_key::<String>()? {
                    // Extensions may be anything.
                    if path.starts_with('/') {
                        let item: Option<PathItem> = map.next_value()?;
                        paths.count(&path, item.unwrap_or_default());
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(paths)
            }
        }

        from.deserialize_any(Counting)
    }
}

impl Paths {
    fn count(&mut self, path: &str, item: PathItem) {
        let PathItem { servers, parameters, get, put, post, delete, options, head, patch, trace } = item;
        let mut elsewhere = servers.is_some();
        for operation in [get, put, post, delete, options, head, patch, trace].into_iter().flatten() {
            self.requests += 1;
            elsewhere |= operation.servers.is_some();
            match operation.security {
                None => {
                    self.silent += 1;
                    self.unsigned.count(&parameters, &operation.parameters, true);
                }
                Some(asked) => {
                    let sets = requirements(&asked);
                    if sets.is_empty() {
                        self.unsigned.count(&parameters, &operation.parameters, false);
                    }
                    for names in sets {
                        self.ask(names);
                    }
                }
            }
        }
        if elsewhere && self.own_servers.len() < MOST {
            self.own_servers.push(super::line(path, 120));
        }
    }

    fn ask(&mut self, names: Vec<String>) {
        if self.asking.len() < MOST || self.asking.contains_key(&names) {
            *self.asking.entry(names).or_default() += 1;
        }
    }
}

/// The sets of schemes that a `security` offers, each in the order of its names; the empty one is left out.
pub(super) fn requirements(security: &Kept) -> Vec<Vec<String>> {
    let sets = security.0.as_array().into_iter().flatten().filter_map(Value::as_object);
    sets.map(|set| set.keys().cloned().collect::<Vec<_>>()).filter(|names| !names.is_empty()).collect()
}

/// What says which version a description is of, and nothing else of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Head {
    openapi: Kept,
    swagger: Kept,
}

impl Document {
    /// `3.0.3` or `3.1.0`, as it says.
    pub fn version(&self) -> Result<String, ImportError> {
        version(&self.openapi, &self.swagger)
    }
}

fn version(openapi: &Kept, swagger: &Kept) -> Result<String, ImportError> {
    let said = match &openapi.0 {
        Value::String(text) => text.trim().to_owned(),
        // YAML takes an unquoted 3.1 for a number.
        Value::Number(number) => number.to_string(),
        _ if !swagger.0.is_null() => return Err(ImportError::Swagger),
        _ => return Err(ImportError::NotOpenApi),
    };
    let known = |minor: &str| said == minor || said.starts_with(&format!("{minor}."));
    if known("3.0") || known("3.1") { Ok(said) } else { Err(ImportError::Version(super::line(&said, 20))) }
}

pub(super) fn parse(bytes: &[u8]) -> Result<Document, ImportError> {
    if bytes.len() > LONGEST {
        return Err(ImportError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| ImportError::NotText)?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Err(ImportError::Empty);
    }
    written(text).or_else(|error| {
        // Another version is written differently, and is better named than its first difference.
        let head: Head = written(text).map_err(|_| error.clone())?;
        version(&head.openapi, &head.swagger)?;
        Err(error)
    })
}

fn written<T: DeserializeOwned>(text: &str) -> Result<T, ImportError> {
    if text.starts_with('{') { json(text) } else { yaml(text) }
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let cause = whole.split(" at line ").next().unwrap_or_default();
        if cause.contains("recursion limit") {
            return ImportError::Tangled;
        }
        let line = u64::try_from(error.line()).unwrap_or_default();
        ImportError::Malformed { format: "JSON", line, cause: super::line(cause, 120) }
    })
}

fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, ImportError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_documents: 1,
            max_nodes: 2_000_000,
            max_events: 4_000_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_total_scalar_bytes: LONGEST,
            max_merge_keys: 1_000,
        },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::LastWins,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(0, |place| place.line());
        let cause = super::line(&error.without_snippet().to_string(), 120);
        let spent = ["budget", "limit", "depth", "recursion", "alias"];
        if spent.iter().any(|word| cause.to_lowercase().contains(word)) {
            return ImportError::Tangled;
        }
        ImportError::Malformed { format: "YAML", line, cause }
    })
}
