//! Storing many secrets at once: all of them or none, each once, and never in the open between the steps.

use std::time::Duration;

use keyrack::domain::Role;

use crate::support::{Browser, Page, TestApp};

pub const NEW: &str = "/w/acme/secrets/import";
const TWILIO: &str = "0123456789abcdef0123456789abcdef";

pub fn key(tail: &str) -> String {
    format!("rk_test_import{tail}1234567890")
}

/// Adds what the catalogue describes to the workspace.
fn add(app: &TestApp, node_type: &str) {
    let id = format!("nt_01jd8x3f5k7q9r2t4v6w8y0z{}", &node_type[..2].replace(['i', 'l', 'o', 'u'], "0"));
    app.database.execute(&format!(
        "INSERT INTO node_types (id, workspace_id, slug, name, method, enabled, revision, created_at, updated_at) \
         SELECT '{id}', id, '{node_type}', '{node_type}', 'key', TRUE, 1, 0, 0 FROM workspaces WHERE slug = 'acme' \
         AND NOT EXISTS (SELECT 1 FROM node_types WHERE slug = '{node_type}')"
    ));
}

pub async fn begin(by: &mut Browser, text: &str) -> String {
    begin_with(by, text, &[]).await
}

/// Where the import is looked at.
pub async fn begin_with(by: &mut Browser, text: &str, fields: &[(&str, &str)]) -> String {
    let usual = [("environment", "test"), ("delivery", "vend"), ("sharing", "private")];
    let csrf = by.get(NEW).await.csrf();
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(usual.iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name)));
    all.extend_from_slice(fields);
    let page = by.upload(NEW, &all, ("text", None, text.as_bytes())).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.location().to_owned()
}

async fn refused(by: &mut Browser, file: &[u8]) -> Page {
    let csrf = by.get(NEW).await.csrf();
    let fields = [("csrf", csrf.as_str()), ("environment", "live"), ("delivery", "vend"), ("sharing", "workspace")];
    let page = by.upload(NEW, &fields, ("file", Some("keys.csv"), file)).await;
    assert_eq!(page.status, 422, "{}", page.text);
    page
}

pub async fn store(by: &mut Browser, import: &str) -> Page {
    let page = by.get(import).await;
    store_as_seen(by, &page, import).await
}

/// Stores what this page showed.
pub async fn store_as_seen(by: &mut Browser, page: &Page, import: &str) -> Page {
    let seen = page.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    by.post(import, &[("csrf", &page.csrf()), ("seen", &seen), ("act", "store")]).await
}

pub fn summary(page: &Page) -> String {
    page.text_of("section [role=status]")
}

/// What the selects of this name are set to.
fn chosen(page: &Page, name: &str) -> String {
    page.attributes(&format!("select[name={name}] option[selected]"), "value").pop().unwrap_or_default()
}

#[actix_web::test]
async fn a_table_is_mapped_looked_at_and_stored() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    add(&app, "twilio");
    let table = format!(
        "\u{feff}Name;Service;Env;Key;Account SID;Key SID;Expires on;Team\r\n\
         \"Reception; till\";Stripe;test;{};;;2027-01-31;front\r\n\
         Restaurant;stripe;LIVE;rk_live_import2222222222;;;;\r\n\
         Text messages;Twilio;;{TWILIO};AC{TWILIO};SK{TWILIO};;x\r\n",
        key("one")
    );
    let import = begin(&mut ada, &table).await;
    let page = ada.get(&import).await;
    assert_eq!(page.status, 200);
    let columns: Vec<String> = (0..8).map(|at| chosen(&page, &format!("column-{at}"))).collect();
    let wanted =
        ["name", "node_type", "environment", "value", "field-account_sid", "field-key_sid", "expires", "ignore"];
    assert_eq!(columns, wanted, "guessed from the headings");
    assert_eq!(summary(&page), "3 secrets ready");
    for shown in ["Reception; till", "Restaurant", "Text messages", "API key: SID and secret", "7890", "cdef"] {
        assert!(page.text.contains(shown), "{shown}");
    }
    let done = store(&mut ada, &import).await;
    assert_eq!((done.status, done.location()), (303, import.as_str()), "{}", done.text);
    let report = ada.get(&import).await;
    assert_eq!(report.text_of("h1"), "3 secrets are on the rack");
    assert_eq!(app.database.count("secrets"), 3);
    assert_eq!(app.database.count("secrets WHERE environment = 'live' AND name = 'Restaurant'"), 1);
    assert_eq!(app.database.count("secrets WHERE expires_at IS NOT NULL"), 1);
    assert_eq!(app.database.count("secrets WHERE delivery = 'vend' AND sharing = 'private'"), 3);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secret.created%'"), 3);
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out(&key("one"));
}

#[actix_web::test]
async fn variables_become_what_their_names_and_values_say() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    add(&app, "openai");
    let file = format!(
        "# keys\r\nexport STRIPE_SECRET_KEY=\"{}\"\r\nOPENAI_API_KEY='sk-proj-abcdefghijklmnopqrstuvwxyz012345'  # c\r\n\
         PAYMENTS=rk_test_byPrefix1234567890\r\nPORT=3000\r\nDATABASE_URL=postgres://u:p@db/x\r\n",
        key("env")
    );
    let import = begin(&mut ada, &file).await;
    let page = ada.get(&import).await;
    let types: Vec<String> = (0..5).map(|at| chosen(&page, &format!("type-{at}"))).collect();
    assert_eq!(types, ["stripe", "openai", "stripe", "", ""]);
    let names = page.attributes("input[name^=name-]", "value");
    assert_eq!(names[..3], ["Stripe secret key", "openai API key", "Payments"]);
    assert_eq!(summary(&page), "3 secrets ready, 2 left out");

    let form = [("type-2", ""), ("environment-2", "test"), ("name-2", "Payments")];
    let looked = ada.submit(&import, &import, &form).await;
    assert_eq!(looked.status, 303);
    let seen = ada.get(&import).await.attributes("input[name=seen]", "value").remove(0);
    let act = [("act", "store"), ("seen", seen.as_str())];
    let rename = [("type-0", "stripe"), ("environment-0", "test"), ("name-0", "Front desk")];
    let rename = [&act[..], &rename].concat();
    let again = ada.submit(&import, &import, &rename).await;
    assert_eq!(again.status, 422, "what was changed is shown before it is stored");
    assert_eq!(summary(&again), "2 secrets ready, 3 left out");
    assert_eq!(ada.submit(&import, &import, &rename).await.status, 303);
    let names = app.database.texts("SELECT name AS text FROM secrets ORDER BY name");
    assert_eq!(names, ["Front desk", "openai API key"]);
    assert!(ada.get(&import).await.text.contains("3 rows were left out"));
}

#[actix_web::test]
async fn one_bad_row_among_fifty_stores_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut rows: Vec<String> = (0..50).map(|at| format!("Key {at},stripe,{}", key(&at.to_string()))).collect();
    rows[30] = "Key 30,stripe,pk_test_wrong1234567890".to_owned();
    let import = begin(&mut ada, &format!("name,node_type,value\n{}", rows.join("\n"))).await;
    let page = ada.get(&import).await;
    assert_eq!(summary(&page), "49 secrets ready, 1 row to put right");
    assert!(page.attributes("button[value=store]", "value").is_empty());
    let bad = store(&mut ada, &import).await;
    assert_eq!((bad.status, app.database.count("secrets")), (422, 0));
    assert!(bad.text.contains("A Stripe key begins with") && bad.text.contains("Nothing is stored yet."));
    let only = ada.get(&format!("{import}?only=faults")).await;
    assert_eq!(only.attributes("tbody tr", "role").len(), 1);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secret.created%'"), 0);
}

#[actix_web::test]
async fn names_are_taken_once_in_the_file_and_on_the_rack() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("On the rack", &key("rack"), "vend").await;
    let row = |name: &str, environment: &str| format!("{name},stripe,{environment},rk_{environment}_import123456\n");
    let table = ["name,type,environment,value\n".to_owned(), row("ON THE RACK", "test"), row("On the rack", "live")]
        .into_iter()
        .chain([row("Twice", "test"), row("tWICE", "test"), row("Twice", "live")])
        .collect::<String>();
    let import = begin(&mut ada, &table).await;
    let page = ada.get(&import).await;
    assert_eq!(summary(&page), "3 secrets ready, 2 rows to put right");
    assert!(page.text.contains("Another secret of this node type and environment has that name."));
    assert!(page.text.contains("Line 4 has the same name, node type and environment."));
    assert_eq!((store(&mut ada, &import).await.status, app.database.count("secrets")), (422, 1));
}

#[actix_web::test]
async fn a_name_that_is_taken_meanwhile_stops_all_of_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let import = begin(&mut ada, &format!("STRIPE_KEY={}\nSTRIPE_TOKEN={}", key("a"), key("b"))).await;
    assert_eq!(summary(&ada.get(&import).await), "2 secrets ready");
    ada.add_stripe("stripe TOKEN", &key("c"), "vend").await;
    assert_eq!((store(&mut ada, &import).await.status, app.database.count("secrets")), (422, 1));
    app.database.execute("DELETE FROM secrets");
    app.database.execute("UPDATE node_types SET enabled = FALSE WHERE slug = 'stripe'");
    let page = store(&mut ada, &import).await;
    assert!(page.status == 422 && page.text.contains("Stripe is disabled in this workspace."), "{}", page.text);
    app.database.execute("DELETE FROM node_types WHERE slug = 'stripe'");
    let mut member = app.member("member@example.com", Role::Member).await;
    let theirs = begin(&mut member, &format!("STRIPE_KEY={}", key("a"))).await;
    let page = member.get(&theirs).await;
    assert!(page.text.contains("Stripe is not among this workspace’s node types."), "{}", page.text);
}

#[actix_web::test]
async fn test_and_live_are_asked_about() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let import = begin(&mut ada, "name,type,value\nTill,stripe,rk_live_import1234567890").await;
    let page = ada.get(&import).await;
    assert!(page.text.contains("This looks like a live key, and its environment is test."));
    assert_eq!(store(&mut ada, &import).await.status, 422);
    let confirm = [("asks", "environments"), ("environment_confirmed", "yes")];
    assert_eq!(ada.submit(&import, &import, &confirm).await.status, 303);
    assert_eq!(store(&mut ada, &import).await.status, 303);
    assert_eq!(app.database.count("secrets WHERE environment = 'test'"), 1);
}

#[actix_web::test]
async fn an_import_confirmed_twice_at_once_is_stored_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let rows: String = (0..20).map(|at| format!("Key {at},stripe,{}\n", key(&at.to_string()))).collect();
    let import = begin(&mut ada, &format!("name,type,value\n{rows}")).await;
    let page = ada.get(&import).await;
    let (csrf, seen) = (page.csrf(), page.attributes("input[name=seen]", "value").remove(0));
    let fields = [("csrf", csrf.as_str()), ("act", "store"), ("seen", &seen)];
    let (mut one, mut other) = (ada.clone(), ada.clone());
    let (one, other) = tokio::join!(one.post(&import, &fields), other.post(&import, &fields));
    assert_eq!((one.status, other.status), (303, 303), "{} {}", one.text, other.text);
    assert_eq!(ada.post(&import, &fields).await.status, 303, "and later");
    assert_eq!(app.database.count("secrets"), 20);
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secret.created%'"), 20);
    assert_eq!(app.database.count("imports WHERE payload IS NULL"), 1);
}

#[actix_web::test]
async fn an_import_is_its_persons_alone_and_not_for_long() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let grace = app.other_owner("grace@example.com").await;
    let eve = app.owner_of("Other", "eve@example.com").await;
    let import = begin(&mut ada, &format!("STRIPE_KEY={}", key("mine"))).await;
    let elsewhere = import.replace("/w/acme/", "/w/other/");
    for (mut who, path) in [(grace.clone(), &import), (eve.clone(), &elsewhere), (eve.clone(), &import)] {
        assert_eq!(who.get(path).await.status, 404);
        for act in ["", "/cancel"] {
            assert_eq!(who.submit("/account", &format!("{path}{act}"), &[("act", "store")]).await.status, 404);
        }
    }
    assert!(ada.get(NEW).await.text.contains(&import), "it waits where one would look for it");
    app.advance(Duration::from_mins(29));
    assert_eq!(ada.get(&import).await.status, 200);
    app.advance(Duration::from_mins(1));
    assert_eq!(ada.get(&import).await.status, 404);
    assert_eq!(ada.submit("/account", &import, &[("act", "store")]).await.status, 404);
    assert_eq!((app.database.count("imports"), app.database.count("secrets")), (1, 0));
    keyrack::jobs::plan(&app.app).await.unwrap();
    app.post().await;
    assert_eq!(app.database.count("imports"), 0, "and is swept away");
}

#[actix_web::test]
async fn an_import_goes_with_the_membership_the_workspace_and_by_hand() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    let theirs = begin(&mut member, &format!("STRIPE_KEY={}", key("theirs"))).await;
    let mine = begin(&mut ada, &format!("STRIPE_KEY={}", key("mine"))).await;
    let end = format!("/w/acme/members/{}/end", member.id().await);
    let form = ada.get(&end).await;
    let seen = form.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    let gone = ada.submit(&end, &end, &[("name", "Grace"), ("seen", &seen)]).await;
    assert_eq!(gone.status, 200, "{}", gone.text);
    assert_eq!(member.get(&theirs).await.status, 404);
    assert_eq!(app.database.count("imports"), 1, "the member's is destroyed");
    let cancelled = ada.submit(&mine, &format!("{mine}/cancel"), &[]).await;
    assert_eq!((cancelled.status, app.database.count("imports")), (303, 0));
    assert_eq!(ada.get(&mine).await.status, 404);
    begin(&mut ada, &format!("STRIPE_KEY={}", key("again"))).await;
    let delete = "/w/acme/delete";
    let fields = [("name", "Acme"), ("password", crate::support::PASSWORD)];
    let deleted = ada.submit(delete, delete, &fields).await;
    assert_eq!((deleted.status, app.database.count("imports")), (303, 0), "{}", deleted.text);
}

#[actix_web::test]
async fn bad_files_are_refused_in_words_and_lose_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let import = begin(&mut ada, &format!("STRIPE_KEY={}", key("kept"))).await;
    let wide = vec!["a"; 1_000].join(",");
    let long = format!("name,value\n{}", "a,b\n".repeat(2_001));
    let (large, canary) = ("x".repeat(2 * 1_024 * 1_024), "rk_test_canaryRefused123456");
    let cases: [(&[u8], &str); 7] = [
        (large.as_bytes(), "This is more than 1 MiB."),
        (wide.as_bytes(), "There are more than 40 columns."),
        (long.as_bytes(), "There are more than 2 000 rows."),
        (b"", "Paste a text or choose a file"),
        (b"name,value\n", "Paste a text or choose a file"),
        (b"\xff\xfen\0a\0", "Save it as UTF-8"),
        (b"A=1\nrk_test_canaryRefused123456\n", "Line 2:"),
    ];
    for (file, words) in cases {
        let page = refused(&mut ada, file).await;
        let said = page.text_of("#text-error");
        assert!(said.contains(words), "{words}: {said}");
        assert!(!page.text.contains(canary));
        assert_eq!(page.attributes("input[name=environment][checked]", "value"), ["live"]);
        assert_eq!(page.attributes("input[name=sharing][checked]", "value"), ["workspace"]);
    }
    let both = ada.get(NEW).await.csrf();
    let fields = [("csrf", both.as_str()), ("text", "A=1")];
    let page = ada.upload(NEW, &fields, ("file", Some("a.env"), b"A=1")).await;
    assert!(page.status == 422 && page.text.contains("not both"));
    let huge = vec![b'x'; 9 * 1_024 * 1_024];
    let page = ada.upload(NEW, &[("csrf", both.as_str())], ("file", Some("a.env"), &huge)).await;
    assert_eq!(page.status, 413);
    let unguarded = ada.upload(NEW, &[("csrf", "guess")], ("file", Some("a.env"), b"A=1")).await;
    assert_eq!(unguarded.status, 403);
    assert_eq!(ada.upload(NEW, &[], ("file", Some("a.env"), b"A=1")).await.status, 403);
    let late = [("format", "env"), ("csrf", both.as_str())];
    assert_eq!(ada.upload(NEW, &late, ("file", Some("a.env"), b"A=1")).await.status, 403, "the guard comes first");
    let many: Vec<(&str, &str)> = std::iter::once(("csrf", both.as_str())).chain([("x", ""); 20]).collect();
    assert_eq!(ada.upload(NEW, &many, ("file", Some("a.env"), b"A=1")).await.status, 413);
    let long = "n".repeat(10_000);
    let named = [("csrf", both.as_str()), (long.as_str(), "")];
    assert_eq!(ada.upload(NEW, &named, ("file", Some("a.env"), b"A=1")).await.status, 413);
    assert_eq!(ada.get(&import).await.status, 200, "what was begun before is still there");
}

#[actix_web::test]
async fn hostile_rows_are_told_and_not_shown() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let long = "n".repeat(10_000);
    let huge = "v".repeat(17 * 1_024);
    let rows = [
        (format!("a\0b,stripe,test,{}", key("0")), "Name: Use visible characters only"),
        (format!("a\u{202e}b,stripe,test,{}", key("1")), "Name: Use visible characters only"),
        (format!("{long},stripe,test,{}", key("2")), "Name: Use at most 80 characters."),
        (format!(",stripe,test,{}", key("3")), "Name: Enter a name."),
        (format!("Huge,openai,test,{huge}"), "at most 16 KiB"),
        (format!("Env,stripe,staging,{}", key("5")), "The environment is test or live."),
        (format!("Type,no-such,test,{}", key("6")), "No node type here is called that."),
        ("Empty,stripe,test,".to_owned(), "Fill in this field."),
        ("Nul,stripe,test,rk_test_\0\0\0\0\0\0\0\0".to_owned(), "cannot be stored"),
        (format!("{},stripe,test,{}", key("name"), key("7")), "This looks like a key and not like a name"),
        (format!("<b>bold</b>,stripe,test,{}", key("8")), ""),
        (format!("=HYPERLINK(1),stripe,test,{}", key("9")), ""),
    ];
    let table: String = rows.iter().map(|(row, _)| format!("{row}\n")).collect();
    let import = begin(&mut ada, &format!("name,type,env,key\n{table}")).await;
    let page = ada.get(&import).await;
    assert_eq!(summary(&page), "2 secrets ready, 10 rows to put right");
    for (_, words) in &rows {
        assert!(page.text.contains(words), "{words}");
    }
    assert!(!page.text.contains("<b>bold") && !page.text.contains(&long) && !page.text.contains(&key("name")));
}

#[actix_web::test]
async fn two_thousand_rows_are_stored_and_shown_page_by_page() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let rows: String = (0..2_000).map(|at| format!("Key {at},stripe,{}\n", key(&at.to_string()))).collect();
    let import = begin(&mut ada, &format!("name,type,value\n{rows}")).await;
    let page = ada.get(&import).await;
    assert_eq!(page.attributes("tbody tr", "role").len(), 50);
    assert_eq!(page.attributes("a[rel=next]", "href"), [format!("{import}?from=50")]);
    let last = ada.get(&format!("{import}?from=1950")).await;
    assert!(last.text.contains("Key 1999") && last.attributes("a[rel=next]", "href").is_empty());
    let done = store(&mut ada, &import).await;
    assert_eq!((done.status, app.database.count("secrets")), (303, 2_000));
}

#[actix_web::test]
async fn keys_go_where_the_preview_said_that_they_would() {
    const ROOMS: &str = "/w/acme/custom-apis/custom-rooms";
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_custom_api("Rooms", "https://rooms.example.com").await;
    let import = begin(&mut ada, "name,service,key\nDesk,Rooms,room-key-1234567890").await;
    let shown = ada.get(&import).await;
    assert_eq!(summary(&shown), "1 secret ready");
    // It goes, and another one comes under its name.
    let end = "/w/acme/node-types/custom-rooms/remove";
    let page = ada.get(end).await;
    let seen = page.attributes("input[name=seen]", "value").pop().unwrap_or_default();
    let fields = [("csrf", page.csrf()), ("seen", seen), ("name", "Rooms".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(ada.post(end, &fields).await.status, 303);
    app.advance(std::time::Duration::from_secs(1));
    ada.add_custom_api("Rooms", "https://elsewhere.example.com").await;
    let late = store_as_seen(&mut ada, &shown, &import).await;
    assert!(late.status == 422 && late.text.contains("described anew"), "{}", late.text);
    assert_eq!(app.database.count("secrets"), 0);
    assert_eq!(store_as_seen(&mut ada, &late, &import).await.status, 303);
    assert_eq!(app.database.count("secrets"), 1);
    assert_eq!(ada.get(ROOMS).await.status, 200);
}
