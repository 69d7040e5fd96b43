//! Unusual use: told once and in a sentence, to whoever can do something about it.

use std::time::Duration;

use keyrack::domain::Role;
use keyrack::domain::usage::Heard;

use crate::support::{Browser, EMAIL, PASSWORD, Page, TestApp, Token};

const KEY: &str = "rk_test_unusual123456789";
const DAY: Duration = Duration::from_hours(24);

/// A secret that one token has used for some days.
struct Settled {
    app: TestApp,
    ada: Browser,
    id: String,
    person: String,
    token: Token,
}

impl Settled {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let app = TestApp::start_set(settings).await;
        let mut ada = app.owner().await;
        let (id, person) = (ada.add_stripe("Till", KEY, "vend").await, ada.id().await);
        let token = app.token("test", "vend").await;
        let mut settled = Self { app, ada, id, person, token };
        for _ in 0..4 {
            settled.vends(&settled.token, 1).await;
            settled.app.advance(DAY);
        }
        assert_eq!(settled.ada.sign_in(EMAIL, PASSWORD).await.status, 303);
        settled
    }

    async fn vends(&self, token: &Token, times: usize) {
        for _ in 0..times {
            token.vend("stripe", &self.person).await.hands_out(KEY);
        }
        self.app.counted().await;
    }

    fn path(&self) -> String {
        format!("/w/acme/secrets/{}", self.id)
    }

    async fn page(&mut self) -> Page {
        self.ada.get(&self.path()).await
    }

    /// What its page tells, each in its words.
    async fn told(&mut self) -> Vec<String> {
        self.page().await.texts("section[aria-labelledby=unusual] .what")
    }

    async fn all_well(&mut self, kind: &str) {
        let path = self.path();
        let said = self.ada.submit(&path, &format!("{path}/all-well"), &[("kind", kind)]).await;
        assert_eq!((said.status, said.location()), (303, path.as_str()));
    }

    /// A token with a name, made where the pages make it.
    async fn named(&mut self, name: &str) -> Token {
        let fields = [("name", name), ("environment", "test"), ("preset", "custom"), ("allow", "vend")];
        let page = self.ada.submit_token(&fields).await;
        assert_eq!(page.status, 200, "{}", page.text);
        Token::new(&self.app.base, &page.text_of("code#token"))
    }
}

#[actix_web::test]
async fn a_token_that_was_never_seen_before_is_told_of_until_all_is_well() {
    let mut at = Settled::new(&[]).await;
    assert_eq!(at.told().await, [""; 0]);
    let runner = at.named("Runner").await;
    at.vends(&runner, 2).await;
    let told = at.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("A new user") && told[0].contains("“Runner”"), "{told:?}");
    let home = at.ada.get("/w/acme").await;
    assert!(home.text_of("section[aria-labelledby=attention]").contains("Unusual use of Till"), "{}", home.text);
    let links = at.page().await.attributes("section[aria-labelledby=unusual] a", "href");
    assert_eq!(links, [format!("/w/acme/tokens/{}", runner.id())]);
    at.all_well("new_token").await;
    assert_eq!(at.told().await, [""; 0]);
    let entries = at.app.database.texts("SELECT entry AS text FROM audit_entries");
    let settled: Vec<_> = entries.iter().filter(|entry| entry.contains("secret.use_found_well")).collect();
    assert_eq!(settled.len(), 1, "{settled:?}");
    // Once more changes nothing, and so records nothing.
    at.all_well("new_token").await;
    assert_eq!(at.app.database.texts("SELECT entry AS text FROM audit_entries").len(), entries.len());
    at.vends(&runner, 1).await;
    assert_eq!(at.told().await, [""; 0], "by now it is known");
    for name in ["One", "Two", "Three"] {
        let token = at.named(name).await;
        at.vends(&token, 1).await;
    }
    let told = at.told().await;
    assert_eq!((told.len(), at.app.database.count("oddities")), (1, 1), "{told:?}");
    assert!(told[0].contains("“Three”") && told[0].contains("2 other new tokens"), "{told:?}");
}

#[actix_web::test]
async fn a_token_that_was_revoked_is_nobodys_worry() {
    let mut at = Settled::new(&[]).await;
    let runner = at.named("Runner").await;
    at.vends(&runner, 1).await;
    assert_eq!(at.told().await.len(), 1);
    let path = format!("/w/acme/tokens/{}", runner.id());
    assert_eq!(at.ada.submit(&path, &format!("{path}/revoke"), &[]).await.status, 303);
    assert_eq!(at.told().await, [""; 0]);
}

#[actix_web::test]
async fn the_first_days_of_a_secret_are_new_to_everybody() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let person = ada.id().await;
    ada.add_stripe("Till", KEY, "vend").await;
    for _ in 0..3 {
        app.token("test", "vend").await.vend("stripe", &person).await.hands_out(KEY);
        app.counted().await;
        app.advance(DAY / 2);
    }
    assert_eq!((app.database.count("oddities"), app.database.count("secret_uses")), (0, 3));
}

#[actix_web::test]
async fn an_address_that_was_never_seen_before_is_told_of() {
    let mut at = Settled::new(&[("KEYRACK_TRUSTED_PROXIES", "127.0.0.1")]).await;
    at.vends(&at.token.forwarded_for("203.0.113.9"), 2).await;
    let told = at.told().await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("for the first time from 203.0.113.9") && told[0].contains("“Backend”"), "{told:?}");
    at.all_well("new_address").await;
    at.vends(&at.token.forwarded_for("203.0.113.9"), 1).await;
    at.vends(&at.token.forwarded_for("2001:db8:1:2::7"), 1).await;
    let told = at.told().await;
    assert!(told.len() == 1 && told[0].contains("2001:db8:1:2::/64"), "{told:?}");
    // The same host under another of its addresses.
    at.all_well("new_address").await;
    at.vends(&at.token.forwarded_for("2001:db8:1:2::8"), 1).await;
    assert_eq!(at.told().await, [""; 0]);
}

#[actix_web::test]
async fn only_so_many_places_are_kept_of_a_secret() {
    let at = Settled::new(&[("KEYRACK_TRUSTED_PROXIES", "127.0.0.1")]).await;
    for last in 0..70 {
        let from = at.token.forwarded_for(&format!("203.0.113.{last}"));
        from.vend("stripe", &at.person).await.hands_out(KEY);
        if last % 10 == 9 {
            at.app.counted().await;
        }
    }
    at.app.counted().await;
    assert_eq!(at.app.database.count("secret_origins"), 64);
}

#[actix_web::test]
async fn refusals_in_a_row_are_told_of_until_the_key_is_taken_or_replaced() {
    let mut at = Settled::new(&[]).await;
    let refuse = |at: &Settled, times: usize| {
        for _ in 0..times {
            at.app.called(&at.token, &at.id, Heard::Refused);
        }
    };
    refuse(&at, 2);
    at.app.counted().await;
    assert_eq!(at.told().await, [""; 0], "two may be chance");
    refuse(&at, 1);
    at.app.counted().await;
    let told = at.told().await;
    assert!(told.len() == 1 && told[0].contains("3 times in a row"), "{told:?}");
    let links = at.page().await.attributes("section[aria-labelledby=unusual] a", "href");
    assert_eq!(links, [format!("{}/replace", at.path())]);
    // What came last counts, in the order in which it came.
    refuse(&at, 9);
    at.app.called(&at.token, &at.id, Heard::Accepted);
    refuse(&at, 1);
    at.app.counted().await;
    assert_eq!(at.told().await, [""; 0]);
    refuse(&at, 2);
    at.app.counted().await;
    assert_eq!(at.told().await.len(), 1);
    let id = at.id.clone();
    assert_eq!(at.ada.enter(&id, "replace", "rk_test_another12345678", &[]).await.status, 303);
    assert_eq!(at.told().await, [""; 0], "the new value has not been refused");
}

/// Lets the jobs run as they do every hour.
async fn sweep(app: &TestApp) {
    app.advance(Duration::from_mins(61));
    keyrack::jobs::plan(&app.app).await.unwrap();
    app.post().await;
}

#[actix_web::test]
async fn far_more_uses_than_in_any_hour_before_are_told_of() {
    let mut at = Settled::new(&[]).await;
    at.vends(&at.token, 59).await;
    sweep(&at.app).await;
    assert_eq!(at.told().await, [""; 0], "that few are never far more");
    at.vends(&at.token, 178).await;
    sweep(&at.app).await;
    let told = at.told().await;
    assert!(told.len() == 1 && told[0].contains("178 uses within an hour"), "{told:?}");
    assert!(told[0].contains("“Backend”") && told[0].contains("The busiest hour before had 59"), "{told:?}");
    at.all_well("spike").await;
    sweep(&at.app).await;
    assert_eq!(at.told().await, [""; 0], "somebody has looked at it");
}

#[actix_web::test]
async fn it_is_told_to_whoever_can_do_something_about_it() {
    let mut at = Settled::new(&[]).await;
    at.app.database.run("UPDATE secrets SET sharing = 'workspace'");
    let runner = at.named("Runner").await;
    at.vends(&runner, 1).await;
    let mut bob = at.app.member("bob@example.com", Role::Member).await;
    let path = at.path();
    let page = bob.get(&path).await;
    assert_eq!((page.status, page.text.contains("Unusual use")), (200, false));
    assert!(!bob.get("/w/acme").await.text.contains("Unusual use"));
    assert_eq!(bob.submit(&path, &format!("{path}/all-well"), &[("kind", "new_token")]).await.status, 403);
    let mut grace = at.app.member("grace@example.com", Role::Admin).await;
    assert!(grace.get(&path).await.text.contains("Unusual use"));
    assert_eq!(grace.submit(&path, &format!("{path}/all-well"), &[("kind", "new_token")]).await.status, 303);
    assert_eq!(at.told().await, [""; 0]);
}

#[actix_web::test]
async fn calls_that_came_too_fast_lead_to_what_the_provider_says() {
    let mut at = Settled::new(&[]).await;
    assert!(!at.page().await.text.contains("Too fast for Stripe"));
    for _ in 0..2 {
        at.app.called(&at.token, &at.id, Heard::RateLimited);
    }
    at.app.counted().await;
    let page = at.page().await;
    let section = "section[aria-labelledby=limits]";
    assert_eq!(page.text_of(&format!("{section} h2")), "Too fast for Stripe: 2 calls in the last day");
    let todo = page.texts(&format!("{section} li strong"));
    assert_eq!(todo, ["Check the plan.", "Slow down.", "Ask for more."]);
    assert_eq!(page.attributes(&format!("{section} a"), "href"), ["https://docs.stripe.com/rate-limits"]);
    at.app.advance(2 * DAY);
    assert_eq!(at.ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    assert!(!at.page().await.text.contains("Too fast for Stripe"));
}
