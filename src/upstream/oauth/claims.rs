//! What an id token says, once its signature, issuer, audience, nonce and time are good.

use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreGenderClaim, CoreIdTokenVerifier, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{AdditionalClaims, ClaimsVerificationError, ClientId, IdToken, IdTokenClaims, IssuerUrl, Nonce};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::Issuer;
use crate::domain::Moment;

use super::discovery::Known;
use super::trouble::Trouble;

/// By how much a provider's clock may differ from ours.
const SKEW: Duration = Duration::from_mins(1);

/// What Microsoft says besides: whose tenant, and whether the domain's owner has proven the address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Besides {
    tid: Option<String>,
    xms_edov: Option<Value>,
}

impl AdditionalClaims for Besides {}

impl Besides {
    pub fn says_proven(&self) -> bool {
        match &self.xms_edov {
            Some(Value::Bool(proven)) => *proven,
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::String(text)) => text == "1" || text == "true",
            _ => false,
        }
    }
}

pub type Claims = IdTokenClaims<Besides, CoreGenderClaim>;
type Token = IdToken<Besides, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// What a token is checked against.
pub struct Expected<'a> {
    pub issuer: &'a Issuer,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Moment,
}

/// A signature that does not fit may be one by a key that is not known yet.
pub enum Judged {
    Good(Box<Claims>),
    OtherKey,
}

pub fn judge(text: &str, known: &Known, expected: &Expected<'_>) -> Result<Judged, Trouble> {
    let token = Token::from_str(text).map_err(|_| Trouble::Token("it cannot be read"))?;
    let verifier = verifier(known, expected)?;
    let claims = match token.into_claims(&verifier, &Nonce::new(expected.nonce.to_owned())) {
        Ok(claims) => claims,
        Err(ClaimsVerificationError::SignatureVerification(_)) => return Ok(Judged::OtherKey),
        Err(error) => return Err(Trouble::Token(reason(&error))),
    };
    let issuer = claims.issuer().as_str();
    if !expected.issuer.fits(issuer) || !expected.issuer.is_of_tenant(issuer, claims.additional_claims().tid.as_deref())
    {
        return Err(Trouble::Token("it is another issuer's"));
    }
    if claims.authorized_party().is_some_and(|party| party.as_str() != expected.client_id) {
        return Err(Trouble::Token("it was made for somebody else"));
    }
    if claims.subject().as_str().is_empty() || claims.subject().as_str().len() > 255 {
        return Err(Trouble::Token("it names nobody"));
    }
    Ok(Judged::Good(Box::new(claims)))
}

fn verifier(known: &Known, expected: &Expected<'_>) -> Result<CoreIdTokenVerifier<'static>, Trouble> {
    use CoreJwsSigningAlgorithm as Alg;
    // Nothing that is signed with a shared secret, or not at all.
    let signed = [
        Alg::RsaSsaPkcs1V15Sha256,
        Alg::RsaSsaPkcs1V15Sha384,
        Alg::RsaSsaPkcs1V15Sha512,
        Alg::RsaSsaPssSha256,
        Alg::RsaSsaPssSha384,
        Alg::RsaSsaPssSha512,
        Alg::EcdsaP256Sha256,
        Alg::EcdsaP384Sha384,
        Alg::EdDsa,
    ];
    let issuer =
        IssuerUrl::new(expected.issuer.found_at.clone()).map_err(|_| Trouble::Token("nobody could issue it"))?;
    let (earlier, later) = (time(expected.now.minus(SKEW))?, time(expected.now.plus(SKEW))?);
    let in_time = move |made: DateTime<Utc>| if made <= later { Ok(()) } else { Err("not yet".to_owned()) };
    let client = ClientId::new(expected.client_id.to_owned());
    // The issuer is compared afterwards, because of one provider's tenants each is one.
    Ok(CoreIdTokenVerifier::new_public_client(client, issuer, known.keys.clone())
        .set_allowed_algs(signed)
        .require_issuer_match(false)
        .set_issue_time_verifier_fn(in_time)
        .set_time_fn(move || earlier))
}

fn time(at: Moment) -> Result<DateTime<Utc>, Trouble> {
    DateTime::from_timestamp_micros(at.micros()).ok_or(Trouble::Token("there is no such time"))
}

fn reason(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "it is too old, or of the future",
        ClaimsVerificationError::InvalidAudience(_) => "it was made for somebody else",
        ClaimsVerificationError::InvalidIssuer(_) => "it is another issuer's",
        ClaimsVerificationError::InvalidNonce(_) => "it was made for another sign-in",
        _ => "it is not as it should be",
    }
}
