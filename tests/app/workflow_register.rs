//! Workflows as machines register and read them.

use serde_json::{Value, json};

use crate::support::{TestApp, WORKSPACE};

const KEY: &str = "rk_test_register1234567";
const GRACE: &str = "grace@example.com";

fn nodes(secret: &Value) -> Value {
    json!({ "name": "Invoices", "nodes": [
        { "key": "charge", "node_type": "stripe", "secret": secret }, { "key": "call", "node_type": "http-request" },
    ] })
}

#[actix_web::test]
async fn a_workflow_is_registered_read_and_its_node_vended() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (secret, person) = (ada.add_stripe("Till", KEY, "vend").await, ada.id().await);
    let token = app.token("test", "manage,read,vend").await;
    let made = token.register("invoices", &nodes(&json!(secret))).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let expected = json!({
        "id": made.body["id"], "external_id": "invoices", "name": "Invoices", "environment": "test",
        "owner_id": person, "state": "needs_reconfiguration", "token_ids": [token.id()],
        "created_at": "2026-11-21T10:42:00.000Z", "updated_at": "2026-11-21T10:42:00.000Z",
        "nodes": [
            { "key": "call", "node_type": "http-request", "state": "needs_reconfiguration",
              "reason": "no key is bound to it yet", "secret": null },
            { "key": "charge", "node_type": "stripe", "state": "ready", "reason": null,
              "secret": { "id": secret, "name": "Till", "last_four": "4567", "state": "connected" } },
        ],
    });
    assert_eq!(made.body, expected);
    let id = made.body["id"].as_str().unwrap();
    for called in ["invoices", id] {
        assert_eq!(token.workflow(called).await.body, expected, "{called}");
        token.vend_node(called, "charge").await.hands_out(KEY);
        token.vend_node(called, "call").await.refused(409, "needs_reconfiguration");
    }
    let list = token.ask("GET", "/api/v1/workflows", &json!({})).await;
    assert_eq!(list.body, json!({ "data": [expected], "next": null }));
    assert!(![&made.text, &list.text].iter().any(|text| text.contains(KEY)));
    token.workflow("nothing").await.refused(404, "not_found");
    token.workflow("wfl_01jd8x3f5k7q9r2t4v6w8y0z1a").await.refused(404, "not_found");
}

#[actix_web::test]
async fn registering_again_comes_to_the_same_and_keeps_what_people_chose() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Till", KEY, "vend").await;
    let token = app.token("test", "manage").await;
    let body = json!({ "name": "Invoices", "nodes": [{ "key": "charge", "node_type": "stripe" }] });
    let first = token.register("invoices", &body).await;
    let id = first.body["id"].as_str().unwrap().to_owned();
    let node = ada.node_id(&id, "charge").await;
    assert_eq!(ada.bind(&id, &node, &secret).await.status, 303);
    let entries = app.database.count("audit_entries");
    let again = token.register("invoices", &body).await;
    assert_eq!((again.status, &again.body["id"]), (200, &first.body["id"]));
    assert_eq!(again.body["state"], "ready", "absent keeps: {}", again.text);
    assert_eq!(app.database.count("audit_entries"), entries, "nothing has changed");

    let null = json!({ "name": "Bills", "nodes": [{ "key": "charge", "node_type": "stripe", "secret": null }] });
    let loosened = token.register("invoices", &null).await;
    assert_eq!((&loosened.body["name"], &loosened.body["nodes"][0]["secret"]), (&json!("Bills"), &json!(null)));
    let other = json!({ "name": "Bills", "nodes": [{ "key": "charge", "node_type": "http-request" }, { "key": "b", "node_type": "stripe" }] });
    let changed = token.register("invoices", &other).await;
    assert_eq!(changed.body["nodes"].as_array().unwrap().len(), 2, "{}", changed.text);
    let none = token.register("invoices", &json!({ "name": "Bills" })).await;
    assert_eq!(none.body["nodes"], json!([]));
    let second = app.token("test", "manage").await;
    let both = second.register("invoices", &json!({ "name": "Bills" })).await;
    assert_eq!(both.body["token_ids"], json!([token.id()]), "whoever owns it lists others");
    let off = format!("tokens/{}/remove", token.id());
    assert_eq!(ada.change_workflow(&id, &off, &[]).await.status, 303);
    let again = token.register("invoices", &json!({ "name": "Bills" })).await;
    assert_eq!((again.status, &again.body["token_ids"]), (200, &json!([])), "what was taken off stays off");
}

#[actix_web::test]
async fn an_external_id_is_one_workspaces_and_one_environments() {
    let app = TestApp::start().await;
    app.owner().await;
    app.owner_of("Other", "eve@example.com").await;
    app.other_owner(GRACE).await;
    let body = json!({ "name": "Invoices", "nodes": [] });
    let ours = app.token("test", "manage,read,vend").await;
    let first = ours.register("invoices", &body).await;
    let live = app.token("live", "manage,read").await.register("invoices", &body).await;
    let theirs = app.token_of("Other", "eve@example.com", "test", "manage,read").await;
    let foreign = theirs.register("invoices", &body).await;
    for other in [&live, &foreign] {
        assert_eq!(other.status, 200, "{}", other.text);
        assert_ne!(other.body["id"], first.body["id"]);
    }
    theirs.workflow(first.body["id"].as_str().unwrap()).await.refused(404, "not_found");
    ours.workflow(live.body["id"].as_str().unwrap()).await.refused(404, "not_found");
    let list = ours.ask("GET", "/api/v1/workflows", &json!({})).await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 1, "{}", list.text);
    let hers = app.token_of(WORKSPACE, GRACE, "test", "manage").await;
    hers.register("invoices", &body).await.refused(403, "workflow_of_another_member");
    assert_eq!(app.database.count("workflows"), 3);
}

#[actix_web::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let live = ada.add_stripe("Live", "sk_live_abcdefghijklmnop", "vend").await;
    let private = grace.add_stripe("Hers", KEY, "vend").await;
    let token = app.token("test", "manage").await;
    let connect = app.token("test", "connect").await;
    connect.put("stripe", "customer-42", KEY).await;
    let connection = app.database.text("SELECT id AS text FROM secrets WHERE owner_id IS NULL");
    let one = |node: Value| json!({ "name": "Invoices", "nodes": [node] });
    let long = "x".repeat(10_000);
    let many: Vec<Value> = (0..101).map(|at| json!({ "key": format!("n{at}"), "node_type": "stripe" })).collect();
    for body in [
        json!({ "name": "" }),
        json!({ "name": long }),
        json!({ "nodes": [] }),
        json!({ "name": "Invoices", "nodes": many }),
        one(json!({ "key": "a b", "node_type": "stripe" })),
        one(json!({ "key": long, "node_type": "stripe" })),
        one(json!({ "key": "a", "node_type": "nothing" })),
        one(json!({ "key": "a", "node_type": "No Slug" })),
        one(json!({ "key": "a", "node_type": "stripe", "secret": "sec_nonsense" })),
        one(json!({ "key": "a", "node_type": "stripe", "secret": live })),
        one(json!({ "key": "a", "node_type": "stripe", "secret": private })),
        one(json!({ "key": "a", "node_type": "stripe", "secret": connection })),
        json!({ "name": "Invoices", "nodes": [{ "key": "a", "node_type": "stripe" }, { "key": "a", "node_type": "stripe" }] }),
    ] {
        token.register("invoices", &body).await.refused(422, "invalid_request_parameters");
    }
    let own = ada.add_stripe("Own", KEY, "vend").await;
    let wrong_type = one(json!({ "key": "a", "node_type": "http-request", "secret": own }));
    token.register("invoices", &wrong_type).await.refused(422, "invalid_request_parameters");
    token.register("wfl_x", &json!({ "name": "A" })).await.refused(422, "invalid_request_parameters");
    token.register("a%20b", &json!({ "name": "A" })).await.refused(422, "invalid_request_parameters");
    token.ask("PUT", "/api/v1/workflows/a", &json!([])).await.refused(422, "invalid_request_parameters");
    app.database.run("UPDATE node_types SET enabled = FALSE WHERE slug = 'stripe'");
    let disabled = one(json!({ "key": "a", "node_type": "stripe", "secret": own }));
    token.register("invoices", &disabled).await.refused(403, "node_type_disabled");
    assert_eq!((app.database.count("workflows"), app.database.count("nodes")), (0, 0));
    let list = app.token("test", "read").await.ask("GET", "/api/v1/workflows?after=nonsense", &json!({})).await;
    list.refused(422, "invalid_request_parameters");
}

#[actix_web::test]
async fn registered_many_times_at_once_it_is_one() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", "manage").await;
    let body = json!({ "name": "Invoices", "nodes": [{ "key": "a", "node_type": "stripe" }] });
    let answers = futures_util::future::join_all((0..8).map(|_| token.register("invoices", &body))).await;
    assert!(
        answers.iter().all(|answer| answer.status == 200),
        "{:?}",
        answers.iter().map(|a| &a.text).collect::<Vec<_>>()
    );
    assert_eq!((app.database.count("workflows"), app.database.count("nodes")), (1, 1));
    assert_eq!(app.database.count("workflow_tokens"), 1);
}

#[actix_web::test]
async fn a_long_list_is_read_page_by_page() {
    let app = TestApp::start().await;
    app.owner().await;
    let numbers = crate::lists::numbers(60);
    app.database.execute(&format!(
        "INSERT INTO workflows (id, workspace_id, owner_id, environment, name, name_key, revision, created_at, updated_at) {numbers} \
         SELECT 'wfl_01jd8x3f5k00000000' || tail, (SELECT id FROM workspaces), (SELECT id FROM people), 'test', 'Flow ' || tail, \
         'flow ' || tail, 1, 1, 1 FROM numbered"
    ));
    let token = app.token("test", "read").await;
    let first = token.ask("GET", "/api/v1/workflows", &json!({})).await;
    let after = first.body["next"].as_str().unwrap();
    let second = token.ask("GET", &format!("/api/v1/workflows?after={after}"), &json!({})).await;
    assert_eq!((first.body["data"].as_array().unwrap().len(), second.body["data"].as_array().unwrap().len()), (50, 10));
    assert_eq!(second.body["next"], json!(null));
    let short = token.ask("GET", &format!("/api/v1/workflows?limit=7&after={after}"), &json!({})).await;
    assert_eq!(short.body["data"].as_array().unwrap(), &second.body["data"].as_array().unwrap()[..7]);
    assert_eq!(short.body["next"], second.body["data"][6]["id"]);
}
