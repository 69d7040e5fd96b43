//! Known answers, properties and refusals of everything in this folder.
//!
//! The known answers come from Python's `hmac`, `zlib` and `base64` and from Node's `crypto`.

use std::collections::BTreeMap;
use std::fs;
use std::future::{Future, poll_fn};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::time::Duration;

use data_encoding::{BASE64, HEXLOWER};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::domain::keys::{Hook, SealedValue, WrappedDataKey, WrappedWorkspaceKey};
use crate::domain::{Chance, Clock, Environment, LinkId, Moment, NodeTypeId, SecretId, TokenId, WorkspaceId};

use super::kdf::Key;
use super::sealed::{self, KeyName};
use super::*;

const BODY: &str = "01jd8x3f5k7q9r2t4v6w8y0z1a";

/// The same byte for ever.
struct Same(u8);

impl Chance for Same {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(self.0);
    }
}

/// Bytes that differ at every draw and are the same in every run.
#[derive(Default)]
struct Drawn(AtomicU64);

impl Chance for Drawn {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let drawn = Sha256::digest(self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

#[derive(Default)]
struct Set(AtomicI64);

impl Set {
    fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Set {
    fn now(&self) -> Moment {
        Moment::from_micros(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(span);
        Box::pin(std::future::ready(()))
    }
}

fn counted() -> Key {
    let bytes: Vec<u8> = (0..32).collect();
    Key::from_slice(&bytes).unwrap()
}

fn masters(entries: &[(&str, u8)]) -> MasterKeys {
    let entries: Vec<_> = entries.iter().map(|(id, byte)| format!("{id}:{}", BASE64.encode(&[*byte; 32]))).collect();
    MasterKeys::parse(&entries.join(",")).unwrap()
}

/// A keyring with one workspace, one data key and a way to draw more.
struct World {
    keyring: Keyring,
    installation: InstallationKeys,
    workspace_key: WrappedWorkspaceKey,
    key: WrappedDataKey,
    secret: SecretId,
    clock: Arc<Set>,
    chance: Arc<Drawn>,
}

impl World {
    fn new() -> Self {
        let (clock, chance) = (Arc::new(Set::default()), Arc::new(Drawn::default()));
        let installation = InstallationKeys::draw(&masters(&[("main", 1)]), &*chance).unwrap();
        let keyring = Keyring::open(masters(&[("main", 1)]), &installation, clock.clone(), chance.clone()).unwrap();
        let workspace = WorkspaceId::draw(clock.now(), &*chance);
        let workspace_key = keyring.new_workspace_key(&workspace).unwrap();
        let hook = Hook { node_type: NodeTypeId::draw(clock.now(), &*chance), environment: Environment::Live };
        let key = keyring.new_data_key(hook, 1, workspace_key.clone()).unwrap();
        let secret = SecretId::draw(clock.now(), &*chance);
        Self { keyring, installation, workspace_key, key, secret, clock, chance }
    }

    fn sealed(&self) -> SealedValue {
        let blob = self.keyring.seal(&self.key, &self.secret, 1, &credential("sk_live_value")).unwrap();
        SealedValue { secret: self.secret.clone(), number: 1, blob, key: self.key.clone() }
    }

    /// Another process with the same keys and nothing cached.
    fn restarted(&self, keys: &[(&str, u8)]) -> Keyring {
        Keyring::open(masters(keys), &self.installation, self.clock.clone(), self.chance.clone()).unwrap()
    }

    /// Opens as the process that sealed it, whose cache is warm, and as one that has just started.
    fn opens(&self, value: &SealedValue) -> bool {
        let warm = self.keyring.open_value(Purpose::Vend, value).is_ok();
        let cold = self.restarted(&[("main", 1)]).open_value(Purpose::Vend, value).is_ok();
        assert_eq!(warm, cold, "the cache must not decide");
        warm
    }
}

fn credential(value: &str) -> Credential {
    Credential::new([("key".to_owned(), Entered::new(value.to_owned()))], Route::default())
}

// Known answers

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

// Sealing

/// All that a context consists of, owned, so that a test can change one part.
#[derive(Clone)]
struct Place {
    purpose: &'static str,
    workspace: Option<WorkspaceId>,
    hook: Option<(NodeTypeId, Environment)>,
    row: String,
    column: &'static str,
    number: i64,
}

impl Place {
    fn context(&self) -> Context<'_> {
        Context {
            purpose: self.purpose,
            workspace: self.workspace.as_ref(),
            hook: self.hook.as_ref().map(|(n, e)| (n, *e)),
            row: &self.row,
            column: self.column,
            number: self.number,
        }
    }
}

#[test]
fn a_blob_opens_in_its_own_place_only() {
    let chance = Drawn::default();
    let ids = || (WorkspaceId::draw(Moment::EPOCH, &chance), NodeTypeId::draw(Moment::EPOCH, &chance));
    let ((workspace, node_type), (other_workspace, other_node_type)) = (ids(), ids());
    let place = Place {
        purpose: "secret",
        workspace: Some(workspace),
        hook: Some((node_type.clone(), Environment::Live)),
        row: "row".to_owned(),
        column: "column",
        number: 1,
    };
    let (cipher, name) = (counted().cipher(), KeyName { id: "dk", generation: 1 });
    let blob = sealed::seal(&cipher, name, &place.context(), b"value", &chance).unwrap();
    let opens = |name, place: &Place| sealed::open(&cipher, name, &place.context(), &blob).is_ok();

    assert!(opens(name, &place));
    let elsewhere = [
        Place { purpose: "webhook", ..place.clone() },
        Place { workspace: Some(other_workspace), ..place.clone() },
        Place { workspace: None, ..place.clone() },
        Place { hook: Some((other_node_type, Environment::Live)), ..place.clone() },
        Place { hook: Some((node_type, Environment::Test)), ..place.clone() },
        Place { hook: None, ..place.clone() },
        Place { row: "rowc".to_owned(), column: "olumn", ..place.clone() },
        Place { row: "other".to_owned(), ..place.clone() },
        Place { column: "other", ..place.clone() },
        Place { number: 2, ..place.clone() },
        Place { number: -1, ..place.clone() },
    ];
    for (at, other) in elsewhere.iter().enumerate() {
        assert!(!opens(name, other), "place {at}");
    }
    assert!(!opens(KeyName { id: "dl", generation: 1 }, &place));
    assert!(!opens(KeyName { id: "dk", generation: 2 }, &place));
    let other_key = Key::draw(&chance).cipher();
    assert!(sealed::open(&other_key, name, &place.context(), &blob).is_err());
}

#[test]
fn two_seals_of_one_value_have_nothing_in_common() {
    let world = World::new();
    assert_ne!(world.sealed().blob, world.sealed().blob);
}

#[test]
fn a_blob_exchanged_between_rows_or_value_numbers_does_not_open() {
    let world = World::new();
    let value = world.sealed();
    assert!(world.opens(&value));
    let other = SecretId::draw(Moment::EPOCH, &*world.chance);
    assert!(!world.opens(&SealedValue { secret: other, ..value.clone() }));
    for number in [0, 2, -1, i64::MAX] {
        assert!(!world.opens(&SealedValue { number, ..value.clone() }));
    }
}

#[test]
fn a_blob_exchanged_between_node_types_environments_and_generations_does_not_open() {
    let world = World::new();
    let value = world.sealed();
    let other_type = NodeTypeId::draw(Moment::EPOCH, &*world.chance);
    let Hook { node_type, environment } = world.key.hook.clone();
    let hooks = [Hook { node_type: other_type, environment }, Hook { node_type, environment: Environment::Test }];
    for (generation, hook) in [(1, &hooks[0]), (1, &hooks[1]), (2, &world.key.hook)] {
        let other = world.keyring.new_data_key(hook.clone(), generation, world.workspace_key.clone()).unwrap();
        assert!(!world.opens(&SealedValue { key: other, ..value.clone() }), "another key");
        // The row of the right key, edited to stand for the other place.
        let edited = WrappedDataKey { hook: hook.clone(), generation, ..world.key.clone() };
        assert!(!world.opens(&SealedValue { key: edited, ..value.clone() }), "an edited key row");
    }
}

#[test]
fn a_blob_or_key_exchanged_between_workspaces_does_not_open() {
    let world = World::new();
    let value = world.sealed();
    let workspace = WorkspaceId::draw(Moment::EPOCH, &*world.chance);
    let workspace_key = world.keyring.new_workspace_key(&workspace).unwrap();
    let other = world.keyring.new_data_key(world.key.hook.clone(), 1, workspace_key.clone()).unwrap();
    assert!(!world.opens(&SealedValue { key: other.clone(), ..value.clone() }));

    let lent = WrappedDataKey { workspace_key, ..world.key.clone() };
    assert!(!world.opens(&SealedValue { key: lent, ..value.clone() }), "our key under their workspace");
    let renamed = WrappedWorkspaceKey { workspace, ..world.workspace_key.clone() };
    let renamed = WrappedDataKey { workspace_key: renamed, ..world.key.clone() };
    assert!(!world.opens(&SealedValue { key: renamed, ..value }), "our workspace key in their row");
}

#[test]
fn a_data_key_is_unwrapped_anew_when_its_time_in_the_cache_is_over() {
    let world = World::new();
    let mut value = world.sealed();
    value.key.blob.clear();
    assert!(world.keyring.open_value(Purpose::Vend, &value).is_ok(), "cached");
    world.clock.advance(Duration::from_mins(5));
    assert!(world.keyring.open_value(Purpose::Vend, &value).is_err(), "no longer");
}

proptest! {
    #[test]
    fn what_is_sealed_opens_to_the_same(fields in prop::collection::btree_map(".{0,12}", ".{0,60}", 0..5), host in ".{0,20}") {
        let world = World::new();
        let route = Route { base_url: host.clone(), hosts: vec![host], placement: serde_json::json!({"in": "header"}) };
        let entered = fields.iter().map(|(name, value)| (name.clone(), Entered::new(value.clone())));
        let blob = world.keyring.seal(&world.key, &world.secret, 1, &Credential::new(entered, route.clone())).unwrap();
        let value = SealedValue { secret: world.secret.clone(), number: 1, blob, key: world.key.clone() };
        let opened = world.keyring.open_value(Purpose::Vend, &value).unwrap();
        let expected: BTreeMap<_, _> = fields.iter().map(|(name, value)| (name.as_str(), value.trim())).collect();
        prop_assert_eq!(opened.fields(Purpose::Vend).collect::<BTreeMap<_, _>>(), expected);
        prop_assert_eq!(opened.route, route);
    }

    #[test]
    fn a_single_changed_bit_makes_a_blob_unreadable(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let world = World::new();
        let mut value = world.sealed();
        let at = at.index(value.blob.len());
        value.blob[at] ^= 1 << bit;
        prop_assert!(!world.opens(&value));
    }

    #[test]
    fn a_cut_or_lengthened_blob_is_unreadable(at in any::<prop::sample::Index>(), more in prop::collection::vec(any::<u8>(), 1..20)) {
        let world = World::new();
        let value = world.sealed();
        let cut = value.blob[..at.index(value.blob.len())].to_vec();
        let cut = SealedValue { blob: cut, ..value.clone() };
        prop_assert!(!world.opens(&cut));
        let longer = [value.blob.as_slice(), &more].concat();
        let longer = SealedValue { blob: longer, ..value };
        prop_assert!(!world.opens(&longer));
    }

    #[test]
    fn foreign_bytes_never_open(blob in prop::collection::vec(any::<u8>(), 0..200)) {
        let world = World::new();
        let foreign = SealedValue { blob, ..world.sealed() };
        prop_assert!(!world.opens(&foreign));
    }
}

// Tokens

proptest! {
    #[test]
    fn a_token_is_read_back_and_no_other_text_is(
        millis in 0..4_000_000_000_000_i64,
        at in any::<prop::sample::Index>(),
        other in "[ -~]",
        more in "[a-z2-7]{1,9}",
    ) {
        let chance = Drawn::default();
        let id = TokenId::draw(Moment::from_micros(millis * 1_000), &chance);
        let token = NewToken::draw(&id, Environment::Test, &chance);
        let text = token.as_str();
        prop_assert_eq!(text.parse::<Bearer>().ok().map(|b| b.id), Some(id));

        let at = at.index(text.len());
        prop_assert!(text[..at].parse::<Bearer>().is_err());
        prop_assert!(text[at + 1..].parse::<Bearer>().is_err());
        let (longer, before) = (format!("{text}{more}"), format!("{more}{text}"));
        prop_assert!(longer.parse::<Bearer>().is_err());
        prop_assert!(before.parse::<Bearer>().is_err());
        prop_assert!(text.to_uppercase().parse::<Bearer>().is_err());
        let typo = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        prop_assert_eq!(typo.parse::<Bearer>().is_ok(), typo == text);
    }

    #[test]
    fn no_text_stops_the_parsers(text in ".{0,120}") {
        let (token, link) = (format!("kr_live_{text}"), format!("kr_link_{text}"));
        prop_assert!(token.parse::<Bearer>().is_err());
        prop_assert!(link.parse::<LinkToken>().is_err());
    }
}

#[test]
fn the_environments_of_tokens_and_the_links_are_not_taken_for_each_other() {
    let (world, id) = (World::new(), format!("tok_{BODY}").parse().unwrap());
    let live = NewToken::draw(&id, Environment::Live, &*world.chance);
    let bearer: Bearer = live.as_str().parse().ok().unwrap();
    assert!(world.keyring.bearer_mac(&bearer).matches(world.keyring.new_token_mac(&live).as_bytes()));
    assert!(live.as_str().replace("_live_", "_test_").parse::<Bearer>().is_err());
    let link = LinkToken::draw(format!("lnk_{BODY}").parse().unwrap(), &*world.chance);
    assert!(link.as_str().parse::<LinkToken>().is_ok());
    assert!(link.as_str().parse::<Bearer>().is_err());
    assert!(live.as_str().parse::<LinkToken>().is_err());
}

#[test]
fn a_form_token_belongs_to_one_browser_and_one_session() {
    let keyring = World::new().keyring;
    let token = keyring.form_token("browser", "session");
    assert!(keyring.form_token_matches("browser", "session", &token));
    assert!(!keyring.form_token_matches("browsers", "ession", &token));
    assert!(!keyring.form_token_matches("other", "session", &token));
    assert!(!keyring.form_token_matches("browser", "other", &token));
    for sent in ["", "A", "not base64!", &token[1..]] {
        assert!(!keyring.form_token_matches("browser", "session", sent));
    }
}

// Passwords

const LOW: HashSettings = HashSettings { memory_kib: 19_456, passes: 2, lanes: 1, at_once: 2, waiting: 4 };

fn hasher(settings: HashSettings) -> Hasher {
    Hasher::new(settings, Arc::new(Drawn::default()))
}

fn text(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

#[tokio::test]
async fn a_password_counts_over_its_whole_length() {
    let hasher = hasher(LOW);
    let (one, two) = (format!("{}one", "x".repeat(72)), format!("{}two", "x".repeat(72)));
    let stored = hasher.hash(text(&one)).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_ne!(stored, hasher.hash(text(&one)).await.unwrap(), "a salt of its own");
    let right = hasher.check(text(&one), Some(stored.clone())).await.unwrap();
    assert!(right.right && !right.outdated);
    for wrong in [two.as_str(), &one[..72], "", "wrong"] {
        let found = hasher.check(text(wrong), Some(stored.clone())).await.unwrap();
        assert!(!found.right && !found.outdated, "{wrong}");
    }
}

#[tokio::test]
async fn without_an_account_no_password_is_right() {
    let hasher = hasher(LOW);
    for password in ["", "correct horse battery staple"] {
        let found = hasher.check(text(password), None).await.unwrap();
        assert!(!found.right && !found.outdated);
    }
    let broken = hasher.check(text("password"), Some("no hash".to_owned())).await;
    assert_eq!(broken.err(), Some(HashError::Failed));
}

#[tokio::test]
async fn other_costs_than_todays_are_noticed_once_the_password_is_right() {
    let stored = hasher(LOW).hash(text("long enough a password")).await.unwrap();
    for today in [
        HashSettings { passes: 3, ..LOW },
        HashSettings { lanes: 2, ..LOW },
        HashSettings { memory_kib: 19_464, ..LOW },
    ] {
        let found = hasher(today).check(text("long enough a password"), Some(stored.clone())).await.unwrap();
        assert!(found.right && found.outdated);
        let wrong = hasher(today).check(text("another one"), Some(stored.clone())).await.unwrap();
        assert!(!wrong.right && !wrong.outdated);
    }
}

#[tokio::test]
async fn whoever_finds_the_queue_full_is_turned_away() {
    let hasher = hasher(HashSettings { at_once: 1, waiting: 1, ..LOW });
    let hash = || hasher.hash(text("password"));
    let (first, second, third) = tokio::join!(hash(), hash(), hash());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(third, Err(HashError::Busy));
    assert!(hash().await.is_ok(), "and is welcome later");
}

#[tokio::test]
async fn without_a_queue_a_free_slot_still_serves() {
    let hasher = hasher(HashSettings { at_once: 1, waiting: 0, ..LOW });
    let (first, second) = tokio::join!(hasher.hash(text("one")), hasher.hash(text("two")));
    assert!(first.is_ok());
    assert_eq!(second, Err(HashError::Busy));
}

#[tokio::test]
async fn whoever_goes_away_leaves_no_place_taken() {
    let hasher = hasher(HashSettings { at_once: 1, waiting: 1, ..LOW });
    let running = hasher.hash(text("one"));
    let leaving = async {
        let mut waiting = pin!(hasher.hash(text("two")));
        let pending = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
        assert!(pending, "in the queue");
    };
    let (first, (), third) = tokio::join!(running, leaving, hasher.hash(text("three")));
    assert!(first.is_ok() && third.is_ok());
}

// Master keys

fn refused(text: &str) -> MasterKeyError {
    MasterKeys::parse(text).err().unwrap()
}

#[test]
fn master_keys_are_taken_whole_or_not_at_all() {
    let (one, two) = (BASE64.encode(&[1; 32]), BASE64.encode(&[2; 32]));
    let keys = MasterKeys::parse(&format!("# newest first\nb-2:{two}\n\n a1:{one} ,\n")).ok().unwrap();
    assert_eq!(keys.ids().collect::<Vec<_>>(), ["b-2", "a1"]);
    assert_eq!(keys.active_id(), "b-2");

    assert!(matches!(refused(""), MasterKeyError::None));
    assert!(matches!(refused(" ,\n# nothing"), MasterKeyError::None));
    assert!(matches!(refused(&format!("a:{one},{two}")), MasterKeyError::Form(2)));
    assert!(matches!(refused(&format!("a:{one},a:{two}")), MasterKeyError::Twice(id) if id == "a"));
    for length in [0, 16, 31, 33, 64] {
        let short = BASE64.encode(&vec![1; length]);
        assert!(matches!(refused(&format!("a:{short}")), MasterKeyError::Length(id) if id == "a"), "{length}");
    }
    assert!(matches!(refused("a:not base64"), MasterKeyError::Length(_)));
    for id in ["", "A", "a b", "a_b", "ä", &"a".repeat(33)] {
        assert!(matches!(refused(&format!("{id}:{one}")), MasterKeyError::Id(1)), "{id}");
    }
}

#[test]
fn no_message_repeats_a_key() {
    let key = BASE64.encode(&[7; 32]);
    for text in [format!("{key}:main"), key.clone(), format!("a:{key}x"), format!("a:{key},a:{key}")] {
        let error = refused(&text);
        let (shown, inside) = (error.to_string(), format!("{error:?}"));
        assert!(!shown.contains(&key[..12]) && !inside.contains(&key[..12]), "{shown}");
    }
}

#[test]
fn check_values_tell_keys_and_ids_apart() {
    let value = |entries: &[(&str, u8)], id: &str| masters(entries).check_value(id).map(|m| m.as_bytes().to_vec());
    assert_eq!(value(&[("a", 1)], "a"), value(&[("b", 2), ("a", 1)], "a"));
    assert_ne!(value(&[("a", 1)], "a"), value(&[("a", 2)], "a"));
    assert_ne!(value(&[("a", 1)], "a"), value(&[("b", 1)], "b"));
    assert_eq!(value(&[("a", 1)], "b"), None);
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_key_file_is_made_for_its_owner_alone_and_refused_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/master.keys");
    assert!(matches!(MasterKeys::read_file(&path).err().unwrap(), MasterKeyError::Read { .. }));
    assert!(MasterKeys::create_file(&path, &Drawn::default()).is_ok());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    for mode in [0o644, 0o640, 0o604, 0o620] {
        set_mode(&path, mode);
        assert!(matches!(MasterKeys::read_file(&path).err().unwrap(), MasterKeyError::Open { .. }), "{mode:o}");
    }
    set_mode(&path, 0o400);
    assert!(MasterKeys::read_file(&path).is_ok());
}

#[test]
fn creators_at_the_same_time_end_up_with_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/master.keys");
    let (chance, start) = (Drawn::default(), Barrier::new(8));
    let create = || {
        start.wait();
        let keys = MasterKeys::create_file(&path, &chance).unwrap();
        keys.check_value("main").unwrap().as_bytes().to_vec()
    };
    let made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(made.iter().all(|value| *value == made[0]));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn a_draft_that_a_crash_left_behind_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.keys");
    fs::write(path.with_extension(format!("draft-{}", std::process::id())), "half a k").unwrap();
    assert!(MasterKeys::create_file(&path, &Drawn::default()).is_ok());
}

// Opening the keyring

fn open_with(world: &World, keys: &[(&str, u8)]) -> Option<KeyringError> {
    Keyring::open(masters(keys), &world.installation, world.clock.clone(), world.chance.clone()).err()
}

#[test]
fn a_wrong_or_missing_master_key_is_named() {
    let world = World::new();
    assert!(open_with(&world, &[("main", 1)]).is_none());
    assert!(matches!(open_with(&world, &[("main", 2)]), Some(KeyringError::Wrong(id)) if id == "main"));
    assert!(matches!(open_with(&world, &[("other", 1)]), Some(KeyringError::Missing(id)) if id == "main"));
}

#[test]
fn the_installation_keys_must_be_there_and_each_in_its_place() {
    let mut world = World::new();
    let audit = world.installation.0.pop().unwrap();
    assert!(matches!(open_with(&world, &[("main", 1)]), Some(KeyringError::Incomplete("audit"))));
    let mut swapped = world.installation.0[0].clone();
    swapped.purpose.clone_from(&audit.purpose);
    world.installation.0.push(swapped);
    assert!(matches!(open_with(&world, &[("main", 1)]), Some(KeyringError::Wrong(_))), "the pepper as audit key");
}

#[test]
fn a_new_first_key_wraps_what_is_new_and_the_older_one_still_opens() {
    let world = World::new();
    let value = world.sealed();
    let keyring = world.restarted(&[("next", 2), ("main", 1)]);
    let opened = keyring.open_value(Purpose::Vend, &value).ok().unwrap();
    assert_eq!(opened.field("key", Purpose::Vend), Some("sk_live_value"));
    assert_eq!(opened.field("other", Purpose::Vend), None);
    let made = keyring.new_workspace_key(&WorkspaceId::draw(Moment::EPOCH, &*world.chance)).unwrap();
    assert_eq!(made.master, "next");
    assert_eq!(keyring.audit_mac(&[b"x"]).as_bytes(), world.keyring.audit_mac(&[b"x"]).as_bytes());
}
