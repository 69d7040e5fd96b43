//! A provider that gives tokens, an installation whose Owner has set up a client for it, and the way there and back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{Answer, Browser, EMAIL, PATIENT, PROVIDER, Page, Provider, Says, TestApp, Token};

/// Where the client for test is set up.
pub const CLIENT: &str = "/w/acme/node-types/gitlab/client/test";
/// Where a place for an account of that node type is made.
pub const NEW: &str = "/w/acme/secrets/new/gitlab";
pub const CLIENT_SECRET: &str = "client-secret-canary-77";

/// A provider that gives tokens, and takes each refresh token once.
#[derive(Clone, Default)]
pub struct Giving {
    /// Number of the tokens that were given last.
    pub given: Arc<Mutex<u32>>,
    /// What was asked at the token endpoint, as forms.
    pub asked: Arc<Mutex<Vec<BTreeMap<String, String>>>>,
    /// What is answered instead, once.
    pub instead: Arc<Mutex<Vec<Says>>>,
}

impl Giving {
    pub fn answer(&self, request: &str) -> Says {
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
        Says::json(&tokens(*given))
    }

    pub fn asked(&self) -> Vec<BTreeMap<String, String>> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub fn instead(&self, says: Says) {
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

pub struct Stage {
    pub app: TestApp,
    pub provider: Provider,
    pub giving: Giving,
    pub ada: Browser,
}

impl Stage {
    /// An installation whose Owner has set up a client.
    pub async fn set() -> Self {
        let (provider, giving) = (Provider::start().await, Giving::default());
        let answering = giving.clone();
        provider.answers(move |request| answering.answer(request));
        let app = provider.app(&[], PATIENT).await;
        let mut ada = app.owner().await;
        let added =
            ada.submit("/w/acme/node-types/gitlab", "/w/acme/node-types/gitlab/add", &[("method", "oauth")]).await;
        assert_eq!(added.status, 303, "{}", added.text);
        let this = Self { app, provider, giving, ada: ada.clone() };
        let saved = ada.submit(CLIENT, CLIENT, &this.client("app-1", CLIENT_SECRET)).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        this
    }

    pub fn address(&self) -> String {
        format!("https://{PROVIDER}:{}", self.provider.port)
    }

    pub fn client<'a>(&self, id: &'a str, secret: &'a str) -> Vec<(&'a str, &'a str)> {
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
    pub async fn place(&mut self, name: &str) -> String {
        self.ada.add_place(NEW, name).await
    }

    /// Client credentials for a node type whose provider this is; their page.
    pub async fn robot(&mut self, more: &[(&str, &str)]) -> String {
        let mut spec = serde_json::to_value(self.app.app.catalog.get("xero").unwrap()).unwrap();
        spec["client_credentials"]["token_url"] = json!(format!("{}/oauth/token", self.address()));
        let add = "/w/acme/node-types/xero/add";
        let added = self.ada.submit("/w/acme/node-types/xero", add, &[("method", "client_credentials")]).await;
        assert_eq!(added.status, 303, "{}", added.text);
        let spec = spec.to_string().replace('\'', "''");
        self.app.database.execute(&format!("UPDATE node_types SET spec = '{spec}' WHERE slug = 'xero'"));
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
        let made = self.ada.submit(new, new, &[&fields[..], more].concat()).await;
        assert_eq!(made.status, 303, "{}", made.text);
        made.location().to_owned()
    }

    pub async fn token(&self) -> Token {
        self.app.token("test", "vend").await
    }
}

impl Browser {
    /// A place for an account by the form at this address, still without one; its page.
    pub async fn add_place(&mut self, new: &str, name: &str) -> String {
        let revision = self.get(new).await.attributes("input[name=revision]", "value").remove(0);
        let fields = [
            ("revision", revision.as_str()),
            ("name", name),
            ("environment", "test"),
            ("sharing", "private"),
            ("delivery", "vend"),
        ];
        let made = self.submit(new, new, &fields).await;
        assert_eq!(made.status, 303, "{}", made.text);
        made.location().strip_suffix("/connect").unwrap().to_owned()
    }
}

/// Where the page of ours leads to, as its address and the query.
pub fn way(page: &Page) -> (String, BTreeMap<String, String>) {
    assert_eq!(page.status, 200, "{}", page.text);
    let link = page.attributes("main a.primary", "href").remove(0);
    let refresh = page.attributes("meta[http-equiv=refresh]", "content").remove(0);
    assert_eq!(refresh, format!("0; url={link}"));
    let url = url::Url::parse(&link).unwrap();
    let query = url.query_pairs().into_owned().collect();
    (link.split('?').next().unwrap().to_owned(), query)
}

pub async fn leave(by: &mut Browser, page: &str) -> BTreeMap<String, String> {
    let connect = format!("{page}/connect");
    way(&by.submit(&connect, &connect, &[]).await).1
}

/// Where the provider sends people back to, as it was told.
pub fn callback(query: &BTreeMap<String, String>) -> String {
    let redirect = url::Url::parse(&query["redirect_uri"]).unwrap();
    format!("{}?state={}", redirect.path(), query["state"])
}

pub fn back(query: &BTreeMap<String, String>, code: &str) -> String {
    format!("{}&code={code}", callback(query))
}

pub async fn connect(by: &mut Browser, page: &str) {
    let query = leave(by, page).await;
    let came = by.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!((came.status, came.location()), (303, page), "{}", came.text);
}

pub async fn vend_mine(app: &TestApp, token: &Token) -> Answer {
    token.vend("gitlab", app.person(EMAIL).as_str()).await
}
