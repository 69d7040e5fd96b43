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

/// Seals so many more links of one chain, all alike, past the program.
pub fn extend_chain(database: &Database, keyring: &Keyring, (slug, kind): (&str, &str), count: i64) {
    let of = format!("workspace_id = (SELECT id FROM workspaces WHERE slug = '{slug}') AND kind = '{kind}'");
    let mut chain: Chain =
        database.load(&format!("SELECT id, seq, head FROM audit_chains WHERE {of}")).unwrap().pop().unwrap();
    let bytes = |mac: &[u8]| {
        let hex = data_encoding::HEXLOWER.encode(mac);
        if database.is_postgres() { format!("'\\x{hex}'") } else { format!("X'{hex}'") }
    };
    let end = chain.seq + count;
    while chain.seq < end {
        let mut rows = Vec::new();
        // In statements of a length that both databases like.
        while chain.seq < end && rows.len() < 5_000 {
            chain.seq += 1;
            let (place, at) = (chain.seq.to_be_bytes(), 1_i64.to_be_bytes());
            let parts: [&[u8]; 5] = [&chain.head, chain.id.as_bytes(), &place, &at, b"[]"];
            chain.head = keyring.audit_mac(&parts).as_bytes().to_vec();
            rows.push(format!("('{}', {}, 1, '[]', {})", chain.id, chain.seq, bytes(&chain.head)));
        }
        let rows = rows.join(",");
        database.run(&format!("INSERT INTO audit_entries (chain_id, seq, at, entry, mac) VALUES {rows}"));
    }
    let head = bytes(&chain.head);
    database.run(&format!("UPDATE audit_chains SET seq = {}, head = {head} WHERE {of}", chain.seq));
}
