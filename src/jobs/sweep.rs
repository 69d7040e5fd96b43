//! Takes away what is over: sessions, counted attempts, links, invitations, imports, values that were kept to go back to,
//! shares, old counts of uses, and failures that nobody has looked at; and tells of what soon will be over, and of unusual use.

use std::convert::Infallible;
use std::time::Duration;

use crate::actions::reminders;
use crate::app::App;
use crate::store::access::AskRunner;
use crate::store::{self, Fault, Unrecorded};

use super::{Outcome, shares, told, troubled, usage, values};

const EVERY: Duration = Duration::from_hours(1);
/// How long what has failed is kept for an Owner to see.
const KEPT: Duration = Duration::from_hours(14 * 24);
/// For how long events are kept for whoever asks late.
const TOLD: Duration = Duration::from_hours(30 * 24);
/// For how long a machine's request that comes again makes nothing more.
const REMEMBERED: Duration = Duration::from_hours(24);

pub(super) async fn run(app: &App) -> Outcome {
    match sweep(app).await {
        Ok(next) => Outcome::Again(next.map_or(EVERY, |next| next.min(EVERY))),
        Err(fault) => troubled(&fault),
    }
}

/// How soon the next thing ends, where that is known.
async fn sweep(app: &App) -> Result<Option<Duration>, Fault<Infallible>> {
    let kept = app.config.usage.kept;
    let swept = app.db.write(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        store::throttle::sweep(tx, by)?;
        store::sessions::sweep(tx, by)?;
        store::links::sweep(tx, by)?;
        store::invitations::sweep(tx, by)?;
        store::imports::sweep(tx, by)?;
        store::flows::sweep(tx, by)?;
        let remembered = tx.now().minus(REMEMBERED);
        store::repeats::sweep(tx, by, remembered)?;
        store::connect_sessions::sweep(tx, by, remembered)?;
        let counted = tx.now().minus(kept);
        store::usage::sweep(tx, by, counted)?;
        let told = tx.now().minus(TOLD);
        store::events::sweep(tx, by, told)?;
        let before = tx.now().minus(KEPT);
        Ok(store::jobs::sweep(tx, by, before)?)
    });
    swept.await?;
    // What stands still in one of them is no reason for the other to wait.
    let (values, told, shares) = (values::end(app).await, told::look(app).await, shares::end(app).await);
    let reminded = reminders::remind(&app.db, &app.kit(None)).await;
    values.and(told).and(usage::look(app).await).and(reminded).and(shares)
}
