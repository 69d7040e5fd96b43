//! How fast a token may ask: a bucket for each, which every request takes from and time fills again.
//!
//! Invariant: what is kept is bounded, whoever asks with whatever; a bucket that is full again need not be kept at all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::Moment;

/// What a bucket is known by: the beginning of the HMAC of a token's text, so that only who knows the text empties it.
pub type Key = [u8; 16];

/// Buckets lie in so many parts, each with a lock of its own.
const PARTS: usize = 32;
/// Buckets in one part, at most.
const MOST: usize = 2_048;
/// What one request takes. A microsecond gives back as much as requests are allowed in a minute.
const PRICE: u64 = 60_000_000;

#[derive(Clone, Copy)]
struct Bucket {
    level: u64,
    at: Moment,
}

/// What an answer says of a token's bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub limit: u64,
    pub remaining: u64,
    /// Seconds until the bucket is full again.
    pub reset: u64,
    /// Seconds to wait, for a request that came too early.
    pub wait: Option<u64>,
}

pub struct Pace {
    /// Requests in a minute.
    rate: u64,
    parts: [Mutex<HashMap<Key, Bucket>>; PARTS],
}

impl Pace {
    /// None where there is no limit.
    pub fn new(rate: u32) -> Option<Self> {
        (rate > 0).then(|| Self { rate: u64::from(rate), parts: std::array::from_fn(|_| Mutex::default()) })
    }

    fn full(&self) -> u64 {
        self.rate * PRICE
    }

    fn level(&self, bucket: Bucket, now: Moment) -> u64 {
        // A clock that was put back gives nothing, and takes nothing.
        let micros = u64::try_from(now.since(bucket.at).as_micros()).unwrap_or(u64::MAX);
        bucket.level.saturating_add(micros.saturating_mul(self.rate)).min(self.full())
    }

    /// Seconds in which so much flows in, at least one where anything is missing.
    fn seconds(&self, missing: u64) -> u64 {
        missing.div_ceil(self.rate * 1_000_000)
    }

    /// Takes one request out of the bucket of this key.
    pub fn take(&self, key: &Key, now: Moment) -> Counted {
        let part = self.parts.get(usize::from(key[0]) % PARTS);
        let Some(mut part) = part.map(|part| part.lock().unwrap_or_else(PoisonError::into_inner)) else {
            return self.counted(self.full(), None);
        };
        let before = part.get(key).map_or(self.full(), |bucket| self.level(*bucket, now));
        let (level, wait) = match before.checked_sub(PRICE) {
            Some(left) => (left, None),
            None => (before, Some(self.seconds(PRICE - before).max(1))),
        };
        let kept = Bucket { level, at: now };
        if let Some(bucket) = part.get_mut(key) {
            *bucket = kept;
            return self.counted(level, wait);
        }
        if part.len() >= MOST {
            part.retain(|_, bucket| self.level(*bucket, now) < self.full());
        }
        // Where even those are too many, whoever is new goes uncounted: nobody is shut out by somebody else.
        if part.len() < MOST {
            part.insert(*key, kept);
        }
        self.counted(level, wait)
    }

    fn counted(&self, level: u64, wait: Option<u64>) -> Counted {
        Counted { limit: self.rate, remaining: level / PRICE, reset: self.seconds(self.full() - level), wait }
    }

    #[cfg(test)]
    fn kept(&self) -> usize {
        self.parts.iter().map(|part| part.lock().map_or(0, |part| part.len())).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Moment = Moment::from_micros(1_795_257_720_000_000);

    fn after(seconds: u64) -> Moment {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (pace, key) = (Pace::new(60).unwrap(), [1; 16]);
        let first = pace.take(&key, START);
        assert_eq!(first, Counted { limit: 60, remaining: 59, reset: 1, wait: None });
        for _ in 0..59 {
            assert_eq!(pace.take(&key, START).wait, None);
        }
        let refused = pace.take(&key, START);
        assert_eq!(refused, Counted { limit: 60, remaining: 0, reset: 60, wait: Some(1) });
        assert_eq!(pace.take(&[2; 16], START).remaining, 59, "another token has its own");
        assert_eq!(pace.take(&key, after(1)).wait, None);
        assert_eq!(pace.take(&key, after(1)).wait, Some(1));
        assert_eq!(pace.take(&key, after(3_600)).remaining, 59);
        assert!(Pace::new(0).is_none());
    }

    #[test]
    fn a_clock_that_is_put_back_shuts_nobody_out() {
        let (pace, key) = (Pace::new(2).unwrap(), [1; 16]);
        for _ in 0..3 {
            pace.take(&key, after(3_600));
        }
        assert_eq!(pace.take(&key, START).wait, Some(30));
        assert_eq!(pace.take(&key, after(30)).wait, None, "it fills from the present on");
    }

    #[test]
    fn strangers_fill_no_memory() {
        let pace = Pace::new(6_000).unwrap();
        let mut now = START;
        for number in 0_u64..200_000 {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
            now = now.plus(Duration::from_micros(1));
            pace.take(&key, now);
        }
        assert!(pace.kept() <= PARTS * MOST, "{}", pace.kept());
        let later = now.plus(Duration::from_secs(1));
        for part in 0_u8..32 {
            pace.take(&[part, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9], later);
        }
        assert!(pace.kept() <= PARTS * MOST);
    }
}
