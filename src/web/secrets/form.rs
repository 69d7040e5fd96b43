//! The fields of a credential: drawn from the description of its node type, and read back from what was sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::actions::entering::{self, Facts, FieldFault, Filled, Given};
use crate::catalog::{CUSTOM, FieldSpec, KindSpec, NodeType, Part, PartOption};
use crate::crypto::Entered;
use crate::domain::{Environment, Kind};
use crate::web::error::Error;
use crate::web::view::{Choice, Link};

use super::page;

/// The form as it was sent: the fixed fields by name, the catalogue's by theirs.
pub type Sent = HashMap<String, String>;

/// What the credential's part of a form shows: what was typed into plain fields, and what is wrong where.
#[derive(Default)]
pub struct Draft {
    plain: Sent,
    /// The kind or placement that was chosen; faults stand under it.
    way: String,
    faults: Vec<FieldFault>,
    /// Parts that are not the person's to choose: shown, and taken from here whatever is sent.
    fixed: BTreeMap<String, String>,
    /// What the value's prefix says of its environment, where that is another one and nobody has confirmed it.
    pub disagreement: Option<Environment>,
}

impl Draft {
    /// Begins with what the value that is there shows of itself.
    pub fn of_value(node_type: &NodeType, kind: Kind, facts: &Facts) -> Self {
        let way = facts.way.clone().unwrap_or_else(|| kind.to_string());
        let parts = node_type.parts.iter().map(|part| (sent_as(ROUTE, &part.name), &part.name));
        let spec = entering::pick(node_type, Some(kind.as_str()), facts.way.as_deref());
        let plain = spec.map(|spec| spec.fields.as_slice()).unwrap_or_default().iter().filter(|field| !field.secret);
        let fields = plain.map(|field| (sent_as(&way, &field.name), &field.name));
        let known = parts.chain(fields).filter_map(|(key, name)| Some((key, facts.fields.get(name)?.clone())));
        let mut plain: Sent = known.collect();
        plain.insert("kind".to_owned(), kind.to_string());
        plain.extend(facts.way.clone().map(|way| ("placement".to_owned(), way)));
        Self { plain, way, ..Self::default() }
    }

    pub fn fix(mut self, parts: BTreeMap<String, String>) -> Self {
        self.fixed = parts;
        self
    }

    fn fault(&self, field: &str) -> Option<String> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.message.clone())
    }
}

pub fn guide_of(node_type: &NodeType) -> page::Guide {
    let name = &node_type.name;
    let entered = node_type.kinds.first().is_none_or(|spec| spec.kind != Kind::TokenSet);
    page::Guide {
        entered,
        steps: node_type.guide.steps.clone(),
        least: node_type.guide.least_permissions.clone(),
        sandbox: node_type.guide.sandbox.clone(),
        link: node_type
            .api_docs
            .as_ref()
            .filter(|_| entered)
            .map(|url| Link { label: format!("{name}'s own page about its keys"), url: url.clone() }),
    }
}

/// The fields as they are drawn.
pub fn drawn(node_type: &NodeType, draft: &Draft) -> page::Credential {
    let fields = |specs: &[FieldSpec], of: &str, kind: &KindSpec| -> Vec<page::Field> {
        specs.iter().map(|spec| field(node_type, spec, (of, kind), draft)).collect()
    };
    let chosen = |group: &str, value: &str, first: bool| draft.plain.get(group).map_or(first, |sent| sent == value);
    let kinds = node_type.kinds.iter().enumerate().map(|(at, kind)| page::Variant {
        value: kind.kind.to_string(),
        label: kind.label().to_owned(),
        picture: kind.kind.picture().to_owned(),
        chosen: chosen("kind", kind.kind.as_str(), at == 0),
        fields: fields(&kind.fields, kind.kind.as_str(), kind),
    });
    let placements = node_type.placement_choices.iter().enumerate().map(|(at, choice)| page::Variant {
        value: choice.name.as_str().to_owned(),
        label: choice.label.clone(),
        picture: choice.picture.clone(),
        chosen: chosen("placement", choice.name.as_str(), at == 0),
        fields: fields(&choice.kind.fields, choice.name.as_str(), &choice.kind),
    });
    let legend = match node_type.kinds.first().map(|spec| spec.kind) {
        Some(Kind::TokenSet) => "The account",
        Some(Kind::ClientCredentials) => "The client",
        _ => "The key",
    };
    page::Credential {
        legend,
        fields: node_type.parts.iter().map(|spec| part(spec, draft)).collect(),
        kinds: kinds.collect(),
        placements: placements.collect(),
    }
}

/// Parts of an address alone, with what is typed into them and what is wrong.
pub fn parts_drawn<'a>(
    parts: impl Iterator<Item = &'a Part>,
    typed: &BTreeMap<String, String>,
    faults: Vec<FieldFault>,
) -> Vec<page::Field> {
    let plain = typed.iter().map(|(name, text)| (sent_as(ROUTE, name), text.clone())).collect();
    let draft = Draft { plain, faults, ..Draft::default() };
    parts.map(|spec| part(spec, &draft)).collect()
}

/// The parts among what was sent.
pub fn parts_sent<'a>(parts: impl Iterator<Item = &'a Part>, sent: &Sent) -> BTreeMap<String, String> {
    let typed = |part: &Part| Some((part.name.clone(), sent.get(&sent_as(ROUTE, &part.name))?.trim().to_owned()));
    parts.filter_map(typed).collect()
}

/// The way that fields of the address itself stand under.
const ROUTE: &str = "field";

/// Under which name a field is sent: ways that lie side by side may ask for the same one.
fn sent_as(of: &str, name: &str) -> String {
    format!("{of}-{name}")
}

/// A part of the address: typed, chosen from what the catalogue offers, or only shown.
fn part(spec: &Part, draft: &Draft) -> page::Field {
    let value = draft.plain.get(&sent_as(ROUTE, &spec.name)).cloned().unwrap_or_default();
    let option = |option: &PartOption| Choice {
        value: option.value.clone(),
        label: option.label.clone(),
        chosen: option.value == value,
    };
    let control = match (draft.fixed.get(&spec.name), spec.options.as_slice()) {
        (Some(fixed), _) => page::Control::Fixed { value: fixed.clone() },
        (None, []) => page::Control::Plain { value },
        (None, options) => page::Control::Options { all: options.iter().map(option).collect() },
    };
    page::Field {
        name: spec.name.clone(),
        label: spec.label.clone(),
        help: spec.help.clone(),
        placeholder: spec.placeholder.clone(),
        required: true,
        control,
        error: draft.fault(&spec.name),
    }
}

fn field(node_type: &NodeType, spec: &FieldSpec, (of, kind): (&str, &KindSpec), draft: &Draft) -> page::Field {
    let prefixes = |environment| if spec.value { prefixes_of(node_type, kind, environment) } else { String::new() };
    let typed = || draft.plain.get(&sent_as(of, &spec.name)).cloned().unwrap_or_default();
    let (test, live) = (prefixes(Environment::Test), prefixes(Environment::Live));
    let control = match (spec.secret, spec.lines) {
        (true, false) => page::Control::Secret { test, live },
        (true, true) => page::Control::SecretLines { test, live },
        (false, false) => page::Control::Plain { value: typed() },
        (false, true) => page::Control::Lines { value: typed() },
    };
    page::Field {
        name: spec.name.clone(),
        label: spec.label.clone(),
        help: spec.help.clone(),
        placeholder: spec.placeholder.clone(),
        required: spec.required,
        control,
        error: draft.fault(&spec.name).filter(|_| of == draft.way),
    }
}

/// The beginnings by which a page questions the environment while somebody types: those that the server goes by.
fn prefixes_of(node_type: &NodeType, kind: &KindSpec, environment: Environment) -> String {
    let all = node_type.all_kinds().flat_map(|spec| &spec.prefixes).map(|known| known.prefix.as_str());
    let told = |prefix: &&str| node_type.environment_told(kind, prefix) == Some(environment);
    let told: BTreeSet<&str> = all.filter(told).collect();
    told.into_iter().collect::<Vec<_>>().join(" ")
}

/// What was understood of the credential, where nothing in it is wrong, and what to show again.
pub fn read(
    node_type: &NodeType,
    environment: Environment,
    mut sent: Sent,
    fixed: BTreeMap<String, String>,
) -> Result<(Option<Filled>, Draft), Error> {
    let confirmed = sent.get("environment_confirmed").is_some_and(|word| word == "yes");
    let (way, kind) = chosen_way(node_type, &sent)?;
    let given = take_fields(node_type, kind, (&way, &fixed), &mut sent);
    for name in secret_names(node_type) {
        sent.remove(&name);
    }
    let mut draft = Draft { plain: sent, way, fixed, ..Draft::default() };
    match entering::fill(node_type, kind, given) {
        Ok(filled) => {
            draft.disagreement = filled.prefix_says.filter(|says| *says != environment && !confirmed);
            Ok((Some(filled).filter(|_| draft.disagreement.is_none()), draft))
        }
        Err(faults) => {
            draft.faults = faults;
            Ok((None, draft))
        }
    }
}

/// The plain facts of a place for what will be connected, where nothing in them is wrong, and what to show again.
pub fn read_place(node_type: &NodeType, sent: Sent) -> (Option<String>, Draft) {
    let given = parts_sent(node_type.parts.iter(), &sent);
    let placed = entering::place(node_type, &given);
    let mut draft = Draft { plain: sent, ..Draft::default() };
    match placed {
        Ok(facts) => (Some(facts), draft),
        Err(faults) => {
            draft.faults = faults;
            (None, draft)
        }
    }
}

/// Which description the form was drawn from. A custom API may have got another one while the form was open, so there
/// the form's word counts; the catalogue's own never change.
pub fn seen(node_type: &NodeType, revision: i64, sent: &Sent) -> i64 {
    if !node_type.slug.starts_with(CUSTOM) {
        return revision;
    }
    sent.get("revision").and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn chosen_way<'a>(node_type: &'a NodeType, form: &Sent) -> Result<(String, &'a KindSpec), Error> {
    let word = |group: &str| form.get(group).map(String::as_str);
    let kind = entering::pick(node_type, word("kind"), word("placement")).ok_or(Error::BadRequest)?;
    let way = if node_type.placement_choices.is_empty() { Some(kind.kind.as_str()) } else { word("placement") };
    Ok((way.unwrap_or_default().to_owned(), kind))
}

/// The fields that belong to the chosen way, by the catalogue's names. Plain ones stay on the form too.
fn take_fields(
    node_type: &NodeType,
    kind: &KindSpec,
    (way, fixed): (&str, &BTreeMap<String, String>),
    form: &mut Sent,
) -> Given {
    let part = |part: &Part| {
        let typed = form.get(&sent_as(ROUTE, &part.name));
        Some((part.name.clone(), Entered::new(fixed.get(&part.name).or(typed)?.clone())))
    };
    let mut given: Given = node_type.parts.iter().filter_map(part).collect();
    for spec in &kind.fields {
        let key = sent_as(way, &spec.name);
        let text = if spec.secret { form.remove(&key) } else { form.get(&key).cloned() };
        let entered = text.map(|text| if spec.lines { Entered::lines(text) } else { Entered::new(text) });
        given.extend(entered.map(|entered| (spec.name.clone(), entered)));
    }
    given
}

/// Under which names this form sends secrets, those of ways that were not chosen too.
fn secret_names(node_type: &NodeType) -> Vec<String> {
    let kinds = node_type.kinds.iter().map(|kind| (kind.kind.as_str(), kind));
    let placements = node_type.placement_choices.iter().map(|choice| (choice.name.as_str(), &choice.kind));
    let secret = |(of, kind): (&str, &KindSpec)| -> Vec<String> {
        kind.fields.iter().filter(|spec| spec.secret).map(|spec| sent_as(of, &spec.name)).collect()
    };
    kinds.chain(placements).flat_map(secret).collect()
}
