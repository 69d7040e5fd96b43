//! Whose word about an address counts for what, and who may make an account with it.

use serde_json::{Value, json};

use crate::support::{EMAIL, OPEN, Oidc, PASSWORD, TestApp};

const GRACE: &str = "grace@example.com";

fn people(app: &TestApp) -> i64 {
    app.database.number("SELECT COUNT(*) AS number FROM people")
}

#[actix_web::test]
async fn an_address_that_is_not_proven_makes_and_opens_nothing() {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    app.owner().await;
    let unproven = [json!(false), json!("false"), json!("yes"), json!(0), Value::Null];
    for email in [EMAIL, GRACE] {
        for says in &unproven {
            provider.set(|world| (world.email, world.verified) = (Some(email), says.clone()));
            let page = app.anonymous().come_by(&provider, "acme", &[]).await;
            let heading = page.text_of("h1");
            assert!(heading == "Your address is not proven" || heading == "That did not work", "{says}: {heading}");
        }
    }
    provider.set(|world| world.email = None);
    let page = app.anonymous().come_by(&provider, "acme", &[]).await;
    assert_eq!(page.text_of("h1"), "Your address is not proven");
    assert_eq!(people(&app), 1);
}

#[actix_web::test]
async fn what_one_place_proves_counts_for_no_address_of_another() {
    let provider = Oidc::start().await;
    provider.set(|world| world.info = Some(json!({})));
    let app = provider.app("acme", &OPEN).await;
    app.owner().await;
    let info =
        |sub: &str, email: &str, verified: bool| json!({ "sub": sub, "email": email, "email_verified": verified });
    let cases = [
        (None, Some(json!(true)), info("subject-1", EMAIL, false), "Your address is not proven"),
        (Some(GRACE), Some(json!(false)), info("subject-1", EMAIL, true), "Your address is not proven"),
        (Some(GRACE), None, info("subject-1", "other@example.com", true), "Your address is not proven"),
        (Some(GRACE), Some(json!(false)), info("subject-2", GRACE, true), "That did not work"),
        (Some(GRACE), Some(json!(false)), json!({ "email": GRACE, "email_verified": true }), "That did not work"),
    ];
    for (email, verified, says, heading) in cases {
        provider.set(|world| {
            world.info = Some(says.clone());
            world.email = None;
            world.claims = Box::new(move |claims| {
                if let Some(email) = email {
                    claims["email"] = json!(email);
                }
                if let Some(verified) = &verified {
                    claims["email_verified"] = verified.clone();
                }
            });
        });
        let page = app.anonymous().come_by(&provider, "acme", &[]).await;
        assert_eq!(page.text_of("h1"), heading, "{email:?} {says}");
    }
    assert_eq!(people(&app), 1);
    // Where both tell of the same one, or only that place tells of one, its word counts.
    provider.set(|world| {
        world.info = Some(info("subject-1", GRACE, true));
        world.claims = Box::new(|_| ());
    });
    assert_eq!(app.anonymous().come_by(&provider, "acme", &[]).await.status, 303);
    assert_eq!(people(&app), 2);
}

#[actix_web::test]
async fn an_account_that_a_stranger_made_for_the_address_is_left_alone() {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    app.owner().await;
    let mut squatter = app.owner_of("Other", GRACE).await;
    app.database.execute(&format!("UPDATE people SET email_proven_at = NULL WHERE email = '{GRACE}'"));
    // Whoever made it has a way of their own into it.
    provider.set(|world| (world.sub, world.email) = ("subject-9".to_owned(), Some("mallory@example.com")));
    let link = squatter.offer(&provider, "acme").await.location().to_owned();
    assert_eq!(squatter.submit(&link, &link, &[]).await.status, 303);
    app.post().await;
    provider.set(|world| (world.sub, world.email) = ("subject-1".to_owned(), Some(GRACE)));
    let mut grace = app.anonymous();
    let page = grace.come_by(&provider, "acme", &[]).await;
    assert_eq!(page.text_of("h1"), "This account is not proven yet");
    assert_eq!(grace.get("/account").await.status, 303);
    assert_eq!(app.database.number("SELECT COUNT(*) AS number FROM identities"), 1);
    assert_eq!(squatter.get("/account").await.status, 200);

    // The letter reaches whom the address belongs to; that ends every session of the other, and then it is theirs.
    grace.submit("/forgotten", "/forgotten", &[("email", GRACE)]).await;
    let path = app.letter_to(GRACE).await.link(&app.base, "/reset/");
    grace.submit(&path, &path, &[("password", "another four plain words")]).await;
    assert_eq!(squatter.get("/account").await.status, 303);
    assert_eq!(grace.come_by(&provider, "acme", &[]).await.text_of("h1"), "You have an account already");
    provider.set(|world| (world.sub, world.verified) = ("subject-9".to_owned(), json!(false)));
    let page = app.anonymous().come_by(&provider, "acme", &[]).await;
    assert_eq!(page.text_of("h1"), "Your address is not proven", "nothing of theirs opens it any more");
}

#[actix_web::test]
async fn who_may_make_an_account_is_the_providers_rule_or_everybodys() {
    let provider = Oidc::start().await;
    let rule = |sign_up: &'static str| [("KEYRACK_SIGN_UP", sign_up), OPEN[1], OPEN[2]];
    let invited = [("KEYRACK_OIDC_ACME_DOMAINS", "Example.com,example.org")];
    let elsewhere = [("KEYRACK_OIDC_ACME_DOMAINS", "example.org")];
    let cases = [
        (vec![], false),
        (rule("example.com").to_vec(), true),
        (rule("example.org").to_vec(), false),
        (invited.to_vec(), true),
        ([&OPEN[..], &elsewhere].concat(), false),
        (OPEN.to_vec(), true),
    ];
    for (settings, made) in cases {
        let app = provider.app("acme", &settings).await;
        app.owner().await;
        let page = app.anonymous().come_by(&provider, "acme", &[]).await;
        assert_eq!(page.status == 303, made, "{settings:?}: {}", page.text);
        assert!(made || page.text_of("h1") == "There is no account for you yet", "{}", page.text);
        assert_eq!(people(&app), 1 + i64::from(made));
    }
}

#[actix_web::test]
async fn an_invitation_makes_an_account_for_its_own_proven_address() {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN[1..]).await;
    let mut ada = app.owner().await;
    let invited = ada.invite("/w/acme", "Grace@Example.com").await;
    assert!(!invited.is_empty());
    let path = app.letter_to("Grace@Example.com").await.link(&app.base, "/invitation/");
    let link = path.rsplit('/').next().unwrap().to_owned();
    let fields = [("invitation", link.as_str())];
    let mut grace = app.anonymous();
    let page = grace.get(&path).await;
    assert_eq!(page.attributes("form[action='/sign-in/acme'] input[name=invitation]", "value"), [link.as_str()]);

    provider.set(|world| world.email = Some("eve@example.com"));
    let page = grace.come_by(&provider, "acme", &fields).await;
    assert_eq!(page.text_of("h1"), "This invitation is for another address");
    provider.set(|world| (world.email, world.verified) = (Some(GRACE), json!(false)));
    assert_eq!(grace.come_by(&provider, "acme", &fields).await.text_of("h1"), "Your address is not proven");
    assert_eq!(people(&app), 1);
    provider.set(|world| world.verified = json!(true));
    // The same answer twice at once makes one account and one membership.
    let (one, two) = (grace.go_to("acme", &fields).await, grace.go_to("acme", &fields).await);
    let (mut first, mut second) = (grace.clone(), grace.clone());
    let (back, other) = (provider.consent(&one), provider.consent(&two));
    let pages = futures_util::future::join(first.get_from_elsewhere(&back), second.get_from_elsewhere(&other)).await;
    let joined = [&pages.0, &pages.1].into_iter().filter(|page| page.location() == "/w/acme").count();
    assert_eq!((joined, people(&app)), (1, 2), "{} {}", pages.0.text, pages.1.text);
    let spent = app.anonymous().come_by(&provider, "acme", &fields).await;
    assert_eq!(spent.status, 303, "whoever is known comes in");
    provider.set(|world| (world.email, world.sub) = (Some("eve@example.com"), "subject-9".to_owned()));
    app.anonymous().come_by(&provider, "acme", &fields).await.is_of_no_link();
    assert_eq!(app.anonymous().sign_in(GRACE, PASSWORD).await.status, 422, "without a password");
}

#[actix_web::test]
async fn a_workspace_is_open_to_the_proven_domain_of_an_owner() {
    const SETTINGS: &str = "/w/acme/settings";
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    let mut ada = app.owner().await;
    let mut early = app.anonymous();
    early.come_by(&provider, "acme", &[]).await;
    assert_eq!(early.get("/w/acme").await.status, 404);
    assert!(ada.get(SETTINGS).await.text.contains("Open to everybody of example.com"));
    // With nothing to type, nothing else can be opened.
    let other = [("domain", "other.example")];
    assert_eq!(ada.submit(SETTINGS, "/w/acme/settings/domains/open", &other).await.location(), SETTINGS);
    assert_eq!(app.database.text("SELECT domain AS text FROM workspace_domains"), "example.com");

    // Whoever was here before joins at the next sign-in, and only with a provider's word for the address.
    assert_eq!(early.get("/w/acme").await.status, 404);
    provider.set(|world| world.verified = json!(false));
    early.come_by(&provider, "acme", &[]).await;
    assert_eq!(early.get("/w/acme").await.status, 404);
    let come = |sub: &'static str, email: &'static str| {
        provider.set(|world| {
            (world.sub, world.email, world.verified) = (sub.to_owned(), Some(email), json!(true));
        });
    };
    come("subject-2", "lin@Example.com");
    let mut lin = app.anonymous();
    lin.come_by(&provider, "acme", &[]).await;
    assert_eq!(lin.get("/w/acme").await.status, 200);
    assert_eq!(app.database.text("SELECT role AS text FROM members WHERE role <> 'owner'"), "member");
    for (sub, email) in [("subject-3", "eve@sub.example.com"), ("subject-4", "eve@badexample.com")] {
        come(sub, email);
        let mut eve = app.anonymous();
        eve.come_by(&provider, "acme", &[]).await;
        assert_eq!(eve.get("/w/acme").await.status, 404, "{email}");
    }
    assert!(ada.get("/w/acme/activity").await.text.contains("joined as Member by an address of example.com"));

    // Whoever was removed does not come back by it.
    let person = lin.id().await;
    app.database.execute(&format!("DELETE FROM members WHERE person_id = '{person}'"));
    come("subject-2", "lin@example.com");
    let mut lin = app.anonymous();
    lin.come_by(&provider, "acme", &[]).await;
    assert_eq!(lin.get("/w/acme").await.status, 404);

    let close = [("domain", "example.com")];
    assert_eq!(ada.submit(SETTINGS, "/w/acme/settings/domains/close", &close).await.status, 303);
    come("subject-5", "max@example.com");
    let mut max = app.anonymous();
    max.come_by(&provider, "acme", &[]).await;
    assert_eq!(max.get("/w/acme").await.status, 404);
}

#[actix_web::test]
async fn nobody_opens_a_workspace_to_everybody() {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    let mut ada = app.owner().await;
    let open = "/w/acme/settings/domains/open";
    for (email, proven) in [("ada@gmail.com", "1"), ("ada@GMX.de", "1"), (EMAIL, "NULL")] {
        app.database.execute(&format!("UPDATE people SET email = '{email}', email_proven_at = {proven}"));
        ada.submit("/account", open, &[]).await;
        assert!(ada.get("/w/acme/settings").await.text.contains("cannot be opened to the domain of your address"));
    }
    assert_eq!(app.database.count("workspace_domains"), 0);
}
