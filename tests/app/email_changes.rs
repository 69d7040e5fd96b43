//! Another address for an account: asked with the password, proven by a link, told to both addresses.

use std::time::Duration;

use keyrack::mail::Mailer;

use crate::support::{Browser, EMAIL, Mail, OPEN, PASSWORD, Page, TestApp};

const NEW: &str = "ada@lovelace.example";
const OTHER_PASSWORD: &str = "another four plain words";
const HOUR: Duration = Duration::from_hours(1);

async fn ask(browser: &mut Browser, email: &str, password: &str) -> Page {
    browser.submit("/account", "/account/e-mail", &[("new_email", email), ("email_password", password)]).await
}

fn to<'a>(letters: &'a [Mail], email: &str) -> Vec<&'a Mail> {
    letters.iter().filter(|letter| letter.to == email).collect()
}

/// The path of a fresh link to use this address.
async fn proof_path(app: &TestApp, browser: &mut Browser, email: &str) -> String {
    assert_eq!(ask(browser, email, PASSWORD).await.status, 303);
    let letters = app.post().await;
    to(&letters, email)[0].link(&app.base, "/e-mail/")
}

async fn use_link(browser: &mut Browser, path: &str) -> Page {
    browser.submit("/forgotten", path, &[]).await
}

#[actix_web::test]
async fn the_address_changes_when_its_link_is_used_and_both_are_told() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let page = ask(&mut ada, NEW, PASSWORD).await;
    assert_eq!((page.status, page.location()), (303, "/account"));
    assert!(ada.get("/account").await.text.contains("A letter is on its way to the new address"));
    let letters = app.post().await;
    assert_eq!(letters.len(), 2, "{letters:#?}");
    assert!(to(&letters, EMAIL)[0].text.contains(NEW) && !to(&letters, EMAIL)[0].text.contains("/e-mail/"));
    let path = to(&letters, NEW)[0].link(&app.base, "/e-mail/");

    let mut phone = app.anonymous();
    for _ in 0..2 {
        let page = phone.get(&path).await;
        assert!(page.text.contains(NEW) && !page.text.contains(EMAIL), "who it is for is not told to a wrong mailbox");
        phone.head(&path).await;
    }
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 303, "nothing has changed yet");
    assert_eq!(use_link(&mut phone, &path).await.location(), "/sign-in", "whoever asked must finish it");
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(use_link(&mut eve, &path).await.text_of("h1"), "This link is for another account");
    let form = phone.get(&path).await;
    let back = form.attributes("input[name=return_to]", "value").remove(0);
    let fields =
        [("csrf", form.csrf()), ("email", EMAIL.to_owned()), ("password", PASSWORD.to_owned()), ("return_to", back)];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(phone.post("/sign-in", &fields).await.location(), path, "signed in, and back");
    let extra = [("email", "eve@example.com"), ("email_verified", "true"), ("role", "owner")];
    let page = phone.submit(&path, &path, &extra).await;
    assert_eq!((page.status, page.location()), (303, "/account"), "{}", page.text);
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 422);
    assert_eq!(app.anonymous().sign_in(&NEW.to_uppercase(), PASSWORD).await.status, 303);
    assert_eq!(ada.get("/w/acme").await.status, 200);
    let letters = app.post().await;
    for (address, advice) in [(EMAIL, "tell whoever runs this Keyrack"), (NEW, "ask for a new password at once")] {
        let letter = to(&letters, address)[0];
        assert!(letter.subject == "Your address has changed" && letter.text.contains(advice), "{letter:#?}");
    }
    assert_eq!(letters.len(), 2);
    phone.get(&path).await.is_of_no_link();
    use_link(&mut phone, &path).await.is_of_no_link();
    let told = "SELECT COUNT(*) AS number FROM audit_entries WHERE entry LIKE '%email.changed%'";
    assert_eq!(app.database.number(told), 1);
    let addresses = "SELECT COUNT(*) AS number FROM audit_entries WHERE entry LIKE '%@%'";
    assert_eq!(app.database.number(addresses), 0, "the record keeps no addresses");
}

#[actix_web::test]
async fn a_known_and_an_unknown_address_are_answered_alike() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.other_owner("grace@example.com").await;
    app.post().await;
    let counts = || ["people", "links", "jobs", "throttles", "audit_entries"].map(|table| app.database.count(table));
    let mut seen = Vec::new();
    for email in ["grace@example.com", "nobody@example.co"] {
        let before = counts();
        let page = ask(&mut ada, email, PASSWORD).await;
        let after = counts();
        let written: Vec<i64> = after.iter().zip(before).map(|(after, before)| after - before).collect();
        seen.push((page.status, page.location().to_owned(), page.header("set-cookie").to_owned(), written));
        ada.get("/account").await;
        let letters = app.post().await;
        assert_eq!((to(&letters, EMAIL).len(), to(&letters, email).len()), (1, 1));
        let subject = &to(&letters, email)[0].subject;
        let known = email.starts_with("grace");
        assert_eq!(subject, if known { "You have an account already" } else { "Is this your new address?" });
        app.database.run("DELETE FROM throttles");
    }
    assert_eq!(seen[0], seen[1]);
}

#[actix_web::test]
async fn it_takes_the_password_and_an_address() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for (email, words) in [("nonsense", "Enter an e-mail address"), (EMAIL, "This is your address already.")] {
        let page = ask(&mut ada, email, PASSWORD).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains(words), "{email}");
    }
    for _ in 0..5 {
        let page = ask(&mut ada, NEW, "none of these words is right").await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains("This is not your current password."));
        assert_eq!(page.attributes("#new_email", "value"), [NEW], "what was typed is there still");
    }
    assert_eq!(ask(&mut ada, NEW, PASSWORD).await.status, 429, "no more tries than at the door");
    assert!(app.post().await.is_empty());
    let mut eve = app.anonymous();
    let page = eve.submit("/sign-in", "/account/e-mail", &[("new_email", NEW), ("email_password", PASSWORD)]).await;
    assert_eq!((page.status, page.location()), (303, "/sign-in"));
}

#[actix_web::test]
async fn an_address_that_was_taken_meanwhile_spends_nothing() {
    let app = TestApp::start_set(&OPEN).await;
    let mut ada = app.owner().await;
    let path = proof_path(&app, &mut ada, NEW).await;
    app.anonymous().submit("/sign-up", "/sign-up", &[("email", NEW)]).await;
    let theirs = app.letter_to(NEW).await.link(&app.base, "/sign-up/");
    let fields = [("name", "Eve"), ("password", PASSWORD)];
    assert_eq!(app.anonymous().submit("/sign-in", &theirs, &fields).await.status, 303);
    assert_eq!(use_link(&mut ada, &path).await.text_of("h1"), "This address is taken");
    let spent = "SELECT COUNT(*) AS number FROM links WHERE purpose = 'email_change' AND spent_at IS NOT NULL";
    assert_eq!(app.database.number(spent), 0);
    assert!(app.post().await.is_empty());
    assert!(ada.get("/account").await.text.contains(EMAIL));
}

#[actix_web::test]
async fn of_two_accounts_that_want_one_address_at_once_one_gets_it() {
    let app = TestApp::start().await;
    let (mut ada, mut grace) = (app.owner().await, app.other_owner("grace@example.com").await);
    let first = proof_path(&app, &mut ada, NEW).await;
    let second = proof_path(&app, &mut grace, NEW).await;
    let (one, other) = futures_util::future::join(use_link(&mut ada, &first), use_link(&mut grace, &second)).await;
    let mut answers = [one.status, other.status];
    answers.sort_unstable();
    assert_eq!(answers, [200, 303]);
}

#[actix_web::test]
async fn a_link_ends_after_a_day_and_with_every_change_of_the_account() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let old = proof_path(&app, &mut ada, "old@example.com").await;
    app.advance(24 * HOUR);
    ada.sign_in(EMAIL, PASSWORD).await;
    use_link(&mut ada, &old).await.is_of_no_link();

    let (first, second) =
        (proof_path(&app, &mut ada, "first@example.com").await, proof_path(&app, &mut ada, NEW).await);
    app.anonymous().submit("/forgotten", "/forgotten", &[("email", EMAIL)]).await;
    let reset = app.letter_to(EMAIL).await.link(&app.base, "/reset/");
    let token = second.strip_prefix("/e-mail/").unwrap();
    app.anonymous().get(&format!("/reset/{token}")).await.is_of_no_link();
    assert_eq!(use_link(&mut ada, &second).await.status, 303);
    app.anonymous().get(&first).await.is_of_no_link();
    app.anonymous().get(&reset).await.is_of_no_link();

    let third = proof_path(&app, &mut ada, "third@example.com").await;
    let fields = [("current", PASSWORD), ("new", OTHER_PASSWORD)];
    assert_eq!(ada.submit("/account", "/account/password", &fields).await.status, 303);
    app.anonymous().get(&third).await.is_of_no_link();
}

#[actix_web::test]
async fn what_was_asked_before_a_new_password_comes_to_nothing() {
    let app = TestApp::start().await;
    let mut eve = app.owner().await;
    app.anonymous().submit("/forgotten", "/forgotten", &[("email", EMAIL)]).await;
    let reset = app.letter_to(EMAIL).await.link(&app.base, "/reset/");
    assert_eq!(ask(&mut eve, "eve@example.com", PASSWORD).await.status, 303);
    // The work waits still when the account gets another password.
    let fields = [("password", OTHER_PASSWORD)];
    assert_eq!(app.anonymous().submit("/sign-in", &reset, &fields).await.status, 303);
    let letters = app.post().await;
    assert!(to(&letters, "eve@example.com").is_empty(), "{letters:#?}");
    let links = "SELECT COUNT(*) AS number FROM links WHERE purpose = 'email_change'";
    assert_eq!(app.database.number(links), 0);
}

#[actix_web::test]
async fn what_an_account_asked_that_is_gone_comes_to_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert_eq!(ask(&mut ada, NEW, PASSWORD).await.status, 303);
    app.database.run("DELETE FROM members; DELETE FROM sessions; DELETE FROM people;");
    let letters = app.post().await;
    assert!(to(&letters, NEW).is_empty(), "{letters:#?}");
    assert_eq!(app.database.count("jobs"), 0, "nothing waits to be tried again");
}

#[actix_web::test]
async fn another_letter_case_of_ones_own_address_is_no_other_account() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let path = proof_path(&app, &mut ada, "Ada@Example.com").await;
    assert_eq!(use_link(&mut ada, &path).await.status, 303);
    assert!(ada.get("/account").await.text.contains("Ada@Example.com"));
    assert_eq!(app.anonymous().sign_in(EMAIL, PASSWORD).await.status, 303);
}

#[actix_web::test]
async fn no_links_text_is_kept_anywhere() {
    let app = TestApp::start_set(&OPEN).await;
    let mut ada = app.owner().await;
    let mut paths = vec![proof_path(&app, &mut ada, NEW).await];
    app.anonymous().submit("/sign-up", "/sign-up", &[("email", "bob@example.com")]).await;
    paths.push(app.letter_to("bob@example.com").await.link(&app.base, "/sign-up/"));
    app.anonymous().submit("/forgotten", "/forgotten", &[("email", EMAIL)]).await;
    paths.push(app.letter_to(EMAIL).await.link(&app.base, "/reset/"));
    // One more, whose letter waits to be sent.
    app.anonymous().submit("/forgotten", "/forgotten", &[("email", EMAIL)]).await;
    let mut kept = app.database.dump();
    kept.extend(app.files().into_iter().flat_map(|(_, bytes)| bytes));
    for path in paths {
        let token = path.rsplit('/').next().unwrap();
        // Its secret, without the id by which its row is found.
        let secret = &token["kr_link_".len() + 26..token.len() - 7];
        assert_eq!(secret.len(), 52);
        assert!(!kept.windows(secret.len()).any(|window| window == secret.as_bytes()), "{path}");
        let page = app.anonymous().get(&path).await;
        assert_eq!(page.status, 200);
    }
}

/// An Owner sees how letters leave, but not what came of asking for an address.
#[actix_web::test]
async fn the_page_of_letters_does_not_tell_who_has_an_account() {
    let away = [("KEYRACK_SMTP_URL", "smtp://127.0.0.1:1?tls=none"), ("KEYRACK_MAIL_FROM", "keys@example.com")];
    let mut seen = Vec::new();
    for asked in ["grace@example.com", "nobody@example.com"] {
        let app = TestApp::start_altered(1, &away, |app| app.mailer = Mailer::open(&app.config).unwrap()).await;
        let mut ada = app.owner().await;
        app.owner_of("Other", "grace@example.com").await;
        assert_eq!(ask(&mut ada, asked, PASSWORD).await.status, 303);
        assert!(app.post().await.is_empty(), "nothing leaves");
        assert_eq!(app.database.count("jobs WHERE kind = 'letter'"), 2);
        let page = ada.get("/w/acme/jobs").await;
        assert!(page.text.contains("Notice of an address to change") && !page.text.contains(asked), "{}", page.text);
        seen.push(page.text_of("main").split_whitespace().collect::<Vec<_>>().join(" "));
    }
    assert_eq!(seen[0], seen[1]);
}
