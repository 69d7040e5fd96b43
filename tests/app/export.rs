//! What is known about secrets as a file: what one may see, never a value, however many there are.

use keyrack::domain::Role;
use serde_json::Value;

use crate::support::{Browser, Page, TestApp};

const EXPORT: &str = "/w/acme/secrets/export";
const KEY: &str = "rk_test_exported1234567";

fn rows(page: &Page) -> Vec<csv::StringRecord> {
    assert_eq!(page.status, 200, "{}", page.text);
    csv::Reader::from_reader(page.text.as_bytes()).records().map(|row| row.unwrap()).collect()
}

fn column(page: &Page, heading: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(page.text.as_bytes());
    let at = reader.headers().unwrap().iter().position(|name| name == heading).unwrap();
    let mut cells: Vec<String> = rows(page).iter().map(|row| row[at].to_owned()).collect();
    // Ids of one moment stand in any order.
    cells.sort();
    cells
}

async fn csv_of(by: &mut Browser, query: &str) -> Page {
    by.get(&format!("{EXPORT}?format=csv{query}")).await
}

#[actix_web::test]
async fn each_takes_away_what_they_may_see_and_it_is_recorded() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    ada.add_stripe("Of Ada", KEY, "vend").await;
    app.share(&mut ada, "Of all", KEY).await;
    member.add_stripe("Of the member", "rk_live_exported1234567", "proxy").await;
    let all = csv_of(&mut ada, "").await;
    assert_eq!(column(&all, "name"), ["Of Ada", "Of all", "Of the member"]);
    assert_eq!(column(&all, "last_four"), ["4567", "4567", "4567"]);
    assert_eq!(column(&all, "state"), ["connected", "connected", "connected"]);
    assert!(all.header("content-disposition").contains("acme-secrets-2026-11-21.csv"));
    assert_eq!(column(&csv_of(&mut member, "").await, "name"), ["Of all", "Of the member"]);
    assert_eq!(column(&csv_of(&mut ada, "&environment=live").await, "name"), ["Of the member"]);
    assert_eq!(column(&csv_of(&mut ada, "&q=of+a&sharing=workspace").await, "name"), ["Of all"]);
    let json = ada.get(&format!("{EXPORT}?format=json&environment=test")).await;
    let listed: Vec<Value> = serde_json::from_str(&json.text).unwrap();
    assert_eq!((listed.len(), &listed[0]["kind"], &listed[0]["version"]), (2, &"api_key".into(), &1.into()));
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secrets.exported%'"), 5);
    assert!(ada.get("/w/acme/activity").await.text.contains("exported the list of secrets as JSON"));
    for page in ada.seen.iter().chain(&member.seen) {
        assert!(!page.contains("exported1234567"), "a value left");
    }
}

#[actix_web::test]
async fn only_what_is_asked_for_from_here_is_recorded() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    assert_eq!(ada.get(EXPORT).await.status, 400);
    assert_eq!(ada.head(&format!("{EXPORT}?format=csv")).await.status, 200);
    let elsewhere = ada.get_from_elsewhere(&format!("{EXPORT}?format=csv")).await;
    assert_eq!((elsewhere.status, elsewhere.location()), (303, "/w/acme/secrets"));
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secrets.exported%'"), 0);
    let none = ada.get(&format!("{EXPORT}?format=json")).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&none.text).unwrap().len(), 0);
    assert_eq!(rows(&csv_of(&mut ada, "").await).len(), 0);
}

#[actix_web::test]
async fn a_cell_is_never_a_formula_and_a_long_list_comes_whole() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for name in ["=1+1", "+1", "-1", "@SUM(A1)", "a, \"b\""] {
        ada.add_stripe(name, KEY, "vend").await;
    }
    let page = csv_of(&mut ada, "").await;
    assert_eq!(column(&page, "name"), ["'+1", "'-1", "'=1+1", "'@SUM(A1)", "a, \"b\""]);
    let table: String = (0..120).map(|at| format!("Key {at},stripe,{KEY}\n")).collect();
    let csrf = ada.get("/w/acme/secrets/import").await.csrf();
    let text = format!("name,type,value\n{table}");
    let begun = ada.upload("/w/acme/secrets/import", &[("csrf", &csrf)], ("text", None, text.as_bytes())).await;
    let import = begun.location().to_owned();
    assert_eq!(crate::import::store(&mut ada, &import).await.status, 303);
    let mut ids = column(&csv_of(&mut ada, "").await, "id");
    assert_eq!(ids.len(), 125);
    ids.dedup();
    assert_eq!(ids.len(), 125, "none twice");
    let json = ada.get(&format!("{EXPORT}?format=json")).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json.text).unwrap().len(), 125);
}
