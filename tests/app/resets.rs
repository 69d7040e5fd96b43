//! Forgotten passwords: nobody learns who has an account, and a link is good once, for one thing, for an hour.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::Text;

use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp};

const NEW: &str = "another four plain words";
const STRANGER: &str = "bob@example.com";
const MINUTE: Duration = Duration::from_mins(1);

async fn forget(app: &TestApp, email: &str) -> Page {
    app.anonymous().submit("/forgotten", "/forgotten", &[("email", email)]).await
}

/// The path of a fresh link to set a new password.
async fn reset_path(app: &TestApp, email: &str) -> String {
    assert_eq!(forget(app, email).await.status, 200);
    app.letter_to(email).await.link(&app.base, "/reset/")
}

/// Sends the form of a link that may be over: its guard comes from another page then.
async fn use_link(browser: &mut Browser, path: &str, password: &str) -> Page {
    browser.submit("/sign-in", path, &[("password", password)]).await
}

#[track_caller]
fn is_done(page: &Page) {
    assert_eq!((page.status, page.location()), (303, "/sign-in"), "{}", page.text);
}

/// The page without what differs from request to request.
fn plain(page: &Page) -> (u16, Vec<String>, String) {
    let changing = regex::Regex::new(r#"(nonce|name="csrf" value)="[^"]*""#).unwrap();
    let text = changing.replace_all(&page.text, "").into_owned();
    let mut names: Vec<String> = page.headers.keys().map(ToString::to_string).collect();
    names.sort();
    (page.status, names, text)
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// How much is in each table, and what can be read of the work that waits.
fn written(app: &TestApp) -> (Vec<i64>, Vec<String>) {
    let tables = ["people", "sessions", "links", "jobs", "throttles", "audit_entries", "invitations"];
    let jobs = "SELECT kind || title || COALESCE(recipient, '-') || COALESCE(person_id, '-') || \
        COALESCE(workspace_id, '-') || CAST(LENGTH(payload) AS TEXT) || CAST(run_at AS TEXT) AS line FROM jobs";
    let lines: Vec<Line> = app.database.load(jobs).unwrap();
    (tables.map(|table| app.database.count(table)).to_vec(), lines.into_iter().map(|line| line.line).collect())
}

#[actix_web::test]
async fn a_known_and_an_unknown_address_are_answered_and_written_down_alike() {
    let mut seen = Vec::new();
    for email in [EMAIL, STRANGER] {
        let app = TestApp::start().await;
        app.owner().await;
        let page = plain(&forget(&app, email).await);
        seen.push((page, written(&app)));
        let letters = app.post().await;
        assert_eq!(letters.len(), usize::from(email == EMAIL), "{letters:#?}");
        assert!(letters.iter().all(|letter| letter.to == EMAIL && letter.subject == "A new password for Keyrack"));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0.0, 200);
    assert!(!seen[0].0.2.contains(EMAIL));
}

#[actix_web::test]
async fn a_link_sets_a_new_password_and_ends_what_the_old_one_opened() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let path = reset_path(&app, EMAIL).await;
    let mut elsewhere = app.anonymous();
    for _ in 0..2 {
        assert_eq!(elsewhere.get(&path).await.text_of("h1"), "Choose a new password");
        assert_eq!(elsewhere.head(&path).await.status, 200);
    }
    let refused = elsewhere.submit(&path, &path, &[("password", "short")]).await;
    assert_eq!(refused.status, 422);
    assert_eq!(ada.get("/w/acme").await.status, 200, "looking at it, and a bad password, change nothing");

    let extra = [("password", NEW), ("email", STRANGER), ("role", "owner"), ("email_verified", "true"), ("id", "x")];
    is_done(&elsewhere.submit(&path, &path, &extra).await);
    assert!(elsewhere.get("/sign-in").await.text.contains("Your new password is set"));
    assert_eq!(ada.get("/w/acme").await.status, 303, "the open session has ended");
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 422);
    assert_eq!(app.anonymous().sign_in(EMAIL, NEW).await.status, 303);
    assert_eq!(app.database.count("people"), 1);
    let notice = app.letter_to(EMAIL).await;
    assert_eq!(notice.subject, "Your password was changed");
    for action in ["\"event\":\"password.reset\"", "\"event\":\"session.revoked\""] {
        let entries = format!("SELECT COUNT(*) AS number FROM audit_entries WHERE entry LIKE '%{action}%'");
        assert_eq!(app.database.number(&entries), 1, "{action}");
    }
    elsewhere.get(&path).await.is_of_no_link();
    use_link(&mut elsewhere, &path, "a third password of words").await.is_of_no_link();
    assert_eq!(app.anonymous().sign_in(EMAIL, NEW).await.status, 303);
}

#[actix_web::test]
async fn of_many_who_use_a_link_at_once_one_succeeds() {
    let app = TestApp::start().await;
    app.owner().await;
    let path = reset_path(&app, EMAIL).await;
    let mut browsers: Vec<Browser> = (0..6).map(|_| app.anonymous()).collect();
    let sent = browsers.iter_mut().enumerate().map(|(number, browser)| {
        let (path, password) = (path.clone(), format!("plain words number {number}"));
        async move { (use_link(browser, &path, &password).await.status, password) }
    });
    let answers = futures_util::future::join_all(sent).await;
    let won: Vec<_> = answers.iter().filter(|(status, _)| *status == 303).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    assert_eq!(app.anonymous().sign_in(EMAIL, &won[0].1).await.status, 303);
    assert_eq!(app.post().await.len(), 1);
}

#[actix_web::test]
async fn a_link_ends_after_an_hour() {
    let app = TestApp::start().await;
    app.owner().await;
    let path = reset_path(&app, EMAIL).await;
    app.advance(60 * MINUTE - Duration::from_secs(1));
    assert_eq!(app.anonymous().get(&path).await.text_of("h1"), "Choose a new password");
    app.advance(Duration::from_secs(1));
    app.anonymous().get(&path).await.is_of_no_link();
    use_link(&mut app.anonymous(), &path, NEW).await.is_of_no_link();
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn a_link_that_is_cut_altered_or_for_something_else_does_nothing() {
    let app = TestApp::start().await;
    app.owner().await;
    let path = reset_path(&app, EMAIL).await;
    let set_up = app.database.number("SELECT COUNT(*) AS number FROM links WHERE purpose = 'password_reset'");
    assert_eq!(set_up, 1);
    let token = path.strip_prefix("/reset/").unwrap();
    let mut last = token.to_owned();
    last.replace_range(60..61, if &token[60..61] == "a" { "b" } else { "a" });
    let wrong = [
        format!("/reset/{}", &token[..token.len() - 1]),
        format!("/reset/{last}"),
        format!("/reset/{}", token.to_uppercase()),
        format!("/sign-up/{token}"),
        format!("/e-mail/{token}"),
        "/reset/kr_link_".to_owned(),
        "/reset/%00".to_owned(),
    ];
    for path in wrong {
        app.anonymous().get(&path).await.is_of_no_link();
        let sent = [("password", NEW), ("name", "Eve")];
        let answer = app.anonymous().submit("/sign-in", &path, &sent).await;
        if path.starts_with("/e-mail/") {
            assert_eq!(answer.location(), "/sign-in", "a letter to another address takes its account's session");
        } else {
            answer.is_of_no_link();
        }
    }
    let page = app.anonymous().get(&format!("/set-up/{token}")).await;
    assert!(page.text_of("h1").contains("already set up"));
    // A row whose MAC is another's: the text is whole, and proves nothing.
    app.database.run("UPDATE links SET mac = (SELECT mac FROM master_checks)");
    app.anonymous().get(&path).await.is_of_no_link();
    assert_eq!((app.database.count("people"), app.post().await.len()), (1, 0));
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn one_change_makes_all_other_links_useless() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (first, second) = (reset_path(&app, EMAIL).await, reset_path(&app, EMAIL).await);
    assert_ne!(first, second);
    is_done(&use_link(&mut app.anonymous(), &second, NEW).await);
    app.anonymous().get(&first).await.is_of_no_link();
    app.post().await;

    let third = reset_path(&app, EMAIL).await;
    ada.sign_in(EMAIL, NEW).await;
    let fields = [("current", NEW), ("new", PASSWORD)];
    assert_eq!(ada.submit("/account", "/account/password", &fields).await.status, 303);
    app.anonymous().get(&third).await.is_of_no_link();
    assert_eq!(app.letter_to(EMAIL).await.subject, "Your password was changed");
}

#[actix_web::test]
async fn letters_go_to_the_address_that_is_kept_and_lead_to_the_configured_one() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut eve = app.anonymous();
    let csrf = eve.get("/forgotten").await.csrf();
    let fields = [("csrf", csrf.as_str()), ("email", "ADA@Example.COM")];
    let forged = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
    assert_eq!(eve.post_from("/forgotten", &fields, &forged).await.status, 200);
    let letter = app.letter_to(EMAIL).await;
    assert!(!letter.raw.contains("evil") && !letter.raw.contains("Example.COM"), "{}", letter.raw);
    is_done(&use_link(&mut app.anonymous(), &letter.link(&app.base, "/reset/"), NEW).await);
    assert_eq!(app.anonymous().sign_in("aDa@example.com", NEW).await.status, 303);
}

#[actix_web::test]
async fn a_new_password_lifts_the_wait_that_guessing_brought() {
    let app = TestApp::start().await;
    app.owner().await;
    for _ in 0..6 {
        app.anonymous().sign_in(EMAIL, "none of these words is right").await;
    }
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 429);
    let path = reset_path(&app, EMAIL).await;
    is_done(&use_link(&mut app.anonymous(), &path, NEW).await);
    assert_eq!(app.anonymous().sign_in(EMAIL, NEW).await.status, 303);
}

#[actix_web::test]
async fn somebody_without_a_password_can_set_one() {
    let app = TestApp::start().await;
    app.owner().await;
    app.database.run("UPDATE people SET password_hash = NULL");
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 422);
    let path = reset_path(&app, EMAIL).await;
    is_done(&use_link(&mut app.anonymous(), &path, NEW).await);
    assert_eq!(app.anonymous().sign_in(EMAIL, NEW).await.status, 303);
}

#[actix_web::test]
async fn nobody_can_flood_a_mailbox() {
    let app = TestApp::start().await;
    app.owner().await;
    for asked in 1..=5 {
        let page = plain(&forget(&app, EMAIL).await);
        assert_eq!(page.0, 200);
        assert_eq!(app.post().await.len(), usize::from(asked <= 3), "letter {asked}");
    }
    app.advance(60 * MINUTE);
    forget(&app, "ADA@example.com").await;
    assert_eq!(app.post().await.len(), 1, "an hour later");
}

#[actix_web::test]
async fn one_network_asks_so_often_and_no_more() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut eve = app.anonymous();
    for number in 0..20 {
        let email = format!("somebody{number}@example.com");
        assert_eq!(eve.submit("/forgotten", "/forgotten", &[("email", &email)]).await.status, 200);
    }
    let waiting = written(&app);
    let known = eve.submit("/forgotten", "/forgotten", &[("email", EMAIL)]).await;
    let unknown = eve.submit("/forgotten", "/forgotten", &[("email", STRANGER)]).await;
    assert_eq!((known.status, known.header("retry-after")), (429, "900"));
    assert_eq!(plain(&known).2.replace(EMAIL, ""), plain(&unknown).2.replace(STRANGER, ""));
    assert!(known.text.contains(EMAIL), "what was typed is there still");
    assert_eq!(written(&app), waiting, "nothing is written at a closed gate");
    app.advance(15 * MINUTE);
    assert_eq!(eve.submit("/forgotten", "/forgotten", &[("email", EMAIL)]).await.status, 200);
    assert_eq!(app.post().await.len(), 1);
}

#[actix_web::test]
async fn what_is_no_address_is_told_and_kept() {
    let app = TestApp::start().await;
    app.owner().await;
    for typed in ["", "ada", "ada@example.com\r\nBcc: eve@example.com"] {
        let page = forget(&app, typed).await;
        assert_eq!(page.status, 422, "{typed:?}");
        assert!(page.text.contains("Enter an e-mail address like"));
    }
    assert!(app.post().await.is_empty());
}

#[actix_web::test]
async fn a_request_that_waits_is_answered_once() {
    let app = TestApp::start().await;
    app.owner().await;
    forget(&app, EMAIL).await;
    // As if the process had died with the work in its hands: another takes it once the lease is over.
    app.database.run("UPDATE jobs SET leased_until = run_at + 300000000, tries = 1");
    assert!(app.post().await.is_empty());
    app.advance(5 * MINUTE);
    assert_eq!(app.post().await.len(), 1);
    app.advance(5 * MINUTE);
    assert!(app.post().await.is_empty());
    let links = "SELECT COUNT(*) AS number FROM links WHERE purpose = 'password_reset'";
    assert_eq!((app.database.number(links), app.database.count("jobs")), (1, 0));
}

/// Whoever has the password cannot use up the letters by which its owner would get the account back.
#[actix_web::test]
async fn a_new_password_leaves_room_for_new_letters() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for _ in 0..4 {
        forget(&app, EMAIL).await;
    }
    assert_eq!(app.post().await.len(), 3, "no more within the hour");
    let fields = [("current", PASSWORD), ("new", NEW)];
    assert_eq!(ada.submit("/account", "/account/password", &fields).await.status, 303);
    app.letter_to(EMAIL).await;
    let path = reset_path(&app, EMAIL).await;
    is_done(&use_link(&mut app.anonymous(), &path, PASSWORD).await);
}

#[actix_web::test]
async fn a_link_that_was_on_its_way_to_an_old_address_opens_nothing() {
    let app = TestApp::start().await;
    app.owner().await;
    let path = reset_path(&app, EMAIL).await;
    app.database.execute("UPDATE people SET email = 'new@example.com', email_key = 'new@example.com'");
    app.anonymous().get(&path).await.is_of_no_link();
    use_link(&mut app.anonymous(), &path, NEW).await.is_of_no_link();
    assert_eq!(app.anonymous().sign_in("new@example.com", PASSWORD).await.status, 303, "the password stays");
}

#[actix_web::test]
async fn a_password_changed_back_and_forth_fills_no_mailbox() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut letters = 0;
    for round in 0..7 {
        let (current, new) = if round % 2 == 0 { (PASSWORD, NEW) } else { (NEW, PASSWORD) };
        let page = ada.submit("/account", "/account/password", &[("current", current), ("new", new)]).await;
        assert_eq!(page.status, 303, "round {round}: {}", page.text);
        letters += app.post().await.len();
    }
    assert_eq!(letters, 5);
}
