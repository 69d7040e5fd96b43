//! Attacks on the proxy: on where a call goes, on what is sent with it, and on what comes back.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use keyrack::upstream::{Resolve, Resolved, Upstream};

use crate::proxy::{Desk, ORDERS, VALUE};
use crate::support::{PATIENT, Provider, Says};

#[actix_web::test]
async fn no_path_leads_out_of_the_base_url() {
    let desk = Desk::set().await;
    let refused = [
        "/proxy/http-request/../admin",
        "/proxy/http-request/a/..",
        "/proxy/http-request/%2e%2e/admin",
        "/proxy/http-request/.%2E/admin",
        "/proxy/http-request/%252e%252e/admin",
        "/proxy/http-request/a%2f..%2f..%2fadmin",
        "/proxy/http-request/a%5c..%5cadmin",
        "/proxy/http-request/a\\..\\admin",
        "/proxy/http-request/..;/admin",
        "/proxy/http-request/a%0d%0ahost:%20evil",
        "/proxy/http-request/%00",
    ];
    for path in refused {
        let answer = desk.agent.call_raw(&format!("GET {path}"), "").await;
        let known = answer.error() == Some("path_refused") || answer.status() == 404 || answer.status() == 400;
        assert!(known && answer.status() < 500, "{path}: {}", answer.head);
        assert!(desk.provider.take().is_empty(), "{path} was sent");
    }
    desk.uses_after(3).await;
    assert_eq!(desk.app.database.count("usage_hours WHERE calls > 0"), 0, "what was never sent is no call");
    let passed = [
        ("/proxy/http-request//evil.example/x", "GET /v1//evil.example/x "),
        ("/proxy/http-request/@evil.example", "GET /v1/@evil.example "),
        ("/proxy/http-request/a%2Fb%3Fc", "GET /v1/a%2Fb%3Fc "),
        ("/proxy/http-request/?next=https://evil.example/..", "GET /v1/?next=https://evil.example/.. "),
        ("http://evil.example/proxy/http-request/a", "GET /v1/a "),
    ];
    for (path, line) in passed {
        let answer = desk.agent.call_raw(&format!("GET {path}"), "").await;
        assert_eq!(answer.status(), 200, "{path}: {}", answer.head);
        let sent = desk.provider.take();
        assert!(sent[0].starts_with(line), "{path}: {}", sent[0]);
        let host = format!("host: api.provider.test:{}\r\n", desk.provider.port);
        assert!(sent[0].to_lowercase().contains(&host), "{}", sent[0]);
    }
}

#[actix_web::test]
async fn a_key_goes_to_no_other_host() {
    let desk = Desk::set().await;
    let elsewhere = Provider::start().await;
    let at = format!("127.0.0.1:{}", elsewhere.port);
    for host in [at.as_str(), "evil.example", "api.provider.test", "[::1]"] {
        let answer = desk.agent.call(("GET", ORDERS), &[("keyrack-host", host)], "").await;
        answer.refused(403, "host_not_allowed");
    }
    // On its own host a key stays below its base.
    let own = format!("API.provider.test:{}", desk.provider.port);
    desk.agent
        .call(("GET", "/proxy/http-request/root"), &[("keyrack-host", &own)], "")
        .await
        .refused(403, "host_not_allowed");
    assert!(desk.provider.take().is_empty());
    // No redirect is followed, wherever it leads.
    for place in [
        format!("https://{at}/"),
        "//evil.example/".to_owned(),
        "/v1/next".to_owned(),
        "http://api.provider.test/".to_owned(),
    ] {
        desk.provider.says(Says::head(&format!(
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: {place}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )));
        let answer = desk.agent.call_raw(&format!("GET {ORDERS}"), "").await;
        assert!(answer.status() == 307 && answer.head.contains(&format!("location: {place}\r\n")), "{}", answer.head);
        assert_eq!(desk.provider.take().len(), 1);
    }
    assert!(elsewhere.take().is_empty());
}

#[actix_web::test]
async fn a_caller_says_nothing_about_who_they_are() {
    let desk = Desk::set().await;
    let headers = "Connection: authorization, x-mine\r\nX-Mine: 1\r\nCookie: session=mine\r\nProxy-Authorization: Basic eDp5\r\n\
                   X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: evil\r\nForwarded: for=evil\r\nX_Forwarded_For: 1\r\n\
                   Keyrack-Secret-Note: 1\r\nTE: deflate\r\nAccept-Encoding: gzip\r\nExpect: 100-continue\r\nAccept: a/b\r\n";
    let line = format!("GET {ORDERS} HTTP/1.1\r\nhost: keyrack.test\r\n");
    let answer = desk.agent.call_bytes(&format!("{line}connection: close\r\n{headers}"), b"").await;
    assert_eq!(answer.status(), 200, "{}", answer.head);
    let sent = desk.provider.take()[0].clone();
    let lower = sent.to_lowercase();
    for gone in ["x-mine", "cookie", "proxy-", "forwarded", "keyrack-", "te:", "gzip", "expect", "kr_test_"] {
        assert!(!lower.contains(gone), "{gone}: {sent}");
    }
    assert!(lower.contains("accept: a/b\r\n") && lower.contains("accept-encoding: identity\r\n"), "{sent}");
    assert_eq!(lower.matches("authorization:").count(), 1);
    assert!(sent.contains(&format!("Bearer {VALUE}")), "{sent}");
}

#[actix_web::test]
async fn two_lengths_are_none() {
    let desk = Desk::set().await;
    let shapes = [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: -1\r\n",
        "content-length: +5\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: xchunked\r\n",
    ];
    for shape in shapes {
        let head = format!("POST {ORDERS} HTTP/1.1\r\nhost: keyrack.test\r\nconnection: close\r\n{shape}");
        let answer = desk.agent.call_bytes(&head, b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!((400..500).contains(&answer.status()), "{shape}: {}", answer.head);
        assert!(desk.provider.take().is_empty(), "{shape} was sent");
    }
    let head =
        format!("POST {ORDERS} HTTP/1.1\r\nhost: keyrack.test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n");
    assert_eq!(desk.agent.call_bytes(&head, b"5\r\nhello\r\n0\r\n\r\n").await.status(), 200);
}

#[actix_web::test]
async fn what_comes_back_neither_repeats_the_key_nor_acts_on_keyrack() {
    let desk = Desk::set().await;
    let base64 = data_encoding::BASE64.encode(VALUE.as_bytes());
    let hex = data_encoding::HEXLOWER.encode(VALUE.as_bytes());
    let body = format!("you sent Bearer {VALUE}, that is {base64} or {hex}");
    desk.provider.says(Says::head(&format!(
        "HTTP/1.1 200 OK\r\nset-cookie: keyrack=1\r\nclear-site-data: \"*\"\r\nalt-svc: h3=\":443\"\r\nrefresh: 0\r\n\
         x-echo: Bearer {VALUE}\r\ncontent-type: text/html\r\ncontent-security-policy: script-src *\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )));
    let answer = desk.agent.call_raw(&format!("GET {ORDERS}"), "").await;
    assert_eq!((answer.status(), answer.body.len()), (200, body.len()), "{}", answer.head);
    for text in [VALUE, &base64, &hex] {
        assert!(!answer.text().contains(text) && !answer.head.contains(text), "{text}");
    }
    assert!(answer.text().starts_with(&format!("you sent Bearer {}", "*".repeat(VALUE.len()))), "{}", answer.text());
    let head = answer.head.to_lowercase();
    for gone in ["set-cookie", "clear-site-data", "alt-svc", "refresh:", "script-src"] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    assert!(head.contains("sandbox") && head.contains("nosniff"), "{head}");
}

#[actix_web::test]
async fn an_address_that_is_not_public_is_not_called() {
    let mut desk = Desk::set().await;
    // Stored while the name was good; the guard looks at every call.
    for base in ["https://localhost:1/v1", "https://10.0.0.7/v1", "https://[::1]/", "https://169.254.169.254/latest"] {
        let fields = [
            ("placement", "bearer"),
            ("field-base_url", base),
            ("bearer-access_token", "tok_near_1234567890abcdWXYZ"),
            ("name", base),
            ("environment", "test"),
            ("delivery", "proxy"),
            ("expires_on", ""),
        ];
        let new = "/w/acme/secrets/new/http-request";
        let stored = desk.ada.submit(new, new, &fields).await;
        if stored.status != 303 {
            continue;
        }
        let id = stored.location().rsplit('/').next().unwrap().to_owned();
        let answer = desk.agent.call(("GET", ORDERS), &[("keyrack-secret", &id)], "").await;
        assert!([403, 502].contains(&answer.status), "{base}: {}", answer.text);
        assert!(!answer.header("keyrack-error").is_empty(), "{base}");
    }
    assert!(desk.provider.take().is_empty());
}

/// A name that is good when it is asked for first, leads into a private network then, and nowhere afterwards.
#[derive(Default)]
struct Turning(AtomicUsize);

impl Resolve for Turning {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolved<'a> {
        let addresses: Vec<IpAddr> = match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => vec![[127, 0, 0, 1].into()],
            1 => vec![[10, 0, 0, 7].into()],
            _ => Vec::new(),
        };
        Box::pin(std::future::ready(addresses))
    }
}

#[actix_web::test]
async fn a_name_that_turns_is_called_where_it_was_looked_at_and_not_again() {
    let provider = Provider::start().await;
    let names = Arc::new(Turning::default());
    let turning = names.clone();
    let app = provider
        .app_set((&[], PATIENT), &[], |app| {
            app.upstream = Upstream::open(&app.config.upstream, turning, PATIENT).unwrap();
        })
        .await;
    let mut ada = app.owner().await;
    ada.add_bearer(&provider.base(), "Orders", VALUE).await;
    let agent = app.token("test", "proxy").await;
    assert_eq!(agent.call(("GET", ORDERS), &[], "").await.status, 200);
    assert_eq!(names.0.load(Ordering::Relaxed), 1, "it is asked for once for each connection");
    // The provider ends its connections, so that the next call needs another.
    agent.call(("GET", ORDERS), &[], "").await.refused(403, "host_not_allowed");
    assert_eq!(provider.take().len(), 1);
    app.counted().await;
    assert_eq!(app.database.count("usage_hours WHERE failures > 0"), 0, "what was never sent is no call");
    // A name that is gone is the provider's trouble.
    agent.call(("GET", ORDERS), &[], "").await.refused(502, "upstream_unreachable");
    app.counted().await;
    assert_eq!(app.database.count("usage_hours WHERE failures = 1"), 1);
}

#[actix_web::test]
async fn what_stands_where_the_key_belongs_is_taken_out_in_every_spelling() {
    let mut desk = Desk::set().await;
    let page = desk.ada.add_gitlab(&desk.provider, "Code", VALUE).await;
    let headers = format!(
        "PRIVATE-TOKEN: mine\r\nprivate-token: mine\r\nPrivate_Token: mine\r\nKeyrack-Secret: {}\r\n",
        page.rsplit('/').next().unwrap()
    );
    let answer = desk.agent.call_raw("GET /proxy/gitlab/user?private_token=theirs", &headers).await;
    assert_eq!(answer.status(), 200, "{}", answer.head);
    let sent = desk.provider.take()[0].to_lowercase();
    assert!(sent.contains(&format!("private-token: {}\r\n", VALUE.to_lowercase())), "{sent}");
    assert_eq!((sent.matches("private-token:").count(), sent.contains("mine")), (1, false), "{sent}");
}

#[actix_web::test]
async fn what_somebody_wrote_is_put_into_nobody_elses_terminal() {
    let mut desk = Desk::set().await;
    let code = |page: crate::support::Page| page.text_of("#call");
    let written = json!({ "method": "GET", "path": "/me;id", "verified": [200], "rejected": [401] });
    desk.app.describe_probe(&written);
    assert!(code(desk.ada.get(&desk.page).await).starts_with("curl 'http"), "it is shown");
    let shown = code(desk.ada.get(&desk.page).await);
    assert!(shown.contains("/proxy/http-request/'") && !shown.contains("me;id"), "{shown}");
}

#[actix_web::test]
async fn nothing_that_is_compressed_is_unpacked() {
    let desk = Desk::set().await;
    let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\nconnection: close\r\n\r\nno bomb!!";
    desk.provider.says(Says::head(head));
    let answer = desk.agent.call_raw(&format!("GET {ORDERS}"), "accept-encoding: gzip, br\r\n").await;
    assert!(answer.head.contains("content-encoding: gzip\r\n"), "{}", answer.head);
    assert_eq!(answer.text(), "no bomb!!");
    assert!(desk.provider.take()[0].contains("accept-encoding: identity\r\n"));
}
