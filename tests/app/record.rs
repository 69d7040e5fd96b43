//! The record, after somebody has had their hands in the database.

use std::process::Output;

use crate::support::{TestApp, extend_chain, run, verify_chains};

const CHECK: &str = "/w/acme/activity/check";
const KEY: &str = "rk_test_record123456789";
/// A chain of Acme's; the test says of which kind.
const CHAIN: &str =
    "(SELECT id FROM audit_chains WHERE workspace_id = (SELECT id FROM workspaces WHERE slug = 'acme') AND kind = ";

fn chain(kind: &str) -> String {
    format!("{CHAIN}'{kind}')")
}

fn verify(app: &TestApp, more: &[&str]) -> (Output, String) {
    let keys = app.master_key_file();
    let settings =
        [("KEYRACK_DATABASE_URL", app.database.url.as_str()), ("KEYRACK_MASTER_KEY_FILE", keys.to_str().unwrap())];
    let output = run(app.folder(), &settings, &[&["audit", "verify"], more].concat(), "");
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    (output, said)
}

/// Five changes, two uses, and another workspace.
async fn filled() -> (TestApp, crate::support::Browser) {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    ada.add_stripe("Payments", KEY, "vend").await;
    let (token, person) = ada.make_token("test").await;
    for _ in 0..2 {
        token.vend("stripe", &person).await.hands_out(KEY);
    }
    ada.submit("/w/acme/settings", "/w/acme/settings/sharing", &[("sharing", "workspace")]).await;
    app.owner_of("Other", "eve@example.com").await;
    (app, ada)
}

#[actix_web::test]
async fn a_whole_record_is_said_to_be_whole() {
    let (app, mut ada) = filled().await;
    verify_chains(&app.database, &app.app.keyring);
    let page = ada.get(CHECK).await;
    assert!(page.text.contains("Changes: 5 entries, unbroken"), "{}", page.text);
    assert!(page.text.contains("Uses: 2 entries, unbroken") && page.text.contains("Last checked"));
    let (output, said) = verify(&app, &[]);
    assert!(output.status.success(), "{said}");
    for line in [
        "acme changes: 5 entries, unbroken",
        "acme uses: 2 entries",
        "other changes: 3 entries, unbroken",
        "other uses: 0 entries",
        "installation: ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("BROKEN"), "{said}");
    let (output, said) = verify(&app, &["--workspace", "Other"]);
    assert!(output.status.success() && said.lines().count() == 2, "{said}");
    let (output, _) = verify(&app, &["--workspace", "Nobody"]);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("no workspace Nobody"));
}

#[actix_web::test]
async fn whatever_is_changed_the_first_bad_entry_is_named() {
    let altered = "it is not what was sealed";
    let entries = |kind: &str, seq: u8| format!("WHERE chain_id = {} AND seq = {seq}", chain(kind));
    let cases = [
        (
            format!(
                "UPDATE audit_entries SET entry = replace(entry, 'Payments', 'Paymentz') {}",
                entries("changes", 3)
            ),
            "changes-3",
            altered,
        ),
        (format!("UPDATE audit_entries SET entry = 'gone' {}", entries("changes", 3)), "changes-3", altered),
        (format!("UPDATE audit_entries SET at = at + 1 {}", entries("changes", 4)), "changes-4", altered),
        (
            format!(
                "UPDATE audit_entries SET mac = (SELECT mac FROM audit_entries {}) {}",
                entries("uses", 2),
                entries("uses", 1)
            ),
            "uses-1",
            altered,
        ),
        (format!("DELETE FROM audit_entries {}", entries("changes", 2)), "changes-2", "it is missing"),
        (format!("DELETE FROM audit_entries {}", entries("changes", 1)), "changes-1", "it is missing"),
        // A tail that was cut off: the head says how long the chain was.
        (format!("DELETE FROM audit_entries {}", entries("changes", 5)), "changes-5", "it is missing"),
        (format!("DELETE FROM audit_entries WHERE chain_id = {}", chain("uses")), "uses-1", "it is missing"),
        (
            format!("UPDATE audit_chains SET seq = 4 WHERE id = {}", chain("changes")),
            "changes-4",
            "the end of the chain does not name it",
        ),
        (
            format!(
                "UPDATE audit_chains SET seq = 4, head = (SELECT mac FROM audit_entries {}) WHERE id = {}",
                entries("changes", 4),
                chain("changes")
            ),
            "changes-5",
            "it stands after the end",
        ),
        (format!("UPDATE audit_entries SET seq = 0 {}", entries("changes", 1)), "changes-0", "it stands after the end"),
    ];
    for (change, name, words) in cases {
        let (app, mut ada) = filled().await;
        assert!(app.database.execute(&change) > 0, "{change}");
        let page = ada.get(CHECK).await;
        assert!(
            page.text.contains(&format!("Broken at {name}")) && page.text.contains(words),
            "{change}: {}",
            page.text
        );
        let links = page.attributes(".verdict a", "href");
        for link in &links {
            assert_eq!(ada.get(link).await.status, 200, "{change}: {link}");
        }
        let (output, said) = verify(&app, &[]);
        assert!(!output.status.success(), "{change}: {said}");
        let kind = name.split('-').next().unwrap();
        assert!(said.contains(&format!("acme {kind}: BROKEN at {name}, {words}")), "{change}: {said}");
        assert_eq!(said.matches("BROKEN").count(), 1, "the others hold: {said}");
        assert!(said.contains("installation: "), "all are walked: {said}");
        assert!(verify(&app, &["--workspace", "Other"]).0.status.success());
        assert_eq!(ada.get("/w/acme/activity").await.status, 200, "{change}");
    }
}

#[actix_web::test]
async fn the_installations_chain_is_walked_too() {
    let (app, _) = filled().await;
    app.database.execute("UPDATE audit_entries SET entry = replace(entry, 'session.started', 'session.refused')");
    let (output, said) = verify(&app, &[]);
    assert!(!output.status.success() && said.contains("installation: BROKEN at installation-"), "{said}");
    app.database.execute("DELETE FROM audit_entries");
    app.database.execute("DELETE FROM audit_chains");
    let (output, said) = verify(&app, &[]);
    assert!(!output.status.success() && said.matches("BROKEN, the chain is missing").count() == 5, "{said}");
}

#[actix_web::test]
async fn a_changed_entry_is_shown_as_such() {
    let (app, mut ada) = filled().await;
    let of = format!("WHERE chain_id = {} AND seq = 3", chain("changes"));
    app.database.execute(&format!("UPDATE audit_entries SET entry = replace(entry, 'Payments', 'Paymentz') {of}"));
    let page = ada.get("/w/acme/activity/changes-3").await;
    assert!(page.text.contains("Paymentz") && page.text.contains("Not what was sealed"), "{}", page.text);
    app.database.execute(&format!("UPDATE audit_entries SET entry = '[{{' {of}"));
    assert!(ada.get("/w/acme/activity/changes-3").await.text.contains("This entry cannot be read"));
    assert!(ada.get("/w/acme/activity").await.text.contains("This entry cannot be read."));
    let file = ada.get("/w/acme/activity/export?format=csv").await.text;
    assert!(file.contains("changes-3,") && file.contains(",cannot be read,"), "{file}");
    app.database.execute(&format!("DELETE FROM audit_entries {of}"));
    assert!(ada.get("/w/acme/activity/changes-4").await.text.contains("this cannot be told"));
}

#[actix_web::test]
async fn a_check_goes_on_where_it_was_left() {
    let (app, mut ada) = filled().await;
    let page = ada.get(&format!("{CHECK}?changes=3&uses=0")).await;
    assert!(page.text.contains("Entries 4 to 5, the last."), "{}", page.text);
    assert!(ada.get(&format!("{CHECK}?changes=99&uses=x")).await.text.contains("Changes: 5 entries"));
    assert!(ada.get(&format!("{CHECK}?changes=5&uses=-7")).await.text.contains("Nothing stands after entry 5."));
    let of = format!("WHERE chain_id = {} AND seq = 4", chain("changes"));
    app.database.execute(&format!("UPDATE audit_entries SET at = at + 1 {of}"));
    assert!(ada.get(&format!("{CHECK}?changes=3&uses=0")).await.text.contains("Broken at changes-4"));
    assert!(ada.get(&format!("{CHECK}?changes=4&uses=0")).await.text.contains("Entries 5 to 5, the last."));
}

#[actix_web::test]
async fn a_long_record_is_checked_in_parts() {
    let (app, mut ada) = filled().await;
    extend_chain(&app.database, &app.app.keyring, ("acme", "uses"), 50_300);
    let page = ada.get(CHECK).await;
    assert!(
        page.text.contains("Uses: Unbroken so far")
            && page.text.contains("Entries 1 to 50\u{202f}000 of 50\u{202f}302.")
    );
    let next = page.attributes("a.primary", "href").remove(0);
    let page = ada.get(&next).await;
    assert!(page.text.contains("Entries 50\u{202f}001 to 50\u{202f}302, the last."), "{}", page.text);
    assert!(page.text.contains("Nothing stands after entry 5.") && page.attributes("a.primary", "href").is_empty());
    let (output, said) = verify(&app, &["--workspace", "acme"]);
    assert!(output.status.success() && said.contains("acme uses: 50302 entries, unbroken"), "{said}");
    app.database
        .execute(&format!("UPDATE audit_entries SET at = 2 WHERE chain_id = {} AND seq = 50300", chain("uses")));
    assert!(ada.get(&next).await.text.contains("Broken at uses-50300"));
    assert!(!verify(&app, &[]).0.status.success());
}
