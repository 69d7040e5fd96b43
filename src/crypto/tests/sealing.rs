//! Where a sealed value opens and where it does not.

use super::*;

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
fn a_secret_that_was_moved_to_another_hook_does_not_open() {
    let world = World::new();
    let value = world.sealed();
    let environment = Environment::Test;
    let moved = Hook { environment, ..value.hook.clone() };
    assert!(!world.opens(&SealedValue { hook: moved, ..value.clone() }));
    let node_type = NodeTypeId::draw(world.clock.now(), &*world.chance);
    let moved = Hook { node_type, ..value.hook.clone() };
    assert!(!world.opens(&SealedValue { hook: moved, ..value }));
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
    fn what_is_sealed_opens_to_the_same(first in ".{0,60}", fields in prop::collection::btree_map(".{0,12}", ".{0,60}", 0..5), host in ".{0,20}") {
        let (world, kept) = (World::new(), first.trim().to_owned());
        let route = Route { base_url: host.clone(), hosts: vec![host], placement: serde_json::json!({"in": "header"}), ..Route::default() };
        let entered = fields.iter().map(|(name, value)| (name.clone(), Entered::new(value.clone())));
        let first = ("key".to_owned(), Entered::new(first));
        let credential = Credential::new(first, entered, route.clone());
        let blob = world.keyring.seal(&world.key, &world.secret, 1, &credential).unwrap();
        let value = SealedValue { blob, ..world.sealed() };
        let opened = world.keyring.open_value(Purpose::Vend, &value).unwrap();
        let expected: BTreeMap<_, _> = fields.iter().map(|(name, value)| (name.as_str(), value.trim())).collect();
        prop_assert_eq!(opened.value(Purpose::Vend), kept);
        prop_assert_eq!(opened.others(Purpose::Vend).collect::<BTreeMap<_, _>>(), expected);
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

#[test]
fn a_signing_key_opens_for_its_own_webhook_and_number_alone() {
    let world = World::new();
    let ids = || WebhookId::draw(Moment::EPOCH, &*world.chance);
    let (webhook, other, key) = (ids(), ids(), NewSigningKey::draw(&*world.chance));
    let blob = world.keyring.seal_signing_key(&world.workspace_key, (&webhook, 1), &key).unwrap();
    let open = |wrapping: &WrappedWorkspaceKey, of| {
        let opened = world.keyring.open_signing_key(Purpose::Sign, wrapping, of, &blob);
        opened.map(|plain| plain.expose(Purpose::Sign).to_vec()).ok()
    };
    assert_eq!(open(&world.workspace_key, (&webhook, 1)).as_deref(), Some(key.as_str().as_bytes()));
    assert_eq!(open(&world.workspace_key, (&webhook, 2)), None);
    assert_eq!(open(&world.workspace_key, (&other, 1)), None);
    let workspace = WorkspaceId::draw(Moment::EPOCH, &*world.chance);
    let elsewhere = world.keyring.new_workspace_key(&workspace).unwrap();
    assert_eq!(open(&elsewhere, (&webhook, 1)), None);
}
