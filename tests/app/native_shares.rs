//! Who may use a secret, as machines see and change it.

use keyrack::domain::Role;
use serde_json::json;

use crate::support::{TestApp, WORKSPACE};

const KEY: &str = "rk_test_shared12345678";
const GRACE: &str = "grace@example.com";

#[actix_web::test]
async fn a_secret_is_shared_and_taken_back_by_its_own_owner() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Admin).await;
    let (id, friend) = (ada.add_stripe("Till", KEY, "vend").await, grace.id().await);
    let path = format!("/api/v1/secrets/{id}/shares");
    let native = app.native(&app.token("test", "read,manage").await).await;
    let first = native.get(&path).await;
    assert_eq!(first.body, json!({ "sharing": "private", "until": null, "members": [] }));
    let until = "2027-10-01T12:00:00.000Z";
    let wish = json!({ "sharing": "members", "members": [{ "id": friend, "until": until }] });
    let tag = [("if-match", first.header("etag"))];
    let shared = native.send_with(("PUT", &path), &wish, &tag).await;
    let members = json!([{ "id": friend, "name": "Grace", "until": until }]);
    assert_eq!(shared.body, json!({ "sharing": "members", "until": null, "members": members }), "{}", shared.text);
    native
        .send_with(("PUT", &path), &json!({ "sharing": "private" }), &tag)
        .await
        .refused_natively(412, "precondition_failed");
    let entries = app.database.count("audit_entries");
    assert_eq!(native.send("PUT", &path, &wish).await.header("etag"), shared.header("etag"));
    assert_eq!(app.database.count("audit_entries"), entries, "nothing has changed");
    let hers = app.token_of(WORKSPACE, GRACE, "test", "read,manage,vend").await;
    hers.vend("stripe", &friend).await.hands_out(KEY);
    let by_her = app.native(&hers).await;
    assert_eq!(by_her.get(&path).await.body, shared.body, "an Admin is told");
    by_her.send("PUT", &path, &json!({ "sharing": "workspace" })).await.refused_natively(403, "not_yours");
    by_her.send("DELETE", &path, &json!({})).await.refused_natively(403, "not_yours");
    let all = native.send("PUT", &path, &json!({ "sharing": "workspace", "until": until })).await;
    assert_eq!(all.body, json!({ "sharing": "workspace", "until": until, "members": [] }));
    assert_eq!(native.send("DELETE", &path, &json!({})).await.status, 204);
    assert_eq!(native.get(&path).await.body, first.body);
    hers.vend("stripe", &friend).await.is_not_installed();
}

#[actix_web::test]
async fn sharing_that_makes_no_sense_is_refused() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    let (path, me) = (format!("/api/v1/secrets/{id}/shares"), ada.id().await);
    let native = app.native(&app.token("test", "manage").await).await;
    let stranger = "usr_01jd8x3f5k7q9r2t4v6w8y0z1a";
    for wrong in [
        json!({}),
        json!({ "sharing": "everybody" }),
        json!({ "sharing": "members" }),
        json!({ "sharing": "members", "members": [{ "id": me }] }),
        json!({ "sharing": "members", "members": [{ "id": stranger }] }),
        json!({ "sharing": "members", "members": [{ "id": "x" }] }),
        json!({ "sharing": "workspace", "until": "yesterday" }),
        json!({ "sharing": "workspace", "until": "2020-01-01T00:00:00Z" }),
        json!({ "sharing": "workspace", "what": 1 }),
    ] {
        native.send("PUT", &path, &wrong).await.refused_natively(422, "invalid_request_parameters");
    }
    assert_eq!(app.database.count("secrets WHERE sharing = 'private'"), 1);
}
