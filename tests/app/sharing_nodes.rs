//! What sharing does to the nodes of workflows whose owners use somebody else's secret.

use std::time::Duration;

use keyrack::domain::Role;
use keyrack::jobs;

use crate::support::{Browser, TestApp};

const KEY: &str = "rk_test_sharednodes12345";
const GRACE: &str = "grace@example.com";
const BOB: &str = "bob@example.com";

/// A workflow of this member with one node, bound to the secret.
fn bind(app: &TestApp, owner: &str, secret: &str, at: usize) {
    let (workflow, node) = (format!("wfl_{at:026}"), format!("nod_{at:026}"));
    app.database.run(&format!(
        "INSERT INTO workflows (id, workspace_id, owner_id, environment, name, name_key, revision, created_at, updated_at) \
         SELECT '{workflow}', workspace_id, '{owner}', 'test', 'Flow {at}', 'flow {at}', 1, 1, 1 FROM secrets \
         WHERE id = '{secret}'; \
         INSERT INTO nodes (id, workspace_id, workflow_id, key, node_type, secret_id, created_at, updated_at) \
         SELECT '{node}', workspace_id, '{workflow}', 'pay', 'stripe', '{secret}', 1, 1 FROM secrets \
         WHERE id = '{secret}';"
    ));
}

/// How each node stands, in the order in which they were bound.
fn nodes(app: &TestApp) -> Vec<String> {
    let words = "COALESCE(trouble, 'bound') || ' ' || COALESCE(trouble_secret, '') || ' ' || COALESCE(trouble_by, '')";
    let bound = "CASE WHEN secret_id IS NULL THEN ' loose' ELSE '' END";
    app.database.texts(&format!("SELECT {words} || {bound} AS text FROM nodes ORDER BY id"))
}

async fn team(app: &TestApp) -> (Browser, String, [String; 3]) {
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    let her = app.member(GRACE, Role::Member).await.id().await;
    let his = app.member(BOB, Role::Member).await.id().await;
    let mine = ada.id().await;
    ada.share_with(&id, &[&her, &his]).await;
    for (at, owner) in [&mine, &her, &his].into_iter().enumerate() {
        bind(app, owner, &id, at);
    }
    (ada, id, [mine, her, his])
}

#[actix_web::test]
async fn whoever_loses_a_secret_loses_it_in_their_nodes_at_once() {
    let app = TestApp::start().await;
    let (mut ada, id, [_, _, his]) = team(&app).await;
    ada.share_with(&id, &[&his]).await;
    assert_eq!(nodes(&app), ["bound  ", "unshared Till its_owner loose", "bound  "]);
    assert_eq!(ada.share_as(&id, "workspace", &[]).await.status, 303);
    assert_eq!(nodes(&app)[2], "bound  ", "what only widens loosens nothing");
    let loosened = "audit_entries WHERE entry LIKE '%\"node.loosened\"%'";
    assert_eq!(app.database.count(loosened), 1);
    assert_eq!(ada.share_as(&id, "private", &[]).await.status, 303);
    assert_eq!(nodes(&app)[0], "bound  ", "the owner's own stay");
    assert_eq!((nodes(&app)[2].as_str(), app.database.count(loosened)), ("unshared Till its_owner loose", 2));
}

#[actix_web::test]
async fn nodes_say_that_a_share_has_ended() {
    let app = TestApp::start().await;
    let (mut ada, id, [_, her, his]) = team(&app).await;
    let until = format!("until-{her}");
    let with = [("with", her.as_str()), ("with", &his), (&until, "2026-11-21")];
    assert_eq!(ada.share_as(&id, "members", &with).await.status, 303);
    jobs::plan(&app.app).await.unwrap();
    jobs::run_due(&app.app).await;
    assert_eq!(nodes(&app)[1], "bound  ", "not before its time");
    app.advance(Duration::from_hours(24));
    jobs::run_due(&app.app).await;
    assert_eq!(nodes(&app), ["bound  ", "share_ended Till keyrack loose", "bound  "]);
}
