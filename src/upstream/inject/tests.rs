//! Each way of placing a value, what is refused, and that a value never becomes more than its part.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::crypto::Entered;

const VALUE: &str = "rk_test_placed1234";

fn credential(placement: Value, fields: &[(&str, &str)], value: &str) -> Credential {
    let route = Route {
        base_url: "https://api.example.com/v1".to_owned(),
        hosts: vec!["api.example.com".to_owned()],
        placement,
        ..Route::default()
    };
    let entered = |text: &str| Entered::exact(text.to_owned());
    let others = fields.iter().map(|(name, text)| ((*name).to_owned(), entered(text)));
    Credential::new(("api_key".to_owned(), entered(value)), others, route)
}

fn asked(path: &str) -> Asked<'_> {
    Asked { host: None, method: Method::GET, path, headers: HeaderMap::new(), content: Content::Nothing }
}

type Placed = Result<(Target, Request<Body>), PlaceError>;

fn placed(credential: &Credential, asked: Asked<'_>) -> Placed {
    place(&Guard::default(), Purpose::Probe, credential, asked)
}

fn header<'a>(placed: &'a (Target, Request<Body>), name: &str) -> Option<&'a str> {
    placed.1.headers().get(name).map(|value| std::str::from_utf8(value.as_bytes()).unwrap())
}

#[test]
fn each_placement_puts_the_value_into_its_place() {
    let bearer = json!([{ "in": "header", "name": "Authorization", "template": "Bearer {value}" }]);
    let one = placed(&credential(bearer, &[], VALUE), asked("/balance?a=b")).unwrap();
    assert_eq!(header(&one, "authorization"), Some("Bearer rk_test_placed1234"));
    assert_eq!(one.0.url().as_str(), "https://api.example.com/v1/balance?a=b");
    assert!(!format!("{:?}", one.1.headers()).contains(VALUE), "not for logs");

    let own = json!([{ "in": "header", "name": "{header}", "template": "{api_key}" }]);
    let one = placed(&credential(own, &[("header", "X-Key")], VALUE), asked("/")).unwrap();
    assert_eq!(header(&one, "x-key"), Some(VALUE));

    let basic = json!([{ "in": "basic", "user": "{user}", "password": "{value}" }]);
    let one = placed(&credential(basic, &[("user", "ada")], "a:b"), asked("/")).unwrap();
    assert_eq!(header(&one, "authorization"), Some("Basic YWRhOmE6Yg=="));

    let query = json!([{ "in": "query", "name": "key" }]);
    let one = placed(&credential(query, &[], "a&b=c d%"), asked("/x?q=1&key=theirs&KEY=too")).unwrap();
    assert_eq!(one.0.url().query(), Some("q=1&key=a%26b%3Dc%20d%25"));

    let path = json!([{ "in": "path", "template": "/bot{value}" }]);
    let one = placed(&credential(path, &[], "12:a/b?c#d"), asked("/getMe")).unwrap();
    assert_eq!(one.0.url().path(), "/v1/bot12:a%2Fb%3Fc%23d/getMe");

    let cookie = json!([{ "in": "cookie", "name": "sid" }, { "in": "cookie", "name": "org", "template": "{org}" }]);
    let one = placed(&credential(cookie, &[("org", "7")], VALUE), asked("/")).unwrap();
    assert_eq!(header(&one, "cookie"), Some("sid=rk_test_placed1234; org=7"));
}

#[tokio::test]
async fn a_body_takes_the_value_as_one_member() {
    use http_body_util::BodyExt as _;
    let body = json!([{ "in": "body", "field": "token" }]);
    let credential = credential(body, &[], "a\"&=b");
    let with = |content| Asked { host: None, method: Method::POST, path: "/", headers: HeaderMap::new(), content };
    let cases = [
        (Content::Nothing, r#"{"token":"a\"&=b"}"#),
        (Content::Json(json!({ "token": "theirs", "x": 1 })), r#"{"token":"a\"&=b","x":1}"#),
        (Content::Form(vec![("token".into(), "theirs".into()), ("x".into(), "1".into())]), "x=1&token=a%22%26%3Db"),
    ];
    for (content, wanted) in cases {
        let (_, request) = placed(&credential, with(content)).unwrap();
        assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), wanted);
    }
    for content in [Content::Json(json!([1])), Content::Stream(empty())] {
        assert_eq!(placed(&credential, with(content)).err(), Some(PlaceError::NoBody));
    }
    assert_eq!(placed(&credential, asked("/")).err(), Some(PlaceError::NoBody));
}

#[test]
fn what_a_caller_sends_in_the_same_place_is_taken_out() {
    let own = json!([{ "in": "header", "name": "X-Api-Key", "template": "{value}" }]);
    let mut headers = HeaderMap::new();
    for name in ["x-api-key", "x_api_key", "x-api_key", "x-other"] {
        headers.append(name, HeaderValue::from_static("theirs"));
        headers.append(name, HeaderValue::from_static("twice"));
    }
    let one = placed(&credential(own, &[], VALUE), Asked { headers, ..asked("/") }).unwrap();
    let left: Vec<_> = one.1.headers().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(left.iter().filter(|name| **name != "x-other").collect::<Vec<_>>(), [&"x-api-key"]);
    assert_eq!(header(&one, "x-api-key"), Some(VALUE));
}

#[test]
fn a_field_that_was_left_out_is_not_sent_as_nothing() {
    let with = json!([{ "in": "header", "name": "X-Key", "template": "{value}" }, { "in": "header", "name": "X-Org", "template": "{org}" }]);
    assert_eq!(header(&placed(&credential(with.clone(), &[], VALUE), asked("/")).unwrap(), "x-org"), None);
    assert_eq!(header(&placed(&credential(with, &[("org", "7")], VALUE), asked("/")).unwrap(), "x-org"), Some("7"));
}

#[test]
fn a_value_travels_to_the_hosts_of_its_route_alone() {
    let bearer = || json!([{ "in": "header", "name": "X-Key", "template": "{value}" }]);
    let to = |base: &str, hosts: &[&str]| {
        let mut credential = credential(bearer(), &[], VALUE);
        credential.route.base_url = base.to_owned();
        credential.route.hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        placed(&credential, asked("/x")).map(|(target, _)| target.url().to_string())
    };
    assert_eq!(to("https://API.example.com:443", &["api.example.com"]).as_deref(), Ok("https://api.example.com/x"));
    assert_eq!(
        to("https://a.example.com:8443/", &["a.example.com:8443"]).as_deref(),
        Ok("https://a.example.com:8443/x")
    );
    // Other spellings of the same host, as a description may have them.
    for same in ["api.example.com:443", "API.example.com", "api.example%2Ecom"] {
        assert_eq!(to("https://api.example.com", &[same]).as_deref(), Ok("https://api.example.com/x"), "{same}");
    }
    let public = "[2606:4700:4700:0:0:0:0:1111]:8443";
    assert_eq!(to(&format!("https://{public}"), &[public]).as_deref(), Ok("https://[2606:4700:4700::1111]:8443/x"));
    for (base, hosts) in [
        ("https://evil.example.com", &["api.example.com"][..]),
        ("https://api.example.com:8443", &["api.example.com"]),
        ("https://api.example.com", &["api.example.com:8443"]),
        ("https://api.example.com", &[]),
        ("https://api.example.com.evil.org", &["api.example.com"]),
        ("https://api.example.com", &["api.example.com/x", "u@api.example.com", "*.example.com", ""]),
    ] {
        assert_eq!(to(base, hosts), Err(PlaceError::Elsewhere), "{base}");
    }
    assert_eq!(to("http://api.example.com", &["api.example.com"]), Err(PlaceError::Refused(Refused::Scheme)));
    assert_eq!(to("https://10.0.0.1", &["10.0.0.1"]), Err(PlaceError::Refused(Refused::NotPublic)));
    assert_eq!(to("https://u:p@api.example.com", &["api.example.com"]), Err(PlaceError::Refused(Refused::Userinfo)));
    assert_eq!(to("https://api.example.com?x", &["api.example.com"]), Err(PlaceError::NoRoute));
    assert_eq!(to("nothing", &["nothing"]), Err(PlaceError::NoRoute));
}

#[test]
fn a_path_stays_below_the_base_url() {
    let credential = credential(json!([{ "in": "header", "name": "X-Key", "template": "{value}" }]), &[], VALUE);
    for path in [
        "",
        "x",
        "@evil.example/",
        "/../x",
        "/%2e%2e/x",
        "/a/..%2f..",
        "/a\\b",
        "/#x",
        "https://evil.example/",
        "/..;/x",
    ] {
        assert_eq!(placed(&credential, asked(path)).err(), Some(PlaceError::Path), "{path}");
    }
    for (path, whole) in [("//evil.example/x", "/v1//evil.example/x"), ("/@evil", "/v1/@evil"), ("/a%2Fb", "/v1/a%2Fb")]
    {
        let (target, _) = placed(&credential, asked(path)).unwrap();
        assert_eq!((target.url().host_str(), target.url().path()), (Some("api.example.com"), whole));
    }
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let header = |name: &str| json!([{ "in": "header", "name": name, "template": "{value}" }]);
    for text in ["a\r\nX-Evil: 1", "a\nb", "a\0b", "a\rb", "\x7f"] {
        assert_eq!(placed(&credential(header("X-Key"), &[], text), asked("/")).err(), Some(PlaceError::Unsendable));
        let basic = json!([{ "in": "basic", "user": "{value}", "password": "" }]);
        assert_eq!(placed(&credential(basic, &[], text), asked("/")).err(), Some(PlaceError::Unsendable));
        let cookie = json!([{ "in": "cookie", "name": "sid" }]);
        assert_eq!(placed(&credential(cookie, &[], text), asked("/")).err(), Some(PlaceError::Unsendable));
        let path = json!([{ "in": "path", "template": "/{value}" }]);
        assert_eq!(placed(&credential(path, &[], text), asked("/")).err(), Some(PlaceError::Unsendable));
    }
    for name in ["Host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "X Key", "X-Key:", ""] {
        assert_eq!(
            placed(&credential(header(name), &[], VALUE), asked("/")).err(),
            Some(PlaceError::Unsendable),
            "{name}"
        );
    }
    let path = json!([{ "in": "path", "template": "/{value}" }]);
    assert_eq!(placed(&credential(path, &[], ".."), asked("/")).err(), Some(PlaceError::Unsendable));
    let cookie = json!([{ "in": "cookie", "name": "sid" }]);
    assert_eq!(placed(&credential(cookie, &[], "a; admin=1"), asked("/")).err(), Some(PlaceError::Unsendable));
    let basic = json!([{ "in": "basic", "user": "{user}", "password": "{value}" }]);
    assert_eq!(placed(&credential(basic, &[("user", "a:b")], VALUE), asked("/")).err(), Some(PlaceError::Unsendable));
    assert_eq!(placed(&credential(json!("x"), &[], VALUE), asked("/")).err(), Some(PlaceError::NoRoute));
}

proptest! {
    #[test]
    fn a_value_in_a_query_is_read_back_as_it_was(value in "\\PC{1,40}|[\\x00-\\x7f]{1,40}") {
        let query = json!([{ "in": "query", "name": "key" }]);
        let (target, _) = placed(&credential(query, &[], &value), asked("/x?a=1&key=theirs")).unwrap();
        let pairs: Vec<(String, String)> = target.url().query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("a".to_owned(), "1".to_owned()), ("key".to_owned(), value)]);
    }

    #[test]
    fn a_value_in_a_path_is_one_segment(value in "\\PC{1,40}|[\\x00-\\x7f]{1,40}") {
        let path = json!([{ "in": "path", "template": "/bot{value}" }]);
        if let Ok((target, _)) = placed(&credential(path, &[], &value), asked("/getMe")) {
            prop_assert_eq!(target.url().host_str(), Some("api.example.com"));
            let segments: Vec<&str> = target.url().path_segments().unwrap().collect();
            prop_assert_eq!(segments.len(), 3);
            prop_assert_eq!(path::decoded(segments[1].as_bytes()), format!("bot{value}").into_bytes());
            prop_assert_eq!(target.url().query(), None);
        }
    }

    #[test]
    fn a_value_in_a_header_is_one_line_or_refused(value in "[\\x00-\\x7f]{1,40}", path in "/[ -~]{0,30}") {
        let header = json!([{ "in": "header", "name": "X-Key", "template": "{value}" }]);
        match placed(&credential(header, &[], &value), asked(&path)) {
            Ok((target, request)) => {
                let sent = request.headers().get("x-key").unwrap().as_bytes();
                prop_assert_eq!(sent, value.as_bytes());
                prop_assert!(!sent.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)));
                prop_assert_eq!(target.url().origin().ascii_serialization(), "https://api.example.com");
                prop_assert!(target.url().path().starts_with("/v1/"));
            }
            Err(error) => prop_assert!(matches!(error, PlaceError::Unsendable | PlaceError::Path)),
        }
    }
}
