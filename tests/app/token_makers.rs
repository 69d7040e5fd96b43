//! Who makes which service tokens, and who sees whose.

use keyrack::domain::Role;

use crate::support::{Browser, TestApp};

const NEW: &str = "/w/acme/tokens/new";
const LIST: &str = "/w/acme/tokens";
const AGENT: [(&str, &str); 3] = [("name", "My agent"), ("environment", "test"), ("preset", "agent")];

async fn member(app: &TestApp) -> Browser {
    app.member("member@example.com", Role::Member).await
}

#[actix_web::test]
async fn a_member_makes_tokens_for_agents_and_is_told_why_no_others() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut member = member(&app).await;
    assert!(member.get("/w/acme").await.attributes("nav a", "href").contains(&LIST.to_owned()), "the rail leads there");
    let form = member.get(NEW).await;
    assert_eq!(form.attributes("input[name=preset]", "value"), ["agent"]);
    assert_eq!(form.attributes("input[name=preset][checked]", "value"), ["agent"]);
    assert!(form.attributes("input[name=allow]", "value").is_empty());
    assert!(form.text.contains("As a Member you make tokens for AI agents"));
    let made = member.submit_token(&AGENT).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let text = made.text_of("code#token");
    assert_eq!(app.database.count("tokens WHERE abilities = 'proxy'"), 1);
    assert!(made.text.contains("/proxy/stripe/") && !made.text.contains("/credentials"), "{}", made.text);
    let token = crate::support::Token::new(&app.base, &text);
    for answer in [
        token.vend("stripe", "customer-42").await,
        token.put("stripe", "customer-42", "rk_test_x1234567890").await,
        token.ask("GET", "/api/v1/workflows", &serde_json::json!({})).await,
        token.register("x", &serde_json::json!({ "name": "X" })).await,
        token.vend_node("x", "y").await,
    ] {
        answer.refused(403, "insufficient_ability");
    }
    let page = member.get(&format!("{LIST}/{}", token.id())).await;
    assert!(page.text.contains("/proxy/stripe/") && !page.text.contains(&text));
    let new = member.renewed(&token, "day").await;
    assert_ne!(new.text, text);
    assert_eq!(member.submit("/account", &format!("{LIST}/{}/revoke", token.id()), &[]).await.status, 303);
}

#[actix_web::test]
async fn a_members_form_with_more_abilities_is_refused() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut member = member(&app).await;
    let named = [("name", "Mine"), ("environment", "test")];
    for tampered in [
        &[("preset", "backend")][..],
        &[("preset", "connect")],
        &[("preset", "read")],
        &[("preset", "custom"), ("allow", "vend")],
        &[("preset", "custom"), ("allow", "proxy"), ("allow", "read")],
    ] {
        let page = member.submit_token(&[&named, tampered].concat()).await;
        assert_eq!(page.status, 403, "{tampered:?}");
    }
    // What is ticked under another choice counts for nothing.
    let ticked = member.submit_token(&[&AGENT[..], &[("allow", "vend")]].concat()).await;
    assert_eq!(ticked.status, 200);
    assert_eq!(app.database.count("tokens"), app.database.count("tokens WHERE abilities = 'proxy'"));
    assert_eq!(app.database.count("tokens"), 1);
}

#[actix_web::test]
async fn a_member_sees_their_own_alone_and_admins_see_all() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = member(&app).await;
    let mut other = app.member("other@example.com", Role::Member).await;
    let owners = ada.make_token_with(&[("preset", "backend")]).await;
    let mine = member.make_token_with(&[("preset", "agent")]).await;
    let theirs = other.make_token_with(&[("preset", "agent")]).await;
    assert_eq!(member.get(LIST).await.attributes("a.row-link", "href"), [format!("{LIST}/{}", mine.id())]);
    assert!(member.get(LIST).await.attributes("select[name=maker]", "id").is_empty());
    let narrowed = member.get(&format!("{LIST}?maker={}", ada.id().await)).await;
    assert!(narrowed.attributes("a.row-link", "href").is_empty());
    for token in [&owners, &theirs] {
        let page = format!("{LIST}/{}", token.id());
        assert_eq!(member.get(&page).await.status, 404);
        assert_eq!(member.get(&format!("{page}/text")).await.status, 404);
        for what in ["revoke", "text/end", "text"] {
            let fields = [("generation", "1"), ("overlap", "none")];
            let sent = member.submit("/account", &format!("{page}/{what}"), &fields).await;
            assert_eq!(sent.status, 404, "{what}");
        }
    }
    assert_eq!(app.database.count("tokens WHERE revoked_at IS NULL AND generation = 1"), 3);
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    assert_eq!(admin.get(LIST).await.attributes("a.row-link", "href").len(), 3);
    assert_eq!(admin.submit("/account", &format!("{LIST}/{}/revoke", mine.id()), &[]).await.status, 303);
    assert_eq!(member.get(&format!("{LIST}/{}", mine.id())).await.text_of(".verdict h2"), "Revoked");
}

#[actix_web::test]
async fn whose_secret_it_is_learns_of_tokens_that_they_may_not_open() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = member(&app).await;
    let secret = app.share(&mut member, "Till", "rk_test_shared1234567").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out("rk_test_shared1234567");
    app.counted().await;
    let page = format!("/w/acme/secrets/{secret}");
    for path in [page.clone(), format!("{page}/delete"), format!("{page}/disconnect")] {
        let shown = member.get(&path).await;
        assert!(shown.text.contains("Backend") && !shown.text.contains(&token.id()), "{path}: {}", shown.text);
        assert!(ada.get(&path).await.text.contains(&token.id()), "{path}");
    }
}

#[actix_web::test]
async fn a_leaving_members_tokens_are_named_before_and_end_with_them() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = member(&app).await;
    let first = member.make_token_with(&[("preset", "agent")]).await;
    let gone = member.make_token_with(&[("preset", "agent")]).await;
    assert_eq!(member.submit("/account", &format!("{LIST}/{}/revoke", gone.id()), &[]).await.status, 303);
    let page = ada.get(&format!("/w/acme/members/{}/end", member.id().await)).await;
    assert!(page.text.contains("1 service token"), "{}", page.text);
    app.database.run("DELETE FROM members WHERE role = 'member'");
    first.vend("stripe", "customer-42").await.refused(401, "unauthorized");
}

#[actix_web::test]
async fn each_choice_gives_its_abilities_and_the_requests_that_they_allow() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let port = app.base.rsplit(':').next().unwrap();
    let client = format!("apiHostname: \"127.0.0.1\", port: {port}, https: false");
    let python = format!("base_url=\"{}\"", app.base);
    let cases: [(&str, &str, &[&str]); 5] = [
        (
            "backend",
            "vend,connect,read,manage,audit",
            &["own", "put", "end", "node", "python", "rust", "manage", "read"],
        ),
        ("agent", "proxy", &["proxy"]),
        ("connect", "connect", &["put", "node", "python", "rust"]),
        ("read", "read", &["read"]),
        ("custom", "manage", &["manage"]),
    ];
    for (preset, abilities, snippets) in cases {
        let ticked = [("name", preset), ("environment", "test"), ("preset", preset), ("allow", "manage")];
        let page = ada.submit_token(&ticked).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert_eq!(app.database.count(&format!("tokens WHERE name = '{preset}' AND abilities = '{abilities}'")), 1);
        assert_eq!(page.attributes(".snippet pre", "id"), snippets);
        let sdks = snippets.contains(&"node");
        let code = page.texts(".snippet pre").join("\n");
        assert_eq!((code.contains(&client), code.contains(&python)), (sdks, sdks), "{code}");
        assert_eq!(code.contains("createDataIntegrationCredential"), preset == "backend");
        let (text, id) = (page.text_of("code#token"), page.attributes("main .actions a", "href").pop().unwrap());
        assert_eq!(page.text.matches(&text).count(), 1, "in no request");
        let shown = ada.get(&id).await;
        assert_eq!(shown.attributes(".snippet pre", "id"), snippets);
        assert!(!shown.text.contains(&text));
    }
    // An example is of what the token may use.
    let page = ada.submit_token(&[&AGENT[..2], &[("preset", "read"), ("node_type", "stripe")]].concat()).await;
    assert_eq!(page.status, 200);
    let limited = [("name", "L"), ("environment", "test"), ("preset", "connect"), ("node_type", "http-request")];
    let page = ada.submit_token(&limited).await;
    assert!(page.texts(".snippet pre").join(" ").contains("/data-integrations/http-request/api-key"));
}
