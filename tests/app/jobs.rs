//! The queue of work: done once, tried again, given up, and never in anybody's way.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use keyrack::domain::audit::Actor;
use keyrack::domain::work::{MOST_TRIES, pause_after};
use keyrack::domain::{Clock, Letter, Moment};
use keyrack::jobs;
use keyrack::mail::Mailer;
use keyrack::store::access::AskRunner;
use keyrack::store::{Error, Fault, Unrecorded};

use crate::support::{EMAIL, Machine, Smtp, TestApp, queue, soon};

const LEASE: Duration = Duration::from_mins(5);

fn notices(count: usize) -> Vec<(String, Letter)> {
    (0..count).map(|at| (format!("person-{at}@example.com"), Letter::AccountDeleted)).collect()
}

/// With letters that really leave, through this server.
async fn start_with(smtp: &Smtp) -> TestApp {
    let settings = [("KEYRACK_SMTP_URL", smtp.url()), ("KEYRACK_MAIL_FROM", "Keys <keys@example.com>".to_owned())];
    let settings = settings.each_ref().map(|(name, text)| (*name, text.as_str()));
    TestApp::start_altered(1, &settings, |app| app.mailer = Mailer::open(&app.config).unwrap()).await
}

fn failed(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) AS number FROM jobs WHERE failed_at IS NOT NULL")
}

fn last_error(app: &TestApp, to: &str) -> String {
    app.database.text(&format!("SELECT last_error AS text FROM jobs WHERE recipient = '{to}'"))
}

#[actix_web::test]
async fn each_letter_leaves_once_however_many_look_for_work() {
    let app = TestApp::start().await;
    queue(&app.app, None, notices(50)).await;
    let done: usize = join_all((0..8).map(|_| jobs::run_due(&app.app))).await.into_iter().sum();
    let mut sent: Vec<String> = app.post().await.into_iter().map(|mail| mail.to).collect();
    sent.sort();
    let mut expected: Vec<String> = notices(50).into_iter().map(|(to, _)| to).collect();
    expected.sort();
    assert_eq!((done, sent), (50, expected));
    assert_eq!(app.database.count("jobs"), 0);
}

#[actix_web::test]
async fn what_a_dead_runner_has_taken_is_done_by_another_when_its_lease_is_over() {
    let app = TestApp::start().await;
    queue(&app.app, None, notices(1)).await;
    let until = app.clock.now().plus(LEASE).micros();
    assert_eq!(app.database.execute(&format!("UPDATE jobs SET tries = 1, leased_until = {until}")), 1);
    assert!(app.post().await.is_empty());
    app.advance(LEASE - Duration::from_secs(1));
    assert!(app.post().await.is_empty(), "the lease still lasts");
    app.advance(Duration::from_secs(1));
    assert_eq!(app.post().await.len(), 1);
    assert_eq!(app.database.count("jobs"), 0);
}

#[actix_web::test]
async fn work_that_ends_each_process_is_given_up() {
    let app = TestApp::start().await;
    app.owner().await;
    app.queue_notice(EMAIL, "anna@example.com").await;
    app.database.execute(&format!("UPDATE jobs SET tries = {MOST_TRIES}, leased_until = 1"));
    assert!(app.post().await.is_empty());
    assert_eq!(last_error(&app, "anna@example.com"), "It was begun again and again, and the process ended each time");
    assert_eq!(failed(&app), 1);
}

#[actix_web::test]
async fn a_letter_is_tried_for_a_day_and_then_given_up() {
    let smtp = Smtp::start().await;
    smtp.answers(&[("anna@", "451 4.7.1 come back later")]);
    let app = start_with(&smtp).await;
    app.owner().await;
    app.queue_notice(EMAIL, "anna@example.com").await;
    for tries in 1..MOST_TRIES {
        assert_eq!(jobs::run_due(&app.app).await, 1, "try {tries}");
        assert_eq!(failed(&app), 0);
        let next = app.database.number("SELECT run_at AS number FROM jobs");
        assert_eq!(next, app.clock.now().plus(pause_after(tries)).micros(), "after try {tries}");
        app.advance(pause_after(tries) - Duration::from_secs(1));
        assert_eq!(jobs::run_due(&app.app).await, 0, "not before its time");
        app.advance(Duration::from_secs(1));
    }
    assert_eq!(jobs::run_due(&app.app).await, 1);
    assert_eq!((failed(&app), smtp.asked()), (1, 8));
    app.advance(Duration::from_hours(24));
    assert_eq!(jobs::run_due(&app.app).await, 0);
    let said = last_error(&app, "anna@example.com");
    assert_eq!(said, "The mail server did not take the letter (451): 4.7.1 come back later");
}

#[actix_web::test]
async fn a_refused_letter_fails_alone_and_an_owner_has_it_sent_later() {
    let smtp = Smtp::start().await;
    smtp.answers(&[("anna@", "550 5.1.1 nobody\r\n of that name")]);
    let app = start_with(&smtp).await;
    let mut ada = app.owner().await;
    let id = app.queue_notice(EMAIL, "anna@example.com").await;
    app.queue_notice(EMAIL, "bob@example.com").await;
    assert_eq!(jobs::run_due(&app.app).await, 2);
    assert_eq!((failed(&app), smtp.taken().len()), (1, 1));
    let page = ada.get("/w/acme/jobs").await;
    assert!(page.text.contains("did not take the letter") && page.text.contains("anna@example.com"), "{}", page.text);
    assert!(!page.text.contains("bob@example.com"));

    smtp.answers(&[]);
    let retried = ada.submit("/w/acme/jobs", &format!("/w/acme/jobs/{id}/retry"), &[]).await;
    assert_eq!((retried.status, retried.location()), (303, "/w/acme/jobs"));
    assert_eq!(jobs::run_due(&app.app).await, 1);
    assert!(smtp.taken()[1].contains("anna@example.com"));
    assert!(ada.get("/w/acme/jobs").await.text.contains("Nothing waits, nothing failed"));
    assert!(ada.get("/w/acme/activity").await.text.contains("had this tried again: Notice of a deleted account"));
}

#[actix_web::test]
async fn a_letter_that_was_taken_is_not_sent_again_for_want_of_a_goodbye() {
    let smtp = Smtp::start().await;
    smtp.never_says_goodbye();
    let app = start_with(&smtp).await;
    queue(&app.app, None, notices(1)).await;
    assert_eq!(jobs::run_due(&app.app).await, 1);
    assert_eq!((app.database.count("jobs"), smtp.taken().len()), (0, 1));
}

#[actix_web::test]
async fn a_letter_whose_link_has_expired_is_not_sent() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let until = app.clock.now().plus(Duration::from_hours(1));
    let letter = Letter::PasswordReset { link: "kr_reset_x".to_owned(), until };
    queue(&app.app, Some(app.person(EMAIL)), vec![(EMAIL.to_owned(), letter)]).await;
    app.advance(Duration::from_hours(1));
    assert!(app.post().await.is_empty());
    let page = ada.get("/w/acme/jobs").await;
    assert!(page.text.contains("It could not be sent before its link expired"), "{}", page.text);
    let actions = page.attributes("form", "action");
    assert!(!actions.iter().any(|to| to.ends_with("/retry")) && actions.iter().any(|to| to.ends_with("/discard")));
}

#[actix_web::test]
async fn altered_work_is_not_done_and_holds_nothing_up() {
    let app = TestApp::start().await;
    app.owner().await;
    for to in ["anna@example.com", "bob@example.com", "carol@example.com"] {
        app.queue_notice(EMAIL, to).await;
    }
    let carols = "(SELECT payload FROM jobs WHERE recipient = 'carol@example.com')";
    app.database.execute(&format!("UPDATE jobs SET payload = {carols} WHERE recipient = 'anna@example.com'"));
    app.database.execute("UPDATE jobs SET payload = substr(payload, 2) WHERE recipient = 'bob@example.com'");
    let sent = app.post().await;
    assert_eq!(sent.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["carol@example.com"]);
    assert_eq!(failed(&app), 2);
    for to in ["anna@example.com", "bob@example.com"] {
        assert!(last_error(&app, to).starts_with("What was to be done cannot be read"));
    }
}

/// Breaks once when it is asked for the time.
struct BrittleClock {
    whole: Arc<dyn Clock>,
    breaks: AtomicBool,
}

impl Clock for BrittleClock {
    fn now(&self) -> Moment {
        assert!(!self.breaks.swap(false, Ordering::SeqCst), "the clock of this test breaks");
        self.whole.now()
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.whole.sleep(span)
    }
}

#[actix_web::test]
async fn a_panic_costs_one_piece_of_work() {
    let app = TestApp::start_altered(1, &[], |app| {
        app.clock = Arc::new(BrittleClock { whole: app.clock.clone(), breaks: AtomicBool::new(true) });
    });
    let app = app.await;
    queue(&app.app, None, notices(3)).await;
    assert_eq!(app.post().await.len(), 2);
    assert_eq!(failed(&app), 1);
}

#[actix_web::test]
async fn the_runner_outlives_a_database_that_is_away() {
    let app = TestApp::start().await;
    app.database.run("ALTER TABLE jobs RENAME TO away");
    let runner = jobs::start(app.app.clone());
    let glances = async {
        while app.clock.slept().len() < 3 {
            tokio::task::yield_now().await;
        }
    };
    soon(glances).await;
    app.database.run("ALTER TABLE away RENAME TO jobs");
    queue(&app.app, None, notices(9)).await;
    let sweeps =
        "SELECT COUNT(*) AS number FROM jobs WHERE kind IN ('sweep', 'renew', 'probe') AND done_at IS NOT NULL";
    let all_done = async {
        while app.database.count("jobs") > 3 || app.database.number(sweeps) < 3 {
            tokio::task::yield_now().await;
        }
    };
    soon(all_done).await;
    runner.stop().await;
    assert_eq!(app.post().await.len(), 9);
}

#[actix_web::test]
async fn a_stop_lets_letters_that_are_being_sent_finish_and_begins_no_more() {
    let smtp = Smtp::start().await;
    smtp.wakes(false);
    let app = start_with(&smtp).await;
    jobs::plan(&app.app).await.unwrap();
    assert_eq!(jobs::run_due(&app.app).await, 3, "what comes again, which is not what this is about");
    queue(&app.app, None, notices(9)).await;
    let runner = jobs::start(app.app.clone());
    let begun = async {
        while smtp.asked() < 4 {
            tokio::task::yield_now().await;
        }
    };
    soon(begun).await;
    soon(futures_util::future::join(runner.stop(), async { smtp.wakes(true) })).await;
    assert_eq!((smtp.asked(), smtp.taken().len()), (4, 4));
    let waiting = "SELECT COUNT(*) AS number FROM jobs WHERE kind = 'letter' AND tries = 0";
    assert_eq!((app.database.number(waiting), app.database.count("jobs")), (5, 8));
}

#[actix_web::test]
async fn what_comes_again_is_planned_once_and_never_given_up() {
    let app = TestApp::start().await;
    let planned = join_all((0..6).map(|_| jobs::plan(&app.app))).await;
    assert!(planned.iter().all(Result::is_ok));
    assert_eq!(app.database.count("jobs"), 3);
    app.database.run("ALTER TABLE throttles RENAME TO away");
    for _ in 0..=MOST_TRIES {
        assert_eq!(jobs::run_due(&app.app).await, 3);
        assert_eq!(failed(&app), 0);
        app.advance(Duration::from_hours(6));
    }
    app.database.run("ALTER TABLE away RENAME TO throttles");
    assert_eq!(jobs::run_due(&app.app).await, 3);
    assert_eq!(app.database.number("SELECT COUNT(*) AS number FROM jobs WHERE tries = 0 AND done_at IS NOT NULL"), 3);
    assert_eq!(jobs::run_due(&app.app).await, 0, "they come again after a while");
    app.advance(Duration::from_hours(1));
    assert_eq!(jobs::run_due(&app.app).await, 3);
}

#[actix_web::test]
async fn a_change_that_is_not_kept_leaves_no_letter() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let kit = app.app.kit(None);
    let refused = app.app.db.write::<_, (), Infallible, _>(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        let work = keyrack::domain::Work::Sweep;
        kit.by(Actor::Unknown, |tools| keyrack::actions::outbox::plan(tx, by, tools, &work))?;
        Err(Fault::Store(Error::Unrecorded))
    });
    assert!(refused.await.is_err());
    assert_eq!(app.database.count("jobs"), 0);

    assert_eq!(ada.submit("/w/acme/jobs", "/w/acme/jobs/trial", &[]).await.status, 303);
    let again = ada.submit("/w/acme/jobs", "/w/acme/jobs/trial", &[]).await;
    assert_eq!((again.status, again.header("retry-after")), (429, "60"), "{}", again.text);
    assert_eq!(app.database.count("jobs"), 1);
    app.letter_to(EMAIL).await;
    app.advance(Duration::from_mins(1));
    assert_eq!(ada.submit("/w/acme/jobs", "/w/acme/jobs/trial", &[]).await.status, 303);
}

#[actix_web::test]
async fn two_processes_write_each_letter_even_where_one_is_killed() {
    const LETTERS: usize = 200;
    let machine = Machine::new();
    machine.set_up();
    let (mut one, mut other) = (machine.serve(), machine.serve());
    one.ready().await;
    other.ready().await;
    queue(&machine.open().await, None, notices(LETTERS)).await;
    let folder = machine.folder.path().join("data/mail");
    let written = || {
        let files = std::fs::read_dir(&folder).map(|all| all.map(|file| file.unwrap().path()).collect::<Vec<_>>());
        files.unwrap_or_default().into_iter().filter(|path| path.extension().is_some_and(|end| end == "eml")).count()
    };
    machine.until("some letters are written", || written() >= 10).await;
    one.kill();
    let left = "SELECT COUNT(*) AS number FROM jobs WHERE kind = 'letter' AND leased_until IS NULL";
    machine.until("the other goes on", || machine.database.number(left) == 0).await;
    // What the dead one had taken is free once its lease is over.
    machine.database.execute("UPDATE jobs SET leased_until = 1 WHERE leased_until IS NOT NULL AND kind = 'letter'");
    let letters = "SELECT COUNT(*) AS number FROM jobs WHERE kind = 'letter'";
    machine.until("nothing is left", || machine.database.number(letters) == 0).await;
    assert_eq!(written(), LETTERS);
    other.terminate();
    assert_eq!(other.ended().await.code(), Some(0));
}
