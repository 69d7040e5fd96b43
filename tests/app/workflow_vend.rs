//! Vending for a node: product rule 15, tried from outside.

use keyrack::domain::Role;
use serde_json::json;

use crate::support::{Browser, TestApp, Token, WORKSPACE};

const KEY: &str = "rk_test_nodevend1234567";
const GRACE: &str = "grace@example.com";

/// A workflow of Ada's with the node “charge” bound to her key, which this token may run.
async fn running(app: &TestApp, ada: &mut Browser) -> (Token, String, String, String) {
    let secret = ada.add_stripe("Till", KEY, "vend").await;
    let (workflow, node) = ada.add_bound("Invoices", &secret).await;
    let token = app.token("test", "vend").await;
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    (token, workflow, node, secret)
}

#[actix_web::test]
async fn a_listed_token_is_handed_the_value_and_the_use_is_recorded() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, workflow, ..) = running(&app, &mut ada).await;
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    let entry = app.database.text("SELECT entry AS text FROM audit_entries WHERE entry LIKE '%secret.vended%'");
    assert!(
        entry.contains(&format!("\"workflow\":\"{workflow}\"")) && entry.contains("\"node\":\"charge\""),
        "{entry}"
    );
    assert!(!entry.contains(KEY));
    assert!(ada.get("/w/acme/activity").await.text.contains("for the node charge"));
    token.vend_node(&workflow, "nothing").await.refused(404, "not_found");
    token.vend_node(&workflow, "..").await.refused(404, "not_found");
    token.vend_node("wfl_01jd8x3f5k7q9r2t4v6w8y0z1a", "charge").await.refused(404, "not_found");
    token.vend_node("wfl_nonsense", "charge").await.refused(404, "not_found");
    token.saying("").vend_node(&workflow, "charge").await.refused(401, "unauthorized");
}

#[actix_web::test]
async fn only_listed_tokens_of_the_same_environment_and_workspace_run_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, workflow, ..) = running(&app, &mut ada).await;
    let other = app.token("test", "vend").await;
    other.vend_node(&workflow, "charge").await.refused(403, "workflow_token_not_listed");
    let live = app.token("live", "vend").await;
    app.database
        .run(&format!("INSERT INTO workflow_tokens (workflow_id, token_id) VALUES ('{workflow}', '{}')", live.id()));
    live.vend_node(&workflow, "charge").await.refused(404, "not_found");
    app.owner_of("Other", "eve@example.com").await;
    let theirs = app.token_of("Other", "eve@example.com", "test", "vend,read,manage").await;
    app.database
        .run(&format!("INSERT INTO workflow_tokens (workflow_id, token_id) VALUES ('{workflow}', '{}')", theirs.id()));
    theirs.vend_node(&workflow, "charge").await.refused(404, "not_found");
    theirs.workflow(&workflow).await.refused(404, "not_found");
    let gone = ada.change_workflow(&workflow, &format!("tokens/{}/remove", token.id()), &[]).await;
    assert_eq!(gone.status, 303);
    token.vend_node(&workflow, "charge").await.refused(403, "workflow_token_not_listed");
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    let revoke = format!("/w/acme/tokens/{}/revoke", token.id());
    assert_eq!(ada.submit("/account", &revoke, &[]).await.status, 303);
    token.vend_node(&workflow, "charge").await.refused(401, "unauthorized");
}

#[actix_web::test]
async fn deleting_and_making_anew_needs_a_new_binding() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, workflow, node, secret) = running(&app, &mut ada).await;
    let deleted = ada.submit("/account", &format!("/w/acme/secrets/{secret}/delete"), &[("name", "Till")]).await;
    assert_eq!(deleted.status, 303);
    let answer = token.vend_node(&workflow, "charge").await;
    answer.refused(409, "needs_reconfiguration");
    let message = answer.body["message"].as_str().unwrap();
    assert!(
        message.contains("“charge” needs reconfiguration: was “Till”, deleted by its owner on 21 Nov 2026."),
        "{message}"
    );
    let again = ada.add_stripe("Till", KEY, "vend").await;
    token.vend_node(&workflow, "charge").await.refused(409, "needs_reconfiguration");
    assert_eq!(ada.bind(&workflow, &node, &again).await.status, 303);
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    assert_eq!(ada.change_workflow(&workflow, &format!("nodes/{node}/unbind"), &[]).await.status, 303);
    let answer = token.vend_node(&workflow, "charge").await;
    answer.refused(409, "needs_reconfiguration");
    assert!(answer.text.contains("no key is bound to it yet"));
}

#[actix_web::test]
async fn the_workflows_owner_must_be_able_to_use_the_secret_at_that_moment() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let grace_id = grace.id().await;
    let secret = app.share(&mut ada, "Till", KEY).await;
    let (workflow, _) = grace.add_bound("Invoices", &secret).await;
    let token = app.token("test", "vend").await;
    assert_eq!(grace.let_run(&workflow, &token.id()).await.status, 303);
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    let set = |what: &str| app.database.run(&format!("UPDATE secrets SET {what} WHERE id = '{secret}'"));

    // The token's maker owns the key; that is not what counts.
    set("sharing = 'private'");
    let answer = token.vend_node(&workflow, "charge").await;
    answer.refused(409, "needs_reconfiguration");
    assert!(answer.text.contains("may not use any more"), "{}", answer.text);
    let page = grace.workflow_page(&workflow).await;
    assert!(
        page.text_of(".verdict h2").contains("Needs reconfiguration")
            && !page.text.contains(&format!("secrets/{secret}"))
    );
    assert!(grace.get("/w/acme/workflows?state=needs").await.text.contains("Invoices"));
    set("sharing = 'members'");
    token.vend_node(&workflow, "charge").await.refused(409, "needs_reconfiguration");
    let end = |ends: &str| {
        app.database.run(&format!(
            "DELETE FROM secret_shares; INSERT INTO secret_shares (secret_id, person_id, created_at, ends_at) \
             VALUES ('{secret}', '{grace_id}', 0, {ends})"
        ));
    };
    end("NULL");
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    end("1");
    token.vend_node(&workflow, "charge").await.refused(409, "needs_reconfiguration");
    assert!(grace.get("/w/acme/workflows?state=needs").await.text.contains("Invoices"));
    end("9000000000000000");
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    assert!(!grace.get("/w/acme/workflows?state=needs").await.text.contains("Invoices"));
    set("sharing = 'workspace', shared_until = 1");
    token.vend_node(&workflow, "charge").await.refused(409, "needs_reconfiguration");
    set("shared_until = NULL");
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    // Past the program, so nothing was handed over.
    app.database.run(&format!("DELETE FROM members WHERE person_id = '{grace_id}'"));
    token.vend_node(&workflow, "charge").await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_demoted_owner_keeps_the_workflow_and_their_token_stops() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let grace_id = grace.id().await;
    let secret = grace.add_stripe("Till", KEY, "vend").await;
    let (workflow, _) = grace.add_bound("Invoices", &secret).await;
    let (hers, ours) = (app.token_of(WORKSPACE, GRACE, "test", "vend").await, app.token("test", "vend").await);
    for token in [&hers, &ours] {
        assert_eq!(grace.let_run(&workflow, &token.id()).await.status, 303);
    }
    let role = ada.submit("/account", &format!("/w/acme/members/{grace_id}/role"), &[("role", "member")]).await;
    assert_eq!(role.status, 303);
    hers.vend_node(&workflow, "charge").await.refused(403, "insufficient_ability");
    ours.vend_node(&workflow, "charge").await.hands_out(KEY);
    assert_eq!(grace.change_workflow(&workflow, "name", &[("name", "Still mine")]).await.status, 303);
}

#[actix_web::test]
async fn delivery_state_and_a_disabled_node_type_count_as_for_every_vend() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, workflow, _, secret) = running(&app, &mut ada).await;
    let set = |what: &str| app.database.run(&format!("UPDATE secrets SET {what} WHERE id = '{secret}'"));
    set("delivery = 'proxy'");
    token.vend_node(&workflow, "charge").await.refused(403, "delivery_proxy_only");
    set("delivery = 'vend', expires_at = 1");
    let inactive = |error: &str| json!({ "active": false, "error": error });
    assert_eq!(token.vend_node(&workflow, "charge").await.body, inactive("needs_reauthorization"));
    set("expires_at = NULL, rejected_at = 1");
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    set("rejected_at = NULL, value_entered_at = NULL");
    token.vend_node(&workflow, "charge").await.is_not_installed();
    set("value_entered_at = 1");
    app.database.run("UPDATE node_types SET enabled = FALSE WHERE slug = 'stripe'");
    token.vend_node(&workflow, "charge").await.refused(403, "node_type_disabled");
    app.database.run("UPDATE node_types SET enabled = TRUE WHERE slug = 'stripe'");
    token.vend_node(&workflow, "charge").await.hands_out(KEY);
    let uses = app.database.count("audit_entries WHERE entry LIKE '%secret.vended%'");
    assert_eq!(uses, 2, "what was refused was no use");
}

/// Rows that no form would write: the grant itself looks at node type, environment and owner.
#[actix_web::test]
async fn a_forged_binding_is_not_vended() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, workflow, ..) = running(&app, &mut ada).await;
    let live = ada.add_stripe("Live", "sk_live_abcdefghijklmnop", "vend").await;
    assert_eq!(app.token("test", "connect").await.put("stripe", "customer-42", KEY).await.status, 200);
    let connection = app.database.text("SELECT id AS text FROM secrets WHERE owner_id IS NULL");
    let bind = |secret: &str| app.database.run(&format!("UPDATE nodes SET secret_id = '{secret}'"));
    bind(&live);
    let answer = token.vend_node(&workflow, "charge").await;
    assert!(!answer.text.contains("sk_live") && answer.body["active"] != json!(true), "{}", answer.text);
    bind(&connection);
    let answer = token.vend_node(&workflow, "charge").await;
    answer.refused(409, "needs_reconfiguration");
    let own = ada.add_stripe("Other type", KEY, "vend").await;
    app.database.run(&format!(
        "UPDATE secrets SET node_type_id = (SELECT id FROM node_types WHERE slug = 'http-request') WHERE id = '{own}'"
    ));
    bind(&own);
    let answer = token.vend_node(&workflow, "charge").await;
    assert!(!answer.text.contains(KEY) && answer.body["active"] != json!(true), "{}", answer.text);
}

#[actix_web::test]
async fn many_vends_at_once_are_each_recorded() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, workflow, ..) = running(&app, &mut ada).await;
    let answers = futures_util::future::join_all((0..20).map(|_| token.vend_node(&workflow, "charge"))).await;
    for answer in &answers {
        answer.hands_out(KEY);
    }
    app.counted().await;
    let uses = app.database.number("SELECT CAST(SUM(uses) AS BIGINT) AS number FROM secret_uses");
    assert_eq!(uses, 20);
    let member = app.member("member@example.com", Role::Member).await;
    assert!(member.seen.iter().chain(&ada.seen).all(|text| !text.contains(KEY)), "no page shows it");
}
