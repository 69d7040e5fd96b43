//! Connecting an account: the client, the way to the provider and back, what is vended, and how tokens are renewed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyrack::domain::Role;
use serde_json::{Value, json};

use crate::support::{
    Browser, EMAIL, Machine, PASSWORD, PATIENT, PROVIDER, Page, Provider, Says, TestApp, Token, verify_chains,
};

const CLIENT: &str = "/w/acme/node-types/gitlab/client/test";
const SECRET: &str = "client-secret-canary-77";

/// A provider that gives tokens, and takes each refresh token once.
#[derive(Clone, Default)]
struct Giving {
    /// Number of the tokens that were given last.
    given: Arc<Mutex<u32>>,
    /// What was asked at the token endpoint, as forms.
    asked: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
    /// What is answered instead, once.
    instead: Arc<Mutex<Vec<Says>>>,
    /// How long the first tokens last, where that is not an hour.
    first_lasts: Option<u32>,
}

impl Giving {
    fn answer(&self, request: &str) -> Says {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        if head.starts_with("POST /oauth/revoke") {
            self.asked.lock().unwrap().push(form(body));
            return Says::status("200 OK", "");
        }
        if !head.starts_with("POST /oauth/token") {
            return Says::json(&json!({ "username": "ada-at-gitlab" }));
        }
        let asked = form(body);
        self.asked.lock().unwrap().push(asked.clone());
        if let Some(says) = self.instead.lock().unwrap().pop() {
            return says;
        }
        let mut given = self.given.lock().unwrap();
        let is_current = asked.get("refresh_token").is_none_or(|token| *token == format!("refresh-canary-{given}"));
        if !is_current {
            // Used before: a careful provider takes everything back.
            *given = 9_999;
            return Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#);
        }
        *given += 1;
        let mut tokens = tokens(*given);
        if let (1, Some(lasts)) = (*given, self.first_lasts) {
            tokens["expires_in"] = json!(lasts);
        }
        Says::json(&tokens)
    }

    fn asked(&self) -> Vec<BTreeMap<String, String>> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn instead(&self, says: Says) {
        self.instead.lock().unwrap().push(says);
    }
}

fn form(body: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

fn tokens(number: u32) -> Value {
    json!({
        "access_token": format!("access-canary-{number}"),
        "refresh_token": format!("refresh-canary-{number}"),
        "token_type": "bearer",
        "expires_in": 3_600,
        "scope": "read_user",
    })
}

struct Stage {
    app: TestApp,
    provider: Provider,
    giving: Giving,
    ada: Browser,
}

impl Stage {
    /// An installation whose Owner has set up a client.
    async fn set() -> Self {
        let (provider, giving) = (Provider::start().await, Giving::default());
        let answering = giving.clone();
        provider.answers(move |request| answering.answer(request));
        let app = provider.app(&[], PATIENT).await;
        let mut ada = app.owner().await;
        let added =
            ada.submit("/w/acme/node-types/gitlab", "/w/acme/node-types/gitlab/add", &[("method", "oauth")]).await;
        assert_eq!(added.status, 303, "{}", added.text);
        let this = Self { app, provider, giving, ada: ada.clone() };
        let saved = ada.submit(CLIENT, CLIENT, &this.client("app-1", SECRET)).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        this
    }

    fn address(&self) -> String {
        format!("https://{PROVIDER}:{}", self.provider.port)
    }

    fn client<'a>(&self, id: &'a str, secret: &'a str) -> Vec<(&'a str, &'a str)> {
        let address: &'static str = Box::leak(self.address().into_boxed_str());
        vec![
            ("field-address", address),
            ("client_id", id),
            ("client_secret", secret),
            ("scope", "read_user"),
            ("scope", "read_api"),
        ]
    }

    /// A place for an account of Ada's, still without one.
    async fn place(&mut self, name: &str) -> String {
        place(&mut self.ada, name).await
    }

    async fn token(&mut self) -> Token {
        self.app.token("test", "vend").await
    }
}

async fn place(by: &mut Browser, name: &str) -> String {
    const NEW: &str = "/w/acme/secrets/new/gitlab";
    let fields = [("name", name), ("environment", "test"), ("sharing", "private"), ("delivery", "vend")];
    let made = by.submit(NEW, NEW, &fields).await;
    assert_eq!(made.status, 303, "{}", made.text);
    made.location().strip_suffix("/connect").unwrap().to_owned()
}

/// Where the page of ours leads to, as its address and the query.
fn way(page: &Page) -> (String, BTreeMap<String, String>) {
    assert_eq!(page.status, 200, "{}", page.text);
    let link = page.attributes("main a.primary", "href").remove(0);
    let refresh = page.attributes("meta[http-equiv=refresh]", "content").remove(0);
    assert_eq!(refresh, format!("0; url={link}"));
    let url = url::Url::parse(&link).unwrap();
    let query = url.query_pairs().into_owned().collect();
    (link.split('?').next().unwrap().to_owned(), query)
}

async fn leave(by: &mut Browser, page: &str) -> BTreeMap<String, String> {
    let connect = format!("{page}/connect");
    way(&by.submit(&connect, &connect, &[]).await).1
}

fn back(query: &BTreeMap<String, String>, code: &str) -> String {
    format!("/connect/gitlab/callback?code={code}&state={}", query["state"])
}

async fn connect(by: &mut Browser, page: &str) {
    let query = leave(by, page).await;
    let came = by.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!((came.status, came.location()), (303, page), "{}", came.text);
}

async fn vend(app: &TestApp, token: &Token) -> crate::support::Answer {
    token.vend("gitlab", app.person(EMAIL).as_str()).await
}

#[actix_web::test]
async fn an_account_is_connected_and_its_token_vended() {
    let mut stage = Stage::set().await;
    let page = stage.place("Group bot").await;
    let before = stage.ada.get(&page).await;
    assert_eq!(before.text_of(".verdict h2"), "Disconnected");

    let connect = format!("{page}/connect");
    let asked = stage.ada.get(&connect).await;
    assert!(asked.text.contains("See the profile of the person who connects."), "{}", asked.text);
    let (to, query) = way(&stage.ada.submit(&connect, &connect, &[]).await);
    assert_eq!(to, format!("{}/oauth/authorize", stage.address()));
    assert_eq!((query["response_type"].as_str(), query["client_id"].as_str()), ("code", "app-1"));
    assert_eq!(query["scope"], "read_user read_api");
    assert_eq!(query["code_challenge_method"], "S256");
    let redirect = format!("{}/connect/gitlab/callback", stage.app.base);
    assert_eq!(query["redirect_uri"], redirect);

    let came = stage.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!((came.status, came.location()), (303, page.as_str()), "{}", came.text);
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0]["grant_type"].as_str(), asked[0]["code"].as_str()), ("authorization_code", "code-1"));
    assert_eq!((asked[0]["client_id"].as_str(), asked[0]["client_secret"].as_str()), ("app-1", SECRET));
    assert_eq!(asked[0]["redirect_uri"], redirect);
    let challenge = keyrack_challenge(&asked[0]["code_verifier"]);
    assert_eq!(query["code_challenge"], challenge);

    let after = stage.ada.get(&page).await;
    assert_eq!(after.text_of(".verdict h2"), "Connected");
    let token = stage.token().await;
    let answer = vend(&stage.app, &token).await;
    let credential = &answer.body["credential"];
    assert_eq!(credential["value"], "access-canary-1", "{}", answer.text);
    assert_eq!(credential["auth_method"], "oauth");
    assert_eq!((&credential["scopes"], &credential["missing_scopes"]), (&json!(["read_user"]), &json!(["read_api"])));
    assert_eq!(credential["metadata"], json!({}));
    assert_eq!(credential["config"], json!({ "address": stage.address() }));
    assert!(credential["expires_at"].as_str().unwrap().ends_with('Z'));
    verify_chains(&stage.app.database, &stage.app.app.keyring);
    for text in ["access-canary", "refresh-canary", SECRET] {
        assert!(!stage.ada.seen.concat().contains(text), "a page shows {text}");
        for (file, bytes) in stage.app.files() {
            assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{file} holds {text}");
        }
    }
}

fn keyrack_challenge(verifier: &str) -> String {
    use sha2::Digest as _;
    data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(verifier.as_bytes()))
}

#[actix_web::test]
async fn whoever_begins_it_finishes_it_once_in_the_same_browser() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    let query = leave(&mut stage.ada, &page).await;
    let path = back(&query, "code-1");
    let over = |page: &Page| {
        assert_eq!((page.status, page.text_of("h1").as_str()), (200, "This way back is over"), "{}", page.text);
    };

    // Another browser of the same person, and another person in it.
    let mut elsewhere = Browser::new(&stage.app.base);
    elsewhere.sign_in(EMAIL, PASSWORD).await;
    over(&elsewhere.get_from_elsewhere(&path).await);
    let mut bob = stage.app.member("bob@example.com", Role::Member).await;
    over(&bob.get_from_elsewhere(&path).await);
    // States that are none, and another node type's address.
    for state in ["", "x", &query["state"][..40]] {
        over(&stage.ada.get_from_elsewhere(&format!("/connect/gitlab/callback?code=c&state={state}")).await);
    }
    assert!(stage.giving.asked().is_empty(), "nothing was exchanged");

    assert_eq!(stage.ada.get_from_elsewhere(&path).await.status, 303);
    over(&stage.ada.get_from_elsewhere(&path).await);
    assert_eq!(stage.giving.asked().len(), 1, "a state is spent once");

    // At another provider's address it is spent for nothing.
    let query = leave(&mut stage.ada, &page).await;
    over(&stage.ada.get_from_elsewhere(&back(&query, "c").replace("gitlab", "slack")).await);
    over(&stage.ada.get_from_elsewhere(&back(&query, "c")).await);
    // And after ten minutes.
    let query = leave(&mut stage.ada, &page).await;
    stage.app.advance(Duration::from_mins(11));
    over(&stage.ada.get_from_elsewhere(&back(&query, "c")).await);
    assert!(stage.giving.asked().is_empty());
}

#[actix_web::test]
async fn without_consent_nothing_is_connected() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    for (told, words) in [("access_denied", "was not given"), ("<script>", "without access")] {
        let query = leave(&mut stage.ada, &page).await;
        let path = format!("/connect/gitlab/callback?error={told}&state={}", query["state"]);
        let came = stage.ada.get_from_elsewhere(&path).await;
        assert_eq!((came.status, came.text_of("h1").as_str()), (200, "Not connected"));
        assert!(came.text.contains(words) && !came.text.contains(told), "{}", came.text);
    }
    for says in [
        Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#),
        Says::status("200 OK", r#"{"error":"bad_verification_code"}"#),
        Says::status("401 Unauthorized", r#"{"error":"invalid_client"}"#),
        Says::status("500 Oops", r#"{"error":"invalid_grant"}"#),
        Says::status("200 OK", "<html>"),
        Says::status("200 OK", "{}"),
        Says::status("200 OK", &format!(r#"{{"access_token":"{}"}}"#, "x".repeat(300_000))),
        Says::status("302 Found", ""),
    ] {
        stage.giving.instead(says);
        let query = leave(&mut stage.ada, &page).await;
        let came = stage.ada.get_from_elsewhere(&back(&query, "code-1")).await;
        assert_eq!((came.status, came.text_of("h1").as_str()), (200, "Not connected"), "{}", came.text);
    }
    assert_eq!(stage.ada.get(&page).await.text_of(".verdict h2"), "Disconnected");
}

#[actix_web::test]
async fn a_token_that_ends_is_renewed_once_for_all_who_wait() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let token = stage.token().await;
    stage.giving.asked();

    stage.app.advance(Duration::from_secs(3_590));
    let vends = (0..50).map(|_| vend(&stage.app, &token));
    for answer in futures_util::future::join_all(vends).await {
        assert_eq!(answer.body["credential"]["value"], "access-canary-2", "{}", answer.text);
    }
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1, "one refresh serves all");
    assert_eq!(
        (asked[0]["grant_type"].as_str(), asked[0]["refresh_token"].as_str()),
        ("refresh_token", "refresh-canary-1")
    );
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn trouble_at_the_provider_costs_nothing_and_a_refusal_asks_for_the_owner() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let token = stage.token().await;

    // A minute before the end: what is held is still good.
    stage.giving.instead(Says::status("503 Busy", ""));
    stage.app.advance(Duration::from_secs(3_550));
    assert_eq!(vend(&stage.app, &token).await.body["credential"]["value"], "access-canary-1");
    // After it there is nothing to hand out, until the pause is over.
    stage.app.advance(Duration::from_secs(55));
    let answer = vend(&stage.app, &token).await;
    answer.refused(503, "token_not_renewed");
    assert!(answer.retry_after.is_some());
    stage.app.advance(Duration::from_mins(2));
    assert_eq!(vend(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");
    assert!(stage.app.post().await.is_empty(), "nobody is written to about trouble that passes");

    stage.giving.instead(Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#));
    stage.app.advance(Duration::from_mins(60));
    let answer = vend(&stage.app, &token).await;
    assert_eq!(answer.body, json!({ "active": false, "error": "needs_reauthorization" }), "{}", answer.text);
    assert_eq!(vend(&stage.app, &token).await.body["error"], "needs_reauthorization");
    let letter = stage.app.letter_to(EMAIL).await;
    assert!(letter.text.contains(&format!("{page}/connect")), "{}", letter.text);
    assert!(stage.app.post().await.is_empty(), "once");

    stage.ada.sign_in(EMAIL, PASSWORD).await;
    connect(&mut stage.ada, &page).await;
    assert_eq!(vend(&stage.app, &token).await.body["credential"]["value"], "access-canary-3");
}

#[actix_web::test]
async fn a_client_is_written_only_and_goes_nowhere_else() {
    let mut stage = Stage::set().await;
    let shown = stage.ada.get(CLIENT).await;
    assert!(shown.text.contains("app-1") && !shown.text.contains(SECRET));
    assert!(shown.text.contains(&format!("{}/connect/gitlab/callback", stage.app.base)));
    // Another server or another id takes the secret anew.
    for (name, text) in [("field-address", "https://evil.example"), ("client_id", "app-2")] {
        let mut fields = stage.client("app-1", "");
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| field.1 = text);
        let refused = stage.ada.submit(CLIENT, CLIENT, &fields).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("its id or its provider is another one"), "{}", refused.text);
    }
    // What somebody who connects sends about the server counts for nothing.
    let mut bob = stage.app.member("bob@example.com", Role::Member).await;
    let new = "/w/acme/secrets/new/gitlab";
    let fields = [
        ("name", "Bob's"),
        ("environment", "test"),
        ("sharing", "private"),
        ("delivery", "vend"),
        ("field-address", "https://evil.example"),
    ];
    let made = bob.submit(new, new, &fields).await;
    let page = made.location().strip_suffix("/connect").unwrap().to_owned();
    let (to, _) = way(&bob.submit(&format!("{page}/connect"), &format!("{page}/connect"), &[]).await);
    assert!(to.starts_with(&stage.address()), "{to}");
    // Members see no client, and change none.
    assert_eq!(bob.get(CLIENT).await.status, 403);
}

#[actix_web::test]
async fn a_client_of_its_own_fetches_tokens_and_keeps_them_to_itself() {
    let mut stage = Stage::set().await;
    let mut spec = serde_json::to_value(stage.app.app.catalog.get("xero").unwrap()).unwrap();
    spec["client_credentials"]["token_url"] = json!(format!("{}/oauth/token", stage.address()));
    let add = "/w/acme/node-types/xero/add";
    let added = stage.ada.submit("/w/acme/node-types/xero", add, &[("method", "client_credentials")]).await;
    assert_eq!(added.status, 303, "{}", added.text);
    let spec = spec.to_string().replace('\'', "''");
    stage.app.database.execute(&format!("UPDATE node_types SET spec = '{spec}' WHERE slug = 'xero'"));

    let new = "/w/acme/secrets/new/xero";
    let fields = [
        ("kind", "client_credentials"),
        ("client_credentials-client_id", "robot-1"),
        ("client_credentials-client_secret", "robot-secret-canary"),
        ("name", "Robot"),
        ("environment", "test"),
        ("sharing", "private"),
        ("delivery", "vend"),
    ];
    let made = stage.ada.submit(new, new, &fields).await;
    assert_eq!(made.status, 303, "{}", made.text);
    let token = stage.token().await;
    let me = stage.app.person(EMAIL).to_string();
    let answer = token.vend("xero", &me).await;
    let credential = &answer.body["credential"];
    assert_eq!(credential["value"], "access-canary-1", "{}", answer.text);
    assert!(!answer.text.contains("robot"), "{}", answer.text);
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["grant_type"], "client_credentials");

    // Cached until shortly before its end, and fetched by the same client then.
    assert_eq!(token.vend("xero", &me).await.body["credential"]["value"], "access-canary-1");
    assert!(stage.giving.asked().is_empty());
    stage.app.advance(Duration::from_secs(3_590));
    *stage.giving.given.lock().unwrap() = 7;
    assert_eq!(token.vend("xero", &me).await.body["credential"]["value"], "access-canary-8");

    stage.giving.instead(Says::status("401 Unauthorized", r#"{"error":"invalid_client"}"#));
    stage.app.advance(Duration::from_mins(61));
    assert_eq!(token.vend("xero", &me).await.body["error"], "needs_reauthorization");
}

#[actix_web::test]
async fn a_job_renews_ahead_of_the_end() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    stage.giving.asked();
    keyrack::jobs::plan(&stage.app.app).await.unwrap();
    stage.app.post().await;
    assert!(stage.giving.asked().is_empty(), "it is not due");
    stage.app.advance(Duration::from_mins(49));
    stage.app.post().await;
    assert_eq!(stage.giving.asked().len(), 1);
    let token = stage.token().await;
    assert_eq!(vend(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");
    assert!(stage.giving.asked().is_empty());

    // Nothing is asked for what is disabled, disconnected or refused.
    stage.ada.submit("/w/acme/node-types/gitlab/disable", "/w/acme/node-types/gitlab/disable", &[]).await;
    stage.app.advance(Duration::from_mins(59));
    stage.app.post().await;
    assert!(stage.giving.asked().is_empty());
}

#[actix_web::test]
async fn disconnecting_asks_the_provider_to_forget() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    stage.giving.asked();
    let disconnect = format!("{page}/disconnect");
    let gone = stage.ada.submit(&disconnect, &disconnect, &[]).await;
    assert_eq!((gone.status, gone.location()), (303, page.as_str()));
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0]["token"].as_str(), asked[0]["client_secret"].as_str()), ("refresh-canary-1", SECRET));
    let after = stage.ada.get(&page).await;
    assert!(after.text.contains("confirmed that it forgot them too"), "{}", after.text);
    let token = stage.token().await;
    assert_eq!(vend(&stage.app, &token).await.body["error"], "not_installed");
    assert_eq!(stage.app.database.count("token_sets"), 0);

    // A provider that does not answer keeps nothing here.
    connect(&mut stage.ada, &page).await;
    stage.provider.says(Says::status("500 Oops", ""));
    stage.ada.submit(&disconnect, &disconnect, &[]).await;
    let after = stage.ada.get(&page).await;
    assert!(after.text.contains("did not confirm"), "{}", after.text);
    assert_eq!(stage.app.database.count("secret_values"), 0);
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn two_processes_renew_once() {
    const VENDS: usize = 50;
    let (provider, giving) = (Provider::start().await, Giving { first_lasts: Some(30), ..Giving::default() });
    let answering = giving.clone();
    provider.answers(move |request| answering.answer(request));
    let mut machine = Machine::new();
    machine.settings.extend(provider.settings());
    let (mut one, mut other) = (machine.serve(), machine.serve());
    one.ready().await;
    other.ready().await;
    let token = machine.set_up();

    let mut ada = Browser::new(&one.base);
    ada.sign_in(EMAIL, PASSWORD).await;
    let node_type = "/w/acme/node-types/gitlab";
    ada.submit(node_type, &format!("{node_type}/add"), &[("method", "oauth")]).await;
    let address = format!("https://127.0.0.1:{}", provider.port);
    let client = [("field-address", address.as_str()), ("client_id", "app-1"), ("client_secret", SECRET)];
    let saved = ada.submit(CLIENT, CLIENT, &client).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let page = place(&mut ada, "Mine").await;
    connect(&mut ada, &page).await;
    giving.asked();

    let me = ada.get("/account").await.person();
    let tokens = [one.token(&token), other.token(&token)];
    let vends = (0..VENDS).map(|at| tokens[at % 2].vend("gitlab", &me));
    for answer in futures_util::future::join_all(vends).await {
        assert_eq!(answer.body["credential"]["value"], "access-canary-2", "{}", answer.text);
    }
    assert_eq!(giving.asked().len(), 1, "one refresh for all {VENDS} in both processes");
}
