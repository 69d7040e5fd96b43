//! To what a service token is limited, tried on every route of machines.

use std::time::Duration;

use keyrack::app::routes::{Entry, Least, MACHINES};
use keyrack::domain::Role;
use serde_json::json;

use crate::support::{EMAIL, PASSWORD, TestApp, Token};

const NEW: &str = "/w/acme/tokens/new";
const KEY: &str = "rk_test_limited123456789";
const EVERYTHING: [(&str, &str); 1] = [("preset", "backend")];
/// Each ability there is.
const ALL: [(&str, &str); 7] = [
    ("preset", "custom"),
    ("allow", "vend"),
    ("allow", "proxy"),
    ("allow", "connect"),
    ("allow", "read"),
    ("allow", "manage"),
    ("allow", "audit"),
];
const BEHIND_A_PROXY: (&str, &str) = ("KEYRACK_TRUSTED_PROXIES", "127.0.0.1");

/// The path of a route with something that is there in place of each part.
fn path(row: &Entry, workflow: &str) -> String {
    let is_registered = row.method == "PUT" && !row.path.contains("{node}");
    let called = if is_registered { "limits" } else { workflow };
    let path = row.path.replace("{slug}", "stripe").replace("{workflow}", called).replace("{node}", "charge");
    regex::Regex::new(r"\{[^}]*\}").unwrap().replace_all(&path, "customer-42").into_owned()
}

fn body() -> serde_json::Value {
    let nodes = json!([{ "key": "charge", "node_type": "stripe" }]);
    json!({ "user_id": "customer-42", "secret": KEY, "name": "Limits", "nodes": nodes, "enabled": true })
}

#[actix_web::test]
async fn from_another_address_no_route_answers() {
    let app = TestApp::start_set(&[BEHIND_A_PROXY]).await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Own", KEY, "vend").await;
    let (workflow, _) = ada.add_bound("Limits", &secret).await;
    let networks = "203.0.113.7\r\n10.0.0.0/8, 2001:db8::/32";
    let token = ada.make_token_with(&[&EVERYTHING[..], &[("networks", networks)]].concat()).await;
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    let free = ada.make_token_with(&EVERYTHING).await;
    assert_eq!(free.put("stripe", "customer-42", KEY).await.status, 200);
    for row in MACHINES {
        let (method, path) = (row.method.as_str(), path(row, &workflow));
        // Nobody has forwarded it, so it comes from the machine itself.
        token.ask(method, &path, &body()).await.refused(403, "address_not_allowed");
        for outside in
            ["203.0.113.8", "11.0.0.1", "2001:db9::1", "::ffff:203.0.113.8", "nonsense", "10.0.0.1, 11.0.0.1"]
        {
            token.forwarded_for(outside).ask(method, &path, &body()).await.refused(403, "address_not_allowed");
        }
        // Who has no right at all is not told that the address is wrong.
        token.saying("kr_test_x").ask(method, &path, &body()).await.refused(401, "unauthorized");
    }
    for inside in ["203.0.113.7", "10.255.1.1", "::ffff:10.0.0.1", "2001:db8:1::1", "6.6.6.6, 10.0.0.1"] {
        token.forwarded_for(inside).vend("stripe", "customer-42").await.hands_out(KEY);
    }
    app.advance(Duration::from_secs(1));
    token.forwarded_for("10.0.0.1").vend_node(&workflow, "charge").await.hands_out(KEY);
    app.counted().await;
    let page = ada.get(&format!("/w/acme/tokens/{}", token.id())).await;
    assert!(page.texts(".facts dd").contains(&"203.0.113.7, 10.0.0.0/8, 2001:db8::/32".to_owned()), "{}", page.text);
    assert!(page.text.contains("from <code class=\"small\">10.0.0.1</code>"), "from where it was used last");
}

#[actix_web::test]
async fn a_strangers_header_opens_no_address() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let elsewhere = ada.make_token_with(&[&EVERYTHING[..], &[("networks", "203.0.113.7")]].concat()).await;
    elsewhere.forwarded_for("203.0.113.7").vend("stripe", "customer-42").await.refused(403, "address_not_allowed");
    let here = ada.make_token_with(&[&EVERYTHING[..], &[("networks", "::ffff:127.0.0.0/104")]].concat()).await;
    here.vend("stripe", "customer-42").await.is_not_installed();
}

#[actix_web::test]
async fn for_another_node_type_no_route_answers() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Own", KEY, "vend").await;
    let (workflow, _) = ada.add_bound("Limits", &secret).await;
    let token = ada.make_token_with(&[&ALL[..], &[("node_type", "http-request")]].concat()).await;
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    let free = ada.make_token_with(&EVERYTHING).await;
    assert_eq!(free.put("stripe", "customer-42", KEY).await.status, 200);
    let (secrets, workflows) = (app.database.count("secrets"), app.database.count("workflows"));
    let mut tried = 0;
    for row in MACHINES {
        let names_one = row.path.contains("{slug}") || row.path.contains("{node}");
        if names_one || (row.method == "PUT" && row.path.contains("{workflow}")) {
            let body = if row.path.ends_with("/secret") { json!({ "secret": secret }) } else { body() };
            let answer = token.ask(row.method.as_str(), &path(row, &workflow), &body).await;
            answer.refused(403, "node_type_not_allowed");
            tried += 1;
        }
    }
    assert!(tried >= 4);
    token.vend("nothing-of-that-name", "customer-42").await.refused(403, "node_type_not_allowed");
    token.vend("http-request", "customer-42").await.is_not_installed();
    assert_eq!((app.database.count("secrets"), app.database.count("workflows")), (secrets, workflows));
    free.vend("stripe", "customer-42").await.hands_out(KEY);
}

#[actix_web::test]
async fn of_a_workflow_a_limited_token_sees_and_changes_its_own_node_types_alone() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let free = ada.make_token_with(&EVERYTHING).await;
    let both = json!([{ "key": "call", "node_type": "http-request" }, { "key": "charge", "node_type": "stripe" }]);
    assert_eq!(free.register("bills", &json!({ "name": "Bills", "nodes": both })).await.status, 200);
    let token = ada.make_token_with(&[&EVERYTHING[..], &[("node_type", "stripe")]].concat()).await;
    let nodes = |answer: &crate::support::Answer| answer.body["nodes"].as_array().unwrap().len();
    assert_eq!(nodes(&free.workflow("bills").await), 2);
    let seen = token.workflow("bills").await;
    assert_eq!((nodes(&seen), seen.text.contains("http-request")), (1, false), "{}", seen.text);
    let listed = token.ask("GET", "/api/v1/workflows", &json!({})).await;
    assert_eq!(
        (listed.status, listed.text.contains("stripe"), listed.text.contains("http-request")),
        (200, true, false)
    );
    // What it does not name would be taken away.
    let charge = json!([{ "key": "charge", "node_type": "stripe" }]);
    let named = json!({ "name": "Renamed", "nodes": charge });
    token.register("bills", &named).await.refused(403, "node_type_not_allowed");
    assert_eq!((nodes(&free.workflow("bills").await), app.database.count("workflows WHERE name = 'Renamed'")), (2, 0));
    assert_eq!(token.register("mine", &named).await.status, 200);
}

#[actix_web::test]
async fn a_node_type_that_is_removed_and_added_again_counts_again() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = ada.make_token_with(&[&EVERYTHING[..], &[("node_type", "stripe")]].concat()).await;
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    let remove = "/w/acme/node-types/stripe/remove";
    let form = ada.get(remove).await;
    let guards: Vec<(String, String)> = form
        .attributes("main form input", "name")
        .into_iter()
        .zip(form.attributes("main form input", "value"))
        .collect();
    let mut fields: Vec<(&str, &str)> = guards.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.retain(|(name, _)| *name != "name");
    fields.push(("name", "Stripe"));
    let removed = ada.post(remove, &fields).await;
    assert_eq!(removed.status, 303, "{}", removed.text);
    token.vend("stripe", "customer-42").await.refused(404, "not_found");
    token.vend("http-request", "customer-42").await.refused(403, "node_type_not_allowed");
    let page = ada.get(&format!("/w/acme/tokens/{}", token.id())).await;
    assert!(page.text.contains("stripe (not added)"), "{}", page.text);
    let added = ada.submit("/w/acme/node-types/stripe", "/w/acme/node-types/stripe/add", &[]).await;
    assert_eq!(added.status, 303, "{}", added.text);
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    token.vend("stripe", "customer-42").await.hands_out(KEY);
}

#[actix_web::test]
async fn limits_that_cannot_be_read_are_told_and_nothing_typed_is_lost() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let fields = |networks| {
        [
            ("name", "Billing backend"),
            ("environment", "live"),
            ("preset", "connect"),
            ("node_type", "stripe"),
            ("networks", networks),
            ("expires_on", "2027-01-31"),
        ]
    };
    let many = (0..21).map(|n| format!("10.0.0.{n}")).collect::<Vec<_>>().join("\n");
    for (bad, told) in [
        ("10.0.0.0/33", "“10.0.0.0/33” is neither an address nor a network."),
        ("10.0.0.1\nexample.com", "“example.com” is neither"),
        (many.as_str(), "at most 20"),
        ("<script>alert(1)</script>", "is neither"),
    ] {
        let page = ada.submit_token(&fields(bad)).await;
        assert_eq!(page.status, 422, "{bad}");
        assert!(page.text_of("#networks-error").contains(told), "{}", page.text_of("#networks-error"));
        assert_eq!(page.text_of("textarea[name=networks][aria-invalid=true]"), bad);
        assert_eq!(page.attributes("details.more[open]", "class").len(), 1, "the limits stand open");
        assert_eq!(page.attributes("input[name=name]", "value"), ["Billing backend"]);
        assert_eq!(page.attributes("input[name=preset][checked]", "value"), ["connect"]);
        assert_eq!(page.attributes("input[name=environment][checked]", "value"), ["live"]);
        assert_eq!(page.attributes("input[name=node_type][checked]", "value"), ["stripe"]);
        assert_eq!(page.attributes("input[name=expires_on]", "value"), ["2027-01-31"]);
        assert!(!page.text.contains("<script>alert"));
    }
    let gone: Vec<(&str, &str)> = fields("").into_iter().chain([("node_type", "sendgrid")]).collect();
    let page = ada.submit_token(&gone).await;
    assert_eq!(page.status, 422);
    assert!(page.text_of("#node_type-error").contains("sendgrid"), "{}", page.text);
    assert_eq!(ada.submit_token(&[&EVERYTHING[..], &[("node_type", "../x")]].concat()).await.status, 400);
    assert_eq!(app.database.count("tokens"), 0);
    assert_eq!(ada.submit_token(&fields(" \r\n ")).await.status, 200, "nothing typed is no limit");
    assert_eq!(app.database.count("tokens WHERE networks IS NULL AND node_types = 'stripe'"), 1);
}

/// What a row says that no form wrote is refused, and not taken for no limit.
#[actix_web::test]
async fn limits_that_are_damaged_open_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = ada.make_token_with(&EVERYTHING).await;
    token.vend("stripe", "customer-42").await.is_not_installed();
    for damage in ["networks = ''", "networks = 'here'", "networks = NULL, node_types = ''"] {
        app.database.run(&format!("UPDATE tokens SET {damage}"));
        assert_eq!(token.vend("stripe", "customer-42").await.status, 500, "{damage}");
    }
}

#[actix_web::test]
async fn an_ended_day_ends_the_token() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = ada.make_token_with(&[&EVERYTHING[..], &[("expires_on", "2026-11-22")]].concat()).await;
    token.vend("stripe", "customer-42").await.is_not_installed();
    app.advance(std::time::Duration::from_hours(48));
    token.vend("stripe", "customer-42").await.refused(401, "unauthorized");
    ada.sign_in(EMAIL, PASSWORD).await;
    let page = ada.get(&format!("/w/acme/tokens/{}", token.id())).await;
    assert_eq!(page.text_of(".verdict h2"), "Expired");
}

#[actix_web::test]
async fn a_token_never_makes_another() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", "vend,proxy,connect,read,manage,audit").await;
    for row in MACHINES {
        assert!(matches!(row.least, Least::Token(_) | Least::AnyToken));
        token.ask(row.method.as_str(), &path(row, "limits"), &body()).await;
    }
    for path in [NEW, &format!("/w/acme/tokens/{}/text", token.id())] {
        let answer = token.ask("POST", path, &json!({})).await;
        assert!([303, 403].contains(&answer.status), "{path} answers {}", answer.status);
    }
    assert_eq!(app.database.count("tokens"), 1);
    assert_eq!(app.database.count("tokens WHERE generation = 1"), 1);
    ada.make_token_with(&EVERYTHING).await;
    assert_eq!(app.database.count("tokens"), 2);
}

#[actix_web::test]
async fn a_token_does_no_more_than_its_maker_may_at_that_moment() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let token: Token = admin.make_token_with(&EVERYTHING).await;
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    let role = |role: &str| {
        let of = "person_id = (SELECT id FROM people WHERE email = 'admin@example.com')";
        app.database.run(&format!("UPDATE members SET role = '{role}' WHERE {of}"));
    };
    role("member");
    token.vend("stripe", "customer-42").await.refused(403, "insufficient_ability");
    token.put("stripe", "customer-42", KEY).await.refused(403, "insufficient_ability");
    token.ask("GET", "/api/v1/workflows", &json!({})).await.refused(403, "insufficient_ability");
    let page = admin.get(&format!("/w/acme/tokens/{}", token.id())).await;
    assert_eq!((page.status, page.attributes("a[href$='/text']", "href").len()), (200, 0), "and gives it no new text");
    assert_eq!(admin.get(&format!("/w/acme/tokens/{}/text", token.id())).await.status, 403);
    role("admin");
    token.vend("stripe", "customer-42").await.hands_out(KEY);
}
