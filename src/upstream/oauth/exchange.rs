//! A code for tokens: once, with the verifier of its challenge.

use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AuthType, AuthorizationCode, Client, ClientId, ClientSecret, ExtraTokenFields, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, StandardRevocableToken, StandardTokenResponse, TokenResponse as _, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::Provider;
use crate::upstream::Upstream;

use super::http::Asking;
use super::trouble::Trouble;

#[derive(Debug, Serialize, Deserialize)]
struct Besides {
    id_token: Option<String>,
}

impl ExtraTokenFields for Besides {}

type TokenClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<Besides, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

pub struct Tokens {
    pub access: String,
    pub id: Option<String>,
}

/// What a code is exchanged with.
pub struct Code<'a> {
    pub code: &'a str,
    pub verifier: &'a str,
    pub redirect: &'a str,
}

pub async fn exchange(
    upstream: &Upstream,
    provider: &Provider,
    (endpoint, how): (&Url, AuthType),
    sent: &Code<'_>,
) -> Result<Tokens, Trouble> {
    let redirect = RedirectUrl::new(sent.redirect.to_owned()).map_err(|_| Trouble::Answer("it cannot come back"))?;
    let client: TokenClient = Client::new(ClientId::new(provider.client_id.clone()));
    let client = client
        .set_client_secret(ClientSecret::new(provider.client_secret.expose().to_owned()))
        .set_token_uri(TokenUrl::from_url(endpoint.clone()))
        .set_redirect_uri(redirect)
        .set_auth_type(how);
    let request = client
        .exchange_code(AuthorizationCode::new(sent.code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(sent.verifier.to_owned()));
    let answer = request.request_async(&Asking(upstream)).await.map_err(|error| match error {
        RequestTokenError::Request(failure) => Trouble::Failed(failure),
        RequestTokenError::ServerResponse(_) => Trouble::Refused,
        RequestTokenError::Parse(..) => Trouble::Answer("it gives no token"),
        RequestTokenError::Other(_) => Trouble::Answer("it is no answer about a token"),
    })?;
    Ok(Tokens { access: answer.access_token().secret().clone(), id: answer.extra_fields().id_token.clone() })
}
