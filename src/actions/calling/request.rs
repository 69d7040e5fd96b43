//! What a caller wants sent, and how it leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::crypto::{Credential, Purpose, Route};
use crate::upstream::inject::{self, Asked, PlaceError};
use crate::upstream::{self, Body, Hand, Target, full, hops};

use super::Means;

/// Of a path that is longer, the record keeps the beginning.
const SHOWN: usize = 200;

/// Bytes that have been sent so far.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicI64>);

impl Counter {
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    pub fn so_far(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub enum Content {
    /// Small enough to be held, and so to be sent once more.
    Whole(Bytes),
    /// Passed on as it comes, by whoever counts it.
    Stream(Body),
}

impl Content {
    /// A body that is handed over as it comes, and the way into it.
    pub fn handed(length: Option<u64>) -> (Hand, Self) {
        let (hand, body) = upstream::handed(length);
        (hand, Self::Stream(body))
    }
}

/// A call as somebody asks for it, less its body.
pub struct Request {
    pub method: Method,
    /// Another host of the secret's than the usual one.
    pub host: Option<String>,
    /// Begins with `/`; may hold a query.
    pub path: String,
    /// As they came; what may not be passed on is taken out here.
    pub headers: HeaderMap,
    /// Whether it is to go on as a WebSocket.
    pub websocket: bool,
    /// Whether its caller reads what stands behind a body.
    pub trailers: bool,
}

/// What goes with it.
pub struct Load {
    pub content: Content,
    /// Counts what is sent of it, and on a WebSocket.
    pub sent: Counter,
}

impl Load {
    /// The same once more, where it can be sent again.
    pub(super) fn again(&self) -> Option<Self> {
        let Content::Whole(bytes) = &self.content else { return None };
        // Nothing was sent of what is empty, and what follows on a WebSocket goes on to be counted by the same one.
        let sent = if bytes.is_empty() { self.sent.clone() } else { Counter::default() };
        Some(Self { content: Content::Whole(bytes.clone()), sent })
    }
}

impl Request {
    /// For the record: a query may hold anything.
    pub(super) fn shown_path(&self) -> String {
        let path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        path.chars().take(SHOWN).map(visible).collect()
    }
}

/// The request as it leaves, with the credential in it, and where it goes.
pub(super) fn placed(
    means: &Means,
    credential: &Credential,
    request: &Request,
    load: Load,
) -> Result<(Target, http::Request<Body>), PlaceError> {
    let mut headers = hops::outward(&request.headers);
    if request.websocket {
        hops::ask_for_websocket(&mut headers);
    } else if request.trailers {
        hops::ask_for_trailers(&mut headers);
    }
    if let Content::Whole(bytes) = &load.content {
        load.sent.add(bytes.len());
    }
    let content = match load.content {
        Content::Whole(bytes) if is_placed_in_body(&credential.route) => understood(&headers, &bytes)?,
        Content::Whole(bytes) if bytes.is_empty() => inject::Content::Nothing,
        Content::Whole(bytes) => inject::Content::Stream(full(bytes)),
        Content::Stream(body) => inject::Content::Stream(body),
    };
    let method = request.method.clone();
    let asked = Asked { method, host: request.host.as_deref(), path: &request.path, headers, content };
    inject::place(means.upstream.guard(), Purpose::Proxy, credential, asked)
}

fn is_placed_in_body(route: &Route) -> bool {
    route.placement.as_array().is_some_and(|all| all.iter().any(|one| one.get("in").is_some_and(|at| at == "body")))
}

/// A body that a value is to be put into.
fn understood(headers: &HeaderMap, bytes: &[u8]) -> Result<inject::Content, PlaceError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        _ if bytes.is_empty() => Ok(inject::Content::Nothing),
        "application/x-www-form-urlencoded" => {
            let pairs = serde_html_form::from_bytes(bytes).map_err(|_| PlaceError::NoBody)?;
            Ok(inject::Content::Form(pairs))
        }
        "application/json" | "" => {
            let value: Value = serde_json::from_slice(bytes).map_err(|_| PlaceError::NoBody)?;
            Ok(inject::Content::Json(value))
        }
        _ => Err(PlaceError::NoBody),
    }
}
