//! Sealed values and master keys that were tampered with.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{TestApp, Token};

const KEYS: [&str; 3] = ["rk_test_aaaa1111", "rk_test_bbbb2222", "rk_test_cccc3333"];
const USERS: [&str; 3] = ["anna", "bert", "cleo"];

/// Three end users with a key each, and the ids of the three secrets.
async fn three(app: &TestApp) -> (Token, Vec<String>) {
    app.owner().await;
    let token = app.token("test", "vend,connect").await;
    let mut ids = Vec::new();
    for (user, key) in USERS.iter().zip(KEYS) {
        let stored = token.put("stripe", user, key).await;
        ids.push(stored.body["id"].as_str().expect("an id").to_owned());
        token.vend("stripe", user).await.hands_out(key);
    }
    (token, ids)
}

#[actix_web::test]
async fn exchanged_values_are_refused_and_others_go_on() {
    let app = TestApp::start().await;
    let (token, ids) = three(&app).await;
    let (a, b) = (app.database.blob(&ids[0]), app.database.blob(&ids[1]));
    app.database.put_blob(&ids[0], &b);
    app.database.put_blob(&ids[1], &a);
    for user in &USERS[..2] {
        let answer = token.vend("stripe", user).await;
        answer.refused(409, "secret_unreadable");
        assert!(KEYS.iter().all(|key| !answer.text.contains(key)), "{}", answer.text);
    }
    token.vend("stripe", USERS[2]).await.hands_out(KEYS[2]);
    assert_eq!(token.put("stripe", USERS[0], KEYS[0]).await.status, 200);
    token.vend("stripe", USERS[0]).await.hands_out(KEYS[0]);
}

#[actix_web::test]
async fn an_older_value_that_was_put_back_is_refused() {
    let app = TestApp::start().await;
    let (token, ids) = three(&app).await;
    let old = app.database.blob(&ids[0]);
    assert_eq!(token.put("stripe", USERS[0], "rk_test_newer4444").await.status, 200);
    app.database.put_blob(&ids[0], &old);
    token.vend("stripe", USERS[0]).await.refused(409, "secret_unreadable");
    token.vend("stripe", USERS[1]).await.hands_out(KEYS[1]);
}

#[actix_web::test]
async fn a_flipped_bit_is_noticed_wherever_it_is() {
    let app = TestApp::start().await;
    let (token, ids) = three(&app).await;
    let whole = app.database.blob(&ids[0]);
    for at in [0, 1, 5, whole.len() / 2, whole.len() - 1] {
        let mut blob = whole.clone();
        blob[at] ^= 1;
        app.database.put_blob(&ids[0], &blob);
        token.vend("stripe", USERS[0]).await.refused(409, "secret_unreadable");
    }
    for cut in [&whole[..0], &whole[..whole.len() - 1], &whole[..20]] {
        app.database.put_blob(&ids[0], cut);
        token.vend("stripe", USERS[0]).await.refused(409, "secret_unreadable");
    }
    token.vend("stripe", USERS[1]).await.hands_out(KEYS[1]);
}

#[actix_web::test]
async fn a_wrong_or_missing_master_key_stops_the_start_and_writes_nothing() {
    let app = TestApp::start().await;
    let (token, _) = three(&app).await;
    let file = app.master_key_file();
    let right = std::fs::read_to_string(&file).unwrap();
    let before = app.database.keys();
    assert!(before.len() >= 8);

    std::fs::remove_file(&file).unwrap();
    assert!(app.start_again().await.is_err(), "starts without its key file");
    assert!(!file.exists(), "a new key was made beside existing data");
    let wrong = data_encoding::BASE64.encode(&[7; 32]);
    for text in [format!("main:{wrong}\n"), format!("other:{wrong}\n"), "main:AAAA\n".to_owned(), String::new()] {
        write_key_file(&file, &text);
        assert!(app.start_again().await.is_err(), "starts with a wrong key");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
    assert!(app.database.keys() == before, "a refused start has written");

    write_key_file(&file, &right);
    assert!(app.start_again().await.is_ok());
    assert!(app.database.keys() == before, "a second start has changed keys");
    token.vend("stripe", USERS[0]).await.hands_out(KEYS[0]);
}

fn write_key_file(file: &std::path::Path, text: &str) {
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}
