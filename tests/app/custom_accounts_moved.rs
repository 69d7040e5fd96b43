//! What another provider, another address or a description changed past the program does to accounts and clients.

use std::time::Duration;

use serde_json::{Value, json};

use crate::custom_accounts::{CLIENT_PAGE, Fields, NEW_SECRET, NODE_TYPE, Rooms, SECRET};
use crate::custom_apis::{ROOMS, entries, send, spec};
use crate::support::{Database, ELSEWHERE, EMAIL, PASSWORD, PROVIDER, Page, back, leave, verify_chains};

impl Rooms {
    /// Sends the form with the revision that the page shows now.
    async fn change(&mut self, method: &str, changes: &[(&'static str, &str)]) -> Page {
        let mut fields: Fields = self.fields(method);
        fields.remove("method");
        fields.extend(changes.iter().map(|(name, text)| (*name, (*text).to_owned())));
        let revision = self.ada.get(ROOMS).await.attributes("input[name=revision]", "value").remove(0);
        fields.insert("revision", revision);
        send(&mut self.ada, ROOMS, &fields).await
    }

    fn clients(&self) -> i64 {
        self.app.database.count("oauth_clients")
    }

    fn held(&self) -> i64 {
        self.app.database.count("secret_values")
    }

    /// Describes it past the program, as somebody with the database alone could.
    fn describe(&self, part: &str, name: &str, text: &str) {
        let mut spec: Value = spec(&self.app);
        spec[part][name] = text.into();
        let spec = spec.to_string().replace('\'', "''");
        self.app.database.execute(&format!("UPDATE node_types SET spec = '{spec}' WHERE slug = 'custom-rooms'"));
    }

    fn posted(&self) -> Vec<String> {
        let mut all = self.provider.take();
        all.retain(|request| request.starts_with("POST"));
        all
    }
}

#[actix_web::test]
async fn another_provider_disconnects_accounts_and_destroys_clients_after_a_question() {
    let mut rooms = Rooms::with_client().await;
    rooms.enter_client("live").await;
    let page = rooms.connected("Front desk").await;
    let begun = rooms.ada.add_place(NEW_SECRET, "Begun").await;
    let query = leave(&mut rooms.ada, &begun).await;
    let stale = rooms.ada.get(CLIENT_PAGE).await.attributes("input[name=revision]", "value").remove(0);
    assert!(rooms.ada.get(ROOMS).await.text.contains("1 account is connected. Another base URL"));
    rooms.provider.take();

    let (token, revoke) = (rooms.at(PROVIDER, "/evil/token"), rooms.at(PROVIDER, "/evil/revoke"));
    for moved in [
        ("oauth-token_url", token.as_str()),
        ("oauth-authorize_url", &token),
        ("oauth-refresh_url", &token),
        ("oauth-revoke_url", &revoke),
        ("oauth-client_auth", "basic"),
        ("oauth-body", "json"),
    ] {
        let asked = rooms.change("oauth", &[moved]).await;
        assert_eq!(asked.status, 422, "{moved:?}");
        for words in [
            "1 account is disconnected by this: Front desk.",
            "The OAuth clients for test and live are destroyed",
            "is not asked to forget them",
        ] {
            assert!(asked.text.contains(words), "{moved:?}: {}", asked.text);
        }
        assert_eq!(asked.attributes("input[name=confirmed]", "value"), ["3"], "an account and two clients");
        for number in ["1", "2"] {
            assert_eq!(rooms.change("oauth", &[moved, ("confirmed", number)]).await.status, 422);
        }
        assert_eq!((rooms.clients(), rooms.held()), (2, 1), "{moved:?}");
    }
    let gone = rooms.change("oauth", &[("oauth-token_url", &token), ("confirmed", "3")]).await;
    assert_eq!((gone.status, gone.location()), (303, NODE_TYPE), "{}", gone.text);
    assert_eq!((rooms.clients(), rooms.held(), rooms.app.database.count("token_sets")), (0, 0, 0));
    assert_eq!((entries(&rooms.app, "secret.disconnected"), entries(&rooms.app, "node_type.client_removed")), (1, 2));
    let about = rooms.ada.get(NODE_TYPE).await;
    assert!(about.text.contains("Its clients are destroyed") && about.text.contains("not set up"), "{}", about.text);
    assert_eq!(rooms.ada.get(&page).await.text_of(".verdict h2"), "Disconnected");

    // A secret that was typed on a page of before goes nowhere, and a consent of before comes to nothing.
    let late = rooms.send_client(CLIENT_PAGE, &stale).await;
    assert!(late.status == 422 && late.text.contains("described anew since"), "{}", late.text);
    let came = rooms.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    rooms.enter_client("test").await;
    let again = rooms.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(again.text_of("h1"), "This way back is over", "{}", again.text);
    assert!(rooms.posted().is_empty(), "something went to a provider");
    verify_chains(&rooms.app.database, &rooms.app.app.keyring);
}

#[actix_web::test]
async fn a_code_for_the_provider_of_before_is_not_exchanged_with_the_same_client_entered_again() {
    let mut rooms = Rooms::with_client().await;
    let begun = rooms.ada.add_place(NEW_SECRET, "Begun").await;
    let query = leave(&mut rooms.ada, &begun).await;
    let evil = rooms.at(PROVIDER, "/evil/token");
    let asked = rooms.change("oauth", &[("oauth-token_url", &evil)]).await;
    assert!(
        !asked.text.contains("disconnected by this") && asked.text.contains("client for test is"),
        "{}",
        asked.text
    );
    assert_eq!(rooms.change("oauth", &[("oauth-token_url", &evil), ("confirmed", "1")]).await.status, 303);
    rooms.enter_client("test").await;
    let came = rooms.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    assert!(rooms.posted().is_empty(), "the code went to another provider");
}

#[actix_web::test]
async fn another_base_url_disconnects_accounts_and_leaves_clients() {
    let mut rooms = Rooms::with_client().await;
    rooms.connected("Front desk").await;
    let begun = rooms.ada.add_place(NEW_SECRET, "Begun").await;
    let query = leave(&mut rooms.ada, &begun).await;
    rooms.provider.take();
    let moved = ("base_url", "https://other.example.com");
    let asked = rooms.change("oauth", &[moved]).await;
    assert!(asked.text.contains("1 account is disconnected") && !asked.text.contains("The OAuth client"));
    assert_eq!(asked.attributes("input[name=confirmed]", "value"), ["1"]);
    assert_eq!(rooms.change("oauth", &[moved, ("confirmed", "1")]).await.status, 303);
    assert_eq!((rooms.clients(), rooms.held()), (1, 0));
    // Whoever agreed before did not agree to that.
    let came = rooms.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    assert!(rooms.posted().is_empty());
    rooms.connected("Anew").await;
    assert_eq!(rooms.held(), 1);
}

#[actix_web::test]
async fn tokens_that_come_after_another_base_url_are_given_back() {
    let mut rooms = Rooms::with_client().await;
    let begun = rooms.ada.add_place(NEW_SECRET, "Begun").await;
    let query = leave(&mut rooms.ada, &begun).await;
    let (url, giving) = (rooms.app.database.url.clone(), rooms.giving.clone());
    rooms.provider.answers(move |request| {
        if request.starts_with("POST /oauth/token") {
            let anew = "UPDATE node_types SET revision = revision + 1, spec = replace(spec, '/v1', '/v9')";
            assert_eq!(Database::of(&url).execute(anew), 1);
        }
        giving.answer(request)
    });
    let came = rooms.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    assert_eq!(rooms.held(), 0);
    let asked = rooms.giving.asked();
    assert_eq!((asked.len(), asked[1]["token"].as_str()), (2, "refresh-canary-1"), "given back to who gave them");
}

#[actix_web::test]
async fn other_permissions_names_and_tests_destroy_nothing() {
    let mut rooms = Rooms::with_client().await;
    rooms.connected("Front desk").await;
    let begun = rooms.ada.add_place(NEW_SECRET, "Begun").await;
    let harmless =
        [("name", "Our rooms"), ("probe_path", "/who"), ("oauth-scopes", "rooms.admin"), ("oauth-separator", "comma")];
    for change in harmless {
        let changed = rooms.change("oauth", &[change]).await;
        assert_eq!(changed.status, 303, "{change:?}: {}", changed.text);
    }
    assert_eq!((rooms.clients(), rooms.held()), (1, 1));
    let token = rooms.token().await;
    rooms.app.advance(Duration::from_mins(5));
    assert_eq!(rooms.value(&token).await, "access-canary-1");
    rooms.app.advance(Duration::from_mins(54));
    assert_eq!(rooms.value(&token).await, "access-canary-2");
    let query = leave(&mut rooms.ada, &begun).await;
    assert_eq!(rooms.change("oauth", &[("name", "Rooms")]).await.status, 303);
    let came = rooms.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!((came.status, came.location()), (303, begun.as_str()), "{}", came.text);
    assert_eq!(rooms.held(), 2);
}

#[actix_web::test]
async fn another_token_address_destroys_the_clients_that_fetch_tokens() {
    let mut rooms = Rooms::set().await;
    let page = rooms.robot().await;
    let token = rooms.token().await;
    assert_eq!(rooms.value(&token).await, "access-canary-1");
    rooms.provider.take();
    let evil = rooms.at(PROVIDER, "/evil/token");
    let moved = ("client_credentials-token_url", evil.as_str());
    assert!(rooms.ada.get(ROOMS).await.text.contains("1 client is stored. Another base URL"));
    assert_eq!(rooms.change("client_credentials", &[("client_credentials-scopes", "other")]).await.status, 303);
    let asked = rooms.change("client_credentials", &[moved]).await;
    assert!(asked.text.contains("1 value is destroyed by this: Robot."), "{}", asked.text);
    assert_eq!(rooms.change("client_credentials", &[moved, ("confirmed", "1")]).await.status, 303);
    assert_eq!(rooms.held(), 0);
    assert_eq!(rooms.ada.get(&page).await.text_of(".verdict h2"), "Disconnected");
    rooms.vend(&token).await.is_not_installed();
    assert!(rooms.posted().is_empty());
}

#[actix_web::test]
async fn the_method_stays_whatever_a_form_says() {
    let mut rooms = Rooms::with_client().await;
    rooms.connected("Front desk").await;
    let key = [("method", "key"), ("kind", "api_key"), ("placement", "bearer")];
    for changes in [&key[..], &[("method", "client_credentials")], &[("method", "magic")]] {
        let changed = rooms.change("oauth", changes).await;
        assert_eq!(changed.status, 303, "{changes:?}: {}", changed.text);
        assert_eq!(spec(&rooms.app)["methods"], serde_json::json!(["oauth"]));
    }
    assert_eq!(rooms.app.database.count("node_types WHERE method = 'oauth'"), 1);
    assert_eq!((rooms.clients(), rooms.held()), (1, 1));
    // Nor is what comes back with a fault under another one.
    let again = rooms.change("oauth", &[("method", "key"), ("oauth-token_url", "x")]).await;
    assert_eq!((again.status, again.attributes("[aria-invalid]", "name")), (422, vec!["oauth-token_url".to_owned()]));
}

#[actix_web::test]
async fn a_description_that_was_changed_past_the_program_gets_no_clients_secret() {
    let mut rooms = Rooms::with_client().await;
    rooms.connected("Front desk").await;
    let begun = rooms.ada.add_place(NEW_SECRET, "Begun").await;
    let token = rooms.token().await;
    rooms.provider.take();
    for name in ["token_url", "refresh_url", "revoke_url"] {
        let before = spec(&rooms.app)["oauth"][name].as_str().map(ToOwned::to_owned);
        rooms.describe("oauth", name, &rooms.at(ELSEWHERE, "/oauth/token"));
        let query = leave(&mut rooms.ada, &begun).await;
        let came = rooms.ada.get_from_elsewhere(&back(&query, "code-1")).await;
        assert_eq!(came.text_of("h1"), "Not connected", "{name}: {}", came.text);
        rooms.app.advance(Duration::from_mins(61));
        assert_eq!(rooms.vend(&token).await.status, 503, "{name}");
        assert!(rooms.posted().is_empty(), "{name}: something went there");
        rooms.describe("oauth", name, before.as_deref().unwrap_or(&rooms.at(PROVIDER, "/oauth/token")));
    }
    // Another path of the same server is a provider's own business.
    rooms.describe("oauth", "token_url", &rooms.at(PROVIDER, "/oauth/token?v=2"));
    rooms.describe("oauth", "refresh_url", &rooms.at(PROVIDER, "/oauth/token?v=2"));
    rooms.app.advance(Duration::from_mins(61));
    assert_eq!(rooms.value(&token).await, "access-canary-2");
    rooms.ada.sign_in(EMAIL, PASSWORD).await;
    // What is held is not given back elsewhere either.
    rooms.describe("oauth", "revoke_url", &rooms.at(ELSEWHERE, "/oauth/revoke"));
    rooms.provider.take();
    let secret = rooms.app.database.text("SELECT id AS text FROM secrets WHERE name = 'Front desk'");
    let disconnect = format!("/w/acme/secrets/{secret}/disconnect");
    assert_eq!(rooms.ada.submit(&disconnect, &disconnect, &[]).await.status, 303);
    assert!(rooms.posted().is_empty());
}

#[actix_web::test]
async fn client_credentials_go_to_nobody_but_who_they_were_entered_for() {
    let mut rooms = Rooms::set().await;
    rooms.robot().await;
    let token = rooms.token().await;
    rooms.describe("client_credentials", "token_url", &rooms.at(ELSEWHERE, "/oauth/token"));
    rooms.vend(&token).await.refused(503, "token_not_renewed");
    assert!(rooms.posted().is_empty(), "{SECRET} went there");
    rooms.describe("client_credentials", "token_url", &rooms.at(PROVIDER, "/oauth/token"));
    rooms.app.advance(Duration::from_mins(2));
    assert_eq!(rooms.value(&token).await, "access-canary-1");
}

/// An organization's client was entered for the provider as it was, like the workspace's own.
#[actix_web::test]
async fn another_provider_destroys_what_organizations_have_brought() {
    let mut rooms = Rooms::with_client().await;
    let backend = rooms.app.token("test", "manage").await;
    let path = "/organizations/hotel/data_integration_configurations/custom-rooms";
    let client = json!({ "client_id": "their-app", "client_secret": "their-secret-canary", "scopes": ["rooms.read"] });
    let brought = backend.ask("PUT", path, &client).await;
    assert_eq!(brought.status, 200, "{}", brought.text);
    let token = rooms.at(PROVIDER, "/other/token");
    let moved = json!({ "custom_provider": { "token_url": token } });
    backend.ask("PUT", "/data-integrations/custom-rooms", &moved).await.refused(409, "data_integration_in_use");
    let change = ("oauth-token_url", token.as_str());
    let asked = rooms.change("oauth", &[change]).await;
    assert_eq!((asked.status, asked.attributes("input[name=confirmed]", "value")), (422, vec!["2".to_owned()]));
    assert!(
        asked.text.contains("What organizations have brought is destroyed with it: 1 OAuth client."),
        "{}",
        asked.text
    );
    assert_eq!(rooms.change("oauth", &[change, ("confirmed", "2")]).await.status, 303);
    let told = backend.ask("PUT", path, &json!({ "enabled": true })).await;
    assert_eq!((told.body.get("credentials"), &told.body["scopes"]), (None, &json!(["rooms.read"])), "{}", told.text);
    assert_eq!(rooms.app.database.count("organization_settings WHERE blob IS NOT NULL"), 0);
    assert_eq!(rooms.app.database.count("audit_entries WHERE entry LIKE '%organization_client_removed%'"), 1);
    verify_chains(&rooms.app.database, &rooms.app.app.keyring);
}
