//! Renews the tokens of connections ahead of their end, so that nobody who uses one waits for its provider.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;

use crate::actions::renewing::TokensOf;
use crate::app::App;
use crate::store::access::AskRunner;
use crate::store::{self, Fault};

use super::{Outcome, troubled};

const EVERY: Duration = Duration::from_mins(1);
/// Connections that one run looks after; the others are those of the next.
const AT_ONCE: i64 = 100;
/// So many providers are asked side by side: one that hangs holds up no more than these.
const BESIDE: usize = 8;
/// After this long nothing more is begun: a piece of work ends before its own lease does.
const LONGEST: Duration = Duration::from_mins(2);

pub(super) async fn run(app: &App) -> Outcome {
    match renew(app).await {
        Ok(()) => Outcome::Again(EVERY),
        Err(fault) => troubled(&fault),
    }
}

async fn renew(app: &App) -> Result<(), Fault<Infallible>> {
    let until = app.clock.now().plus(LONGEST);
    let due = app.db.read(AskRunner, |tx, by| Ok(store::token_sets::due(tx, by, AT_ONCE)?)).await?;
    for some in due.chunks(BESIDE) {
        join_all(some.iter().map(|(workspace, secret, number)| async move {
            let of = TokensOf { workspace: workspace.clone(), secret: secret.clone(), number: *number };
            // What was in the way stands with the connection, and is tried again later.
            if let Err(fault) = app.renewer.renew(&of, false).await {
                tracing::info!(%secret, %fault, "a connection was not renewed yet");
            }
        }))
        .await;
        if app.clock.now() >= until {
            break;
        }
    }
    Ok(())
}
