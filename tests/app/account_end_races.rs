//! Accounts that end while something else happens to the same workspaces.

use std::collections::BTreeMap;

use futures_util::future::join;
use keyrack::app::commands;
use keyrack::cli::OwnerCreate;
use keyrack::domain::{Email, Name};

use crate::account_end::{DELETE, shown};
use crate::support::{Browser, PASSWORD, Page, TestApp, verify_chains};

const GRACE: &str = "grace@example.com";
const ROUNDS: usize = 100;

/// Two Owners as they were at first: rows and cookies, to be put back after each round.
struct Saved<'a> {
    app: &'a TestApp,
    cookies: BTreeMap<String, String>,
}

const TABLES: [&str; 3] = ["people", "sessions", "members"];

impl<'a> Saved<'a> {
    fn of(app: &'a TestApp, browser: &Browser) -> Self {
        let copies = TABLES.map(|table| format!("CREATE TABLE saved_{table} AS SELECT * FROM {table};"));
        app.database.run(&copies.concat());
        Self { app, cookies: browser.cookies.clone() }
    }

    fn put_back(&self, browser: &mut Browser) {
        let back = TABLES.iter().rev().map(|table| format!("DELETE FROM {table};")).collect::<String>()
            + &TABLES.map(|table| format!("INSERT INTO {table} SELECT * FROM saved_{table};")).concat();
        self.app.database.run(&format!("BEGIN; DELETE FROM throttles; {back} COMMIT;"));
        browser.cookies = self.cookies.clone();
    }
}

/// Takes as long as comparing a password does, so that what comes after it meets what comes after another comparison.
struct Dawdler {
    browser: Browser,
    csrf: String,
}

impl Dawdler {
    async fn of(app: &TestApp) -> Self {
        let mut browser = app.anonymous();
        let csrf = browser.get("/sign-in").await.csrf();
        Self { browser, csrf }
    }

    async fn dawdle(&mut self) {
        let fields = [("csrf", self.csrf.as_str()), ("email", "nobody@example.com"), ("password", PASSWORD)];
        assert_eq!(self.browser.post("/sign-in", &fields).await.status, 422);
    }
}

async fn confirmed(browser: &mut Browser, email: &str) -> Vec<(String, String)> {
    let mut fields = shown(&browser.get(DELETE).await);
    fields.extend([("email", email), ("current", PASSWORD)].map(|(name, value)| (name.to_owned(), value.to_owned())));
    fields
}

async fn post(browser: &mut Browser, to: &str, fields: &[(String, String)]) -> Page {
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(to, &fields).await
}

#[actix_web::test]
async fn two_owners_who_go_at_once_never_leave_none() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let (by_ada, by_grace) = (confirmed(&mut ada, crate::support::EMAIL).await, confirmed(&mut grace, GRACE).await);
    let (of_ada, of_grace) = (Saved::of(&app, &ada), grace.cookies.clone());
    for round in 0..ROUNDS {
        let (one, two) = join(post(&mut ada, DELETE, &by_ada), post(&mut grace, DELETE, &by_grace)).await;
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422], "round {round}: {} {}", one.text, two.text);
        let stays = if one.status == 422 { &one } else { &two };
        assert!(stays.text.contains("You are the only Owner of Acme"), "{}", stays.text);
        assert_eq!((app.database.count("people"), app.database.count("members")), (1, 1), "round {round}");
        of_ada.put_back(&mut ada);
        grace.cookies = of_grace.clone();
    }
}

/// In turns: the other Owner gives up the role, leaves, or makes the one who goes a Member.
#[actix_web::test]
async fn an_owner_who_goes_and_one_who_changes_roles_never_leave_none() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner(GRACE).await;
    let (ada_id, grace_id) = (ada.id().await, grace.id().await);
    let going = confirmed(&mut ada, crate::support::EMAIL).await;
    let leave = format!("/w/acme/members/{grace_id}/end");
    let preview = grace.get(&leave).await;
    let guard = ("csrf".to_owned(), preview.csrf());
    let seen = ("seen".to_owned(), preview.attributes("input[name=seen]", "value").remove(0));
    let role = ("role".to_owned(), "member".to_owned());
    let acts = [
        (format!("/w/acme/members/{grace_id}/role"), vec![guard.clone(), role.clone()]),
        (leave, vec![guard.clone(), seen, ("name".to_owned(), "Grace".to_owned())]),
        (format!("/w/acme/members/{ada_id}/role"), vec![guard, role]),
    ];
    let (saved, mut dawdler) = (Saved::of(&app, &ada), Dawdler::of(&app).await);
    let mut ended = 0;
    for round in 0..ROUNDS {
        let (path, fields) = &acts[round % acts.len()];
        let (one, two) = join(post(&mut ada, DELETE, &going), async {
            dawdler.dawdle().await;
            post(&mut grace, path, fields).await
        })
        .await;
        assert!([200, 422].contains(&one.status), "round {round}: {}", one.text);
        assert!([200, 303, 404, 422].contains(&two.status), "round {round}: {}", two.text);
        assert_eq!(app.database.count("members WHERE role = 'owner'"), 1, "round {round}");
        ended += usize::from(one.status == 200);
        saved.put_back(&mut ada);
    }
    assert!(ended > 0);
}

#[actix_web::test]
async fn whoever_joins_a_workspace_while_they_go_is_either_there_or_gone() {
    let app = TestApp::start().await;
    app.owner().await;
    app.owner_of("Other", "eve@example.com").await;
    let mut grace = app.other_owner(GRACE).await;
    let going = confirmed(&mut grace, GRACE).await;
    let (saved, mut dawdler) = (Saved::of(&app, &grace), Dawdler::of(&app).await);
    let join_other =
        OwnerCreate { email: Email::parse(GRACE).unwrap(), name: None, workspace: Name::parse("Other").unwrap() };
    for round in 0..ROUNDS / 2 {
        let known = commands::find_person(&app.app, &join_other.email).await.unwrap();
        let (gone, joined) = join(post(&mut grace, DELETE, &going), async {
            dawdler.dawdle().await;
            commands::create_owner(&app.app, &join_other, known.as_ref(), String::new()).await
        })
        .await;
        match &joined {
            Ok(_) => assert_eq!(gone.status, 422, "round {round}: what was shown has changed"),
            Err(error) => {
                assert_eq!(gone.status, 200, "round {round}: {error}");
                assert!(error.to_string().contains("has no account yet"), "round {round}: {error}");
            }
        }
        let there = app.database.count(&format!("people WHERE email = '{GRACE}'"));
        assert_eq!(there, i64::from(joined.is_ok()), "round {round}");
        saved.put_back(&mut grace);
    }
}

/// Uses are recorded without waiting for the workspace's writers, so that one may come in the middle.
#[actix_web::test]
async fn an_account_ends_while_its_token_is_in_use() {
    let app = TestApp::start().await;
    app.owner().await;
    let ours = app.token("test", "vend,connect").await;
    ours.put("stripe", "customer-42", "rk_test_inuse1234567890").await;
    let mut dawdler = Dawdler::of(&app).await;
    for round in 0..8 {
        let email = format!("grace{round}@example.com");
        let mut grace = app.other_owner(&email).await;
        let theirs = app.token_of("Acme", &email, "test", "vend").await;
        let going = confirmed(&mut grace, &email).await;
        let vending = async {
            // Now and then they come later, when the account is about to end.
            if round % 2 == 1 {
                dawdler.dawdle().await;
            }
            futures_util::future::join_all((0..48).map(|_| theirs.vend("stripe", "customer-42"))).await
        };
        let (vended, gone) = join(vending, post(&mut grace, DELETE, &going)).await;
        assert_eq!(gone.status, 200, "round {round}: {}", gone.text);
        let statuses: Vec<u16> = vended.iter().map(|answer| answer.status).collect();
        assert!(statuses.iter().all(|status| [200, 401].contains(status)), "round {round}: {statuses:?}");
        theirs.vend("stripe", "customer-42").await.refused(401, "unauthorized");
        ours.vend("stripe", "customer-42").await.hands_out("rk_test_inuse1234567890");
    }
    verify_chains(&app.database, &app.app.keyring);
}
