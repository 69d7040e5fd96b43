//! Reads an OpenAPI 3.0 or 3.1 description: where requests go, and how they carry a credential.
//!
//! Invariant: nothing is fetched, whatever the text refers to, and what is read is bounded in size, depth and number.
//! What cannot be used is named with its place, and never guessed.

mod document;
mod draft;
mod flows;
mod kept;
mod parameters;
mod schemes;
mod servers;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_kept;

pub use super::custom::fitting;
use super::spec::{ClientCredentials, KindSpec, OAuth, Part};
use crate::domain::name::is_hidden;

/// The longest description that is read; the largest known to be in use have 14 MiB.
pub const LONGEST: usize = 16 * 1_024 * 1_024;

/// Why a text was not read at all, for the person who brought it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    #[error("There is nothing in it. Paste the description or choose its file.")]
    Empty,
    #[error("It is larger than 16 MiB, which is more than any description of an API that is known to work.")]
    TooLarge,
    #[error("It is no text in UTF-8.")]
    NotText,
    #[error("It is not well-formed {format}, in line {line}: {cause}.")]
    Malformed { format: &'static str, line: u64, cause: String },
    #[error("It is nested too deeply, or repeats itself too often by aliases.")]
    Tangled,
    #[error("It describes an API in Swagger 2.0. Convert it to OpenAPI 3 first, for instance at editor.swagger.io.")]
    Swagger,
    #[error("It says that it is OpenAPI {0}; versions 3.0 and 3.1 are understood.")]
    Version(String),
    #[error("It is no OpenAPI description: the line that says \"openapi: 3…\" is missing.")]
    NotOpenApi,
}

/// What was understood of a description.
#[derive(Clone, Debug)]
pub struct Understood {
    pub version: String,
    pub name: String,
    /// The first line of what it says about itself.
    pub summary: String,
    /// Where its documentation is, as far as it says.
    pub docs: Option<String>,
    pub servers: Vec<Server>,
    /// The ways to authenticate, the one that most requests take first.
    pub ways: Vec<Way>,
    pub unused: Vec<Unused>,
}

/// Where requests may go.
#[derive(Clone, Debug)]
pub struct Server {
    pub label: String,
    pub base_url: String,
    pub hosts: Vec<String>,
    pub parts: Vec<Part>,
}

/// A way to authenticate.
#[derive(Clone, Debug)]
pub struct Way {
    /// The names of its schemes in the description, or of the parameter that it is.
    pub schemes: Vec<String>,
    pub label: String,
    pub credential: Credential,
    /// How many of the described requests take it.
    pub requests: usize,
    /// What the person had better look at.
    pub note: Option<&'static str>,
    /// Whether the description names it as a parameter of requests, and not as a way to sign in.
    pub as_parameter: bool,
}

#[derive(Clone, Debug)]
pub enum Credential {
    Key(KindSpec),
    OAuth(OAuth),
    ClientCredentials(ClientCredentials),
}

/// Something that the description says and Keyrack cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unused {
    /// As in `components.securitySchemes.mutual`.
    pub place: String,
    pub why: String,
}

impl Unused {
    fn new(place: impl Into<String>, why: impl Into<String>) -> Self {
        let (place, why): (String, String) = (place.into(), why.into());
        Self { place: line(&place, 160), why: line(&why, 240) }
    }
}

/// What the description says, as far as it can be used.
pub fn read(bytes: &[u8]) -> Result<Understood, ImportError> {
    let document = document::parse(bytes)?;
    let version = document.version()?;
    let mut unused = Vec::new();
    let servers = servers::read(&document, &mut unused);
    let base = servers.first().map(|server| server.base_url.as_str());
    let ways = schemes::read(&document, base, &mut unused);
    let info = &document.info;
    Ok(Understood {
        version,
        name: Some(line(&info.title, 80)).filter(|name| !name.is_empty()).unwrap_or_else(|| "Imported API".to_owned()),
        summary: line(info.summary.as_deref().unwrap_or(&info.description), 120),
        docs: document.external_docs.url.filter(|url| is_https(url)),
        servers,
        ways,
        unused,
    })
}

fn is_https(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.username().is_empty() && url.has_host())
}

/// The first line of a foreign text, of visible characters, cut at a word where it is long.
fn line(text: &str, most: usize) -> String {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let visible: String = first.chars().filter(|c| !is_hidden(*c)).collect();
    let words = visible.split_whitespace();
    let mut whole = String::new();
    for word in words {
        if whole.chars().count() + 1 + word.chars().count() > most {
            break;
        }
        if !whole.is_empty() {
            whole.push(' ');
        }
        whole.push_str(word);
    }
    if whole.is_empty() { visible.chars().take(most).collect() } else { whole }
}
