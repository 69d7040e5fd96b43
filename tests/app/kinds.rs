//! The kinds of credential, each with the fields that it asks for, on the forms of a node type of the workspace's own.

use crate::support::{Browser, Page, TestApp};

const BANK: &str = "/w/acme/secrets/new/custom-bank";
const PEM: &str = "-----BEGIN PRIVATE KEY-----\r\nTm90IGEga2V5IGF0IGFsbC4=\r\n-----END PRIVATE KEY-----";

/// A description with every kind, put on the rack past any page.
fn describe(app: &TestApp) {
    let field = |name: &str, more: &str| format!(r#"{{"name":"{name}","label":"The {name}"{more}}}"#);
    let secret = r#","secret":true,"value":true"#;
    let kind = |kind: &str, fields: &[String], prefix: &str| {
        let fields = fields.join(",");
        let placement = r#"[{"in":"header","name":"Authorization","template":"Bearer {value}"}]"#;
        format!(r#"{{"kind":"{kind}","fields":[{fields}],"placements":{placement},"prefixes":[{prefix}]}}"#)
    };
    let prefix = |text: &str, of: &str| format!(r#"{{"prefix":"{text}","environment":"{of}","meaning":"one"}}"#);
    let kinds = [
        kind("api_key", &[field("key", secret)], &prefix("bk_", "test")),
        // The same beginning means something else as another kind.
        kind("access_token", &[field("token", secret)], &prefix("bk_", "live")),
        kind("password", &[field("user", ""), field("password", secret)], ""),
        kind("application_password", &[field("user", ""), field("code", secret)], ""),
        kind(
            "key_pair",
            &[
                field("key_id", ""),
                field("private_key", r#","secret":true,"value":true,"lines":true"#),
                field("passphrase", r#","secret":true,"required":false"#),
            ],
            "",
        ),
    ];
    let spec = format!(
        r#"{{"slug":"custom-bank","name":"The Bank","category":"Own","benefit":"Money","methods":["key"],
        "base_url":"https://api.bank.example","hosts":["api.bank.example"],"kinds":[{}],
        "guide":{{"steps":["Ask the bank."],"least_permissions":"Few.","rejected":"No.","rate_limited":"Slow.",
        "revoke":{{"text":"Call the bank.","url":"https://bank.example/revoke"}}}}}}"#,
        kinds.join(",")
    );
    app.database.run(&format!(
        "INSERT INTO node_types (id, workspace_id, slug, name, method, enabled, spec, revision, created_at, updated_at) \
         VALUES ('nt_01jd8x3f5k7q9r2t4v6w8y0z1a', (SELECT id FROM workspaces WHERE slug = 'acme'), 'custom-bank', \
         'The Bank', 'key', TRUE, '{spec}', 1, 0, 0)"
    ));
}

async fn store(ada: &mut Browser, name: &str, fields: &[(&str, &str)]) -> Page {
    let common = [("name", name), ("environment", "test"), ("delivery", "vend"), ("revision", "1")];
    ada.submit(BANK, BANK, &[&common, fields].concat()).await
}

/// A kind, what is typed for it, and what a backend gets.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static str);

#[actix_web::test]
async fn each_kind_is_stored_with_its_fields() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    describe(&app);
    let form = ada.get(BANK).await;
    assert_eq!(form.attributes("textarea[data-secret]", "name"), ["key_pair-private_key"]);
    for picture in ["hotel key card", "limited-use key", "sign in as you", "guest password", "needs two keys"] {
        assert!(form.text.contains(picture), "{picture}");
    }
    let kinds: [Case; 5] = [
        ("api_key", &[("api_key-key", "an-api-key-value-1")], "an-api-key-value-1"),
        ("access_token", &[("access_token-token", "an-access-token-2")], "an-access-token-2"),
        ("password", &[("password-user", "ada"), ("password-password", "a password of 3")], "a password of 3"),
        (
            "application_password",
            &[("application_password-user", "ada"), ("application_password-code", "abcd efgh ijkl")],
            "abcd efgh ijkl",
        ),
        (
            "key_pair",
            &[("key_pair-key_id", "kid-5"), ("key_pair-private_key", PEM)],
            "-----BEGIN PRIVATE KEY-----\nTm90IGEga2V5IGF0IGFsbC4=\n-----END PRIVATE KEY-----",
        ),
    ];
    let (token, person) = ada.make_token("test").await;
    for (kind, fields, value) in kinds {
        let page = store(&mut ada, kind, &[&[("kind", kind)], fields].concat()).await;
        assert_eq!(page.status, 303, "{kind}: {}", page.text);
        let id = page.location().rsplit('/').next().unwrap().to_owned();
        let body = serde_json::json!({ "user_id": person, "connected_account_id": id });
        let answer = token.vend_with("custom-bank", &body).await;
        assert_eq!(answer.body["credential"]["value"], value, "{kind}: {}", answer.text);
        let again = ada.get(&format!("{}/replace", page.location())).await;
        assert_eq!(again.attributes("input[name=kind][checked]", "value"), [kind]);
        assert!(!again.text.contains(value) && !again.text.contains("PRIVATE KEY-----"));
    }
}

#[actix_web::test]
async fn a_form_of_several_fields_comes_back_without_the_secret_ones() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    describe(&app);
    let pair = [
        ("kind", "key_pair"),
        ("key_pair-key_id", ""),
        ("key_pair-private_key", PEM),
        ("key_pair-passphrase", "the-words-that-open-it"),
        ("password-user", "left-standing"),
    ];
    let page = store(&mut ada, "Pair", &pair).await;
    assert_eq!(
        (page.status, page.attributes("[aria-invalid=true]", "name")),
        (422, vec!["key_pair-key_id".to_owned()])
    );
    assert!(page.text.contains("enter the key again") && page.text.contains("left-standing"));
    for secret in ["Tm90IGEga2V5", "the-words-that-open-it"] {
        assert!(!page.text.contains(secret), "{secret}");
    }
    let lines = [("kind", "api_key"), ("api_key-key", "one\r\ntwo")];
    let page = store(&mut ada, "Lines", &lines).await;
    assert!(page.status == 422 && page.text.contains("This has several lines"), "{}", page.text);
    let spaces = [("kind", "key_pair"), ("key_pair-key_id", "kid"), ("key_pair-private_key", "\r\n one\r\ntwo \r\n")];
    let stored = store(&mut ada, "Spaces", &spaces).await;
    assert_eq!(stored.status, 303);
    assert!(ada.get(stored.location()).await.text.contains("were taken away"));
}

#[actix_web::test]
async fn a_prefix_speaks_for_the_kind_it_was_entered_as() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    describe(&app);
    let page = store(&mut ada, "Token", &[("kind", "access_token"), ("access_token-token", "bk_12345678")]).await;
    assert!(page.status == 422 && page.text.contains("This looks like a live key"), "{}", page.text);
    let page = store(&mut ada, "Key", &[("kind", "api_key"), ("api_key-key", "bk_12345678")]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    assert_eq!(ada.get(BANK).await.attributes("#access_token-token", "data-live"), ["bk_"]);
}

#[actix_web::test]
async fn another_kind_may_take_the_place_and_its_provider_is_named_where_it_is_taken_back() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    describe(&app);
    let stored = store(&mut ada, "Bank", &[("kind", "api_key"), ("api_key-key", "an-api-key-value-1")]).await;
    let secret = stored.location().to_owned();
    let next = format!("{secret}/next");
    let pair = [("revision", "1"), ("kind", "key_pair"), ("key_pair-key_id", "kid-5"), ("key_pair-private_key", PEM)];
    assert_eq!(ada.submit(&next, &next, &pair).await.status, 303);
    assert!(ada.get(&secret).await.text.contains("The Bank · API key"));
    let id = secret.rsplit('/').next().unwrap().to_owned();
    ada.turn(&id, "next/promote").await;
    assert!(ada.get(&secret).await.text.contains("The Bank · Key pair"));
    ada.turn(&id, "roll-back").await;
    assert!(ada.get(&secret).await.text.contains("The Bank · API key"));
    let page = ada.get(&format!("{secret}/disconnect")).await;
    assert!(page.text.contains("Call the bank.") && page.text.contains("https://bank.example/revoke"), "{}", page.text);
}
