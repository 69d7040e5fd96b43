//! End users and organizations, as Owners and Admins see them: listed, searched, narrowed, turned page by page, opened.

use std::time::Duration;

use keyrack::domain::Role;
use serde_json::json;

use crate::lists::{ACME, newer, numbers, older, rows};
use crate::support::{Browser, Database, EMAIL, PASSWORD, Page, Stage, TestApp, Token};

pub const USERS: &str = "/w/acme/end-users";
pub const ORGANIZATIONS: &str = "/w/acme/organizations";
const KEY: &str = "rk_test_outside12345678";

pub async fn open(by: &mut Browser, path: &str) -> Page {
    let page = by.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.text);
    page
}

/// The names that the rows have, in the order of the page.
fn names(page: &Page) -> Vec<String> {
    page.texts("tbody .row-link")
}

fn count(page: &Page) -> String {
    page.text_of(".chips [role=status]").replace('\u{202f}', "")
}

/// What stands in the row of this one, cell by cell.
fn cells(page: &Page, name: &str) -> Vec<String> {
    let at = names(page).iter().position(|one| one == name).unwrap_or_else(|| panic!("{:?}", names(page)));
    page.texts("tbody td")[at * 6..(at + 1) * 6].to_vec()
}

/// The address of the only one of this name.
pub fn address(database: &Database, table: &str, external: &str) -> String {
    let id = database.text(&format!("SELECT id AS text FROM {table} WHERE external_id = '{external}'"));
    format!("{}/{id}", if table == "end_users" { USERS } else { ORGANIZATIONS })
}

/// Makes end users past the program, older than any that it makes.
pub fn mention(database: &Database, table: &str, count: usize) {
    let prefix = if table == "end_users" { "eu" } else { "org" };
    let numbers = numbers(count);
    let added = database.execute(&format!(
        "INSERT INTO {table} (id, workspace_id, external_id, created_at) {numbers} \
         SELECT '{prefix}_01jd8x3f5k00000000' || tail, {ACME}, 'guest-' || tail, 1 FROM numbered"
    ));
    assert_eq!(added, count);
}

async fn put(token: &Token, user: &str, besides: serde_json::Value) {
    let mut body = json!({ "user_id": user, "secret": KEY });
    for (name, value) in besides.as_object().unwrap() {
        body[name] = value.clone();
    }
    let slug = body["slug"].as_str().unwrap_or("stripe").to_owned();
    body.as_object_mut().unwrap().remove("slug");
    let answer = token.put_with(&slug, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[actix_web::test]
async fn they_are_listed_with_what_they_connected() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let empty = open(&mut ada, USERS).await;
    assert!(empty.text.contains("No end user yet") && empty.text.contains("/authorize"), "{}", empty.text);
    assert!(open(&mut ada, ORGANIZATIONS).await.text.contains("No organization yet"));
    let token = app.token("test", "connect,vend").await;
    put(&token, "one", json!({})).await;
    app.advance(Duration::from_hours(2));
    put(&token, "two", json!({ "organization_id": "hotel" })).await;
    put(&token, "two", json!({})).await;
    put(&token, "two", json!({ "organization_id": "hotel", "connection_owner": "organization" })).await;
    app.database.run(
        "UPDATE secrets SET rejected_at = 1 WHERE organization_id IS NULL \
         AND end_user_id = (SELECT id FROM end_users WHERE external_id = 'two')",
    );
    token.vend("stripe", "one").await.hands_out(KEY);
    app.counted().await;
    app.advance(Duration::from_hours(1));

    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    let page = open(&mut ada, USERS).await;
    assert_eq!((names(&page), count(&page).as_str()), (vec!["two".to_owned(), "one".to_owned()], "2 end users"));
    assert_eq!(cells(&page, "one"), ["one", "1", "Stripe", "none", "3 h ago", "1 h ago"]);
    assert_eq!(cells(&page, "two"), ["two", "2 1 needs attention", "Stripe", "hotel", "1 h ago", "never"]);
    // What was disconnected by somebody is nothing to mend.
    app.database.run("UPDATE secrets SET value_entered_at = NULL, rejected_at = NULL WHERE rejected_at IS NOT NULL");
    assert_eq!(cells(&open(&mut ada, USERS).await, "two")[1], "2");
    let organizations = open(&mut ada, ORGANIZATIONS).await;
    assert_eq!(count(&organizations), "1 organization");
    assert_eq!(
        cells(&organizations, "hotel"),
        ["hotel", "2", "Stripe", "1 end user of hotel", "1 h ago", "never"],
        "its own, and that of an end user in it"
    );
    let through = organizations.attributes("td a:not(.row-link)", "href").remove(0);
    assert_eq!(names(&open(&mut ada, &through).await), ["two"]);
    let menu = ada.get("/w/acme").await.texts("nav.nav a");
    let at = |label: &str| menu.iter().position(|one| one == label).unwrap();
    assert!(at("Tokens") < at("End users") && at("End users") < at("Activity"), "{menu:?}");
}

#[actix_web::test]
async fn they_are_searched_and_narrowed() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_custom_api("Rooms", "https://rooms.example.com").await;
    let (token, live) = (app.token("test", "connect").await, app.token("live", "connect").await);
    put(&token, "Guest_1", json!({})).await;
    put(&token, "guest-2", json!({ "organization_id": "hotel" })).await;
    put(&live, "100%", json!({ "secret": "rk_live_outside12345678" })).await;
    put(&live, "guest-2", json!({ "slug": "custom-rooms", "organization_id": "inn" })).await;
    let mut found = async |query: &str| {
        let page = open(&mut ada, &format!("{USERS}?{query}")).await;
        let mut names = names(&page);
        names.sort();
        (names.join(" "), count(&page))
    };
    for (query, expected) in [
        ("q=GUEST", "Guest_1 guest-2"),
        ("q=t_1", "Guest_1"),
        ("q=%25", "100%"),
        ("q=%20guest-2%E2%80%8B", "guest-2"),
        ("environment=live", "100% guest-2"),
        ("node_type=stripe", "100% Guest_1 guest-2"),
        ("node_type=custom-rooms", "guest-2"),
        ("organization=hotel", "guest-2"),
        ("organization=hotel&environment=test", "guest-2"),
        ("q=guest&environment=test", "Guest_1 guest-2"),
        // What is asked of connections is asked of one and the same.
        ("organization=hotel&environment=live", ""),
        ("organization=hotel&node_type=custom-rooms", ""),
        ("organization=hot", ""),
        ("node_type=nothing", ""),
        ("q=nobody", ""),
    ] {
        let (names, said) = found(query).await;
        assert_eq!(names, expected, "{query}");
        let number = names.split(' ').filter(|name| !name.is_empty()).count();
        assert_eq!(said, format!("{number} of 3 end users"), "{query}");
    }
    assert_eq!(found("environment=nowhere&q=%20").await.1, "3 end users", "what means nothing narrows nothing");
    assert_eq!(found(&format!("q={}", "x".repeat(10_000))).await.0, "");
    let chips = open(&mut ada, &format!("{USERS}?q=guest&organization=hotel&node_type=stripe&environment=test")).await;
    assert_eq!(chips.attributes(".chip", "href").len(), 4);
    assert_eq!(
        chips.attributes(".chip", "href")[1],
        format!("{USERS}?q=guest&node_type=stripe&environment=test"),
        "without the organization"
    );
    let none = open(&mut ada, &format!("{USERS}?q=nobody")).await;
    assert!(none.text.contains("No end user matches"));
    let inns = open(&mut ada, &format!("{ORGANIZATIONS}?environment=live&organization=hotel")).await;
    assert_eq!((names(&inns).join(" "), count(&inns).as_str()), ("inn".to_owned(), "1 of 2 organizations"));
}

#[actix_web::test]
async fn they_are_turned_page_by_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for (table, list) in [("end_users", USERS), ("organizations", ORGANIZATIONS)] {
        mention(&app.database, table, 120);
        let first = open(&mut ada, &format!("{list}?q=guest")).await;
        assert_eq!((rows(&first).len(), newer(&first)), (50, None));
        assert_eq!(names(&first)[0], "guest-00000120");
        let second = open(&mut ada, &older(&first).unwrap()).await;
        assert_eq!((names(&second)[0].as_str(), rows(&second).len()), ("guest-00000070", 50));
        let third = open(&mut ada, &older(&second).unwrap()).await;
        assert_eq!((rows(&third).len(), older(&third)), (20, None));
        assert_eq!(rows(&open(&mut ada, &newer(&second).unwrap()).await), rows(&first));
        // Somebody new moves nothing that is on a page that one stands on.
        let key = older(&first).unwrap();
        app.database.run(&format!("DELETE FROM {table} WHERE external_id = 'guest-00000090'"));
        assert_eq!(rows(&open(&mut ada, &key).await), rows(&second));
    }
    assert_eq!(count(&open(&mut ada, USERS).await), "119 end users");
}

#[actix_web::test]
async fn only_admins_of_the_workspace_see_them() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", "connect").await;
    put(&token, "one", json!({ "organization_id": "hotel" })).await;
    let (user, organization) =
        (address(&app.database, "end_users", "one"), address(&app.database, "organizations", "hotel"));
    let mut member = app.member("member@example.com", Role::Member).await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    for path in [USERS, ORGANIZATIONS, user.as_str(), &organization] {
        assert_eq!(member.get(path).await.status, 403, "{path}");
        assert_eq!(admin.get(path).await.status, 200, "{path}");
        assert_eq!(eve.get(path).await.status, 404, "{path}");
    }
    for path in [&user, &organization] {
        for page in ["", "/disconnect", "/delete"] {
            let path = format!("{path}{page}");
            assert_eq!(eve.get(&path.replace("/acme/", "/other/")).await.status, 404, "{path}");
            assert_eq!(member.get(&path).await.status, 403, "{path}");
        }
    }
    assert!(eve.get("/w/other/end-users").await.text.contains("No end user yet"));
    assert_eq!(eve.get("/w/other/secrets?owner=").await.status, 200);
    assert!(!member.get("/w/acme").await.texts("nav.nav a").contains(&"End users".to_owned()));
    // Each has one address.
    let swapped = user.replace("/end-users/", "/organizations/");
    for none in [swapped.as_str(), "/w/acme/end-users/one", "/w/acme/organizations/x", "/w/acme/end-users/eu_"] {
        assert_eq!(ada.get(none).await.status, 404, "{none}");
    }
}

#[actix_web::test]
async fn one_is_shown_with_each_connection() {
    let mut stage = Stage::set().await;
    let app = &stage.app;
    let token = app.token("test", "connect,vend").await;
    put(&token, "customer-42", json!({ "account_display_name": "Till at the door" })).await;
    app.advance(Duration::from_secs(1));
    let import = json!({ "access_token": "access-canary-0", "refresh_token": "refresh-canary-0", "state": "connected",
        "expires_at": "2026-11-21T11:42:00.000Z", "scopes": ["read_user"], "config": { "address": stage.address() } });
    let path = "/user_management/users/customer-42/connected_accounts/gitlab?organization_id=hotel";
    let stored = token.ask("POST", path, &import).await;
    assert!([200, 201].contains(&stored.status), "{}", stored.text);
    let user = address(&app.database, "end_users", "customer-42");
    let page = open(&mut stage.ada, &user).await;
    assert_eq!(page.text_of("h1"), "customer-42");
    let cards = page.texts(".card.account");
    assert_eq!(cards.len(), 2, "{cards:?}");
    let (account, key) = (&cards[0], &cards[1]);
    assert!(account.contains("GitLab") && account.contains("hotel") && account.contains("read_user"), "{account}");
    assert!(key.contains("Stripe") && key.contains("5678") && key.contains("Till at the door"), "{key}");
    assert!(!page.text.contains("canary") && !page.text.contains(KEY), "no value");
    assert!(page.texts(".lines li").iter().any(|line| line.contains("added the secret")), "{}", page.text);
    let links = page.attributes("a", "href");
    let id = app.database.text("SELECT id AS text FROM secrets WHERE organization_id IS NOT NULL");
    for link in ["", "/disconnect", "/delete"] {
        assert!(links.contains(&format!("/w/acme/secrets/{id}{link}")), "{links:?}");
    }
    let organization = address(&app.database, "organizations", "hotel");
    assert!(page.attributes(".card.account dd a", "href").contains(&organization), "{links:?}");
    // The same connection, from the other side.
    let hotel = open(&mut stage.ada, &organization).await;
    assert_eq!(hotel.texts(".card.account").len(), 1);
    assert!(hotel.attributes(".card.account a", "href").contains(&user));
    app.database.run("UPDATE secrets SET needs_reauthorization_at = 1 WHERE organization_id IS NOT NULL");
    let lost = open(&mut stage.ada, &user).await;
    assert!(lost.texts(".card.account")[0].contains("Send them to connect the account again"));
    // Its connections as a list of secrets, which can be narrowed.
    let listed = page.attributes("dd a", "href").into_iter().find(|link| link.contains("owner=eu_")).unwrap();
    let listed = open(&mut stage.ada, &listed).await;
    assert_eq!((rows(&listed).len(), listed.text.contains("One end user")), (2, true));
}

#[actix_web::test]
async fn no_name_from_outside_does_any_harm() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = app.token("test", "connect").await;
    let long = "x".repeat(10_000);
    for refused in [long.as_str(), "a\u{202e}b", "a\nb", "a\0b", "", "usr_anna"] {
        let body = json!({ "user_id": refused, "secret": KEY });
        token.put_with("stripe", &body).await.refused(422, "invalid_request_parameters");
    }
    let markup = "<img src=x onerror=alert(1)>\"'&";
    let arabic = "ضيف <b>";
    let longest = "é".repeat(255);
    for user in [markup, arabic, &longest, " "] {
        put(&token, user, json!({ "organization_id": markup })).await;
    }
    // However it came there.
    app.database.run(&format!(
        "INSERT INTO end_users (id, workspace_id, external_id, created_at) \
         VALUES ('eu_01jd8x3f5k7q9r2t4v6w8y0z1a', {ACME}, '{long}', 1)"
    ));
    let list = open(&mut ada, USERS).await;
    assert!(!list.text.contains("<img src=x"), "{}", list.text);
    assert!(
        names(&list).contains(&markup.to_owned()) && names(&list).contains(&arabic.to_owned()),
        "{:?}",
        names(&list)
    );
    for link in list.attributes("a.row-link", "href").into_iter().chain([ORGANIZATIONS.to_owned()]) {
        for path in [link.clone(), format!("{link}/delete"), format!("{link}/disconnect")] {
            let page = ada.get(&path).await;
            let there = path.starts_with(USERS) || page.status != 404;
            assert!([200, 303].contains(&page.status) || !there, "{path}: {}", page.status);
            assert!(!page.text.contains("<img src=x"), "{path}");
        }
    }
    let search = "%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E%22%27%26";
    let found = open(&mut ada, &format!("{USERS}?q={search}")).await;
    assert_eq!(names(&found), [markup]);
    assert_eq!(names(&open(&mut ada, &format!("{USERS}?organization={search}")).await).len(), 4);
    // What cannot be typed as it stands is confirmed by the id of ours.
    let delete = |external: &str| format!("{}/delete", address(&app.database, "end_users", external));
    let asks = open(&mut ada, &delete(arabic)).await;
    assert!(asks.text_of("form strong").starts_with("eu_"), "{}", asks.text);
}
