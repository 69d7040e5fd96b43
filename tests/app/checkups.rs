//! Tests that Keyrack makes by itself: when, of what, how many for one host, and by which of several processes.

use std::time::Duration;

use futures_util::future::join;
use keyrack::actions::checkups;
use keyrack::jobs;

use crate::support::{
    Browser, Database, EMAIL, PASSWORD, PATIENT, Provider, Says, Stage, TestApp, connect, verify_chains,
};

const VALUE: &str = "glpat-checkups-1234567890";
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// An installation with a provider that is a GitLab, and the page of a token for it.
async fn stage(settings: &[(&str, &str)]) -> (Provider, TestApp, Browser, String) {
    let provider = Provider::start().await;
    let app = provider.app_set((&[], PATIENT), settings, |_| ()).await;
    let mut ada = app.owner().await;
    let page = ada.add_gitlab(&provider, "Code", VALUE).await;
    (provider, app, ada, page)
}

fn entries(app: &TestApp) -> String {
    app.database.texts("SELECT entry AS text FROM audit_entries ORDER BY seq").join("\n")
}

/// The days that a test lets pass outlast any session.
async fn again(ada: &mut Browser) {
    ada.sign_in(EMAIL, PASSWORD).await;
}

fn planned(app: &TestApp) -> Option<i64> {
    let at = app.database.number("SELECT COALESCE(MIN(probe_at), -1) AS number FROM secret_values");
    (at >= 0).then_some(at)
}

#[actix_web::test]
async fn what_was_not_tested_for_a_day_is_tested_and_planned_anew() {
    let (provider, app, mut ada, page) = stage(&[]).await;
    app.sweep().await;
    let first = planned(&app).unwrap();
    let now = app.app.clock.now();
    assert!(first > now.micros() && first < now.plus(DAY).micros(), "some time within the day");
    assert!(provider.take().is_empty(), "not at once");
    app.advance(DAY);
    app.sweep().await;
    let heads = provider.take();
    assert_eq!(heads.len(), 1);
    assert!(heads[0].contains(VALUE), "{}", heads[0]);
    let told = entries(&app);
    assert!(told.contains("\"secret.probed\"") && told.contains("\"kind\":\"keyrack\""), "{told}");
    again(&mut ada).await;
    assert_eq!(ada.get(&page).await.text_of(".probe-verdict"), "Verified");
    // A period later, a tenth sooner or later, and not before.
    let now = app.app.clock.now();
    app.advance(Duration::from_mins(1));
    app.sweep().await;
    let next = planned(&app).unwrap();
    assert!(next >= now.plus(DAY * 9 / 10).micros() && next <= now.plus(DAY * 11 / 10).micros());
    app.advance(DAY * 8 / 10);
    app.sweep().await;
    assert!(provider.take().is_empty());
    // Whoever tests it by hand puts that off.
    again(&mut ada).await;
    ada.test_secret(&page).await;
    provider.take();
    app.advance(DAY * 4 / 10);
    app.sweep().await;
    assert!(provider.take().is_empty());
    app.advance(DAY);
    app.sweep().await;
    assert_eq!(provider.take().len(), 1);
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn a_key_that_is_refused_is_told_once_with_the_providers_own_place() {
    let (provider, app, mut ada, page) = stage(&[]).await;
    let id = page.rsplit('/').next().unwrap().to_owned();
    provider.says(Says::status("401 Unauthorized", "no"));
    app.hear(&id, 1, false).await;
    jobs::plan(&app.app).await.unwrap();
    let letter = app.letter_to(EMAIL).await;
    assert_eq!(provider.take().len(), 1, "a refused call is looked into at once");
    assert_eq!(letter.subject, "GitLab rejects your secret: Code");
    assert!(letter.text.contains("refused it when it was tested"), "{}", letter.text);
    let place = "https://gitlab.com/-/user_settings/personal_access_tokens";
    assert!(letter.text.contains(place) && !letter.raw.contains(VALUE), "{}", letter.text);
    for _ in 0..3 {
        app.advance(DAY * 2);
        jobs::plan(&app.app).await.unwrap();
        assert!(app.post().await.iter().all(|mail| !mail.subject.contains("rejects")), "it was told");
    }
    assert!(provider.take().len() >= 3, "it is tested all the same");
    again(&mut ada).await;
    let shown = ada.get(&page).await;
    assert_eq!(shown.text_of(".verdict h2"), "Rejected");
    assert!(shown.text_of(".verdict p").starts_with("GitLab refused it with status 401 when it was tested"));
    assert_eq!(shown.attributes(".verdict a[target=_blank]", "href"), [place]);
    let home = ada.get("/w/acme").await;
    assert!(home.text.contains("Code was rejected") && home.attributes("main a[target=_blank]", "href") == [place]);
    // It works again, and is refused once more: that is news.
    provider.says(Says::status("200 OK", "{}"));
    ada.test_secret(&page).await;
    provider.says(Says::status("401 Unauthorized", "no"));
    app.advance(DAY * 2);
    jobs::plan(&app.app).await.unwrap();
    assert_eq!(app.letter_to(EMAIL).await.subject, "GitLab rejects your secret: Code");
}

#[actix_web::test]
async fn what_cannot_be_used_or_was_written_here_is_left_alone() {
    let (provider, app, mut ada, page) = stage(&[]).await;
    app.usual_probe();
    ada.add_bearer(&provider.base(), "Written here", "tok_checkups_1234567890").await;
    app.sweep().await;
    assert_eq!(
        app.database.number("SELECT COUNT(probe_at) AS number FROM secret_values"),
        1,
        "the built-in type alone"
    );
    let id = page.rsplit('/').next().unwrap().to_owned();
    for statement in [
        "UPDATE node_types SET enabled = FALSE WHERE slug = 'gitlab'",
        "UPDATE secrets SET expires_at = 1",
        "UPDATE secrets SET needs_reauthorization_at = 1",
        "UPDATE node_types SET spec = '{}' WHERE slug = 'gitlab'",
    ] {
        app.database.run(statement);
        app.advance(DAY * 2);
        app.sweep().await;
        assert!(provider.take().is_empty(), "{statement}");
        assert_eq!(planned(&app), None, "{statement}");
        app.database.run(
            "UPDATE node_types SET enabled = TRUE; UPDATE node_types SET spec = NULL WHERE slug = 'gitlab'; \
             UPDATE secrets SET expires_at = NULL, needs_reauthorization_at = NULL",
        );
        app.advance(Duration::from_mins(1));
        app.sweep().await;
        assert!(planned(&app).is_some());
    }
    // Damaged: nothing is sent, and it is not tried again and again.
    app.database.run("UPDATE secret_values SET number = 7; UPDATE secrets SET value_number = 7");
    app.advance(DAY * 2);
    app.sweep().await;
    app.advance(DAY * 2);
    app.sweep().await;
    assert!(provider.take().is_empty());
    assert_eq!(entries(&app).matches("\"secret.probed\"").count(), 1);
    app.database.run(
        "UPDATE secret_values SET number = 1; UPDATE secrets SET value_number = 1, newest_number = 1, unreadable_at = NULL",
    );
    // Deleted between the look and the test.
    app.advance(DAY * 2);
    let means = app.app.means(app.app.kit(None));
    let due = checkups::due(&means, 10).await.unwrap().remove(0);
    app.database.run(&format!("DELETE FROM secrets WHERE id = '{id}'"));
    checkups::run(&means, due, 10).await.unwrap();
    assert!(provider.take().is_empty());
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn a_value_that_is_replaced_or_deleted_during_its_test_keeps_nothing_of_it() {
    let (provider, app, mut ada, page) = stage(&[]).await;
    let database = Database::of(&app.database.url);
    provider.answers(move |_| {
        database.run("UPDATE secret_values SET number = 2; UPDATE secrets SET value_number = 2, newest_number = 2");
        Says::status("401 Unauthorized", "")
    });
    app.sweep().await;
    app.advance(DAY);
    app.sweep().await;
    assert_eq!(provider.take().len(), 1);
    again(&mut ada).await;
    assert_eq!(ada.get(&page).await.text_of(".verdict h2"), "Connected");
    assert!(!entries(&app).contains("probe_answered"));
    app.database.run("UPDATE secret_values SET number = 1; UPDATE secrets SET value_number = 1, newest_number = 1");
    let database = Database::of(&app.database.url);
    provider.answers(move |_| {
        database.run("DELETE FROM secrets");
        Says::status("401 Unauthorized", "")
    });
    app.advance(DAY);
    app.sweep().await;
    assert_eq!(app.database.count("secrets"), 0);
    assert!(app.post().await.is_empty());
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn of_two_processes_one_makes_a_test() {
    let (provider, app, _ada, _page) = stage(&[]).await;
    let mut other = app.start_again().await.unwrap();
    other.upstream = app.app.upstream.clone();
    std::sync::Arc::make_mut(&mut other.renewer).upstream = app.app.upstream.clone();
    app.sweep().await;
    for _ in 0..3 {
        app.advance(DAY * 2);
        let (one, two) = (app.app.means(app.app.kit(None)), other.means(other.kit(None)));
        let due = checkups::due(&one, 10).await.unwrap().remove(0);
        let (first, second) = join(checkups::run(&one, due.clone(), 10), checkups::run(&two, due, 10)).await;
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(provider.take().len(), 1);
        app.sweep().await;
    }
    // Whoever died over it leaves it to another, after a while.
    app.advance(DAY * 2);
    let means = app.app.means(app.app.kit(None));
    let due = checkups::due(&means, 10).await.unwrap().remove(0);
    let lease = app.app.clock.now().plus(Duration::from_mins(10)).micros();
    app.database.run(&format!("UPDATE secret_values SET probe_at = {lease}"));
    checkups::run(&means, due, 10).await.unwrap();
    app.sweep().await;
    assert!(provider.take().is_empty(), "it is somebody's");
    app.advance(Duration::from_mins(11));
    app.sweep().await;
    assert_eq!(provider.take().len(), 1);
}

#[actix_web::test]
async fn a_host_gets_no_more_tests_in_an_hour_than_are_set() {
    let (provider, app, mut ada, _page) = stage(&[("KEYRACK_PROBES_PER_HOST", "2")]).await;
    for at in 0..4 {
        ada.add_gitlab(&provider, &format!("More {at}"), VALUE).await;
    }
    app.sweep().await;
    app.advance(DAY);
    app.sweep().await;
    assert_eq!(provider.take().len(), 2);
    app.advance(Duration::from_mins(30));
    app.sweep().await;
    assert!(provider.take().is_empty());
    let mut hours = 0;
    for _ in 0..6 {
        app.advance(HOUR);
        app.sweep().await;
        let made = provider.take().len();
        assert!(made <= 2, "{made}");
        hours += made;
    }
    assert_eq!(hours, 3, "none is forgotten");
}

#[actix_web::test]
async fn nothing_is_tested_by_the_calendar_where_that_is_off() {
    let (provider, app, _ada, page) = stage(&[("KEYRACK_PROBE_EVERY_HOURS", "0")]).await;
    app.sweep().await;
    app.advance(DAY * 30);
    app.sweep().await;
    assert!(provider.take().is_empty() && planned(&app).is_none());
    app.hear(page.rsplit('/').next().unwrap(), 1, false).await;
    app.advance(Duration::from_mins(1));
    app.sweep().await;
    assert_eq!(provider.take().len(), 1, "after a refused call");
}

#[actix_web::test]
async fn tokens_are_renewed_before_their_test_and_not_tested_where_they_have_ended() {
    let mut stage = Stage::set().await;
    let page = stage.place("Account").await;
    connect(&mut stage.ada, &page).await;
    stage.app.sweep().await;
    stage.provider.take();
    stage.app.advance(DAY);
    stage.app.sweep().await;
    let heads = stage.provider.take();
    let tests: Vec<_> = heads.iter().filter(|head| head.starts_with("GET ")).collect();
    assert!(tests.iter().all(|head| !head.contains("access-canary-1\r")), "{tests:?}");
    stage.giving.instead(Says::status("500 Internal Server Error", ""));
    for _ in 0..3 {
        stage.giving.instead(Says::status("500 Internal Server Error", ""));
    }
    stage.app.database.run("UPDATE secret_values SET probe_at = 1; UPDATE token_sets SET renew_at = 1, ends_at = 1");
    stage.app.advance(Duration::from_mins(1));
    stage.app.sweep().await;
    let heads = stage.provider.take();
    assert!(!heads.is_empty(), "new ones were asked for");
    assert!(heads.iter().all(|head| !head.starts_with("GET ")), "{heads:?}");
}

#[actix_web::test]
async fn what_is_stored_is_tested_at_once_where_one_says_so() {
    let (provider, app, mut ada, page) = stage(&[]).await;
    assert!(provider.take().is_empty(), "not unasked");
    let new = "/w/acme/secrets/new/gitlab";
    let form = ada.get(new).await;
    assert_eq!(form.attributes("input[name=test]", "value"), ["yes"]);
    assert!(
        form.attributes("input[name=test]", "checked").is_empty(),
        "nobody sends a key by leaving things as they are"
    );
    assert!(form.text.contains("GET {address}/api/v4/user"), "{}", form.text_of("main form"));
    provider.says(Says::status("401 Unauthorized", ""));
    let address = format!("https://{}:{}", crate::support::PROVIDER, provider.port);
    let fields = [
        ("kind", "access_token"),
        ("field-address", address.as_str()),
        ("access_token-access_token", VALUE),
        ("name", "Tested"),
        ("environment", "test"),
        ("delivery", "proxy"),
        ("test", "yes"),
    ];
    let stored = ada.submit(new, new, &fields).await;
    assert_eq!(stored.status, 303, "{}", stored.text);
    assert_eq!(provider.take().len(), 1);
    let shown = ada.get(stored.location()).await;
    assert_eq!(
        (shown.text_of(".verdict h2").as_str(), shown.text_of(".probe-verdict").as_str()),
        ("Rejected", "Rejected")
    );
    let id = page.rsplit('/').next().unwrap();
    let again = [("field-address", address.as_str()), ("kind", "access_token"), ("test", "yes")];
    for (how, place) in [("replace", ".probe"), ("next", ".held .probe")] {
        let value = [("access_token-access_token", "glpat-another-1234567890")];
        let path = format!("{page}/{how}");
        assert_eq!(ada.submit(&path, &path, &[&again[..], &value].concat()).await.status, 303);
        assert!(provider.take()[0].contains("glpat-another"), "{id}");
        assert_eq!(ada.get(&page).await.text_of(&format!("{place} .probe-verdict")), "Rejected");
    }
    // A form that comes back remembers whether a test is wanted.
    for (fields, wanted) in [(&fields[..6], 0), (&fields[..], 1)] {
        let refused = ada.submit(new, new, fields).await;
        assert_eq!(refused.status, 422, "the name is taken");
        assert_eq!(refused.attributes("input[name=test]", "checked").len(), wanted);
    }
    assert!(provider.take().is_empty(), "nothing was stored");
    assert!(ada.get("/w/acme/secrets/new/http-request").await.attributes("input[name=test]", "name").is_empty());
    verify_chains(&app.database, &app.app.keyring);
}
