//! Looks for hours in which a secret was used far more than ever before.

use std::convert::Infallible;
use std::time::Duration;

use crate::app::App;
use crate::domain::unusual::{FLOOR, is_spike};
use crate::domain::usage::Stretch;
use crate::store::access::{AskRunner, AskRunnerIn};
use crate::store::oddities::Spike;
use crate::store::usage::Busy;
use crate::store::{self, Denied, Error, Fault, Unrecorded};

use super::stood_still;

/// The hour that goes on, and the one before: a look comes once in an hour.
const LATELY: Duration = Duration::from_hours(1);

pub(super) async fn look(app: &App) -> Result<(), Fault<Infallible>> {
    let since = Stretch::Hour.start(app.clock.now()).minus(LATELY);
    let busy = app.db.read(AskRunner, move |tx, by| Ok(store::usage::busy(tx, by, (since, FLOOR))?)).await?;
    let mut first = Ok(());
    for one in busy {
        let workspace = one.workspace.clone();
        if let Err(fault) = judge(app, one).await {
            first = first.and(stood_still(&workspace, fault));
        }
    }
    first
}

async fn judge(app: &App, busy: Busy) -> Result<(), Fault<Infallible>> {
    let workspace = busy.workspace.clone();
    let found = app.db.read(AskRunner, move |tx, by| {
        let before = store::usage::before(tx, by, &busy)?;
        let stands_out = is_spike(busy.uses, before.busiest, before.used_since, tx.now());
        let token = before.token.filter(|_| stands_out);
        let (secret, hour, uses, busiest) = (busy.secret.clone(), busy.hour, busy.uses, before.busiest);
        Ok(token.map(|token| Spike { secret, token, hour, uses, busiest }))
    });
    let Some(spike) = found.await? else { return Ok(()) };
    let noted = app.db.write(AskRunnerIn { workspace }, move |tx, by| {
        tx.unrecorded(Unrecorded::Tally);
        Ok(store::oddities::note_spike(tx, by, &spike)?)
    });
    match noted.await {
        // Deleted since it was found.
        Ok(_) | Err(Fault::Store(Error::Denied(Denied::NotFound))) => Ok(()),
        Err(fault) => Err(fault),
    }
}
