//! The orders of the list of secrets: walked page by page, each shows every secret once, in its order.

use crate::lists::{hang, id, newer, older, rows};
use crate::support::{Browser, EMAIL, Page, TestApp};

const SECRETS: &str = "/w/acme/secrets";
const COUNT: usize = 130;

/// All pages from the first to the last, and the way back.
async fn walk(browser: &mut Browser, query: &str) -> (Vec<String>, Vec<Page>) {
    let mut pages = vec![browser.get(&format!("{SECRETS}?{query}")).await];
    while let Some(next) = older(pages.last().unwrap()) {
        pages.push(browser.get(&next).await);
    }
    (pages.iter().flat_map(rows).collect(), pages)
}

/// Ties in every column that there is an order by, some of them at the edges of pages.
fn mix(app: &TestApp) {
    hang(&app.database, COUNT, "00000000", EMAIL, "private");
    let mut all = String::new();
    for number in 1..=COUNT {
        let mut what = Vec::new();
        what.push(format!("name_key = 'n{:02}.~{number}', name = 'N{:02}.~{number}'", number % 7, number % 7));
        if number.is_multiple_of(3) {
            what.push(format!("last_used_at = {}", 1_000 + number % 5));
        }
        if number.is_multiple_of(4) {
            what.push(format!("expires_at = {}", 9_000_000_000_000_000_i64 - (number % 6) as i64));
        }
        all.push_str(&format!("UPDATE secrets SET {} WHERE id = '{}';\n", what.join(", "), id("00000000", number)));
    }
    // At once: while a connection is made for each, the server closes the browser's own.
    app.database.run(&all);
}

fn expected(key: impl Fn(usize) -> (i64, String, i64)) -> Vec<String> {
    let mut numbers: Vec<usize> = (1..=COUNT).collect();
    numbers.sort_by_key(|number| key(*number));
    numbers.into_iter().map(|number| id("00000000", number)).collect()
}

#[actix_web::test]
async fn every_order_shows_every_secret_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    mix(&app);
    let used = |n: usize| if n.is_multiple_of(3) { 1_000 + (n % 5) as i64 } else { 0 };
    let ends = |n: usize| if n.is_multiple_of(4) { -((n % 6) as i64) } else { i64::MAX };
    let falling = |n: usize| -(n as i64);
    let orders = [
        ("newest", expected(|n| (0, String::new(), falling(n)))),
        ("name", expected(|n| (0, format!("n{:02}.~{n}", n % 7), n as i64))),
        ("last_use", expected(|n| (-used(n), String::new(), falling(n)))),
        ("expiry", expected(|n| (ends(n), String::new(), n as i64))),
    ];
    for (order, expected) in orders {
        let (walked, pages) = walk(&mut ada, &format!("sort={order}&environment=test")).await;
        assert_eq!(walked, expected, "{order}");
        assert_eq!(pages.len(), 3);
        // And back, from the last page to the first.
        let second = ada.get(&newer(&pages[2]).unwrap()).await;
        assert_eq!(rows(&second), rows(&pages[1]), "{order}: the way back");
        let first = ada.get(&newer(&second).unwrap()).await;
        assert_eq!((rows(&first), newer(&first)), (rows(&pages[0]), None), "{order}: the first");
        assert_eq!(first.text_of("select#sort option[selected]"), pages[0].text_of("select#sort option[selected]"));
    }
}

#[actix_web::test]
async fn a_place_of_another_order_begins_at_the_first_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    mix(&app);
    let first = rows(&ada.get(&format!("{SECRETS}?sort=name")).await);
    for odd in [
        "sort=name&before=x",
        "sort=name&before=sec_01jd8x3f5k7q9r2t4v6w8y0z1a.7",
        "sort=name&after=%00~%00",
        "sort=name&before=sec_01jd8x3f5k7q9r2t4v6w8y0z1a~%00",
    ] {
        assert_eq!(rows(&ada.get(&format!("{SECRETS}?{odd}")).await), first, "{odd}");
    }
    let newest = rows(&ada.get(SECRETS).await);
    assert_eq!(rows(&ada.get(&format!("{SECRETS}?sort=banana")).await), newest);
}
