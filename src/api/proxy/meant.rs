//! Which secret a call is made with, as its headers say.

use http::HeaderMap;

use crate::api::error::Error;
use crate::api::pipes;
use crate::domain::{Called, Handle, PersonId, SecretId, Slug};
use crate::store::access::Wanted;

const SECRET: &str = "keyrack-secret";
const NODE: &str = "keyrack-node";
const USER: &str = "keyrack-user";
const ORGANIZATION: &str = "keyrack-organization";
const HOST: &str = "keyrack-host";
const LONGEST_HOST: usize = 260;

/// One header's text; two of a name could mean either.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Error> {
    let mut all = headers.get_all(name).into_iter();
    let (first, second) = (all.next(), all.next());
    if second.is_some() {
        return Err(Error::Invalid(format!("Send the header {name} once.")));
    }
    let wrong = || Error::Invalid(format!("The header {name} holds what no header may."));
    first.map(|value| std::str::from_utf8(value.as_bytes()).map(str::trim).map_err(|_| wrong())).transpose()
}

pub fn wanted(slug: &str, headers: &HeaderMap) -> Result<Wanted, Error> {
    let node_type: Slug = slug.parse().map_err(|_| Error::NotFound)?;
    let (secret, node) = (one(headers, SECRET)?, one(headers, NODE)?);
    let (user, organization) = (one(headers, USER)?, one(headers, ORGANIZATION)?);
    if let Some(node) = node {
        if secret.is_some() || user.is_some() || organization.is_some() {
            return Err(Error::invalid(
                "Keyrack-Node says it all: send no Keyrack-Secret, -User or -Organization with it.",
            ));
        }
        let (workflow, key) = called(node)?;
        return Ok(Wanted::Node { workflow, key, node_type: Some(node_type) });
    }
    let chosen: Option<SecretId> = secret.map(|id| id.parse().map_err(|_| Error::NotFound)).transpose()?;
    let is_member = user.is_some_and(|user| user.starts_with(PersonId::PREFIX));
    if is_member && organization.is_some() {
        return Err(Error::invalid("A member has no organization: send Keyrack-User alone."));
    }
    let whose = pipes::whose_of(user, organization)?;
    // Whatever is named may be meant, and without a name whatever there is.
    Ok(Wanted::Secret { node_type, whose, chosen, several: true, only_tokens: false })
}

/// `workflow/node`, the workflow by its id or its external id.
fn called(text: &str) -> Result<(Called, Handle), Error> {
    const FORM: &str = "Keyrack-Node is a workflow and the key of one of its nodes, as in billing/charge.";
    let (workflow, key) = text.split_once('/').ok_or_else(|| Error::invalid(FORM))?;
    let understood = workflow.parse().ok().zip(key.parse().ok());
    understood.ok_or_else(|| Error::invalid(FORM))
}

/// Another host of the secret's than the usual one.
pub fn host(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(host) = one(headers, HOST)? else { return Ok(None) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    if host.is_empty() || host.len() > LONGEST_HOST || !host.bytes().all(plain) {
        return Err(Error::invalid("Keyrack-Host is a host, as in uploads.example.com or example.com:8443."));
    }
    Ok(Some(host.to_owned()))
}
