//! Connecting once more: what it brings back, what is chosen anew, and who is led where.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{EMAIL, PASSWORD, Says, Stage, back, connect, leave, vend_mine};

#[actix_web::test]
async fn of_twenty_ways_back_one_counts() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    let path = back(&leave(&mut stage.ada, &page).await, "code-1");
    stage.giving.asked();
    let browsers = vec![stage.ada.clone(); 20];
    let came =
        join_all(browsers.into_iter().map(async |mut browser| browser.get_from_elsewhere(&path).await.status)).await;
    assert_eq!(came.iter().filter(|status| **status == 303).count(), 1, "{came:?}");
    assert_eq!(stage.giving.asked().len(), 1);
    let token = stage.token().await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-1");
}

#[actix_web::test]
async fn an_expired_connection_lives_on_with_new_tokens() {
    let mut stage = Stage::set().await;
    keyrack::jobs::plan(&stage.app.app).await.unwrap();
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    stage.giving.asked();
    let over = stage.app.app.clock.now().minus(Duration::from_secs(1)).micros();
    stage.app.database.run(&format!("UPDATE secrets SET expires_at = {over}"));
    stage.app.advance(Duration::from_mins(50));
    stage.app.post().await;
    assert!(stage.giving.asked().is_empty(), "nothing is renewed that nobody may use");
    connect(&mut stage.ada, &page).await;
    assert_eq!(stage.ada.get(&page).await.text_of(".verdict h2"), "Connected");
}

#[actix_web::test]
async fn how_it_may_leave_is_widened_with_new_tokens_by_who_decides_it() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    assert_eq!(stage.app.database.execute("UPDATE secrets SET delivery = 'proxy'"), 1);
    let token = stage.token().await;
    vend_mine(&stage.app, &token).await.refused(403, "delivery_proxy_only");
    let at = format!("{page}/connect");
    let asked = stage.ada.get(&at).await;
    assert_eq!(asked.attributes("input[name=delivery][checked]", "value"), ["proxy"]);
    let left = stage.ada.submit(&at, &at, &[("delivery", "vend")]).await;
    let path = back(&crate::support::way(&left).1, "code-1");
    assert_eq!(stage.ada.get_from_elsewhere(&path).await.status, 303);
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");
    assert!(stage.app.database.count("audit_entries WHERE entry LIKE '%delivery_widened%'") == 1);
}

#[actix_web::test]
async fn a_workspace_may_be_renamed_while_its_member_is_away() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    let path = back(&leave(&mut stage.ada, &page).await, "code-1");
    let settings = "/w/acme/settings";
    let renamed = stage.ada.submit(settings, settings, &[("name", "Acme Hotels")]).await;
    assert_eq!(renamed.status, 303, "{}", renamed.text);
    let came = stage.ada.get_from_elsewhere(&path).await;
    assert_eq!(
        (came.status, came.location()),
        (303, page.replace("/w/acme/", "/w/acme-hotels/").as_str()),
        "{}",
        came.text
    );
}

#[actix_web::test]
async fn a_provider_says_yes_to_forgetting_in_any_of_its_ways() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    let disconnect = format!("{page}/disconnect");
    for says in ["204 No Content", "200 OK", "202 Accepted"] {
        connect(&mut stage.ada, &page).await;
        let (answering, says) = (stage.giving.clone(), says.to_owned());
        stage.provider.answers(move |request| match request.starts_with("POST /oauth/revoke") {
            true => Says::head(&format!("HTTP/1.1 {says}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")),
            false => answering.answer(request),
        });
        stage.ada.submit(&disconnect, &disconnect, &[]).await;
        assert!(stage.ada.get(&page).await.text.contains("confirmed that it forgot them too"));
    }
}

/// Product rule 18's other half: whoever enters id and secret themselves is led to where that is done.
#[actix_web::test]
async fn who_owns_client_credentials_is_asked_for_them_and_not_for_consent() {
    let mut stage = Stage::set().await;
    let page = stage.robot(&[("client_credentials-scopes", "one:read two:write")]).await;
    let before = stage.ada.get(&page).await.text;
    assert!(before.contains("No token was fetched yet") && !before.contains("not granted"), "{before}");
    let (token, me) = (stage.token().await, stage.app.person(EMAIL).to_string());
    assert_eq!(token.vend("xero", &me).await.body["credential"]["value"], "access-canary-1");
    assert_eq!(stage.giving.asked()[0]["scope"], "one:read two:write");
    stage.app.advance(Duration::from_secs(3_590));
    *stage.giving.given.lock().unwrap() = 4;
    let again = token.vend("xero", &me).await;
    assert_eq!(
        (&again.body["credential"]["value"], &again.body["credential"]["config"]),
        (&json!("access-canary-5"), &json!({}))
    );
    assert_eq!(stage.giving.asked()[0]["scope"], "one:read two:write", "from one token to the next");

    stage.giving.instead(Says::status("401 Unauthorized", r#"{"error":"invalid_client"}"#));
    stage.app.advance(Duration::from_mins(61));
    assert_eq!(token.vend("xero", &me).await.body["error"], "needs_reauthorization");
    let letter = stage.app.letter_to(EMAIL).await;
    assert!(
        letter.text.contains(&format!("{page}/replace")) && letter.text.contains("client id and secret"),
        "{}",
        letter.text
    );
    stage.ada.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(stage.ada.get(&format!("{page}/connect")).await.location(), format!("{page}/replace"));
    assert!(stage.ada.get("/w/acme").await.text.contains("Its client id and secret have to be entered again."));
}
