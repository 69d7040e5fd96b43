//! How often things are used: counted hour by hour, told to machines, drawn on pages, kept for a while.

use std::time::Duration;

use keyrack::domain::Role;
use keyrack::domain::usage::Heard;
use serde_json::{Value, json};

use crate::support::{Browser, EMAIL, Native, PASSWORD, TestApp};

const KEY: &str = "rk_test_counted123456789";
const USAGE: &str = "/api/v1/usage";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// The stretches with their vends and calls, and the two of all together.
async fn told(native: &Native, query: &str) -> (Vec<(String, i64, i64)>, (i64, i64)) {
    let answer = native.get(&format!("{USAGE}?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let number = |of: &Value, name: &str| of[name].as_i64().unwrap();
    let period = |one: &Value| {
        let (from, usage) = (one["from"].as_str().unwrap().to_owned(), &one["usage"]);
        (from, number(usage, "vends"), number(usage, "calls"))
    };
    let total = &answer.body["total"];
    let data = answer.body["data"].as_array().unwrap().iter().map(period).collect();
    (data, (number(total, "vends"), number(total, "calls")))
}

async fn total(native: &Native, query: &str) -> (i64, i64) {
    told(native, query).await.1
}

#[actix_web::test]
async fn uses_are_told_hour_by_hour_and_day_by_day() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (id, person) = (ada.add_stripe("Till", KEY, "vend").await, ada.id().await);
    let token = app.token("test", "vend,read").await;
    let native = app.native(&token).await;
    assert_eq!(told(&native, "").await, (vec![], (0, 0)));
    for _ in 0..3 {
        token.vend("stripe", &person).await.hands_out(KEY);
    }
    app.advance(2 * HOUR);
    token.vend("stripe", &person).await.hands_out(KEY);
    for heard in [Heard::Accepted, Heard::Refused, Heard::RateLimited, Heard::Failed] {
        app.called(&token, &id, heard);
    }
    app.advance(DAY);
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    let at = |text: &str, vends, calls| (text.to_owned(), vends, calls);
    let (days, all) = told(&native, "").await;
    assert_eq!(days, [at("2026-11-21T00:00:00.000Z", 4, 4), at("2026-11-22T00:00:00.000Z", 1, 0)]);
    assert_eq!(all, (5, 4));
    let (hours, _) = told(&native, "by=hour&from=2026-11-21T10:50:00Z&to=2026-11-21T23:00:00Z").await;
    assert_eq!(hours, [at("2026-11-21T10:00:00.000Z", 3, 0), at("2026-11-21T12:00:00.000Z", 1, 4)]);
    assert_eq!(total(&native, "to=2026-11-21T11:00:00Z").await, (3, 0), "the hours that begin before");
    let whole = native.get(USAGE).await.body;
    let expected = json!({ "vends": 5, "calls": 4, "failures": 1, "refused": 1, "rate_limited": 1,
        "mean_milliseconds": 120, "longest_milliseconds": 120, "bytes_sent": 40, "bytes_received": 8_000 });
    assert_eq!(whole["total"], expected);
}

#[actix_web::test]
async fn machines_ask_for_what_they_name_and_may_be_told() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (id, person) = (ada.add_stripe("Till", KEY, "vend").await, ada.id().await);
    let token = app.token("test", "vend,read").await;
    let native = app.native(&token).await;
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    let other = ada.make_token_with(&[("preset", "custom"), ("allow", "read")]).await;
    let none = "wfl_01jd8x3f5k7q9r2t4v6w8y0z1a";
    for (query, vends) in [
        (format!("secret={id}"), 1),
        ("secret=sec_01jd8x3f5k7q9r2t4v6w8y0z1a".to_owned(), 0),
        (format!("token={}", token.id()), 1),
        (format!("token={}", other.id()), 0),
        ("node_type=stripe".to_owned(), 1),
        ("node_type=github".to_owned(), 0),
        (format!("workflow={none}"), 0),
    ] {
        assert_eq!(total(&native, &query).await, (vends, 0), "{query}");
        assert_eq!(total(&app.native(&other).await, &query).await, (vends, 0), "{query}");
    }
    for wrong in ["secret=x", "token=x", "workflow=x", "node_type=X", "from=x", "to=x", "by=week", "limit=1", "x=1"] {
        native.get(&format!("{USAGE}?{wrong}")).await.refused_natively(422, "invalid_request_parameters");
    }
    let long = "by=hour&from=2026-01-01T00:00:00Z&to=2026-11-21T00:00:00Z";
    native.get(&format!("{USAGE}?{long}")).await.refused_natively(422, "invalid_request_parameters");
    // Neither of the other environment, nor of a node type that the token is not for.
    let live = app.native(&app.token("live", "read").await).await;
    assert_eq!(total(&live, "").await, (0, 0));
    let limits = [("preset", "custom"), ("allow", "read"), ("node_type", "http-request")];
    let limited = app.native(&ada.make_token_with(&limits).await).await;
    assert_eq!(total(&limited, "").await, (0, 0));
    assert_eq!(total(&limited, &format!("secret={id}")).await, (0, 0));
    assert_eq!(limited.get(&format!("{USAGE}?node_type=stripe")).await.status, 403);
    // What is deleted was used all the same.
    let path = format!("/w/acme/secrets/{id}/delete");
    assert_eq!(ada.submit(&path, &path, &[("name", "Till")]).await.status, 303);
    assert_eq!(total(&native, &format!("secret={id}")).await, (1, 0));
}

fn bars(page: &crate::support::Page) -> usize {
    page.attributes("main svg[role=img] rect", "class").len()
}

#[actix_web::test]
async fn uses_are_drawn_with_the_numbers_beneath() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (id, person) = (ada.add_stripe("Till", KEY, "vend").await, ada.id().await);
    let token = app.token("test", "vend").await;
    let pages = ["/w/acme".to_owned(), format!("/w/acme/secrets/{id}"), format!("/w/acme/tokens/{}", token.id())];
    for path in &pages {
        let page = ada.get(path).await;
        assert!(page.text.contains("No use in the last 30 days."), "{path}");
        assert_eq!(bars(&page), 0, "{path}");
    }
    token.vend("stripe", &person).await.hands_out(KEY);
    app.advance(DAY);
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    for heard in [Heard::Accepted, Heard::Accepted, Heard::Refused] {
        app.called(&token, &id, heard);
    }
    app.counted().await;
    for path in &pages {
        let page = ada.get(path).await;
        assert_eq!(bars(&page), 3, "{path}: one day of two parts, and one of one");
        let about = page.text_of("main svg[role=img] desc");
        assert_eq!(about, "4 uses in 30 days. The most on one day were 3, on 22 Nov 2026.", "{path}");
        assert_eq!(page.texts(".numbers thead th"), ["Day", "Fetched", "Calls", "Key refused"], "{path}");
        let rows = page.texts(".numbers tbody tr");
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(page.texts(".numbers tbody td"), ["0", "2", "1", "1", "0", "0"], "{path}");
    }
    let page = ada.get(&pages[1]).await;
    assert!(page.text.contains("A call took 120 ms on average, the longest 120 ms."), "{}", page.text);
}

#[actix_web::test]
async fn a_members_chart_tells_nothing_of_what_they_do_not_see() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let person = ada.id().await;
    ada.add_stripe("Private", KEY, "vend").await;
    let token = app.token("test", "vend").await;
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    let mut bob = app.member("bob@example.com", Role::Member).await;
    bob.add_stripe("Own", "rk_test_bobsown123456789", "vend").await;
    assert_eq!(bars(&ada.get("/w/acme").await), 1);
    assert_eq!(bars(&bob.get("/w/acme").await), 0);
    app.database.run("UPDATE secrets SET sharing = 'workspace' WHERE name = 'Private'");
    assert_eq!(bars(&bob.get("/w/acme").await), 1);
}

#[actix_web::test]
async fn workflows_that_have_used_a_secret_stand_on_its_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    let (workflow, _) = ada.add_bound("Bills", &id).await;
    let token = app.token("test", "vend,read").await;
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    let page = ada.get(&format!("/w/acme/secrets/{id}")).await;
    assert!(!page.text.contains("for its nodes"), "bound is not used");
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    app.counted().await;
    let page = ada.get(&format!("/w/acme/secrets/{id}")).await;
    assert!(page.text.contains("1 use for its nodes"), "{}", page.text);
    assert_eq!(total(&app.native(&token).await, &format!("workflow={workflow}")).await, (1, 0));
}

/// Lets the jobs run as they do every hour.
async fn sweep(app: &TestApp) {
    keyrack::jobs::plan(&app.app).await.unwrap();
    app.post().await;
}

#[actix_web::test]
async fn counts_are_kept_as_long_as_is_set_and_no_longer_than_their_workspace() {
    let app = TestApp::start_set(&[("KEYRACK_USAGE_DAYS", "31")]).await;
    let mut ada = app.owner().await;
    let person = ada.id().await;
    ada.add_stripe("Till", KEY, "vend").await;
    let token = app.token("test", "vend").await;
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    app.advance(30 * DAY);
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    sweep(&app).await;
    assert_eq!(app.database.count("usage_hours"), 2);
    app.advance(2 * DAY);
    sweep(&app).await;
    assert_eq!(app.database.count("usage_hours"), 1);
    let mut ada: Browser = app.anonymous();
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    let path = "/w/acme/delete";
    assert_eq!(ada.submit(path, path, &[("name", "Acme")]).await.status, 303);
    assert_eq!(app.database.count("usage_hours"), 0);
}
