//! A caller's body on its way upstream: held where it is small, passed on as it comes where it is not.
//!
//! Invariant: no more of a body that is passed on is held than a few pieces, and one that stands still ends the call.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;

use crate::actions::calling::Content;
use crate::api::error::Error;

/// What is held: small enough to be sent once more, and for a value to be put into.
const HELD: usize = 256 * 1_024;

pub fn nothing() -> Content {
    Content::Whole(Bytes::new())
}

/// The body, or the way to it. `patience` is how long the next piece may take.
pub async fn of(request: &HttpRequest, payload: Payload, patience: Duration) -> Result<Content, Error> {
    let length = length(request)?;
    match length {
        Some(0) => Ok(nothing()),
        Some(length) if length <= HELD as u64 => Ok(Content::Whole(whole(payload, patience).await?)),
        None if !is_chunked(request) => Ok(nothing()),
        length => Ok(stream(payload, length, patience)),
    }
}

fn length(request: &HttpRequest) -> Result<Option<u64>, Error> {
    let Some(value) = request.headers().get("content-length") else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map(Some).ok_or_else(|| Error::Body("its length is no number".to_owned()))
}

/// Whether a body without a length is to come: always where the protocol has no other way to say so.
fn is_chunked(request: &HttpRequest) -> bool {
    request.headers().contains_key("transfer-encoding") || request.version() == actix_web::http::Version::HTTP_2
}

async fn whole(mut payload: Payload, patience: Duration) -> Result<Bytes, Error> {
    let mut held = BytesMut::new();
    while let Some(piece) = tokio::time::timeout(patience, payload.next()).await.map_err(|_| Error::TooSlow)? {
        let piece = piece.map_err(|_| Error::Body("it could not be read".to_owned()))?;
        if held.len() + piece.len() > HELD {
            return Err(Error::TooLarge);
        }
        held.extend_from_slice(&piece);
    }
    Ok(held.freeze())
}

/// The connections belong to different threads: the caller's pieces are handed over one after another.
fn stream(mut payload: Payload, length: Option<u64>, patience: Duration) -> Content {
    let (hand, content, counter) = Content::handed(length);
    actix_web::rt::spawn(async move {
        loop {
            let piece = match tokio::time::timeout(patience, payload.next()).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(None) => return,
                Ok(Some(Err(_))) | Err(_) => return hand.break_off().await,
            };
            counter.add(piece.len());
            // Upstream may have heard enough.
            if !hand.over(piece).await {
                return;
            }
        }
    });
    content
}
