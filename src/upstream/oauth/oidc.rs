//! OpenID Connect: by discovery, code and id token.
//!
//! Invariant: an address and the word that it is proven come from the same place; where two places tell of different
//! addresses, neither is proven.

use oauth2::AuthType;
use serde::Deserialize;
use serde_json::Value;

use crate::config::{Issuer, Provider};
use crate::domain::{Email, Seen};

use super::claims::{Claims, Expected, Judged, judge};
use super::discovery::{Directory, Known, Means, get};
use super::exchange::{Code, exchange};
use super::trouble::Trouble;

pub const SCOPE: &str = "openid email profile";

/// What the callback brought besides the state, and what was kept for it.
pub struct Came<'a> {
    pub code: Code<'a>,
    pub nonce: &'a str,
    /// Who answers, where the provider says so.
    pub iss: Option<&'a str>,
}

pub async fn identify(
    directory: &Directory,
    means: Means<'_>,
    (provider, issuer): (&Provider, &Issuer),
    came: &Came<'_>,
) -> Result<Seen, Trouble> {
    let of = (provider.slug.as_str(), issuer);
    let known = directory.look(of, means).await?;
    match came.iss {
        Some(named) if !issuer.fits(named) => return Err(Trouble::Answer("another issuer answered")),
        None if known.document.authorization_response_iss_parameter_supported => {
            return Err(Trouble::Answer("it does not say who answered"));
        }
        _ => {}
    }
    let how = authentication(&known);
    let tokens = exchange(means.upstream, provider, (&known.document.token_endpoint, how), &came.code).await?;
    let token = tokens.id.ok_or(Trouble::Answer("there is no id token in it"))?;
    let now = means.clock.now();
    let expected = Expected { issuer, client_id: &provider.client_id, nonce: came.nonce, now };
    let claims = match judge(&token, &known, &expected)? {
        Judged::Good(claims) => claims,
        Judged::OtherKey => match judge(&token, &*directory.look_again(of, means).await?, &expected)? {
            Judged::Good(claims) => claims,
            Judged::OtherKey => return Err(Trouble::Token("its signature fits none of the provider's keys")),
        },
    };
    let (address, name) = told((&known, issuer), means, &claims, &tokens.access).await?;
    Ok(Seen {
        issuer: claims.issuer().as_str().to_owned(),
        subject: claims.subject().as_str().to_owned(),
        provider: provider.slug.clone(),
        proven: address.proven,
        email: address.email,
        name,
    })
}

/// As RFC 6749 has it, unless the provider takes nothing but the other way.
fn authentication(known: &Known) -> AuthType {
    let methods = known.document.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
    let has = |name: &str| methods.iter().any(|method| method == name);
    if !has("client_secret_basic") && has("client_secret_post") { AuthType::RequestBody } else { AuthType::BasicAuth }
}

/// An address as one place tells it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Address {
    email: Option<Email>,
    proven: bool,
}

impl Address {
    fn of(email: Option<&str>, proven: bool) -> Self {
        let email = email.and_then(|text| Email::parse(text).ok());
        Self { proven: proven && email.is_some(), email }
    }

    /// Of two places, the one that says more; where they differ, none is believed to be proven.
    fn or(self, other: Self) -> Self {
        match (&self.email, &other.email) {
            (None, _) => other,
            (Some(one), Some(two)) if one.key() == two.key() => Self { proven: self.proven || other.proven, ..self },
            (Some(_), Some(_)) => Self { proven: false, ..self },
            (Some(_), None) => self,
        }
    }
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    email_verified: Option<Value>,
    name: Option<String>,
}

async fn told(
    (known, issuer): (&Known, &Issuer),
    means: Means<'_>,
    claims: &Claims,
    access: &str,
) -> Result<(Address, Option<String>), Trouble> {
    // Among many tenants, each may say of its people what it likes.
    let says = claims.email_verified() == Some(true) && !issuer.is_of_many();
    let says = says || claims.additional_claims().says_proven();
    let signed = Address::of(claims.email().map(|email| email.as_str()), says);
    let name = claims.name().and_then(|name| name.get(None)).map(|name| name.as_str().to_owned());
    let Some(endpoint) = known.document.userinfo_endpoint.as_ref().filter(|_| !signed.proven) else {
        return Ok((signed, name));
    };
    let info: UserInfo = get(means.upstream, endpoint.as_str(), Some(access)).await?;
    if info.sub != claims.subject().as_str() {
        return Err(Trouble::Answer("it tells of somebody else"));
    }
    let says = match info.email_verified {
        Some(Value::Bool(proven)) => proven,
        Some(Value::String(text)) => text == "true",
        _ => false,
    };
    Ok((signed.or(Address::of(info.email.as_deref(), says)), name.or(info.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proven_in_one_place_proves_nothing_of_another() {
        let of = |email: &str, proven| Address::of(Some(email), proven);
        assert_eq!(of("a@example.com", false).or(of("A@example.com", true)), of("a@example.com", true));
        assert_eq!(of("a@example.com", false).or(of("b@example.com", true)), of("a@example.com", false));
        assert_eq!(Address::of(None, true).or(of("b@example.com", false)), of("b@example.com", false));
        assert_eq!(Address::of(None, true), Address::default());
    }
}
