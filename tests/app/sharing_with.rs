//! Sharing with chosen members: who may do it, with whom, and what it lets them do.

use keyrack::domain::Role;

use crate::support::{Browser, Page, STRIPE, TestApp, share_path};

const KEY: &str = "rk_test_sharedwith123456";
const GRACE: &str = "grace@example.com";
const BOB: &str = "bob@example.com";

fn told(app: &TestApp, event: &str) -> i64 {
    app.database.count(&format!("audit_entries WHERE entry LIKE '%\"secret.{event}\"%'"))
}

/// Every entry about sharing.
fn shared(app: &TestApp) -> i64 {
    app.database.count("audit_entries WHERE entry LIKE '%\"secret.shar%'")
}

fn shares(app: &TestApp) -> i64 {
    app.database.count("secret_shares")
}

fn chosen(page: &Page) -> Vec<String> {
    page.attributes("input[name=with][checked]", "value")
}

/// The first Owner with a key of theirs, a Member and an Admin.
async fn team(app: &TestApp) -> (Browser, String, Browser, Browser) {
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    (ada, id, app.member(GRACE, Role::Member).await, app.member(BOB, Role::Admin).await)
}

#[actix_web::test]
async fn those_who_are_chosen_use_it_and_nobody_else_does() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace, mut bob) = team(&app).await;
    // Fetching takes a token of an Admin: two of them, of whom one is chosen.
    let mut carol = app.member("carol@example.com", Role::Admin).await;
    let (her, his, carols) = (grace.id().await, bob.id().await, carol.id().await);
    let by_bob = app.token_of("Acme", BOB, "test", "vend").await;
    let by_carol = app.token_of("Acme", "carol@example.com", "test", "vend").await;
    let page = format!("/w/acme/secrets/{id}");
    let named = serde_json::json!({ "user_id": his, "connected_account_id": id });

    by_carol.vend("stripe", &carols).await.is_not_installed();
    ada.share_with(&id, &[&carols]).await;
    by_carol.vend("stripe", &carols).await.hands_out(KEY);
    by_bob.vend("stripe", &his).await.is_not_installed();
    by_bob.vend_with("stripe", &named).await.refused(404, "not_found");
    by_bob.vend("stripe", &carols).await.refused(404, "not_found");
    app.token_of("Acme", "carol@example.com", "live", "vend").await.vend("stripe", &carols).await.is_not_installed();

    for path in [&page, &share_path(&id)] {
        assert_eq!(grace.get(path).await.status, 404, "whoever is not chosen");
    }
    ada.share_with(&id, &[&her, &carols]).await;
    let seen = grace.get(&page).await;
    assert_eq!(seen.status, 200, "at the very next request");
    for other in [&her, &carols] {
        assert!(seen.text.contains(&format!("/w/acme/members/{other}")), "each of them sees who else may");
    }
    assert_eq!((told(&app, "share_given"), shares(&app)), (2, 2), "one of them had it already");

    ada.share_with(&id, &[&her]).await;
    by_carol.vend("stripe", &carols).await.is_not_installed();
    assert_eq!((told(&app, "share_taken"), shares(&app)), (1, 1));
    assert_eq!(ada.share_as(&id, "workspace", &[]).await.status, 303);
    assert_eq!((grace.get(&page).await.status, shares(&app)), (200, 0));
    assert_eq!(told(&app, "share_taken"), 1, "who may use it with everybody has lost nothing");
    by_bob.vend("stripe", &his).await.hands_out(KEY);
    assert_eq!(ada.share_as(&id, "private", &[]).await.status, 303);
    assert_eq!(grace.get(&page).await.status, 404);
    by_bob.vend("stripe", &his).await.is_not_installed();
    assert!(ada.get("/w/acme/activity").await.text.contains("be used by their owner alone"));
    for browser in [&ada, &grace, &bob, &carol] {
        assert!(browser.seen.iter().all(|text| !text.contains(KEY)), "use, never sight");
    }
}

#[actix_web::test]
async fn only_its_owner_shares_it() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace, mut bob) = team(&app).await;
    let (her, his) = (grace.id().await, bob.id().await);
    ada.share_with(&id, &[&her]).await;
    let before = shared(&app);
    let mut other = app.other_owner("owner@example.com").await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    for (browser, status) in [(&mut grace, 403), (&mut bob, 403), (&mut other, 403), (&mut eve, 404)] {
        for sharing in ["private", "members", "workspace"] {
            let page = browser.submit("/account", &share_path(&id), &[("sharing", sharing), ("with", &his)]).await;
            assert_eq!(page.status, status, "{sharing}");
        }
    }
    assert_eq!((shared(&app), shares(&app)), (before, 1), "nothing has come of it");
    for (browser, name) in [(&mut grace, "a chosen member"), (&mut bob, "an Admin"), (&mut other, "an Owner")] {
        let page = browser.get(&share_path(&id)).await;
        assert_eq!(page.status, 200, "{name}");
        assert!(page.text.contains(&format!("/w/acme/members/{her}")), "{name} sees who may use it");
        assert!(page.attributes("main input", "name").is_empty() && page.text.contains("Only Ada can change this"));
    }
    let token = app.token("test", "connect,vend").await;
    token.put("stripe", "customer-42", KEY).await;
    let outside = app.database.text("SELECT id AS text FROM secrets WHERE owner_id IS NULL");
    assert_eq!(ada.get(&share_path(&outside)).await.status, 404, "nobody shares what is an end user's");
    let page = ada.submit("/account", &share_path(&outside), &[("sharing", "workspace")]).await;
    assert_eq!((page.status, app.database.count("secrets WHERE sharing = 'workspace'")), (404, 0));
    assert!(!ada.get(&format!("/w/acme/secrets/{outside}")).await.text.contains("Who may use it</h2>"));
}

#[actix_web::test]
async fn nobody_from_elsewhere_is_chosen_whatever_a_form_says() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace, _) = team(&app).await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let mut gone = app.removed_member("gone@example.com").await;
    let (mine, her, hers, theirs) = (ada.id().await, grace.id().await, eve.id().await, gone.id().await);
    let nobody = "usr_01jd8x3f5k7q9r2t4v6w8y0z1a";
    let offered = ada.get(&share_path(&id)).await.attributes("input[name=with]", "value");
    assert!(offered.contains(&her) && offered.len() == 2, "{offered:?}");
    for other in [hers.as_str(), &theirs, nobody] {
        let page = ada.share_as(&id, "members", &[("with", &her), ("with", other)]).await;
        assert_eq!(page.status, 422, "{other}");
        assert!(page.text.contains("not a member any more") && chosen(&page) == [her.clone()]);
        let fields = [
            ("kind", "api_key"),
            ("api_key-api_key", KEY),
            ("name", "New"),
            ("environment", "test"),
            ("delivery", "vend"),
            ("sharing", "members"),
            ("with", other),
        ];
        assert_eq!(ada.submit(STRIPE, STRIPE, &fields).await.status, 422, "{other} at once");
    }
    assert_eq!(ada.share_as(&id, "members", &[("with", "her")]).await.status, 400);
    for nobody in [vec![], vec![("with", mine.as_str())]] {
        let page = ada.share_as(&id, "members", &nobody).await;
        assert!(page.status == 422 && page.text.contains("Choose at least one member."), "the owner is no choice");
    }
    assert_eq!((shares(&app), told(&app, "share_given"), app.database.count("secrets")), (0, 0, 1));
    assert_eq!(eve.get(&format!("/w/other/secrets/{id}")).await.status, 404);
}

#[actix_web::test]
async fn a_new_secret_is_shared_with_those_who_were_chosen_for_it() {
    let app = TestApp::start().await;
    let (mut ada, _, mut grace, mut bob) = team(&app).await;
    let (mine, her, his) = (ada.id().await, grace.id().await, bob.id().await);
    let mut fields = vec![
        ("kind", "api_key"),
        ("api_key-api_key", KEY),
        ("name", ""),
        ("environment", "test"),
        ("delivery", "vend"),
        ("sharing", "members"),
        ("with", her.as_str()),
        ("with", mine.as_str()),
    ];
    let again = ada.submit(STRIPE, STRIPE, &fields).await;
    assert_eq!((again.status, chosen(&again)), (422, vec![her.clone()]), "whoever was chosen stays chosen");
    fields[2].1 = "Shared from the first";
    let page = ada.submit(STRIPE, STRIPE, &fields).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(grace.get(page.location()).await.status, 200);
    assert_eq!((shares(&app), told(&app, "share_given")), (1, 1));
    // Boxes that belong to a way that was not chosen count for nothing.
    fields[2].1 = "Private all the same";
    fields[5].1 = "private";
    fields.push(("with", &his));
    let page = ada.submit(STRIPE, STRIPE, &fields).await;
    assert_eq!((page.status, shares(&app), grace.get(page.location()).await.status), (303, 1, 404));
}

#[actix_web::test]
async fn a_form_that_is_sent_twice_shares_once_and_one_that_is_stale_nothing() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace, mut bob) = team(&app).await;
    let (her, his, path) = (grace.id().await, bob.id().await, share_path(&id));
    let form = ada.get(&path).await;
    let (csrf, seen) = (form.csrf(), form.attributes("input[name=seen]", "value").remove(0));
    let fields = |with| [("csrf", csrf.as_str()), ("seen", seen.as_str()), ("sharing", "members"), ("with", with)];
    for _ in 0..2 {
        assert_eq!(ada.post(&path, &fields(&her)).await.status, 303);
    }
    assert_eq!((told(&app, "share_given"), told(&app, "sharing_changed")), (1, 1));
    let stale = ada.post(&path, &fields(&his)).await;
    assert_eq!((stale.status, chosen(&stale)), (422, vec![his.clone()]));
    assert!(stale.text.contains("has changed since you opened this page"));
    assert_eq!(grace.get(&format!("/w/acme/secrets/{id}")).await.status, 200);
    assert_eq!(app.database.text("SELECT person_id AS text FROM secret_shares"), her);
    // From what the answer shows, it is saved.
    let seen = stale.attributes("input[name=seen]", "value").remove(0);
    let fields = [("csrf", csrf.as_str()), ("seen", &seen), ("sharing", "members"), ("with", &his)];
    assert_eq!(ada.post(&path, &fields).await.status, 303);
    assert_eq!(app.database.text("SELECT person_id AS text FROM secret_shares"), his);
}

/// Two windows save at the same moment, thirty times: what is kept is one of the two, whole.
#[actix_web::test]
async fn of_two_forms_at_once_one_is_kept() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace, mut bob) = team(&app).await;
    let (her, his, path) = (grace.id().await, bob.id().await, share_path(&id));
    let mut window = ada.clone();
    for round in 0..30 {
        assert_eq!(ada.share_as(&id, "private", &[]).await.status, 303);
        let form = ada.get(&path).await;
        let (csrf, seen) = (form.csrf(), form.attributes("input[name=seen]", "value").remove(0));
        let guard = [("csrf", csrf.as_str()), ("seen", seen.as_str())];
        let one = [guard[0], guard[1], ("sharing", "members"), ("with", her.as_str())];
        let two = match round % 2 {
            0 => [guard[0], guard[1], ("sharing", "members"), ("with", his.as_str())],
            _ => [guard[0], guard[1], ("sharing", "workspace"), ("with", his.as_str())],
        };
        let (one, two) = futures_util::future::join(ada.post(&path, &one), window.post(&path, &two)).await;
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 422], "round {round}");
        let everybody = app.database.count("secrets WHERE sharing = 'workspace'");
        assert_eq!(shares(&app) + everybody, 1, "round {round}");
    }
}

#[actix_web::test]
async fn a_membership_takes_its_shares_along() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace, mut bob) = team(&app).await;
    let (her, his) = (grace.id().await, bob.id().await);
    ada.share_with(&id, &[&her, &his]).await;
    let end = format!("/w/acme/members/{her}/end");
    let seen = ada.get(&end).await.attributes("input[name=seen]", "value").remove(0);
    assert_eq!(ada.submit("/account", &end, &[("name", "Grace"), ("seen", &seen)]).await.status, 200);
    assert_eq!(app.database.text("SELECT person_id AS text FROM secret_shares"), his);
    let page = ada.get(&share_path(&id)).await;
    assert!(!page.text.contains(&her));
    let again = "INSERT INTO members (workspace_id, person_id, role, joined_at) SELECT workspace_id";
    app.database.execute(&format!("{again}, '{her}', 'member', 1 FROM members WHERE person_id = '{his}'"));
    assert_eq!(grace.get("/w/acme").await.status, 200, "a member once more");
    assert_eq!(grace.get(&format!("/w/acme/secrets/{id}")).await.status, 404, "with nothing of before");
    app.database.execute(&format!("UPDATE members SET role = 'member' WHERE person_id = '{his}'"));
    assert_eq!(bob.get(&format!("/w/acme/secrets/{id}")).await.status, 200, "a role takes no share away");
    let end = format!("/w/acme/members/{his}/end");
    let seen = bob.get(&end).await.attributes("input[name=seen]", "value").remove(0);
    assert_eq!(bob.submit("/account", &end, &[("name", "Grace"), ("seen", &seen)]).await.status, 200);
    assert!(ada.get("/w/acme/secrets?sharing=private").await.text.contains("Till"), "nobody is left to use it");
}

#[actix_web::test]
async fn three_hundred_members_are_searched_and_chosen_without_a_script() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace, _) = team(&app).await;
    let (her, path) = (grace.id().await, share_path(&id));
    let person = |at: usize| format!("usr_{at:026}");
    let row = |at: usize| {
        let name = if at == 7 { "<b>Zoë</b> & \"Co\"".to_owned() } else { format!("Person {at:03}") };
        let people = "INSERT INTO people (id, email, email_key, name, created_at) VALUES";
        let members = "INSERT INTO members (workspace_id, person_id, role, joined_at) SELECT id";
        let (id, email) = (person(at), format!("p{at}@example.com"));
        format!("{people} ('{id}', '{email}', '{email}', '{name}', 1); {members}, '{id}', 'member', 1 FROM workspaces;")
    };
    app.database.run(&(0..300).map(row).collect::<String>());
    let form = ada.get(&path).await;
    assert_eq!(form.attributes("input[name=with]", "value").len(), 302);
    assert!(form.text.contains("&#60;b&#62;Zoë") && !form.text.contains("<b>Zoë"), "a name is no markup");
    let (csrf, seen) = (form.csrf(), form.attributes("input[name=seen]", "value").remove(0));
    let guard = [("csrf", csrf.as_str()), ("seen", seen.as_str()), ("sharing", "members")];
    let (first, odd) = (person(100), person(7));
    let before = app.database.count("audit_entries");
    let search = [("with", her.as_str()), ("with", &first), ("q", "ZOË</B>"), ("act", "search")];
    let found = ada.post(&path, &[&guard[..], &search].concat()).await;
    assert_eq!((found.status, app.database.count("audit_entries")), (200, before), "looking changes nothing");
    let rows = found.attributes("input[name=with]", "value");
    assert_eq!(rows, [her.clone(), first.clone(), odd.clone()], "the chosen ones, and the one who is searched for");
    assert_eq!(found.attributes("input[name=q]", "value"), ["ZOË</B>"]);
    let until = format!("until-{odd}");
    let save = [("with", her.as_str()), ("with", &first), ("with", &odd), (until.as_str(), "2026-12-31"), ("q", "zoë")];
    assert_eq!(ada.post(&path, &[&guard[..], &save].concat()).await.status, 303);
    assert_eq!((shares(&app), app.database.count("secret_shares WHERE ends_at IS NULL")), (3, 2));
    let everybody: Vec<(String, String)> = (0..300).map(|at| ("with".to_owned(), person(at))).collect();
    let everybody: Vec<(&str, &str)> = everybody.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
    assert_eq!(ada.share_as(&id, "members", &everybody).await.status, 303);
    assert_eq!(shares(&app), 300);
    let page = ada.get(&format!("/w/acme/secrets/{id}")).await;
    assert!(page.text.contains("292 more members") && !page.text.contains("<b>Zoë"), "{}", page.text);
    assert_eq!(ada.get(STRIPE).await.attributes("input[name=with]", "value").len(), 302);
}
