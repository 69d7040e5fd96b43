//! Every spelling of an address that is not for keys, and no address of a denied range in any form.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;
use crate::upstream::resolve::Resolved;

fn guard(allowed: &[Allowed]) -> Guard {
    Guard::new(allowed)
}

fn name(text: &str, port: Option<u16>) -> Allowed {
    Allowed::Name(text.to_owned(), port)
}

fn net(text: &str) -> Allowed {
    Allowed::Network(text.parse().unwrap(), None)
}

struct Says(Vec<IpAddr>);

impl Resolve for Says {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolved<'a> {
        Box::pin(std::future::ready(self.0.clone()))
    }
}

fn look_up(guard: &Guard, text: &str, addresses: &[&str]) -> Result<usize, Refused> {
    let target = guard.admit(text)?;
    let says = Says(addresses.iter().map(|address| address.parse().unwrap()).collect());
    let looking = guard.look_up(target.origin(), &says);
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(looking).map(|found| found.len())
}

#[test]
fn public_https_addresses_pass_in_one_spelling() {
    let guard = guard(&[]);
    for (text, shown) in [
        ("https://api.stripe.com/v1", "api.stripe.com"),
        ("HTTPS://API.Stripe.COM:443/v1", "api.stripe.com"),
        ("https://api.example.com:8443", "api.example.com:8443"),
        ("https://8.8.8.8/", "8.8.8.8"),
        ("https://134744072/", "8.8.8.8"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]"),
        ("https://b%C3%BCcher.example/", "xn--bcher-kva.example"),
    ] {
        assert_eq!(guard.admit(text).map(|target| target.origin().shown()).ok().as_deref(), Some(shown), "{text}");
    }
}

/// Loopback, private, metadata and reserved addresses, and what might be taken for one.
const NEARBY: &str = "\
    127.0.0.1 127.1 0177.0.0.1 0x7f.1 0x7f000001 2130706433 017700000001 127.0.0.1. %31%32%37.0.0.1 \
    127%2e0%2e0%2e1 ①②⑦.0.0.1 0 0.0.0.0 10.1.2.3 012.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 \
    169.254.169.254 0xa9fea9fe 2852039166 169.254.1.1 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 \
    192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 [::] [::1] \
    [0:0:0:0:0:0:0:1] [::127.0.0.1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:8.8.8.8] [::ffff:0:8.8.8.8] \
    [64:ff9b::10.0.0.1] [64:ff9b::808:808] [64:ff9b:1::1] [100::1] [2001::1] [2001:2::1] [2001:10::1] \
    [2001:db8::1] [2002:7f00:1::] [2002:808:808::1] [3fff::1] [3ffe::1] [5f00::1] [fc00::1] [fd00:ec2::254] [fd00:ec2::23] \
    [fd12:3456::1] [fe80::1] [febf::1] [fec0::1] [ff02::1] [2606:4700::5efe:10.0.0.1] \
    [2606:4700::200:5efe:10.0.0.1] localhost LOCALHOST metadata localhost. api.example.com. api..example.com \
    1.2.3.4.5 a.0x7f - a_b x.99";

#[test]
fn every_spelling_of_an_address_nearby_is_refused() {
    let guard = guard(&[]);
    for host in NEARBY.split_whitespace() {
        assert!(guard.admit(&format!("https://{host}/")).is_err(), "{host}");
        assert!(guard.admit(&format!("https://{host}:8443/x")).is_err(), "{host}");
    }
}

#[test]
fn whatever_is_no_plain_https_address_is_refused() {
    let guard = guard(&[]);
    for (text, why) in [
        ("http://api.example.com/", Refused::Scheme),
        ("ftp://api.example.com/", Refused::Scheme),
        ("file:///etc/passwd", Refused::Scheme),
        ("gopher://api.example.com/", Refused::Scheme),
        ("javascript:alert(1)", Refused::Scheme),
        ("https://user@api.example.com/", Refused::Userinfo),
        ("https://user:word@api.example.com/", Refused::Userinfo),
        ("https://api.example.com@evil.example/", Refused::Userinfo),
        ("https://api.example.com:0/", Refused::Malformed),
        ("https://api.example.com:99999/", Refused::Malformed),
        ("https:///", Refused::Malformed),
        ("//api.example.com/", Refused::Malformed),
        ("api.example.com", Refused::Malformed),
        ("", Refused::Malformed),
    ] {
        assert_eq!(guard.admit(text).err(), Some(why), "{text}");
    }
}

#[test]
fn one_bad_address_refuses_a_name_with_all_its_others() {
    let guard = guard(&[]);
    let at = "https://api.example.com/";
    assert_eq!(look_up(&guard, at, &["8.8.8.8", "2606:4700::1111"]), Ok(2));
    assert_eq!(look_up(&guard, at, &[]), Err(Refused::NoSuchName));
    for bad in ["10.0.0.1", "::1", "::ffff:8.8.8.8", "169.254.169.254", "fd00::1", "64:ff9b::808:808"] {
        assert_eq!(look_up(&guard, at, &["8.8.8.8", bad]), Err(Refused::NotPublic), "{bad}");
        assert_eq!(look_up(&guard, at, &[bad, "8.8.8.8"]), Err(Refused::NotPublic), "{bad}");
    }
}

#[test]
fn what_is_named_is_opened_and_nothing_beside_it() {
    let by_name = guard(&[name("crm.internal", None), name("wiki", Some(8080))]);
    assert_eq!(look_up(&by_name, "http://crm.internal/", &["10.0.0.7"]), Ok(1));
    assert_eq!(look_up(&by_name, "https://crm.internal:8443/", &["127.0.0.1", "fd00::7"]), Ok(2));
    assert_eq!(look_up(&by_name, "http://wiki:8080/", &["10.0.0.7"]), Ok(1));
    assert_eq!(look_up(&by_name, "http://wiki/", &["10.0.0.7"]).err(), Some(Refused::Scheme));
    assert_eq!(look_up(&by_name, "https://wiki/", &["10.0.0.7"]).err(), Some(Refused::NotPublic));
    assert_eq!(look_up(&by_name, "https://other.internal/", &["10.0.0.7"]).err(), Some(Refused::NotPublic));
    assert_eq!(look_up(&by_name, "https://x.crm.internal/", &["10.0.0.7"]).err(), Some(Refused::NotPublic));
    assert_eq!(look_up(&by_name, "https://10.0.0.7/", &[]).err(), Some(Refused::NotPublic));
    // A name that leads to the cloud's own service is not what was meant.
    for never in [
        "169.254.169.254",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
        "::ffff:10.0.0.7",
    ] {
        assert_eq!(look_up(&by_name, "https://crm.internal/", &[never]).err(), Some(Refused::NotPublic), "{never}");
    }

    let by_net = guard(&[net("10.2.0.0/16"), Allowed::Network("127.0.0.1/32".parse().unwrap(), Some(9000))]);
    assert_eq!(look_up(&by_net, "https://crm.internal/", &["10.2.3.4"]), Ok(1));
    assert_eq!(look_up(&by_net, "https://crm.internal/", &["10.3.3.4"]).err(), Some(Refused::NotPublic));
    assert_eq!(
        look_up(&by_net, "http://crm.internal/", &["10.2.3.4"]).err(),
        Some(Refused::Scheme),
        "a name is not named"
    );
    assert_eq!(look_up(&by_net, "http://10.2.3.4/", &[]), Ok(1));
    assert_eq!(look_up(&by_net, "http://0xa020304/", &[]), Ok(1));
    assert_eq!(look_up(&by_net, "http://127.0.0.1:9000/", &[]), Ok(1));
    assert_eq!(look_up(&by_net, "http://127.0.0.1:9001/", &[]).err(), Some(Refused::NotPublic));
    assert_eq!(look_up(&by_net, "http://[::ffff:127.0.0.1]:9000/", &[]).err(), Some(Refused::NotPublic));
}

/// All addresses of version 4 that no key may travel to.
fn denied_v4() -> impl Strategy<Value = Ipv4Addr> {
    let nets = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    ];
    (proptest::sample::select(nets.to_vec()), any::<u32>()).prop_map(|(net, bits)| {
        let net: ipnet::Ipv4Net = net.parse().unwrap();
        Ipv4Addr::from(u32::from(net.network()) | (bits & u32::from(net.hostmask())))
    })
}

fn denied_v6() -> impl Strategy<Value = Ipv6Addr> {
    let nets = [
        "::/8",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
        "4000::/2",
        "8000::/1",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ];
    (proptest::sample::select(nets.to_vec()), any::<u128>()).prop_map(|(net, bits)| {
        let net: ipnet::Ipv6Net = net.parse().unwrap();
        Ipv6Addr::from(u128::from(net.network()) | (bits & u128::from(net.hostmask())))
    })
}

/// The ways in which one address of version 4 can be written as a host.
fn spellings(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let (whole, low) = (u32::from(address), u32::from_be_bytes([0, b, c, d]));
    let v6 = |high: u128| Ipv6Addr::from(high | u128::from(whole));
    let mut all = vec![
        address.to_string(),
        format!("{address}."),
        whole.to_string(),
        format!("{whole:#x}"),
        format!("0{whole:o}"),
        format!("{a:#x}.{low}"),
        format!("0{a:o}.{b}.{}", u16::from_be_bytes([c, d])),
        format!("{a}.{b:#X}.0{c:o}.{d}"),
        address.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect(),
    ];
    let wrapped = [0, 0xffff << 32, 0xffff_0000_u128 << 32, 0x0064_ff9b_u128 << 96, 0x0064_ff9b_0001_u128 << 80];
    all.extend(wrapped.map(|high| format!("[{}]", v6(high))));
    let six = Ipv6Addr::from((0x2002_u128 << 112) | (u128::from(whole) << 80) | 1);
    let teredo = Ipv6Addr::from((0x2001_u128 << 112) | u128::from(!whole));
    all.extend([format!("[{six}]"), format!("[{teredo}]")]);
    all
}

proptest! {
    #[test]
    fn no_denied_address_of_version_4_passes_whatever_its_form(address in denied_v4(), port in 1_u16..) {
        for host in spellings(address) {
            let guard = guard(&[name("crm.internal", None)]);
            prop_assert!(guard.admit(&format!("https://{host}/")).is_err(), "{}", host);
            prop_assert!(guard.admit(&format!("https://{host}:{port}/")).is_err(), "{}", host);
            prop_assert!(guard.admit(&format!("http://{host}:{port}/")).is_err(), "{}", host);
        }
        prop_assert_eq!(look_up(&guard(&[]), "https://api.example.com/", &["8.8.8.8", &address.to_string()]), Err(Refused::NotPublic));
    }

    #[test]
    fn no_denied_address_of_version_6_passes(address in denied_v6()) {
        let guard = guard(&[]);
        let long = address.segments().map(|segment| format!("{segment:04X}")).join(":");
        for host in [address.to_string(), long] {
            prop_assert!(guard.admit(&format!("https://[{host}]/")).is_err(), "{}", host);
        }
        prop_assert_eq!(look_up(&guard, "https://api.example.com/", &[&address.to_string()]), Err(Refused::NotPublic));
    }

    #[test]
    fn what_passes_is_what_was_written(text in "https?://[a-zA-Z0-9.@:%\\[\\]/\\\\#?_-]{0,40}") {
        let guard = guard(&[]);
        if let Ok(target) = guard.admit(&text) {
            prop_assert_eq!(target.url().scheme(), "https");
            let again = guard.admit(target.url().as_str()).unwrap();
            prop_assert_eq!(again.origin(), target.origin());
            if let Some(address) = target.origin().address() {
                prop_assert_eq!(reach(address), Reach::Public);
            }
        }
    }
}
