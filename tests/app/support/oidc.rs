//! An OpenID provider of the test's own, which does as it is told: what it says, what it signs with, how it answers.
//! It speaks GitHub's API, too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64URL_NOPAD;
use keyrack::domain::Clock as _;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Browser, ManualClock, Page, Says, TestApp};

pub const CLIENT: &str = "keyrack-client";
pub const CLIENT_SECRET: &str = "canary-client-secret";

/// What somebody has agreed to.
struct Consent {
    challenge: String,
    nonce: String,
    redirect: String,
}

type Change = Box<dyn Fn(&mut Value) + Send>;

/// What it does next, for a test to change.
pub struct World {
    pub sub: String,
    pub email: Option<&'static str>,
    pub verified: Value,
    /// What its userinfo says, where it has one.
    pub info: Option<Value>,
    /// What is done to each document, header and claims before it is sent.
    pub document: Change,
    pub header: Change,
    pub claims: Change,
    /// What its token endpoint answers, whatever is asked.
    pub token: Option<Says>,
    /// What GitHub's API says of the addresses.
    pub addresses: Value,
    key: Signer,
    consents: BTreeMap<String, Consent>,
    /// The first line of each request, and the bodies for the token endpoint.
    pub asked: Vec<String>,
    drawn: usize,
}

struct Signer {
    kid: String,
    pair: EcdsaKeyPair,
}

impl Signer {
    fn new(kid: &str) -> Self {
        let (chance, how) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let made = EcdsaKeyPair::generate_pkcs8(how, &chance).unwrap();
        Self { kid: kid.to_owned(), pair: EcdsaKeyPair::from_pkcs8(how, made.as_ref(), &chance).unwrap() }
    }

    fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (BASE64URL_NOPAD.encode(&point[1..33]), BASE64URL_NOPAD.encode(&point[33..]));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": x, "y": y })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let text = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }
}

#[derive(Clone)]
pub struct Oidc {
    pub issuer: String,
    world: Arc<Mutex<World>>,
    clock: Arc<Mutex<Option<Arc<ManualClock>>>>,
}

impl Oidc {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let nothing = || Box::new(|_: &mut Value| ());
        let world = World {
            sub: "subject-1".to_owned(),
            email: Some("grace@example.com"),
            verified: json!(true),
            info: None,
            document: nothing(),
            header: nothing(),
            claims: nothing(),
            token: None,
            addresses: json!([]),
            key: Signer::new("one"),
            consents: BTreeMap::new(),
            asked: Vec::new(),
            drawn: 0,
        };
        let this = Self { issuer, world: Arc::new(Mutex::new(world)), clock: Arc::default() };
        actix_web::rt::spawn(this.clone().serve(listener));
        this
    }

    /// Changes what it does from now on, or looks at what it was asked.
    pub fn set<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().unwrap())
    }

    /// Signs with another key from now on.
    pub fn rotate(&self, kid: &str) {
        self.set(|world| world.key = Signer::new(kid));
    }

    /// How often its requests began so.
    pub fn count(&self, start: &str) -> usize {
        self.set(|world| world.asked.iter().filter(|line| line.starts_with(start)).count())
    }

    /// An installation that has it among its providers, under this name and with these settings besides.
    pub async fn app(&self, name: &str, settings: &[(&str, &str)]) -> TestApp {
        self.app_altered(name, settings, |_| ()).await
    }

    pub async fn app_altered(
        &self,
        name: &str,
        settings: &[(&str, &str)],
        alter: impl FnOnce(&mut keyrack::app::App),
    ) -> TestApp {
        let of = |ending: &str| format!("KEYRACK_OIDC_{}_{ending}", name.to_uppercase());
        let names = [of("ISSUER"), of("CLIENT_ID"), of("CLIENT_SECRET")];
        let own = [(&*names[0], &*self.issuer), (&*names[1], CLIENT), (&*names[2], CLIENT_SECRET)];
        let all: Vec<_> = own
            .into_iter()
            .chain([("KEYRACK_UPSTREAM_ALLOW", "127.0.0.0/8")])
            .chain(settings.iter().copied())
            .collect();
        let app = TestApp::start_altered(1, &all, alter).await;
        self.goes_by(&app);
        app
    }

    /// Tells the time as this installation does.
    pub fn goes_by(&self, app: &TestApp) {
        *self.clock.lock().unwrap() = Some(app.clock.clone());
    }

    fn now(&self) -> i64 {
        self.clock.lock().unwrap().as_ref().map_or(0, |clock| clock.now().micros() / 1_000_000)
    }

    /// Somebody agrees to what they were sent for; the path and query that they go back by.
    pub fn consent(&self, way: &url::Url) -> String {
        let asked: BTreeMap<_, _> = way.query_pairs().into_owned().collect();
        let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
        assert_eq!((of("response_type"), of("code_challenge_method")), ("code".to_owned(), "S256".to_owned()));
        assert_eq!(of("client_id"), CLIENT);
        assert!(of("code_challenge").len() == 43 && of("state").len() > 40, "{way}");
        let consent = Consent { challenge: of("code_challenge"), nonce: of("nonce"), redirect: of("redirect_uri") };
        let code = self.set(|world| {
            world.drawn += 1;
            let code = format!("canary-code-{}", world.drawn);
            world.consents.insert(code.clone(), consent);
            code
        });
        let back = url::Url::parse(&of("redirect_uri")).unwrap();
        format!("{}?code={code}&state={}", back.path(), of("state"))
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            actix_web::rt::spawn(self.clone().answer(stream));
        }
    }

    async fn answer(self, mut stream: TcpStream) {
        let mut sent = Vec::new();
        let (head, body) = loop {
            let mut piece = [0; 4_096];
            match stream.read(&mut piece).await {
                Ok(read @ 1..) => sent.extend_from_slice(&piece[..read]),
                _ => return,
            }
            let text = String::from_utf8_lossy(&sent).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0) {
                break (head.to_owned(), body.to_owned());
            }
        };
        let says = self.say(&head, &body);
        let _gone = stream.write_all(says.bytes()).await;
        let _gone = stream.flush().await;
        if says.hangs() {
            std::future::pending::<()>().await;
        }
        let _gone = stream.shutdown().await;
    }

    fn say(&self, head: &str, body: &str) -> Says {
        let line = head.lines().next().unwrap_or_default().to_owned();
        let now = self.now();
        let mut world = self.world.lock().unwrap();
        world.asked.push(format!("{line} {body}"));
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        match path.as_str() {
            "/.well-known/openid-configuration" => json_of(&world.describe(&self.issuer)),
            "/keys" => json_of(&json!({ "keys": [world.key.public()] })),
            "/token" | "/login/oauth/access_token" => world.exchange((&self.issuer, now), head, body),
            "/userinfo" => world.info.as_ref().map_or_else(|| Says::status("404 Not Found", ""), json_of),
            "/api/v3/user" => json_of(&json!({ "id": 7_041, "login": "grace", "name": null })),
            "/api/v3/user/emails" => json_of(&world.addresses),
            _ => Says::status("404 Not Found", ""),
        }
    }
}

impl World {
    fn describe(&self, issuer: &str) -> Value {
        let mut document = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize?tenant=a"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        });
        if self.info.is_some() {
            document["userinfo_endpoint"] = json!(format!("{issuer}/userinfo"));
        }
        (self.document)(&mut document);
        document
    }

    fn exchange(&mut self, (issuer, now): (&str, i64), head: &str, body: &str) -> Says {
        if let Some(says) = &self.token {
            return says.clone();
        }
        let sent: BTreeMap<String, String> = serde_html_form::from_str(body).unwrap();
        let of = |name: &str| sent.get(name).cloned().unwrap_or_default();
        let basic = data_encoding::BASE64.encode(format!("{CLIENT}:{CLIENT_SECRET}").as_bytes());
        let known = head.contains(&format!("Basic {basic}")) || of("client_secret") == CLIENT_SECRET;
        let refused = || Says::status("400 Bad Request", "{\"error\":\"invalid_grant\"}");
        let Some(consent) = self.consents.remove(&of("code")).filter(|_| known) else { return refused() };
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(of("code_verifier").as_bytes()));
        if challenge != consent.challenge || of("redirect_uri") != consent.redirect {
            return refused();
        }
        let mut header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.key.kid });
        let mut claims = json!({
            "iss": issuer, "sub": self.sub, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": consent.nonce,
            "name": "Grace Hopper",
        });
        if let Some(email) = self.email {
            claims["email"] = json!(email);
            claims["email_verified"] = self.verified.clone();
        }
        (self.header)(&mut header);
        (self.claims)(&mut claims);
        let token = self.key.sign(&header, &claims);
        json_of(&json!({ "access_token": "canary-access", "token_type": "Bearer", "id_token": token }))
    }
}

fn json_of(value: &Value) -> Says {
    let body = value.to_string();
    let length = body.len();
    Says::head(&format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

impl Page {
    /// Where the page between us and a provider leads to.
    pub fn way(&self) -> url::Url {
        assert_eq!(self.status, 200, "{}", self.text);
        let refresh = self.attributes("meta[http-equiv=refresh]", "content");
        let way = refresh[0].strip_prefix("0;url=").unwrap();
        assert_eq!(self.attributes("a.button", "href"), [way], "the link is for those whom nobody leads on");
        url::Url::parse(way).unwrap()
    }
}

impl Browser {
    /// Presses the button of a provider, with these fields besides.
    pub async fn go_to(&mut self, name: &str, fields: &[(&str, &str)]) -> url::Url {
        let form = if self.signed_in() { "/account" } else { "/sign-in" };
        self.submit(form, &format!("/sign-in/{name}"), fields).await.way()
    }

    /// There and back.
    pub async fn come_by(&mut self, provider: &Oidc, name: &str, fields: &[(&str, &str)]) -> Page {
        let way = self.go_to(name, fields).await;
        self.get_from_elsewhere(&provider.consent(&way)).await
    }

    /// Links a provider in the account, as far as the page that asks.
    pub async fn offer(&mut self, provider: &Oidc, name: &str) -> Page {
        let way = self.submit("/account", &format!("/account/sign-ins/add/{name}"), &[]).await.way();
        self.get_from_elsewhere(&provider.consent(&way)).await
    }

    fn signed_in(&self) -> bool {
        self.cookies.contains_key("keyrack")
    }
}

impl TestApp {
    pub fn clock_seconds(&self) -> i64 {
        self.clock.now().micros() / 1_000_000
    }
}
