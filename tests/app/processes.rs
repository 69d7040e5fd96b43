//! The real program among other processes: started twice at once, killed, and told to stop.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use actix_web::rt::task::spawn_blocking;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

use crate::support::{Machine, Token, verify_chains};

const VALUE: &str = "rk_test_first1234567890";

#[actix_web::test]
async fn two_first_starts_at_once_make_one_installation() {
    for _ in 0..3 {
        let machine = Machine::new();
        let (mut one, mut other) = (machine.serve(), machine.serve());
        one.ready().await;
        other.ready().await;
        let migrations = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap().count();
        assert_eq!(machine.database.count("__diesel_schema_migrations"), i64::try_from(migrations).unwrap());
        assert_eq!(machine.database.count("installation_keys"), 2);
        assert_eq!(machine.database.count("master_checks"), 1);
        assert_eq!(machine.database.count("audit_chains"), 1, "the installation's own");

        let token = machine.set_up();
        assert_eq!(one.token(&token).put("stripe", "anna", VALUE).await.status, 200);
        other.token(&token).vend("stripe", "anna").await.hands_out(VALUE);
        verify_chains(&machine.database, &machine.open().await.keyring);
    }
}

fn value(number: u32) -> String {
    format!("rk_test_{number}abcd")
}

fn user(number: u32) -> String {
    format!("customer-{number}")
}

/// Stores one key and fetches it, as far as the server lives; its number where it was stored for certain.
async fn store_one(token: &Token, number: u32) -> Option<u32> {
    let put = token.try_put("stripe", &user(number), &value(number)).await.ok()?;
    assert_eq!(put.status, 200, "{}", put.text);
    Some(number)
}

/// A stream of keys, a few at a time, until so many have been answered; those that were. Others are on their way then.
async fn store_until(token: &Token, first: u32, enough: usize) -> Vec<u32> {
    const AT_ONCE: u32 = 6;
    let mut next = first + AT_ONCE;
    let mut running: FuturesUnordered<_> = (first..next).map(|number| store_one(token, number)).collect();
    let mut stored = Vec::new();
    while let Some(done) = running.next().await {
        stored.extend(done);
        if stored.len() >= enough {
            break;
        }
        running.push(store_one(token, next));
        next += 1;
    }
    stored
}

#[actix_web::test]
async fn what_was_answered_outlives_a_kill() {
    let machine = Machine::new();
    let text = machine.set_up();
    let mut stored = Vec::new();
    for (round, enough) in (0_u32..).zip([1, 2, 5, 9, 14, 23]) {
        let mut server = machine.serve();
        server.ready().await;
        let token = server.token(&text);
        for &number in &stored {
            token.vend("stripe", &user(number)).await.hands_out(&value(number));
        }
        stored.extend(store_until(&token, round * 1_000, enough).await);
        server.kill();
    }
    assert!(stored.len() >= 54);
    let mut server = machine.serve();
    server.ready().await;
    let token = server.token(&text);
    for &number in &stored {
        token.vend("stripe", &user(number)).await.hands_out(&value(number));
    }
    verify_chains(&machine.database, &machine.open().await.keyring);
}

/// A request whose head has arrived for certain, and whose body has not been sent.
struct Begun {
    stream: BufReader<TcpStream>,
    body: String,
}

impl Begun {
    fn put(address: &str, token: &str, user: &str) -> Self {
        let body = json!({ "user_id": user, "secret": VALUE }).to_string();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let head = format!(
            "PUT /data-integrations/stripe/api-key HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 100"), "{line}");
        Self { stream, body }
    }

    /// Sends the rest; the whole answer.
    fn finish(mut self) -> String {
        self.stream.get_mut().write_all(self.body.as_bytes()).unwrap();
        let mut answer = String::new();
        // A server that stops closes the connection after its answer.
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

#[actix_web::test]
async fn a_stop_lets_running_requests_finish() {
    let machine = Machine::new();
    let text = machine.set_up();
    let mut server = machine.serve();
    server.ready().await;
    let begun = Begun::put(&server.address, &text, "anna");
    server.terminate();
    server.closed().await;
    let answer = spawn_blocking(move || begun.finish()).await.unwrap();
    assert!(answer.contains("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(server.ended().await.code(), Some(0));

    let mut again = machine.serve();
    again.ready().await;
    again.token(&text).vend("stripe", "anna").await.hands_out(VALUE);
    again.terminate();
    assert_eq!(again.ended().await.code(), Some(0));
}
