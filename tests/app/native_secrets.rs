//! Secrets as machines list, change and take them away: what is known of them, never a value.

use keyrack::domain::Role;
use serde_json::json;

use crate::support::{Answer, Native, TestApp, WORKSPACE};

const KEY: &str = "rk_test_native12345678";
const GRACE: &str = "grace@example.com";
const SECRETS: &str = "/api/v1/secrets";

/// The names of a list whose rows were made at one moment.
fn sorted(list: &Answer) -> Vec<&str> {
    let mut names = list.names();
    names.sort_unstable();
    names
}

fn at(id: &str) -> String {
    format!("{SECRETS}/{id}")
}

#[actix_web::test]
async fn secrets_are_listed_narrowed_and_shown_without_their_values() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let person = ada.id().await;
    let own = ada.add_stripe("Till", KEY, "vend").await;
    let hers = grace.add_stripe("Hers", KEY, "proxy").await;
    ada.add_stripe("Live", "rk_live_native12345678", "vend").await;
    assert_eq!(app.token("test", "connect").await.put("stripe", "customer-42", KEY).await.status, 200);
    let native = app.native(&app.token("test", "read").await).await;
    let list = native.get(SECRETS).await;
    assert_eq!(sorted(&list), ["Hers", "Stripe", "Till"], "an Admin's token is told of all, of its own environment");
    assert!(!list.text.contains(KEY) && list.text.contains("5678"), "{}", list.text);
    let expected = json!({
        "id": own, "name": "Till", "node_type": "stripe", "environment": "test", "kind": "api_key", "state": "connected",
        "delivery": "vend", "sharing": "private", "owner": { "id": person, "name": "Ada" }, "end_user": null,
        "organization": null, "last_four": "5678", "version": 1, "value_entered_at": "2026-11-21T10:42:00.000Z",
        "expires_at": null, "rotate_at": null, "last_used_at": null, "created_at": "2026-11-21T10:42:00.000Z",
        "updated_at": "2026-11-21T10:42:00.000Z",
    });
    let shown = native.get(&at(&own)).await;
    assert_eq!((shown.status, &shown.body), (200, &expected));
    for (query, names) in [
        ("?node_type=stripe&state=connected", &["Hers", "Stripe", "Till"][..]),
        ("?state=expired", &[]),
        ("?end_user=customer-42", &["Stripe"]),
        ("?end_user=customer-43", &[]),
        ("?organization=hotel", &[]),
        (&format!("?owner={person}"), &["Till"]),
    ] {
        assert_eq!(sorted(&native.get(&format!("{SECRETS}{query}")).await), names, "{query}");
    }
    for limit in 1..4 {
        let rows = native.all(SECRETS, limit).await;
        let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert!(ids.len() == 3 && ids.is_sorted_by(|one, other| one > other), "the newest first: {ids:?}");
    }
    for wrong in [
        "limit=0",
        "limit=101",
        "limit=x",
        "after=x",
        "state=x",
        "owner=x",
        "node_type=No",
        "what=1",
        "limit=1&limit=2",
    ] {
        native.get(&format!("{SECRETS}?{wrong}")).await.refused_natively(422, "invalid_request_parameters");
    }
    for none in ["x", "sec_01jd8x3f5k7q9r2t4v6w8y0z1a"] {
        native.get(&at(none)).await.refused_natively(404, "not_found");
    }
    assert_eq!(native.get(&at(&hers)).await.status, 200);
}

#[actix_web::test]
async fn its_own_owner_changes_a_secret_and_nobody_from_an_old_state() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.other_owner(GRACE).await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    ada.add_stripe("Taken", KEY, "vend").await;
    let native = app.native(&app.token("test", "read,manage").await).await;
    let path = at(&id);
    let tag = native.get(&path).await.header("etag").to_owned();
    let change =
        json!({ "name": "Desk", "expires_at": "2027-10-01T12:00:00Z", "rotate_at": "2027-09-01T12:00:00+02:00" });
    let with_tag = [("if-match", tag.as_str())];
    let changed = native.send_with(("PATCH", &path), &change, &with_tag).await;
    assert_eq!((changed.status, &changed.body["name"]), (200, &json!("Desk")), "{}", changed.text);
    assert_eq!(changed.body["expires_at"], "2027-10-01T12:00:00.000Z");
    assert_eq!(changed.body["rotate_at"], "2027-09-01T10:00:00.000Z");
    assert_ne!(changed.header("etag"), tag);
    let stale = native.send_with(("PATCH", &path), &json!({ "name": "Other" }), &with_tag).await;
    stale.refused_natively(412, "precondition_failed");
    native.send_with(("DELETE", &path), &json!({}), &with_tag).await.refused_natively(412, "precondition_failed");
    let disconnect = format!("{path}/disconnect");
    native.send_with(("POST", &disconnect), &json!({}), &with_tag).await.refused_natively(412, "precondition_failed");
    let entries = app.database.count("audit_entries");
    assert_eq!(native.send("PATCH", &path, &json!({})).await.body, changed.body, "what is left out stays");
    assert_eq!(native.send("PATCH", &path, &change).await.header("etag"), changed.header("etag"));
    assert_eq!(app.database.count("audit_entries"), entries, "nothing has changed");
    let cleared = native.send("PATCH", &path, &json!({ "expires_at": null, "rotate_at": null })).await;
    assert_eq!((&cleared.body["expires_at"], &cleared.body["name"]), (&json!(null), &json!("Desk")));
    native.send("PATCH", &path, &json!({ "name": "taken" })).await.refused_natively(409, "already_exists");
    for wrong in [
        json!({ "name": "" }),
        json!({ "name": "a\u{202e}b" }),
        json!({ "delivery": "vend" }),
        json!({ "expires_at": "tomorrow" }),
        json!({ "expires_at": "2026-11-21T10:00:00Z" }),
        json!({ "expires_at": 7 }),
        json!({ "expires_at": "2027-01-01T00:00:00Z", "rotate_at": "2027-01-02T00:00:00Z" }),
        json!([]),
    ] {
        native.send("PATCH", &path, &wrong).await.refused_natively(422, "invalid_request_parameters");
    }
    // An Admin sees it, and does not name what is somebody else's.
    let hers = app.native(&app.token_of(WORKSPACE, GRACE, "test", "read,manage").await).await;
    hers.send("PATCH", &path, &json!({ "name": "Mine" })).await.refused_natively(403, "not_yours");
    assert_eq!(hers.get(&path).await.body["name"], "Desk");
    let record = app.database.text("SELECT entry AS text FROM audit_entries WHERE entry LIKE '%secret.renamed%'");
    assert!(record.contains(r#""kind":"token""#), "{record}");
}

async fn disconnects(native: &Native, path: &str) {
    let gone = native.send("POST", &format!("{path}/disconnect"), &json!({})).await;
    assert_eq!((gone.status, &gone.body["secret"]["state"]), (200, &json!("disconnected")), "{}", gone.text);
    assert_eq!((&gone.body["provider"], &gone.body["secret"]["last_four"]), (&json!("nothing"), &json!(null)));
    let again = native.send("POST", &format!("{path}/disconnect"), &json!({})).await;
    assert_eq!((again.status, again.header("etag")), (200, gone.header("etag")), "it changes nothing");
}

#[actix_web::test]
async fn a_secret_is_disconnected_and_deleted_at_once_and_its_owner_is_told() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let id = grace.add_stripe("Hers", KEY, "vend").await;
    let own = ada.add_stripe("Own", KEY, "vend").await;
    let (workflow, _) = ada.add_bound("Bills", &own).await;
    let token = app.token("test", "read,manage,vend").await;
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    let native = app.native(&token).await;
    app.post().await;
    disconnects(&native, &at(&id)).await;
    assert!(app.letter_to(GRACE).await.text.contains("Hers"));
    native.send("PATCH", &at(&own), &json!({ "expires_at": "2027-10-01T12:00:00Z" })).await;
    disconnects(&native, &at(&own)).await;
    let dates = native.send("PATCH", &at(&own), &json!({ "expires_at": "2027-10-01T12:00:00Z" })).await;
    dates.refused_natively(422, "invalid_request_parameters");
    token.vend_node(&workflow, "charge").await.is_not_installed();
    for id in [&id, &own] {
        assert_eq!(native.send("DELETE", &at(id), &json!({})).await.status, 204);
        native.get(&at(id)).await.refused_natively(404, "not_found");
        native.send("DELETE", &at(id), &json!({})).await.refused_natively(404, "not_found");
    }
    native
        .send("POST", &format!("/api/v1/workflows/{workflow}/nodes/charge/credentials"), &json!({}))
        .await
        .refused_natively(409, "needs_reconfiguration");
    assert_eq!(app.database.count("secrets"), 0);
}

#[actix_web::test]
async fn an_end_users_secret_is_none_of_a_token_that_manages() {
    let app = TestApp::start().await;
    app.owner().await;
    assert_eq!(app.token("test", "connect").await.put("stripe", "customer-42", KEY).await.status, 200);
    let id = app.database.text("SELECT id AS text FROM secrets");
    let native = app.native(&app.token("test", "read,manage").await).await;
    let disconnect = format!("{}/disconnect", at(&id));
    let shares = format!("{}/shares", at(&id));
    for (method, path, body) in [
        ("PATCH", at(&id), json!({ "name": "Mine" })),
        ("DELETE", at(&id), json!({})),
        ("POST", disconnect, json!({})),
        ("PUT", shares, json!({ "sharing": "workspace" })),
    ] {
        native.send(method, &path, &body).await.refused_natively(403, "owned_by_end_user");
    }
    assert_eq!(app.database.count("secrets WHERE value_entered_at IS NOT NULL"), 1);
}

#[actix_web::test]
async fn who_has_used_a_secret_is_told_with_how_often() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    let (token, person) = (app.token("test", "read,vend").await, ada.id().await);
    let native = app.native(&token).await;
    let path = format!("{}/uses", at(&id));
    assert_eq!(native.get(&path).await.body, json!({ "data": [] }));
    token.vend("stripe", &person).await.hands_out(KEY);
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    let uses = json!([{ "token_id": token.id(), "token_name": "Backend", "maker_id": person, "uses": 2,
        "last_used_at": "2026-11-21T10:42:00.000Z" }]);
    assert_eq!(native.get(&path).await.body, json!({ "data": uses }));
}
