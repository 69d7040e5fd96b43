//! What is chosen for an import: what holds for all of it, and what each column or variable becomes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Delivery, Environment, Sharing};

/// Where a column of a table goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum Target {
    #[default]
    Ignore,
    Name,
    NodeType,
    Environment,
    Kind,
    /// The field that the kind vends, whatever it is called.
    Value,
    Expires,
    Delivery,
    Sharing,
    /// Another field, or a part of the address, by its name in the catalogue.
    Field(String),
}

const FIELD: &str = "field-";

impl Target {
    /// All but the fields, with their words.
    pub const PLAIN: [(Self, &'static str); 9] = [
        (Self::Ignore, "Leave out"),
        (Self::Name, "Name"),
        (Self::Value, "The key itself"),
        (Self::NodeType, "Node type"),
        (Self::Environment, "Environment"),
        (Self::Kind, "Kind"),
        (Self::Expires, "Expires on"),
        (Self::Delivery, "Delivery"),
        (Self::Sharing, "Who may use it"),
    ];
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ignore => "ignore",
            Self::Name => "name",
            Self::NodeType => "node_type",
            Self::Environment => "environment",
            Self::Kind => "kind",
            Self::Value => "value",
            Self::Expires => "expires",
            Self::Delivery => "delivery",
            Self::Sharing => "sharing",
            Self::Field(name) => return write!(f, "{FIELD}{name}"),
        })
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl From<String> for Target {
    /// What is no such word leaves the column out.
    fn from(word: String) -> Self {
        if let Some(name) = word.strip_prefix(FIELD) {
            return Self::Field(name.to_owned());
        }
        let known = Self::PLAIN.into_iter().find(|(target, _)| target.to_string() == word);
        known.map_or(Self::Ignore, |(target, _)| target)
    }
}

/// What one variable becomes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowChoice {
    /// The slug; empty where it is left out.
    pub node_type: String,
    pub environment: Environment,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// Whether it is read as variables, and not as a table.
    pub variables: bool,
    pub environment: Environment,
    pub delivery: Delivery,
    pub sharing: Sharing,
    /// Whether a table's first row names its columns.
    pub headings: bool,
    /// The slug for rows of a table that name none.
    pub node_type: String,
    pub columns: Vec<Target>,
    /// By their places among the variables, where it is not what was guessed.
    pub rows: BTreeMap<usize, RowChoice>,
    /// Whether somebody said that the environments are right although prefixes disagree.
    pub confirmed: bool,
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_target_is_read_back_from_its_word() {
        let field = Target::Field("account_sid".to_owned());
        for target in Target::PLAIN.into_iter().map(|(target, _)| target).chain([field]) {
            assert_eq!(Target::from(target.to_string()), target);
        }
        assert_eq!(Target::from("password".to_owned()), Target::Ignore);
    }
}
