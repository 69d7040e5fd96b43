//! Which key a call is made with, and whose.

use keyrack::domain::Role;
use serde_json::json;

use crate::proxy::{Desk, ORDERS, VALUE};
use crate::support::EMAIL;

const OTHER: &str = "tok_other_1234567890abcdWXYZ";

#[actix_web::test]
async fn the_only_fitting_key_is_meant_and_of_several_one_is_named() {
    let mut desk = Desk::set().await;
    assert_eq!(desk.agent.call(("GET", ORDERS), &[], "").await.status, 200);
    let base = desk.provider.base();
    let second = desk.ada.add_bearer(&base, "More orders", OTHER).await;
    let second = second.rsplit('/').next().unwrap();
    let several = desk.agent.call(("GET", ORDERS), &[], "").await;
    several.refused(409, "account_selection_required");
    let choices = several.body["choices"].as_array().unwrap();
    let names: Vec<&str> = choices.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["More orders", "Orders"]);
    assert_eq!((&choices[0]["id"], &choices[0]["last_four"]), (&json!(second), &json!("WXYZ")));
    desk.provider.take();
    assert_eq!(desk.agent.call(("GET", ORDERS), &[("keyrack-secret", second)], "").await.status, 200);
    assert!(desk.provider.take()[0].contains(OTHER));
    desk.agent
        .call(("GET", ORDERS), &[("keyrack-secret", "sec_01jd8x3f5k0000000000000000")], "")
        .await
        .refused(404, "not_found");
    desk.agent.call(("GET", ORDERS), &[("keyrack-secret", "nonsense")], "").await.refused(404, "not_found");
    let twice = [("keyrack-secret", second), ("keyrack-secret", second)];
    desk.agent.call(("GET", ORDERS), &twice, "").await.refused(422, "invalid_request_parameters");
    // A key is for its own node type, whatever is named.
    desk.agent.call(("GET", "/proxy/stripe/x"), &[("keyrack-secret", second)], "").await.refused(404, "not_found");
}

#[actix_web::test]
async fn a_node_uses_what_it_is_bound_to() {
    let mut desk = Desk::set().await;
    let workflow = desk.ada.add_workflow("Billing", "billing").await;
    let node = desk.ada.add_node(&workflow, "fetch", "http-request").await;
    let by_node = [("keyrack-node", "billing/fetch")];
    desk.agent.call(("GET", ORDERS), &by_node, "").await.refused(403, "workflow_token_not_listed");
    desk.ada.let_run(&workflow, &desk.agent.id()).await;
    desk.agent.call(("GET", ORDERS), &by_node, "").await.refused(409, "needs_reconfiguration");
    let secret = desk.secret();
    assert_eq!(desk.ada.bind(&workflow, &node, &secret).await.status, 303);
    assert_eq!(desk.agent.call(("GET", ORDERS), &by_node, "").await.status, 200);
    let id = format!("{workflow}/fetch");
    assert_eq!(desk.agent.call(("GET", ORDERS), &[("keyrack-node", &id)], "").await.status, 200);
    assert!(desk.uses().await.iter().any(|entry| entry.contains("\"node\":\"fetch\"")));
    desk.agent.call(("GET", "/proxy/stripe/x"), &by_node, "").await.refused(404, "not_found");
    for wrong in ["billing", "/", "billing/", "billing/fetch/more", "a b/c"] {
        desk.agent
            .call(("GET", ORDERS), &[("keyrack-node", wrong)], "")
            .await
            .refused(422, "invalid_request_parameters");
    }
    let both = [("keyrack-node", "billing/fetch"), ("keyrack-secret", secret.as_str())];
    desk.agent.call(("GET", ORDERS), &both, "").await.refused(422, "invalid_request_parameters");
}

#[actix_web::test]
async fn a_members_agent_uses_what_the_member_may_and_no_more() {
    let desk = Desk::set().await;
    let mut bob = desk.app.member("bob@example.com", Role::Member).await;
    let bobs = bob.make_token_with(&[("preset", "agent")]).await;
    bobs.call(("GET", ORDERS), &[], "").await.refused(409, "not_connected");
    bobs.call(("GET", ORDERS), &[("keyrack-secret", &desk.secret())], "").await.refused(404, "not_found");
    let base = desk.provider.base();
    bob.add_bearer(&base, "Bob's", OTHER).await;
    desk.provider.take();
    assert_eq!(bobs.call(("GET", ORDERS), &[], "").await.status, 200);
    assert!(desk.provider.take()[0].contains(OTHER));
    let ada = desk.app.person(EMAIL).to_string();
    bobs.call(("GET", ORDERS), &[("keyrack-user", &ada)], "").await.refused(404, "not_found");
    // End users' connections are not a Member's to use.
    bobs.call(("GET", ORDERS), &[("keyrack-user", "guest-1")], "").await.refused(403, "owned_by_end_user");
    desk.agent.call(("GET", ORDERS), &[("keyrack-user", "guest-1")], "").await.refused(409, "not_connected");
    assert!(desk.provider.take().is_empty());
}

#[actix_web::test]
async fn end_users_are_named() {
    let desk = Desk::set().await;
    let backend = desk.app.token("test", "connect").await;
    for (user, organization) in [("guest-1", None), ("guest-1", Some("hotel")), ("guest-2", None)] {
        let body = json!({ "user_id": user, "organization_id": organization, "secret": OTHER, "config": { "placement": "bearer", "base_url": desk.provider.base() } });
        let stored = backend.put_with("http-request", &body).await;
        assert_eq!(stored.status, 200, "{}", stored.text);
    }
    for headers in
        [&[("keyrack-user", "guest-1")][..], &[("keyrack-user", "guest-1"), ("keyrack-organization", "hotel")]]
    {
        let answer = desk.agent.call(("GET", ORDERS), headers, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(desk.provider.take()[0].contains(OTHER));
    }
    desk.agent.call(("GET", ORDERS), &[("keyrack-user", "nobody")], "").await.refused(409, "not_connected");
    desk.agent.call(("GET", ORDERS), &[("keyrack-organization", "hotel")], "").await.refused(409, "not_connected");
}

#[actix_web::test]
async fn what_stops_a_use_stops_the_call() {
    let mut desk = Desk::set().await;
    desk.app.token("test", "vend").await.call(("GET", ORDERS), &[], "").await.refused(403, "insufficient_ability");
    desk.app.token("live", "proxy").await.call(("GET", ORDERS), &[], "").await.refused(409, "not_connected");
    desk.agent.call(("GET", "/proxy/nothing/x"), &[], "").await.refused(404, "not_found");
    desk.agent.saying("kr_test_nonsense").call(("GET", ORDERS), &[], "").await.refused(401, "unauthorized");
    let toggled = |word: &'static str| format!("UPDATE node_types SET enabled = {word} WHERE slug = 'http-request'");
    desk.app.database.run(&toggled("FALSE"));
    desk.agent.call(("GET", ORDERS), &[], "").await.refused(403, "node_type_disabled");
    desk.app.database.run(&toggled("TRUE"));
    let page = desk.page.clone();
    let gone = desk.ada.submit(&format!("{page}/disconnect"), &format!("{page}/disconnect"), &[]).await;
    assert_eq!(gone.status, 303, "{}", gone.text);
    desk.agent.call(("GET", ORDERS), &[], "").await.refused(409, "not_connected");
    let named = [("keyrack-secret", desk.secret())];
    desk.agent
        .call(("GET", ORDERS), &[("keyrack-secret", named[0].1.as_str())], "")
        .await
        .refused(409, "not_connected");
    assert!(desk.provider.take().is_empty());
    assert!(desk.uses().await.iter().all(|entry| !entry.contains("secret.called") && !entry.contains(VALUE)));
}

#[actix_web::test]
async fn a_token_makes_the_calls_that_it_is_limited_to() {
    let mut desk = Desk::set().await;
    let limited = [("preset", "agent"), ("calls", "GET /orders\r\nPOST /orders/new")];
    let agent = desk.ada.make_token_with(&limited).await;
    for (call, admitted) in [
        (("GET", "/orders"), true),
        (("GET", "/orders/7?full=1"), true),
        (("HEAD", "/orders"), true),
        (("POST", "/orders/new"), true),
        (("POST", "/orders"), false),
        (("DELETE", "/orders/7"), false),
        (("GET", "/ordersheet"), false),
        (("GET", "/customers"), false),
        (("GET", "/%6frders"), false),
        (("GET", "/"), false),
    ] {
        let answer = agent.call_raw(&format!("{} /proxy/http-request{}", call.0, call.1), "").await;
        let told = if admitted { (200, None) } else { (403, Some("call_not_allowed")) };
        assert_eq!((answer.status(), answer.error()), told, "{call:?}");
        assert_eq!(desk.provider.take().len(), usize::from(admitted), "{call:?}");
    }
    let page = desk.ada.get(&format!("/w/acme/tokens/{}", agent.id())).await;
    assert!(page.text.contains("GET /orders") && page.text.contains("POST /orders/new"), "{}", page.text);
    let wrong = [("name", "Agent"), ("environment", "test"), ("preset", "agent"), ("calls", "GET orders")];
    let again = desk.ada.submit_token(&wrong).await;
    assert_eq!(again.status, 422);
    assert!(again.text_of("#calls-error").contains("“GET orders” is no such line"), "{}", again.text);
    // A row that lost its limits is refused instead of opened.
    desk.app.database.run("UPDATE tokens SET calls = '' WHERE calls IS NOT NULL");
    assert!(agent.call(("GET", ORDERS), &[], "").await.status >= 400);
    assert!(desk.provider.take().is_empty());
}
