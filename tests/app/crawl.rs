//! Follows every link and finds every form's address, as an Owner and as a Member.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use keyrack::app::routes::{Least, PAGES};
use keyrack::domain::Role;
use regex::Regex;
use scraper::Html;

use crate::support::{Browser, OPEN, Oidc, TestApp, attributes};

const IMPORT: &str = "/w/acme/secrets/import";

/// What a page leads to: addresses to open, and addresses that forms are sent to.
fn addresses(page: &Html) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut opened = BTreeSet::new();
    for (selector, name) in [("a[href]", "href"), ("link[href]", "href"), ("script[src]", "src"), ("img[src]", "src")] {
        opened.extend(attributes(page, selector, name));
    }
    opened.extend(attributes(page, "form[method=get]", "action"));
    let mut sent: BTreeSet<String> = attributes(page, "form[method=post]", "action").into_iter().collect();
    sent.extend(attributes(page, "form[method=post] button[formaction]", "formaction"));
    (opened, sent)
}

/// The forms of the catalogue are drawn one by one elsewhere; so many of them are opened here.
const FORMS: usize = 12;
const FORM: &str = "/secrets/new/";

struct Crawl {
    opened: BTreeSet<String>,
    /// What some page has led to.
    known: BTreeSet<String>,
    /// Where forms are sent, with the guard of one that is sent there.
    sent: BTreeMap<String, String>,
}

/// Whatever is named by an id is there once, so that labels, dialogs and copy buttons mean the right thing.
fn expect_ids_once(path: &str, page: &Html) {
    let ids = attributes(page, "[id]", "id");
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(once.len(), ids.len(), "{path} repeats an id: {ids:?}");
    let naming = ["for", "aria-labelledby", "aria-describedby", "aria-controls", "popovertarget", "data-copy-from"];
    for name in naming {
        for list in attributes(page, &format!("[{name}]"), name) {
            for id in list.split(' ').filter(|id| !id.is_empty()) {
                assert!(once.contains(&id.to_owned()), "{path}: {name} names {id}, which is not there");
            }
        }
    }
}

impl Crawl {
    /// Whether the address is another one that is worth opening.
    fn is_new(&mut self, address: &str) -> bool {
        let room = !address.contains(FORM) || self.known.iter().filter(|known| known.contains(FORM)).count() < FORMS;
        room && self.known.insert(address.to_owned())
    }
}

async fn crawl(browser: &mut Browser, from: &str) -> Crawl {
    let mut crawl = Crawl { opened: BTreeSet::new(), known: BTreeSet::new(), sent: BTreeMap::new() };
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
        let html = page.html();
        expect_ids_once(&path, &html);
        let (next, forms) = addresses(&html);
        for form in forms {
            // Without its guard a form is refused; an address that nobody answers would say so instead.
            if let Entry::Vacant(place) = crawl.sent.entry(form) {
                let form = place.key();
                assert_eq!(browser.post(form, &[]).await.status, 403, "{path} sends a form to {form}");
                place.insert(page.csrf());
            }
        }
        for address in next.into_iter().filter(|address| !address.starts_with('#')) {
            let outside = address.starts_with("https://");
            assert!(outside || (address.starts_with('/') && !address.starts_with("//")), "{path} leads to {address}");
            if !outside && crawl.is_new(&address) {
                waiting.push_back(address);
            }
        }
    }
    crawl
}

fn without_query(address: &str) -> &str {
    address.split('?').next().unwrap()
}

fn pattern(path: &str) -> Regex {
    let part = Regex::new(r"\{[^}:]*\}").unwrap();
    let parts = path.replace("{path:.*}", ".+");
    Regex::new(&format!("^{}$", part.replace_all(&parts, "[^/?]+"))).unwrap()
}

/// A key, a token, a workflow that has both, a round that asks for another value, and an end user with a key.
async fn with_workflow(app: &TestApp, ada: &mut Browser) {
    app.outsiders("guest-1042", "hotel", "rk_test_crawled5678").await;
    let secret = ada.add_stripe("Invoices", "rk_test_crawled4567", "vend").await;
    let (token, _) = ada.make_token("test").await;
    // With an old text that still works.
    ada.renewed(&token, "day").await;
    let (workflow, _) = ada.add_bound("Invoices", &secret).await;
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    ada.start_round("Yearly", &[]).await;
    let odd = "INSERT INTO oddities (secret_id, kind, number, found_at) SELECT id, 'spike', 90, 0 FROM secrets";
    app.database.run(odd);
    // With a date that one is reminded of, and a private link to all of them.
    app.database.run(&format!("UPDATE secrets SET rotate_at = 1 WHERE id = '{secret}'"));
    assert_eq!(ada.submit("/account", "/w/acme/calendar/link", &[]).await.status, 200);
    // One with a key that waits, and one that is paused.
    let hook = ada.add_webhook("https://hooks.example.com/in", &[]).await;
    assert_eq!(ada.press(&hook, "test").await.status, 303);
    assert_eq!(ada.submit_key(&hook, "day").await.status, 200);
    let paused = ada.add_webhook("https://hooks.example.com/in", &[("name", "Paused")]).await;
    assert_eq!(ada.press(&paused, "pause").await.status, 303);
}

#[actix_web::test]
async fn every_link_and_form_leads_somewhere_and_every_page_can_be_found() {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    let mut ada = app.bare_owner().await;
    // Opened by somebody else, to another domain than hers.
    let open = "SELECT id, 'other.example', 0 FROM workspaces";
    app.database.run(&format!("INSERT INTO workspace_domains (workspace_id, domain, created_at) {open}"));
    let link = ada.offer(&provider, "acme").await.location().to_owned();
    assert_eq!(ada.submit(&link, &link, &[]).await.status, 303);
    assert_eq!(ada.submit("/account", "/w/acme/node-types/box/add", &[("method", "oauth")]).await.status, 303);
    let client = "/w/acme/node-types/box/client/test";
    let fields = [("client_id", "app-1"), ("client_secret", "not a real one")];
    assert_eq!(ada.submit("/account", client, &fields).await.status, 303);
    ada.add_place("/w/acme/secrets/new/box", "Contracts").await;
    let id = ada.add_stripe("Payments", "rk_test_crawled1234", "vend").await;
    // With a value to go back to, and one to follow.
    ada.enter(&id, "next", "rk_test_crawled2345", &[]).await;
    ada.turn(&id, "next/promote").await;
    ada.enter(&id, "next", "rk_test_crawled3456", &[]).await;
    ada.make_token("test").await;
    app.database.run(
        "INSERT INTO connect_pages (workspace_id, origins, logo, logo_name) SELECT id, '', key_blob, 'logo' FROM workspaces",
    );
    ada.add_custom_api("Rooms", "https://rooms.example.com").await;
    let old = ada.add_custom_api("Old rooms", "https://old.example.com").await;
    assert_eq!(ada.submit("/account", &format!("/w/acme/node-types/{old}/disable"), &[]).await.status, 303);
    with_workflow(&app, &mut ada).await;
    app.failed_notice(crate::support::EMAIL, "anna@example.com").await;
    app.other_owner("grace@example.com").await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    eve.invite("/w/other", crate::support::EMAIL).await;
    ada.invite("/w/acme", "guest@example.com").await;
    app.anonymous().sign_in(crate::support::EMAIL, crate::support::PASSWORD).await;
    let text = [("text", "STRIPE_KEY=rk_test_crawled1234")];
    assert_eq!(ada.submit(IMPORT, IMPORT, &text).await.status, 303);
    let mut all = crawl(&mut ada, "/").await;
    // Somebody without a password, who is asked to show once more who they are.
    provider.set(|world| (world.sub, world.email) = ("subject-2".to_owned(), Some("lin@example.com")));
    let mut lin = app.anonymous();
    assert_eq!(lin.come_by(&provider, "acme", &[]).await.status, 303);
    app.advance(std::time::Duration::from_mins(11));
    for crawled in [crawl(&mut app.anonymous(), "/").await, crawl(&mut lin, "/account").await] {
        all.opened.extend(crawled.opened);
        all.sent.extend(crawled.sent);
    }
    let mut sent: BTreeSet<String> = all.sent.keys().cloned().collect();
    // A page that only a form leads to.
    const DESCRIBED: &str = "/w/acme/custom-apis/import";
    let described = ada.submit(DESCRIBED, DESCRIBED, &[("text", "openapi: 3.0.0")]).await;
    assert_eq!(described.status, 200, "{}", described.text);
    sent.extend(addresses(&described.html()).1);
    for row in PAGES {
        // The set-up link comes from the terminal, the others by letter; and a provider leads back.
        if ["{link}", "{state}", "/callback"].iter().any(|part| row.path.contains(part)) {
            continue;
        }
        let pattern = pattern(row.path);
        let mut found = if row.method == "GET" { all.opened.iter() } else { sent.iter() };
        assert!(
            found.any(|path| pattern.is_match(without_query(path))),
            "nothing leads to {} {}",
            row.method,
            row.path
        );
    }
}

#[actix_web::test]
async fn every_form_is_sent_to_the_thing_that_its_page_shows() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    ada.add_stripe("Payments", "rk_test_crawled1234", "vend").await;
    ada.make_token("test").await;
    ada.add_custom_api("Rooms", "https://rooms.example.com").await;
    let old = ada.add_custom_api("Old rooms", "https://old.example.com").await;
    assert_eq!(ada.submit("/account", &format!("/w/acme/node-types/{old}/disable"), &[]).await.status, 303);
    with_workflow(&app, &mut ada).await;
    app.failed_notice(crate::support::EMAIL, "anna@example.com").await;
    app.anonymous().sign_in(crate::support::EMAIL, crate::support::PASSWORD).await;
    let mut forms: Vec<_> = crawl(&mut ada, "/").await.sent.into_iter().collect();
    // What takes the others' thing away comes last.
    let takes_away = |form: &str| {
        form.ends_with("/revoke-others")
            || form.ends_with("/discard")
            || form.ends_with("/remove")
            || (form.contains("/webhooks/") && form.ends_with("/delete"))
    };
    forms.sort_by_key(|(form, _)| (form == "/sign-out", takes_away(form)));
    for part in ["/tokens/tok_", "/secrets/sec_", "/sessions/ses_"] {
        assert!(forms.iter().any(|(form, _)| form.contains(part)), "no form is sent to {part}…");
    }
    for (form, csrf) in forms {
        let status = ada.post(&form, &[("csrf", &csrf)]).await.status;
        // What is shown once is the answer itself.
        let shown = status == 200 && form.ends_with("/calendar/link");
        assert!(shown || [303, 400, 422].contains(&status), "{form} answers {status}");
    }
}

#[actix_web::test]
async fn a_member_is_shown_no_way_that_is_closed_to_them() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let secret = member.add_stripe("Payments", "rk_test_crawled1234", "vend").await;
    member.add_bound("Invoices", &secret).await;
    // Every address that was opened answered 200, so none of them was refused.
    let crawl = crawl(&mut member, "/").await;
    assert!(crawl.opened.len() > 10, "{:?}", crawl.opened);
    let closed = PAGES.iter().filter(|row| matches!(row.least, Least::Role(role) if role > Role::Member));
    for row in closed {
        assert!(!crawl.opened.iter().any(|path| pattern(row.path).is_match(without_query(path))), "{}", row.path);
    }
}
