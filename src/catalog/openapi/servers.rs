//! From `servers` to base URLs, their hosts, and what differs in them from account to account.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::catalog::address::names_in;
use crate::catalog::spec::{Format, Part, PartOption};

use super::document::{Document, MOST};
use super::{Server, Unused, line};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Described {
    url: String,
    description: String,
    variables: std::collections::BTreeMap<String, Variable>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Variable {
    default: Value,
    r#enum: Vec<Value>,
    description: String,
}

/// What may stand in a label of a host's name.
const LABEL: &str = "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";

pub(super) fn read(document: &Document, unused: &mut Vec<Unused>) -> Vec<Server> {
    let all = &document.servers;
    if all.count == 0 {
        unused.push(Unused::new("servers", "It names no server, so you enter the base URL yourself."));
    }
    if all.count > MOST {
        unused.push(Unused::new("servers", format!("It names {} servers; the first {MOST} were read.", all.count)));
    }
    let mut servers = Vec::new();
    for (at, described) in all.first.iter().enumerate() {
        match server(described) {
            Ok(server) => servers.push(server),
            Err(why) => unused.push(Unused::new(format!("servers[{at}]"), why)),
        }
    }
    for path in &document.paths.own_servers {
        let why =
            "It has a server of its own. Requests go to the base URL alone, so this path does not work from there.";
        unused.push(Unused::new(format!("paths.{path}"), why));
    }
    servers
}

fn server(described: &Value) -> Result<Server, String> {
    let described = Described::deserialize(described).map_err(|_| "It is not written as a server is.".to_owned())?;
    let template = described.url.trim().trim_end_matches('/');
    let names = names_in(template)?;
    let Some((scheme, rest)) = template.split_once("://") else {
        return Err(format!("{} is not a whole address; enter the base URL yourself.", line(template, 80)));
    };
    let authority = rest.split('/').next().unwrap_or_default();
    let label = Some(line(&described.description, 80)).filter(|words| !words.is_empty());
    // A variable in place of the scheme or of the whole host stands for one's own server.
    if scheme.contains('{') || (authority.starts_with('{') && authority.ends_with('}') && !authority.contains('.')) {
        return Ok(own_server(label, rest.split_once('/').map_or("", |(_, path)| path)));
    }
    if scheme != "https" {
        return Err(format!("{} is no https address, and a credential is sent over https alone.", line(template, 80)));
    }
    let mut parts = Vec::new();
    for name in names {
        let variable = described.variables.get(name).ok_or_else(|| format!("{{{name}}} is not described."))?;
        if !parts.iter().any(|part: &Part| part.name == part_name(name)) {
            parts.push(part(name, variable, authority)?);
        }
    }
    let base_url = with_part_names(template);
    let hosts = vec![with_part_names(authority).to_ascii_lowercase()];
    Ok(Server { label: label.unwrap_or_else(|| line(template, 80)), base_url, hosts, parts })
}

/// An installation of the person's own, of which the description knows only the path.
fn own_server(label: Option<String>, path: &str) -> Server {
    let path = if path.contains('{') || path.is_empty() { String::new() } else { format!("/{path}") };
    let part = Part {
        name: "address".to_owned(),
        label: "Address of the server".to_owned(),
        help: "The address of your own installation.".to_owned(),
        placeholder: "https://api.example.com".to_owned(),
        address: true,
        options: Vec::new(),
        format: None,
    };
    let label = label.unwrap_or_else(|| "A server of your own".to_owned());
    Server { label, base_url: format!("{{address}}{path}"), hosts: Vec::new(), parts: vec![part] }
}

fn part(name: &str, variable: &Variable, authority: &str) -> Result<Part, String> {
    let options: Vec<PartOption> = variable.r#enum.iter().take(MOST).map(|word| option(&text(word))).collect();
    let in_host = authority.contains(&format!("{{{name}}}"));
    if let Some(bad) = options.iter().find(|option| !fits(&option.value, in_host)) {
        return Err(format!("{{{name}}} offers \"{}\", which is no part of an address.", line(&bad.value, 40)));
    }
    // A single choice is none; it is offered beside the default, which may be the same.
    let only_one = options.len() == 1;
    let default = text(&variable.default);
    let format = Format {
        pattern: Regex::new(LABEL).map_err(|_| "It cannot be checked.".to_owned())?,
        except: Vec::new(),
        message: "Use letters, digits and hyphens.".to_owned(),
    };
    Ok(Part {
        name: part_name(name),
        label: sentence(name),
        help: line(&variable.description, 160),
        placeholder: if fits(&default, true) { default } else { String::new() },
        address: false,
        options: if only_one { Vec::new() } else { options.clone() },
        format: (options.is_empty() || only_one).then_some(format),
    })
}

fn option(value: &str) -> PartOption {
    let label = if value.is_empty() { "nothing".to_owned() } else { line(value, 60) };
    PartOption { value: value.to_owned(), label }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whether a fixed choice may stand in an address: labels of a host, or segments of a path.
fn fits(value: &str, in_host: bool) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_') || (!in_host && c == '/');
    !value.is_empty() && value.len() <= 120 && !value.contains("..") && value.chars().all(plain)
}

/// As the catalogue writes names.
fn part_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    name.chars().map(plain).collect()
}

fn with_part_names(template: &str) -> String {
    crate::catalog::address::map_names(template, |name| format!("{{{}}}", part_name(name)))
}

/// `region_code` as `Region code`.
fn sentence(name: &str) -> String {
    let spaced = name.replace(['_', '-'], " ");
    let mut letters = line(&spaced, 40).chars().collect::<Vec<_>>();
    if let Some(first) = letters.first_mut() {
        *first = first.to_ascii_uppercase();
    }
    letters.into_iter().collect()
}
