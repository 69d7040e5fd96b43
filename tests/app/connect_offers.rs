//! What a backend may ask the connect page for, and how often.

use serde_json::{Value, json};

use crate::connect_sessions::{SESSIONS, link, opened, over, set, wanted};

#[actix_web::test]
async fn what_a_backend_may_ask_for() {
    let (app, mut ada, token) = set().await;
    let native = app.native(&token).await;
    let refused = async |more: Value, status: u16, code: &str| {
        native.send("POST", SESSIONS, &wanted(&more)).await.refused_natively(status, code);
    };
    refused(json!({ "origin": "https://evil.example" }), 400, "invalid_origin").await;
    refused(json!({ "origin": "https://app.example.com/" }), 400, "invalid_origin").await;
    refused(json!({ "return_to": "https://evil.example/" }), 400, "invalid_return_to").await;
    refused(json!({ "node_types": [] }), 422, "invalid_request_parameters").await;
    refused(json!({ "node_types": ["nothing-like-it"] }), 422, "invalid_request_parameters").await;
    refused(json!({ "node_types": vec!["stripe"; 51] }), 422, "invalid_request_parameters").await;
    refused(json!({ "user_id": "usr_01jd8x3f5k7q9r2t4v6w8y0z1a" }), 422, "invalid_request_parameters").await;
    refused(json!({ "user_id": "a\u{202e}b" }), 422, "invalid_request_parameters").await;
    refused(json!({ "connection_owner": "organization" }), 422, "invalid_request_parameters").await;
    refused(json!({ "colour": "red" }), 422, "invalid_request_parameters").await;
    let weak = app.native(&app.token("test", "vend,read").await).await;
    weak.send("POST", SESSIONS, &wanted(&json!({}))).await.refused_natively(403, "insufficient_ability");
    let limited = ada.make_token_with(&[("preset", "backend"), ("node_type", "http-request")]);
    let limited = app.native(&limited.await).await;
    limited.send("POST", SESSIONS, &wanted(&json!({}))).await.refused_natively(403, "node_type_not_allowed");
    let disabled = ada.submit("/w/acme/node-types/stripe/disable", "/w/acme/node-types/stripe/disable", &[]).await;
    assert_eq!(disabled.status, 303, "{}", disabled.text);
    refused(json!({}), 403, "node_type_disabled").await;
}

#[actix_web::test]
async fn the_same_request_leaves_one_link_that_works() {
    let (app, _, token) = set().await;
    let native = app.native(&token).await;
    let key = [("idempotency-key", "one")];
    let first = native.send_with(("POST", SESSIONS), &wanted(&json!({})), &key).await;
    let second = native.send_with(("POST", SESSIONS), &wanted(&json!({})), &key).await;
    let mut anna = app.anonymous();
    over(&opened(&mut anna, &link(&first)).await);
    assert_eq!(opened(&mut anna, &link(&second)).await.status, 200);
    let other = native.send_with(("POST", SESSIONS), &wanted(&json!({ "user_id": "another" })), &key).await;
    other.refused_natively(409, "idempotency_key_reused");
}
