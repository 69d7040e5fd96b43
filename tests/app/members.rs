//! Roles, removal and leaving; and that a workspace always has an Owner.

use std::collections::BTreeSet;

use keyrack::domain::Role;

use crate::support::{Browser, EMAIL, Page, TestApp};

const GRACE: &str = "grace@example.com";
const MEMBERS: &str = "/w/acme/members";
const KEY: &str = "rk_test_members12345678";

fn role_of(app: &TestApp, email: &str) -> i64 {
    let query = "SELECT COUNT(*) AS number FROM members JOIN people ON people.id = members.person_id";
    ["member", "admin", "owner"]
        .iter()
        .position(|role| app.database.number(&format!("{query} WHERE email = '{email}' AND role = '{role}'")) == 1)
        .map_or(-1, |at| i64::try_from(at).unwrap())
}

async fn change(by: &mut Browser, id: &str, role: &str) -> Page {
    by.submit("/account", &format!("{MEMBERS}/{id}/role"), &[("role", role)]).await
}

/// Opens the preview, where there is one, and confirms it.
async fn end(by: &mut Browser, id: &str, name: &str, more: &[(&str, &str)]) -> Page {
    let path = format!("{MEMBERS}/{id}/end");
    let seen = by.get(&path).await.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    let fields: Vec<_> = [("name", name), ("seen", &seen)].into_iter().chain(more.iter().copied()).collect();
    by.submit("/account", &path, &fields).await
}

#[actix_web::test]
async fn everybody_gives_the_roles_that_are_theirs_to_give() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let mut other = app.member("other@example.com", Role::Member).await;
    let (ada_id, admin_id, other_id) = (ada.id().await, admin.id().await, other.id().await);
    for role in ["member", "admin", "owner"] {
        assert_eq!(change(&mut member, &other_id, role).await.status, 403, "a Member gives {role}");
    }
    for role in ["admin", "owner"] {
        assert_eq!(change(&mut admin, &other_id, role).await.status, 403, "an Admin gives {role}");
        assert_eq!(change(&mut admin, &ada_id, role).await.status, 403);
        assert_eq!(change(&mut admin, &admin_id, role).await.status, 403, "not even to themselves");
    }
    assert_eq!(change(&mut ada, &other_id, "admin").await.status, 303);
    assert_eq!(role_of(&app, "other@example.com"), 1);
    assert_eq!(other.get("/w/acme/activity").await.status, 200, "at the very next request");
    assert_eq!(change(&mut ada, &other_id, "member").await.status, 303);
    assert_eq!(other.get("/w/acme/activity").await.status, 403);
    assert_eq!(change(&mut ada, &other_id, "emperor").await.status, 400);
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(change(&mut eve, &other_id, "owner").await.status, 404);
    let told = ada.get("/w/acme/activity").await.text;
    assert!(told.contains("changed the role of") && told.contains("from Member to Admin"), "{told}");
}

#[actix_web::test]
async fn the_last_owner_stays() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.id().await;
    for role in ["member", "admin"] {
        let page = change(&mut ada, &id, role).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains("A workspace always has an Owner"));
    }
    assert_eq!(ada.get(&format!("{MEMBERS}/{id}/end")).await.status, 422);
    assert_eq!(end(&mut ada, &id, "Ada", &[]).await.status, 422);
    assert_eq!(role_of(&app, EMAIL), 2);
    let mut grace = app.other_owner(GRACE).await;
    assert_eq!(change(&mut ada, &id, "member").await.status, 303, "one of two may");
    let grace_id = grace.id().await;
    assert_eq!(change(&mut grace, &grace_id, "member").await.status, 422);
}

/// Two Owners go at each other at once, a hundred times.
#[actix_web::test]
async fn two_owners_at_once_never_leave_none() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    let (of_ada, of_grace) = (ada.get("/account").await.csrf(), grace.get("/account").await.csrf());
    let (to_ada, to_grace) = (format!("{MEMBERS}/{ada_id}/role"), format!("{MEMBERS}/{grace_id}/role"));
    let mut both_tried = 0;
    for round in 0..100 {
        let (by_ada, by_grace) =
            ([("csrf", of_ada.as_str()), ("role", "member")], [("csrf", of_grace.as_str()), ("role", "member")]);
        // In every other round each of them gives up their own role instead of taking the other's.
        let (first, second) = if round % 2 == 0 { (&to_grace, &to_ada) } else { (&to_ada, &to_grace) };
        let (one, two) = futures_util::future::join(ada.post(first, &by_ada), grace.post(second, &by_grace)).await;
        let done = [&one, &two].iter().filter(|page| page.status == 303).count();
        assert_eq!(done, 1, "round {round}: {} and {}", one.status, two.status);
        assert_eq!(app.database.count("members WHERE role = 'owner'"), 1, "round {round}");
        both_tried += 1;
        app.database.execute("UPDATE members SET role = 'owner'");
    }
    assert_eq!(both_tried, 100);
}

/// Ten Owners all step down or go for one another at the same moment, thirty times: three hundred attempts.
#[actix_web::test]
async fn ten_owners_at_once_leave_one() {
    const OWNERS: usize = 10;
    let app = TestApp::start().await;
    let mut owners = vec![app.owner().await];
    for number in 1..OWNERS {
        owners.push(app.other_owner(&format!("owner{number}@example.com")).await);
    }
    let mut ways = Vec::new();
    for owner in &mut owners {
        ways.push((owner.id().await, owner.get("/account").await.csrf()));
    }
    for round in 0..30 {
        let attempts = owners.iter_mut().enumerate().map(|(at, owner)| {
            // In turn their own role, and the next one's.
            let of = (at + round % 3) % OWNERS;
            let (path, csrf) = (format!("{MEMBERS}/{}/role", ways[of].0), ways[at].1.clone());
            async move { owner.post(&path, &[("csrf", csrf.as_str()), ("role", "member")]).await.status }
        });
        let answers = futures_util::future::join_all(attempts).await;
        let left = app.database.count("members WHERE role = 'owner'");
        let done = answers.iter().filter(|status| **status == 303).count();
        assert!(left >= 1, "round {round}: nobody is left, {answers:?}");
        assert!(
            done >= 1 && answers.iter().all(|status| [303, 403, 422].contains(status)),
            "round {round}: {answers:?}"
        );
        if round % 3 == 0 {
            assert_eq!((left, done), (1, OWNERS - 1), "round {round}: everybody but the last");
        }
        app.database.execute("UPDATE members SET role = 'owner'");
    }
}

#[actix_web::test]
async fn a_removal_ends_what_was_theirs_and_nothing_else() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    let own = grace.add_stripe("Private one", KEY, "vend").await;
    let kept = app.share(&mut grace, "Shared and kept", KEY).await;
    let gone = app.share(&mut grace, "Shared and gone", KEY).await;
    let mine = ada.add_stripe("Of Ada", "rk_test_adas123456789", "vend").await;
    let share =
        format!("INSERT INTO secret_shares (secret_id, person_id, created_at) VALUES ('{mine}', '{grace_id}', 0)");
    app.database.execute(&share);
    let (theirs, _) = grace.make_token("test").await;
    let (ours, _) = ada.make_token("test").await;
    theirs.put("stripe", "customer-42", KEY).await;

    let path = format!("{MEMBERS}/{grace_id}/end");
    let preview = ada.get(&path).await;
    assert_eq!(preview.status, 200);
    for name in ["Private one", "Shared and kept", "Shared and gone", "Backend"] {
        assert!(preview.text.contains(name), "{name}");
    }
    let keepable: BTreeSet<_> = preview.attributes("input[name=keep]", "value").into_iter().collect();
    assert_eq!(keepable, BTreeSet::from([kept.clone(), gone.clone()]), "shared ones alone");
    assert_eq!(end(&mut ada, &grace_id, "somebody else", &[]).await.status, 422);
    assert_eq!(grace.get("/w/acme").await.status, 200, "nothing has happened yet");

    // A private one is not kept, whatever the form says.
    let done = end(&mut ada, &grace_id, "Grace", &[("keep", &kept), ("keep", &own)]).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(
        done.text.contains("Shared and gone") && done.text.contains("Private one") && done.text.contains("Backend")
    );
    assert_eq!(grace.get("/w/acme").await.status, 404);
    theirs.vend("stripe", "customer-42").await.refused(401, "unauthorized");
    ours.vend("stripe", "customer-42").await.hands_out(KEY);
    for id in [&own, &gone] {
        assert_eq!(ada.get(&format!("/w/acme/secrets/{id}")).await.status, 404);
    }
    let slot = ada.get(&format!("/w/acme/secrets/{kept}")).await;
    assert!(slot.text.contains("Disconnected") && slot.text.contains("(you)"), "{}", slot.text);
    let values = format!("secret_values WHERE secret_id IN ('{kept}', '{gone}', '{own}')");
    assert_eq!(app.database.count(&values), 0, "every value is destroyed");
    assert_eq!(app.database.count("secret_shares"), 0);
    assert_eq!(app.database.count(&format!("secrets WHERE id = '{mine}' AND owner_id = '{ada_id}'")), 1);
    assert_eq!(end(&mut ada, &grace_id, "Grace", &[]).await.status, 404, "it ends once");
    assert!(ada.get("/w/acme/activity").await.text.contains("removed Grace"));
}

#[actix_web::test]
async fn an_admin_removes_members_alone_and_a_member_nobody() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut second = app.member("second@example.com", Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let (ada_id, second_id, member_id) = (ada.id().await, second.id().await, member.id().await);
    for id in [&ada_id, &second_id] {
        assert_eq!(admin.get(&format!("{MEMBERS}/{id}/end")).await.status, 403);
        assert_eq!(end(&mut admin, id, "Grace", &[]).await.status, 403);
    }
    assert_eq!(end(&mut member, &second_id, "Grace", &[]).await.status, 403);
    assert_eq!(end(&mut admin, &member_id, "Grace", &[]).await.status, 200);
    assert_eq!(member.get("/w/acme").await.status, 404);
    assert_eq!(app.database.count("members"), 3);
}

#[actix_web::test]
async fn whoever_leaves_names_an_owner_for_what_stays() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let (ada_id, id) = (ada.id().await, grace.id().await);
    let kept = app.share(&mut grace, "Shared", KEY).await;
    let nobody = end(&mut grace, &id, "Grace", &[("keep", &kept)]).await;
    assert_eq!(nobody.status, 422);
    assert!(nobody.text.contains("Choose an Owner who takes over what stays."));
    assert_eq!(nobody.attributes("input[name=keep][checked]", "value"), [kept.as_str()], "the choice is not lost");
    let themselves = end(&mut grace, &id, "Grace", &[("keep", &kept), ("heir", &id)]).await;
    assert_eq!(themselves.status, 422);
    let left = end(&mut grace, &id, "Grace", &[("keep", &kept), ("heir", &ada_id)]).await;
    assert_eq!(left.status, 200, "{}", left.text);
    assert!(left.text_of("h1").contains("You have left"));
    assert_eq!(grace.get("/w/acme").await.status, 404);
    assert_eq!(grace.get("/account").await.status, 200, "the account stays");
    assert!(ada.get(&format!("/w/acme/secrets/{kept}")).await.text.contains("Disconnected"));
    assert!(ada.get("/w/acme/activity").await.text.contains("left the workspace"));
}

#[actix_web::test]
async fn a_kept_slot_is_not_vended() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    let kept = app.share(&mut grace, "Shared", KEY).await;
    let (token, _) = ada.make_token("test").await;
    token.vend("stripe", &ada_id).await.hands_out(KEY);
    assert_eq!(end(&mut ada, &grace_id, "Grace", &[("keep", &kept)]).await.status, 200);
    token.vend("stripe", &ada_id).await.is_not_installed();
}

#[actix_web::test]
async fn only_what_was_shown_is_ended() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let id = grace.id().await;
    let path = format!("{MEMBERS}/{id}/end");
    let preview = ada.get(&path).await;
    let seen = preview.attributes("input[name=seen]", "value").remove(0);
    let late = app.share(&mut grace, "Added meanwhile", KEY).await;
    let sent = ada.submit("/account", &path, &[("name", "Grace"), ("seen", &seen)]).await;
    assert_eq!(sent.status, 422);
    assert!(sent.text.contains("has changed since you opened this page") && sent.text.contains("Added meanwhile"));
    assert_eq!(app.database.count(&format!("secrets WHERE id = '{late}'")), 1);
    assert_eq!(end(&mut ada, &id, "Grace", &[]).await.status, 200);
}

#[actix_web::test]
async fn a_kept_place_is_in_nobodys_way() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    ada.add_stripe("Of Ada", "rk_test_adas123456789", "vend").await;
    let (token, _) = ada.make_token("test").await;
    let kept = grace.add_stripe("Theirs", KEY, "vend").await;
    app.database.execute(&format!("UPDATE secrets SET sharing = 'members', expires_at = 1 WHERE id = '{kept}'"));
    assert_eq!(end(&mut ada, &grace_id, "Grace", &[("keep", &kept)]).await.status, 200);
    token.vend("stripe", &ada_id).await.hands_out("rk_test_adas123456789");
    let page = ada.get(&format!("/w/acme/secrets/{kept}")).await;
    assert!(page.text.contains("Disconnected") && !page.text.contains("curl"), "{}", page.text);
    assert!(page.text.contains("passed its place to") && page.text.contains("Ada"));
}

#[actix_web::test]
async fn whoever_belongs_nowhere_is_shown_a_way_on() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut grace = app.removed_member(GRACE).await;
    let home = grace.get("/").await;
    assert_eq!(home.location(), "/account");
    let page = grace.get("/account").await;
    assert!(page.text.contains("You belong to no workspace"));
    assert_eq!(page.attributes("a[href='/workspaces/new']", "href").len(), 1);
}

#[actix_web::test]
async fn a_name_with_many_spaces_can_be_typed_as_it_is_read() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let id = grace.id().await;
    assert_eq!(grace.submit("/account", "/account/profile", &[("name", "Grace \u{a0}  L")]).await.status, 303);
    assert_eq!(end(&mut ada, &id, " Grace L ", &[]).await.status, 200);
}
