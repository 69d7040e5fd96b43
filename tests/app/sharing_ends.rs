//! Shares that end: exactly at their moment, whether or not anything has taken them away by then.

use std::time::Duration;

use keyrack::domain::{Clock as _, Moment, Role};
use keyrack::jobs;

use crate::support::{Browser, EMAIL, PASSWORD, STRIPE, TestApp, share_path};

const KEY: &str = "rk_test_shareends1234567";
const GRACE: &str = "grace@example.com";
const TODAY: &str = "2026-11-21";

/// Ada with a key of hers, and Grace, who is an Admin so that a token of hers may vend.
async fn team(app: &TestApp) -> (Browser, String, Browser) {
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    (ada, id, app.member(GRACE, Role::Admin).await)
}

/// Goes to so long before the end of this day.
fn go_before_midnight(app: &TestApp, left: Duration) {
    let end = Moment::end_of_day(TODAY).unwrap();
    app.advance(end.minus(left).since(app.clock.now()));
}

/// Sessions do not outlast the hours that pass here.
async fn sign_in_again(ada: &mut Browser, grace: &mut Browser) {
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    assert_eq!(grace.sign_in(GRACE, PASSWORD).await.status, 303);
}

fn told(app: &TestApp) -> i64 {
    app.database.count("audit_entries WHERE entry LIKE '%\"secret.share_ended\"%'")
}

async fn sweep(app: &TestApp) {
    jobs::plan(&app.app).await.unwrap();
    jobs::run_due(&app.app).await;
}

#[actix_web::test]
async fn a_share_ends_at_its_moment_for_every_use_and_every_page() {
    for everybody in [false, true] {
        let app = TestApp::start().await;
        let (mut ada, id, mut grace) = team(&app).await;
        let her = grace.id().await;
        let token = app.token_of("Acme", GRACE, "test", "vend").await;
        let until = format!("until-{her}");
        let saved = match everybody {
            true => ada.share_as(&id, "workspace", &[("until", TODAY), ("with", &her)]).await,
            false => ada.share_as(&id, "members", &[("with", &her), (&until, TODAY), ("until", "2026-11-20")]).await,
        };
        assert_eq!(saved.status, 303, "{}", saved.text);
        assert!(ada.get(&share_path(&id)).await.text.contains("21 Nov 2026, 23:59 UTC"));
        let mine = "/w/acme/secrets?sharing=with-me";
        go_before_midnight(&app, Duration::from_micros(1));
        sign_in_again(&mut ada, &mut grace).await;
        token.vend("stripe", &her).await.hands_out(KEY);
        assert!(grace.get(mine).await.text.contains("Till"));
        app.advance(Duration::from_micros(1));
        token.vend("stripe", &her).await.is_not_installed();
        assert!(!grace.get(mine).await.text.contains("Till"));
        let list = ada.get("/w/acme/secrets?sharing=private").await;
        assert_eq!(list.text.contains("Till"), everybody, "what was everybody's is its owner's at once");
        app.database.execute(&format!("UPDATE members SET role = 'member' WHERE person_id = '{her}'"));
        assert_eq!(grace.get(&format!("/w/acme/secrets/{id}")).await.status, 404);
        assert!(!ada.get(&share_path(&id)).await.text.contains("21 Nov 2026"));
        assert_eq!(told(&app), 0, "nothing has taken it away yet");
        sweep(&app).await;
        assert_eq!((told(&app), app.database.count("secret_shares")), (1, 0));
        assert_eq!(app.database.count("secrets WHERE sharing = 'private' AND shared_until IS NULL"), 1);
        let history = ada.get(&format!("/w/acme/secrets/{id}")).await.text;
        assert!(history.contains("Keyrack") && history.contains("on its last day"), "{history}");
        app.advance(Duration::from_hours(1));
        sweep(&app).await;
        assert_eq!(told(&app), 1, "once");
    }
}

#[actix_web::test]
async fn those_whose_time_lasts_keep_it() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace) = team(&app).await;
    let mut bob = app.member("bob@example.com", Role::Member).await;
    let (her, his) = (grace.id().await, bob.id().await);
    let until = format!("until-{her}");
    let with = [("with", her.as_str()), ("with", &his), (&until, TODAY)];
    assert_eq!(ada.share_as(&id, "members", &with).await.status, 303);
    app.advance(Duration::from_hours(24));
    sweep(&app).await;
    assert_eq!((told(&app), app.database.count("secrets WHERE sharing = 'members'")), (1, 1));
    sign_in_again(&mut ada, &mut grace).await;
    assert_eq!(bob.sign_in("bob@example.com", PASSWORD).await.status, 303);
    assert_eq!(bob.get(&format!("/w/acme/secrets/{id}")).await.status, 200);
    // Given once more, with another end: told as given, and the old one is gone.
    let with = [("with", her.as_str()), ("with", &his), (&until, "2026-12-24")];
    assert_eq!(ada.share_as(&id, "members", &with).await.status, 303);
    assert!(grace.get("/w/acme/secrets?sharing=with-me").await.text.contains("Till"));
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%secret.share_given%'"), 3);
}

#[actix_web::test]
async fn an_owner_changes_what_is_over_before_anything_has_taken_it_away() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace) = team(&app).await;
    let her = grace.id().await;
    let until = format!("until-{her}");
    assert_eq!(ada.share_as(&id, "members", &[("with", &her), (&until, TODAY)]).await.status, 303);
    app.advance(Duration::from_hours(24));
    sign_in_again(&mut ada, &mut grace).await;
    assert_eq!(ada.share_as(&id, "members", &[("with", &her)]).await.status, 303);
    assert_eq!((told(&app), app.database.count("secret_shares WHERE ends_at IS NULL")), (1, 1));
    assert_eq!(app.database.count("secrets WHERE sharing = 'members'"), 1);
    sweep(&app).await;
    assert!(grace.get("/w/acme/secrets?sharing=with-me").await.text.contains("Till"));
}

#[actix_web::test]
async fn a_day_that_is_over_or_is_none_is_marked_where_it_stands() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace) = team(&app).await;
    let her = grace.id().await;
    let until = format!("until-{her}");
    for day in ["2026-11-20", "tomorrow", "2026-02-30"] {
        let page = ada.share_as(&id, "members", &[("with", &her), (&until, day)]).await;
        assert_eq!(
            (page.status, page.attributes(&format!("#{until}[aria-invalid]"), "value")),
            (422, vec![day.to_owned()])
        );
        let page = ada.share_as(&id, "workspace", &[("until", day)]).await;
        assert_eq!((page.status, page.attributes("#until[aria-invalid]", "value")), (422, vec![day.to_owned()]));
    }
    // A day at somebody who is not chosen is nobody's.
    assert_eq!(ada.share_as(&id, "private", &[(&until, "2026-11-20"), ("until", "x")]).await.status, 303);
    assert_eq!(app.database.count("secret_shares"), 0);
}

#[actix_web::test]
async fn many_ends_are_worked_off_in_portions_by_any_number_of_processes() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace) = team(&app).await;
    let her = grace.id().await;
    let columns = "id, workspace_id, node_type_id, environment, name, name_key, kind, owner_id, sharing, delivery, \
        revision, value_number, newest_number, facts, created_at, updated_at";
    let row = |at: usize| {
        let (other, sharing) = (format!("sec_{at:026}"), if at < 225 { "members" } else { "workspace" });
        let copied = columns.replacen("id,", &format!("'{other}',"), 1).replace("sharing", &format!("'{sharing}'"));
        let copied = copied.replace("name, name_key", &format!("'K{at}', 'k{at}'"));
        let share = "INSERT INTO secret_shares (secret_id, person_id, ends_at, created_at) VALUES";
        let secret = format!("INSERT INTO secrets ({columns}) SELECT {copied} FROM secrets WHERE id = '{id}';");
        format!("{secret} {share} ('{other}', '{her}', 5, 1);")
    };
    app.database.run(&(0..450).map(row).collect::<String>());
    app.database.execute("UPDATE secrets SET shared_until = 5 WHERE sharing = 'workspace'");
    app.database
        .execute("DELETE FROM secret_shares WHERE secret_id IN (SELECT id FROM secrets WHERE sharing = 'workspace')");
    jobs::plan(&app.app).await.unwrap();
    // As two processes would: one that was thought dead goes on while another has taken its work.
    let both = futures_util::future::join(jobs::run_due(&app.app), async {
        for _ in 0..3 {
            app.database.execute("UPDATE jobs SET leased_until = NULL WHERE kind = 'sweep'");
            jobs::run_due(&app.app).await;
        }
    });
    both.await;
    assert_eq!((told(&app), app.database.count("secret_shares")), (450, 0), "each once");
    assert_eq!(app.database.count("secrets WHERE sharing <> 'private'"), 0);
    assert!(ada.get("/w/acme/activity?by=keyrack").await.text.contains("ended the sharing of"));
}

#[actix_web::test]
async fn nobody_is_offered_another_day_than_their_own() {
    let app = TestApp::start().await;
    let (mut ada, id, mut grace) = team(&app).await;
    let her = grace.id().await;
    let until = format!("until-{her}");
    assert_eq!(ada.share_as(&id, "members", &[("with", &her), (&until, "2026-12-24")]).await.status, 303);
    let page = ada.get(&share_path(&id)).await;
    assert_eq!(page.attributes(&format!("#{until}"), "value"), ["2026-12-24"]);
    let before = app.database.count("audit_entries");
    assert_eq!(ada.share_as(&id, "members", &[("with", &her), (&until, "2026-12-24")]).await.status, 303);
    assert_eq!(app.database.count("audit_entries"), before, "nothing has changed");
    assert!(ada.get(STRIPE).await.attributes("input[type=date][name^=until]", "name").is_empty());
}
