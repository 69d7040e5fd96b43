//! The dates of a secret: its last day, and the day to be reminded on.

use std::time::Duration;

use crate::secret_life::vended;
use crate::support::{Page, STRIPE, TestApp};

const OLD: &str = "rk_test_oldvalue12345678";
const NEW: &str = "rk_test_newvalue87654321";
const DAY: Duration = Duration::from_hours(24);

fn wrong(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 422, "{}", page.text);
    page.attributes("[aria-invalid=true]", "name")
}

#[actix_web::test]
async fn a_new_key_may_have_days_to_come_and_no_others() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let with = |expires: &'static str, rotate: &'static str| {
        [
            ("kind", "api_key"),
            ("api_key-api_key", OLD),
            ("name", "Payments"),
            ("environment", "test"),
            ("delivery", "vend"),
            ("expires_on", expires),
            ("rotate_on", rotate),
        ]
    };
    let bad = [
        ("2026-11-20", "", "expires_on", "That day is over"),
        ("", "2026-11-21", "rotate_on", "has begun already"),
        ("", "21.12.2026", "rotate_on", "Enter a day like"),
        ("2026-12-24", "2026-12-31", "rotate_on", "after its last day"),
    ];
    for (expires, rotate, field, why) in bad {
        let page = ada.submit(STRIPE, STRIPE, &with(expires, rotate)).await;
        assert_eq!(wrong(&page), [field], "{expires} {rotate}");
        assert!(page.text.contains(why), "{why}");
        assert_eq!(page.attributes("[name=rotate_on]", "value"), [rotate]);
    }
    let stored = ada.submit(STRIPE, STRIPE, &with("2026-12-24", "2026-12-20")).await;
    let page = ada.get(stored.location()).await;
    assert!(
        page.text.contains("24 Dec 2026, 23:59 UTC") && page.text.contains("20 Dec 2026, 00:00 UTC"),
        "{}",
        page.text
    );
    let list = ada.get("/w/acme/secrets").await;
    assert!(list.text.contains("expires <time") && list.text.contains("new value due <time"), "{}", list.text);
}

#[actix_web::test]
async fn the_home_page_reminds_from_the_day_on() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (edit, dates) = (format!("/w/acme/secrets/{id}/edit"), format!("/w/acme/secrets/{id}/dates"));
    assert_eq!(wrong(&ada.submit(&edit, &dates, &[("rotate_on", "2026-11-20")]).await), ["rotate_on"]);
    assert_eq!(ada.submit(&edit, &dates, &[("rotate_on", "2026-11-24")]).await.status, 303);
    assert!(!ada.get("/w/acme").await.text.contains("Needs attention"));
    app.advance(3 * DAY);
    ada.sign_in(crate::support::EMAIL, crate::support::PASSWORD).await;
    assert!(ada.get("/w/acme").await.text.contains("Payments is due for a new value"));
    let list = ada.get("/w/acme/secrets").await;
    assert!(list.text.contains("new value due since"), "{}", list.text);
    // What stands there may stay, though it is over.
    let kept = [("rotate_on", "2026-11-24"), ("expires_on", "2027-01-31")];
    assert_eq!(ada.submit(&edit, &dates, &kept).await.status, 303);
    assert_eq!(ada.enter(&id, "replace", NEW, &[("expires_on", "2027-01-31")]).await.status, 303);
    assert!(!ada.get("/w/acme").await.text.contains("Needs attention"), "the reminder was about the old value");
}

#[actix_web::test]
async fn a_value_in_place_of_an_expired_one_says_when_it_ends() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    let (edit, dates) = (format!("/w/acme/secrets/{id}/edit"), format!("/w/acme/secrets/{id}/dates"));
    assert_eq!(ada.submit(&edit, &dates, &[("expires_on", "2026-11-22")]).await.status, 303);
    app.advance(2 * DAY);
    ada.sign_in(crate::support::EMAIL, crate::support::PASSWORD).await;
    assert!(vended(&token, &person, &id).await.contains("needs_reauthorization"));
    assert_eq!(wrong(&ada.enter(&id, "replace", NEW, &[]).await), ["expires_on"]);
    assert_eq!(wrong(&ada.enter(&id, "replace", NEW, &[("expires_on", "2026-11-22")]).await), ["expires_on"]);
    assert_eq!(ada.enter(&id, "replace", NEW, &[("never_expires", "yes")]).await.status, 303);
    assert_eq!(vended(&token, &person, &id).await, NEW);
    let never = app.database.count(&format!("secrets WHERE id = '{id}' AND expires_at IS NULL"));
    assert_eq!(never, 1);
}
