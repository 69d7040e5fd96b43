//! The rules of the house, read off the sources themselves.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

/// What each part may call. `main.rs`, `lib.rs` and `app` may call everything.
const ARROWS: [(&str, &[&str]); 12] = [
    ("domain", &[]),
    ("crypto", &["domain"]),
    ("catalog", &["domain"]),
    ("cli", &["domain"]),
    ("jobs", &["actions", "app", "crypto", "domain", "mail", "store"]),
    ("mail", &["config", "domain"]),
    // `crypto` for the settings of its password hashes alone.
    ("config", &["crypto", "domain"]),
    ("store", &["config", "domain"]),
    ("upstream", &["catalog", "config", "crypto", "domain"]),
    ("actions", &["catalog", "config", "crypto", "domain", "store", "upstream"]),
    ("api", &["actions", "app", "catalog", "config", "crypto", "domain", "store"]),
    ("web", &["actions", "app", "catalog", "config", "crypto", "domain", "store"]),
];
const LONGEST: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files under a folder, by their path from the crate's root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    assert!(!found.is_empty());
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The folder or file directly under `src` that a path belongs to.
fn part(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap();
    inside.split('/').next().unwrap().trim_end_matches(".rs")
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The parts that a source names after `crate::`, alone or in braces.
fn named(text: &str) -> BTreeSet<String> {
    let one = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let many = Regex::new(r"\bcrate::\{((?s).*?)\};").unwrap();
    let first = Regex::new(r"(?:^|,)\s*([a-z_]+)").unwrap();
    let mut parts: BTreeSet<String> = one.captures_iter(text).map(|found| found[1].to_owned()).collect();
    for group in many.captures_iter(text) {
        parts.extend(first.captures_iter(&flat(&group[1])).map(|found| found[1].to_owned()));
    }
    parts
}

/// A `use` group without what stands in its inner braces.
fn flat(group: &str) -> String {
    let mut depth = 0;
    group
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '{');
            let outside = depth == 0;
            depth -= i32::from(*c == '}');
            outside
        })
        .collect()
}

#[test]
fn named_parts_are_found_in_every_spelling() {
    let text =
        "use crate::{api, web as pages};\nuse crate::store::{self, Db};\nuse crate::{\n  domain::{a, b},\n  app,\n};";
    let expected = ["api", "app", "domain", "store", "web"].map(ToOwned::to_owned);
    assert_eq!(named(text), BTreeSet::from(expected));
}

#[test]
fn no_arrow_points_back() {
    let known: BTreeSet<&str> = ARROWS.iter().map(|(part, _)| *part).chain(["app", "lib", "main"]).collect();
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let part = part(&path);
        assert!(known.contains(part), "{path}: say in ARROWS what `{part}` may call");
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == part) else { continue };
        for other in named(&without_comments(&text)) {
            if other != part && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{path} calls {other}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[track_caller]
fn stays_in(crates: &str, homes: &[&str]) {
    let spelling = Regex::new(&format!(r"\b({crates})\w*(::|\s*;)")).unwrap();
    let strays: Vec<String> = sources("src")
        .into_iter()
        .filter(|(path, text)| !homes.contains(&part(path)) && spelling.is_match(&without_comments(text)))
        .map(|(path, _)| path)
        .collect();
    assert!(strays.is_empty(), "{crates} outside {homes:?}: {strays:#?}");
}

#[test]
fn only_the_store_speaks_sql() {
    stays_in("diesel", &["store"]);
}

#[test]
fn only_the_edge_speaks_http() {
    stays_in("actix|askama", &["web", "api", "mail", "main", "app"]);
}

#[test]
fn only_mail_speaks_smtp() {
    stays_in("lettre", &["mail"]);
}

#[test]
fn only_upstream_speaks_http_outwards() {
    stays_in("hyper|hyper_util|tokio_rustls|tower_service|reqwest", &["upstream"]);
    stays_in("TcpStream|lookup_host", &["upstream"]);
}

/// Whoever waits for the database on the thread that is here serves nobody meanwhile.
#[test]
fn only_the_record_waits_where_it_stands() {
    let waits = |text: &str| without_comments(text).contains(".write_here(");
    let waiting = sources("src").into_iter().filter(|(_, text)| waits(text)).map(|(path, _)| path);
    assert_eq!(waiting.collect::<Vec<_>>(), ["src/actions/uses/mod.rs"]);
}

#[test]
fn only_crypto_holds_ciphers() {
    stays_in("aes_gcm|argon2|hkdf|hmac", &["crypto"]);
}

#[test]
fn no_file_is_too_long() {
    let all = sources("src").into_iter().chain(sources("tests/app"));
    let long: Vec<String> = all
        .filter(|(_, text)| text.lines().count() > LONGEST)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {long:#?}");
}

/// Templates by their path from the folder `templates`.
fn templates(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            templates(&path, found);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
}

#[test]
fn a_macro_with_a_body_does_not_hide_the_pages_own_words() {
    let mut all = Vec::new();
    templates(&root().join("templates"), &mut all);
    let whole = Regex::new(r"(?s)\{% macro (\w+)\((.*?)\) %\}(.*?)\{% endmacro %\}").unwrap();
    let mut seen = 0;
    for (path, text) in all {
        for found in whole.captures_iter(&text).filter(|found| found[3].contains("caller()")) {
            seen += 1;
            for argument in found[2].split(',').map(str::trim) {
                let own = format!("{}_", &found[1]);
                assert!(argument.starts_with(&own), "{}: `{argument}` of `{}`", path.display(), &found[1]);
            }
        }
    }
    assert!(seen >= 2);
}

#[test]
fn no_template_is_too_long() {
    let mut all = Vec::new();
    templates(&root().join("templates"), &mut all);
    let long = all.iter().find(|(_, text)| text.lines().count() > 150);
    assert!(long.is_none(), "{:?}", long.map(|(path, _)| path));
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = std::fs::read_dir(root().join("migrations").join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
