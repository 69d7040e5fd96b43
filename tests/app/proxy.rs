//! Calls through the proxy: what is sent, what comes back, and what is recorded.

use std::time::Duration;

use serde_json::json;

use crate::support::{Browser, PATIENT, Provider, Says, Stage, TestApp, Token, connect, soon, verify_chains};

pub const VALUE: &str = "tok_proxy_1234567890abcdWXYZ";
pub const ORDERS: &str = "/proxy/http-request/orders";

/// An installation with a provider, its Owner who has a key for it, and an agent that may call.
pub struct Desk {
    pub provider: Provider,
    pub app: TestApp,
    pub ada: Browser,
    pub agent: Token,
    pub page: String,
}

impl Desk {
    pub async fn set() -> Self {
        Self::set_as(&[]).await
    }

    pub async fn set_as(settings: &[(&str, &str)]) -> Self {
        let provider = Provider::start().await;
        let app = provider.app_set((&[], PATIENT), settings, |_| ()).await;
        let mut ada = app.owner().await;
        let page = ada.add_bearer(&provider.base(), "Orders", VALUE).await;
        let agent = app.token("test", "proxy").await;
        Self { provider, app, ada, agent, page }
    }

    pub fn secret(&self) -> String {
        self.page.rsplit('/').next().unwrap().to_owned()
    }

    /// The same, once so many calls have ended: nobody waits for the second entry.
    pub async fn uses_after(&self, ended: usize) -> Vec<String> {
        let enough = async {
            loop {
                let uses = self.uses().await;
                if uses.iter().filter(|entry| entry.contains("\"secret.call_ended\"")).count() >= ended {
                    return uses;
                }
                actix_web::rt::task::yield_now().await;
            }
        };
        soon(enough).await
    }

    /// What is recorded in the chain of uses.
    pub async fn uses(&self) -> Vec<String> {
        self.app.counted().await;
        let of = "chain_id IN (SELECT id FROM audit_chains WHERE kind = 'uses')";
        self.app.database.texts(&format!("SELECT entry AS text FROM audit_entries WHERE {of} ORDER BY seq"))
    }
}

/// An account that is connected, whose tokens are no longer quite new, and an agent that may call with it.
pub async fn with_account() -> (Stage, Token) {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let agent = stage.app.token("test", "proxy").await;
    stage.app.advance(Duration::from_mins(2));
    (stage, agent)
}

#[actix_web::test]
async fn a_call_is_made_with_a_key_that_its_caller_never_gets() {
    let mut desk = Desk::set().await;
    desk.provider.says(Says::head(
        "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\netag: \"7\"\r\nx-request-id: theirs\r\n\
         ratelimit-limit: 9\r\ncontent-length: 13\r\nconnection: close\r\n\r\n{\"order\": 42}",
    ));
    let headers = [("content-type", "application/json"), ("idempotency-key", "k1"), ("keyrack-secret", &desk.secret())];
    let answer = desk.agent.call(("POST", &format!("{ORDERS}?page=2&q=a%2Fb")), &headers, "{\"n\":1}").await;
    assert_eq!((answer.status, answer.text.as_str()), (201, "{\"order\": 42}"));
    assert_eq!((answer.header("etag"), answer.header("x-request-id")), ("\"7\"", "theirs"));
    assert_eq!((answer.header("ratelimit-limit"), answer.header("keyrack-ratelimit-limit")), ("9", "60000"));
    assert!(answer.headers.get("keyrack-error").is_none() && !answer.header("keyrack-request-id").is_empty());
    assert!(answer.header("content-security-policy").contains("sandbox"));

    let sent = desk.provider.take();
    assert_eq!(sent.len(), 1);
    let head = sent[0].to_lowercase();
    assert!(sent[0].starts_with("POST /v1/orders?page=2&q=a%2Fb HTTP/1.1\r\n"), "{}", sent[0]);
    assert!(sent[0].ends_with("\r\n\r\n{\"n\":1}") && head.contains("content-length: 7\r\n"), "{}", sent[0]);
    assert!(sent[0].contains(&format!("Bearer {VALUE}\r\n")) && head.contains("idempotency-key: k1\r\n"));
    assert!(!head.contains("keyrack-") && !head.contains(&desk.agent.text.to_lowercase()), "{head}");

    let uses = desk.uses_after(1).await;
    assert_eq!(uses.len(), 2, "{uses:?}");
    assert!(uses[0].contains("\"secret.called\"") && uses[0].contains("\"path\":\"/orders\""), "{}", uses[0]);
    assert!(!uses[0].contains("page=2"), "a query may hold anything");
    assert!(uses[1].contains("\"secret.call_ended\"") && uses[1].contains("\"status\":201"), "{}", uses[1]);
    assert!(uses[1].contains("\"sent\":7") && uses[1].contains("\"received\":13"), "{}", uses[1]);
    assert!(uses.iter().all(|entry| !entry.contains(VALUE)));
    verify_chains(&desk.app.database, &desk.app.app.keyring);
    let activity = desk.ada.get("/w/acme/activity").await;
    assert!(activity.text.contains("called POST") && activity.text.contains("was answered 201"), "{}", activity.text);
}

#[actix_web::test]
async fn whoever_has_a_key_for_calls_alone_is_led_to_the_call() {
    let mut desk = Desk::set().await;
    let home = desk.ada.get("/w/acme").await;
    assert!(home.text.contains("2 of 3 done") && home.attributes(".start a", "href") == [desk.page.clone()]);
    assert!(desk.ada.get(&desk.page).await.text_of("#call").contains("/proxy/http-request/"));
    let away = format!("{}/disconnect", desk.page);
    assert_eq!(desk.ada.submit(&away, &away, &[]).await.status, 303);
    let home = desk.ada.get("/w/acme").await;
    assert_eq!(home.attributes(".start a", "href"), ["/w/acme/secrets/new"], "there is nothing to use");
}

#[actix_web::test]
async fn nothing_leaves_without_a_record_of_it() {
    let desk = Desk::set().await;
    desk.app.database.run("ALTER TABLE audit_entries RENAME TO away");
    let answer = desk.agent.call(("GET", ORDERS), &[], "").await;
    answer.is_busy();
    assert_eq!(answer.header("keyrack-error"), "unavailable");
    assert!(desk.provider.take().is_empty(), "it was sent");
    desk.app.database.run("ALTER TABLE away RENAME TO audit_entries");
    assert_eq!(desk.agent.call(("GET", ORDERS), &[], "").await.status, 200);
}

#[actix_web::test]
async fn whatever_the_method_and_the_size_it_is_passed_on() {
    let desk = Desk::set().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"] {
        assert_eq!(desk.agent.call((method, ORDERS), &[], "").await.status, 200, "{method}");
        assert!(desk.provider.take()[0].starts_with(&format!("{method} /v1/orders HTTP/1.1\r\n")));
    }
    desk.provider.says(Says::head("HTTP/1.1 200 OK\r\ncontent-length: 9\r\nconnection: close\r\n\r\n"));
    let head = desk.agent.call_raw("HEAD /proxy/http-request", "").await;
    assert!(
        head.status() == 200 && head.head.contains("content-length: 9\r\n") && head.body.is_empty(),
        "{}",
        head.head
    );
    assert!(desk.provider.take()[0].starts_with("HEAD /v1/ HTTP/1.1\r\n"));
    let long = "x".repeat(900_000);
    desk.provider.says(Says::status("200 OK", &long));
    let answer = desk.agent.call(("POST", ORDERS), &[], &long).await;
    assert_eq!((answer.status, answer.text.len()), (200, long.len()));
    let sent = desk.provider.take();
    assert!(sent[0].to_lowercase().contains("content-length: 900000\r\n") && sent[0].ends_with(&long));
    let uses = desk.uses_after(9).await;
    let last = uses.iter().rfind(|entry| entry.contains("\"secret.call_ended\"")).unwrap();
    assert!(last.contains("\"sent\":900000") && last.contains("\"received\":900000"), "{last}");
}

#[actix_web::test]
async fn tokens_that_an_upstream_refuses_are_renewed_once() {
    let (stage, agent) = with_account().await;
    stage.giving.asked();
    stage.provider.take();
    let giving = stage.giving.clone();
    stage.provider.answers(move |request| {
        let is_old = request.contains("access-canary-1");
        if is_old { Says::status("401 Unauthorized", "old") } else { giving.answer(request) }
    });
    let answer = agent.call(("POST", "/proxy/gitlab/projects"), &[], "name=x").await;
    assert_eq!((answer.status, &answer.body), (200, &json!({ "username": "ada-at-gitlab" })), "{}", answer.text);
    let asked = stage.provider.take();
    let calls: Vec<&String> = asked.iter().filter(|request| request.contains("/projects")).collect();
    assert_eq!(calls.len(), 2, "{asked:?}");
    assert!(calls.iter().all(|call| call.ends_with("name=x")) && calls[1].contains("access-canary-2"), "{calls:?}");
    assert_eq!(stage.giving.asked().len(), 1);

    // What is refused for another reason is told as it is, and new tokens are not asked for at each call.
    let giving = stage.giving.clone();
    stage.provider.answers(move |request| {
        if request.starts_with("POST /oauth/token") {
            giving.answer(request)
        } else {
            Says::status("401 Unauthorized", "no")
        }
    });
    let answer = agent.call(("GET", "/proxy/gitlab/projects"), &[], "").await;
    assert_eq!((answer.status, answer.text.as_str()), (401, "no"));
    assert_eq!(stage.giving.asked().len(), 0);
    assert!(answer.headers.get("keyrack-error").is_none());
}
