//! Custom APIs: what the form takes, where a key of one travels, and what another address does to the keys there are.

use std::collections::BTreeMap;

use keyrack::domain::Role;
use serde_json::{Value, json};

use crate::support::{Browser, Page, TestApp};

const NEW: &str = "/w/acme/custom-apis/new";
const ROOMS: &str = "/w/acme/custom-apis/custom-rooms";
const KEY: &str = "room-key-1234567890";

fn usual() -> BTreeMap<&'static str, String> {
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

fn with(changes: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
    let mut fields = usual();
    fields.extend(changes.iter().map(|(name, text)| (*name, (*text).to_owned())));
    fields
}

async fn send(by: &mut Browser, path: &str, fields: &BTreeMap<&'static str, String>) -> Page {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
    by.submit("/account", path, &fields).await
}

/// Sends the form with the revision that the page shows now.
async fn change(by: &mut Browser, changes: &[(&'static str, &str)]) -> Page {
    let revision = by.get(ROOMS).await.attributes("input[name=revision]", "value").remove(0);
    let mut fields = with(changes);
    fields.insert("revision", revision);
    send(by, ROOMS, &fields).await
}

async fn store(by: &mut Browser, name: &str) -> String {
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

fn spec(app: &TestApp) -> Value {
    let specs = app.database.texts("SELECT spec AS text FROM node_types WHERE slug = 'custom-rooms'");
    serde_json::from_str(&specs[0]).unwrap()
}

fn entries(app: &TestApp, event: &str) -> i64 {
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

fn held(secret: &str) -> String {
    format!("SELECT count(*) AS number FROM secret_values WHERE secret_id = '{secret}'")
}

/// Enters another value on a form that was drawn from this revision of the description.
async fn enter(by: &mut Browser, form: &str, revision: &str) -> Page {
    by.submit(form, form, &[("revision", revision), ("kind", "api_key"), ("api_key-api_key", KEY)]).await
}

#[actix_web::test]
async fn another_address_destroys_what_was_entered_for_the_one_before() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    send(&mut ada, NEW, &usual()).await;
    let secret = store(&mut ada, "Front desk").await;
    let (token, person) = ada.make_token("test").await;
    token.put("custom-rooms", "guest-1", "guest-key-1234567890").await;
    assert!(ada.get(ROOMS).await.text.contains("2 secrets hold a value"));
    // Another name or another test leaves them alone.
    assert_eq!(change(&mut ada, &[("probe_path", "/who"), ("name", "Our rooms")]).await.status, 303);
    token.vend("custom-rooms", &person).await.hands_out(KEY);
    assert_eq!(change(&mut ada, &[]).await.status, 303);

    let moved = ("base_url", "https://other.example.com");
    for moved in [moved, ("placement", "bearer"), ("header-name", "X-Other"), ("kind", "access_token")] {
        let asked = change(&mut ada, &[moved]).await;
        assert!(
            asked.status == 422 && asked.text.contains("2 values are destroyed by this: "),
            "{moved:?}: {}",
            asked.text
        );
        assert_eq!(asked.attributes("input[name=confirmed]", "value"), ["2"]);
        token.vend("custom-rooms", &person).await.hands_out(KEY);
    }
    assert_eq!(change(&mut ada, &[moved, ("confirmed", "1")]).await.status, 422, "not what was confirmed");
    let stale = ada.get(ROOMS).await.attributes("input[name=revision]", "value").remove(0);
    let open_form =
        ada.get("/w/acme/secrets/new/custom-rooms").await.attributes("input[name=revision]", "value").remove(0);
    assert_eq!(change(&mut ada, &[moved, ("confirmed", "2")]).await.status, 303);
    assert_eq!((app.database.count("secret_values"), entries(&app, "secret.disconnected")), (0, 2));
    assert_eq!(app.database.count("secrets WHERE value_entered_at IS NULL AND last_four IS NULL"), 2);
    token.vend("custom-rooms", &person).await.is_not_installed();
    token.vend("custom-rooms", "guest-1").await.is_not_installed();
    assert!(ada.get(&format!("/w/acme/secrets/{secret}")).await.text.contains("Disconnected"));
    assert!(ada.get("/w/acme/activity").await.text.contains("and disconnected 2 secrets"));
    // A form that was opened for the former address does not send a key to the new one.
    let mut late = usual();
    late.insert("revision", stale);
    let late = send(&mut ada, ROOMS, &late).await;
    assert!(late.status == 422 && late.text.contains("described anew since"), "{}", late.text);
    let form = "/w/acme/secrets/new/custom-rooms";
    for revision in [open_form.as_str(), "", "x"] {
        let fields = [
            ("revision", revision),
            ("kind", "api_key"),
            ("api_key-api_key", KEY),
            ("name", "Late"),
            ("environment", "test"),
            ("delivery", "vend"),
        ];
        let late = ada.submit(form, form, &fields).await;
        assert!(late.status == 422 && late.text.contains("was changed since"), "{}", late.text);
    }
    // Nor does one that was opened to enter another value.
    let value = format!("/w/acme/secrets/{secret}/replace");
    for revision in [open_form.as_str(), ""] {
        let late = enter(&mut ada, &value, revision).await;
        assert!(late.status == 422 && late.text.contains("travel has changed since"), "{}", late.text);
    }
    assert_eq!(app.database.number(&held(&secret)), 0);
    let seen = ada.get(&value).await.attributes("input[name=revision]", "value").remove(0);
    assert_eq!(enter(&mut ada, &value, &seen).await.status, 303);
    assert_eq!(change(&mut ada, &[moved, ("name", "Our rooms")]).await.status, 303);
    let late = enter(&mut ada, &format!("/w/acme/secrets/{secret}/next"), &seen).await;
    assert!(late.status == 422 && late.text.contains("travel has changed since"), "{}", late.text);
    assert_eq!(app.database.number(&held(&secret)), 1);
    token.vend("custom-rooms", &person).await.hands_out(KEY);
    assert_eq!(token.put("custom-rooms", "guest-1", "guest-key-again-12345").await.status, 200);
    token.vend("custom-rooms", "guest-1").await.hands_out("guest-key-again-12345");
}

#[actix_web::test]
async fn what_travels_beside_the_key_is_described_kept_and_guarded() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let beside = [
        ("more1-label", "Account"),
        ("more1-in", "header"),
        ("more1-name", "X-Account.Id"),
        ("more1-shown", "yes"),
        ("more3-label", "Second key"),
        ("more3-in", "query"),
        ("more3-name", "api_key"),
    ];
    let wrong: [(&[(&'static str, &str)], &str); 10] = [
        (&[("more1-label", "")], "more1-label"),
        (&[("more1-label", "a\u{202e}b")], "more1-label"),
        (&[("more1-label", "API key")], "more1-label"),
        (&[("more1-name", "")], "more1-name"),
        (&[("more1-name", "Host")], "more1-name"),
        (&[("more1-name", "x_room-KEY")], "more1-name"),
        (&[("more1-in", "basic")], "more1-in"),
        (&[("more3-label", "ACCOUNT")], "more3-label"),
        (&[("more1-in", "query"), ("more1-name", "API_KEY")], "more3-name"),
        (&[("more3-in", "cookie"), ("more3-name", "a;b")], "more3-name"),
    ];
    for (changes, field) in wrong {
        let again = send(&mut ada, NEW, &with(&[&beside[..], changes].concat())).await;
        let found = again.attributes("[aria-invalid=true]", "name");
        assert_eq!((again.status, found), (422, vec![field.to_owned()]), "{changes:?}");
        assert!(again.attributes("details.more[open]", "class").len() == 1, "{changes:?}");
    }
    let basic = [("placement", "basic"), ("kind", "password"), ("more1-name", "authorization")];
    assert_eq!(send(&mut ada, NEW, &with(&[&beside[..], &basic].concat())).await.status, 422);

    let made = send(&mut ada, NEW, &with(&beside)).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let kind = &spec(&app)["kinds"][0];
    assert_eq!(kind["placements"][1], json!({ "in": "header", "name": "X-Account.Id", "template": "{x_account_id}" }));
    assert_eq!(kind["placements"][2], json!({ "in": "query", "name": "api_key", "template": "{api_key_2}" }));
    // The empty row between them is gone; the rest is kept.
    let form = ada.get(ROOMS).await;
    let kept = |name: &str| form.attributes(&format!("input[name='{name}']"), "value").remove(0);
    assert_eq!([kept("more1-name"), kept("more2-name"), kept("more3-name")], ["X-Account.Id", "api_key", ""]);
    assert_eq!(form.attributes("select[name=more2-in] option[selected]", "value"), ["query"]);
    assert_eq!(form.attributes("main input[type=checkbox][checked]", "name"), ["more1-shown"]);

    let new = "/w/acme/secrets/new/custom-rooms";
    let asked = ada.get(new).await;
    let revision = asked.attributes("input[name=revision]", "value").remove(0);
    assert_eq!(asked.attributes("input[type=password]", "name"), ["api_key-api_key", "api_key-api_key_2"]);
    let fields = [
        ("revision", revision.as_str()),
        ("kind", "api_key"),
        ("api_key-api_key", KEY),
        ("api_key-api_key_2", "second-key-1234567890"),
        ("api_key-x_account_id", "account-77"),
        ("name", "Front desk"),
        ("environment", "test"),
        ("delivery", "vend"),
    ];
    let stored = ada.submit(new, new, &fields).await;
    assert_eq!(stored.status, 303, "{}", stored.text);
    let shown = ada.get(&format!("{}/replace", stored.location())).await;
    assert!(shown.text.contains("account-77") && !shown.text.contains("second-key-1234567890"));
    let (token, person) = ada.make_token("test").await;
    let config = json!({ "api_key_2": "second-key-1234567890", "x_account_id": "account-77" });
    assert_eq!(token.vend("custom-rooms", &person).await.body["credential"]["config"], config);

    // Another label destroys nothing; another place, another secrecy or one field less does.
    let moved = |changes: &[(&'static str, &'static str)]| [&beside[..], changes].concat();
    let labelled = change(&mut ada, &moved(&[("more3-label", "The second")])).await;
    assert_eq!(labelled.status, 303, "{}", labelled.text);
    for changes in [
        moved(&[("more3-name", "second")]),
        moved(&[("more3-shown", "yes")]),
        moved(&[("more1-shown", "")]),
        moved(&[("more3-label", ""), ("more3-name", "")]),
    ] {
        let asked = change(&mut ada, &changes).await;
        assert!(asked.status == 422 && asked.text.contains("1 value is destroyed"), "{changes:?}: {}", asked.text);
    }
    assert_eq!(token.vend("custom-rooms", &person).await.body["credential"]["config"], config);
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
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.get("/w/other/node-types/custom-rooms").await.status, 404);
    assert_eq!(eve.get("/w/other/custom-apis/custom-rooms").await.status, 404);
    assert_eq!(eve.get("/w/other/secrets/new/custom-rooms").await.status, 404);
    let theirs = app.token_of("Other", "eve@example.com", "test", "vend,connect").await;
    theirs.put("custom-rooms", "guest-1", "guest-key-1234567890").await.refused(404, "not_found");
}
