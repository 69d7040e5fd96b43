//! A secret's life after its making: another value, none at all, and what stays whatever happens.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{TestApp, Token};

const OLD: &str = "rk_test_oldvalue12345678";
const NEW: &str = "rk_test_newvalue87654321";

/// What a token gets that names the secret by its id.
pub async fn vended(token: &Token, person: &str, id: &str) -> String {
    let answer = token.vend_with("stripe", &json!({ "user_id": person, "connected_account_id": id })).await;
    match answer.body["credential"]["value"].as_str() {
        Some(value) => value.to_owned(),
        None => answer.text,
    }
}

/// Binds a node of a workflow of the first Owner's to the secret, past any page.
pub fn bind(app: &TestApp, person: &str, id: &str) {
    let acme = "(SELECT id FROM workspaces WHERE slug = 'acme')";
    app.database.run(&format!(
        "INSERT INTO workflows (id, workspace_id, owner_id, environment, name, name_key, revision, created_at, updated_at) \
         VALUES ('wfl_01jd8x3f5k7q9r2t4v6w8y0z1a', {acme}, '{person}', 'test', 'Monthly invoices', 'monthly invoices', 1, 0, 0)"
    ));
    app.database.run(&format!(
        "INSERT INTO nodes (id, workspace_id, workflow_id, key, node_type, secret_id, created_at, updated_at) \
         VALUES ('nod_01jd8x3f5k7q9r2t4v6w8y0z1a', {acme}, 'wfl_01jd8x3f5k7q9r2t4v6w8y0z1a', 'charge-card', 'stripe', '{id}', 0, 0)"
    ));
}

pub fn values_of(app: &TestApp, id: &str) -> i64 {
    app.database.count(&format!("secret_values WHERE secret_id = '{id}'"))
}

fn is_bound(app: &TestApp, id: &str) -> bool {
    app.database.count(&format!("nodes WHERE secret_id = '{id}'")) == 1
}

#[actix_web::test]
async fn a_new_value_keeps_everything_but_the_value() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    bind(&app, &person, &id);
    assert_eq!(vended(&token, &person, &id).await, OLD);

    let page = ada.enter(&id, "replace", &format!("  {NEW}\n"), &[("delivery", "vend")]).await;
    assert_eq!((page.status, page.location()), (303, format!("/w/acme/secrets/{id}").as_str()), "{}", page.text);
    assert_eq!(vended(&token, &person, &id).await, NEW);
    let page = ada.get(&format!("/w/acme/secrets/{id}")).await;
    for told in ["taken away", "version 2", "4321", "Connected", "entered a new value for", "charge-card"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert!(page.text_of("h1") == "Payments" && !page.text.contains("5678"));
    assert!(is_bound(&app, &id));
    assert_eq!(values_of(&app, &id), 1, "the old value is kept");
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secret.value_replaced%'"), 1);
}

#[actix_web::test]
async fn a_form_that_comes_back_keeps_the_value_that_is_there() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    for bad in ["", "pk_test_publishable", "rk_test_two\nlines"] {
        let page = ada.enter(&id, "replace", bad, &[]).await;
        assert_eq!(page.status, 422, "{bad:?}");
        assert_eq!(page.attributes("input[aria-invalid=true]", "name"), ["api_key-api_key"], "{bad:?}");
        assert!(page.text.contains("enter the key again") && (bad.is_empty() || !page.text.contains(bad)));
    }
    let live = "rk_live_ofanotherworld1";
    let page = ada.enter(&id, "replace", live, &[]).await;
    assert!(page.status == 422 && page.text.contains("and this secret is for test"), "{}", page.text);
    assert_eq!(vended(&token, &person, &id).await, OLD);
    assert_eq!(ada.enter(&id, "replace", live, &[("environment_confirmed", "yes")]).await.status, 303);
    assert_eq!(vended(&token, &person, &id).await, live);
}

#[actix_web::test]
async fn values_entered_at_once_come_in_some_order_and_none_is_lost_between() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    let each = (0..6).map(|at| {
        let (mut ada, id) = (ada.clone(), id.clone());
        async move { ada.enter(&id, "replace", &format!("rk_test_parallel{at}2345678"), &[]).await.status }
    });
    assert_eq!(join_all(each).await, [303; 6]);
    assert_eq!(app.database.number(&format!("SELECT value_number AS number FROM secrets WHERE id = '{id}'")), 7);
    assert_eq!(values_of(&app, &id), 1);
    assert!(vended(&token, &person, &id).await.starts_with("rk_test_parallel"));
    let replaced = app.database.texts("SELECT entry AS text FROM audit_entries WHERE entry LIKE '%value_replaced%'");
    for number in 2..=7 {
        assert_eq!(replaced.iter().filter(|entry| entry.contains(&format!("\"value\":{number}"))).count(), 1);
    }
}

#[actix_web::test]
async fn disconnecting_destroys_the_value_and_keeps_the_place() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    bind(&app, &person, &id);
    assert_eq!(vended(&token, &person, &id).await, OLD);
    app.counted().await;
    let path = format!("/w/acme/secrets/{id}/disconnect");
    let page = ada.get(&path).await;
    for told in ["Monthly invoices", "charge-card", "Backend", "1 use", "Take the key itself back"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    ada.enter(&id, "next", NEW, &[]).await;
    assert!(ada.get(&path).await.text.contains("all 2 values"));
    assert_eq!(ada.submit(&path, &path, &[]).await.status, 303);
    token.vend_with("stripe", &json!({ "user_id": person, "connected_account_id": id })).await.is_not_installed();
    assert_eq!(values_of(&app, &id), 0);
    assert!(is_bound(&app, &id));

    let secret = format!("/w/acme/secrets/{id}");
    let page = ada.get(&secret).await;
    assert!(page.text.contains("Disconnected") && page.text.contains("Enter a value"), "{}", page.text);
    assert!(!page.text.contains("5678"), "the last four of a value that is gone");
    let again = ada.get(&path).await;
    assert_eq!((again.status, again.location()), (303, secret.as_str()), "there is nothing to take away");
    let staged = ada.get(&format!("{secret}/next")).await;
    assert_eq!((staged.status, staged.location()), (303, format!("{secret}/replace").as_str()));
    assert_eq!(ada.enter(&id, "replace", "rk_test_thirdvalue123456", &[]).await.status, 303);
    assert_eq!(vended(&token, &person, &id).await, "rk_test_thirdvalue123456");
    let number = app.database.number(&format!("SELECT value_number AS number FROM secrets WHERE id = '{id}'"));
    assert_eq!(number, 3, "a number is never given twice");
}

#[actix_web::test]
async fn a_value_that_cannot_be_read_is_entered_again_in_its_place() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    let mut blob = app.database.blob(&id);
    *blob.last_mut().unwrap() ^= 1;
    app.database.put_blob(&id, &blob);
    assert!(vended(&token, &person, &id).await.contains("secret_unreadable"));
    let page = ada.get(&format!("/w/acme/secrets/{id}")).await;
    assert!(page.text.contains("cannot be read") && page.text.contains("Enter a value"), "{}", page.text);
    assert!(ada.get("/w/acme").await.text.contains("Enter it again"));
    assert_eq!(ada.enter(&id, "replace", NEW, &[]).await.status, 303);
    assert_eq!(vended(&token, &person, &id).await, NEW);
    app.counted().await;
    assert!(ada.get("/w/acme").await.text.contains("Nothing needs attention"));
}

#[actix_web::test]
async fn deleting_says_which_nodes_lose_their_key() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    bind(&app, &person, &id);
    ada.enter(&id, "next", NEW, &[]).await;
    let path = format!("/w/acme/secrets/{id}/delete");
    let page = ada.get(&path).await;
    for told in ["One node needs another key", "Monthly invoices", "charge-card"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert_eq!(ada.submit(&path, &path, &[("name", "Payments")]).await.status, 303);
    token.vend("stripe", &person).await.is_not_installed();
    assert_eq!((app.database.count("secret_values"), app.database.count("nodes WHERE trouble = 'deleted'")), (0, 1));
}

#[actix_web::test]
async fn every_change_can_be_reached_page_by_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments 0", OLD, "vend").await;
    ada.add_stripe("Another", OLD, "vend").await;
    let (edit, name) = (format!("/w/acme/secrets/{id}/edit"), format!("/w/acme/secrets/{id}/name"));
    let csrf = ada.get(&edit).await.csrf();
    for at in 1..=55 {
        let text = format!("Payments {at}");
        assert_eq!(ada.post(&name, &[("csrf", &csrf), ("name", &text)]).await.status, 303);
    }
    let path = format!("/w/acme/secrets/{id}/history");
    let lines = |page: &crate::support::Page| page.text.matches("class=\"what\"").count();
    let first = ada.get(&path).await;
    assert_eq!(lines(&first), 50);
    assert!(first.text.contains("renamed Payments 54 to") && !first.text.contains("Another"));
    let older = first.attributes("nav.pager a[rel=next]", "href").remove(0);
    let last = ada.get(&older).await;
    assert!(lines(&last) == 6 && last.text.contains("added the secret"), "{}", last.text);
    let newer = last.attributes("nav.pager a[rel=prev]", "href").remove(0);
    assert_eq!(lines(&ada.get(&newer).await), 50);
}
