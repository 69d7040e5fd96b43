//! Forms that come back, and what of them is kept.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::TestApp;

const HTTP: &str = "/w/acme/secrets/new/http-request";
const STRIPE: &str = "/w/acme/secrets/new/stripe";

#[actix_web::test]
async fn the_chosen_way_is_stored_whatever_was_typed_under_the_others() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let fields = [
        ("name", "Mine"),
        ("environment", "test"),
        ("delivery", "vend"),
        ("field-base_url", "https://api.example.com"),
        ("placement", "header"),
        ("header-header", "X-Api-Key"),
        ("header-api_key", "the-chosen-value-1"),
        ("query-api_key", "left-under-another-2"),
        ("bearer-access_token", "left-under-another-3"),
        ("expires_on", ""),
    ];
    let names = ada.get(HTTP).await.attributes("form input", "name");
    for (name, _) in fields.iter().filter(|(name, _)| name.contains('-')) {
        assert!(names.iter().any(|known| known == name), "{name} is not on the form: {names:?}");
    }
    let page = ada.submit(HTTP, HTTP, &fields).await;
    assert_eq!(page.status, 303, "{}", page.text);
    let (token, person) = ada.make_token("test").await;
    let answer = token.vend("http-request", &person).await;
    assert_eq!(answer.body["credential"]["value"], "the-chosen-value-1");
    assert!(!answer.text.contains("left-under-another"), "{}", answer.text);
}

#[actix_web::test]
async fn a_form_comes_back_with_everything_but_the_secrets() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let fields = [
        ("name", "Mine"),
        ("environment", "live"),
        ("delivery", "vend"),
        ("field-base_url", "http://api.example.com/v1"),
        ("placement", "basic"),
        ("basic-username", "ada-of-acme"),
        ("basic-password", "a-secret-that-was-typed"),
        ("query-api_key", "another-secret-typed"),
        ("expires_on", "2027-01-31"),
    ];
    let page = ada.submit(HTTP, HTTP, &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.attributes("input[aria-invalid=true]", "name"), ["field-base_url"]);
    for kept in ["Mine", "http://api.example.com/v1", "ada-of-acme", "2027-01-31"] {
        assert_eq!(page.attributes(&format!("input[value='{kept}']"), "name").len(), 1, "{kept}");
    }
    assert_eq!(page.attributes("input[value=basic][checked]", "name"), ["placement"]);
    assert_eq!(page.attributes("input[value=live][checked]", "name"), ["environment"]);
    assert!(!page.text.contains("a-secret-that-was-typed") && !page.text.contains("another-secret-typed"));
    assert!(page.text.contains("enter the key again"));
}

#[actix_web::test]
async fn a_key_that_looks_like_the_other_environment_is_asked_about_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let fields = [
        ("name", "Payments"),
        ("environment", "test"),
        ("delivery", "vend"),
        ("kind", "api_key"),
        ("api_key-api_key", "rk_live_first1234567890"),
        ("expires_on", ""),
    ];
    let page = ada.submit(STRIPE, STRIPE, &fields).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("This looks like a live key"), "{}", page.text);
    let confirm = page.attributes("input[name=environment_confirmed]", "value");
    let confirmed: Vec<_> = fields.into_iter().chain([("environment_confirmed", confirm[0].as_str())]).collect();
    assert_eq!(ada.submit(STRIPE, STRIPE, &confirmed).await.status, 303);
}

#[actix_web::test]
async fn names_are_one_line_of_text_and_nothing_else() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let long = "x".repeat(10_000);
    for bad in ["", "   ", "a\0b", "a\nb", "a\u{202e}b", "\u{200b}", long.as_str()] {
        let fields = [("name", bad), ("environment", "test"), ("preset", "backend"), ("expires_on", "")];
        let page = ada.submit_token(&fields).await;
        assert_eq!(page.status, 422, "{bad:?}");
    }
    for marked in ["<b>bold</b>", "\"><script>alert(1)</script>", "javascript:alert(1)", "=1+1"] {
        let id = ada.add_stripe(marked, "rk_test_first1234567890", "vend").await;
        for path in [format!("/w/acme/secrets/{id}"), "/w/acme/secrets".to_owned(), "/w/acme/activity".to_owned()] {
            let page = ada.get(&path).await;
            assert_eq!(page.status, 200);
            assert!(!page.text.contains("<b>bold") && !page.text.contains("<script>alert"), "{path}");
            assert!(page.attributes("a[href^='javascript:']", "href").is_empty(), "{path}");
        }
    }
}

#[actix_web::test]
async fn a_name_is_taken_once_whatever_its_letters() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Payments", "rk_test_first1234567890", "vend").await;
    let fields = [
        ("name", "PAYMENTS"),
        ("environment", "test"),
        ("delivery", "vend"),
        ("kind", "api_key"),
        ("api_key-api_key", "rk_test_second123456789"),
        ("expires_on", ""),
    ];
    let page = ada.submit(STRIPE, STRIPE, &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.attributes("input[name=name][aria-invalid=true]", "value"), ["PAYMENTS"]);
}

#[actix_web::test]
async fn a_form_that_is_too_large_is_refused_in_words() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let large = "x".repeat(3_000_000);
    let page = ada.post("/w/acme/tokens/new", &[("name", &large)]).await;
    assert_eq!(page.status, 413);
    assert!(page.text_of("h1").contains("too much"));
}

#[actix_web::test]
async fn a_token_form_that_is_sent_twice_makes_one_token() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let form = ada.get("/w/acme/tokens/new").await;
    let (csrf, id) = (form.csrf(), form.attributes("input[name=id]", "value").remove(0));
    let fields =
        [("csrf", csrf.as_str()), ("id", &id), ("name", "Backend"), ("environment", "test"), ("preset", "backend")];
    let first = ada.post("/w/acme/tokens/new", &fields).await;
    assert_eq!(first.status, 200, "{}", first.text);
    let again = ada.post("/w/acme/tokens/new", &fields).await;
    assert_eq!((again.status, again.location()), (303, format!("/w/acme/tokens/{id}").as_str()));
    assert!(ada.get(again.location()).await.text.contains("was made already"));
    assert_eq!(app.database.count("tokens"), 1);
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let csrf = eve.get("/account").await.csrf();
    let theirs =
        [("csrf", csrf.as_str()), ("id", &id), ("name", "Mine"), ("environment", "test"), ("preset", "backend")];
    let taken = eve.post("/w/other/tokens/new", &theirs).await;
    assert_eq!((taken.status, taken.location()), (400, ""), "an id of another workspace");
    assert_eq!(app.database.count("tokens"), 1);
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let app = TestApp::start_set(&[("KEYRACK_BODY_SECONDS", "1")]).await;
    app.owner().await;
    let token = app.token("test", "vend").await.text;
    let heads = [
        ("/sign-in".to_owned(), String::new(), "text/html"),
        (
            "/data-integrations/stripe/credentials".to_owned(),
            format!("Authorization: Bearer {token}\r\n"),
            "application/json",
        ),
    ];
    for (path, more, kind) in heads {
        let address = app.base.strip_prefix("http://").unwrap();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\n{more}Content-Length: 100\r\n\r\nx");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 2_048];
        let length = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains(kind), "{answer}");
    }
}

#[actix_web::test]
async fn a_name_is_changed_everywhere_at_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let change = |name| [("name", name)];
    assert_eq!(ada.submit("/account", "/account/profile", &change("Ada Lovelace")).await.status, 303);
    for path in ["/account", "/w/acme/members", "/w/acme"] {
        assert!(ada.get(path).await.text.contains("Ada Lovelace"), "{path}");
    }
    let bad = ada.submit("/account", "/account/profile", &change("a\u{202e}b")).await;
    assert_eq!((bad.status, bad.attributes("input[name=name]", "value")), (422, vec!["a\u{202e}b".to_owned()]));
    assert_eq!(app.database.count("audit_entries WHERE entry LIKE '%person.renamed%'"), 1);
}
