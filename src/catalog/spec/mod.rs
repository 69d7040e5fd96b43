//! What a file of the catalogue says, as types. A workspace's own node types are described by the same ones.
//!
//! Invariant: a key that is not named here makes the file invalid, so that a mistyped one is not lost.

mod credential;
mod format;
mod oauth;
mod probe;

use serde::{Deserialize, Serialize};

use crate::domain::{Environment, Kind, Method};

pub use credential::{ChoiceName, FieldSpec, KindSpec, Placement, PlacementChoice, Prefix};
pub use format::Format;
pub use oauth::{BodyFormat, ClientAuth, ClientCredentials, OAuth, Scope};
pub use probe::{Confirmed, Probe};

/// A service that Keyrack holds keys for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeType {
    pub slug: String,
    pub name: String,
    pub category: String,
    /// One line: what a team gets from it.
    pub benefit: String,
    /// What Simple Icons calls its mark; a letter stands for it where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The usual one first.
    pub methods: Vec<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_docs: Option<String>,
    /// Where requests go: `https://…` with `{part}`s in it, or a part that is a whole address, and a path after it.
    pub base_url: String,
    /// The only hosts a credential is ever sent to, `{part}`s as in the base URL. Empty where a part is a whole address:
    /// then its host is the only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// What differs from one account to the next in the addresses: a shop's name, a region, one's own server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// What the person chooses from where the API is their own; then `kinds` is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placement_choices: Vec<PlacementChoice>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<KindSpec>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_credentials: Option<ClientCredentials>,
    /// None where no harmless request is documented: then it cannot be tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<RateLimits>,
    pub guide: Guide,
}

/// A piece of the addresses that each secret says for itself. It is plain: shown, and sealed with the value too.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    pub name: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub placeholder: String,
    /// A whole https address, instead of a label of a host's name.
    #[serde(default, skip_serializing_if = "is_false")]
    pub address: bool,
    /// What there is to choose from; then nothing is typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<PartOption>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartOption {
    pub value: String,
    pub label: String,
}

/// How the provider says that requests come too fast.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimits {
    pub statuses: Vec<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Where the provider explains them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What a newcomer needs to know. The words for an OAuth client stand with `oauth`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guide {
    /// To where the credential is.
    pub steps: Vec<String>,
    /// The provider's page on which it is made, where that has an address of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    pub least_permissions: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    pub rejected: String,
    pub rate_limited: String,
    pub revoke: Revoke,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl NodeType {
    /// Whether it can be used as it stands: what a workspace describes for itself is looked at as a file is.
    pub fn check(&self) -> Result<(), String> {
        super::check::node_type(self)
    }

    /// The provider's own page on which keys are made and looked after, as far as one is known.
    pub fn place_of_keys(&self) -> Option<&str> {
        self.guide.url.as_deref().or(self.api_docs.as_deref())
    }

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

    pub fn part(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// Which environment a value that was entered as this kind belongs to: as its own prefixes tell, or else as those
    /// of the other kinds do, which it may have been taken for.
    pub fn environment_told(&self, kind: &KindSpec, value: &str) -> Option<Environment> {
        match kind.prefix_of(value) {
            Some(known) => known.environment,
            None => self.environment_of_prefix(value),
        }
    }

    /// Which environment the value belongs to, where its prefix tells.
    pub fn environment_of_prefix(&self, value: &str) -> Option<Environment> {
        let known = self.all_kinds().flat_map(|spec| &spec.prefixes);
        let matching = known.filter(|known| value.starts_with(&known.prefix));
        matching.max_by_key(|known| known.prefix.len()).and_then(|known| known.environment)
    }
}

impl Part {
    /// What is wrong with the text, in words for the person who typed it.
    pub fn fault<'a>(&'a self, text: &str) -> Option<&'a str> {
        if text.is_empty() {
            return Some("Fill in this field.");
        }
        if !self.options.is_empty() {
            return (!self.options.iter().any(|option| option.value == text)).then_some("Choose one of these.");
        }
        self.format.as_ref()?.fault(text)
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
