//! Reminders of what ends and what is due: when, to whom, how often, and how they are put off.

use std::time::Duration;

use keyrack::domain::{Moment, Role};

use crate::support::{Browser, EMAIL, Mail, PASSWORD, TestApp, verify_chains};

const DAY: Duration = Duration::from_hours(24);
const KEY: &str = "rk_test_reminders12345678";
const MEMBER: &str = "member@example.com";

fn ahead(app: &TestApp, days: u32) -> String {
    app.app.clock.now().plus(DAY * days).day()
}

/// Sets the dates of a secret as its page does.
async fn date(by: &mut Browser, id: &str, expires_on: &str, rotate_on: &str) {
    let form = format!("/w/acme/secrets/{id}/edit");
    let fields = [("expires_on", expires_on), ("rotate_on", rotate_on)];
    let saved = by.submit(&form, &format!("/w/acme/secrets/{id}/dates"), &fields).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
}

/// Lets days pass, and gives the reminders that were sent in them.
async fn pass(app: &TestApp, days: u32) -> Vec<Mail> {
    app.advance(DAY * days);
    app.sweep().await;
    app.post().await
}

/// The days that a test lets pass outlast any session.
async fn again(by: &mut Browser, email: &str) {
    if by.get("/w/acme").await.status == 303 {
        assert_eq!(by.sign_in(email, PASSWORD).await.status, 303);
    }
}

async fn attention(by: &mut Browser, email: &str) -> Vec<String> {
    again(by, email).await;
    by.get("/w/acme").await.texts("section[aria-labelledby=attention] .what strong")
}

#[actix_web::test]
async fn an_end_is_written_of_two_weeks_and_three_days_before_and_on_the_day() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", KEY, "vend").await;
    date(&mut ada, &id, &ahead(&app, 20), "").await;
    let mut written = Vec::new();
    for day in 1..=30_u32 {
        let letters = pass(&app, 1).await;
        assert!(letters.len() <= 1, "{letters:#?}");
        written.extend(letters.into_iter().map(|letter| (20 - i64::from(day), letter)));
    }
    let days: Vec<i64> = written.iter().map(|(left, _)| *left).collect();
    assert_eq!(days, [13, 2, 0], "whole days to its last");
    let first = &written[0].1;
    assert!(first.subject.starts_with("Payments expires on 20"), "{}", first.subject);
    assert!(first.text.contains("Payments (Stripe, test): ") && first.to == EMAIL, "{}", first.text);
    assert!(!first.raw.contains(KEY));
}

#[actix_web::test]
async fn all_that_is_due_to_somebody_comes_in_one_letter_a_day() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    app.owner_of("Other", EMAIL).await;
    for (at, name) in ["First", "Second", "Third"].iter().enumerate() {
        let id = ada.add_stripe(name, KEY, "vend").await;
        let soon = ahead(&app, 2 + u32::try_from(at).unwrap());
        if at == 2 { date(&mut ada, &id, "", &ahead(&app, 1)).await } else { date(&mut ada, &id, &soon, "").await }
    }
    let hers = grace.add_stripe("Hers", KEY, "vend").await;
    date(&mut grace, &hers, &ahead(&app, 5), "").await;
    let letters = pass(&app, 1).await;
    assert_eq!(letters.len(), 2, "{letters:#?}");
    let to_ada = letters.iter().find(|mail| mail.to == EMAIL).unwrap();
    for name in ["First", "Second", "Third"] {
        assert!(to_ada.text.contains(name), "{name}: {}", to_ada.text);
    }
    assert!(to_ada.text.contains("Due for a new value since") && !to_ada.text.contains("Hers"), "{}", to_ada.text);
    // News of the same day waits for the next.
    again(&mut ada, EMAIL).await;
    let late = ada.add_stripe("Late", KEY, "vend").await;
    date(&mut ada, &late, &ahead(&app, 3), "").await;
    app.advance(Duration::from_hours(2));
    app.sweep().await;
    assert!(app.post().await.is_empty());
    let next = pass(&app, 1).await;
    assert!(next.iter().any(|mail| mail.to == EMAIL && mail.text.contains("Late")), "{next:#?}");
    assert!(next.iter().all(|mail| mail.to == EMAIL));
}

#[actix_web::test]
async fn a_reminder_is_put_off_by_the_one_who_wants_it_and_comes_back() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    let id = grace.add_stripe("Hers", KEY, "vend").await;
    date(&mut grace, &id, "", &ahead(&app, 1)).await;
    assert_eq!(pass(&app, 1).await.len(), 1);
    assert_eq!(attention(&mut grace, MEMBER).await, ["Hers is due for a new value"]);
    assert_eq!(attention(&mut ada, EMAIL).await.last().unwrap(), "Hers is due for a new value", "an Admin sees all");
    let home = grace.get("/w/acme").await;
    let action = home.attributes(".later form", "action").remove(0);
    assert_eq!(home.attributes(".later button", "value"), ["1", "7", "30"]);
    let sent = grace.post(&action, &[("csrf", &home.csrf()), ("days", "7")]).await;
    assert_eq!((sent.status, sent.location()), (303, "/w/acme"));
    assert!(attention(&mut grace, MEMBER).await.is_empty());
    assert_eq!(attention(&mut ada, EMAIL).await.last().unwrap(), "Hers is due for a new value", "for herself alone");
    let told = app.database.texts("SELECT entry AS text FROM audit_entries").join("\n");
    assert!(told.contains("\"secret.reminder_snoozed\""));
    assert!(ada.get("/w/acme/activity").await.text.contains("put off reminders of"));
    assert!(pass(&app, 3).await.is_empty());
    let back = pass(&app, 4).await;
    assert_eq!((back.len(), back[0].to.as_str()), (1, MEMBER));
    assert!(pass(&app, 1).await.is_empty(), "once");
    assert_eq!(attention(&mut grace, MEMBER).await, ["Hers is due for a new value"]);
    again(&mut grace, MEMBER).await;
    for days in ["2", "0", "-1", "", "99999999999"] {
        assert_eq!(grace.submit("/account", &action, &[("days", days)]).await.status, 400, "{days}");
    }
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.submit("/account", &action, &[("days", "7")]).await.status, 404);
    assert_eq!(eve.submit("/account", &action.replace("acme", "other"), &[("days", "7")]).await.status, 404);
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn another_value_or_another_date_ends_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", KEY, "vend").await;
    date(&mut ada, &id, "", &ahead(&app, 1)).await;
    assert_eq!(pass(&app, 1).await.len(), 1);
    again(&mut ada, EMAIL).await;
    assert_eq!(app.database.count("reminders"), 1);
    assert_eq!(ada.enter(&id, "replace", "rk_test_another12345678", &[]).await.status, 303);
    assert_eq!(app.database.count("reminders"), 0);
    let due = |lines: &[String]| lines.iter().any(|line| line.contains("Payments"));
    assert!(!due(&attention(&mut ada, EMAIL).await));
    assert!(pass(&app, 1).await.is_empty());
    // Snoozed, and then given another date: the wish was about the one before.
    again(&mut ada, EMAIL).await;
    date(&mut ada, &id, &ahead(&app, 10), "").await;
    let snooze = format!("/w/acme/secrets/{id}/snooze");
    assert_eq!(ada.submit("/account", &snooze, &[("days", "30")]).await.status, 303);
    assert!(!due(&attention(&mut ada, EMAIL).await));
    date(&mut ada, &id, &ahead(&app, 9), "").await;
    assert!(due(&attention(&mut ada, EMAIL).await));
    date(&mut ada, &id, "", "").await;
    let none = ada.submit("/account", &snooze, &[("days", "7")]).await;
    assert_eq!(none.status, 303);
    assert!(ada.get("/w/acme").await.text.contains("no date any more"));
    assert_eq!(app.database.count("reminders"), 0);
}

#[actix_web::test]
async fn nobody_is_reminded_of_what_is_not_theirs_any_more() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    let shared = app.share(&mut ada, "Shared", KEY).await;
    date(&mut ada, &shared, &ahead(&app, 5), "").await;
    assert_eq!(
        grace.submit("/account", &format!("/w/acme/secrets/{shared}/snooze"), &[("days", "1")]).await.status,
        303
    );
    let hers = grace.add_stripe("Hers", KEY, "vend").await;
    date(&mut grace, &hers, &ahead(&app, 5), "").await;
    assert_eq!(app.database.count("reminders"), 1);
    let id = grace.id().await;
    let end = format!("/w/acme/members/{id}/end");
    let seen = ada.get(&end).await.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    assert_eq!(ada.submit("/account", &end, &[("name", "Grace"), ("seen", &seen)]).await.status, 200);
    assert_eq!(app.database.count("reminders"), 0);
    app.post().await;
    let letters = pass(&app, 1).await;
    assert_eq!(letters.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), [EMAIL]);
    let expired = app.app.clock.now().minus(DAY * 100).micros();
    app.database.run(&format!("DELETE FROM reminders; UPDATE secrets SET expires_at = {expired}"));
    assert!(pass(&app, 1).await.is_empty(), "what is long over is no news");
    assert!(Moment::from_micros(expired) < app.app.clock.now());
}

#[actix_web::test]
async fn two_processes_write_one_letter() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", KEY, "vend").await;
    date(&mut ada, &id, &ahead(&app, 5), "").await;
    let other = app.start_again().await.unwrap();
    let (one, two) = (app.app.kit(None), other.kit(None));
    let (first, second) = futures_util::future::join(
        keyrack::actions::reminders::remind(&app.app.db, &one),
        keyrack::actions::reminders::remind(&other.db, &two),
    )
    .await;
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(app.post().await.len(), 1);
}
