//! What providers say of themselves, and the keys that they sign with: fetched when first needed, kept for an hour.
//!
//! Invariant: there are as many entries as there are providers, each as long as an answer may be; and one is asked again at
//! most once a minute, whatever tokens come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION};
use http::{Request, StatusCode};
use oauth2::AsyncHttpClient as _;
use openidconnect::core::CoreJsonWebKeySet;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use url::Url;

use crate::config::{Issuer, Provider};
use crate::domain::{Clock, Moment};
use crate::upstream::Upstream;

use super::http::Asking;
use super::trouble::Trouble;

const LASTS: Duration = Duration::from_hours(1);
/// After its keys were fetched, before they are fetched again for a token that names another one.
const PAUSE: Duration = Duration::from_mins(1);
/// After a failure.
const REST: Duration = Duration::from_secs(10);

/// With what providers are asked.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    pub upstream: &'a Upstream,
    pub clock: &'a dyn Clock,
}

/// The parts of a discovery document that are used here.
#[derive(Debug, Deserialize)]
pub struct Document {
    issuer: String,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub userinfo_endpoint: Option<Url>,
    jwks_uri: Url,
    #[serde(default)]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

pub struct Known {
    pub document: Document,
    pub keys: CoreJsonWebKeySet,
    at: Moment,
}

#[derive(Default)]
struct Shelf {
    known: Option<Arc<Known>>,
    failed_at: Option<Moment>,
}

/// One shelf for each provider; who needs the same one waits for whoever fills it.
pub struct Directory(BTreeMap<String, Mutex<Shelf>>);

impl Directory {
    pub fn new(providers: &[Provider]) -> Self {
        Self(providers.iter().map(|provider| (provider.slug.clone(), Mutex::default())).collect())
    }

    pub async fn look(&self, of: (&str, &Issuer), means: Means<'_>) -> Result<Arc<Known>, Trouble> {
        self.younger_than(LASTS, of, means).await
    }

    /// For a token whose signature does not fit the keys that are known: its provider may sign with others by now.
    pub async fn look_again(&self, of: (&str, &Issuer), means: Means<'_>) -> Result<Arc<Known>, Trouble> {
        self.younger_than(PAUSE, of, means).await
    }

    async fn younger_than(
        &self,
        age: Duration,
        (slug, issuer): (&str, &Issuer),
        means: Means<'_>,
    ) -> Result<Arc<Known>, Trouble> {
        let mut shelf = self.0.get(slug).ok_or(Trouble::Document("there is no such provider"))?.lock().await;
        let now = means.clock.now();
        if let Some(known) = shelf.known.as_ref().filter(|known| now.since(known.at) < age) {
            return Ok(known.clone());
        }
        if shelf.failed_at.is_some_and(|at| now.since(at) < REST) {
            return Err(Trouble::Lately);
        }
        match fetch(issuer, means).await {
            Ok(known) => {
                let known = Arc::new(known);
                *shelf = Shelf { known: Some(known.clone()), failed_at: None };
                Ok(known)
            }
            Err(trouble) => {
                shelf.failed_at = Some(means.clock.now());
                Err(trouble)
            }
        }
    }
}

async fn fetch(issuer: &Issuer, means: Means<'_>) -> Result<Known, Trouble> {
    let at = format!("{}/.well-known/openid-configuration", issuer.found_at.trim_end_matches('/'));
    let document: Document = get(means.upstream, &at, None).await?;
    if document.issuer != issuer.name {
        return Err(Trouble::Document("it names another issuer"));
    }
    // Browsers are sent there, whom no guard of ours looks after.
    let scheme = document.authorization_endpoint.scheme();
    if scheme != "https" && !(scheme == "http" && issuer.name.starts_with("http://")) {
        return Err(Trouble::Document("people would be sent to an address that is not encrypted"));
    }
    let keys = get(means.upstream, document.jwks_uri.as_str(), None).await?;
    Ok(Known { document, keys, at: means.clock.now() })
}

/// Asks for JSON.
pub async fn get<T: DeserializeOwned>(upstream: &Upstream, url: &str, bearer: Option<&str>) -> Result<T, Trouble> {
    let mut request = Request::get(url).header(ACCEPT, "application/json");
    if let Some(token) = bearer {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Vec::new()).map_err(|_| Trouble::Answer("it names an address that is none"))?;
    let answer = Asking(upstream).call(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(Trouble::Refused);
    }
    serde_json::from_slice(answer.body()).map_err(|_| Trouble::Answer("it is not the JSON that was asked for"))
}
