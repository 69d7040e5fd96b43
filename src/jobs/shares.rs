//! Ends the shares whose time is over. Nobody uses a secret by them since that moment; this says so, and to whom.

use std::convert::Infallible;
use std::time::Duration;

use crate::actions::sharing;
use crate::app::App;
use crate::domain::audit::Actor;
use crate::domain::{SecretId, WorkspaceId};
use crate::store::access::{AskRunner, AskRunnerIn};
use crate::store::{self, Denied, Error, Fault, Unrecorded};

use super::stood_still;

/// Secrets that one run looks after; for more it comes again at once.
const AT_ONCE: i64 = 200;
/// Not sooner than this, for what could not be ended.
const PAUSE: Duration = Duration::from_mins(1);

/// Ends what is over, each secret in a transaction of its own; how soon the next is, where that is known.
pub(super) async fn end(app: &App) -> Result<Option<Duration>, Fault<Infallible>> {
    let (mut stuck, mut first) = (Vec::new(), Ok(()));
    let is_all = loop {
        let (without, standing) = (stuck.clone(), stuck.len());
        let over = app.db.read(AskRunner, move |tx, by| Ok(store::shares::over(tx, by, (AT_ONCE, &without))?)).await?;
        let is_all = i64::try_from(over.len()).is_ok_and(|number| number < AT_ONCE);
        for (workspace, secret) in over {
            if stuck.contains(&workspace) {
                continue;
            }
            if let Err(fault) = end_of(app, workspace.clone(), secret).await {
                first = first.and(stood_still(&workspace, fault));
                stuck.push(workspace);
            }
        }
        // Whatever stands still takes no others' place in a portion.
        if is_all || stuck.len() == standing {
            break is_all;
        }
    };
    first?;
    if !is_all {
        return Ok(Some(Duration::ZERO));
    }
    let next = app.db.read(AskRunner, |tx, by| Ok(store::shares::next_end(tx, by)?.map(|end| end.since(tx.now()))));
    Ok(next.await?.map(|span| span.max(PAUSE)))
}

async fn end_of(app: &App, workspace: WorkspaceId, secret: SecretId) -> Result<(), Fault<Infallible>> {
    let kit = app.kit(None);
    let ended = app.db.write(AskRunnerIn { workspace }, move |tx, by| {
        if !kit.by(Actor::Keyrack, |tools| sharing::end_over(tx, by, tools, &secret))? {
            // Somebody else was quicker.
            tx.unrecorded(Unrecorded::Nothing);
        }
        Ok(())
    });
    match ended.await {
        Err(Fault::Store(Error::Denied(Denied::NotFound))) => Ok(()),
        ended => ended,
    }
}
