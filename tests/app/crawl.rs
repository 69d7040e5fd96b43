//! Follows every link and finds every form's address, as an Owner and as a Member.

use std::collections::{BTreeSet, VecDeque};

use keyrack::app::routes::{Least, PAGES};
use keyrack::domain::Role;
use regex::Regex;

use crate::support::{Browser, Page, TestApp};

/// What a page leads to: addresses to open, and addresses that forms are sent to.
fn addresses(page: &Page) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut opened = BTreeSet::new();
    for (selector, name) in [("a[href]", "href"), ("link[href]", "href"), ("script[src]", "src"), ("img[src]", "src")] {
        opened.extend(page.attributes(selector, name));
    }
    opened.extend(page.attributes("form[method=get]", "action"));
    (opened, page.attributes("form[method=post]", "action").into_iter().collect())
}

struct Crawl {
    opened: BTreeSet<String>,
    sent: BTreeSet<String>,
}

async fn crawl(browser: &mut Browser, from: &str) -> Crawl {
    let mut crawl = Crawl { opened: BTreeSet::new(), sent: BTreeSet::new() };
    let mut waiting = VecDeque::from([from.to_owned()]);
    while let Some(path) = waiting.pop_front() {
        let path = path.split('#').next().unwrap().to_owned();
        if !crawl.opened.insert(path.clone()) {
            continue;
        }
        let page = browser.get(&path).await;
        if [303, 307].contains(&page.status) {
            waiting.push_back(page.location().to_owned());
            continue;
        }
        assert_eq!(page.status, 200, "{path}");
        if !page.header("content-type").starts_with("text/html") {
            continue;
        }
        let (next, forms) = addresses(&page);
        for form in forms.difference(&crawl.sent.clone()) {
            // Without its guard a form is refused; an address that nobody answers would say so instead.
            assert_eq!(browser.post(form, &[]).await.status, 403, "{path} sends a form to {form}");
            crawl.sent.insert(form.clone());
        }
        for address in next.into_iter().filter(|address| !address.starts_with('#')) {
            let outside = address.starts_with("https://");
            assert!(outside || (address.starts_with('/') && !address.starts_with("//")), "{path} leads to {address}");
            if !outside {
                waiting.push_back(address);
            }
        }
    }
    crawl
}

fn pattern(path: &str) -> Regex {
    let part = Regex::new(r"\{[^}]*\}").unwrap();
    Regex::new(&format!("^{}$", part.replace_all(path, "[^?]+"))).unwrap()
}

#[actix_web::test]
async fn every_link_and_form_leads_somewhere_and_every_page_can_be_found() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", "rk_test_crawled1234", "vend").await;
    ada.make_token("test").await;
    app.anonymous().sign_in(crate::support::EMAIL, crate::support::PASSWORD).await;
    let mut all = crawl(&mut ada, "/").await;
    let outside = crawl(&mut app.anonymous(), "/").await;
    all.opened.extend(outside.opened);
    all.sent.extend(outside.sent);
    for row in PAGES {
        // The set-up link comes from the terminal.
        if row.path.starts_with("/set-up/") {
            continue;
        }
        let found = if row.method == "GET" { &all.opened } else { &all.sent };
        let pattern = pattern(row.path);
        assert!(found.iter().any(|path| pattern.is_match(path)), "nothing leads to {} {}", row.method, row.path);
    }
}

#[actix_web::test]
async fn a_member_is_shown_no_way_that_is_closed_to_them() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    member.add_stripe("Payments", "rk_test_crawled1234", "vend").await;
    // Every address that was opened answered 200, so none of them was refused.
    let crawl = crawl(&mut member, "/").await;
    assert!(crawl.opened.len() > 10, "{:?}", crawl.opened);
    let closed = PAGES.iter().filter(|row| matches!(row.least, Least::Role(role) if role > Role::Member));
    for row in closed {
        assert!(!crawl.opened.iter().any(|path| pattern(row.path).is_match(path)), "{}", row.path);
    }
}
