//! Deliveries as the runner takes them, and says what came of them.
//!
//! Invariant: a delivery is one process's own until its lease is over, and only whoever took it last may say what came of
//! it. One webhook's deliveries take no more than [`BESIDE`] places at once, so that a slow one keeps nobody waiting.

use std::time::Duration;

use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use crate::domain::keys::WrappedWorkspaceKey;
use crate::domain::webhook::{DeliveryState, Reply, is_hopeless};
use crate::domain::{DeliveryId, Moment, WebhookId, WorkspaceId};
use crate::store::access::{Proof, Runner};
use crate::store::error::Error;
use crate::store::events::EventRow;
use crate::store::schema::{deliveries, events, webhooks, workspaces};
use crate::store::tx::{ReadTx, WriteTx};

/// Tries at one webhook at once, in all processes together.
const BESIDE: i64 = 2;
/// Webhooks among which one is looked for that has a place free.
const AMONG: i64 = 200;

/// A delivery that this process has taken, with all that it takes to send it.
pub struct Taken {
    pub id: DeliveryId,
    pub webhook: WebhookId,
    pub workspace: WorkspaceId,
    /// Tries since it was asked for, this one included.
    pub tries: i32,
    turn: i32,
    /// Whether the last try at this webhook, with whatever, came to nothing.
    pub is_failing: bool,
    pub address: String,
    pub event: EventRow,
    pub number: i64,
    pub blob: Vec<u8>,
    /// The key that takes over, and when.
    pub next: Option<(Vec<u8>, Moment)>,
    pub workspace_key: WrappedWorkspaceKey,
}

macro_rules! due {
    ($now:expr) => {{
        let free = deliveries::leased_until.is_null().or(deliveries::leased_until.le($now));
        deliveries::table
            .inner_join(webhooks::table)
            .filter(deliveries::due_at.le($now))
            .filter(free.assume_not_null())
            .filter(webhooks::paused_at.is_null())
    }};
}

/// The webhook whose delivery has waited longest, among those with a place free. Where `well` is asked for, those that
/// fail have none.
fn webhook_with_room(tx: &mut ReadTx<'_>, well: bool) -> Result<Option<WebhookId>, Error> {
    let now = tx.now();
    let waiting = due!(now).group_by(deliveries::webhook_id).select(deliveries::webhook_id).into_boxed();
    let waiting = if well { waiting.filter(webhooks::failing_since.is_null()) } else { waiting };
    let waiting: Vec<WebhookId> =
        waiting.order((min(deliveries::due_at), deliveries::webhook_id)).limit(AMONG).load(tx.conn)?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let under_way: Vec<(WebhookId, i64)> = deliveries::table
        .filter(deliveries::leased_until.gt(now))
        .filter(deliveries::webhook_id.eq_any(&waiting))
        .group_by(deliveries::webhook_id)
        .select((deliveries::webhook_id, count_star()))
        .load(tx.conn)?;
    let is_full = |id: &WebhookId| under_way.iter().any(|(other, count)| other == id && *count >= BESIDE);
    Ok(waiting.into_iter().find(|id| !is_full(id)))
}

pub fn is_any_due(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, well: bool) -> Result<bool, Error> {
    Ok(webhook_with_room(tx, well)?.is_some())
}

/// Takes a delivery that is due; none where there is none, or somebody else was quicker.
pub fn take(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, Runner>,
    (lease, well): (Duration, bool),
) -> Result<Option<Taken>, Error> {
    let Some(webhook) = webhook_with_room(tx, well)? else { return Ok(None) };
    let now = tx.now();
    let first: Option<(DeliveryId, i32)> = due!(now)
        .filter(deliveries::webhook_id.eq(&webhook))
        .order((deliveries::due_at, deliveries::id))
        .select((deliveries::id, deliveries::turn))
        .first(tx.conn)
        .optional()?;
    let Some((id, turn)) = first else { return Ok(None) };
    let row = deliveries::table
        .filter(deliveries::id.eq(&id))
        .filter(deliveries::turn.eq(turn))
        .filter(deliveries::due_at.is_not_null());
    let taken = diesel::update(row)
        .set((
            deliveries::leased_until.eq(now.plus(lease)),
            deliveries::turn.eq(deliveries::turn + 1),
            deliveries::tries.eq(deliveries::tries + 1),
            deliveries::last_tried_at.eq(now),
        ))
        .execute(tx.conn)?;
    if taken == 0 { Ok(None) } else { whole(tx, &id) }
}

type Key = (i64, Vec<u8>, Option<Vec<u8>>, Option<Moment>);
type Row = (WebhookId, i32, i32, String, Option<Moment>, Key, EventRow, (WorkspaceId, String, Vec<u8>));

fn whole(tx: &mut ReadTx<'_>, id: &DeliveryId) -> Result<Option<Taken>, Error> {
    let row: Option<Row> = deliveries::table
        .inner_join(webhooks::table)
        .inner_join(events::table)
        .inner_join(workspaces::table.on(workspaces::id.eq(webhooks::workspace_id)))
        .filter(deliveries::id.eq(id))
        .select((
            webhooks::id,
            deliveries::tries,
            deliveries::turn,
            webhooks::address,
            webhooks::failing_since,
            (webhooks::key_number, webhooks::key_blob, webhooks::next_blob, webhooks::next_from),
            (events::id, events::kind, events::data, events::created_at),
            (workspaces::id, workspaces::master, workspaces::key_blob),
        ))
        .first(tx.conn)
        .optional()?;
    Ok(row.map(|(webhook, tries, turn, address, failing_since, key, event, (workspace, master, blob))| Taken {
        id: id.clone(),
        webhook,
        workspace: workspace.clone(),
        tries,
        turn,
        is_failing: failing_since.is_some(),
        address,
        event,
        number: key.0,
        blob: key.1,
        next: key.2.zip(key.3),
        workspace_key: WrappedWorkspaceKey { workspace, master, blob },
    }))
}

/// What came of a try.
pub struct Tried {
    pub reply: Reply,
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: Option<String>,
    /// When it is tried again; none where it is not.
    pub again: Option<Moment>,
}

/// What that means for the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It was somebody else's by then, or is gone.
    Late,
    Kept,
    /// It has taken nothing for so long that it is to be given up.
    Hopeless,
}

pub fn note(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, (of, tried): (&Taken, &Tried)) -> Result<Noted, Error> {
    let is_taken = tried.reply == Reply::Taken;
    let state = match tried.again {
        _ if is_taken => DeliveryState::Delivered,
        Some(_) => DeliveryState::Waiting,
        None => DeliveryState::Failed,
    };
    let now = tx.now();
    let own = deliveries::table.filter(deliveries::id.eq(&of.id)).filter(deliveries::turn.eq(of.turn));
    let kept = diesel::update(own)
        .set((
            deliveries::state.eq(state),
            deliveries::leased_until.eq(None::<Moment>),
            deliveries::due_at.eq(tried.again.filter(|_| !is_taken)),
            deliveries::finding.eq(tried.reply),
            deliveries::status.eq(tried.status.map(i32::from)),
            deliveries::answer.eq(tried.answer.as_deref()),
        ))
        .execute(tx.conn)?;
    if kept == 0 {
        return Ok(Noted::Late);
    }
    let row = || webhooks::table.filter(webhooks::id.eq(&of.webhook));
    if is_taken {
        let well = (webhooks::failures.eq(0), webhooks::failing_since.eq(None::<Moment>));
        diesel::update(row().filter(webhooks::failing_since.is_not_null())).set(well).execute(tx.conn)?;
        return Ok(Noted::Kept);
    }
    diesel::update(row().filter(webhooks::failing_since.is_null()))
        .set(webhooks::failing_since.eq(now))
        .execute(tx.conn)?;
    let (failures, since, paused): (i32, Option<Moment>, Option<Moment>) = diesel::update(row())
        .set(webhooks::failures.eq(webhooks::failures + 1))
        .returning((webhooks::failures, webhooks::failing_since, webhooks::paused_at))
        .get_result(tx.conn)?;
    let hopeless = paused.is_none() && is_hopeless(failures, since, now);
    Ok(if hopeless { Noted::Hopeless } else { Noted::Kept })
}
