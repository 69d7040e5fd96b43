//! A provider's addresses as one connection has them.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use crate::catalog::{BodyFormat, ClientAuth, NodeType, put_in};
use crate::domain::Method;

/// With all parts in their places, and how the provider wants to be asked.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Empty where nobody is asked for consent.
    pub authorize_url: String,
    pub token_url: String,
    pub refresh_url: String,
    pub revoke_url: Option<String>,
    pub client_auth: ClientAuth,
    pub body: BodyFormat,
    pub scope_separator: String,
    pub parameters: BTreeMap<String, String>,
}

impl Endpoints {
    /// To whom a client's secret and its tokens are sent. None where an address is none.
    pub fn origins(&self) -> Option<BTreeSet<String>> {
        let asked = [Some(&self.token_url), Some(&self.refresh_url), self.revoke_url.as_ref()];
        let origin = |text: &String| Some(Url::parse(text).ok()?.origin().ascii_serialization());
        asked.into_iter().flatten().map(origin).collect()
    }

    /// The same, to be sealed with what is sent there.
    pub fn providers(&self) -> Vec<String> {
        self.origins().unwrap_or_default().into_iter().collect()
    }

    /// None where the node type does not authenticate in this way, or a part is not as it should be.
    pub fn of(node: &NodeType, method: Method, parts: &BTreeMap<String, String>) -> Option<Self> {
        // Every part is looked at: the addresses below are put together from the same ones.
        node.address(|name| parts.get(name).map(String::as_str)).ok()?;
        Self::put_together(node, method, parts)
    }

    /// As a client has them, whose parts have been looked at: what differs besides stands in none of these addresses.
    pub fn of_client(node: &NodeType, parts: &BTreeMap<String, String>) -> Option<Self> {
        Self::put_together(node, Method::OAuth, parts)
    }

    fn put_together(node: &NodeType, method: Method, parts: &BTreeMap<String, String>) -> Option<Self> {
        let put = |template: &str| put_in(template, |name| parts.get(name).map(|text| text.trim_end_matches('/')));
        match method {
            Method::Key => None,
            Method::OAuth => node.oauth.as_ref().map(|spec| Self {
                authorize_url: put(&spec.authorize_url),
                token_url: put(&spec.token_url),
                refresh_url: put(spec.refresh_url.as_ref().unwrap_or(&spec.token_url)),
                revoke_url: spec.revoke_url.as_deref().map(put),
                client_auth: spec.client_auth,
                body: spec.body,
                scope_separator: spec.scope_separator.clone(),
                parameters: spec.parameters.clone(),
            }),
            Method::ClientCredentials => node.client_credentials.as_ref().map(|spec| Self {
                authorize_url: String::new(),
                token_url: put(&spec.token_url),
                refresh_url: put(&spec.token_url),
                revoke_url: None,
                client_auth: spec.client_auth,
                body: spec.body,
                scope_separator: spec.scope_separator.clone(),
                parameters: spec.parameters.clone(),
            }),
        }
    }
}
