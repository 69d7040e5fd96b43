//! Tests secrets that were not tested for long, or that a call was refused with.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;

use crate::actions::checkups;
use crate::app::App;
use crate::store::Fault;

use super::{Outcome, troubled};

const EVERY: Duration = Duration::from_mins(1);
/// Where more has become due meanwhile, which wakes nobody who is at work.
const SOON: Duration = Duration::from_secs(5);
/// Secrets that one run tests; the others are those of the next.
const AT_ONCE: i64 = 100;
/// So many side by side: a provider that hangs holds up no more than these.
const BESIDE: usize = 4;
/// After this long nothing more is begun: a piece of work ends before its own lease does.
const LONGEST: Duration = Duration::from_mins(2);

pub(super) async fn run(app: &App) -> Outcome {
    match test(app).await {
        Ok(true) => Outcome::Again(SOON),
        Ok(false) => Outcome::Again(EVERY),
        Err(fault) => troubled(&fault),
    }
}

/// Whether there is more.
async fn test(app: &App) -> Result<bool, Fault<Infallible>> {
    let means = app.means(app.kit(None));
    if let Some(every) = app.config.probes.every {
        while !checkups::plan(&means, every).await? {}
    }
    let until = app.clock.now().plus(LONGEST);
    let due = checkups::due(&means, AT_ONCE).await?;
    for some in due.chunks(BESIDE) {
        join_all(some.iter().map(|one| async {
            // It is taken again when its lease is over.
            if let Err(fault) = checkups::run(&means, one.clone(), app.config.probes.per_host).await {
                tracing::warn!(secret = %one.secret, %fault, "a secret could not be tested by itself");
            }
        }))
        .await;
        if app.clock.now() >= until {
            break;
        }
    }
    Ok(!checkups::due(&means, 1).await?.is_empty())
}
