//! The activity narrowed, entry by entry, and as a file.

use std::time::Duration;

use keyrack::domain::{Clock as _, Role};
use serde_json::Value;

use crate::lists::{ACTIVITY, newer, older};
use crate::lists_activity::{record, targets};
use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp};

const KEY: &str = "rk_test_activity1234567";
const EXPORT: &str = "/w/acme/activity/export";

fn lines(page: &Page) -> usize {
    page.attributes("tbody tr", "role").len()
}

/// The value of the choice whose label this is.
fn choice(page: &Page, field: &str, label: &str) -> String {
    let html = scraper::Html::parse_document(&page.text);
    let selector = scraper::Selector::parse(&format!("select[name={field}] option")).unwrap();
    let found = html.select(&selector).find(|option| option.text().collect::<String>() == label);
    found.unwrap_or_else(|| panic!("no choice {label}")).value().attr("value").unwrap().to_owned()
}

async fn narrowed(by: &mut Browser, query: &str) -> Page {
    let page = by.get(&format!("{ACTIVITY}?{query}")).await;
    assert_eq!(page.status, 200, "{query}");
    page
}

fn token_act(token: &str, secret: &str) -> String {
    format!(
        r#"{{"at":1,"by":{{"kind":"token","id":"{token}","maker":"usr_01jd8x3f5k7q9r2t4v6w8y0z1a"}},"event":"token.revoked","token":"{token}","name":"{secret}"}}"#
    )
}

#[actix_web::test]
async fn the_activity_is_narrowed_by_who_what_and_when() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner("grace@example.com").await;
    ada.add_stripe("Of Ada", KEY, "vend").await;
    grace.add_stripe("Of Grace", KEY, "vend").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out(KEY);
    let all = ada.get(ACTIVITY).await;

    let by_grace = narrowed(&mut ada, &format!("by={}", choice(&all, "by", "Grace"))).await;
    assert_eq!(targets(&by_grace), ["Of Grace"]);
    let by_token = narrowed(&mut ada, &format!("by={}", choice(&all, "by", "Token Backend"))).await;
    assert_eq!((targets(&by_token), lines(&by_token)), (vec!["Backend".to_owned(), "Of Ada".to_owned()], 1));
    let by_operator = narrowed(&mut ada, "by=command_line").await;
    assert!(lines(&by_operator) == 1 && by_operator.text.contains("joined as Owner at the command line"));

    let about = |page: &Page| (lines(page), targets(page));
    let tokens = narrowed(&mut ada, "about=tokens").await;
    assert_eq!(about(&tokens), (1, vec!["Backend".to_owned()]));
    assert_eq!(lines(&narrowed(&mut ada, "about=secrets").await), 3);
    assert_eq!(lines(&narrowed(&mut ada, "about=secrets&kind=uses").await), 1);
    assert_eq!(lines(&narrowed(&mut ada, &format!("about=secrets&by={person}&kind=changes")).await), 1);

    let before = lines(&all);
    app.advance(Duration::from_hours(72));
    ada.sign_in(EMAIL, PASSWORD).await;
    let today = app.clock.now().day();
    assert_eq!(lines(&narrowed(&mut ada, &format!("from={today}")).await), 0);
    ada.add_stripe("Later", KEY, "vend").await;
    assert_eq!(targets(&narrowed(&mut ada, &format!("from={today}")).await), ["Later"]);
    let earlier = narrowed(&mut ada, "to=2000-01-01").await;
    assert!(lines(&earlier) == 0 && earlier.text.contains("Nothing matches"), "an honest word where nothing is");
    assert_eq!(earlier.attributes("a.small-link", "href"), [ACTIVITY], "a way back to everything");
    assert_eq!(lines(&narrowed(&mut ada, &format!("from=2000-01-01&to={today}")).await), before + 1);
    let wrong = narrowed(&mut ada, "from=yesterday&to=2000-01-01").await;
    assert_eq!(wrong.attributes("input[aria-invalid]", "name"), ["from"]);
    let backwards = narrowed(&mut ada, "from=2027-01-02&to=2027-01-01").await;
    assert!(backwards.text.contains("This is before the first day."));
}

/// Every link of the page's entries.
fn linked(page: &Page) -> Vec<String> {
    page.attributes("td.lead a", "href")
}

#[actix_web::test]
async fn what_is_gone_is_named_and_not_linked_to() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let grace = app.other_owner("grace@example.com").await.id().await;
    ada.submit("/account", &format!("/w/acme/members/{grace}/role"), &[("role", "admin")]).await;
    let (kept, gone) = (ada.add_stripe("Kept", KEY, "vend").await, ada.add_stripe("Gone", KEY, "vend").await);
    let (kept, gone) = (format!("/w/acme/secrets/{kept}"), format!("/w/acme/secrets/{gone}"));
    let member = format!("/w/acme/members/{grace}");
    assert_eq!(linked(&ada.get(ACTIVITY).await), [gone.clone(), kept.clone(), member]);

    let delete = format!("{gone}/delete");
    assert_eq!(ada.submit(&delete, &delete, &[("name", "Gone")]).await.status, 303);
    app.database.execute(&format!("DELETE FROM members WHERE person_id = '{grace}'"));
    let page = ada.get(ACTIVITY).await;
    assert_eq!(linked(&page), std::slice::from_ref(&kept));
    let home = ada.get("/w/acme").await;
    assert!(home.text.contains(&kept) && !home.text.contains(&gone) && !home.text.contains(&grace));
    for told in ["added the secret Gone", "changed the role of Grace"] {
        assert!(page.text.contains(told) && home.text.contains(told), "{told}");
    }
}

#[actix_web::test]
async fn filters_stay_in_the_links_and_nothing_is_lost_between_pages() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let token = |n: u8| format!("tok_01jd8x3f5k7q9r2t4v6w8y0z{n:02}");
    // Groups in which two tokens take turns: half of each is asked for.
    for n in 0..90 {
        let acts: Vec<String> =
            (0..4).map(|act| token_act(&token(act % 2), &format!("group {n:02} act {act}"))).collect();
        record(&app, "uses", 1, &format!("[{}]", acts.join(",")));
    }
    let first = narrowed(&mut ada, &format!("kind=uses&by={}&about=tokens", token(1))).await;
    // None of the tokens is there, so none is linked to.
    let acts = regex::Regex::new("group [0-9]{2} act [0-9]").unwrap();
    let told = |page: &Page| -> Vec<String> { acts.find_iter(&page.text).map(|act| act.as_str().to_owned()).collect() };
    let (mut walked, mut page) = (told(&first), first);
    while let Some(next) = older(&page) {
        assert!(next.contains("kind=uses") && next.contains("about=tokens") && next.contains(&token(1)), "{next}");
        page = ada.get(&next).await;
        assert!(newer(&page).is_some());
        walked.extend(told(&page));
    }
    assert_eq!(walked.len(), 180, "two acts of each group");
    assert!(walked.iter().all(|act| act.ends_with('1') || act.ends_with('3')));
    walked.sort();
    walked.dedup();
    assert_eq!(walked.len(), 180, "none twice");
}

#[actix_web::test]
async fn a_page_that_looked_long_enough_says_so_and_leads_on() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Deep down", KEY, "vend").await;
    // Groups of several may hold anybody, so that each has to be looked at.
    record(&app, "changes", 5_200, &format!("[{}]", token_act("tok_01jd8x3f5k7q9r2t4v6w8y0z1a", "00000000")));
    let mine = ada.get(ACTIVITY).await;
    let me = choice(&mine, "by", "Ada");
    let page = narrowed(&mut ada, &format!("by={me}")).await;
    assert!(page.text.contains("Looked at 5\u{202f}000 entries") && lines(&page) == 0, "{}", page.text);
    let next = older(&page).expect("a way on");
    let page = ada.get(&next).await;
    assert_eq!(targets(&page), ["Deep down"]);
    assert!(!page.text.contains("Looked at"), "the end was reached");
    let filed = ada.get(&format!("{EXPORT}?format=jsonl&by={me}")).await;
    assert!(filed.text.contains("Deep down"), "a file goes on by itself");
}

#[actix_web::test]
async fn an_entry_has_an_address_of_its_own() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let secret = ada.add_stripe("Payments", KEY, "vend").await;
    let list = ada.get(ACTIVITY).await;
    let link = list.attributes("td a[href*='/activity/']", "href").remove(0);
    assert_eq!(link, "/w/acme/activity/changes-4");
    let page = ada.get(&link).await;
    assert_eq!((page.status, page.text_of("h1")), (200, "Entry changes-4".to_owned()));
    assert!(page.text.contains("Exactly what was sealed") && page.text.contains("secret.created"));
    assert!(page.attributes("[data-copy]", "data-copy").contains(&secret));
    let mac = page.text_of("code.mac");
    assert!(mac.len() == 64 && mac.bytes().all(|b| b.is_ascii_hexdigit()), "{mac}");
    assert!(page.attributes("a[rel=prev]", "href").is_empty(), "it is the newest");
    let before = page.attributes("a[rel=next]", "href").remove(0);
    assert_eq!(before, "/w/acme/activity/changes-3");
    assert_eq!(ada.get(&before).await.attributes("a[rel=prev]", "href"), [link]);

    for name in ["changes-0", "changes-9", "uses-1", "installation-1", "changes-02", "changes", "x-1", "changes-1%00"] {
        assert_eq!(ada.get(&format!("/w/acme/activity/{name}")).await.status, 404, "{name}");
    }
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    assert_eq!(eve.get("/w/acme/activity/changes-1").await.status, 404);
    assert!(!eve.get("/w/other/activity/changes-1").await.text.contains("Acme"));
    let mut member = app.member("member@example.com", Role::Member).await;
    assert_eq!(member.get("/w/acme/activity/changes-1").await.status, 403);
    assert_eq!(member.get("/w/acme/activity/nonsense").await.status, 403);
}

#[actix_web::test]
async fn what_matches_leaves_as_a_file() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let names = ["=HYPERLINK(\"http://e\",\"x\")", "+1", "-1", "@SUM(A1)", "plain, with a comma"];
    for name in names {
        ada.add_stripe(name, KEY, "vend").await;
    }
    ada.submit("/account", "/account/profile", &[("name", "=cmd|' /C calc'!A0")]).await;
    let day = app.clock.now().day();
    let csv = ada.get(&format!("{EXPORT}?format=csv&about=secrets")).await;
    assert_eq!(csv.header("content-disposition"), format!("attachment; filename=\"acme-activity-{day}.csv\""));
    assert!(csv.header("content-type").starts_with("text/csv"));
    let rows: Vec<&str> = csv.text.split("\r\n").filter(|row| !row.is_empty()).collect();
    assert_eq!(rows[0], "entry,time,who,what,event,by,about,address");
    assert_eq!(rows.len(), 1 + names.len(), "{}", csv.text);
    for row in &rows[1..] {
        assert!(row.contains(",'=cmd|' /C calc'!A0,"), "{row}");
        assert!(!row.split(',').any(|cell| cell.trim_start_matches('"').starts_with(['=', '+', '@'])), "{row}");
    }

    let json = ada.get(&format!("{EXPORT}?format=jsonl&about=secrets")).await;
    assert!(json.header("content-disposition").ends_with(".jsonl\""));
    let acts: Vec<Value> = json.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<_> = acts.iter().map(|act| act["act"]["secret"]["name"].as_str().unwrap()).collect();
    assert_eq!(told, names.iter().rev().copied().collect::<Vec<_>>(), "the newest first");
    assert!(acts.iter().all(|act| act["mac"].as_str().unwrap().len() == 64));
    assert!(!csv.text.contains(KEY) && !json.text.contains(KEY));

    assert_eq!(
        app.database.count("audit_entries WHERE entry LIKE '%activity.exported%'"),
        2,
        "taking it away is recorded"
    );
    assert_eq!(ada.head(&format!("{EXPORT}?format=csv")).await.status, 200);
    assert_eq!(ada.get(&format!("{EXPORT}?format=xml")).await.status, 400);
    let elsewhere = ada.get_from_elsewhere(&format!("{EXPORT}?format=csv&about=secrets")).await;
    assert_eq!((elsewhere.status, elsewhere.location()), (303, "/w/acme/activity?about=secrets"));
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%activity.exported%'"), 2);
    assert!(ada.get(ACTIVITY).await.text.contains("exported the activity as CSV"));
}

#[actix_web::test]
async fn a_long_file_is_whole() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    record(&app, "changes", 1_300, &format!("[{}]", token_act("tok_01jd8x3f5k7q9r2t4v6w8y0z1a", "change 00000000")));
    let json = ada.get(&format!("{EXPORT}?format=jsonl&about=tokens")).await;
    let mut names: Vec<String> =
        json.text.lines().map(|line| line.split("change ").nth(1).unwrap()[..8].to_owned()).collect();
    names.reverse();
    assert_eq!(names, (1..=1_300).map(|n| format!("{n:08}")).collect::<Vec<_>>());
    let mut member = app.member("member@example.com", Role::Member).await;
    assert_eq!(member.get(&format!("{EXPORT}?format=csv")).await.status, 403);
}

#[actix_web::test]
async fn a_day_long_ago_is_found_at_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Long ago", KEY, "vend").await;
    let that_day = app.clock.now().day();
    app.advance(Duration::from_hours(72));
    ada.sign_in(EMAIL, PASSWORD).await;
    let act = token_act("tok_01jd8x3f5k7q9r2t4v6w8y0z1a", "00000000");
    let now = app.clock.now().micros();
    record(&app, "uses", 6_500, &format!("[{}]", act.replace("\"at\":1,", &format!("\"at\":{now},"))));
    record(&app, "changes", 6_500, &format!("[{}]", act.replace("\"at\":1,", &format!("\"at\":{now},"))));
    let page = narrowed(&mut ada, &format!("from={that_day}&to={that_day}")).await;
    assert_eq!(targets(&page), ["Long ago"]);
    assert!(!page.text.contains("Looked at"), "whatever has happened since");
}
