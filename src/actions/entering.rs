//! From what was typed or sent to a credential: checked against the catalogue, with its route.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use url::Url;

use crate::catalog::{FieldSpec, KindSpec, NodeType, Placement};
use crate::crypto::{Credential, Entered, Route};
use crate::domain::name::is_hidden;
use crate::domain::secret::last_four;
use crate::domain::{Environment, Kind};

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
}

impl Facts {
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Which of the node type's kinds is meant: by its word, or by the placement chosen on the form.
pub fn pick<'a>(node_type: &'a NodeType, kind: Option<&str>, placement: Option<&str>) -> Option<&'a KindSpec> {
    if node_type.own_route {
        return placement.and_then(|name| node_type.choice(name)).map(|choice| &choice.kind);
    }
    match kind {
        Some(word) => node_type.kind(word.parse().ok()?),
        None => node_type.kinds.first(),
    }
}

/// Takes the fields that this kind asks for, and says at each what is wrong.
pub fn fill(node_type: &NodeType, kind: &KindSpec, mut given: Given) -> Result<Filled, Vec<FieldFault>> {
    let specs: Vec<&FieldSpec> = node_type.route_fields.iter().chain(&kind.fields).collect();
    let mut faults = Vec::new();
    for spec in &specs {
        let text = given.get(&spec.name).map_or("", Entered::as_str);
        if let Some(message) = fault_of(spec, text) {
            faults.push(FieldFault { field: spec.name.clone(), message });
        }
    }
    let route = match route_of(node_type, kind, &given) {
        Ok(route) => route,
        Err(fault) => {
            if !faults.iter().any(|known| known.field == fault.field) {
                faults.push(fault);
            }
            Route::default()
        }
    };
    if !faults.is_empty() {
        return Err(faults);
    }
    let trimmed = given.values().any(Entered::was_trimmed);
    let value = kind.value_field().and_then(|spec| given.get(&spec.name));
    let last_four = value.and_then(|value| last_four(value.as_str()));
    let prefix_says = value.and_then(|value| node_type.environment_of_prefix(value.as_str()));
    let plain = specs.iter().filter(|spec| !spec.secret);
    let plain = plain.filter_map(|spec| given.get(&spec.name).map(|v| (spec.name.clone(), v.as_str().to_owned())));
    let facts = Facts { fields: plain.collect(), hosts: route.hosts.clone() };
    let facts = serde_json::to_string(&facts).unwrap_or_default();
    let value = kind.value_field().and_then(|spec| given.remove_entry(&spec.name)).ok_or_else(Vec::new)?;
    let others = specs.iter().filter_map(|spec| given.remove_entry(&spec.name)).filter(|(_, text)| !text.is_empty());
    let credential = Credential::new(value, others, route);
    Ok(Filled { kind: kind.kind, last_four, facts, credential, prefix_says, trimmed })
}

const LONGEST: usize = 16 * 1_024;

fn fault_of(spec: &FieldSpec, text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return Some("This is longer than any credential; at most 16 KiB are taken.".to_owned());
    }
    if text.contains('\0') || (!spec.secret && text.chars().any(is_hidden)) {
        return Some("This contains a character that cannot be stored.".to_owned());
    }
    spec.fault(text).map(ToOwned::to_owned)
}

fn route_of(node_type: &NodeType, kind: &KindSpec, given: &Given) -> Result<Route, FieldFault> {
    let placement = Value::Array(kind.placements.iter().map(describe).collect());
    if !node_type.own_route {
        let base_url = node_type.base_url.clone().unwrap_or_default();
        return Ok(Route { base_url, hosts: node_type.hosts.clone(), placement });
    }
    let text = given.get("base_url").map_or("", Entered::as_str);
    let fault = |message: &str| FieldFault { field: "base_url".to_owned(), message: message.to_owned() };
    let url = Url::parse(text).map_err(|_| fault("Enter an address like https://api.example.com."))?;
    let host = url.host_str().ok_or_else(|| fault("The address names no host."))?;
    if url.scheme() != "https" {
        return Err(fault("Only https addresses are used."));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(fault("Leave user name, password, query and fragment out of the address."));
    }
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok(Route { base_url: url.to_string(), hosts: vec![host], placement })
}

fn describe(placement: &Placement) -> Value {
    match placement {
        Placement::Header { name, template } => json!({ "in": "header", "name": name, "template": template }),
        Placement::Query { name } => json!({ "in": "query", "name": name }),
        Placement::Basic { user, password } => json!({ "in": "basic", "user": user, "password": password }),
        Placement::Body { field } => json!({ "in": "body", "field": field }),
    }
}
