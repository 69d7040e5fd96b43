//! Puts a credential into a request, as the route that was sealed with it says.
//!
//! Invariant: what is placed goes to a host of that route and nowhere else; whatever the caller sent in the same place is
//! taken out first; and a value cannot become more than the one part of the request that it stands for.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

use crate::catalog::{Placement, put_in};
use crate::crypto::{Credential, Purpose, Route};

use super::body::{Body, empty, full};
use super::guard::{Guard, Origin, Refused, Target};
use super::path;

/// A request before the credential is in it: what follows the base URL, and what is sent there.
pub struct Asked<'a> {
    pub method: Method,
    /// Another host of the route than its first; the path begins at its root.
    pub host: Option<&'a str>,
    /// Begins with `/`; may hold a query.
    pub path: &'a str,
    pub headers: HeaderMap,
    pub content: Content,
}

/// What a request brings.
pub enum Content {
    Nothing,
    Json(Value),
    Form(Vec<(String, String)>),
    /// Passed on as it comes; nothing can be placed in it.
    Stream(Body),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    #[error("the value has no route that could be understood")]
    NoRoute,
    #[error("the value may not travel to this host")]
    Elsewhere,
    #[error("the path leads out of the base URL")]
    Path,
    #[error("the value cannot be sent where it belongs")]
    Unsendable,
    #[error("the value belongs into a body that this request does not have")]
    NoBody,
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Headers that say where a request goes, how long it is, or whom it passes: no place for a value.
const NO_PLACE: [&str; 16] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// The texts that templates may name.
struct Texts<'a> {
    known: BTreeMap<&'a str, &'a str>,
}

impl<'a> Texts<'a> {
    fn of(purpose: Purpose, credential: &'a Credential) -> Self {
        let mut known: BTreeMap<&str, &str> = credential.others(purpose).collect();
        known.insert(credential.value_name(), credential.value(purpose));
        // `{value}` always means the value, whatever the others are called.
        known.insert("value", credential.value(purpose));
        Self { known }
    }

    fn fill(&self, template: &str) -> Zeroizing<String> {
        Zeroizing::new(put_in(template, |name| self.known.get(name).copied()))
    }

    fn fill_encoded(&self, template: &str, encode: fn(&str) -> Zeroizing<String>) -> Zeroizing<String> {
        let encoded: BTreeMap<&str, Zeroizing<String>> =
            self.known.iter().map(|(name, text)| (*name, encode(text))).collect();
        Zeroizing::new(put_in(template, |name| encoded.get(name).map(|text| text.as_str())))
    }

    /// Whether any field is there that this text names: what is optional and was left out is not sent as nothing.
    fn has_any(&self, template: &str) -> bool {
        let names: Vec<&str> = template.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        names.is_empty() || names.into_iter().any(|name| self.known.contains_key(name))
    }
}

/// The request as it leaves, and where it goes.
pub fn place(
    guard: &Guard,
    purpose: Purpose,
    credential: &Credential,
    asked: Asked<'_>,
) -> Result<(Target, Request<Body>), PlaceError> {
    let texts = Texts::of(purpose, credential);
    let placements: Vec<Placement> =
        Deserialize::deserialize(&credential.route.placement).map_err(|_| PlaceError::NoRoute)?;
    let mut draft = Draft::new(&credential.route, asked)?;
    for placement in &placements {
        draft.put(&texts, placement)?;
    }
    draft.finish(guard, &credential.route)
}

struct Draft<'a> {
    base: Url,
    /// Whether the value began to travel by https. There it goes on: http and https of one host are not the same.
    encrypted: bool,
    /// What path placements put between the base URL and the path.
    between: Zeroizing<String>,
    path: &'a str,
    query: Zeroizing<String>,
    method: Method,
    headers: HeaderMap,
    cookies: Vec<Zeroizing<String>>,
    content: Content,
}

impl<'a> Draft<'a> {
    fn new(route: &Route, asked: Asked<'a>) -> Result<Self, PlaceError> {
        let mut base = Url::parse(&route.base_url).map_err(|_| PlaceError::NoRoute)?;
        let encrypted = base.scheme() == "https";
        if base.query().is_some() || base.fragment().is_some() || base.cannot_be_a_base() {
            return Err(PlaceError::NoRoute);
        }
        if let Some(host) = asked.host {
            base = beside(&base, host).ok_or(PlaceError::Elsewhere)?;
        }
        let (path, query) = asked.path.split_once('?').unwrap_or((asked.path, ""));
        if !path.starts_with('/') || asked.path.contains('#') || !path::is_plain(path) {
            return Err(PlaceError::Path);
        }
        Ok(Self {
            base,
            encrypted,
            between: Zeroizing::default(),
            path,
            query: Zeroizing::new(query.to_owned()),
            method: asked.method,
            headers: asked.headers,
            cookies: Vec::new(),
            content: asked.content,
        })
    }

    fn put(&mut self, texts: &Texts<'_>, placement: &Placement) -> Result<(), PlaceError> {
        if !placement.templates().into_iter().all(|template| texts.has_any(template)) {
            return Ok(());
        }
        match placement {
            Placement::Header { name, template } => self.put_header(&texts.fill(name), &texts.fill(template)),
            Placement::Basic { user, password } => {
                let (user, password) = (texts.fill(user), texts.fill(password));
                if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
                    return Err(PlaceError::Unsendable);
                }
                let pair = Zeroizing::new(format!("{}:{}", *user, *password));
                let pair = Zeroizing::new(format!("Basic {}", *Zeroizing::new(BASE64.encode(pair.as_bytes()))));
                self.put_header(AUTHORIZATION.as_str(), &pair)
            }
            Placement::Query { name, template } => {
                let (name, text) = (texts.fill(name), texts.fill(template));
                let kept = Zeroizing::new(path::without(&self.query, &name));
                let joint = if kept.is_empty() { "" } else { "&" };
                let pair = (path::as_query(&name), path::as_query(&text));
                self.query = Zeroizing::new(format!("{}{joint}{}={}", *kept, *pair.0, *pair.1));
                Ok(())
            }
            Placement::Cookie { name, template } => {
                let (name, text) = (texts.fill(name), texts.fill(template));
                let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\');
                let named = HeaderName::from_bytes(name.as_bytes()).is_ok();
                if !named || !text.bytes().all(plain) {
                    return Err(PlaceError::Unsendable);
                }
                self.cookies.push(Zeroizing::new(format!("{}={}", *name, *text)));
                Ok(())
            }
            Placement::Path { template } => {
                self.between.push_str(&texts.fill_encoded(template, path::as_segment));
                if path::is_plain(&self.between) { Ok(()) } else { Err(PlaceError::Unsendable) }
            }
            Placement::Body { field, template } => self.put_in_body(&texts.fill(field), &texts.fill(template)),
        }
    }

    fn put_header(&mut self, name: &str, text: &str) -> Result<(), PlaceError> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| PlaceError::Unsendable)?;
        if NO_PLACE.contains(&name.as_str()) {
            return Err(PlaceError::Unsendable);
        }
        // No line break gets through here; nor does anybody read it off a log.
        let mut value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| PlaceError::Unsendable)?;
        value.set_sensitive(true);
        // Many servers take one for the other.
        let alike = |other: &HeaderName| other.as_str().replace('_', "-") == name.as_str().replace('_', "-");
        let others: Vec<HeaderName> = self.headers.keys().filter(|other| alike(other)).cloned().collect();
        for other in others {
            self.headers.remove(other);
        }
        self.headers.insert(name, value);
        Ok(())
    }

    fn put_in_body(&mut self, field: &str, text: &str) -> Result<(), PlaceError> {
        if matches!(self.method, Method::GET | Method::HEAD) {
            return Err(PlaceError::NoBody);
        }
        if matches!(self.content, Content::Nothing) {
            self.content = Content::Json(Value::Object(Map::new()));
        }
        match &mut self.content {
            Content::Json(Value::Object(members)) => {
                members.insert(field.to_owned(), Value::String(text.to_owned()));
                Ok(())
            }
            Content::Form(pairs) => {
                pairs.retain(|(name, _)| name != field);
                pairs.push((field.to_owned(), text.to_owned()));
                Ok(())
            }
            _ => Err(PlaceError::NoBody),
        }
    }

    fn finish(mut self, guard: &Guard, route: &Route) -> Result<(Target, Request<Body>), PlaceError> {
        let mut url = self.base.clone();
        let whole = Zeroizing::new(format!("{}{}{}", url.path().trim_end_matches('/'), *self.between, self.path));
        url.set_path(&whole);
        url.set_query(Some(self.query.as_str()).filter(|query| !query.is_empty()));
        if !self.cookies.is_empty() {
            let line = Zeroizing::new(self.cookies.iter().map(|one| one.as_str()).collect::<Vec<_>>().join("; "));
            self.put_header(COOKIE.as_str(), &line)?;
        }
        let target = guard.admit_url(url)?;
        if target.origin().https != self.encrypted || !may_travel(route, target.origin()) {
            return Err(PlaceError::Elsewhere);
        }
        let (kind, body) = match self.content {
            Content::Nothing => (None, empty()),
            Content::Stream(body) => (None, body),
            Content::Json(value) => (Some("application/json"), full(value.to_string())),
            Content::Form(pairs) => {
                let text = serde_html_form::to_string(pairs).map_err(|_| PlaceError::Unsendable)?;
                (Some("application/x-www-form-urlencoded"), full(text))
            }
        };
        if let Some(kind) = kind {
            self.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let mut request = Request::new(body);
        (*request.method_mut(), *request.headers_mut()) = (self.method, self.headers);
        Ok((target, request))
    }
}

/// The root of another host, in the same scheme. Whether a value may travel there is found out afterwards.
fn beside(base: &Url, host: &str) -> Option<Url> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']' | b'_');
    let url = host.bytes().all(plain).then(|| Url::parse(&format!("{}://{host}/", base.scheme())).ok())??;
    // On its own host a value stays below its base.
    let is_own = url.origin() == base.origin() && base.path() != "/";
    (url.path() == "/" && !is_own).then_some(url)
}

/// Whether the route that was sealed with a value names this host. A host without a port means the usual one.
fn may_travel(route: &Route, to: &Origin) -> bool {
    let (scheme, shown) = (if to.https { "https" } else { "http" }, to.shown());
    let named = |host: &String| {
        if *host == shown {
            return true;
        }
        let url =
            Url::parse(&format!("{scheme}://{host}/")).ok().filter(|url| url.path() == "/" && url.query().is_none());
        url.and_then(|url| Origin::of(&url).ok()).is_some_and(|origin| origin == *to)
    };
    route.hosts.iter().any(named)
}

#[cfg(test)]
mod tests;
