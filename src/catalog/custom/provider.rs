//! Under the other methods: where a provider is asked for tokens, how, and for what.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use crate::catalog::address::names_in;
use crate::catalog::check;
use crate::catalog::spec::{BodyFormat, ClientAuth, ClientCredentials, OAuth, Scope};
use crate::domain::Method;
use crate::domain::name::is_hidden;

use super::{Draft, Faults, LONGEST, parameters, scopes};

/// What is typed of a provider. What an account and a client have in common stands in fields of their own, so that
/// nothing is lost where somebody tries both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct Provider {
    pub authorize_url: String,
    pub refresh_url: String,
    pub revoke_url: String,
    /// Added to the address at which people agree.
    pub parameters: String,
    pub account: Asking,
    pub client: Asking,
}

/// How tokens are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    pub token_url: String,
    pub client_auth: String,
    pub body: String,
    pub separator: String,
    pub scopes: String,
}

impl Default for Asking {
    fn default() -> Self {
        let word = ToOwned::to_owned;
        let [(client_auth, _), _] = AUTHS;
        let ([(body, _), _], [(separator, _), _]) = (BODIES, SEPARATORS);
        Self {
            token_url: String::new(),
            client_auth: word(client_auth),
            body: word(body),
            separator: word(separator),
            scopes: String::new(),
        }
    }
}

/// Under which names the form sends how tokens are asked for.
#[derive(Clone, Copy, Debug)]
pub struct AskingNames {
    pub token_url: &'static str,
    pub client_auth: &'static str,
    pub body: &'static str,
    pub separator: &'static str,
    pub scopes: &'static str,
}

pub const AUTHORIZE_URL: &str = "oauth-authorize_url";
pub const REFRESH_URL: &str = "oauth-refresh_url";
pub const REVOKE_URL: &str = "oauth-revoke_url";
pub const PARAMETERS: &str = "oauth-parameters";
pub const ACCOUNT: AskingNames = AskingNames {
    token_url: "oauth-token_url",
    client_auth: "oauth-client_auth",
    body: "oauth-body",
    separator: "oauth-separator",
    scopes: "oauth-scopes",
};
pub const CLIENT: AskingNames = AskingNames {
    token_url: "client_credentials-token_url",
    client_auth: "client_credentials-client_auth",
    body: "client_credentials-body",
    separator: "client_credentials-separator",
    scopes: "client_credentials-scopes",
};

/// The choices by the words that the form sends, the usual one first.
pub const AUTHS: [(&str, ClientAuth); 2] = [("basic", ClientAuth::Basic), ("body", ClientAuth::Body)];
pub const BODIES: [(&str, BodyFormat); 2] = [("form", BodyFormat::Form), ("json", BodyFormat::Json)];
pub const SEPARATORS: [(&str, &str); 2] = [("space", " "), ("comma", ",")];

fn chosen<T: Copy>(all: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = all.iter().find(|(own, _)| *own == word);
    found.map(|(_, meant)| *meant).ok_or_else(|| "Choose one of these.".to_owned())
}

fn word_of<T: PartialEq>(all: &[(&'static str, T)], meant: &T) -> String {
    all.iter().find(|(_, own)| own == meant).map_or("", |(word, _)| *word).to_owned()
}

impl From<BTreeMap<String, String>> for Provider {
    fn from(mut sent: BTreeMap<String, String>) -> Self {
        let mut take = |name: &str| sent.remove(name);
        let mut asking = |names: AskingNames| {
            let usual = Asking::default();
            Asking {
                token_url: take(names.token_url).unwrap_or_default(),
                client_auth: take(names.client_auth).unwrap_or(usual.client_auth),
                body: take(names.body).unwrap_or(usual.body),
                separator: take(names.separator).unwrap_or(usual.separator),
                scopes: take(names.scopes).unwrap_or_default(),
            }
        };
        let (account, client) = (asking(ACCOUNT), asking(CLIENT));
        let mut take = |name: &str| sent.remove(name).unwrap_or_default();
        Self {
            authorize_url: take(AUTHORIZE_URL),
            refresh_url: take(REFRESH_URL),
            revoke_url: take(REVOKE_URL),
            parameters: take(PARAMETERS),
            account,
            client,
        }
    }
}

impl Asking {
    fn of((token_url, client_auth, body): (&str, ClientAuth, BodyFormat), (separator, all): (&str, &[Scope])) -> Self {
        Self {
            token_url: token_url.to_owned(),
            client_auth: word_of(&AUTHS, &client_auth),
            body: word_of(&BODIES, &body),
            separator: word_of(&SEPARATORS, &separator),
            scopes: scopes::written(all),
        }
    }

    /// Under the names that the form sends.
    fn pairs(&self, names: AskingNames) -> [(&'static str, &str); 5] {
        [
            (names.token_url, &self.token_url),
            (names.client_auth, &self.client_auth),
            (names.body, &self.body),
            (names.separator, &self.separator),
            (names.scopes, &self.scopes),
        ]
    }
}

impl Draft {
    /// The form as far as it leads to this provider.
    pub fn of_oauth(spec: &OAuth) -> Self {
        let or_none = |url: &Option<String>| url.clone().unwrap_or_default();
        let provider = Provider {
            authorize_url: spec.authorize_url.clone(),
            refresh_url: or_none(&spec.refresh_url),
            revoke_url: or_none(&spec.revoke_url),
            parameters: parameters::written(&spec.parameters),
            account: Asking::of((&spec.token_url, spec.client_auth, spec.body), (&spec.scope_separator, &spec.scopes)),
            ..Provider::default()
        };
        Self { method: Method::OAuth.to_string(), provider, ..Self::default() }
    }

    pub fn of_client(spec: &ClientCredentials) -> Self {
        let how = (spec.token_url.as_str(), spec.client_auth, spec.body);
        let client = Asking::of(how, (&spec.scope_separator, &spec.scopes));
        let provider = Provider { client, ..Provider::default() };
        Self { method: Method::ClientCredentials.to_string(), provider, ..Self::default() }
    }
}

impl Provider {
    /// What is said under this method, under the names that the form sends.
    pub(super) fn pairs(&self, method: Method) -> Vec<(&'static str, &str)> {
        match method {
            Method::Key => Vec::new(),
            Method::ClientCredentials => self.client.pairs(CLIENT).to_vec(),
            Method::OAuth => {
                let own: [(&str, &str); 4] = [
                    (AUTHORIZE_URL, &self.authorize_url),
                    (REFRESH_URL, &self.refresh_url),
                    (REVOKE_URL, &self.revoke_url),
                    (PARAMETERS, &self.parameters),
                ];
                [&own[..], &self.account.pairs(ACCOUNT)].concat()
            }
        }
    }

    pub(super) fn oauth(&self, faults: &mut Faults) -> Option<OAuth> {
        let authorize_url = faults.take(AUTHORIZE_URL, address(&self.authorize_url));
        let read = read(&self.account, ACCOUNT, faults);
        let refresh_url = faults.take(REFRESH_URL, optional(&self.refresh_url));
        let revoke_url = faults.take(REVOKE_URL, optional(&self.revoke_url));
        let parameters = faults.take(PARAMETERS, parameters::read(&self.parameters));
        let (read, refresh_url) = (read?, refresh_url?);
        Some(OAuth {
            authorize_url: authorize_url?,
            refresh_url: refresh_url.filter(|url| *url != read.token_url),
            revoke_url: revoke_url?,
            // It is sent whether or not the provider looks at it.
            pkce: true,
            token_url: read.token_url,
            scope_separator: read.separator,
            scopes: read.scopes,
            parameters: parameters?,
            client_auth: read.client_auth,
            body: read.body,
            steps: account_steps(),
            url: None,
        })
    }

    pub(super) fn client_credentials(&self, faults: &mut Faults) -> Option<ClientCredentials> {
        let read = read(&self.client, CLIENT, faults)?;
        Some(ClientCredentials {
            token_url: read.token_url,
            scope_separator: read.separator,
            scopes: read.scopes,
            parameters: BTreeMap::new(),
            client_auth: read.client_auth,
            body: read.body,
            steps: client_steps(),
            url: None,
        })
    }
}

/// To where a client is registered, as far as that can be said of any provider.
pub(in crate::catalog) fn account_steps() -> Vec<String> {
    let mut steps = client_steps();
    steps.push("Enter the redirect address that is shown here.".to_owned());
    steps
}

pub(in crate::catalog) fn client_steps() -> Vec<String> {
    vec!["Register a client with the provider, where its documentation says so.".to_owned()]
}

struct Read {
    token_url: String,
    client_auth: ClientAuth,
    body: BodyFormat,
    separator: String,
    scopes: Vec<Scope>,
}

fn read(typed: &Asking, names: AskingNames, faults: &mut Faults) -> Option<Read> {
    let token_url = faults.take(names.token_url, address(&typed.token_url));
    let client_auth = faults.take(names.client_auth, chosen(&AUTHS, &typed.client_auth));
    let body = faults.take(names.body, chosen(&BODIES, &typed.body));
    let separator = faults.take(names.separator, chosen(&SEPARATORS, &typed.separator));
    let scopes = faults.take(names.scopes, scopes::read(&typed.scopes));
    let separator = separator?.to_owned();
    Some(Read { token_url: token_url?, client_auth: client_auth?, body: body?, separator, scopes: scopes? })
}

fn optional(text: &str) -> Result<Option<String>, String> {
    if text.trim().is_empty() { Ok(None) } else { address(text).map(Some) }
}

/// A whole address of the provider, as it is kept.
fn address(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("Enter the address that the provider’s documentation names.".to_owned());
    }
    if text.contains(['{', '}']) {
        let name = names_in(text).ok().and_then(|names| names.first().copied()).unwrap_or("…");
        return Err(format!("Put your own in place of {{{name}}}."));
    }
    let whole = || "Enter a whole address, such as https://auth.example.com/token.".to_owned();
    if text.chars().any(|c| c.is_whitespace() || is_hidden(c) || c == '\\') {
        return Err(whole());
    }
    let url = Url::parse(text).map_err(|_| whole())?;
    if url.scheme() != "https" {
        return Err("Only https addresses are used.".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("Leave user name, password and fragment out of the address.".to_owned());
    }
    let host = url.host_str().unwrap_or_default();
    if check::host(host).is_err() || url.port() == Some(0) {
        return Err("Enter the whole name of the host, such as auth.example.com.".to_owned());
    }
    if url.as_str().len() > LONGEST {
        return Err(format!("Use at most {LONGEST} characters."));
    }
    Ok(url.into())
}
