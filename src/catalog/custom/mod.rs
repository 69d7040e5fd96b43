//! A custom API: what a person says of an API of their own, as it stands on a form, and the description made of it.
//!
//! Invariant: whatever comes out of [`Catalog::custom`] has passed the same check as a file of the catalogue.

mod alike;
mod key;
mod parameters;
mod provider;
mod scopes;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use crate::domain::{Carried, Kind, Method, Name, Slug};

use super::address::names_in;
use super::further::Further;
use super::spec::{ClientCredentials, Guide, KindSpec, NodeType, OAuth, Revoke};
use super::{Catalog, probe_draft};

pub(super) use key::{carried_by, format_in};
pub use parameters::written as parameters_written;
pub use provider::{ACCOUNT, AUTHORIZE_URL, AUTHS, BODIES, CLIENT, PARAMETERS, REFRESH_URL, REVOKE_URL, SEPARATORS};
pub use provider::{Asking, AskingNames, Provider};
pub(super) use provider::{account_steps, client_steps};
pub use scopes::fitting;

/// Every custom API's slug begins with it, so that a later file of the catalogue never collides.
pub const CUSTOM: &str = "custom-";
/// The category that they stand in.
const CATEGORY: &str = "Your own";
/// The one that says how base URLs, headers and parameters look.
const GENERIC: &str = "http-request";
const LONGEST: usize = 500;

/// A custom API on a form: texts as they are typed, also where they cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Draft {
    pub name: String,
    pub base_url: String,
    /// How it authenticates. What is typed for the other ways is kept on the form, and counts for nothing.
    pub method: String,
    /// Under the method `key`, as all that follows until what travels beside it.
    pub kind: String,
    pub placement: String,
    /// Under `header`: its name, and what stands in it.
    #[serde(rename = "header-name")]
    pub header: String,
    #[serde(rename = "header-template")]
    pub template: String,
    /// Under `query`.
    #[serde(rename = "query-name")]
    pub parameter: String,
    /// Under `cookie`.
    #[serde(rename = "cookie-name")]
    pub cookie: String,
    /// What travels beside the key.
    #[serde(flatten)]
    pub further: Further,
    /// Under the other methods.
    #[serde(flatten)]
    pub provider: Provider,
    pub probe_path: String,
    pub verified: String,
    pub rejected: String,
    /// What end users read about it. It is kept beside the description, not in it.
    pub description: String,
}

/// What is to be put right, at the field where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftFault {
    pub field: &'static str,
    pub message: String,
}

impl Default for Draft {
    fn default() -> Self {
        let nothing = String::new;
        Self {
            name: nothing(),
            base_url: nothing(),
            method: Method::Key.to_string(),
            kind: Kind::ApiKey.to_string(),
            placement: Carried::Bearer.to_string(),
            header: nothing(),
            template: "{value}".to_owned(),
            parameter: nothing(),
            cookie: nothing(),
            further: Further::default(),
            provider: Provider::default(),
            probe_path: nothing(),
            verified: "200".to_owned(),
            rejected: "401".to_owned(),
            description: nothing(),
        }
    }
}

impl Draft {
    /// The form that leads to this description.
    pub fn of(node: &NodeType) -> Self {
        let described = match (&node.oauth, &node.client_credentials) {
            (Some(spec), _) => Some(Self::of_oauth(spec)),
            (None, Some(spec)) => Some(Self::of_client(spec)),
            (None, None) => node.kinds.first().and_then(Self::of_kind),
        };
        let mut draft =
            Self { name: node.name.clone(), base_url: node.base_url.clone(), ..described.unwrap_or_default() };
        if let Some(probe) = &node.probe {
            draft.probe_path.clone_from(&probe.path);
            draft.verified = probe_draft::listed(&probe.verified);
            draft.rejected = probe_draft::listed(&probe.rejected);
        }
        draft
    }

    /// What it says of how to authenticate, under the names that the form sends.
    pub fn way_pairs(&self) -> Vec<(&'static str, &str)> {
        let method = self.method.parse().unwrap_or(Method::Key);
        if method != Method::Key {
            let mut pairs = vec![("method", self.method.as_str())];
            pairs.extend(self.provider.pairs(method));
            return pairs;
        }
        let mut pairs = vec![
            ("kind", self.kind.as_str()),
            ("placement", &self.placement),
            ("header-name", &self.header),
            ("header-template", &self.template),
            ("query-name", &self.parameter),
            ("cookie-name", &self.cookie),
        ];
        pairs.extend(self.further.pairs());
        pairs
    }
}

/// Gathers what is wrong while the rest is read on.
#[derive(Default)]
pub(super) struct Faults(Vec<DraftFault>);

impl Faults {
    pub(super) fn take<T>(&mut self, field: &'static str, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.0.push(DraftFault { field, message })).ok()
    }
}

impl Catalog {
    /// The description that a draft comes to, under this slug; or what is wrong with it, at each field.
    pub fn custom(&self, draft: &Draft, slug: &Slug) -> Result<NodeType, Vec<DraftFault>> {
        let mut faults = Faults::default();
        let unusable = |message: &str| DraftFault { field: "base_url", message: message.to_owned() };
        let rules = self.get(GENERIC).ok_or_else(|| vec![unusable("The catalogue is incomplete.")])?;
        let name = faults.take("name", Name::parse(&draft.name).map_err(|error| error.to_string()));
        let address = faults.take("base_url", address(rules, draft.base_url.trim()));
        let way = way(rules, draft, &mut faults);
        let probe = probe_draft::read(draft, &mut faults);
        let (Some(name), Some((base_url, host)), Some(way), Some(probe)) = (name, address, way, probe) else {
            return Err(faults.0);
        };
        let node = NodeType {
            slug: slug.to_string(),
            name: name.to_string(),
            category: CATEGORY.to_owned(),
            benefit: format!("Calls to {host}"),
            icon: None,
            color: None,
            methods: vec![way.method()],
            homepage: None,
            api_docs: None,
            base_url,
            guide: guide(&host, way.method()),
            hosts: vec![host],
            parts: Vec::new(),
            placement_choices: Vec::new(),
            kinds: Vec::new(),
            oauth: None,
            client_credentials: None,
            probe,
            rate_limits: None,
        };
        let node = way.into(node);
        node.check().map_err(|fault| vec![unusable(&format!("This cannot be used: {fault}."))])?;
        Ok(node)
    }
}

/// How it authenticates.
enum Way {
    Key(Box<KindSpec>),
    Account(Box<OAuth>),
    Client(Box<ClientCredentials>),
}

impl Way {
    fn method(&self) -> Method {
        match self {
            Self::Key(_) => Method::Key,
            Self::Account(_) => Method::OAuth,
            Self::Client(_) => Method::ClientCredentials,
        }
    }

    fn into(self, node: NodeType) -> NodeType {
        match self {
            Self::Key(kind) => NodeType { kinds: vec![*kind], ..node },
            Self::Account(spec) => NodeType { oauth: Some(*spec), ..node },
            Self::Client(spec) => NodeType { client_credentials: Some(*spec), ..node },
        }
    }
}

fn way(rules: &NodeType, draft: &Draft, faults: &mut Faults) -> Option<Way> {
    let method = faults.take("method", draft.method.parse().map_err(|_| "Choose one of these.".to_owned()))?;
    Some(match method {
        Method::Key => Way::Key(Box::new(key::kind(rules, draft, faults)?)),
        Method::OAuth => Way::Account(Box::new(draft.provider.oauth(faults)?)),
        Method::ClientCredentials => Way::Client(Box::new(draft.provider.client_credentials(faults)?)),
    })
}

/// The base URL as it is stored, and its host.
fn address(rules: &NodeType, text: &str) -> Result<(String, String), String> {
    if text.len() > LONGEST {
        return Err(format!("Use at most {LONGEST} characters."));
    }
    if text.contains(['{', '}']) {
        let name = names_in(text).ok().and_then(|names| names.first().copied()).unwrap_or("…");
        return Err(format!("Put your own in place of {{{name}}}."));
    }
    let found = rules.address(|_| Some(text)).map_err(|faults| {
        faults.into_iter().next().map_or_else(|| "This is no address.".to_owned(), |fault| fault.message)
    })?;
    let host = found.hosts.into_iter().next().unwrap_or_default();
    if !host.split(':').next().is_some_and(|name| name.contains('.')) {
        return Err("Enter the whole name of the host, such as api.example.com.".to_owned());
    }
    Ok((found.base_url, host))
}

fn guide(host: &str, method: Method) -> Guide {
    let revoke = |text: &str| Revoke { text: text.to_owned(), url: None };
    let guide = Guide {
        steps: vec![
            format!("Sign in where the keys for {host} are made, with a test account first where there is one."),
            "Make a key, give it a name that says Keyrack, and copy it once.".to_owned(),
            "Paste it here. Never send it by mail or chat.".to_owned(),
        ],
        url: None,
        least_permissions: "If the API lets you choose, allow only what your workflow does.".to_owned(),
        sandbox: None,
        rejected: "The API did not accept the key. Check that it is copied whole and not expired.".to_owned(),
        rate_limited: "The API asks for fewer requests. Wait as long as its answer says and try again.".to_owned(),
        revoke: revoke("Delete the key where you made it."),
    };
    if method == Method::Key {
        return guide;
    }
    // Its steps, and all that is about connected accounts, are said where they are looked at under their method.
    Guide {
        rejected: "The provider did not accept the client. Check that id and secret are copied whole, and that it was \
                   not deleted there."
            .to_owned(),
        revoke: revoke("Delete the client, or give it another secret, where you registered it."),
        ..guide
    }
}
