//! A caller's body on its way upstream: held where it is small, passed on as it comes where it is not.
//!
//! Invariant: no more of a body that is passed on is held than a few pieces, and one that stands still ends the call.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::{Method, header};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt as _;

use crate::actions::calling::{Content, Counter};
use crate::api::codes::Code;
use crate::api::error::Error;

/// What is held: small enough to be sent once more, and for a value to be put into.
const HELD: usize = 256 * 1_024;

pub fn nothing() -> Content {
    Content::Whole(Bytes::new())
}

/// What a request says about its body.
pub enum Coming {
    Nothing,
    Whole(usize),
    /// Of this length, where it is known.
    Much(Option<u64>),
}

impl Coming {
    pub fn of(request: &HttpRequest) -> Result<Self, Error> {
        let broken = || Error::Told(Code::InvalidRequest, "The length of the body is no number.".to_owned());
        let headers = request.headers();
        let length = headers.get(header::CONTENT_LENGTH).map(|value| value.to_str().ok()?.parse::<u64>().ok());
        match length {
            Some(length) => match length.ok_or_else(broken)? {
                0 => Ok(Self::Nothing),
                length if length <= HELD as u64 => Ok(Self::Whole(usize::try_from(length).unwrap_or(HELD))),
                length => Ok(Self::Much(Some(length))),
            },
            None if !headers.contains_key(header::TRANSFER_ENCODING) => Ok(Self::Nothing),
            // Upstream such a request has a body with a length, or none.
            None if [Method::GET, Method::HEAD].contains(request.method()) => Ok(Self::Whole(HELD)),
            None => Ok(Self::Much(None)),
        }
    }

    /// The body, or the way to it. `patience` is how long a small one may take, and the next piece of another.
    pub async fn content(self, payload: Payload, patience: Duration, sent: Counter) -> Result<Content, Error> {
        match self {
            Self::Nothing => Ok(nothing()),
            Self::Whole(most) => {
                let whole = tokio::time::timeout(patience, whole(payload, most));
                whole.await.map_err(|_| Error::TooSlow)?.map(Content::Whole)
            }
            Self::Much(length) => Ok(stream(payload, length, (patience, sent))),
        }
    }
}

async fn whole(mut payload: Payload, most: usize) -> Result<Bytes, Error> {
    let mut held = BytesMut::new();
    while let Some(piece) = payload.next().await {
        let broken = |_| Error::Told(Code::InvalidRequest, "The body could not be read.".to_owned());
        held.extend_from_slice(&piece.map_err(broken)?);
        if held.len() > most {
            return Err(Error::TooLarge);
        }
    }
    Ok(held.freeze())
}

/// The connections belong to different threads: the caller's pieces are handed over one after another.
fn stream(mut payload: Payload, length: Option<u64>, (patience, sent): (Duration, Counter)) -> Content {
    let (hand, content) = Content::handed(length);
    actix_web::rt::spawn(async move {
        loop {
            let piece = match tokio::time::timeout(patience, payload.next()).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(None) => return,
                Ok(Some(Err(_))) | Err(_) => return hand.break_off().await,
            };
            sent.add(piece.len());
            // Upstream may have heard enough.
            if !hand.over(piece).await {
                return;
            }
        }
    });
    content
}
