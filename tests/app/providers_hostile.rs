//! Providers and strangers that mean no good: what comes back counts once, here, and as it was asked for.

use std::time::Duration;

use keyrack::upstream::{Limits, Upstream};
use serde_json::{Value, json};

use crate::support::{Browser, Names, OPEN, Oidc, Page, Says, TestApp};

const OVER: &str = "This sign-in is over";
const BROKEN: &str = "That did not work";

async fn open() -> (TestApp, Oidc) {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    app.owner().await;
    (app, provider)
}

/// Nobody came in, and nothing was made.
#[track_caller]
fn nothing_came_of(app: &TestApp, page: &Page, heading: &str) {
    assert_eq!((page.status, page.text_of("h1").as_str()), (200, heading), "{}", page.text);
    assert!(!page.text.contains("canary"), "{}", page.text);
    assert_eq!(app.database.number("SELECT COUNT(*) AS number FROM people"), 1);
    assert_eq!(app.database.number("SELECT COUNT(*) AS number FROM sessions"), 1);
}

/// `name` of the query with another value, or without it.
fn with(path: &str, name: &str, value: Option<&str>) -> String {
    let (path, query) = path.split_once('?').unwrap();
    let others = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).map(ToOwned::to_owned);
    let all: Vec<_> = others.chain(value.map(|value| format!("{name}={value}"))).collect();
    format!("{path}?{}", all.join("&"))
}

#[actix_web::test]
async fn a_state_counts_once_in_its_own_browser_and_in_time() {
    let (app, provider) = open().await;
    let mut grace = app.anonymous();
    let back = provider.consent(&grace.go_to("acme", &[]).await);
    for state in [None, Some(""), Some("x"), Some("kr_state_gone")] {
        nothing_came_of(&app, &grace.get_from_elsewhere(&with(&back, "state", state)).await, OVER);
    }
    let mut eve = app.anonymous();
    nothing_came_of(&app, &eve.get_from_elsewhere(&back).await, OVER);
    eve.get("/sign-in").await;
    nothing_came_of(&app, &eve.get_from_elsewhere(&back).await, OVER);
    let mut forgotten = grace.clone();
    forgotten.cookies.clear();
    nothing_came_of(&app, &forgotten.get_from_elsewhere(&back).await, OVER);
    assert_eq!(provider.count("POST /token"), 0, "no code is exchanged for a stranger");
    app.advance(Duration::from_mins(11));
    nothing_came_of(&app, &grace.get_from_elsewhere(&back).await, OVER);

    let back = provider.consent(&grace.go_to("acme", &[]).await);
    assert_eq!(grace.get_from_elsewhere(&back).await.status, 303);
    assert_eq!(grace.get_from_elsewhere(&back).await.text_of("h1"), OVER);
    assert_eq!(provider.count("POST /token"), 1);
}

#[actix_web::test]
async fn of_twenty_who_bring_it_at_once_one_comes_in() {
    let (app, provider) = open().await;
    let mut grace = app.anonymous();
    let back = provider.consent(&grace.go_to("acme", &[]).await);
    let mut all: Vec<Browser> = (0..20).map(|_| grace.clone()).collect();
    let pages = futures_util::future::join_all(all.iter_mut().map(|browser| browser.get_from_elsewhere(&back))).await;
    assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    assert_eq!(pages.iter().filter(|page| page.status == 200 && page.text_of("h1") == OVER).count(), 19);
    assert_eq!(provider.count("POST /token"), 1);
}

#[actix_web::test]
async fn a_code_of_another_session_is_good_for_nothing() {
    let (app, provider) = open().await;
    let (mut grace, mut eve) = (app.anonymous(), app.anonymous());
    let (hers, theirs) =
        (provider.consent(&grace.go_to("acme", &[]).await), provider.consent(&eve.go_to("acme", &[]).await));
    let code = theirs.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    nothing_came_of(&app, &grace.get_from_elsewhere(&with(&hers, "code", Some(&code))).await, BROKEN);
    let mut verifiers = provider.set(|world| world.asked.clone());
    verifiers.retain(|line| line.starts_with("POST /token"));
    assert!(verifiers.len() == 1 && verifiers[0].contains("code_verifier="), "{verifiers:?}");
}

#[actix_web::test]
async fn who_stops_there_is_led_back() {
    let (app, provider) = open().await;
    let mut grace = app.anonymous();
    for broken in [("error", "access_denied"), ("error", "<script>alert(1)</script>"), ("code", "")] {
        let back = provider.consent(&grace.go_to("acme", &[]).await);
        let path = with(&back, broken.0, Some(broken.1));
        let page = grace.get_from_elsewhere(&path.replace('<', "%3C").replace('>', "%3E")).await;
        nothing_came_of(&app, &page, "You did not sign in");
        assert!(!page.text.contains("alert(1)"));
        nothing_came_of(&app, &grace.get_from_elsewhere(&back).await, OVER);
    }
    assert_eq!(provider.count("POST /token"), 0);
    assert_eq!(grace.get("/sign-in/other/callback").await.status, 404);
    assert_eq!(grace.submit("/sign-in", "/sign-in/other", &[]).await.status, 404);
}

#[actix_web::test]
async fn two_providers_are_not_mixed_up() {
    let (good, evil) = (Oidc::start().await, Oidc::start().await);
    let besides = [
        ("KEYRACK_OIDC_EVIL_ISSUER", &*evil.issuer),
        ("KEYRACK_OIDC_EVIL_CLIENT_ID", "keyrack-client"),
        ("KEYRACK_OIDC_EVIL_CLIENT_SECRET", "canary-client-secret"),
    ];
    let app = good.app("acme", &[&OPEN[..], &besides].concat()).await;
    evil.goes_by(&app);
    app.owner().await;
    let mut grace = app.anonymous();
    // Begun at one and answered on the other's path: the code goes to neither.
    let back = good.consent(&grace.go_to("acme", &[]).await);
    nothing_came_of(&app, &grace.get_from_elsewhere(&back.replace("/acme/", "/evil/")).await, OVER);
    // The right path, and the name of another issuer.
    for named in [&*evil.issuer, "https://good.example", ""] {
        let back = good.consent(&grace.go_to("acme", &[]).await);
        let iss = url::form_urlencoded::byte_serialize(named.as_bytes()).collect::<String>();
        nothing_came_of(&app, &grace.get_from_elsewhere(&format!("{back}&iss={iss}")).await, BROKEN);
    }
    assert_eq!((good.count("POST /token"), evil.count("POST /token")), (0, 0));
    // What one says counts for nobody of the other.
    let named = good.issuer.clone();
    evil.set(|world| world.claims = Box::new(move |claims| claims["iss"] = json!(named)));
    nothing_came_of(&app, &grace.come_by(&evil, "evil", &[]).await, BROKEN);
    let back = good.consent(&grace.go_to("acme", &[]).await);
    let iss = url::form_urlencoded::byte_serialize(good.issuer.as_bytes()).collect::<String>();
    assert_eq!(grace.get_from_elsewhere(&format!("{back}&iss={iss}")).await.status, 303);
    // The same subject at another issuer is somebody else.
    evil.set(|world| {
        world.claims = Box::new(|_| ());
        world.email = Some("eve@example.com");
    });
    let mut eve = app.anonymous();
    assert_eq!(eve.come_by(&evil, "evil", &[]).await.status, 303);
    assert_ne!(eve.id().await, grace.id().await);
}

#[actix_web::test]
async fn a_provider_that_says_who_answers_must_say_it() {
    let provider = Oidc::start().await;
    let flag = "authorization_response_iss_parameter_supported";
    provider.set(|world| world.document = Box::new(move |document| document[flag] = json!(true)));
    let app = provider.app("acme", &OPEN).await;
    app.owner().await;
    nothing_came_of(&app, &app.anonymous().come_by(&provider, "acme", &[]).await, BROKEN);
    assert_eq!(provider.count("POST /token"), 0);
}

#[actix_web::test]
async fn a_token_must_be_made_for_this_very_sign_in() {
    let (app, provider) = open().await;
    let now = app.clock_seconds();
    let set = |name: &'static str, value: Value| -> Box<dyn Fn(&mut Value) + Send> {
        Box::new(move |claims| claims[name] = value.clone())
    };
    let cases = [
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("aud", json!("another-client")),
        ("aud", json!(["keyrack-client", "another-client"])),
        ("azp", json!("another-client")),
        ("iss", json!("https://good.example")),
        ("iss", json!(format!("{}/", provider.issuer))),
        ("exp", json!(now - 3_600)),
        ("exp", json!("soon")),
        ("iat", json!(now + 3_600)),
        ("sub", json!("")),
        ("sub", Value::Null),
        ("sub", json!("x".repeat(300))),
    ];
    let mut grace = app.anonymous();
    for (name, value) in cases {
        provider.set(|world| world.claims = set(name, value.clone()));
        let page = grace.come_by(&provider, "acme", &[]).await;
        assert_eq!(page.status, 200, "{name} = {value}");
        nothing_came_of(&app, &page, BROKEN);
    }
    provider.set(|world| world.claims = Box::new(|_| ()));
    for alg in ["none", "HS256", "RS256", "nonsense"] {
        provider.set(|world| world.header = set("alg", json!(alg)));
        nothing_came_of(&app, &grace.come_by(&provider, "acme", &[]).await, BROKEN);
    }
    provider.set(|world| world.header = Box::new(|_| ()));
    assert_eq!(grace.come_by(&provider, "acme", &[]).await.status, 303);
}

#[actix_web::test]
async fn a_new_key_is_fetched_once_a_minute_and_no_oftener() {
    let (app, provider) = open().await;
    assert_eq!(app.anonymous().come_by(&provider, "acme", &[]).await.status, 303);
    assert_eq!((provider.count("GET /.well-known"), provider.count("GET /keys")), (1, 1));
    provider.rotate("two");
    for _ in 0..3 {
        let page = app.anonymous().come_by(&provider, "acme", &[]).await;
        assert_eq!(page.text_of("h1"), BROKEN, "the keys are younger than a minute");
    }
    assert_eq!(provider.count("GET /keys"), 1);
    app.advance(Duration::from_mins(1));
    for _ in 0..3 {
        assert_eq!(app.anonymous().come_by(&provider, "acme", &[]).await.status, 303);
    }
    assert_eq!(provider.count("GET /keys"), 2);
    // The key's name alone is not enough.
    provider.rotate("two");
    assert_eq!(app.anonymous().come_by(&provider, "acme", &[]).await.text_of("h1"), BROKEN);
    app.advance(Duration::from_hours(2));
    assert_eq!(app.anonymous().come_by(&provider, "acme", &[]).await.status, 303, "kept for an hour");
}

#[actix_web::test]
async fn a_broken_token_endpoint_is_told_and_nothing_hangs() {
    let provider = Oidc::start().await;
    let app = provider.app_altered("acme", &OPEN, |app| {
        let brief = Duration::from_millis(500);
        let limits = Limits { connect: Duration::from_secs(20), head: brief, body: brief };
        app.upstream = Upstream::open(&app.config.upstream, std::sync::Arc::new(Names::default()), limits).unwrap();
    });
    let app = app.await;
    app.owner().await;
    let json = "content-type: application/json\r\n";
    let huge = "x".repeat(300 * 1_024);
    let says = [
        Says::hanging(""),
        Says::hanging(&format!("HTTP/1.1 200 OK\r\n{json}content-length: 100\r\n\r\n{{")),
        Says::status("200 OK", &format!("{{\"access_token\":\"{huge}\"}}")),
        Says::status("200 OK", "<html>canary</html>"),
        Says::status("500 Internal Server Error", "canary"),
        Says::status("200 OK", "{}"),
        Says::status("200 OK", "{\"access_token\":\"a\",\"token_type\":\"Bearer\"}"),
        Says::status("200 OK", "{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"id_token\":\"a.b.c\"}"),
        Says::status("400 Bad Request", "{\"error\":\"canary\",\"error_description\":\"canary\"}"),
        Says::head(&format!(
            "HTTP/1.1 302 Found\r\nlocation: {}/keys\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            provider.issuer
        )),
        Says::head("HTTP/1.1 204 No Content\r\n\r\n"),
        Says::head("nonsense"),
    ];
    let mut grace = app.anonymous();
    for answer in says {
        provider.set(|world| world.token = Some(answer));
        nothing_came_of(&app, &grace.come_by(&provider, "acme", &[]).await, BROKEN);
    }
    assert_eq!(provider.count("GET /keys"), 1, "no redirect was followed");
}

#[actix_web::test]
async fn a_discovery_document_that_lies_leads_nowhere() {
    let lies: [(&str, Value); 6] = [
        ("issuer", json!("https://good.example")),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!("ftp://good.example")),
        ("authorization_endpoint", json!(7)),
        ("jwks_uri", json!("http://169.254.169.254/latest")),
        ("jwks_uri", json!("http://10.0.0.1/keys")),
    ];
    for (name, lie) in lies {
        let provider = Oidc::start().await;
        let told = lie.clone();
        provider.set(|world| world.document = Box::new(move |document| document[name] = told.clone()));
        let app = provider.app("acme", &OPEN).await;
        app.owner().await;
        let mut grace = app.anonymous();
        for _ in 0..3 {
            let page = grace.submit("/sign-in", "/sign-in/acme", &[]).await;
            nothing_came_of(&app, &page, BROKEN);
        }
        assert_eq!(provider.count("GET /.well-known"), 1, "{name}: not asked again at once");
        provider.set(|world| world.document = Box::new(|_| ()));
        app.advance(Duration::from_secs(10));
        assert_eq!(grace.come_by(&provider, "acme", &[]).await.status, 303, "{name} = {lie}");
    }
}

#[actix_web::test]
async fn what_belongs_to_one_person_is_finished_by_nobody_else() {
    let (app, provider) = open().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let way = eve.submit("/account", "/account/sign-ins/add/acme", &[]).await.way();
    let back = provider.consent(&way);
    // The same browser, somebody else signed in: what Eve began does not end in their account.
    eve.sign_out().await;
    assert_eq!(eve.sign_in(crate::support::EMAIL, crate::support::PASSWORD).await.status, 303);
    assert_eq!(eve.get_from_elsewhere(&back).await.text_of("h1"), OVER);
    let way = eve.submit("/account", "/account/sign-ins/add/acme", &[]).await.way();
    eve.sign_out().await;
    assert_eq!(eve.get_from_elsewhere(&provider.consent(&way)).await.text_of("h1"), OVER);
    assert_eq!(app.database.number("SELECT COUNT(*) AS number FROM identities"), 0);
}
