//! The address guard: every call outwards passes it, once as it is written and once as it is resolved.
//!
//! Invariant: an address that is not public is reached only where the configuration names it. A [`Target`] has been looked
//! at as it is written; [`Guard::look_up`] is the only way from there to an address to connect to.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use crate::config::Allowed;

use super::ranges::{Reach, reach};
use super::resolve::Resolve;

/// Why an address is not spoken to. Never with the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this is no address")]
    Malformed,
    #[error("only https is spoken, unless the configuration names the host")]
    Scheme,
    #[error("an address holds no user name or password")]
    Userinfo,
    #[error("this host is not written as hosts are")]
    Host,
    #[error("the address is not public, and the configuration does not name it")]
    NotPublic,
    #[error("the name has no address")]
    NoSuchName,
}

/// Scheme, host and port, compared as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub(super) https: bool,
    pub(super) host: Host<String>,
    pub(super) port: u16,
}

/// A whole address that may be asked, as far as that can be told before its name is resolved.
#[derive(Clone)]
pub struct Target {
    url: Url,
    origin: Origin,
}

#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<Allowed>,
}

/// What the configuration says about a host and port.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Named {
    No,
    /// By name: it may be near.
    Host,
}

impl Origin {
    /// Reads scheme, host and port off an address; nothing is said yet about whether it may be asked.
    pub fn of(url: &Url) -> Result<Self, Refused> {
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refused::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Userinfo);
        }
        let host = url.host().ok_or(Refused::Malformed)?.to_owned();
        let port = url.port_or_known_default().filter(|port| *port != 0).ok_or(Refused::Malformed)?;
        if let Host::Domain(name) = &host {
            well_written(name)?;
        }
        Ok(Self { https, host, port })
    }

    /// The host for people to read, with its port where that is not the usual one.
    pub fn shown(&self) -> String {
        let usual = if self.https { 443 } else { 80 };
        if self.port == usual { self.host.to_string() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Its address, where it is written as one.
    fn address(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Ipv4(address) => Some((*address).into()),
            Host::Ipv6(address) => Some((*address).into()),
            Host::Domain(_) => None,
        }
    }
}

/// `url` has put it into lower case and ASCII already, taken percent-encoding away, and read every spelling of an address
/// of version 4 as one. What is left has one spelling.
fn well_written(name: &str) -> Result<(), Refused> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(letter);
    // A last label of digits would be an address to some and a name to others.
    let digits = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if name.len() <= 253 && name.split('.').all(label) && !digits { Ok(()) } else { Err(Refused::Host) }
}

impl Target {
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Guard {
    pub fn new(allowed: &[Allowed]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// Looks at an address as it is written.
    pub fn admit(&self, text: &str) -> Result<Target, Refused> {
        self.admit_url(Url::parse(text).map_err(|_| Refused::Malformed)?)
    }

    pub fn admit_url(&self, mut url: Url) -> Result<Target, Refused> {
        let origin = Origin::of(&url)?;
        self.admit_origin(&origin)?;
        url.set_fragment(None);
        Ok(Target { url, origin })
    }

    pub(super) fn admit_origin(&self, origin: &Origin) -> Result<(), Refused> {
        let named = self.named(origin);
        if let Some(address) = origin.address() {
            self.check(origin, named, address)?;
        }
        let known = named == Named::Host || origin.address().is_some_and(|address| self.in_network(origin, address));
        if !origin.https && !known {
            return Err(Refused::Scheme);
        }
        // What has one label is somebody's own machine, whatever a resolver makes of it.
        match &origin.host {
            Host::Domain(name) if !name.contains('.') && !known => Err(Refused::NotPublic),
            _ => Ok(()),
        }
    }

    /// Resolves a name once and looks at all of its addresses: one that is not let pass refuses them all.
    pub async fn look_up(&self, origin: &Origin, resolver: &dyn Resolve) -> Result<Vec<SocketAddr>, Refused> {
        self.admit_origin(origin)?;
        let found = match (&origin.host, origin.address()) {
            (_, Some(address)) => vec![address],
            (Host::Domain(name), None) => resolver.resolve(name).await,
            _ => Vec::new(),
        };
        if found.is_empty() {
            return Err(Refused::NoSuchName);
        }
        let named = self.named(origin);
        for address in &found {
            self.check(origin, named, *address)?;
        }
        Ok(found.into_iter().map(|address| SocketAddr::new(address, origin.port)).collect())
    }

    fn check(&self, origin: &Origin, named: Named, address: IpAddr) -> Result<(), Refused> {
        let passes = match reach(address) {
            Reach::Public => true,
            Reach::Near => named == Named::Host || self.in_network(origin, address),
            Reach::Never => self.in_network(origin, address),
        };
        if passes { Ok(()) } else { Err(Refused::NotPublic) }
    }

    fn named(&self, origin: &Origin) -> Named {
        let Host::Domain(host) = &origin.host else { return Named::No };
        let names =
            |allowed: &Allowed| matches!(allowed, Allowed::Name(name, port) if name == host && fits(*port, origin));
        if self.allowed.iter().any(names) { Named::Host } else { Named::No }
    }

    fn in_network(&self, origin: &Origin, address: IpAddr) -> bool {
        let holds = |allowed: &Allowed| matches!(allowed, Allowed::Network(net, port) if net.contains(&address) && fits(*port, origin));
        self.allowed.iter().any(holds)
    }
}

/// A port that is named is the only one; none means any.
fn fits(port: Option<u16>, origin: &Origin) -> bool {
    port.is_none_or(|port| port == origin.port)
}

#[cfg(test)]
mod tests;
