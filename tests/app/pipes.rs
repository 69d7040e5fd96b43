//! From set-up to vend, and what must not work on the way.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{Browser, TestApp};

const VEND: &str = "/data-integrations/stripe/credentials";
const PUT: &str = "/data-integrations/stripe/api-key";
const KEY: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";

#[actix_web::test]
async fn a_stored_key_is_vended_to_its_makers_token_and_to_nobody_else() {
    let app = TestApp::start().await;
    let mut owner = app.founder().await;
    assert_eq!(owner.add_stripe_key("Main", KEY, "vend").await.status(), 303);
    let person = owner.person().await;
    let token = app.token("test", "vend").await;
    let ask = json!({ "user_id": person });

    let (status, vended) = app.call(&token, Method::POST, VEND, ask.clone()).await;
    assert_eq!((status, &vended["credential"]["value"]), (200, &json!(KEY)));

    let live = app.token("live", "vend").await;
    let (status, other) = app.call(&live, Method::POST, VEND, ask.clone()).await;
    assert_eq!((status, other), (200, json!({ "active": false, "error": "not_installed" })));

    let weak = app.token("test", "connect").await;
    let (status, refused) = app.call(&weak, Method::POST, VEND, ask.clone()).await;
    assert_eq!((status, &refused["code"]), (403, &json!("insufficient_ability")));

    for bad in ["", "kr_test_", &token[..token.len() - 1], &format!("{token}a"), &token.to_uppercase()] {
        let (status, refused) = app.call(bad, Method::POST, VEND, ask.clone()).await;
        assert_eq!(status, 401, "{bad}");
        assert!(refused["code"].is_string() && refused.get("error").is_none());
    }
    let stranger = json!({ "user_id": "usr_01jd8x3f5k7q9r2t4v6w8y0z1a" });
    assert_eq!(app.call(&token, Method::POST, VEND, stranger).await.0, 404);
    assert_eq!(app.call(&token, Method::POST, "/data-integrations/nope/credentials", ask).await.0, 404);
}

#[actix_web::test]
async fn a_proxy_secret_is_never_vended() {
    let app = TestApp::start().await;
    let mut owner = app.founder().await;
    assert_eq!(owner.add_stripe_key("Main", KEY, "proxy").await.status(), 303);
    let (token, person) = (app.token("test", "vend").await, owner.person().await);
    let (status, refused) = app.call(&token, Method::POST, VEND, json!({ "user_id": person })).await;
    assert_eq!((status, &refused["code"]), (403, &json!("delivery_proxy_only")));
}

#[actix_web::test]
async fn an_end_users_key_is_put_replaced_and_vended() {
    let app = TestApp::start().await;
    app.founder().await;
    let token = app.token("test", "vend,connect").await;
    let ask = json!({ "user_id": "customer-42" });
    let (_, nothing) = app.call(&token, Method::POST, VEND, ask.clone()).await;
    assert_eq!(nothing, json!({ "active": false, "error": "not_installed" }));
    let mut ids = Vec::new();
    for value in [KEY, "rk_test_second0000000000"] {
        let body = json!({ "user_id": "customer-42", "secret": value });
        let (status, account) = app.call(&token, Method::PUT, PUT, body).await;
        assert_eq!((status, &account["state"]), (200, &json!("connected")));
        ids.push(account["id"].clone());
        let (_, vended) = app.call(&token, Method::POST, VEND, ask.clone()).await;
        assert_eq!(vended["credential"]["value"], json!(value));
    }
    assert_eq!(ids[0], ids[1]);
}

#[actix_web::test]
async fn no_page_and_no_file_holds_a_stored_value() {
    let app = TestApp::start().await;
    let mut owner = app.founder().await;
    let stored = owner.add_stripe_key("Main", KEY, "vend").await;
    let secret = stored.headers()["location"].to_str().unwrap().to_owned();
    for path in [secret.as_str(), "/w/acme", "/w/acme/secrets", "/w/acme/tokens", "/w/acme/activity", "/account"] {
        let answer = owner.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"));
        assert!(!answer.text().await.unwrap().contains(KEY), "{path}");
    }
    for file in std::fs::read_dir(app.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()));
    }
}

#[actix_web::test]
async fn forms_from_elsewhere_and_ended_sessions_are_refused() {
    let app = TestApp::start().await;
    let mut owner = app.founder().await;
    let form = [("name", "T"), ("environment", "test"), ("preset", "agent"), ("csrf", "made up")];
    assert_eq!(owner.post("/w/acme/tokens/new", &form).await.status(), 403);
    let kept = owner.cookies.clone();
    assert_eq!(owner.submit("/account", "/sign-out", &[]).await.status(), 303);
    let mut replayed = Browser::new(&app.base);
    replayed.cookies = kept;
    assert_eq!(replayed.get("/w/acme").await.status(), 303);
}

#[actix_web::test]
async fn a_session_ends_when_idle_and_attempts_are_counted() {
    let app = TestApp::start().await;
    let mut owner = app.founder().await;
    assert_eq!(owner.get("/w/acme").await.status(), 200);
    app.clock.advance(Duration::from_hours(2));
    assert_eq!(owner.get("/w/acme").await.status(), 303);
    let mut stranger = Browser::new(&app.base);
    for turn in 1..=6 {
        let form = [("email", "ada@example.com"), ("password", "not the right one"), ("return_to", "")];
        let status = stranger.submit("/sign-in", "/sign-in", &form).await.status();
        assert_eq!(status, if turn <= 5 { 422 } else { 429 }, "attempt {turn}");
    }
}
