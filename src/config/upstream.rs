//! Where keys may travel although it is private or not encrypted, and whose certificates are believed there.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

use crate::domain::limits::network;

use super::reader::{Noted, Reader};
use super::{ProbeConfig, parse, settings};

#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// How long an answer's head is waited for, and its next piece.
    pub patience: Duration,
    /// Calls at once, in one process.
    pub calls: usize,
}

#[derive(Clone, Debug, Default)]
pub struct UpstreamConfig {
    pub allow: Vec<Allowed>,
    /// Whose certificates are believed besides the public authorities'.
    pub ca_file: Option<PathBuf>,
}

/// What whoever runs Keyrack has named. A port, where there is one, is the only one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// In lower case, as addresses have it.
    Name(String, Option<u16>),
    /// An address by itself is a network of one.
    Network(IpNet, Option<u16>),
}

pub(super) fn upstream(reader: &mut Reader) -> Result<UpstreamConfig, Noted> {
    let allow = reader.optional(settings::UPSTREAM_ALLOW, allowed);
    let ca_file = reader.optional(settings::UPSTREAM_CA_FILE, parse::path);
    Ok(UpstreamConfig { allow: allow?.unwrap_or_default(), ca_file: ca_file? })
}

pub(super) fn proxy(reader: &mut Reader) -> Result<ProxyConfig, Noted> {
    let seconds = reader.required(settings::PROXY_SECONDS, parse::number(1_u64..=3_600));
    let calls = reader.required(settings::PROXY_CALLS, parse::number(1_usize..=65_536));
    Ok(ProxyConfig { patience: Duration::from_secs(seconds?), calls: calls? })
}

pub(super) fn probes(reader: &mut Reader) -> Result<ProbeConfig, Noted> {
    let hours = reader.required(settings::PROBE_EVERY_HOURS, parse::number(0_u64..=8_760));
    let per_host = reader.required(settings::PROBES_PER_HOST, parse::number(1_i64..=100_000));
    let every = hours.map(|hours| (hours > 0).then(|| Duration::from_hours(hours)));
    Ok(ProbeConfig { every: every?, per_host: per_host? })
}

fn allowed(text: &str) -> Result<Vec<Allowed>, String> {
    let all: Option<Vec<Allowed>> = text.split(',').map(|part| one(part.trim())).collect();
    let form = "must be hosts and networks separated by commas, as in crm.internal,10.0.0.7:8080,10.2.0.0/16";
    all.ok_or_else(|| form.to_owned())
}

fn one(text: &str) -> Option<Allowed> {
    if let Some(network) = network(text) {
        return Some(Allowed::Network(network, None));
    }
    if text.contains(['/', '@', '?', '#', '\\', '%']) {
        return None;
    }
    // Read as the addresses are read that are compared with it; this scheme's own port could not be told from none.
    let url = Url::parse(&format!("http://{text}/")).ok()?;
    let port = match text.rsplit_once(':') {
        Some((_, digits)) if !text.ends_with(']') => Some(digits.parse().ok().filter(|port| *port != 0)?),
        _ => None,
    };
    match url.host()? {
        Host::Ipv4(address) => Some(Allowed::Network(IpAddr::from(address).into(), port)),
        Host::Ipv6(address) => Some(Allowed::Network(IpAddr::from(address).into(), port)),
        Host::Domain(name) if !name.ends_with('.') => Some(Allowed::Name(name.to_owned(), port)),
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_networks_are_told_apart() {
        let name = |text: &str, port| Allowed::Name(text.to_owned(), port);
        let net = |text: &str, port| Allowed::Network(text.parse().unwrap(), port);
        let cases = [
            ("crm.internal", name("crm.internal", None)),
            ("CRM.Internal:8080", name("crm.internal", Some(8080))),
            ("localhost:80", name("localhost", Some(80))),
            ("10.0.0.7", net("10.0.0.7/32", None)),
            ("10.0.0.7:80", net("10.0.0.7/32", Some(80))),
            ("10.2.3.4/16", net("10.2.0.0/16", None)),
            ("::1", net("::1/128", None)),
            ("[::1]", net("::1/128", None)),
            ("[::1]:8443", net("::1/128", Some(8443))),
            ("fd00::/8", net("fd00::/8", None)),
        ];
        for (text, wanted) in cases {
            assert_eq!(one(text), Some(wanted), "{text}");
        }
        for text in ["", "http://crm", "crm/x", "a@b", "crm.", "crm:0", "crm:x", "crm:99999", "10.0.0.0/33", "[::1]x"] {
            assert_eq!(one(text), None, "{text}");
        }
        assert!(allowed("a,,b").is_err());
    }
}
