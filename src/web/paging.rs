//! From the query of a list to the page that is turned to, and back to the links that turn on.

use std::str::FromStr;

use serde::Deserialize;

use crate::store::paging::{Page, Turn};

use super::url;
use super::view::Pager;

/// Which page of a list is asked for, where that is all there is to ask.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: String,
    after: String,
}

impl Asked {
    pub fn turn<K: FromStr>(&self) -> Turn<K> {
        turn(&self.before, &self.after)
    }
}

/// Reads `before` and `after`; what is no key of the list asks for its newest page.
pub fn turn<K: FromStr>(before: &str, after: &str) -> Turn<K> {
    let older = before.parse().map(Turn::OlderThan);
    older.or_else(|_| after.parse().map(Turn::NewerThan)).unwrap_or(Turn::Newest)
}

/// The links of a page, which keep the filters.
pub fn pager<T>(base: &str, filters: &[(&str, &str)], page: &Page<T>, key: impl Fn(&T) -> String) -> Pager {
    let edge = |row: Option<&T>| row.map(&key).unwrap_or_default();
    let newer = page.has_newer.then(|| edge(page.rows.first()));
    let older = page.has_older.then(|| edge(page.rows.last()));
    links(base, filters, newer.as_deref(), older.as_deref())
}

/// Links to what is newer and older than these keys; an empty key leads to the newest page.
pub fn links(base: &str, filters: &[(&str, &str)], newer: Option<&str>, older: Option<&str>) -> Pager {
    let link = |name, key| {
        let pairs: Vec<(&str, &str)> = filters.iter().copied().chain([(name, key)]).collect();
        url::with_query(base, &pairs)
    };
    Pager { newer: newer.map(|key| link("after", key)), older: older.map(|key| link("before", key)), sorted: false }
}
