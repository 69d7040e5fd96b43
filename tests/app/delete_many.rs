//! Deleting many secrets at once: what is chosen, what is shown first, and that exactly this goes.

use futures_util::future::join_all;
use keyrack::domain::Role;

use crate::lists::{ACME, hang, id};
use crate::support::{Browser, EMAIL, Page, TestApp, verify_chains};

const LIST: &str = "/w/acme/secrets";
const DELETE: &str = "/w/acme/secrets/delete";
const KEY: &str = "rk_test_deletemany123456";
const GRACE: &str = "grace@example.com";
const LIN: &str = "lin@example.com";

pub fn choice(ids: &[&str]) -> String {
    let pairs: Vec<String> = ids.iter().map(|id| format!("secret={id}")).collect();
    format!("{DELETE}?{}", pairs.join("&"))
}

pub fn seen(preview: &Page) -> String {
    preview.attributes("input[name=seen]", "value").pop().unwrap_or_default()
}

/// Sends the form of a preview, with how many it showed.
pub async fn confirm(by: &mut Browser, preview: &Page) -> Page {
    assert_eq!(preview.status, 200, "{}", preview.text);
    let (action, seen) = (preview.attributes("main form[method=post]", "action").pop().unwrap(), seen(preview));
    let count = seen.split(' ').count().to_string();
    by.post(&action, &[("csrf", &preview.csrf()), ("seen", &seen), ("count", &count)]).await
}

fn is_there(app: &TestApp, id: &str) -> bool {
    app.database.count(&format!("secrets WHERE id = '{id}'")) == 1
}

fn deleted_entries(app: &TestApp) -> i64 {
    app.database.count("audit_entries WHERE entry LIKE '%\"secret.deleted\"%'")
}

/// What the next page says at its top.
async fn told(by: &mut Browser, to: &Page) -> String {
    assert_eq!(to.status, 303, "{}", to.text);
    by.get(to.location()).await.text_of(".flashes .notice")
}

#[actix_web::test]
async fn what_is_chosen_goes_and_the_rest_stays() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let first = ada.add_stripe("Till", KEY, "vend").await;
    let second = ada.add_stripe("Bar", KEY, "vend").await;
    let third = ada.add_stripe("Spa", KEY, "vend").await;
    ada.enter(&first, "next", "rk_test_deletemany654321", &[]).await;
    let list = ada.get(LIST).await;
    assert_eq!(list.attributes("td.choose input[form=choosing][name=secret]", "value").len(), 3);
    assert!(list.text.contains("Choose Till</span>") && list.attributes("td.choose input[checked]", "name").is_empty());
    // Without a script the server marks the whole page.
    let all = ada.get(&format!("{LIST}?chosen=page")).await;
    assert_eq!(all.attributes("td.choose input[checked]", "name").len(), 3);
    assert_eq!(all.attributes("button[name=chosen]", "value"), ["none"]);

    let preview = ada.get(&choice(&[&first, &second])).await;
    for told in ["Delete 2 secrets?", "Till", "Bar", "you (2)", "Stripe, test (2)", "nothing will notice"] {
        assert!(preview.text.contains(told), "{told}: {}", preview.text);
    }
    assert!(!preview.text.contains("Spa") && is_there(&app, &first), "a look changes nothing");
    let done = confirm(&mut ada, &preview).await;
    assert_eq!(done.location(), LIST);
    assert!(told(&mut ada, &done).await.contains("Deleted 2 secrets"));
    assert!(!is_there(&app, &first) && !is_there(&app, &second) && is_there(&app, &third));
    assert_eq!((app.database.count("secret_values"), deleted_entries(&app)), (1, 2));
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn the_number_is_typed_and_nothing_chosen_is_nothing_deleted() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let first = ada.add_stripe("Till", KEY, "vend").await;
    let second = ada.add_stripe("Bar", KEY, "vend").await;
    let preview = ada.get(&choice(&[&first, &second])).await;
    for wrong in ["", "1", "3", "two"] {
        let fields = [("csrf", preview.csrf()), ("seen", seen(&preview)), ("count", wrong.to_owned())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = ada.post(DELETE, &fields).await;
        assert_eq!(page.status, 422, "{wrong}");
        assert_eq!(page.attributes("input[aria-invalid=true]", "name"), ["count"]);
        assert!(!page.text.contains("Since you looked") && seen(&page) == seen(&preview));
    }
    let nothing = ada.get(&format!("{DELETE}?q=till")).await;
    assert_eq!(nothing.location(), format!("{LIST}?q=till"));
    assert!(told(&mut ada, &nothing).await.contains("Nothing is chosen"));
    let empty = ada.submit("/account", DELETE, &[]).await;
    assert!(told(&mut ada, &empty).await.contains("Nothing is chosen"));
    assert_eq!(ada.submit("/account", DELETE, &[("seen", "x.y"), ("count", "1")]).await.status, 400);
    assert_eq!(app.database.count("secrets"), 2);
}

#[actix_web::test]
async fn a_filter_is_kept_and_everything_it_finds_can_go() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.member(GRACE, Role::Member).await;
    hang(&app.database, 60, "11110000", EMAIL, "private");
    hang(&app.database, 3, "22220000", GRACE, "workspace");
    let list = ada.get(&format!("{LIST}?q=11110000&sort=name&environment=test")).await;
    let hidden = |name: &str| list.attributes(&format!("form#choosing input[name={name}]"), "value");
    assert_eq!((hidden("q"), hidden("sort")), (vec!["11110000".to_owned()], vec!["name".to_owned()]));
    let all = list.attributes(".choosing a.button", "href").remove(0);
    let preview = ada.get(&all).await;
    for told in ["Delete 60 secrets?", "you (60)", "and 10 more"] {
        assert!(preview.text.contains(told), "{told}: {}", preview.text);
    }
    // What comes to match after the look is not among what goes.
    hang(&app.database, 1, "33330000", EMAIL, "private");
    app.database.execute(&format!("UPDATE secrets SET name_key = 'key 11110000 x' WHERE id = '{}'", id("33330000", 1)));
    let done = confirm(&mut ada, &preview).await;
    assert_eq!(done.location(), format!("{LIST}?q=11110000&environment=test&sort=name"));
    assert!(told(&mut ada, &done).await.contains("Deleted 60 secrets"));
    assert_eq!(app.database.count("secrets"), 4);
    let of_grace = ada.get(&format!("{DELETE}?all=yes&node_type=stripe")).await;
    assert!(of_grace.text.contains("Grace (3), you (1)"), "{}", of_grace.text);
}

#[actix_web::test]
async fn too_many_are_refused_and_five_hundred_go_together() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Till", KEY, "vend").await;
    hang(&app.database, 500, "00000000", EMAIL, "private");
    let all = format!("{DELETE}?all=yes");
    let refused = ada.get(&all).await;
    for told in ["Too many to delete at once", "These are 501 secrets, and at most 500", "Narrow the list"] {
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    assert!(refused.attributes("main form[method=post]", "action").is_empty(), "there is nothing to confirm");
    let by_hand: Vec<String> = (1..=501).map(|at| format!("{}.00000000", id("00000000", at))).collect();
    let page = ada.submit("/account", DELETE, &[("seen", &by_hand.join(" ")), ("count", "501")]).await;
    assert!(page.status == 422 && page.text.contains("Too many"), "{}", page.text);
    assert_eq!(app.database.count("secrets"), 501);

    app.database.execute(&format!("DELETE FROM secrets WHERE id = '{}'", id("00000000", 500)));
    // Each of them has the same value, which would not open; nobody opens it.
    let values = app.database.execute(
        "INSERT INTO secret_values (id, secret_id, slot, number, data_key_id, blob, kind, facts, created_at) \
         SELECT 'val_' || secrets.id, secrets.id, 'current', 1, held.data_key_id, held.blob, 'api_key', '{}', 1 \
         FROM secrets CROSS JOIN secret_values held WHERE secrets.id <> held.secret_id",
    );
    assert_eq!(values, 499);
    let preview = ada.get(&all).await;
    assert!(seen(&preview).len() < 24_000 && preview.text.len() < 90_000, "{} bytes", preview.text.len());
    let done = confirm(&mut ada, &preview).await;
    assert!(told(&mut ada, &done).await.contains("Deleted 500 secrets"));
    assert_eq!(
        (app.database.count("secrets"), app.database.count("secret_values"), deleted_entries(&app)),
        (0, 0, 500)
    );
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn whatever_has_changed_since_the_look_is_shown_again() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let her = grace.id().await;
    let till = ada.add_stripe("Till", KEY, "vend").await;
    let bar = ada.add_stripe("Bar", KEY, "vend").await;
    let mut preview = ada.get(&choice(&[&till, &bar])).await;
    for change in ["value", "name", "sharing", "another share", "node", "owner"] {
        match change {
            "value" => assert_eq!(ada.enter(&till, "replace", "rk_test_anothervalue1234", &[]).await.status, 303),
            "name" => {
                let to = format!("/w/acme/secrets/{till}/name");
                assert_eq!(ada.submit("/account", &to, &[("name", "Till 2")]).await.status, 303);
            }
            "sharing" => ada.share_with(&till, &[&her]).await,
            "another share" => {
                let mut lin = app.member(LIN, Role::Member).await;
                let lin = lin.id().await;
                ada.share_with(&till, &[&her, &lin]).await;
            }
            "node" => drop(ada.add_bound("Invoices", &till).await),
            _ => {
                let to = format!("UPDATE secrets SET owner_id = '{her}' WHERE id = '{till}'");
                assert_eq!(app.database.execute(&to), 1);
            }
        }
        let again = confirm(&mut ada, &preview).await;
        assert_eq!(again.status, 422, "{change}");
        assert!(again.text.contains("Since you looked, 1 secret has changed."), "{change}: {}", again.text);
        assert_eq!(again.text.matches("Changed since you looked").count(), 1, "{change}");
        assert!(is_there(&app, &till) && is_there(&app, &bar), "{change}: all or nothing");
        preview = ada.get(&choice(&[&till, &bar])).await;
        assert_eq!(seen(&again), seen(&preview), "{change}: what is shown is what is confirmed next");
    }
    let path = format!("/w/acme/secrets/{bar}/delete");
    assert_eq!(ada.submit(&path, &path, &[("name", "Bar")]).await.status, 303);
    let again = confirm(&mut ada, &preview).await;
    assert!(again.status == 422 && again.text.contains("1 is not there any more."), "{}", again.text);
    assert!(again.text.contains("Delete 1 secret?") && is_there(&app, &till));
    let fields = [("csrf", again.csrf()), ("seen", seen(&again)), ("count", "1".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(ada.post(DELETE, &fields).await.status, 303);
    assert!(!is_there(&app, &till));
}

#[actix_web::test]
async fn a_form_that_is_sent_twice_or_at_once_deletes_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    hang(&app.database, 20, "00000000", EMAIL, "private");
    let preview = ada.get(&format!("{DELETE}?all=yes")).await;
    let mut other = ada.clone();
    let both = join_all([&mut ada, &mut other].map(|browser| confirm(browser, &preview))).await;
    assert_eq!([both[0].status, both[1].status], [303, 303]);
    let mut said = [told(&mut ada, &both[0]).await, told(&mut other, &both[1]).await];
    said.sort();
    assert!(said[0].contains("Deleted 20 secrets") && said[1].contains("gone already"), "{said:?}");
    let third = confirm(&mut ada, &preview).await;
    assert!(told(&mut ada, &third).await.contains("gone already"));
    assert_eq!(deleted_entries(&app), 20);
    assert_eq!(app.database.count(&format!("secrets WHERE workspace_id = {ACME}")), 0);
}
