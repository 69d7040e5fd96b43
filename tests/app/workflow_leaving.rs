//! What becomes of workflows when their owner, or the owner of a key, goes.

use keyrack::domain::Role;

use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp};

const KEY: &str = "rk_test_leaving12345678";
const GRACE: &str = "grace@example.com";

async fn end(by: &mut Browser, id: &str, more: &[(&str, &str)]) -> Page {
    let path = format!("/w/acme/members/{id}/end");
    let seen = by.get(&path).await.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    let fields: Vec<_> = [("name", "Grace"), ("seen", &seen)].into_iter().chain(more.iter().copied()).collect();
    by.submit("/account", &path, &fields).await
}

#[actix_web::test]
async fn the_removers_are_the_workflows_and_each_node_is_checked_again() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let mut third = app.member("third@example.com", Role::Member).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    let for_all = app.share(&mut ada, "For all", KEY).await;
    let own = grace.add_stripe("Own", KEY, "vend").await;
    let kept = app.share(&mut grace, "Kept", KEY).await;
    let of_third = third.add_stripe("Of third", KEY, "vend").await;
    app.database.run(&format!("UPDATE secrets SET sharing = 'members' WHERE id = '{of_third}'"));
    app.database.run(&format!(
        "INSERT INTO secret_shares (secret_id, person_id, created_at) VALUES ('{of_third}', '{grace_id}', 0)"
    ));
    let (workflow, _) = grace.add_bound("Invoices", &for_all).await;
    for (key, secret) in [("own", &own), ("kept", &kept), ("shared", &of_third)] {
        let node = grace.add_node(&workflow, key, "stripe").await;
        assert_eq!(grace.bind(&workflow, &node, secret).await.status, 303, "{key}");
    }
    let (other, _) = third.add_bound("Of the third", &kept).await;
    let token = app.token("test", "vend").await;
    assert_eq!(grace.let_run(&workflow, &token.id()).await.status, 303);
    app.post().await;

    let preview = ada.get(&format!("/w/acme/members/{grace_id}/end")).await;
    for words in ["1 workflow passed on", "Invoices", "3 nodes lose a key", "Of the third"] {
        assert!(preview.text.contains(words), "{words}: {}", preview.text);
    }
    let done = end(&mut ada, &grace_id, &[("keep", &kept)]).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(done.text.contains("Workflows passed on"));
    assert_eq!(app.database.count(&format!("workflows WHERE id = '{workflow}' AND owner_id = '{ada_id}'")), 1);
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    token.vend_node(&workflow, "kept").await.is_not_installed();
    for (key, words) in
        [("own", "gone with its owner, who left"), ("shared", "not for the workflow’s new owner to use")]
    {
        let answer = token.vend_node(&workflow, key).await;
        answer.refused(409, "needs_reconfiguration");
        assert!(answer.text.contains(words), "{}", answer.text);
    }
    assert!(
        third.workflow_page(&other).await.text_of(".verdict h2").contains("Ready"),
        "the kept slot keeps its nodes"
    );
    assert_eq!(ada.change_workflow(&workflow, "name", &[("name", "Mine now")]).await.status, 303);
    let letters = app.post().await;
    let broken: Vec<_> = letters.iter().filter(|mail| mail.subject.contains("need another key")).collect();
    assert!(broken.is_empty(), "Ada did it herself: {broken:#?}");
    let report = letters.iter().find(|mail| mail.to == EMAIL && mail.subject.contains("no longer a member")).unwrap();
    assert!(report.text.contains("Workflows passed on") && report.text.contains("Invoices"), "{}", report.text);
    assert!(ada.get("/w/acme/activity").await.text.contains("passed the workflow Invoices"));
}

#[actix_web::test]
async fn whoever_leaves_names_an_owner_for_their_workflows_who_is_told_what_broke() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    let own = grace.add_stripe("Own", KEY, "vend").await;
    let (workflow, _) = grace.add_bound("Invoices", &own).await;
    app.post().await;
    let refused = end(&mut grace, &grace_id, &[]).await;
    assert_eq!(refused.status, 422, "no slot is kept, and somebody is needed all the same");
    assert!(refused.text.contains("Choose an Owner who takes over what stays."));
    assert!(refused.text.contains("Who takes over the workflows"), "{}", refused.text);
    let left = end(&mut grace, &grace_id, &[("heir", &ada_id)]).await;
    assert_eq!(left.status, 200, "{}", left.text);
    let page = ada.workflow_page(&workflow).await;
    assert!(page.text.contains("(you)") && page.text.contains("was “Own”, gone with its owner"), "{}", page.text);
    let letters = app.post().await;
    let broken: Vec<_> = letters.iter().filter(|mail| mail.subject.contains("need another key")).collect();
    assert_eq!(broken.len(), 1, "{letters:#?}");
    assert!(broken[0].to == EMAIL && broken[0].text.contains("“charge” of Invoices was “Own”"), "{}", broken[0].text);
}

#[actix_web::test]
async fn several_keys_of_one_who_goes_are_one_letter_to_each_owner() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let mut third = app.member("third@example.com", Role::Member).await;
    let grace_id = grace.id().await;
    let (one, two) = (app.share(&mut grace, "One", KEY).await, app.share(&mut grace, "Two", KEY).await);
    third.add_bound("First", &one).await;
    third.add_bound("Second", &two).await;
    app.post().await;
    assert_eq!(end(&mut ada, &grace_id, &[]).await.status, 200);
    let letters = app.post().await;
    let broken: Vec<_> = letters.iter().filter(|mail| mail.subject.contains("need another key")).collect();
    assert_eq!(broken.len(), 1, "{letters:#?}");
    assert_eq!(broken[0].to, "third@example.com");
    assert!(broken[0].text.contains("First") && broken[0].text.contains("Second"));
}

#[actix_web::test]
async fn a_workflow_made_after_the_preview_is_shown_first() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let path = format!("/w/acme/members/{}/end", grace.id().await);
    let seen = ada.get(&path).await.attributes("input[name=seen]", "value").remove(0);
    grace.add_workflow("Made meanwhile", "").await;
    let sent = ada.submit("/account", &path, &[("name", "Grace"), ("seen", &seen)]).await;
    assert_eq!(sent.status, 422);
    assert!(sent.text.contains("has changed since you opened this page") && sent.text.contains("Made meanwhile"));
    assert_eq!(app.database.count("members"), 2);
}

#[actix_web::test]
async fn a_deleted_account_passes_its_workflows_on() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let ada_id = ada.id().await;
    let shared = app.share(&mut ada, "For all", KEY).await;
    let (workflow, _) = grace.add_bound("Invoices", &shared).await;
    let page = grace.get("/account/delete").await;
    assert!(page.text.contains("1 workflow passed on"), "{}", page.text);
    let seen = page.attributes("input[name=seen]", "value").remove(0);
    let heir = page.attributes("select[name=heir] option:not([value=''])", "value").remove(0);
    assert!(heir.ends_with(&ada_id));
    let fields = [("email", GRACE), ("current", PASSWORD), ("seen", seen.as_str())];
    let refused = grace.submit("/account/delete", "/account/delete", &fields).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let named = [&fields[..], &[("heir", heir.as_str())]].concat();
    let gone = grace.submit("/account/delete", "/account/delete", &named).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    let page = ada.workflow_page(&workflow).await;
    assert!(page.text.contains("(you)") && page.text_of(".verdict h2").contains("Ready"), "{}", page.text);
    assert_eq!(app.database.count("people"), 1);
}

#[actix_web::test]
async fn an_owner_of_very_many_workflows_can_go() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let grace = app.member(GRACE, Role::Member).await.id().await;
    let numbers = crate::lists::numbers(33_000);
    app.database.execute(&format!(
        "INSERT INTO workflows (id, workspace_id, owner_id, environment, name, name_key, revision, created_at, updated_at) {numbers} \
         SELECT 'wfl_01jd8x3f5k00000000' || tail, (SELECT id FROM workspaces), '{grace}', 'test', 'Flow ' || tail, \
         'flow ' || tail, 1, 1, 1 FROM numbered"
    ));
    let preview = ada.get(&format!("/w/acme/members/{grace}/end")).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert!(preview.text.contains("000 workflows passed on"));
}
