//! The page on which end users connect: who gets one, what it shows, what is entered on it, and who may hold it.

use keyrack::app::routes::EMBEDDED;
use serde_json::{Value, json};

use crate::support::{Answer, Browser, Page, Stage, TestApp, Token, back, verify_chains, way};

pub const SESSIONS: &str = "/api/v1/connect-sessions";
pub const SETTINGS: &str = "/w/acme/settings/connect-page";
const SITE: &str = "https://app.example.com";
const KEY: &str = "rk_test_connected12345678";

/// The workspace lets one site hold the page.
pub async fn register(ada: &mut Browser) {
    let fields = [("origins", SITE), ("name", "Bookings & more"), ("accent", "#0b3d91")];
    let saved = ada.submit(SETTINGS, SETTINGS, &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
}

pub async fn set() -> (TestApp, Browser, Token) {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    register(&mut ada).await;
    let token = app.token("test", "connect,vend,read").await;
    (app, ada, token)
}

pub fn wanted(more: &Value) -> Value {
    let mut body = json!({ "user_id": "customer-42", "node_types": ["stripe"], "origin": SITE });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

pub fn link(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

pub async fn made(token: &Token, more: &Value) -> String {
    link(&token.ask("POST", SESSIONS, &wanted(more)).await)
}

/// Opens the page from the site that was named, as its script does.
pub async fn opened(by: &mut Browser, link: &str) -> Page {
    by.post_from("/connect/session", &[("link", link)], &[("origin", SITE), ("sec-fetch-site", "cross-site")]).await
}

fn carried(page: &Page) -> String {
    assert_eq!(page.status, 200, "{}", page.text);
    page.attributes("input[name=page]", "value").remove(0)
}

async fn entered(by: &mut Browser, page: &str, value: &str) -> Page {
    let fields = [("page", page), ("kind", "api_key"), ("api_key-api_key", value)];
    by.post("/connect/session/on/stripe/key", &fields).await
}

pub fn over(page: &Page) {
    assert_eq!((page.status, page.text_of("h1").as_str()), (410, "This page is over"), "{}", page.text);
}

#[actix_web::test]
async fn an_end_user_enters_a_key_in_a_frame() {
    let (app, _, token) = set().await;
    let native = app.native(&token).await;
    let session = native.send("POST", SESSIONS, &wanted(&json!({ "theme": "dark" }))).await;
    let (link, path) = (link(&session), format!("{SESSIONS}/{}", session.body["id"].as_str().unwrap()));
    assert_eq!((&session.body["state"], &session.body["results"]), (&json!("waiting"), &json!([])));
    let mut anna = app.anonymous();
    let page = opened(&mut anna, &link).await;
    let carried = carried(&page);
    assert_eq!(page.attributes("html", "data-theme"), ["dark"]);
    for told in ["Connect Stripe", "Bookings &#38; more"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert_eq!(native.get(&path).await.body["state"], "open");
    let again = entered(&mut anna, &carried, "nonsense with spaces").await;
    assert_eq!(again.status, 422, "{}", again.text);
    assert!(!again.text.contains("nonsense with spaces"), "{}", again.text);

    let done = entered(&mut anna, &carried, KEY).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(done.text.contains("5678") && !done.text.contains(KEY), "{}", done.text);
    let root = |name: &str| done.attributes("#connect", name);
    let id = app.database.text("SELECT id AS text FROM secrets");
    assert_eq!((root("data-told"), root("data-account")), (vec!["connected".to_owned()], vec![id.clone()]));
    token.vend("stripe", "customer-42").await.hands_out(KEY);
    let session = native.get(&path).await;
    let result = &session.body["results"][0];
    assert_eq!((&result["outcome"], &result["connection"]), (&json!("connected"), &json!(id)), "{}", session.text);
    assert_eq!(session.body["url"], Value::Null);

    // Replaced, it is the same connection; disconnected, its place stays.
    let form = anna.post("/connect/session/on/stripe", &[("page", &carried)]).await;
    assert!(form.text.contains("Replace Stripe"), "{}", form.text);
    assert_eq!(entered(&mut anna, &carried, "rk_test_another123456789").await.status, 200);
    token.vend("stripe", "customer-42").await.hands_out("rk_test_another123456789");
    // What was shown before is not taken away for what is there by now.
    let disconnect = async |anna: &mut Browser, value: &str| {
        let fields = [("page", carried.as_str()), ("value", value)];
        let page = anna.post("/connect/session/on/stripe/disconnect", &fields).await;
        assert_eq!(page.status, 200, "{}", page.text);
        page.attributes("#connect", "data-told")
    };
    assert!(disconnect(&mut anna, "1").await.is_empty());
    token.vend("stripe", "customer-42").await.hands_out("rk_test_another123456789");
    assert_eq!(disconnect(&mut anna, "2").await, ["disconnected"]);
    token.vend("stripe", "customer-42").await.is_not_installed();
    assert!(disconnect(&mut anna, "2").await.is_empty());
    assert_eq!(app.database.count("secrets"), 1);
    verify_chains(&app.database, &app.app.keyring);
    for (file, bytes) in app.files() {
        for text in [KEY, "rk_test_another123456789", link.as_str(), carried.as_str()] {
            assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{file} holds {text}");
        }
    }
}

#[actix_web::test]
async fn one_site_may_hold_it_and_no_cookie_counts() {
    let (app, _, token) = set().await;
    let link = made(&token, &json!({})).await;
    let mut anna = app.anonymous();
    for from in ["https://evil.example", "https://app.example.com.evil.example", "http://app.example.com", "null"] {
        let headers = [("origin", from), ("sec-fetch-site", "cross-site")];
        let refused = anna.post_from("/connect/session", &[("link", &link)], &headers).await;
        assert_eq!(refused.status, 403, "{from}: {}", refused.text);
        assert_eq!(refused.header("x-frame-options"), "DENY");
    }
    let page = opened(&mut anna, &link).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors https://app.example.com;"), "{policy}");
    assert_eq!((page.header("x-frame-options"), page.header("cross-origin-opener-policy")), ("", "unsafe-none"));
    assert_eq!(page.header("set-cookie"), "");
    // What is over says so in the same frame, to whoever had opened it.
    let spent = opened(&mut anna, &link).await;
    over(&spent);
    assert!(spent.header("content-security-policy").contains("frame-ancestors https://app.example.com;"));
    let carried = carried(&page);
    for (name, from) in [
        ("page", SITE),
        ("page/", SITE),
        ("status", "null"),
        ("on/stripe", SITE),
        ("on/stripe/key", "https://evil.example"),
    ] {
        let path = format!("/connect/session/{}", name.trim_end_matches('/'));
        let headers = [("origin", from), ("sec-fetch-site", "cross-site")];
        let refused = anna.post_from(&path, &[("page", &carried)], &headers).await;
        assert_eq!(refused.status, 403, "{path}: {}", refused.text);
    }
    // Nothing else of Keyrack's may stand in a frame.
    let elsewhere = anna.get("/sign-in").await;
    assert!(elsewhere.header("content-security-policy").contains("frame-ancestors 'none'"));
}

#[actix_web::test]
async fn who_is_signed_in_makes_no_difference() {
    let (app, ada, _) = set().await;
    let page = format!("kr_page_{}", "a".repeat(85));
    for mut somebody in [app.anonymous(), ada] {
        for row in EMBEDDED.iter().filter(|row| row.method == "POST") {
            let path = row.path.replace("{node_type}", "stripe");
            for text in ["", page.as_str()] {
                let answer = somebody.post(&path, &[("page", text), ("link", text)]).await;
                assert!([404, 410].contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
            }
            let elsewhere = [("sec-fetch-site", "cross-site")];
            assert_eq!(somebody.post_from(&path, &[("page", &page)], &elsewhere).await.status, 403, "{path}");
        }
        over(&somebody.get("/connect/session/nothing").await);
        assert_eq!(somebody.get("/connect/logos/nothing").await.status, 404);
    }
}

#[actix_web::test]
async fn a_page_without_a_site_stands_alone() {
    let (app, _, token) = set().await;
    let link = made(&token, &json!({ "origin": null })).await;
    let path = format!("/connect/session/{link}");
    let mut anna = app.anonymous();
    // Opening the address spends nothing: mail scanners open everything.
    for _ in 0..2 {
        let page = anna.get(&path).await;
        assert_eq!((page.status, page.text_of("h1").as_str()), (200, "Connect with Bookings & more"));
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(page.header("referrer-policy"), "strict-origin");
    }
    let foreign = opened(&mut anna, &link).await;
    assert_eq!(foreign.status, 403, "no site was named: {}", foreign.text);
    let page = anna.post("/connect/session", &[("link", &link)]).await;
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(entered(&mut anna, &carried(&page), KEY).await.status, 200);
    over(&anna.get(&path).await);
}

#[actix_web::test]
async fn twenty_at_once_open_it_once() {
    let (app, _, token) = set().await;
    let link = made(&token, &json!({})).await;
    let tries = (0..20).map(|_| async {
        let mut somebody = app.anonymous();
        opened(&mut somebody, &link).await.status
    });
    let mut all = futures_util::future::join_all(tries).await;
    all.sort_unstable();
    assert_eq!((all[0], &all[1..]), (200, [410; 19].as_slice()));
}

#[actix_web::test]
async fn a_session_ends_with_its_time_its_token_and_its_backend() {
    let (app, mut ada, token) = set().await;
    let native = app.native(&token).await;
    let mut anna = app.anonymous();
    let late = made(&token, &json!({})).await;
    app.advance(std::time::Duration::from_secs(30 * 60 + 1));
    over(&opened(&mut anna, &late).await);

    let session = native.send("POST", SESSIONS, &wanted(&json!({}))).await;
    let page = carried(&opened(&mut anna, &link(&session)).await);
    let path = format!("{SESSIONS}/{}", session.body["id"].as_str().unwrap());
    let other = app.native(&app.token("test", "connect").await).await;
    other.get(&path).await.refused_natively(404, "not_found");
    other.send("DELETE", &path, &json!({})).await.refused_natively(404, "not_found");
    for _ in 0..2 {
        assert_eq!(native.send("DELETE", &path, &json!({})).await.status, 204);
    }
    assert_eq!(native.get(&path).await.body["state"], "ended");
    over(&entered(&mut anna, &page, KEY).await);
    let status = anna.post("/connect/session/status", &[("page", &page)]).await;
    assert_eq!(serde_json::from_str::<Value>(&status.text).unwrap()["open"], false);

    let page = carried(&opened(&mut anna, &made(&token, &json!({})).await).await);
    let waiting = made(&token, &json!({})).await;
    let place = format!("/w/acme/tokens/{}", token.id());
    assert_eq!(ada.submit(&place, &format!("{place}/revoke"), &[]).await.status, 303);
    over(&entered(&mut anna, &page, KEY).await);
    over(&opened(&mut anna, &waiting).await);
    assert_eq!(app.database.count("secrets"), 0);
}

#[actix_web::test]
async fn an_organization_owns_what_its_user_connects() {
    let (app, _, token) = set().await;
    let more = json!({ "organization_id": "hotel", "connection_owner": "organization" });
    let page = carried(&opened(&mut app.anonymous(), &made(&token, &more).await).await);
    assert_eq!(entered(&mut app.anonymous(), &page, KEY).await.status, 200, "the page alone counts");
    token.vend("stripe", "customer-42").await.is_not_installed();
    let body = json!({ "user_id": "customer-42", "organization_id": "hotel", "connection_owner": "organization" });
    token.vend_with("stripe", &body).await.hands_out(KEY);
    assert_eq!(app.database.text("SELECT established_by AS text FROM secrets"), "customer-42");
}

#[actix_web::test]
async fn a_key_of_the_other_environment_is_not_taken() {
    let (app, _, token) = set().await;
    let page = carried(&opened(&mut app.anonymous(), &made(&token, &json!({})).await).await);
    let refused = entered(&mut app.anonymous(), &page, "rk_live_connected12345678").await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("This looks like a live key"), "{}", refused.text);
    assert!(!refused.text.contains("rk_live_connected"), "{}", refused.text);
    // What was not named is not there, and a form of another description is drawn anew.
    let other = app.anonymous().post("/connect/session/on/http-request", &[("page", &page)]).await;
    assert!(other.text.contains("Connect with") && !other.text.contains("HTTP Request"), "{}", other.text);
    let unknown = [("page", page.as_str()), ("kind", "password"), ("password-password", "hunter2hunter2")];
    let anew = app.anonymous().post("/connect/session/on/stripe/key", &unknown).await;
    assert_eq!(anew.attributes("form", "action"), ["/connect/session/on/stripe/key"], "{}", anew.text);
    assert_eq!(app.database.count("secrets"), 0);
}

#[actix_web::test]
async fn an_account_is_connected_in_a_window_of_its_own() {
    let mut stage = Stage::set().await;
    register(&mut stage.ada).await;
    let token = stage.app.token("test", "connect,vend,read").await;
    let session = token.ask("POST", SESSIONS, &wanted(&json!({ "node_types": ["gitlab"] }))).await;
    let mut frame = stage.app.anonymous();
    let page = opened(&mut frame, &link(&session)).await;
    let carried = carried(&page);
    assert!(page.text.contains("See the profile of the person who connects."), "{}", page.text);
    // The window has cookies of its own, and comes back by them.
    let mut window = stage.app.anonymous();
    let away = "/connect/session/on/gitlab/leave";
    let foreign = [("origin", SITE), ("sec-fetch-site", "cross-site")];
    assert_eq!(window.post_from(away, &[("page", &carried)], &foreign).await.status, 403);
    let left = window.post(away, &[("page", &carried)]).await;
    assert_eq!(left.header("x-frame-options"), "DENY", "the window stands alone");
    let query = way(&left).1;
    let status = async |frame: &mut Browser| {
        let page = frame.post("/connect/session/status", &[("page", &carried)]).await;
        serde_json::from_str::<Value>(&page.text).unwrap()["results"]["gitlab"].clone()
    };
    assert_eq!(status(&mut frame).await, Value::Null);
    // Another browser that was sent the way back connects nothing.
    let stolen = stage.app.anonymous().get_from_elsewhere(&back(&query, "code-1")).await;
    assert!(stolen.text.contains("This way back is over"), "{}", stolen.text);
    let came = window.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!((came.status, came.text_of("h1").as_str()), (200, "Connected"), "{}", came.text);
    let result = status(&mut frame).await;
    assert_eq!(result["outcome"], "connected", "{result}");
    let shown = frame.post("/connect/session/page", &[("page", &carried)]).await;
    assert!(shown.text.contains("Disconnect GitLab"), "{}", shown.text);
    assert_eq!(token.vend("gitlab", "customer-42").await.body["credential"]["value"], "access-canary-1");

    // Somebody who does not agree is told so on the page, and the backend hears of it.
    let left = window.post(away, &[("page", &carried)]).await;
    let refused = format!("{}&error=access_denied", crate::support::callback(&way(&left).1));
    assert_eq!(window.get_from_elsewhere(&refused).await.status, 200);
    assert_eq!(status(&mut frame).await["outcome"], "access_denied");
    assert_eq!(token.vend("gitlab", "customer-42").await.body["active"], true, "what was there stays");
    // A backend that ends the page ends the consent that is under way.
    let left = window.post(away, &[("page", &carried)]).await;
    let again = token.ask("POST", SESSIONS, &wanted(&json!({ "node_types": ["gitlab"] }))).await;
    let page = self::carried(&opened(&mut frame, &link(&again)).await);
    let path = format!("{SESSIONS}/{}", session.body["id"].as_str().unwrap());
    assert_eq!(token.ask("DELETE", &path, &json!({})).await.status, 204);
    stage.giving.asked();
    let late = window.get_from_elsewhere(&back(&way(&left).1, "code-2")).await;
    assert_eq!(late.text_of("h1"), "Not connected", "{}", late.text);
    assert!(stage.giving.asked().is_empty(), "nobody was asked for tokens");
    let fields = [("page", page.as_str()), ("value", "1")];
    let gone = frame.post("/connect/session/on/gitlab/disconnect", &fields).await;
    assert_eq!(gone.attributes("#connect", "data-told"), ["disconnected"], "{}", gone.text);
    assert!(stage.giving.asked().iter().any(|asked| asked.contains_key("token")), "the provider was asked to forget");
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn what_is_closed_for_an_organization_is_not_on_its_page() {
    let (app, _, token) = set().await;
    let backend = app.token("test", "manage").await;
    assert_eq!(token.ask("POST", SESSIONS, &wanted(&json!({ "organization_id": "hotel" }))).await.status, 201);
    let more = json!({ "user_id": "one", "organization_id": "hotel", "secret": KEY });
    assert_eq!(token.put_with("stripe", &more).await.status, 200);
    let waiting = made(&token, &json!({ "organization_id": "hotel" })).await;
    let path = "/organizations/hotel/data_integration_configurations/stripe";
    let closed = backend.ask("PUT", path, &json!({ "enabled": false })).await;
    assert_eq!(closed.status, 200, "{}", closed.text);
    let again = token.ask("POST", SESSIONS, &wanted(&json!({ "organization_id": "hotel" }))).await;
    again.refused(403, "node_type_disabled");
    let page = opened(&mut app.anonymous(), &waiting).await;
    assert!(page.text.contains("Nothing can be connected here at the moment."), "{}", page.text);
}

#[actix_web::test]
async fn a_site_that_is_taken_back_holds_no_page() {
    let (app, mut ada, token) = set().await;
    let (waiting, open) = (made(&token, &json!({})).await, made(&token, &json!({})).await);
    let mut anna = app.anonymous();
    let page = carried(&opened(&mut anna, &open).await);
    assert_eq!(ada.submit(SETTINGS, SETTINGS, &[("origins", "https://other.example.com")]).await.status, 303);
    over(&opened(&mut anna, &waiting).await);
    over(&entered(&mut anna, &page, KEY).await);
    let status = anna.post("/connect/session/status", &[("page", &page)]).await;
    assert_eq!(serde_json::from_str::<Value>(&status.text).unwrap()["open"], false);
}

#[actix_web::test]
async fn nobody_does_without_end_on_one_page() {
    let (app, _, token) = set().await;
    let mut anna = app.anonymous();
    let page = carried(&opened(&mut anna, &made(&token, &json!({})).await).await);
    app.database.execute("UPDATE connect_sessions SET acts = 199");
    assert_eq!(entered(&mut anna, &page, KEY).await.status, 200);
    over(&entered(&mut anna, &page, "rk_test_toomuch1234567").await);
    token.vend("stripe", "customer-42").await.hands_out(KEY);
}
