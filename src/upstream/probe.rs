//! Testing a credential: the harmless request that its description names, and what the answer says about it.
//!
//! Invariant: of the answer nothing is kept but its status, what it means, and the account's name where that is short,
//! visible and not the credential itself.

use std::collections::BTreeMap;

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::catalog::{Confirmed, NodeType, Probe, put_in};
use crate::crypto::{Credential, Purpose};
use crate::domain::name::is_hidden;
use crate::domain::probe::{Finding, Found};

use super::client::{Answer, Upstream};
use super::failure::Failure;
use super::inject::{self, Asked, Content, PlaceError};
use super::path;

/// An answer to a test that is longer says nothing that is looked for.
const MOST: usize = 256 * 1_024;
const LONGEST_ACCOUNT: usize = 120;
/// What is shorter may stand in a name by chance.
const TELLING: usize = 6;

/// Sends the test. `plain` are the fields that are no secrets: the only ones the test's own texts may name.
pub async fn run(
    upstream: &Upstream,
    credential: &Credential,
    (description, probe): (&NodeType, &Probe),
    plain: &BTreeMap<String, String>,
) -> Found {
    let asked = match asked(credential, probe, plain) {
        Some(asked) => asked,
        None => return Finding::NotPlaced.into(),
    };
    let asked = Asked { host: None, path: &asked.0, method: asked.1, headers: asked.2, content: asked.3 };
    let (target, request) = match inject::place(upstream.guard(), Purpose::Probe, credential, asked) {
        Ok(placed) => placed,
        Err(PlaceError::Refused(why)) => {
            tracing::info!(%why, "a test was not sent");
            return finding(why.into()).into();
        }
        Err(_) => return Finding::NotPlaced.into(),
    };
    let secrets = Secrets::of(credential, plain, request.headers());
    match upstream.send(&target, request).await {
        Ok(answer) => judge(answer, (description, probe), &secrets).await,
        Err(failure) => finding(failure).into(),
    }
}

type Words = (String, Method, HeaderMap, Content);

fn asked(credential: &Credential, probe: &Probe, plain: &BTreeMap<String, String>) -> Option<Words> {
    // The fields as they were sealed, of those that were entered as plain.
    let known: BTreeMap<&str, &str> =
        credential.others(Purpose::Probe).filter(|(name, _)| plain.contains_key(*name)).collect();
    let put = |text: &str| put_in(text, |name| known.get(name).copied());
    let mut headers = HeaderMap::new();
    for (name, text) in &probe.headers {
        let (name, value) = (HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(&put(text)).ok()?);
        headers.insert(name, value);
    }
    let content = match &probe.body {
        Some(text) => Content::Json(serde_json::from_str(text).ok()?),
        None => Content::Nothing,
    };
    Some((put(&probe.path), probe.method.parse().ok()?, headers, content))
}

fn finding(failure: Failure) -> Finding {
    match failure {
        // One finding for all of them: which it was stands in the log alone.
        Failure::Refused(_) => Finding::AddressNotUsable,
        Failure::NotConnected => Finding::NotConnected,
        Failure::ConnectTimeout => Finding::ConnectTimeout,
        Failure::NotTrusted => Finding::NotTrusted,
        Failure::NoAnswer => Finding::NoAnswer,
        Failure::Broken => Finding::Broken,
        Failure::SlowBody => Finding::SlowBody,
        Failure::TooLarge => Finding::TooLarge,
    }
}

async fn judge(answer: Answer, (description, probe): (&NodeType, &Probe), secrets: &Secrets) -> Found {
    let status = answer.status.as_u16();
    let told = |finding| Found { finding, status: Some(status), account: None };
    let limited = description.rate_limits.as_ref().is_some_and(|limits| limits.statuses.contains(&status));
    if !probe.verified.contains(&status) {
        return told(match status {
            _ if probe.rejected.contains(&status) => Finding::Refused,
            300..=399 => Finding::Redirected,
            _ if limited || status == 429 => Finding::RateLimited,
            500.. => Finding::ServerTrouble,
            _ => Finding::Unexpected,
        });
    }
    if probe.confirmed.is_none() && probe.account.is_none() {
        return told(Finding::Accepted);
    }
    let body = answer.whole(MOST).await;
    if let Some(confirmed) = &probe.confirmed
        && let Err(finding) = confirm(&body, confirmed)
    {
        return told(finding);
    }
    let account = body.ok().and_then(|body| account(&body, probe.account.as_deref()?));
    let account = account.filter(|name| !secrets.are_in(name));
    Found { account, ..told(Finding::Accepted) }
}

fn confirm(body: &Result<Bytes, Failure>, confirmed: &Confirmed) -> Result<(), Finding> {
    let body = body.as_ref().map_err(|failure| finding(*failure))?;
    let said: Value = serde_json::from_slice(body).map_err(|_| Finding::NotUnderstood)?;
    match said.pointer(&confirmed.pointer) {
        Some(value) if *value == confirmed.is => Ok(()),
        Some(_) => Err(Finding::RefusedInBody),
        None => Err(Finding::NotUnderstood),
    }
}

/// The name at the JSON pointer, where it is one that can be shown.
fn account(body: &[u8], pointer: &str) -> Option<String> {
    let said: Value = serde_json::from_slice(body).ok()?;
    let name = match said.pointer(pointer)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let visible: String = name.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    let name = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty() && name.chars().count() <= LONGEST_ACCOUNT).then_some(name)
}

/// What an answer must not give back.
struct Secrets {
    /// The credential's own, and HTTP Basic's pair of them: a piece of one tells too much already.
    own: Vec<Zeroizing<String>>,
    /// The headers that hold them, as they were sent.
    placed: Vec<Zeroizing<String>>,
}

impl Secrets {
    fn of(credential: &Credential, plain: &BTreeMap<String, String>, sent: &HeaderMap) -> Self {
        let fields = credential.others(Purpose::Probe).filter(|(name, _)| !plain.contains_key(*name));
        let texts = std::iter::once(credential.value(Purpose::Probe)).chain(fields.map(|(_, text)| text));
        let copy = |text: &str| Zeroizing::new(text.to_owned());
        let placed = sent.values().filter(|value| value.is_sensitive()).filter_map(|value| value.to_str().ok());
        let placed: Vec<_> = placed.map(copy).collect();
        let pairs = placed.iter().filter_map(|text| text.strip_prefix("Basic "));
        let own = texts.chain(pairs).map(copy).collect();
        Self { own, placed }
    }

    /// Whether the text holds one of them, or is a piece of one, in any of the usual spellings.
    fn are_in(&self, text: &str) -> bool {
        let decoded = path::decoded(text.as_bytes());
        self.are_spelt_in(text) || self.are_spelt_in(&String::from_utf8_lossy(&decoded))
    }

    fn are_spelt_in(&self, text: &str) -> bool {
        let (text, bare) = (text.to_lowercase(), squeezed(text));
        let own = self.own.iter().any(|secret| {
            let base64 = BASE64.encode(secret.as_bytes()).trim_end_matches('=').to_lowercase();
            let spellings = [secret.to_lowercase(), HEXLOWER.encode(secret.as_bytes()), base64];
            let piece = |whole: &String| text.len() >= TELLING && whole.contains(&text);
            spellings.iter().any(|whole| text.contains(whole.trim_end_matches('=')) || piece(whole))
                || bare.contains(&squeezed(secret))
        });
        own || self.placed.iter().any(|line| bare.contains(&squeezed(line)))
    }
}

/// Letters and digits alone: a value with spaces or signs put between is the value still.
fn squeezed(text: &str) -> String {
    let kept: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    // Of a value without any, nothing can be told this way.
    if kept.is_empty() { text.to_owned() } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{Entered, Route};

    fn credential(value: &str) -> Credential {
        let entered = |text: &str| Entered::exact(text.to_owned());
        let others =
            [("secret_id".to_owned(), entered("other-secret-9")), ("user".to_owned(), entered("ada.lovelace"))];
        Credential::new(("key".to_owned(), entered(value)), others, Route::default())
    }

    #[test]
    fn a_name_is_bounded_and_visible() {
        let read = |body: &str| account(body.as_bytes(), "/user/name");
        assert_eq!(read(r#"{"user":{"name":"Acme  Inc.\u202e\n"}}"#).as_deref(), Some("Acme Inc."));
        assert_eq!(read(r#"{"user":{"name":42}}"#).as_deref(), Some("42"));
        let long = format!(r#"{{"user":{{"name":"{}"}}}}"#, "x".repeat(121));
        for body in [r#"{"user":{"name":"\u200b"}}"#, r#"{"user":{"name":["a"]}}"#, r#"{"user":{}}"#, "<html>", &long] {
            assert_eq!(read(body), None, "{body}");
        }
    }

    #[test]
    fn an_echo_is_no_name() {
        let value = "rk_test_Echoed/1234567890";
        let credential = credential(value);
        let plain = BTreeMap::from([("user".to_owned(), String::new())]);
        let pair = BASE64.encode(format!("ada.lovelace:{value}").as_bytes());
        let mut sent = HeaderMap::new();
        for (name, text) in [("authorization", format!("Basic {pair}")), ("x-signed", "v1 of ada".to_owned())] {
            let mut text = HeaderValue::from_str(&text).unwrap();
            text.set_sensitive(true);
            sent.insert(name, text);
        }
        sent.insert("accept", HeaderValue::from_static("Acme Inc."));
        let secrets = Secrets::of(&credential, &plain, &sent);
        let (hex, base64) = (HEXLOWER.encode(value.as_bytes()), BASE64.encode(value.as_bytes()));
        let cut = &value[8..20];
        for text in [
            value,
            &value.to_uppercase(),
            &format!("<{value}>"),
            &hex,
            &base64,
            cut,
            "rk test Echoed-1234567890",
            "other-secret-9",
            "rk_test_Echoed%2F1234567890",
            "%72k_test_Echoed%2f1234567890",
            &pair,
            &pair[..16],
            pair.trim_end_matches('='),
            "signed: v1 of ada",
        ] {
            assert!(secrets.are_in(text), "{text}");
        }
        for name in ["Acme Inc.", "ada.lovelace", "42", "test", "100% Ada", "ada"] {
            assert!(!secrets.are_in(name), "{name}");
        }
    }
}
