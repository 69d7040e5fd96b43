//! The list of connections: how each fares, when it is renewed, and the one thing to do.

use std::time::Duration;

use keyrack::domain::Role;

use crate::support::{Browser, CLIENT, CLIENT_SECRET, Page, Says, Stage, TestApp, connect, vend_mine};

const LIST: &str = "/w/acme/connections";

/// What stands in the row of this connection, cell by cell.
fn row(page: &Page, name: &str) -> Vec<String> {
    let rows = page.texts("tbody tr");
    let at = page.texts("tbody .row-link").iter().position(|one| one == name).unwrap_or_else(|| panic!("{rows:?}"));
    let cells = page.texts("tbody td");
    cells[at * 7..(at + 1) * 7].to_vec()
}

async fn list(by: &mut Browser, query: &str) -> Page {
    let page = by.get(&format!("{LIST}{query}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page
}

#[actix_web::test]
async fn it_says_how_each_fares_and_what_to_do() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    stage.place("Empty").await;
    connect(&mut stage.ada, &page).await;
    let asked = stage.provider.take();
    assert!(asked.iter().any(|request| request.starts_with("GET /api/v4/user")), "nobody asked whose account it is");
    stage.ada.test_secret(&page).await;
    let first = list(&mut stage.ada, "").await;
    let mine = row(&first, "Mine");
    assert_eq!((mine[1].as_str(), mine[4].as_str(), mine[6].as_str()), ("ada-at-gitlab", "Connected", "nothing"));
    assert_eq!(mine[5], "in 48 min");
    let empty = row(&first, "Empty");
    assert_eq!((empty[1].as_str(), empty[4].as_str(), empty[5].as_str()), ("not known", "Disconnected", "none"));
    assert!(empty[6].starts_with("Connect"), "{empty:?}");
    assert!(first.text.contains("2 connections"));
    assert_eq!(list(&mut stage.ada, "?state=disconnected").await.texts("tbody .row-link"), ["Empty"]);
    assert_eq!(list(&mut stage.ada, "?q=min").await.texts("tbody .row-link"), ["Mine"]);
    assert!(list(&mut stage.ada, "?environment=live").await.text.contains("No connection matches"));
    // Keys are no connections.
    stage.ada.add_stripe("Till", "rk_test_connections123456", "vend").await;
    assert!(!list(&mut stage.ada, "").await.text.contains("Till"));

    // The account is the same one after a renewal.
    stage.app.advance(Duration::from_secs(3_590));
    let token = stage.token().await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");
    assert_eq!(row(&list(&mut stage.ada, "").await, "Mine")[1], "ada-at-gitlab");

    // A client that the provider does not take is its Admin's to mend.
    stage.giving.instead(Says::status("401 Unauthorized", r#"{"error":"invalid_client"}"#));
    stage.app.advance(Duration::from_secs(3_550));
    vend_mine(&stage.app, &token).await;
    let troubled = row(&list(&mut stage.ada, "").await, "Mine");
    assert_eq!(troubled[4], "Connected");
    assert!(
        troubled[6].contains("did not accept the client") && troubled[6].contains("Look at the client"),
        "{troubled:?}"
    );
    // Once nothing counts any more, the home page says so too.
    assert!(!stage.ada.get("/w/acme").await.text.contains("not renewed"));
    stage.giving.instead(Says::status("401 Unauthorized", r#"{"error":"invalid_client"}"#));
    stage.app.advance(Duration::from_secs(90));
    vend_mine(&stage.app, &token).await.refused(503, "token_not_renewed");
    assert!(stage.ada.get("/w/acme").await.text.contains("1 connection is not renewed"));
    stage.giving.instead(Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#));
    stage.app.advance(Duration::from_mins(3));
    vend_mine(&stage.app, &token).await;
    let lost = row(&list(&mut stage.ada, "").await, "Mine");
    assert_eq!((lost[4].as_str(), lost[5].as_str()), ("Needs reauthorization", "none"));
    assert!(lost[6].starts_with("Connect again"), "{lost:?}");
    assert!(stage.ada.get(&format!("{page}/connect")).await.text.contains("Go to GitLab"));
}

#[actix_web::test]
async fn members_see_their_own_and_nobody_elses() {
    let mut stage = Stage::set().await;
    let page = stage.place("Ada's").await;
    connect(&mut stage.ada, &page).await;
    let mut bob = stage.app.member("bob@example.com", Role::Member).await;
    assert!(list(&mut bob, "").await.text.contains("Nothing is connected yet"));
    assert_eq!(list(&mut stage.ada, "").await.texts("tbody .row-link"), ["Ada's"]);
    let mut eve = stage.app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.get(LIST).await.status, 404);
    assert!(eve.get("/w/other/connections").await.text.contains("Choose a node type"));
    // A client of Acme's is nothing to Other's Owner.
    assert_eq!(
        eve.submit("/account", &CLIENT.replace("/test", "/live"), &[("client_secret", CLIENT_SECRET)]).await.status,
        404
    );
}

#[actix_web::test]
async fn where_there_is_none_it_says_how_to_begin() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert!(list(&mut ada, "").await.text.contains("Add a node type with the method account"));
    let mut bob = app.member("bob@example.com", Role::Member).await;
    assert!(list(&mut bob, "").await.text.contains("An Owner or Admin adds a node type"));
}
