//! From the parts that a person fills in to the addresses their credential may travel to.

use std::collections::BTreeMap;

use url::Url;

use super::spec::{NodeType, Part};

/// Where requests begin, and the only hosts they may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub base_url: String,
    /// With its port, where that is not the usual one.
    pub hosts: Vec<String>,
}

/// What is wrong, and at which part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartFault {
    pub part: String,
    pub message: String,
}

impl NodeType {
    /// The addresses of one account. Every part has been looked at where this succeeds.
    pub fn address<'a>(&self, given: impl Fn(&str) -> Option<&'a str>) -> Result<Address, Vec<PartFault>> {
        let mut faults = Vec::new();
        let mut parts: BTreeMap<&str, String> = BTreeMap::new();
        let mut own_host = None;
        for part in &self.parts {
            match fill(part, given(&part.name).unwrap_or_default()) {
                Ok((text, host)) => {
                    own_host = own_host.or(host);
                    parts.insert(&part.name, text);
                }
                Err(message) => faults.push(PartFault { part: part.name.clone(), message }),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let put = |template: &str| put_in(template, |name| parts.get(name).map(String::as_str));
        let hosts = match own_host {
            Some(host) => vec![host],
            None => self.hosts.iter().map(|host| put(host).to_ascii_lowercase()).collect(),
        };
        Ok(Address { base_url: put(&self.base_url), hosts })
    }
}

impl Part {
    /// The text as it stands in addresses, or what is wrong with it.
    pub fn filled(&self, text: &str) -> Result<String, String> {
        fill(self, text).map(|(text, _)| text)
    }
}

/// The text as it stands in the addresses; the host too, where the part is a whole address.
fn fill(part: &Part, text: &str) -> Result<(String, Option<String>), String> {
    if let Some(message) = part.fault(text) {
        return Err(message.to_owned());
    }
    if !part.address {
        return Ok((text.to_owned(), None));
    }
    let url = Url::parse(text).map_err(|_| "Enter an address like https://api.example.com.".to_owned())?;
    let host = url.host_str().ok_or_else(|| "The address names no host.".to_owned())?;
    if url.scheme() != "https" {
        return Err("Only https addresses are used.".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err("Leave user name, password, query and fragment out of the address.".to_owned());
    }
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Ok((url.as_str().trim_end_matches('/').to_owned(), Some(host)))
}

/// The template with every `{name}` that is known in its place.
pub fn put_in<'a>(template: &str, known: impl Fn(&str) -> Option<&'a str>) -> String {
    map_names(template, |name| known(name).unwrap_or_default().to_owned())
}

/// The template with something in place of every `{name}`.
pub(super) fn map_names(template: &str, put: impl Fn(&str) -> String) -> String {
    let mut whole = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        whole.push_str(before);
        let Some((name, later)) = after.split_once('}') else {
            rest = after;
            break;
        };
        whole.push_str(&put(name));
        rest = later;
    }
    whole.push_str(rest);
    whole
}

/// The names in braces; an error where a brace has no other half.
pub(super) fn names_in(template: &str) -> Result<Vec<&str>, String> {
    let mut names = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, later) = after.split_once('}').ok_or_else(|| format!("\"{template}\" is not closed"))?;
        if before.contains('}') {
            return Err(format!("\"{template}\" is not opened"));
        }
        names.push(name);
        rest = later;
    }
    if rest.contains('}') { Err(format!("\"{template}\" is not opened")) } else { Ok(names) }
}
