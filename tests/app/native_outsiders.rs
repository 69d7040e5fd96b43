//! Those outside the workspace, its members, its node types, and the token itself, as machines see them.

use keyrack::domain::Role;
use serde_json::json;

use crate::support::{EMAIL, Stage, TestApp};

const KEY: &str = "rk_test_outside12345678";

#[actix_web::test]
async fn end_users_and_organizations_are_listed_with_what_they_connected() {
    let app = TestApp::start().await;
    app.owner().await;
    let connect = app.token("test", "connect").await;
    for user in ["one", "two", "three"] {
        assert_eq!(connect.put("stripe", user, KEY).await.status, 200);
        app.advance(std::time::Duration::from_millis(5));
    }
    let body =
        json!({ "user_id": "two", "organization_id": "hotel", "connection_owner": "organization", "secret": KEY });
    assert_eq!(connect.put_with("stripe", &body).await.status, 200);
    let live = json!({ "user_id": "four", "secret": "rk_live_outside12345678" });
    assert_eq!(app.token("live", "connect").await.put_with("stripe", &live).await.status, 200);
    let native = app.native(&app.token("test", "read").await).await;
    let users = native.all("/api/v1/end-users", 2).await;
    let names: Vec<&str> = users.iter().map(|user| user["external_id"].as_str().unwrap()).collect();
    assert_eq!(names, ["three", "two", "one"], "of this environment");
    let two = native.get("/api/v1/end-users/two").await;
    assert_eq!((two.status, &two.body), (200, &users[1]));
    let connection = &two.body["connections"][0];
    assert_eq!(
        (&connection["node_type"], &connection["role"], &connection["state"]),
        (&json!("stripe"), &json!("compatibility"), &json!("connected"))
    );
    assert_eq!(two.body["connections"].as_array().unwrap().len(), 1, "{}", two.text);
    let hotels = native.all("/api/v1/organizations", 1).await;
    assert_eq!((hotels.len(), &hotels[0]["external_id"]), (1, &json!("hotel")));
    assert_eq!(native.get("/api/v1/organizations/hotel").await.body, hotels[0]);
    for none in ["end-users/four", "end-users/nobody", "end-users/%00", "organizations/two", "organizations/%20"] {
        native.get(&format!("/api/v1/{none}")).await.refused_natively(404, "not_found");
    }
}

#[actix_web::test]
async fn a_connection_is_disconnected_and_deleted_by_its_id() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", "connect,read,vend").await;
    let native = app.native(&token).await;
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    let id = app.database.text("SELECT id AS text FROM secrets");
    let path = format!("/api/v1/connections/{id}");
    let tag = native.get(&format!("/api/v1/secrets/{id}")).await.header("etag").to_owned();
    let gone = native.send_with(("POST", &format!("{path}/disconnect")), &json!({}), &[("if-match", &tag)]).await;
    assert_eq!((gone.status, &gone.body["secret"]["state"]), (200, &json!("disconnected")), "{}", gone.text);
    token.vend("stripe", "customer-42").await.is_not_installed();
    let stale = native.send_with(("DELETE", &path), &json!({}), &[("if-match", &tag)]).await;
    stale.refused_natively(412, "precondition_failed");
    assert_eq!(native.send("DELETE", &path, &json!({})).await.status, 204);
    native.send("DELETE", &path, &json!({})).await.refused_natively(404, "not_found");
    let own = ada.add_stripe("Own", KEY, "vend").await;
    let own = format!("/api/v1/connections/{own}");
    native.send("DELETE", &own, &json!({})).await.refused_natively(404, "not_found");
    native.send("POST", &format!("{own}/disconnect"), &json!({})).await.refused_natively(404, "not_found");
    assert_eq!(app.database.count("secrets"), 1, "a member's secret is no connection");
}

#[actix_web::test]
async fn an_end_users_account_is_given_back_to_its_provider() {
    let stage = Stage::set().await;
    let app = &stage.app;
    let token = app.token("test", "connect,read").await;
    let account = "/user_management/users/customer-42/connected_accounts/gitlab";
    let import = json!({ "access_token": "access-canary-0", "refresh_token": "refresh-canary-0", "state": "connected",
        "expires_at": "2026-11-21T11:42:00.000Z", "scopes": ["read_user"], "config": { "address": stage.address() } });
    let stored = token.ask("POST", account, &import).await;
    assert!([200, 201].contains(&stored.status), "{}", stored.text);
    let id = stored.body["id"].as_str().unwrap();
    let gone = app.native(&token).await.send("POST", &format!("/api/v1/connections/{id}/disconnect"), &json!({})).await;
    assert_eq!((gone.status, &gone.body["provider"]), (200, &json!("forgotten")), "{}", gone.text);
    assert_eq!(stage.giving.asked().last().map(|asked| asked["token"].clone()).as_deref(), Some("refresh-canary-0"));
    let named = format!("audit_entries WHERE entry LIKE '%{}%' AND entry LIKE", token.id());
    for event in ["secret.revoked_upstream", "secret.revocation_answered"] {
        assert_eq!(app.database.count(&format!("{named} '%{event}%'")), 1, "the token is named with {event}");
    }
}

#[actix_web::test]
async fn members_are_read_by_whoever_sees_them_all() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member("grace@example.com", Role::Member).await;
    let native = app.native(&app.token("test", "read").await).await;
    let all = native.all("/api/v1/members", 1).await;
    assert_eq!(all.len(), 2);
    let (ada, grace) = (ada.id().await, grace.id().await);
    let shown = native.get(&format!("/api/v1/members/{grace}")).await;
    assert_eq!(
        shown.body,
        json!({ "id": grace, "name": "Grace", "email": "grace@example.com", "role": "member",
        "since": "2026-11-21T10:42:00.000Z" })
    );
    assert_eq!(native.get(&format!("/api/v1/members/{ada}")).await.body["email"], EMAIL);
    for none in ["x", "usr_01jd8x3f5k7q9r2t4v6w8y0z1a"] {
        native.get(&format!("/api/v1/members/{none}")).await.refused_natively(404, "not_found");
    }
}

#[actix_web::test]
async fn node_types_tell_what_a_form_needs() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_custom_api("Rooms", "https://rooms.example.com").await;
    let native = app.native(&app.token("test", "read").await).await;
    let all = native.all("/api/v1/node-types", 2).await;
    let slugs: Vec<&str> = all.iter().map(|row| row["slug"].as_str().unwrap()).collect();
    assert!(slugs.is_sorted() && slugs.contains(&"stripe") && slugs.contains(&"custom-rooms"), "{slugs:?}");
    let stripe = native.get("/api/v1/node-types/stripe").await;
    let kind = &stripe.body["kinds"][0];
    assert_eq!((&stripe.body["method"], &stripe.body["hosts"]), (&json!("key"), &json!(["api.stripe.com"])));
    assert_eq!((&kind["kind"], &kind["fields"][0]["secret"]), (&json!("api_key"), &json!(true)), "{}", stripe.text);
    assert!(kind["fields"][0]["pattern"].as_str().unwrap().starts_with('^'), "{}", stripe.text);
    let http = native.get("/api/v1/node-types/http-request").await;
    let placements: Vec<&str> =
        http.body["kinds"].as_array().unwrap().iter().map(|kind| kind["placement"].as_str().unwrap()).collect();
    assert_eq!(placements, ["bearer", "basic", "header", "query"]);
    for none in ["nothing", "No%20Slug"] {
        native.get(&format!("/api/v1/node-types/{none}")).await.refused_natively(404, "not_found");
    }
    native.get("/api/v1/node-types?after=No%20Slug").await.refused_natively(422, "invalid_request_parameters");
}

#[actix_web::test]
async fn any_token_asks_who_it_is() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let limits = [
        ("preset", "custom"),
        ("allow", "read"),
        ("allow", "audit"),
        ("node_type", "stripe"),
        ("networks", "127.0.0.0/8"),
    ];
    let token = ada.make_token_with(&limits).await;
    let told = app.native(&token).await.get("/api/v1/token").await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!((&told.body["id"], &told.body["environment"]), (&json!(token.id()), &json!("test")));
    assert_eq!((&told.body["abilities"], &told.body["node_types"]), (&json!(["read", "audit"]), &json!(["stripe"])));
    assert_eq!((&told.body["networks"], &told.body["workspace"]["slug"]), (&json!("127.0.0.0/8"), &json!("acme")));
    assert_eq!((&told.body["maker"]["name"], &told.body["maker"]["role"]), (&json!("Ada"), &json!("owner")));
    let mut member = app.member("member@example.com", Role::Member).await;
    let agent = member.make_token_with(&[("preset", "agent")]).await;
    assert_eq!(app.native(&agent).await.get("/api/v1/token").await.body["abilities"], json!(["proxy"]));
    app.database.run("UPDATE members SET role = 'member'");
    let lowered = app.native(&token).await.get("/api/v1/token").await;
    assert_eq!((lowered.status, &lowered.body["abilities"]), (200, &json!([])), "its maker may not give them any more");
}
