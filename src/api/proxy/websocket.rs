//! What a caller sends after both sides have agreed on a WebSocket.

use std::time::Duration;

use actix_web::web::Payload;
use futures_util::StreamExt as _;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt as _, WriteHalf};

/// Sends on whatever comes, until either side has gone. Nobody has to say anything: whether the other side still lives is
/// watched on the way back.
pub fn send_on(mut payload: Payload, mut connection: WriteHalf<TokioIo<Upgraded>>, patience: Duration) {
    actix_web::rt::spawn(async move {
        while let Some(Ok(piece)) = payload.next().await {
            let written = tokio::time::timeout(patience, connection.write_all(&piece)).await;
            if !matches!(written, Ok(Ok(()))) {
                break;
            }
        }
        let _closed = connection.shutdown().await;
    });
}
