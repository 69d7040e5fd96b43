//! What is told of end users' connections, beside the record of a change.
//!
//! Invariant: told with the change itself, in its own transaction; whatever is recorded of a connection is told here, so
//! that no way of changing one can forget it. Never a value.

use serde_json::{Value, json};

use crate::domain::audit::{ConnectionEvent, Event, NodeTypeFacts, SecretEvent, SecretFacts};
use crate::domain::{Environment, EventId, SecretId, TellKind};
use crate::store::access::{InWorkspace, Proof};
use crate::store::events::{NewEvent, Subject};
use crate::store::{self, Error, WriteTx};

use super::Tools;

/// What a recorded change means for whoever follows connections.
enum Told<'a> {
    /// It holds a value, or a newer one.
    Holds(&'a SecretId),
    /// It holds none any more, and may be gone.
    Empty(&'a SecretFacts),
    Lost(&'a SecretId),
    Failed(Failure<'a>),
}

/// An account that could not be connected.
struct Failure<'a> {
    node_type: &'a NodeTypeFacts,
    environment: Environment,
    end_user: Option<&'a str>,
    organization: Option<&'a str>,
    reason: &'a str,
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
        _ => None,
    }
}

/// Tells of a change that is being recorded, where it concerns an end user's connection.
pub(super) fn tell(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    event: &Event,
) -> Result<(), Error> {
    match told(event) {
        None => Ok(()),
        Some(Told::Holds(id)) => {
            let Some(subject) = store::events::subject(tx, by, id)? else { return Ok(()) };
            let lost = subject.lost_at.is_some();
            let kind = if lost { TellKind::ReauthorizationNeeded } else { TellKind::Connected };
            of_account(tx, by, tools, (id, kind, &subject))
        }
        Some(Told::Lost(id)) => match store::events::subject(tx, by, id)? {
            Some(subject) => of_account(tx, by, tools, (id, TellKind::ReauthorizationNeeded, &subject)),
            None => Ok(()),
        },
        Some(Told::Empty(facts)) => emptied(tx, by, tools, facts),
        Some(Told::Failed(failure)) => failed(tx, by, tools, &failure),
    }
}

fn of_account(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (id, kind, of): (&SecretId, TellKind, &Subject),
) -> Result<(), Error> {
    let state = match kind {
        TellKind::Disconnected => "disconnected",
        TellKind::ReauthorizationNeeded => "needs_reauthorization",
        TellKind::Connected | TellKind::ConnectionFailed => "connected",
    };
    let scopes: Vec<&str> = of.scopes.iter().flat_map(|scopes| scopes.names()).collect();
    let data = json!({
        "object": "connected_account",
        "id": id,
        "data_integration_id": of.node_type_id,
        "provider_slug": of.node_type,
        "user_id": of.end_user,
        "organization_id": of.organization,
        "scopes": scopes,
        "state": state,
        "created_at": of.created_at.wire(),
        "updated_at": of.updated_at.wire(),
    });
    put(tx, by, tools, (of.environment, kind, of.organization.as_deref(), &data))
}

/// The row may be gone by now: what the record says of it is enough.
fn emptied(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    facts: &SecretFacts,
) -> Result<(), Error> {
    if let Some(subject) = store::events::subject(tx, by, &facts.id)? {
        return of_account(tx, by, tools, (&facts.id, TellKind::Disconnected, &subject));
    }
    let slug = facts.node_type.parse().map_err(|_| Error::Unrecorded)?;
    let Some(row) = store::node_types::find(tx, by, &slug)? else { return Ok(()) };
    let now = tx.now();
    let subject = Subject {
        node_type: row.slug,
        node_type_id: row.id,
        environment: facts.environment,
        end_user: facts.end_user.clone(),
        organization: facts.organization.clone(),
        lost_at: None,
        created_at: facts.id.drawn_at().unwrap_or(now),
        updated_at: now,
        scopes: None,
    };
    of_account(tx, by, tools, (&facts.id, TellKind::Disconnected, &subject))
}

fn failed(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    failure: &Failure<'_>,
) -> Result<(), Error> {
    let data = json!({
        "object": "connection_failed",
        "data_integration_id": failure.node_type.id,
        "provider_slug": failure.node_type.slug,
        "user_id": failure.end_user,
        "organization_id": failure.organization,
        "error_code": failure.reason,
        "error_reason": failure.reason,
        "provider_error": null,
        "provider_error_description": null,
        "created_at": tx.now().wire(),
    });
    put(tx, by, tools, (failure.environment, TellKind::ConnectionFailed, failure.organization, &data))
}

fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (environment, kind, organization, data): (Environment, TellKind, Option<&str>, &Value),
) -> Result<(), Error> {
    let (id, data) = (EventId::draw(tx.now(), tools.chance), data.to_string());
    store::events::insert(tx, by, &NewEvent { id: &id, environment, kind, organization, data: &data })
}
