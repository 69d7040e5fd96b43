//! What another address of a custom API does to the keys there are, and to forms that were open.

use serde_json::json;

use crate::custom_apis::{KEY, NEW, ROOMS, change, entries, send, spec, store, usual, with};
use crate::support::{Browser, Page, TestApp};

fn held(secret: &str) -> String {
    format!("SELECT count(*) AS number FROM secret_values WHERE secret_id = '{secret}'")
}

/// Enters another value on a form that was drawn from this revision of the description.
async fn enter(by: &mut Browser, form: &str, revision: &str) -> Page {
    by.submit(form, form, &[("revision", revision), ("kind", "api_key"), ("api_key-api_key", KEY)]).await
}

#[actix_web::test]
async fn another_address_destroys_what_was_entered_for_the_one_before() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    send(&mut ada, NEW, &usual()).await;
    let secret = store(&mut ada, "Front desk").await;
    let (token, person) = ada.make_token("test").await;
    token.put("custom-rooms", "guest-1", "guest-key-1234567890").await;
    assert!(ada.get(ROOMS).await.text.contains("2 secrets hold a value"));
    // Another name or another test leaves them alone.
    assert_eq!(change(&mut ada, &[("probe_path", "/who"), ("name", "Our rooms")]).await.status, 303);
    token.vend("custom-rooms", &person).await.hands_out(KEY);
    assert_eq!(change(&mut ada, &[]).await.status, 303);

    let moved = ("base_url", "https://other.example.com");
    for moved in [moved, ("placement", "bearer"), ("header-name", "X-Other"), ("kind", "access_token")] {
        let asked = change(&mut ada, &[moved]).await;
        assert!(
            asked.status == 422 && asked.text.contains("2 values are destroyed by this: "),
            "{moved:?}: {}",
            asked.text
        );
        assert_eq!(asked.attributes("input[name=confirmed]", "value"), ["2"]);
        token.vend("custom-rooms", &person).await.hands_out(KEY);
    }
    assert_eq!(change(&mut ada, &[moved, ("confirmed", "1")]).await.status, 422, "not what was confirmed");
    let stale = ada.get(ROOMS).await.attributes("input[name=revision]", "value").remove(0);
    let open_form =
        ada.get("/w/acme/secrets/new/custom-rooms").await.attributes("input[name=revision]", "value").remove(0);
    assert_eq!(change(&mut ada, &[moved, ("confirmed", "2")]).await.status, 303);
    assert_eq!((app.database.count("secret_values"), entries(&app, "secret.disconnected")), (0, 2));
    assert_eq!(app.database.count("secrets WHERE value_entered_at IS NULL AND last_four IS NULL"), 2);
    token.vend("custom-rooms", &person).await.is_not_installed();
    token.vend("custom-rooms", "guest-1").await.is_not_installed();
    assert!(ada.get(&format!("/w/acme/secrets/{secret}")).await.text.contains("Disconnected"));
    assert!(ada.get("/w/acme/activity").await.text.contains("and disconnected 2 secrets"));
    // A form that was opened for the former address does not send a key to the new one.
    let mut late = usual();
    late.insert("revision", stale);
    let late = send(&mut ada, ROOMS, &late).await;
    assert!(late.status == 422 && late.text.contains("described anew since"), "{}", late.text);
    let form = "/w/acme/secrets/new/custom-rooms";
    for revision in [open_form.as_str(), "", "x"] {
        let fields = [
            ("revision", revision),
            ("kind", "api_key"),
            ("api_key-api_key", KEY),
            ("name", "Late"),
            ("environment", "test"),
            ("delivery", "vend"),
        ];
        let late = ada.submit(form, form, &fields).await;
        assert!(late.status == 422 && late.text.contains("was changed since"), "{}", late.text);
    }
    // Nor does one that was opened to enter another value.
    let value = format!("/w/acme/secrets/{secret}/replace");
    for revision in [open_form.as_str(), ""] {
        let late = enter(&mut ada, &value, revision).await;
        assert!(late.status == 422 && late.text.contains("travel has changed since"), "{}", late.text);
    }
    assert_eq!(app.database.number(&held(&secret)), 0);
    let seen = ada.get(&value).await.attributes("input[name=revision]", "value").remove(0);
    assert_eq!(enter(&mut ada, &value, &seen).await.status, 303);
    assert_eq!(change(&mut ada, &[moved, ("name", "Our rooms")]).await.status, 303);
    let late = enter(&mut ada, &format!("/w/acme/secrets/{secret}/next"), &seen).await;
    assert!(late.status == 422 && late.text.contains("travel has changed since"), "{}", late.text);
    assert_eq!(app.database.number(&held(&secret)), 1);
    token.vend("custom-rooms", &person).await.hands_out(KEY);
    assert_eq!(token.put("custom-rooms", "guest-1", "guest-key-again-12345").await.status, 200);
    token.vend("custom-rooms", "guest-1").await.hands_out("guest-key-again-12345");
}

#[actix_web::test]
async fn what_travels_beside_the_key_is_described_kept_and_guarded() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let beside = [
        ("more1-label", "Account"),
        ("more1-in", "header"),
        ("more1-name", "X-Account.Id"),
        ("more1-shown", "yes"),
        ("more3-label", "Second key"),
        ("more3-in", "query"),
        ("more3-name", "api_key"),
    ];
    let wrong: [(&[(&'static str, &str)], &str); 10] = [
        (&[("more1-label", "")], "more1-label"),
        (&[("more1-label", "a\u{202e}b")], "more1-label"),
        (&[("more1-label", "API key")], "more1-label"),
        (&[("more1-name", "")], "more1-name"),
        (&[("more1-name", "Host")], "more1-name"),
        (&[("more1-name", "x_room-KEY")], "more1-name"),
        (&[("more1-in", "basic")], "more1-in"),
        (&[("more3-label", "ACCOUNT")], "more3-label"),
        (&[("more1-in", "query"), ("more1-name", "API_KEY")], "more3-name"),
        (&[("more3-in", "cookie"), ("more3-name", "a;b")], "more3-name"),
    ];
    for (changes, field) in wrong {
        let again = send(&mut ada, NEW, &with(&[&beside[..], changes].concat())).await;
        let found = again.attributes("[aria-invalid=true]", "name");
        assert_eq!((again.status, found), (422, vec![field.to_owned()]), "{changes:?}");
        assert!(again.attributes("details.more[open]", "class").len() == 1, "{changes:?}");
    }
    let basic = [("placement", "basic"), ("kind", "password"), ("more1-name", "authorization")];
    assert_eq!(send(&mut ada, NEW, &with(&[&beside[..], &basic].concat())).await.status, 422);

    let made = send(&mut ada, NEW, &with(&beside)).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let kind = &spec(&app)["kinds"][0];
    assert_eq!(kind["placements"][1], json!({ "in": "header", "name": "X-Account.Id", "template": "{x_account_id}" }));
    assert_eq!(kind["placements"][2], json!({ "in": "query", "name": "api_key", "template": "{api_key_2}" }));
    // The empty row between them is gone; the rest is kept.
    let form = ada.get(ROOMS).await;
    let kept = |name: &str| form.attributes(&format!("input[name='{name}']"), "value").remove(0);
    assert_eq!([kept("more1-name"), kept("more2-name"), kept("more3-name")], ["X-Account.Id", "api_key", ""]);
    assert_eq!(form.attributes("select[name=more2-in] option[selected]", "value"), ["query"]);
    assert_eq!(form.attributes("main input[type=checkbox][checked]", "name"), ["more1-shown"]);

    let new = "/w/acme/secrets/new/custom-rooms";
    let asked = ada.get(new).await;
    let revision = asked.attributes("input[name=revision]", "value").remove(0);
    assert_eq!(asked.attributes("input[type=password]", "name"), ["api_key-api_key", "api_key-api_key_2"]);
    let fields = [
        ("revision", revision.as_str()),
        ("kind", "api_key"),
        ("api_key-api_key", KEY),
        ("api_key-api_key_2", "second-key-1234567890"),
        ("api_key-x_account_id", "account-77"),
        ("name", "Front desk"),
        ("environment", "test"),
        ("delivery", "vend"),
    ];
    let stored = ada.submit(new, new, &fields).await;
    assert_eq!(stored.status, 303, "{}", stored.text);
    let shown = ada.get(&format!("{}/replace", stored.location())).await;
    assert!(shown.text.contains("account-77") && !shown.text.contains("second-key-1234567890"));
    let (token, person) = ada.make_token("test").await;
    let config = json!({ "api_key_2": "second-key-1234567890", "x_account_id": "account-77" });
    assert_eq!(token.vend("custom-rooms", &person).await.body["credential"]["config"], config);

    // Another label destroys nothing; another place, another secrecy or one field less does.
    let moved = |changes: &[(&'static str, &'static str)]| [&beside[..], changes].concat();
    let labelled = change(&mut ada, &moved(&[("more3-label", "The second")])).await;
    assert_eq!(labelled.status, 303, "{}", labelled.text);
    for changes in [
        moved(&[("more3-name", "second")]),
        moved(&[("more3-shown", "yes")]),
        moved(&[("more1-shown", "")]),
        moved(&[("more3-label", ""), ("more3-name", "")]),
    ] {
        let asked = change(&mut ada, &changes).await;
        assert!(asked.status == 422 && asked.text.contains("1 value is destroyed"), "{changes:?}: {}", asked.text);
    }
    assert_eq!(token.vend("custom-rooms", &person).await.body["credential"]["config"], config);
}
