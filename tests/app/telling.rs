//! What pages tell about who did what, and whose a key is.

use keyrack::domain::Role;
use scraper::{Html, Selector};

use crate::support::{Page, TestApp};

const ACTIVITY: &str = "/w/acme/activity";

/// The sentences of the activity, the newest first, without the line ends between their parts.
fn sentences(page: &Page) -> Vec<String> {
    let cells = Selector::parse("tbody td.lead").unwrap();
    let text = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Html::parse_document(&page.text).select(&cells).map(|cell| text(cell.text().collect())).collect()
}

#[actix_web::test]
async fn a_use_names_the_token_and_whose_key_it_was() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", "rk_test_told1234567", "vend").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out("rk_test_told1234567");
    assert_eq!(token.put("stripe", "customer-42", "rk_test_theirs123456").await.status, 200);
    token.vend("stripe", "customer-42").await.hands_out("rk_test_theirs123456");

    let page = ada.get(ACTIVITY).await;
    let told = sentences(&page);
    for expected in [
        "Ada’s token Backend fetched the value of Payments",
        "Ada’s token Backend added the secret Stripe of end user customer-42",
        "Ada’s token Backend fetched the value of Stripe of end user customer-42",
        "Acme was made with the set-up link",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected}: {told:#?}");
    }
    let link = format!("tbody a[href='/w/acme/tokens/{}']", token.id());
    assert!(page.attributes(&link, "href").len() >= 3, "{}", page.text);
    assert!(ada.get("/w/acme").await.text.contains(&token.id()));
}

#[actix_web::test]
async fn an_end_users_key_is_shown_as_theirs() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let (token, _) = ada.make_token("test").await;
    assert_eq!(token.put("stripe", "customer-42", "rk_test_theirs123456").await.status, 200);
    let list = ada.get("/w/acme/secrets").await;
    let secret = list.attributes("a.row-link", "href").remove(0);
    for text in [list.text_of("tbody"), ada.get(&secret).await.text_of("dl.facts")] {
        assert!(text.contains("customer-42") && text.contains("End user only"), "{text}");
        assert!(!text.contains("Owner only"), "{text}");
    }
}

#[actix_web::test]
async fn a_member_is_not_told_the_names_of_tokens_that_they_may_not_open() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut member = app.member("member@example.com", Role::Member).await;
    ada.make_token("test").await;
    let secret = member.add_stripe("Mine", "rk_test_mine1234567", "vend").await;
    // A change of the secret with somebody else's token, as its history may hold one.
    let of = format!("subject = '{secret}'");
    let with =
        "entry = replace(entry, '\"kind\":\"person\",\"id\":', '\"kind\":\"token\",\"id\":\"TOKEN\",\"maker\":')";
    let token = ada.get("/w/acme/tokens").await.attributes("a.row-link", "href").remove(0);
    let with = with.replace("TOKEN", token.rsplit('/').next().unwrap());
    assert_eq!(app.database.execute(&format!("UPDATE audit_entries SET {with} WHERE {of}")), 1);
    let page = member.get(&format!("/w/acme/secrets/{secret}")).await;
    assert!(page.text.contains("’s token"), "{}", page.text);
    assert!(!page.text.contains("Backend</a>") && !page.text.contains(&token), "{}", page.text);
}
