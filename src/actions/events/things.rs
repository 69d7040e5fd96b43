//! What is told of secrets and workflows. Never a value.

use serde_json::{Value, json};

use crate::domain::audit::WorkflowFacts;
use crate::domain::{Moment, SecretId, TellKind, TroubleWhy};
use crate::store::access::{InWorkspace, Proof, RunnerIn};
use crate::store::events::SecretSubject;
use crate::store::{self, Error, Outcome, Unrecorded, WriteTx};

use super::{About, Tools, put};

/// A node that has lost its secret.
pub(super) struct Loosened<'a> {
    pub workflow: &'a WorkflowFacts,
    pub node: &'a str,
    pub why: TroubleWhy,
}

/// Tells where the secret is rejected since this very moment: since when counts, not how often.
pub(super) fn judged(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (id, finding): (&SecretId, Option<&str>),
) -> Result<(), Error> {
    let Some(subject) = store::events::secret(tx, by, id)? else { return Ok(()) };
    let is_newly = finding.is_none() || subject.rejected_at == Some(tx.now());
    let Some(at) = subject.rejected_at.filter(|_| is_newly) else { return Ok(()) };
    let told = json!({ "state": "rejected", "reason": finding, "rejected_at": at.wire() });
    of_secret(tx, by, tools, (id, &subject), (TellKind::SecretRejected, told))
}

fn of_secret(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (id, subject): (&SecretId, &SecretSubject),
    (kind, told): (TellKind, Value),
) -> Result<(), Error> {
    let mut data = json!({
        "object": "secret",
        "id": id,
        "name": subject.name.as_str(),
        "provider_slug": subject.node_type,
        "data_integration_id": subject.node_type_id,
        "environment": subject.environment,
        "owner_id": subject.owner,
        "user_id": subject.end_user,
        "organization_id": subject.organization,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut data, told) {
        all.extend(more);
    }
    let (environment, organization) = (subject.environment, subject.organization.as_deref());
    put(tx, by, tools, (kind, About { environment, node_type: subject.node_type.as_str(), organization }, &data))
}

/// Tells of the secrets of a workspace whose last day is near: of each once, as long as that day stays the same.
pub fn expiring(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, tools: Tools<'_>, until: Moment) -> Outcome<()> {
    // Nothing is changed by it but what has been told.
    tx.unrecorded(Unrecorded::Work);
    for (id, end) in store::events::expiring(tx, by, until)? {
        store::events::note_end_told(tx, by, (&id, end))?;
        let Some(subject) = store::events::secret(tx, by, &id)? else { continue };
        let told = json!({ "expires_at": end.wire() });
        of_secret(tx, by, tools, (&id, &subject), (TellKind::SecretExpiring, told))?;
    }
    Ok(())
}

pub(super) fn loosened(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    Loosened { workflow, node, why }: &Loosened<'_>,
) -> Result<(), Error> {
    let Some(subject) = store::events::node(tx, by, (&workflow.id, node))? else { return Ok(()) };
    let data = json!({
        "object": "workflow",
        "id": workflow.id,
        "external_id": subject.external_id,
        "name": workflow.name,
        "environment": workflow.environment,
        "owner_id": subject.owner,
        "node": { "id": subject.node, "key": node, "provider_slug": subject.node_type },
        "reason": why.as_str(),
        "created_at": tx.now().wire(),
    });
    let environment = workflow.environment;
    let about = About { environment, node_type: subject.node_type.as_str(), organization: None };
    put(tx, by, tools, (TellKind::NeedsReconfiguration, about, &data))
}
