//! Which of several secrets a token means, where it names one and where it names none.

use keyrack::domain::Role;
use serde_json::json;

use crate::support::{TestApp, Token};

const GRACE: &str = "grace@example.com";

async fn vended(token: &Token, person: &str, id: &str) -> crate::support::Answer {
    token.vend_with("stripe", &json!({ "user_id": person, "connected_account_id": id })).await
}

#[actix_web::test]
async fn what_cannot_be_used_is_in_nobodys_way() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Admin).await;
    let person = ada.id().await;
    let token = app.token("test", "vend").await;
    token.vend("stripe", &person).await.is_not_installed();

    let set = |id: &str, what: &str| app.database.execute(&format!("UPDATE secrets SET {what} WHERE id = '{id}'"));
    let share = |id: &str, end: &str| {
        let row = format!("'{id}', '{person}', {end}, 0");
        app.database
            .run(&format!("INSERT INTO secret_shares (secret_id, person_id, ends_at, created_at) VALUES ({row})"));
    };
    // The oldest of all, so that each would be found before the one that is meant.
    let mut names = 0..;
    let mut value = || format!("rk_test_choosing{:06}", names.next().unwrap());
    let private = grace.add_stripe("Private", &value(), "vend").await;
    let over_for_all = grace.add_stripe("Over for all", &value(), "vend").await;
    set(&over_for_all, "sharing = 'workspace', shared_until = 5");
    let over = grace.add_stripe("Over", &value(), "vend").await;
    set(&over, "sharing = 'members'");
    share(&over, "5");
    let taken_back = grace.add_stripe("Taken back", &value(), "vend").await;
    share(&taken_back, "NULL");
    let empty = ada.add_stripe("Empty", &value(), "vend").await;
    assert_eq!(ada.submit("/account", &format!("/w/acme/secrets/{empty}/disconnect"), &[]).await.status, 303);
    token.vend("stripe", &person).await.is_not_installed();

    let meant = value();
    let shared = grace.add_stripe("Shared", &meant, "vend").await;
    set(&shared, "sharing = 'members'");
    share(&shared, "NULL");
    token.vend("stripe", &person).await.hands_out(&meant);
    vended(&token, &person, &shared).await.hands_out(&meant);
    vended(&token, &person, &empty).await.is_not_installed();
    for id in [&private, &over_for_all, &over, &taken_back] {
        vended(&token, &person, id).await.refused(404, "not_found");
    }

    let own = value();
    let second = ada.add_stripe("Own", &own, "vend").await;
    let several = token.vend("stripe", &person).await;
    several.refused(409, "account_selection_required");
    vended(&token, &person, &second).await.hands_out(&own);
    // One whose last day is over counts: whoever means the other one says so.
    set(&second, "expires_at = 5");
    assert_eq!(token.vend("stripe", &person).await.text, several.text);
    set(&shared, "value_entered_at = NULL");
    assert_eq!(token.vend("stripe", &person).await.body["error"], "needs_reauthorization");
}
