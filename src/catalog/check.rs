//! What a file must say beyond its form.
//!
//! Invariant: whoever passes can be drawn as a form, vended, and placed in a request to a known host.

use std::collections::BTreeSet;

use url::Url;

use crate::domain::{Method, Slug};

use super::spec::{FieldSpec, KindSpec, NodeType, Placement, Probe};

/// Why the file cannot be used.
pub(super) type Fault = String;

pub(super) fn node_type(node: &NodeType) -> Result<(), Fault> {
    node.slug.parse::<Slug>().map_err(|cause| cause.to_string())?;
    filled("name", &node.name)?;
    filled("category", &node.category)?;
    filled("benefit", &node.benefit)?;
    ensure(!node.methods.is_empty(), || "no method".to_owned())?;
    ensure(!node.guide.steps.is_empty(), || "the guide has no steps".to_owned())?;
    let links = [&node.homepage, &node.api_docs, &node.guide.revoke.url];
    for link in links.into_iter().flatten() {
        https(link)?;
    }
    route(node)?;
    let offers_key = node.methods.contains(&Method::Key);
    ensure(offers_key == node.all_kinds().next().is_some(), || "kinds and the method key go together".to_owned())?;
    distinct("kind", node.kinds.iter().map(|spec| spec.kind.as_str()))?;
    distinct("choice", node.placement_choices.iter().map(|choice| choice.name.as_str()))?;
    for spec in node.all_kinds() {
        kind(spec, &node.route_fields)?;
    }
    node.probe.as_ref().map_or(Ok(()), probe)
}

/// Either the file says where requests go, or the person does.
fn route(node: &NodeType) -> Result<(), Fault> {
    if node.own_route {
        ensure(node.base_url.is_none() && node.hosts.is_empty(), || "own_route with a base_url or hosts".to_owned())?;
        ensure(node.kinds.is_empty() && !node.placement_choices.is_empty(), || {
            "own_route takes placement_choices in place of kinds".to_owned()
        })?;
        ensure(node.probe.is_none(), || "own_route with a probe".to_owned())?;
        ensure(node.route_fields.iter().any(|field| field.name == "base_url" && field.required), || {
            "own_route without a required field base_url".to_owned()
        })?;
        ensure(node.route_fields.iter().all(|field| !field.value && !field.secret), || {
            "a route field is neither value nor secret".to_owned()
        })?;
        return node.route_fields.iter().try_for_each(field);
    }
    ensure(node.placement_choices.is_empty() && node.route_fields.is_empty(), || {
        "placement_choices and route_fields need own_route".to_owned()
    })?;
    let base = node.base_url.as_deref().ok_or("no base_url")?;
    let url = https(base)?;
    for name in &node.hosts {
        host(name)?;
    }
    let own = url.host_str().unwrap_or_default();
    ensure(node.hosts.iter().any(|name| name == own), || format!("{own} is not among the hosts"))
}

fn kind(spec: &KindSpec, route_fields: &[FieldSpec]) -> Result<(), Fault> {
    let word = spec.kind.as_str();
    let names = spec.fields.iter().chain(route_fields).map(|field| field.name.as_str());
    distinct("field", names)?;
    spec.fields.iter().try_for_each(field)?;
    let values: Vec<_> = spec.fields.iter().filter(|field| field.value).collect();
    ensure(matches!(values.as_slice(), [one] if one.secret && one.required), || {
        format!("{word} needs exactly one value field, secret and required")
    })?;
    ensure(!spec.placements.is_empty(), || format!("{word} has no placement"))?;
    for place in &spec.placements {
        placement(spec, place)?;
    }
    for known in &spec.prefixes {
        filled("prefix", &known.prefix)?;
        filled("meaning of a prefix", &known.meaning)?;
    }
    distinct("prefix", spec.prefixes.iter().map(|known| known.prefix.as_str()))
}

fn field(spec: &FieldSpec) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    ensure(!spec.name.is_empty() && spec.name.chars().all(plain), || format!("the field name \"{}\"", spec.name))?;
    // `{value}` always means the value field, whatever its name.
    ensure(spec.name != "value" || spec.value, || "a field named value that is not the value".to_owned())?;
    filled("label of a field", &spec.label)?;
    spec.format.as_ref().map_or(Ok(()), |format| filled("message of a format", &format.message))
}

fn placement(spec: &KindSpec, place: &Placement) -> Result<(), Fault> {
    match place {
        Placement::Header { name, template } => {
            filled("header name", name)?;
            names_in(spec, name)?;
            carries(spec, &[template])
        }
        Placement::Basic { user, password } => carries(spec, &[user, password]),
        // These carry the value as it is.
        Placement::Query { name } | Placement::Body { field: name } => {
            filled("placement name", name)?;
            names_in(spec, name).map(|_| ())
        }
    }
}

/// Together the templates must put something of the credential into the request.
fn carries(spec: &KindSpec, templates: &[&String]) -> Result<(), Fault> {
    let mut count = 0;
    for template in templates {
        count += names_in(spec, template)?;
    }
    ensure(count > 0, || "a template mentions neither {value} nor a field".to_owned())
}

/// How many `{…}` the template has; each must be known.
fn names_in(spec: &KindSpec, template: &str) -> Result<usize, Fault> {
    let mut count = 0;
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, later) = after.split_once('}').ok_or_else(|| format!("\"{template}\" is not closed"))?;
        ensure(!before.contains('}'), || format!("\"{template}\" is not opened"))?;
        ensure(name == "value" || spec.field(name).is_some(), || format!("{{{name}}} is no field"))?;
        count += 1;
        rest = later;
    }
    ensure(!rest.contains('}'), || format!("\"{template}\" is not opened"))?;
    Ok(count)
}

fn probe(probe: &Probe) -> Result<(), Fault> {
    ensure(matches!(probe.method.as_str(), "GET" | "HEAD" | "POST"), || "the probe's method".to_owned())?;
    ensure(probe.path.starts_with('/'), || "the probe's path does not begin with a slash".to_owned())?;
    ensure(!probe.verified.is_empty() && !probe.rejected.is_empty(), || "the probe's answers".to_owned())?;
    let status = |code: &u16| (100..600).contains(code);
    let apart = probe.verified.iter().all(|code| !probe.rejected.contains(code));
    ensure(apart && probe.verified.iter().chain(&probe.rejected).all(status), || "the probe's answers".to_owned())
}

fn https(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|cause| format!("{text}: {cause}"))?;
    let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    if plain && url.has_host() { Ok(url) } else { Err(format!("{text} is no https address")) }
}

fn host(text: &str) -> Result<(), Fault> {
    let label = |part: &str| {
        let plain = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        plain && !part.is_empty() && part.len() <= 63 && !part.starts_with('-') && !part.ends_with('-')
    };
    ensure(text.contains('.') && text.split('.').all(label), || format!("\"{text}\" is no host name"))
}

fn filled(what: &str, text: &str) -> Result<(), Fault> {
    ensure(!text.trim().is_empty(), || format!("the {what} is empty"))
}

fn distinct<'a>(what: &str, mut words: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    words.find(|word| !seen.insert(*word)).map_or(Ok(()), |word| Err(format!("the {what} {word} stands there twice")))
}

fn ensure(holds: bool, fault: impl FnOnce() -> Fault) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(fault()) }
}
