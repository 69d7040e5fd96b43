//! Custom APIs: what the form takes, where a key of one travels, and what another address does to the keys there are.

use std::collections::BTreeMap;

use keyrack::domain::Role;
use serde_json::{Value, json};

use crate::support::{Browser, Page, TestApp};

pub const NEW: &str = "/w/acme/custom-apis/new";
pub const ROOMS: &str = "/w/acme/custom-apis/custom-rooms";
pub const KEY: &str = "room-key-1234567890";

pub fn usual() -> BTreeMap<&'static str, String> {
    let fields = [
        ("name", "Rooms"),
        ("base_url", "https://rooms.example.com/v1"),
        ("kind", "api_key"),
        ("placement", "header"),
        ("header-name", "X-Room-Key"),
        ("header-template", "Token {value}"),
        ("probe_path", "/me"),
        ("verified", "200, 204"),
        ("rejected", "401 403"),
        ("description", "To see which rooms are free."),
    ];
    fields.into_iter().map(|(name, text)| (name, text.to_owned())).collect()
}

pub fn with(changes: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
    let mut fields = usual();
    fields.extend(changes.iter().map(|(name, text)| (*name, (*text).to_owned())));
    fields
}

pub async fn send(by: &mut Browser, path: &str, fields: &BTreeMap<&'static str, String>) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
    by.submit("/account", path, &fields).await
}

/// Sends the form with the revision that the page shows now.
pub async fn change(by: &mut Browser, changes: &[(&'static str, &str)]) -> Page {
    let revision = by.get(ROOMS).await.attributes("input[name=revision]", "value").remove(0);
    let mut fields = with(changes);
    fields.insert("revision", revision);
    send(by, ROOMS, &fields).await
}

pub async fn store(by: &mut Browser, name: &str) -> String {
    let form = "/w/acme/secrets/new/custom-rooms";
    let revision = by.get(form).await.attributes("input[name=revision]", "value").remove(0);
    let fields = [
        ("revision", revision.as_str()),
        ("kind", "api_key"),
        ("api_key-api_key", KEY),
        ("name", name),
        ("environment", "test"),
        ("delivery", "vend"),
    ];
    let page = by.submit(form, form, &fields).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.location().rsplit('/').next().unwrap().to_owned()
}

pub fn spec(app: &TestApp) -> Value {
    let specs = app.database.texts("SELECT spec AS text FROM node_types WHERE slug = 'custom-rooms'");
    serde_json::from_str(&specs[0]).unwrap()
}

pub fn entries(app: &TestApp, event: &str) -> i64 {
    app.database.count(&format!("audit_entries WHERE entry LIKE '%\"{event}\"%'"))
}

#[actix_web::test]
async fn an_api_of_ones_own_is_a_node_type_like_any_other() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let made = send(&mut ada, NEW, &usual()).await;
    assert_eq!((made.status, made.location()), (303, "/w/acme/node-types/custom-rooms"), "{}", made.text);
    let page = ada.get(made.location()).await;
    for words in ["Rooms", "in the header X-Room-Key", "rooms.example.com", "GET /me", "To see which rooms are free."] {
        assert!(page.text.contains(words), "{words}");
    }
    let kinds = &spec(&app)["kinds"][0];
    assert_eq!(kinds["placements"], json!([{ "in": "header", "name": "X-Room-Key", "template": "Token {value}" }]));
    assert_eq!(spec(&app)["hosts"], json!(["rooms.example.com"]));
    store(&mut ada, "Front desk").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("custom-rooms", &person).await.hands_out(KEY);
    assert_eq!(token.put("custom-rooms", "guest-1", "guest-key-1234567890").await.status, 200);
    token.vend("custom-rooms", "guest-1").await.hands_out("guest-key-1234567890");
    assert!(ada.get("/w/acme/secrets/new").await.text.contains("Calls to rooms.example.com"));
    assert!(ada.get("/w/acme/activity").await.text.contains("added the node type Rooms"));
}

#[actix_web::test]
async fn each_way_of_carrying_a_key_is_described() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let bearer = json!({ "in": "header", "name": "Authorization", "template": "Bearer {value}" });
    let cases = [
        (vec![("placement", "bearer"), ("kind", "access_token")], bearer),
        (
            vec![("placement", "query"), ("query-name", "key")],
            json!({ "in": "query", "name": "key", "template": "{value}" }),
        ),
        (
            vec![("placement", "cookie"), ("cookie-name", "sid")],
            json!({ "in": "cookie", "name": "sid", "template": "{value}" }),
        ),
        (vec![("placement", "basic")], json!({ "in": "basic", "user": "{value}", "password": "" })),
        (
            vec![("placement", "basic"), ("kind", "password")],
            json!({ "in": "basic", "user": "{username}", "password": "{value}" }),
        ),
        (
            vec![("placement", "basic"), ("kind", "key_pair")],
            json!({ "in": "basic", "user": "{key_id}", "password": "{value}" }),
        ),
    ];
    assert_eq!(send(&mut ada, NEW, &usual()).await.status, 303);
    for (fields, placement) in cases {
        let changed = change(&mut ada, &fields).await;
        assert_eq!(changed.status, 303, "{fields:?}: {}", changed.text);
        assert_eq!(spec(&app)["kinds"][0]["placements"], json!([placement]), "{fields:?}");
        // The form that comes of it is the one that led to it.
        let form = ada.get(ROOMS).await;
        let chosen = |name: &str| form.attributes(&format!("input[name={name}][checked]"), "value");
        for (name, text) in &fields {
            let found = if *name == "placement" || *name == "kind" {
                chosen(name)
            } else {
                form.attributes(&format!("input[name='{name}']"), "value")
            };
            assert_eq!(found, [*text], "{fields:?}");
        }
        assert_eq!(ada.get("/w/acme/secrets/new/custom-rooms").await.status, 200);
    }
}

#[actix_web::test]
async fn what_cannot_be_used_is_named_at_its_field() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let long = format!("https://{}.example.com", "a".repeat(600));
    let cases: [(&[(&'static str, &str)], &str); 22] = [
        (&[("name", "")], "name"),
        (&[("name", "a\u{202e}b")], "name"),
        (&[("base_url", "http://rooms.example.com")], "base_url"),
        (&[("base_url", "https://user@rooms.example.com")], "base_url"),
        (&[("base_url", "https://rooms.example.com/?a=1")], "base_url"),
        (&[("base_url", "https://localhost")], "base_url"),
        (&[("base_url", "https://rooms.example.com:99999")], "base_url"),
        (&[("base_url", &long)], "base_url"),
        (&[("header-name", "Host")], "header-name"),
        (&[("header-name", "X Room")], "header-name"),
        (&[("header-name", "X-Room\r\nX-Other: 1")], "header-name"),
        (&[("header-template", "Token")], "header-template"),
        (&[("header-template", "{value}{value}")], "header-template"),
        (&[("header-template", "{value} {host}")], "header-template"),
        (&[("header-template", "{value}\r\nX-Other: 1")], "header-template"),
        (&[("placement", "query"), ("query-name", "a&b")], "query-name"),
        (&[("placement", "cookie"), ("cookie-name", "a=b;c")], "cookie-name"),
        (&[("probe_path", "//evil.example.com/")], "probe_path"),
        (&[("probe_path", "/../admin")], "probe_path"),
        (&[("verified", "fine")], "verified"),
        (&[("rejected", "200")], "rejected"),
        (&[("description", "a\u{202e}b")], "description"),
    ];
    for (changes, field) in cases {
        let again = send(&mut ada, NEW, &with(changes)).await;
        let wrong = again.attributes("[aria-invalid=true]", "name");
        assert_eq!((again.status, wrong), (422, vec![field.to_owned()]), "{changes:?}");
    }
    for changes in [[("placement", "header"), ("kind", "password")], [("placement", "nowhere"), ("kind", "api_key")]] {
        let again = send(&mut ada, NEW, &with(&changes)).await;
        assert!(again.status == 422 && again.text.contains("placement-error"), "{changes:?}");
    }
    assert_eq!(app.database.count("node_types"), 0);
    let open = send(&mut ada, NEW, &with(&[("base_url", "https://rooms.example.com:8443/api/")])).await;
    assert_eq!(open.status, 303, "{}", open.text);
    assert_eq!(
        (spec(&app)["base_url"].clone(), spec(&app)["hosts"].clone()),
        (json!("https://rooms.example.com:8443/api"), json!(["rooms.example.com:8443"]))
    );
}

#[actix_web::test]
async fn names_and_slugs_are_never_anothers() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert_eq!(send(&mut ada, NEW, &with(&[("name", "Stripe")])).await.status, 422, "a built-in's name");
    assert_eq!(ada.add_custom_api("Rooms", "https://a.example.com").await, "custom-rooms");
    let again = send(&mut ada, NEW, &with(&[("name", "ROOMS")])).await;
    assert!(again.status == 422 && again.text.contains("has that name"), "{}", again.text);
    assert_eq!(ada.add_custom_api("Rooms!", "https://a.example.com").await, "custom-rooms-2");
    assert_eq!(ada.add_custom_api("日本", "https://a.example.com").await, "custom-api");
    let marked = ada.add_custom_api("<b>Rooms</b> & \"more\"", "https://a.example.com").await;
    for page in ["/w/acme/node-types", "/w/acme/secrets/new", &format!("/w/acme/node-types/{marked}")] {
        let text = ada.get(page).await.text;
        assert!(text.contains("&#60;b&#62;Rooms") && !text.contains("<b>Rooms"), "{page}");
    }
    let long = ada.add_custom_api(&"long ".repeat(16), "https://a.example.com").await;
    assert!(long.len() <= 48, "{long}");
    let csrf = ada.get(NEW).await.csrf();
    let at_once = (0..4).map(|_| {
        let (mut ada, csrf) = (ada.clone(), csrf.clone());
        async move {
            let fields = [
                ("csrf", csrf.as_str()),
                ("name", "Same"),
                ("base_url", "https://a.example.com"),
                ("kind", "api_key"),
                ("placement", "bearer"),
            ];
            ada.post(NEW, &fields).await.status
        }
    });
    let mut answers = futures_util::future::join_all(at_once).await;
    answers.sort_unstable();
    assert_eq!(answers, [303, 422, 422, 422], "two of one name would be confused");
    assert_eq!(ada.get("/w/acme/custom-apis/stripe").await.status, 404, "a built-in is described by nobody here");
    assert_eq!(ada.submit("/account", "/w/acme/custom-apis/stripe", &[("name", "Mine")]).await.status, 404);
}

#[actix_web::test]
async fn custom_apis_are_for_admins_of_their_workspace() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    send(&mut ada, NEW, &usual()).await;
    ada.submit("/account", "/w/acme/settings/adders", &[("adders", "everyone")]).await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    assert_eq!(send(&mut member, NEW, &with(&[("name", "Mine")])).await.status, 403);
    assert_eq!(send(&mut member, ROOMS, &usual()).await.status, 403);
    assert!(!member.get("/w/acme/node-types/custom-rooms").await.text.contains("custom-apis"));
    store(&mut member, "Of a member").await;
    assert_eq!(change(&mut admin, &[("name", "Our rooms")]).await.status, 303);
    app.post().await;
    let moved = [("base_url", "https://other.example.com"), ("confirmed", "1")];
    assert_eq!(change(&mut admin, &moved).await.status, 303);
    let letter = app.letter_to("member@example.com").await;
    assert_eq!(letter.subject, "A secret of yours was disconnected in Acme");
    assert!(letter.text.contains("Of a member") && letter.text.contains("nothing until"), "{}", letter.text);
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.get("/w/other/node-types/custom-rooms").await.status, 404);
    assert_eq!(eve.get("/w/other/custom-apis/custom-rooms").await.status, 404);
    assert_eq!(eve.get("/w/other/secrets/new/custom-rooms").await.status, 404);
    let theirs = app.token_of("Other", "eve@example.com", "test", "vend,connect").await;
    theirs.put("custom-rooms", "guest-1", "guest-key-1234567890").await.refused(404, "not_found");
}
