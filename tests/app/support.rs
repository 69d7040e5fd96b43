//! A running Keyrack with a clock that the test owns, and the two who speak to it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use keyrack::app::system::SystemChance;
use keyrack::app::{App, commands, server};
use keyrack::config::Config;
use keyrack::domain::{Clock, Moment};
use reqwest::{Client, Method, Response, StatusCode};
use scraper::{Html, Selector};
use serde_json::Value;

pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.advance(span);
        Box::pin(std::future::ready(()))
    }
}

pub struct TestApp {
    pub app: App,
    pub base: String,
    pub clock: Arc<ManualClock>,
    pub folder: tempfile::TempDir,
    server: ServerHandle,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        actix_web::rt::spawn(self.server.stop(false));
    }
}

fn database(folder: &tempfile::TempDir) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    if std::env::var("KEYRACK_TEST_DATABASE").as_deref() != Ok("postgres") {
        return format!("sqlite:{}", folder.path().join("keyrack.db").display());
    }
    let server = std::env::var("KEYRACK_TEST_POSTGRES_URL").expect("the address of the test server");
    let name = format!("keyrack_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let made = Command::new("psql").args([&server, "-qc", &format!("CREATE DATABASE {name}")]).status().unwrap();
    assert!(made.success(), "the test database could not be made");
    format!("{}/{name}", server.rsplit_once('/').unwrap().0)
}

impl TestApp {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let settings = [
            ("KEYRACK_DATABASE_URL", database(&folder)),
            ("KEYRACK_DATABASE_POOL", "4".to_owned()),
            ("KEYRACK_MASTER_KEY_FILE", folder.path().join("master.keys").display().to_string()),
            ("KEYRACK_PUBLIC_URL", base.clone()),
            ("KEYRACK_PASSWORD_MEMORY_KIB", "19456".to_owned()),
            ("KEYRACK_PASSWORD_PASSES", "2".to_owned()),
            ("KEYRACK_PASSWORD_LANES", "1".to_owned()),
        ];
        let settings = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
        let config = Config::load(settings, None).expect("the test's settings");
        let clock = Arc::new(ManualClock(AtomicI64::new(1_795_257_720_000_000)));
        let app = App::start(config, clock.clone(), Arc::new(SystemChance)).await.expect("a start");
        let running = server::listen(&app, listener).unwrap();
        let server = running.handle();
        actix_web::rt::spawn(running);
        Self { app, base, clock, folder, server }
    }

    /// Sets Keyrack up in a browser; the browser stays signed in.
    pub async fn founder(&self) -> Browser {
        let link = commands::offer_set_up(&self.app).await.expect("a link");
        let mut browser = Browser::new(&self.base);
        let path = link.strip_prefix(&self.base).unwrap().to_owned();
        let form = [
            ("name", "Ada"),
            ("email", "ada@example.com"),
            ("password", "correct horse battery"),
            ("workspace", "Acme"),
        ];
        let answer = browser.submit(&path, &path, &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        browser
    }

    pub async fn token(&self, environment: &str, allow: &str) -> String {
        let ask = keyrack::cli::TokenCreate {
            workspace: keyrack::domain::Name::parse("Acme").unwrap(),
            name: keyrack::domain::Name::parse("Backend").unwrap(),
            environment: environment.parse().unwrap(),
            allow: allow.parse().unwrap(),
            maker: None,
            expires: None,
        };
        commands::create_token(&self.app, &ask).await.expect("a token")
    }

    /// A machine's request; its status and JSON.
    pub async fn call(&self, token: &str, method: Method, path: &str, body: Value) -> (u16, Value) {
        let request = client().request(method, format!("{}{path}", self.base)).bearer_auth(token).json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("machines get JSON"))
    }
}

fn client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// A browser: cookies, forms, nothing else.
pub struct Browser {
    base: String,
    pub cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), cookies: BTreeMap::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Response {
        let jar: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", jar.join("; ")).send().await.unwrap();
        for set in answer.headers().get_all("set-cookie") {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        answer
    }

    pub async fn get(&mut self, path: &str) -> Response {
        self.send(client().get(format!("{}{path}", self.base))).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response {
        let body = form.iter().fold(String::new(), |all, (name, value)| {
            format!("{all}{name}={}&", value.replace('%', "%25").replace('&', "%26").replace('+', "%2B"))
        });
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.send(client().post(format!("{}{path}", self.base)).header(kind.0, kind.1).body(body)).await
    }

    /// Opens a page and sends a form of it, with the page's own token.
    pub async fn submit(&mut self, page: &str, to: &str, form: &[(&str, &str)]) -> Response {
        let html = self.get(page).await.text().await.unwrap();
        let field = Selector::parse("input[name=csrf]").unwrap();
        let html = Html::parse_document(&html);
        let csrf = html.select(&field).next().and_then(|f| f.attr("value")).expect("a form").to_owned();
        let mut whole = form.to_vec();
        whole.push(("csrf", &csrf));
        self.post(to, &whole).await
    }

    pub async fn add_stripe_key(&mut self, name: &str, value: &str, delivery: &str) -> Response {
        let path = "/w/acme/secrets/new/stripe";
        let form = [
            ("name", name),
            ("environment", "test"),
            ("delivery", delivery),
            ("kind", "api_key"),
            ("api_key", value),
            ("expires_on", ""),
        ];
        self.submit(path, path, &form).await
    }

    /// The id of the person who is signed in, from their account page.
    pub async fn person(&mut self) -> String {
        let html = self.get("/account").await.text().await.unwrap();
        let at = html.find("usr_").expect("an id");
        html[at..at + 30].to_owned()
    }
}
