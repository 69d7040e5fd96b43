//! From a setting's text to its type.
//!
//! Invariant: the message says what is accepted and never repeats what was given, which may be secret.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use tracing_subscriber::EnvFilter;
use url::{Host, Url};

use crate::crypto::{MasterKeyError, MasterKeys};
use crate::domain::limits::network;

use super::{LogFormat, Redacted};

pub(super) fn number<T>(range: RangeInclusive<T>) -> impl Fn(&str) -> Result<T, String>
where
    T: FromStr + PartialOrd + std::fmt::Display,
{
    move |text| match text.parse::<T>() {
        Ok(value) if range.contains(&value) => Ok(value),
        _ => Err(format!("must be a whole number from {} to {}", range.start(), range.end())),
    }
}

pub(super) fn millis(text: &str) -> Result<Duration, String> {
    number(1_u64..=60_000)(text).map(Duration::from_millis)
}

pub(super) fn millis_or_none(text: &str) -> Result<Duration, String> {
    number(0_u64..=60_000)(text).map(Duration::from_millis)
}

pub(super) fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false".to_owned())
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an IP address and a port, as in 127.0.0.1:8080 or [::1]:8080".to_owned())
}

pub(super) fn public_url(text: &str) -> Result<Url, String> {
    let form = || "must be an address like https://keys.example.com".to_owned();
    let url = Url::parse(text).map_err(|_| form())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(form());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".to_owned());
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("must not have a path, a query or a fragment".to_owned());
    }
    Ok(url)
}

/// Plain http is safe only where it does not leave the machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let all: Option<Vec<IpNet>> = text.split(',').map(|part| network(part.trim())).collect();
    all.ok_or_else(|| "must be addresses or networks separated by commas, as in 10.0.0.0/8,192.0.2.7".to_owned())
}

pub(super) fn master_keys(text: &str) -> Result<Redacted, String> {
    match MasterKeys::parse(text) {
        Ok(_) => Ok(Redacted::new(text)),
        // What stands in the place of the id may be the key itself, with the two parts swapped.
        Err(MasterKeyError::Id(_)) => Err("an id is not 1 to 32 lower-case letters, digits and hyphens".to_owned()),
        Err(cause) => Err(cause.to_string()),
    }
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".to_owned()),
    }
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map(|_| text.to_owned()).map_err(|_| {
        "must be a level (error, warn, info, debug, trace) or directives like info,keyrack=debug".to_owned()
    })
}
