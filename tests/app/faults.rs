//! When the database is busy, away or broken: nobody waits long, nothing is lost, and it goes on afterwards.

use std::sync::mpsc;

use actix_web::rt::task::{JoinHandle, spawn_blocking};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use keyrack::store::access::{AskNothing, Nobody, Proof};
use keyrack::store::{Db, Outcome, ReadTx, Unrecorded, WriteTx};

use crate::support::{Answer, EMAIL, PASSWORD, Page, TestApp, Token, WORKSPACE, run, soon, verify_chains};

const VALUE: &str = "rk_test_first1234567890";
const OTHER: &str = "rk_test_other0987654321";
const PATIENT: (&str, &str) = ("KEYRACK_DATABASE_WAIT_MS", "60000");
/// One connection, and a wait for it that outlasts a disk that stands still for a moment, but ends well before `soon`.
const HURRIED: [(&str, &str); 2] = [("KEYRACK_DATABASE_POOL", "1"), ("KEYRACK_DATABASE_WAIT_MS", "5000")];

/// A connection that somebody keeps to himself until he is told to let go.
struct Held {
    let_go: mpsc::Sender<()>,
    work: JoinHandle<Outcome<()>>,
}

impl Held {
    async fn new(db: &Db, writing: bool) -> Self {
        let (let_go, told) = mpsc::channel::<()>();
        let (here, held) = tokio::sync::oneshot::channel();
        let (db, mut here) = (db.clone(), Some(here));
        let mut wait = move || {
            here.take().unwrap().send(()).unwrap();
            // Ends with an error when the other end is dropped, which is what it waits for.
            let _gone = told.recv();
        };
        let work = actix_web::rt::spawn(async move {
            if writing {
                let work = move |tx: &mut WriteTx<'_>, _: &Proof<'_, Nobody>| {
                    wait();
                    tx.unrecorded(Unrecorded::Nothing);
                    Ok(())
                };
                return db.write(AskNothing, work).await;
            }
            let look = move |_: &mut ReadTx<'_>, _: &Proof<'_, Nobody>| {
                wait();
                Ok(())
            };
            db.read(AskNothing, look).await
        });
        held.await.unwrap();
        Self { let_go, work }
    }

    async fn let_go(self) {
        drop(self.let_go);
        self.work.await.unwrap().unwrap();
    }
}

/// A page that says that Keyrack is busy, and when to come again.
#[track_caller]
fn is_busy(page: &Page) {
    assert_eq!(page.status, 503, "{}", page.text);
    assert!(page.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.text.contains(page.header("x-request-id")));
}

#[actix_web::test]
async fn whoever_finds_no_connection_is_told_so_quickly() {
    let app = TestApp::start_set(&HURRIED).await;
    let mut ada = app.owner().await;
    let token = app.token("test", "vend,connect").await;
    assert_eq!(token.put("stripe", "anna", VALUE).await.status, 200);

    let reader = Held::new(&app.app.db, false).await;
    is_busy(&soon(ada.get("/w/acme")).await);
    soon(token.vend("stripe", "anna")).await.is_busy();
    assert_eq!(soon(app.anonymous().get("/health/ready")).await.status, 503);
    assert_eq!(soon(app.anonymous().get("/health/live")).await.status, 200);
    reader.let_go().await;

    assert_eq!(ada.get("/w/acme").await.status, 200, "still signed in");
    token.vend("stripe", "anna").await.hands_out(VALUE);
    assert_eq!(app.anonymous().get("/health/ready").await.status, 200);
}

#[actix_web::test]
async fn whoever_cannot_write_is_told_so_quickly() {
    let app = TestApp::start_set(&HURRIED).await;
    app.owner().await;
    let token = app.token("test", "vend,connect").await;
    assert_eq!(token.put("stripe", "anna", VALUE).await.status, 200);
    let mut browser = app.anonymous();
    let csrf = browser.get("/sign-in").await.csrf();
    let form = [("csrf", csrf.as_str()), ("email", EMAIL), ("password", PASSWORD)];

    let writer = Held::new(&app.app.db, true).await;
    soon(token.put("stripe", "anna", OTHER)).await.is_busy();
    let unrecorded = soon(token.vend("stripe", "anna")).await;
    unrecorded.is_busy();
    assert!(!unrecorded.text.contains(VALUE));
    is_busy(&soon(browser.post("/sign-in", &form)).await);
    assert!(!browser.cookies.contains_key("keyrack"));
    writer.let_go().await;

    token.vend("stripe", "anna").await.hands_out(VALUE);
    assert_eq!(token.put("stripe", "anna", OTHER).await.status, 200);
    assert_eq!(browser.post("/sign-in", &form).await.status, 303);
}

/// The command line, writing to the same database from another process.
async fn token_from_another_process(app: &TestApp) -> Token {
    let (folder, url, keys) = (app.folder().to_owned(), app.database.url.clone(), app.master_key_file());
    let made = spawn_blocking(move || {
        let settings = [("KEYRACK_DATABASE_URL", url.as_str()), ("KEYRACK_MASTER_KEY_FILE", keys.to_str().unwrap())];
        let args = ["token", "create", "--workspace", WORKSPACE, "--name", "Other", "--environment", "test"];
        run(&folder, &settings, &[&args[..], &["--allow", "vend,connect"]].concat(), "")
    });
    let made = made.await.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    Token::new(&app.base, String::from_utf8(made.stdout).unwrap().trim_end())
}

#[actix_web::test]
async fn fifty_writers_at_once_never_get_in_each_others_way() {
    let app = TestApp::start_set(&[PATIENT]).await;
    app.owner().await;
    let token = app.token("test", "vend,connect").await;
    let users: Vec<String> = (0..50).map(|number| format!("customer-{number}")).collect();
    for round in 0..4 {
        let value = |user: &str| format!("rk_test_{round}{}", user.replace('-', ""));
        let puts = join_all(users.iter().map(|user| {
            let (token, value) = (token.clone(), value(user));
            async move { token.put("stripe", user, &value).await }
        }));
        let (puts, other) = tokio::join!(puts, token_from_another_process(&app));
        for put in puts {
            assert_eq!(put.status, 200, "{}", put.text);
        }
        let vends = join_all(users.iter().map(|user| other.vend("stripe", user))).await;
        for (user, vend) in users.iter().zip(vends) {
            vend.hands_out(&value(user));
        }
    }
    verify_chains(&app.database, &app.app.keyring);
}

/// Ends all connections that the server has, as a restart or a failover does.
fn cut_connections(app: &TestApp) {
    app.database.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
}

#[actix_web::test]
async fn cut_connections_cost_at_most_a_503() {
    let app = TestApp::start_set(&[PATIENT]).await;
    if !app.database.is_postgres() {
        return;
    }
    let mut ada = app.owner().await;
    let token = app.token("test", "vend,connect").await;
    for round in 0..6 {
        let mut running: FuturesUnordered<_> = (0..24).map(|number| put_and_vend(&token, round, number)).collect();
        while let Some(finished) = running.next().await {
            if finished.status != 200 {
                finished.is_busy();
            }
            // The others are somewhere on their way.
            cut_connections(&app);
        }
        assert_eq!(ada.get("/w/acme").await.status, 200);
        put_and_vend(&token, round, 24).await.hands_out(&value(round, 24));
    }
    verify_chains(&app.database, &app.app.keyring);
}

fn value(round: u32, number: u32) -> String {
    format!("rk_test_{round}{number}abcd")
}

/// The last answer, which is the vend's where the key was stored.
async fn put_and_vend(token: &Token, round: u32, number: u32) -> Answer {
    let (token, user) = (token.clone(), format!("customer-{round}-{number}"));
    let put = token.put("stripe", &user, &value(round, number)).await;
    if put.status == 200 { token.vend("stripe", &user).await } else { put }
}

const BREAK: [(&str, &str, &str); 2] = [
    ("the table is gone", "ALTER TABLE audit_entries RENAME TO away", "ALTER TABLE away RENAME TO audit_entries"),
    ("the head is gone", "ALTER TABLE audit_chains RENAME TO away", "ALTER TABLE away RENAME TO audit_chains"),
];

#[actix_web::test]
async fn nothing_is_handed_out_or_changed_without_its_record() {
    let app = TestApp::start_set(&[PATIENT]).await;
    let mut ada = app.owner().await;
    let token = app.token("test", "vend,connect").await;
    assert_eq!(token.put("stripe", "anna", VALUE).await.status, 200);
    for (what, broken, mended) in BREAK {
        app.database.run(broken);
        let vend = token.vend("stripe", "anna").await;
        vend.is_busy();
        assert!(!vend.text.contains(VALUE), "{what}");
        let put = token.put("stripe", "anna", OTHER).await;
        put.refused(500, "internal_error");
        assert!(!put.text.contains("audit"), "{what}: {}", put.text);
        let mut guest = app.anonymous();
        assert_eq!(guest.sign_in(EMAIL, PASSWORD).await.status, 500, "{what}");
        assert!(!guest.cookies.contains_key("keyrack"), "{what}");
        app.database.run(mended);

        token.vend("stripe", "anna").await.hands_out(VALUE);
        assert_eq!(guest.sign_in(EMAIL, PASSWORD).await.status, 303, "{what}");
        assert_eq!(ada.get("/w/acme/activity").await.status, 200, "{what}");
    }
    verify_chains(&app.database, &app.app.keyring);
}

#[test]
fn a_mistyped_database_address_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let absolute = folder.path().join("keyrack.db");
    let schemes = ["sqlit:data/keyrack.db", "postgre://keyrack@127.0.0.1/keyrack", "mysql://root@127.0.0.1/keyrack"];
    let paths = [absolute.to_str().unwrap(), "data/keyrack.db", "keyrack.db", " "];
    let elsewhere = ["sqlite:", "sqlite::memory:", "sqlite://data/keyrack.db", "sqlite:file:keyrack.db"];
    for url in schemes.into_iter().chain(paths).chain(elsewhere) {
        for args in [&[][..], &["serve"], &["migrate"]] {
            let ended = run(folder.path(), &[("KEYRACK_DATABASE_URL", url)], args, "");
            assert_eq!(ended.status.code(), Some(2), "{url}");
            let said = String::from_utf8(ended.stderr).unwrap();
            assert!(said.contains("KEYRACK_DATABASE_URL") && ended.stdout.is_empty(), "{url}: {said}");
            assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "{url} made a file");
        }
    }
}
