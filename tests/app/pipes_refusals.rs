//! What the Pipes-compatible routes refuse, and in which words.

use serde_json::json;

use crate::support::TestApp;

const VALUE: &str = "rk_test_first1234567890";
const ALL: &str = "vend,connect,read";

#[actix_web::test]
async fn only_a_whole_and_known_token_in_the_header_counts() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    token.put("stripe", "customer-42", VALUE).await;
    let text = token.text.clone();
    token.vend_without_header("stripe", "customer-42").await.refused(401, "unauthorized");
    token.vend_by_query("stripe", "customer-42").await.refused(401, "unauthorized");
    let last = if text.ends_with('a') { "b" } else { "a" };
    let mistyped = format!("{}{last}", &text[..text.len() - 1]);
    let wrong =
        ["garbage", &text[..text.len() - 1], &text.to_uppercase(), &mistyped, &text.replace("kr_test_", "kr_live_")];
    for wrong in wrong {
        token.saying(wrong).vend("stripe", "customer-42").await.refused(401, "unauthorized");
        token.saying(wrong).put("stripe", "customer-42", VALUE).await.refused(401, "unauthorized");
    }
    token.vend("stripe", "customer-42").await.hands_out(VALUE);
}

/// The same token with another secret part and the checksum that belongs to it.
fn forged(text: &str) -> String {
    let (kept, tail) = text[..text.len() - 7].split_at(text.len() - 7 - 52);
    let other = if tail.starts_with('a') { 'b' } else { 'a' };
    let whole = format!("{kept}{other}{}", &tail[1..]);
    let sum = crc32fast::hash(whole.as_bytes()).to_be_bytes();
    format!("{whole}{}", data_encoding::BASE32_NOPAD.encode(&sum).to_lowercase())
}

#[actix_web::test]
async fn a_token_that_is_whole_but_not_ours_is_unknown() {
    let (app, other) = (TestApp::start().await, TestApp::start_with(7).await);
    app.owner().await;
    other.owner().await;
    let token = app.token("test", ALL).await;
    token.put("stripe", "customer-42", VALUE).await;
    let strangers = other.token("test", ALL).await;
    assert_ne!(token.text, strangers.text);
    for text in [strangers.text, forged(&token.text)] {
        token.saying(&text).vend("stripe", "customer-42").await.refused(401, "unauthorized");
    }
    token.vend("stripe", "customer-42").await.hands_out(VALUE);
}

#[actix_web::test]
async fn a_revoked_token_is_refused_at_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, _) = ada.make_token("test").await;
    assert_eq!(token.put("stripe", "customer-42", VALUE).await.status, 200);
    let page = format!("/w/acme/tokens/{}", token.id());
    assert_eq!(ada.submit(&page, &format!("{page}/revoke"), &[]).await.status, 303);
    token.vend("stripe", "customer-42").await.refused(401, "unauthorized");
    token.put("stripe", "customer-42", VALUE).await.refused(401, "unauthorized");
}

#[actix_web::test]
async fn an_unknown_slug_is_not_found() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    for slug in ["nothing", "STRIPE", "stripe%00", "..%2fstripe"] {
        token.vend(slug, "customer-42").await.refused(404, "not_found");
        token.put(slug, "customer-42", VALUE).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn test_and_live_never_mix() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", VALUE, "vend").await;
    let (test, person) = ada.make_token("test").await;
    let live = app.token("live", ALL).await;
    test.put("stripe", "customer-42", VALUE).await;
    live.vend("stripe", "customer-42").await.is_not_installed();
    live.vend("stripe", &person).await.is_not_installed();
    test.vend("stripe", &person).await.hands_out(VALUE);
}

#[actix_web::test]
async fn a_token_does_only_what_its_abilities_allow() {
    let app = TestApp::start().await;
    app.owner().await;
    let (connect, vend) = (app.token("test", "connect").await, app.token("test", "vend").await);
    vend.put("stripe", "customer-42", VALUE).await.refused(403, "insufficient_ability");
    assert_eq!(connect.put("stripe", "customer-42", VALUE).await.status, 200);
    connect.vend("stripe", "customer-42").await.refused(403, "insufficient_ability");
    vend.vend("stripe", "customer-42").await.hands_out(VALUE);
}

#[actix_web::test]
async fn another_members_id_is_not_found() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", VALUE, "vend").await;
    let (own, ada_id) = ada.make_token("test").await;
    let mut grace = app.other_owner("grace@example.com").await;
    let (token, grace_id) = grace.make_token("test").await;
    assert_ne!(ada_id, grace_id);
    token.vend("stripe", &ada_id).await.refused(404, "not_found");
    own.vend("stripe", &ada_id).await.hands_out(VALUE);
    token.vend("stripe", "usr_garbage").await.refused(404, "not_found");
    let stored = token.put("stripe", &ada_id, VALUE).await;
    assert_eq!(stored.status, 422, "an end user may not pose as a member: {}", stored.text);
}

#[actix_web::test]
async fn a_proxy_only_key_is_never_handed_out() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", VALUE, "proxy").await;
    let (token, person) = ada.make_token("test").await;
    let answer = token.vend("stripe", &person).await;
    answer.refused(403, "delivery_proxy_only");
    assert!(!answer.text.contains(VALUE));
}

#[actix_web::test]
async fn a_deleted_key_is_gone() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", VALUE, "vend").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out(VALUE);
    let path = format!("/w/acme/secrets/{id}/delete");
    let field = ada.get(&path).await.attributes("main form input:not([name=csrf])", "name");
    let deleted = ada.submit(&path, &path, &[(field[0].as_str(), "Payments")]).await;
    assert_eq!(deleted.status, 303, "{}", deleted.text);
    token.vend("stripe", &person).await.is_not_installed();
}

#[actix_web::test]
async fn a_body_that_is_wrong_is_named_and_never_quoted() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    for body in [
        json!({}),
        json!({ "user_id": "" }),
        json!({ "user_id": 7 }),
        json!({ "user_id": "a", "connection_owner": "x" }),
    ] {
        token.vend_with("stripe", &body).await.refused(422, "invalid_request_parameters");
    }
    let canary = "pk_test_canary55555";
    for body in [
        json!({ "user_id": "a", "secret": canary }),
        json!({ "user_id": [canary], "secret": canary }),
        json!({ "secret": canary }),
    ] {
        let answer = token.put_with("stripe", &body).await;
        answer.refused(422, "invalid_request_parameters");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn a_key_of_the_other_environment_is_not_taken() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    let answer = token.put("stripe", "customer-42", "rk_live_first1234567890").await;
    answer.refused(422, "invalid_request_parameters");
    assert!(!answer.text.contains("first1234567890"));
    token.vend("stripe", "customer-42").await.is_not_installed();
}

#[actix_web::test]
async fn a_machine_is_answered_in_json_wherever_it_knocks() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    let paths = [
        "/data-integrations/stripe/nothing",
        "/user_management/users/a/nothing",
        "/organizations/a/nothing",
        "/api/v1/x",
    ];
    for path in paths {
        token.ask("GET", path, &json!({})).await.refused(404, "not_found");
    }
}

#[actix_web::test]
async fn what_a_machine_sends_is_kept_as_it_is() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    let config = json!({ "placement": "basic", "base_url": "https://api.example.com", "username": "ada" });
    let body = json!({ "user_id": "customer-42", "secret": " pass word ", "config": config });
    let stored = token.put_with("http-request", &body).await;
    assert_eq!(stored.status, 200, "{}", stored.text);
    assert_eq!(token.vend("http-request", "customer-42").await.body["credential"]["value"], " pass word ");
    let absent = json!({ "user_id": "customer-42", "secret": VALUE, "config": null });
    assert_eq!(token.put_with("stripe", &absent).await.status, 200);
}

#[actix_web::test]
async fn one_workspaces_broken_record_stops_nobody_else() {
    let app = TestApp::start().await;
    app.owner().await;
    app.owner_of("Other", "eve@example.com").await;
    let ours = app.token("test", ALL).await;
    let theirs = app.token_of("Other", "eve@example.com", "test", ALL).await;
    ours.put("stripe", "customer-42", VALUE).await;
    theirs.put("stripe", "customer-42", VALUE).await;
    let other = "(SELECT id FROM workspaces WHERE slug = 'other')";
    app.database.execute(&format!(
        "UPDATE audit_chains SET workspace_id = 'away' WHERE kind = 'uses' AND workspace_id = {other}"
    ));
    let vends =
        (0..20).map(|at| if at % 2 == 0 { &ours } else { &theirs }).map(|token| token.vend("stripe", "customer-42"));
    for (at, answer) in futures_util::future::join_all(vends).await.into_iter().enumerate() {
        if at % 2 == 0 {
            answer.hands_out(VALUE);
        } else {
            answer.refused(503, "unavailable");
            assert!(!answer.text.contains(VALUE));
        }
    }
}
