//! The end of what end users and organizations have connected: seen before, confirmed, told to providers, recorded.

use serde_json::{Value, json};

use crate::end_users::{ORGANIZATIONS, USERS, address, open};
use crate::lists::{ACME, numbers};
use crate::support::{Browser, Page, Says, Stage, TestApp, Token, verify_chains};

const KEY: &str = "rk_test_outside12345678";

async fn put(token: &Token, body: Value) {
    let mut body = body;
    body["secret"] = json!(KEY);
    let answer = token.put_with("stripe", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// An account of GitLab, with tokens that can be given back.
async fn connected(stage: &Stage, token: &Token, user: &str) {
    let import = json!({ "access_token": "access-canary-0", "refresh_token": "refresh-canary-0", "state": "connected",
        "expires_at": "2026-11-21T11:42:00.000Z", "scopes": ["read_user"], "config": { "address": stage.address() } });
    let path = format!("/user_management/users/{user}/connected_accounts/gitlab");
    let stored = token.ask("POST", &path, &import).await;
    assert!([200, 201].contains(&stored.status), "{}", stored.text);
}

/// Sends the form of a page back, with what is typed into it.
async fn confirm(by: &mut Browser, path: &str, typed: &str) -> Page {
    let page = open(by, path).await;
    let seen = page.attributes("input[name=seen]", "value").remove(0);
    by.post(path, &[("csrf", &page.csrf()), ("seen", &seen), ("name", typed)]).await
}

async fn told(by: &mut Browser, page: &Page) -> String {
    assert_eq!(page.status, 303, "{}", page.text);
    by.get(page.location()).await.text
}

fn recorded(app: &TestApp, event: &str) -> i64 {
    app.database.count(&format!("audit_entries WHERE entry LIKE '%\"{event}\"%'"))
}

async fn events(token: &Token) -> Vec<String> {
    let told = token.ask("GET", "/events", &json!({})).await;
    let all = told.body["data"].as_array().unwrap();
    all.iter().map(|event| event["event"].as_str().unwrap().rsplit('.').next().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn everything_is_disconnected_at_once_and_providers_are_asked_to_forget() {
    let mut stage = Stage::set().await;
    let token = stage.app.token("test", "connect,vend,audit").await;
    put(&token, json!({ "user_id": "customer-42" })).await;
    connected(&stage, &token, "customer-42").await;
    put(&token, json!({ "user_id": "other" })).await;
    let user = address(&stage.app.database, "end_users", "customer-42");
    let path = format!("{user}/disconnect");
    let page = open(&mut stage.ada, &path).await;
    assert!(page.text.contains("2 connections stop at once"), "{}", page.text);
    assert_eq!(page.texts("#going ~ .lines strong").len(), 2);
    let done = confirm(&mut stage.ada, &path, "").await;
    assert_eq!(done.location(), user);
    assert!(told(&mut stage.ada, &done).await.contains("the providers confirmed"));
    let asked = stage.giving.asked();
    assert_eq!(asked.last().map(|asked| asked["token"].as_str()), Some("refresh-canary-0"));
    token.vend("stripe", "customer-42").await.is_not_installed();
    token.vend("stripe", "other").await.hands_out(KEY);
    let app = &stage.app;
    assert_eq!(app.database.count("secrets WHERE value_entered_at IS NULL"), 2, "the places stay");
    assert_eq!(app.database.count("secret_values"), 1);
    assert_eq!(recorded(app, "secret.disconnected"), 2);
    assert_eq!((recorded(app, "secret.revoked_upstream"), recorded(app, "secret.revocation_answered")), (1, 1));
    assert_eq!(events(&token).await, ["connected", "connected", "connected", "disconnected", "disconnected"]);
    // Once more there is nothing.
    let again = stage.ada.get(&path).await;
    assert!(told(&mut stage.ada, &again).await.contains("Nothing is connected"));
    assert!(!open(&mut stage.ada, &user).await.text.contains("Disconnect all"));
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn a_provider_that_does_not_confirm_is_told_of() {
    let mut stage = Stage::set().await;
    let token = stage.app.token("test", "connect").await;
    connected(&stage, &token, "customer-42").await;
    stage.provider.answers(|_| Says::status("503 Service Unavailable", ""));
    let path = format!("{}/delete", address(&stage.app.database, "end_users", "customer-42"));
    let done = confirm(&mut stage.ada, &path, "customer-42").await;
    assert_eq!(done.location(), USERS);
    assert!(told(&mut stage.ada, &done).await.contains("Not every provider confirmed"));
    assert_eq!(stage.app.database.count("secrets") + stage.app.database.count("end_users"), 0);
    assert_eq!(recorded(&stage.app, "secret.revocation_answered"), 1);
}

#[actix_web::test]
async fn an_end_user_is_deleted_with_everything_of_theirs_and_nothing_else() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", "connect,vend,read,audit").await;
    put(&token, json!({ "user_id": "anna" })).await;
    put(&token, json!({ "user_id": "anna", "organization_id": "hotel" })).await;
    put(&token, json!({ "user_id": "anna", "organization_id": "hotel", "connection_owner": "organization" })).await;
    put(&token, json!({ "user_id": "ben" })).await;
    token.vend("stripe", "anna").await.hands_out(KEY);
    app.counted().await;
    let user = address(&app.database, "end_users", "anna");
    let path = format!("{user}/delete");
    let page = open(&mut ada, &path).await;
    assert!(page.text.contains("2 connections") && page.text.contains("1 service token has"), "{}", page.text);
    assert_eq!(page.text_of("form strong"), "anna");
    for wrong in ["", "Anna", "ben", "2"] {
        let refused = confirm(&mut ada, &path, wrong).await;
        assert_eq!(refused.status, 422, "{wrong:?}");
        assert_eq!(refused.attributes("input[name=name]", "value"), [wrong]);
        assert_eq!(refused.attributes("[aria-invalid=true]", "name"), ["name"]);
    }
    assert_eq!(app.database.count("secrets"), 4);
    let done = confirm(&mut ada, &path, " anna ").await;
    assert_eq!(done.location(), USERS);
    assert!(told(&mut ada, &done).await.contains("Deleted, with every connection"));
    assert_eq!(app.database.texts("SELECT external_id AS text FROM end_users"), ["ben"]);
    assert_eq!(app.database.count("secrets"), 2, "the organization's own stays, and the other's");
    token.vend("stripe", "anna").await.is_not_installed();
    token.vend("stripe", "ben").await.hands_out(KEY);
    app.native(&token).await.get("/api/v1/end-users/anna").await.refused_natively(404, "not_found");
    assert_eq!((recorded(&app, "secret.deleted"), recorded(&app, "end_user.deleted")), (2, 1));
    assert_eq!(events(&token).await.iter().filter(|kind| *kind == "disconnected").count(), 2);
    let activity = ada.get("/w/acme/activity?about=end_users").await;
    let lines = activity.texts("tbody tr").join("\n");
    assert!(lines.contains("deleted the end user anna with 2 connections"), "{lines}");
    // Twice is once.
    assert_eq!(ada.get(&path).await.status, 404);
    assert_eq!(ada.submit("/account", &path, &[("name", "anna")]).await.status, 404);
    // Named again, they begin anew.
    put(&token, json!({ "user_id": "anna" })).await;
    assert_ne!(address(&app.database, "end_users", "anna"), user);
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn an_organization_goes_with_what_end_users_have_in_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", "connect,vend").await;
    put(&token, json!({ "user_id": "anna" })).await;
    put(&token, json!({ "user_id": "anna", "organization_id": "hotel" })).await;
    put(&token, json!({ "user_id": "anna", "organization_id": "hotel", "connection_owner": "organization" })).await;
    let path = format!("{}/delete", address(&app.database, "organizations", "hotel"));
    let done = confirm(&mut ada, &path, "hotel").await;
    assert_eq!(done.location(), ORGANIZATIONS);
    assert_eq!((app.database.count("organizations"), app.database.count("end_users")), (0, 1));
    assert_eq!((app.database.count("secrets"), recorded(&app, "organization.deleted")), (1, 1));
    token.vend("stripe", "anna").await.hands_out(KEY);
    // Whoever has nothing is deleted as well.
    app.database.run("DELETE FROM secrets WHERE owner_id IS NULL");
    let path = format!("{}/delete", address(&app.database, "end_users", "anna"));
    assert!(!open(&mut ada, &path).await.text.contains("What goes"));
    assert_eq!(confirm(&mut ada, &path, "anna").await.status, 303);
    assert_eq!(app.database.count("end_users"), 0);
}

#[actix_web::test]
async fn what_has_changed_since_somebody_looked_is_shown_first() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", "connect").await;
    put(&token, json!({ "user_id": "anna" })).await;
    let user = address(&app.database, "end_users", "anna");
    for end in ["disconnect", "delete"] {
        let path = format!("{user}/{end}");
        let before = open(&mut ada, &path).await;
        let seen = before.attributes("input[name=seen]", "value").remove(0);
        put(&token, json!({ "user_id": "anna", "organization_id": end })).await;
        let fields = [("csrf", before.csrf()), ("seen", seen), ("name", "anna".to_owned())];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let again = ada.post(&path, &fields).await;
        assert!(again.status == 422 && again.text.contains("has changed since you looked"), "{}", again.text);
        assert_ne!(again.attributes("input[name=seen]", "value"), before.attributes("input[name=seen]", "value"));
        let foreign = ada.post(&path, &[("csrf", &before.csrf()), ("seen", "x"), ("name", "anna")]).await;
        assert_eq!(foreign.status, 400);
    }
    assert_eq!(app.database.count("secret_values"), 3, "nothing has ended");
}

#[actix_web::test]
async fn too_many_for_once_end_part_by_part() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.database.run(&format!(
        "INSERT INTO organizations (id, workspace_id, external_id, created_at) \
         VALUES ('org_01jd8x3f5k7q9r2t4v6w8y0z1a', {ACME}, 'hotel', 1)"
    ));
    let numbers = numbers(501);
    app.database.run(&format!(
        "INSERT INTO secrets (id, workspace_id, node_type_id, environment, name, name_key, kind, organization_id, \
         connection_role, sharing, delivery, revision, value_number, newest_number, facts, value_entered_at, \
         created_at, updated_at) {numbers} \
         SELECT 'sec_01jd8x3f5k00000000' || tail, {ACME}, (SELECT id FROM node_types WHERE slug = 'stripe'), 'test', \
         'Key ' || tail, 'key ' || tail, 'api_key', 'org_01jd8x3f5k7q9r2t4v6w8y0z1a', 'standard', 'private', 'vend', 1, \
         1, 1, '{{}}', 1, 1, 1 FROM numbered"
    ));
    let organization = address(&app.database, "organizations", "hotel");
    let page = open(&mut ada, &organization).await;
    assert_eq!((page.texts(".card.account").len(), page.text.contains("501 connections")), (50, true));
    assert_eq!(open(&mut ada, &crate::lists::older(&page).unwrap()).await.texts(".card.account").len(), 50);
    for end in ["disconnect", "delete"] {
        let path = format!("{organization}/{end}");
        let page = open(&mut ada, &path).await;
        assert!(page.text.contains("at most 500") && page.attributes("input[name=seen]", "value").is_empty());
        let sent = ada.submit("/account", &path, &[("name", "hotel"), ("seen", "")]).await;
        assert_eq!(sent.status, 422, "{end}");
    }
    let listed = open(&mut ada, &format!("{organization}/delete")).await.attributes("header a[href*='owner=']", "href");
    assert!(open(&mut ada, &listed[0]).await.text.contains("501 of 501 secrets"));
    assert_eq!(app.database.count("secrets"), 501);
}
