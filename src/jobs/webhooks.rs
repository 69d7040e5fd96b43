//! Sends events to webhooks, in lanes of their own: a receiver that takes its time holds up no letter, and no other receiver.

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::actions::webhooks::{self, Means};
use crate::app::App;

use super::GLANCE;

/// So many tries at once. Half of them are kept for receivers that do not fail.
const LANES: usize = 32;
const FOR_FAILING: usize = LANES / 2;

/// Tries that are under way; each says whether it was at a receiver that fails.
#[derive(Default)]
struct UnderWay {
    tries: JoinSet<bool>,
    failing: usize,
}

impl UnderWay {
    /// Begins what is due, as far as there is room. False where it could not be looked.
    async fn fill(&mut self, means: &Means) -> bool {
        while self.tries.len() < LANES {
            let well = self.failing >= FOR_FAILING;
            match webhooks::next(means, well).await {
                Ok(Some(taken)) => {
                    let (means, is_failing) = (means.clone(), taken.is_failing);
                    self.failing += usize::from(is_failing);
                    self.tries.spawn(async move {
                        webhooks::send(&means, taken).await;
                        is_failing
                    });
                }
                Ok(None) => return true,
                Err(fault) => {
                    tracing::warn!(error = %fault, "events to be sent could not be looked for");
                    return false;
                }
            }
        }
        true
    }

    /// Waits until one has ended; for ever where there is none.
    async fn one_ends(&mut self) {
        match self.tries.join_next().await {
            None => std::future::pending().await,
            Some(Ok(is_failing)) => self.failing = self.failing.saturating_sub(usize::from(is_failing)),
            Some(Err(error)) => {
                // Which kind it was is lost with it; the places are counted anew once nothing is under way.
                tracing::error!(%error, "sending an event panicked");
                if self.tries.is_empty() {
                    self.failing = 0;
                }
            }
        }
    }
}

pub(super) async fn keep_sending(app: &App, mut stopped: watch::Receiver<bool>) {
    let (means, mut under_way) = (app.sending(), UnderWay::default());
    while !*stopped.borrow() {
        under_way.fill(&means).await;
        tokio::select! {
            () = app.db.events_are_due() => {}
            () = under_way.one_ends() => {}
            () = app.clock.sleep(GLANCE) => {}
            _ = stopped.changed() => {}
        }
    }
    // What was begun is noted: cut off, it would be sent twice.
    while !under_way.tries.is_empty() {
        under_way.one_ends().await;
    }
}

/// Sends everything that is due and ends when nothing is; how many tries that were.
pub(super) async fn send_due(app: &App) -> usize {
    let (means, mut under_way, mut done) = (app.sending(), UnderWay::default(), 0);
    loop {
        let looked = under_way.fill(&means).await;
        if under_way.tries.is_empty() {
            return done;
        }
        under_way.one_ends().await;
        done += 1;
        if !looked && under_way.tries.is_empty() {
            return done;
        }
    }
}
