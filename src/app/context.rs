//! What is known of a request before anybody handles it: its id, nonce, peer and cookies' names.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpMessage as _;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use ipnet::IpNet;

use crate::config::ServerConfig;

#[derive(Clone, Debug)]
pub struct RequestContext {
    pub id: String,
    pub nonce: String,
    pub address: Option<IpAddr>,
    /// Names this browser, for forms. Set by the answer when the request brought none.
    pub browser: String,
}

/// Said of an answer that belongs to the page of somebody else: it neither brings nor needs a cookie.
#[derive(Clone, Debug, Default)]
pub struct Embedded {
    /// The one origin that may hold it in a frame, or have opened it and hear of it.
    pub origin: Option<String>,
}

impl RequestContext {
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get::<Self>().cloned()
    }
}

/// The address that the request came from. Forwarding headers count only from configured proxies,
/// and of their lists only what those proxies themselves have seen: the end of the last line.
pub fn client_address(peer: Option<SocketAddr>, forwarded: Vec<&[u8]>, trusted: &[IpNet]) -> Option<IpAddr> {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
    let peer = peer.map(|p| p.ip().to_canonical())?;
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let mut seen = peer;
    for part in forwarded.into_iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        let address = std::str::from_utf8(part).ok().and_then(|text| text.trim().parse::<IpAddr>().ok());
        let Some(address) = address else { break };
        seen = address.to_canonical();
        if !is_trusted(&seen) {
            break;
        }
    }
    Some(seen)
}

/// Names and attributes of our cookies, decided by the configured address alone.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    pub fn new(config: &ServerConfig) -> Self {
        Self { secure: config.secure() }
    }

    pub fn name(self, of: &str) -> String {
        let base = if self.secure { "__Host-keyrack" } else { "keyrack" };
        if of.is_empty() { base.to_owned() } else { format!("{base}-{of}") }
    }

    pub fn secure(self) -> bool {
        self.secure
    }

    pub fn read(self, request: &HttpRequest, of: &str) -> Option<String> {
        request.cookie(&self.name(of)).map(|cookie| cookie.value().to_owned())
    }

    pub fn make(self, of: &str, value: &str, lasts: Option<Duration>) -> Cookie<'static> {
        let mut cookie = Cookie::new(self.name(of), value.to_owned());
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_secure(self.secure);
        cookie.set_same_site(SameSite::Lax);
        if let Some(lasts) = lasts {
            cookie.set_max_age(lasts);
        }
        cookie
    }

    pub fn remove(self, of: &str) -> Cookie<'static> {
        self.make(of, "", Some(Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Option<SocketAddr> {
        Some(SocketAddr::new(text.parse().ok()?, 4_000))
    }

    #[test]
    fn a_strangers_header_counts_for_nothing() {
        let proxies: Vec<IpNet> = ["10.0.0.0/8".parse()].into_iter().flatten().collect();
        let of = |from: &str, lines: &[&str]| {
            let lines = lines.iter().map(|line| line.as_bytes()).collect();
            client_address(peer(from), lines, &proxies).map(|a| a.to_string())
        };
        assert_eq!(of("192.0.2.9", &["203.0.113.5"]).as_deref(), Some("192.0.2.9"));
        assert_eq!(of("10.0.0.1", &["203.0.113.5"]).as_deref(), Some("203.0.113.5"));
        assert_eq!(of("10.0.0.1", &["1.1.1.1, 203.0.113.5, 10.0.0.7"]).as_deref(), Some("203.0.113.5"));
        assert_eq!(of("10.0.0.1", &["6.6.6.6", "203.0.113.5"]).as_deref(), Some("203.0.113.5"), "a line of their own");
        assert_eq!(of("10.0.0.1", &["6.6.6.6", "10.0.0.7"]).as_deref(), Some("6.6.6.6"), "what our proxy has seen");
        assert_eq!(of("10.0.0.1", &["\u{ff}, 203.0.113.5"]).as_deref(), Some("203.0.113.5"));
        assert_eq!(of("10.0.0.1", &["nonsense"]).as_deref(), Some("10.0.0.1"));
    }
}
