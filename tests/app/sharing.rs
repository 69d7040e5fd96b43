//! Who may use a new secret: what the workspace begins with, and what is chosen for one.

use keyrack::domain::Role;

use crate::support::{Browser, Page, STRIPE, TestApp};

const SETTINGS: &str = "/w/acme/settings";
const SHARING: &str = "/w/acme/settings/sharing";
const GRACE: &str = "grace@example.com";

async fn set(by: &mut Browser, sharing: &str) -> Page {
    by.submit(SETTINGS, SHARING, &[("sharing", sharing)]).await
}

fn preselected(page: &Page) -> Vec<String> {
    page.attributes("input[name=sharing][checked]", "value")
}

/// Sends the form for a new Stripe key with this choice.
async fn add(by: &mut Browser, name: &str, value: &str, sharing: &str) -> Page {
    let fields = [
        ("kind", "api_key"),
        ("api_key-api_key", value),
        ("name", name),
        ("environment", "test"),
        ("delivery", "vend"),
        ("sharing", sharing),
    ];
    by.submit(STRIPE, STRIPE, &fields).await
}

#[actix_web::test]
async fn the_form_says_who_may_use_the_secret_before_it_is_stored() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let form = ada.get(STRIPE).await;
    assert_eq!(preselected(&form), ["private"]);
    assert!(form.text.contains("Only you may use it") && form.text.contains("Everybody in Acme may use it"));
    let saved = set(&mut ada, "workspace").await;
    assert_eq!((saved.status, saved.location()), (303, SETTINGS));
    assert_eq!(preselected(&ada.get(SETTINGS).await), ["workspace"]);
    assert_eq!(preselected(&ada.get(STRIPE).await), ["workspace"]);
    let again = add(&mut ada, "", "rk_test_sharing12345678", "private").await;
    assert_eq!((again.status, preselected(&again)), (422, vec!["private".to_owned()]), "what was chosen stays chosen");

    let unsaid = ada.add_stripe("Unsaid", "rk_test_sharing12345678", "vend").await;
    let page = ada.get(&format!("/w/acme/secrets/{unsaid}")).await;
    assert!(page.text_of("dl.facts").contains("Workspace"));
    let mine = add(&mut ada, "Mine", "rk_test_sharing12345678", "private").await;
    assert!(ada.get(mine.location()).await.text.contains("Owner only"));
    assert_eq!(app.database.count("secrets WHERE sharing = 'workspace' AND name = 'Unsaid'"), 1);
    assert_eq!(app.database.count("secrets WHERE sharing = 'private' AND name = 'Mine'"), 1);
    for (bad, status) in [("members", 422), ("everybody", 400)] {
        assert_eq!(add(&mut ada, "Bad", "rk_test_sharing12345678", bad).await.status, status);
        assert_eq!(set(&mut ada, bad).await.status, 400);
    }
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%default_sharing_changed%'"), 1);
    set(&mut ada, "workspace").await;
    assert_eq!(
        app.database.count("audit_entries WHERE entry LIKE '%default_sharing_changed%'"),
        1,
        "nothing has changed"
    );
    assert!(ada.get("/w/acme/activity").await.text.contains("let new secrets be used by the whole workspace"));
    assert_eq!(app.database.count("secrets WHERE sharing = 'workspace'"), 1, "those that are there stay as they are");
}

#[actix_web::test]
async fn a_shared_secret_is_used_by_others_and_seen_by_nobody() {
    const SHARED: &str = "rk_test_sharedvalue1234";
    const PRIVATE: &str = "rk_test_privatevalue123";
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let hidden = add(&mut ada, "Hidden", PRIVATE, "private").await.location().to_owned();
    let theirs = app.token_of("Acme", GRACE, "test", "vend").await;
    let (me, her) = (ada.id().await, grace.id().await);
    theirs.vend("stripe", &her).await.is_not_installed();

    let shared = add(&mut ada, "Shared", SHARED, "workspace").await.location().to_owned();
    theirs.vend("stripe", &her).await.hands_out(SHARED);
    theirs.vend("stripe", &me).await.refused(404, "not_found");
    let hidden_id = hidden.rsplit('/').next().unwrap();
    let body = serde_json::json!({ "user_id": her, "connected_account_id": hidden_id });
    let answer = theirs.vend_with("stripe", &body).await;
    assert!(!answer.text.contains(PRIVATE), "{}", answer.text);
    let live = app.token_of("Acme", GRACE, "live", "vend").await;
    live.vend("stripe", &her).await.is_not_installed();

    app.counted().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let page = member.get(&shared).await;
    assert!(
        page.status == 200 && page.text_of("dl.facts").contains("Workspace") && page.text.contains("Ada"),
        "{}",
        page.status
    );
    assert!(page.text.contains("with 1 service token.") && !page.text.contains("/w/acme/tokens/tok_"), "{}", page.text);
    assert!(ada.get(&shared).await.text.contains("/w/acme/tokens/tok_"), "whose it is knows what stops");
    assert_eq!(member.get(&hidden).await.status, 404);
    assert_eq!(member.submit("/account", &format!("{shared}/delete"), &[("name", "Shared")]).await.status, 403);
    for browser in [&ada, &grace, &member] {
        assert!(browser.seen.iter().all(|text| !text.contains(SHARED) && !text.contains(PRIVATE)), "use, never sight");
    }
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.get(&shared).await.status, 404);
    let outside = app.token_of("Other", "eve@example.com", "test", "vend").await;
    outside.vend("stripe", &eve.id().await).await.is_not_installed();
    assert_eq!(add(&mut grace, "Her own", "rk_test_herownvalue1234", "private").await.status, 303);
    theirs.vend("stripe", &her).await.refused(409, "account_selection_required");
}

#[actix_web::test]
async fn only_admins_set_what_new_secrets_begin_with() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    assert_eq!(member.submit("/account", SHARING, &[("sharing", "workspace")]).await.status, 403);
    assert_eq!(preselected(&member.get(STRIPE).await), ["private"]);
    assert_eq!(set(&mut admin, "workspace").await.status, 303);
    assert_eq!(preselected(&member.get(STRIPE).await), ["workspace"], "it holds for everybody");
    let renamed = ada.submit(SETTINGS, SETTINGS, &[("name", "a\u{202e}b")]).await;
    assert_eq!((renamed.status, preselected(&renamed)), (422, vec!["workspace".to_owned()]), "each form for itself");
}
