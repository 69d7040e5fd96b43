//! Workflows on the pages: made, listed, narrowed, their nodes bound and loosened, and who may do what.

use keyrack::domain::Role;

use crate::support::{Browser, TestApp, WORKFLOWS};

const KEY: &str = "rk_test_workflows123456";
const GRACE: &str = "grace@example.com";
const HTTP: &str = "http-request";

/// The names in the list, in the order of the page, and the sentence that counts.
async fn listed(by: &mut Browser, query: &str) -> (Vec<String>, String) {
    let page = by.get(&format!("{WORKFLOWS}?{query}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let html = scraper::Html::parse_document(&page.text);
    let links = scraper::Selector::parse("a.row-link").unwrap();
    let names = html.select(&links).map(|link| link.text().collect()).collect();
    let told = if page.text.contains("No workflow yet") { String::new() } else { page.text_of(".chips .muted") };
    (names, told)
}

fn offered(page: &crate::support::Page) -> Vec<String> {
    page.attributes("select[name=secret] option:not([value=''])", "value")
}

#[actix_web::test]
async fn a_workflow_is_made_bound_narrowed_to_renamed_and_deleted() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert!(ada.get(WORKFLOWS).await.text.contains("No workflow yet"));
    let secret = ada.add_stripe("Till", KEY, "vend").await;
    let (ready, node) = ada.add_bound("Invoices", &secret).await;
    let later = || app.advance(std::time::Duration::from_secs(1));
    later();
    let waiting = ada.add_workflow("Receipts", "receipts-1").await;
    later();
    ada.add_node(&waiting, "mail", HTTP).await;
    let live = ada.submit_workflow(&[("name", "Live one"), ("environment", "live")]).await;
    assert_eq!(live.status, 303, "{}", live.text);

    let all = (["Live one", "Receipts", "Invoices"].map(ToOwned::to_owned).to_vec(), "3 workflows".to_owned());
    assert_eq!(listed(&mut ada, "").await, all);
    for (query, names) in [
        ("q=inv", vec!["Invoices"]),
        ("state=needs", vec!["Receipts"]),
        ("state=ready", vec!["Live one", "Invoices"]),
        ("environment=live", vec!["Live one"]),
        ("state=ready&environment=test", vec!["Invoices"]),
        ("q=%25", vec![]),
    ] {
        let (found, told) = listed(&mut ada, query).await;
        assert_eq!(
            (found, told),
            (names.iter().map(|n| (*n).to_owned()).collect(), format!("{} of 3 workflows", names.len())),
            "{query}"
        );
    }

    let page = ada.workflow_page(&ready).await;
    assert!(page.text_of(".verdict h2").contains("Ready") && page.text.contains("3456"), "{}", page.text);
    assert!(!page.text.contains(KEY));
    assert!(page.text_of("pre").contains(&format!("/api/v1/workflows/{ready}/nodes/charge/credentials")));
    assert!(ada.workflow_page(&waiting).await.text.contains("no key is bound to it yet"));
    let used = ada.get(&format!("/w/acme/secrets/{secret}")).await;
    assert!(used.text.contains("Invoices") && used.text.contains("at its node charge"));
    let impact = ada.get(&format!("/w/acme/secrets/{secret}/delete")).await;
    assert!(impact.text.contains("Invoices") && impact.text.contains("One node needs another key"));

    assert_eq!(ada.change_workflow(&ready, "name", &[("name", "Bills")]).await.status, 303);
    assert_eq!(ada.workflow_page(&ready).await.text_of("h1"), "Bills");
    assert_eq!(ada.change_workflow(&ready, &format!("nodes/{node}/unbind"), &[]).await.status, 303);
    assert_eq!(listed(&mut ada, "state=needs").await.0, ["Receipts", "Bills"]);
    assert_eq!(ada.change_workflow(&ready, &format!("nodes/{node}/remove"), &[]).await.status, 303);
    assert_eq!(ada.change_workflow(&ready, &format!("nodes/{node}/remove"), &[]).await.status, 404, "it goes once");
    assert_eq!(ada.change_workflow(&ready, "delete", &[("name", "Invoices")]).await.status, 422);
    assert_eq!(ada.change_workflow(&ready, "delete", &[("name", "Bills")]).await.status, 303);
    assert_eq!(ada.workflow_page(&ready).await.status, 404);
    assert_eq!(app.database.count("secrets"), 1, "the key stays");
    let told = ada.get("/w/acme/activity").await.text;
    for words in
        ["registered the workflow Invoices", "bound Till to the node charge", "renamed the workflow Invoices to Bills"]
    {
        assert!(told.contains(words), "{words}");
    }
}

#[actix_web::test]
async fn only_the_owner_changes_it_and_only_admins_see_others() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut other = app.member("other@example.com", Role::Member).await;
    let secret = member.add_stripe("Mine", KEY, "vend").await;
    let (workflow, node) = member.add_bound("Invoices", &secret).await;
    let token = app.token("test", "vend").await.id();
    assert_eq!(member.let_run(&workflow, &token).await.status, 303, "whoever owns it names any token");
    // But nobody takes the name that another's machine asks by, and waits for it.
    let taken = member.add_workflow("Checkout", "checkout").await;
    let page = member.let_run(&taken, &token).await;
    assert!(page.status == 422 && page.text.contains("There is no working service token"), "{}", page.text);
    assert_eq!(app.database.count("workflow_tokens"), 1);
    let hers = ada.add_workflow("Orders", "orders").await;
    assert_eq!(ada.let_run(&hers, &token).await.status, 303, "their own");
    let his = admin.add_workflow("Bills", "bills").await;
    assert_eq!(admin.let_run(&his, &token).await.status, 303, "Admins see all");
    assert_eq!(member.change_workflow(&taken, "delete", &[("name", "Checkout")]).await.status, 303);
    assert_eq!(ada.change_workflow(&hers, "delete", &[("name", "Orders")]).await.status, 303);
    assert_eq!(admin.change_workflow(&his, "delete", &[("name", "Bills")]).await.status, 303);
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let ways: [(String, Vec<(&str, &str)>); 7] = [
        ("name".to_owned(), vec![("name", "Theirs")]),
        ("nodes".to_owned(), vec![("key", "more"), ("node_type", "stripe")]),
        ("tokens".to_owned(), vec![("token_id", token.as_str())]),
        (format!("tokens/{token}/remove"), vec![]),
        (format!("nodes/{node}/bind"), vec![("secret", secret.as_str())]),
        (format!("nodes/{node}/unbind"), vec![]),
        (format!("nodes/{node}/remove"), vec![]),
    ];
    for (what, fields) in &ways {
        for (by, status) in [(&mut ada, 403), (&mut admin, 403), (&mut other, 404), (&mut eve, 404)] {
            let page = by.change_workflow(&workflow, what, fields).await;
            assert_eq!(page.status, status, "{what}");
        }
    }
    for (by, status) in [(&mut ada, 200), (&mut admin, 200), (&mut other, 404), (&mut eve, 404)] {
        let page = by.workflow_page(&workflow).await;
        assert_eq!(page.status, status);
        assert!(status != 200 || (offered(&page).is_empty() && !page.text.contains("/nodes\"")), "nothing to change");
    }
    assert_eq!(listed(&mut other, "").await.0.len(), 0);
    assert_eq!(listed(&mut admin, "").await.0, ["Invoices"]);
    assert_eq!(other.change_workflow(&workflow, "delete", &[("name", "Invoices")]).await.status, 404);
    assert_eq!(admin.change_workflow(&workflow, "delete", &[("name", "Invoices")]).await.status, 303);
    assert_eq!(app.database.count("workflows"), 0);
}

#[actix_web::test]
async fn a_node_is_offered_what_fits_and_takes_nothing_else() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let own = ada.add_stripe("Own", KEY, "vend").await;
    let live = ada.add_stripe("Live", "sk_live_abcdefghijklmnop", "vend").await;
    let private = grace.add_stripe("Private", KEY, "vend").await;
    let shared = app.share(&mut grace, "Shared", KEY).await;
    let token = app.token("test", "connect").await;
    assert_eq!(token.put("stripe", "customer-42", KEY).await.status, 200);
    let connection = app.database.text("SELECT id AS text FROM secrets WHERE owner_id IS NULL");
    app.database.execute(&format!("UPDATE secrets SET sharing = 'workspace' WHERE id = '{connection}'"));
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let page = eve
        .submit(
            "/w/other/secrets/new/stripe",
            "/w/other/secrets/new/stripe",
            &[
                ("kind", "api_key"),
                ("api_key-api_key", KEY),
                ("name", "Foreign"),
                ("environment", "test"),
                ("delivery", "vend"),
                ("sharing", "workspace"),
            ],
        )
        .await;
    let foreign = page.location().rsplit('/').next().unwrap().to_owned();

    let workflow = ada.add_workflow("Invoices", "").await;
    let charge = ada.add_node(&workflow, "charge", "stripe").await;
    let call = ada.add_node(&workflow, "call", HTTP).await;
    let page = ada.workflow_page(&workflow).await;
    assert_eq!(offered(&page), [own.clone(), shared.clone()]);
    let one = ada.get(&format!("{WORKFLOWS}/{workflow}/nodes/{charge}?q=sha")).await;
    assert_eq!(one.attributes("input[name=secret]", "value"), [shared.as_str()]);
    for bad in [&live, &private, &connection, &foreign, "sec_nonsense", "", "sec_01jd8x3f5k7q9r2t4v6w8y0z1a"] {
        assert_eq!(ada.bind(&workflow, &charge, bad).await.status, 422, "{bad}");
    }
    assert_eq!(ada.bind(&workflow, &call, &own).await.status, 422, "a key of another node type");
    assert_eq!(app.database.count("nodes WHERE secret_id IS NOT NULL"), 0);
    for good in [&own, &shared, &shared] {
        assert_eq!(ada.bind(&workflow, &charge, good).await.status, 303);
    }
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%node.bound%'"), 2, "the same again is nothing new");
    app.database.run("UPDATE node_types SET enabled = FALSE WHERE slug = 'stripe'");
    assert_eq!(ada.bind(&workflow, &charge, &own).await.status, 422, "a disabled node type");
}

#[actix_web::test]
async fn forms_come_back_with_what_is_wrong() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let long = "x".repeat(10_000);
    let markup = "<script>alert(1)</script>";
    for (name, external) in [
        ("", "a"),
        (long.as_str(), "a"),
        ("a\u{202e}b", "a"),
        ("Good", "a b"),
        ("Good", markup),
        ("Good", &long),
        ("Good", "wfl_x"),
    ] {
        let fields = [("name", name), ("environment", "test"), ("external_id", external)];
        assert_eq!(ada.submit_workflow(&fields).await.status, 422, "{name:.20} {external:.20}");
    }
    let workflow = ada.add_workflow(markup, "invoices").await;
    let page = ada.workflow_page(&workflow).await;
    assert!(!page.text.contains(markup) && page.text_of("h1") == markup);
    let again = ada.submit_workflow(&[("name", "B"), ("environment", "test"), ("external_id", "invoices")]).await;
    assert!(again.status == 422 && again.text.contains("has this external id"), "{}", again.text);
    let live = ada.submit_workflow(&[("name", "B"), ("environment", "live"), ("external_id", "invoices")]).await;
    assert_eq!(live.status, 303, "test and live never meet");
    for key in ["", "a b", "a/b", "..", markup, &long] {
        let page = ada.change_workflow(&workflow, "nodes", &[("key", key), ("node_type", "stripe")]).await;
        assert_eq!(page.status, 422, "{key:.20}");
    }
    ada.add_node(&workflow, "charge", "stripe").await;
    for (key, node_type) in [("charge", "stripe"), ("charge", HTTP), ("b", "nothing"), ("b", "No Slug")] {
        let page = ada.change_workflow(&workflow, "nodes", &[("key", key), ("node_type", node_type)]).await;
        assert_eq!(page.status, 422, "{key} {node_type}");
    }
    for name in ["", &long] {
        assert_eq!(ada.change_workflow(&workflow, "name", &[("name", name)]).await.status, 422);
    }
    let live = app.token("live", "vend").await.id();
    for token in ["", "nonsense", "tok_01jd8x3f5k7q9r2t4v6w8y0z1a", &live] {
        assert_eq!(ada.let_run(&workflow, token).await.status, 422, "{token}");
    }
    assert_eq!(app.database.count("workflow_tokens"), 0);
}

#[actix_web::test]
async fn a_form_sent_twice_makes_one_workflow_and_many_at_once_one_node() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let form = ada.get(&format!("{WORKFLOWS}/new")).await;
    let (csrf, id) = (form.csrf(), form.attributes("input[name=id]", "value").remove(0));
    let fields = [("csrf", csrf.as_str()), ("id", &id), ("name", "Once"), ("environment", "test")];
    for _ in 0..2 {
        let page = ada.post(&format!("{WORKFLOWS}/new"), &fields).await;
        assert_eq!((page.status, page.location()), (303, format!("{WORKFLOWS}/{id}").as_str()));
    }
    assert_eq!(app.database.count("workflows"), 1);
    let node = [("csrf", csrf.as_str()), ("key", "charge"), ("node_type", "stripe")];
    let path = format!("{WORKFLOWS}/{id}/nodes");
    let mut browsers = vec![ada.clone(); 6];
    let sent = browsers.iter_mut().map(|browser| browser.post(&path, &node));
    let answers = futures_util::future::join_all(sent).await;
    assert_eq!(answers.iter().filter(|page| page.status == 303).count(), 1);
    assert!(answers.iter().all(|page| [303, 422].contains(&page.status)));
    assert_eq!(app.database.count("nodes"), 1);
}

#[actix_web::test]
async fn many_keys_are_searched_and_the_page_stays_short() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Last of all", KEY, "vend").await;
    let numbers = crate::lists::numbers(60);
    let owner = "(SELECT id FROM people)";
    app.database.execute(&format!(
        "INSERT INTO secrets (id, workspace_id, node_type_id, environment, name, name_key, kind, owner_id, sharing, delivery, \
         revision, value_number, newest_number, facts, value_entered_at, created_at, updated_at) {numbers} \
         SELECT 'sec_01jd8x3f5k00000000' || tail, (SELECT id FROM workspaces), (SELECT id FROM node_types WHERE slug = 'stripe'), \
         'test', 'Key ' || tail, 'key ' || tail, 'api_key', {owner}, 'private', 'vend', 1, 1, 1, '{{}}', 1, 1, 1 FROM numbered"
    ));
    let workflow = ada.add_workflow("Invoices", "").await;
    let node = ada.add_node(&workflow, "charge", "stripe").await;
    let page = ada.workflow_page(&workflow).await;
    assert_eq!(offered(&page).len(), 25);
    assert!(page.text.contains("Search 61 keys"));
    let all = format!("{WORKFLOWS}/{workflow}/nodes/{node}");
    let one = ada.get(&all).await;
    assert!(one.text.contains("the first 50 of 61 keys"));
    assert_eq!(ada.get(&format!("{all}?q=last")).await.attributes("input[name=secret]", "value").len(), 1);
}

#[actix_web::test]
async fn a_long_list_is_turned_page_by_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let numbers = crate::lists::numbers(60);
    app.database.execute(&format!(
        "INSERT INTO workflows (id, workspace_id, owner_id, environment, name, name_key, revision, created_at, updated_at) {numbers} \
         SELECT 'wfl_01jd8x3f5k00000000' || tail, (SELECT id FROM workspaces), (SELECT id FROM people), 'test', 'Flow ' || tail, \
         'flow ' || tail, 1, 1, 1 FROM numbered"
    ));
    let first = ada.get(&format!("{WORKFLOWS}?q=flow")).await;
    assert_eq!(first.attributes("a.row-link", "href").len(), 50);
    let older = crate::lists::older(&first).unwrap();
    let second = ada.get(&older).await;
    assert_eq!(second.attributes("a.row-link", "href").len(), 10);
    assert!(crate::lists::older(&second).is_none() && crate::lists::newer(&second).is_some());
}

#[actix_web::test]
async fn what_breaks_is_said_at_home_and_by_one_letter() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let shared = app.share(&mut ada, "Till", KEY).await;
    let own = grace.add_stripe("Own", KEY, "vend").await;
    let (workflow, charge) = grace.add_bound("Invoices", &shared).await;
    let refund = grace.add_node(&workflow, "refund", "stripe").await;
    assert_eq!(grace.bind(&workflow, &refund, &shared).await.status, 303);
    ada.add_bound("Of Ada", &shared).await;
    app.post().await;

    let gone = ada.submit("/account", &format!("/w/acme/secrets/{shared}/delete"), &[("name", "Till")]).await;
    assert_eq!(gone.status, 303);
    let letters: Vec<_> =
        app.post().await.into_iter().filter(|mail| mail.subject.contains("need another key")).collect();
    assert_eq!(letters.len(), 1, "one for Grace, none for Ada who did it: {letters:#?}");
    assert_eq!(letters[0].to, GRACE);
    for words in ["“charge” of Invoices was “Till”, deleted by its owner on 21 Nov 2026", "“refund” of Invoices"]
    {
        assert!(letters[0].text.contains(words), "{}", letters[0].text);
    }
    let home = grace.get("/w/acme").await;
    assert!(
        home.text.contains("Invoices needs reconfiguration") && home.text.contains("And 1 more node."),
        "{}",
        home.text
    );
    assert!(!home.text.contains("Of Ada needs"), "one’s own alone");
    let page = grace.workflow_page(&workflow).await;
    assert!(page.text.contains("was “Till”, deleted by its owner on 21 Nov 2026"), "{}", page.text);
    assert_eq!(listed(&mut grace, "state=needs&q=inv").await.0, ["Invoices"]);
    for node in [&charge, &refund] {
        assert_eq!(grace.bind(&workflow, node, &own).await.status, 303, "bound again");
    }
    assert!(!grace.get("/w/acme").await.text.contains("Invoices needs reconfiguration"));
    assert!(grace.workflow_page(&workflow).await.text_of(".verdict h2").contains("Ready"));
    let gone = ada.submit("/account", &format!("/w/acme/secrets/{own}/delete"), &[("name", "Own")]).await;
    assert_eq!(gone.status, 303);
    assert!(grace.workflow_page(&workflow).await.text.contains("was “Own”, deleted by an Owner"));
}
