//! After a whole journey, the stored values are nowhere but where they were handed out.
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

use crate::support::TestApp;

const OWN: &str = "rk_test_canaryOwn1234567890abcdefWXYZ";
const REPLACED: &str = "rk_test_canaryOld0987654321fedcbaVUTS";
const END_USERS: &str = "rk_test_canaryEnd5678901234bcdefaRQPO";
const PREVIOUS: &str = "rk_test_canaryPrev4567890123cdefabJIHG";
const DROPPED: &str = "rk_test_canaryDrop5678901234defabcFEDC";
const NEXT: &str = "rk_test_canaryNext6789012345efabcdBAZY";
const REFUSED: &str = "rk_test_canaryBad3456789012cdefabNMLK";
const STRIPE: &str = "/w/acme/secrets/new/stripe";

/// A value as it could lie about: plain, in hex, and in base64 at each of its three alignments.
fn spellings(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let mut all = vec![value.to_owned(), HEXLOWER.encode(bytes), HEXUPPER.encode(bytes)];
    for skip in 0..3 {
        let whole = bytes[skip..].len() / 3 * 3;
        all.push(BASE64.encode(&bytes[skip..skip + whole]));
    }
    all
}

pub fn find(place: &str, bytes: &[u8], value: &str) {
    for spelling in spellings(value) {
        let there = memchr::memmem::find(bytes, spelling.as_bytes());
        assert!(there.is_none(), "{place} holds a stored value as {spelling}");
    }
}

#[actix_web::test]
async fn stored_values_are_nowhere_in_the_open() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let refused = [
        ("kind", "api_key"),
        ("api_key-api_key", REFUSED),
        ("name", ""),
        ("environment", "live"),
        ("delivery", "vend"),
    ];
    assert_eq!(ada.submit(STRIPE, STRIPE, &refused).await.status, 422);
    let id = ada.add_stripe("Payments", OWN, "vend").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out(OWN);
    let mut answers = Vec::new();
    for value in [REPLACED, END_USERS] {
        answers.push(token.put("stripe", "customer-42", value).await.text);
        token.vend("stripe", "customer-42").await.hands_out(value);
    }
    let staged = ada.add_stripe("Staged", PREVIOUS, "vend").await;
    for value in [OWN, DROPPED, NEXT] {
        assert_eq!(ada.enter(&staged, "next", REFUSED, &[("expires_on", "1999-01-01")]).await.status, 422);
        assert_eq!(ada.enter(&staged, "next", value, &[]).await.status, 303);
        if value == OWN {
            assert_eq!(ada.turn(&staged, "next/promote").await.status, 303);
        }
    }
    let secret = format!("/w/acme/secrets/{id}");
    let of = |page: &str| format!("/w/acme/secrets/{staged}{page}");
    let of_staged = ["", "/replace", "/next", "/edit", "/history", "/disconnect", "/delete"].map(of);
    for path in &of_staged {
        assert_eq!(ada.get(path).await.status, 200, "{path}");
    }
    let pages = [
        "/forgotten",
        "/sign-up",
        "/w/acme",
        "/w/acme/secrets",
        &secret,
        "/w/acme/tokens",
        "/w/acme/activity",
        "/account",
        "/account/sessions",
    ];
    for path in pages {
        assert_eq!(ada.get(path).await.status, 200, "{path}");
    }

    let mut places = app.files();
    assert!(places.iter().any(|(name, _)| name.ends_with("master.keys")));
    assert!(app.database.is_postgres() || places.iter().any(|(name, _)| name.ends_with("keyrack.db")));
    places.push(("the server".to_owned(), app.database.dump()));
    places.extend(ada.seen.iter().map(|page| ("a page".to_owned(), page.clone().into_bytes())));
    places.extend(answers.into_iter().map(|text| ("an answer".to_owned(), text.into_bytes())));
    for (place, bytes) in &places {
        for value in [OWN, REPLACED, END_USERS, REFUSED, PREVIOUS, DROPPED, NEXT] {
            find(place, bytes, value);
        }
        if !place.ends_with("master.keys") && place != "a page" {
            find(place, bytes, &token.text);
        }
    }
    let shown = ada.seen.iter().filter(|page| page.contains(&token.text)).count();
    assert_eq!(shown, 1, "a token is shown once");
}
