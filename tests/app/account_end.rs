//! Deleting one's own account: what ends with it, what stands in its way, and what is left.

use std::collections::BTreeSet;

use keyrack::domain::Role;

use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp, verify_chains};

pub const DELETE: &str = "/account/delete";
const GRACE: &str = "grace@example.com";
const KEY: &str = "rk_test_farewell1234567";

/// What the preview asks to be sent back, with its guard.
pub fn shown(preview: &Page) -> Vec<(String, String)> {
    let seen = preview.attributes("input[name=seen]", "value").into_iter().map(|seen| ("seen".to_owned(), seen));
    std::iter::once(("csrf".to_owned(), preview.csrf())).chain(seen).collect()
}

async fn send(by: &mut Browser, shown: &[(String, String)], fields: &[(&str, &str)]) -> Page {
    let shown = shown.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = shown.chain(fields.iter().copied()).collect();
    by.post(DELETE, &all).await
}

/// Opens the preview and confirms it.
async fn delete(by: &mut Browser, email: &str, more: &[(&str, &str)]) -> Page {
    let preview = shown(&by.get(DELETE).await);
    let confirm = [("email", email), ("current", PASSWORD)];
    send(by, &preview, &[&confirm, more].concat()).await
}

/// The value that says: in this workspace of the app, this person.
fn heir(app: &TestApp, slug: &str, person: &str) -> String {
    let found = app.database.texts(&format!("SELECT id AS text FROM workspaces WHERE slug = '{slug}'"));
    format!("{}:{person}", found[0])
}

#[actix_web::test]
async fn the_preview_names_what_ends_in_each_workspace_and_the_act_ends_just_that() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.owner_of("Other", "eve@example.com").await;
    let mut grace = app.member(GRACE, Role::Admin).await;
    app.owner_of("Other", GRACE).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    let own = grace.add_stripe("Private one", KEY, "vend").await;
    let kept = app.share(&mut grace, "Shared and kept", KEY).await;
    let gone = app.share(&mut grace, "Shared and gone", KEY).await;
    let mine = ada.add_stripe("Of Ada", "rk_test_adas123456789", "vend").await;
    app.database.execute(&format!(
        "INSERT INTO secret_shares (secret_id, person_id, created_at) VALUES ('{mine}', '{grace_id}', 0)"
    ));
    let (theirs, _) = grace.make_token("test").await;
    let other = app.token_of("Other", GRACE, "test", "vend,connect").await;
    let (ours, _) = ada.make_token("test").await;
    theirs.put("stripe", "customer-42", KEY).await;
    theirs.vend("stripe", "customer-42").await.hands_out(KEY);
    let mut elsewhere = app.anonymous();
    elsewhere.sign_in(GRACE, PASSWORD).await;

    let preview = grace.get(DELETE).await;
    assert_eq!(preview.status, 200);
    let parts = ["You leave Acme", "You leave Other", "Private one", "Shared and kept", "Shared and gone", "3 secrets"];
    for part in parts.iter().chain(&["1 service token", "Backend", "No secret is deleted"]) {
        assert!(preview.text.contains(part), "{part}: {}", preview.text);
    }
    let keepable: BTreeSet<_> = preview.attributes("input[name=keep]", "value").into_iter().collect();
    assert_eq!(keepable, BTreeSet::from([kept.clone(), gone.clone()]), "shared ones alone");
    assert_eq!(preview.attributes("select[name=heir]", "id").len(), 1, "where something may be kept");

    let to_ada = heir(&app, "acme", &ada_id);
    let done = delete(&mut grace, "Grace@Example.com", &[("keep", &kept), ("keep", &own), ("heir", &to_ada)]).await;
    assert_eq!(done.status, 200, "{}", done.text);
    for part in ["Your account is deleted", "You have left Acme", "You have left Other", "Private one", "Kept without"]
    {
        assert!(done.text.contains(part), "{part}: {}", done.text);
    }
    assert!(done.attributes("aside, nav", "class").is_empty(), "nobody is signed in on it: {}", done.text);
    assert!(!grace.cookies.keys().any(|name| name.contains("session") || name.contains("device")));
    for browser in [&mut grace, &mut elsewhere] {
        assert!(browser.get("/account").await.location().starts_with("/sign-in"));
    }
    assert_eq!(app.anonymous().sign_in(GRACE, PASSWORD).await.status, 422);
    for token in [&theirs, &other] {
        token.vend("stripe", "customer-42").await.refused(401, "unauthorized");
    }
    for id in [&own, &gone] {
        assert_eq!(ada.get(&format!("/w/acme/secrets/{id}")).await.status, 404);
    }
    let slot = ada.get(&format!("/w/acme/secrets/{kept}")).await;
    assert!(slot.text.contains("Disconnected") && slot.text.contains("(you)"), "{}", slot.text);
    // What is others' is untouched.
    ours.vend("stripe", "customer-42").await.hands_out(KEY);
    ours.vend("stripe", &ada_id).await.hands_out("rk_test_adas123456789");
    assert_eq!(app.database.count("members"), 2);
    assert_eq!(app.database.count("tokens"), 1);
    assert_eq!(app.database.count("secret_shares"), 0);
    let told = ada.get("/w/acme/activity").await.text;
    assert!(told.contains("left the workspace") && told.contains("A former member"), "{told}");
    assert!(!told.contains(&theirs.id()), "nothing leads to a token that is gone");
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%person.deleted%'"), 1);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%member.left%'"), 2);
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn whoever_is_the_only_owner_of_something_stays() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.owner_of("Other", "eve@example.com").await;
    app.owner_of("Other", EMAIL).await;
    app.share(&mut ada, "Shared", KEY).await;
    let page = ada.get(DELETE).await;
    assert!(page.text.contains("You are the only Owner of Acme") && page.text.contains("You leave Other"));
    for link in ["/w/acme/members", "/w/acme/delete"] {
        assert_eq!(page.attributes(&format!("main a[href='{link}']"), "href").len(), 1, "{link}");
    }
    assert!(page.attributes("main form, main [name=keep]", "class").is_empty(), "{}", page.text);
    let csrf = ada.get("/account").await.csrf();
    let at = |slug: &str| heir(&app, slug, "00000000");
    let (acme, other) = (at("acme"), at("other"));
    for seen in [vec![], vec![("seen", acme.as_str()), ("seen", &other)], vec![("seen", other.as_str())]] {
        let fields = [&[("csrf", csrf.as_str()), ("email", EMAIL), ("current", PASSWORD)][..], &seen].concat();
        assert_eq!(ada.post(DELETE, &fields).await.status, 422);
    }
    assert_eq!(app.database.count("people"), 2);
    assert_eq!(ada.get("/w/acme").await.status, 200);
    app.other_owner("grace@example.com").await;
    assert!(!ada.get(DELETE).await.text.contains("only Owner"));
    assert_eq!(delete(&mut ada, EMAIL, &[]).await.status, 200);
}

#[actix_web::test]
async fn it_takes_the_password_and_the_address_and_gives_the_rest_back() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let ada_id = ada.id().await;
    let kept = app.share(&mut grace, "Shared", KEY).await;
    let to_ada = heir(&app, "acme", &ada_id);
    let preview = shown(&grace.get(DELETE).await);
    let wishes = [("keep", kept.as_str()), ("heir", to_ada.as_str())];
    let expect = |page: &Page, wrong: &str, email: &str| {
        assert_eq!(page.status, 422);
        assert_eq!(page.attributes("[aria-invalid=true]", "name"), [wrong], "{}", page.text);
        assert_eq!(page.attributes("input[name=email]", "value"), [email]);
        assert_eq!(page.attributes("input[name=current]", "value"), [""]);
        assert_eq!(page.attributes("input[name=keep][checked]", "value"), [kept.as_str()]);
    };
    for typed in ["", EMAIL, "Grace"] {
        let page =
            send(&mut grace, &preview, &[&wishes[..], &[("email", typed), ("current", PASSWORD)]].concat()).await;
        expect(&page, "email", typed);
        assert_eq!(page.attributes("option[selected]", "value"), [to_ada.as_str()]);
    }
    let unnamed = [("keep", kept.as_str()), ("heir", ""), ("email", GRACE), ("current", PASSWORD)];
    let page = send(&mut grace, &preview, &unnamed).await;
    expect(&page, "heir", GRACE);
    assert!(page.text.contains("Choose an Owner who takes over what stays."));
    assert_eq!(app.database.count("throttles WHERE hits > 0"), 0, "no try was lost to a mistake elsewhere");

    let wrong = [&wishes[..], &[("email", GRACE), ("current", "not the right one")]].concat();
    for _ in 0..5 {
        let page = send(&mut grace, &preview, &wrong).await;
        expect(&page, "current", GRACE);
        assert!(page.text.contains("This is not your current password."));
    }
    let right = [&wishes[..], &[("email", GRACE), ("current", PASSWORD)]].concat();
    let page = send(&mut grace, &preview, &right).await;
    assert_eq!(page.status, 429, "the tries are used up");
    assert!(!page.header("retry-after").is_empty());
    assert_eq!(app.database.count("people"), 2);
    app.advance(std::time::Duration::from_mins(15));
    assert_eq!(send(&mut grace, &preview, &right).await.status, 200);
}

#[actix_web::test]
async fn only_what_was_shown_ends() {
    let app = TestApp::start().await;
    app.owner().await;
    app.owner_of("Other", "eve@example.com").await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let confirm = [("email", GRACE), ("current", PASSWORD)];
    let preview = shown(&grace.get(DELETE).await);
    app.share(&mut grace, "Added meanwhile", KEY).await;
    let page = send(&mut grace, &preview, &confirm).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("has changed since you opened this page") && page.text.contains("Added meanwhile"));
    let preview = shown(&page);
    app.owner_of("Other", GRACE).await;
    let page = send(&mut grace, &preview, &confirm).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("has changed since you opened this page") && page.text.contains("You leave Other"));
    assert_eq!(app.database.count("people"), 3);
    let preview = shown(&page);
    assert_eq!(app.database.execute("DELETE FROM members WHERE role = 'member'"), 1);
    assert_eq!(send(&mut grace, &preview, &confirm).await.status, 422, "one workspace less");
    app.database.execute("DELETE FROM secrets");
    assert_eq!(delete(&mut grace, GRACE, &[]).await.status, 200);
}

#[actix_web::test]
async fn nothing_of_them_is_left_but_what_was_recorded() {
    const ADDRESS: &str = "grace.hopper.4711@example.com";
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(ADDRESS, Role::Admin).await;
    grace.make_token("test").await;
    grace.add_stripe("Hers", KEY, "vend").await;
    let find = "SELECT password_hash AS text FROM people WHERE email LIKE 'grace%'";
    let hash = app.database.texts(find).remove(0);
    let id = grace.id().await;
    let holds = |part: &str| {
        let bytes = app.database.everything();
        bytes.windows(part.len()).any(|window| window == part.as_bytes())
    };
    assert!(holds(ADDRESS) && holds(&hash));
    assert_eq!(delete(&mut grace, ADDRESS, &[]).await.status, 200);
    assert!(!holds(ADDRESS), "their address");
    assert!(!holds(&hash), "their password's hash");
    for column in ["members.person_id", "sessions.person_id", "secrets.owner_id", "tokens.maker_id", "people.id"] {
        let (table, name) = column.split_once('.').unwrap();
        assert_eq!(app.database.count(&format!("{table} WHERE {name} = '{id}'")), 0, "{column}");
    }
    assert_eq!(app.database.count("secret_uses") + app.database.count("throttles WHERE hits > 0"), 0);

    // The same address later is somebody else.
    let mut later = app.member(ADDRESS, Role::Admin).await;
    assert_ne!(later.id().await, id);
    assert!(!later.get("/w/acme/secrets").await.text.contains("Hers"));
    assert_eq!(later.get("/account/sessions").await.attributes("form[action$='/revoke']", "action").len(), 0);
    for path in ["/w/acme", "/w/acme/members", "/w/acme/activity", "/w/acme/tokens"] {
        assert_eq!(ada.get(path).await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn somebody_who_belongs_nowhere_may_go_and_the_last_one_leaves_an_empty_house() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut gone = app.removed_member(GRACE).await;
    assert!(gone.get(DELETE).await.text.contains("You belong to no workspace"));
    assert_eq!(delete(&mut gone, GRACE, &[]).await.status, 200);
    assert_eq!(ada.submit("/account", "/w/acme/delete", &[("name", "Acme")]).await.status, 303);
    assert_eq!(delete(&mut ada, EMAIL, &[]).await.status, 200);
    assert_eq!(app.database.count("people"), 0);
    // Whoever runs the machine is offered a link, as at the first start.
    let path = app.set_up_path().await;
    assert_eq!(app.anonymous().get(&path).await.status, 200);
}

#[actix_web::test]
async fn a_page_from_elsewhere_ends_nothing() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let preview = shown(&grace.get(DELETE).await);
    let unguarded = [preview[1].clone(), ("email".to_owned(), GRACE.to_owned())];
    assert_eq!(send(&mut grace, &unguarded, &[("current", PASSWORD)]).await.status, 403);
    let fields: Vec<_> = preview.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let fields = [&fields[..], &[("email", GRACE), ("current", PASSWORD)]].concat();
    let elsewhere = [("origin", "https://evil.example")];
    assert_eq!(grace.post_from(DELETE, &fields, &elsewhere).await.status, 403);
    assert_eq!(app.database.count("people"), 2);
    let mut stranger = app.anonymous();
    assert!(stranger.get(DELETE).await.location().starts_with("/sign-in"));
}
