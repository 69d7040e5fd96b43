//! What is told of what happens, beside the record of a change: to whoever asks, and to the webhooks that want it.
//!
//! Invariant: told with the change itself, in its own transaction; whatever is recorded is looked at here, so that no way of
//! changing a thing can forget it. Never a value.

mod connections;
mod things;

use serde_json::{Value, json};

use crate::domain::audit::{ConnectionEvent, Event, SecretEvent, SecretFacts, WorkflowEvent};
use crate::domain::{DeliveryId, Environment, EventId, SecretId, TellKind, Verdict, WebhookId};
use crate::store::access::{InWorkspace, Proof};
use crate::store::events::{EventRow, NewEvent};
use crate::store::webhooks::NewDelivery;
use crate::store::{self, Error, WriteTx};

use super::Tools;
use connections::Failure;
use things::Loosened;

pub use things::expiring;

/// What a recorded change means for whoever follows what happens.
enum Told<'a> {
    /// It holds a value, or a newer one.
    Holds(&'a SecretId),
    /// It holds none any more, and may be gone.
    Empty(&'a SecretFacts),
    Lost(&'a SecretId),
    Failed(Failure<'a>),
    /// Its value may have been rejected just now.
    Judged(&'a SecretId, Option<&'a str>),
    Loosened(Loosened<'a>),
}

fn told(event: &Event) -> Option<Told<'_>> {
    let of_end_user = |facts: &SecretFacts| facts.end_user.is_some() || facts.organization.is_some();
    match event {
        Event::SecretCreated { secret, value } if *value > 0 && of_end_user(secret) => Some(Told::Holds(&secret.id)),
        Event::ValueReplaced { secret, .. } | Event::Connection(ConnectionEvent::Connected { secret, .. })
            if of_end_user(secret) =>
        {
            Some(Told::Holds(&secret.id))
        }
        Event::SecretDeleted { secret } | Event::Secret(SecretEvent::Disconnected { secret })
            if of_end_user(secret) =>
        {
            Some(Told::Empty(secret))
        }
        Event::Connection(ConnectionEvent::ConsentLost { secret, .. }) => Some(Told::Lost(secret)),
        Event::Connection(ConnectionEvent::Failed { node_type, environment, end_user, organization, reason }) => {
            let (end_user, organization) = (end_user.as_deref(), organization.as_deref());
            Some(Told::Failed(Failure { node_type, environment: *environment, end_user, organization, reason }))
        }
        Event::Secret(SecretEvent::ProbeAnswered { secret, verdict: Verdict::Rejected, finding, .. }) => {
            Some(Told::Judged(secret, Some(finding.as_str())))
        }
        Event::Secret(SecretEvent::CallsRefused { secret, .. }) => Some(Told::Judged(secret, Some("calls_refused"))),
        // A value takes along what was found out about it while it waited.
        Event::Secret(SecretEvent::Promoted { secret, .. } | SecretEvent::RolledBack { secret, .. }) => {
            Some(Told::Judged(&secret.id, None))
        }
        Event::Workflow(WorkflowEvent::NodeLoosened { workflow, node, why, .. }) => {
            Some(Told::Loosened(Loosened { workflow, node, why: *why }))
        }
        _ => None,
    }
}

/// Tells of a change that is being recorded, where somebody may follow it.
pub(super) fn tell(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    event: &Event,
) -> Result<(), Error> {
    match told(event) {
        None => Ok(()),
        Some(Told::Holds(id)) => connections::holds(tx, by, tools, id),
        Some(Told::Lost(id)) => connections::lost(tx, by, tools, id),
        Some(Told::Empty(facts)) => connections::emptied(tx, by, tools, facts),
        Some(Told::Failed(failure)) => connections::failed(tx, by, tools, &failure),
        Some(Told::Judged(id, finding)) => things::judged(tx, by, tools, (id, finding)),
        Some(Told::Loosened(loosened)) => things::loosened(tx, by, tools, &loosened),
    }
}

/// What an event concerns, by which it is found and kept from those whom it does not.
struct About<'a> {
    environment: Environment,
    node_type: &'a str,
    organization: Option<&'a str>,
}

fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (kind, about, data): (TellKind, About<'_>, &Value),
) -> Result<(), Error> {
    let (id, data) = (EventId::draw(tx.now(), tools.chance), data.to_string());
    let About { environment, node_type, organization } = about;
    let node_type = Some(node_type);
    store::events::insert(tx, by, &NewEvent { id: &id, environment, kind, node_type, organization, data: &data })?;
    for webhook in store::webhooks::wanting(tx, by, (environment, kind))? {
        let delivery = DeliveryId::draw(tx.now(), tools.chance);
        let new = NewDelivery { id: &delivery, webhook: &webhook, event: &id };
        store::webhooks::insert_delivery(tx, by, &new)?;
    }
    Ok(())
}

/// Sends a webhook, whatever it wants otherwise, an event of which nothing has happened.
pub(super) fn test(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (webhook, environment): (&WebhookId, Environment),
) -> Result<DeliveryId, Error> {
    let (id, delivery) = (EventId::draw(tx.now(), tools.chance), DeliveryId::draw(tx.now(), tools.chance));
    let data = json!({ "object": "webhook", "id": webhook, "environment": environment }).to_string();
    let event =
        NewEvent { id: &id, environment, kind: TellKind::Test, node_type: None, organization: None, data: &data };
    store::events::insert(tx, by, &event)?;
    store::webhooks::insert_delivery(tx, by, &NewDelivery { id: &delivery, webhook, event: &id })?;
    Ok(delivery)
}

/// An event as the wire has it: the same to whoever asks and to whoever has it sent.
pub fn wire(row: &EventRow) -> Value {
    json!({
        "object": "event",
        "id": row.id,
        "event": row.kind,
        "data": serde_json::from_str::<Value>(&row.data).unwrap_or_else(|_| json!({})),
        "created_at": row.created_at.wire(),
    })
}
