//! What single organizations have of a node type: whether it is open for them, and what is asked for.

use serde_json::{Value, json};

use crate::support::{TestApp, Token, is_configuration, is_provider, verify_chains};

const ALL: &str = "vend,connect,read,manage";
const HOTEL: &str = "/organizations/hotel/data_integration_configurations";
const STRIPE: &str = "/organizations/hotel/data_integration_configurations/stripe";
const GITHUB: &str = "/organizations/hotel/data_integration_configurations/github";
const KEY: &str = "rk_test_first1234567890";

async fn set() -> (TestApp, Token) {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    (app, token)
}

fn nothing() -> Value {
    json!({})
}

async fn configure(token: &Token, path: &str, body: &Value) -> Value {
    let answer = token.ask("PUT", path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    is_configuration(&answer.body);
    answer.body
}

/// The node types that an organization is shown, by their slugs.
async fn listed(token: &Token, path: &str) -> Vec<String> {
    let answer = token.ask("GET", path, &nothing()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let data = answer.body["data"].as_array().unwrap().clone();
    data.iter().map(|one| one["slug"].as_str().unwrap().to_owned()).collect()
}

fn theirs(user: Option<&str>) -> Value {
    match user {
        Some(user) => json!({ "user_id": user, "organization_id": "hotel" }),
        None => json!({ "user_id": "anna", "organization_id": "hotel", "connection_owner": "organization" }),
    }
}

fn with(body: &Value, more: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[actix_web::test]
async fn an_organization_has_each_node_type_as_everybody_until_it_is_said_otherwise() {
    let (app, token) = set().await;
    token.ask("GET", HOTEL, &nothing()).await.refused(404, "not_found");
    let closed = configure(&token, STRIPE, &json!({ "enabled": false })).await;
    assert_eq!((&closed["enabled"], &closed["scopes"]), (&json!(false), &json!(null)));
    assert_eq!((&closed["organization_id"], &closed["name"]), (&json!("hotel"), &json!("Stripe")));
    let integration = token.ask("GET", "/data-integrations/stripe", &nothing()).await.body;
    assert_eq!((&closed["id"], &integration["enabled"]), (&integration["id"], &json!(true)), "for nobody else");
    let all = token.ask("GET", HOTEL, &nothing()).await;
    assert_eq!(all.body.as_object().unwrap().len(), 2, "no pages: {}", all.text);
    all.body["data"].as_array().unwrap().iter().for_each(is_configuration);
    let of = |slug: &str| all.body["data"].as_array().unwrap().iter().find(|one| one["slug"] == slug).cloned().unwrap();
    assert_eq!((of("stripe"), &of("http-request")["enabled"]), (closed, &json!(true)));
    // Of the other environment nothing was said.
    let live = app.token("live", ALL).await;
    let there = live.ask("GET", HOTEL, &nothing()).await;
    assert!(there.body["data"].as_array().unwrap().iter().all(|one| one["enabled"] == true), "{}", there.text);
    // Saying the same once more changes nothing, and is recorded as nothing.
    let entries = || app.database.count("audit_entries");
    let before = entries();
    configure(&token, STRIPE, &json!({ "enabled": false })).await;
    assert_eq!(entries(), before);
    let open = configure(&token, STRIPE, &json!({ "enabled": true })).await;
    assert_eq!((entries(), &open["enabled"]), (before + 1, &json!(true)));
    // What is disabled for everybody is so for them.
    assert_eq!(token.ask("PUT", "/data-integrations/stripe", &json!({ "enabled": false })).await.status, 200);
    assert_eq!(configure(&token, STRIPE, &json!({ "enabled": true })).await["enabled"], false);
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn what_is_closed_for_an_organization_is_neither_used_nor_stored_for_it() {
    let (_app, token) = set().await;
    let (first, owned) = (theirs(Some("anna")), theirs(None));
    let key = json!({ "secret": KEY });
    let path = "/data-integrations/stripe/api-key";
    for of in [&first, &owned] {
        assert_eq!(token.ask("PUT", path, &with(of, &key)).await.status, 200);
        token.vend_with("stripe", of).await.hands_out(KEY);
    }
    token.put("stripe", "anna", KEY).await;
    configure(&token, STRIPE, &json!({ "enabled": false })).await;
    for of in [&first, &owned, &theirs(Some("nobody"))] {
        token.vend_with("stripe", of).await.refused(403, "node_type_disabled");
        token.ask("PUT", path, &with(of, &key)).await.refused(403, "node_type_disabled");
        let more = with(&with(of, &key), &json!({ "connection_intent": "add" }));
        token.ask("POST", path, &more).await.refused(403, "node_type_disabled");
    }
    // Everybody else goes on: the same end user without it, and another organization.
    token.vend("stripe", "anna").await.hands_out(KEY);
    let other = json!({ "user_id": "anna", "organization_id": "inn" });
    token.vend_with("stripe", &other).await.is_not_installed();
    assert_eq!(token.ask("PUT", path, &with(&other, &key)).await.status, 200);

    let providers = "/organizations/hotel/data_providers";
    assert_eq!(listed(&token, providers).await, ["http-request"]);
    let users = "/user_management/users/anna/data_providers";
    assert_eq!(listed(&token, users).await, ["http-request", "stripe"]);
    assert_eq!(listed(&token, &format!("{users}?organization_id=hotel")).await, ["http-request"]);
    // What is there can be looked at and taken away.
    let account = "/organizations/hotel/connected_accounts/stripe";
    assert_eq!(token.ask("GET", account, &nothing()).await.status, 200);
    configure(&token, STRIPE, &json!({ "enabled": true })).await;
    token.vend_with("stripe", &first).await.hands_out(KEY);
    configure(&token, STRIPE, &json!({ "enabled": false })).await;
    assert_eq!(token.ask("DELETE", account, &nothing()).await.status, 204);
}

#[actix_web::test]
async fn an_organization_asks_for_what_it_says() {
    let (_app, token) = set().await;
    let new = json!({ "provider": "github", "enabled": true, "scopes": ["repo", "gist"],
        "credentials": { "type": "custom", "client_id": "Iv1.app", "client_secret": "client-secret-canary" } });
    assert_eq!(token.ask("POST", "/data-integrations", &new).await.status, 201);
    let asks = configure(&token, GITHUB, &json!({ "scopes": ["read:org"] })).await;
    assert_eq!((&asks["scopes"], asks.get("credentials")), (&json!(["read:org"]), None));
    let shown = |body: &Value| {
        let found = body["data"].as_array().unwrap().iter().find(|one| one["slug"] == "github").cloned().unwrap();
        is_provider(&found);
        (found["scopes"].clone(), found["credentials_type"].clone())
    };
    let providers = token.ask("GET", "/organizations/hotel/data_providers", &nothing()).await;
    assert_eq!(shown(&providers.body), (json!(["read:org"]), json!("custom")));
    let others = token.ask("GET", "/organizations/inn/data_providers", &nothing()).await;
    assert_eq!(shown(&others.body).0, json!(["repo", "gist"]));
    // Nothing at all is something else than what everybody is asked for.
    assert_eq!(configure(&token, GITHUB, &json!({ "scopes": [] })).await["scopes"], json!([]));
    assert_eq!(configure(&token, GITHUB, &json!({ "enabled": false })).await["scopes"], json!([]), "it stays");
    assert_eq!(configure(&token, GITHUB, &json!({ "scopes": null })).await["scopes"], json!(["repo", "gist"]));
    // It may be said before there is a client to ask with.
    assert_eq!(token.ask("POST", "/data-integrations", &json!({ "provider": "slack" })).await.status, 201);
    let slack = GITHUB.replace("github", "slack");
    assert_eq!(configure(&token, &slack, &json!({ "scopes": ["chat:write"] })).await["scopes"], json!(["chat:write"]));
}

#[actix_web::test]
async fn nothing_is_configured_of_what_is_wrong() {
    let (app, token) = set().await;
    let new = json!({ "provider": "github", "enabled": true });
    assert_eq!(token.ask("POST", "/data-integrations", &new).await.status, 201);
    let client = json!({ "client_id": "app", "client_secret": "secret-canary-1234" });
    let wrong = [
        nothing(),
        json!({ "no_such_field": true }),
        json!({ "enabled": null }),
        json!({ "enabled": "yes" }),
        json!({ "scopes": ["with\u{0}nul"] }),
        json!({ "scopes": "repo" }),
        json!({ "scopes": (0..500).map(|at| format!("s{at}")).collect::<Vec<_>>() }),
        json!({ "client_id": "app" }),
        json!({ "client_secret": "secret-canary-1234" }),
        json!({ "client_id": null, "client_secret": "secret-canary-1234" }),
        with(&client, &json!({ "client_id": "" })),
        with(&client, &json!({ "client_id": "x".repeat(3_000) })),
        with(&client, &json!({ "client_secret": "" })),
        with(&client, &json!({ "client_secret": "secret\ncanary" })),
        with(&client, &json!({ "config": { "address": "https://elsewhere.example.com" } })),
        with(&client, &json!({ "config": "x" })),
        json!({ "config": { "address": "https://elsewhere.example.com" } }),
        // The first of two things is not done where the second is wrong.
        json!({ "enabled": false, "config": { "address": "x" } }),
    ];
    for body in wrong {
        let answer = token.ask("PUT", GITHUB, &body).await;
        answer.refused(422, "invalid_request_parameters");
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    // A key is entered, not asked for.
    for body in [&json!({ "scopes": ["charges"] }), &client, &json!({ "config": { "a": "b" } })] {
        token.ask("PUT", STRIPE, body).await.refused(422, "invalid_request_parameters");
    }
    assert_eq!(configure(&token, STRIPE, &json!({ "scopes": null })).await["scopes"], json!(null));
    assert_eq!(app.database.count("organization_settings"), 1);
    token.ask("PUT", &format!("{HOTEL}/no-such-type"), &json!({ "enabled": true })).await.refused(404, "not_found");
    let long = format!("/organizations/{}/data_integration_configurations", "x".repeat(300));
    token.ask("GET", &long, &nothing()).await.refused(422, "invalid_request_parameters");
    let long = format!("{long}/stripe");
    token.ask("PUT", &long, &json!({ "enabled": false })).await.refused(422, "invalid_request_parameters");
    let large = json!({ "scopes": ["x".repeat(2_000_000)] });
    token.ask("PUT", GITHUB, &large).await.refused(413, "payload_too_large");
}

#[actix_web::test]
async fn a_token_reaches_no_further_than_its_workspace_and_its_limits() {
    let (app, token) = set().await;
    app.owner_of("Other", "eve@example.com").await;
    let eve = app.token_of("Other", "eve@example.com", "test", ALL).await;
    configure(&token, STRIPE, &json!({ "enabled": false })).await;
    // The same name is another organization there.
    eve.ask("GET", HOTEL, &nothing()).await.refused(404, "not_found");
    assert_eq!(eve.put_with("stripe", &with(&theirs(Some("anna")), &json!({ "secret": KEY }))).await.status, 200);
    assert_eq!(eve.ask("PUT", STRIPE, &json!({ "scopes": null })).await.body["enabled"], true);
    let narrow = app.token("test", ALL).await;
    app.database.execute(&format!("UPDATE tokens SET node_types = 'http-request' WHERE id = '{}'", narrow.id()));
    narrow.ask("PUT", STRIPE, &json!({ "enabled": true })).await.refused(403, "node_type_not_allowed");
    assert_eq!(listed(&narrow, HOTEL).await, ["http-request"]);
    let reader = app.token("test", "read,connect,vend").await;
    reader.ask("PUT", STRIPE, &json!({ "enabled": true })).await.refused(403, "insufficient_ability");
    assert_eq!(listed(&reader, HOTEL).await, ["http-request", "stripe"]);
    app.token("test", "manage").await.ask("GET", HOTEL, &nothing()).await.refused(403, "insufficient_ability");
    // Whoever made it has become a Member.
    app.member("second@example.com", keyrack::domain::Role::Owner).await;
    let acme = "(SELECT id FROM workspaces WHERE slug = 'acme')";
    app.database.execute(&format!(
        "UPDATE members SET role = 'member' WHERE workspace_id = {acme} AND person_id IN (SELECT maker_id FROM tokens WHERE workspace_id = {acme})"
    ));
    token.ask("PUT", STRIPE, &json!({ "enabled": true })).await.refused(403, "insufficient_ability");
}

#[actix_web::test]
async fn what_was_done_is_told_with_the_organization() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", ALL).await;
    let new = json!({ "provider": "github", "enabled": true, "credentials": { "type": "organization" } });
    assert_eq!(token.ask("POST", "/data-integrations", &new).await.status, 201);
    let client = json!({ "client_id": "their-app", "client_secret": "their-secret-canary-9876", "enabled": false,
        "scopes": ["repo"] });
    configure(&token, GITHUB, &client).await;
    configure(&token, GITHUB, &json!({ "client_id": null })).await;
    let activity = ada.get("/w/acme/activity").await;
    for told in [
        "left it to each organization to bring a client for the node type GitHub",
        "closed the node type GitHub",
        "for the organization hotel in test, asking for repo",
        "that the organization hotel brings for test",
        "removed the client of the node type GitHub",
    ] {
        assert!(activity.text.contains(told), "{told}: {}", activity.text);
    }
    assert!(!activity.text.contains("canary"));
    verify_chains(&app.database, &app.app.keyring);
    // It goes with the node type, and with the workspace.
    configure(&token, GITHUB, &client).await;
    assert_eq!(app.database.count("organization_settings"), 1);
    assert_eq!(token.ask("DELETE", "/data-integrations/github", &nothing()).await.status, 204);
    assert_eq!(app.database.count("organization_settings"), 0);
    assert_eq!(token.ask("POST", "/data-integrations", &new).await.status, 201);
    configure(&token, GITHUB, &client).await;
    let delete = "/w/acme/delete";
    let deleted = ada.submit("/account", delete, &[("name", "Acme")]).await;
    assert_eq!(deleted.status, 303, "{}", deleted.text);
    assert_eq!(app.database.count("organization_settings"), 0);
}
