//! The way outwards by itself: which connections are made, and what is passed on.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::BodyExt as _;
use keyrack::config::{Config, UpstreamConfig};
use keyrack::upstream::{Answer, Failure, Limits, Refused, Resolve, Resolved, Upstream, empty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::support::{Names, PATIENT, PROVIDER, Provider, Says, soon};

fn configured(vars: &[(&str, &str)]) -> UpstreamConfig {
    let vars = vars.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Config::load(vars, None).unwrap().upstream
}

fn open(allow: &str, resolver: Arc<dyn Resolve>, limits: Limits) -> Upstream {
    let vars = [("KEYRACK_UPSTREAM_ALLOW", allow)];
    Upstream::open(&configured(if allow.is_empty() { &[] } else { &vars }), resolver, limits).unwrap()
}

async fn get(upstream: &Upstream, url: &str) -> Result<Answer, Failure> {
    let target = upstream.guard().admit(url)?;
    soon(upstream.send(&target, http::Request::new(empty()))).await
}

/// Answers each connection once with this, in the clear; how many connections there were.
async fn plain(answer: impl Fn(tokio::net::TcpStream) + Send + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    actix_web::rt::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            answer(stream);
        }
    });
    (port, count)
}

/// Keeps its connections open, and answers each request with its own head.
fn echo(mut stream: tokio::net::TcpStream) {
    actix_web::rt::spawn(async move {
        let mut head = vec![0; 4_096];
        while let Ok(read @ 1..) = stream.read(&mut head).await {
            let answer =
                [format!("HTTP/1.1 200 OK\r\ncontent-length: {read}\r\n\r\n").as_bytes(), &head[..read]].concat();
            stream.write_all(&answer).await.unwrap();
        }
    });
}

#[actix_web::test]
async fn plain_http_goes_to_named_hosts_alone() {
    let (port, count) = plain(echo).await;
    let names = || Arc::new(Names::new(&[("crm.internal", &["127.0.0.1"]), ("other.internal", &["127.0.0.1"])]));
    let named = open(&format!("crm.internal:{port}"), names(), PATIENT);
    let answer = get(&named, &format!("http://crm.internal:{port}/v1?a=b")).await.unwrap().whole(4_096).await.unwrap();
    let head = String::from_utf8(answer.to_vec()).unwrap().to_lowercase();
    assert!(head.starts_with("get /v1?a=b http/1.1\r\n") && head.contains(&format!("host: crm.internal:{port}\r\n")));
    for (allow, url) in [
        ("", format!("http://crm.internal:{port}/")),
        ("127.0.0.0/8", format!("http://crm.internal:{port}/")),
        ("crm.internal:1", format!("http://crm.internal:{port}/")),
        ("crm.internal", format!("http://other.internal:{port}/")),
    ] {
        let refused = get(&open(allow, names(), PATIENT), &url).await.err();
        assert_eq!(refused, Some(Failure::Refused(Refused::Scheme)), "{allow} {url}");
    }
    let private = get(&open("", names(), PATIENT), &format!("https://crm.internal:{port}/")).await.err();
    assert_eq!(private, Some(Failure::Refused(Refused::NotPublic)));
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

/// A good address for the first question, and a bad one for those that come after.
struct Rebinding {
    asked: AtomicUsize,
    addresses: [IpAddr; 2],
}

impl Resolve for Rebinding {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolved<'a> {
        let at = self.asked.fetch_add(1, Ordering::SeqCst).min(1);
        Box::pin(std::future::ready(vec![self.addresses[at]]))
    }
}

#[actix_web::test]
async fn a_name_is_resolved_once_and_that_address_is_connected_to() {
    let (port, count) = plain(echo).await;
    let resolver = |first: &str, then: &str| {
        let addresses = [first.parse().unwrap(), then.parse().unwrap()];
        Arc::new(Rebinding { asked: AtomicUsize::new(0), addresses })
    };
    // The name itself may be spoken to in the clear; its address has to pass all the same.
    let url = format!("http://shifty.test:{port}/");
    let good_first = resolver("127.0.0.1", "169.254.169.254");
    let upstream = open("shifty.test", good_first.clone(), PATIENT);
    get(&upstream, &url).await.unwrap().whole(4_096).await.unwrap();
    assert_eq!((good_first.asked.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (1, 1));
    // The next request takes the same connection, or asks again and is refused; the other address is never dialled.
    if let Err(failure) = get(&upstream, &url).await {
        assert_eq!(failure, Failure::Refused(Refused::NotPublic));
    }
    let bad_first = resolver("169.254.169.254", "127.0.0.1");
    let refused = get(&open("shifty.test", bad_first.clone(), PATIENT), &url).await.err();
    assert_eq!(refused, Some(Failure::Refused(Refused::NotPublic)));
    assert_eq!(bad_first.asked.load(Ordering::SeqCst), 1, "asked once, and not until it suits");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[actix_web::test]
async fn a_request_goes_to_its_target_whatever_it_says_itself() {
    let (port, _) = plain(echo).await;
    let upstream = open("127.0.0.1", Arc::new(Names::default()), PATIENT);
    let target = upstream.guard().admit(&format!("http://127.0.0.1:{port}/real")).unwrap();
    let request =
        http::Request::get("http://127.0.0.1:1/other").header("host", "evil.example").header("user-agent", "curl");
    let answer = soon(upstream.send(&target, request.body(empty()).unwrap())).await.unwrap();
    let head = String::from_utf8(answer.whole(4_096).await.unwrap().to_vec()).unwrap();
    assert!(head.starts_with("GET /real HTTP/1.1\r\n") && !head.contains("evil") && head.contains("curl"), "{head}");
    assert!(head.contains(&format!("127.0.0.1:{port}\r\n")), "{head}");
}

#[actix_web::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let (provider, other) = (Provider::start().await, Provider::start().await);
    let app = provider.app(&[], PATIENT).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("https://{PROVIDER}:{}/", other.port);
        provider.says(Says::head(&format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")));
        let answer = get(&app.app.upstream, &provider.base()).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.headers["location"].to_str().unwrap()), (status, location.as_str()));
    }
    assert!(other.take().is_empty());
}

#[actix_web::test]
async fn a_body_has_an_end_when_it_is_read_and_none_when_it_is_passed_on() {
    const PIECES: usize = 4_096;
    let (port, _) = plain(|mut stream| {
        actix_web::rt::spawn(async move {
            let mut head = [0; 4_096];
            let _head = stream.read(&mut head).await;
            let piece = [b'x'; 16 * 1_024];
            let length = piece.len() * PIECES;
            let _gone =
                stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n").as_bytes()).await;
            for _ in 0..PIECES {
                if stream.write_all(&piece).await.is_err() {
                    return;
                }
            }
        });
    })
    .await;
    let upstream = open("127.0.0.1", Arc::new(Names::default()), PATIENT);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(soon(get(&upstream, &url).await.unwrap().whole(64 * 1_024)).await.err(), Some(Failure::TooLarge));
    let (mut body, mut total, mut largest) = (get(&upstream, &url).await.unwrap().stream(), 0, 0);
    while let Some(frame) = body.frame().await {
        let data = frame.unwrap().into_data().unwrap();
        (total, largest) = (total + data.len(), largest.max(data.len()));
    }
    assert_eq!(total, PIECES * 16 * 1_024);
    assert!(largest <= 1_024 * 1_024, "{largest} bytes at once");
}

#[actix_web::test]
async fn an_authority_file_that_holds_none_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    for text in
        [None, Some(""), Some("no certificate"), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let config = configured(&[("KEYRACK_UPSTREAM_CA_FILE", file.to_str().unwrap())]);
        let error = Upstream::open(&config, Arc::new(Names::default()), PATIENT).err().expect("it refuses");
        assert!(error.to_string().contains("KEYRACK_UPSTREAM_CA_FILE"), "{error}");
    }
}
