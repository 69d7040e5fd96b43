//! Renewing tokens: once for all who wait, in one process and in two, and what trouble and refusals come to.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use crate::support::{
    Browser, CLIENT, CLIENT_SECRET, EMAIL, Giving, Machine, NEW, PASSWORD, Provider, Says, Serving, Stage, client,
    connect, vend_mine, verify_chains,
};

#[actix_web::test]
async fn a_token_that_ends_is_renewed_once_for_all_who_wait() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let token = stage.token().await;
    stage.giving.asked();

    stage.app.advance(Duration::from_secs(3_590));
    let vends = (0..50).map(|_| vend_mine(&stage.app, &token));
    for answer in futures_util::future::join_all(vends).await {
        assert_eq!(answer.body["credential"]["value"], "access-canary-2", "{}", answer.text);
    }
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1, "one refresh serves all");
    assert_eq!(
        (asked[0]["grant_type"].as_str(), asked[0]["refresh_token"].as_str()),
        ("refresh_token", "refresh-canary-1")
    );
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn trouble_at_the_provider_costs_nothing_and_a_refusal_asks_for_the_owner() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let token = stage.token().await;

    // A minute before the end: what is held is still good.
    stage.giving.instead(Says::status("503 Busy", ""));
    stage.app.advance(Duration::from_secs(3_550));
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-1");
    // After it there is nothing to hand out, until the pause is over.
    stage.app.advance(Duration::from_secs(55));
    let answer = vend_mine(&stage.app, &token).await;
    answer.refused(503, "token_not_renewed");
    assert!(answer.retry_after.is_some());
    stage.app.advance(Duration::from_mins(2));
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");
    assert!(stage.app.post().await.is_empty(), "nobody is written to about trouble that passes");

    stage.giving.instead(Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#));
    stage.app.advance(Duration::from_mins(60));
    let answer = vend_mine(&stage.app, &token).await;
    assert_eq!(answer.body, json!({ "active": false, "error": "needs_reauthorization" }), "{}", answer.text);
    assert_eq!(vend_mine(&stage.app, &token).await.body["error"], "needs_reauthorization");
    let letter = stage.app.letter_to(EMAIL).await;
    assert!(letter.text.contains(&format!("{page}/connect")), "{}", letter.text);
    assert!(stage.app.post().await.is_empty(), "once");

    stage.ada.sign_in(EMAIL, PASSWORD).await;
    connect(&mut stage.ada, &page).await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-3");
}

#[actix_web::test]
async fn a_client_of_its_own_fetches_tokens_and_keeps_them_to_itself() {
    let mut stage = Stage::set().await;
    stage.robot(&[]).await;
    let token = stage.token().await;
    let me = stage.app.person(EMAIL).to_string();
    let answer = token.vend("xero", &me).await;
    let credential = &answer.body["credential"];
    assert_eq!(credential["value"], "access-canary-1", "{}", answer.text);
    assert!(!answer.text.contains("robot"), "{}", answer.text);
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0]["grant_type"], "client_credentials");

    // Cached until shortly before its end, and fetched by the same client then.
    assert_eq!(token.vend("xero", &me).await.body["credential"]["value"], "access-canary-1");
    assert!(stage.giving.asked().is_empty());
    stage.app.advance(Duration::from_secs(3_590));
    *stage.giving.given.lock().unwrap() = 7;
    assert_eq!(token.vend("xero", &me).await.body["credential"]["value"], "access-canary-8");

    stage.giving.instead(Says::status("401 Unauthorized", r#"{"error":"invalid_client"}"#));
    stage.app.advance(Duration::from_mins(61));
    assert_eq!(token.vend("xero", &me).await.body["error"], "needs_reauthorization");
}

#[actix_web::test]
async fn a_job_renews_ahead_of_the_end() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    stage.giving.asked();
    keyrack::jobs::plan(&stage.app.app).await.unwrap();
    stage.app.post().await;
    assert!(stage.giving.asked().is_empty(), "it is not due");
    stage.app.advance(Duration::from_mins(49));
    stage.app.post().await;
    assert_eq!(stage.giving.asked().len(), 1);
    let token = stage.token().await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");
    assert!(stage.giving.asked().is_empty());

    // Nothing is asked for what is disabled, disconnected or refused.
    stage.ada.submit("/w/acme/node-types/gitlab/disable", "/w/acme/node-types/gitlab/disable", &[]).await;
    stage.app.advance(Duration::from_mins(59));
    stage.app.post().await;
    assert!(stage.giving.asked().is_empty());
}

#[actix_web::test]
async fn tokens_that_last_for_seconds_are_used_for_half_of_them() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    let short = |number: u32| {
        let answer = json!({ "access_token": format!("short-{number}"), "refresh_token": "again", "expires_in": 30 });
        Says::json(&answer)
    };
    stage.giving.instead(short(1));
    connect(&mut stage.ada, &page).await;
    stage.giving.asked();
    let token = stage.token().await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "short-1");
    assert!(stage.giving.asked().is_empty());
    stage.giving.instead(short(2));
    stage.app.advance(Duration::from_secs(16));
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "short-2");
    assert_eq!(stage.giving.asked().len(), 1);
}

#[actix_web::test]
async fn tokens_that_cannot_be_read_say_so_and_nobody_is_asked() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    stage.giving.asked();
    let token = stage.token().await;
    stage.app.database.run("UPDATE secret_values SET number = 7");
    stage.app.database.run("UPDATE secrets SET value_number = 7");
    stage.app.advance(Duration::from_mins(61));
    vend_mine(&stage.app, &token).await.refused(409, "secret_unreadable");
    assert!(stage.giving.asked().is_empty());
    connect(&mut stage.ada, &page).await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");
}

#[actix_web::test]
async fn a_node_type_goes_with_its_client_and_its_connections() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let remove = "/w/acme/node-types/gitlab/remove";
    let shown = stage.ada.get(remove).await;
    let (csrf, seen) = (shown.csrf(), shown.attributes("input[name=seen]", "value").remove(0));
    let gone = stage.ada.post(remove, &[("csrf", &csrf), ("seen", &seen), ("name", "GitLab")]).await;
    assert_eq!(gone.status, 303, "{}", gone.text);
    for table in ["secrets", "token_sets", "oauth_clients", "data_keys"] {
        assert_eq!(stage.app.database.count(table), 0, "{table}");
    }
}

/// Two processes on one database, with an account whose access has just ended.
struct Pair {
    machine: Machine,
    provider: Provider,
    giving: Giving,
    one: Serving,
    other: Serving,
    token: String,
    me: String,
}

impl Pair {
    async fn start() -> Self {
        let (provider, giving) = (Provider::start_as("127.0.0.1").await, Giving::default());
        let answering = giving.clone();
        provider.answers(move |request| answering.answer(request));
        let mut machine = Machine::new();
        machine.settings.extend(provider.settings());
        let (mut one, mut other) = (machine.serve(), machine.serve());
        one.ready().await;
        other.ready().await;
        let token = machine.set_up();

        let mut ada = Browser::new(&one.base);
        ada.sign_in(EMAIL, PASSWORD).await;
        let node_type = "/w/acme/node-types/gitlab";
        ada.submit(node_type, &format!("{node_type}/add"), &[("method", "oauth")]).await;
        let address = format!("https://127.0.0.1:{}", provider.port);
        let client = [("field-address", address.as_str()), ("client_id", "app-1"), ("client_secret", CLIENT_SECRET)];
        let saved = ada.submit(CLIENT, CLIENT, &client).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
        let page = ada.add_place(NEW, "Mine").await;
        connect(&mut ada, &page).await;
        giving.asked();
        machine.database.run("UPDATE token_sets SET ends_at = renewed_at");
        let me = ada.get("/account").await.person();
        Self { machine, provider, giving, one, other, token, me }
    }
}

#[actix_web::test]
async fn two_processes_renew_once() {
    const VENDS: usize = 50;
    let pair = Pair::start().await;
    let tokens = [pair.one.token(&pair.token), pair.other.token(&pair.token)];
    let vends = (0..VENDS).map(|at| tokens[at % 2].vend("gitlab", &pair.me));
    for answer in futures_util::future::join_all(vends).await {
        assert_eq!(answer.body["credential"]["value"], "access-canary-2", "{}", answer.text);
    }
    assert_eq!(pair.giving.asked().len(), 1, "one refresh for all {VENDS} in both processes");
}

/// Between the provider's answer and the commit. What comes of it is the provider's to say: one takes the old refresh
/// token once more, another has taken it back, and then the account is connected again.
#[actix_web::test]
async fn a_process_may_die_with_new_tokens_in_its_hands() {
    for forgiving in [true, false] {
        let Pair { machine, provider, giving, one, other, token, me } = Pair::start().await;
        let (address, dying, answering) = (one.base.clone(), Mutex::new(Some(one)), giving.clone());
        provider.answers(move |request| match dying.lock().unwrap().take() {
            Some(mut one) => {
                one.kill();
                if forgiving { Says::json(&json!({ "access_token": "lost" })) } else { answering.answer(request) }
            }
            None => answering.answer(request),
        });
        let body = json!({ "user_id": me });
        let asked = client().post(format!("{address}/data-integrations/gitlab/credentials")).bearer_auth(&token);
        assert!(asked.json(&body).send().await.is_err(), "it died");
        // Five minutes later nobody waits for it any more.
        machine.database.run("UPDATE token_sets SET leased_until = 1 WHERE leased_until IS NOT NULL");
        let answer = other.token(&token).vend("gitlab", &me).await;
        if forgiving {
            assert_eq!(answer.body["credential"]["value"], "access-canary-2", "{}", answer.text);
        } else {
            assert_eq!(answer.body["error"], "needs_reauthorization", "{}", answer.text);
        }
        assert_eq!(machine.database.count("token_sets WHERE lease IS NOT NULL"), 0);
    }
}
