//! Setting up, signing in and out, and what guards the forms.

use std::sync::Arc;
use std::time::Duration;

use keyrack::crypto::{HashSettings, Hasher};

use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp};

const WRONG: &str = "none of these words is right";
const HOUR: Duration = Duration::from_hours(1);

#[track_caller]
fn is_sign_in(page: &Page) {
    assert_eq!(page.status, 303, "{}", page.text);
    assert!(page.location().starts_with("/sign-in"), "{}", page.location());
}

#[actix_web::test]
async fn a_set_up_link_works_once() {
    let app = TestApp::start().await;
    let path = app.set_up_path().await;
    let fields = [("name", "Ada"), ("email", EMAIL), ("password", PASSWORD), ("workspace", "Acme")];
    let mut ada = app.anonymous();
    assert_eq!(ada.get(&path).await.status, 200, "looking at it spends nothing");
    assert_eq!(ada.submit(&path, &path, &fields).await.status, 303);
    assert_eq!(ada.get("/w/acme").await.status, 200);

    let mut mallory = app.anonymous();
    assert!(mallory.get(&path).await.text_of("h1").contains("already set up"));
    let second = [("name", "M"), ("email", "m@example.com"), ("password", PASSWORD), ("workspace", "Mine")];
    let page = mallory.submit("/sign-in", &path, &second).await;
    assert!(page.text_of("h1").contains("already set up"));
    is_sign_in(&mallory.get("/w/acme").await);
    assert_eq!(mallory.sign_in("m@example.com", PASSWORD).await.status, 422);
    assert!(keyrack::app::commands::offer_set_up(&app.app).await.is_none());
}

#[actix_web::test]
async fn of_many_founders_at_once_one_succeeds() {
    // All hashes are done at once, so that all founders come to the database at once.
    let app = TestApp::start_altered(1, &[], |app| {
        let settings = HashSettings { at_once: 8, ..app.config.passwords };
        app.hasher = Arc::new(Hasher::new(settings, app.chance.clone()));
    });
    let app = app.await;
    let mut founders = Vec::new();
    for number in 0..8 {
        let path = app.set_up_path().await;
        let mut browser = app.anonymous();
        let csrf = browser.get(&path).await.csrf();
        founders.push((browser, path, csrf, format!("founder{number}@example.com"), format!("Acme {number}")));
    }
    let sent = founders.iter_mut().map(|(browser, path, csrf, email, workspace)| async move {
        let fields =
            [("csrf", &**csrf), ("name", "Ada"), ("email", email), ("password", PASSWORD), ("workspace", workspace)];
        browser.post(path, &fields).await
    });
    let pages = futures_util::future::join_all(sent).await;
    assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    assert_eq!(app.database.count("people"), 1);
    assert_eq!(app.database.count("workspaces"), 1);
}

#[actix_web::test]
async fn a_set_up_link_ends_after_a_day() {
    let app = TestApp::start().await;
    let path = app.set_up_path().await;
    app.advance(24 * HOUR);
    assert!(app.anonymous().get(&path).await.text_of("h1").contains("not set up yet"));
}

/// The page without what differs from request to request.
fn plain(page: &Page, email: &str) -> String {
    let changing = regex::Regex::new(r#"(nonce|name="csrf" value)="[^"]*""#).unwrap();
    changing.replace_all(&page.text, "").replace(email, "").replace(page.header("x-request-id"), "")
}

#[actix_web::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let app = TestApp::start().await;
    app.owner().await;
    let known = app.anonymous().sign_in(EMAIL, WRONG).await;
    let unknown = app.anonymous().sign_in("bob@example.com", WRONG).await;
    assert_eq!((known.status, unknown.status), (422, 422));
    assert_eq!(plain(&known, EMAIL), plain(&unknown, "bob@example.com"));
    assert!(!known.text.contains(WRONG));
}

#[actix_web::test]
async fn the_sixth_attempt_waits_and_locks_nobody_out() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.sign_out().await;
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    assert!(ada.cookies.contains_key("keyrack-device"));
    ada.sign_out().await;

    let mut guesser = app.anonymous();
    for _ in 0..5 {
        assert_eq!(guesser.sign_in(EMAIL, WRONG).await.status, 422);
    }
    assert_eq!(guesser.sign_in(EMAIL, WRONG).await.status, 429);
    let right = guesser.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(right.status, 429, "the right password does not open a closed gate");
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 429, "new cookies do not help");
    assert_eq!(app.anonymous().sign_in("bob@example.com", WRONG).await.status, 422, "others are not counted");
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303, "a known device is not locked out");
    assert!(app.clock.slept().is_empty(), "a known device does not wait");

    app.advance(Duration::from_mins(15));
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn a_cookie_is_worth_nothing_after_signing_out() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert_eq!(ada.get("/w/acme").await.status, 200);
    let mut thief = ada.clone();
    assert_eq!(ada.sign_out().await.status, 303);
    is_sign_in(&ada.get("/w/acme").await);
    assert!(thief.cookies.contains_key("keyrack"));
    is_sign_in(&thief.get("/w/acme").await);
    is_sign_in(&thief.get("/account").await);
}

#[actix_web::test]
async fn signing_in_gives_a_new_cookie() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let before = ada.cookies["keyrack"].clone();
    let mut forger = app.anonymous();
    forger.cookies.insert("keyrack".to_owned(), before.clone());
    ada.sign_out().await;
    assert_eq!(forger.sign_in(EMAIL, PASSWORD).await.status, 303);
    assert_ne!(forger.cookies["keyrack"], before);
}

#[actix_web::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut ada = app.anonymous();
    let signed_in = ada.sign_in(EMAIL, PASSWORD).await;
    let lines: Vec<&str> = signed_in.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(lines.iter().any(|line| line.starts_with("keyrack=")), "{lines:?}");
    for line in lines {
        assert!(line.contains("HttpOnly") && line.contains("SameSite=Lax") && line.contains("Path=/"), "{line}");
    }
}

const NEW: &str = "/w/acme/tokens/new";
const TOKEN: [(&str, &str); 4] =
    [("id", "tok_01jd8x3f5k7q9r2t4v6w8y0z1a"), ("name", "Backend"), ("environment", "test"), ("preset", "backend")];

#[actix_web::test]
async fn a_form_without_its_guard_is_refused() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert_eq!(ada.post(NEW, &TOKEN).await.status, 403);
    assert_eq!(ada.post("/sign-out", &[]).await.status, 403);
    assert_eq!(ada.post("/sign-in", &[("email", EMAIL), ("password", PASSWORD)]).await.status, 403);
    let foreign = app.anonymous().get("/sign-in").await.csrf();
    let stolen: Vec<(&str, &str)> = TOKEN.into_iter().chain([("csrf", foreign.as_str())]).collect();
    assert_eq!(ada.post(NEW, &stolen).await.status, 403, "another browser's guard");
    assert!(!ada.get("/w/acme/tokens").await.text.contains("Backend"));
}

#[actix_web::test]
async fn a_form_of_another_site_is_refused() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let csrf = ada.get(NEW).await.csrf();
    let fields: Vec<(&str, &str)> = TOKEN.into_iter().chain([("csrf", csrf.as_str())]).collect();
    let base = app.base.as_str();
    let foreign: [&[(&str, &str)]; 4] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", base), ("sec-fetch-site", "same-site")],
    ];
    for headers in foreign {
        assert_eq!(ada.post_from(NEW, &fields, headers).await.status, 403, "{headers:?}");
    }
    let own = [("origin", base), ("sec-fetch-site", "same-origin")];
    assert_eq!(ada.post_from(NEW, &fields, &own).await.status, 200);
}

#[actix_web::test]
async fn a_session_ends_after_two_idle_hours() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for _ in 0..2 {
        app.advance(2 * HOUR - Duration::from_secs(1));
        assert_eq!(ada.get("/w/acme").await.status, 200);
    }
    app.advance(2 * HOUR);
    is_sign_in(&ada.get("/w/acme").await);
}

#[actix_web::test]
async fn a_session_ends_after_twelve_busy_hours() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for _ in 0..11 {
        app.advance(HOUR);
        assert_eq!(ada.get("/w/acme").await.status, 200);
    }
    app.advance(HOUR);
    is_sign_in(&ada.get("/w/acme").await);
}

async fn has_strict_headers(browser: &mut Browser, path: &str) {
    let page = browser.get(path).await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
    assert!(!policy.contains("unsafe-") && !policy.contains('*'), "{policy}");
    let nonces = page.attributes("script", "nonce");
    assert!(!nonces.is_empty() && nonces.iter().all(|nonce| policy.contains(&format!("'nonce-{nonce}'"))), "{path}");
    assert!(page.attributes("[style]", "style").is_empty() && page.attributes("[onclick]", "onclick").is_empty());
    let again = browser.get(path).await;
    assert_ne!(again.header("content-security-policy"), policy, "a nonce serves once");
    // The address of a single-use link is told to no other page, and to no file that the page loads;
    // also where it was typed in a way that leads nowhere.
    let referrer = if path.contains("kr_link_") || path == "/nowhere" { "strict-origin" } else { "same-origin" };
    let fixed = [
        ("referrer-policy", referrer),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in fixed {
        assert_eq!(page.header(name), value, "{path}");
    }
    assert!(!page.header("permissions-policy").is_empty() && !page.header("x-request-id").is_empty());
}

#[actix_web::test]
async fn every_page_forbids_what_it_does_not_need() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", "rk_test_shown1234", "vend").await;
    let pages = [
        "/w/acme",
        "/w/acme/secrets",
        "/w/acme/secrets/new",
        "/w/acme/tokens",
        "/w/acme/activity",
        "/account",
        "/nowhere",
    ];
    for path in pages {
        has_strict_headers(&mut ada, path).await;
    }
    for path in ["/sign-in", "/forgotten", "/sign-up", "/reset/kr_link_gone", "/sign-up/kr_link_gone"] {
        has_strict_headers(&mut app.anonymous(), path).await;
    }
}

#[actix_web::test]
async fn no_page_of_a_secret_shows_its_value() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let value = "rk_test_hidden987654321";
    let id = ada.add_stripe("Payments", value, "vend").await;
    let secret = format!("/w/acme/secrets/{id}");
    for path in [secret.as_str(), "/w/acme/secrets", "/w/acme", "/w/acme/activity", &format!("{secret}/delete")] {
        let page = ada.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.text.contains(value) && !page.text.contains("987654321"), "{path}");
    }
}

#[actix_web::test]
async fn a_stranger_is_told_nothing_about_a_workspace() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert_eq!(ada.get("/w/other").await.status, 404);
    let mut stranger = app.anonymous();
    is_sign_in(&stranger.get("/w/acme").await);
    is_sign_in(&stranger.get("/w/other").await);
}
