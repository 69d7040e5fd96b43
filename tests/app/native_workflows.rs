//! Workflows as editors change them: nodes, what they are bound to, and what there is to choose from.

use serde_json::json;

use crate::support::{TestApp, WORKSPACE};

const KEY: &str = "rk_test_editor12345678";
const GRACE: &str = "grace@example.com";
const BILLS: &str = "/api/v1/workflows/bills";

#[actix_web::test]
async fn a_node_is_added_bound_loosened_and_removed() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Till", KEY, "vend").await;
    let token = app.token("test", "read,manage,vend").await;
    let native = app.native(&token).await;
    let made = native.send("PUT", BILLS, &json!({ "name": "Bills" })).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let nodes = format!("{BILLS}/nodes");
    let node = json!({ "key": "charge", "node_type": "stripe" });
    let added = native.send_with(("POST", &nodes), &node, &[("if-match", made.header("etag"))]).await;
    assert_eq!((added.status, &added.body["nodes"][0]["key"]), (201, &json!("charge")), "{}", added.text);
    native.send("POST", &nodes, &node).await.refused_natively(409, "already_exists");
    let at = format!("{nodes}/charge/secret");
    let stale =
        native.send_with(("PUT", &at), &json!({ "secret": secret }), &[("if-match", made.header("etag"))]).await;
    stale.refused_natively(412, "precondition_failed");
    let bound =
        native.send_with(("PUT", &at), &json!({ "secret": secret }), &[("if-match", added.header("etag"))]).await;
    assert_eq!((bound.status, &bound.body["state"]), (200, &json!("ready")), "{}", bound.text);
    assert_eq!(native.get(BILLS).await.header("etag"), bound.header("etag"));
    let vended = native.send("POST", &format!("{nodes}/charge/credentials"), &json!({})).await;
    vended.hands_out(KEY);
    let entries = app.database.count("audit_entries");
    assert_eq!(native.send("PUT", &at, &json!({ "secret": secret })).await.header("etag"), bound.header("etag"));
    let loosened = native.send("DELETE", &at, &json!({})).await;
    assert_eq!((loosened.status, &loosened.body["nodes"][0]["secret"]), (200, &json!(null)));
    assert_eq!(native.send("DELETE", &at, &json!({})).await.body, loosened.body);
    assert_eq!(app.database.count("audit_entries"), entries + 1, "what changes nothing is not recorded");
    let removed = native.send("DELETE", &format!("{nodes}/charge"), &json!({})).await;
    assert_eq!((removed.status, &removed.body["nodes"]), (200, &json!([])));
    native.send("DELETE", &format!("{nodes}/charge"), &json!({})).await.refused_natively(404, "not_found");
    let live = ada.add_stripe("Live", "rk_live_editor12345678", "vend").await;
    for wrong in [
        json!({ "key": "a b", "node_type": "stripe" }),
        json!({ "key": "a", "node_type": "nothing" }),
        json!({ "key": "a", "node_type": "http-request", "secret": secret }),
        json!({ "key": "a", "node_type": "stripe", "secret": live }),
        json!({ "key": "a", "node_type": "stripe", "secret": "x" }),
        json!({ "key": "a", "node_type": "stripe", "what": 1 }),
        json!({ "key": "a" }),
    ] {
        native.send("POST", &nodes, &wrong).await.refused_natively(422, "invalid_request_parameters");
    }
    assert_eq!(app.database.count("nodes"), 0);
    let gone = native.send_with(("DELETE", BILLS), &json!({}), &[("if-match", made.header("etag"))]).await;
    gone.refused_natively(412, "precondition_failed");
    assert_eq!(native.send("DELETE", BILLS, &json!({})).await.status, 204);
    native.get(BILLS).await.refused_natively(404, "not_found");
    assert_eq!(app.database.count("secrets"), 2, "the secrets stay");
}

#[actix_web::test]
async fn a_node_that_is_sent_again_under_its_key_is_one() {
    let app = TestApp::start().await;
    app.owner().await;
    let native = app.native(&app.token("test", "read,manage").await).await;
    native.send("PUT", BILLS, &json!({ "name": "Bills" })).await;
    let nodes = format!("{BILLS}/nodes");
    let once = [("idempotency-key", "one")];
    let node = json!({ "key": "charge", "node_type": "stripe" });
    let first = native.send_with(("POST", &nodes), &node, &once).await;
    let again = native.send_with(("POST", &nodes), &node, &once).await;
    assert_eq!((first.status, again.status, &first.body), (201, 201, &again.body), "{}", again.text);
    let other = json!({ "key": "other", "node_type": "stripe" });
    native.send_with(("POST", &nodes), &other, &once).await.refused_natively(409, "idempotency_key_reused");
    let long = "x".repeat(256);
    let wrong = native.send_with(("POST", &nodes), &other, &[("idempotency-key", &long)]).await;
    wrong.refused_natively(422, "invalid_request_parameters");
    assert_eq!(app.database.count("nodes"), 1);
    assert_eq!(native.send("DELETE", &format!("{nodes}/charge"), &json!({})).await.status, 200);
    let after = native.send_with(("POST", &nodes), &node, &once).await;
    assert_eq!((after.status, app.database.count("nodes")), (201, 1), "what was taken away is made anew");
}

#[actix_web::test]
async fn only_its_owners_token_changes_a_workflow_and_an_admins_takes_it_away() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.other_owner(GRACE).await;
    let secret = ada.add_stripe("Till", KEY, "vend").await;
    let native = app.native(&app.token("test", "read,manage").await).await;
    let nodes = json!([{ "key": "charge", "node_type": "stripe", "secret": secret }]);
    native.send("PUT", BILLS, &json!({ "name": "Bills", "nodes": nodes })).await;
    let hers = app.native(&app.token_of(WORKSPACE, GRACE, "test", "read,manage").await).await;
    let node = format!("{BILLS}/nodes/charge");
    for (method, path, body) in [
        ("PUT", BILLS.to_owned(), json!({ "name": "Hers" })),
        ("POST", format!("{BILLS}/nodes"), json!({ "key": "b", "node_type": "stripe" })),
        ("PUT", format!("{node}/secret"), json!({ "secret": secret })),
        ("DELETE", format!("{node}/secret"), json!({})),
        ("DELETE", node, json!({})),
        ("GET", "/api/v1/pickers/stripe?workflow=bills".to_owned(), json!({})),
    ] {
        hers.send(method, &path, &body).await.refused_natively(403, "workflow_of_another_member");
    }
    assert_eq!(hers.get(BILLS).await.body["state"], "ready", "an Admin sees it");
    assert_eq!(hers.send("DELETE", BILLS, &json!({})).await.status, 204);
}

#[actix_web::test]
async fn a_picker_offers_what_the_page_offers() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    for name in ["Till", "Desk", "Attic"] {
        ada.add_stripe(name, KEY, "vend").await;
    }
    ada.add_stripe("Live", "rk_live_editor12345678", "vend").await;
    grace.add_stripe("Private", KEY, "vend").await;
    app.share(&mut grace, "Shared", KEY).await;
    assert_eq!(app.token("test", "connect").await.put("stripe", "customer-42", KEY).await.status, 200);
    let workflow = ada.add_workflow("Bills", "bills").await;
    let node = ada.add_node(&workflow, "charge", "stripe").await;
    let page = ada.get(&format!("/w/acme/workflows/{workflow}/nodes/{node}")).await;
    let native = app.native(&app.token("test", "read").await).await;
    let picker = native.get("/api/v1/pickers/stripe?workflow=bills").await;
    assert_eq!((picker.names(), &picker.body["total"]), (vec!["Attic", "Desk", "Shared", "Till"], &json!(4)));
    let ids: Vec<&str> =
        picker.body["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    let offered = page.attributes("input[name=secret]", "value");
    assert_eq!(offered, ids, "the very same");
    let some = native.get("/api/v1/pickers/stripe?q=t&limit=1").await;
    assert_eq!((some.names(), &some.body["total"]), (vec!["Attic"], &json!(2)));
    assert!(!picker.text.contains(KEY));
    native.get("/api/v1/pickers/nothing").await.refused_natively(404, "not_found");
    native.get("/api/v1/pickers/stripe?workflow=nothing").await.refused_natively(404, "not_found");
    native.get("/api/v1/pickers/stripe?limit=0").await.refused_natively(422, "invalid_request_parameters");
}
