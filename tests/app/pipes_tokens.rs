//! Accounts and clients over the Pipes-compatible routes: brought with their tokens, renewed, vended.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Stage, is_access_token, is_account, is_vended_token};

const ALL: &str = "vend,connect,read";
const GITLAB: &str = "/user_management/users/customer-42/connected_accounts/gitlab";
const TOKEN: &str = "/data-integrations/gitlab/token";

fn brought(stage: &Stage, more: &Value) -> Value {
    let mut body = json!({ "access_token": "brought-access-canary", "refresh_token": "refresh-canary-0",
        "expires_at": "2026-11-21T11:42:00.000Z", "scopes": ["read_user"], "config": { "address": stage.address() } });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[actix_web::test]
async fn an_account_comes_with_its_tokens_and_they_are_renewed() {
    let stage = Stage::set().await;
    let token = stage.app.token("test", ALL).await;
    let made = token.ask("POST", GITLAB, &brought(&stage, &json!({}))).await;
    assert_eq!(made.status, 201, "{}", made.text);
    is_account(&made.body);
    assert_eq!((&made.body["auth_method"], &made.body["scopes"]), (&json!("oauth"), &json!(["read_user"])));
    assert!(!made.text.contains("canary"));
    token.ask("POST", GITLAB, &brought(&stage, &json!({}))).await.refused(409, "already_exists");
    assert_eq!(token.ask("GET", GITLAB, &json!({})).await.body, made.body);

    let user = json!({ "user_id": "customer-42", "organization_id": null });
    let vended = token.vend_with("gitlab", &user).await;
    is_vended_token(&vended.body);
    assert_eq!(vended.body["credential"]["value"], "brought-access-canary");
    assert_eq!(vended.body["credential"]["missing_scopes"], json!(["read_api"]));
    let access = token.ask("POST", TOKEN, &user).await;
    is_access_token(&access.body);
    assert_eq!(access.body["access_token"]["access_token"], "brought-access-canary");
    assert_eq!(access.body["access_token"]["expires_at"], "2026-11-21T11:42:00.000Z");
    assert!(stage.giving.asked().is_empty(), "nobody was asked yet");

    stage.app.advance(Duration::from_mins(61));
    let renewed = token.ask("POST", TOKEN, &user).await;
    assert_eq!(renewed.body["access_token"]["access_token"], "access-canary-1", "{}", renewed.text);
    assert_eq!(stage.giving.asked()[0]["refresh_token"], "refresh-canary-0");
}

#[actix_web::test]
async fn tokens_that_are_over_say_so() {
    let stage = Stage::set().await;
    let token = stage.app.token("test", ALL).await;
    let lost = json!({ "state": "needs_reauthorization", "config": { "address": stage.address() } });
    let made = token.ask("POST", GITLAB, &lost).await;
    assert_eq!((made.status, &made.body["state"]), (201, &json!("needs_reauthorization")), "{}", made.text);
    let none = json!({ "active": false, "error": "needs_reauthorization" });
    assert_eq!(token.vend("gitlab", "customer-42").await.body, none);
    assert_eq!(token.ask("POST", TOKEN, &json!({ "user_id": "customer-42" })).await.body, none);
    let again =
        token.ask("PUT", &format!("{GITLAB}?connection_intent=reauthorize"), &brought(&stage, &json!({}))).await;
    assert_eq!((again.status, &again.body["state"]), (200, &json!("connected")), "{}", again.text);
    assert_eq!(again.body["id"], made.body["id"]);
    is_vended_token(&token.vend("gitlab", "customer-42").await.body);
    // What has ended already is renewed at its first use.
    let past = brought(&stage, &json!({ "expires_at": "2020-01-01T00:00:00Z" }));
    assert_eq!(token.ask("PUT", GITLAB, &past).await.status, 200);
    assert_eq!(token.vend("gitlab", "customer-42").await.body["credential"]["value"], "access-canary-1");
    // And what nothing can renew is over.
    let mut alone = past.clone();
    alone.as_object_mut().unwrap().remove("refresh_token");
    assert_eq!(token.ask("PUT", GITLAB, &alone).await.status, 200);
    assert_eq!(token.vend("gitlab", "customer-42").await.body, none);
}

#[actix_web::test]
async fn tokens_that_cannot_be_taken_leave_everything_as_it_was() {
    let stage = Stage::set().await;
    let token = stage.app.token("test", ALL).await;
    let wrong = [
        json!({ "access_token": null }),
        json!({ "access_token": "" }),
        json!({ "access_token": "with space" }),
        json!({ "access_token": "x".repeat(16 * 1_024 + 1) }),
        json!({ "refresh_token": "line\nbreak" }),
        json!({ "expires_at": "tomorrow" }),
        json!({ "scopes": ["a b\u{0}"] }),
        json!({ "state": "disconnected" }),
        json!({ "config": { "address": "https://elsewhere.example.com" } }),
        json!({ "config": { "no_such_field": "x" } }),
        json!({ "connection_intent": "reauthorize" }),
    ];
    for more in wrong {
        token.ask("POST", GITLAB, &brought(&stage, &more)).await.refused(422, "invalid_request_parameters");
    }
    token.ask("PUT", GITLAB, &brought(&stage, &json!({}))).await.refused(404, "not_found");
    let key = GITLAB.replace("gitlab", "stripe");
    token.ask("POST", &key, &brought(&stage, &json!({}))).await.refused(422, "invalid_request_parameters");
    let mine = GITLAB.replace("customer-42", "usr_01jd8x3f5k7q9r2t4v6w8y0z1a");
    token.ask("POST", &mine, &brought(&stage, &json!({}))).await.refused(422, "invalid_request_parameters");
    let organization = "/organizations/hotel/connected_accounts/gitlab";
    token.ask("POST", organization, &brought(&stage, &json!({}))).await.refused(422, "invalid_request_parameters");
    let made = token.ask("POST", organization, &brought(&stage, &json!({ "user_id": "anna" }))).await;
    assert_eq!((made.status, &made.body["established_by_user_id"]), (201, &json!("anna")), "{}", made.text);
    token.vend("gitlab", "customer-42").await.is_not_installed();
    assert_eq!(stage.app.database.count("secrets"), 1);
}

#[actix_web::test]
async fn a_refresh_token_needs_a_client_to_be_renewed_with() {
    let mut stage = Stage::set().await;
    let remove = format!("{}/remove", crate::support::CLIENT);
    assert_eq!(stage.ada.submit(crate::support::CLIENT, &remove, &[]).await.status, 303);
    let token = stage.app.token("test", ALL).await;
    let refused = token.ask("POST", GITLAB, &brought(&stage, &json!({}))).await;
    refused.refused(422, "invalid_request_parameters");
    assert!(refused.text.contains("refresh_token"), "{}", refused.text);
}

#[actix_web::test]
async fn an_end_users_client_fetches_its_own_tokens() {
    let mut stage = Stage::set().await;
    stage.robot(&[]).await;
    let token = stage.app.token("test", ALL).await;
    let path = "/data-integrations/xero/client-credentials";
    let body = |secret: &str| json!({ "user_id": "customer-42", "client_id": "their-client", "client_secret": secret });
    let made = token.ask("PUT", path, &body("their-secret-canary-9876")).await;
    assert_eq!(made.status, 200, "{}", made.text);
    is_account(&made.body);
    assert_eq!(made.body["auth_method"], "client_credentials");
    assert_eq!((&made.body["client_id"], &made.body["client_secret_last_4"]), (&json!("their-client"), &json!("9876")));
    assert_eq!((&made.body["api_key_last_4"], &made.body["config"]), (&json!(null), &json!({})));
    let vended = token.vend("xero", "customer-42").await;
    is_vended_token(&vended.body);
    assert_eq!(vended.body["credential"]["auth_method"], "client_credentials", "{}", vended.text);
    assert!(!vended.text.contains("their-secret") && !vended.text.contains("their-client"), "{}", vended.text);
    let access = token.ask("POST", "/data-integrations/xero/token", &json!({ "user_id": "customer-42" })).await;
    is_access_token(&access.body);
    assert_eq!(stage.giving.asked().len(), 1, "it is kept until it ends");
    let again = token.ask("PUT", path, &body("another-secret-canary-5432")).await;
    assert_eq!((&again.body["id"], &again.body["client_secret_last_4"]), (&made.body["id"], &json!("5432")));
    token.vend("xero", "customer-42").await;
    assert_eq!(stage.giving.asked().len(), 1, "another client fetches anew");
    let mut more = body("third-secret-canary-1111");
    token.ask("POST", path, &more).await.refused(422, "invalid_request_parameters");
    more["connection_intent"] = json!("add");
    let added = token.ask("POST", path, &more).await;
    assert_eq!((added.status, &added.body["connection_role"]), (200, &json!("standard")), "{}", added.text);
    for wrong in [json!({ "client_id": "" }), json!({ "client_secret": "" }), json!({ "client_secret": null })] {
        let mut body = body("secret-canary-0000");
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        token.ask("PUT", path, &body).await.refused(422, "invalid_request_parameters");
    }
    let key = "/data-integrations/stripe/client-credentials";
    token.ask("PUT", key, &body("x")).await.refused(422, "invalid_request_parameters");
}
