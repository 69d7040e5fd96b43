//! What calls tell about a key: a test that is wanted, the state after several refusals, and who is told.

use keyrack::actions::health::{self, Heard};

use crate::support::{EMAIL, PATIENT, Provider, TestApp, verify_chains};

const KEY: &str = "rk_test_health12345678";

impl TestApp {
    /// What the proxy says after a call with this secret's value of this number.
    pub async fn hear(&self, id: &str, number: i64, accepted: bool) {
        let workspace = self.database.text("SELECT id AS text FROM workspaces WHERE slug = 'acme'").parse().unwrap();
        let heard = Heard { workspace, secret: id.parse().unwrap(), number, accepted };
        health::heard(&self.app.means(self.app.kit(None)), heard).await.unwrap();
    }
}

/// Of the one secret and its value.
fn row(app: &TestApp, column: &str) -> Option<i64> {
    let both = "secrets s JOIN secret_values v ON v.secret_id = s.id";
    let found = app.database.number(&format!("SELECT CAST(COALESCE({column}, -1) AS BIGINT) AS number FROM {both}"));
    (found >= 0).then_some(found)
}

fn changes(app: &TestApp) -> String {
    app.database.texts("SELECT entry AS text FROM audit_entries ORDER BY seq").join("\n")
}

#[actix_web::test]
async fn three_refused_calls_in_a_row_reject_a_key_that_nothing_can_test() {
    let provider = Provider::start().await;
    let app = provider.app(&[], PATIENT).await;
    let mut ada = app.owner().await;
    ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    app.usual_probe();
    let page = ada.add_bearer(&provider.base(), "Orders", "tok_health_1234567890").await;
    let id = page.rsplit('/').next().unwrap();
    app.hear(id, 1, false).await;
    app.hear(id, 1, false).await;
    app.hear(id, 1, true).await;
    assert_eq!((row(&app, "refusals"), row(&app, "s.rejected_at")), (Some(0), None), "in a row");
    for _ in 0..2 {
        app.hear(id, 1, false).await;
    }
    assert_eq!((row(&app, "refusals"), row(&app, "s.rejected_at")), (Some(2), None));
    assert!(!changes(&app).contains("secret.call"), "nothing has changed yet");
    assert!(app.post().await.is_empty());
    app.hear(id, 1, false).await;
    assert!(row(&app, "s.rejected_at").is_some() && row(&app, "probe_at").is_none());
    app.hear(id, 1, false).await;
    assert_eq!(changes(&app).matches("\"secret.calls_refused\"").count(), 1);
    let letter = app.letter_to(EMAIL).await;
    assert_eq!(letter.subject, "HTTP Request rejects your secret: Orders");
    assert!(letter.text.contains("refused several calls in a row") && letter.text.contains(&page), "{}", letter.text);
    app.deliver().await;
    let told: Vec<_> = provider.arrived().iter().map(|one| one.json()["data"].clone()).collect();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0]["state"].as_str(), told[0]["reason"].as_str()), (Some("rejected"), Some("calls_refused")));
    assert_eq!(ada.get(&page).await.text_of(".verdict h2"), "Rejected");

    app.hear(id, 1, true).await;
    assert_eq!((row(&app, "refusals"), row(&app, "s.rejected_at")), (Some(0), None));
    app.hear(id, 1, true).await;
    assert_eq!(changes(&app).matches("\"secret.call_accepted\"").count(), 1);
    assert!(ada.get("/w/acme/activity").await.text.contains("found that the provider refuses"));
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn one_refused_call_wants_a_test_where_there_is_one() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", KEY, "proxy").await;
    app.sweep().await;
    let due =
        || app.database.count(&format!("jobs WHERE kind = 'probe' AND run_at <= {}", app.app.clock.now().micros()));
    assert_eq!(due(), 0);
    for _ in 0..5 {
        app.hear(&id, 1, false).await;
    }
    assert_eq!(due(), 1, "whoever tests is woken");
    let now = app.app.clock.now().micros();
    assert_eq!((row(&app, "refusals"), row(&app, "s.rejected_at")), (Some(0), None));
    assert_eq!(row(&app, "probe_at"), Some(now), "at once");
    // Tested a moment ago: not once more at once.
    app.database
        .run(&format!("UPDATE secret_values SET probe_at = NULL, probed_at = {now}, probe_finding = 'accepted'"));
    app.hear(&id, 1, false).await;
    assert_eq!(row(&app, "probe_at"), Some(now + 5 * 60 * 1_000_000));
    // A test that says nothing is none.
    app.database.run("UPDATE secret_values SET probe_at = NULL, probe_finding = 'unexpected_answer'");
    for _ in 0..3 {
        app.hear(&id, 1, false).await;
    }
    assert!(row(&app, "s.rejected_at").is_some() && row(&app, "probe_at").is_none());
}

#[actix_web::test]
async fn what_is_heard_late_says_nothing_of_a_newer_value() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.owner_of("Other", "other@example.com").await;
    let id = ada.add_stripe("Payments", KEY, "proxy").await;
    app.database.run("UPDATE secret_values SET probe_finding = 'unexpected_answer', probed_at = 1");
    app.hear(&id, 1, false).await;
    app.hear(&id, 1, false).await;
    assert_eq!(row(&app, "refusals"), Some(2));
    assert_eq!(ada.enter(&id, "replace", "rk_test_health87654321", &[]).await.status, 303);
    assert_eq!(row(&app, "refusals"), Some(0), "a new value begins anew");
    for _ in 0..4 {
        app.hear(&id, 1, false).await;
    }
    assert_eq!((row(&app, "refusals"), row(&app, "s.rejected_at"), row(&app, "probe_at")), (Some(0), None, None));
    app.database.run("UPDATE secrets SET rejected_at = 5");
    app.hear(&id, 1, true).await;
    assert_eq!(row(&app, "s.rejected_at"), Some(5));
    app.hear(&id, 2, true).await;
    assert_eq!(row(&app, "s.rejected_at"), None);
    let other = Heard {
        workspace: app.database.text("SELECT id AS text FROM workspaces WHERE slug = 'other'").parse().unwrap(),
        secret: id.parse().unwrap(),
        number: 2,
        accepted: false,
    };
    for _ in 0..3 {
        health::heard(&app.app.means(app.app.kit(None)), other.clone()).await.unwrap();
    }
    let told = (row(&app, "refusals"), row(&app, "probe_at"));
    assert_eq!(told, (Some(0), None), "told in another workspace's name");
    // Nor of what is gone.
    app.database.run("DELETE FROM secrets");
    app.hear(&id, 2, false).await;
    app.hear(&id, 2, true).await;
    verify_chains(&app.database, &app.app.keyring);
}
