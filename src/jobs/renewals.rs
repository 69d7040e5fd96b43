//! Renews the tokens of connections ahead of their end, so that nobody who uses one waits for its provider.

use std::convert::Infallible;
use std::time::Duration;

use crate::actions::renewing::TokensOf;
use crate::app::App;
use crate::store::access::AskRunner;
use crate::store::{self, Fault};

use super::{Outcome, troubled};

const EVERY: Duration = Duration::from_mins(1);
/// Connections that one run looks after; the others are those of the next.
const AT_ONCE: i64 = 100;

pub(super) async fn run(app: &App) -> Outcome {
    match renew(app).await {
        Ok(()) => Outcome::Again(EVERY),
        Err(fault) => troubled(&fault),
    }
}

async fn renew(app: &App) -> Result<(), Fault<Infallible>> {
    let due = app.db.read(AskRunner, |tx, by| Ok(store::token_sets::due(tx, by, AT_ONCE)?)).await?;
    for (workspace, secret, number) in due {
        let of = TokensOf { workspace, secret, number };
        // What was in the way stands with the connection, and is tried again later: it is no reason for others to wait.
        if let Err(fault) = app.renewer.renew(&of).await {
            tracing::info!(secret = %of.secret, %fault, "a connection was not renewed yet");
        }
    }
    Ok(())
}
