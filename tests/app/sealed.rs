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

/// Nothing is handed out, and it is said once on the secret and once in the record.
async fn is_unreadable(app: &TestApp, token: &Token, slug: &str, user: &str) {
    for _ in 0..2 {
        let answer = token.vend(slug, user).await;
        answer.refused(409, "secret_unreadable");
        assert!(KEYS.iter().all(|key| !answer.text.contains(key)), "{}", answer.text);
    }
    assert_eq!(app.database.count("secrets WHERE unreadable_at IS NOT NULL"), 1);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secret.unreadable%'"), 1);
}

#[actix_web::test]
async fn a_secret_moved_to_another_environment_is_refused() {
    let app = TestApp::start().await;
    let (test, ids) = three(&app).await;
    let live = app.token("live", "vend,connect").await;
    live.put("stripe", "dora", "rk_live_dddd4444").await;
    app.database.execute(&format!("UPDATE secrets SET environment = 'live' WHERE id = '{}'", ids[0]));
    is_unreadable(&app, &live, "stripe", USERS[0]).await;
    test.vend("stripe", USERS[0]).await.is_not_installed();
    live.vend("stripe", "dora").await.hands_out("rk_live_dddd4444");
}

#[actix_web::test]
async fn a_secret_moved_to_another_node_type_is_refused() {
    let app = TestApp::start().await;
    let (token, ids) = three(&app).await;
    let other = "(SELECT id FROM node_types WHERE slug = 'http-request')";
    app.database.execute(&format!("UPDATE secrets SET node_type_id = {other} WHERE id = '{}'", ids[0]));
    is_unreadable(&app, &token, "http-request", USERS[0]).await;
    token.vend("stripe", USERS[1]).await.hands_out(KEYS[1]);
}

#[actix_web::test]
async fn an_older_row_that_was_put_back_whole_is_refused() {
    let app = TestApp::start().await;
    let (token, ids) = three(&app).await;
    let row = format!("secret_values WHERE secret_id = '{}'", ids[0]);
    app.database.execute(&format!("CREATE TABLE kept AS SELECT * FROM {row}"));
    assert_eq!(token.put("stripe", USERS[0], "rk_test_newer4444").await.status, 200);
    app.database.execute(&format!("DELETE FROM {row}"));
    app.database.execute("INSERT INTO secret_values SELECT * FROM kept");
    is_unreadable(&app, &token, "stripe", USERS[0]).await;
    token.vend("stripe", USERS[1]).await.hands_out(KEYS[1]);
}

#[actix_web::test]
async fn a_value_that_is_gone_is_said_to_be_gone() {
    let app = TestApp::start().await;
    let (token, ids) = three(&app).await;
    app.database.execute(&format!("DELETE FROM secret_values WHERE secret_id = '{}'", ids[0]));
    is_unreadable(&app, &token, "stripe", USERS[0]).await;
    assert_eq!(token.put("stripe", USERS[0], KEYS[0]).await.status, 200);
    token.vend("stripe", USERS[0]).await.hands_out(KEYS[0]);
    assert_eq!(app.database.count("secrets WHERE unreadable_at IS NOT NULL"), 0);
}

#[actix_web::test]
async fn a_value_copied_into_another_workspace_is_refused() {
    let app = TestApp::start().await;
    let (_, ids) = three(&app).await;
    app.owner_of("Other", "eve@example.com").await;
    let theirs = app.token_of("Other", "eve@example.com", "test", "vend,connect").await;
    let stored = theirs.put("stripe", "eve", "rk_test_eeee5555").await;
    let blob = app.database.blob(&ids[0]);
    app.database.put_blob(stored.body["id"].as_str().unwrap(), &blob);
    is_unreadable(&app, &theirs, "stripe", "eve").await;
    let key = format!("(SELECT data_key_id FROM secret_values WHERE secret_id = '{}')", ids[0]);
    let theirs_row = format!("secret_id = '{}'", stored.body["id"].as_str().unwrap());
    app.database.execute(&format!("UPDATE secret_values SET data_key_id = {key} WHERE {theirs_row}"));
    theirs.vend("stripe", "eve").await.refused(409, "secret_unreadable");
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
