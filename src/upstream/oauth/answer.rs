//! What a token endpoint answers, read as leniently as providers differ, and no more so.

use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::domain::Moment;

/// What is said to last longer is believed for this long: it is asked for anew before.
pub(super) const LONGEST: u64 = 10 * 366 * 24 * 3_600;

#[derive(Deserialize, Serialize)]
pub(super) struct Answered {
    access_token: AccessToken,
    #[serde(skip, default = "bearer")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    /// What some say instead.
    #[serde(default, deserialize_with = "moment")]
    expires_at: Option<Moment>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, deserialize_with = "scopes")]
    scope: Option<Vec<Scope>>,
}

/// The library asks for one; it shows nothing.
impl fmt::Debug for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answered")
    }
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

/// A number, or a text that is one. What is neither, or not above zero, says nothing.
fn seconds<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let said = Option::<Value>::deserialize(from)?;
    let number = match said {
        Some(Value::Number(number)) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(number.filter(|seconds| *seconds > 0).map(|seconds| seconds.min(LONGEST)))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds are looked at first")]
fn whole(number: f64) -> Option<u64> {
    if number >= LONGEST as f64 { Some(LONGEST) } else { (number >= 1.0).then_some(number as u64) }
}

/// What is no moment says nothing.
fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Moment>, D::Error> {
    let said = Option::<Value>::deserialize(from)?;
    Ok(said.as_ref().and_then(Value::as_str).and_then(Moment::of_rfc3339))
}

impl Answered {
    pub fn expires_at(&self) -> Option<Moment> {
        self.expires_at
    }
}

/// Separated by spaces or commas, or a list.
fn scopes<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Scope>>, D::Error> {
    let names: Vec<String> = match Option::<Value>::deserialize(from)? {
        Some(Value::String(text)) => text.split([' ', ',']).map(ToOwned::to_owned).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
        _ => return Ok(None),
    };
    Ok(Some(names.into_iter().filter(|name| !name.is_empty()).map(Scope::new).collect()))
}

impl TokenResponse for Answered {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref().filter(|token| !token.secret().is_empty())
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scope.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(extra: &str) -> Answered {
        serde_json::from_str(&format!(r#"{{"access_token":"a"{extra}}}"#)).unwrap()
    }

    #[test]
    fn an_end_is_a_number_above_zero_however_it_is_written() {
        let of = |text: &str| read(&format!(r#","expires_in":{text}"#)).expires_in;
        assert_eq!([of("3600"), of(r#""3600""#), of("3599.9")], [Some(3_600), Some(3_600), Some(3_599)]);
        for nothing in ["0", "-5", r#""soon""#, "null", "[]", r#""""#, "0.5", "-1e300"] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
        for long in ["99999999999999999999999999", "1e300", "18446744073709551615"] {
            assert_eq!(of(long), Some(LONGEST), "{long}");
        }
        assert_eq!(read("").expires_in, None);
    }

    #[test]
    fn an_end_may_be_a_moment() {
        let of = |text: &str| read(&format!(r#","expires_at":{text}"#)).expires_at.map(Moment::wire);
        let end = Some("2026-12-22T01:02:03.000Z".to_owned());
        assert_eq!([of(r#""2026-12-22T01:02:03Z""#), of(r#""2026-12-22T02:02:03+01:00""#)], [end.clone(), end]);
        for nothing in ["null", "1766365323", r#""""#, r#""tomorrow""#, "{}", r#""9999999-01-01T00:00:00Z""#] {
            assert_eq!(of(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn scopes_come_in_any_of_the_usual_ways() {
        let of = |text: &str| {
            read(&format!(r#","scope":{text}"#)).scope.map(|all| all.iter().map(|s| s.to_string()).collect())
        };
        let two = Some(vec!["a".to_owned(), "b:c".to_owned()]);
        for text in [r#""a b:c""#, r#""a,b:c""#, r#""a, b:c ""#, r#"["a","b:c"]"#] {
            assert_eq!(of(text), two, "{text}");
        }
        assert_eq!(of("null"), None);
        assert_eq!(of(r#""""#), Some(Vec::<String>::new()));
        assert_eq!(read(r#","refresh_token":"""#).refresh_token().map(|token| token.secret().clone()), None);
    }
}
