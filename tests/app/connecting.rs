//! Connecting an account: the client, the way to the provider and back, what is vended, and taking it away.

use std::time::Duration;

use keyrack::domain::Role;
use serde_json::json;

use crate::support::{
    Browser, CLIENT, CLIENT_SECRET, EMAIL, PASSWORD, Page, Says, Stage, back, callback, connect, leave, vend_mine,
    verify_chains, way,
};

#[actix_web::test]
async fn an_account_is_connected_and_its_token_vended() {
    let mut stage = Stage::set().await;
    let page = stage.place("Group bot").await;
    let before = stage.ada.get(&page).await;
    assert_eq!(before.text_of(".verdict h2"), "Disconnected");

    let connect = format!("{page}/connect");
    let asked = stage.ada.get(&connect).await;
    assert!(asked.text.contains("See the profile of the person who connects."), "{}", asked.text);
    let (to, query) = way(&stage.ada.submit(&connect, &connect, &[]).await);
    assert_eq!(to, format!("{}/oauth/authorize", stage.address()));
    assert_eq!((query["response_type"].as_str(), query["client_id"].as_str()), ("code", "app-1"));
    assert_eq!(query["scope"], "read_user read_api");
    assert_eq!(query["code_challenge_method"], "S256");
    // Where the workspace says who the provider is, the address is its own.
    let redirect = format!(
        "{}/connect/{}-test/callback",
        stage.app.base,
        stage.app.database.text("SELECT id AS text FROM node_types WHERE slug = 'gitlab'")
    );
    assert_eq!(query["redirect_uri"], redirect);

    let came = stage.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!((came.status, came.location()), (303, page.as_str()), "{}", came.text);
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0]["grant_type"].as_str(), asked[0]["code"].as_str()), ("authorization_code", "code-1"));
    assert_eq!((asked[0]["client_id"].as_str(), asked[0]["client_secret"].as_str()), ("app-1", CLIENT_SECRET));
    assert_eq!(asked[0]["redirect_uri"], redirect);
    let challenge = keyrack_challenge(&asked[0]["code_verifier"]);
    assert_eq!(query["code_challenge"], challenge);

    let after = stage.ada.get(&page).await;
    assert_eq!(after.text_of(".verdict h2"), "Connected");
    let token = stage.token().await;
    let answer = vend_mine(&stage.app, &token).await;
    let credential = &answer.body["credential"];
    assert_eq!(credential["value"], "access-canary-1", "{}", answer.text);
    assert_eq!(credential["auth_method"], "oauth");
    assert_eq!((&credential["scopes"], &credential["missing_scopes"]), (&json!(["read_user"]), &json!(["read_api"])));
    assert_eq!(credential["metadata"], json!({}));
    assert_eq!(credential["config"], json!({ "address": stage.address() }));
    assert!(credential["expires_at"].as_str().unwrap().ends_with('Z'));
    verify_chains(&stage.app.database, &stage.app.app.keyring);
    for text in ["access-canary", "refresh-canary", CLIENT_SECRET] {
        assert!(!stage.ada.seen.concat().contains(text), "a page shows {text}");
        for (file, bytes) in stage.app.files() {
            assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{file} holds {text}");
        }
    }
}

fn keyrack_challenge(verifier: &str) -> String {
    use sha2::Digest as _;
    data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(verifier.as_bytes()))
}

#[actix_web::test]
async fn whoever_begins_it_finishes_it_once_in_the_same_browser() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    let query = leave(&mut stage.ada, &page).await;
    let path = back(&query, "code-1");
    let over = |page: &Page| {
        assert_eq!((page.status, page.text_of("h1").as_str()), (200, "This way back is over"), "{}", page.text);
    };

    // Another browser of the same person, and another person in it.
    let mut elsewhere = Browser::new(&stage.app.base);
    elsewhere.sign_in(EMAIL, PASSWORD).await;
    over(&elsewhere.get_from_elsewhere(&path).await);
    let mut bob = stage.app.member("bob@example.com", Role::Member).await;
    over(&bob.get_from_elsewhere(&path).await);
    // States that are none, and another node type's address.
    for state in ["", "x", &query["state"][..40]] {
        over(&stage.ada.get_from_elsewhere(&format!("/connect/gitlab/callback?code=c&state={state}")).await);
    }
    assert!(stage.giving.asked().is_empty(), "nothing was exchanged");

    assert_eq!(stage.ada.get_from_elsewhere(&path).await.status, 303);
    over(&stage.ada.get_from_elsewhere(&path).await);
    assert_eq!(stage.giving.asked().len(), 1, "a state is spent once");

    // At another provider's address it is spent for nothing.
    let query = leave(&mut stage.ada, &page).await;
    over(&stage.ada.get_from_elsewhere(&format!("/connect/slack/callback?code=c&state={}", query["state"])).await);
    over(&stage.ada.get_from_elsewhere(&back(&query, "c")).await);
    // Another person in the very same browser.
    let query = leave(&mut stage.ada, &page).await;
    let mut shared = stage.ada.clone();
    shared.sign_out().await;
    assert_eq!(shared.sign_in("bob@example.com", PASSWORD).await.status, 303);
    over(&shared.get_from_elsewhere(&back(&query, "c")).await);
    stage.ada.sign_in(EMAIL, PASSWORD).await;
    // And after ten minutes.
    let query = leave(&mut stage.ada, &page).await;
    stage.app.advance(Duration::from_mins(11));
    over(&stage.ada.get_from_elsewhere(&back(&query, "c")).await);
    assert!(stage.giving.asked().is_empty());
}

#[actix_web::test]
async fn without_consent_nothing_is_connected() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    for (told, words) in [("access_denied", "was not given"), ("<script>", "without access")] {
        let query = leave(&mut stage.ada, &page).await;
        let path = format!("{}&error={told}", callback(&query));
        let came = stage.ada.get_from_elsewhere(&path).await;
        assert_eq!((came.status, came.text_of("h1").as_str()), (200, "Not connected"));
        assert!(came.text.contains(words) && !came.text.contains(told), "{}", came.text);
    }
    for says in [
        Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#),
        Says::status("200 OK", r#"{"error":"bad_verification_code"}"#),
        Says::status("401 Unauthorized", r#"{"error":"invalid_client"}"#),
        Says::status("500 Oops", r#"{"error":"invalid_grant"}"#),
        Says::status("200 OK", "<html>"),
        Says::status("200 OK", "{}"),
        Says::status("200 OK", &format!(r#"{{"access_token":"{}"}}"#, "x".repeat(300_000))),
        Says::status("302 Found", ""),
    ] {
        stage.giving.instead(says);
        let query = leave(&mut stage.ada, &page).await;
        let came = stage.ada.get_from_elsewhere(&back(&query, "code-1")).await;
        assert_eq!((came.status, came.text_of("h1").as_str()), (200, "Not connected"), "{}", came.text);
    }
    assert_eq!(stage.ada.get(&page).await.text_of(".verdict h2"), "Disconnected");
}

#[actix_web::test]
async fn a_client_is_written_only_and_goes_nowhere_else() {
    let mut stage = Stage::set().await;
    let shown = stage.ada.get(CLIENT).await;
    assert!(shown.text.contains("app-1") && !shown.text.contains(CLIENT_SECRET));
    let page = stage.place("Mine").await;
    let redirect = leave(&mut stage.ada, &page).await.remove("redirect_uri").unwrap();
    assert!(shown.text.contains(&redirect), "{}", shown.text);
    // Another server or another id takes the secret anew.
    for (name, text) in [("field-address", "https://evil.example"), ("client_id", "app-2")] {
        let mut fields = stage.client("app-1", "");
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| field.1 = text);
        let refused = stage.ada.submit(CLIENT, CLIENT, &fields).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("its id or its provider is another one"), "{}", refused.text);
    }
    // What somebody who connects sends about the server counts for nothing.
    let mut bob = stage.app.member("bob@example.com", Role::Member).await;
    let new = "/w/acme/secrets/new/gitlab";
    let fields = [
        ("name", "Bob's"),
        ("environment", "test"),
        ("sharing", "private"),
        ("delivery", "vend"),
        ("field-address", "https://evil.example"),
    ];
    let made = bob.submit(new, new, &fields).await;
    let page = made.location().strip_suffix("/connect").unwrap().to_owned();
    let (to, _) = way(&bob.submit(&format!("{page}/connect"), &format!("{page}/connect"), &[]).await);
    assert!(to.starts_with(&stage.address()), "{to}");
    // Members see no client, and change none.
    assert_eq!(bob.get(CLIENT).await.status, 403);
}

#[actix_web::test]
async fn disconnecting_asks_the_provider_to_forget() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    stage.giving.asked();
    let disconnect = format!("{page}/disconnect");
    let gone = stage.ada.submit(&disconnect, &disconnect, &[]).await;
    assert_eq!((gone.status, gone.location()), (303, page.as_str()));
    let asked = stage.giving.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0]["token"].as_str(), asked[0]["client_secret"].as_str()), ("refresh-canary-1", CLIENT_SECRET));
    let after = stage.ada.get(&page).await;
    assert!(after.text.contains("confirmed that it forgot them too"), "{}", after.text);
    let token = stage.token().await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["error"], "not_installed");
    assert_eq!(stage.app.database.count("token_sets"), 0);

    // A provider that does not answer keeps nothing here.
    connect(&mut stage.ada, &page).await;
    stage.provider.says(Says::status("500 Oops", ""));
    stage.ada.submit(&disconnect, &disconnect, &[]).await;
    let after = stage.ada.get(&page).await;
    assert!(after.text.contains("did not confirm"), "{}", after.text);
    assert_eq!(stage.app.database.count("secret_values"), 0);
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}
