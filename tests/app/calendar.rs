//! The calendar of what ends and is due: on its page, and by a private link.

use std::time::Duration;

use keyrack::crypto::CalendarToken;
use keyrack::domain::Role;

use crate::support::{Browser, Page, SeededChance, TestApp, verify_chains};

const DAY: Duration = Duration::from_hours(24);
const KEY: &str = "rk_test_calendar12345678";
const MEMBER: &str = "member@example.com";
const CALENDAR: &str = "/w/acme/calendar";

/// Stores a key that ends after so many days, and gives its id.
async fn add(app: &TestApp, by: &mut Browser, name: &str, days: u32) -> String {
    let id = by.add_stripe(name, KEY, "vend").await;
    let end = app.app.clock.now().plus(DAY * days).day();
    let (form, to) = (format!("/w/acme/secrets/{id}/edit"), format!("/w/acme/secrets/{id}/dates"));
    assert_eq!(by.submit(&form, &to, &[("expires_on", &end), ("rotate_on", "")]).await.status, 303);
    id
}

/// Makes a private link; its path.
async fn link(app: &TestApp, by: &mut Browser) -> String {
    let page = by.submit(CALENDAR, &format!("{CALENDAR}/link"), &[]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.text_of("code#link").strip_prefix(&app.base).unwrap().to_owned()
}

/// The texts of a file's summaries, whole again.
fn summaries(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.text);
    let whole = page.text.replace("\r\n ", "");
    whole.split("\r\n").filter_map(|line| line.strip_prefix("SUMMARY:")).map(ToOwned::to_owned).collect()
}

#[actix_web::test]
async fn months_list_what_ends_of_all_that_one_may_see() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    let empty = grace.get(CALENDAR).await;
    assert_eq!((empty.status, empty.text_of(".empty h2").as_str()), (200, "Nothing ends"));
    add(&app, &mut ada, "Private", 40).await;
    add(&app, &mut grace, "Hers", 5).await;
    let shared = add(&app, &mut ada, "Shared", 80).await;
    app.database.execute(&format!("UPDATE secrets SET sharing = 'workspace' WHERE id = '{shared}'"));
    let end = app.app.clock.now().plus(DAY * 20).day();
    ada.make_token_with(&[("preset", "backend"), ("expires_on", &end)]).await;
    let names = |page: &Page| page.texts(".lines a");
    let seen = ada.get(CALENDAR).await;
    assert_eq!(names(&seen), ["Hers", "Backend", "Private", "Shared"]);
    assert!(seen.texts("main .card h2").len() >= 3, "months: {:?}", seen.texts("main .card h2"));
    assert_eq!(names(&grace.get(CALENDAR).await), ["Hers", "Shared"]);
    assert!(seen.text.contains("expires") && !seen.text.contains(KEY));
}

#[actix_web::test]
async fn a_private_link_reads_names_and_days_and_nothing_else() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    add(&app, &mut ada, "Payments", 30).await;
    let path = link(&app, &mut ada).await;
    assert!(path.starts_with("/calendar/kr_calendar_"));
    assert!(!ada.get(CALENDAR).await.text.contains("kr_calendar_"), "it was shown once");
    let mut nobody = app.anonymous();
    let file = nobody.get(&path).await;
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    assert_eq!(file.header("cache-control"), "no-store");
    assert_eq!(summaries(&file), ["Payments expires (Stripe\\, test)"]);
    assert!(file.text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && file.text.ends_with("END:VCALENDAR\r\n"));
    for secret in [KEY, "5678", "kr_calendar_", "ada@example.com"] {
        assert!(!file.text.contains(secret), "{secret}: {}", file.text);
    }
    let text = path.strip_prefix("/calendar/").unwrap().strip_suffix(".ics").unwrap();
    let kept = app.database.everything();
    assert!(!kept.windows(text.len()).any(|window| window == text.as_bytes()), "only its HMAC is kept");
    // Nothing but the whole link will do.
    let other = format!("{}{}", &text[..text.len() - 1], if text.ends_with('a') { 'b' } else { 'a' });
    // Whole, and of the same calendar, but drawn by somebody else.
    let id = text.parse::<CalendarToken>().unwrap().id;
    let forged = CalendarToken::draw(id, &SeededChance::new(99));
    assert_eq!(forged.as_str().len(), text.len());
    for wrong in [&text[..text.len() - 1], &other, forged.as_str(), "kr_setup_gone", "", "x.ics"] {
        assert_eq!(nobody.get(&format!("/calendar/{wrong}.ics")).await.status, 404, "{wrong}");
    }
    assert_eq!(nobody.get(&format!("/calendar/{text}")).await.status, 404);
    assert_eq!(nobody.post(&path, &[]).await.status, 405);
    assert_eq!(nobody.get(CALENDAR).await.status, 303, "it opens no page");
}

#[actix_web::test]
async fn a_link_ends_where_another_takes_its_place_or_it_is_taken_back() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    let (first, hers) = (link(&app, &mut ada).await, link(&app, &mut grace).await);
    let second = link(&app, &mut ada).await;
    let mut nobody = app.anonymous();
    assert_eq!(nobody.get(&first).await.status, 404);
    assert_eq!((nobody.get(&second).await.status, nobody.get(&hers).await.status), (200, 200));
    assert_eq!(ada.submit(CALENDAR, &format!("{CALENDAR}/link/remove"), &[]).await.location(), CALENDAR);
    assert_eq!((nobody.get(&second).await.status, nobody.get(&hers).await.status), (404, 200));
    assert_eq!(ada.submit("/account", &format!("{CALENDAR}/link/remove"), &[]).await.status, 303, "it is gone already");
    let told = app.database.texts("SELECT entry AS text FROM audit_entries").join("\n");
    assert_eq!(told.matches("\"calendar.opened\"").count(), 3);
    assert_eq!(told.matches("\"calendar.closed\"").count(), 1);
    assert!(!told.contains("kr_calendar_"));
    assert!(ada.get("/w/acme/activity").await.text.contains("took back the link to their calendar"));
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn a_link_reads_what_its_member_may_see_now_and_dies_with_the_membership() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    let shared = add(&app, &mut ada, "Shared", 30).await;
    app.database.execute(&format!("UPDATE secrets SET sharing = 'workspace' WHERE id = '{shared}'"));
    let hers = link(&app, &mut grace).await;
    let mut nobody = app.anonymous();
    assert_eq!(summaries(&nobody.get(&hers).await).len(), 1);
    app.database.run("UPDATE secrets SET sharing = 'private'");
    assert!(summaries(&nobody.get(&hers).await).is_empty());
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let elsewhere = eve.submit("/w/other/calendar", "/w/other/calendar/link", &[]).await.text_of("code#link");
    let elsewhere = elsewhere.strip_prefix(&app.base).unwrap().to_owned();
    assert!(summaries(&nobody.get(&elsewhere).await).is_empty(), "another workspace's");
    let id = grace.id().await;
    let end = format!("/w/acme/members/{id}/end");
    let seen = ada.get(&end).await.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    assert_eq!(ada.submit("/account", &end, &[("name", "Grace"), ("seen", &seen)]).await.status, 200);
    assert_eq!(nobody.get(&hers).await.status, 404);
    assert_eq!(app.database.number("SELECT COUNT(*) AS number FROM calendars"), 1, "Eve's alone");
    // Past the program: the membership is what counts, not the row.
    app.database.run("DELETE FROM members WHERE workspace_id = (SELECT id FROM workspaces WHERE slug = 'other')");
    assert_eq!(nobody.get(&elsewhere).await.status, 404);
}

#[actix_web::test]
async fn no_name_ends_its_line_or_begins_another_event() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = add(&app, &mut ada, "Payments", 30).await;
    let path = link(&app, &mut ada).await;
    let mut nobody = app.anonymous();
    let long = "ä€".repeat(60);
    for name in ["A\r\nEND:VEVENT\r\nBEGIN:VEVENT\nSUMMARY:x", "B;C,D\\n\u{2028}E", &long] {
        app.database.run(&format!("UPDATE secrets SET name = '{name}' WHERE id = '{id}'"));
        let file = nobody.get(&path).await;
        assert_eq!(summaries(&file).len(), 1, "{}", file.text);
        assert_eq!(file.text.matches("\r\nBEGIN:VEVENT\r\n").count(), 1);
        assert!(!file.text.replace("\r\n", "").contains(['\r', '\n']));
        assert!(file.text.split("\r\n").all(|line| line.len() <= 75), "{}", file.text);
    }
}
