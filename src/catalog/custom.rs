//! A custom API: what a person says of an API of their own, as it stands on a form, and the description made of it.
//!
//! Invariant: whatever comes out of [`Catalog::custom`] has passed the same check as a file of the catalogue.

use regex::Regex;
use serde::Deserialize;

use crate::domain::{Carried, Kind, Method, Name, Slug};

use super::address::names_in;
use super::further::Further;
use super::spec::{FieldSpec, Format, Guide, KindSpec, NodeType, Placement, Revoke};
use super::{Catalog, probe_draft};

/// Every custom API's slug begins with it, so that a later file of the catalogue never collides.
pub const CUSTOM: &str = "custom-";
/// The category that they stand in.
const CATEGORY: &str = "Your own";
/// The one that says how base URLs, headers and parameters look.
const GENERIC: &str = "http-request";
const LONGEST: usize = 500;

/// A custom API on a form: texts as they are typed, also where they cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub name: String,
    pub base_url: String,
    pub kind: String,
    pub placement: String,
    /// Under `header`: its name, and what stands in it.
    #[serde(rename = "header-name")]
    pub header: String,
    #[serde(rename = "header-template")]
    pub template: String,
    /// Under `query`.
    #[serde(rename = "query-name")]
    pub parameter: String,
    /// Under `cookie`.
    #[serde(rename = "cookie-name")]
    pub cookie: String,
    /// What travels beside the key.
    #[serde(flatten)]
    pub further: Further,
    pub probe_path: String,
    pub verified: String,
    pub rejected: String,
    /// What end users read about it. It is kept beside the description, not in it.
    pub description: String,
}

/// What is to be put right, at the field where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftFault {
    pub field: &'static str,
    pub message: String,
}

impl Default for Draft {
    fn default() -> Self {
        let nothing = String::new;
        Self {
            name: nothing(),
            base_url: nothing(),
            kind: Kind::ApiKey.to_string(),
            placement: Carried::Bearer.to_string(),
            header: nothing(),
            template: "{value}".to_owned(),
            parameter: nothing(),
            cookie: nothing(),
            further: Further::default(),
            probe_path: nothing(),
            verified: "200".to_owned(),
            rejected: "401".to_owned(),
            description: nothing(),
        }
    }
}

impl Draft {
    /// The form that leads to this description.
    pub fn of(node: &NodeType) -> Self {
        let described = node.kinds.first().and_then(Self::of_kind);
        let mut draft =
            Self { name: node.name.clone(), base_url: node.base_url.clone(), ..described.unwrap_or_default() };
        if let Some(probe) = &node.probe {
            draft.probe_path.clone_from(&probe.path);
            draft.verified = probe_draft::listed(&probe.verified);
            draft.rejected = probe_draft::listed(&probe.rejected);
        }
        draft
    }

    /// What it says of the key, under the names that the form sends.
    pub fn way_pairs(&self) -> Vec<(&'static str, &str)> {
        let mut pairs = vec![
            ("kind", self.kind.as_str()),
            ("placement", &self.placement),
            ("header-name", &self.header),
            ("header-template", &self.template),
            ("query-name", &self.parameter),
            ("cookie-name", &self.cookie),
        ];
        pairs.extend(self.further.pairs());
        pairs
    }

    /// The form as far as it says how a credential of this kind travels; nothing where it is more than the form can say.
    pub fn of_kind(spec: &KindSpec) -> Option<Self> {
        let mut draft = Self { kind: spec.kind.to_string(), further: Further::of(spec)?, ..Self::default() };
        let carried = match spec.placements.first()? {
            Placement::Basic { .. } => Carried::Basic,
            Placement::Query { name, .. } => {
                draft.parameter.clone_from(name);
                Carried::Query
            }
            Placement::Cookie { name, .. } => {
                draft.cookie.clone_from(name);
                Carried::Cookie
            }
            Placement::Header { name, template } if (name.as_str(), template.as_str()) != BEARER => {
                draft.header.clone_from(name);
                draft.template.clone_from(template);
                Carried::Header
            }
            Placement::Header { .. } => Carried::Bearer,
            Placement::Body { .. } | Placement::Path { .. } => return None,
        };
        draft.placement = carried.to_string();
        Some(draft)
    }
}

const BEARER: (&str, &str) = ("Authorization", "Bearer {value}");

/// Gathers what is wrong while the rest is read on.
#[derive(Default)]
pub(super) struct Faults(Vec<DraftFault>);

impl Faults {
    pub(super) fn take<T>(&mut self, field: &'static str, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.0.push(DraftFault { field, message })).ok()
    }
}

impl Catalog {
    /// The description that a draft comes to, under this slug; or what is wrong with it, at each field.
    pub fn custom(&self, draft: &Draft, slug: &Slug) -> Result<NodeType, Vec<DraftFault>> {
        let mut faults = Faults::default();
        let unusable = |message: &str| DraftFault { field: "base_url", message: message.to_owned() };
        let rules = self.get(GENERIC).ok_or_else(|| vec![unusable("The catalogue is incomplete.")])?;
        let name = faults.take("name", Name::parse(&draft.name).map_err(|error| error.to_string()));
        let address = faults.take("base_url", address(rules, draft.base_url.trim()));
        let kind = kind(rules, draft, &mut faults);
        let probe = probe_draft::read(draft, &mut faults);
        let (Some(name), Some((base_url, host)), Some(kind), Some(probe)) = (name, address, kind, probe) else {
            return Err(faults.0);
        };
        let node = NodeType {
            slug: slug.to_string(),
            name: name.to_string(),
            category: CATEGORY.to_owned(),
            benefit: format!("Calls to {host}"),
            icon: None,
            color: None,
            methods: vec![Method::Key],
            homepage: None,
            api_docs: None,
            base_url,
            guide: guide(&host),
            hosts: vec![host],
            parts: Vec::new(),
            placement_choices: Vec::new(),
            kinds: vec![kind],
            oauth: None,
            client_credentials: None,
            probe,
            rate_limits: None,
        };
        node.check().map_err(|fault| vec![unusable(&format!("This cannot be used: {fault}."))])?;
        Ok(node)
    }
}

impl NodeType {
    /// Whether a value entered under the one description travels the same way, to the same place, under the other.
    pub fn travels_like(&self, other: &Self) -> bool {
        // What was entered as a secret is not shown from now on, nor the other way round.
        let alike = |one: &KindSpec, other: &KindSpec| {
            let fields = |spec: &KindSpec| -> Vec<(String, bool)> {
                spec.fields.iter().map(|field| (field.name.clone(), field.secret)).collect()
            };
            one.kind == other.kind && one.placements == other.placements && fields(one) == fields(other)
        };
        let kinds = self.kinds.len() == other.kinds.len()
            && self.kinds.iter().zip(&other.kinds).all(|(one, other)| alike(one, other));
        self.base_url == other.base_url && self.hosts == other.hosts && kinds
    }
}

/// The base URL as it is stored, and its host.
fn address(rules: &NodeType, text: &str) -> Result<(String, String), String> {
    if text.len() > LONGEST {
        return Err(format!("Use at most {LONGEST} characters."));
    }
    if text.contains(['{', '}']) {
        let name = names_in(text).ok().and_then(|names| names.first().copied()).unwrap_or("…");
        return Err(format!("Put your own in place of {{{name}}}."));
    }
    let found = rules.address(|_| Some(text)).map_err(|faults| {
        faults.into_iter().next().map_or_else(|| "This is no address.".to_owned(), |fault| fault.message)
    })?;
    let host = found.hosts.into_iter().next().unwrap_or_default();
    if !host.split(':').next().is_some_and(|name| name.contains('.')) {
        return Err("Enter the whole name of the host, such as api.example.com.".to_owned());
    }
    Ok((found.base_url, host))
}

fn kind(rules: &NodeType, draft: &Draft, faults: &mut Faults) -> Option<KindSpec> {
    let kind: Option<Kind> = faults.take("kind", draft.kind.parse().map_err(|_| "Choose one of these.".to_owned()));
    let carried = faults.take("placement", draft.placement.parse().map_err(|_| "Choose one of these.".to_owned()));
    let (kind, carried): (Kind, Carried) = (kind?, carried?);
    let two_halves = matches!(kind, Kind::Password | Kind::ApplicationPassword | Kind::KeyPair);
    if two_halves && carried != Carried::Basic {
        let message = "This kind has two halves, and only Basic carries both. Choose Basic, or call it an API key.";
        return faults.take("placement", Err(message.to_owned()));
    }
    let place = placement(rules, draft, (carried, two_halves), faults)?;
    let mut fields = Vec::new();
    if two_halves {
        let name = if kind == Kind::KeyPair { ("key_id", "Key id") } else { ("username", "User name") };
        fields.push(plain_field(rules, name));
    }
    fields.push(value_field(rules, kind, carried));
    let mut spec = KindSpec { kind, label: None, fields, placements: vec![place], prefixes: Vec::new() };
    draft.further.add_to(rules, &mut spec, faults)?;
    Some(spec)
}

/// The name of what carries something there, as it may be.
pub(super) fn carried_by(rules: &NodeType, place: Carried, name: &str) -> Result<String, String> {
    let field = match place {
        Carried::Cookie => return cookie(name),
        Carried::Query => "parameter",
        _ => "header",
    };
    let spec = rules.choice(place.as_str()).and_then(|choice| choice.kind.field(field));
    match spec.and_then(|spec| spec.fault(name)) {
        Some(fault) => Err(fault.to_owned()),
        None => Ok(name.to_owned()),
    }
}

fn placement(
    rules: &NodeType,
    draft: &Draft,
    (carried, two_halves): (Carried, bool),
    faults: &mut Faults,
) -> Option<Placement> {
    let value = || "{value}".to_owned();
    Some(match carried {
        Carried::Bearer => Placement::Header { name: BEARER.0.to_owned(), template: BEARER.1.to_owned() },
        Carried::Basic if two_halves => {
            let user = if draft.kind == Kind::KeyPair.as_str() { "{key_id}" } else { "{username}" };
            Placement::Basic { user: user.to_owned(), password: value() }
        }
        Carried::Basic => Placement::Basic { user: value(), password: String::new() },
        Carried::Header => {
            let name = faults.take("header", carried_by(rules, carried, draft.header.trim()));
            let template = faults.take("template", template(draft.template.trim()));
            Placement::Header { name: name?, template: template? }
        }
        Carried::Query => {
            let name = faults.take("parameter", carried_by(rules, carried, draft.parameter.trim()))?;
            Placement::Query { name, template: value() }
        }
        Carried::Cookie => {
            let name = faults.take("cookie", carried_by(rules, carried, draft.cookie.trim()))?;
            Placement::Cookie { name, template: value() }
        }
    })
}

fn template(text: &str) -> Result<String, String> {
    let around = text.replacen("{value}", "", 1);
    let plain = around.chars().all(|c| c == ' ' || (c.is_ascii_graphic() && c != '{' && c != '}'));
    if text.len() > LONGEST || around == text || !plain {
        return Err("Write {value} once, where the key goes, and around it what the API asks for.".to_owned());
    }
    Ok(text.to_owned())
}

fn cookie(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if text.is_empty() || text.len() > 80 || !text.chars().all(plain) {
        return Err("Enter the cookie's name: letters, digits and the signs _ . -".to_owned());
    }
    Ok(text.to_owned())
}

/// What a text must be like to travel there.
pub(super) fn format_in(rules: &NodeType, carried: Carried) -> Option<Format> {
    if carried != Carried::Cookie {
        return rules.choice(carried.as_str()).and_then(|choice| choice.kind.value_field()?.format.clone());
    }
    // What would end the cookie is left out.
    let pattern = Regex::new(r#"^[!#-+\--:<-\[\]-~]+$"#).ok()?;
    let message = "A cookie holds letters, digits and signs, without spaces, quotes, commas or semicolons.".to_owned();
    Some(Format { pattern, except: Vec::new(), message })
}

fn value_field(rules: &NodeType, kind: Kind, carried: Carried) -> FieldSpec {
    let name = if kind == Kind::KeyPair { "secret_key" } else { kind.as_str() };
    let label = if kind == Kind::KeyPair { "Secret key" } else { kind.label() };
    let format = format_in(rules, carried);
    FieldSpec {
        name: name.to_owned(),
        label: label.to_owned(),
        secret: true,
        value: true,
        format,
        ..FieldSpec::empty()
    }
}

fn plain_field(rules: &NodeType, (name, label): (&str, &str)) -> FieldSpec {
    let like = rules.choice("basic").and_then(|choice| choice.kind.field("username"));
    let format = like.and_then(|spec| spec.format.clone());
    FieldSpec { name: name.to_owned(), label: label.to_owned(), format, ..FieldSpec::empty() }
}

fn guide(host: &str) -> Guide {
    Guide {
        steps: vec![
            format!("Sign in where the keys for {host} are made, with a test account first where there is one."),
            "Make a key, give it a name that says Keyrack, and copy it once.".to_owned(),
            "Paste it here. Never send it by mail or chat.".to_owned(),
        ],
        url: None,
        least_permissions: "If the API lets you choose, allow only what your workflow does.".to_owned(),
        sandbox: None,
        rejected: "The API did not accept the key. Check that it is copied whole and not expired.".to_owned(),
        rate_limited: "The API asks for fewer requests. Wait as long as its answer says and try again.".to_owned(),
        revoke: Revoke { text: "Delete the key where you made it.".to_owned(), url: None },
    }
}
