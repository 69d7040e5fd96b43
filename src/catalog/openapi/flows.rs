//! From the flows of an `oauth2` scheme to what the catalogue says of OAuth.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::catalog::custom::{account_steps, client_steps};
use crate::catalog::spec::{BodyFormat, ClientAuth, ClientCredentials, OAuth, Scope};

use super::{Credential, Unused, is_https, line};

/// Scopes of one flow that are kept; GitHub has about fifty, Google's largest API about a hundred.
const MOST_SCOPES: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Flows {
    authorization_code: Option<Flow>,
    client_credentials: Option<Flow>,
    implicit: Option<Flow>,
    password: Option<Flow>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Flow {
    authorization_url: String,
    token_url: String,
    refresh_url: Option<String>,
    scopes: BTreeMap<String, Value>,
}

pub(super) fn read(flows: &Flows, base: Option<&str>, place: &str, unused: &mut Vec<Unused>) -> Vec<Credential> {
    let mut found = Vec::new();
    let mut say = |flow: &str, why: &str| unused.push(Unused::new(format!("{place}.flows.{flow}"), why));
    let whole = |text: &str| address(text, base);
    if let Some(flow) = &flows.authorization_code {
        match (whole(&flow.authorization_url), whole(&flow.token_url)) {
            (Some(authorize_url), Some(token_url)) => {
                let refresh_url = flow.refresh_url.as_deref().and_then(whole).filter(|url| *url != token_url);
                found.push(Credential::OAuth(oauth(flow, authorize_url, token_url, refresh_url)));
            }
            _ => say("authorizationCode", "Its addresses are not whole https addresses."),
        }
    }
    if let Some(flow) = &flows.client_credentials {
        match whole(&flow.token_url) {
            Some(token_url) => found.push(Credential::ClientCredentials(client(flow, token_url))),
            None => say("clientCredentials", "Its token address is not a whole https address."),
        }
    }
    if flows.implicit.is_some() {
        say("implicit", "Tokens in addresses are not safe; the provider may offer the authorization code instead.");
    }
    if flows.password.is_some() {
        say("password", "People's passwords are not handed on.");
    }
    found
}

/// A relative address stands below the first server.
fn address(text: &str, base: Option<&str>) -> Option<String> {
    let joined = match Url::parse(text) {
        Ok(url) => Some(url),
        Err(_) => base.filter(|base| !base.contains('{')).and_then(|base| Url::parse(base).ok()?.join(text).ok()),
    };
    let whole = joined.filter(|url| !text.is_empty() && is_https(url.as_str()));
    // What is one's own stays in braces, and the form asks for it.
    whole.map(|url| url.as_str().replace("%7B", "{").replace("%7D", "}"))
}

fn scopes(flow: &Flow) -> Vec<Scope> {
    let fits = |name: &&String| !name.is_empty() && name.len() <= 200 && name.bytes().all(|b| b.is_ascii_graphic());
    let named = flow.scopes.iter().filter(|(name, _)| fits(name)).take(MOST_SCOPES);
    let scope = |(name, means): (&String, &Value)| {
        let means = Some(line(means.as_str().unwrap_or_default(), 200)).filter(|words| !words.is_empty());
        Scope { name: name.clone(), means: means.unwrap_or_else(|| name.clone()), usual: false }
    };
    named.map(scope).collect()
}

fn oauth(flow: &Flow, authorize_url: String, token_url: String, refresh_url: Option<String>) -> OAuth {
    OAuth {
        authorize_url,
        token_url,
        refresh_url,
        revoke_url: None,
        pkce: false,
        scope_separator: " ".to_owned(),
        scopes: scopes(flow),
        parameters: BTreeMap::new(),
        client_auth: ClientAuth::Basic,
        body: BodyFormat::Form,
        steps: account_steps(),
        url: None,
    }
}

fn client(flow: &Flow, token_url: String) -> ClientCredentials {
    ClientCredentials {
        token_url,
        scope_separator: " ".to_owned(),
        scopes: scopes(flow),
        parameters: BTreeMap::new(),
        client_auth: ClientAuth::Basic,
        body: BodyFormat::Form,
        steps: client_steps(),
        url: None,
    }
}
