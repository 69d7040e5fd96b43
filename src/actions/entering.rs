//! From what was typed or sent to a credential: checked against the catalogue, with its route.

use std::collections::BTreeMap;

use crate::catalog::{FieldSpec, KindSpec, NodeType, Part, PartFault};
use crate::crypto::{Credential, Entered, Route};
use crate::domain::name::is_hidden;
use crate::domain::secret::last_four;
use crate::domain::{Environment, Kind, Method};
use crate::upstream::oauth::Endpoints;

/// What was given, by field name.
pub type Given = BTreeMap<String, Entered>;

/// Something to put right, at the field where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    pub field: String,
    pub message: String,
}

/// A credential ready to be sealed, and the plain facts about it.
pub struct Filled {
    pub kind: Kind,
    pub last_four: Option<String>,
    /// The plain fields and the hosts, as JSON, for pages and answers.
    pub facts: String,
    pub credential: Credential,
    /// What the value's prefix says about its environment.
    pub prefix_says: Option<Environment>,
    /// Whether spaces or line ends were taken away.
    pub trimmed: bool,
}

/// Plain facts as they are read back.
#[derive(Debug, Default, Clone, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The placement that was chosen, where there was a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
}

impl Facts {
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Which of the node type's kinds is meant: by its word, or by the placement chosen on the form.
pub fn pick<'a>(node_type: &'a NodeType, kind: Option<&str>, placement: Option<&str>) -> Option<&'a KindSpec> {
    if !node_type.placement_choices.is_empty() {
        return placement.and_then(|name| node_type.choice(name)).map(|choice| &choice.kind);
    }
    match kind {
        Some(word) => node_type.kind(word.parse().ok()?),
        None => node_type.kinds.first(),
    }
}

/// Takes the fields that this kind asks for, and says at each what is wrong.
pub fn fill(node_type: &NodeType, kind: &KindSpec, mut given: Given) -> Result<Filled, Vec<FieldFault>> {
    let mut faults = Vec::new();
    for spec in &kind.fields {
        let text = given.get(&spec.name).map_or("", Entered::as_str);
        if let Some(message) = fault_of(spec, text) {
            faults.push(FieldFault { field: spec.name.clone(), message });
        }
    }
    let route = match route_of(node_type, kind, &given) {
        Ok(route) => route,
        Err(wrong) => {
            faults.extend(wrong);
            Route::default()
        }
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let trimmed = given.values().any(Entered::was_trimmed);
    let value = kind.value_field().and_then(|spec| given.get(&spec.name));
    let last_four = value.and_then(|value| last_four(value.as_str()));
    let prefix_says = value.and_then(|value| node_type.environment_told(kind, value.as_str()));
    let way = way_of(node_type, kind);
    let facts = Facts { fields: plain_fields(node_type, kind, &given), hosts: route.hosts.clone(), way };
    let facts = serde_json::to_string(&facts).unwrap_or_default();
    let value = kind.value_field().and_then(|spec| given.remove_entry(&spec.name)).ok_or_else(Vec::new)?;
    let names = kind.fields.iter().map(|spec| &spec.name).chain(node_type.parts.iter().map(|part| &part.name));
    let others: Vec<_> = names.filter_map(|name| given.remove_entry(name)).collect();
    let credential = Credential::new(value, others.into_iter().filter(|(_, text)| !text.is_empty()), route);
    Ok(Filled { kind: kind.kind, last_four, facts, credential, prefix_says, trimmed })
}

/// The plain facts of a connection before anything is connected: where it is, as far as that differs.
pub fn place(node_type: &NodeType, given: &BTreeMap<String, String>) -> Result<String, Vec<FieldFault>> {
    let fields = fill_parts(node_type.parts.iter(), given)?;
    Ok(serde_json::to_string(&Facts { fields, ..Facts::default() }).unwrap_or_default())
}

/// These parts of addresses, each looked at.
pub fn fill_parts<'a>(
    parts: impl Iterator<Item = &'a Part>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Vec<FieldFault>> {
    let (mut filled, mut faults) = (BTreeMap::new(), Vec::new());
    for part in parts {
        let text = given.get(&part.name).map_or("", |text| text.trim());
        let unfit = text.len() > LONGEST_PART || text.chars().any(is_hidden);
        match if unfit { Err("This is no address.".to_owned()) } else { part.filled(text) } {
            Ok(text) => drop(filled.insert(part.name.clone(), text)),
            Err(message) => faults.push(FieldFault { field: part.name.clone(), message }),
        }
    }
    if faults.is_empty() { Ok(filled) } else { Err(faults) }
}

/// The parts of a connection's address as a machine names them, with those of its client: none that nobody asks for, and
/// none that differs from where the client is.
pub fn name_parts(
    node_type: &NodeType,
    of_client: Option<&BTreeMap<String, String>>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Vec<FieldFault>> {
    let under = node_type.under(Method::OAuth);
    let is_known = |(name, text): (&String, &String)| {
        of_client.and_then(|parts| parts.get(name)) == Some(text) || under.parts.iter().any(|part| part.name == *name)
    };
    if let Some((name, _)) = given.iter().find(|part| !is_known(*part)) {
        let message = "This is nothing that the node type asks for, or not where its client is.".to_owned();
        return Err(vec![FieldFault { field: name.clone(), message }]);
    }
    let mut parts = fill_parts(under.parts.iter(), given)?;
    parts.extend(of_client.cloned().unwrap_or_default());
    Ok(parts)
}

/// The name of the choice that this kind stands behind.
fn way_of(node_type: &NodeType, kind: &KindSpec) -> Option<String> {
    let chosen = node_type.placement_choices.iter().find(|choice| std::ptr::eq(&raw const choice.kind, kind));
    chosen.map(|choice| choice.name.as_str().to_owned())
}

/// The parts of the address among the plain facts.
pub fn parts_of(node_type: &NodeType, facts: &Facts) -> BTreeMap<String, String> {
    let named = node_type.parts.iter().filter_map(|part| facts.fields.get_key_value(&part.name));
    named.map(|(name, text)| (name.clone(), text.clone())).collect()
}

/// What may be shown: the parts of the address, and the fields that are not secret.
fn plain_fields(node_type: &NodeType, kind: &KindSpec, given: &Given) -> BTreeMap<String, String> {
    let parts = node_type.parts.iter().map(|part| &part.name);
    let plain = kind.fields.iter().filter(|spec| !spec.secret).map(|spec| &spec.name);
    let named = parts.chain(plain).filter_map(|name| Some((name.clone(), given.get(name)?.as_str().to_owned())));
    named.collect()
}

const LONGEST: usize = 16 * 1_024;
const LONGEST_PART: usize = 2_000;

fn fault_of(spec: &FieldSpec, text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return Some("This is longer than any credential; at most 16 KiB are taken.".to_owned());
    }
    if text.contains('\0')
        || (!spec.secret && text.chars().any(|c| is_hidden(c) && !(spec.lines && matches!(c, '\n' | '\t'))))
    {
        return Some("This contains a character that cannot be stored.".to_owned());
    }
    if !spec.lines && text.contains(['\n', '\r']) {
        return Some("This has several lines; one is expected.".to_owned());
    }
    spec.fault(text).map(ToOwned::to_owned)
}

/// Where this value may travel from now on: sealed with it.
fn route_of(node_type: &NodeType, kind: &KindSpec, given: &Given) -> Result<Route, Vec<FieldFault>> {
    for part in &node_type.parts {
        let text = given.get(&part.name).map_or("", Entered::as_str);
        if text.len() > LONGEST_PART || text.chars().any(is_hidden) {
            let message = "This is no address.".to_owned();
            return Err(vec![FieldFault { field: part.name.clone(), message }]);
        }
    }
    let address = node_type.address(|name| given.get(name).map(Entered::as_str)).map_err(|faults| {
        let fault = |fault: PartFault| FieldFault { field: fault.part, message: fault.message };
        faults.into_iter().map(fault).collect::<Vec<_>>()
    })?;
    let placement = serde_json::to_value(&kind.placements).unwrap_or_default();
    let providers = providers_of(node_type, kind, given);
    Ok(Route { base_url: address.base_url, hosts: address.hosts, placement, providers })
}

/// A client that fetches its own tokens shows its secret there, and nowhere else.
fn providers_of(node_type: &NodeType, kind: &KindSpec, given: &Given) -> Vec<String> {
    if kind.kind != Kind::ClientCredentials {
        return Vec::new();
    }
    let part = |part: &Part| Some((part.name.clone(), given.get(&part.name)?.as_str().to_owned()));
    let parts = node_type.parts.iter().filter_map(part).collect();
    let endpoints = Endpoints::of(node_type, Method::ClientCredentials, &parts);
    endpoints.map(|endpoints| endpoints.providers()).unwrap_or_default()
}
