//! The record as machines read it: page by page, narrowed, and nothing of what is none of theirs.

use serde_json::{Value, json};

use crate::support::{Native, TestApp};

const KEY: &str = "rk_test_audited12345678";
const AUDIT: &str = "/api/v1/audit";

fn actions(entries: &[Value]) -> Vec<String> {
    let acts = entries.iter().flat_map(|entry| entry["acts"].as_array().unwrap());
    acts.map(|act| act["action"].as_str().unwrap().to_owned()).collect()
}

async fn narrowed(native: &Native, query: &str) -> Vec<String> {
    actions(&native.all(&format!("{AUDIT}?{query}"), 7).await)
}

#[actix_web::test]
async fn the_record_is_read_page_by_page_and_narrowed() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    let (token, person) = (app.token("test", "audit,vend").await, ada.id().await);
    let native = app.native(&token).await;
    app.advance(std::time::Duration::from_mins(10));
    token.vend("stripe", &person).await.hands_out(KEY);
    let whole = native.all(AUDIT, 100).await;
    assert_eq!(native.all(AUDIT, 2).await, whole, "whatever the size of a page");
    let told = actions(&whole);
    for one in ["secret.vended", "secret.created", "token.created", "node_type.added", "workspace.created"] {
        assert!(told.iter().any(|action| action == one), "{one}: {told:?}");
    }
    let used = &whole[0];
    assert_eq!((&used["chain"], &used["acts"][0]["subject"]), (&json!("uses"), &json!(id)), "{used}");
    assert_eq!(used["acts"][0]["actor"], json!({ "kind": "token", "id": token.id(), "maker_id": person }));
    assert_eq!(used["acts"][0]["from"], "127.0.0.1");
    assert!(whole.iter().all(|entry| !entry.to_string().contains(KEY)));
    assert_eq!(narrowed(&native, "action=secret.created").await, ["secret.created"]);
    assert_eq!(narrowed(&native, "action=nothing.at.all").await, [""; 0]);
    assert_eq!(narrowed(&native, "chain=uses").await, ["secret.vended"]);
    assert_eq!(narrowed(&native, &format!("actor={}", token.id())).await, ["secret.vended"]);
    assert_eq!(narrowed(&native, "from=2026-11-21T10:50:00Z").await, ["secret.vended"]);
    assert!(!narrowed(&native, "to=2026-11-21T10:50:00Z").await.contains(&"secret.vended".to_owned()));
    assert!(narrowed(&native, "topic=tokens").await.iter().all(|action| action.starts_with("token.")));
    for wrong in ["chain=x", "from=x", "to=yesterday", "topic=x", "after=x", "actor=", "action=", "limit=0", "x=1"] {
        native.get(&format!("{AUDIT}?{wrong}")).await.refused_natively(422, "invalid_request_parameters");
    }
}

#[actix_web::test]
async fn nothing_of_the_other_environment_or_of_other_node_types_is_told() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Tested", KEY, "vend").await;
    let live = ada.add_stripe("Lively", "rk_live_audited12345678", "vend").await;
    ada.add_workflow("Testflow", "").await;
    // Its end names the secret alone: where that belongs is known as long as it is there.
    let keeper = app.native(&app.token("live", "manage,audit").await).await;
    let wish = json!({ "sharing": "workspace", "until": "2026-11-21T11:00:00Z" });
    assert_eq!(keeper.send("PUT", &format!("/api/v1/secrets/{live}/shares"), &wish).await.status, 200);
    app.advance(std::time::Duration::from_mins(30));
    keyrack::jobs::plan(&app.app).await.unwrap();
    app.post().await;
    assert_eq!(narrowed(&keeper, "action=secret.share_ended").await, ["secret.share_ended"]);
    let person = ada.id().await;
    let token = app.token("test", "audit").await;
    let all = app.native(&token).await.all(AUDIT, 100).await;
    let text = json!(all).to_string();
    assert!(text.contains("Tested") && text.contains("Testflow") && text.contains(&person), "{text}");
    assert!(!text.contains("Lively") && !text.contains("\"live\""), "{text}");
    let limits = [("preset", "custom"), ("allow", "audit"), ("node_type", "http-request")];
    let limited = ada.make_token_with(&limits).await;
    let told = json!(app.native(&limited).await.all(AUDIT, 100).await).to_string();
    assert!(!told.contains("Tested") && !told.contains("stripe") && told.contains("workspace.created"), "{told}");
    assert_eq!(keeper.send("DELETE", &format!("/api/v1/secrets/{live}"), &json!({})).await.status, 204);
    assert_eq!(narrowed(&keeper, "action=secret.share_ended").await, [""; 0]);
    let theirs = app.native(&app.token("live", "audit").await).await.all(AUDIT, 100).await;
    let text = json!(theirs).to_string();
    assert!(text.contains("Lively") && !text.contains("Tested"), "{text}");
}
