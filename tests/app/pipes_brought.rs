//! OAuth clients that organizations bring: their end users connect accounts with them, and nobody else does.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Browser, CLIENT, CLIENT_SECRET, Page, Stage, Token, back, callback, is_configuration, is_integration,
    is_vended_token, verify_chains, way,
};

const ALL: &str = "vend,connect,read,manage";
const AUTHORIZE: &str = "/data-integrations/gitlab/authorize";
const GITLAB: &str = "/data-integrations/gitlab";
const HOTEL: &str = "/organizations/hotel/data_integration_configurations/gitlab";
const SECRET: &str = "their-secret-canary-9876";

async fn set() -> (Stage, Token) {
    let stage = Stage::set().await;
    let token = stage.app.token("test", ALL).await;
    (stage, token)
}

fn client(stage: &Stage, id: &str, secret: &str) -> Value {
    json!({ "client_id": id, "client_secret": secret, "config": { "address": stage.address() } })
}

async fn configure(token: &Token, path: &str, body: &Value) -> Value {
    let answer = token.ask("PUT", path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    is_configuration(&answer.body);
    assert!(!answer.text.contains("canary"), "{}", answer.text);
    answer.body
}

fn of(organization: Option<&str>) -> Value {
    json!({ "user_id": "anna", "organization_id": organization })
}

/// The path of the link to which an end user of this organization is sent.
async fn link(stage: &Stage, token: &Token, organization: Option<&str>) -> String {
    let answer = token.ask("POST", AUTHORIZE, &of(organization)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["url"].as_str().unwrap().strip_prefix(stage.app.base.as_str()).unwrap().to_owned()
}

/// Opens the link and goes on to the provider; what it is asked there.
async fn leave(by: &mut Browser, link: &str) -> BTreeMap<String, String> {
    way(&by.submit(link, link, &[]).await).1
}

async fn connect(stage: &Stage, token: &Token, organization: Option<&str>) -> (BTreeMap<String, String>, Page) {
    let mut anna = stage.app.anonymous();
    let query = leave(&mut anna, &link(stage, token, organization).await).await;
    let page = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    (query, page)
}

#[actix_web::test]
async fn accounts_of_an_organization_are_connected_and_renewed_with_its_own_client() {
    let (stage, token) = set().await;
    let told = configure(&token, HOTEL, &client(&stage, "their-app", SECRET)).await;
    let credentials = &told["credentials"];
    assert_eq!((&credentials["has_credentials"], &credentials["client_id"]), (&json!(true), &json!("their-app")));
    assert_eq!(credentials["client_secret_last_four"], "9876");
    assert_eq!(
        (&told["config"]["address"], &told["scopes"]),
        (&json!(stage.address()), &json!(["read_user", "read_api"]))
    );
    let (query, page) = connect(&stage, &token, Some("hotel")).await;
    assert_eq!(page.text_of("h1"), "Connected", "{}", page.text);
    assert_eq!((query["client_id"].as_str(), query["scope"].as_str()), ("their-app", "read_user read_api"));
    assert_eq!(credentials["redirect_uri"].as_str(), Some(query["redirect_uri"].as_str()));
    let asked = stage.giving.asked();
    assert_eq!((asked[0]["client_id"].as_str(), asked[0]["client_secret"].as_str()), ("their-app", SECRET));
    is_vended_token(&token.vend_with("gitlab", &of(Some("hotel"))).await.body);

    // Everybody else with the workspace's own, which has a way back of its own.
    configure(&token, &HOTEL.replace("hotel", "inn"), &json!({ "scopes": ["read_user"] })).await;
    let (others, page) = connect(&stage, &token, Some("inn")).await;
    assert_eq!((page.text_of("h1").as_str(), others["client_id"].as_str()), ("Connected", "app-1"));
    assert_eq!(others["scope"], "read_user");
    assert_ne!(others["redirect_uri"], query["redirect_uri"]);
    assert_eq!(stage.giving.asked()[0]["client_secret"], CLIENT_SECRET);

    stage.app.advance(Duration::from_mins(61));
    stage.giving.given.lock().unwrap().clone_from(&1);
    let renewed = token.vend_with("gitlab", &of(Some("hotel"))).await;
    is_vended_token(&renewed.body);
    let asked = stage.giving.asked();
    assert_eq!((asked[0]["grant_type"].as_str(), asked[0]["client_secret"].as_str()), ("refresh_token", SECRET));
    verify_chains(&stage.app.database, &stage.app.app.keyring);
    for (file, bytes) in stage.app.files() {
        assert!(memchr::memmem::find(&bytes, SECRET.as_bytes()).is_none(), "{file} holds it");
    }
}

#[actix_web::test]
async fn another_client_renews_nothing_that_was_connected_before() {
    let (stage, token) = set().await;
    configure(&token, HOTEL, &client(&stage, "their-app", SECRET)).await;
    assert_eq!(connect(&stage, &token, Some("hotel")).await.1.text_of("h1"), "Connected");
    configure(&token, HOTEL, &client(&stage, "another-app", "another-secret-canary-5432")).await;
    stage.giving.asked();
    stage.app.advance(Duration::from_mins(30));
    is_vended_token(&token.vend_with("gitlab", &of(Some("hotel"))).await.body);
    stage.app.advance(Duration::from_mins(31));
    let over = token.vend_with("gitlab", &of(Some("hotel"))).await;
    assert_eq!(over.body, json!({ "active": false, "error": "needs_reauthorization" }));
    assert!(stage.giving.asked().is_empty(), "tokens of one client were shown by another");
    // Nor does the workspace's own serve them once theirs is gone.
    assert_eq!(connect(&stage, &token, Some("hotel")).await.1.text_of("h1"), "Connected");
    stage.giving.asked();
    let without = configure(&token, HOTEL, &json!({ "client_id": null })).await;
    assert_eq!((without.get("credentials"), &without["config"]), (None, &json!({})));
    stage.app.advance(Duration::from_mins(61));
    let over = token.vend_with("gitlab", &of(Some("hotel"))).await;
    assert_eq!(over.body["error"], "needs_reauthorization", "{}", over.text);
    assert!(stage.giving.asked().is_empty());
}

#[actix_web::test]
async fn a_client_goes_nowhere_but_where_it_was_entered_for() {
    let (stage, token) = set().await;
    configure(&token, HOTEL, &client(&stage, "their-app", SECRET)).await;
    // Another provider needs the secret once more.
    let moved = json!({ "config": { "address": "https://elsewhere.example.com" } });
    token.ask("PUT", HOTEL, &moved).await.refused(422, "invalid_request_parameters");
    configure(&token, HOTEL, &json!({ "config": { "address": stage.address() } })).await;
    // Its row in another organization's place does not open.
    let inn = HOTEL.replace("hotel", "inn");
    configure(&token, &inn, &client(&stage, "app-of-inn", "secret-canary-of-inn")).await;
    let theirs = "(SELECT id FROM organizations WHERE external_id = 'hotel')";
    let hotels = format!("SELECT blob FROM organization_settings WHERE organization_id = {theirs}");
    stage.app.database.execute(&format!(
        "UPDATE organization_settings SET blob = ({hotels}), number = (SELECT number FROM organization_settings WHERE \
         organization_id = {theirs}) WHERE organization_id <> {theirs}"
    ));
    let (_, page) = connect(&stage, &token, Some("inn")).await;
    assert_eq!(page.text_of("h1"), "Not connected", "{}", page.text);
    assert!(stage.giving.asked().is_empty(), "one organization's client was used for another");
    // A code that comes back on another organization's way is none.
    let mut anna = stage.app.anonymous();
    let query = leave(&mut anna, &link(&stage, &token, Some("hotel")).await).await;
    let (others, _) = connect(&stage, &token, None).await;
    stage.giving.asked();
    let foreign = callback(&others).split('?').next().unwrap().to_owned();
    let came = anna.get_from_elsewhere(&format!("{foreign}?state={}&code=code-1", query["state"])).await;
    assert_eq!(came.text_of("h1"), "This way back is over", "{}", came.text);
    assert!(stage.giving.asked().is_empty());
}

#[actix_web::test]
async fn what_is_closed_for_an_organization_is_connected_by_none_of_its_people() {
    let (stage, token) = set().await;
    assert_eq!(connect(&stage, &token, Some("hotel")).await.1.text_of("h1"), "Connected");
    let (mut anna, mut bert) = (stage.app.anonymous(), stage.app.anonymous());
    let unopened = link(&stage, &token, Some("hotel")).await;
    let query = leave(&mut anna, &link(&stage, &token, Some("hotel")).await).await;
    stage.giving.asked();
    configure(&token, HOTEL, &json!({ "enabled": false })).await;
    token.ask("POST", AUTHORIZE, &of(Some("hotel"))).await.refused(403, "node_type_disabled");
    assert_eq!(bert.get(&unopened).await.text_of("h1"), "This link is over");
    assert_eq!(bert.submit(&unopened, &unopened, &[]).await.text_of("h1"), "This link is over");
    assert_eq!(anna.get_from_elsewhere(&back(&query, "code-1")).await.text_of("h1"), "Not connected");
    let tokens =
        json!({ "access_token": "brought-canary", "user_id": "anna", "config": { "address": stage.address() } });
    let owned = "/organizations/hotel/connected_accounts/gitlab";
    token.ask("POST", owned, &tokens).await.refused(403, "node_type_disabled");
    let users = "/user_management/users/anna/connected_accounts/gitlab?organization_id=hotel";
    token.ask("PUT", users, &tokens).await.refused(403, "node_type_disabled");
    // What is held there is not renewed, and nobody is asked for it.
    stage.app.advance(Duration::from_mins(59));
    keyrack::jobs::plan(&stage.app.app).await.unwrap();
    stage.app.post().await;
    assert!(stage.giving.asked().is_empty());
    token.vend_with("gitlab", &of(Some("hotel"))).await.refused(403, "node_type_disabled");
    assert_eq!(connect(&stage, &token, Some("inn")).await.1.text_of("h1"), "Connected");
    stage.giving.given.lock().unwrap().clone_from(&1);
    configure(&token, HOTEL, &json!({ "enabled": true })).await;
    is_vended_token(&token.vend_with("gitlab", &of(Some("hotel"))).await.body);
}

#[actix_web::test]
async fn tokens_for_an_organization_that_was_closed_meanwhile_are_given_back() {
    let (stage, token) = set().await;
    configure(&token, HOTEL, &json!({ "enabled": true })).await;
    let (database, giving) = (crate::support::Database::of(&stage.app.database.url), stage.giving.clone());
    stage.provider.answers(move |request| {
        if request.contains("authorization_code") {
            database.execute("UPDATE organization_settings SET enabled = FALSE");
        }
        giving.answer(request)
    });
    assert_eq!(connect(&stage, &token, Some("hotel")).await.1.text_of("h1"), "Not connected");
    assert_eq!(stage.app.database.count("secrets"), 0);
    let given_back = stage.giving.asked().into_iter().filter(|asked| asked.contains_key("token")).count();
    assert_eq!(given_back, 1);
}

#[actix_web::test]
async fn a_node_type_may_leave_it_to_organizations_to_bring_clients() {
    let (mut stage, token) = set().await;
    let leaves = json!({ "credentials": { "type": "organization" } });
    // Whoever destroys a client looks at its page first.
    token.ask("PUT", GITLAB, &leaves).await.refused(409, "data_integration_in_use");
    assert_eq!(stage.ada.submit(CLIENT, &format!("{CLIENT}/remove"), &[]).await.status, 303);
    for more in [json!({ "scopes": ["api"] }), json!({ "config": { "address": "https://a.example.com" } })] {
        let mut body = leaves.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        token.ask("PUT", GITLAB, &body).await.refused(422, "invalid_request_parameters");
    }
    let named = json!({ "credentials": { "type": "organization", "client_id": "a", "client_secret": "b" } });
    token.ask("PUT", GITLAB, &named).await.refused(422, "invalid_request_parameters");
    token.ask("PUT", "/data-integrations/stripe", &leaves).await.refused(422, "invalid_request_parameters");
    let left = token.ask("PUT", GITLAB, &leaves).await;
    is_integration(&left.body);
    assert_eq!((&left.body["state"], &left.body["config"]), (&json!("valid"), &json!({})));
    let credentials = json!({ "type": "organization", "client_id": null, "redacted_client_secret": null });
    assert_eq!(left.body["credentials"], credentials);
    assert_eq!(token.ask("PUT", GITLAB, &leaves).await.body, left.body);
    token.ask("PUT", GITLAB, &json!({ "scopes": ["api"] })).await.refused(422, "invalid_request_parameters");
    assert!(stage.ada.get("/w/acme/node-types/gitlab").await.text.contains("brought by each organization"));
    assert!(stage.ada.get(CLIENT).await.text.contains("Each organization brings a client of its own here"));

    for (organization, says) in [(None, "Organizations bring"), (Some("hotel"), "has brought no OAuth client yet")] {
        // The part of the address is the client's: without one, the account's own is named.
        let answer = token.ask("POST", AUTHORIZE, &of(organization)).await;
        answer.refused(422, "invalid_request_parameters");
        assert!(answer.text.contains(says), "{}", answer.text);
    }
    let told = configure(&token, HOTEL, &json!({ "enabled": true })).await;
    assert_eq!(
        (&told["credentials"]["has_credentials"], &told["credentials"]["client_id"]),
        (&json!(false), &json!(null))
    );
    let told = configure(&token, HOTEL, &client(&stage, "their-app", "short")).await;
    assert_eq!(
        (&told["credentials"]["has_credentials"], &told["credentials"]["client_secret_last_four"]),
        (&json!(true), &json!(null))
    );
    let (query, page) = connect(&stage, &token, Some("hotel")).await;
    assert_eq!((page.text_of("h1").as_str(), query["client_id"].as_str()), ("Connected", "their-app"));
    let place = stage.place("Mine").await;
    let page = stage.ada.get(&format!("{place}/connect")).await;
    assert_eq!(page.text_of("h1"), "It cannot be connected now", "{}", page.text);

    // A client of the workspace's is everybody's again, and those that are brought stay.
    let saved = stage.ada.submit(CLIENT, CLIENT, &stage.client("app-1", CLIENT_SECRET)).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let own = token.ask("GET", GITLAB, &json!({})).await;
    let credentials = json!({ "type": "custom", "client_id": "app-1", "redacted_client_secret": "y-77" });
    assert_eq!(own.body["credentials"], credentials);
    assert!(stage.ada.get(CLIENT).await.text.contains("ends in <code>y-77</code>"));
    assert_eq!(configure(&token, HOTEL, &json!({ "enabled": true })).await["credentials"]["client_id"], "their-app");
    assert_eq!(connect(&stage, &token, None).await.0["client_id"], "app-1");
}
