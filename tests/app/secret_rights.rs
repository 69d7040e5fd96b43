//! Who may do what to a secret that is there: its owner, an Admin, those it is shared with, and everybody else.

use keyrack::domain::Role;
use serde_json::json;

use crate::secret_life::vended;
use crate::support::{Browser, EMAIL, TestApp};

const OLD: &str = "rk_test_oldvalue12345678";
const NEW: &str = "rk_test_newvalue87654321";
const ADMIN: &str = "admin@example.com";
const PAGES: [&str; 4] = ["replace", "next", "edit", "disconnect"];
const ACTS: [&str; 9] =
    ["replace", "next", "next/promote", "next/drop", "roll-back", "name", "dates", "narrow", "disconnect"];

fn number(app: &TestApp, id: &str) -> i64 {
    app.database.number(&format!("SELECT revision AS number FROM secrets WHERE id = '{id}'"))
}

/// Tries every page and every act of a secret.
async fn tries(who: &mut Browser, id: &str, expected: u16) {
    for page in PAGES {
        assert_eq!(who.get(&format!("/w/acme/secrets/{id}/{page}")).await.status, expected, "{page}");
    }
    for act in ACTS {
        let fields = [
            ("kind", "api_key"),
            ("api_key-api_key", NEW),
            ("name", "Mine now"),
            ("number", "2"),
            ("delivery", "vend"),
        ];
        let page = who.submit("/account", &format!("/w/acme/secrets/{id}/{act}"), &fields).await;
        assert_eq!(page.status, expected, "{act}");
    }
}

#[actix_web::test]
async fn nobody_but_its_owner_and_admins_changes_a_secret() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let private = ada.add_stripe("Private", OLD, "proxy").await;
    let shared = app.share(&mut ada, "Shared", OLD).await;
    ada.enter(&private, "next", NEW, &[]).await;
    let before = (number(&app, &private), number(&app, &shared));
    tries(&mut member, &private, 404).await;
    assert_eq!(member.get(&format!("/w/acme/secrets/{private}/history")).await.status, 404);
    tries(&mut member, &shared, 403).await;
    let page = member.get(&format!("/w/acme/secrets/{shared}")).await;
    assert_eq!(page.status, 200);
    for closed in ["Replace the value", "Disconnect", "Change", "Enter the next value"] {
        assert!(!page.text.contains(&format!(">{closed}")), "{closed}");
    }
    assert_eq!((number(&app, &private), number(&app, &shared)), before);
}

#[actix_web::test]
async fn an_admin_enters_a_value_gains_nothing_and_the_owner_is_told() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member(ADMIN, Role::Admin).await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    let (token, person) = ada.make_token("test").await;
    let theirs = app.token_of("Acme", ADMIN, "test", "vend").await;
    let me = admin.id().await;
    app.post().await;

    let form = admin.get(&format!("/w/acme/secrets/{id}/replace")).await;
    assert!(form.text.contains("you gain no use of it") && form.attributes("input[name=delivery]", "value").is_empty());
    // Whatever they send, it leaves as before.
    assert_eq!(admin.enter(&id, "replace", NEW, &[("delivery", "proxy")]).await.status, 303);
    assert_eq!(vended(&token, &person, &id).await, NEW);
    theirs.vend("stripe", &me).await.is_not_installed();
    let body = json!({ "user_id": person, "connected_account_id": id });
    theirs.vend_with("stripe", &body).await.refused(404, "not_found");

    let letter = app.letter_to(EMAIL).await;
    assert!(letter.subject.contains("Payments") && letter.text.contains("Grace entered a new value for"), "{letter:?}");
    assert!(letter.text.contains(&format!("/w/acme/secrets/{id}")) && !letter.text.contains("4321"), "{}", letter.text);
    ada.enter(&id, "replace", OLD, &[]).await;
    assert!(app.post().await.is_empty(), "nobody is told of what they do themselves");

    assert_eq!(admin.enter(&id, "next", NEW, &[]).await.status, 303);
    assert_eq!(admin.turn(&id, "next/promote").await.status, 303);
    assert_eq!(admin.turn(&id, "roll-back").await.status, 303);
    let path = format!("/w/acme/secrets/{id}/disconnect");
    assert_eq!(admin.submit(&path, &path, &[]).await.status, 303);
    let told: Vec<String> = app.post().await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told.iter().any(|subject| subject.contains("is disconnected")), "{told:?}");
}

#[actix_web::test]
async fn only_its_owner_lets_a_value_out_and_only_with_another_one() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member(ADMIN, Role::Admin).await;
    let id = ada.add_stripe("Payments", OLD, "proxy").await;
    let (token, person) = ada.make_token("test").await;
    assert!(vended(&token, &person, &id).await.contains("delivery_proxy_only"));
    admin.enter(&id, "replace", NEW, &[("delivery", "vend")]).await;
    assert!(vended(&token, &person, &id).await.contains("delivery_proxy_only"), "an Admin has let it out");
    // The next value leaves as the one before it.
    ada.enter(&id, "next", OLD, &[("delivery", "vend")]).await;
    ada.turn(&id, "next/promote").await;
    assert!(vended(&token, &person, &id).await.contains("delivery_proxy_only"));
    assert_eq!(ada.enter(&id, "replace", NEW, &[("delivery", "vend")]).await.status, 303);
    assert_eq!(vended(&token, &person, &id).await, NEW);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secret.delivery_widened%'"), 1);

    let edit = format!("/w/acme/secrets/{id}/edit");
    let narrow = admin.attributes_of(&edit, "form[action$='/narrow']", "action").await.remove(0);
    assert_eq!(admin.submit(&edit, &narrow, &[]).await.status, 303);
    assert!(vended(&token, &person, &id).await.contains("delivery_proxy_only"));
    ada.enter(&id, "replace", OLD, &[]).await;
    assert!(vended(&token, &person, &id).await.contains("delivery_proxy_only"), "it stays narrow");
}

#[actix_web::test]
async fn an_admin_sends_a_value_to_no_other_host() {
    const HTTP: &str = "/w/acme/secrets/new/http-request";
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member(ADMIN, Role::Admin).await;
    let fields = [
        ("name", "Mine"),
        ("environment", "test"),
        ("delivery", "vend"),
        ("field-base_url", "https://api.example.com"),
        ("placement", "basic"),
        ("basic-username", "ada-of-acme"),
        ("basic-password", "a-password-of-acme"),
    ];
    let stored = ada.submit(HTTP, HTTP, &fields).await;
    let path = format!("{}/replace", stored.location());
    let other = [
        ("field-base_url", "https://evil.example"),
        ("placement", "bearer"),
        ("bearer-access_token", "another-token-1234"),
    ];
    let form = admin.get(&path).await;
    assert!(form.text.contains("readonly") && form.attributes("[name=field-base_url]", "name").is_empty());
    assert_eq!(admin.submit(&path, &path, &other).await.status, 303);
    let facts = || app.database.text("SELECT facts AS text FROM secrets");
    assert!(facts().contains("https://api.example.com") && !facts().contains("evil"), "{}", facts());

    let form = ada.get(&path).await;
    assert_eq!(form.attributes("[name=field-base_url]", "value"), ["https://api.example.com"]);
    assert_eq!(form.attributes("input[name=placement][checked]", "value"), ["bearer"]);
    let elsewhere = [("field-base_url", "https://api.example.org"), other[1], other[2]];
    assert_eq!(ada.submit(&path, &path, &elsewhere).await.status, 303);
    assert!(facts().contains("https://api.example.org") && facts().contains("\"hosts\":[\"api.example.org\"]"));
}

#[actix_web::test]
async fn a_name_is_its_owners_to_change_and_nobody_elses_already() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member(ADMIN, Role::Admin).await;
    let id = ada.add_stripe("Payments", OLD, "vend").await;
    ada.add_stripe("Refunds", OLD, "vend").await;
    let (edit, name) = (format!("/w/acme/secrets/{id}/edit"), format!("/w/acme/secrets/{id}/name"));
    assert_eq!(admin.submit(&edit, &name, &[("name", "Hers")]).await.status, 403);
    assert!(!admin.get(&edit).await.text.contains("Rename it"));
    for (taken, why) in [("rEFUNDS", "has that name"), ("", ""), ("a\u{202e}b", "")] {
        let page = ada.submit(&edit, &name, &[("name", taken)]).await;
        assert!(page.status == 422 && page.text.contains(why), "{taken:?}: {}", page.text);
        assert_eq!(page.attributes("[aria-invalid=true]", "name"), ["name"]);
    }
    for new in ["PAYMENTS", "Till", "Payments"] {
        assert_eq!(ada.submit(&edit, &name, &[("name", new)]).await.status, 303, "{new}");
        assert_eq!(ada.get(&format!("/w/acme/secrets/{id}")).await.text_of("h1"), new);
    }
    let history = ada.get(&format!("/w/acme/secrets/{id}/history")).await;
    assert!(history.text.contains("renamed Till to"), "{}", history.text);
}

impl Browser {
    async fn attributes_of(&mut self, path: &str, selector: &str, name: &str) -> Vec<String> {
        self.get(path).await.attributes(selector, name)
    }
}
