//! Guesses that a person can change: what a heading means, and what a variable's secret is called.

use std::collections::BTreeSet;

use super::choices::Target;
use super::table::{Table, TableRow};
use super::types::{Known, Types, leading, words};

/// What headings mean, whatever their letter case and signs.
const HEADINGS: [(Target, &[&str]); 8] = [
    (Target::Name, &["name", "title", "label", "secret_name", "key_name", "display_name"]),
    (Target::NodeType, &["node_type", "type", "service", "integration", "provider", "app", "node", "slug", "vendor"]),
    (Target::Environment, &["environment", "env", "mode", "stage"]),
    (Target::Kind, &["kind", "credential_type", "method", "placement"]),
    (
        Target::Value,
        &[
            "value",
            "secret",
            "key",
            "api_key",
            "apikey",
            "token",
            "access_token",
            "password",
            "secret_value",
            "secret_key",
        ],
    ),
    (
        Target::Expires,
        &["expires", "expires_on", "expires_at", "expiry", "expiry_date", "expiration", "valid_until", "last_day"],
    ),
    (Target::Delivery, &["delivery"]),
    (Target::Sharing, &["sharing", "shared", "visibility", "who_may_use_it"]),
];

fn normal(heading: &str) -> String {
    let words = heading.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// The fields and parts beside the value, of every node type that the table could be for.
pub(super) fn fields(types: &Types<'_>, asked: &BTreeSet<&str>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for known in types.all().iter().filter(|known| asked.contains(known.slug.as_str())) {
        let parts = known.spec.parts.iter().map(|part| (&part.name, &part.label));
        let kinds = known.kinds().into_iter().flat_map(|(_, kind)| &kind.fields);
        let others = kinds.filter(|field| !field.value).map(|field| (&field.name, &field.label));
        for (name, label) in parts.chain(others) {
            if !found.iter().any(|(known, _)| known == name) {
                found.push((name.clone(), label.clone()));
            }
        }
    }
    found
}

/// What each column becomes, by its heading: each target once. `None` where nothing is recognised, or a
/// key is among them: then it is a row like the others.
pub(super) fn columns(table: &Table, types: &Types<'_>) -> Option<Vec<Target>> {
    let plain = |heading: &str| HEADINGS.iter().find(|(_, words)| words.contains(&heading)).map(|(to, _)| to.clone());
    if table.first.cells.iter().any(|cell| types.looks_like_a_key(cell)) {
        return None;
    }
    let headings: Vec<String> = table.first.cells.iter().map(|cell| normal(cell)).collect();
    let of_type = headings.iter().position(|heading| plain(heading) == Some(Target::NodeType));
    let asked = named(table, types, of_type);
    let fields = fields(types, &asked);
    let mut taken = BTreeSet::new();
    let columns: Vec<Target> = headings
        .iter()
        .map(|heading| {
            let field = fields.iter().find(|(name, label)| name == heading || normal(label) == *heading);
            let found = field.map(|(name, _)| Target::Field(name.clone())).or_else(|| plain(heading));
            found.filter(|target| taken.insert(target.to_string())).unwrap_or_default()
        })
        .collect();
    columns.iter().any(|target| *target != Target::Ignore).then_some(columns)
}

/// The slugs of the node types that the rows name.
pub(super) fn named<'t>(table: &Table, types: &'t Types<'_>, column: Option<usize>) -> BTreeSet<&'t str> {
    let cells: BTreeSet<&str> = match column {
        Some(at) => table.rows.iter().map(|row: &TableRow| row.cell(at).trim()).collect(),
        None => BTreeSet::new(),
    };
    cells.into_iter().filter_map(|cell| types.find(cell)).map(|known| known.slug.as_str()).collect()
}

/// Words that are written in capitals.
const CAPITALS: [&str; 10] = ["api", "id", "url", "sid", "pat", "jwt", "smtp", "ssh", "dsn", "ai"];

/// `OPENAI_API_KEY` becomes `OpenAI API key`.
pub(super) fn name(variable: &str, known: Option<&Known<'_>>) -> String {
    let words = words(variable);
    let brand = known.and_then(|known| leading(known, &words).map(|count| (known.name.clone(), count)));
    let (mut said, skip) = brand.map_or((Vec::new(), 0), |(name, count)| (vec![name], count));
    for word in words.iter().skip(skip) {
        let word = if CAPITALS.contains(&word.as_str()) { word.to_uppercase() } else { word.clone() };
        said.push(if said.is_empty() { capitalised(&word) } else { word });
    }
    if said.is_empty() { variable.to_owned() } else { said.join(" ") }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
