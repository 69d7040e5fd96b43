//! Receivers that mean harm, are slow, or are none: nobody else waits for them, and nothing gets where it should not.

use std::time::Duration;

use keyrack::upstream::Limits;
use serde_json::json;

use crate::support::{Browser, ELSEWHERE, Page, Provider, Says, TestApp, Webhook, soon};

const ONE: &str = "rk_test_first1234567890";
/// Little patience, so that the tests need not wait for ten seconds.
const HURRIED: Limits =
    Limits { connect: Duration::from_secs(20), head: Duration::from_millis(1_500), body: Duration::from_secs(20) };

/// Sends a test event, and gives the page of its delivery.
async fn delivered(app: &TestApp, ada: &mut Browser, webhook: &Webhook) -> Page {
    assert_eq!(ada.press(webhook, "test").await.status, 303);
    assert_eq!(soon(app.deliver()).await, 1);
    let delivery = ada.log(webhook).await.remove(0);
    ada.get(&delivery).await
}

fn said(page: &Page) -> String {
    let facts = page.texts("dl.facts div");
    facts.iter().find_map(|fact| fact.strip_prefix("Result")).unwrap_or_else(|| panic!("{facts:?}")).to_owned()
}

#[actix_web::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    let there = format!("https://{ELSEWHERE}:{}/", provider.port);
    provider.says(Says::head(&format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {there}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    )));
    let page = delivered(&app, &mut ada, &webhook).await;
    assert_eq!(said(&page), "answered 307: redirects are not followed");
    assert_eq!(provider.arrived().len(), 1);
    assert!(page.text.contains("To be tried again"));
}

#[actix_web::test]
async fn of_an_endless_answer_the_beginning_is_kept_and_shown_as_text() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    let body = format!("<script>alert(1)</script>\u{202e}\u{0}{}", "x".repeat(100_000));
    provider.says(Says::hanging(&format!("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n{body}")));
    let page = delivered(&app, &mut ada, &webhook).await;
    assert_eq!(said(&page), "answered 200");
    let answer = app.database.text("SELECT answer AS text FROM deliveries");
    assert!(answer.starts_with("<script>alert(1)</script>\u{fffd}\u{fffd}xxx") && answer.chars().count() < 1_100);
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    assert_eq!(page.text_of("pre[aria-label='The answer']"), answer);
}

#[actix_web::test]
async fn an_answer_that_does_not_end_counts_by_its_status_and_one_that_never_begins_not_at_all() {
    let (provider, app, mut ada) = Provider::receiver_within(HURRIED).await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    provider.says(Says::hanging("HTTP/1.1 202 Accepted\r\ncontent-le"));
    assert_eq!(said(&delivered(&app, &mut ada, &webhook).await), "no answer within 10 seconds");
    provider.says(Says::hanging(""));
    assert_eq!(said(&delivered(&app, &mut ada, &webhook).await), "no answer within 10 seconds");
    provider.says(Says::head("SSH-2.0-OpenSSH_9.9\r\n"));
    assert_eq!(said(&delivered(&app, &mut ada, &webhook).await), "the answer was not HTTP, or broke off");
    assert!(provider.arrived().iter().all(|one| one.is_signed_by(&webhook.key)));
}

#[actix_web::test]
async fn a_name_that_leads_inside_is_not_spoken_to() {
    let (provider, app, mut ada) = Provider::receiver().await;
    // Of two addresses that a name has, one is not public.
    let inside = ada.add_webhook(&format!("https://inside.test:{}/", provider.port), &[]).await;
    assert_eq!(said(&delivered(&app, &mut ada, &inside).await), "its address may not be spoken to");
    let nowhere = ada.add_webhook("https://nowhere.test/", &[("name", "Nowhere")]).await;
    assert_eq!(said(&delivered(&app, &mut ada, &nowhere).await), "its address may not be spoken to");
    // The certificate is another name's.
    let other = provider.hook("/").replace("api.provider.test", "127.0.0.1");
    let untrusted = ada.add_webhook(&other, &[("name", "Untrusted")]).await;
    assert_eq!(said(&delivered(&app, &mut ada, &untrusted).await), "it did not prove who it is");
    assert_eq!(provider.arrived().len(), 0);
}

#[actix_web::test]
async fn an_address_is_looked_at_as_it_is_entered() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for (address, told) in [
        ("http://hooks.example.com/", "begins with https://"),
        ("https://ada:secret@hooks.example.com/", "Leave user name and password out"),
        ("https://127.0.0.1/", "it is not public"),
        ("https://[::1]/", "it is not public"),
        ("https://0x7f.1/", "it is not public"),
        ("https://localhost/", "it is not public"),
        ("https://169.254.169.254/latest", "it is not public"),
        ("hooks.example.com", "Enter a whole address"),
        ("ftp://hooks.example.com/", "begins with https://"),
        ("", "Enter a whole address"),
    ] {
        let (page, _) = ada.submit_webhook(address, &[]).await;
        assert_eq!(page.status, 422, "{address}");
        assert!(page.text_of("#address-error").contains(told), "{address}: {}", page.text_of("#address-error"));
        assert_eq!(page.attributes("#address", "value"), [address]);
    }
    assert_eq!(app.database.count("webhooks"), 0);
}

#[actix_web::test]
async fn a_slow_receiver_keeps_no_other_waiting() {
    let (provider, app, mut ada) = Provider::receiver().await;
    for at in 0..6 {
        ada.add_webhook(&provider.hook("/slow"), &[("name", &format!("Slow {at}"))]).await;
    }
    ada.add_webhook(&provider.hook("/quick"), &[]).await;
    let token = app.token("test", "connect").await;
    for at in 0..8 {
        token.put_with("stripe", &json!({ "user_id": format!("customer-{at}"), "secret": ONE })).await;
    }
    provider.answers(
        |head| {
            if head.starts_with("POST /quick") { Says::status("200 OK", "") } else { Says::hanging("") }
        },
    );
    let sending = actix_web::rt::spawn({
        let app = app.app.clone();
        async move { keyrack::jobs::send_due(&app).await }
    });
    let mut arrived = Vec::new();
    let quick = |all: &[crate::support::Arrived]| all.iter().filter(|one| one.path == "/quick").count();
    soon(async {
        while quick(&arrived) < 8 {
            tokio::task::yield_now().await;
            arrived.extend(provider.arrived());
        }
    })
    .await;
    assert!(arrived.len() - quick(&arrived) <= 12, "two at each of the slow ones");
    sending.abort();
}

#[actix_web::test]
async fn nobody_is_flooded_by_hand() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    for _ in 0..40 {
        assert_eq!(ada.press(&webhook, "test").await.status, 303);
    }
    assert!(ada.get(&webhook.page).await.text.contains("too much was sent by hand"));
    assert_eq!(app.deliver().await, 30);
    app.advance(Duration::from_mins(11));
    ada.press(&webhook, "test").await;
    assert_eq!(app.deliver().await, 1);
}
