//! Signing in with providers: in, linked, unlinked, and everything with no password at all.

use std::time::Duration;

use serde_json::json;

use crate::support::{Browser, EMAIL, OPEN, Oidc, PASSWORD, Page, TestApp, verify_chains};

const GRACE: &str = "grace@example.com";

/// An installation where anybody with a proven address may make an account.
async fn open() -> (TestApp, Oidc) {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    (app, provider)
}

fn number(app: &TestApp, of: &str) -> i64 {
    app.database.number(&format!("SELECT COUNT(*) AS number FROM {of}"))
}

#[track_caller]
fn leads(page: &Page, to: &str) {
    assert_eq!((page.status, page.location()), (303, to), "{}", page.text);
}

/// The path of the page that asks whether the two belong together.
async fn told_of_account(browser: &mut Browser, page: &Page) -> String {
    assert_eq!(page.text_of("h1"), "You have an account already");
    let to = page.attributes("a.button", "href").remove(0);
    let back = to.strip_prefix("/sign-in?return_to=").expect("leads to signing in").replace("%2F", "/");
    assert!(browser.get(&back).await.location().starts_with("/sign-in"), "only for somebody who is signed in");
    back
}

#[actix_web::test]
async fn an_account_is_made_and_opened_again_by_issuer_and_subject() {
    let (app, provider) = open().await;
    app.owner().await;
    let mut grace = app.anonymous();
    assert!(grace.get("/sign-in").await.text.contains("Sign in with Acme"));
    assert!(grace.get("/sign-up").await.text.contains("Go on with Acme"));
    leads(&grace.come_by(&provider, "acme", &[("return_to", "/account")]).await, "/account");
    let page = grace.get("/account").await;
    assert!(page.text.contains("Grace Hopper") && page.text.contains(GRACE) && page.text.contains("The only way in"));
    let person = page.person();

    // Whatever else the provider says of them by now, it is the same account.
    provider.set(|world| (world.email, world.verified) = (Some("other@elsewhere.example"), json!(false)));
    let mut phone = app.anonymous();
    leads(&phone.come_by(&provider, "acme", &[("return_to", "//evil.example")]).await, "/");
    assert_eq!(phone.id().await, person);
    assert!(phone.get("/account").await.text.contains(GRACE), "the account keeps its own address");
    provider.set(|world| world.sub = "subject-2".to_owned());
    let page = app.anonymous().come_by(&provider, "acme", &[]).await;
    assert_eq!(page.text_of("h1"), "Your address is not proven", "another subject is somebody else");
    assert_eq!((number(&app, "identities"), number(&app, "people")), (1, 2));
    let entries = |event: &str| number(&app, &format!("audit_entries WHERE entry LIKE '%{event}%'"));
    assert_eq!((entries("identity.linked"), entries("identity.used")), (1, 2));
    assert_eq!(entries("subject-1"), 0, "who they are there, the record does not keep");
    assert_eq!(entries("canary"), 0);
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn an_account_that_is_there_is_joined_by_its_own_person_alone() {
    let (app, provider) = open().await;
    let mut ada = app.owner().await;
    app.member(GRACE, keyrack::domain::Role::Member).await;
    provider.set(|world| world.email = Some("Ada@Example.com"));
    let mut stranger = app.anonymous();
    let page = stranger.come_by(&provider, "acme", &[]).await;
    let link = told_of_account(&mut stranger, &page).await;
    assert_eq!(ada.get(&link).await.text_of("h1"), "This is over", "it belongs to the browser that went");

    // In the browser that went, but as somebody else.
    assert_eq!(stranger.sign_in(GRACE, PASSWORD).await.status, 303);
    assert_eq!(stranger.get(&link).await.text_of("h1"), "This is for another account");
    let page = stranger.submit("/account", &link, &[]).await;
    assert_eq!(page.text_of("h1"), "This is over");
    assert_eq!(number(&app, "identities"), 0);

    stranger.sign_out().await;
    assert_eq!(stranger.sign_in(EMAIL, PASSWORD).await.status, 303);
    assert!(stranger.get(&link).await.text_of("h1").contains("Sign in with Acme too?"));
    assert_eq!(number(&app, "identities"), 0, "looking does nothing");
    leads(&stranger.submit(&link, &link, &[]).await, "/account");
    assert_eq!(stranger.submit("/account", &link, &[]).await.text_of("h1"), "This is over", "it counts once");
    let letter = app.letter_to(EMAIL).await;
    assert!(letter.subject == "Acme opens your account now" && letter.text.contains("Ada@Example.com"), "{letter:#?}");
    let mut phone = app.anonymous();
    leads(&phone.come_by(&provider, "acme", &[]).await, "/");
    assert_eq!(phone.id().await, ada.id().await);
}

#[actix_web::test]
async fn linking_from_an_old_session_asks_for_the_password() {
    let (app, provider) = open().await;
    let mut ada = app.owner().await;
    app.advance(Duration::from_mins(11));
    let offered = ada.offer(&provider, "acme").await;
    let link = offered.location().to_owned();
    assert!(link.starts_with("/account/link/"), "{}", offered.text);
    assert_eq!(ada.get(&link).await.attributes("input[type=password]", "name"), ["current"]);
    for wrong in ["", "not the password"] {
        assert_eq!(ada.submit(&link, &link, &[("current", wrong)]).await.status, 422);
    }
    assert_eq!(number(&app, "identities"), 0);
    leads(&ada.submit(&link, &link, &[("current", PASSWORD)]).await, "/account");
    assert_eq!(number(&app, "identities"), 1);
}

#[actix_web::test]
async fn one_identity_opens_one_account() {
    let (app, provider) = open().await;
    let mut ada = app.owner().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let link = ada.offer(&provider, "acme").await.location().to_owned();
    let other = eve.offer(&provider, "acme").await.location().to_owned();
    leads(&ada.submit(&link, &link, &[]).await, "/account");
    let page = eve.submit(&other, &other, &[]).await;
    assert!(page.text.contains("opens another account here already"), "{}", page.text);
    let again = ada.offer(&provider, "acme").await.location().to_owned();
    leads(&ada.submit(&again, &again, &[]).await, "/account");
    assert_eq!(number(&app, "identities"), 1);
}

async fn linked(browser: &mut Browser) -> Vec<String> {
    browser.get("/account").await.attributes("form[action$='/unlink']", "action")
}

#[actix_web::test]
async fn the_only_way_in_stays() {
    let (app, provider) = open().await;
    app.owner().await;
    let mut grace = app.anonymous();
    grace.come_by(&provider, "acme", &[]).await;
    assert_eq!(linked(&mut grace).await, Vec::<String>::new());
    let id: String = app.database.text("SELECT id AS text FROM identities");
    let unlink = format!("/account/sign-ins/{id}/unlink");
    grace.submit("/account", &unlink, &[]).await;
    assert!(grace.get("/account").await.text.contains("The only way in"), "refused past the page, too");
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.submit("/account", &unlink, &[]).await.status, 404, "nobody unlinks another's");

    // A second one, and the first can go; of two at once one stays.
    provider.set(|world| world.sub = "subject-2".to_owned());
    let link = grace.offer(&provider, "acme").await.location().to_owned();
    leads(&grace.submit(&link, &link, &[]).await, "/account");
    app.post().await;
    let (both, csrf) = (linked(&mut grace).await, grace.get("/account").await.csrf());
    assert_eq!(both.len(), 2);
    let (mut one, mut two) = (grace.clone(), grace.clone());
    let fields = [("csrf", csrf.as_str())];
    futures_util::future::join(one.post(&both[0], &fields), two.post(&both[1], &fields)).await;
    assert_eq!(number(&app, "identities"), 1);
    let letter = app.letter_to(GRACE).await;
    assert!(letter.subject.contains("does not open your account any more"), "{letter:#?}");
}

#[actix_web::test]
async fn without_a_password_one_shows_at_the_provider_that_it_is_still_oneself() {
    let (app, provider) = open().await;
    app.owner().await;
    let mut grace = app.anonymous();
    grace.come_by(&provider, "acme", &[]).await;
    assert_eq!(app.anonymous().sign_in(GRACE, "").await.status, 422);
    assert_eq!(app.anonymous().sign_in(GRACE, PASSWORD).await.status, 422);

    app.advance(Duration::from_mins(11));
    let delete = [("email", GRACE), ("current", "")];
    let page = grace.submit("/account/delete", "/account/delete", &delete).await;
    assert!(page.status == 422 && page.text.contains("Sign in anew with Acme"), "{}", page.text);
    let change = [("new_email", "new@example.com"), ("email_password", "")];
    assert_eq!(grace.submit("/account", "/account/e-mail", &change).await.status, 422);

    // Somebody else at the same provider shows nothing.
    let at = [("return_to", "/account/delete")];
    provider.set(|world| world.sub = "subject-2".to_owned());
    let way = grace.submit("/account", "/account/confirm/acme", &at).await.way();
    assert!(way.query().unwrap().contains("prompt=login"), "{way}");
    let page = grace.get_from_elsewhere(&provider.consent(&way)).await;
    assert_eq!(page.text_of("h1"), "This is somebody else");
    assert_eq!(grace.submit("/account/delete", "/account/delete", &delete).await.status, 422);

    provider.set(|world| world.sub = "subject-1".to_owned());
    let way = grace.submit("/account", "/account/confirm/acme", &at).await.way();
    leads(&grace.get_from_elsewhere(&provider.consent(&way)).await, "/account/delete");
    // It counts in this session alone.
    let mut phone = app.anonymous();
    phone.come_by(&provider, "acme", &[]).await;
    leads(&grace.submit("/account", "/account/e-mail", &change).await, "/account");
    app.advance(Duration::from_mins(11));
    assert_eq!(phone.submit("/account/delete", "/account/delete", &delete).await.status, 422);
    assert_eq!(grace.submit("/account/delete", "/account/delete", &delete).await.status, 422, "ten minutes, no longer");
    let way = grace.submit("/account", "/account/confirm/acme", &at).await.way();
    leads(&grace.get_from_elsewhere(&provider.consent(&way)).await, "/account/delete");
    assert_eq!(
        grace.submit("/account/delete", "/account/delete", &delete).await.text_of("h1"),
        "Your account is deleted"
    );
    assert_eq!((number(&app, "identities"), number(&app, "people")), (0, 1));
}

#[actix_web::test]
async fn a_password_is_set_by_a_letter() {
    let (app, provider) = open().await;
    app.owner().await;
    let mut grace = app.anonymous();
    grace.come_by(&provider, "acme", &[]).await;
    let form = grace.get("/account").await;
    assert_eq!(form.attributes("form[action='/forgotten'] input[name=email]", "value"), [GRACE]);
    assert_eq!(grace.submit("/account", "/forgotten", &[("email", GRACE)]).await.status, 200);
    let path = app.letter_to(GRACE).await.link(&app.base, "/reset/");
    let mut phone = app.anonymous();
    leads(&phone.submit(&path, &path, &[("password", PASSWORD)]).await, "/sign-in");
    leads(&phone.sign_in(GRACE, PASSWORD).await, "/");
    assert_eq!(linked(&mut phone).await.len(), 1, "the provider is not the only way any more");
    assert_eq!(
        phone.submit("/account/delete", "/account/delete", &[("email", GRACE), ("current", "")]).await.status,
        422
    );
}

#[actix_web::test]
async fn github_is_asked_by_its_api() {
    let github = Oidc::start().await;
    let own = [
        ("KEYRACK_GITHUB_CLIENT_ID", "keyrack-client"),
        ("KEYRACK_GITHUB_CLIENT_SECRET", "canary-client-secret"),
        ("KEYRACK_GITHUB_URL", &*github.issuer),
    ];
    let app = github.app("acme", &[&OPEN[..], &own].concat()).await;
    app.owner().await;
    let address = |email: &str, primary: bool, verified: bool| json!({ "email": email, "primary": primary, "verified": verified });
    let unproven = json!([address("victim@example.com", false, true), address(GRACE, true, false)]);
    github.set(|world| world.addresses = unproven);
    let mut grace = app.anonymous();
    let way = grace.go_to("github", &[]).await;
    assert_eq!(way.path(), "/login/oauth/authorize");
    let page = grace.get_from_elsewhere(&github.consent(&way)).await;
    assert_eq!(page.text_of("h1"), "Your address is not proven", "of the addresses the primary one counts");
    github
        .set(|world| world.addresses = json!([address("victim@example.com", false, true), address(GRACE, true, true)]));
    leads(&grace.come_by(&github, "github", &[]).await, "/");
    let page = grace.get("/account").await;
    assert!(page.text.contains(GRACE) && page.text.contains("grace") && !page.text.contains("victim"));
    let of = format!("identities WHERE issuer = '{}' AND subject = '7041'", github.issuer);
    assert_eq!(number(&app, &of), 1);
}
