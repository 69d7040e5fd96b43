//! The one client: rustls, the guard's connections, no redirects, no proxy, no cookies, no decompression, and an end to
//! everything.
//!
//! It is hyper's own pooled client and nothing around it: what reqwest adds (redirects, proxies from the environment,
//! cookies, decompression, a resolver of its own) is just what must not happen to a request that holds a credential, and
//! its pinning of addresses does not cover hosts that are written as one. Bodies pass through as they arrive, in `Bytes`.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use crate::config::UpstreamConfig;

use super::body::Body;
use super::connect::Connector;
use super::failure::Failure;
use super::guard::{Guard, Target};
use super::mask::Mask;
use super::passing::{Onward, Passing, Told};
use super::resolve::Resolve;

pub const AGENT: &str = concat!("Keyrack/", env!("CARGO_PKG_VERSION"));

/// How long each part of a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Resolving, connecting and encrypting.
    pub connect: Duration,
    /// From the beginning until the answer's head is there.
    pub head: Duration,
    /// Until a small answer has been read.
    pub body: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(8), head: Duration::from_secs(15), body: Duration::from_secs(5) }
    }
}

/// Connections are kept this long for the next request to the same host, and not more of them than so by each thread.
const IDLE: Duration = Duration::from_secs(30);
const IDLE_AT_MOST: usize = 64;
const MOST_HEADERS: usize = 100;
/// A head that is longer is no answer.
const LONGEST_HEAD: usize = 64 * 1_024;

#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    #[error("the file {0} of KEYRACK_UPSTREAM_CA_FILE cannot be read, or holds no certificate")]
    Certificates(String),
    #[error("the encryption of outgoing calls cannot be set up")]
    Encryption,
}

/// The way to other companies' APIs.
#[derive(Clone)]
pub struct Upstream {
    client: Client<Connector, Body>,
    connector: Connector,
    limits: Limits,
}

/// The head of an answer; its body is still arriving.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Incoming,
    upgrade: Option<OnUpgrade>,
    limits: Limits,
}

impl Upstream {
    pub fn open(config: &UpstreamConfig, resolver: Arc<dyn Resolve>, limits: Limits) -> Result<Self, UpstreamError> {
        let guard = Arc::new(Guard::new(&config.allow));
        let connector = Connector { guard, resolver, tls: encryption(config)?, within: limits.connect };
        Ok(Self::of(connector, limits))
    }

    fn of(connector: Connector, limits: Limits) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_AT_MOST)
            .http1_max_headers(MOST_HEADERS)
            .http1_max_buf_size(LONGEST_HEAD)
            .build(connector.clone());
        Self { client, connector, limits }
    }

    /// The same with connections of its own, for one thread: on a connection of another one each call would have to wake
    /// that one, and be woken by it.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self::of(self.connector.clone(), self.limits)
    }

    pub fn guard(&self) -> &Guard {
        &self.connector.guard
    }

    /// How long an answer is waited for.
    pub(super) fn patience(&self) -> Duration {
        self.limits.head
    }

    /// The same client with other limits for each part of a call; that of connecting stays.
    #[must_use]
    pub fn within(&self, limits: Limits) -> Self {
        Self { limits, ..self.clone() }
    }

    /// Sends one request to an address that the guard has let pass, and waits for the head of the answer. A redirect is
    /// an answer like any other.
    pub async fn send(&self, target: &Target, request: Request<Body>) -> Result<Answer, Failure> {
        let answered = self.ask(target, request).await;
        if let Err(failure) = &answered {
            tracing::info!(host = target.origin().shown(), %failure, "an outgoing call came to nothing");
        }
        answered
    }

    async fn ask(&self, target: &Target, request: Request<Body>) -> Result<Answer, Failure> {
        let (mut parts, body) = request.into_parts();
        // What is asked is what was looked at, whatever the request says.
        parts.uri = target.url().as_str().parse().map_err(|_| super::Refused::Malformed)?;
        parts.headers.remove(HOST);
        parts.headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
        parts.headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let asked = self.client.request(Request::from_parts(parts, body));
        let answered = tokio::time::timeout(self.limits.head, asked).await;
        let answered = answered.map_err(|_| Failure::NoAnswer)?.map_err(|error| reason(&error))?;
        let (mut parts, body) = answered.into_parts();
        let upgrade = parts.extensions.remove();
        Ok(Answer { status: parts.status, headers: parts.headers, body, upgrade, limits: self.limits })
    }
}

/// Why there is no answer: the connector's own word, where it was the connection.
fn reason(error: &ClientError) -> Failure {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if let Some(failure) = inner.downcast_ref::<Failure>() {
            return *failure;
        }
        cause = inner.source();
    }
    if error.is_connect() { Failure::NotConnected } else { Failure::Broken }
}

impl Answer {
    /// The whole body, where it is no longer than this and comes in time. Compressed ones stay as they are.
    pub async fn whole(self, most: usize) -> Result<Bytes, Failure> {
        let within = self.limits.body;
        tokio::time::timeout(within, read(self.body, most)).await.unwrap_or(Err(Failure::SlowBody))
    }

    /// How long its body is, where that is known.
    pub fn length(&self) -> Option<u64> {
        hyper::body::Body::size_hint(&self.body).exact()
    }

    /// Both ways of the connection, after an answer that says that it goes on in another language.
    pub async fn switched(self, mask: Mask, told: Told) -> Result<(Passing, Onward), Failure> {
        let upgraded = self.upgrade.ok_or(Failure::Broken)?.await.map_err(|_| Failure::Broken)?;
        Ok(Passing::connection(TokioIo::new(upgraded), mask, self.limits.body, told))
    }

    /// The body as it arrives. Whoever reads it bounds its length and time.
    pub fn stream(self) -> Incoming {
        self.body
    }

    /// The body as it arrives, for somebody else. How it ended is told to `told`, with the bytes that came.
    pub fn passing(self, mask: Mask, told: Told) -> Passing {
        Passing::body(self.body, mask, self.limits.body, told)
    }
}

async fn read(mut body: Incoming, most: usize) -> Result<Bytes, Failure> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Failure::Broken)?.into_data() else { continue };
        if whole.len().saturating_add(data.len()) > most {
            return Err(Failure::TooLarge);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn encryption(config: &UpstreamConfig) -> Result<TlsConnector, UpstreamError> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = &config.ca_file {
        let failed = || UpstreamError::Certificates(path.display().to_string());
        let pem = std::fs::read(path).map_err(|_| failed())?;
        let own: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let (added, _) = roots.add_parsable_certificates(own.map_err(|_| failed())?);
        if added == 0 {
            return Err(failed());
        }
    }
    let provider = Arc::new(crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.map_err(|_| UpstreamError::Encryption)?.with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
