//! End users who connect an account because a backend has asked them to, and the backend that finishes it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Answer, Browser, CLIENT, CLIENT_SECRET, Database, Page, Says, Stage, Token, back, callback, is_account,
    is_vended_token, verify_chains, way,
};

const AUTHORIZE: &str = "/data-integrations/gitlab/authorize";
const FINISH: &str = "/data-integrations/finish";
const SETTINGS: &str = "/w/acme/settings";
const ADDRESSES: &str = "https://app.example.com\nhttps://other.example.com/done";
const VERIFIER: &str = "a-verifier-of-the-backend-that-is-long-enough-1234";
const ALL: &str = "vend,connect,read";

/// A provider, a client, and a backend whose end users may be sent back.
async fn set() -> (Stage, Token) {
    let mut stage = Stage::set().await;
    let path = format!("{SETTINGS}/return-addresses");
    let saved = stage.ada.submit(SETTINGS, &path, &[("addresses", ADDRESSES)]).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let token = stage.app.token("test", ALL).await;
    (stage, token)
}

fn challenge(verifier: &str) -> String {
    use sha2::Digest as _;
    data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(verifier.as_bytes()))
}

fn asked(more: &Value) -> Value {
    let mut body = json!({ "user_id": "customer-42", "return_to": "https://app.example.com/connected?tab=2" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The path of the link that an answer holds.
fn link(stage: &Stage, answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let url = answer.body["url"].as_str().unwrap();
    url.strip_prefix(stage.app.base.as_str()).unwrap().to_owned()
}

/// Opens the link and goes on to the provider; what it is asked there.
async fn leave(by: &mut Browser, link: &str) -> BTreeMap<String, String> {
    way(&by.submit(link, link, &[]).await).1
}

fn over(page: &Page) {
    assert_eq!((page.status, page.text_of("h1").as_str()), (200, "This link is over"), "{}", page.text);
}

#[actix_web::test]
async fn an_end_user_connects_an_account_and_is_led_back() {
    let (stage, token) = set().await;
    let more = json!({ "account_display_name": "Anna’s group" });
    let answer = token.ask("POST", AUTHORIZE, &asked(&more)).await;
    let link = link(&stage, &answer);
    assert_eq!(answer.body.as_object().unwrap().len(), 2, "{}", answer.text);
    let mut anna = stage.app.anonymous();
    let page = anna.get(&link).await;
    assert_eq!((page.status, page.text_of("h1").as_str()), (200, "Connect GitLab"), "{}", page.text);
    for told in ["Acme", "app.example.com", "See the profile of the person who connects."] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    // Opening it spends nothing: mail scanners open everything.
    assert_eq!(stage.app.anonymous().get(&link).await.status, 200);
    let query = leave(&mut anna, &link).await;
    assert_eq!((query["scope"].as_str(), query["code_challenge_method"].as_str()), ("read_user read_api", "S256"));
    let came = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    let state = answer.body["state"].as_str().unwrap();
    let wanted = format!("https://app.example.com/connected?tab=2&state={state}");
    assert_eq!((came.status, came.location()), (303, wanted.as_str()), "{}", came.text);

    let account = token.ask("GET", "/user_management/users/customer-42/connected_accounts/gitlab", &json!({})).await;
    is_account(&account.body);
    assert_eq!(
        (&account.body["state"], &account.body["account_display_name"]),
        (&json!("connected"), &json!("Anna’s group"))
    );
    assert_eq!(
        (&account.body["scopes"], &account.body["established_by_user_id"]),
        (&json!(["read_user"]), &json!("customer-42"))
    );
    let vended = token.vend("gitlab", "customer-42").await;
    is_vended_token(&vended.body);
    assert_eq!(vended.body["credential"]["value"], "access-canary-1");
    verify_chains(&stage.app.database, &stage.app.app.keyring);
    for (file, bytes) in stage.app.files() {
        for text in ["access-canary", "refresh-canary", CLIENT_SECRET] {
            assert!(memchr::memmem::find(&bytes, text.as_bytes()).is_none(), "{file} holds {text}");
        }
    }
    over(&anna.get(&link).await);
}

#[actix_web::test]
async fn connecting_once_more_keeps_the_account() {
    let (stage, token) = set().await;
    let path = "/user_management/users/customer-42/connected_accounts/gitlab";
    let known = json!({ "connection_intent": "reauthorize" });
    token.ask("POST", AUTHORIZE, &asked(&known)).await.refused(404, "not_found");
    let mut ids = Vec::new();
    for more in [json!({}), known, json!({ "connection_intent": "add" })] {
        let link = link(&stage, &token.ask("POST", AUTHORIZE, &asked(&more)).await);
        let mut anna = stage.app.anonymous();
        let query = leave(&mut anna, &link).await;
        assert_eq!(anna.get_from_elsewhere(&back(&query, "code-1")).await.status, 303);
        ids.push(token.ask("GET", path, &json!({})).await.body["id"].clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(stage.app.database.count("secrets"), 2, "the third one was added");
}

#[actix_web::test]
async fn only_the_backend_that_asked_finishes_it() {
    let (stage, token) = set().await;
    let more = json!({ "return_to": "https://other.example.com/done", "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256" });
    let answer = token.ask("POST", AUTHORIZE, &asked(&more)).await;
    assert_eq!(answer.body["completion"], "finish_required", "{}", answer.text);
    let link = link(&stage, &answer);
    let mut anna = stage.app.anonymous();
    let query = leave(&mut anna, &link).await;
    let came = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    let returned = url::Url::parse(came.location()).unwrap();
    let brought: BTreeMap<String, String> = returned.query_pairs().into_owned().collect();
    assert_eq!(brought["state"], answer.body["state"]);
    // Nothing is connected, and nobody was asked for tokens, before the backend has shown its verifier.
    token.vend("gitlab", "customer-42").await.is_not_installed();
    assert!(stage.giving.asked().is_empty());

    let body = |verifier: &str, state: &str| json!({ "connect_code": brought["connect_code"], "code_verifier": verifier, "state": state });
    let state = brought["state"].as_str();
    let other = "another-verifier-that-is-long-enough-as-well-5678";
    token.ask("POST", FINISH, &body(other, state)).await.refused(400, "invalid_connect_code");
    token.ask("POST", FINISH, &body("short", state)).await.refused(422, "invalid_request_parameters");
    token.ask("POST", FINISH, &body(VERIFIER, "another")).await.refused(400, "authorization_state_expired");
    stage.app.owner_of("Other", "eve@example.com").await;
    let eve = stage.app.token_of("Other", "eve@example.com", "test", ALL).await;
    let narrow = stage.app.token("test", ALL).await;
    let limit = format!("UPDATE tokens SET node_types = 'stripe' WHERE id = '{}'", narrow.id());
    stage.app.database.execute(&limit);
    narrow.ask("POST", FINISH, &body(VERIFIER, state)).await.refused(403, "node_type_not_allowed");
    eve.ask("POST", FINISH, &body(VERIFIER, state)).await.refused(400, "invalid_connect_code");
    let live = stage.app.token("live", ALL).await;
    live.ask("POST", FINISH, &body(VERIFIER, state)).await.refused(400, "invalid_connect_code");
    let done = token.ask("POST", FINISH, &body(VERIFIER, state)).await;
    assert_eq!(done.status, 200, "{}", done.text);
    is_account(&done.body["connected_account"]);
    is_vended_token(&token.vend("gitlab", "customer-42").await.body);
    token.ask("POST", FINISH, &body(VERIFIER, state)).await.refused(400, "invalid_connect_code");
    for wrong in ["", "kr_state_nothing", link.rsplit('/').next().unwrap(), query["state"].as_str()] {
        let body = json!({ "connect_code": wrong, "code_verifier": VERIFIER });
        token.ask("POST", FINISH, &body).await.refused(400, "invalid_connect_code");
    }
}

#[actix_web::test]
async fn a_link_leads_one_browser_there_once() {
    let (stage, token) = set().await;
    let link = link(&stage, &token.ask("POST", AUTHORIZE, &asked(&json!({}))).await);
    let (mut anna, mut bert) = (stage.app.anonymous(), stage.app.anonymous());
    anna.get(&link).await;
    bert.get(&link).await;
    let (one, other) = futures_util::future::join(anna.submit(&link, &link, &[]), bert.submit(&link, &link, &[])).await;
    let (first, second) = if one.text.contains("On to GitLab") { (one, other) } else { (other, one) };
    over(&second);
    let query = way(&first).1;
    let path = back(&query, "code-1");
    // Neither a third browser nor a member of the workspace comes back with it.
    let mut ada = stage.ada.clone();
    for by in [&mut stage.app.anonymous(), &mut ada] {
        let page = by.get_from_elsewhere(&path).await;
        assert_eq!(page.text_of("h1"), "This way back is over", "{}", page.text);
    }
    assert!(stage.giving.asked().is_empty());
    token.vend("gitlab", "customer-42").await.is_not_installed();
}

#[actix_web::test]
async fn links_end_with_time_with_their_token_and_with_what_they_are_for() {
    let (mut stage, token) = set().await;
    let links: Vec<String> = {
        let mut all = Vec::new();
        for _ in 0..3 {
            all.push(link(&stage, &token.ask("POST", AUTHORIZE, &asked(&json!({}))).await));
        }
        all
    };
    let mut anna = stage.app.anonymous();
    assert_eq!(anna.get(&links[0]).await.text_of("h1"), "Connect GitLab");
    // The client is another one by the time that the code comes back: it is not given to that one.
    let query = leave(&mut anna, &links[0]).await;
    let changed = stage.ada.submit(CLIENT, CLIENT, &stage.client("app-2", "client-secret-of-app-2")).await;
    assert_eq!(changed.status, 303);
    let came = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    assert!(
        came.text.contains("https://app.example.com/connected?tab=2&#38;error=connection_failed")
            || came.text.contains("error=connection_failed"),
        "{}",
        came.text
    );
    assert!(stage.giving.asked().is_empty());
    // Half an hour is enough to open one.
    stage.app.advance(Duration::from_mins(31));
    over(&anna.get(&links[1]).await);
    let fresh = link(&stage, &token.ask("POST", AUTHORIZE, &asked(&json!({}))).await);
    let page = format!("/w/acme/tokens/{}", token.id());
    let query = leave(&mut anna, &link(&stage, &token.ask("POST", AUTHORIZE, &asked(&json!({}))).await)).await;
    assert_eq!(stage.ada.submit(&page, &format!("{page}/revoke"), &[]).await.status, 303);
    over(&anna.get(&fresh).await);
    over(&anna.get_from_elsewhere(&back(&query, "code-1")).await);
    assert!(stage.giving.asked().is_empty());
    for wrong in ["/connect/start/nothing", "/connect/start/kr_state_x"] {
        over(&anna.get(wrong).await);
    }
}

#[actix_web::test]
async fn what_a_provider_refuses_is_told_and_connects_nothing() {
    let (stage, token) = set().await;
    for says in ["error=access_denied", "error=%3Cscript%3E", ""] {
        let link = link(&stage, &token.ask("POST", AUTHORIZE, &asked(&json!({}))).await);
        let mut anna = stage.app.anonymous();
        let query = leave(&mut anna, &link).await;
        let page = anna.get_from_elsewhere(&format!("{}&{says}", callback(&query))).await;
        assert_eq!((page.status, page.text_of("h1").as_str()), (200, "Not connected"), "{}", page.text);
        assert!(!page.text.contains("<script>"));
    }
    stage.giving.instead(Says::status("400 Bad Request", r#"{"error":"invalid_grant"}"#));
    let link = link(&stage, &token.ask("POST", AUTHORIZE, &asked(&json!({}))).await);
    let mut anna = stage.app.anonymous();
    let query = leave(&mut anna, &link).await;
    let page = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(page.text_of("h1"), "Not connected", "{}", page.text);
    token.vend("gitlab", "customer-42").await.is_not_installed();
    assert_eq!(stage.app.database.count("secrets"), 0);
}

#[actix_web::test]
async fn nobody_is_sent_where_no_admin_said() {
    let (mut stage, token) = set().await;
    for to in [
        "https://evil.example/",
        "https://app.example.com.evil.example/",
        "//app.example.com",
        "javascript:alert(1)",
        "https://app.example.com@evil.example/",
        "https://app.example.com\\@evil.example",
        "http://app.example.com/",
        "https://app.example.com/?state=mine",
        "https://other.example.com/done?connect_code=x",
    ] {
        token.ask("POST", AUTHORIZE, &asked(&json!({ "return_to": to }))).await.refused(400, "invalid_return_to");
    }
    let exact = json!({ "code_challenge": challenge(VERIFIER) });
    token.ask("POST", AUTHORIZE, &asked(&exact)).await.refused(400, "return_to_requires_exact_match");
    for wrong in [
        json!({ "code_challenge": "short" }),
        json!({ "code_challenge": challenge(VERIFIER), "code_challenge_method": "plain" }),
        json!({ "code_challenge_method": "S256" }),
        json!({ "code_challenge": challenge(VERIFIER), "return_to": null }),
        json!({ "connection_intent": "steal" }),
        json!({ "user_id": "usr_01jd8x3f5k7q9r2t4v6w8y0z1a" }),
        json!({ "connection_owner": "organization" }),
        json!({ "config": { "client_secret": "sk_live_0123456789" } }),
        json!({ "config": { "address": "https://elsewhere.example.com" } }),
    ] {
        token.ask("POST", AUTHORIZE, &asked(&wrong)).await.refused(422, "invalid_request_parameters");
    }
    token
        .ask("POST", "/data-integrations/stripe/authorize", &asked(&json!({})))
        .await
        .refused(422, "invalid_request_parameters");
    token.ask("POST", "/data-integrations/nothing/authorize", &asked(&json!({}))).await.refused(404, "not_found");
    let path = format!("{SETTINGS}/return-addresses");
    let wrong =
        stage.ada.submit(SETTINGS, &path, &[("addresses", "https://ok.example.com\nhttp://bad.example.com")]).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text.contains("has to begin with https") && wrong.text.contains("https://ok.example.com"),
        "{}",
        wrong.text
    );
    let disable = "/w/acme/node-types/gitlab/disable";
    assert_eq!(stage.ada.submit(disable, disable, &[]).await.status, 303);
    token.ask("POST", AUTHORIZE, &asked(&json!({}))).await.refused(403, "node_type_disabled");
}

#[actix_web::test]
async fn tokens_that_find_no_place_any_more_are_given_back() {
    let (stage, token) = set().await;
    let link = link(&stage, &token.ask("POST", AUTHORIZE, &asked(&json!({}))).await);
    let mut anna = stage.app.anonymous();
    let query = leave(&mut anna, &link).await;
    // While the provider gives them, an Admin disables the node type.
    let (database, giving) = (Database::of(&stage.app.database.url), stage.giving.clone());
    stage.provider.answers(move |request| {
        if request.contains("authorization_code") {
            database.execute("UPDATE node_types SET enabled = FALSE WHERE slug = 'gitlab'");
        }
        giving.answer(request)
    });
    let came = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    assert_eq!(stage.app.database.count("secrets"), 0);
    let given_back = stage.giving.asked().into_iter().filter(|asked| asked.contains_key("token")).count();
    assert_eq!(given_back, 1, "the refresh token is the root of the others");
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn a_code_of_a_token_that_is_gone_is_over_and_says_so() {
    let (mut stage, token) = set().await;
    let asking = stage.app.token("test", ALL).await;
    let more = json!({ "return_to": "https://other.example.com/done", "code_challenge": challenge(VERIFIER) });
    let link = link(&stage, &asking.ask("POST", AUTHORIZE, &asked(&more)).await);
    let mut anna = stage.app.anonymous();
    let query = leave(&mut anna, &link).await;
    let came = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    let returned = url::Url::parse(came.location()).unwrap();
    let brought: BTreeMap<String, String> = returned.query_pairs().into_owned().collect();
    let page = format!("/w/acme/tokens/{}", asking.id());
    assert_eq!(stage.ada.submit(&page, &format!("{page}/revoke"), &[]).await.status, 303);
    let body = json!({ "connect_code": brought["connect_code"], "code_verifier": VERIFIER });
    token.ask("POST", FINISH, &body).await.refused(400, "authorization_state_expired");
    assert!(stage.giving.asked().is_empty());
}

#[actix_web::test]
async fn finishing_at_once_exchanges_once() {
    let (stage, token) = set().await;
    let more = json!({ "return_to": "https://other.example.com/done", "code_challenge": challenge(VERIFIER) });
    let link = link(&stage, &token.ask("POST", AUTHORIZE, &asked(&more)).await);
    let mut anna = stage.app.anonymous();
    let query = leave(&mut anna, &link).await;
    let came = anna.get_from_elsewhere(&back(&query, "code-1")).await;
    let returned = url::Url::parse(came.location()).unwrap();
    let brought: BTreeMap<String, String> = returned.query_pairs().into_owned().collect();
    let body = json!({ "connect_code": brought["connect_code"], "code_verifier": VERIFIER });
    let all = (0..8).map(|_| token.ask("POST", FINISH, &body));
    let answers = futures_util::future::join_all(all).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    answers.iter().filter(|answer| answer.status != 200).for_each(|answer| answer.refused(400, "invalid_connect_code"));
    assert_eq!(stage.giving.asked().len(), 1);
}
