//! The way to a provider that people sign in with, and who came back from it.

use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use url::Url;

use crate::config::{Provider, ProviderKind};
use crate::domain::Seen;

use super::discovery::{Directory, Means};
use super::exchange::Code;
use super::github;
use super::oidc::{self, Came};
use super::trouble::Trouble;

/// All the providers that are configured.
pub struct Desk {
    providers: Vec<Provider>,
    directory: Directory,
}

/// What the provider is told, and asked to give back.
pub struct Begun<'a> {
    pub state: &'a str,
    pub nonce: &'a str,
    pub verifier: &'a str,
    pub redirect: &'a str,
    /// Whether somebody signed in there already is to show once more who they are.
    pub anew: bool,
}

/// What the browser came back with, and what was kept for it.
pub struct Answered<'a> {
    pub code: &'a str,
    pub iss: Option<&'a str>,
    pub nonce: &'a str,
    pub verifier: &'a str,
    pub redirect: &'a str,
}

impl Desk {
    pub fn new(providers: &[Provider]) -> Self {
        Self { directory: Directory::new(providers), providers: providers.to_vec() }
    }

    pub fn all(&self) -> &[Provider] {
        &self.providers
    }

    pub fn find(&self, slug: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.slug == slug)
    }

    /// Where the browser goes.
    pub async fn way_to(&self, provider: &Provider, begun: &Begun<'_>, means: Means<'_>) -> Result<Url, Trouble> {
        let (mut url, scope) = match &provider.kind {
            ProviderKind::GitHub { web, .. } => (github::authorization(web)?, github::SCOPE),
            ProviderKind::Oidc(issuer) => {
                let known = self.directory.look((&provider.slug, issuer), means).await?;
                (known.document.authorization_endpoint.clone(), oidc::SCOPE)
            }
        };
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(begun.verifier.to_owned()));
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &provider.client_id)
            .append_pair("redirect_uri", begun.redirect)
            .append_pair("scope", scope)
            .append_pair("state", begun.state)
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", challenge.method().as_str());
        if matches!(provider.kind, ProviderKind::Oidc(_)) {
            query.append_pair("nonce", begun.nonce);
            if begun.anew {
                query.append_pair("prompt", "login");
            }
        }
        drop(query);
        Ok(url)
    }

    /// Who came back.
    pub async fn identify(
        &self,
        provider: &Provider,
        answered: &Answered<'_>,
        means: Means<'_>,
    ) -> Result<Seen, Trouble> {
        let code = Code { code: answered.code, verifier: answered.verifier, redirect: answered.redirect };
        match &provider.kind {
            ProviderKind::GitHub { web, api } => github::identify(means.upstream, provider, (web, api), &code).await,
            ProviderKind::Oidc(issuer) => {
                let came = Came { code, nonce: answered.nonce, iss: answered.iss };
                oidc::identify(&self.directory, means, (provider, issuer), &came).await
            }
        }
    }
}
