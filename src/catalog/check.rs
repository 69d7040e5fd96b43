//! What a description must say beyond its form.
//!
//! Invariant: whoever passes can be drawn as a form, vended, and placed in a request to a known host.

use std::collections::BTreeSet;

use url::Url;

use crate::domain::{Method, Slug};

use super::address::{names_in, put_in};
use super::spec::{FieldSpec, KindSpec, NodeType, OAuth, Part, Placement, Probe, RateLimits, Scope};

/// Why the description cannot be used.
pub(super) type Fault = String;

pub(super) fn node_type(node: &NodeType) -> Result<(), Fault> {
    node.slug.parse::<Slug>().map_err(|cause| cause.to_string())?;
    filled("name", &node.name)?;
    filled("category", &node.category)?;
    filled("benefit", &node.benefit)?;
    node.color.as_deref().map_or(Ok(()), color)?;
    methods(node)?;
    guide(node)?;
    address(node)?;
    distinct("kind", node.kinds.iter().map(|spec| spec.kind.as_str()))?;
    distinct("choice", node.placement_choices.iter().map(|choice| choice.name.as_str()))?;
    for spec in node.all_kinds() {
        kind(node, spec)?;
    }
    node.oauth.as_ref().map_or(Ok(()), |spec| oauth(node, spec))?;
    if let Some(spec) = &node.client_credentials {
        template_https(node, &spec.token_url)?;
        scopes(&spec.scopes)?;
        ensure(!spec.steps.is_empty(), || "client_credentials without steps".to_owned())?;
    }
    node.rate_limits.as_ref().map_or(Ok(()), rate_limits)?;
    node.probe.as_ref().map_or(Ok(()), |spec| probe(node, spec))
}

fn methods(node: &NodeType) -> Result<(), Fault> {
    ensure(!node.methods.is_empty(), || "no method".to_owned())?;
    distinct("method", node.methods.iter().map(|method| method.as_str()))?;
    let offers = |method| node.methods.contains(&method);
    ensure(offers(Method::Key) == node.all_kinds().next().is_some(), || "kinds and the method key go together".into())?;
    ensure(offers(Method::OAuth) == node.oauth.is_some(), || "[oauth] and the method oauth go together".into())?;
    ensure(offers(Method::ClientCredentials) == node.client_credentials.is_some(), || {
        "[client_credentials] and its method go together".to_owned()
    })?;
    ensure(node.kinds.is_empty() || node.placement_choices.is_empty(), || {
        "placement_choices stand in place of kinds".to_owned()
    })
}

fn guide(node: &NodeType) -> Result<(), Fault> {
    let guide = &node.guide;
    ensure(!guide.steps.is_empty(), || "the guide has no steps".to_owned())?;
    for step in &guide.steps {
        filled("step of the guide", step)?;
    }
    filled("least_permissions", &guide.least_permissions)?;
    filled("advice for what is rejected", &guide.rejected)?;
    filled("advice for what is rate limited", &guide.rate_limited)?;
    filled("way to revoke", &guide.revoke.text)?;
    let links = [&node.homepage, &node.api_docs, &guide.url, &guide.revoke.url];
    links.into_iter().flatten().try_for_each(|link| https(link).map(drop))
}

/// The base URL leads to one of the hosts, whatever its parts are filled with.
fn address(node: &NodeType) -> Result<(), Fault> {
    distinct("part", node.parts.iter().map(|part| part.name.as_str()))?;
    node.parts.iter().try_for_each(part)?;
    let names = names_in(&node.base_url)?;
    known_parts(node, &names)?;
    let whole = node.parts.iter().find(|part| part.address);
    if let Some(whole) = whole {
        ensure(node.base_url.starts_with(&format!("{{{}}}", whole.name)) && names.len() == 1, || {
            "a base URL with a whole address begins with it and has no other part".to_owned()
        })?;
        return ensure(node.hosts.is_empty(), || "hosts beside a part that is a whole address".to_owned());
    }
    let (scheme, rest) = node.base_url.split_once("://").unwrap_or_default();
    ensure(scheme == "https", || format!("{} is no https address", node.base_url))?;
    let own = rest.split('/').next().unwrap_or_default();
    ensure(!node.base_url.ends_with('/'), || "the base URL ends with a slash".to_owned())?;
    https(&filled_in(node, &node.base_url))?;
    for name in &node.hosts {
        known_parts(node, &names_in(name)?)?;
        host(&filled_in(node, name))?;
    }
    ensure(node.hosts.iter().any(|name| name == own), || format!("{own} is not among the hosts"))
}

fn known_parts(node: &NodeType, names: &[&str]) -> Result<(), Fault> {
    names.iter().try_for_each(|name| ensure(node.part(name).is_some(), || format!("{{{name}}} is no part")))
}

/// With something harmless in place of each part.
fn filled_in(node: &NodeType, template: &str) -> String {
    put_in(template, |name| {
        let part = node.part(name)?;
        Some(part.options.first().map_or("x", |option| option.value.as_str()))
    })
}

/// What would lead a host's name elsewhere, were it let into one.
const HOSTILE: [&str; 12] =
    ["a/b", "a@b", "a:1", "a?b", "a#b", "a\\b", "a.evil.example", "a%2eb", "", "-a", "a b", "ä"];

fn part(part: &Part) -> Result<(), Fault> {
    let name = &part.name;
    plain_name(name)?;
    filled("label of a part", &part.label)?;
    distinct("option", part.options.iter().map(|option| option.value.as_str()))?;
    let format = part.format.as_ref();
    format.map_or(Ok(()), |format| filled("message of a format", &format.message))?;
    if part.address || !part.options.is_empty() {
        return ensure(part.address != (part.options.len() > 1), || format!("the part {name} offers one option"));
    }
    let format = format.ok_or_else(|| format!("the part {name} has no format"))?;
    let let_in = HOSTILE.iter().find(|text| format.fault(text).is_none());
    let_in.map_or(Ok(()), |text| Err(format!("the part {name} lets in \"{text}\"")))
}

fn kind(node: &NodeType, spec: &KindSpec) -> Result<(), Fault> {
    let word = spec.kind.as_str();
    let parts = node.parts.iter().map(|part| part.name.as_str());
    distinct("field", spec.fields.iter().map(|field| field.name.as_str()).chain(parts))?;
    spec.fields.iter().try_for_each(field)?;
    let values: Vec<_> = spec.fields.iter().filter(|field| field.value).collect();
    ensure(matches!(values.as_slice(), [one] if one.secret && one.required), || {
        format!("{word} needs exactly one value field, secret and required")
    })?;
    ensure(!spec.placements.is_empty(), || format!("{word} has no placement"))?;
    for place in &spec.placements {
        placement(node, spec, place)?;
    }
    ensure(spec.placements.iter().flat_map(Placement::templates).any(|text| text.contains('{')), || {
        "a template mentions neither {value} nor a field".to_owned()
    })?;
    for known in &spec.prefixes {
        filled("prefix", &known.prefix)?;
        filled("meaning of a prefix", &known.meaning)?;
    }
    distinct("prefix", spec.prefixes.iter().map(|known| known.prefix.as_str()))
}

fn plain_name(name: &str) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    ensure(!name.is_empty() && name.chars().all(plain), || format!("the field name \"{name}\""))
}

fn field(spec: &FieldSpec) -> Result<(), Fault> {
    plain_name(&spec.name)?;
    // `{value}` always means the value field, whatever its name.
    ensure(spec.name != "value" || spec.value, || "a field named value that is not the value".to_owned())?;
    filled("label of a field", &spec.label)?;
    spec.format.as_ref().map_or(Ok(()), |format| filled("message of a format", &format.message))
}

fn placement(node: &NodeType, spec: &KindSpec, place: &Placement) -> Result<(), Fault> {
    for template in place.templates() {
        for name in names_in(template)? {
            let known = name == "value" || spec.field(name).is_some() || node.part(name).is_some();
            ensure(known, || format!("{{{name}}} is no field"))?;
        }
    }
    carrier(place)
}

/// Headers that say where a request goes, how long it is or who sends it: no key travels in one.
const NOT_FOR_KEYS: [&str; 17] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "date",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Whether the place can carry something at all.
pub(super) fn carrier(place: &Placement) -> Result<(), Fault> {
    match place {
        Placement::Header { name, template } => {
            filled("header name", name)?;
            let taken = NOT_FOR_KEYS.iter().any(|word| word.eq_ignore_ascii_case(name));
            ensure(!taken, || format!("the header {name} is not for keys"))?;
            filled("template", template)
        }
        Placement::Query { name, .. } | Placement::Cookie { name, .. } | Placement::Body { field: name, .. } => {
            filled("placement name", name)
        }
        Placement::Path { template } => {
            ensure(template.starts_with('/'), || "a path does not begin with a slash".to_owned())
        }
        Placement::Basic { user, password } => {
            ensure(!(user.is_empty() && password.is_empty()), || "neither user nor password".to_owned())
        }
    }
}

fn oauth(node: &NodeType, spec: &OAuth) -> Result<(), Fault> {
    let urls = [Some(&spec.authorize_url), Some(&spec.token_url), spec.refresh_url.as_ref(), spec.revoke_url.as_ref()];
    urls.into_iter().flatten().try_for_each(|url| template_https(node, url))?;
    spec.url.as_deref().map_or(Ok(()), |url| https(url).map(drop))?;
    ensure(!spec.steps.is_empty(), || "[oauth] without steps".to_owned())?;
    ensure(matches!(spec.scope_separator.as_str(), " " | ","), || "the scope separator".to_owned())?;
    scopes(&spec.scopes)
}

fn scopes(all: &[Scope]) -> Result<(), Fault> {
    distinct("scope", all.iter().map(|scope| scope.name.as_str()))?;
    all.iter().try_for_each(|scope| filled("meaning of a scope", &scope.means))
}

/// An address that may hold parts: with a whole address at its beginning, or within an https one.
fn template_https(node: &NodeType, template: &str) -> Result<(), Fault> {
    let names = names_in(template)?;
    known_parts(node, &names)?;
    let whole = |name: &str| node.part(name).is_some_and(|part| part.address);
    if names.first().is_some_and(|name| whole(name) && template.starts_with(&format!("{{{name}}}"))) {
        return Ok(());
    }
    https(&filled_in(node, template)).map(drop)
}

fn rate_limits(limits: &RateLimits) -> Result<(), Fault> {
    ensure(limits.statuses.iter().all(status), || "a status of the rate limits".to_owned())?;
    limits.url.as_deref().map_or(Ok(()), |url| https(url).map(drop))
}

fn status(code: &u16) -> bool {
    (100..600).contains(code)
}

fn probe(node: &NodeType, probe: &Probe) -> Result<(), Fault> {
    ensure(matches!(probe.method.as_str(), "GET" | "HEAD" | "POST"), || "the probe's method".to_owned())?;
    ensure(probe.body.is_none() || probe.method == "POST", || "a probe with a body is a POST".to_owned())?;
    ensure(probe.path.starts_with('/'), || "the probe's path does not begin with a slash".to_owned())?;
    let texts = std::iter::once(&probe.path).chain(probe.headers.values());
    for name in texts.map(|text| names_in(text)).collect::<Result<Vec<_>, _>>()?.concat() {
        let plain = |spec: &KindSpec| spec.field(name).is_some_and(|field| !field.secret);
        let known = node.part(name).is_some() || node.all_kinds().any(plain);
        ensure(known, || format!("the probe's {{{name}}} is neither part nor plain field"))?;
    }
    let pointer = |text: &Option<String>| text.as_ref().is_none_or(|text| text.starts_with('/'));
    ensure(pointer(&probe.account), || "the account is no JSON pointer".to_owned())?;
    let confirmed = probe.confirmed.as_ref().map(|confirmed| confirmed.pointer.clone());
    ensure(pointer(&confirmed), || "what confirms is no JSON pointer".to_owned())?;
    let rejects = !probe.rejected.is_empty() || probe.confirmed.is_some();
    ensure(!probe.verified.is_empty() && rejects, || "the probe's answers".to_owned())?;
    let apart = probe.verified.iter().all(|code| !probe.rejected.contains(code));
    ensure(apart && probe.verified.iter().chain(&probe.rejected).all(status), || "the probe's answers".to_owned())
}

fn https(text: &str) -> Result<Url, Fault> {
    let url = Url::parse(text).map_err(|cause| format!("{text}: {cause}"))?;
    let plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    if plain && url.has_host() { Ok(url) } else { Err(format!("{text} is no https address")) }
}

pub(super) fn host(text: &str) -> Result<(), Fault> {
    // An API of one's own may listen on a port of its own.
    let (text, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    ensure(port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0)), || format!("the port of {text}"))?;
    let label = |part: &str| {
        let plain = part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        plain && !part.is_empty() && part.len() <= 63 && !part.starts_with('-') && !part.ends_with('-')
    };
    ensure(text.contains('.') && text.split('.').all(label), || format!("\"{text}\" is no host name"))
}

fn color(text: &str) -> Result<(), Fault> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    ensure(digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()), || format!("the colour {text}"))
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
