//! The activity: two chains as one list, turned page by page.

use std::collections::BTreeSet;

use keyrack::domain::Clock as _;

use crate::lists::{ACME, ACTIVITY, newer, numbers, older};
use crate::support::{Page, TestApp};

/// The texts of all links of a page's entries.
pub fn targets(page: &Page) -> Vec<String> {
    let html = scraper::Html::parse_document(&page.text);
    let selector = scraper::Selector::parse("td.lead a").unwrap();
    html.select(&selector).map(|link| link.text().collect()).collect()
}

/// Adds entries to a chain, all at the same moment; in their acts `00000000` becomes the entry's number.
pub fn record(app: &TestApp, kind: &str, count: usize, acts: &str) {
    let chain = format!("FROM audit_chains WHERE kind = '{kind}' AND workspace_id = {ACME}");
    let (numbers, at) = (numbers(count), app.clock.now().micros());
    app.database.execute(&format!(
        "INSERT INTO audit_entries (chain_id, seq, at, entry, mac) {numbers} SELECT (SELECT id {chain}), \
         (SELECT seq {chain}) + i, {at}, replace('{acts}', '00000000', tail), (SELECT head {chain}) FROM numbered"
    ));
    let chain = format!("WHERE kind = '{kind}' AND workspace_id = {ACME}");
    app.database.execute(&format!("UPDATE audit_chains SET seq = seq + {count} {chain}"));
}

fn unreadable(secret: &str, name: &str) -> String {
    let secret = format!(r#""secret":"{secret}","name":"{name}","value":1"#);
    format!(r#"{{"at":1,"by":{{"kind":"unknown"}},"event":"secret.unreadable",{secret}}}"#)
}

#[actix_web::test]
async fn equal_times_in_the_activity_lose_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Main", "rk_test_activity1234567", "vend").await;
    record(&app, "changes", 130, &format!("[{}]", unreadable(&secret, "change 00000000")));
    record(&app, "uses", 70, &format!("[{}]", unreadable(&secret, "use 00000000")));
    let expected: BTreeSet<String> = (1..=130).map(|n| format!("change {n:08}")).collect();
    let expected: BTreeSet<String> = expected.into_iter().chain((1..=70).map(|n| format!("use {n:08}"))).collect();
    let mut walked = Vec::new();
    let mut page = ada.get(ACTIVITY).await;
    assert_eq!(newer(&page), None);
    loop {
        walked.extend(targets(&page));
        let Some(next) = older(&page) else { break };
        page = ada.get(&next).await;
        assert!(newer(&page).is_some());
    }
    let once: BTreeSet<String> = walked.iter().filter(|name| name.contains("0000")).cloned().collect();
    assert_eq!((once.len(), &once), (walked.iter().filter(|name| name.contains("0000")).count(), &expected));

    let mut back = targets(&page);
    while let Some(next) = newer(&page) {
        page = ada.get(&next).await;
        back.extend(targets(&page));
    }
    let back: BTreeSet<String> = back.into_iter().filter(|name| name.contains("0000")).collect();
    assert_eq!(back, expected);
    let uses = ada.get(&format!("{ACTIVITY}?kind=uses")).await;
    assert_eq!(targets(&uses).len(), 50);
    assert_eq!(targets(&ada.get(&older(&uses).unwrap()).await).len(), 20);
}

#[actix_web::test]
async fn a_group_of_uses_is_told_in_few_lines() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Main", "rk_test_activity1234567", "vend").await;
    let alike = vec![unreadable(&secret, "Stripe live"); 12].join(",");
    record(&app, "uses", 1, &format!("[{alike},{}]", unreadable(&secret, "Other")));
    let page = ada.get(&format!("{ACTIVITY}?kind=uses")).await;
    assert_eq!(targets(&page), ["Other", "Stripe live"]);
    assert!(page.text.contains("12 times"));

    // Groups in which no two are alike fill a page by themselves.
    let unlike: Vec<String> = (0..40).map(|n| unreadable(&secret, &format!("{n} 00000000"))).collect();
    record(&app, "uses", 5, &format!("[{}]", unlike.join(",")));
    let (mut sizes, mut next) = (Vec::new(), Some(format!("{ACTIVITY}?kind=uses")));
    while let Some(path) = next {
        let page = ada.get(&path).await;
        sizes.push(targets(&page).len());
        next = older(&page);
    }
    assert_eq!(sizes, [80, 80, 42]);
}
