//! From `securitySchemes` and what requests ask for to ways of authenticating.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::catalog::further::MOST_FURTHER;
use crate::catalog::spec::{FieldSpec, KindSpec, Placement};
use crate::domain::Kind;

use super::document::{Document, MOST, requirements};
use super::flows::{self, Flows};
use super::{Credential, Unused, Way, line, parameters};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scheme {
    r#type: String,
    description: String,
    name: String,
    r#in: String,
    scheme: String,
    flows: Flows,
}

impl Scheme {
    /// As it would be described, were it a way to sign in.
    pub fn of_key(place: &str, name: &str, description: &str) -> Self {
        let (name, place, description) = (name.to_owned(), place.to_owned(), description.to_owned());
        Self { r#type: "apiKey".to_owned(), r#in: place, name, description, ..Self::default() }
    }
}

/// What one scheme is, before it is known whether it is asked for alone.
struct Understood {
    label: String,
    credentials: Vec<Credential>,
    note: Option<&'static str>,
}

pub(super) fn read(document: &Document, base: Option<&str>, unused: &mut Vec<Unused>) -> Vec<Way> {
    let schemes = &document.components.schemes;
    if schemes.count > MOST {
        let why = format!("It names {} ways to authenticate; the first {MOST} were read.", schemes.count);
        unused.push(Unused::new("components.securitySchemes", why));
    }
    let all = &schemes.first;
    let mut known: BTreeMap<&str, Understood> = BTreeMap::new();
    for (name, described) in all {
        let place = format!("components.securitySchemes.{}", line(name, 80));
        match resolve(described, all).and_then(|found| scheme(found, base, &place, unused)) {
            Ok(understood) => drop(known.insert(name, understood)),
            Err(why) => unused.push(Unused::new(place, why)),
        }
    }
    let asked = asked(document);
    let mut ways = Vec::new();
    for (names, requests) in &asked {
        match names.as_slice() {
            [one] => ways.extend(known.get(one.as_str()).into_iter().flat_map(|found| alone(one, found, *requests))),
            several => match together(several, &known) {
                Ok(way) => ways.push(Way { requests: *requests, ..way }),
                Err(why) => unused.push(Unused::new(format!("security: {}", line(&several.join(" + "), 120)), why)),
            },
        }
    }
    for (name, found) in &known {
        if !asked.iter().any(|(names, _)| names.iter().any(|asked| asked == name)) {
            ways.extend(alone(name, found, 0));
        }
    }
    ways.extend(parameters::read(document));
    if all.is_empty() && ways.is_empty() {
        let why = "It names no way to authenticate, so you choose one yourself.";
        unused.push(Unused::new("components.securitySchemes", why));
    }
    // Of two that are taken as often, a key is set up at once.
    let takes_more = |way: &Way| !matches!(way.credential, Credential::Key(_));
    ways.sort_by_key(|way| (std::cmp::Reverse(way.requests), takes_more(way)));
    ways
}

/// Each set of schemes that is asked for, with the number of requests that take it.
fn asked(document: &Document) -> BTreeMap<Vec<String>, usize> {
    let mut asked = document.paths.asking.clone();
    for names in requirements(&document.security).into_iter().take(MOST) {
        *asked.entry(names).or_default() += document.paths.silent;
    }
    asked
}

/// A scheme may be a reference to another of the same document, once.
fn resolve<'a>(described: &'a Value, all: &'a BTreeMap<String, Value>) -> Result<&'a Value, String> {
    let Some(reference) = described.get("$ref") else { return Ok(described) };
    let name = reference.as_str().and_then(|text| text.strip_prefix("#/components/securitySchemes/"));
    let found = name.and_then(|name| all.get(name)).filter(|found| found.get("$ref").is_none());
    found.ok_or_else(|| "It refers to something outside of this document, and nothing is fetched.".to_owned())
}

fn scheme(described: &Value, base: Option<&str>, place: &str, unused: &mut Vec<Unused>) -> Result<Understood, String> {
    let scheme = Scheme::deserialize(described).map_err(|_| "It is not written as a scheme is.".to_owned())?;
    let understood = |label: &str, kind: KindSpec, note| Understood {
        label: label.to_owned(),
        credentials: vec![Credential::Key(kind)],
        note,
    };
    match (scheme.r#type.as_str(), scheme.scheme.to_ascii_lowercase().as_str()) {
        ("http", "bearer") => Ok(understood("Bearer token", bearer(), None)),
        ("http", "basic") => Ok(understood("User name and password", basic(), None)),
        ("http", other) => Err(format!("HTTP authentication by \"{}\" is not supported.", line(other, 40))),
        ("apiKey", _) => {
            let (label, placement, note) = api_key(&scheme)?;
            Ok(understood(&label, single(Kind::ApiKey, "api_key", "API key", placement), note))
        }
        ("oauth2", _) => {
            let credentials = flows::read(&scheme.flows, base, place, unused);
            if credentials.is_empty() {
                return Err("None of its flows can be used.".to_owned());
            }
            Ok(Understood { label: "OAuth".to_owned(), credentials, note: None })
        }
        ("openIdConnect", _) => {
            Err("Its addresses stand in a document elsewhere, and nothing is fetched. Enter them by hand.".to_owned())
        }
        ("mutualTLS", _) => Err("Certificates of clients are not supported.".to_owned()),
        (other, _) => Err(format!("The type \"{}\" is not known.", line(other, 40))),
    }
}

pub(super) fn api_key(scheme: &Scheme) -> Result<(String, Placement, Option<&'static str>), String> {
    const LOOK: &str =
        "Many APIs want a word such as Bearer before the key in this header. Correct the template if yours does.";
    let name = scheme.name.trim().to_owned();
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~[]".contains(c);
    if name.is_empty() || name.len() > 80 || !name.chars().all(token) {
        return Err("Its name cannot stand in a request.".to_owned());
    }
    match scheme.r#in.as_str() {
        "header" if name.eq_ignore_ascii_case("authorization") => {
            let bearer = scheme.description.to_ascii_lowercase().contains("bearer ");
            let template = if bearer { "Bearer {value}" } else { "{value}" }.to_owned();
            let note = (!bearer).then_some(LOOK);
            Ok((format!("Key in the header {name}"), Placement::Header { name, template }, note))
        }
        "header" => {
            let placement = Placement::Header { name: name.clone(), template: "{value}".to_owned() };
            crate::catalog::check::carrier(&placement)?;
            Ok((format!("Key in the header {name}"), placement, None))
        }
        "query" => {
            let template = "{value}".to_owned();
            Ok((format!("Key in the parameter {name}"), Placement::Query { name, template }, None))
        }
        "cookie" => {
            let template = "{value}".to_owned();
            Ok((format!("Key in the cookie {name}"), Placement::Cookie { name, template }, None))
        }
        other => Err(format!("A key cannot travel in \"{}\".", line(other, 40))),
    }
}

fn bearer() -> KindSpec {
    let template = "Bearer {value}".to_owned();
    let placement = Placement::Header { name: "Authorization".to_owned(), template };
    single(Kind::AccessToken, "access_token", "Token", placement)
}

fn basic() -> KindSpec {
    let placements = vec![Placement::Basic { user: "{username}".to_owned(), password: "{value}".to_owned() }];
    let fields = vec![field("username", "User name", false, false), field("password", "Password", true, true)];
    KindSpec { kind: Kind::Password, label: None, fields, placements, prefixes: Vec::new() }
}

pub(super) fn single(kind: Kind, name: &str, label: &str, placement: Placement) -> KindSpec {
    let fields = vec![field(name, label, true, true)];
    KindSpec { kind, label: None, fields, placements: vec![placement], prefixes: Vec::new() }
}

fn field(name: &str, label: &str, secret: bool, value: bool) -> FieldSpec {
    FieldSpec {
        name: name.to_owned(),
        label: label.to_owned(),
        help: String::new(),
        placeholder: String::new(),
        secret,
        value,
        lines: false,
        required: true,
        format: None,
    }
}

fn alone<'a>(name: &'a str, found: &'a Understood, requests: usize) -> impl Iterator<Item = Way> + 'a {
    found.credentials.iter().map(move |credential| Way {
        schemes: vec![name.to_owned()],
        label: found.label.clone(),
        credential: credential.clone(),
        requests,
        note: found.note,
        as_parameter: false,
    })
}

/// Several keys that a request carries at once: one of them is the key, and the others stand beside it.
fn together(names: &[String], known: &BTreeMap<&str, Understood>) -> Result<Way, String> {
    if names.len() > MOST_FURTHER + 1 {
        return Err(format!("It asks for {} at once, and {} can be described.", names.len(), MOST_FURTHER + 1));
    }
    let (mut all, mut labels) = (Vec::new(), Vec::new());
    for name in names {
        let found = known.get(name.as_str()).ok_or_else(|| format!("{} cannot be used.", line(name, 60)))?;
        let [Credential::Key(spec @ KindSpec { kind: Kind::ApiKey | Kind::AccessToken, .. })] =
            found.credentials.as_slice()
        else {
            return Err("Only keys and tokens can be sent together.".to_owned());
        };
        all.push((name, spec));
        labels.push(found.label.as_str());
    }
    let worded = |spec: &KindSpec| spec.placements.iter().any(|placement| raw(placement).is_none());
    if all.iter().filter(|(_, spec)| worded(spec)).count() > 1 {
        return Err("Only one of the keys sent together can stand behind a word such as Bearer.".to_owned());
    }
    // An id beside a key is not the key, and what stands behind a word can be nothing else.
    let is_id = |name: &str| name.to_lowercase().ends_with("id") || name.to_lowercase().contains("user");
    let main = all.iter().position(|(_, spec)| worded(spec));
    let main = main.or_else(|| all.iter().position(|(name, _)| !is_id(name))).unwrap_or_default();
    let mut kind = all.get(main).map(|(_, spec)| (*spec).clone()).ok_or("It names nothing.")?;
    for (at, (name, spec)) in all.iter().enumerate().filter(|(at, _)| *at != main) {
        let (carrier, placement) = spec.placements.first().and_then(raw).ok_or("It travels in no place of its own.")?;
        let plain = field_name(name, at);
        kind.placements.push(naming(placement, &plain));
        kind.fields.push(field(&plain, &line(carrier, 60), true, false));
    }
    let label = labels.join(" + ");
    let credential = Credential::Key(kind);
    Ok(Way { schemes: names.to_vec(), label, credential, requests: 0, note: None, as_parameter: false })
}

/// The name of what carries the value and nothing else.
fn raw(placement: &Placement) -> Option<(&str, &Placement)> {
    match placement {
        Placement::Header { name, template }
        | Placement::Query { name, template }
        | Placement::Cookie { name, template } => (template == "{value}").then_some((name, placement)),
        _ => None,
    }
}

/// As the catalogue writes names; numbered, so that no two are alike.
fn field_name(name: &str, at: usize) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let text: String = name.chars().take(40).map(plain).collect();
    format!("key{}_{text}", at + 1)
}

/// The placement with a field of its own in place of the value.
fn naming(placement: &Placement, field: &str) -> Placement {
    let (template, mut placement) = (format!("{{{field}}}"), placement.clone());
    if let Placement::Header { template: text, .. }
    | Placement::Query { template: text, .. }
    | Placement::Cookie { template: text, .. } = &mut placement
    {
        *text = template;
    }
    placement
}
