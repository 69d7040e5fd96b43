//! Master keys, their file, and opening the keyring with them.

use super::*;

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
    assert_eq!(opened.value(Purpose::Vend), "sk_live_value");
    assert_eq!(opened.others(Purpose::Vend).count(), 0);
    let made = keyring.new_workspace_key(&WorkspaceId::draw(Moment::EPOCH, &*world.chance)).unwrap();
    assert_eq!(made.master, "next");
    assert_eq!(keyring.audit_mac(&[b"x"]).as_bytes(), world.keyring.audit_mac(&[b"x"]).as_bytes());
}
