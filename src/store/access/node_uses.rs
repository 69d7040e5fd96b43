//! What a node of a workflow may use at this moment: found here, granted where every use is granted.

use diesel::prelude::*;

use crate::domain::{Called, Handle, Moment, PersonId, Slug, Trouble, TroubleBy, TroubleWhy, Unready, WorkflowId};
use crate::store::connection::straight;
use crate::store::error::{Denied, Error, Fault};
use crate::store::node_types;
use crate::store::schema::{members, nodes, secret_shares, secrets, workflow_tokens, workflows};
use crate::store::tx::ReadTx;

use super::candidates::{Candidate, Found, Share, candidate_columns};
use super::uses::{Meant, NodeUse, UseRefusal};
use super::{Proof, UseRight};

/// A workflow of the token's environment, as far as the rules ask.
struct Workflow {
    id: WorkflowId,
    owner: PersonId,
}

#[derive(Queryable)]
struct Node {
    key: String,
    node_type: Slug,
    trouble: (Option<TroubleWhy>, Option<String>, Option<TroubleBy>, Option<Moment>),
    candidate: Option<Candidate>,
    share: Share,
}

/// Product rule 15: a listed token, and a secret that the workflow's owner may use now.
pub(super) fn meant<R: UseRight>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, R>,
    (called, key): (&Called, &Handle),
    of_type: Option<&Slug>,
) -> Result<Meant, Fault<UseRefusal>> {
    let workflow = workflow(tx, by, called)?.ok_or(Denied::NotFound)?;
    let listed = workflow_tokens::table
        .filter(workflow_tokens::workflow_id.eq(&workflow.id))
        .filter(workflow_tokens::token_id.eq(by.token()))
        .select(workflow_tokens::token_id);
    let listed: bool = diesel::select(diesel::dsl::exists(listed)).get_result(tx.conn).map_err(Error::from)?;
    if !listed {
        return Err(UseRefusal::Unlisted.into());
    }
    let node = node(tx, by, (&workflow, key))?.ok_or(Denied::NotFound)?;
    if of_type.is_some_and(|asked| *asked != node.node_type) {
        return Err(Denied::NotFound.into());
    }
    by.covers(&node.node_type)?;
    let unready = |why| UseRefusal::NeedsReconfiguration { key: node.key.clone(), why };
    let node_type = node_types::find(tx, by, &node.node_type)?;
    if node_type.as_ref().is_some_and(|node_type| !node_type.enabled) {
        return Err(UseRefusal::Disabled.into());
    }
    let (Some(candidate), Some(node_type)) = (node.candidate, node_type) else {
        let (why, secret, by, at) = node.trouble;
        let trouble = (|| Some(Trouble { why: why?, secret: secret?, by: by?, at: at? }))();
        return Err(unready(trouble.map_or(Unready::Unbound, Unready::Lost)).into());
    };
    if !candidate.is_usable(&node.share, &workflow.owner, tx.now()) {
        return Err(unready(Unready::OutOfReach { secret: candidate.name.to_string() }).into());
    }
    let of_node = Some(NodeUse { workflow: workflow.id, key: node.key });
    Ok(Meant { node_type, found: Found { candidate, held: None }, of_node })
}

/// The join makes a workflow stop with its owner's membership.
fn workflow<R: UseRight>(tx: &mut ReadTx<'_>, by: &Proof<'_, R>, called: &Called) -> Result<Option<Workflow>, Error> {
    let of_owner = members::workspace_id.eq(workflows::workspace_id).and(members::person_id.eq(workflows::owner_id));
    let rows = workflows::table
        .inner_join(members::table.on(of_owner))
        .filter(workflows::workspace_id.eq(by.workspace()))
        .filter(workflows::environment.eq(by.environment()))
        .select((workflows::id, workflows::owner_id));
    let found: Option<(WorkflowId, PersonId)> = match called {
        Called::Id(id) => straight!(tx.conn, |conn| rows.filter(workflows::id.eq(id)).first(conn)).optional()?,
        Called::External(handle) => {
            let named = rows.filter(workflows::external_id.eq(handle.as_str()));
            straight!(tx.conn, |conn| named.first(conn)).optional()?
        }
    };
    Ok(found.map(|(id, owner)| Workflow { id, owner }))
}

fn node<R: UseRight>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, R>,
    (workflow, key): (&Workflow, &Handle),
) -> Result<Option<Node>, Error> {
    let of_owner = secret_shares::secret_id.eq(secrets::id).and(secret_shares::person_id.eq(&workflow.owner));
    let row = nodes::table
        .left_join(secrets::table)
        .left_join(secret_shares::table.on(of_owner))
        .filter(nodes::workspace_id.eq(by.workspace()))
        .filter(nodes::workflow_id.eq(&workflow.id))
        .filter(nodes::key.eq(key.as_str()))
        .select((
            nodes::key,
            nodes::node_type,
            (nodes::trouble, nodes::trouble_secret, nodes::trouble_by, nodes::trouble_at),
            candidate_columns!().nullable(),
            (secret_shares::person_id, secret_shares::ends_at).nullable(),
        ));
    Ok(straight!(tx.conn, |conn| row.first(conn)).optional()?)
}
