//! To what a service token is limited: node types and addresses. No limit is the absence of one, never an empty one.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use super::Slug;
use super::id::Malformed;

/// Networks that one token may name.
pub const MOST_NETWORKS: usize = 20;

/// An address alone, or a network as in `10.0.0.0/8`; version 4 in the clothes of version 6 is version 4.
pub fn network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?.trunc();
    Some(match network {
        IpNet::V6(wide) => match (wide.network().to_ipv4_mapped(), wide.prefix_len().checked_sub(96)) {
            (Some(address), Some(bits)) => Ipv4Net::new(address, bits).map_or(network, IpNet::V4),
            _ => network,
        },
        IpNet::V4(_) => network,
    })
}

/// The networks from which a token may be used: at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworksError {
    #[error("“{0}” is neither an address nor a network. Write them as in 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.")]
    NoNetwork(String),
    #[error("Name at most {MOST_NETWORKS} addresses and networks.")]
    TooMany,
}

/// Of what was typed, only so much is said again.
const TOLD: usize = 60;

impl Networks {
    /// Reads them as people write them: one on a line, or several with commas or spaces between. None where there is none.
    pub fn parse(text: &str) -> Result<Option<Self>, NetworksError> {
        let mut networks = Vec::new();
        for part in text.split([',', ';', ' ', '\t', '\r', '\n']).filter(|part| !part.is_empty()) {
            let network = network(part).ok_or_else(|| NetworksError::NoNetwork(part.chars().take(TOLD).collect()))?;
            if !networks.contains(&network) {
                networks.push(network);
            }
            if networks.len() > MOST_NETWORKS {
                return Err(NetworksError::TooMany);
            }
        }
        Ok((!networks.is_empty()).then_some(Self(networks)))
    }

    /// Whether a request from there is let in. What comes from nowhere that is known is not.
    pub fn admit(&self, address: Option<IpAddr>) -> bool {
        let canonical = address.map(|address| address.to_canonical());
        canonical.is_some_and(|address| self.0.iter().any(|network| network.contains(&address)))
    }

    /// Each as people write it: an address alone without the number of its bits.
    pub fn words(&self) -> Vec<String> {
        let word = |network: &IpNet| {
            if network.prefix_len() == network.max_prefix_len() {
                network.addr().to_string()
            } else {
                network.to_string()
            }
        };
        self.0.iter().map(word).collect()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(","))
    }
}

impl FromStr for Networks {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text).ok().flatten().ok_or(Malformed("list of networks"))
    }
}

/// The node types that a token may be used for: at least one. Kept by their slugs, so that one that is removed and added
/// again counts again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeTypes(BTreeSet<Slug>);

impl NodeTypes {
    /// None where there is none.
    pub fn new(slugs: impl IntoIterator<Item = Slug>) -> Option<Self> {
        let slugs: BTreeSet<Slug> = slugs.into_iter().collect();
        (!slugs.is_empty()).then_some(Self(slugs))
    }

    pub fn contains(&self, slug: &Slug) -> bool {
        self.0.contains(slug)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Slug> {
        self.0.iter()
    }
}

impl fmt::Display for NodeTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slugs: Vec<&str> = self.0.iter().map(Slug::as_str).collect();
        f.write_str(&slugs.join(","))
    }
}

impl FromStr for NodeTypes {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let slugs = text.split(',').map(str::parse).collect::<Result<Vec<Slug>, _>>()?;
        Self::new(slugs).ok_or(Malformed("list of node types"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(networks: &str, address: &str) -> bool {
        Networks::parse(networks).unwrap().unwrap().admit(Some(address.parse().unwrap()))
    }

    #[test]
    fn an_address_is_in_its_network_in_whichever_clothes() {
        for (networks, inside, outside) in [
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::ffff:11.0.0.1"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.1"),
            ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("192.0.2.0/31\n198.51.100.1", "192.0.2.1", "192.0.2.2"),
            ("0.0.0.0/0", "255.255.255.255", "2001:db8::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
        ] {
            assert!(admits(networks, inside), "{networks} holds {inside}");
            assert!(!admits(networks, outside), "{networks} does not hold {outside}");
        }
        assert!(!Networks::parse("0.0.0.0/0").unwrap().unwrap().admit(None), "from nowhere");
    }

    #[test]
    fn what_is_no_network_is_named() {
        assert_eq!(Networks::parse(" \r\n ,").unwrap(), None);
        for bad in ["10.0.0.0/33", "10.0.0", "example.com", "::/129", "10.0.0.1-10.0.0.9", "01.2.3.4", "fe80::1%eth0"] {
            assert_eq!(Networks::parse(&format!("10.0.0.1, {bad}")), Err(NetworksError::NoNetwork(bad.to_owned())));
        }
        let lines = |count: u8| (0..count).map(|n| format!("10.0.0.{n}")).collect::<Vec<_>>().join("\n");
        assert!(Networks::parse(&lines(20)).is_ok());
        assert_eq!(Networks::parse(&lines(21)), Err(NetworksError::TooMany));
        assert_eq!(Networks::parse(&["10.0.0.1"; 50].join(" ")).unwrap().unwrap().words(), ["10.0.0.1"]);
    }

    #[test]
    fn limits_are_read_back_as_they_were_written() {
        let networks = Networks::parse("10.2.3.4/16 ::1\n2001:db8::/32").unwrap().unwrap();
        assert_eq!(networks.to_string(), "10.2.0.0/16,::1,2001:db8::/32");
        assert_eq!(networks.to_string().parse(), Ok(networks));
        let slugs = ["stripe", "custom-rooms", "stripe"].map(|slug| slug.parse().unwrap());
        let types = NodeTypes::new(slugs).unwrap();
        assert_eq!(types.to_string(), "custom-rooms,stripe");
        assert_eq!(types.to_string().parse(), Ok(types));
        // Nothing is no limit to be read: a row that lost its limits is refused instead of opened.
        assert!(
            "".parse::<NodeTypes>().is_err() && "".parse::<Networks>().is_err() && "a,,b".parse::<NodeTypes>().is_err()
        );
    }
}
