//! Renewals when providers say little, when processes die, and when somebody takes the connection away meanwhile.

use std::time::Duration;

use futures_util::future::{Either, select};
use serde_json::{Value, json};

use crate::delete_many::{choice, confirm};
use crate::support::{Database, EMAIL, Says, Stage, Token, connect, vend_mine, verify_chains};

/// What is handed out.
async fn value(stage: &Stage, token: &Token) -> Value {
    vend_mine(&stage.app, token).await.body["credential"]["value"].clone()
}

impl Stage {
    /// Connects an account whose provider answers so.
    async fn connected(&mut self, name: &str, answer: Value) -> String {
        let page = self.place(name).await;
        self.giving.instead(Says::json(&answer));
        connect(&mut self.ada, &page).await;
        self.giving.asked();
        page
    }
}

#[actix_web::test]
async fn tokens_whose_end_nobody_names_are_renewed_each_hour() {
    let mut stage = Stage::set().await;
    stage.connected("Mine", json!({ "access_token": "first", "refresh_token": "refresh-canary-0" })).await;
    let token = stage.token().await;
    stage.app.advance(Duration::from_mins(59));
    assert_eq!(value(&stage, &token).await, "first");
    // A provider in trouble takes nothing away: the token may well count.
    stage.app.advance(Duration::from_mins(2));
    stage.giving.instead(Says::status("503 Busy", ""));
    assert_eq!(value(&stage, &token).await, "first");
    stage.app.advance(Duration::from_mins(2));
    assert_eq!(value(&stage, &token).await, "access-canary-1");
}

#[actix_web::test]
async fn an_end_that_is_named_as_a_moment_counts() {
    let mut stage = Stage::set().await;
    let end = stage.app.app.clock.now().plus(Duration::from_mins(20)).wire();
    let page = stage
        .connected("Mine", json!({ "access_token": "first", "refresh_token": "refresh-canary-0", "expires_at": end }))
        .await;
    let shown = stage.ada.get(&page).await.text;
    assert!(!shown.contains("names no end"), "{shown}");
    let token = stage.token().await;
    stage.app.advance(Duration::from_mins(18));
    assert_eq!(value(&stage, &token).await, "first");
    stage.app.advance(Duration::from_secs(90));
    assert_eq!(value(&stage, &token).await, "access-canary-1");
}

#[actix_web::test]
async fn tokens_that_nothing_renews_are_used_to_their_end_and_then_missed() {
    let mut stage = Stage::set().await;
    keyrack::jobs::plan(&stage.app.app).await.unwrap();
    let page = stage.connected("Mine", json!({ "access_token": "only", "expires_in": 600 })).await;
    let token = stage.token().await;
    stage.app.advance(Duration::from_secs(599));
    assert_eq!(value(&stage, &token).await, "only", "to the last second");
    assert!(stage.app.post().await.is_empty());
    stage.app.advance(Duration::from_secs(61));
    let letter = stage.app.letter_to(EMAIL).await;
    assert!(letter.text.contains(&format!("{page}/connect")), "{}", letter.text);
    assert_eq!(stage.ada.get(&page).await.text_of(".verdict h2"), "Needs reauthorization");
    assert!(stage.giving.asked().is_empty(), "there was nothing to ask with");
}

#[actix_web::test]
async fn permissions_stay_as_they_were_where_a_renewal_names_none() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    stage.giving.instead(Says::json(&json!({ "access_token": "next", "expires_in": 3_600 })));
    stage.app.advance(Duration::from_secs(3_590));
    let token = stage.token().await;
    let credential = vend_mine(&stage.app, &token).await.body["credential"].clone();
    assert_eq!(credential["value"], "next");
    assert_eq!((&credential["scopes"], &credential["missing_scopes"]), (&json!(["read_user"]), &json!(["read_api"])));
    // It named no other refresh token either: the one that is held goes on.
    stage.giving.asked();
    stage.app.advance(Duration::from_secs(3_590));
    assert_eq!(value(&stage, &token).await, "access-canary-2");
    assert_eq!(stage.giving.asked()[0]["refresh_token"], "refresh-canary-1");
}

#[actix_web::test]
async fn what_a_dead_process_has_leased_is_waited_for_and_then_taken() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let token = stage.token().await;
    stage.giving.asked();
    stage.app.advance(Duration::from_secs(3_590));
    let until = stage.app.app.clock.now().plus(Duration::from_mins(5)).micros();
    stage.app.database.run(&format!("UPDATE token_sets SET lease = 'dead', leased_until = {until}"));
    let before = stage.app.clock.slept().len();
    assert_eq!(value(&stage, &token).await, "access-canary-1", "it still counts");
    assert_eq!(stage.app.clock.slept().len(), before, "nobody waits for what is not needed yet");
    stage.app.advance(Duration::from_secs(30));
    let vends = (0..20).map(|_| vend_mine(&stage.app, &token));
    for answer in futures_util::future::join_all(vends).await {
        answer.refused(503, "token_not_renewed");
    }
    assert!(stage.giving.asked().is_empty());
    stage.app.advance(Duration::from_mins(5));
    assert_eq!(value(&stage, &token).await, "access-canary-2");
}

#[actix_web::test]
async fn what_is_deleted_while_it_is_renewed_stays_deleted_and_is_given_back() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let token = stage.token().await;
    stage.giving.asked();
    let (answering, database) = (stage.giving.clone(), Database::of(&stage.app.database.url));
    stage.provider.answers(move |request| {
        if request.contains("grant_type=refresh_token") {
            database.run("DELETE FROM secrets");
        }
        answering.answer(request)
    });
    stage.app.advance(Duration::from_secs(3_590));
    assert_eq!(vend_mine(&stage.app, &token).await.body["error"], "not_installed");
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(
        (asked[0]["refresh_token"].as_str(), asked[1]["token"].as_str()),
        ("refresh-canary-1", "refresh-canary-2")
    );
    assert_eq!(stage.app.database.count("secret_values"), 0);
    assert_eq!(stage.app.database.count("token_sets"), 0);
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn tokens_that_were_given_are_kept_although_the_database_is_away() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let token = stage.token().await;
    // From the provider's answer on nothing can be stored, until it was tried in vain.
    let (answering, database) = (stage.giving.clone(), Database::of(&stage.app.database.url));
    stage.provider.answers(move |request| {
        if request.contains("grant_type=refresh_token") {
            database.run("ALTER TABLE secret_values RENAME TO away");
        }
        answering.answer(request)
    });
    stage.app.advance(Duration::from_secs(3_590));
    let (app, before) = (&stage.app, stage.app.clock.slept().len());
    let watching = Box::pin(async {
        while app.clock.slept().len() == before {
            tokio::task::yield_now().await;
        }
    });
    let answer = match select(Box::pin(vend_mine(app, &token)), watching).await {
        Either::Left((answer, _)) => panic!("it is answered before it is stored: {}", answer.text),
        Either::Right(((), vending)) => {
            app.database.run("ALTER TABLE away RENAME TO secret_values");
            vending.await
        }
    };
    assert_eq!(answer.body["credential"]["value"], "access-canary-2", "{}", answer.text);
}

#[actix_web::test]
async fn renewals_stop_nobody_who_deletes_many() {
    let mut stage = Stage::set().await;
    let (one, two) = (stage.place("One").await, stage.place("Two").await);
    connect(&mut stage.ada, &one).await;
    let ids = [&one, &two].map(|page| page.rsplit('/').next().unwrap());
    let preview = stage.ada.get(&choice(&ids)).await;
    stage.app.advance(Duration::from_secs(3_590));
    let token = stage.token().await;
    assert_eq!(value(&stage, &token).await, "access-canary-2");
    let gone = confirm(&mut stage.ada, &preview).await;
    assert_eq!(gone.status, 303, "{}", gone.text);
    assert_eq!(stage.app.database.count("secrets"), 0);
}
