//! What has happened to the connections of end users, as backends ask for it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, CLIENT_SECRET, Says, Stage, TestApp, Token, back, callback, is_event, way};

const ONE: &str = "rk_test_first1234567890";
const ALL: &str = "vend,connect,read,manage,audit";

async fn events(token: &Token, query: &str) -> Answer {
    let answer = token.ask("GET", &format!("/events{query}"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["data"].as_array().unwrap().iter().for_each(is_event);
    answer
}

fn kinds(answer: &Answer) -> Vec<&str> {
    let all = answer.body["data"].as_array().unwrap();
    all.iter().map(|event| event["event"].as_str().unwrap().rsplit('.').next().unwrap()).collect()
}

#[actix_web::test]
async fn what_happens_to_a_connection_is_told_in_order() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", ALL).await;
    assert_eq!(kinds(&events(&token, "").await), Vec::<&str>::new());
    let first = token.put("stripe", "customer-42", ONE).await;
    token.put("stripe", "customer-42", "rk_test_other0987654321").await;
    // What is a member's own is nobody's to follow.
    ada.add_stripe("Own", "rk_test_own11122233344", "vend").await;
    let inside = json!({ "user_id": "anna", "organization_id": "hotel", "secret": ONE });
    token.put_with("stripe", &inside).await;
    let path = "/user_management/users/customer-42/connected_accounts/stripe";
    assert_eq!(token.ask("DELETE", path, &json!({})).await.status, 204);
    // An Admin takes the other one away in the browser.
    let id = app.database.text("SELECT id AS text FROM secrets WHERE organization_id IS NOT NULL");
    let page = format!("/w/acme/secrets/{id}");
    assert_eq!(ada.submit(&format!("{page}/disconnect"), &format!("{page}/disconnect"), &[]).await.status, 303);

    let all = events(&token, "").await;
    assert_eq!(kinds(&all), ["connected", "connected", "connected", "disconnected", "disconnected"]);
    let told = &all.body["data"][0]["data"];
    assert_eq!(
        (&told["id"], &told["user_id"], &told["state"]),
        (&first.body["id"], &json!("customer-42"), &json!("connected"))
    );
    assert_eq!(all.body["data"][3]["data"]["id"], first.body["id"]);
    assert_eq!(all.body["data"][4]["data"]["organization_id"], "hotel");
    assert!(!all.text.contains("7890") && !all.text.contains(ONE), "no value, and nothing of one");

    // Page by page, by kind, by organization, by time.
    let page = events(&token, "?limit=2").await;
    let after = page.body["list_metadata"]["after"].as_str().unwrap();
    assert_eq!(after, page.body["data"][1]["id"]);
    assert_eq!(
        kinds(&events(&token, &format!("?limit=3&after={after}")).await),
        ["connected", "disconnected", "disconnected"]
    );
    let last = all.body["data"][4]["id"].as_str().unwrap();
    assert_eq!(
        events(&token, &format!("?after={last}")).await.body["list_metadata"],
        json!({ "before": null, "after": null })
    );
    let gone = "pipes.connected_account.disconnected";
    assert_eq!(kinds(&events(&token, &format!("?events={gone}")).await), ["disconnected", "disconnected"]);
    let both = format!("?events={gone},pipes.connected_account.connected&organization_id=hotel");
    assert_eq!(kinds(&events(&token, &both).await), ["connected", "disconnected"]);
    assert_eq!(kinds(&events(&token, "?range_start=2026-11-21T10:43:00Z").await), Vec::<&str>::new());
    assert_eq!(kinds(&events(&token, "?range_end=2026-11-21T10:43:00Z").await).len(), 5);

    // A token that is limited to other node types, another environment and another workspace hear nothing of it.
    let limits = [("preset", "backend"), ("node_type", "http-request")];
    assert_eq!(kinds(&events(&ada.make_token_with(&limits).await, "").await), Vec::<&str>::new());
    assert_eq!(kinds(&events(&app.token("live", ALL).await, "").await), Vec::<&str>::new());
    app.owner_of("Other", "eve@example.com").await;
    let eve = app.token_of("Other", "eve@example.com", "test", ALL).await;
    assert_eq!(kinds(&events(&eve, &format!("?after={after}")).await), Vec::<&str>::new());
    for wrong in ["limit=0", "limit=x", "events=connection.activated", "after=x", "range_start=yesterday"] {
        let path = format!("/events?{wrong}");
        token.ask("GET", &path, &json!({})).await.refused(422, "invalid_request_parameters");
    }
}

#[actix_web::test]
async fn a_connection_that_is_lost_or_fails_is_told() {
    let mut stage = Stage::set().await;
    let settings = "/w/acme/settings";
    let saved = stage
        .ada
        .submit(settings, "/w/acme/settings/return-addresses", &[("addresses", "https://app.example.com")])
        .await;
    assert_eq!(saved.status, 303);
    let token = stage.app.token("test", ALL).await;
    let ask = json!({ "user_id": "customer-42", "return_to": "https://app.example.com/" });
    let mut anna = stage.app.anonymous();
    for round in 0..3 {
        let answer = token.ask("POST", "/data-integrations/gitlab/authorize", &ask).await;
        let url = answer.body["url"].as_str().unwrap();
        let link = url.strip_prefix(stage.app.base.as_str()).unwrap().to_owned();
        let query = way(&anna.submit(&link, &link, &[]).await).1;
        let path = match round {
            0 => format!("{}&error=access_denied", callback(&query)),
            1 => {
                stage.giving.instead(Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#));
                back(&query, "code-1")
            }
            _ => back(&query, "code-2"),
        };
        anna.get_from_elsewhere(&path).await;
    }
    let told = events(&token, "").await;
    assert_eq!(kinds(&told), ["connection_failed", "connection_failed", "connected"]);
    let codes: Vec<&Value> =
        told.body["data"].as_array().unwrap().iter().map(|event| &event["data"]["error_code"]).collect();
    assert_eq!(codes, [&json!("access_denied"), &json!("connection_failed"), &json!(null)]);
    assert_eq!(told.body["data"][2]["data"]["scopes"], json!(["read_user"]));

    stage.app.advance(Duration::from_mins(61));
    stage.giving.instead(Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#));
    let lost = token.vend("gitlab", "customer-42").await;
    assert_eq!(lost.body["error"], "needs_reauthorization", "{}", lost.text);
    let told = events(&token, "").await;
    assert_eq!(kinds(&told)[3..], ["reauthorization_needed"]);
    assert_eq!(told.body["data"][3]["data"]["state"], "needs_reauthorization");
    assert!(!told.text.contains("canary") && !told.text.contains(CLIENT_SECRET));
    // They are kept for a while.
    stage.app.advance(Duration::from_hours(31 * 24));
    keyrack::jobs::plan(&stage.app.app).await.unwrap();
    keyrack::jobs::run_due(&stage.app.app).await;
    assert_eq!(kinds(&events(&token, "").await), Vec::<&str>::new());
}
