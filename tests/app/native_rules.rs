//! What holds for every route of `/api/v1`: its description, its limits, and that nobody reaches into another place.

use std::collections::BTreeMap;

use keyrack::app::routes::{Least, MACHINES};
use keyrack::domain::Role;
use serde_json::{Value, json};

use crate::support::{TestApp, WORKSPACE};

const KEY: &str = "rk_test_rules123456789";
const EVERYTHING: &str = "vend,connect,read,manage,audit";

async fn document(app: &TestApp) -> Value {
    let served = app.anonymous().get("/api/v1/openapi.json").await;
    assert_eq!(served.status, 200);
    serde_json::from_str(&served.text).unwrap()
}

#[actix_web::test]
async fn every_route_is_described_with_its_ability_and_nothing_else_is() {
    let app = TestApp::start().await;
    let document = document(&app).await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut described = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            for said in ["summary", "tags", "x-ability", "responses"] {
                assert!(!operation[said].is_null(), "{id}: {said}");
            }
            let named: Vec<&str> = operation["parameters"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            for part in path.split('/').filter_map(|part| part.strip_prefix('{')) {
                assert!(named.contains(&part.trim_end_matches('}')), "{id}: {part}");
            }
            described
                .insert((method.to_uppercase(), path.clone()), operation["x-ability"].as_str().unwrap().to_owned());
        }
    }
    let native = MACHINES.iter().filter(|row| row.path.starts_with("/api/v1"));
    let there: BTreeMap<_, _> = native
        .map(|row| {
            let ability = match row.least {
                Least::Token(ability) => ability.as_str(),
                _ => "any",
            };
            ((row.method.to_string(), row.path.to_owned()), ability.to_owned())
        })
        .collect();
    assert_eq!(described, there);
}

#[actix_web::test]
async fn the_reference_is_open_to_everybody_and_explains_all_of_it() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/api/reference").await;
    assert_eq!(page.status, 200);
    let document = document(&app).await;
    let ids = page.attributes("[id]", "id");
    for (_, item) in document["paths"].as_object().unwrap() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.contains(&operation["operationId"].as_str().unwrap().to_owned()), "{operation}");
        }
    }
    for error in document["x-errors"].as_array().unwrap() {
        let anchor = format!("error-{}", error["code"].as_str().unwrap());
        assert!(ids.contains(&anchor), "{anchor}");
    }
    for link in page.attributes("main a[href^='#'], nav a[href^='#']", "href") {
        assert!(ids.contains(&link[1..].to_owned()), "{link} leads nowhere");
    }
    assert!(page.attributes("script", "src").iter().all(|source| source.starts_with("/assets/")));
    assert!(page.attributes("[style]", "style").is_empty());
    let mut ada = app.owner().await;
    assert!(ada.get("/w/acme/tokens").await.attributes("main a", "href").contains(&"/api/reference".to_owned()));
    assert_eq!(ada.get("/api/reference").await.status, 200);
}

/// Every path with ids of things of the first workspace.
async fn paths(app: &TestApp) -> Vec<(&'static str, String)> {
    let mut ada = app.owner().await;
    assert_eq!(app.token("test", "connect").await.put("stripe", "customer-42", KEY).await.status, 200);
    let connection = app.database.text("SELECT id AS text FROM secrets WHERE owner_id IS NULL");
    let secret = ada.add_stripe("Till", KEY, "vend").await;
    let (workflow, _) = ada.add_bound("Bills", &secret).await;
    let member = ada.id().await;
    let rows = MACHINES.iter().filter(|row| row.path.starts_with("/api/v1") && row.path.contains('{'));
    rows.filter(|row| !row.path.contains("{slug}"))
        .map(|row| {
            let path = row.path.replace("{secret}", &secret).replace("{connection}", &connection);
            let path = path.replace("{workflow}", &workflow).replace("{node}", "charge").replace("{member}", &member);
            (row.method.as_str(), path.replace("{user}", "customer-42").replace("{organization}", "hotel"))
        })
        .collect()
}

/// A body that each route takes.
fn body(path: &str) -> Value {
    let id = "sec_01jd8x3f5k7q9r2t4v6w8y0z1a";
    match path.rsplit('/').next().unwrap() {
        "shares" => json!({ "sharing": "workspace" }),
        "secret" => json!({ "secret": id }),
        "nodes" => json!({ "key": "b", "node_type": "stripe" }),
        _ => json!({}),
    }
}

#[actix_web::test]
async fn ids_of_another_workspace_or_environment_are_not_found() {
    let app = TestApp::start().await;
    let paths = paths(&app).await;
    app.owner_of("Other", "eve@example.com").await;
    let theirs = app.native(&app.token_of("Other", "eve@example.com", "test", EVERYTHING).await).await;
    let live = app.native(&app.token("live", EVERYTHING).await).await;
    let before = app.database.count("audit_entries");
    for (method, path) in &paths {
        // By its id nothing is registered.
        if *method == "PUT" && path.contains("/workflows/wfl_") && !path.contains("/nodes/") {
            continue;
        }
        theirs.send(method, path, &body(path)).await.refused_natively(404, "not_found");
        // Members and node types are the same in both environments.
        if !path.contains("/members/") {
            live.send(method, path, &body(path)).await.refused_natively(404, "not_found");
        }
    }
    assert!(paths.len() > 20);
    assert_eq!(app.database.count("audit_entries"), before);
    for list in ["secrets", "workflows", "end-users", "organizations"] {
        for native in [&theirs, &live] {
            assert_eq!(
                native.get(&format!("/api/v1/{list}")).await.body,
                json!({ "data": [], "next": null }),
                "{list}"
            );
        }
    }
}

#[actix_web::test]
async fn a_limited_token_is_told_of_its_node_types_alone() {
    let app = TestApp::start().await;
    let paths = paths(&app).await;
    let mut ada = app.anonymous();
    assert_eq!(ada.sign_in(crate::support::EMAIL, crate::support::PASSWORD).await.status, 303);
    let limits = [("preset", "backend"), ("node_type", "http-request")];
    let token = ada.make_token_with(&limits).await;
    let native = app.native(&token).await;
    for (list, rows) in [("secrets", 0), ("end-users", 0), ("organizations", 0), ("node-types", 1), ("workflows", 1)] {
        let answer = native.get(&format!("/api/v1/{list}")).await;
        assert_eq!(answer.body["data"].as_array().unwrap().len(), rows, "{list}: {}", answer.text);
        assert!(!answer.text.contains("stripe"), "{list}: {}", answer.text);
    }
    native.get("/api/v1/secrets?node_type=stripe").await.refused_natively(403, "node_type_not_allowed");
    let before = app.database.count("audit_entries");
    for (method, path) in paths {
        let answer = native.send(method, &path, &body(&path)).await;
        let is_open =
            answer.status == 200 && (path.contains("/members/") || (method == "GET" && path.contains("/workflows/")));
        let is_outside = answer.status == 404
            && ["end-users", "organizations", "connect-sessions"]
                .iter()
                .any(|part| path.contains(&format!("/{part}/")));
        let is_registered = answer.status == 422 && method == "PUT" && path.contains("/workflows/");
        let is_unlisted = answer.status == 403 && path.ends_with("/credentials");
        if !is_open && !is_outside && !is_registered && !is_unlisted {
            answer.refused_natively(403, "node_type_not_allowed");
        }
    }
    assert_eq!(app.database.count("audit_entries"), before);
}

#[actix_web::test]
async fn a_token_of_somebody_who_left_opens_nothing() {
    let app = TestApp::start().await;
    app.owner().await;
    app.member("grace@example.com", Role::Admin).await;
    let token = app.token_of(WORKSPACE, "grace@example.com", "test", EVERYTHING).await;
    let native = app.native(&token).await;
    for path in ["/api/v1/token", "/api/v1/secrets", "/api/v1/audit"] {
        assert_eq!(native.get(path).await.status, 200);
    }
    app.database.run("DELETE FROM members WHERE role = 'admin'");
    for path in ["/api/v1/token", "/api/v1/secrets", "/api/v1/audit", "/api/v1/members"] {
        native.get(path).await.refused_natively(401, "unauthorized");
    }
}

#[actix_web::test]
async fn whoever_may_not_hear_it_is_not_told_what_is_wrong() {
    let app = TestApp::start().await;
    app.owner().await;
    let weak = app.native(&app.token("test", "proxy").await).await;
    for (method, path) in [
        ("GET", "/api/v1/secrets?limit=0"),
        ("GET", "/api/v1/secrets/x"),
        ("PATCH", "/api/v1/secrets/x"),
        ("GET", "/api/v1/audit?x=1"),
    ] {
        weak.send(method, path, &json!({ "name": "" })).await.refused_natively(403, "insufficient_ability");
    }
    let nobody = app.token("test", "read").await.saying("kr_test_x");
    nobody.ask("GET", "/api/v1/secrets", &json!({})).await.refused_natively(401, "unauthorized");
    nobody.ask("GET", "/api/v1/nothing", &json!({})).await.refused_natively(404, "not_found");
    nobody.ask("PUT", "/api/v1/secrets", &json!({})).await.refused_natively(405, "method_not_allowed");
    let pipes = nobody.ask("GET", "/data-integrations", &json!({})).await;
    assert!(pipes.body.get("docs").is_none(), "the other clients know of no such field: {}", pipes.text);
}

#[actix_web::test]
async fn a_token_that_asks_too_often_waits_and_no_other_does() {
    let app = TestApp::start_set(&[("KEYRACK_API_RATE", "6")]).await;
    app.owner().await;
    let token = app.token("test", "read,vend").await;
    for left in (0..6).rev() {
        let answer = token.ask("GET", "/api/v1/token", &json!({})).await;
        assert_eq!((answer.status, answer.header("ratelimit-remaining")), (200, left.to_string().as_str()));
        assert_eq!(
            (answer.header("ratelimit-limit"), answer.header("ratelimit-reset")),
            ("6", (10 * (6 - left)).to_string().as_str())
        );
    }
    let late = token.ask("GET", "/api/v1/token", &json!({})).await;
    late.refused_natively(429, "rate_limited");
    assert_eq!((late.retry_after, late.header("ratelimit-remaining")), (Some(10), "0"));
    // The other routes count along, and speak as their clients expect.
    let pipes = token.vend("stripe", "customer-42").await;
    pipes.refused(429, "rate_limited");
    assert!(pipes.retry_after == Some(10) && pipes.body.get("docs").is_none(), "{}", pipes.text);
    let other = app.token("test", "vend").await;
    let free = other.vend("stripe", "customer-42").await;
    assert_eq!((free.status, free.header("ratelimit-remaining")), (200, "5"));
    app.advance(std::time::Duration::from_secs(10));
    token.vend("stripe", "customer-42").await.is_not_installed();
    token.vend("stripe", "customer-42").await.refused(429, "rate_limited");
    app.advance(std::time::Duration::from_mins(1));
    assert_eq!(token.ask("GET", "/api/v1/token", &json!({})).await.header("ratelimit-remaining"), "5");
    // Whoever does not know the text empties nobody's bucket.
    let guessed = token.saying(&format!("{}x", &token.text[..token.text.len() - 1]));
    for _ in 0..10 {
        guessed.ask("GET", "/api/v1/token", &json!({})).await;
    }
    assert_eq!(token.ask("GET", "/api/v1/token", &json!({})).await.status, 200);
}

#[actix_web::test]
async fn without_a_limit_nothing_is_counted() {
    let app = TestApp::start_set(&[("KEYRACK_API_RATE", "0")]).await;
    app.owner().await;
    let answer = app.token("test", "read").await.ask("GET", "/api/v1/token", &json!({})).await;
    assert_eq!((answer.status, answer.header("ratelimit-limit")), (200, ""));
}
