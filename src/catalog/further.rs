//! What a request carries beside the key, as it stands on the form of a custom API: a second key, an id, a tenant.
//!
//! Invariant: each travels in a place of its own, so that none takes another's or the key's.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::Carried;
use crate::domain::name::is_hidden;

use super::custom::{Faults, carried_by, format_in};
use super::spec::{FieldSpec, KindSpec, NodeType, Placement};

/// So many can be described on the form.
pub const MOST_FURTHER: usize = 3;
const LONGEST_LABEL: usize = 60;
/// Where a further field may travel, as the form says it.
pub const PLACES: [Carried; 3] = [Carried::Header, Carried::Query, Carried::Cookie];

/// One row of the form, which may stay empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FurtherField {
    pub label: String,
    pub place: String,
    /// Of the header, parameter or cookie.
    pub name: String,
    /// Pages show it: an id, not a key.
    pub shown: bool,
}

/// The rows of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct Further(pub [FurtherField; MOST_FURTHER]);

/// Under which names the form sends a row.
#[derive(Clone, Copy, Debug)]
pub struct RowNames {
    pub label: &'static str,
    pub place: &'static str,
    pub name: &'static str,
    pub shown: &'static str,
}

pub const ROWS: [RowNames; MOST_FURTHER] = [
    RowNames { label: "more1-label", place: "more1-in", name: "more1-name", shown: "more1-shown" },
    RowNames { label: "more2-label", place: "more2-in", name: "more2-name", shown: "more2-shown" },
    RowNames { label: "more3-label", place: "more3-in", name: "more3-name", shown: "more3-shown" },
];

impl From<BTreeMap<String, String>> for Further {
    fn from(mut sent: BTreeMap<String, String>) -> Self {
        Self(ROWS.map(|row| {
            let mut take = |name: &str| sent.remove(name).unwrap_or_default();
            let (label, place, name) = (take(row.label), take(row.place), take(row.name));
            // What is not said to be shown is secret.
            FurtherField { label, place, name, shown: take(row.shown) == "yes" }
        }))
    }
}

impl FurtherField {
    pub fn is_empty(&self) -> bool {
        self.label.trim().is_empty() && self.name.trim().is_empty()
    }

    /// The row that leads to this placement of a field.
    fn of(spec: &KindSpec, placement: &Placement) -> Option<Self> {
        let (place, name, template) = match placement {
            Placement::Header { name, template } => (Carried::Header, name, template),
            Placement::Query { name, template } => (Carried::Query, name, template),
            Placement::Cookie { name, template } => (Carried::Cookie, name, template),
            _ => return None,
        };
        let field = spec.field(template.strip_prefix('{')?.strip_suffix('}')?)?;
        let (label, name, place) = (field.label.clone(), name.clone(), place.to_string());
        Some(Self { label, place, name, shown: !field.secret })
    }
}

impl Further {
    /// The rows that say something, as the form sends them.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let said = self.0.iter().zip(ROWS).filter(|(row, _)| !row.is_empty());
        said.flat_map(|(row, names)| {
            let shown = if row.shown { "yes" } else { "" };
            [
                (names.label, row.label.as_str()),
                (names.place, &row.place),
                (names.name, &row.name),
                (names.shown, shown),
            ]
        })
    }

    /// The rows that lead to what a kind carries beside its key; nothing where it is more than the form can say.
    pub(super) fn of(spec: &KindSpec) -> Option<Self> {
        let mut rows = Self::default();
        let beside = spec.placements.get(1..).unwrap_or_default();
        if beside.len() > MOST_FURTHER {
            return None;
        }
        for (row, placement) in rows.0.iter_mut().zip(beside) {
            *row = FurtherField::of(spec, placement)?;
        }
        Some(rows)
    }

    /// Adds the fields and placements to a kind that has its own already.
    pub(super) fn add_to(&self, rules: &NodeType, spec: &mut KindSpec, faults: &mut Faults) -> Option<()> {
        let mut whole = Some(());
        for (row, names) in self.0.iter().zip(ROWS).filter(|(row, _)| !row.is_empty()) {
            match read(rules, spec, (row, names), faults) {
                Some((field, placement)) => {
                    spec.fields.push(field);
                    spec.placements.push(placement);
                }
                None => whole = None,
            }
        }
        whole
    }
}

fn read(
    rules: &NodeType,
    spec: &KindSpec,
    (row, names): (&FurtherField, RowNames),
    faults: &mut Faults,
) -> Option<(FieldSpec, Placement)> {
    let label = faults.take(names.label, label(spec, row.label.trim()));
    let place = row.place.parse().ok().filter(|place| PLACES.contains(place));
    let place = faults.take(names.place, place.ok_or_else(|| "Choose one of these.".to_owned()))?;
    let name = faults.take(names.name, carried_by(rules, place, row.name.trim()));
    let (label, name) = (label?, name?);
    let field_name = field_name(spec, &name);
    let template = format!("{{{field_name}}}");
    let placement = match place {
        Carried::Query => Placement::Query { name, template },
        Carried::Cookie => Placement::Cookie { name, template },
        _ => Placement::Header { name, template },
    };
    if spec.placements.iter().any(|other| is_same_place(other, &placement)) {
        let message = "Something else travels there already. Each needs a name of its own.";
        return faults.take(names.name, Err(message.to_owned()));
    }
    let format = format_in(rules, place);
    Some((FieldSpec { name: field_name, label, secret: !row.shown, format, ..FieldSpec::empty() }, placement))
}

fn label(spec: &KindSpec, text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("Say what it is, as whoever enters it will read it.".to_owned());
    }
    if text.chars().count() > LONGEST_LABEL || text.chars().any(is_hidden) {
        return Err(format!("Use at most {LONGEST_LABEL} visible characters."));
    }
    if spec.fields.iter().any(|field| field.label.to_lowercase() == text.to_lowercase()) {
        return Err("Another field is called that already.".to_owned());
    }
    Ok(text.to_owned())
}

/// From `DD-APPLICATION-KEY` to `dd_application_key`, and to another where that is taken.
fn field_name(spec: &KindSpec, name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let plain: String = name.chars().map(plain).collect();
    // `{value}` always means the key.
    let free = |name: &String| name != "value" && spec.field(name).is_none();
    let numbered = (2..).map(|number| format!("{plain}_{number}"));
    std::iter::once(plain.clone()).chain(numbered).find(free).unwrap_or_default()
}

/// Whether the one would take the other's place in a request. Many servers take `_` and `-` in headers for the same.
fn is_same_place(one: &Placement, other: &Placement) -> bool {
    let alike = |name: &str| name.to_ascii_lowercase().replace('_', "-");
    match (one, other) {
        (Placement::Header { name, .. }, Placement::Header { name: other, .. }) => alike(name) == alike(other),
        (Placement::Basic { .. }, Placement::Header { name, .. }) => alike(name) == "authorization",
        // As a request is filled in, whatever the case.
        (Placement::Query { name, .. }, Placement::Query { name: other, .. }) => name.eq_ignore_ascii_case(other),
        (Placement::Cookie { name, .. }, Placement::Cookie { name: other, .. }) => name == other,
        _ => false,
    }
}
