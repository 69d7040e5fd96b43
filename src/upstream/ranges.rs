//! Which addresses belong to the public internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is to whoever wants to speak to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Public,
    /// Of this machine, of one's own network or of a carrier's: a host that is named may be there.
    Near,
    /// Never a service of somebody's: metadata, link-local, multicast, reserved, or another address in disguise.
    Never,
}

/// Where clouds answer machines about themselves. Some of these look like anybody's.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(169, 254, 169, 254), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(168, 63, 129, 16)];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x254);

pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

/// The special-purpose registry of IANA, as far as it is not globally reachable.
fn reach_v4(address: Ipv4Addr) -> Reach {
    if METADATA_V4.contains(&address) {
        return Reach::Never;
    }
    match address.octets() {
        [10 | 127, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Reach::Near,
        // "This network", link-local, protocol assignments, 6to4 relays, documentation, benchmarks, multicast, reserved
        // and broadcast.
        [0 | 224.., ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Reach::Never,
        _ => Reach::Public,
    }
}

/// Of version 6, only what is given out as global unicast is public. So an address of version 4 in any wrapping (mapped,
/// compatible, NAT64, 6to4, Teredo, ISATAP) is not, and need not be unwrapped.
fn reach_v6(address: Ipv6Addr) -> Reach {
    let segments = address.segments();
    if address == METADATA_V6 {
        return Reach::Never;
    }
    match segments {
        // All of it is Amazon's: beside the metadata (::254) its other services for machines, such as credentials (::23).
        [0xfd00, 0x0ec2, ..] => Reach::Never,
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff, ..] => Reach::Near,
        [_, _, _, _, 0 | 0x0200, 0x5efe, ..] => Reach::Never,
        // Protocol assignments (Teredo, ORCHID, benchmarks …), documentation twice, 6to4, and what once was 6bone.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002 | 0x3ffe, ..] | [0x3fff, 0..=0x0fff, ..] => {
            Reach::Never
        }
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}
