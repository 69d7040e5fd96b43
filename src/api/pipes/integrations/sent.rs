//! What backends say of a node type that is to be added or changed.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::actions::connections::Put;
use crate::actions::integrations::{Changes, SentClient, SentCredentials};
use crate::actions::oauth_clients::ClientEntry;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::api::pipes::custom_provider::CustomProvider;
use crate::api::pipes::read::{present, read};
use crate::api::pipes::shapes::method_word;
use crate::api::pipes::stored::{KeyBody, first_key};
use crate::app::App;
use crate::catalog::Draft;
use crate::crypto::Entered;
use crate::domain::message::Message;
use crate::domain::{Method, Scopes, Slug};

use super::Ownership;

/// What is to be from now on.
#[derive(Deserialize)]
pub(super) struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    description: Option<Option<String>>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    scopes: Option<Option<Vec<String>>>,
    #[serde(default)]
    credentials: Option<Credentials>,
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
    #[serde(default)]
    custom_provider: Option<CustomProvider>,
    #[serde(default)]
    api_key: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Credentials {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
}

#[derive(Deserialize)]
struct CreateBody {
    provider: String,
    #[serde(default)]
    ownership: Option<String>,
    #[serde(default)]
    auth_methods: Option<Vec<String>>,
    #[serde(default)]
    api_key: Option<KeyBody>,
    #[serde(flatten)]
    changes: ChangeBody,
}

/// A client whose id and secret are as those of clients are. `at` is where its fields stand.
pub fn sent_client((id, secret): (String, String), at: &str) -> Result<SentClient, Error> {
    let (id, secret) = (id.trim().to_owned(), Entered::new(secret));
    if let Some(fault) = ClientEntry::id_fault(&id) {
        return Err(Error::Invalid(format!("{at}client_id: {fault}")));
    }
    if let Some(fault) = ClientEntry::secret_fault(&secret) {
        return Err(Error::Invalid(format!("{at}client_secret: {fault}")));
    }
    Ok(SentClient { id, secret })
}

/// The names of permissions; absent keeps, null is what is usual.
pub fn scopes(sent: Option<Option<Vec<String>>>) -> Result<Option<Option<Scopes>>, Error> {
    let Some(Some(names)) = sent else { return Ok(sent.map(|_| None)) };
    let read: Result<Scopes, _> = names.join(" ").parse();
    read.map(|scopes| Some(Some(scopes))).map_err(|_| Error::invalid("scopes is a list of names."))
}

impl Credentials {
    fn read(self) -> Result<SentCredentials, Error> {
        match (self.kind.as_str(), self.client_id, self.client_secret) {
            ("organization", None, None) => Ok(SentCredentials::OfOrganizations),
            ("organization", _, _) => Err(Error::invalid(
                "credentials of the type organization name no client: each organization brings one.",
            )),
            ("custom", Some(id), Some(secret)) => Ok(SentCredentials::Own(sent_client((id, secret), "credentials.")?)),
            ("custom", _, _) => Err(Error::invalid("credentials of the type custom need client_id and client_secret.")),
            _ => Err(Error::invalid("credentials.type is custom or organization.")),
        }
    }
}

impl ChangeBody {
    /// With what is said of a provider that the workspace describes.
    pub fn changes(self) -> Result<(Option<CustomProvider>, Changes), Error> {
        if self.api_key.is_some() {
            return Err(Error::invalid("api_key: store keys with PUT /data-integrations/{slug}/api-key."));
        }
        let description = self.description.map(|text| match text {
            None => Ok(None),
            Some(text) => Message::parse(&text).map_err(|error| Error::Invalid(format!("description: {error}"))),
        });
        let changes = Changes {
            description: description.transpose()?,
            enabled: self.enabled,
            scopes: scopes(self.scopes)?,
            credentials: self.credentials.map(Credentials::read).transpose()?,
            parts: self.config,
        };
        Ok((self.custom_provider, changes))
    }
}

/// What is to be added.
pub(super) struct New {
    pub what: What,
    pub ownership: Ownership,
    pub changes: Changes,
    /// For the first who is to have one.
    pub key: Option<Put>,
}

pub(super) enum What {
    BuiltIn(Slug, Method),
    Custom(Box<Draft>),
}

/// Where the API of a provider is that a backend describes: Keyrack's own.
const BASE_URL: &str = "base_url";

impl New {
    pub fn read(app: &App, sent: &Sent) -> Result<Self, Error> {
        let mut body: CreateBody = read(sent)?;
        let method = body.method()?;
        let ownership = match body.ownership.as_deref() {
            None => Ownership::User,
            Some(text) => Ownership::read(text).ok_or_else(|| Error::invalid("ownership is user or organization."))?,
        };
        let slug: Slug = body.provider.parse().map_err(|_| Error::NotFound)?;
        let key = body.api_key.take();
        let key = key.map(|key| first(app, (&slug, method), (ownership, body.changes.enabled), key)).transpose()?;
        let what = match body.changes.custom_provider.take() {
            None => What::BuiltIn(slug, method),
            Some(_) if method != Method::OAuth => {
                return Err(Error::invalid("custom_provider: what takes keys is described on its page in Keyrack."));
            }
            Some(provider) => {
                let base_url = body.changes.config.as_mut().and_then(|config| config.remove(BASE_URL));
                What::Custom(Box::new(provider.draft(base_url)?))
            }
        };
        let (_, mut changes) = body.changes.changes()?;
        // As the hosted product has it: what is not said to be open is closed.
        changes.enabled.get_or_insert(false);
        Ok(Self { what, ownership, changes, key })
    }
}

impl CreateBody {
    fn method(&self) -> Result<Method, Error> {
        match self.auth_methods.as_deref() {
            None => Ok(Method::OAuth),
            Some([word]) => {
                let known = Method::ALL.iter().find(|method| method_word(**method) == word);
                known.copied().ok_or_else(|| Error::invalid("auth_methods holds oauth, api_key or client_credentials."))
            }
            Some(_) => {
                Err(Error::invalid("auth_methods holds one method: a node type is added with one, which stays."))
            }
        }
    }
}

/// The key that comes with a node type that takes keys, and is open for them.
fn first(
    app: &App,
    (slug, method): (&Slug, Method),
    (ownership, enabled): (Ownership, Option<bool>),
    key: KeyBody,
) -> Result<Put, Error> {
    if method != Method::Key {
        return Err(Error::invalid("api_key belongs to a data integration whose auth_methods are api_key."));
    }
    if enabled != Some(true) {
        return Err(Error::invalid("api_key: send enabled: true with it; what is closed takes no keys."));
    }
    let node = app.catalog.get(slug.as_str()).ok_or(Error::NotFound)?;
    first_key(node, slug.clone(), ownership, key).map_err(|error| match error {
        Error::Invalid(text) => Error::Invalid(format!("api_key: {text}")),
        other => other,
    })
}
