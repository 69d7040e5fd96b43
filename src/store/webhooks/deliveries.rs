//! What was sent to a webhook, and what came of it, for those who look after it.

use diesel::prelude::*;

use crate::domain::webhook::{DeliveryState, Reply};
use crate::domain::{DeliveryId, EventId, Moment, TellKind, WebhookId};
use crate::store::access::{Admin, AtLeast, InWorkspace, Proof};
use crate::store::error::Error;
use crate::store::events::EventRow;
use crate::store::paging::{Page, Turn, page_of_keys, turned};
use crate::store::schema::{deliveries, events, webhooks};
use crate::store::tx::{ReadTx, WriteTx};

use super::is_sent_to;

#[derive(Queryable, Clone)]
pub struct DeliveryRow {
    pub id: DeliveryId,
    pub webhook: WebhookId,
    pub event: EventId,
    pub kind: TellKind,
    pub state: DeliveryState,
    /// All of them, those of an earlier round included.
    pub tries: i32,
    /// When it is tried next, while it waits.
    pub due_at: Option<Moment>,
    leased_until: Option<Moment>,
    pub last_tried_at: Option<Moment>,
    pub reply: Option<Reply>,
    pub status: Option<i32>,
    pub answer: Option<String>,
    pub created_at: Moment,
}

impl DeliveryRow {
    /// Whether a try is under way.
    pub fn is_under_way(&self, now: Moment) -> bool {
        self.state == DeliveryState::Waiting && self.leased_until.is_some_and(|end| end > now)
    }
}

macro_rules! columns {
    () => {
        (
            deliveries::id,
            deliveries::webhook_id,
            deliveries::event_id,
            events::kind,
            deliveries::state,
            deliveries::turn,
            deliveries::due_at,
            deliveries::leased_until,
            deliveries::last_tried_at,
            deliveries::finding,
            deliveries::status,
            deliveries::answer,
            deliveries::created_at,
        )
    };
}

/// The deliveries to one of the workspace's webhooks.
macro_rules! of_webhook {
    ($by:expr, $id:expr) => {
        deliveries::table.filter(
            deliveries::webhook_id.eq_any(
                webhooks::table
                    .filter(webhooks::workspace_id.eq($by.workspace()))
                    .filter(webhooks::id.eq($id))
                    .select(webhooks::id),
            ),
        )
    };
}

pub struct NewDelivery<'a> {
    pub id: &'a DeliveryId,
    pub webhook: &'a WebhookId,
    pub event: &'a EventId,
}

/// Written with the event, and due at once.
pub fn insert_delivery(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, impl InWorkspace>,
    new: &NewDelivery<'_>,
) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::id.eq(new.id),
            deliveries::webhook_id.eq(new.webhook),
            deliveries::event_id.eq(new.event),
            deliveries::state.eq(DeliveryState::Waiting),
            deliveries::tries.eq(0),
            deliveries::turn.eq(0),
            deliveries::due_at.eq(now),
            deliveries::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    tx.mark_outgoing();
    Ok(())
}

/// A page of the log, the newest first.
pub fn list_deliveries(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (webhook, state): (&WebhookId, Option<DeliveryState>),
    turn: &Turn<DeliveryId>,
) -> Result<Page<DeliveryRow>, Error> {
    let matching = || {
        let all = of_webhook!(by, webhook).select(deliveries::id).into_boxed();
        match state {
            Some(state) => all.filter(deliveries::state.eq(state)),
            None => all,
        }
    };
    let mut fetch = |turn: &Turn<DeliveryId>, limit: i64| -> Result<Vec<DeliveryId>, Error> {
        Ok(turned!(matching(), deliveries::id, turn, limit).load(tx.conn)?)
    };
    let page = page_of_keys(turn, &mut fetch)?;
    let rows = deliveries::table
        .inner_join(events::table)
        .filter(deliveries::id.eq_any(&page.rows))
        .order(deliveries::id.desc())
        .select(columns!())
        .load(tx.conn)?;
    Ok(Page { rows, has_newer: page.has_newer, has_older: page.has_older })
}

/// The last one that was written for it.
pub fn latest(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    webhook: &WebhookId,
) -> Result<Option<DeliveryRow>, Error> {
    let last: Option<DeliveryId> =
        of_webhook!(by, webhook).order(deliveries::id.desc()).select(deliveries::id).first(tx.conn).optional()?;
    let Some(id) = last else { return Ok(None) };
    Ok(find_delivery(tx, by, (webhook, &id))?.map(|(row, _)| row))
}

/// One of them, with what is sent.
pub fn find_delivery(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (webhook, id): (&WebhookId, &DeliveryId),
) -> Result<Option<(DeliveryRow, EventRow)>, Error> {
    let here = webhooks::table
        .filter(webhooks::workspace_id.eq(by.workspace()))
        .filter(webhooks::id.eq(webhook))
        .select(webhooks::id);
    let row = deliveries::table
        .inner_join(events::table)
        .filter(deliveries::webhook_id.eq_any(here))
        .filter(deliveries::id.eq(id))
        .select((columns!(), (events::id, events::kind, events::data, events::created_at)));
    Ok(row.first(tx.conn).optional()?)
}

/// Has it sent at once, with all its tries before it; false where a try is under way, or nothing is sent there.
pub fn send_again(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (webhook, id): (&WebhookId, &DeliveryId),
) -> Result<bool, Error> {
    if !is_sent_to(tx, by, webhook)? {
        return Ok(false);
    }
    let now = tx.now();
    let free = deliveries::leased_until.is_null().or(deliveries::leased_until.le(now));
    let row = of_webhook!(by, webhook).filter(deliveries::id.eq(id)).filter(free.assume_not_null());
    let set = (
        deliveries::state.eq(DeliveryState::Waiting),
        deliveries::tries.eq(0),
        deliveries::due_at.eq(now),
        deliveries::leased_until.eq(None::<Moment>),
    );
    let sent = diesel::update(row).set(set).execute(tx.conn)? == 1;
    tx.mark_outgoing();
    Ok(sent)
}
