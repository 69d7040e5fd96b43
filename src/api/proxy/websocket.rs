//! What a caller sends after both sides have agreed on a WebSocket.

use actix_web::web::Payload;
use futures_util::StreamExt as _;

use crate::actions::calling::{Counter, Onward};

/// Sends on whatever comes, until either side has gone. Nobody has to say anything: whether the other side still lives is
/// watched on the way back.
pub fn send_on(mut payload: Payload, mut onward: Onward, sent: Counter) {
    actix_web::rt::spawn(async move {
        while let Some(Ok(piece)) = payload.next().await {
            sent.add(piece.len());
            if !onward.send(&piece).await {
                break;
            }
        }
        onward.close().await;
    });
}
