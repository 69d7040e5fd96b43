//! What stands still in one workspace is no reason for the others to wait.

use std::time::Duration;

use keyrack::domain::usage::Heard;
use keyrack::jobs;

use crate::support::{Browser, TestApp, Token};

const KEY: &str = "rk_test_apart1234567890";
const NEXT: &str = "rk_test_apart0987654321";
const EVE: &str = "eve@example.com";

async fn sweep(app: &TestApp) {
    jobs::plan(&app.app).await.unwrap();
    jobs::run_due(&app.app).await;
}

/// Two workspaces with a token each, and a key of the same customer.
async fn two_workspaces() -> (TestApp, Token, Token) {
    let app = TestApp::start().await;
    app.owner().await;
    app.owner_of("Other", EVE).await;
    let ours = app.token("test", "vend,connect").await;
    let theirs = app.token_of("Other", EVE, "test", "vend,connect").await;
    ours.put("stripe", "customer-42", KEY).await;
    theirs.put("stripe", "customer-42", KEY).await;
    (app, ours, theirs)
}

/// A secret of this workspace with an earlier value to go back to.
async fn promoted(by: &mut Browser, workspace: &str) -> String {
    let new = format!("/w/{workspace}/secrets/new/stripe");
    let value = |value| [("kind", "api_key"), ("api_key-api_key", value)];
    let about = [("name", "Till"), ("environment", "test"), ("delivery", "vend"), ("expires_on", "")];
    let page = by.submit(&new, &new, &[&value(KEY)[..], &about].concat()).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let (secret, next) = (page.location().to_owned(), format!("{}/next", page.location()));
    assert_eq!(by.submit(&next, &next, &value(NEXT)).await.status, 303);
    let turned = by.submit("/account", &format!("{next}/promote"), &[("number", "2")]).await;
    assert_eq!(turned.status, 303, "{}", turned.text);
    secret.rsplit('/').next().unwrap().to_owned()
}

#[actix_web::test]
async fn one_workspaces_broken_record_stops_no_others_work() {
    for broken in ["acme", "other"] {
        let app = TestApp::start().await;
        let (mut ada, mut eve) = (app.owner().await, app.owner_of("Other", EVE).await);
        let secrets = [promoted(&mut ada, "acme").await, promoted(&mut eve, "other").await];
        app.database.execute("UPDATE secrets SET sharing = 'workspace', shared_until = 5");
        // More of them than one portion holds.
        let of_broken = secrets[usize::from(broken == "other")].clone();
        let columns = "workspace_id, node_type_id, environment, kind, owner_id, sharing, shared_until, delivery, revision, \
            value_number, newest_number, facts, created_at, updated_at";
        let row = |at: usize| {
            format!(
                "INSERT INTO secrets (id, name, name_key, {columns}) \
                 SELECT 'sec_{at:026}', 'K{at}', 'k{at}', {columns} FROM secrets WHERE id = '{of_broken}';"
            )
        };
        app.database.run(&(0..250).map(row).collect::<String>());
        let chain = format!("workspace_id = (SELECT id FROM workspaces WHERE slug = '{broken}') AND kind = 'changes'");
        let id = app.database.text(&format!("SELECT id AS text FROM audit_chains WHERE {chain}"));
        app.database.execute(&format!("UPDATE audit_chains SET workspace_id = 'away' WHERE id = '{id}'"));
        app.advance(Duration::from_hours(25));
        sweep(&app).await;
        for (secret, workspace) in secrets.iter().zip(["acme", "other"]) {
            let waits = i64::from(workspace == broken);
            let previous = format!("secret_values WHERE slot = 'previous' AND secret_id = '{secret}'");
            assert_eq!(app.database.count(&previous), waits, "{workspace}, where {broken} is broken");
            let shared = format!("secrets WHERE sharing = 'workspace' AND id = '{secret}'");
            assert_eq!(app.database.count(&shared), waits, "{workspace}, where {broken} is broken");
        }
        assert_eq!(app.database.count("jobs WHERE kind = 'sweep' AND tries > 0"), 1, "it is tried again");

        let of = format!("(SELECT id FROM workspaces WHERE slug = '{broken}')");
        app.database.execute(&format!("UPDATE audit_chains SET workspace_id = {of} WHERE id = '{id}'"));
        app.advance(Duration::from_hours(1));
        jobs::run_due(&app.app).await;
        assert_eq!(app.database.count("secret_values WHERE slot = 'previous'"), 0);
        assert_eq!(app.database.count("secrets WHERE sharing = 'workspace'"), 0);
    }
}

#[actix_web::test]
async fn one_workspaces_held_rows_stop_no_others_vends() {
    let (app, ours, theirs) = two_workspaces().await;
    if !app.database.is_postgres() {
        // SQLite has one writer for all workspaces.
        return;
    }
    let other = "(SELECT id FROM workspaces WHERE slug = 'other')";
    let many =
        || (0..20).map(|at| if at % 2 == 0 { &ours } else { &theirs }).map(|token| token.vend("stripe", "customer-42"));
    // Uses are counted in those rows, for which nobody waits.
    let counts = app.database.hold(&format!("UPDATE secrets SET revision = revision WHERE workspace_id = {other}"));
    for answer in futures_util::future::join_all(many()).await {
        answer.hands_out(KEY);
    }
    drop(counts);
    let held = app.database.hold(&format!("UPDATE audit_chains SET seq = seq WHERE workspace_id = {other}"));
    for (at, answer) in futures_util::future::join_all(many()).await.into_iter().enumerate() {
        if at % 2 == 0 { answer.hands_out(KEY) } else { answer.is_busy() }
    }
    drop(held);
    theirs.vend("stripe", "customer-42").await.hands_out(KEY);
    crate::support::verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn whoever_waits_for_all_uses_waits_for_those_that_are_written_by_themselves() {
    let (app, ours, theirs) = two_workspaces().await;
    let secret = |slug: &str| {
        let of = format!("(SELECT id FROM workspaces WHERE slug = '{slug}')");
        app.database.text(&format!("SELECT id AS text FROM secrets WHERE workspace_id = {of}"))
    };
    let (our_secret, their_secret) = (secret("acme"), secret("other"));
    let other = "(SELECT id FROM workspaces WHERE slug = 'other')";
    app.database.run(&format!("DELETE FROM audit_chains WHERE kind = 'uses' AND workspace_id = {other}"));
    app.called(&ours, &our_secret, Heard::Accepted);
    app.called(&theirs, &their_secret, Heard::Accepted);
    app.app.recorder.settle().await;
    let recorded =
        "SELECT COUNT(*) AS number FROM audit_entries JOIN audit_chains ON chain_id = id WHERE kind = 'uses'";
    assert_eq!(app.database.number(recorded), 1);
}
