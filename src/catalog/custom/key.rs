//! Under the method `key`: which kind it is, and where a request carries it.

use regex::Regex;

use crate::catalog::further::Further;
use crate::catalog::spec::{FieldSpec, Format, KindSpec, NodeType, Placement};
use crate::domain::{Carried, Kind};

use super::{Draft, Faults, LONGEST};

const BEARER: (&str, &str) = ("Authorization", "Bearer {value}");

impl Draft {
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

pub(super) fn kind(rules: &NodeType, draft: &Draft, faults: &mut Faults) -> Option<KindSpec> {
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
pub(in crate::catalog) fn carried_by(rules: &NodeType, place: Carried, name: &str) -> Result<String, String> {
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
pub(in crate::catalog) fn format_in(rules: &NodeType, carried: Carried) -> Option<Format> {
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
