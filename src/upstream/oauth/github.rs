//! GitHub, which speaks OAuth 2 without OpenID: its API says who came.

use oauth2::AuthType;
use serde::Deserialize;
use url::Url;

use crate::config::Provider;
use crate::domain::{Email, Seen};
use crate::upstream::Upstream;

use super::discovery::get;
use super::exchange::{Code, exchange};
use super::trouble::Trouble;

pub const SCOPE: &str = "read:user user:email";
const BROKEN: Trouble = Trouble::Document("its address cannot be put together");

pub fn authorization(web: &Url) -> Result<Url, Trouble> {
    web.join("/login/oauth/authorize").map_err(|_| BROKEN)
}

#[derive(Deserialize)]
struct User {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    verified: bool,
}

/// The name of an account may pass to somebody else; its number never does.
pub async fn identify(
    upstream: &Upstream,
    provider: &Provider,
    (web, api): (&Url, &Url),
    sent: &Code<'_>,
) -> Result<Seen, Trouble> {
    let endpoint = web.join("/login/oauth/access_token").map_err(|_| BROKEN)?;
    let tokens = exchange(upstream, provider, (&endpoint, AuthType::RequestBody), sent).await?;
    let ask = |path: &str| api.join(path).map_err(|_| BROKEN);
    let user: User = get(upstream, ask("user")?.as_str(), Some(&tokens.access)).await?;
    let addresses: Vec<Address> = get(upstream, ask("user/emails")?.as_str(), Some(&tokens.access)).await?;
    let primary = addresses.into_iter().find(|address| address.primary);
    Ok(Seen {
        issuer: web.as_str().trim_end_matches('/').to_owned(),
        subject: user.id.to_string(),
        provider: provider.slug.clone(),
        proven: primary.as_ref().is_some_and(|address| address.verified),
        email: primary.and_then(|address| Email::parse(&address.email).ok()),
        name: Some(user.name.filter(|name| !name.trim().is_empty()).unwrap_or(user.login)),
    })
}
