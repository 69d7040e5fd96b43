//! Several workspaces, other names, and the end of one.

use keyrack::domain::Role;

use crate::support::{Browser, Page, TestApp};

const NEW: &str = "/workspaces/new";
const SETTINGS: &str = "/w/acme/settings";
const KEY: &str = "rk_test_spaces123456789";

async fn rename(by: &mut Browser, settings: &str, name: &str) -> Page {
    by.submit(settings, settings, &[("name", name)]).await
}

async fn delete(by: &mut Browser, slug: &str, name: &str) -> Page {
    let path = format!("/w/{slug}/delete");
    by.submit("/account", &path, &[("name", name)]).await
}

#[actix_web::test]
async fn a_person_has_as_many_workspaces_as_they_make() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let made = ada.submit(NEW, NEW, &[("name", "Second Team")]).await;
    assert_eq!((made.status, made.location()), (303, "/w/second-team"));
    let home = ada.get("/w/second-team").await;
    assert_eq!(home.text_of("h1"), "Second Team");
    let links = home.attributes(".sheet a", "href");
    assert!(links.contains(&"/w/acme".to_owned()) && links.contains(&"/w/second-team".to_owned()), "{links:?}");
    ada.add_stripe("Of Acme", KEY, "vend").await;
    assert!(!ada.get("/w/second-team/secrets").await.text.contains("Of Acme"));
    let again = ada.submit(NEW, NEW, &[("name", "Second team")]).await;
    assert!(again.location().starts_with("/w/second-team-"), "{}", again.location());
    for bad in ["", "  ", "a\u{202e}b"] {
        assert_eq!(ada.submit(NEW, NEW, &[("name", bad)]).await.status, 422);
    }
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.get("/w/second-team").await.status, 404);
}

#[actix_web::test]
async fn an_old_address_leads_on_for_members_alone() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(rename(&mut ada, SETTINGS, "Acme Hotels").await.location(), "/w/acme-hotels/settings");
    let old = member.get("/w/acme/secrets?q=a%20b").await;
    assert_eq!((old.status, old.location()), (307, "/w/acme-hotels/secrets?q=a%20b"));
    assert_eq!(member.get(old.location()).await.status, 200);
    let form =
        [("name", "T"), ("id", "tok_01jd8x3f5k7q9r2t4v6w8y0z1a"), ("environment", "test"), ("preset", "backend")];
    let sent = ada.submit("/account", "/w/acme/tokens/new", &form).await;
    assert_eq!((sent.status, sent.location()), (307, "/w/acme-hotels/tokens/new"), "an open form is sent again");
    for stranger in [&mut eve, &mut app.anonymous()] {
        let page = stranger.get("/w/acme").await;
        assert!(!page.location().contains("hotels") && page.status != 307, "{} {}", page.status, page.location());
    }
    let settings = "/w/acme-hotels/settings";
    assert_eq!(rename(&mut ada, settings, "Acme").await.location(), SETTINGS, "its own old address is its own");
    assert_eq!(ada.get("/w/acme-hotels").await.location(), "/w/acme");
    assert_eq!(eve.submit(NEW, NEW, &[("name", "Acme Hotels")]).await.location().find("/w/acme-hotels-"), Some(0));
    assert!(ada.get("/w/acme/activity").await.text.contains("renamed the workspace from Acme to Acme Hotels"));
}

#[actix_web::test]
async fn settings_are_for_admins_and_the_end_for_owners() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    assert_eq!(member.get(SETTINGS).await.status, 403);
    let page = admin.get(SETTINGS).await;
    assert_eq!(page.status, 200);
    assert!(page.attributes("a[href$='/delete']", "href").is_empty(), "what one may not do is not drawn");
    assert_eq!(admin.get("/w/acme/delete").await.status, 403);
    assert_eq!(delete(&mut admin, "acme", "Acme").await.status, 403);
    assert_eq!(rename(&mut admin, SETTINGS, "Acme Two").await.status, 303);
}

#[actix_web::test]
async fn a_deleted_workspace_is_gone_for_good() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner("grace@example.com").await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    ada.add_stripe("Payments", KEY, "vend").await;
    let (token, person) = ada.make_token("test").await;
    token.put("stripe", "customer-42", KEY).await;
    token.vend("stripe", &person).await.hands_out(KEY);
    let theirs = app.token_of("Other", "eve@example.com", "test", "vend,connect").await;
    theirs.put("stripe", "customer-42", KEY).await;

    let preview = ada.get("/w/acme/delete").await.text;
    for line in ["2 secrets, with their values", "1 service token", "the membership of 2 people"] {
        assert!(preview.contains(line), "{line}");
    }
    assert_eq!(delete(&mut ada, "acme", "acme").await.status, 422, "exactly as it stands");
    token.vend("stripe", &person).await.hands_out(KEY);
    assert_eq!(delete(&mut ada, "acme", "Acme").await.status, 303);

    for browser in [&mut ada, &mut grace] {
        assert_eq!(browser.get("/w/acme").await.status, 404);
        assert_eq!(browser.get("/account").await.status, 200);
    }
    token.vend("stripe", &person).await.refused(401, "unauthorized");
    theirs.vend("stripe", "customer-42").await.hands_out(KEY);
    let of_acme = "NOT IN (SELECT id FROM workspaces)";
    for table in ["members", "tokens", "secrets", "data_keys", "node_types", "end_users"] {
        assert_eq!(app.database.count(&format!("{table} WHERE workspace_id {of_acme}")), 0, "{table}");
    }
    assert_eq!(app.database.count("secret_values"), 1);
    assert_eq!(app.database.count(&format!("audit_chains WHERE workspace_id <> '' AND workspace_id {of_acme}")), 0);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%workspace.deleted%'"), 1);

    let again = ada.submit(NEW, NEW, &[("name", "Acme")]).await;
    assert!(again.location().starts_with("/w/acme-"), "its address is never given again: {}", again.location());
    token.vend("stripe", &person).await.refused(401, "unauthorized");
    assert_eq!(grace.get("/w/acme").await.status, 404);
    assert_eq!(eve.get("/w/other").await.status, 200);
}

#[actix_web::test]
async fn an_address_is_never_two_workspaces() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.submit(NEW, NEW, &[("name", "Foo")]).await.location(), "/w/foo");
    let moved = rename(&mut ada, SETTINGS, "Foo").await;
    assert_eq!(moved.status, 303);
    let slug = moved.location().strip_prefix("/w/").unwrap().strip_suffix("/settings").unwrap().to_owned();
    assert_ne!(slug, "foo");
    assert_eq!(ada.get(&format!("/w/{slug}")).await.status, 200);
    assert_eq!(ada.get("/w/acme").await.location(), format!("/w/{slug}"));
    let unclaimed = "workspaces WHERE NOT EXISTS (SELECT 1 FROM workspace_slugs \
        WHERE workspace_slugs.slug = workspaces.slug AND workspace_slugs.workspace_id = workspaces.id)";
    assert_eq!(app.database.count(unclaimed), 0);
}

#[actix_web::test]
async fn many_of_one_name_at_once_get_an_address_each() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut makers = Vec::new();
    for number in 0..6 {
        let mut maker = app.owner_of("Other", &format!("maker{number}@example.com")).await;
        let csrf = maker.get(NEW).await.csrf();
        makers.push((maker, csrf));
    }
    let sent = makers
        .iter_mut()
        .map(|(maker, csrf)| async move { maker.post(NEW, &[("csrf", csrf), ("name", "Same")]).await });
    let pages = futures_util::future::join_all(sent).await;
    let addresses: std::collections::BTreeSet<_> = pages.iter().map(|page| page.location().to_owned()).collect();
    assert!(
        pages.iter().all(|page| page.status == 303),
        "{:?}",
        pages.iter().map(|page| page.status).collect::<Vec<_>>()
    );
    assert_eq!(addresses.len(), 6, "{addresses:?}");
}

/// Uses are recorded without waiting for the workspace's writers, so that one may come in the middle.
#[actix_web::test]
async fn a_workspace_is_deleted_while_it_is_in_use() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for round in 0..4 {
        let name = format!("Busy {round}");
        let slug = ada.submit(NEW, NEW, &[("name", &name)]).await.location().strip_prefix("/w/").unwrap().to_owned();
        let token = app.token_of(&name, crate::support::EMAIL, "test", "vend,connect").await;
        token.put("stripe", "customer-42", KEY).await;
        let vends = (0..24).map(|_| token.vend("stripe", "customer-42"));
        let (_, gone) = futures_util::future::join(futures_util::future::join_all(vends), async {
            delete(&mut ada, &slug, &name).await
        })
        .await;
        assert_eq!(gone.status, 303, "round {round}: {}", gone.text);
        token.vend("stripe", "customer-42").await.refused(401, "unauthorized");
    }
    assert_eq!(app.database.count("audit_chains"), 3, "the installation's, and those of the workspace that is left");
}
