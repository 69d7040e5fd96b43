//! Being invited: by letter, as a newcomer or with an account; once, in time, and as the one who was meant.

use std::time::Duration;

use futures_util::future::join;
use keyrack::domain::Role;
use keyrack::mail::Mailer;

use crate::support::{Browser, EMAIL, Mail, PASSWORD, Page, TestApp};

const LIST: &str = "/w/acme/invitations";
const NEW: &str = "/w/acme/invitations/new";
const GRACE: &str = "grace@example.com";

async fn invite(by: &mut Browser, email: &str, role: &str) -> Page {
    by.submit(NEW, NEW, &[("email", email), ("role", role), ("message", "")]).await
}

/// Invites, and gives the path of the link that the letter holds.
async fn invited(app: &TestApp, by: &mut Browser, email: &str, role: &str) -> String {
    let page = invite(by, email, role).await;
    assert_eq!((page.status, page.location()), (303, LIST), "{}", page.text);
    link_of(app, &app.letter_to(email).await)
}

fn link_of(app: &TestApp, letter: &Mail) -> String {
    letter.link(&app.base, "/invitation/")
}

async fn join_as(app: &TestApp, link: &str, name: &str) -> (Browser, Page) {
    let mut browser = app.anonymous();
    let page = browser.submit(link, &format!("{link}/join"), &[("name", name), ("password", PASSWORD)]).await;
    (browser, page)
}

/// The id of the only open invitation.
async fn only(by: &mut Browser) -> String {
    let forms = by.get(LIST).await.attributes("form[action$='/send']", "action");
    assert_eq!(forms.len(), 1, "{forms:?}");
    forms[0].split('/').nth(4).unwrap().to_owned()
}

fn is_closed(page: &Page) -> bool {
    page.status == 200 && page.text_of("h1") == "This invitation is not open"
}

#[actix_web::test]
async fn a_newcomer_joins_by_the_letter() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let fields = [("email", GRACE), ("role", "admin"), ("message", "Hello Grace,\r\n<b>join</b> us")];
    assert_eq!(ada.submit(NEW, NEW, &fields).await.location(), LIST);
    assert!(ada.get(LIST).await.text.contains(GRACE));
    let letter = app.letter_to(GRACE).await;
    assert_eq!(letter.subject, "Invitation to Keyrack: Acme");
    assert!(
        letter.text.contains("as an Admin, by Ada (ada@example.com)")
            && letter.text.contains("> Hello Grace,\n> <b>join</b> us"),
        "{letter:?}"
    );
    assert!(letter.raw.contains("&#60;b&#62;join"), "markup is text in the HTML too: {}", letter.raw);
    let link = link_of(&app, &letter);

    // Whatever opens links before people do spends nothing.
    for _ in 0..2 {
        assert_eq!(app.anonymous().head(&link).await.status, 200);
        let page = app.anonymous().get(&link).await;
        assert!(page.text.contains("Ada invites you") && page.text.contains("&#60;b&#62;join"), "{}", page.text);
    }
    let mut hurried = app.anonymous();
    let short = hurried.submit(&link, &format!("{link}/join"), &[("name", "Grace"), ("password", "short")]).await;
    assert_eq!((short.status, short.attributes("input[name=name]", "value")), (422, vec!["Grace".to_owned()]));

    let (mut grace, joined) = join_as(&app, &link, "Grace").await;
    assert_eq!((joined.status, joined.location()), (303, "/w/acme"), "{}", joined.text);
    let home = grace.get("/w/acme").await;
    assert!(home.text.contains("You are a member of this workspace now"));
    assert_eq!(grace.get("/w/acme/activity").await.status, 200, "as an Admin");
    assert_eq!(grace.get("/w/acme/delete").await.status, 403, "and no more");
    assert_eq!(app.anonymous().sign_in(GRACE, PASSWORD).await.status, 303);
    let told = ada.get("/w/acme/activity").await.text;
    assert!(told.contains("invited grace@example.com as Admin") && told.contains("on the invitation of Ada"), "{told}");
    assert!(is_closed(&app.anonymous().get(&link).await));
    assert_eq!(app.database.count("invitations"), 0);
}

#[actix_web::test]
async fn whoever_has_an_account_signs_in_and_accepts() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.owner_of("Other", GRACE).await;
    let link = invited(&app, &mut ada, "GRACE@example.com", "member").await;
    let mut grace = app.anonymous();
    let form = grace.get(&link).await;
    assert_eq!(form.header("referrer-policy"), "strict-origin", "no proxy's log gets the link");
    let hidden =
        |name: &str| form.attributes(&format!("form[action='/sign-in'] input[name={name}]"), "value").remove(0);
    let (csrf, email, back) = (hidden("csrf"), hidden("email"), hidden("return_to"));
    assert_eq!((email.as_str(), &back), ("GRACE@example.com", &link));
    let fields = [("csrf", csrf.as_str()), ("email", &email), ("password", PASSWORD), ("return_to", &back)];
    assert_eq!(grace.post("/sign-in", &fields).await.location(), link);
    assert!(grace.get(&link).await.text.contains("Accept as Grace"));
    assert_eq!(grace.get("/w/acme").await.status, 404, "not before");
    let accepted = grace.submit(&link, &link, &[("role", "owner")]).await;
    assert_eq!(accepted.location(), "/w/acme");
    assert_eq!(grace.get("/w/acme").await.status, 200);
    assert_eq!(grace.get("/w/acme/activity").await.status, 403, "a Member, whatever the form says");
    assert!(is_closed(&grace.submit("/account", &link, &[]).await), "once");
}

#[actix_web::test]
async fn an_invitation_is_for_whom_it_was_made_alone() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let link = invited(&app, &mut ada, GRACE, "owner").await;
    let id = only(&mut ada).await;
    let page = eve.get(&link).await;
    assert!(page.text.contains("You are signed in as eve@example.com"), "{}", page.text);
    assert!(page.attributes(&format!("form[action='{link}']"), "action").is_empty(), "nothing to accept");
    let tried = eve.submit("/account", &link, &[]).await;
    assert_eq!(tried.status, 422);
    for act in ["accept", "decline"] {
        let tried = eve.submit("/account", &format!("/account/invitations/{id}/{act}"), &[]).await;
        assert_eq!((tried.status, tried.location()), (303, "/account"), "as if there were none");
    }
    assert_eq!(eve.get("/w/acme").await.status, 404);
    let out = eve.submit(&link, "/sign-out", &[("return_to", &link)]).await;
    assert_eq!(out.location(), link, "and back as nobody");
    assert!(eve.get(&link).await.text.contains("New here?"));

    // The address has no account, so nobody can take it without the link.
    let cut = &link[..link.len() - 1];
    let mut altered = link.clone();
    let last = altered.pop().unwrap();
    altered.push(if last == 'a' { 'b' } else { 'a' });
    for wrong in [cut, altered.as_str(), "/invitation/kr_link_", "/invitation/x"] {
        assert!(is_closed(&app.anonymous().get(wrong).await), "{wrong}");
        assert!(is_closed(&join_as_closed(&app, wrong).await), "{wrong}");
    }
    assert_eq!(app.database.count("members"), 2);
    assert!(ada.submit("/account", &link, &[]).await.text.contains("You are a member of this workspace already"));
}

#[actix_web::test]
async fn an_address_with_an_account_makes_no_second_one() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.owner_of("Other", GRACE).await;
    let link = invited(&app, &mut ada, "Grace@Example.com", "member").await;
    let (_, page) = join_as(&app, &link, "Another Grace").await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("There is an account with this address already"));
    assert_eq!((app.database.count("people"), app.database.count("invitations")), (2, 1), "nothing is spent");
}

#[actix_web::test]
async fn one_address_has_one_invitation_whatever_its_letters() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let first = invited(&app, &mut ada, GRACE, "member").await;
    let twice = invite(&mut ada, "GRACE@EXAMPLE.COM", "admin").await;
    assert_eq!(twice.status, 422);
    assert!(twice.text.contains("invited already"));
    assert_eq!(twice.attributes("input[name=email]", "value"), ["GRACE@EXAMPLE.COM"]);
    assert!(invite(&mut ada, "Ada@Example.com", "member").await.text.contains("belongs to a member already"));
    for bad in ["", "grace", "grace@example.com\r\nBcc: eve@example.com", "<grace@example.com>"] {
        assert_eq!(invite(&mut ada, bad, "member").await.status, 422, "{bad:?}");
    }
    assert_eq!(invite(&mut ada, "new@example.com", "emperor").await.status, 400);
    let hidden =
        ada.submit(NEW, NEW, &[("email", "new@example.com"), ("role", "member"), ("message", "a\u{202e}b")]).await;
    assert_eq!(hidden.status, 422);

    let again = format!("{LIST}/{}/send", only(&mut ada).await);
    assert!(ada.submit(LIST, &again, &[]).await.text.contains("sent a moment ago"));
    app.advance(Duration::from_mins(2));
    assert_eq!(ada.submit(LIST, &again, &[]).await.location(), LIST);
    let second = link_of(&app, &app.letter_to(GRACE).await);
    assert_ne!(first, second);
    assert!(is_closed(&app.anonymous().get(&first).await), "the newest link alone");
    assert_eq!(join_as(&app, &second, "Grace").await.1.status, 303);
    assert_eq!(app.database.count("members"), 2);
}

#[actix_web::test]
async fn an_invitation_ends_in_time_or_when_it_is_revoked() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let link = invited(&app, &mut ada, GRACE, "member").await;
    app.advance(Duration::from_hours(7 * 24) - Duration::from_secs(1));
    assert!(!is_closed(&app.anonymous().get(&link).await));
    app.advance(Duration::from_secs(1));
    assert!(is_closed(&join_as_closed(&app, &link).await));
    ada.sign_in(EMAIL, PASSWORD).await;
    assert!(ada.get(LIST).await.text.contains("expired"));
    let id = only(&mut ada).await;
    assert_eq!(ada.submit(LIST, &format!("{LIST}/{id}/send"), &[]).await.status, 303, "it can be sent again");
    let link = link_of(&app, &app.letter_to(GRACE).await);
    assert_eq!(ada.submit(LIST, &format!("{LIST}/{id}/revoke"), &[]).await.location(), LIST);
    assert!(is_closed(&join_as_closed(&app, &link).await));
    assert_eq!(ada.submit(LIST, &format!("{LIST}/{id}/revoke"), &[]).await.status, 404, "once");
    assert_eq!(app.database.count("people"), 1);
    assert_eq!(invite(&mut ada, GRACE, "member").await.status, 303, "and once more from the start");
}

async fn join_as_closed(app: &TestApp, link: &str) -> Page {
    let fields = [("name", "Grace"), ("password", PASSWORD)];
    app.anonymous().submit("/sign-in", &format!("{link}/join"), &fields).await
}

#[actix_web::test]
async fn a_link_is_spent_once_by_however_many_at_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for round in 0..10 {
        let email = format!("new{round}@example.com");
        let link = invited(&app, &mut ada, &email, "member").await;
        let (one, two) = join(join_as(&app, &link, "One"), join_as(&app, &link, "Two")).await;
        let joined = [&one.1, &two.1].iter().filter(|page| page.status == 303).count();
        assert_eq!(joined, 1, "{} {}", one.1.status, two.1.status);
        assert_eq!(app.database.count(&format!("people WHERE email = '{email}'")), 1);
    }
    let mut grace = app.owner_of("Other", GRACE).await;
    for round in 0..10 {
        let link = invited(&app, &mut ada, GRACE, "member").await;
        let csrf = grace.get("/account").await.csrf();
        let (mut here, mut there) = (grace.clone(), grace.clone());
        let form = [("csrf", csrf.as_str())];
        let (one, two) = join(here.post(&link, &form), there.post(&link, &form)).await;
        let joined = [&one, &two].iter().filter(|page| page.status == 303).count();
        assert_eq!(joined, 1, "round {round}: {} {}", one.status, two.status);
        app.database.execute("DELETE FROM throttles");
        app.database.execute("DELETE FROM members WHERE role = 'member' AND person_id = (SELECT id FROM people WHERE email = 'grace@example.com')");
    }
}

#[actix_web::test]
async fn an_invitation_is_worth_what_its_maker_may_give_today() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    for role in ["admin", "owner"] {
        assert_eq!(invite(&mut admin, GRACE, role).await.status, 403, "an Admin invites {role}");
    }
    assert_eq!(admin.get(NEW).await.attributes("input[name=role]", "value"), ["member"]);
    assert_eq!(member.get(LIST).await.status, 403);
    invited(&app, &mut ada, "boss@example.com", "owner").await;
    let id = only(&mut ada).await;
    assert!(admin.get(LIST).await.attributes("form[action$='/revoke']", "action").is_empty(), "not theirs to change");
    for act in ["send", "revoke"] {
        assert_eq!(admin.submit("/account", &format!("{LIST}/{id}/{act}"), &[]).await.status, 403, "{act}");
    }
    let link = invited(&app, &mut admin, GRACE, "member").await;
    app.database.execute("UPDATE members SET role = 'member' WHERE role = 'admin'");
    assert!(is_closed(&app.anonymous().get(&link).await) && is_closed(&join_as_closed(&app, &link).await));
    app.database.execute("UPDATE members SET role = 'admin' WHERE role = 'member'");
    assert!(!is_closed(&app.anonymous().get(&link).await));
    app.database.execute("DELETE FROM members WHERE role = 'admin'");
    assert!(is_closed(&join_as_closed(&app, &link).await), "their maker is gone");
}

#[actix_web::test]
async fn invitations_to_ones_own_address_need_no_link() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.removed_member(GRACE).await;
    assert_eq!(invite(&mut ada, GRACE, "member").await.status, 303);
    let account = grace.get("/account").await;
    assert!(account.text.contains("You are invited") && account.text.contains("Acme"), "{}", account.text);
    let decline = account.attributes("form[action$='/decline']", "action").remove(0);
    assert_eq!(grace.submit("/account", &decline, &[]).await.location(), "/account");
    assert!(!grace.get("/account").await.text.contains("You are invited"));
    assert!(ada.get("/w/acme/activity").await.text.contains("declined the invitation"));
    assert_eq!(invite(&mut ada, GRACE, "member").await.status, 303);
    let accept = grace.get("/account").await.attributes("form[action$='/accept']", "action").remove(0);
    assert_eq!(grace.submit("/account", &accept, &[]).await.location(), "/w/acme");
    assert_eq!(grace.get("/w/acme").await.status, 200);
    assert_eq!(grace.submit("/account", &accept, &[]).await.location(), "/account", "once");
}

#[actix_web::test]
async fn without_a_mail_server_the_link_is_handed_on() {
    let app = TestApp::start_altered(1, &[], |app| app.mailer = Mailer::open(&app.config).unwrap()).await;
    let mut ada = app.owner().await;
    assert!(ada.get(NEW).await.text.contains("No mail server is set up here"));
    let page = invite(&mut ada, GRACE, "member").await;
    assert_eq!(page.status, 200);
    let link = page.text_of("code#link").strip_prefix(&app.base).unwrap().to_owned();
    app.post().await;
    let files: Vec<_> =
        std::fs::read_dir(app.folder().join("mail")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].extension().unwrap(), "eml");
    assert!(std::fs::read_to_string(&files[0]).unwrap().contains("Subject: Invitation to Keyrack: Acme"));
    assert!(!ada.get(LIST).await.text.contains(&link), "shown once");
    assert_eq!(join_as(&app, &link, "Grace").await.1.status, 303);
}

#[actix_web::test]
async fn a_refused_invitation_leaves_no_letter() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    invited(&app, &mut ada, GRACE, "member").await;
    assert_eq!(invite(&mut ada, GRACE, "member").await.status, 422);
    assert_eq!(app.post().await.len(), 0);
    assert_eq!(app.database.count("jobs"), 0, "what is done is gone");
}

/// Whoever was handed a link may have made the account without reading what is sent to its address.
#[actix_web::test]
async fn a_link_that_was_handed_on_proves_no_address() {
    let app = TestApp::start_altered(1, &[], |app| app.mailer = Mailer::open(&app.config).unwrap()).await;
    let mut ada = app.owner().await;
    let mut mallory = app.owner_of("Other", "mallory@example.com").await;
    let new = "/w/other/invitations/new";
    let shown = mallory.submit(new, new, &[("email", GRACE), ("role", "member")]).await;
    let link = shown.text_of("code#link").strip_prefix(&app.base).unwrap().to_owned();
    let (mut false_grace, joined) = join_as(&app, &link, "Not Grace").await;
    assert_eq!(joined.location(), "/w/other");
    let page = invite(&mut ada, GRACE, "owner").await;
    let theirs = page.text_of("code#link").strip_prefix(&app.base).unwrap().to_owned();
    let id = only(&mut ada).await;
    assert!(!false_grace.get("/account").await.text.contains("You are invited"));
    for act in ["accept", "decline"] {
        let tried = false_grace.submit("/account", &format!("/account/invitations/{id}/{act}"), &[]).await;
        assert_eq!(tried.location(), "/account", "{act}");
    }
    assert_eq!(false_grace.get("/w/acme").await.status, 404);
    assert_eq!(app.database.count("invitations"), 1);
    // With the link that was handed to them by an Owner there, it is that Owner's word.
    assert_eq!(false_grace.submit("/account", &theirs, &[]).await.location(), "/w/acme");
}

#[actix_web::test]
async fn reading_what_was_sent_there_proves_an_address() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (mut grace, _) = join_as(&app, &invited(&app, &mut ada, GRACE, "member").await, "Grace").await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    eve.invite("/w/other", GRACE).await;
    assert!(grace.get("/account").await.text.contains("You are invited"));
    app.database.execute("UPDATE people SET email_proven_at = NULL");
    assert!(!grace.get("/account").await.text.contains("You are invited"));
    let link = app.letter_to(GRACE).await.link(&app.base, "/invitation/");
    assert_eq!(grace.submit("/account", &link, &[]).await.location(), "/w/other");
    assert_eq!(app.database.count("people WHERE email_proven_at IS NOT NULL"), 1);
}

#[actix_web::test]
async fn nobody_floods_a_mailbox_with_invitations() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for _ in 0..5 {
        assert_eq!(invite(&mut ada, GRACE, "member").await.status, 303);
        let revoke = format!("{LIST}/{}/revoke", only(&mut ada).await);
        ada.submit(LIST, &revoke, &[]).await;
    }
    let sixth = invite(&mut ada, "GRACE@example.com", "member").await;
    assert!(sixth.status == 422 && sixth.text.contains("Go on in an hour"), "{}", sixth.text);
    assert_eq!(invite(&mut ada, "tom@example.com", "member").await.status, 303, "another address");
    app.advance(Duration::from_hours(1));
    assert_eq!(invite(&mut ada, GRACE, "member").await.status, 303);
    assert_eq!(app.post().await.len(), 2, "what was revoked while it waited is not sent");
}

/// A member who has taken the address that somebody invited does not come back by it.
#[actix_web::test]
async fn an_offer_to_a_members_own_address_ends_with_the_membership() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let id = regex::Regex::new("usr_[0-9a-z]{26}").unwrap();
    let id = id.find(&grace.get("/account").await.text).unwrap().as_str().to_owned();
    ada.invite("/w/acme", "other@example.com").await;
    app.database.execute(
        "UPDATE people SET email = 'other@example.com', email_key = 'other@example.com' WHERE email = 'grace@example.com'",
    );
    let path = format!("/w/acme/members/{id}/end");
    let preview = ada.get(&path).await;
    assert!(preview.text.contains("1 invitation revoked"));
    let seen = preview.attributes("input[name=seen]", "value").remove(0);
    assert_eq!(ada.submit("/account", &path, &[("name", "Grace"), ("seen", &seen)]).await.status, 200);
    assert!(!grace.get("/account").await.text.contains("You are invited"));
    assert_eq!(app.database.count("invitations"), 0);
}
