//! The filters of a list that are in force, as chips that take them away again.

use super::url;
use super::view::Link;

/// A filter in force: its name and value in the query, and its words.
pub struct InForce {
    pub name: &'static str,
    pub value: String,
    pub words: String,
}

impl InForce {
    pub fn new(name: &'static str, value: &str, words: &str) -> Self {
        Self { name, value: value.to_owned(), words: words.to_owned() }
    }
}

/// As a query has them.
pub fn pairs(in_force: &[InForce]) -> Vec<(&str, &str)> {
    in_force.iter().map(|one| (one.name, one.value.as_str())).collect()
}

/// Each leads to the list without the filter that it names.
pub fn chips(base: &str, in_force: &[InForce]) -> Vec<Link> {
    let chip = |one: &InForce| {
        let rest: Vec<_> = pairs(in_force).into_iter().filter(|(name, _)| *name != one.name).collect();
        Link { label: one.words.clone(), url: url::with_query(base, &rest) }
    };
    in_force.iter().map(chip).collect()
}
