//! Custom APIs whose accounts are connected, or whose clients fetch their tokens: the form, the client, and what is vended.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::custom_apis::{NEW, ROOMS, send, spec};
use crate::openapi_import::{add, choose, paste};
use crate::support::{
    Answer, Browser, ELSEWHERE, EMAIL, Giving, PATIENT, PROVIDER, Page, Provider, TestApp, Token, connect, leave,
    verify_chains,
};

pub const NODE_TYPE: &str = "/w/acme/node-types/custom-rooms";
pub const CLIENT_PAGE: &str = "/w/acme/node-types/custom-rooms/client/test";
pub const NEW_SECRET: &str = "/w/acme/secrets/new/custom-rooms";
pub const SECRET: &str = "own-client-canary-55";

pub type Fields = BTreeMap<&'static str, String>;

/// An installation that reaches the test's provider, under a name that is meant and under one that is not.
pub struct Rooms {
    pub app: TestApp,
    pub provider: Provider,
    pub giving: Giving,
    pub ada: Browser,
}

impl Rooms {
    pub async fn set() -> Self {
        let (provider, giving) = (Provider::start().await, Giving::default());
        let answering = giving.clone();
        provider.answers(move |request| answering.answer(request));
        let app = provider.app(&[(ELSEWHERE, &["127.0.0.1"])], PATIENT).await;
        let ada = app.bare_owner().await;
        Self { app, provider, giving, ada }
    }

    pub fn at(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.provider.port)
    }

    /// What is typed of an API whose provider this is, under both methods.
    pub fn fields(&self, method: &str) -> Fields {
        let at = |path: &str| self.at(PROVIDER, path);
        let scopes = "* rooms.read See which rooms are free.\nrooms.write Book rooms.";
        [
            ("name", "Rooms".to_owned()),
            ("base_url", at("/v1")),
            ("method", method.to_owned()),
            ("oauth-authorize_url", at("/oauth/authorize")),
            ("oauth-token_url", at("/oauth/token")),
            ("oauth-revoke_url", at("/oauth/revoke")),
            ("oauth-client_auth", "body".to_owned()),
            ("oauth-scopes", scopes.to_owned()),
            ("client_credentials-token_url", at("/oauth/token")),
            ("client_credentials-client_auth", "body".to_owned()),
            ("client_credentials-scopes", scopes.to_owned()),
            ("probe_path", "/me".to_owned()),
            ("verified", "200".to_owned()),
            ("rejected", "401".to_owned()),
        ]
        .into()
    }

    /// An API whose accounts are connected, with a client for test.
    pub async fn with_client() -> Self {
        let mut this = Self::set().await;
        let made = this.add("oauth").await;
        assert_eq!(made.status, 303, "{}", made.text);
        this.enter_client("test").await;
        this
    }

    /// The API itself, added on the form.
    pub async fn add(&mut self, method: &str) -> Page {
        let fields = self.fields(method);
        send(&mut self.ada, NEW, &fields).await
    }

    pub async fn enter_client(&mut self, environment: &str) {
        let path = format!("{NODE_TYPE}/client/{environment}");
        let revision = self.ada.get(&path).await.attributes("input[name=revision]", "value").remove(0);
        let saved = self.send_client(&path, &revision).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
    }

    pub async fn send_client(&mut self, path: &str, revision: &str) -> Page {
        let fields =
            [("revision", revision), ("client_id", "own-1"), ("client_secret", SECRET), ("scope", "rooms.read")];
        self.ada.submit(path, path, &fields).await
    }

    /// A connected account; its page.
    pub async fn connected(&mut self, name: &str) -> String {
        let page = self.ada.add_place(NEW_SECRET, name).await;
        connect(&mut self.ada, &page).await;
        self.giving.asked();
        page
    }

    /// Client credentials of such an API; their page.
    pub async fn robot(&mut self) -> String {
        let made = self.add("client_credentials").await;
        assert_eq!(made.status, 303, "{}", made.text);
        let revision = self.ada.get(NEW_SECRET).await.attributes("input[name=revision]", "value").remove(0);
        let fields = [
            ("revision", revision.as_str()),
            ("kind", "client_credentials"),
            ("client_credentials-client_id", "robot-1"),
            ("client_credentials-client_secret", SECRET),
            ("name", "Robot"),
            ("environment", "test"),
            ("sharing", "private"),
            ("delivery", "vend"),
        ];
        let made = self.ada.submit(NEW_SECRET, NEW_SECRET, &fields).await;
        assert_eq!(made.status, 303, "{}", made.text);
        made.location().to_owned()
    }

    pub async fn token(&self) -> Token {
        self.app.token("test", "vend").await
    }

    /// What is handed out.
    pub async fn value(&self, token: &Token) -> Value {
        self.vend(token).await.body["credential"]["value"].clone()
    }

    pub async fn vend(&self, token: &Token) -> Answer {
        token.vend("custom-rooms", self.app.person(EMAIL).as_str()).await
    }
}

/// The page's plain inputs and choices, by name.
fn shown(form: &Page, method: &str) -> BTreeMap<String, String> {
    let inputs = form.attributes("main input.input[id]", "name").into_iter();
    let mut all: BTreeMap<String, String> =
        inputs.zip(form.attributes("main input.input[id]", "value")).filter(|(name, _)| name.contains('-')).collect();
    for name in ["client_auth", "body", "separator"].map(|name| format!("{method}-{name}")) {
        let chosen = form.attributes(&format!("select[name='{name}'] option[selected]"), "value").remove(0);
        all.insert(name, chosen);
    }
    all.insert(format!("{method}-scopes"), form.text_of(&format!("textarea[name={method}-scopes]")));
    all
}

#[actix_web::test]
async fn accounts_of_an_api_of_ones_own_are_connected_renewed_and_taken_back() {
    let mut rooms = Rooms::set().await;
    let made = rooms.add("oauth").await;
    assert_eq!((made.status, made.location()), (303, NODE_TYPE), "{}", made.text);
    let about = rooms.ada.get(NODE_TYPE).await;
    let host = format!("{PROVIDER}:{}", rooms.provider.port);
    for words in ["Set up its client next", "a client is set up first", "Account (OAuth)", "Tokens come from", &host] {
        assert!(about.text.contains(words), "{words}: {}", about.text);
    }
    assert!(about.attributes("main a", "href").contains(&CLIENT_PAGE.to_owned()));
    let page = rooms.ada.get(CLIENT_PAGE).await;
    let id = rooms.app.database.text("SELECT id AS text FROM node_types WHERE slug = 'custom-rooms'");
    let redirect = format!("{}/connect/{id}-test/callback", rooms.app.base);
    for words in [&redirect, &format!("sent to {host} alone"), "See which rooms are free.", "Book rooms."] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(page.attributes("input[name=scope][checked]", "value"), ["rooms.read"]);

    rooms.enter_client("test").await;
    let place = rooms.ada.add_place(NEW_SECRET, "Front desk").await;
    let query = leave(&mut rooms.ada, &place).await;
    assert_eq!((query["client_id"].as_str(), query["scope"].as_str()), ("own-1", "rooms.read"));
    assert_eq!(query["redirect_uri"], redirect);
    connect(&mut rooms.ada, &place).await;
    let asked = rooms.giving.asked();
    assert_eq!((asked[0]["grant_type"].as_str(), asked[0]["client_secret"].as_str()), ("authorization_code", SECRET));
    let token = rooms.token().await;
    let vended = rooms.vend(&token).await;
    assert_eq!(vended.body["credential"]["value"], "access-canary-1");
    assert_eq!(vended.body["credential"]["auth_method"], "oauth");
    let tested = rooms.ada.test_secret(&place).await;
    assert!(tested.text.contains("It works"), "{}", tested.text);
    assert!(rooms.provider.take().iter().any(|request| {
        request.starts_with("GET /v1/me") && request.to_lowercase().contains("authorization: bearer access-canary-1")
    }));
    rooms.app.advance(Duration::from_secs(3_590));
    assert_eq!(rooms.value(&token).await, "access-canary-2");
    rooms.giving.asked();
    let disconnect = format!("{place}/disconnect");
    assert_eq!(rooms.ada.submit(&disconnect, &disconnect, &[]).await.status, 303);
    assert_eq!(rooms.giving.asked()[0]["token"], "refresh-canary-2");
    verify_chains(&rooms.app.database, &rooms.app.app.keyring);
    for text in ["access-canary", "refresh-canary", SECRET] {
        assert!(!rooms.ada.seen.concat().contains(text), "a page shows {text}");
    }
    // Others give no key for it, and nothing about it is entered.
    let guest = rooms.app.token("test", "vend,connect").await;
    assert!(guest.put("custom-rooms", "guest-1", "guest-key-1234567890").await.status >= 400);
}

#[actix_web::test]
async fn a_client_of_an_api_of_ones_own_fetches_its_tokens() {
    let mut rooms = Rooms::set().await;
    let page = rooms.robot().await;
    let about = rooms.ada.get(NODE_TYPE).await;
    assert!(about.text.contains("Add client credentials") && about.text.contains("Tokens come from"), "{}", about.text);
    assert_eq!(rooms.ada.get(CLIENT_PAGE).await.status, 404, "nobody is asked for consent");
    let token = rooms.token().await;
    assert_eq!(rooms.value(&token).await, "access-canary-1");
    let asked = rooms.giving.asked();
    assert_eq!((asked[0]["grant_type"].as_str(), asked[0]["scope"].as_str()), ("client_credentials", "rooms.read"));
    assert_eq!((asked[0]["client_id"].as_str(), asked[0]["client_secret"].as_str()), ("robot-1", SECRET));
    assert!(rooms.ada.test_secret(&page).await.text.contains("It works"));
    assert!(!rooms.ada.seen.concat().contains(SECRET), "a page shows it");
}

#[actix_web::test]
async fn what_is_wrong_with_a_provider_is_named_where_it_stands_and_nothing_typed_is_lost() {
    let mut rooms = Rooms::set().await;
    for (method, field, text) in [
        ("oauth", "oauth-authorize_url", "http://auth.example.com/a"),
        ("oauth", "oauth-token_url", "https://user@auth.example.com/t"),
        ("oauth", "oauth-token_url", ""),
        ("oauth", "oauth-refresh_url", "https://auth.example.com/t#x"),
        ("oauth", "oauth-revoke_url", "https://{tenant}.example.com/r"),
        ("oauth", "oauth-client_auth", "none"),
        ("oauth", "oauth-body", "xml"),
        ("oauth", "oauth-separator", ";"),
        ("oauth", "oauth-scopes", "rooms.read\n*rooms.write"),
        ("client_credentials", "client_credentials-token_url", "https://localhost/t"),
        ("client_credentials", "client_credentials-scopes", "a,b"),
    ] {
        let mut fields = rooms.fields(method);
        fields.insert(field, text.to_owned());
        let again = send(&mut rooms.ada, NEW, &fields).await;
        let wrong = again.attributes("[aria-invalid=true]", "name");
        assert_eq!((again.status, wrong), (422, vec![field.to_owned()]), "{text}");
        assert_eq!(again.attributes("input[name=method][checked]", "value"), [method]);
        for (name, typed) in &fields {
            if let Some(kept) = again.attributes(&format!("input.input[name='{name}']"), "value").first() {
                assert_eq!(kept, typed, "{name}");
            }
        }
        for name in ["oauth-scopes", "client_credentials-scopes"] {
            assert_eq!(again.text_of(&format!("textarea[name={name}]")), fields[name], "{field}");
        }
    }
    let odd = rooms.add("magic").await;
    assert!(odd.status == 422 && odd.text.contains("method-error"), "{}", odd.text);
    // What is wrong with a key that is not asked for is no matter.
    let mut fields = rooms.fields("oauth");
    fields.insert("kind", "nonsense".to_owned());
    fields.insert("header-name", "Host".to_owned());
    assert_eq!(send(&mut rooms.ada, NEW, &fields).await.status, 303);
}

#[actix_web::test]
async fn the_form_is_filled_in_with_what_was_described() {
    let mut rooms = Rooms::set().await;
    let mut fields = rooms.fields("oauth");
    fields.insert("oauth-separator", "comma".to_owned());
    fields.insert("oauth-body", "json".to_owned());
    fields.insert("oauth-refresh_url", rooms.at(PROVIDER, "/oauth/refresh"));
    assert_eq!(send(&mut rooms.ada, NEW, &fields).await.status, 303);
    let form = rooms.ada.get(ROOMS).await;
    for (name, text) in shown(&form, "oauth") {
        assert_eq!(text, fields[name.as_str()], "{name}");
    }
    assert!(form.text.contains("The method stays as it is"), "{}", form.text);
    assert!(form.attributes("[name=method], [name=kind], [name^=client_credentials]", "name").is_empty());
    assert_eq!(form.attributes("details.more[open]", "class").len(), 1, "what is not usual is in sight");
}

fn document(at: &str, flows: &Value) -> String {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Rooms" },
        "servers": [{ "url": format!("{at}/v1") }],
        "security": [{ "people": [] }],
        "paths": { "/rooms": { "get": {} } },
        "components": { "securitySchemes": { "people": { "type": "oauth2", "flows": flows } } },
    })
    .to_string()
}

#[actix_web::test]
async fn an_imported_description_leads_to_accounts_and_to_clients() {
    let mut rooms = Rooms::set().await;
    let at = rooms.at(PROVIDER, "");
    let scopes = json!({ "rooms.read": "See which rooms are free." });
    let flows = json!({
        "authorizationCode": { "authorizationUrl": "/oauth/authorize", "tokenUrl": "/oauth/token", "scopes": scopes },
        "clientCredentials": { "tokenUrl": format!("{at}/oauth/token"), "scopes": scopes },
    });
    let page = paste(&mut rooms.ada, &document(&at, &flows)).await;
    let host = format!("{PROVIDER}:{}", rooms.provider.port);
    for words in [
        &format!("People sign in at {host}, which knows 1 permission. 1 request takes it"),
        &format!("A client of your own gets its tokens at {host}, for 1 permission."),
        "Everything that it says of servers and ways in was understood",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let ways = page.attributes("input[name=way]", "value");
    assert_eq!((ways.len(), page.attributes("input[name=way][checked]", "value")), (3, vec![ways[0].clone()]));
    for (way, method, name) in [(&ways[0], "oauth", "Rooms"), (&ways[1], "client_credentials", "Robots")] {
        let form = choose(&mut rooms.ada, name, &format!("{at}/v1"), way).await;
        assert_eq!((form.status, form.attributes("[aria-invalid]", "name")), (200, vec![]), "{}", form.text);
        assert_eq!(form.attributes("input[name=method][checked]", "value"), [method]);
        let lines = form.text_of(&format!("textarea[name={method}-scopes]"));
        assert_eq!(lines, "rooms.read See which rooms are free.");
        let scopes = format!("{method}-scopes");
        let made = add(&mut rooms.ada, &form, &[(&scopes, &format!("* {lines}"))]).await;
        assert_eq!(made.status, 303, "{}", made.text);
    }
    assert_eq!(spec(&rooms.app)["oauth"]["token_url"], format!("{at}/oauth/token"));
    rooms.enter_client("test").await;
    rooms.connected("Front desk").await;
    let token = rooms.token().await;
    assert_eq!(rooms.value(&token).await, "access-canary-1");
    let robots = rooms.ada.get("/w/acme/secrets/new/custom-robots").await;
    assert_eq!(robots.attributes("input[type=password]", "name"), ["client_credentials-client_secret"]);
}

#[actix_web::test]
async fn what_an_imported_flow_leaves_open_is_asked_for_at_its_field() {
    let mut rooms = Rooms::set().await;
    let many: serde_json::Map<String, Value> =
        (0..200).map(|at| (format!("https://scopes.example.com/{at}"), json!("means ".repeat(30)))).collect();
    let flows = json!({ "authorizationCode": {
        "authorizationUrl": "https://auth.example.com/{tenant}/a",
        "tokenUrl": "https://auth.example.com/{tenant}/t",
        "scopes": many,
    } });
    let page = paste(&mut rooms.ada, &document("https://rooms.example.com", &flows)).await;
    assert!(page.text.contains("200 permissions, of which the form gets the first"), "{}", page.text);
    let way = page.attributes("input[name=way]", "value").remove(0);
    let form = choose(&mut rooms.ada, "Rooms", "https://rooms.example.com", &way).await;
    assert_eq!(form.attributes("[aria-invalid]", "name"), ["oauth-authorize_url", "oauth-token_url"], "{}", form.text);
    assert!(form.text.contains("Put your own in place of {tenant}."), "{}", form.text);
    let own = [
        ("oauth-authorize_url", "https://auth.example.com/acme/a"),
        ("oauth-token_url", "https://auth.example.com/acme/t"),
    ];
    assert_eq!(add(&mut rooms.ada, &form, &own).await.status, 303);
}
