//! Who is written to when something ends or changes, and what the letters say.

use keyrack::domain::Role;

use crate::support::{Browser, EMAIL, Mail, PASSWORD, Page, TestApp};

const ADMIN: &str = "admin@example.com";
const MEMBER: &str = "member@example.com";
const GONE: &str = "gone@example.com";
const KEY: &str = "rk_test_letters12345678";

async fn end(by: &mut Browser, id: &str, more: &[(&str, &str)]) -> Page {
    let path = format!("/w/acme/members/{id}/end");
    let seen = by.get(&path).await.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    let fields: Vec<_> = [("name", "Grace"), ("seen", &seen)].into_iter().chain(more.iter().copied()).collect();
    by.submit("/account", &path, &fields).await
}

/// To whom the letters went, in order of their addresses.
fn addressees(letters: &[Mail]) -> Vec<&str> {
    let mut to: Vec<&str> = letters.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    to
}

fn to<'a>(letters: &'a [Mail], email: &str) -> &'a Mail {
    letters.iter().find(|mail| mail.to == email).unwrap()
}

#[actix_web::test]
async fn a_removal_is_told_to_whom_it_concerns() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.member(ADMIN, Role::Admin).await;
    app.member(MEMBER, Role::Member).await;
    let mut gone = app.member(GONE, Role::Admin).await;
    let id = gone.id().await;
    gone.add_stripe("Private one", KEY, "vend").await;
    let kept = gone.add_stripe("Shared one", KEY, "vend").await;
    app.database.execute(&format!("UPDATE secrets SET sharing = 'workspace' WHERE id = '{kept}'"));
    gone.make_token("test").await;
    gone.invite("/w/acme", "guest@example.com").await;
    app.post().await;

    let path = format!("/w/acme/members/{id}/end");
    assert_eq!(ada.submit("/account", &path, &[("name", "Grace"), ("seen", "0")]).await.status, 422);
    assert!(app.post().await.is_empty(), "nothing has happened yet");
    assert_eq!(end(&mut ada, &id, &[("keep", &kept)]).await.status, 200);
    let letters = app.post().await;
    assert_eq!(addressees(&letters), [EMAIL, ADMIN, GONE]);
    let own = to(&letters, GONE);
    assert_eq!(own.subject, "You are no longer a member of Acme");
    assert!(own.text.contains("Ada ended your membership") && !own.text.contains("Private one"), "{}", own.text);
    for caretaker in [EMAIL, ADMIN] {
        let report = to(&letters, caretaker);
        assert_eq!(report.subject, "Grace is no longer a member of Acme");
        for told in ["Ada removed Grace", "- Private one", "- Shared one", "- Backend", "Kept without a value"] {
            assert!(report.text.contains(told), "{told}: {}", report.text);
        }
        assert!(!report.raw.contains(KEY) && report.text.contains(&format!("{}/w/acme/members", app.base)));
    }
}

#[actix_web::test]
async fn the_preview_names_the_invitations_that_end() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut gone = app.member(GONE, Role::Admin).await;
    let id = gone.id().await;
    gone.invite("/w/acme", "guest@example.com").await;
    ada.invite("/w/acme", "other@example.com").await;
    let preview = ada.get(&format!("/w/acme/members/{id}/end")).await;
    assert!(preview.text.contains("1 invitation revoked") && preview.text.contains("guest@example.com"));
    assert!(!preview.text.contains("other@example.com"));
    let seen = preview.attributes("input[name=seen]", "value").remove(0);
    gone.invite("/w/acme", "late@example.com").await;
    let path = format!("/w/acme/members/{id}/end");
    let late = ada.submit("/account", &path, &[("name", "Grace"), ("seen", &seen)]).await;
    assert_eq!(late.status, 422);
    assert!(late.text.contains("late@example.com"), "what has changed is shown first");
    let done = end(&mut ada, &id, &[]).await;
    assert!(done.text.contains("Invitations revoked") && done.text.contains("guest@example.com"), "{}", done.text);
    assert_eq!(app.database.count("invitations"), 1, "those of others stay");
    assert!(ada.get("/w/acme/activity").await.text.contains("revoked the invitation to guest@example.com"));
}

#[actix_web::test]
async fn leaving_is_told_to_those_who_stay() {
    let app = TestApp::start().await;
    app.owner().await;
    app.member(MEMBER, Role::Member).await;
    let mut gone = app.member(GONE, Role::Member).await;
    let id = gone.id().await;
    assert_eq!(end(&mut gone, &id, &[]).await.status, 200);
    let letters = app.post().await;
    assert_eq!(addressees(&letters), [EMAIL], "neither other Members nor the one who left");
    let report = &letters[0];
    assert!(
        report.text.contains("Grace has left the workspace") && report.text.contains("No secret and no token ended")
    );
}

#[actix_web::test]
async fn a_new_role_is_told_to_whom_it_was_given() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    let id = grace.id().await;
    let path = format!("/w/acme/members/{id}/role");
    assert_eq!(ada.submit("/account", &path, &[("role", "owner")]).await.status, 303);
    let letter = app.letter_to(MEMBER).await;
    assert_eq!(letter.subject, "You are an Owner of Acme now");
    assert!(letter.text.contains("Ada made you an Owner") && letter.link(&app.base, "/w/acme") == "/w/acme");
    assert_eq!(ada.submit("/account", &path, &[("role", "owner")]).await.status, 303, "it is that already");
    assert_eq!(grace.submit("/account", &path, &[("role", "admin")]).await.status, 303, "one's own doing");
    assert!(app.post().await.is_empty());
}

#[actix_web::test]
async fn a_deleted_account_is_told_to_its_address_once() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut gone = app.member(GONE, Role::Member).await;
    let form = gone.get("/account/delete").await;
    let seen: Vec<String> = form.attributes("input[name=seen]", "value");
    let mut fields = vec![("email", GONE), ("current", PASSWORD)];
    fields.extend(seen.iter().map(|seen| ("seen", seen.as_str())));
    let done = gone.submit("/account/delete", "/account/delete", &fields).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let letters = app.post().await;
    assert_eq!(addressees(&letters), [EMAIL, GONE]);
    assert_eq!(to(&letters, GONE).subject, "Your account is deleted");
    assert_eq!(app.database.count("jobs"), 0);
}

#[actix_web::test]
async fn going_back_and_forth_floods_nobodys_mailbox() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(MEMBER, Role::Member).await;
    let key = grace.add_stripe("Hers", KEY, "vend").await;
    grace.add_bound("Invoices", &key).await;
    app.post().await;
    let set = async |ada: &mut Browser, act: &str| {
        assert_eq!(ada.submit("/account", &format!("/w/acme/node-types/stripe/{act}"), &[]).await.status, 303);
    };
    for _ in 0..8 {
        set(&mut ada, "disable").await;
        set(&mut ada, "enable").await;
    }
    assert_eq!(addressees(&app.post().await), [MEMBER; 5]);
    // Something else is told all the same.
    assert_eq!(ada.submit("/account", &format!("/w/acme/secrets/{key}/delete"), &[("name", "Hers")]).await.status, 303);
    let letters = app.post().await;
    assert!(letters.iter().any(|mail| mail.to == MEMBER && mail.text.contains("“charge” of Invoices")), "{letters:?}");
    app.advance(std::time::Duration::from_hours(1));
    let key = grace.add_stripe("Another", KEY, "vend").await;
    grace.add_bound("More", &key).await;
    set(&mut ada, "disable").await;
    assert_eq!(addressees(&app.post().await), [MEMBER]);
}
