//! What upstream said, on its way back.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::web::{Bytes, Payload};
use futures_util::Stream as _;
use http::HeaderMap;
use tokio::sync::OwnedSemaphorePermit;

use crate::actions::calling::{Answered, Counter, Failure, Passing};
use crate::api::error::Error;

use super::{pieces, websocket};

/// Says of an answer that it is upstream's: its words are left alone.
#[derive(Clone, Copy, Debug)]
pub struct Proxied;

/// What an answer depends on, for whoever keeps it: the token, and the key that is meant.
const VARIES: &str = "Authorization, Keyrack-Secret, Keyrack-Node, Keyrack-User, Keyrack-Organization, Keyrack-Host";

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
    (onward, trailers): (Option<(Payload, Counter)>, bool),
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
    response.append_header(("vary", VARIES));
    let size = match length {
        _ if has_none(status) => BodySize::None,
        Some(length) => BodySize::Sized(length),
        None => BodySize::Stream,
    };
    // The framework takes whoever asked for a WebSocket for one who has it: what is no WebSocket ends with the connection.
    let is_declined = onward.is_some() && connection.is_none();
    if let (Some(connection), Some((payload, sent))) = (connection, onward) {
        response.upgrade("websocket");
        websocket::send_on(payload, connection, sent);
    }
    body.keep(at_once);
    let in_pieces = trailers && size == BodySize::Stream;
    let ending = if in_pieces { Ending::ToCome } else { Ending::Bare };
    let mut response = response.body(Answer { body, size, ending });
    if in_pieces {
        pieces::announce(&mut response);
    }
    if is_declined {
        response.head_mut().no_chunking(true);
        response.head_mut().set_connection_type(ConnectionType::Close);
    }
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
    ending: Ending,
}

/// What follows the last piece.
enum Ending {
    /// Nothing that is written here.
    Bare,
    ToCome,
    Written,
}

impl MessageBody for Answer {
    type Error = Failure;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        let polled = Pin::new(&mut self.body).poll_next(cx);
        match (&self.ending, polled) {
            (Ending::ToCome, Poll::Ready(Some(Ok(bytes)))) => Poll::Ready(Some(Ok(pieces::piece(&bytes)))),
            (Ending::ToCome, Poll::Ready(None)) => {
                self.ending = Ending::Written;
                Poll::Ready(Some(Ok(pieces::last(&self.body.trailers()))))
            }
            (_, polled) => polled,
        }
    }
}
