//! What other programs compute from the same input.

use super::*;

#[test]
fn derived_keys_are_hkdf_sha256_without_salt() {
    let derived = counted().derive("keyrack wrapping v1");
    let known = "31475b2b5189e65a4e01e7146c7653a1a2c6cf9c5c1038d0ba62c594345a6792";
    assert_eq!(HEXLOWER.encode(derived.bytes()), known);
}

#[test]
fn macs_are_hmac_sha256_over_parts_with_their_lengths() {
    let mac = Mac::over(&counted(), &[b"ab", b"c"]);
    let known = "17eca1f3cf4e1f92cd415f54de5121e367cbc209edff96da287c5cd432cf9a46";
    assert_eq!(HEXLOWER.encode(mac.as_bytes()), known);
    assert!(mac.matches(mac.as_bytes()));
    for other in [&[b"a".as_slice(), b"bc"] as &[&[u8]], &[b"abc"], &[b"ab", b"c", b""], &[b"c", b"ab"]] {
        assert!(!mac.matches(Mac::over(&counted(), other).as_bytes()));
    }
    assert!(!mac.matches(&[]));
    assert!(!mac.matches(&mac.as_bytes()[..31]));
}

#[test]
fn a_blob_has_its_header_its_nonce_and_a_ciphertext_bound_to_its_place() {
    let (workspace, node_type): (WorkspaceId, NodeTypeId) =
        (format!("wsp_{BODY}").parse().unwrap(), format!("nt_{BODY}").parse().unwrap());
    let (row, id) = (format!("sec_{BODY}"), format!("dk_{BODY}"));
    let context = Context {
        purpose: "secret",
        workspace: Some(&workspace),
        hook: Some((&node_type, Environment::Live)),
        row: &row,
        column: "secret_values.blob",
        number: 7,
    };
    let name = KeyName { id: &id, generation: 3 };
    let blob = sealed::seal(&counted().cipher(), name, &context, b"sk_test_value", &Same(0x5a)).unwrap();

    let mut known = vec![1, u8::try_from(id.len()).unwrap()];
    known.extend_from_slice(id.as_bytes());
    known.extend_from_slice(&[0, 0, 0, 3]);
    known.extend_from_slice(&[0x5a; 12]);
    known.extend(HEXLOWER.decode(b"f45bbb2ad74b370f7818e302e6956f266937d1890b42e4eae3031b97a8").unwrap());
    assert_eq!(HEXLOWER.encode(&blob), HEXLOWER.encode(&known));
    let opened = sealed::open(&counted().cipher(), name, &context, &blob).ok().unwrap();
    assert_eq!(opened.expose(Purpose::Vend), b"sk_test_value");
}

#[test]
fn tokens_and_links_end_in_the_checksum_of_what_stands_before_it() {
    let secret = "ljnfuws2ljnfuws2ljnfuws2ljnfuws2ljnfuws2ljnfuws2ljna";
    let id: TokenId = format!("tok_{BODY}").parse().unwrap();
    let token = NewToken::draw(&id, Environment::Live, &Same(0x5a));
    assert_eq!(token.as_str(), format!("kr_live_{BODY}{secret}xxh6wla"));
    let link: LinkId = format!("lnk_{BODY}").parse().unwrap();
    assert_eq!(LinkToken::draw(link, &Same(0x5a)).as_str(), format!("kr_link_{BODY}{secret}uztujfi"));
}
