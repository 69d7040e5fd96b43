//! The list of service tokens, and what a token's page tells of its use.

use std::time::Duration;

use keyrack::domain::Role;
use serde_json::json;

use crate::support::{Browser, EMAIL, PASSWORD, TestApp};

const LIST: &str = "/w/acme/tokens";
const KEY: &str = "rk_test_listed1234567890";

async fn names(by: &mut Browser, query: &str) -> Vec<String> {
    let page = by.get(&format!("{LIST}?{query}")).await;
    assert_eq!(page.status, 200, "{query}");
    let mut names = page.texts("a.row-link");
    names.sort();
    names
}

async fn make(by: &mut Browser, name: &str, environment: &str, expires_on: &str) -> String {
    let fields = [("name", name), ("environment", environment), ("preset", "agent"), ("expires_on", expires_on)];
    let page = by.submit_token(&fields).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.attributes("main .actions a", "href").pop().unwrap()
}

#[actix_web::test]
async fn the_list_is_narrowed_by_name_environment_state_maker_and_last_use() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert_eq!(ada.get(LIST).await.text_of(".empty h2"), "No service token yet");
    let mut grace = app.member("grace@example.com", Role::Member).await;
    make(&mut ada, "Ärger 100%", "test", "").await;
    make(&mut ada, "Billing", "live", "2027-12-31").await;
    make(&mut ada, "Soon", "test", "2026-11-30").await;
    make(&mut ada, "Over", "test", "2026-11-22").await;
    let gone = make(&mut ada, "Gone", "test", "2026-11-30").await;
    make(&mut grace, "Grace’s agent", "test", "").await;
    assert_eq!(ada.submit(&gone, &format!("{gone}/revoke"), &[]).await.status, 303);
    app.advance(Duration::from_hours(40));
    ada.sign_in(EMAIL, PASSWORD).await;
    for (query, expected) in [
        ("q=ÄRGER", &["Ärger 100%"][..]),
        ("q=%25", &["Ärger 100%"]),
        ("q=_", &[]),
        ("environment=live", &["Billing"]),
        ("state=active", &["Billing", "Grace’s agent", "Ärger 100%"]),
        ("state=expiring", &["Soon"]),
        ("state=expired", &["Over"]),
        ("state=revoked", &["Gone"]),
        ("state=revoked&environment=live", &[]),
        ("used=never&q=i", &["Billing"]),
        (
            "state=nonsense&environment=%00&maker=usr_x&used=x",
            &["Billing", "Gone", "Grace’s agent", "Over", "Soon", "Ärger 100%"],
        ),
    ] {
        assert_eq!(names(&mut ada, query).await, expected, "{query}");
    }
    let page = ada.get(&format!("{LIST}?state=revoked&environment=live")).await;
    assert_eq!(page.text_of(".empty h2"), "No token matches");
    let page = ada.get(&format!("{LIST}?maker={}&q=agent", app.person("grace@example.com").as_str())).await;
    assert_eq!(
        (page.texts("a.row-link"), page.text_of(".chips [role=status]")),
        (vec!["Grace’s agent".to_owned()], "1 of 6 service tokens".to_owned())
    );
    assert_eq!(page.attributes(".chip", "href").len(), 2);
    let mut shown: Vec<String> = ada.get(LIST).await.texts("td[data-label=State]");
    shown.sort();
    assert_eq!(shown, ["Active", "Active", "Active", "Expired", "Expires soon", "Revoked"]);
}

#[actix_web::test]
async fn uses_are_told_with_their_counts_their_time_and_their_place() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", KEY, "vend").await;
    let (token, person) = ada.make_token("test").await;
    let page = format!("{LIST}/{}", token.id());
    assert!(ada.get(&page).await.text.contains("No secret yet."));
    assert_eq!(names(&mut ada, "used=never").await, ["Backend"]);
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    assert_eq!(names(&mut ada, "used=lately").await, ["Backend"], "storing is a use of the token");
    for _ in 0..3 {
        token.vend("stripe", &person).await.hands_out(KEY);
    }
    token.vend("stripe", "customer-42").await.hands_out(KEY);
    app.counted().await;
    let shown = ada.get(&page).await;
    let lines = shown.texts("section[aria-labelledby=uses] li");
    assert_eq!(lines.len(), 2, "{lines:?}");
    let line = |part: &str| lines.iter().any(|line| line.contains(part));
    assert!(line("Payments3 uses, the last just now") && line("Stripeof end user customer-42, 1 use"), "{lines:?}");
    assert!(
        shown.texts(".facts dd").contains(&"just now, from 127.0.0.1".to_owned()),
        "{:?}",
        shown.texts(".facts dd")
    );
    app.advance(Duration::from_hours(31 * 24));
    ada.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(names(&mut ada, "used=long-ago").await, ["Backend"]);
    assert_eq!(token.register("bills", &json!({ "name": "Bills" })).await.status, 200);
    assert_eq!(names(&mut ada, "used=lately").await, ["Backend"], "and so is registering, whether or not it changes");
    app.advance(Duration::from_hours(31 * 24));
    assert_eq!(token.register("bills", &json!({ "name": "Bills" })).await.status, 200);
    ada.sign_in(EMAIL, PASSWORD).await;
    assert_eq!(names(&mut ada, "used=lately").await, ["Backend"]);
}

#[actix_web::test]
async fn a_maker_who_lost_their_role_is_not_told_of_what_they_may_not_see() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let token = admin.make_token_with(&[("preset", "backend")]).await;
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    token.vend("stripe", "customer-42").await.hands_out(KEY);
    app.counted().await;
    let page = format!("{LIST}/{}", token.id());
    assert!(admin.get(&page).await.text.contains("customer-42, 1 use"));
    app.database.run("UPDATE members SET role = 'member' WHERE role = 'admin'");
    let shown = admin.get(&page).await;
    let told = shown.text_of("section[aria-labelledby=uses]");
    assert!(!told.contains("customer-42") && told.contains("1 other secret"), "{told}");
}
