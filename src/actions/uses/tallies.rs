//! How often and when last something was used: counted every few seconds, beside the record.
//!
//! Invariant: nobody waits for a count, and none is the reason that a record is late. What the last seconds before a crash
//! came to is not counted; the record has it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::domain::usage::{Counted, Origin, Refusals, Stretch, Sums};
use crate::domain::{Clock, Moment, SecretId, TokenId, WorkflowId};
use crate::store::access::AskNothing;
use crate::store::tallies::{Seen, Tally, Watched};
use crate::store::{self, Db, Outcome, Unrecorded};

use super::Use;

/// How often the counts are written: often enough for pages that say when something was used last.
pub const PERIOD: Duration = Duration::from_secs(3);
/// So many in one transaction, so that it is over before anybody waits for it.
const PORTION: usize = 64;
/// While the database is away, no more than this many are kept.
const MOST: usize = 100_000;
/// Of the places that a secret is used from, so many are noted at once.
const ORIGINS: usize = 16;

/// One secret's uses, and what they tell together.
#[derive(Default)]
struct OfSecret {
    by: BTreeMap<(TokenId, Moment, Option<WorkflowId>), Tally>,
    watched: Watched,
}

#[derive(Default)]
struct Counts {
    secrets: BTreeMap<SecretId, OfSecret>,
    /// How many tallies there are.
    many: usize,
}

impl Counts {
    fn add(&mut self, of: &Use) {
        let (Some(token), Counted::Vend | Counted::Call(_)) = (&of.token, of.counted) else { return };
        let at = of.entry.at;
        let hour = Stretch::Hour.start(at);
        let has_room = self.many < MOST;
        let Some(secret) = of_secret(&mut self.secrets, &of.secret, has_room) else { return };
        secret.watched.refusals = secret.watched.refusals.then(Refusals::of(of.counted));
        if let Some(origin) = of.entry.from.map(Origin::from) {
            see(&mut secret.watched, origin, (at, at), token);
        }
        let made = || Tally {
            workspace: of.workspace.clone(),
            secret: of.secret.clone(),
            token: token.clone(),
            workflow: of.workflow.clone(),
            node_type: of.node_type.clone(),
            hour,
            sums: Sums::default(),
            last_at: at,
            from: of.entry.from,
            watched: Watched::default(),
        };
        let tally = match secret.by.entry((token.clone(), hour, of.workflow.clone())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(_) if !has_room => return,
            Entry::Vacant(place) => {
                self.many += 1;
                place.insert(made())
            }
        };
        tally.sums.add(&Sums::of(of.counted));
        if at >= tally.last_at {
            (tally.last_at, tally.from) = (at, of.entry.from);
        }
    }

    /// Adds what was counted after all that is here.
    fn append(&mut self, later: Tally) {
        let has_room = self.many < MOST;
        let Some(secret) = of_secret(&mut self.secrets, &later.secret, has_room) else { return };
        secret.watched.refusals = secret.watched.refusals.then(later.watched.refusals);
        for (origin, seen) in &later.watched.origins {
            see(&mut secret.watched, *origin, (seen.first, seen.last), &seen.token);
        }
        let key = (later.token.clone(), later.hour, later.workflow.clone());
        match secret.by.get_mut(&key) {
            Some(known) => {
                known.sums.add(&later.sums);
                if later.last_at >= known.last_at {
                    (known.last_at, known.from) = (later.last_at, later.from);
                }
            }
            None if !has_room => {}
            None => {
                secret.by.insert(key, Tally { watched: Watched::default(), ..later });
                self.many += 1;
            }
        }
    }

    /// One after another, in the order of their ids; the first of a secret tells what all of its uses tell together.
    fn into_tallies(self) -> impl Iterator<Item = Tally> {
        self.secrets.into_values().flat_map(|mut secret| {
            let mut watched = Some(std::mem::take(&mut secret.watched));
            secret.by.into_values().map(move |tally| Tally { watched: watched.take().unwrap_or_default(), ..tally })
        })
    }
}

/// A secret's counts; none where there is no room for another.
fn of_secret<'a>(
    secrets: &'a mut BTreeMap<SecretId, OfSecret>,
    id: &SecretId,
    has_room: bool,
) -> Option<&'a mut OfSecret> {
    // Looked for first: only a secret that is not there yet takes a copy of its id.
    if !secrets.contains_key(id) {
        if !has_room {
            return None;
        }
        secrets.insert(id.clone(), OfSecret::default());
    }
    secrets.get_mut(id)
}

fn see(watched: &mut Watched, origin: Origin, (first, last): (Moment, Moment), token: &TokenId) {
    let room = watched.origins.len() < ORIGINS;
    match watched.origins.get_mut(&origin) {
        Some(seen) => seen.last = seen.last.max(last),
        None if room => drop(watched.origins.insert(origin, Seen { first, last, token: token.clone() })),
        None => {}
    }
}

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

    /// Writes them down, the first at once and then every few seconds, until nothing more is recorded.
    pub async fn keep(self, clock: Arc<dyn Clock>, mut over: watch::Receiver<()>) {
        let keep = async {
            loop {
                self.counted.notified().await;
                self.write().await;
                clock.sleep(PERIOD).await;
            }
        };
        tokio::select! {
            () = keep => {}
            _ended = over.changed() => {}
        }
    }

    /// Counts what has been recorded.
    pub fn add<'a>(&self, uses: impl Iterator<Item = &'a Use>) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        uses.for_each(|of| counts.add(of));
        drop(counts);
        self.counted.notify_one();
    }

    /// Writes down what was counted so far.
    pub async fn write(&self) {
        let _mine = self.writing.lock().await;
        let all = std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        let mut rest = all.into_tallies();
        loop {
            let portion: Vec<Tally> = rest.by_ref().take(PORTION).collect();
            if portion.is_empty() {
                return;
            }
            if let Err(fault) = self.store(portion.clone()).await {
                tracing::warn!(error = %fault, "uses could not be counted yet");
                let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
                let newer = std::mem::take(&mut *counts);
                portion.into_iter().chain(rest).chain(newer.into_tallies()).for_each(|tally| counts.append(tally));
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
