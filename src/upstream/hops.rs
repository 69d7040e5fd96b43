//! What of a request and of an answer is passed on, and what is between two neighbours alone.
//!
//! Invariant: nothing that a caller sends says who they are upstream, where the request goes, or how long it is; and nothing
//! that comes back acts on Keyrack's own origin, or passes for an answer of Keyrack's own.

use http::header::{CONNECTION, TE, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// For one connection, whatever its end says about it.
const OF_ONE_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Who the caller is to Keyrack, how their request came here, and what Keyrack says itself.
const NOT_PASSED_ON: [&str; 16] = [
    "accept-encoding",
    "authorization",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "forwarded",
    "host",
    "sec-websocket-extensions",
    "via",
    // A limit to methods would be none.
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-real-ip",
    "x-original-url",
    "x-rewrite-url",
];

/// What would act on whatever else a browser knows of Keyrack's origin.
const NOT_PASSED_BACK: [&str; 9] = [
    "set-cookie",
    "alt-svc",
    "clear-site-data",
    "content-length",
    "public-key-pins",
    "refresh",
    "service-worker-allowed",
    "set-cookie2",
    "strict-transport-security",
];

/// What says how a body is to be read, where it leads, or who may: too late behind that body.
const NOT_BEHIND_A_BODY: [&str; 12] = [
    "age",
    "authorization",
    "cache-control",
    "content-encoding",
    "content-range",
    "content-type",
    "expires",
    "host",
    "location",
    "retry-after",
    "vary",
    "www-authenticate",
];

const OURS: &str = "keyrack-";
const FORWARDED: &str = "x-forwarded-";

/// The headers of a request that its caller may send upstream.
pub fn outward(sent: &HeaderMap) -> HeaderMap {
    let listed = listed(sent);
    let passes = |name: &HeaderName| {
        // Some servers read one for the other: what is taken out is taken out in every spelling.
        let plain = name.as_str().replace('_', "-");
        let known = |names: &[&str]| names.contains(&plain.as_str());
        !known(&OF_ONE_HOP)
            && !known(&NOT_PASSED_ON)
            && !plain.starts_with(OURS)
            && !plain.starts_with(FORWARDED)
            && !listed.contains(name)
    };
    picked(sent, passes)
}

/// The headers of an answer that its caller gets.
pub fn back(answered: &HeaderMap) -> HeaderMap {
    let listed = listed(answered);
    let passes = |name: &HeaderName| {
        let text = name.as_str();
        !OF_ONE_HOP.contains(&text)
            && !NOT_PASSED_BACK.contains(&text)
            && !text.starts_with(OURS)
            && !listed.contains(name)
    };
    picked(answered, passes)
}

/// The fields behind the body of an answer that its caller gets.
pub fn behind(trailers: &HeaderMap) -> HeaderMap {
    let mut passed = back(trailers);
    for name in NOT_BEHIND_A_BODY {
        passed.remove(name);
    }
    passed
}

fn picked(from: &HeaderMap, passes: impl Fn(&HeaderName) -> bool) -> HeaderMap {
    let kept = from.iter().filter(|(name, _)| passes(name));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Those that the sender itself says are for one connection.
fn listed(headers: &HeaderMap) -> Vec<HeaderName> {
    words(headers, &CONNECTION).filter_map(|word| HeaderName::from_bytes(word.as_bytes()).ok()).collect()
}

fn words<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

/// Whether a request asks to go on as a WebSocket.
pub fn wants_websocket(headers: &HeaderMap) -> bool {
    let says = |name: &HeaderName, text: &str| words(headers, name).any(|word| word.eq_ignore_ascii_case(text));
    says(&CONNECTION, "upgrade") && says(&UPGRADE, "websocket")
}

/// Whether whoever asks reads fields behind a body.
pub fn takes_trailers(headers: &HeaderMap) -> bool {
    words(headers, &TE).any(|word| word.eq_ignore_ascii_case("trailers"))
}

/// Says so for the next connection.
pub fn ask_for_trailers(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("TE"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
}

/// Says so for the next connection.
pub fn ask_for_websocket(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        map
    }

    fn names(map: &HeaderMap) -> Vec<&str> {
        map.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn a_caller_says_nothing_about_who_they_are_or_how_they_came() {
        let sent = map(&[
            ("authorization", "Bearer kr_test_x"),
            ("cookie", "a=b"),
            ("host", "keyrack"),
            ("connection", "close, X-Secret , authorization"),
            ("x-secret", "1"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("keyrack-user", "anna"),
            ("keyrack_user", "anna"),
            ("x-forwarded-for", "::1"),
            ("x_forwarded_for", "::1"),
            ("forwarded", "for=x"),
            ("te", "trailers"),
            ("accept", "text/html"),
            ("content-type", "application/json"),
            ("range", "bytes=0-1"),
        ]);
        assert_eq!(names(&outward(&sent)), ["accept", "content-type", "range"]);
    }

    #[test]
    fn an_answer_acts_on_nothing_but_itself() {
        let answered = map(&[
            ("set-cookie", "session=1"),
            ("clear-site-data", "\"*\""),
            ("keyrack-error", "not_found"),
            ("connection", "x-hop"),
            ("x-hop", "1"),
            ("content-length", "3"),
            ("refresh", "0; url=/"),
            ("etag", "\"1\""),
            ("content-range", "bytes 0-1/3"),
            ("location", "/next"),
        ]);
        assert_eq!(names(&back(&answered)), ["etag", "content-range", "location"]);
    }

    #[test]
    fn what_stands_behind_a_body_says_nothing_about_reading_it() {
        let trailers =
            map(&[("x-checksum", "1"), ("content-type", "text/html"), ("set-cookie", "a=b"), ("etag", "\"1\"")]);
        assert_eq!(names(&behind(&trailers)), ["x-checksum", "etag"]);
        assert!(takes_trailers(&map(&[("te", "gzip, Trailers")])) && !takes_trailers(&map(&[("te", "gzip")])));
    }

    #[test]
    fn a_websocket_is_asked_for_in_two_words() {
        assert!(wants_websocket(&map(&[("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")])));
        assert!(!wants_websocket(&map(&[("connection", "keep-alive"), ("upgrade", "websocket")])));
        assert!(!wants_websocket(&map(&[("connection", "upgrade"), ("upgrade", "h2c")])));
    }
}
