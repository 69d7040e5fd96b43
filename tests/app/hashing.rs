//! What slows guessing down: a short queue for password hashes, and counters for each source.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use actix_web::rt::spawn;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use keyrack::crypto::Hasher;
use keyrack::domain::Chance;
use zeroize::Zeroizing;

use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp, soon};

const WRONG: &str = "none of these words is right";
const BEHIND_A_PROXY: (&str, &str) = ("KEYRACK_TRUSTED_PROXIES", "127.0.0.1");
/// How many requests may wait for a hash, and how many hashes are made at once.
const WAITING: usize = 16;
const AT_ONCE: usize = 2;

/// Chance that lets whoever draws wait, while it is closed. A new hash draws its salt, and a check draws nothing.
#[derive(Default)]
struct Turnstile {
    closed: AtomicBool,
    waiting: Mutex<usize>,
    changed: Condvar,
}

impl Chance for Turnstile {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
        let mut waiting = self.waiting.lock().unwrap();
        *waiting += 1;
        self.changed.notify_all();
        while self.closed.load(Ordering::SeqCst) {
            waiting = self.changed.wait(waiting).unwrap();
        }
        *waiting -= 1;
    }
}

/// Opens the turnstile again when it goes, also when a test fails: no thread may wait for ever.
struct Closed(Arc<Turnstile>);

impl Drop for Closed {
    fn drop(&mut self) {
        let _waiting = self.0.waiting.lock().unwrap();
        self.0.closed.store(false, Ordering::SeqCst);
        self.0.changed.notify_all();
    }
}

impl Turnstile {
    fn close(self: Arc<Self>) -> Closed {
        self.closed.store(true, Ordering::SeqCst);
        Closed(self)
    }

    /// Waits until so many stand before it.
    fn await_waiting(&self, count: usize) {
        let mut waiting = self.waiting.lock().unwrap();
        while *waiting < count {
            waiting = self.changed.wait(waiting).unwrap();
        }
    }
}

/// Signs in with a form that was fetched before.
async fn send(mut browser: Browser, csrf: String, email: String) -> Page {
    browser.post("/sign-in", &[("csrf", &csrf), ("email", &email), ("password", WRONG)]).await
}

#[actix_web::test]
async fn only_a_few_sign_ins_wait_for_a_hash() {
    const TOO_MANY: usize = 7;
    let turnstile = Arc::new(Turnstile::default());
    let chance = turnstile.clone();
    let app = TestApp::start_altered(1, &[], |app| {
        app.hasher = Arc::new(Hasher::new(app.config.passwords, chance));
    });
    let app = app.await;
    app.owner().await;
    let mut forms = Vec::new();
    for number in 0..WAITING + TOO_MANY {
        let mut browser = app.anonymous().forwarded_for(&format!("203.0.113.{number}"));
        let csrf = browser.get("/sign-in").await.csrf();
        forms.push((browser, csrf, format!("somebody{number}@example.com")));
    }

    let closed = turnstile.clone().close();
    for _ in 0..AT_ONCE {
        let hasher = app.app.hasher.clone();
        drop(spawn(async move { hasher.hash(Zeroizing::new(PASSWORD.to_owned())).await }));
    }
    let (at, count) = (turnstile.clone(), AT_ONCE);
    actix_web::rt::task::spawn_blocking(move || at.await_waiting(count)).await.unwrap();
    let mut running: FuturesUnordered<_> =
        forms.into_iter().map(|(browser, csrf, email)| spawn(send(browser, csrf, email))).collect();
    for _ in 0..TOO_MANY {
        // The hashers stand still: whoever is answered now was sent away.
        let page = soon(running.next()).await.unwrap().unwrap();
        assert_eq!(page.status, 503, "{}", page.text);
        assert!(page.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
    }
    drop(closed);
    while let Some(page) = running.next().await {
        assert_eq!(page.unwrap().status, 422, "those who waited get their answer");
    }
    // By address, by pair and by account; whoever was sent away is not counted.
    let counted = app.database.number("SELECT CAST(SUM(hits) AS BIGINT) AS number FROM throttles");
    assert_eq!(counted, i64::try_from(3 * WAITING).unwrap());
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn an_address_has_fifty_attempts_whatever_it_says_of_itself() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut known = app.anonymous();
    assert_eq!(known.sign_in(EMAIL, PASSWORD).await.status, 303);
    known.sign_out().await;
    for number in 0..50 {
        let mut guesser = app.anonymous().forwarded_for(&format!("203.0.113.{number}, 198.51.100.{number}"));
        let page = guesser.sign_in(&format!("somebody{number}@example.com"), WRONG).await;
        assert_eq!(page.status, 422, "attempt {number}");
    }
    let mut guesser = app.anonymous().forwarded_for("203.0.113.77");
    assert_eq!(guesser.sign_in("somebody50@example.com", WRONG).await.status, 429);
    assert_eq!(guesser.sign_in(EMAIL, PASSWORD).await.status, 429, "the right password does not open it");
    assert_eq!(known.sign_in(EMAIL, PASSWORD).await.status, 303, "a known device is not locked out");
    app.advance(Duration::from_mins(15));
    assert_eq!(guesser.sign_in(EMAIL, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn behind_a_proxy_each_address_counts_for_itself() {
    let app = TestApp::start_set(&[BEHIND_A_PROXY]).await;
    app.owner().await;
    for number in 0..50 {
        // What stands before the last address was written by the guesser.
        let mut guesser = app.anonymous().forwarded_for(&format!("203.0.113.{number}, 192.0.2.1"));
        let page = guesser.sign_in(&format!("somebody{number}@example.com"), WRONG).await;
        assert_eq!(page.status, 422, "attempt {number}");
    }
    let from = |address: &str| app.anonymous().forwarded_for(address);
    assert_eq!(from("192.0.2.1").sign_in("somebody50@example.com", WRONG).await.status, 429);
    assert_eq!(from("::ffff:192.0.2.1").sign_in("somebody50@example.com", WRONG).await.status, 429);
    assert_eq!(from("192.0.2.2").sign_in("somebody50@example.com", WRONG).await.status, 422);
    assert_eq!(from("192.0.2.2").sign_in(EMAIL, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn a_household_of_ipv6_addresses_counts_once() {
    let app = TestApp::start_set(&[BEHIND_A_PROXY]).await;
    app.owner().await;
    let from = |address: &str| app.anonymous().forwarded_for(address);
    for host in ["::1", "::2", ":ffff::1", ":a:b:c:d", "::1"] {
        assert_eq!(from(&format!("2001:db8:1:2{host}")).sign_in(EMAIL, WRONG).await.status, 422, "{host}");
    }
    assert_eq!(from("2001:db8:1:2::99").sign_in(EMAIL, PASSWORD).await.status, 429);
    assert!(app.clock.slept().is_empty());
    assert_eq!(from("2001:db8:1:3::1").sign_in(EMAIL, PASSWORD).await.status, 303, "another household");
    assert_eq!(app.clock.slept(), [Duration::from_secs(1)], "five failures of one account make strangers wait");
}
