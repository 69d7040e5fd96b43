//! An answer's body on its way to whoever asked: as it arrives, masked, and not waited for without end.
//!
//! Invariant: no more of it is held than one piece, and how it ended is told exactly once, whoever ended it.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use hyper::body::{Body as _, Incoming};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf, ReadHalf, WriteHalf};

use super::failure::Failure;
use super::mask::{Mask, Masking};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Whole,
    Broken(Failure),
    /// Whoever asked has gone away.
    Left,
}

/// The half of a connection by which a caller's bytes go on upstream.
pub struct Onward {
    half: WriteHalf<TokioIo<Upgraded>>,
    patience: Duration,
}

impl Onward {
    /// Whether they went.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let written = tokio::time::timeout(self.patience, self.half.write_all(bytes)).await;
        matches!(written, Ok(Ok(())))
    }

    pub async fn close(mut self) {
        let _gone = self.half.shutdown().await;
    }
}

/// To whom it is told how a body ended, and how many bytes came.
pub type Told = Box<dyn FnOnce(End, u64) + Send>;
/// Bytes of a connection that has become a WebSocket are read in pieces of this size.
const PIECE: usize = 16 * 1_024;

enum Source {
    Body(Incoming),
    Connection(ReadHalf<TokioIo<Upgraded>>),
}

pub struct Passing {
    source: Source,
    masking: Masking,
    patience: Patience,
    received: u64,
    told: Option<Told>,
}

/// Ends what stands still. One timer lasts for many pieces: it is looked at when it goes off, so that a body may stand
/// still for twice the time at most.
struct Patience {
    within: Duration,
    timer: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    moved: bool,
}

impl Patience {
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            let within = self.within;
            let timer = self.timer.get_or_insert_with(|| Box::pin(stand_still(within)));
            if timer.as_mut().poll(cx).is_pending() {
                return false;
            }
            self.timer = None;
            if !std::mem::take(&mut self.moved) {
                return true;
            }
        }
    }
}

async fn stand_still(within: Duration) {
    let _over = tokio::time::timeout(within, std::future::pending::<()>()).await;
}

impl Passing {
    pub(super) fn body(body: Incoming, mask: Mask, within: Duration, told: Told) -> Self {
        Self::of(Source::Body(body), mask, within, told)
    }

    /// What comes over a connection that goes on in another language, and the way onward.
    pub(super) fn connection(both: TokioIo<Upgraded>, mask: Mask, patience: Duration, told: Told) -> (Self, Onward) {
        let (back, half) = tokio::io::split(both);
        (Self::of(Source::Connection(back), mask, patience, told), Onward { half, patience })
    }

    fn of(source: Source, mask: Mask, within: Duration, told: Told) -> Self {
        let patience = Patience { within, timer: None, moved: false };
        Self { source, masking: mask.on_an_answer(), patience, received: 0, told: Some(told) }
    }

    fn end(&mut self, how: End) {
        if let Some(told) = self.told.take() {
            told(how, self.received);
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        match &mut self.source {
            Source::Body(body) => loop {
                match Pin::new(&mut *body).poll_frame(cx) {
                    // Trailers end here: the way back has none.
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(data) => return Poll::Ready(Some(Ok(data))),
                        Err(_) => continue,
                    },
                    Poll::Ready(Some(Err(_))) => return Poll::Ready(Some(Err(Failure::Broken))),
                    Poll::Ready(None) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                }
            },
            Source::Connection(half) => {
                let mut piece = vec![0; PIECE];
                let mut read = ReadBuf::new(&mut piece);
                match Pin::new(half).poll_read(cx, &mut read) {
                    Poll::Ready(Ok(())) if read.filled().is_empty() => Poll::Ready(None),
                    Poll::Ready(Ok(())) => {
                        let length = read.filled().len();
                        piece.truncate(length);
                        Poll::Ready(Some(Ok(piece.into())))
                    }
                    Poll::Ready(Err(_)) => Poll::Ready(Some(Err(Failure::Broken))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }
}

impl Stream for Passing {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.told.is_none() {
            return Poll::Ready(None);
        }
        loop {
            match self.poll_piece(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    self.patience.moved = true;
                    self.received += piece.len() as u64;
                    let passed = self.masking.pass(piece);
                    if !passed.is_empty() {
                        return Poll::Ready(Some(Ok(passed)));
                    }
                }
                Poll::Ready(Some(Err(failure))) => {
                    self.end(End::Broken(failure));
                    return Poll::Ready(Some(Err(failure)));
                }
                Poll::Ready(None) => {
                    self.end(End::Whole);
                    let rest = self.masking.end();
                    return Poll::Ready((!rest.is_empty()).then_some(Ok(rest)));
                }
                Poll::Pending if self.patience.is_over(cx) => {
                    self.end(End::Broken(Failure::SlowBody));
                    return Poll::Ready(Some(Err(Failure::SlowBody)));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // Nobody asks for more of what is at its end, as what only a head was asked of is from the beginning.
        let is_whole = matches!(&self.source, Source::Body(body) if body.is_end_stream());
        self.end(if is_whole { End::Whole } else { End::Left });
    }
}
