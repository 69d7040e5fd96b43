//! Handing out and taking in values over the Pipes-compatible routes.

use serde_json::json;

use crate::support::TestApp;

const VALUE: &str = "rk_test_first1234567890";
const OTHER: &str = "rk_test_other0987654321";
const ALL: &str = "vend,connect,read";

#[actix_web::test]
async fn a_key_from_the_browser_is_handed_to_its_owners_backend() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", VALUE, "vend").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out(VALUE);
    let page = ada.get(&format!("/w/acme/secrets/{id}")).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("7890") && !page.text.contains(VALUE));
    let activity = ada.get("/w/acme/activity").await;
    assert_eq!(activity.status, 200);
    assert!(activity.text.contains("Payments"));
}

#[actix_web::test]
async fn an_end_users_key_is_stored_handed_out_and_replaced() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    let first = token.put("stripe", "customer-42", VALUE).await;
    assert_eq!(first.status, 200, "{}", first.text);
    token.vend("stripe", "customer-42").await.hands_out(VALUE);
    let again = token.put("stripe", "customer-42", OTHER).await;
    assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]));
    assert_eq!(again.body["api_key_last_4"], "4321");
    token.vend("stripe", "customer-42").await.hands_out(OTHER);
    token.vend("stripe", "customer-43").await.is_not_installed();
}

#[actix_web::test]
async fn a_connected_account_has_every_field_and_no_value() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    let answer = token.put("stripe", "customer-42", VALUE).await;
    assert!(answer.body["id"].as_str().unwrap().starts_with("sec_"));
    let mut expected = json!({
        "object": "connected_account", "id": answer.body["id"], "connection_role": "compatibility",
        "account_identifier": null, "account_display_name": null, "user_id": "customer-42", "organization_id": null,
        "scopes": [], "auth_method": "api_key", "api_key_last_4": "7890", "client_id": null,
        "client_secret_last_4": null, "config": {}, "state": "connected",
        "established_by_user_id": answer.body["established_by_user_id"], "state_reason": null,
        "created_at": "2026-11-21T10:42:00.000Z", "updated_at": "2026-11-21T10:42:00.000Z",
    });
    assert_eq!(answer.body, expected);
    assert!(answer.body.as_object().unwrap().contains_key("established_by_user_id"));
    assert!(!answer.text.contains(VALUE));

    let labels = json!({ "user_id": "customer-42", "secret": VALUE, "account_display_name": "Shop", "account_identifier": "acct_1" });
    let labelled = token.put_with("stripe", &labels).await;
    expected["account_display_name"] = json!("Shop");
    expected["account_identifier"] = json!("acct_1");
    assert_eq!(labelled.body, expected);
    let kept = token.put("stripe", "customer-42", VALUE).await;
    assert_eq!(kept.body, expected, "what is left out is kept");
    let cleared = token
        .put_with("stripe", &json!({ "user_id": "customer-42", "secret": VALUE, "account_identifier": null }))
        .await;
    expected["account_identifier"] = json!(null);
    assert_eq!(cleared.body, expected, "null clears");
}

#[actix_web::test]
async fn an_organizations_connection_is_not_its_users() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    let inside = json!({ "user_id": "customer-42", "organization_id": "hotel", "secret": VALUE });
    let stored = token.put_with("stripe", &inside).await;
    assert_eq!((stored.status, &stored.body["organization_id"]), (200, &json!("hotel")), "{}", stored.text);
    token.vend("stripe", "customer-42").await.is_not_installed();
    let asked = json!({ "user_id": "customer-42", "organization_id": "hotel" });
    token.vend_with("stripe", &asked).await.hands_out(VALUE);
}

#[actix_web::test]
async fn two_upserts_at_once_make_one_connection() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    let puts = (0..8).map(|_| token.put("stripe", "customer-42", VALUE));
    let answers = futures_util::future::join_all(puts).await;
    assert!(
        answers.iter().all(|answer| answer.status == 200),
        "{:?}",
        answers.iter().map(|a| &a.text).collect::<Vec<_>>()
    );
    assert!(answers.iter().all(|answer| answer.body["id"] == answers[0].body["id"]));
    token.vend("stripe", "customer-42").await.hands_out(VALUE);
}

#[actix_web::test]
async fn health_says_live_and_ready() {
    let app = TestApp::start().await;
    let mut browser = app.anonymous();
    for path in ["/health/live", "/health/ready"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(browser.cookies.is_empty(), "machines get no cookies");
    }
}
