//! Signing up: who may, that nobody learns who has an account, and that no account has an address unproven.

use std::time::Duration;

use crate::support::{Browser, EMAIL, OPEN, PASSWORD, Page, TestApp};

const NEW: &str = "bob@example.com";
const HOUR: Duration = Duration::from_hours(1);

async fn ask(app: &TestApp, email: &str) -> Page {
    app.anonymous().submit("/sign-up", "/sign-up", &[("email", email)]).await
}

async fn sign_up_path(app: &TestApp, email: &str) -> String {
    assert_eq!(ask(app, email).await.status, 200);
    app.letter_to(email).await.link(&app.base, "/sign-up/")
}

async fn use_link(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    browser.submit("/sign-in", path, fields).await
}

fn plain(page: &Page) -> (u16, String) {
    let changing = regex::Regex::new(r#"(nonce|name="csrf" value)="[^"]*""#).unwrap();
    (page.status, changing.replace_all(&page.text, "").into_owned())
}

#[actix_web::test]
async fn a_known_and_an_unknown_address_are_answered_alike() {
    let app = TestApp::start_set(&OPEN).await;
    app.owner().await;
    let counts = || ["people", "links", "jobs", "audit_entries"].map(|table| app.database.count(table));
    let before = counts();
    let known = plain(&ask(&app, EMAIL).await);
    let after = counts();
    let letter = app.letter_to(EMAIL).await;
    assert_eq!(letter.subject, "You have an account already");
    assert!(!letter.text.contains("/sign-up/"));
    assert_eq!(counts(), before);

    let unknown = plain(&ask(&app, NEW).await);
    assert_eq!(counts(), after);
    assert_eq!(known, unknown);
    assert_eq!(known.0, 200);
    assert_eq!(app.letter_to(NEW).await.subject, "Your account on Keyrack");
}

#[actix_web::test]
async fn a_link_makes_an_account_with_the_address_that_it_proves() {
    let app = TestApp::start_set(&OPEN).await;
    app.owner().await;
    let path = sign_up_path(&app, NEW).await;
    let mut bob = app.anonymous();
    for _ in 0..2 {
        let page = bob.get(&path).await;
        assert_eq!(page.text_of("h1"), "Make your account");
        assert!(page.text.contains(NEW));
        bob.head(&path).await;
    }
    let page = bob.submit(&path, &path, &[("name", "Bob"), ("password", "short")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.attributes("#name", "value"), ["Bob"], "what was typed is there still");
    for name in ["", "Bob\r\nBcc: eve@example.com", "Bob\u{202e}"] {
        assert_eq!(bob.submit(&path, &path, &[("name", name), ("password", PASSWORD)]).await.status, 422, "{name:?}");
    }
    assert_eq!(app.database.count("people"), 1);

    let name = "<b>Bob</b> & \"Co\"";
    let extra = [("name", name), ("password", PASSWORD), ("email", "eve@example.com"), ("role", "owner")];
    let page = bob.submit(&path, &path, &extra).await;
    assert_eq!((page.status, page.location()), (303, "/workspaces/new"), "{}", page.text);
    let page = bob.get("/workspaces/new").await;
    assert!(page.text.contains("Your account is made") && !page.text.contains("<b>Bob"));
    assert!(bob.get("/account").await.text.contains(NEW));
    assert_eq!(bob.get("/w/acme").await.status, 404);
    assert_eq!(app.database.number("SELECT COUNT(*) AS number FROM people WHERE email = 'bob@example.com'"), 1);
    assert_eq!((app.database.count("people"), app.database.count("members")), (2, 1));
    assert!(bob.cookies.contains_key("keyrack-device"));
    bob.sign_out().await;
    assert_eq!(app.anonymous().sign_in("BOB@example.com", PASSWORD).await.status, 303);
    bob.get(&path).await.is_of_no_link();
    use_link(&mut bob, &path, &[("name", "Eve"), ("password", PASSWORD)]).await.is_of_no_link();
}

#[actix_web::test]
async fn of_many_who_use_a_link_at_once_one_succeeds() {
    let app = TestApp::start_set(&OPEN).await;
    app.owner().await;
    let path = sign_up_path(&app, NEW).await;
    let mut browsers: Vec<Browser> = (0..6).map(|_| app.anonymous()).collect();
    let fields = [("name", "Bob"), ("password", PASSWORD)];
    let sent = browsers.iter_mut().map(|browser| use_link(browser, &path, &fields));
    let pages = futures_util::future::join_all(sent).await;
    assert_eq!(pages.iter().filter(|page| page.status == 303).count(), 1);
    assert_eq!(app.database.count("people"), 2);
}

#[actix_web::test]
async fn an_address_that_was_taken_meanwhile_leads_to_signing_in() {
    let app = TestApp::start_set(&OPEN).await;
    app.owner().await;
    let first = sign_up_path(&app, NEW).await;
    let second = sign_up_path(&app, "Bob@Example.com").await;
    let fields = [("name", "Bob"), ("password", PASSWORD)];
    assert_eq!(use_link(&mut app.anonymous(), &second, &fields).await.status, 303);
    let mut bob = app.anonymous();
    assert_eq!(bob.get(&first).await.text_of("h1"), "You have an account already");
    assert_eq!(use_link(&mut bob, &first, &fields).await.text_of("h1"), "You have an account already");
    assert_eq!(app.database.count("people"), 2);
}

#[actix_web::test]
async fn a_link_ends_after_a_day_and_is_good_for_nothing_else() {
    let app = TestApp::start_set(&OPEN).await;
    app.owner().await;
    let path = sign_up_path(&app, NEW).await;
    let token = path.strip_prefix("/sign-up/").unwrap();
    for other in ["reset", "e-mail"] {
        let other = format!("/{other}/{token}");
        app.anonymous().get(&other).await.is_of_no_link();
        let mut ada = app.anonymous();
        ada.sign_in(EMAIL, PASSWORD).await;
        ada.submit("/account", &other, &[("password", PASSWORD)]).await.is_of_no_link();
    }
    app.advance(24 * HOUR - Duration::from_secs(1));
    assert_eq!(app.anonymous().get(&path).await.text_of("h1"), "Make your account");
    app.advance(Duration::from_secs(1));
    app.anonymous().get(&path).await.is_of_no_link();
    use_link(&mut app.anonymous(), &path, &[("name", "Bob"), ("password", PASSWORD)]).await.is_of_no_link();
    assert_eq!(app.database.count("people"), 1);
}

#[actix_web::test]
async fn where_one_joins_by_invitation_nobody_signs_up() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut eve = app.anonymous();
    assert!(eve.get("/sign-in").await.attributes("a[href='/sign-up']", "href").is_empty());
    let page = eve.get("/sign-up").await;
    assert_eq!(page.text_of("h1"), "Keyrack is by invitation");
    assert!(page.attributes("form[action='/sign-up']", "action").is_empty());
    for email in [EMAIL, NEW] {
        assert_eq!(eve.submit("/sign-in", "/sign-up", &[("email", email)]).await.status, 403);
    }
    assert!(app.post().await.is_empty());
}

#[actix_web::test]
async fn where_domains_are_named_others_are_told() {
    let [_, server, from] = OPEN;
    let domains = ("KEYRACK_SIGN_UP", "example.com,example.org");
    let app = TestApp::start_set(&[domains, server, from]).await;
    app.owner().await;
    assert_eq!(app.anonymous().get("/sign-in").await.attributes("a[href='/sign-up']", "href").len(), 1);
    for email in ["eve@other.example", "eve@sub.example.com", "eve@example.com.other.example"] {
        let page = ask(&app, email).await;
        assert_eq!(page.status, 422, "{email}");
        assert!(page.text.contains("Only addresses at example.com, example.org can sign up here."));
        assert_eq!(page.attributes("#email", "value"), [email]);
    }
    assert!(app.post().await.is_empty());
    assert_eq!(ask(&app, "bob@Example.ORG").await.status, 200);
    assert_eq!(app.post().await.len(), 1);
}

#[actix_web::test]
async fn whoever_signs_up_in_an_open_browser_leaves_the_session_that_was_there() {
    let app = TestApp::start_set(&OPEN).await;
    let mut ada = app.owner().await;
    let path = sign_up_path(&app, NEW).await;
    let before = app.database.count("sessions");
    assert_eq!(ada.submit(&path, &path, &[("name", "Bob"), ("password", PASSWORD)]).await.status, 303);
    assert_eq!(app.database.count("sessions"), before, "one has ended, and one begun");
    assert!(ada.get("/account").await.text.contains(NEW));
}

#[actix_web::test]
async fn nobody_can_flood_a_mailbox_or_ask_without_end() {
    let app = TestApp::start_set(&OPEN).await;
    app.owner().await;
    for email in [EMAIL, NEW] {
        for asked in 1..=5 {
            assert_eq!(ask(&app, email).await.status, 200);
            assert_eq!(app.post().await.len(), usize::from(asked <= 3), "letter {asked} to {email}");
        }
    }
    // Ten were asked above; forgotten passwords count for the same network.
    for _ in 0..10 {
        let page = app.anonymous().submit("/forgotten", "/forgotten", &[("email", EMAIL)]).await;
        assert_eq!(page.status, 200);
    }
    assert_eq!(ask(&app, "eve@example.com").await.status, 429);
    app.advance(HOUR);
    assert_eq!(ask(&app, NEW).await.status, 200);
    app.letter_to(NEW).await;
}
