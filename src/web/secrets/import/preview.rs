//! The second step of an import: what is shown of it, and what its form says.

use std::collections::HashMap;

use crate::actions::imports::{self, Choices, RowChoice, Target};
use crate::domain::{ImportId, Moment};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Choice, NodeMark, Tone, When};

use super::{Asked, page};

/// Rows on a page: each has every node type to choose from.
const ROWS: usize = 50;
/// How the query asks for the rows that are to be put right.
const FAULTY: &str = "faults";

pub(super) fn page(
    found: &imports::Preview,
    (ws, id, now): (&str, &ImportId, Moment),
    asked: &Asked,
    (chrome, notice): (Chrome, Option<(Tone, String)>),
) -> page::Preview {
    let only_faulty = asked.only == FAULTY;
    let wanted: Vec<(usize, &imports::Row)> =
        found.rows.iter().enumerate().filter(|(_, row)| !only_faulty || !row.faults.is_empty()).collect();
    let from = if asked.from() < wanted.len() { asked.from() } else { 0 };
    let rows: Vec<page::Row> =
        wanted.iter().skip(from).take(ROWS).map(|(at, row)| row_of(*at, row, found, now)).collect();
    let choices = &found.choices;
    page::Preview {
        chrome,
        ws: ws.to_owned(),
        id: id.to_string(),
        variables: choices.variables,
        columns: found.columns.iter().enumerate().map(|(at, column)| column_of(at, column, found)).collect(),
        node_types: types_of(found, &choices.node_type),
        headings: choices.headings,
        at: pages((ws, id), (from, rows.len(), wanted.len()), only_faulty),
        rows,
        faults: found.faults.iter().map(ToString::to_string).collect(),
        ready: found.ready(),
        faulty: found.faulty(),
        left_out: found.left_out(),
        disagree: found.disagree(),
        confirmed: choices.confirmed,
        delivery: choices.delivery,
        sharing: choices.sharing,
        expires: When::new(found.expires_at, now),
        seen: found.seen.clone(),
        notice,
    }
}

fn pages((ws, id): (&str, &ImportId), (from, shown, all): (usize, usize, usize), only_faulty: bool) -> page::Pages {
    let address = url::import(ws, id.as_str());
    let only = if only_faulty { FAULTY } else { "" };
    let at = |from: usize| {
        let from = if from == 0 { String::new() } else { from.to_string() };
        url::with_query(&address, &[("from", &from), ("only", only)])
    };
    page::Pages {
        from,
        only_faulty,
        shown,
        all,
        earlier: (from > 0).then(|| at(from.saturating_sub(ROWS))),
        later: (from + shown < all).then(|| at(from + shown)),
        faulty: url::with_query(&address, &[("only", FAULTY)]),
        everything: address,
    }
}

fn types_of(found: &imports::Preview, chosen: &str) -> Vec<Choice> {
    let choice =
        |(slug, name): &(String, String)| Choice { value: slug.clone(), label: name.clone(), chosen: slug == chosen };
    found.node_types.iter().map(choice).collect()
}

fn column_of(at: usize, column: &imports::Column, found: &imports::Preview) -> page::Column {
    let plain = Target::PLAIN.into_iter().map(|(target, words)| (target, words.to_owned()));
    let fields = found.fields.iter().map(|(name, label)| (Target::Field(name.clone()), label.clone()));
    let choice = |(target, label): (Target, String)| Choice {
        value: target.to_string(),
        label,
        chosen: target == column.target,
    };
    page::Column {
        number: at,
        heading: column.heading.clone().unwrap_or_else(|| format!("Column {}", at + 1)),
        choices: plain.chain(fields).map(choice).collect(),
    }
}

fn row_of(at: usize, row: &imports::Row, found: &imports::Preview, now: Moment) -> page::Row {
    let slug = row.node_type.as_ref().map_or("", |(slug, _)| slug);
    let mut node_types = if found.choices.variables { types_of(found, slug) } else { Vec::new() };
    // One that nothing can be stored under stands there too, so that the row says what it was taken for.
    if let Some((slug, name)) = row.node_type.as_ref().filter(|_| node_types.iter().all(|choice| !choice.chosen)) {
        node_types.push(Choice { value: slug.clone(), label: name.clone(), chosen: true });
    }
    page::Row {
        at,
        line: row.line,
        variable: row.variable.clone(),
        name: row.name.clone(),
        node_type: row.node_type.clone().map(|(slug, name)| NodeMark { slug, name }),
        node_types,
        environment: row.environment,
        kind: row.kind.clone(),
        last_four: row.last_four.clone(),
        expires: row.expires_at.map(|at| When::new(at, now)),
        faults: row.faults.clone(),
        remarks: row.remarks.clone(),
        left_out: row.left_out,
    }
}

/// The form of the second step as it was sent.
pub(super) struct Sent(HashMap<String, String>);

/// The longest name that is kept to be put right.
const LONGEST: usize = 200;

impl Sent {
    pub(super) fn of(form: Vec<(String, String)>) -> Self {
        Self(form.into_iter().collect())
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        self.text(name) == word
    }

    /// How what the page showed was described.
    pub(super) fn seen(&self) -> String {
        self.text("seen").to_owned()
    }

    pub(super) fn asked(&self) -> Asked {
        Asked { from: self.text("from").to_owned(), only: self.text("only").to_owned() }
    }

    /// What the form says; what it does not mention stays as it is.
    pub(super) fn put_into(&self, choices: &mut Choices) {
        if let Some(word) = self.0.get("first_row") {
            choices.headings = word == "headings";
        }
        if let Some(slug) = self.0.get("node_type") {
            choices.node_type = slug.chars().take(LONGEST).collect();
        }
        if self.is("asks", "environments") {
            choices.confirmed = self.is("environment_confirmed", "yes");
        }
        for (at, target) in choices.columns.iter_mut().enumerate() {
            if let Some(word) = self.0.get(&format!("column-{at}")) {
                *target = word.chars().take(LONGEST).collect::<String>().into();
            }
        }
        for key in self.0.keys() {
            let Some(at) = key.strip_prefix("type-").and_then(|at| at.parse().ok()) else { continue };
            let of = |what: &str| self.text(&format!("{what}-{at}"));
            let node_type = of("type").chars().take(LONGEST).collect();
            let name = of("name").trim().chars().take(LONGEST).collect();
            let environment = of("environment").parse().unwrap_or(choices.environment);
            choices.rows.insert(at, RowChoice { node_type, environment, name });
        }
    }
}
