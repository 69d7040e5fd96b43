//! Rounds of rotation: picked by an Admin, asked of the owners, ticked off by new values.

use std::time::Duration;

use keyrack::domain::Role;

use crate::support::{Browser, EMAIL, TestApp};

const GRACE: &str = "grace@example.com";
const KEY: &str = "rk_test_rotations1234";
const NEW: &str = "rk_test_rotations5678";

/// How far the round is, as its page says.
async fn told(browser: &mut Browser, round: &str) -> String {
    let page = browser.get(&format!("/w/acme/rotations/{round}")).await;
    assert_eq!(page.status, 200);
    page.text_of("h2#progress")
}

#[actix_web::test]
async fn each_secret_is_ticked_off_by_its_new_value_or_its_end() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let replaced = ada.add_stripe("Replaced", KEY, "vend").await;
    let promoted = grace.add_stripe("Promoted", KEY, "vend").await;
    let deleted = grace.add_stripe("Deleted", KEY, "vend").await;
    let empty = ada.add_stripe("Empty", KEY, "vend").await;
    let path = format!("/w/acme/secrets/{empty}/disconnect");
    assert_eq!(ada.submit(&path, &path, &[]).await.status, 303);
    app.post().await;

    let round = ada.start_round("After the breach", &[("due_on", "2027-01-31")]).await;
    assert_eq!(told(&mut ada, &round).await, "0 of 3 secrets done");
    let letters = app.post().await;
    let mut to: Vec<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, [EMAIL, GRACE], "one letter each");
    let hers = letters.iter().find(|letter| letter.to == GRACE).unwrap();
    assert!(hers.text.contains("Promoted") && hers.text.contains("Deleted") && !hers.text.contains("Replaced"));
    assert!(hers.text.contains("31 Jan 2027") && hers.subject.contains("After the breach"), "{}", hers.text);
    assert!(grace.get("/w/acme").await.text.contains("A new value is asked for: Promoted"));

    assert_eq!(ada.enter(&replaced, "replace", NEW, &[]).await.status, 303);
    assert_eq!(told(&mut ada, &round).await, "1 of 3 secrets done");
    assert_eq!(grace.enter(&promoted, "next", NEW, &[]).await.status, 303);
    assert_eq!(told(&mut ada, &round).await, "1 of 3 secrets done", "a value that waits is not in use");
    let asks = "The rotation round “After the breach” asks for a new value";
    let page = grace.get(&format!("/w/acme/secrets/{promoted}")).await;
    assert!(page.text.contains(asks) && page.text.contains("31 Jan 2027"), "{}", page.text);
    assert_eq!(grace.turn(&promoted, "next/promote").await.status, 303);
    assert!(!grace.get(&format!("/w/acme/secrets/{promoted}")).await.text.contains(asks));
    assert_eq!(told(&mut ada, &round).await, "2 of 3 secrets done");
    assert_eq!(grace.turn(&promoted, "roll-back").await.status, 303);
    assert_eq!(told(&mut ada, &round).await, "1 of 3 secrets done", "the old value is in use again");
    assert_eq!(grace.enter(&promoted, "next", NEW, &[]).await.status, 303);
    assert_eq!(grace.turn(&promoted, "next/promote").await.status, 303);
    let path = format!("/w/acme/secrets/{deleted}/delete");
    assert_eq!(grace.submit(&path, &path, &[("name", "Deleted")]).await.status, 303);
    assert_eq!(told(&mut ada, &round).await, "3 of 3 secrets done");
    let done = ada.get(&format!("/w/acme/rotations/{round}?show=done")).await;
    assert!(done.text.contains("new value") && done.text.contains("deleted") && done.text.contains("All done"));
    assert!(!grace.get("/w/acme").await.text.contains("A new value is asked for"));
}

#[actix_web::test]
async fn a_round_holds_what_was_picked_and_no_more() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    ada.add_stripe("Private", KEY, "vend").await;
    let shared = ada.add_stripe("Shared", KEY, "vend").await;
    app.database.execute(&format!("UPDATE secrets SET sharing = 'workspace' WHERE id = '{shared}'"));
    grace.add_stripe("Hers", KEY, "vend").await;
    app.token("test", "connect").await.put("stripe", "customer-42", KEY).await;
    let grace_id = app.database.text(&format!("SELECT id AS text FROM people WHERE email = '{GRACE}'"));

    let all = ada.start_round("All", &[]).await;
    assert_eq!(told(&mut ada, &all).await, "0 of 3 secrets done", "end users are asked for nothing");
    let hers = ada.start_round("Hers", &[("pick", "person"), ("person", &grace_id)]).await;
    assert_eq!(told(&mut ada, &hers).await, "0 of 2 secrets done", "her own, and what is shared with her");
    let typed = ada.start_round("Typed", &[("pick", "node_type"), ("node_type", "stripe")]).await;
    assert_eq!(told(&mut ada, &typed).await, "0 of 3 secrets done");
    let pick = [("pick", "person"), ("person", grace_id.as_str()), ("count", "yes")];
    let counted = ada.submit("/w/acme/rotations/new", "/w/acme/rotations/new", &pick).await;
    assert_eq!(counted.status, 200, "nothing is started, and nothing stands in an address");
    assert!(counted.text.contains("This asks 2 people for new values of 2 secrets."), "{}", counted.text);
    for nothing in [("environment", "live"), ("node_type", "http-request")] {
        let path = "/w/acme/rotations/new";
        let pick = if nothing.0 == "node_type" { "node_type" } else { "all" };
        let page = ada.submit(path, path, &[("name", "None"), ("pick", pick), nothing]).await;
        assert!(page.status == 422 && page.text.contains("nothing to replace"), "{}", page.text);
    }
    for odd in [("pick", "everything"), ("environment", "moon")] {
        let fields = [("name", "Odd"), odd];
        assert_eq!(ada.submit("/w/acme/rotations/new", "/w/acme/rotations/new", &fields).await.status, 400);
    }
    let late = ada.submit("/w/acme/rotations/new", "/w/acme/rotations/new", &[("name", ""), ("due_on", "2001-01-01")]);
    let late = late.await;
    assert_eq!((late.status, late.attributes("[aria-invalid=true]", "name").len()), (422, 2));
}

#[actix_web::test]
async fn rounds_are_their_workspaces_and_flood_nobody() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", KEY, "vend").await;
    let round = ada.start_round("Ours", &[]).await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    for path in ["", "?show=done"] {
        assert_eq!(eve.get(&format!("/w/other/rotations/{round}{path}")).await.status, 404);
    }
    for act in ["remind", "close"] {
        assert_eq!(eve.submit("/account", &format!("/w/other/rotations/{round}/{act}"), &[]).await.status, 404);
    }
    assert!(!eve.get("/w/other/rotations").await.text.contains("Ours"));
    app.post().await;
    for _ in 0..10 {
        ada.start_round("Again", &[]).await;
    }
    let list = ada.get("/w/acme/rotations").await;
    assert_eq!(list.text.matches("0 of 1").count(), 11, "{}", list.text);
    assert_eq!(app.post().await.len(), 4, "five in an hour, with the one before");
}

#[actix_web::test]
async fn owners_are_reminded_once_a_day_and_a_closed_round_asks_for_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", KEY, "vend").await;
    let round = ada.start_round("Yearly", &[]).await;
    app.post().await;
    let page = format!("/w/acme/rotations/{round}");
    let remind = format!("{page}/remind");
    assert_eq!(ada.submit(&page, &remind, &[]).await.status, 422, "they were written to at the start");
    app.advance(Duration::from_secs(25 * 3_600));
    assert_eq!(ada.sign_in(EMAIL, crate::support::PASSWORD).await.status, 303);
    assert_eq!(ada.submit(&page, &remind, &[]).await.status, 303);
    assert_eq!(ada.submit(&page, &remind, &[]).await.status, 422);
    assert!(app.letter_to(EMAIL).await.text.contains("Payments"));
    assert_eq!(ada.submit(&page, &format!("{page}/close"), &[]).await.status, 303);
    ada.enter(&id, "replace", NEW, &[]).await;
    assert_eq!(told(&mut ada, &round).await, "0 of 1 secret done", "what comes later is not the round's");
    assert_eq!(ada.submit("/account", &remind, &[]).await.status, 422);
    assert_eq!(ada.submit("/account", &format!("{page}/close"), &[]).await.status, 303, "closed it stays");
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%rotation.closed%'"), 1);
    assert!(ada.get("/w/acme/activity").await.text.contains("closed the rotation round"));
}
