//! Takes away what is over: sessions, counted attempts, links, invitations, failures that nobody has looked at, and
//! shares.

use std::time::Duration;

use crate::app::App;
use crate::store::access::AskRunner;
use crate::store::{self, Unrecorded};

use super::{Outcome, shares, troubled};

const EVERY: Duration = Duration::from_hours(1);
/// How long what has failed is kept for an Owner to see.
const KEPT: Duration = Duration::from_hours(14 * 24);

pub(super) async fn run(app: &App) -> Outcome {
    let swept = app.db.write(AskRunner, |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        store::throttle::sweep(tx, by)?;
        store::sessions::sweep(tx, by)?;
        store::links::sweep(tx, by)?;
        store::invitations::sweep(tx, by)?;
        let before = tx.now().minus(KEPT);
        Ok(store::jobs::sweep(tx, by, before)?)
    });
    if let Err(fault) = swept.await {
        return troubled(&fault);
    }
    match shares::end(app).await {
        Ok(next) => Outcome::Again(next.map_or(EVERY, |next| next.min(EVERY))),
        Err(fault) => troubled(&fault),
    }
}
