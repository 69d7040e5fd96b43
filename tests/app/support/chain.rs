//! The audit chains, recomputed from what is stored.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Text};
use keyrack::crypto::Keyring;

use super::Database;

#[derive(QueryableByName)]
struct Chain {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    head: Vec<u8>,
}

#[derive(QueryableByName)]
struct Link {
    #[diesel(sql_type = Text)]
    chain_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    entry: String,
    #[diesel(sql_type = Binary)]
    mac: Vec<u8>,
}

/// Checks every chain from its first link to its head; how many links there are in all.
#[track_caller]
pub fn verify_chains(database: &Database, keyring: &Keyring) -> usize {
    let chains: Vec<Chain> = database.load("SELECT id, seq, head FROM audit_chains").unwrap();
    let all = "SELECT chain_id, seq, at, entry, mac FROM audit_entries ORDER BY chain_id, seq";
    let links: Vec<Link> = database.load(all).unwrap();
    assert!(!chains.is_empty() && !links.is_empty());
    for chain in &chains {
        let (mut head, mut seq) = (Vec::new(), 0);
        for link in links.iter().filter(|link| link.chain_id == chain.id) {
            seq += 1;
            assert_eq!(link.seq, seq, "a gap in {}", chain.id);
            let (place, at) = (link.seq.to_be_bytes(), link.at.to_be_bytes());
            let parts: [&[u8]; 5] = [&head, chain.id.as_bytes(), &place, &at, link.entry.as_bytes()];
            assert!(keyring.audit_mac(&parts).matches(&link.mac), "link {seq} of {} is not sealed right", chain.id);
            head.clone_from(&link.mac);
        }
        assert_eq!((chain.seq, &chain.head), (seq, &head), "the head of {} is not its last link", chain.id);
    }
    links.len()
}
