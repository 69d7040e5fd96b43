//! What upstream says on its way back through the proxy: all of it as it is, and as soon as it is there.

use crate::proxy::{Desk, ORDERS, VALUE, with_account};
use crate::support::{BRIEF, Line, Says, soon};

#[actix_web::test]
async fn what_upstream_says_is_told_as_it_is() {
    let desk = Desk::set().await;
    let cases = [
        ("400 Bad Request", "plainly wrong"),
        ("401 Unauthorized", "{\"code\":\"not_found\"}"),
        ("404 Not Found", "nothing here"),
        ("405 Method Not Allowed", "no"),
        ("413 Payload Too Large", "much"),
        ("429 Too Many Requests", "slow down"),
        ("500 Internal Server Error", "trouble"),
        ("503 Service Unavailable", "later"),
        ("206 Partial Content", "a pa"),
        ("302 Found", ""),
    ];
    for (status, body) in cases {
        desk.provider.says(Says::status(status, body));
        let answer = desk.agent.call(("GET", ORDERS), &[("range", "bytes=0-3")], "").await;
        assert_eq!((answer.status.to_string(), answer.text.as_str()), (status[..3].to_owned(), body));
        assert!(answer.headers.get("keyrack-error").is_none(), "{status}");
        assert!(desk.provider.take()[0].to_lowercase().contains("range: bytes=0-3\r\n"));
    }
    for status in ["204 No Content", "304 Not Modified"] {
        desk.provider.says(Says::head(&format!("HTTP/1.1 {status}\r\netag: \"1\"\r\nconnection: close\r\n\r\n")));
        let answer = desk.agent.call_raw(&format!("GET {ORDERS}"), "").await;
        assert_eq!(answer.status().to_string(), status[..3]);
        assert!(answer.body.is_empty() && answer.head.contains("etag: \"1\""), "{}", answer.head);
    }
}

#[actix_web::test]
async fn errors_of_keyracks_own_are_told_from_upstreams() {
    let desk = Desk::set_as(&[BRIEF]).await;
    for (says, status, code) in [
        (Says::head(""), 502, "upstream_unreachable"),
        (Says::head("HELO\r\n\r\n"), 502, "upstream_unreachable"),
        (Says::hanging(""), 504, "upstream_timeout"),
    ] {
        desk.provider.says(says);
        let answer = desk.agent.call(("GET", ORDERS), &[], "").await;
        answer.refused(status, code);
        assert_eq!(answer.header("keyrack-error"), code);
    }
    let uses = desk.uses().await;
    assert!(
        uses.iter()
            .any(|entry| entry.contains("\"failure\":\"the call came to nothing: there was no answer in time\"")),
        "{uses:?}"
    );
    // Upstream cannot pass for Keyrack.
    desk.provider.says(Says::head(
        "HTTP/1.1 404 Not Found\r\nkeyrack-error: not_found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ));
    let answer = desk.agent.call(("GET", ORDERS), &[], "").await;
    assert!(answer.status == 404 && answer.headers.get("keyrack-error").is_none());
}

#[actix_web::test]
async fn events_come_as_they_happen_and_what_stands_still_is_ended() {
    let desk = Desk::set_as(&[BRIEF]).await;
    desk.provider.says(Says::hanging("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: one\n\n"));
    let mut line = Line::open(desk.agent.base()).await;
    let head =
        format!("GET {ORDERS} HTTP/1.1\r\nhost: keyrack.test\r\nauthorization: Bearer {}\r\n\r\n", desk.agent.text);
    line.say(head.as_bytes()).await;
    line.hears("data: one\n\n").await;
    line.ends().await;
    let heard = String::from_utf8_lossy(&line.heard).into_owned();
    assert!(!heard.ends_with("0\r\n\r\n"), "a whole answer: {heard}");
    let uses = desk.uses_after(1).await;
    assert!(uses.last().unwrap().contains("the answer did not end in time"), "{uses:?}");
}

#[actix_web::test]
async fn what_stands_behind_a_body_is_for_those_who_read_it() {
    let desk = Desk::set().await;
    let says = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-checksum\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n\
         0\r\nx-checksum: 42\r\nx-echo: {VALUE}\r\nset-cookie: a=b\r\ncontent-type: text/html\r\n\r\n"
    );
    desk.provider.says(Says::head(&says));
    let reads = "te: trailers\r\nconnection: te\r\n";
    let answer = desk.agent.call_raw(&format!("GET {ORDERS}"), reads).await;
    let masked = "*".repeat(VALUE.len());
    let text = answer.text();
    let (body, behind) = text.split_once("0\r\nx-").expect("it ends with fields");
    let pieces: String = body.split("\r\n").skip(1).step_by(2).collect();
    assert_eq!(
        (pieces.as_str(), behind),
        ("hello, world", format!("checksum: 42\r\nx-echo: {masked}\r\n\r\n").as_str())
    );
    assert_eq!(answer.head.matches("transfer-encoding: chunked").count(), 1, "{}", answer.head);
    assert!(desk.provider.take()[0].to_lowercase().contains("te: trailers\r\n"));

    // To others the body ends as ever.
    let answer = desk.agent.call(("GET", ORDERS), &[], "").await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "hello, world"));
    assert!(!desk.provider.take()[0].to_lowercase().contains("te: "));
    // The connection goes on afterwards.
    let mut line = Line::open(desk.agent.base()).await;
    let head = format!(
        "GET {ORDERS} HTTP/1.1\r\nhost: keyrack.test\r\n{reads}authorization: Bearer {}\r\n\r\n",
        desk.agent.text
    );
    for _ in 0..2 {
        line.heard.clear();
        line.say(head.as_bytes()).await;
        line.hears(&format!("x-echo: {masked}\r\n\r\n")).await;
    }
    // One that breaks off has no end.
    desk.provider.says(Says::head("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"));
    let answer = desk.agent.call_raw(&format!("GET {ORDERS}"), reads).await;
    assert!(answer.text().contains("hello") && !answer.text().contains("\r\n0\r\n"), "{}", answer.text());
}

#[actix_web::test]
async fn a_caller_who_goes_away_ends_the_call() {
    let desk = Desk::set().await;
    desk.provider.says(Says::hanging("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nbegun"));
    let mut line = Line::open(desk.agent.base()).await;
    let head =
        format!("GET {ORDERS} HTTP/1.1\r\nhost: keyrack.test\r\nauthorization: Bearer {}\r\n\r\n", desk.agent.text);
    line.say(head.as_bytes()).await;
    line.hears("begun").await;
    drop(line);
    let uses = desk.uses_after(1).await;
    assert!(uses.last().unwrap().contains("whoever asked had gone away"), "{uses:?}");
}

#[actix_web::test]
async fn a_websocket_goes_on_both_ways() {
    let desk = Desk::set().await;
    let welcome = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: abc\r\n\r\nhello {VALUE} "
    );
    desk.provider.says(Says::echoing(&welcome));
    let mut line = Line::open(desk.agent.base()).await;
    let head = format!(
        "GET {ORDERS} HTTP/1.1\r\nhost: keyrack.test\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: \
         abc\r\nsec-websocket-version: 13\r\nsec-websocket-extensions: permessage-deflate\r\nauthorization: Bearer {}\r\n\r\n",
        desk.agent.text
    );
    line.say(head.as_bytes()).await;
    line.hears("hello ").await;
    line.say(b"ping-from-here").await;
    line.hears("ping-from-here").await;
    let heard = String::from_utf8_lossy(&line.heard).into_owned();
    assert!(heard.starts_with("HTTP/1.1 101 ") && heard.to_lowercase().contains("upgrade: websocket"), "{heard}");
    assert!(!heard.contains(VALUE) && heard.contains(&"*".repeat(VALUE.len())), "{heard}");
    let sent = desk.provider.take()[0].to_lowercase();
    assert!(sent.contains("upgrade: websocket\r\n") && sent.contains("sec-websocket-key: abc\r\n"), "{sent}");
    assert!(!sent.contains("extensions"), "what is compressed cannot be masked: {sent}");

    // Upstream may not go over by itself.
    let answer = desk.agent.call(("GET", ORDERS), &[], "").await;
    answer.refused(502, "upstream_unreachable");
}

#[actix_web::test]
async fn what_is_said_on_a_websocket_counts_also_after_a_renewal() {
    let (stage, agent) = with_account().await;
    let giving = stage.giving.clone();
    stage.provider.answers(move |request| {
        if !request.starts_with("GET ") {
            return giving.answer(request);
        }
        let is_old = request.contains("access-canary-1");
        let welcome = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nhello ";
        if is_old { Says::status("401 Unauthorized", "old") } else { Says::echoing(welcome) }
    });
    let mut line = Line::open(agent.base()).await;
    let head = format!(
        "GET /proxy/gitlab/live HTTP/1.1\r\nhost: keyrack.test\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         authorization: Bearer {}\r\n\r\n",
        agent.text
    );
    line.say(head.as_bytes()).await;
    line.hears("hello ").await;
    line.say(b"ping-from-here").await;
    line.hears("ping-from-here").await;
    drop(line);
    let ended = async {
        loop {
            stage.app.counted().await;
            let said = "entry LIKE '%\"secret.call_ended\"%\"sent\":14%'";
            let found = stage.app.database.texts(&format!("SELECT entry AS text FROM audit_entries WHERE {said}"));
            if !found.is_empty() {
                return;
            }
            actix_web::rt::task::yield_now().await;
        }
    };
    soon(ended).await;
}
