//! The node types of a workspace: who adds, disables and removes them, and what goes with them.

use futures_util::future::join_all;
use keyrack::domain::Role;

use crate::support::{Browser, EMAIL, Page, STRIPE, TestApp};

const LIST: &str = "/w/acme/node-types";
const SETTINGS: &str = "/w/acme/settings";
const KEY: &str = "rk_test_nodetypes12345678";

async fn act(by: &mut Browser, slug: &str, act: &str) -> Page {
    by.submit("/account", &format!("{LIST}/{slug}/{act}"), &[]).await
}

async fn set_adders(by: &mut Browser, adders: &str) -> Page {
    by.submit("/account", "/w/acme/settings/adders", &[("adders", adders)]).await
}

/// Opens the preview and confirms what it shows.
async fn remove(by: &mut Browser, slug: &str, name: &str) -> Page {
    let path = format!("{LIST}/{slug}/remove");
    let seen = by.get(&path).await.attributes("input[name=seen]", "value").remove(0);
    by.submit(&path, &path, &[("name", name), ("seen", &seen)]).await
}

fn entries(app: &TestApp, event: &str) -> i64 {
    app.database.count(&format!("audit_entries WHERE entry LIKE '%\"{event}\"%'"))
}

/// A node with this secret, of a workflow of the first Owner's: written past the program.
fn bind(app: &TestApp, tail: &str, node_type: &str, secret: &str) {
    let of = format!("(SELECT workspace_id FROM secrets WHERE id = '{secret}')");
    let owner = format!("(SELECT id FROM people WHERE email = '{EMAIL}')");
    let workflow = format!("wfl_01jd8x3f5k7q9r2t4v6w8y0z{tail}");
    app.database.execute(&format!(
        "INSERT INTO workflows (id, workspace_id, owner_id, environment, name, name_key, revision, created_at, updated_at) \
         VALUES ('{workflow}', {of}, {owner}, 'test', 'Night audit {tail}', 'night audit {tail}', 1, 1, 1)"
    ));
    app.database.execute(&format!(
        "INSERT INTO nodes (id, workspace_id, workflow_id, key, node_type, secret_id, created_at, updated_at) VALUES \
         ('nod_01jd8x3f5k7q9r2t4v6w8y0z{tail}', {of}, '{workflow}', 'charge', '{node_type}', '{secret}', 1, 1)"
    ));
}

#[actix_web::test]
async fn a_new_workspace_has_none_and_the_first_key_brings_one_in() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    assert!(ada.get(LIST).await.text.contains("None yet."));
    let token = app.token("test", "vend,connect").await;
    token.put("stripe", "customer-42", KEY).await.refused(404, "not_found");
    let form = ada.get(STRIPE).await;
    assert!(form.text.contains("Storing the first key adds it."), "{}", form.text);
    let refused =
        ada.submit(STRIPE, STRIPE, &[("kind", "api_key"), ("environment", "test"), ("delivery", "vend")]).await;
    assert_eq!((refused.status, app.database.count("node_types")), (422, 0), "a form that comes back adds nothing");
    ada.add_stripe("Payments", KEY, "vend").await;
    ada.add_stripe("Refunds", "rk_test_secondkey12345678", "vend").await;
    assert_eq!((app.database.count("node_types WHERE method = 'key'"), entries(&app, "node_type.added")), (1, 1));
    assert!(!ada.get(STRIPE).await.text.contains("Storing the first key adds it."));
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    assert!(ada.get("/w/acme/activity").await.text.contains("added the node type Stripe"));
}

#[actix_web::test]
async fn who_may_add_is_set_by_admins() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let page = member.get("/w/acme/secrets/new").await;
    assert!(page.text.contains("An Owner or Admin adds it first"));
    assert!(page.attributes("a[href*='/secrets/new/']", "href").is_empty(), "what one may not choose is not drawn");
    let about = member.get(&format!("{LIST}/stripe")).await;
    assert!(about.status == 200 && about.attributes("form[action$='/add']", "action").is_empty());
    assert_eq!(act(&mut member, "stripe", "add").await.status, 403);
    assert_eq!(member.get(STRIPE).await.status, 403);
    assert_eq!(member.submit("/account", STRIPE, &[("name", "x")]).await.status, 403);
    assert_eq!(set_adders(&mut member, "everyone").await.status, 403);
    assert_eq!(app.database.count("node_types"), 0);

    assert_eq!(act(&mut admin, "http-request", "add").await.status, 303);
    assert_eq!(set_adders(&mut admin, "nobody").await.status, 400);
    for _ in 0..2 {
        assert_eq!(set_adders(&mut admin, "everyone").await.status, 303);
    }
    assert_eq!(entries(&app, "workspace.adders_changed"), 1, "the second changes nothing");
    assert_eq!(ada.get(SETTINGS).await.attributes("input[name=adders][checked]", "value"), ["everyone"]);
    assert_eq!(member.get(&format!("{LIST}/stripe")).await.attributes("form[action$='/add']", "action").len(), 1);
    member.add_stripe("Payments", KEY, "vend").await;
    assert_eq!(app.database.count("node_types WHERE slug = 'stripe'"), 1);
    // “Everyone” covers adding what the catalogue has, and nothing else.
    for what in ["disable", "enable", "remove", "description"] {
        assert_eq!(act(&mut member, "stripe", what).await.status, 403, "{what}");
    }
    let page = member.get(&format!("{LIST}/stripe")).await;
    assert!(page.attributes("form[method=post][action*='node-types']", "action").is_empty(), "{}", page.text);
    assert!(
        page.attributes("a[href$='/remove']", "href").is_empty()
            && page.attributes("a[href$='/disable']", "href").is_empty()
    );
    assert_eq!(member.get("/w/acme/custom-apis/new").await.status, 403);
    assert!(!member.get(LIST).await.text.contains("custom-apis/new"));
}

#[actix_web::test]
async fn adding_twice_and_at_once_adds_one() {
    let app = TestApp::start().await;
    let ada = app.bare_owner().await;
    let adding = (0..6).map(|_| {
        let mut ada = ada.clone();
        async move { act(&mut ada, "stripe", "add").await.status }
    });
    assert_eq!(join_all(adding).await, [303; 6]);
    assert_eq!((app.database.count("node_types"), entries(&app, "node_type.added")), (1, 1));
    let storing = (0..4).map(|number| {
        let mut ada = ada.clone();
        let fields = [
            ("placement", "bearer".to_owned()),
            ("field-base_url", "https://api.example.com".to_owned()),
            ("bearer-access_token", "at-once-1234567890".to_owned()),
            ("name", format!("At once {number}")),
            ("environment", "test".to_owned()),
            ("delivery", "vend".to_owned()),
        ];
        async move {
            let form = "/w/acme/secrets/new/http-request";
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
            ada.submit(form, form, &fields).await.status
        }
    });
    assert_eq!(join_all(storing).await, [303; 4]);
    assert_eq!(app.database.count("node_types WHERE slug = 'http-request'"), 1);
    assert_eq!((app.database.count("secrets"), entries(&app, "node_type.added")), (4, 2));
}

#[actix_web::test]
async fn what_is_disabled_is_used_by_nobody_until_it_is_enabled() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Payments", KEY, "vend").await;
    bind(&app, "1a", "stripe", &secret);
    let (token, person) = ada.make_token("test").await;
    token.put("stripe", "customer-42", KEY).await;
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    let asked = ada.get(&format!("{LIST}/stripe/disable")).await;
    for line in
        ["1 secret of a member", "Payments", "1 connection of an end user", "charge of Night audit 1a", "Backend"]
    {
        assert!(asked.text.contains(line), "{line}: {}", asked.text);
    }
    for _ in 0..2 {
        assert_eq!(act(&mut ada, "stripe", "disable").await.status, 303);
    }
    assert_eq!((entries(&app, "node_type.disabled"), entries(&app, "node.loosened")), (1, 1));
    assert_eq!(
        app.database.count("nodes WHERE trouble = 'disabled' AND secret_id IS NOT NULL"),
        1,
        "the binding stays"
    );
    token.vend("stripe", &person).await.refused(403, "node_type_disabled");
    token.vend("stripe", "customer-42").await.refused(403, "node_type_disabled");
    token.put("stripe", "customer-42", KEY).await.refused(403, "node_type_disabled");
    token.put("stripe", "customer-43", KEY).await.refused(403, "node_type_disabled");
    let page = ada.get(&format!("/w/acme/secrets/{secret}")).await.text;
    assert!(page.contains("Its node type is disabled"), "{page}");
    assert!(ada.get("/w/acme/secrets").await.text.contains("its node type is disabled"));
    let choice = ada.get("/w/acme/secrets/new").await;
    assert!(choice.text.contains("Disabled by an Owner or Admin"));
    assert!(choice.attributes("a[href$='/secrets/new/stripe']", "href").is_empty());
    assert_eq!(ada.get(STRIPE).await.location(), "/w/acme/node-types/stripe");
    let fields = [
        ("kind", "api_key"),
        ("api_key-api_key", KEY),
        ("name", "Late"),
        ("environment", "test"),
        ("delivery", "vend"),
    ];
    assert_eq!(ada.submit("/account", STRIPE, &fields).await.status, 422, "a form that was still open");
    assert_eq!(app.database.count("secrets WHERE name = 'Late'"), 0);

    for _ in 0..2 {
        assert_eq!(act(&mut ada, "stripe", "enable").await.status, 303);
    }
    assert_eq!((entries(&app, "node_type.enabled"), app.database.count("nodes WHERE trouble IS NULL")), (1, 1));
    token.vend("stripe", &person).await.hands_out(KEY);
}

#[actix_web::test]
async fn removing_one_takes_every_secret_of_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let secret = ada.add_stripe("Payments", KEY, "vend").await;
    member.add_stripe("Of a member", "rk_test_ofamember1234567", "vend").await;
    bind(&app, "1a", "stripe", &secret);
    let (token, person) = ada.make_token("test").await;
    token.put("stripe", "customer-42", KEY).await;
    token.vend("stripe", &person).await.hands_out(KEY);
    app.counted().await;
    let theirs = app.token_of("Other", "eve@example.com", "test", "vend,connect").await;
    theirs.put("stripe", "customer-42", KEY).await;
    let path = format!("{LIST}/stripe/remove");
    let preview = ada.get(&path).await;
    for line in ["2 secrets of members", "Of a member", "of Ada", "1 connection of an end user", "1 use"] {
        assert!(preview.text.contains(line), "{line}: {}", preview.text);
    }
    let seen = preview.attributes("input[name=seen]", "value").remove(0);
    let confirm = |name: &'static str, seen: &str| [("name", name.to_owned()), ("seen", seen.to_owned())];
    for fields in [confirm("stripe", &seen), confirm("Stripe", "00000000"), confirm("Stripe", "")] {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        assert_eq!(ada.submit(&path, &path, &fields).await.status, 422, "{fields:?}");
    }
    member.add_stripe("In between", "rk_test_inbetween1234567", "vend").await;
    let stale = ada.submit(&path, &path, &[("name", "Stripe"), ("seen", &seen)]).await;
    assert!(stale.status == 422 && stale.text.contains("has changed since"), "{}", stale.text);
    assert_eq!(entries(&app, "secret.deleted"), 0);

    app.post().await;
    assert_eq!(remove(&mut ada, "stripe", "Stripe").await.status, 303);
    let letter = app.letter_to("member@example.com").await;
    assert_eq!(letter.subject, "Secrets of yours were deleted in Acme", "one letter about both");
    assert!(letter.text.contains("Of a member") && letter.text.contains("In between"), "{}", letter.text);
    let of_acme = "workspace_id = (SELECT id FROM workspaces WHERE slug = 'acme')";
    for gone in ["secrets", "data_keys", "node_types WHERE slug = 'stripe' AND"] {
        let at = if gone.contains("WHERE") { format!("{gone} {of_acme}") } else { format!("{gone} WHERE {of_acme}") };
        assert_eq!(app.database.count(&at), 0, "{gone}");
    }
    assert_eq!(app.database.count("secret_values"), 1, "the other workspace's stays");
    assert_eq!(app.database.count("nodes WHERE trouble = 'removed' AND secret_id IS NULL"), 1);
    assert_eq!((entries(&app, "secret.deleted"), entries(&app, "node_type.removed")), (4, 1));
    token.vend("stripe", &person).await.refused(404, "not_found");
    theirs.vend("stripe", "customer-42").await.hands_out(KEY);
    assert_eq!(act(&mut ada, "stripe", "remove").await.status, 404, "twice");
    assert_eq!(act(&mut ada, "stripe", "add").await.status, 303);
    token.vend("stripe", &person).await.is_not_installed();
    assert_eq!(eve.get("/w/other/node-types/stripe").await.status, 200);
    assert_eq!(eve.get(LIST).await.status, 404);
}

#[actix_web::test]
async fn two_who_remove_at_once_remove_it_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", KEY, "vend").await;
    let path = format!("{LIST}/stripe/remove");
    let form = ada.get(&path).await;
    let (csrf, seen) = (form.csrf(), form.attributes("input[name=seen]", "value").remove(0));
    let removing = (0..3).map(|_| {
        let (mut ada, csrf, seen, path) = (ada.clone(), csrf.clone(), seen.clone(), path.clone());
        async move { ada.post(&path, &[("csrf", &csrf), ("name", "Stripe"), ("seen", &seen)]).await.status }
    });
    let mut answers = join_all(removing).await;
    answers.sort_unstable();
    assert_eq!(answers, [303, 404, 404]);
    assert_eq!((entries(&app, "node_type.removed"), entries(&app, "secret.deleted")), (1, 1));
}

#[actix_web::test]
async fn end_users_read_what_is_written_about_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let (page, to) = (format!("{LIST}/stripe"), format!("{LIST}/stripe/description"));
    let text = "So that we can charge your guests.\n<script>alert(1)</script>";
    for _ in 0..2 {
        assert_eq!(ada.submit(&page, &to, &[("description", text)]).await.status, 303);
    }
    assert_eq!(entries(&app, "node_type.described"), 1);
    assert!(ada.get(&page).await.text_of("textarea").contains("<script>alert(1)</script>"));
    let seen = member.get(&page).await;
    assert!(seen.text.contains("charge your guests") && !seen.text.contains("<script>alert"), "markup is text");
    for bad in ["x".repeat(1_001), "a\u{202e}b".to_owned()] {
        let again = ada.submit(&page, &to, &[("description", &bad)]).await;
        assert_eq!((again.status, again.text_of("textarea")), (422, bad));
    }
    assert_eq!(ada.submit(&page, &to, &[("description", "")]).await.status, 303);
    assert_eq!(app.database.count("node_types WHERE description IS NOT NULL"), 0);
}

#[actix_web::test]
async fn the_catalogue_is_searched_and_says_what_is_there_already() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    act(&mut ada, "stripe", "add").await;
    let all = ada.get(LIST).await;
    assert!(all.attributes("a.tile", "href").len() >= 2 && all.text.contains("Added"));
    let found = ada.get(&format!("{LIST}?q=payments,%20invoices%20and%20revenue")).await;
    assert_eq!(found.attributes("a.tile", "href"), [format!("{LIST}/stripe")]);
    assert_eq!(found.attributes("[data-filters]", "value"), ["payments, invoices and revenue"]);
    assert!(ada.get(&format!("{LIST}?q=no-such-thing")).await.text.contains("No node type matches"));
    let first = ada.get("/w/acme/secrets/new").await;
    assert_eq!(first.attributes("a.tile", "href")[0], STRIPE, "its own come first");
    assert_eq!(ada.get(&format!("{LIST}/no-such-thing")).await.status, 404);
    assert_eq!(act(&mut ada, "no-such-thing", "add").await.status, 404);
}

#[actix_web::test]
async fn every_type_of_the_catalogue_can_be_drawn() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    for node in app.app.catalog.all() {
        assert_eq!(ada.get(&format!("{LIST}/{}", node.slug)).await.status, 200, "{}", node.slug);
        let form = ada.get(&format!("/w/acme/secrets/new/{}", node.slug)).await;
        if node.all_kinds().next().is_none() {
            assert_eq!(form.status, 404, "{} holds no keys", node.slug);
            continue;
        }
        assert_eq!(form.status, 200, "{}", node.slug);
        let labelled = form.attributes("label[for]", "for");
        let ways = node.kinds.iter().map(|kind| (kind.kind.as_str(), kind));
        let choices = node.placement_choices.iter().map(|choice| (choice.name.as_str(), &choice.kind));
        let fields =
            ways.chain(choices).flat_map(|(way, kind)| kind.fields.iter().map(move |field| (way, &field.name)));
        for (way, name) in fields.chain(node.parts.iter().map(|part| ("field", &part.name))) {
            assert!(labelled.contains(&format!("{way}-{name}")), "{}: no label for {way}-{name}", node.slug);
        }
    }
}

#[actix_web::test]
async fn the_marks_are_files_that_any_browser_may_load() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let page = ada.get(LIST).await;
    let mark = page.attributes(".brand-stripe img", "src").remove(0);
    let (file, part) = mark.split_once('#').unwrap();
    assert_eq!((file.starts_with("/assets/"), part), (true, "stripe"));
    let drawing = ada.get(file).await;
    assert_eq!(drawing.header("content-type"), "image/svg+xml");
    assert!(drawing.text.contains("<view id=\"stripe\"") && !drawing.text.contains("<script"));
    let sheet = page.attributes("link[rel=stylesheet]", "href").into_iter().find(|at| at.ends_with("css/brands.css"));
    let sheet = ada.get(&sheet.unwrap()).await;
    assert!(sheet.text.contains(".brand-stripe{--brand:#635bff;--brand-ink:#ffffff}"), "{}", sheet.text);
    assert!(sheet.header("cache-control").contains("immutable"));
}
