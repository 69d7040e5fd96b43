//! Testing a secret: what is sent, what the answer makes of it, who may, and what is kept.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyrack::domain::Role;
use keyrack::upstream::Limits;
use serde_json::json;

use crate::support::{PATIENT, PROVIDER, Page, Provider, Says, TestApp, soon, verify_chains};

const VALUE: &str = "tok_probe_1234567890abcdWXYZ";

/// An installation with a provider, its Owner, and the page of a secret for it.
async fn stage(limits: Limits) -> (Provider, TestApp, crate::support::Browser, String) {
    let provider = Provider::start().await;
    let app = provider.app(&[("inside.test", &["8.8.8.8", "10.0.0.7"])], limits).await;
    let mut ada = app.owner().await;
    app.usual_probe();
    let page = ada.add_bearer(&provider.base(), "Orders", VALUE).await;
    (provider, app, ada, page)
}

fn verdict(page: &Page) -> String {
    page.text_of(".probe-verdict")
}

fn state(page: &Page) -> String {
    page.text_of(".verdict h2")
}

fn entries(app: &TestApp, kind: &str) -> String {
    let of = format!("chain_id IN (SELECT id FROM audit_chains WHERE kind = '{kind}')");
    app.database.texts(&format!("SELECT entry AS text FROM audit_entries WHERE {of} ORDER BY seq")).join("\n")
}

#[actix_web::test]
async fn a_key_that_works_is_verified_with_its_accounts_name() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    provider.says(Says::json(&json!({ "name": "Acme Orders" })));
    let before = ada.get(&page).await;
    assert_eq!(before.text_of(".probe button"), "Test it now");
    assert_eq!(before.text_of(".probe code"), format!("GET {}/me", provider.base()));
    let after = ada.test_secret(&page).await;
    assert_eq!(verdict(&after), "Verified for the account Acme Orders");
    assert_eq!(after.attributes(".probe-steps li", "class"), ["with-icon good"; 4]);
    assert!(after.text.contains("It answered with status 200") && after.text.contains("Test it again"));

    let heads = provider.take();
    assert_eq!(heads.len(), 1);
    let head = heads[0].to_lowercase();
    assert!(heads[0].starts_with("GET /v1/me HTTP/1.1\r\n"), "{}", heads[0]);
    assert!(heads[0].contains(&format!("Bearer {VALUE}\r\n")), "{}", heads[0]);
    let agent = format!("user-agent: keyrack/{}\r\n", env!("CARGO_PKG_VERSION"));
    assert!(head.contains(&agent) && head.contains("accept-encoding: identity\r\n") && !head.contains("cookie"));
    assert!(head.contains(&format!("host: api.provider.test:{}\r\n", provider.port)), "{head}");

    assert!(entries(&app, "uses").contains("\"secret.probed\""));
    let changes = entries(&app, "changes");
    assert!(changes.contains("\"secret.probe_answered\"") && changes.contains("\"verified\""), "{changes}");
    verify_chains(&app.database, &app.app.keyring);
    assert!(after.text.contains("tested"), "its history tells");
    let activity = ada.get("/w/acme/activity").await;
    assert!(activity.text.contains("sent the value to its provider to test"), "{}", activity.text);
}

#[actix_web::test]
async fn a_rejected_key_says_so_until_it_works_again() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    provider.says(Says::status("401 Unauthorized", "no"));
    let refused = ada.test_secret(&page).await;
    assert_eq!((verdict(&refused).as_str(), state(&refused).as_str()), ("Rejected", "Rejected"));
    assert!(refused.text.contains("The API did not accept the key."), "the guide's advice");
    let since = "SELECT rejected_at AS number FROM secrets";
    let first = app.database.number(since);
    app.advance(Duration::from_mins(1));
    ada.test_secret(&page).await;
    assert_eq!(app.database.number(since), first, "since when, not how often");
    provider.says(Says::status("503 Service Unavailable", ""));
    let trouble = ada.test_secret(&page).await;
    assert_eq!((verdict(&trouble).as_str(), state(&trouble).as_str()), ("Unreachable", "Rejected"));
    provider.says(Says::json(&json!({ "name": 42 })));
    let good = ada.test_secret(&page).await;
    assert_eq!((verdict(&good).as_str(), state(&good).as_str()), ("Verified for the account 42", "Connected"));
}

#[actix_web::test]
async fn what_a_body_says_counts_where_the_status_does_not() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    let confirmed = json!({ "pointer": "/ok", "is": true });
    app.describe_probe(&json!({ "method": "POST", "path": "/auth.test", "verified": [200], "rejected": [401], "confirmed": confirmed }));
    let huge = format!("{{\"ok\":true,\"x\":\"{}\"}}", "x".repeat(300 * 1_024));
    let cases = [
        (Says::json(&json!({ "ok": true })), "Verified"),
        (Says::json(&json!({ "ok": false })), "Rejected"),
        (Says::json(&json!({ "fine": true })), "Could not be tested"),
        (Says::status("200 OK", "<html>"), "Could not be tested"),
        (Says::status("200 OK", &huge), "Unreachable"),
        (Says::head("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"ok\":"), "Unreachable"),
        (
            Says::head("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\u{b}"),
            "Could not be tested",
        ),
    ];
    for (says, wanted) in cases {
        provider.says(says.clone());
        assert_eq!(verdict(&ada.test_secret(&page).await), wanted, "{:.200}", format!("{says:?}"));
    }
}

#[actix_web::test]
async fn what_says_nothing_of_the_key_does_not_touch_its_state() {
    let (provider, _app, mut ada, page) = stage(PATIENT).await;
    let elsewhere = Provider::start().await;
    let away =
        format!("HTTP/1.1 302 Found\r\nlocation: https://127.0.0.1:{}/\r\ncontent-length: 0\r\n\r\n", elsewhere.port);
    let heavy = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-more: xxxxxxxxxxxxxxxxxxxx\r\n".repeat(300));
    let cases = [
        (Says::head(&away), "Could not be tested"),
        (Says::status("403 Forbidden", ""), "Could not be tested"),
        (Says::status("404 Not Found", ""), "Could not be tested"),
        (Says::status("429 Too Many Requests", ""), "Unreachable"),
        (Says::status("500 Internal Server Error", VALUE), "Unreachable"),
        (Says::head("HELO\r\n\r\n"), "Unreachable"),
        (Says::head(&heavy), "Unreachable"),
        (Says::head(""), "Unreachable"),
    ];
    for (says, wanted) in cases {
        provider.says(says.clone());
        let after = ada.test_secret(&page).await;
        assert_eq!(
            (verdict(&after).as_str(), state(&after).as_str()),
            (wanted, "Connected"),
            "{:.200}",
            format!("{says:?}")
        );
        assert!(!after.text.contains(VALUE));
    }
    assert!(elsewhere.take().is_empty(), "a redirect was followed");
}

#[actix_web::test]
async fn a_slow_answer_is_not_waited_for() {
    let short = Limits { head: Duration::from_millis(300), body: Duration::from_millis(100), ..PATIENT };
    let (provider, app, mut ada, page) = stage(short).await;
    let confirmed = json!({ "pointer": "/ok", "is": true });
    app.describe_probe(
        &json!({ "method": "GET", "path": "/me", "verified": [200], "rejected": [401], "confirmed": confirmed }),
    );
    for (says, words) in [
        (Says::hanging(""), "It did not answer"),
        (Says::hanging("HTTP/1.1 200 OK\r\n"), "It did not answer"),
        (Says::hanging("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"), "The answer does not say"),
    ] {
        provider.says(says.clone());
        let after = soon(ada.test_secret(&page)).await;
        assert_eq!(verdict(&after), "Unreachable", "{says:?}");
        assert!(after.text.contains(words) && after.text.contains("took too long"), "{says:?}");
    }
}

#[actix_web::test]
async fn an_address_that_is_not_for_keys_is_not_spoken_to() {
    let (provider, _app, mut ada, _) = stage(PATIENT).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let cases = [
        ("https://inside.test/v1".to_owned(), "Its address could not be used", "KEYRACK_UPSTREAM_ALLOW"),
        ("https://nowhere.test".to_owned(), "Its address could not be used", "KEYRACK_UPSTREAM_ALLOW"),
        ("https://10.0.0.1".to_owned(), "Its address could not be used", "KEYRACK_UPSTREAM_ALLOW"),
        ("https://169.254.169.254/latest".to_owned(), "Its address could not be used", "KEYRACK_UPSTREAM_ALLOW"),
        ("https://0xa9fea9fe".to_owned(), "Its address could not be used", "KEYRACK_UPSTREAM_ALLOW"),
        ("https://localhost".to_owned(), "Its address could not be used", "KEYRACK_UPSTREAM_ALLOW"),
        (format!("https://127.0.0.1:{free}"), "No connection that can be trusted", "takes no connection"),
        // The certificate is for another name.
        (format!("https://127.0.0.1:{}", provider.port), "No connection that can be trusted", "prove who it is"),
    ];
    for (at, (base, step, advice)) in cases.iter().enumerate() {
        let page = ada.add_bearer(base, &format!("Key {at}"), VALUE).await;
        let after = ada.test_secret(&page).await;
        assert_eq!((verdict(&after).as_str(), state(&after).as_str()), ("Unreachable", "Connected"), "{base}");
        assert!(after.text.contains(step) && after.text.contains(advice), "{base}: {}", after.text_of(".probe"));
        let how: Vec<_> = if step.starts_with("Its") {
            vec!["bad", "muted", "muted", "muted"]
        } else {
            vec!["good", "bad", "muted", "muted"]
        };
        let shown: Vec<_> = how.iter().map(|class| format!("with-icon {class}")).collect();
        assert_eq!(after.attributes(".probe-steps li", "class"), shown, "{base}: done, failed, not reached");
    }
    assert!(provider.take().is_empty());
}

#[actix_web::test]
async fn an_answer_that_echoes_the_key_is_neither_shown_nor_kept() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    let hex: String = VALUE.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = data_encoding::BASE64.encode(VALUE.as_bytes());
    for echo in [VALUE, &VALUE.to_uppercase(), &format!("Acme {VALUE}"), &hex, &base64, &VALUE[4..16]] {
        provider.says(Says::json(&json!({ "name": echo })));
        let after = ada.test_secret(&page).await;
        assert_eq!(verdict(&after), "Verified");
        assert!(!after.text.contains(echo), "{echo}");
        assert_eq!(app.database.number("SELECT COUNT(probe_account) AS number FROM secret_values"), 0, "{echo}");
    }
    let (kept, value) = (app.database.everything(), VALUE.as_bytes());
    assert!(!kept.windows(value.len()).any(|window| window == value));
}

#[actix_web::test]
async fn the_record_is_there_before_anything_leaves() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    let database = crate::support::Database::of(&app.database.url);
    let recorded = Arc::new(Mutex::new(Vec::new()));
    let seen = recorded.clone();
    provider.answers(move |_| {
        let probed = "SELECT COUNT(*) AS number FROM audit_entries WHERE entry LIKE '%secret.probed%'";
        seen.lock().unwrap().push(database.number(probed));
        Says::status("200 OK", "")
    });
    ada.test_secret(&page).await;
    ada.test_secret(&page).await;
    assert_eq!(*recorded.lock().unwrap(), [1, 2]);
    provider.take();

    app.database.run("ALTER TABLE audit_entries RENAME TO away");
    let form = ada.get("/account").await.csrf();
    let refused = ada.post(&format!("{page}/probe"), &[("csrf", &form)]).await;
    assert!([500, 503].contains(&refused.status), "{}", refused.status);
    app.database.run("ALTER TABLE away RENAME TO audit_entries");
    assert!(provider.take().is_empty(), "it left without a record");
}

#[actix_web::test]
async fn a_slow_verdict_does_not_touch_a_newer_value_or_a_deleted_secret() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    let database = crate::support::Database::of(&app.database.url);
    provider.answers(move |_| {
        // Another value has taken its place meanwhile.
        database.run("UPDATE secret_values SET number = 2; UPDATE secrets SET value_number = 2, newest_number = 2");
        Says::status("401 Unauthorized", "")
    });
    let after = ada.test_secret(&page).await;
    assert_eq!(state(&after), "Connected");
    assert!(after.attributes(".probe-verdict", "class").is_empty(), "the newer value was not tested");
    assert!(!entries(&app, "changes").contains("probe_answered"));

    let page = ada.add_bearer(&provider.base(), "Second", VALUE).await;
    let (database, id) = (crate::support::Database::of(&app.database.url), page.rsplit('/').next().unwrap().to_owned());
    provider.answers(move |_| {
        database.run(&format!("DELETE FROM secrets WHERE id = '{id}'"));
        Says::status("401 Unauthorized", "")
    });
    let sent = ada.submit(&page, &format!("{page}/probe"), &[]).await;
    assert_eq!((sent.status, ada.get(&page).await.status), (303, 404));
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn several_tests_at_once_are_each_recorded() {
    let (provider, app, ada, page) = stage(PATIENT).await;
    provider.says(Says::json(&json!({ "name": "Acme" })));
    let tests: Vec<_> = (0..4)
        .map(|_| {
            let (mut ada, page) = (ada.clone(), page.clone());
            async move { ada.test_secret(&page).await }
        })
        .collect();
    for after in futures_util::future::join_all(tests).await {
        assert_eq!(verdict(&after), "Verified for the account Acme");
    }
    assert_eq!(entries(&app, "uses").matches("\"secret.probed\"").count(), 4);
    assert_eq!(entries(&app, "changes").matches("\"secret.probe_answered\"").count(), 4);
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn keyrack_is_no_scanner() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    for _ in 0..10 {
        ada.test_secret(&page).await;
    }
    assert_eq!(provider.take().len(), 10);
    let after = ada.test_secret(&page).await;
    assert!(after.text.contains("It was tested often lately"), "{}", after.text);
    assert!(provider.take().is_empty());
    app.advance(Duration::from_mins(16));
    ada.test_secret(&page).await;
    assert_eq!(provider.take().len(), 1);
}

#[actix_web::test]
async fn whoever_uses_it_or_may_replace_it_tests_it() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    let mut bob = app.member("bob@example.com", Role::Member).await;
    let mut eve = app.member("eve@example.com", Role::Admin).await;
    let gitlab = ada.add_gitlab(&provider, "Code", VALUE).await;
    for private in [&page, &gitlab] {
        assert_eq!(bob.submit("/account", &format!("{private}/probe"), &[]).await.status, 404);
    }
    // What is sent to GitLab nobody here wrote. What is sent to the other, an Admin writes: that would be use.
    eve.test_secret(&gitlab).await;
    assert_eq!(provider.take().len(), 1);
    let shown = eve.get(&page).await;
    assert!(shown.text_of(".probe").contains("only those who may use the key send it"), "{}", shown.text_of(".probe"));
    assert!(shown.attributes(".probe form", "action").is_empty());
    assert_eq!(eve.submit("/account", &format!("{page}/probe"), &[]).await.status, 403);
    assert!(provider.take().is_empty());
    app.database.execute("UPDATE secrets SET sharing = 'workspace'");
    bob.test_secret(&page).await;
    eve.test_secret(&page).await;
    assert_eq!(provider.take().len(), 2);

    for (statement, words) in [
        ("UPDATE node_types SET enabled = FALSE", "is disabled"),
        ("UPDATE secrets SET expires_at = 1", "last day is over"),
        ("UPDATE node_types SET spec = NULL", "is known that tells whether a key for HTTP Request works"),
    ] {
        app.database.run(statement);
        let shown = ada.get(&page).await;
        assert!(shown.text_of(".probe").contains(words), "{statement}: {}", shown.text_of(".probe"));
        assert!(shown.attributes(".probe form", "action").is_empty(), "{statement}");
        let sent = ada.submit("/account", &format!("{page}/probe"), &[]).await;
        assert_eq!(sent.status, 303, "{statement}");
        app.database.run("UPDATE node_types SET enabled = TRUE; UPDATE secrets SET expires_at = NULL");
    }
    let next = ada.submit("/account", &format!("{page}/probe"), &[("slot", "next")]).await;
    assert_eq!(next.status, 303, "there is none");
    assert_eq!(ada.submit("/account", &format!("{page}/probe"), &[("slot", "other")]).await.status, 400);
    assert!(provider.take().is_empty());
}

#[actix_web::test]
async fn the_next_value_is_tested_from_its_page_and_takes_the_verdict_along() {
    let (provider, app, mut ada, _) = stage(PATIENT).await;
    let page = ada.add_gitlab(&provider, "Code", VALUE).await;
    let id = page.rsplit('/').next().unwrap().to_owned();
    ada.test_secret(&page).await;
    let (refused, good) = ("glpat-refused-1234567890", "glpat-good-1234567890");
    let address = [("kind", "access_token"), ("field-address", &*format!("https://{PROVIDER}:{}", provider.port))];
    for (next, says, words, after) in [
        (refused, Says::status("401 Unauthorized", ""), "Rejected", "Rejected"),
        (good, Says::json(&json!({ "username": "acme" })), "Verified for the account acme", "Connected"),
    ] {
        let staged = ada.enter(&id, "next", "", &[&address[..], &[("access_token-access_token", next)]].concat()).await;
        assert_eq!(staged.status, 303, "{}", staged.text);
        let shown = ada.get(&page).await;
        assert_eq!(shown.text_of(".held .probe button"), "Test the next value");
        assert!(shown.text_of(".held .probe code").ends_with("/api/v4/user"), "{}", shown.text_of(".held .probe"));
        assert_eq!(shown.attributes(".held .probe input[name=slot]", "value"), ["next"]);
        provider.take();
        provider.says(says);
        let sent = ada.post(&format!("{page}/probe"), &[("csrf", &shown.csrf()), ("slot", "next")]).await;
        assert_eq!((sent.status, sent.location()), (303, page.as_str()), "{}", sent.text);
        assert!(provider.take()[0].contains(&format!("{next}\r\n")), "the value that waits is the one that is sent");
        let shown = ada.get(&page).await;
        assert_eq!(shown.text_of(".held .probe-verdict"), words);
        let others = ["Connected", "Rejected"][usize::from(after == "Connected")];
        assert_eq!(state(&shown), others, "nothing is said yet of the value in use");
        assert_eq!(ada.turn(&id, "next/promote").await.status, 303);
        let shown = ada.get(&page).await;
        assert_eq!((verdict(&shown).as_str(), state(&shown).as_str()), (words, after));
    }
    // Gone back to, the refused one is refused still.
    assert_eq!(ada.turn(&id, "roll-back").await.status, 303);
    assert_eq!(state(&ada.get(&page).await), "Rejected");

    let mut bob = app.member("bob@example.com", Role::Member).await;
    app.database.execute("UPDATE secrets SET sharing = 'workspace'");
    ada.enter(&id, "next", "", &[&address[..], &[("access_token-access_token", good)]].concat()).await;
    provider.take();
    assert!(bob.get(&page).await.attributes(".held .probe form", "action").is_empty());
    assert_eq!(bob.submit("/account", &format!("{page}/probe"), &[("slot", "next")]).await.status, 403);
    assert!(provider.take().is_empty(), "whoever may use it does not use what waits");
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn several_people_look_for_open_doors_no_longer_than_one() {
    let (provider, app, mut ada, page) = stage(PATIENT).await;
    app.database.execute("UPDATE secrets SET sharing = 'workspace'");
    ada.test_secret(&page).await;
    provider.take();
    // Sixty in all for one host, whoever tests, whichever secret, whichever port.
    app.database.run("UPDATE throttles SET hits = 60 WHERE hits = 1");
    let mut bob = app.member("bob@example.com", Role::Member).await;
    let other = bob.add_bearer(&format!("https://{PROVIDER}:1/v1"), "Other door", VALUE).await;
    for door in [&page, &other] {
        let after = bob.test_secret(door).await;
        assert!(after.text.contains("It was tested often lately"), "{}", after.text);
    }
    assert!(provider.take().is_empty());
    let elsewhere = bob.add_bearer("https://inside.test", "Elsewhere", VALUE).await;
    assert_eq!(verdict(&bob.test_secret(&elsewhere).await), "Unreachable");
    app.advance(Duration::from_mins(16));
    bob.test_secret(&page).await;
    assert_eq!(provider.take().len(), 1);
}
