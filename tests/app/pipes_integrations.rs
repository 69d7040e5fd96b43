//! Node types as backends manage them over the Pipes-compatible routes.

use serde_json::{Value, json};

use crate::support::{TestApp, Token, is_integration, way};

const ALL: &str = "vend,connect,read,manage";
const LIST: &str = "/data-integrations";

async fn set() -> (TestApp, Token) {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", ALL).await;
    (app, token)
}

fn nothing() -> Value {
    json!({})
}

#[actix_web::test]
async fn a_node_type_is_added_changed_and_removed() {
    let (app, token) = set().await;
    let new = json!({ "provider": "github", "description": "Our repositories", "enabled": true,
        "credentials": { "type": "custom", "client_id": "Iv1.app", "client_secret": "client-secret-canary" } });
    let made = token.ask("POST", LIST, &new).await;
    assert_eq!(made.status, 201, "{}", made.text);
    is_integration(&made.body);
    assert!(!made.text.contains("client-secret-canary"));
    assert_eq!((&made.body["slug"], &made.body["auth_methods"]), (&json!("github"), &json!(["oauth"])));
    assert_eq!((&made.body["state"], &made.body["enabled"]), (&json!("valid"), &json!(true)));
    assert_eq!(made.body["redirect_uri"], format!("{}/connect/github/callback", app.base));
    let credentials = json!({ "type": "custom", "client_id": "Iv1.app", "redacted_client_secret": "nary" });
    assert_eq!(made.body["credentials"], credentials);
    token.ask("POST", LIST, &new).await.refused(409, "already_exists");

    let path = "/data-integrations/github";
    assert_eq!(token.ask("GET", path, &nothing()).await.body, made.body);
    let scopes = token.ask("PUT", path, &json!({ "scopes": ["repo", "read:org"] })).await;
    assert_eq!((scopes.status, &scopes.body["scopes"]), (200, &json!(["repo", "read:org"])), "{}", scopes.text);
    let usual = token.ask("PUT", path, &json!({ "scopes": null, "description": null })).await;
    assert_eq!((&usual.body["scopes"], &usual.body["description"]), (&made.body["scopes"], &json!(null)));
    let closed = token.ask("PUT", path, &json!({ "enabled": false })).await;
    assert_eq!(closed.body["enabled"], false);
    assert_eq!(closed.body["credentials"]["client_id"], "Iv1.app");
    let organizations = token.ask("GET", "/data-integrations/github/organization", &nothing()).await;
    is_integration(&organizations.body);
    assert_eq!(
        (&organizations.body["ownership"], &organizations.body["id"]),
        (&json!("organization"), &made.body["id"])
    );
    let opened = token.ask("PUT", "/data-integrations/github/organization", &json!({ "enabled": true })).await;
    assert_eq!((&opened.body["enabled"], &opened.body["ownership"]), (&json!(true), &json!("organization")));

    assert_eq!(token.ask("DELETE", path, &nothing()).await.status, 204);
    token.ask("GET", path, &nothing()).await.refused(404, "not_found");
    token.ask("DELETE", path, &nothing()).await.refused(404, "not_found");
    for (file, bytes) in app.files() {
        assert!(memchr::memmem::find(&bytes, b"client-secret-canary").is_none(), "{file}");
    }
}

#[actix_web::test]
async fn what_is_not_said_to_be_open_is_closed() {
    let (_app, token) = set().await;
    let made =
        token.ask("POST", LIST, &json!({ "provider": "sendgrid", "auth_methods": ["api_key"], "config": {} })).await;
    assert_eq!((made.status, &made.body["enabled"], &made.body["scopes"]), (201, &json!(false), &json!(null)));
    is_integration(&made.body);
    assert_eq!((&made.body["redirect_uri"], &made.body["credentials"]), (&json!(""), &json!(null)));
    let body = json!({ "user_id": "customer-42", "secret": SENDGRID_KEY, "config": { "region": "api" } });
    token.put_with("sendgrid", &body).await.refused(403, "node_type_disabled");
}

const SENDGRID_KEY: &str = "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

fn with_its_first_key(of: &Value) -> Value {
    let mut key = json!({ "secret": SENDGRID_KEY, "config": { "region": "api" } });
    key.as_object_mut().unwrap().extend(of.as_object().unwrap().clone());
    json!({ "provider": "sendgrid", "auth_methods": ["api_key"], "enabled": true, "api_key": key })
}

#[actix_web::test]
async fn a_node_type_comes_with_its_first_key() {
    let (app, token) = set().await;
    let made = token.ask("POST", LIST, &with_its_first_key(&json!({ "user_id": "customer-42" }))).await;
    assert_eq!(made.status, 201, "{}", made.text);
    is_integration(&made.body);
    assert!(!made.text.contains(SENDGRID_KEY));
    let account = token.ask("GET", "/user_management/users/customer-42/connected_accounts/sendgrid", &nothing()).await;
    assert_eq!(made.body["installation"]["id"], account.body["id"], "{}", account.text);
    assert_eq!(
        made.body["installation"],
        json!({ "id": account.body["id"], "connection_role": "compatibility", "account_identifier": null,
            "account_display_name": null, "user_id": "customer-42", "organization_id": null, "api_key_last_4": "DEFG" })
    );
    let shown = token.ask("GET", "/data-integrations/sendgrid", &nothing()).await;
    assert_eq!(shown.body["installation"], json!(null));
    let vended =
        token.ask("POST", "/data-integrations/sendgrid/credentials", &json!({ "user_id": "customer-42" })).await;
    assert_eq!(vended.body["credential"]["value"], SENDGRID_KEY);

    let path = "/data-integrations/sendgrid";
    token.ask("DELETE", "/user_management/users/customer-42/connected_accounts/sendgrid", &nothing()).await;
    assert_eq!(token.ask("DELETE", path, &nothing()).await.status, 204);
    let theirs = json!({ "user_id": "customer-42", "organization_id": "hotel" });
    let mut body = with_its_first_key(&theirs);
    body["ownership"] = json!("organization");
    let made = token.ask("POST", LIST, &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let of = &made.body["installation"];
    assert_eq!((&of["user_id"], &of["organization_id"]), (&json!(null), &json!("hotel")));
    assert_eq!(app.database.count("secrets"), 1);
}

#[actix_web::test]
async fn neither_comes_into_being_where_the_other_may_not() {
    let (app, token) = set().await;
    let good = with_its_first_key(&json!({ "user_id": "customer-42" }));
    let other = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let refused = [
        other("enabled", json!(false)),
        other("auth_methods", json!(["oauth"])),
        other("ownership", json!("organization")),
        with_its_first_key(&json!({ "user_id": "customer-42", "secret": "" })),
        with_its_first_key(&json!({ "user_id": "customer-42", "secret": "no key of this provider\u{7}" })),
        with_its_first_key(&json!({ "user_id": "customer-42", "config": { "colour": "red" } })),
        with_its_first_key(&json!({ "user_id": "usr_nobody" })),
        with_its_first_key(&json!({})),
        other("api_key", json!("only the key")),
    ];
    for body in refused {
        token.ask("POST", LIST, &body).await.refused(422, "invalid_request_parameters");
    }
    let again = with_its_first_key(&json!({ "user_id": "customer-42", "connection_intent": "reauthorize" }));
    token.ask("POST", LIST, &again).await.refused(404, "not_found");
    let manager = app.token("test", "manage").await;
    manager.ask("POST", LIST, &good).await.refused(403, "insufficient_ability");
    assert_eq!(app.database.count("secrets"), 0);
    assert_eq!(app.database.count("node_types"), 2, "only what was there before");
    token.ask("PUT", "/data-integrations/stripe", &good).await.refused(422, "invalid_request_parameters");
}

#[actix_web::test]
async fn nothing_is_added_of_what_is_wrong() {
    let (_app, token) = set().await;
    let refused = [
        json!({ "provider": "sendgrid" }),
        json!({ "provider": "github", "auth_methods": ["api_key", "oauth"] }),
        json!({ "provider": "github", "auth_methods": ["password"] }),
        json!({ "provider": "github", "ownership": "nobody" }),
        json!({ "provider": "github", "scopes": ["repo"] }),
        json!({ "provider": "github", "scopes": ["with space"],
            "credentials": { "type": "custom", "client_id": "a", "client_secret": "b\nc" } }),
        json!({ "provider": "github", "credentials": { "type": "custom", "client_id": "a" } }),
        json!({ "provider": "github", "credentials": { "type": "shared" } }),
        json!({ "provider": "github", "credentials": { "type": "organization" }, "scopes": ["repo"] }),
        json!({ "provider": "sendgrid", "auth_methods": ["api_key"], "credentials": { "type": "organization" } }),
        json!({ "provider": "sendgrid", "auth_methods": ["api_key"],
            "credentials": { "type": "custom", "client_id": "a", "client_secret": "b" } }),
        json!({ "provider": "github", "description": "x".repeat(10_000) }),
        json!({}),
    ];
    for body in refused {
        token.ask("POST", LIST, &body).await.refused(422, "invalid_request_parameters");
    }
    token.ask("POST", LIST, &json!({ "provider": "no-such-provider" })).await.refused(404, "not_found");
    let listed = token.ask("GET", LIST, &nothing()).await;
    let slugs: Vec<_> = listed.body["data"].as_array().unwrap().iter().map(|one| one["slug"].clone()).collect();
    assert_eq!(slugs, [json!("http-request"), json!("stripe")], "only what was there before");
    token
        .ask("PUT", "/data-integrations/stripe", &json!({ "scopes": ["x"] }))
        .await
        .refused(422, "invalid_request_parameters");
}

#[actix_web::test]
async fn the_list_is_turned_page_by_page() {
    let (app, token) = set().await;
    for slug in ["sendgrid", "openai", "anthropic", "mailgun"] {
        app.advance(std::time::Duration::from_millis(5));
        let made = token.ask("POST", LIST, &json!({ "provider": slug, "auth_methods": ["api_key"] })).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    let slugs = |body: &Value| -> Vec<String> {
        body["data"].as_array().unwrap().iter().map(|one| one["slug"].as_str().unwrap().to_owned()).collect()
    };
    let all = token.ask("GET", LIST, &nothing()).await;
    assert_eq!(slugs(&all.body), ["mailgun", "anthropic", "openai", "sendgrid", "http-request", "stripe"]);
    assert_eq!(all.body["list_metadata"], json!({ "before": null, "after": null }));
    all.body["data"].as_array().unwrap().iter().for_each(is_integration);
    let first = token.ask("GET", "/data-integrations?limit=2", &nothing()).await;
    assert_eq!(slugs(&first.body), ["mailgun", "anthropic"]);
    let after = first.body["list_metadata"]["after"].as_str().unwrap();
    assert_eq!(first.body["list_metadata"]["before"], json!(null));
    let second = token.ask("GET", &format!("/data-integrations?limit=2&after={after}"), &nothing()).await;
    assert_eq!(slugs(&second.body), ["openai", "sendgrid"]);
    let before = second.body["list_metadata"]["before"].as_str().unwrap();
    let back = token.ask("GET", &format!("/data-integrations?limit=2&before={before}"), &nothing()).await;
    assert_eq!(slugs(&back.body), ["mailgun", "anthropic"]);
    // A cursor that is gone still has its place.
    assert_eq!(token.ask("DELETE", "/data-integrations/anthropic", &nothing()).await.status, 204);
    let on = token.ask("GET", &format!("/data-integrations?limit=2&after={after}"), &nothing()).await;
    assert_eq!(slugs(&on.body), ["openai", "sendgrid"]);
    let oldest = token.ask("GET", "/data-integrations?order=asc&limit=1", &nothing()).await;
    assert!(["stripe", "http-request"].contains(&slugs(&oldest.body)[0].as_str()));
    let organizations = token.ask("GET", "/data-integrations?ownership=organization", &nothing()).await;
    assert!(organizations.body["data"].as_array().unwrap().iter().all(|one| one["ownership"] == "organization"));
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "order=up",
        "ownership=mine",
        "after=x",
        "before=sec_1",
        &format!("after={after}&before={before}"),
    ] {
        let path = format!("/data-integrations?{query}");
        token.ask("GET", &path, &nothing()).await.refused(422, "invalid_request_parameters");
    }
}

#[actix_web::test]
async fn what_members_have_stored_is_removed_by_people_alone() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", ALL).await;
    let path = "/data-integrations/stripe";
    let own = ada.add_stripe("Payments", "rk_test_first1234567890", "vend").await;
    let refused = token.ask("DELETE", path, &nothing()).await;
    refused.refused(409, "data_integration_in_use");
    let delete = format!("/w/acme/secrets/{own}/delete");
    assert_eq!(ada.submit(&delete, &delete, &[("name", "Payments")]).await.status, 303);
    // What end users have in the other environment is out of its reach too.
    let live = app.token("live", ALL).await;
    live.put("stripe", "customer-42", "rk_live_first1234567890").await;
    token.ask("DELETE", path, &nothing()).await.refused(409, "data_integration_in_use");
    token.put("stripe", "customer-42", "rk_test_first1234567890").await;
    live.ask("DELETE", path, &nothing()).await.refused(409, "data_integration_in_use");
    let theirs = "/user_management/users/customer-42/connected_accounts/stripe";
    assert_eq!(live.ask("DELETE", theirs, &nothing()).await.status, 204);
    assert_eq!(token.ask("DELETE", path, &nothing()).await.status, 204);
    token.vend("stripe", "customer-42").await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_demoted_maker_manages_nothing_any_more() {
    let (app, token) = set().await;
    app.member("second@example.com", keyrack::domain::Role::Owner).await;
    app.database.execute("UPDATE members SET role = 'member' WHERE person_id = (SELECT maker_id FROM tokens)");
    token
        .ask("PUT", "/data-integrations/stripe", &json!({ "enabled": false }))
        .await
        .refused(403, "insufficient_ability");
    token.ask("GET", LIST, &nothing()).await.refused(403, "insufficient_ability");
}

#[actix_web::test]
async fn a_provider_is_described_by_a_backend() {
    let (app, token) = set().await;
    let provider = json!({ "name": "Acme CRM", "authorization_url": "https://crm.example.com/authorize",
        "token_url": "https://crm.example.com/token", "authenticate_via": "request_body",
        "request_scope_separator": ",", "token_body_content_type": "application/json" });
    let new = json!({ "provider": "acme-crm", "enabled": true, "scopes": ["contacts"],
        "config": { "base_url": "https://api.crm.example.com/v2" }, "custom_provider": provider,
        "credentials": { "type": "custom", "client_id": "app", "client_secret": "client-secret-canary" } });
    let made = token.ask("POST", LIST, &new).await;
    assert_eq!(made.status, 201, "{}", made.text);
    is_integration(&made.body);
    assert_eq!((&made.body["slug"], &made.body["state"]), (&json!("custom-acme-crm"), &json!("valid")));
    assert_eq!((&made.body["scopes"], &made.body["config"]), (&json!(["contacts"]), &json!({})));
    let told = &made.body["custom_provider"];
    for (name, value) in provider.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}");
    }
    assert_eq!((&told["refresh_token_url"], &told["pkce_enabled"]), (&json!(null), &json!(true)));
    assert!(made.body["redirect_uri"].as_str().unwrap().starts_with(&format!("{}/connect/nt_", app.base)));

    let path = "/data-integrations/custom-acme-crm";
    let renamed = token.ask("PUT", path, &json!({ "custom_provider": { "name": "Acme Customers" } })).await;
    assert_eq!((renamed.status, &renamed.body["custom_provider"]["name"]), (200, &json!("Acme Customers")));
    assert_eq!(renamed.body["credentials"]["client_id"], "app", "what it is called is nothing to its client");
    // Its client was entered for where it is.
    let moved = json!({ "custom_provider": { "token_url": "https://elsewhere.example.com/token" } });
    token.ask("PUT", path, &moved).await.refused(409, "data_integration_in_use");
    token.ask("PUT", "/data-integrations/stripe", &moved).await.refused(404, "not_found");
    for (field, wrong) in [
        ("token_url", json!("http://crm.example.com/token")),
        ("authorization_url", json!("https://10.0.0.1 /x")),
        ("name", json!("")),
        ("name", json!(null)),
        ("authenticate_via", json!("magic")),
        ("additional_authorization_parameters", json!({ "redirect_uri": "https://elsewhere.example.com" })),
    ] {
        let mut body = new.clone();
        body["custom_provider"][field] = wrong;
        let refused = token.ask("POST", LIST, &body).await;
        refused.refused(422, "invalid_request_parameters");
        assert!(refused.text.contains(field), "{field}: {}", refused.text);
    }
    assert_eq!(token.ask("DELETE", path, &nothing()).await.status, 204);
    // A limit names what may be made, whatever the request calls it.
    let narrow = app.token("test", ALL).await;
    app.database.execute(&format!("UPDATE tokens SET node_types = 'stripe' WHERE id = '{}'", narrow.id()));
    let mut disguised = new.clone();
    disguised["provider"] = json!("stripe");
    narrow.ask("POST", LIST, &disguised).await.refused(403, "node_type_not_allowed");
    assert_eq!(app.database.count("node_types WHERE spec IS NOT NULL"), 0);
}

#[actix_web::test]
async fn a_provider_is_asked_with_what_it_wants_besides() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", ALL).await;
    let provider = json!({ "name": "Acme CRM", "authorization_url": "https://crm.example.com/authorize",
        "token_url": "https://crm.example.com/token",
        "additional_authorization_parameters": { "audience": "https://api.crm.example.com/?a=b", "prompt": "consent" } });
    let new = json!({ "provider": "acme-crm", "enabled": true, "scopes": ["contacts"], "custom_provider": provider,
        "credentials": { "type": "custom", "client_id": "app", "client_secret": "short" } });
    let made = token.ask("POST", LIST, &new).await;
    assert_eq!(made.status, 201, "{}", made.text);
    is_integration(&made.body);
    assert_eq!(made.body["credentials"]["redacted_client_secret"], json!(null), "so short a secret shows nothing");
    let told = |body: &Value| body["custom_provider"]["additional_authorization_parameters"].clone();
    assert_eq!(told(&made.body), provider["additional_authorization_parameters"]);

    let path = "/data-integrations/custom-acme-crm";
    let begun = token.ask("POST", &format!("{path}/authorize"), &json!({ "user_id": "anna" })).await;
    let link = begun.body["url"].as_str().unwrap().strip_prefix(app.base.as_str()).unwrap().to_owned();
    let query = way(&app.anonymous().submit(&link, &link, &[]).await).1;
    assert_eq!((query["audience"].as_str(), query["prompt"].as_str()), ("https://api.crm.example.com/?a=b", "consent"));
    assert_eq!((query["client_id"].as_str(), query["scope"].as_str()), ("app", "contacts"));

    // What is asked for besides is nothing to its client, and stays when something else is said.
    let offline = json!({ "access_type": "offline" });
    let put = |all: &Value| json!({ "custom_provider": { "additional_authorization_parameters": all } });
    let changed = token.ask("PUT", path, &put(&offline)).await;
    assert_eq!((changed.status, &told(&changed.body)), (200, &offline), "{}", changed.text);
    assert_eq!(changed.body["credentials"]["client_id"], "app");
    let renamed = token.ask("PUT", path, &json!({ "custom_provider": { "name": "Acme Customers" } })).await;
    assert_eq!(told(&renamed.body), offline);
    let form = ada.get("/w/acme/custom-apis/custom-acme-crm").await;
    assert_eq!(form.text_of("textarea[name=oauth-parameters]").trim(), "access_type=offline");
    for wrong in [
        json!({ "client_id": "x" }),
        json!({ "redirect_uri": "https://evil.example.com" }),
        json!({ "response_type": "token" }),
        json!({ "State": "x" }),
        json!({ "scope": "all" }),
        json!({ "code_challenge": "x" }),
        json!({ "code_challenge_method": "plain" }),
        json!({ "nonce": "x" }),
        json!({ "request_uri": "https://evil.example.com" }),
        json!({ "a": "b\nstate=c" }),
        json!({ "a\nstate": "c" }),
        json!({ "state=x": "c" }),
        json!({ "a": " b" }),
        json!({ "": "b" }),
        json!({ "a": 7 }),
        json!({ "a": "x".repeat(501) }),
        json!((0..31).map(|at| (format!("p{at}"), "x".to_owned())).collect::<std::collections::BTreeMap<_, _>>()),
        json!("a=b"),
    ] {
        token.ask("PUT", path, &put(&wrong)).await.refused(422, "invalid_request_parameters");
    }
    assert_eq!(told(&token.ask("GET", path, &nothing()).await.body), offline);
    assert_eq!(told(&token.ask("PUT", path, &put(&nothing())).await.body), nothing());
}
