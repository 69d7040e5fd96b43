//! A body that somebody else receives, on its way out: handed over piece by piece.
//!
//! Invariant: no more than a few pieces wait, and a body that ends before its length is none.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::sync::mpsc;

use super::body::Body;

/// Pieces that wait between the connection that they come by and the one that they leave by.
const WAITING: usize = 2;

#[derive(Debug, thiserror::Error)]
#[error("the caller's body broke off")]
pub struct BrokenOff;

type Piece = Result<Bytes, BrokenOff>;

/// The end at which the pieces are put in.
pub struct Hand {
    to: mpsc::Sender<Piece>,
}

impl Hand {
    /// Returns once there is room for the next one; false where nobody wants more.
    pub async fn over(&self, piece: Bytes) -> bool {
        self.to.send(Ok(piece)).await.is_ok()
    }

    /// Says that no more comes although there should.
    pub async fn break_off(self) {
        let _nobody_wants_more = self.to.send(Err(BrokenOff)).await;
    }
}

/// A body of this length, where that is known, and the way into it.
pub fn handed(length: Option<u64>) -> (Hand, Body) {
    let (to, from) = mpsc::channel(WAITING);
    (Hand { to }, Handed { from, left: length }.map_err(Into::into).boxed_unsync())
}

struct Handed {
    from: mpsc::Receiver<Piece>,
    left: Option<u64>,
}

impl hyper::body::Body for Handed {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let Poll::Ready(piece) = self.from.poll_recv(cx) else { return Poll::Pending };
        if let (Some(left), Some(Ok(piece))) = (&mut self.left, &piece) {
            *left = left.saturating_sub(piece.len() as u64);
        }
        Poll::Ready(match piece {
            Some(piece) => Some(piece.map(Frame::data)),
            None if self.left.is_some_and(|left| left > 0) => Some(Err(BrokenOff)),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
