//! What upstream said, on its way back.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{Bytes, Payload};
use futures_util::Stream as _;
use http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;

use crate::actions::calling::{Answered, Failure, Passing};
use crate::api::error::Error;

use super::websocket;

/// Says of an answer that it is upstream's: its words are left alone.
#[derive(Clone, Copy, Debug)]
pub struct Proxied;

/// The headers as the newer types have them.
pub fn modern(headers: &header::HeaderMap) -> HeaderMap {
    let pair = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = http::HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        Some((name, http::HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    let mut modern = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter().filter_map(pair) {
        modern.append(name, value);
    }
    modern
}

/// The answer, which counts among those under way until its body has ended.
pub fn passed(
    answered: Answered,
    onward: Option<Payload>,
    at_once: OwnedSemaphorePermit,
) -> Result<HttpResponse, Error> {
    let Answered { status, headers, length, body, onward: connection } = answered;
    let status = StatusCode::from_u16(status.as_u16()).map_err(|_| Error::Internal)?;
    let mut response = HttpResponse::build(status);
    for (name, value) in &headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.append_header((name, value));
        }
    }
    let size = match length {
        Some(length) => BodySize::Sized(length),
        None if has_none(status) => BodySize::None,
        None => BodySize::Stream,
    };
    if let (Some(connection), Some(payload)) = (connection, onward) {
        response.upgrade("websocket");
        websocket::send_on(payload, connection);
    }
    let mut response = response.body(Answer { body, size, _at_once: at_once });
    response.extensions_mut().insert(Proxied);
    Ok(response)
}

/// Answers that have no body, whatever is said about them.
fn has_none(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

struct Answer {
    body: Passing,
    size: BodySize,
    _at_once: OwnedSemaphorePermit,
}

impl MessageBody for Answer {
    type Error = Failure;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
