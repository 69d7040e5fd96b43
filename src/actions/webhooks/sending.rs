//! One delivery from the moment that it is taken until it is noted what came of it.
//!
//! Invariant: no connection to the database is held while a receiver is spoken to. Whoever dies in between leaves the
//! delivery to another when its lease is over: then it is sent once more, with the same event's id.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::crypto::{Purpose, Unreadable, signature};
use crate::domain::audit::{Actor, Event, WebhookEvent};
use crate::domain::webhook::{MOST_TRIES, Reply, pause_after};
use crate::domain::{Clock, Letter, Moment, WebhookId};
use crate::store::access::{AskRunner, AskRunnerIn, Proof, RunnerIn};
use crate::store::webhooks::{Noted, Taken, Tried};
use crate::store::{self, Db, Denied, Error, Fault, Outcome, Unrecorded, WriteTx};
use crate::upstream::Upstream;
use crate::upstream::webhook::{self, Said, Sent};

use crate::actions::{Kit, Tools, audit, events, outbox};

use super::facts;

/// Longer than any try may take.
const LEASE: Duration = Duration::from_mins(1);

/// The parts that sending needs.
#[derive(Clone)]
pub struct Means {
    pub db: Db,
    pub upstream: Upstream,
    pub kit: Kit,
    pub clock: Arc<dyn Clock>,
}

/// Whether anything is to be sent now; where `well` is asked for, to a webhook whose last try did not fail.
pub async fn is_any_due(means: &Means, well: bool) -> Result<bool, Fault<Infallible>> {
    means.db.read(AskRunner, move |tx, by| Ok(store::webhooks::is_any_due(tx, by, well)?)).await
}

/// Takes what is to be sent next.
pub async fn next(means: &Means, well: bool) -> Result<Option<Taken>, Fault<Infallible>> {
    // Looking costs a reader; only where there is something, the writer is asked for.
    while is_any_due(means, well).await? {
        let taken = means.db.write(AskRunner, move |tx, by| {
            tx.unrecorded(Unrecorded::Work);
            Ok(store::webhooks::take(tx, by, (LEASE, well))?)
        });
        if let Some(taken) = taken.await? {
            return Ok(Some(taken));
        }
    }
    Ok(None)
}

/// Sends it, and notes what came of it.
pub async fn send(means: &Means, taken: Taken) {
    let said = if taken.tries > MOST_TRIES { Said::of(Reply::Interrupted) } else { attempt(means, &taken).await };
    let is_taken = said.reply == Reply::Taken;
    let (id, webhook, workspace) = (taken.id.clone(), taken.webhook.clone(), taken.workspace.clone());
    tracing::info!(delivery = %id, reply = %said.reply, tries = taken.tries, is_taken, "an event was sent");
    let kit = means.kit.clone();
    let noted = means.db.write(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        let pause = pause_after(taken.tries, &*kit.chance).filter(|_| !is_taken);
        let Said { reply, status, answer } = said.clone();
        let tried = Tried { reply, status, answer, again: pause.map(|pause| tx.now().plus(pause)) };
        Ok::<_, Fault<Infallible>>(store::webhooks::note(tx, by, (&taken, &tried))?)
    });
    match noted.await {
        Ok(Noted::Hopeless) => {
            let kit = means.kit.clone();
            let given_up = means.db.write(AskRunnerIn { workspace }, move |tx, by| {
                kit.by(Actor::Keyrack, |tools| give_up(tx, by, tools, &webhook))
            });
            match given_up.await {
                // Deleted meanwhile, or with its workspace.
                Ok(()) | Err(Fault::Store(Error::Denied(_))) => {}
                Err(fault) => tracing::error!(delivery = %id, error = %fault, "a webhook could not be paused yet"),
            }
        }
        Ok(Noted::Kept | Noted::Late) => {}
        Err(fault) => tracing::error!(delivery = %id, error = %fault, "what came of a delivery could not be kept"),
    }
}

async fn attempt(means: &Means, taken: &Taken) -> Said {
    let body = events::wire(&taken.event).to_string();
    let at = means.clock.now();
    let Ok((signature, next)) = signatures(means, taken, (at, body.as_bytes())) else {
        return Said::of(Reply::Unsigned);
    };
    let sent = Sent {
        address: &taken.address,
        event: taken.event.id.as_str(),
        kind: taken.event.kind.as_str(),
        delivery: taken.id.as_str(),
        signature: &signature,
        next: next.as_deref(),
        body,
    };
    webhook::post(&means.upstream, sent).await
}

/// By the key that signs now; and, while another waits to take over, by that one beside it.
fn signatures(
    means: &Means,
    taken: &Taken,
    (at, body): (Moment, &[u8]),
) -> Result<(String, Option<String>), Unreadable> {
    let sign = |number: i64, blob: &[u8]| {
        let of = (&taken.webhook, number);
        let key = means.kit.keyring.open_signing_key(Purpose::Sign, &taken.workspace_key, of, blob)?;
        signature(&key, at, body)
    };
    let next = taken.number.saturating_add(1);
    match &taken.next {
        Some((blob, from)) if *from <= at => Ok((sign(next, blob)?, None)),
        Some((blob, _)) => Ok((sign(taken.number, &taken.blob)?, Some(sign(next, blob)?))),
        None => Ok((sign(taken.number, &taken.blob)?, None)),
    }
}

/// Pauses a webhook that has taken nothing for days, and writes to those who look after the workspace. Done twice it comes
/// to the same.
pub fn give_up(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, tools: Tools<'_>, id: &WebhookId) -> Outcome<()> {
    let row = store::webhooks::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !store::webhooks::pause(tx, by, (id, true))? {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    let (webhook, since) = (facts(&row), row.failing_since);
    let workspace = store::workspaces::current(tx, by)?;
    let letter = Letter::WebhookGivenUp {
        workspace: workspace.name.to_string(),
        slug: workspace.slug.to_string(),
        id: row.id.clone(),
        name: row.name.to_string(),
        host: webhook.host.clone(),
        since,
    };
    for caretaker in store::members::caretakers(tx, by)? {
        outbox::of_workspace(tx, by, tools, (&caretaker.email, letter.clone()))?;
    }
    Ok(audit::change(tx, by, tools, Event::Webhook(WebhookEvent::GivenUp { webhook, failing_since: since }))?)
}
