//! How much is kept of descriptions that are large on purpose: values are counted, since time and memory vary.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::document::{self, Document, MOST};
use super::kept::{DEAREST, Kept};
use super::*;

/// What stands before and after what is repeated.
type Shape = (&'static str, &'static str, &'static str);

const SHAPES: [Shape; 5] = [
    ("[", "0,", "0]"),
    ("[[", "0,", "0]]"),
    ("[{\"a\":[", "{\"b\":{}},", "0]}]"),
    ("{\"a\":{\"b\":[", "\"long enough to be a text of its own\",", "0]}}"),
    ("[", "[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]],", "0]"),
];

/// Repeated until the description is so long.
fn filled(length: usize, before: &str, (open, again, close): Shape, after: &str) -> String {
    let room = length - before.len() - open.len() - close.len() - after.len();
    format!("{before}{open}{}{close}{after}", again.repeat(room / again.len()))
}

/// A map of as many different names.
fn many_names(length: usize, before: &str, value: &str, after: &str) -> String {
    let mut text = before.to_owned() + "{";
    for at in 0.. {
        let entry = format!("\"k{at}\":{value},");
        if text.len() + entry.len() + after.len() + 8 > length {
            break;
        }
        text += &entry;
    }
    text + "\"z\":0}" + after
}

fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(all) => all.iter().map(values).sum(),
        Value::Object(all) => all.values().map(|value| 1 + values(value)).sum(),
        _ => 0,
    }
}

fn kept(document: &Document) -> usize {
    let single = [&document.openapi, &document.swagger, &document.security].map(|kept| values(&kept.0));
    let servers: usize = document.servers.first.iter().map(values).sum();
    let schemes: usize = document.components.schemes.first.values().map(values).sum();
    let asked: usize = document.paths.asking.keys().map(Vec::len).sum();
    single.iter().sum::<usize>() + servers + schemes + asked + document.components.parameters.len()
}

/// Every shape at one place; what is kept of each is within what was set, however long it is.
fn expect_little_of(length: usize, (before, after): (&str, &str)) {
    let mut texts: Vec<String> = SHAPES.into_iter().map(|shape| filled(length, before, shape, after)).collect();
    texts.extend(["0", "{\"in\":\"query\",\"name\":\"key\"}"].map(|value| many_names(length, before, value, after)));
    for text in texts {
        let shape = &text[..before.len() + 12];
        assert!(text.len() <= length && text.len() > length - 100, "{shape}");
        let document = document::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{shape}: {error}"));
        assert!(kept(&document) <= MOST_KEPT, "{shape}: {}", kept(&document));
    }
}

/// A list or a map that is taken whole, with its entries.
const MOST_KEPT: usize = MOST * DEAREST;

#[test]
fn of_a_description_as_large_as_may_be_little_is_kept() {
    expect_little_of(LONGEST, ("{\"openapi\":\"3.0.0\",\"servers\":", "}"));
}

#[test]
fn little_is_kept_at_every_place() {
    for place in [
        ("{\"openapi\":\"3.0.0\",\"security\":", "}"),
        ("{\"openapi\":\"3.0.0\",\"swagger\":", "}"),
        ("{\"openapi\":\"3.0.0\",\"components\":{\"securitySchemes\":", "}}"),
        ("{\"openapi\":\"3.0.0\",\"components\":{\"parameters\":", "}}"),
        ("{\"openapi\":\"3.0.0\",\"paths\":{\"/a\":{\"get\":{\"security\":", "}}}}"),
        ("{\"openapi\":\"3.0.0\",\"paths\":{\"/a\":{\"parameters\":", "}}}"),
    ] {
        expect_little_of(LONGEST / 16, place);
    }
}

#[test]
fn the_rest_of_a_long_list_is_counted_and_said() {
    let servers = vec![json!({ "url": "https://a.example" }); 70];
    let schemes: serde_json::Map<String, Value> =
        (0..70).map(|at| (format!("s{at:02}"), json!({ "type": "http", "scheme": "bearer" }))).collect();
    let text = json!({ "openapi": "3.0.0", "servers": servers, "components": { "securitySchemes": schemes } });
    let found = read(text.to_string().as_bytes()).unwrap();
    assert_eq!((found.servers.len(), found.ways.len()), (MOST, MOST));
    for words in ["It names 70 servers; the first 64", "It names 70 ways to authenticate; the first 64"] {
        assert!(found.unused.iter().any(|unused| unused.why.starts_with(words)), "{words}: {:#?}", found.unused);
    }
}

#[test]
fn a_subtree_beyond_all_measure_costs_only_itself() {
    let scopes: serde_json::Map<String, Value> = (0..DEAREST).map(|at| (format!("s{at}"), json!("may"))).collect();
    let huge = json!({ "type": "oauth2", "flows": { "clientCredentials": { "tokenUrl": "https://a.example", "scopes": scopes } } });
    let text = json!({ "openapi": "3.0.0", "components": { "securitySchemes": {
        "huge": huge, "wordy": { "type": "http", "scheme": "bearer", "description": "long ".repeat(100_000) },
        "ok": { "type": "http", "scheme": "bearer", "description": "long ".repeat(5_000) },
    } } });
    let found = read(text.to_string().as_bytes()).unwrap();
    assert_eq!(found.ways.iter().map(|way| way.schemes.join(" ")).collect::<Vec<_>>(), ["ok"]);
    assert_eq!(found.unused.iter().filter(|unused| unused.why.contains("not written as a scheme")).count(), 2);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("\\PC{0,4}", inner, 0..6).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_of_a_usual_size_is_kept_as_it_is(value in any_json()) {
        let kept: Kept = serde_json::from_str(&value.to_string()).unwrap();
        prop_assert_eq!(kept.0, serde_json::from_str::<Value>(&value.to_string()).unwrap());
    }
}
