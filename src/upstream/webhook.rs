//! One event to one receiver, and the beginning of what it says to it.
//!
//! Invariant: what a receiver answers is read no further than the log keeps it, and no longer than a try may take.

use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method, Request};
use http_body_util::BodyExt as _;

use crate::domain::name::is_hidden;
use crate::domain::webhook::{ANSWER, Reply};

use super::body::full;
use super::client::{Answer, Upstream};
use super::failure::Failure;

/// From the beginning of a try to its end.
const LONGEST: Duration = Duration::from_secs(10);

const SIGNATURE: HeaderName = HeaderName::from_static("workos-signature");
const NEXT: HeaderName = HeaderName::from_static("x-keyrack-signature-next");
const EVENT_ID: HeaderName = HeaderName::from_static("webhook-id");
const EVENT: HeaderName = HeaderName::from_static("x-keyrack-event");
const DELIVERY: HeaderName = HeaderName::from_static("x-keyrack-delivery");

/// What is sent, and where to.
pub struct Sent<'a> {
    pub address: &'a str,
    pub event: &'a str,
    pub kind: &'a str,
    pub delivery: &'a str,
    pub signature: &'a str,
    /// By the key that takes over soon.
    pub next: Option<&'a str>,
    pub body: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Said {
    pub reply: Reply,
    pub status: Option<u16>,
    pub answer: Option<String>,
}

impl Said {
    pub fn of(reply: Reply) -> Self {
        Self { reply, status: None, answer: None }
    }
}

pub async fn post(upstream: &Upstream, sent: Sent<'_>) -> Said {
    let within = LONGEST.min(upstream.patience());
    tokio::time::timeout(within, attempt(upstream, sent)).await.unwrap_or_else(|_| Said::of(Reply::NoAnswer))
}

async fn attempt(upstream: &Upstream, sent: Sent<'_>) -> Said {
    let target = match upstream.guard().admit(sent.address) {
        Ok(target) => target,
        Err(why) => {
            tracing::info!(%why, "an event was not sent");
            return Said::of(Reply::AddressNotUsable);
        }
    };
    let mut request = Request::new(full(sent.body));
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let texts = [
        (SIGNATURE, Some(sent.signature)),
        (NEXT, sent.next),
        (EVENT_ID, Some(sent.event)),
        (EVENT, Some(sent.kind)),
        (DELIVERY, Some(sent.delivery)),
    ];
    for (name, text) in texts {
        // All of them are letters, digits and the plainest signs.
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    }
    match upstream.send(&target, request).await {
        Ok(answer) => heard(answer).await,
        Err(failure) => Said::of(reply(failure)),
    }
}

fn reply(failure: Failure) -> Reply {
    match failure {
        // One word for all of them: which it was stands in the log alone.
        Failure::Refused(_) => Reply::AddressNotUsable,
        Failure::NotConnected | Failure::ConnectTimeout => Reply::NotConnected,
        Failure::NotTrusted => Reply::NotTrusted,
        Failure::NoAnswer | Failure::SlowBody => Reply::NoAnswer,
        Failure::Broken | Failure::TooLarge => Reply::Broken,
    }
}

async fn heard(answer: Answer) -> Said {
    let status = answer.status.as_u16();
    let reply = match status {
        200..=299 => Reply::Taken,
        300..=399 => Reply::Redirected,
        _ => Reply::Refused,
    };
    // What it says besides is only for people to read: an answer that is slow, broken or endless counts by its status.
    let within = Duration::from_secs(2);
    let mut beginning = Vec::new();
    let _in_time = tokio::time::timeout(within, begin(answer, &mut beginning)).await;
    Said { reply, status: Some(status), answer: shown(&beginning) }
}

async fn begin(answer: Answer, into: &mut Vec<u8>) {
    let mut body = answer.stream();
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        let room = ANSWER.saturating_sub(into.len());
        into.extend_from_slice(data.get(..room).unwrap_or(&data));
        if into.len() >= ANSWER {
            return;
        }
    }
}

/// As text that can be kept and shown: nothing in it that is not seen, and no half of a letter at its end.
fn shown(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(bytes.get(..error.valid_up_to())?),
        _ => String::from_utf8_lossy(bytes),
    };
    let visible = |c: char| c == '\n' || c == '\t' || !(c.is_control() || is_hidden(c));
    let text: String = text.chars().filter(|c| *c != '\r').map(|c| if visible(c) { c } else { '\u{fffd}' }).collect();
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_as_what_can_be_seen() {
        assert_eq!(shown(b"  \r\n"), None);
        assert_eq!(shown("ok\r\nna\u{0}\u{202e}me\tx".as_bytes()).as_deref(), Some("ok\nna\u{fffd}\u{fffd}me\tx"));
        // Cut in the middle of a letter.
        assert_eq!(shown(&"né".as_bytes()[..2]).as_deref(), Some("n"));
        assert_eq!(shown(b"\xff<script>").as_deref(), Some("\u{fffd}<script>"));
    }
}
