//! What an operator does without a browser, and what the program refuses to start with.

use std::collections::BTreeSet;
use std::process::Output;

use data_encoding::BASE64;

use crate::support::{Machine, PASSWORD, run};

const VALUE: &str = "rk_test_first1234567890";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn all_mistakes_in_the_configuration_are_named_at_once() {
    let wrong = [
        ("KEYRACK_DATABASE_URL", "mysql://root:hunter2@db/keyrack"),
        ("KEYRACK_DATABASE_POOL", "0"),
        ("KEYRACK_LISTEN", "everywhere"),
        ("KEYRACK_PUBLIC_URL", "ftp://keys.example.com"),
        ("KEYRACK_TRUSTED_PROXIES", "the-proxy"),
        ("KEYRACK_MASTER_KEYS", "main:aHVudGVyMg=="),
        ("KEYRACK_PASSWORD_MEMORY_KIB", "64"),
        ("KEYRACK_SMTP_URL", "hunter2"),
        ("KEYRACK_LOG_FORMAT", "xml"),
        ("KEYRACK_DATABSE_URL", "hunter2"),
        ("KEYRACK_WORKERS", ""),
    ];
    let folder = tempfile::tempdir().unwrap();
    let checked = run(folder.path(), &wrong, &["config", "check"], "");
    assert_eq!(checked.status.code(), Some(2));
    let said = text(&checked.stderr);
    for (name, _) in wrong {
        assert_eq!(said.lines().filter(|line| line.contains(&format!(" {name}:"))).count(), 1, "{name}: {said}");
    }
    assert!(!said.contains("hunter2") && !said.contains("aHVudGVyMg"), "a mistake repeats what may be secret: {said}");
    assert!(checked.stdout.is_empty());

    let right = run(folder.path(), &[("KEYRACK_PUBLIC_URL", "https://keys.example.com")], &["config", "check"], "");
    assert!(right.status.success(), "{}", text(&right.stderr));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a check makes nothing");
}

#[actix_web::test]
async fn an_installation_is_set_up_without_a_browser() {
    let machine = Machine::new();
    let owner = machine.create_owner(PASSWORD);
    assert!(owner.status.success(), "{}", text(&owner.stderr));
    for _ in 0..2 {
        let added = machine.add_node_type("stripe");
        assert!(added.status.success() && added.stdout.is_empty(), "{}", text(&added.stderr));
    }
    let unknown = machine.add_node_type("no-such-service");
    assert!(!unknown.status.success() && text(&unknown.stderr).contains("no node type of that slug"));
    let made = machine.create_token();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let printed = text(&made.stdout);
    let form = regex::Regex::new(r"\Akr_test_[0-9A-Za-z]+\n\z").unwrap();
    assert!(form.is_match(&printed), "{printed:?}");
    for output in [&owner, &made] {
        assert!(!text(&output.stderr).contains(PASSWORD) && !text(&output.stderr).contains(printed.trim_end()));
    }

    let mut server = machine.serve();
    server.ready().await;
    let token = server.token(printed.trim_end());
    assert_eq!(token.put("stripe", "anna", VALUE).await.status, 200);
    token.vend("stripe", "anna").await.hands_out(VALUE);
    assert_eq!(machine.database.count("links"), 0, "no set-up link once there is an Owner");
}

#[test]
fn a_refused_owner_leaves_nothing_behind() {
    let machine = Machine::new();
    let long = "a".repeat(5_000);
    for password in ["", "short", "           ", long.as_str()] {
        let refused = machine.create_owner(password);
        assert_eq!(refused.status.code(), Some(1), "{password}");
        assert!(refused.stdout.is_empty() && text(&refused.stderr).contains("password"), "{}", text(&refused.stderr));
        for table in ["people", "workspaces", "members", "node_types", "audit_entries"] {
            assert_eq!(machine.database.count(table), 0, "{table}");
        }
    }
    assert!(!machine.create_token().status.success(), "there is nobody to make a token");
    assert_eq!(machine.database.count("tokens"), 0);
    machine.set_up();
}

/// What a refused start must leave as it was.
fn state(machine: &Machine) -> (Vec<(String, Vec<u8>)>, BTreeSet<String>) {
    let entries = std::fs::read_dir(machine.folder.path()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // SQLite's own side files come and go with its connections.
    let names = names.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
    (machine.database.keys(), names)
}

fn with_keys(machine: &Machine, keys: Option<&str>) -> Vec<(String, String)> {
    let mut settings = machine.settings.clone();
    settings.retain(|(name, _)| !name.starts_with("KEYRACK_MASTER_KEY"));
    settings.extend(keys.map(|keys| ("KEYRACK_MASTER_KEYS".to_owned(), keys.to_owned())));
    settings
}

/// Fails, says so, and never shows a key.
#[track_caller]
fn is_refused(output: &Output, words: &str, keys: &str) {
    let said = text(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "{said}");
    assert!(said.contains(words), "{said}");
    for encoded in keys.split(',').filter_map(|entry| entry.split_once(':')).map(|(_, encoded)| encoded) {
        assert!(encoded.is_empty() || !said.contains(encoded), "{said}");
    }
}

#[actix_web::test]
async fn a_start_without_the_right_master_key_writes_nothing() {
    let right = format!("main:{}", BASE64.encode(&[7; 32]));
    let mut machine = Machine::new();
    machine.settings = with_keys(&machine, Some(&right));
    let (changed, short) = (format!("main:{}", BASE64.encode(&[8; 32])), format!("main:{}", BASE64.encode(&[7; 16])));
    let other = format!("other:{}", BASE64.encode(&[7; 32]));
    let both = format!("{other},{changed}");
    let wrong = [
        (changed.as_str(), "\"main\" is not the one"),
        (&short, "KEYRACK_MASTER_KEYS"),
        ("main:", "KEYRACK_MASTER_KEYS"),
        (&other, "main"),
        (&both, "\"main\" is not the one"),
        ("", "KEYRACK_MASTER_KEYS"),
    ];
    for with_workspace in [false, true] {
        if with_workspace {
            machine.set_up();
        } else {
            // The first start makes the keys.
            let mut serving = machine.serve();
            serving.ready().await;
            serving.terminate();
            serving.ended().await;
        }
        let before = state(&machine);
        assert!(before.0.len() >= 3, "keys and their check");
        for args in [
            &[][..],
            &["token", "create", "--workspace", "Acme", "--name", "B", "--environment", "test", "--allow", "vend"],
        ] {
            for (keys, words) in wrong {
                is_refused(&machine.run_with(&with_keys(&machine, Some(keys)), args, ""), words, keys);
                assert_eq!(state(&machine), before, "{keys}");
            }
            // Neither keys nor file: the file of the defaults must not be made beside existing keys.
            is_refused(&machine.run_with(&with_keys(&machine, None), args, ""), "has keys already", "");
            assert_eq!(state(&machine), before);
        }
        assert!(with_workspace == machine.create_token().status.success(), "the right key still opens it");
    }
}
