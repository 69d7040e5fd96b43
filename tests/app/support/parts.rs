//! Time and chance that belong to the test.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use keyrack::actions::uses::COUNTED_EVERY;
use keyrack::domain::{Chance, Clock, Moment};
use sha2::{Digest as _, Sha256};

/// Stands still until it is told to go on; whoever sleeps wakes at once.
pub struct ManualClock {
    micros: AtomicI64,
    slept: Mutex<Vec<Duration>>,
}

impl ManualClock {
    /// 21 November 2026, 10:42 UTC.
    pub fn new() -> Self {
        Self { micros: AtomicI64::new(1_795_257_720_000_000), slept: Mutex::new(Vec::new()) }
    }

    pub fn advance(&self, span: Duration) {
        self.micros.fetch_add(i64::try_from(span.as_micros()).unwrap(), Ordering::SeqCst);
    }

    /// All the waits that were asked for, in their order, but for those of the count of uses, which nobody waits for.
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().iter().copied().filter(|span| *span != COUNTED_EVERY).collect()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment::from_micros(self.micros.load(Ordering::SeqCst))
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.slept.lock().unwrap().push(span);
        Box::pin(tokio::task::yield_now())
    }
}

/// SHA-256 of a seed and a counter: never the same twice, always the same from start to start.
pub struct SeededChance {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededChance {
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Chance for SeededChance {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let at = self.drawn.fetch_add(1, Ordering::SeqCst);
            let mut hash = Sha256::new();
            hash.update(self.seed.to_be_bytes());
            hash.update(at.to_be_bytes());
            let block = hash.finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
