//! Drafts under each method: what is described by them, and that the form shows again what it was filled in with.

use proptest::prelude::*;

use super::*;

fn catalog() -> Catalog {
    let http = include_str!("../types/http-request.toml").to_owned();
    Catalog::of([("http-request.toml".to_owned(), http)]).unwrap()
}

fn usual(method: Method) -> Draft {
    let asking = Asking {
        token_url: "https://auth.example.com/token".to_owned(),
        scopes: "* rooms.read See rooms.\nrooms.write".to_owned(),
        ..Asking::default()
    };
    let provider = Provider {
        authorize_url: "https://auth.example.com/authorize".to_owned(),
        account: asking.clone(),
        client: asking,
        ..Provider::default()
    };
    Draft {
        name: "Rooms".to_owned(),
        base_url: "https://rooms.example.com/v1".to_owned(),
        method: method.to_string(),
        provider,
        ..Draft::default()
    }
}

fn described(draft: &Draft) -> Result<NodeType, Vec<&'static str>> {
    let made = catalog().custom(draft, &"custom-rooms".parse().unwrap());
    made.map_err(|faults| faults.into_iter().map(|fault| fault.field).collect())
}

fn json(node: &NodeType) -> serde_json::Value {
    serde_json::to_value(node).unwrap()
}

#[test]
fn each_method_is_described_by_what_it_needs() {
    let key = described(&usual(Method::Key)).unwrap();
    assert!(key.oauth.is_none() && key.client_credentials.is_none() && key.kinds.len() == 1);
    let account = described(&usual(Method::OAuth)).unwrap();
    let oauth = account.oauth.as_ref().unwrap();
    assert_eq!((account.methods.as_slice(), account.kinds.len()), (&[Method::OAuth][..], 0));
    assert_eq!((oauth.refresh_url.as_deref(), oauth.revoke_url.as_deref()), (None, None));
    assert_eq!(account.usual_scopes(Method::OAuth).as_str(), "rooms.read");
    let client = described(&usual(Method::ClientCredentials)).unwrap();
    assert_eq!(client.client_credentials.unwrap().token_url, "https://auth.example.com/token");
    // What is wrong in what does not count is no fault.
    let mut draft = usual(Method::OAuth);
    (draft.kind, draft.placement, draft.provider.client.token_url) =
        ("no kind".to_owned(), "nowhere".to_owned(), "x".to_owned());
    assert!(described(&draft).is_ok());
}

#[test]
fn an_address_of_a_provider_is_whole_or_refused() {
    for wrong in [
        "",
        "auth.example.com/token",
        "http://auth.example.com/token",
        "https://user@auth.example.com/token",
        "https://:pass@auth.example.com/token",
        "https://auth.example.com/token#part",
        "https://auth.example.com/{tenant}/token",
        "https://auth.example.com/{",
        "https://localhost/token",
        "https://auth/token",
        "https://[::1]/token",
        "https://auth.example.com:0/token",
        "https://auth.example.com:99999/",
        "https:\\\\auth.example.com/token",
        "https://auth.example.com/a b",
        "https://auth.example.com/a\u{202e}b",
        "javascript:alert(1)",
        &format!("https://auth.example.com/{}", "x".repeat(500)),
    ] {
        let word = || wrong.to_owned();
        let mut draft = usual(Method::OAuth);
        draft.provider.authorize_url = word();
        assert_eq!(described(&draft).unwrap_err(), [AUTHORIZE_URL], "{wrong}");
        draft = usual(Method::OAuth);
        draft.provider.account.token_url = word();
        assert_eq!(described(&draft).unwrap_err(), [ACCOUNT.token_url], "{wrong}");
        let mut draft = usual(Method::ClientCredentials);
        draft.provider.client.token_url = word();
        assert_eq!(described(&draft).unwrap_err(), [CLIENT.token_url], "{wrong}");
        if !wrong.is_empty() {
            draft = usual(Method::OAuth);
            (draft.provider.refresh_url, draft.provider.revoke_url) = (word(), word());
            assert_eq!(described(&draft).unwrap_err(), [REFRESH_URL, REVOKE_URL], "{wrong}");
        }
    }
    for right in
        ["https://auth.example.com", " https://AUTH.example.com:8443/a/b?tenant=1 ", "https://bücher.example/t"]
    {
        let mut draft = usual(Method::OAuth);
        draft.provider.account.token_url = right.to_owned();
        assert!(described(&draft).is_ok(), "{right}");
    }
}

#[test]
fn what_a_description_says_of_a_provider_decides_where_things_go() {
    let before = described(&usual(Method::OAuth)).unwrap();
    let with = |change: &dyn Fn(&mut Provider)| {
        let mut draft = usual(Method::OAuth);
        change(&mut draft.provider);
        described(&draft).unwrap()
    };
    let elsewhere = || "https://evil.example/t".to_owned();
    let changes: [&dyn Fn(&mut Provider); 6] = [
        &|of| of.authorize_url = elsewhere(),
        &|of| of.account.token_url = elsewhere(),
        &|of| of.refresh_url = elsewhere(),
        &|of| of.revoke_url = elsewhere(),
        &|of| of.account.client_auth = "body".to_owned(),
        &|of| of.account.body = "json".to_owned(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let after = with(change);
        assert!(!after.travels_like(&before) && !after.asks_like(&before), "{at}");
    }
    let harmless: [&dyn Fn(&mut Provider); 3] =
        [&|of| of.account.scopes = "other".to_owned(), &|of| of.account.separator = "comma".to_owned(), &|of| {
            of.refresh_url.clone_from(&of.account.token_url)
        }];
    for (at, change) in harmless.into_iter().enumerate() {
        assert!(with(change).travels_like(&before), "{at}");
    }
    let moved = Draft { base_url: "https://other.example.com".to_owned(), ..usual(Method::OAuth) };
    let moved = described(&moved).unwrap();
    assert!(!moved.travels_like(&before) && moved.asks_like(&before), "a client has nothing to do with the base URL");
    let client = described(&usual(Method::ClientCredentials)).unwrap();
    let mut draft = usual(Method::ClientCredentials);
    draft.provider.client.token_url = elsewhere();
    assert!(!described(&draft).unwrap().travels_like(&client));
}

fn any_url() -> impl Strategy<Value = String> {
    prop_oneof![
        "https://[a-z]{1,8}\\.example(:[0-9]{2,4})?(/[a-zA-Z%._~ü-]{0,6}){0,3}(\\?[a-z=&+]{0,8})?",
        "https://[a-z@:/?#{}.\\\\-]{0,16}",
        "\\PC{0,12}",
    ]
}

fn any_asking() -> impl Strategy<Value = Asking> {
    let word = |words: [&'static str; 2]| prop_oneof![8 => prop::sample::select(words.to_vec()), 1 => Just("odd")];
    let (auth, body, separator) = (word(["basic", "body"]), word(["form", "json"]), word(["space", "comma"]));
    let scopes = "([*-]{0,1} {0,1}[a-z:.]{0,5} ?[A-Za-z ]{0,6}\n){0,4}";
    (any_url(), auth, body, separator, scopes).prop_map(|(token_url, auth, body, separator, scopes)| Asking {
        token_url,
        client_auth: auth.to_owned(),
        body: body.to_owned(),
        separator: separator.to_owned(),
        scopes,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// What a form describes leads back to a form that describes the same, also by way of what a page sends.
    #[test]
    fn the_form_shows_what_it_described(
        method in prop::sample::select(vec![Method::OAuth, Method::ClientCredentials]),
        (authorize_url, asking) in (any_url(), any_asking()),
        parameters in "([a-z]{1,3}=[a-z=]{0,3}\n){0,2}",
        (refresh_url, revoke_url) in (prop_oneof![Just(String::new()), any_url()], prop_oneof![Just(String::new()), any_url()]),
    ) {
        let provider = Provider { authorize_url, refresh_url, revoke_url, parameters, account: asking.clone(), client: asking };
        let draft = Draft { provider, ..usual(method) };
        if let Ok(node) = described(&draft) {
            prop_assert_eq!(node.check(), Ok(()));
            let again = Draft::of(&node);
            let shown = described(&again).unwrap();
            prop_assert_eq!(json(&shown), json(&node));
            prop_assert!(shown.travels_like(&node));
            prop_assert_eq!(&Draft::of(&shown), &again);
            let sent = serde_html_form::to_string(again.way_pairs()).unwrap();
            let sent: Draft = serde_html_form::from_str(&sent).unwrap();
            prop_assert_eq!((sent.method, sent.provider), (again.method, again.provider));
        }
    }
}
