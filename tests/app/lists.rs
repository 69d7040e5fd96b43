//! Lists: turned page by page, narrowed and counted by the database, and never longer than a page.

use std::collections::BTreeSet;
use std::time::Duration;

use keyrack::domain::{Clock as _, Role, SecretState};

use crate::support::{Browser, Database, EMAIL, Page, TestApp};

const SECRETS: &str = "/w/acme/secrets";
const TOKENS: &str = "/w/acme/tokens";
pub const ACTIVITY: &str = "/w/acme/activity";
pub const ACME: &str = "(SELECT id FROM workspaces WHERE slug = 'acme')";
const GRACE: &str = "grace@example.com";

fn person(email: &str) -> String {
    format!("(SELECT id FROM people WHERE email = '{email}')")
}

/// The numbers 1 to `count`, and each of them as the end of an id.
pub fn numbers(count: usize) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}), \
         numbered(i, tail) AS (SELECT i, substr(CAST(100000000 + i AS TEXT), 2) FROM n)"
    )
}

/// Puts Stripe secrets on the rack past the program, older than any that it makes. The tag is eight digits.
pub fn hang(database: &Database, count: usize, tag: &str, owner: &str, sharing: &str) {
    let (numbers, owner) = (numbers(count), person(owner));
    let added = database.execute(&format!(
        "INSERT INTO secrets (id, workspace_id, node_type_id, environment, name, name_key, kind, owner_id, sharing, \
         delivery, revision, value_number, newest_number, facts, value_entered_at, created_at, updated_at) {numbers} \
         SELECT 'sec_01jd8x3f5k{tag}' || tail, {ACME}, (SELECT id FROM node_types WHERE slug = 'stripe' AND workspace_id = {ACME}), \
         'test', 'Key {tag} ' || tail, 'key {tag} ' || tail, 'api_key', {owner}, '{sharing}', \
         'vend', 1, 1, 1, '{{}}', 1, 1, 1 FROM numbered"
    ));
    assert_eq!(added, count);
}

pub fn id(tag: &str, number: usize) -> String {
    format!("sec_01jd8x3f5k{tag}{number:08}")
}

/// Changes one secret's row.
pub fn set(app: &TestApp, id: &str, what: &str) {
    assert_eq!(app.database.execute(&format!("UPDATE secrets SET {what} WHERE id = '{id}'")), 1);
}

/// The ids of the rows, in the order of the page.
pub fn rows(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.text);
    let links = page.attributes("a.row-link", "href");
    links.iter().map(|link| link.rsplit('/').next().unwrap().to_owned()).collect()
}

pub fn older(page: &Page) -> Option<String> {
    page.attributes("nav.pager a[rel=next]", "href").pop()
}

pub fn newer(page: &Page) -> Option<String> {
    page.attributes("nav.pager a[rel=prev]", "href").pop()
}

/// The sentence that counts.
fn told(page: &Page) -> String {
    page.text_of(".chips .muted").replace('\u{202f}', "")
}

async fn found(browser: &mut Browser, query: &str) -> (BTreeSet<String>, String) {
    let page = browser.get(&format!("{SECRETS}?{query}")).await;
    (rows(&page).into_iter().collect(), told(&page))
}

fn set_of(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[actix_web::test]
async fn a_walk_loses_and_repeats_nothing_whatever_comes_and_goes() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 120, "00000000", EMAIL, "private");
    let first = ada.get(&format!("{SECRETS}?environment=test&q=e")).await;
    assert_eq!((rows(&first).len(), newer(&first)), (50, None));
    assert_eq!(told(&first), "120 of 120 secrets");

    let added = ada.add_stripe("Newest", "sk_test_abcdefghijklmnop", "vend").await;
    app.database.execute(&format!("DELETE FROM secrets WHERE id = '{}'", id("00000000", 100)));
    let second = ada.get(&older(&first).unwrap()).await;
    assert_eq!(told(&second), "120 of 120 secrets", "the links keep the filters");
    app.database.execute(&format!("DELETE FROM secrets WHERE id = '{}'", id("00000000", 5)));
    let third = ada.get(&older(&second).unwrap()).await;
    assert_eq!(older(&third), None);
    let walked: Vec<String> = [&first, &second, &third].into_iter().flat_map(rows).collect();
    let expected: Vec<String> = (1..=120).rev().filter(|n| *n != 5).map(|n| id("00000000", n)).collect();
    assert_eq!(walked, expected);

    // And back to the first page, which is whole and begins with what was added.
    let back = ada.get(&newer(&third).unwrap()).await;
    assert_eq!(rows(&back), rows(&second));
    let top = ada.get(&newer(&back).unwrap()).await;
    assert_eq!((rows(&top).len(), newer(&top)), (50, None));
    assert_eq!(rows(&top).first(), Some(&added));
}

#[actix_web::test]
async fn a_page_that_was_emptied_leads_back_to_the_newest() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 51, "00000000", EMAIL, "private");
    let first = ada.get(SECRETS).await;
    app.database.execute(&format!("DELETE FROM secrets WHERE id = '{}'", id("00000000", 1)));
    let emptied = ada.get(&older(&first).unwrap()).await;
    assert!(rows(&emptied).is_empty());
    assert!(emptied.text.contains("Nothing is left on this page"));
    assert_eq!(rows(&ada.get(&newer_in_main(&emptied)).await), rows(&first));
}

fn newer_in_main(page: &Page) -> String {
    page.attributes("section.empty a.button", "href").pop().unwrap()
}

#[actix_web::test]
async fn filters_combine_and_counts_are_honest() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.member(GRACE, Role::Member).await;
    hang(&app.database, 4, "00000001", EMAIL, "private");
    hang(&app.database, 3, "00000002", GRACE, "workspace");
    let (of_ada, of_grace) = (|n| id("00000001", n), |n| id("00000002", n));
    set(&app, &of_ada(1), "environment = 'live'");
    set(&app, &of_ada(2), "environment = 'live', rejected_at = 1");
    set(&app, &of_ada(3), "node_type_id = (SELECT id FROM node_types WHERE slug = 'http-request')");
    set(&app, &of_grace(1), "environment = 'live', rejected_at = 1");
    let end_user = app.token("test", "connect").await.put("stripe", "customer-42", "sk_test_abcdefghijklmnop").await;
    assert_eq!(end_user.status, 200, "{}", end_user.text);

    let (live, count) = found(&mut ada, "environment=live").await;
    assert_eq!((live, count.as_str()), (set_of(&[&of_ada(1), &of_ada(2), &of_grace(1)]), "3 of 8 secrets"));
    let (both, count) = found(&mut ada, "environment=live&state=rejected&sharing=private").await;
    assert_eq!((both, count.as_str()), (set_of(&[&of_ada(2)]), "1 of 8 secrets"));
    let (typed, _) = found(&mut ada, "node_type=http-request").await;
    assert_eq!(typed, set_of(&[&of_ada(3)]));
    let (none, count) = found(&mut ada, "node_type=http-request&environment=live").await;
    assert_eq!((none.len(), count.as_str()), (0, "0 of 8 secrets"));
    let (outside, count) = found(&mut ada, "owner=end-users").await;
    assert_eq!((outside.len(), count.as_str()), (1, "1 of 8 secrets"));

    let page = ada.get(SECRETS).await;
    let owners = page.attributes("select#owner option", "value");
    assert_eq!(owners.len(), 4, "everybody, two members and end users: {owners:?}");
    let mut sums = Vec::new();
    for owner in owners.iter().filter(|owner| owner.starts_with("usr_")) {
        sums.push(found(&mut ada, &format!("owner={owner}&q=KEY")).await.0.len());
    }
    sums.sort_unstable();
    assert_eq!(sums, [3, 4]);

    let narrowed = ada.get(&format!("{SECRETS}?environment=live&state=rejected")).await;
    let chips = narrowed.attributes("a.chip", "href");
    assert_eq!(chips, [format!("{SECRETS}?state=rejected"), format!("{SECRETS}?environment=live")]);
}

#[actix_web::test]
async fn a_filter_that_means_nothing_narrows_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 3, "00000000", EMAIL, "private");
    for query in
        ["state=banana", "owner=%00", "sharing=%27", "environment=", "node_type=A%20B", "before=x", "after=%00"]
    {
        assert_eq!(found(&mut ada, query).await.1, "3 secrets", "{query}");
    }
    for query in ["q=%00", "q=%20", "q=%E2%80%8B"] {
        assert_eq!(found(&mut ada, query).await.1, "3 secrets", "{query}");
    }
    assert_eq!(found(&mut ada, &format!("q={}", "k".repeat(20_000))).await.1, "0 of 3 secrets");
    for path in [format!("{ACTIVITY}?before=x.y&after=-1.%00&kind=none"), format!("{TOKENS}?before=tok_&after=%00")] {
        assert_eq!(ada.get(&path).await.status, 200, "{path}");
    }
    for cut in ["9223372036854775807.9223372036854775807", "-9223372036854775808.-1"] {
        for name in ["before", "after"] {
            assert_eq!(ada.get(&format!("{ACTIVITY}?{name}={cut}")).await.status, 200, "{name}={cut}");
        }
    }
}

#[actix_web::test]
async fn every_state_in_the_database_is_the_state_that_is_derived() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 32, "00000000", EMAIL, "private");
    let now = app.clock.now().micros();
    let mut number = 0;
    for value in ["NULL", "1"] {
        for expires in ["NULL".to_owned(), (now - 1).to_string(), now.to_string(), (now + 1).to_string()] {
            for (needs, rejected) in [("NULL", "NULL"), ("1", "NULL"), ("NULL", "1"), ("1", "1")] {
                number += 1;
                let what = format!("value_entered_at = {value}, expires_at = {expires}, ");
                let marks = format!("needs_reauthorization_at = {needs}, rejected_at = {rejected}");
                set(&app, &id("00000000", number), &(what + &marks));
            }
        }
    }
    let mut sizes = Vec::new();
    let mut seen = BTreeSet::new();
    for state in SecretState::ALL {
        let page = ada.get(&format!("{SECRETS}?state={state}")).await;
        let ids = rows(&page);
        // The word of each row is derived from the row, the choice of rows is made by the database.
        let words = words(&page);
        let word = page.text_of("select#state option[selected]");
        assert!(words.len() == ids.len() && words.iter().all(|one| *one == word), "{state}: {words:?}");
        assert_eq!(told(&page), format!("{} of 32 secrets", ids.len()));
        sizes.push(ids.len());
        seen.extend(ids);
    }
    assert_eq!((sizes, seen.len()), (vec![2, 2, 4, 8, 16], 32));
}

fn words(page: &Page) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.text);
    let selector = scraper::Selector::parse("td[data-label=State] > .with-icon").unwrap();
    html.select(&selector).map(|cell| cell.text().collect::<String>().trim().to_owned()).collect()
}

#[actix_web::test]
async fn a_member_neither_sees_nor_counts_what_is_private_to_others() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    app.member("alan@example.com", Role::Member).await;
    hang(&app.database, 60, "00000001", EMAIL, "private");
    hang(&app.database, 2, "00000002", EMAIL, "workspace");
    hang(&app.database, 3, "00000003", EMAIL, "members");
    hang(&app.database, 1, "00000004", GRACE, "private");
    // Shared with somebody else; shared once and private again; an end user's.
    for (shared, with) in
        [(id("00000003", 1), GRACE), (id("00000003", 2), "alan@example.com"), (id("00000001", 1), GRACE)]
    {
        let row = format!(
            "INSERT INTO secret_shares (secret_id, person_id, created_at) VALUES ('{shared}', {}, 0)",
            person(with)
        );
        app.database.execute(&row);
    }
    app.token("test", "connect").await.put("stripe", "customer-42", "sk_test_abcdefghijklmnop").await;
    app.database.execute("UPDATE secrets SET sharing = 'workspace' WHERE owner_id IS NULL");

    let expected = set_of(&[&id("00000002", 1), &id("00000002", 2), &id("00000003", 1), &id("00000004", 1)]);
    assert_eq!(found(&mut grace, "").await, (expected, "4 secrets".to_owned()));
    assert_eq!(found(&mut grace, "q=key%2000000001").await, (BTreeSet::new(), "0 of 4 secrets".to_owned()));
    assert_eq!(found(&mut grace, "sharing=private").await.1, "1 of 4 secrets");
    assert_eq!(found(&mut grace, "owner=end-users").await.1, "0 of 4 secrets");
    let past = format!("before={}", id("00000002", 1));
    assert_eq!(found(&mut grace, &past).await.0, BTreeSet::new(), "what is older is not hers to see");
    assert_eq!(grace.get("/w/acme").await.text_of(".count strong"), "4");
    assert_eq!(ada.get("/w/acme").await.text_of(".count strong"), "67");
    assert_eq!(found(&mut ada, "").await.1, "67 secrets");
    for (hidden, status) in [(id("00000001", 1), 404), (id("00000003", 2), 404), (id("00000003", 1), 200)] {
        assert_eq!(grace.get(&format!("{SECRETS}/{hidden}")).await.status, status, "{hidden}");
    }
}

#[actix_web::test]
async fn what_is_searched_for_is_meant_literally() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 6, "00000000", EMAIL, "private");
    for (number, name) in ["50% off", "50x off", "a_b", "axb", "c\\d", "ÄRGER"].iter().enumerate() {
        let key = name.to_lowercase();
        set(&app, &id("00000000", number + 1), &format!("name = '{name}', name_key = '{key}'"));
    }
    for (query, number) in [("50%25", 1), ("%25", 1), ("a_b", 3), ("_", 3), ("c%5Cd", 5), ("%5C", 5), ("%C3%A4rGER", 6)]
    {
        assert_eq!(found(&mut ada, &format!("q={query}")).await.0, set_of(&[&id("00000000", number)]), "{query}");
    }
    assert_eq!(found(&mut ada, "q=%5C%25").await.0, BTreeSet::new());
}

#[actix_web::test]
async fn two_thousand_secrets_leave_the_pages_small() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 2_000, "00000000", EMAIL, "private");
    app.database.execute("UPDATE secrets SET rejected_at = 1");
    for query in ["", "?state=rejected&q=key"] {
        let page = ada.get(&format!("{SECRETS}{query}")).await;
        assert_eq!(rows(&page).len(), 50);
        assert!(page.text.len() < 150_000, "{} bytes", page.text.len());
        assert!(told(&page).ends_with("2000 secrets"), "{}", told(&page));
    }
    let home = ada.get("/w/acme").await;
    assert!(home.text.len() < 30_000, "{} bytes", home.text.len());
    assert_eq!(home.text_of(".count strong").replace('\u{202f}', ""), "2000");
    assert_eq!(home.attributes("section[aria-labelledby=attention] a.button:not([target])", "href").len(), 8);
    assert!(home.text.contains("And 1992 more"));
}

#[actix_web::test]
async fn home_names_what_is_broken_before_what_ends_soon() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 9, "00000000", EMAIL, "private");
    let in_days = |days: u64| app.clock.now().plus(Duration::from_secs(days * 86_400)).micros();
    for (number, what) in [
        (1, "rejected_at = 1".to_owned()),
        (2, "needs_reauthorization_at = 1".to_owned()),
        (3, "unreadable_at = 1, value_entered_at = NULL".to_owned()),
        (4, format!("expires_at = {}", in_days(0))),
        (5, format!("expires_at = {}", in_days(9))),
        (6, format!("expires_at = {}", in_days(2))),
        (7, format!("expires_at = {}", in_days(15))),
        (8, "rejected_at = 1, value_entered_at = NULL".to_owned()),
    ] {
        set(&app, &id("00000000", number), &what);
    }
    let home = ada.get("/w/acme").await;
    let links = home.attributes("section[aria-labelledby=attention] a.button:not([target])", "href");
    let expected = [4, 3, 2, 1, 6, 5].map(|number| format!("{SECRETS}/{}", id("00000000", number)));
    assert_eq!(links, expected);
    assert!(home.text.contains("expires in 2 days") && !home.text.contains("more of the"));
}

#[actix_web::test]
async fn tokens_are_turned_page_by_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.member(GRACE, Role::Member).await;
    for (count, tag, maker) in [(110, "00000001", EMAIL), (2, "00000002", GRACE)] {
        let (numbers, maker) = (numbers(count), person(maker));
        app.database.execute(&format!(
            "INSERT INTO tokens (id, workspace_id, maker_id, name, name_key, environment, abilities, mac, generation, \
             created_at) {numbers} \
             SELECT 'tok_01jd8x3f5k{tag}' || tail, {ACME}, {maker}, 'Token', 'token', 'test', 'proxy', \
             (SELECT key_blob FROM workspaces WHERE slug = 'acme'), 1, 1 FROM numbered"
        ));
    }
    let mut walked = Vec::new();
    let mut next = Some(TOKENS.to_owned());
    while let Some(path) = next {
        let page = ada.get(&path).await;
        assert_eq!(page.text_of(".chips [role=status]"), "112 service tokens");
        walked.extend(rows(&page));
        next = older(&page);
    }
    assert_eq!((walked.len(), walked.iter().collect::<BTreeSet<_>>().len()), (112, 112));
}
