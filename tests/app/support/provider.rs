//! A provider of the test's own: TLS by an authority of its own, under names that only the test's resolver knows.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyrack::app::App;
use keyrack::upstream::{Limits, Resolve, Resolved, Upstream};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Browser, Page, TestApp};

/// Its certificate is for this name.
pub const PROVIDER: &str = "api.provider.test";
/// And for this one, which nothing should be sent to.
pub const ELSEWHERE: &str = "elsewhere.provider.test";
pub const HTTP_REQUEST: &str = "/w/acme/secrets/new/http-request";

/// What is answered: these bytes, and then the end, or nothing more for ever.
#[derive(Clone, Debug, Default)]
pub struct Says {
    bytes: Vec<u8>,
    hangs: bool,
    echoes: bool,
}

impl Says {
    pub fn status(status: &str, body: &str) -> Self {
        Self::head(&format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()))
    }

    pub fn json(body: &Value) -> Self {
        Self::status("200 OK", &body.to_string())
    }

    /// These very bytes.
    pub fn head(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), ..Self::default() }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn hangs(&self) -> bool {
        self.hangs
    }

    /// These, and then whatever is said to it.
    pub fn echoing(text: &str) -> Self {
        Self { echoes: true, ..Self::head(text) }
    }

    /// These, and then nothing more.
    pub fn hanging(text: &str) -> Self {
        Self { hangs: true, ..Self::head(text) }
    }
}

type Answering = Box<dyn FnMut(&str) -> Says + Send>;

#[derive(Clone)]
pub struct Provider {
    pub port: u16,
    heads: Arc<Mutex<Vec<String>>>,
    answering: Arc<Mutex<Answering>>,
    authority: Arc<(tempfile::TempDir, PathBuf)>,
}

impl Provider {
    pub async fn start() -> Self {
        Self::start_as(PROVIDER).await
    }

    /// With a certificate for this name or address.
    pub async fn start_as(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authority.pem");
        let (acceptor, pem) = certified(&[name, ELSEWHERE]);
        std::fs::write(&file, pem).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let this = Self {
            port: listener.local_addr().unwrap().port(),
            heads: Arc::default(),
            answering: Arc::new(Mutex::new(Box::new(|_| Says::status("200 OK", "")))),
            authority: Arc::new((folder, file)),
        };
        actix_web::rt::spawn(this.clone().serve(listener, acceptor));
        this
    }

    async fn serve(self, listener: TcpListener, acceptor: TlsAcceptor) {
        while let Ok((stream, _)) = listener.accept().await {
            let (this, acceptor) = (self.clone(), acceptor.clone());
            actix_web::rt::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut piece = [0; 4_096];
                    match stream.read(&mut piece).await {
                        Ok(read @ 1..) => head.extend_from_slice(&piece[..read]),
                        _ => return,
                    }
                }
                let end = head.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
                let length = String::from_utf8_lossy(&head[..end]).to_lowercase();
                let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                while head.len() < end + length.unwrap_or(0) {
                    let mut piece = [0; 4_096];
                    match stream.read(&mut piece).await {
                        Ok(read @ 1..) => head.extend_from_slice(&piece[..read]),
                        _ => return,
                    }
                }
                let head = String::from_utf8(head).unwrap();
                this.heads.lock().unwrap().push(head.clone());
                let says = (this.answering.lock().unwrap())(&head);
                let _gone = stream.write_all(&says.bytes).await;
                let _gone = stream.flush().await;
                loop {
                    if !says.echoes {
                        break;
                    }
                    let mut piece = [0; 4_096];
                    match stream.read(&mut piece).await {
                        Ok(read @ 1..) => stream.write_all(&piece[..read]).await.unwrap(),
                        _ => return,
                    }
                    stream.flush().await.unwrap();
                }
                if says.hangs {
                    std::future::pending::<()>().await;
                }
                let _gone = stream.shutdown().await;
            });
        }
    }

    /// Answers every request so from now on.
    pub fn says(&self, says: Says) {
        self.answers(move |_| says.clone());
    }

    pub fn answers(&self, answering: impl FnMut(&str) -> Says + Send + 'static) {
        *self.answering.lock().unwrap() = Box::new(answering);
    }

    /// All requests that came, head and body, and then none.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.heads.lock().unwrap())
    }

    pub fn base(&self) -> String {
        format!("https://{PROVIDER}:{}/v1", self.port)
    }

    /// With which a program of its own may reach it, by its address.
    pub fn settings(&self) -> [(String, String); 2] {
        let file = self.authority.1.to_str().unwrap().to_owned();
        [("KEYRACK_UPSTREAM_ALLOW".to_owned(), "127.0.0.0/8".to_owned()), ("KEYRACK_UPSTREAM_CA_FILE".to_owned(), file)]
    }

    /// An installation that may reach it, whose names are these besides.
    pub async fn app(&self, names: &[(&str, &[&str])], limits: Limits) -> TestApp {
        self.app_set((names, limits), &[], |_| ()).await
    }

    /// With these settings, and with parts exchanged before anybody is answered.
    pub async fn app_set(
        &self,
        (names, limits): (&[(&str, &[&str])], Limits),
        settings: &[(&str, &str)],
        alter: impl FnOnce(&mut App),
    ) -> TestApp {
        let file = self.authority.1.to_str().unwrap();
        let own = [("KEYRACK_UPSTREAM_ALLOW", "127.0.0.0/8"), ("KEYRACK_UPSTREAM_CA_FILE", file)];
        let settings = [&own[..], settings].concat();
        let all: Vec<_> = names.iter().copied().chain([(PROVIDER, &["127.0.0.1"][..])]).collect();
        let names = Arc::new(Names::new(&all));
        TestApp::start_altered(1, &settings, |app| {
            app.upstream = Upstream::open(&app.config.upstream, names, limits).unwrap();
            alter(app);
        })
        .await
    }
}

/// A server's side of TLS for these names, and its authority as PEM.
fn certified(names: &[&str]) -> (TlsAcceptor, String) {
    let (root_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut root = CertificateParams::new(Vec::new()).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = root.self_signed(&root_key).unwrap().pem();
    let issuer = Issuer::new(root, root_key);
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    let chain = vec![CertificateDer::from(leaf.der().to_vec())];
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    (TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap())), pem)
}

/// The names there are. A test's program asks no other resolver, so that nothing leaves the machine.
#[derive(Default)]
pub struct Names {
    known: BTreeMap<String, Vec<IpAddr>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    pub fn new(names: &[(&str, &[&str])]) -> Self {
        let parsed = |all: &[&str]| all.iter().map(|address| address.parse().unwrap()).collect();
        let known = names.iter().map(|(name, all)| ((*name).to_owned(), parsed(all))).collect();
        Self { known, asked: Mutex::default() }
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolved<'a> {
        self.asked.lock().unwrap().push(name.to_owned());
        Box::pin(std::future::ready(self.known.get(name).cloned().unwrap_or_default()))
    }
}

/// Time enough for a slow machine.
pub const PATIENT: Limits =
    Limits { connect: Duration::from_secs(20), head: Duration::from_secs(20), body: Duration::from_secs(20) };

impl TestApp {
    /// Has the HTTP Request node type say how it is tested, as a custom API does.
    pub fn describe_probe(&self, probe: &Value) {
        let mut spec = serde_json::to_value(self.app.catalog.get("http-request").unwrap()).unwrap();
        spec["probe"] = probe.clone();
        let spec = spec.to_string().replace('\'', "''");
        let of = "WHERE slug = 'http-request'";
        assert!(self.database.execute(&format!("UPDATE node_types SET spec = '{spec}' {of}")) > 0);
    }

    /// The usual test: who am I?
    pub fn usual_probe(&self) {
        self.describe_probe(
            &json!({ "method": "GET", "path": "/me", "verified": [200], "rejected": [401], "account": "/name" }),
        );
    }
}

impl Browser {
    /// Stores a bearer token for an API at this address, and gives the secret's page.
    pub async fn add_bearer(&mut self, base: &str, name: &str, value: &str) -> String {
        let fields = [
            ("placement", "bearer"),
            ("field-base_url", base),
            ("bearer-access_token", value),
            ("name", name),
            ("environment", "test"),
            ("delivery", "proxy"),
            ("expires_on", ""),
        ];
        let page = self.submit(HTTP_REQUEST, HTTP_REQUEST, &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location().to_owned()
    }

    /// Stores a token for a GitLab that is the provider, whose test nobody in the workspace wrote.
    pub async fn add_gitlab(&mut self, provider: &Provider, name: &str, value: &str) -> String {
        const GITLAB: &str = "/w/acme/secrets/new/gitlab";
        let address = format!("https://{PROVIDER}:{}", provider.port);
        let fields = [
            ("kind", "access_token"),
            ("field-address", address.as_str()),
            ("access_token-access_token", value),
            ("name", name),
            ("environment", "test"),
            ("delivery", "proxy"),
            ("expires_on", ""),
        ];
        let page = self.submit(GITLAB, GITLAB, &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location().to_owned()
    }

    /// Presses the button, and gives the page that it leads to.
    pub async fn test_secret(&mut self, page: &str) -> Page {
        let sent = self.submit(page, &format!("{page}/probe"), &[]).await;
        assert_eq!((sent.status, sent.location()), (303, page), "{}", sent.text);
        self.get(page).await
    }
}
