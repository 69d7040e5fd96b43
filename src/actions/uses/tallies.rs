//! How often and when last something was used: counted every few seconds, beside the record.
//!
//! Invariant: nobody waits for a count, and none is the reason that a record is late. What the last seconds before a crash
//! came to is not counted; the record has it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::domain::usage::Counted;
use crate::domain::{Clock, SecretId, TokenId};
use crate::store::access::AskNothing;
use crate::store::tallies::Tally;
use crate::store::{self, Db, Outcome, Unrecorded};

use super::Use;

/// How often the counts are written: often enough for pages that say when something was used last.
pub const PERIOD: Duration = Duration::from_secs(3);
/// So many in one transaction, so that it is over before anybody waits for it.
const PORTION: usize = 64;
/// While the database is away, no more than this many are kept.
const MOST: usize = 100_000;

type Counts = BTreeMap<(SecretId, TokenId), Tally>;

#[derive(Clone)]
pub(super) struct Tallies {
    db: Db,
    counts: Arc<Mutex<Counts>>,
    counted: Arc<Notify>,
    /// Held by whoever writes them down.
    writing: Arc<tokio::sync::Mutex<()>>,
}

impl Tallies {
    pub fn new(db: Db) -> Self {
        Self { db, counts: Arc::default(), counted: Arc::default(), writing: Arc::default() }
    }

    /// Writes them down: the first at once, and then every few seconds, for as long as there is anything to count.
    pub async fn keep(self, clock: Arc<dyn Clock>) {
        loop {
            self.counted.notified().await;
            self.write().await;
            clock.sleep(PERIOD).await;
        }
    }

    /// Counts what has been recorded.
    pub fn add<'a>(&self, uses: impl Iterator<Item = &'a Use>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for of in uses {
            let (Some(token), Counted::Vend | Counted::Call(_)) = (&of.token, of.counted) else { continue };
            let tally = Tally {
                secret: of.secret.clone(),
                token: token.clone(),
                uses: 1,
                last_at: of.entry.at,
                from: of.entry.from,
            };
            merge(&mut counts, tally);
        }
        drop(counts);
        self.counted.notify_one();
    }

    /// Writes down what was counted so far.
    pub async fn write(&self) {
        let _mine = self.writing.lock().await;
        let all = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut rest = all.into_values();
        loop {
            let portion: Vec<Tally> = rest.by_ref().take(PORTION).collect();
            if portion.is_empty() {
                return;
            }
            if let Err(fault) = self.store(portion.clone()).await {
                tracing::warn!(error = %fault, "uses could not be counted yet");
                let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
                portion.into_iter().chain(rest).for_each(|tally| merge(&mut counts, tally));
                return;
            }
        }
    }

    async fn store(&self, portion: Vec<Tally>) -> Outcome<()> {
        let counted = self.db.write::<_, _, Infallible, _>(AskNothing, move |tx, by| {
            tx.unrecorded(Unrecorded::Tally);
            Ok(store::tallies::add(tx, by, &portion)?)
        });
        counted.await
    }
}

fn merge(counts: &mut Counts, new: Tally) {
    let many = counts.len() >= MOST;
    let key = (new.secret.clone(), new.token.clone());
    match counts.get_mut(&key) {
        Some(known) => {
            known.uses += new.uses;
            if new.last_at >= known.last_at {
                (known.last_at, known.from) = (new.last_at, new.from);
            }
        }
        None if many => {}
        None => drop(counts.insert(key, new)),
    }
}
