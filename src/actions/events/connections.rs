//! What is told of end users' connections. Never a value.

use serde_json::json;

use crate::domain::audit::{NodeTypeFacts, SecretFacts};
use crate::domain::{Environment, SecretId, TellKind};
use crate::store::access::{InWorkspace, Proof};
use crate::store::events::Subject;
use crate::store::{self, Error, WriteTx};

use super::{About, Tools, put};

/// An account that could not be connected.
pub(super) struct Failure<'a> {
    pub node_type: &'a NodeTypeFacts,
    pub environment: Environment,
    pub end_user: Option<&'a str>,
    pub organization: Option<&'a str>,
    pub reason: &'a str,
}

/// It holds a value, or a newer one.
pub(super) fn holds(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    id: &SecretId,
) -> Result<(), Error> {
    let Some(subject) = store::events::subject(tx, by, id)? else { return Ok(()) };
    let lost = subject.lost_at.is_some();
    let kind = if lost { TellKind::ReauthorizationNeeded } else { TellKind::Connected };
    of_account(tx, by, tools, (id, kind, &subject))
}

pub(super) fn lost(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    id: &SecretId,
) -> Result<(), Error> {
    match store::events::subject(tx, by, id)? {
        Some(subject) => of_account(tx, by, tools, (id, TellKind::ReauthorizationNeeded, &subject)),
        None => Ok(()),
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
        _ => "connected",
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
    let (environment, organization) = (of.environment, of.organization.as_deref());
    put(tx, by, tools, (kind, About { environment, node_type: of.node_type.as_str(), organization }, &data))
}

/// The row may be gone by now: what the record says of it is enough.
pub(super) fn emptied(
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

pub(super) fn failed(
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
    let (environment, organization) = (failure.environment, failure.organization);
    let about = About { environment, node_type: &failure.node_type.slug, organization };
    put(tx, by, tools, (TellKind::ConnectionFailed, about, &data))
}
