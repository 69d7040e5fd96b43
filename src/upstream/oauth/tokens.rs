//! Codes, refresh tokens and client credentials for tokens, and tokens given back.
//!
//! Invariant: a hindrance is the provider's refusal only where the provider said so, in a way that the standard knows.

use std::time::Duration;

use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, RevocationUrl, Scope, StandardRevocableToken,
    TokenResponse as _, TokenUrl,
};

use crate::catalog::ClientAuth;
use crate::crypto::Entered;
use crate::domain::{Hindrance, Moment, Scopes};
use crate::upstream::{Failure, Upstream};

use super::answer::{Answered, LONGEST};
use super::endpoints::Endpoints;
use super::http::{Asking, Lenient};

/// Who asks.
pub struct Asker<'a> {
    pub id: &'a str,
    pub secret: &'a str,
}

/// Tokens as a provider has just given them.
pub struct Fetched {
    pub access: Entered,
    /// None where the one that was used goes on.
    pub refresh: Option<Entered>,
    lasts: Option<Duration>,
    until: Option<Moment>,
    /// None where they are those that were asked for.
    pub scopes: Option<Scopes>,
}

impl Fetched {
    /// Tokens that are known already.
    pub fn known(access: Entered, refresh: Option<Entered>) -> Self {
        Self { access, refresh, lasts: None, until: None, scopes: None }
    }

    /// Until when the access token counts, where the provider says it.
    pub fn ends(&self, now: Moment) -> Option<Moment> {
        let said = self.until.filter(|until| *until > now);
        let lasts = self.lasts.or_else(|| said.map(|until| until.since(now)));
        lasts.map(|lasts| now.plus(lasts.min(Duration::from_secs(LONGEST))))
    }
}

type Speaker = Client<
    BasicErrorResponse,
    Answered,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;
type Told = RequestTokenError<Failure, BasicErrorResponse>;

fn speaker(endpoints: &Endpoints, by: &Asker<'_>) -> Speaker {
    let auth = match endpoints.client_auth {
        ClientAuth::Basic => AuthType::BasicAuth,
        ClientAuth::Body => AuthType::RequestBody,
    };
    Client::new(ClientId::new(by.id.to_owned()))
        .set_client_secret(ClientSecret::new(by.secret.to_owned()))
        .set_auth_type(auth)
}

fn malformed<E>(_: E) -> Hindrance {
    Hindrance::NotReached
}

/// Where somebody gives their consent. A challenge goes with it even where the provider ignores it.
pub fn consent(
    endpoints: &Endpoints,
    client_id: &str,
    (redirect, state, verifier): (&str, &str, &str),
    scopes: &Scopes,
) -> Result<String, Hindrance> {
    let speaker = speaker(endpoints, &Asker { id: client_id, secret: "" })
        .set_auth_uri(AuthUrl::new(endpoints.authorize_url.clone()).map_err(malformed)?)
        .set_redirect_uri(RedirectUrl::new(redirect.to_owned()).map_err(malformed)?);
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.to_owned()));
    let state = state.to_owned();
    let mut asked = speaker.authorize_url(|| CsrfToken::new(state)).set_pkce_challenge(challenge);
    for (name, value) in &endpoints.parameters {
        asked = asked.add_extra_param(name, value);
    }
    if !scopes.is_empty() {
        // The library joins them by spaces, which not every provider reads.
        asked = asked.add_extra_param("scope", scopes.joined(&endpoints.scope_separator));
    }
    let (url, _) = asked.url();
    Ok(url.into())
}

/// The code that came back, for tokens.
pub async fn exchange(
    upstream: &Upstream,
    (endpoints, by): (&Endpoints, &Asker<'_>),
    (code, verifier, redirect): (&str, &str, &str),
) -> Result<Fetched, Hindrance> {
    let speaker = speaker(endpoints, by)
        .set_token_uri(TokenUrl::new(endpoints.token_url.clone()).map_err(malformed)?)
        .set_redirect_uri(RedirectUrl::new(redirect.to_owned()).map_err(malformed)?);
    let asked = speaker
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
    taken(asked.request_async(&lenient(upstream, endpoints)).await)
}

/// A refresh token, for new tokens.
pub async fn refresh(
    upstream: &Upstream,
    (endpoints, by): (&Endpoints, &Asker<'_>),
    token: &str,
) -> Result<Fetched, Hindrance> {
    let speaker =
        speaker(endpoints, by).set_token_uri(TokenUrl::new(endpoints.refresh_url.clone()).map_err(malformed)?);
    let token = RefreshToken::new(token.to_owned());
    taken(speaker.exchange_refresh_token(&token).request_async(&lenient(upstream, endpoints)).await)
}

/// A client's own id and secret, for a token.
pub async fn fetch(
    upstream: &Upstream,
    (endpoints, by): (&Endpoints, &Asker<'_>),
    scopes: &Scopes,
) -> Result<Fetched, Hindrance> {
    let speaker = speaker(endpoints, by).set_token_uri(TokenUrl::new(endpoints.token_url.clone()).map_err(malformed)?);
    let mut asked = speaker.exchange_client_credentials();
    for (name, value) in &endpoints.parameters {
        asked = asked.add_extra_param(name, value);
    }
    if !scopes.is_empty() {
        let joined = Scope::new(scopes.joined(&endpoints.scope_separator));
        asked = asked.add_scope(joined);
    }
    taken(asked.request_async(&lenient(upstream, endpoints)).await)
}

/// Asks the provider to forget a token; whether it did. One that it does not know is forgotten.
pub async fn revoke(
    upstream: &Upstream,
    (endpoints, by): (&Endpoints, &Asker<'_>),
    token: StandardRevocableToken,
) -> bool {
    let Some(Ok(url)) = endpoints.revoke_url.clone().map(RevocationUrl::new) else { return false };
    let speaker = speaker(endpoints, by).set_revocation_url(url);
    let Ok(asked) = speaker.revoke_token(token) else { return false };
    asked.request_async(&lenient(upstream, endpoints)).await.is_ok()
}

fn lenient<'a>(upstream: &'a Upstream, endpoints: &Endpoints) -> Lenient<'a> {
    Lenient { asking: Asking(upstream), body: endpoints.body }
}

fn taken(answered: Result<Answered, Told>) -> Result<Fetched, Hindrance> {
    let answered = answered.map_err(|told| hindrance(&told))?;
    let entered = |text: &str| Entered::exact(text.to_owned());
    if answered.access_token().secret().is_empty() {
        return Err(Hindrance::NotUnderstood);
    }
    Ok(Fetched {
        access: entered(answered.access_token().secret()),
        refresh: answered.refresh_token().map(|token| entered(token.secret())),
        lasts: answered.expires_in(),
        until: answered.expires_at(),
        scopes: answered.scopes().map(|all| Scopes::of(all.iter().map(|scope| scope.as_str()))),
    })
}

fn hindrance(told: &Told) -> Hindrance {
    match told {
        RequestTokenError::Request(_) => Hindrance::NotReached,
        RequestTokenError::ServerResponse(said) => refusal(said.error()),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Hindrance::NotUnderstood,
    }
}

/// The words of the standard, and those that some providers say instead.
fn refusal(word: &BasicErrorResponseType) -> Hindrance {
    match word {
        BasicErrorResponseType::InvalidGrant => Hindrance::Refused,
        BasicErrorResponseType::InvalidClient
        | BasicErrorResponseType::UnauthorizedClient
        | BasicErrorResponseType::InvalidScope
        | BasicErrorResponseType::UnsupportedGrantType => Hindrance::ClientRefused,
        BasicErrorResponseType::InvalidRequest => Hindrance::NotUnderstood,
        BasicErrorResponseType::Extension(word) => match word.as_str() {
            "bad_refresh_token"
            | "invalid_refresh_token"
            | "bad_verification_code"
            | "invalid_code"
            | "code_already_used"
            | "token_revoked"
            | "token_expired"
            | "access_denied" => Hindrance::Refused,
            "incorrect_client_credentials" | "bad_client_secret" | "invalid_client_id" => Hindrance::ClientRefused,
            "temporarily_unavailable" | "server_error" | "slow_down" | "rate_limited" | "ratelimited" => {
                Hindrance::Busy
            }
            _ => Hindrance::NotUnderstood,
        },
    }
}
