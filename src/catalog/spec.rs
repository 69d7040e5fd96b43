//! What a file of the catalogue says, as types.
//!
//! Invariant: a key that is not named here makes the file invalid, so that a mistyped one is not lost.

use regex::Regex;
use serde::{Deserialize, Deserializer};

use crate::domain::{Environment, Kind, Method};

/// A service that Keyrack holds keys for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeType {
    pub slug: String,
    pub name: String,
    pub category: String,
    /// One line: what a team gets from it.
    pub benefit: String,
    /// The usual one first.
    pub methods: Vec<Method>,
    pub homepage: Option<String>,
    pub api_docs: Option<String>,
    /// Where requests go; none where the person says it on the form.
    pub base_url: Option<String>,
    /// The only hosts a credential is ever sent to; empty where the person's base URL says it.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The person names base URL and placement on the form; then `kinds` is empty.
    #[serde(default)]
    pub own_route: bool,
    /// Asked whatever the kind; only where `own_route`.
    #[serde(default)]
    pub route_fields: Vec<FieldSpec>,
    /// What the person chooses from; only where `own_route`.
    #[serde(default)]
    pub placement_choices: Vec<PlacementChoice>,
    #[serde(default)]
    pub kinds: Vec<KindSpec>,
    /// None where no harmless request is documented: then it cannot be tested.
    pub probe: Option<Probe>,
    pub guide: Guide,
}

/// A form that the credential takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindSpec {
    pub kind: Kind,
    /// Where the provider has its own word for it.
    pub label: Option<String>,
    pub fields: Vec<FieldSpec>,
    pub placements: Vec<Placement>,
    #[serde(default)]
    pub prefixes: Vec<Prefix>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    pub name: String,
    pub label: String,
    #[serde(default)]
    pub help: String,
    #[serde(default)]
    pub placeholder: String,
    /// Write-only: sealed, never shown again.
    #[serde(default)]
    pub secret: bool,
    /// The one field that is vended as the value, and that the last four come from.
    #[serde(default)]
    pub value: bool,
    #[serde(default = "yes")]
    pub required: bool,
    pub format: Option<Format>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    #[serde(deserialize_with = "regex")]
    pub pattern: Regex,
    /// Texts that are refused although they match, whatever their letter case.
    #[serde(default)]
    pub except: Vec<String>,
    /// What to tell the person whose text does not match.
    pub message: String,
}

/// Where an upstream request carries the credential. Texts may hold `{value}` and `{field}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "in", rename_all = "snake_case", deny_unknown_fields)]
pub enum Placement {
    Header {
        name: String,
        template: String,
    },
    Query {
        name: String,
    },
    /// Either may be empty.
    Basic {
        user: String,
        password: String,
    },
    Body {
        field: String,
    },
}

/// What the beginning of a value tells.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prefix {
    pub prefix: String,
    pub environment: Environment,
    pub meaning: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacementChoice {
    pub name: ChoiceName,
    pub label: String,
    pub picture: String,
    pub kind: KindSpec,
}

/// The cheapest harmless request that tells whether the credential works.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    pub method: String,
    /// Below the base URL.
    pub path: String,
    pub verified: Vec<u16>,
    pub rejected: Vec<u16>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    pub steps: Vec<String>,
    pub least_permissions: String,
    pub sandbox: Option<String>,
    pub rejected: String,
    pub rate_limited: String,
    pub revoke: Revoke,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    pub text: String,
    pub url: Option<String>,
}

impl NodeType {
    /// Every kind, those behind a choice of placement too.
    pub fn all_kinds(&self) -> impl Iterator<Item = &KindSpec> {
        self.kinds.iter().chain(self.placement_choices.iter().map(|choice| &choice.kind))
    }

    /// The kind's description; the first one where several choices share it.
    pub fn kind(&self, kind: Kind) -> Option<&KindSpec> {
        self.all_kinds().find(|spec| spec.kind == kind)
    }

    pub fn choice(&self, name: &str) -> Option<&PlacementChoice> {
        self.placement_choices.iter().find(|choice| choice.name.as_str() == name)
    }

    /// Which environment the value belongs to, where its prefix tells.
    pub fn environment_of_prefix(&self, value: &str) -> Option<Environment> {
        let known = self.all_kinds().flat_map(|spec| &spec.prefixes);
        let matching = known.filter(|known| value.starts_with(&known.prefix));
        matching.max_by_key(|known| known.prefix.len()).map(|known| known.environment)
    }
}

impl KindSpec {
    /// The field that is vended as the value. A checked kind has exactly one.
    pub fn value_field(&self) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.value)
    }

    pub fn field(&self, name: &str) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The provider's word for it, or ours.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or_else(|| self.kind.label())
    }
}

impl FieldSpec {
    /// What is wrong with the text, in words for the person who typed it.
    pub fn fault<'a>(&'a self, text: &str) -> Option<&'a str> {
        if text.is_empty() {
            return self.required.then_some("Fill in this field.");
        }
        let format = self.format.as_ref()?;
        format.refuses(text).then_some(format.message.as_str())
    }
}

impl Format {
    fn refuses(&self, text: &str) -> bool {
        !self.pattern.is_match(text) || self.except.iter().any(|word| word.eq_ignore_ascii_case(text))
    }
}

fn yes() -> bool {
    true
}

fn regex<'de, D: Deserializer<'de>>(from: D) -> Result<Regex, D::Error> {
    let text = String::deserialize(from)?;
    Regex::new(&text).map_err(serde::de::Error::custom)
}
