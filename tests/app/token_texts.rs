//! A new text for a service token, with the old one going on for a while.

use std::time::Duration;

use keyrack::domain::Role;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp, Token};

const KEY: &str = "rk_test_renewed123456789";
const GRACE: &str = "grace@example.com";

async fn works(token: &Token) -> bool {
    let answer = token.vend("stripe", "customer-42").await;
    if answer.status == 200 {
        answer.hands_out(KEY);
        return true;
    }
    answer.refused(401, "unauthorized");
    false
}

async fn start() -> (TestApp, Browser, Token) {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, _) = ada.make_token("test").await;
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    (app, ada, token)
}

fn page_of(token: &Token) -> String {
    format!("/w/acme/tokens/{}", token.id())
}

/// What the page says of the time until which the old text works.
fn old_until(page: &Page) -> Option<String> {
    page.attributes("section[aria-labelledby=old-text] time", "datetime").pop()
}

#[actix_web::test]
async fn the_old_text_works_until_its_end_and_the_new_one_from_now_on() {
    let (app, mut ada, old) = start().await;
    let (workflow, _) = {
        let secret = ada.add_stripe("Till", KEY, "vend").await;
        ada.add_bound("Invoices", &secret).await
    };
    assert_eq!(ada.let_run(&workflow, &old.id()).await.status, 303);
    for (overlap, hours) in [("hour", 1), ("day", 24), ("week", 168)] {
        let before = ada.renewed(&old, "none").await;
        let new = ada.renewed(&before, overlap).await;
        assert_eq!(new.id(), old.id(), "it is the same token");
        assert_ne!(new.text, before.text);
        assert!(works(&before).await && works(&new).await);
        new.vend_node(&workflow, "charge").await.hands_out(KEY);
        let page = ada.get(&page_of(&old)).await;
        assert!(old_until(&page).is_some() && !page.text.contains(&new.text) && !page.text.contains(&before.text));
        app.advance(Duration::from_secs(hours * 3_600 - 1));
        assert!(works(&before).await, "until the last second");
        app.advance(Duration::from_secs(1));
        assert!(!works(&before).await && works(&new).await);
        if hours > 1 {
            ada.sign_in(EMAIL, PASSWORD).await;
        }
        assert_eq!(old_until(&ada.get(&page_of(&old)).await), None);
    }
}

#[actix_web::test]
async fn at_once_is_at_once() {
    let (app, mut ada, old) = start().await;
    let new = ada.renewed(&old, "none").await;
    assert!(!works(&old).await && works(&new).await);
    assert_eq!(app.database.count("tokens WHERE previous_mac IS NULL AND generation = 2"), 1);
    assert!(ada.get("/w/acme/activity").await.text.contains("gave a new text to the service token"));
    assert_eq!(ada.get(&page_of(&old)).await.text_of(".verdict h2"), "Active");
}

#[actix_web::test]
async fn a_second_new_text_ends_the_oldest_at_once() {
    let (_app, mut ada, first) = start().await;
    let second = ada.renewed(&first, "week").await;
    assert!(ada.get(&format!("{}/text", page_of(&first))).await.text.contains("ends at once when you make another"));
    let third = ada.renewed(&first, "hour").await;
    assert!(!works(&first).await && works(&second).await && works(&third).await);
}

#[actix_web::test]
async fn the_same_form_sent_twice_makes_one_text() {
    let (app, mut ada, old) = start().await;
    let path = format!("{}/text", page_of(&old));
    let form = ada.get(&path).await;
    let (csrf, generation) = (form.csrf(), form.attributes("input[name=generation]", "value").remove(0));
    assert_eq!(form.attributes("input[name=overlap][checked]", "value"), ["day"]);
    let fields = [("csrf", csrf.as_str()), ("generation", generation.as_str()), ("overlap", "day")];
    let first = ada.post(&path, &fields).await;
    let new = old.saying(&first.text_of("code#token"));
    let again = ada.post(&path, &fields).await;
    assert_eq!((again.status, again.location()), (303, page_of(&old).as_str()));
    assert!(ada.get(again.location()).await.text.contains("has its new text already"));
    assert!(works(&old).await && works(&new).await, "the second press has ended nothing");
    // Twenty at once: one of them is answered with a text, and that one works.
    let form = ada.get(&path).await;
    let (csrf, generation) = (form.csrf(), form.attributes("input[name=generation]", "value").remove(0));
    let fields = [("csrf", csrf.as_str()), ("generation", generation.as_str()), ("overlap", "hour")];
    let presses = (0..20).map(|_| {
        let (mut ada, path) = (ada.clone(), path.clone());
        async move { ada.post(&path, &fields).await }
    });
    let answers = futures_util::future::join_all(presses).await;
    let made: Vec<&Page> = answers.iter().filter(|page| page.status == 200).collect();
    assert_eq!((made.len(), answers.iter().filter(|page| page.status == 303).count()), (1, 19));
    assert!(works(&old.saying(&made[0].text_of("code#token"))).await && works(&new).await && !works(&old).await);
    assert_eq!(app.database.count("tokens WHERE generation = 3"), 1);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%token.renewed%'"), 2);
}

#[actix_web::test]
async fn nothing_outlives_the_token() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let old = ada.make_token_with(&[("preset", "backend"), ("expires_on", "2026-11-22")]).await;
    assert_eq!(old.put("stripe", "customer-42", KEY).await.status, 200);
    let new = ada.renewed(&old, "week").await;
    let until = old_until(&ada.get(&page_of(&old)).await);
    assert_eq!(until.as_deref(), Some("2026-11-22T23:59:59.999Z"), "not in a week");
    app.advance(Duration::from_hours(48));
    assert!(!works(&old).await && !works(&new).await);
    ada.sign_in(EMAIL, PASSWORD).await;
    let page = ada.get(&page_of(&old)).await;
    assert!(old_until(&page).is_none() && page.attributes("a[href$='/text']", "href").is_empty());
    let refused = ada.get(&format!("{}/text", page_of(&old))).await;
    assert_eq!((refused.status, refused.location()), (303, page_of(&old).as_str()));
    let sent = [("generation", "2"), ("overlap", "day")];
    assert_eq!(ada.submit("/account", &format!("{}/text", page_of(&old)), &sent).await.status, 303);
    assert_eq!(app.database.count("tokens WHERE generation = 2"), 1);
}

#[actix_web::test]
async fn the_old_text_can_be_ended_by_itself_and_revoking_ends_both() {
    let (app, mut ada, first) = start().await;
    let second = ada.renewed(&first, "week").await;
    let end = format!("{}/text/end", page_of(&first));
    for _ in 0..2 {
        assert_eq!(ada.submit(&page_of(&first), &end, &[]).await.status, 303);
        assert!(!works(&first).await && works(&second).await);
    }
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%token.previous_ended%'"), 1);
    let third = ada.renewed(&second, "week").await;
    assert!(works(&second).await && works(&third).await);
    assert_eq!(ada.submit("/account", &format!("{}/revoke", page_of(&first)), &[]).await.status, 303);
    assert!(!works(&second).await && !works(&third).await);
    let sent = [("generation", "3"), ("overlap", "day")];
    let late = ada.submit("/account", &format!("{}/text", page_of(&first)), &sent).await;
    assert_eq!((late.status, late.location()), (303, page_of(&first).as_str()));
    assert_eq!(app.database.count("tokens WHERE generation = 3 AND previous_mac IS NULL"), 1);
}

#[actix_web::test]
async fn nobody_but_its_maker_gives_it_a_new_text() {
    let (app, mut ada, ours) = start().await;
    let mut grace = app.member(GRACE, Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let theirs = grace.make_token_with(&[("preset", "backend")]).await;
    // An Owner would come to know a text that acts for an Admin.
    for (by, token, status) in [(&mut ada, &theirs, 403), (&mut grace, &ours, 403), (&mut member, &ours, 404)] {
        let path = format!("{}/text", page_of(token));
        assert_eq!(by.get(&path).await.status, status);
        let sent = by.submit("/account", &path, &[("generation", "1"), ("overlap", "day")]).await;
        assert_eq!(sent.status, status, "{}", sent.text);
    }
    assert_eq!(app.database.count("tokens WHERE generation = 1"), 2);
    let shown = ada.get(&page_of(&theirs)).await;
    assert_eq!(shown.attributes("a[href$='/text']", "href").len(), 0);
    // What only takes away is an Owner's too.
    let new = grace.renewed(&theirs, "week").await;
    assert_eq!(ada.submit(&page_of(&theirs), &format!("{}/text/end", page_of(&theirs)), &[]).await.status, 303);
    assert!(!works(&theirs).await && works(&new).await);
    assert_eq!(member.submit("/account", &format!("{}/text/end", page_of(&theirs)), &[]).await.status, 404);
    assert_eq!(ada.submit("/account", &format!("{}/revoke", page_of(&theirs)), &[]).await.status, 303);
    assert!(!works(&new).await);
}

#[actix_web::test]
async fn a_form_that_makes_no_sense_changes_nothing() {
    let (app, mut ada, token) = start().await;
    let path = format!("{}/text", page_of(&token));
    for fields in [
        &[][..],
        &[("generation", "1")],
        &[("overlap", "day")],
        &[("generation", "one"), ("overlap", "day")],
        &[("generation", "1"), ("overlap", "year")],
    ] {
        assert_eq!(ada.submit("/account", &path, fields).await.status, 400, "{fields:?}");
    }
    let other = ada.submit("/account", &path, &[("generation", "0"), ("overlap", "day")]).await;
    assert_eq!(other.status, 303);
    assert!(works(&token).await);
    assert_eq!(app.database.count("tokens WHERE generation = 1"), 1);
}

/// One vend on a connection that stays open, and its status.
async fn vend_on(stream: &mut tokio::net::TcpStream, token: &Token) -> String {
    let body = r#"{"user_id":"customer-42"}"#;
    let request = format!(
        "POST /data-integrations/stripe/credentials HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        token.text,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 16_384];
    let read = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).split("\r\n").next().unwrap().to_owned()
}

#[actix_web::test]
async fn on_a_connection_that_stays_open_every_request_is_asked_anew() {
    let (app, mut ada, old) = start().await;
    let address = app.base.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    assert_eq!(vend_on(&mut stream, &old).await, "HTTP/1.1 200 OK");
    let new = ada.renewed(&old, "none").await;
    assert_eq!(vend_on(&mut stream, &old).await, "HTTP/1.1 401 Unauthorized");
    assert_eq!(vend_on(&mut stream, &new).await, "HTTP/1.1 200 OK");
    assert_eq!(ada.submit("/account", &format!("{}/revoke", page_of(&old)), &[]).await.status, 303);
    assert_eq!(vend_on(&mut stream, &new).await, "HTTP/1.1 401 Unauthorized");
}

#[actix_web::test]
async fn a_text_that_is_not_whole_is_nobodys_after_a_change_too() {
    let (_app, mut ada, old) = start().await;
    let new = ada.renewed(&old, "day").await;
    for text in [&old.text, &new.text] {
        let wrong = [
            text[..text.len() - 1].to_owned(),
            format!("{text}a"),
            format!("{text} "),
            text.to_uppercase(),
            text.replace("kr_test_", "KR_TEST_"),
            text.replace("kr_test_", "kr_live_"),
        ];
        for wrong in wrong {
            let answer = old.saying(&wrong).vend("stripe", "customer-42").await;
            if wrong.ends_with(' ') {
                // A header's value ends before the spaces behind it.
                answer.hands_out(KEY);
            } else {
                answer.refused(401, "unauthorized");
            }
        }
        old.saying(text).vend_by_query("stripe", "customer-42").await.refused(401, "unauthorized");
    }
    // The head of one and the tail of the other.
    let (head, tail) = (&old.text[..60], &new.text[60..]);
    old.saying(&format!("{head}{tail}")).vend("stripe", "customer-42").await.refused(401, "unauthorized");
}
