//! Connected accounts over the Pipes-compatible routes: several of one end user, of organizations, read and taken away.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Token, is_account, is_provider};

const ONE: &str = "rk_test_first1234567890";
const TWO: &str = "rk_test_other0987654321";
const ALL: &str = "vend,connect,read,manage";
const STRIPE: &str = "/user_management/users/customer-42/connected_accounts/stripe";

async fn set() -> (TestApp, Token) {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    (app, token)
}

/// Stripe among the providers that were listed.
fn stripe(listed: &Answer) -> &Value {
    let all = listed.body["data"].as_array().unwrap_or_else(|| panic!("{}", listed.text));
    all.iter().find(|one| one["slug"] == "stripe").unwrap_or_else(|| panic!("{}", listed.text))
}

#[actix_web::test]
async fn an_end_user_has_several_connections_side_by_side() {
    let (_app, token) = set().await;
    let body = |secret: &str| json!({ "user_id": "customer-42", "secret": secret, "connection_intent": "add" });
    let key = "/data-integrations/stripe/api-key";
    let first = token.ask("POST", key, &body(ONE)).await;
    assert_eq!((first.status, &first.body["connection_role"]), (200, &json!("compatibility")), "{}", first.text);
    let second = token.ask("POST", key, &body(TWO)).await;
    assert_eq!((second.status, &second.body["connection_role"]), (200, &json!("standard")), "{}", second.text);
    assert_ne!(first.body["id"], second.body["id"]);

    // Who knows of one alone sees the first.
    token.vend("stripe", "customer-42").await.hands_out(ONE);
    let one = token.ask("GET", STRIPE, &json!({})).await;
    assert_eq!(one.body, first.body);
    // Who knows of several says which.
    let several = json!({ "user_id": "customer-42", "supports_multiple_connections": true });
    token.vend_with("stripe", &several).await.refused(409, "account_selection_required");
    let many = format!("{STRIPE}?supports_multiple_connections=true");
    token.ask("GET", &many, &json!({})).await.refused(409, "account_selection_required");
    let id = second.body["id"].as_str().unwrap();
    let named = token.ask("GET", &format!("{many}&connected_account_id={id}"), &json!({})).await;
    assert_eq!(named.body, second.body);
    let mut chosen = several.clone();
    chosen["connected_account_id"] = json!(id);
    token.vend_with("stripe", &chosen).await.hands_out(TWO);
    token.ask("GET", &format!("{STRIPE}?connected_account_id={id}"), &json!({})).await.refused(404, "not_found");

    // One that is named gets another value, and stays the one it was.
    let again = json!({ "user_id": "customer-42", "secret": "rk_test_third111122223333", "connected_account_id": id });
    let again = token.put_with("stripe", &again).await;
    assert_eq!((again.status, &again.body["id"], &again.body["api_key_last_4"]), (200, &json!(id), &json!("3333")));
    let gone = token.ask("DELETE", &format!("{many}&connected_account_id={id}"), &json!({})).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    token.vend_with("stripe", &several).await.hands_out(ONE);
    assert_eq!(token.ask("DELETE", STRIPE, &json!({})).await.status, 204);
    token.ask("DELETE", STRIPE, &json!({})).await.refused(404, "not_found");
    token.vend("stripe", "customer-42").await.is_not_installed();
}

#[actix_web::test]
async fn adding_has_to_be_meant() {
    let (_app, token) = set().await;
    let key = "/data-integrations/stripe/api-key";
    let body = json!({ "user_id": "customer-42", "secret": ONE });
    token.ask("POST", key, &body).await.refused(422, "invalid_request_parameters");
    let known = json!({ "user_id": "customer-42", "secret": ONE, "connection_intent": "reauthorize" });
    token.put_with("stripe", &known).await.refused(404, "not_found");
    token.ask("POST", key, &known).await.refused(422, "invalid_request_parameters");
    token.vend("stripe", "customer-42").await.is_not_installed();
}

#[actix_web::test]
async fn a_request_that_comes_again_adds_nothing() {
    let (_app, token) = set().await;
    let key = "/data-integrations/stripe/api-key";
    let body = json!({ "user_id": "customer-42", "secret": ONE, "connection_intent": "add" });
    let first = token.once("POST", key, &body, "one-and-the-same").await;
    let again = token.once("POST", key, &body, "one-and-the-same").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    let other = json!({ "user_id": "customer-42", "secret": TWO, "connection_intent": "add" });
    token.once("POST", key, &other, "one-and-the-same").await.refused(409, "idempotency_key_reused");
    let elsewhere = format!("{key}?organization_id=other");
    token.once("POST", &elsewhere, &body, "one-and-the-same").await.refused(409, "idempotency_key_reused");
    token.once("POST", key, &other, &"k".repeat(256)).await.refused(422, "invalid_request_parameters");
    let second = token.once("POST", key, &other, "another").await;
    assert_eq!((second.status, &second.body["connection_role"]), (200, &json!("standard")));
    let parallel = (0..8).map(|_| token.once("POST", key, &other, "in-parallel"));
    let answers = futures_util::future::join_all(parallel).await;
    assert!(answers.iter().all(|answer| answer.body["id"] == answers[0].body["id"]), "{:?}", answers[0].text);
    let listed = token
        .ask("GET", "/user_management/users/customer-42/data_providers?supports_multiple_connections=true", &json!({}))
        .await;
    assert_eq!(stripe(&listed)["connected_accounts"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn an_organizations_account_is_anybodys_of_it() {
    let (_app, token) = set().await;
    let body =
        json!({ "user_id": "anna", "organization_id": "hotel", "connection_owner": "organization", "secret": ONE });
    let stored = token.put_with("stripe", &body).await;
    is_account(&stored.body);
    assert_eq!((&stored.body["user_id"], &stored.body["organization_id"]), (&json!(null), &json!("hotel")));
    assert_eq!(stored.body["established_by_user_id"], "anna");
    let theirs = "/organizations/hotel/connected_accounts/stripe";
    assert_eq!(token.ask("GET", theirs, &json!({})).await.body, stored.body);
    for user in ["anna", "bert"] {
        let ask = json!({ "user_id": user, "organization_id": "hotel", "connection_owner": "organization" });
        token.vend_with("stripe", &ask).await.hands_out(ONE);
        token.vend("stripe", user).await.is_not_installed();
    }
    let listed = token.ask("GET", "/organizations/hotel/data_providers", &json!({})).await;
    is_provider(stripe(&listed));
    assert_eq!(stripe(&listed)["connected_account"]["id"], stored.body["id"]);
    assert_eq!(stripe(&listed)["ownership"], "organization");
    assert!(listed.body.get("list_metadata").is_none());
    assert_eq!(token.ask("DELETE", theirs, &json!({})).await.status, 204);
    token.ask("GET", theirs, &json!({})).await.refused(404, "not_found");
}

#[actix_web::test]
async fn providers_tell_what_can_be_connected_and_what_is() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", ALL).await;
    let path = "/user_management/users/customer-42/data_providers";
    let before = token.ask("GET", path, &json!({})).await;
    assert_eq!((before.status, &before.body["object"]), (200, &json!("list")));
    let known = stripe(&before);
    is_provider(known);
    assert_eq!((&known["slug"], &known["connected_account"]), (&json!("stripe"), &json!(null)));
    assert_eq!((&known["auth_methods"], &known["scopes"]), (&json!(["api_key"]), &json!(null)));
    let stored = token.put("stripe", "customer-42", ONE).await;
    let after = token.ask("GET", path, &json!({})).await;
    is_provider(stripe(&after));
    assert_eq!(stripe(&after)["connected_account"]["id"], stored.body["id"]);
    assert_eq!(stripe(&after)["connected_account"]["userlandUserId"], "customer-42");
    // Another environment, another end user, another workspace: nothing of it.
    let live = app.token("live", ALL).await;
    assert_eq!(stripe(&live.ask("GET", path, &json!({})).await)["connected_account"], json!(null));
    let other = token.ask("GET", "/user_management/users/customer-43/data_providers", &json!({})).await;
    assert_eq!(stripe(&other)["connected_account"], json!(null));
    app.owner_of("Other", "eve@example.com").await;
    let eve = app.token_of("Other", "eve@example.com", "test", ALL).await;
    assert_eq!(stripe(&eve.ask("GET", path, &json!({})).await)["connected_accounts"], json!([]));
    eve.ask("GET", STRIPE, &json!({})).await.refused(404, "not_found");
    eve.ask("DELETE", STRIPE, &json!({})).await.refused(404, "not_found");
    // What is disabled cannot be connected.
    let disable = "/w/acme/node-types/stripe/disable";
    assert_eq!(ada.submit(disable, disable, &[]).await.status, 303);
    let open = token.ask("GET", path, &json!({})).await;
    assert!(!open.text.contains("stripe"), "{}", open.text);
    token.put("stripe", "customer-42", TWO).await.refused(403, "node_type_disabled");
}

#[actix_web::test]
async fn a_maker_reads_what_they_may_use_and_nobody_elses() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let one = ada.add_stripe("One", ONE, "vend").await;
    ada.add_stripe("Two", TWO, "vend").await;
    let (token, me) = (app.token("test", ALL).await, app.person(crate::support::EMAIL));
    let own = format!("/user_management/users/{me}/connected_accounts/stripe");
    token.ask("GET", &own, &json!({})).await.refused(409, "account_selection_required");
    let found = token.ask("GET", &format!("{own}?connected_account_id={one}"), &json!({})).await;
    is_account(&found.body);
    assert_eq!((&found.body["id"], &found.body["user_id"]), (&json!(one), &json!(me)));
    let listed = token.ask("GET", &format!("/user_management/users/{me}/data_providers"), &json!({})).await;
    is_provider(stripe(&listed));
    assert_eq!(stripe(&listed)["connected_accounts"].as_array().unwrap().len(), 2);
    // What is theirs in the browser is not an end user's to be changed here.
    token.ask("DELETE", &own, &json!({})).await.refused(422, "invalid_request_parameters");
    let eve = app.member("eve@example.com", keyrack::domain::Role::Member).await;
    drop(eve);
    let hers = app.person("eve@example.com");
    let other = format!("/user_management/users/{hers}/connected_accounts/stripe");
    token.ask("GET", &other, &json!({})).await.refused(404, "not_found");
    token
        .ask("GET", &format!("/user_management/users/{hers}/data_providers"), &json!({}))
        .await
        .refused(404, "not_found");
}

#[actix_web::test]
async fn what_is_asked_wrongly_is_told() {
    let (_app, token) = set().await;
    token.put("stripe", "customer-42", ONE).await;
    for path in [
        format!("{STRIPE}?supports_multiple_connections=perhaps"),
        "/user_management/users/customer%0A42/connected_accounts/stripe".to_owned(),
        format!("{STRIPE}?organization_id="),
    ] {
        token.ask("GET", &path, &json!({})).await.refused(422, "invalid_request_parameters");
    }
    for path in [format!("{STRIPE}?connected_account_id=sec_nothing"), STRIPE.replace("stripe", "nothing")] {
        token.ask("GET", &path, &json!({})).await.refused(404, "not_found");
    }
    let body = json!({ "user_id": "customer-42" });
    token.ask("POST", "/data-integrations/stripe/token", &body).await.refused(422, "invalid_request_parameters");
}
