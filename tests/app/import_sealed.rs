//! What somebody is about to import lies sealed, and no choice brings it to light.

use crate::import::{NEW, begin, begin_with, key, store, summary};
use crate::support::{EMAIL, TestApp};

#[actix_web::test]
async fn a_wrong_choice_does_not_bring_keys_to_light() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let table = "name,type,password\nA,stripe,plain words one\nB,stripe,rk_test_canaryColumn1234567";
    let import = begin(&mut ada, table).await;
    let swap = [("column-0", "value"), ("column-2", "name"), ("first_row", "headings")];
    assert_eq!(ada.submit(&import, &import, &swap).await.status, 303);
    let page = ada.get(&import).await;
    assert!(page.text.contains("can only be the key itself"));
    assert!(!page.text.contains("plain words one") && !page.text.contains("canaryColumn"), "{}", page.text);
    assert_eq!((store(&mut ada, &import).await.status, app.database.count("secrets")), (422, 0));
    // Without headings the first row is a secret, so that no cell of it stands over its column.
    let bare = "Till,stripe,rk_test_canaryHeading123456\nBar,stripe,rk_test_canaryHeading223456";
    let import = begin(&mut ada, bare).await;
    let page = ada
        .submit(
            &import,
            &import,
            &[("first_row", "headings"), ("column-0", "name"), ("column-1", "node_type"), ("column-2", "value")],
        )
        .await;
    assert_eq!(page.status, 303);
    let page = ada.get(&import).await;
    assert!(page.text.contains("Column 3") && !page.text.contains("canaryHeading"));
    assert_eq!(ada.submit(&import, &import, &[("first_row", "secret")]).await.status, 303);
    assert_eq!(summary(&ada.get(&import).await), "2 secrets ready");
    // Nor is a key that stands where a variable's name should.
    let import = begin_with(&mut ada, "c2VjcmV0Canary1234567890abcd==", &[("format", "env")]).await;
    assert!(!ada.get(&import).await.text.contains("Canary"));
}

/// What stands where a heading or a name should is shown only where it is surely no key.
#[actix_web::test]
async fn a_key_in_an_odd_place_is_not_shown() {
    const HEX: &str = "9f86d081884c7d659a2feaa0c55ad015";
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for bare in [format!("Acme,token,{HEX}\nAcme,token,{HEX}"), "Acme,token,correct horse battery\nB,b,b".to_owned()] {
        let import = begin(&mut ada, &bare).await;
        let page = ada.get(&import).await;
        assert!(!page.text.contains(HEX) && !page.text.contains("correct horse"), "{}", page.text);
    }
    for name in ["c2VjcmV0_Canary1234567890abcd", "a9f86d081884c7d659a2feaa0", "my_9f86d081884c7d659a2feaa0"] {
        let import = begin_with(&mut ada, &format!("{name}="), &[("format", "env")]).await;
        let page = ada.get(&import).await;
        let shown = page.text.to_lowercase();
        for part in ["canary", "1234567890", "9f86d081884c7d65"] {
            assert!(!shown.contains(part), "{name}: {part}");
        }
        assert_eq!(ada.submit(&import, &import, &[("type-0", "stripe")]).await.status, 303);
        let kept = app.database.text("SELECT choices AS text FROM imports").to_lowercase();
        assert!(!kept.contains("canary") && !kept.contains("9f86d081884c7d65"), "{kept}");
    }
}

#[actix_web::test]
async fn between_its_steps_an_import_lies_sealed() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let values = ["rk_test_canarySealedOne1234567", "rk_test_canarySealedTwo7654321"];
    let hidden = |moment: &str, seen: &[String]| {
        let everything = app.database.everything();
        for value in values {
            crate::canary::find(moment, &everything, value);
            seen.iter().for_each(|page| crate::canary::find(moment, page.as_bytes(), value));
        }
        for (name, bytes) in app.files() {
            values.iter().for_each(|value| crate::canary::find(&name, &bytes, value));
        }
    };
    let import = begin(&mut ada, &format!("STRIPE_KEY={}\nSTRIPE_TOKEN={}", values[0], values[1])).await;
    hidden("before", &ada.seen);
    ada.get(&import).await;
    ada.submit(&import, &import, &[("type-0", "openai"), ("environment-0", "live"), ("name-0", "x")]).await;
    assert_eq!(store(&mut ada, &import).await.status, 422);
    hidden("during", &ada.seen);
    ada.submit(&import, &import, &[("type-0", "stripe"), ("environment-0", "test"), ("name-0", "x")]).await;
    assert_eq!(store(&mut ada, &import).await.status, 303);
    for path in [import.as_str(), NEW, "/w/acme/secrets", "/w/acme/activity", "/w/acme"] {
        assert_eq!(ada.get(path).await.status, 200);
    }
    hidden("after", &ada.seen);
}

#[actix_web::test]
async fn a_sealed_text_opens_for_its_own_import_alone() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.other_owner("grace@example.com").await;
    let mine = begin(&mut ada, &format!("STRIPE_KEY={}", key("mine"))).await;
    let theirs = begin(&mut grace, &format!("STRIPE_KEY={}", key("theirs"))).await;
    let of = format!("(SELECT id FROM people WHERE email = '{EMAIL}')");
    let swap = format!(
        "UPDATE imports SET payload = (SELECT payload FROM imports WHERE person_id = {of}) WHERE person_id <> {of}"
    );
    assert_eq!(app.database.execute(&swap), 1);
    assert_eq!(grace.get(&theirs).await.status, 404);
    assert_eq!(ada.get(&mine).await.status, 200);
    app.database.execute(&format!("DELETE FROM imports WHERE person_id <> {of}"));
    let take = "UPDATE imports SET person_id = (SELECT id FROM people WHERE email = 'grace@example.com')";
    assert_eq!(app.database.execute(take), 1);
    assert_eq!(grace.get(&mine).await.status, 404, "a row that was put under another's name");
}
