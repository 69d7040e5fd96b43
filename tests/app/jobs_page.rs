//! The Owners' page of mail and jobs: what it shows, to whom, and what they may do about it.

use keyrack::domain::{Letter, Role};
use keyrack::mail::Mailer;

use crate::support::{Browser, EMAIL, TestApp, queue};

const JOBS: &str = "/w/acme/jobs";

fn names(page: &str) -> Vec<&'static str> {
    let all = ["anna@example.com", "bob@example.com", "carol@example.com"];
    all.into_iter().filter(|name| page.contains(name)).collect()
}

async fn act(browser: &mut Browser, workspace: &str, id: &str, act: &str) -> u16 {
    browser.submit("/account", &format!("/w/{workspace}/jobs/{id}/{act}"), &[]).await.status
}

#[actix_web::test]
async fn owners_see_letters_about_their_members_and_no_others() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    app.failed_notice(EMAIL, "anna@example.com").await;
    app.failed_notice("eve@example.com", "bob@example.com").await;
    queue(&app.app, None, vec![("carol@example.com".to_owned(), Letter::AlreadyHere)]).await;
    assert_eq!(names(&ada.get(JOBS).await.text), ["anna@example.com"]);
    assert_eq!(names(&eve.get("/w/other/jobs").await.text), ["bob@example.com"]);
    for page in [ada.get(JOBS).await, eve.get("/w/other/jobs").await] {
        assert!(page.text.contains("0 wait, 1 failed"), "what belongs to nobody is not counted: {}", page.text);
    }
    // Whoever belongs to both is seen by both.
    app.owner_of("Other", EMAIL).await;
    assert_eq!(names(&eve.get("/w/other/jobs").await.text), ["anna@example.com", "bob@example.com"]);
}

#[actix_web::test]
async fn only_an_owner_of_the_same_people_acts_on_a_job() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let id = app.failed_notice(EMAIL, "anna@example.com").await;
    let waiting = app.queue_notice(EMAIL, "bob@example.com").await;
    queue(&app.app, None, vec![("carol@example.com".to_owned(), Letter::AlreadyHere)]).await;
    app.database.execute("UPDATE jobs SET failed_at = run_at WHERE recipient IS NULL");
    let nobodys = app.database.text("SELECT id AS text FROM jobs WHERE recipient IS NULL");
    let before = app.database.count("audit_entries");
    for word in ["retry", "discard"] {
        assert_eq!(act(&mut eve, "other", &id, word).await, 404);
        assert_eq!(act(&mut eve, "acme", &id, word).await, 404);
        assert_eq!(act(&mut admin, "acme", &id, word).await, 403);
        assert_eq!(act(&mut ada, "acme", &waiting, word).await, 303, "it has not failed, so nothing changes");
        assert!(ada.get(JOBS).await.text.contains("It is being tried again already."));
        assert_eq!(act(&mut ada, "acme", &nobodys, word).await, 404, "it is nobody's");
        assert_eq!(act(&mut ada, "acme", "job_x", word).await, 404);
    }
    assert_eq!((app.database.count("jobs"), app.database.count("audit_entries")), (3, before));
    assert_eq!(act(&mut ada, "acme", &id, "discard").await, 303);
    assert_eq!(act(&mut ada, "acme", &id, "discard").await, 404, "it is gone");
    assert_eq!(app.database.count("jobs"), 2);
    let told = ada.get("/w/acme/activity").await.text;
    assert!(told.contains("gave this up: Notice of a deleted account"), "{told}");
    assert_eq!(names(&told), [""; 0], "an entry names no address");
    assert_eq!(admin.get(JOBS).await.status, 403);
    assert!(!admin.get("/w/acme/settings").await.text.contains(JOBS));
}

#[actix_web::test]
async fn a_trial_letter_goes_to_the_one_who_asks() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut grace = app.other_owner("grace@example.com").await;
    let page = grace.submit(JOBS, &format!("{JOBS}/trial"), &[]).await;
    assert_eq!((page.status, page.location()), (303, JOBS));
    assert!(grace.get(JOBS).await.text.contains("1 waits, 0 failed"));
    let letter = app.letter_to("grace@example.com").await;
    assert_eq!(letter.subject, "A trial letter from Keyrack");
    assert!(letter.raw.contains("Auto-Submitted: auto-generated\r\n"), "{}", letter.raw);
    assert!(letter.text.contains("Mail works: an Owner of “Acme” had this letter sent."), "{}", letter.text);
    assert!(grace.get(JOBS).await.text.contains("Nothing waits, nothing failed"));
    assert!(grace.get("/w/acme/activity").await.text.contains("sent a trial letter to themselves"));
}

#[actix_web::test]
async fn an_owner_is_told_at_home_what_became_of_letters() {
    let app = TestApp::start_altered(1, &[], |app| app.mailer = Mailer::open(&app.config).unwrap()).await;
    let mut ada = app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let home = ada.get("/w/acme").await;
    assert!(home.text.contains("Letters stay on the server") && !home.text.contains("not be sent"), "{}", home.text);
    assert!(ada.get(JOBS).await.text.contains("KEYRACK_SMTP_URL"));
    app.failed_notice(EMAIL, "anna@example.com").await;
    assert!(ada.get("/w/acme").await.text.contains("1 thing could not be sent or done"));
    let other = admin.get("/w/acme").await.text;
    assert!(!other.contains("Letters stay") && !other.contains("not be sent") && !other.contains(JOBS));

    let delivering = TestApp::start_with(2).await;
    let mut bea = delivering.owner().await;
    assert!(!bea.get("/w/acme").await.text.contains("Letters stay on the server"));
    assert!(!bea.get(JOBS).await.text.contains("KEYRACK_SMTP_URL"));
}

#[actix_web::test]
async fn the_list_is_turned_page_by_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let letters = (0..120).map(|at| (format!("person-{at:03}@example.com"), Letter::AccountDeleted)).collect();
    queue(&app.app, Some(app.person(EMAIL)), letters).await;
    let found = regex::Regex::new(r"person-\d+@").unwrap();
    let (mut path, mut seen) = (JOBS.to_owned(), Vec::new());
    loop {
        let page = ada.get(&path).await;
        assert!(page.text.contains("120 wait, 0 failed"), "{}", page.text);
        let names: std::collections::BTreeSet<String> =
            found.find_iter(&page.text).map(|name| name.as_str().to_owned()).collect();
        seen.extend(names);
        match page.attributes("a[rel=next]", "href").pop() {
            Some(next) => path = next,
            None => break,
        }
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 120);
}
