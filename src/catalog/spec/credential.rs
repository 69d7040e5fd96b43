//! The forms a credential takes: its fields, its marks, and where a request carries it.

use serde::{Deserialize, Serialize};

use crate::domain::{Environment, Kind};

use super::Format;

/// A form that the credential takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindSpec {
    pub kind: Kind,
    /// Where the provider has its own word for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub fields: Vec<FieldSpec>,
    pub placements: Vec<Placement>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<Prefix>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    pub name: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub placeholder: String,
    /// Write-only: sealed, never shown again.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub secret: bool,
    /// The one field that is vended as the value, and that the last four come from.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub value: bool,
    /// Whether it may have several lines, as a private key or a JSON file has.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub lines: bool,
    #[serde(default = "yes")]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}

/// Where an upstream request carries the credential. Texts may hold `{value}`, fields and parts as `{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case", deny_unknown_fields)]
pub enum Placement {
    Header {
        name: String,
        template: String,
    },
    Query {
        name: String,
        #[serde(default = "the_value")]
        template: String,
    },
    /// Either may be empty.
    Basic {
        user: String,
        password: String,
    },
    /// A member of a JSON or form body.
    Body {
        field: String,
        #[serde(default = "the_value")]
        template: String,
    },
    /// Between the base URL and the path that is asked for.
    Path {
        template: String,
    },
    Cookie {
        name: String,
        #[serde(default = "the_value")]
        template: String,
    },
}

/// What the beginning of a value tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    pub prefix: String,
    /// None where the same beginning stands in test and live keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    pub meaning: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChoiceName {
    Bearer,
    Basic,
    Header,
    Query,
}

impl ChoiceName {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::Header => "header",
            Self::Query => "query",
        }
    }
}

/// One way that an API of the person's own takes its credential, with the kind and the fields it needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacementChoice {
    pub name: ChoiceName,
    pub label: String,
    pub picture: String,
    pub kind: KindSpec,
}

impl KindSpec {
    /// The field that is vended as the value. A checked kind has exactly one.
    pub fn value_field(&self) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.value)
    }

    pub fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The longest of the known beginnings that the value has.
    pub fn prefix_of(&self, value: &str) -> Option<&Prefix> {
        self.prefixes.iter().filter(|known| value.starts_with(&known.prefix)).max_by_key(|known| known.prefix.len())
    }

    /// The provider's word for it, or ours.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or_else(|| self.kind.label())
    }
}

impl Placement {
    /// Every text that may hold names in braces.
    pub fn templates(&self) -> Vec<&str> {
        match self {
            Self::Header { name, template }
            | Self::Query { name, template }
            | Self::Cookie { name, template }
            | Self::Body { field: name, template } => vec![name, template],
            Self::Basic { user, password } => vec![user, password],
            Self::Path { template } => vec![template],
        }
    }
}

impl FieldSpec {
    /// A plain field that has to be filled in, still without a name.
    pub(in crate::catalog) fn empty() -> Self {
        Self {
            name: String::new(),
            label: String::new(),
            help: String::new(),
            placeholder: String::new(),
            secret: false,
            value: false,
            lines: false,
            required: true,
            format: None,
        }
    }

    /// What is wrong with the text, in words for the person who typed it.
    pub fn fault<'a>(&'a self, text: &str) -> Option<&'a str> {
        if text.is_empty() {
            return self.required.then_some("Fill in this field.");
        }
        self.format.as_ref()?.fault(text)
    }
}

fn yes() -> bool {
    true
}

fn the_value() -> String {
    "{value}".to_owned()
}
