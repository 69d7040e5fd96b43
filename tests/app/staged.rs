//! Changing over without a gap: the next value beside the one in use, promoted, and gone back from.

use std::time::Duration;

use futures_util::future::join_all;
use keyrack::jobs;

use crate::secret_life::{values_of, vended};
use crate::support::{Browser, EMAIL, PASSWORD, TestApp, Token};

const FIRST: &str = "rk_test_firstvalue111111";
const SECOND: &str = "rk_test_secondvalue22222";
const THIRD: &str = "rk_test_thirdvalue333333";
const KEPT: Duration = Duration::from_hours(24);

struct Stage {
    app: TestApp,
    ada: Browser,
    id: String,
    token: Token,
    person: String,
}

impl Stage {
    /// A secret whose next value waits.
    async fn set() -> Self {
        let app = TestApp::start().await;
        let mut ada = app.owner().await;
        let id = ada.add_stripe("Payments", FIRST, "vend").await;
        let (token, person) = ada.make_token("test").await;
        assert_eq!(ada.enter(&id, "next", SECOND, &[]).await.status, 303);
        Self { app, ada, id, token, person }
    }

    async fn vends(&self, value: &str) {
        assert_eq!(vended(&self.token, &self.person, &self.id).await, value);
    }

    /// What became of it, by the words on the page that it leads to.
    async fn turns(&mut self, how: &str, words: &str) {
        let page = self.ada.turn(&self.id, how).await;
        assert_eq!(page.status, 303, "{}", page.text);
        let page = self.page().await;
        assert!(page.contains(words), "{how}: {page}");
    }

    async fn page(&mut self) -> String {
        self.ada.get(&format!("/w/acme/secrets/{}", self.id)).await.text
    }

    fn number(&self, column: &str) -> i64 {
        self.app.database.number(&format!("SELECT {column} AS number FROM secrets WHERE id = '{}'", self.id))
    }

    async fn sign_in_again(&mut self) {
        assert_eq!(self.ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    }
}

#[actix_web::test]
async fn the_next_value_waits_is_promoted_and_gone_back_from() {
    let mut stage = Stage::set().await;
    stage.vends(FIRST).await;
    let page = stage.page().await;
    assert!(page.contains("Next value") && page.contains("1111") && page.contains("2222"), "{page}");

    stage.turns("next/promote", "is in use now").await;
    stage.vends(SECOND).await;
    let page = stage.page().await;
    assert!(page.contains("Earlier value") && page.contains("until <time"), "{page}");
    assert!(page.contains("version 2") && page.contains("promoted the next value of"));

    stage.turns("roll-back", "The earlier value is in use again").await;
    stage.vends(FIRST).await;
    assert_eq!(values_of(&stage.app, &stage.id), 1, "the promoted value is destroyed");
    assert_eq!((stage.number("value_number"), stage.number("newest_number")), (1, 2));
    assert_eq!(stage.ada.enter(&stage.id, "next", THIRD, &[]).await.status, 303);
    stage.turns("next/promote", "is in use now").await;
    stage.vends(THIRD).await;
    assert_eq!(stage.number("value_number"), 3, "a number is never given twice");
}

#[actix_web::test]
async fn one_goes_back_for_a_day_and_not_a_moment_longer() {
    let mut stage = Stage::set().await;
    stage.turns("next/promote", "is in use now").await;
    let before = stage.page().await;
    let number = regex::Regex::new("roll-back\"(?s:.)*?name=\"number\" value=\"(\\d+)\"").unwrap();
    let number = number.captures(&before).unwrap()[1].to_owned();
    stage.app.advance(KEPT - Duration::from_secs(1));
    stage.sign_in_again().await;
    assert!(stage.page().await.contains("Go back to it"));
    jobs::plan(&stage.app.app).await.unwrap();
    stage.app.post().await;
    assert_eq!(values_of(&stage.app, &stage.id), 2, "it is kept for the whole day");

    stage.app.advance(Duration::from_secs(1));
    let page = stage.page().await;
    assert!(!page.contains("Go back to it") && values_of(&stage.app, &stage.id) == 2);
    let path = format!("/w/acme/secrets/{}/roll-back", stage.id);
    let page = stage.ada.submit("/account", &path, &[("number", &number)]).await;
    assert_eq!(page.status, 303);
    assert!(stage.page().await.contains("Nothing was done"));
    stage.vends(SECOND).await;

    stage.app.advance(Duration::from_hours(1));
    jobs::run_due(&stage.app.app).await;
    assert_eq!(values_of(&stage.app, &stage.id), 1, "the sweep destroys it");
    let page = stage.page().await;
    assert!(page.contains("Keyrack</strong> destroyed the earlier value of"), "{page}");
    stage.vends(SECOND).await;
}

#[actix_web::test]
async fn nothing_is_done_twice_or_to_another_value_than_was_seen() {
    let mut stage = Stage::set().await;
    let path = format!("/w/acme/secrets/{}/next/promote", stage.id);
    let all = (0..4).map(|_| {
        let (mut ada, path) = (stage.ada.clone(), path.clone());
        async move { ada.submit("/account", &path, &[("number", "2")]).await.status }
    });
    assert_eq!(join_all(all).await, [303; 4]);
    stage.vends(SECOND).await;
    assert_eq!(stage.app.database.count("audit_entries WHERE entry LIKE '%secret.value_promoted%'"), 1);
    stage.turns("next/promote", "Nothing was done").await;
    stage.turns("next/drop", "Nothing was done").await;

    stage.ada.enter(&stage.id, "next", THIRD, &[]).await;
    stage.ada.enter(&stage.id, "next", FIRST, &[]).await;
    // The third was seen on a page, and has been replaced since.
    assert_eq!(stage.ada.submit("/account", &path, &[("number", "3")]).await.status, 303);
    assert!(stage.page().await.contains("Nothing was done"));
    stage.vends(SECOND).await;
    stage.turns("next/drop", "The next value is destroyed").await;
    assert_eq!(values_of(&stage.app, &stage.id), 2, "in use, and to go back to");
}

#[actix_web::test]
async fn a_value_entered_in_place_keeps_nothing_behind() {
    let mut stage = Stage::set().await;
    stage.turns("next/promote", "is in use now").await;
    stage.ada.enter(&stage.id, "next", THIRD, &[]).await;
    assert_eq!(values_of(&stage.app, &stage.id), 3);
    let values = "SELECT slot AS text FROM secret_values ORDER BY number";
    assert_eq!(stage.app.database.texts(values), ["previous", "current", "next"]);
    assert_eq!(stage.ada.enter(&stage.id, "replace", FIRST, &[]).await.status, 303);
    assert_eq!(values_of(&stage.app, &stage.id), 1);
    stage.turns("roll-back", "Nothing was done").await;
    stage.vends(FIRST).await;
    assert_eq!(stage.number("value_number"), 4);
}

#[actix_web::test]
async fn values_exchanged_between_their_places_do_not_open() {
    let stage = Stage::set().await;
    let swap = |how: &str| stage.app.database.run(how);
    let id = &stage.id;
    let is_refused = async || {
        let text = vended(&stage.token, &stage.person, id).await;
        assert!(text.contains("secret_unreadable") && !text.contains(SECOND), "{text}");
    };
    // The next value's blob in the place of the current one.
    swap("CREATE TABLE kept AS SELECT slot, blob FROM secret_values");
    swap("UPDATE secret_values SET blob = (SELECT blob FROM kept WHERE slot = 'next') WHERE slot = 'current'");
    is_refused().await;
    swap("UPDATE secret_values SET blob = (SELECT blob FROM kept WHERE slot = 'current') WHERE slot = 'current'");
    stage.vends(FIRST).await;
    // The next value's whole row called the current one.
    swap("UPDATE secret_values SET slot = 'previous', kept_until = 1 WHERE slot = 'current'");
    swap("UPDATE secret_values SET slot = 'current' WHERE slot = 'next'");
    is_refused().await;
    // And with the number of the value that the row stands for.
    swap("UPDATE secret_values SET number = 1 WHERE slot = 'current'");
    is_refused().await;
}

#[actix_web::test]
async fn what_a_value_says_of_itself_goes_where_it_goes() {
    let mut stage = Stage::set().await;
    let dates = format!("/w/acme/secrets/{}/dates", stage.id);
    let set = stage.ada.submit("/account", &dates, &[("expires_on", "2027-01-31")]).await;
    assert_eq!(set.status, 303);
    stage.ada.enter(&stage.id, "next", THIRD, &[("expires_on", "2026-11-22")]).await;
    assert!(stage.page().await.contains("31 Jan 2027"));
    stage.turns("next/promote", "22 Nov 2026, 23:59").await;
    stage.turns("roll-back", "31 Jan 2027, 23:59").await;
    stage.vends(FIRST).await;

    stage.ada.enter(&stage.id, "next", THIRD, &[("expires_on", "2026-11-22")]).await;
    stage.app.advance(Duration::from_hours(48));
    stage.sign_in_again().await;
    stage.turns("next/promote", "last day of the next value is over").await;
    stage.vends(FIRST).await;
}

#[actix_web::test]
async fn the_next_value_takes_the_place_of_one_that_cannot_be_read() {
    let mut stage = Stage::set().await;
    let mut blob = stage.app.database.blob(&stage.id);
    *blob.last_mut().unwrap() ^= 1;
    stage.app.database.put_blob(&stage.id, &blob);
    assert!(vended(&stage.token, &stage.person, &stage.id).await.contains("secret_unreadable"));
    stage.turns("next/promote", "is in use now").await;
    stage.vends(SECOND).await;
    assert!(!stage.page().await.contains("cannot be read"));
}
