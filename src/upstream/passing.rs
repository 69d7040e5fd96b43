//! An answer's body on its way to whoever asked: as it arrives, masked, and not waited for without end.
//!
//! Invariant: no more of it is held than one piece, and how it ended is told exactly once, whoever ended it. What stands
//! still, because upstream says nothing or because nobody takes what it says, is let go.

use std::any::Any;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::HeaderMap;
use hyper::body::{Body as _, Incoming};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf, ReadHalf, WriteHalf};

use super::failure::Failure;
use super::hops;
use super::mask::{Mask, Masking};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Whole,
    Broken(Failure),
    /// Whoever asked has gone away.
    Left,
}

/// To whom it is told how a body ended, and how many bytes came.
pub type Told = Box<dyn FnOnce(End, u64) + Send>;

/// Bytes of a connection that has become a WebSocket are read in pieces of this size.
const PIECE: usize = 16 * 1_024;
/// So long the beginning of what may be a value waits for its rest.
const HELD: Duration = Duration::from_millis(50);
/// An answer of so many pieces is watched, also where upstream never lets one wait.
const WATCHED: u32 = 2;

/// The half of a connection by which a caller's bytes go on upstream.
pub struct Onward {
    half: WriteHalf<TokioIo<Upgraded>>,
    patience: Duration,
}

impl Onward {
    /// Whether they went.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        let sending = async {
            self.half.write_all(bytes).await?;
            self.half.flush().await
        };
        matches!(tokio::time::timeout(self.patience, sending).await, Ok(Ok(())))
    }

    pub async fn close(mut self) {
        let _gone = tokio::time::timeout(self.patience, self.half.shutdown()).await;
    }
}

enum Source {
    Body(Incoming),
    Connection(ReadHalf<TokioIo<Upgraded>>, BytesMut),
}

type Timer = Pin<Box<dyn Future<Output = ()> + Send>>;

async fn rest(span: Duration) {
    let _over = tokio::time::timeout(span, std::future::pending::<()>()).await;
}

/// What is on its way. Whoever takes it out ends it.
struct Flow {
    source: Source,
    masking: Masking,
    held: Option<Timer>,
    trailers: Option<HeaderMap>,
    received: u64,
    told: Option<Told>,
    /// What others wait for until it is over.
    _kept: Option<Box<dyn Any + Send>>,
    waker: Option<Waker>,
}

pub struct Passing {
    flow: Arc<Mutex<Option<Flow>>>,
    moved: Arc<AtomicBool>,
    within: Duration,
    pieces: u32,
    watched: bool,
    over: bool,
    trailers: Option<HeaderMap>,
}

impl Flow {
    fn end(mut self, how: End) {
        if let Some(told) = self.told.take() {
            told(how, self.received);
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Failure>>> {
        match &mut self.source {
            Source::Body(body) => loop {
                let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) else { return Poll::Pending };
                match frame.map(|frame| frame.map(hyper::body::Frame::into_data)) {
                    Some(Ok(Ok(data))) => return Poll::Ready(Some(Ok(data))),
                    Some(Ok(Err(frame))) => {
                        let mut trailers = frame.into_trailers().map(|all| hops::behind(&all)).unwrap_or_default();
                        self.masking.cover_headers(&mut trailers);
                        self.trailers = Some(trailers);
                    }
                    Some(Err(_)) => return Poll::Ready(Some(Err(Failure::Broken))),
                    None => return Poll::Ready(None),
                }
            },
            Source::Connection(half, room) => {
                room.resize(PIECE, 0);
                let mut read = ReadBuf::new(room);
                let polled = Pin::new(half).poll_read(cx, &mut read);
                let length = read.filled().len();
                match polled {
                    Poll::Ready(Ok(())) if length == 0 => Poll::Ready(None),
                    Poll::Ready(Ok(())) => Poll::Ready(Some(Ok(Bytes::copy_from_slice(read.filled())))),
                    Poll::Ready(Err(_)) => Poll::Ready(Some(Err(Failure::Broken))),
                    Poll::Pending => Poll::Pending,
                }
            }
        }
    }

    /// What waited for its rest long enough.
    fn poll_held(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        if !self.masking.holds() {
            self.held = None;
            return Poll::Pending;
        }
        let timer = self.held.get_or_insert_with(|| Box::pin(rest(HELD)));
        if timer.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.held = None;
        Poll::Ready(self.masking.end())
    }

    fn is_whole(&self) -> bool {
        matches!(&self.source, Source::Body(body) if body.is_end_stream())
    }
}

impl Passing {
    pub(super) fn body(body: Incoming, mask: Mask, within: Duration, told: Told) -> Self {
        Self::of(Source::Body(body), mask, within, told)
    }

    /// What comes over a connection that goes on in another language, and the way onward.
    pub(super) fn connection(both: TokioIo<Upgraded>, mask: Mask, patience: Duration, told: Told) -> (Self, Onward) {
        let (back, half) = tokio::io::split(both);
        let source = Source::Connection(back, BytesMut::new());
        (Self::of(source, mask, patience, told), Onward { half, patience })
    }

    fn of(source: Source, mask: Mask, within: Duration, told: Told) -> Self {
        let masking = mask.on_an_answer();
        let flow = Flow {
            source,
            masking,
            held: None,
            trailers: None,
            received: 0,
            told: Some(told),
            _kept: None,
            waker: None,
        };
        let flow = Arc::new(Mutex::new(Some(flow)));
        Self { flow, moved: Arc::default(), within, pieces: 0, watched: false, over: false, trailers: None }
    }

    /// What stood behind the body, once that is whole.
    pub fn trailers(&mut self) -> HeaderMap {
        self.trailers.take().unwrap_or_default()
    }

    /// Keeps this until it is over, however it ends.
    pub fn keep(&self, what: impl Any + Send) {
        if let Some(flow) = self.flow.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            flow._kept = Some(Box::new(what));
        }
    }

    /// Ends it where nothing has moved for the time that it may stand still, or for twice that at most.
    fn watch(&mut self) {
        if std::mem::replace(&mut self.watched, true) {
            return;
        }
        let (flow, moved, within) = (Arc::downgrade(&self.flow), self.moved.clone(), self.within);
        tokio::spawn(async move {
            loop {
                rest(within).await;
                let Some(flow) = flow.upgrade() else { return };
                if moved.swap(false, Ordering::Relaxed) {
                    continue;
                }
                if let Some(flow) = take(&flow) {
                    flow.end(End::Broken(Failure::SlowBody));
                }
                return;
            }
        });
    }

    fn over(&mut self, how: End) {
        self.over = true;
        if let Some(flow) = take(&self.flow) {
            flow.end(how);
        }
    }
}

fn take(flow: &Mutex<Option<Flow>>) -> Option<Flow> {
    flow.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl Stream for Passing {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        loop {
            let shared = self.flow.clone();
            let mut guard = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(flow) = guard.as_mut() else {
                self.over = true;
                return Poll::Ready(Some(Err(Failure::SlowBody)));
            };
            match flow.poll_piece(cx) {
                Poll::Ready(Some(Ok(piece))) => {
                    flow.received += piece.len() as u64;
                    flow.held = None;
                    let passed = flow.masking.pass(piece);
                    drop(guard);
                    self.moved.store(true, Ordering::Relaxed);
                    self.pieces = self.pieces.saturating_add(1);
                    if self.pieces >= WATCHED {
                        self.watch();
                    }
                    if !passed.is_empty() {
                        return Poll::Ready(Some(Ok(passed)));
                    }
                }
                Poll::Ready(Some(Err(failure))) => {
                    drop(guard);
                    self.over(End::Broken(failure));
                    return Poll::Ready(Some(Err(failure)));
                }
                Poll::Ready(None) => {
                    let (rest, trailers) = (flow.masking.end(), flow.trailers.take());
                    drop(guard);
                    self.trailers = trailers;
                    self.over(End::Whole);
                    return Poll::Ready((!rest.is_empty()).then_some(Ok(rest)));
                }
                Poll::Pending => {
                    if let Poll::Ready(held) = flow.poll_held(cx) {
                        return Poll::Ready(Some(Ok(held)));
                    }
                    flow.waker = Some(cx.waker().clone());
                    drop(guard);
                    self.watch();
                    return Poll::Pending;
                }
            }
        }
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if let Some(flow) = take(&self.flow) {
            // Nobody asks for more of what is at its end, as what only a head was asked of is from the beginning.
            let how = if flow.is_whole() { End::Whole } else { End::Left };
            flow.end(how);
        }
    }
}
