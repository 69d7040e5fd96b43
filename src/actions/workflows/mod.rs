//! Workflows: made, named, taken away; which tokens may run them; their nodes.
//!
//! Invariant: only its owner changes what a workflow may use and who may run it.

mod nodes;
mod register;

use crate::domain::audit::{Event, WorkflowEvent, WorkflowFacts};
use crate::domain::policy::{self, Standing};
use crate::domain::{Environment, Handle, Name, TokenId, WorkflowId};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::workflows::{NewWorkflow, WorkflowRow};
use crate::store::{self, Denied, Error, Fault, Outcome, Refusal, Unrecorded, WriteTx};

use super::{Tools, audit};

pub use nodes::{add, bind, remove, unbind};
pub use register::{NodeAsk, RegisterRefusal, Registration, SecretAsk, register};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkflowRefusal {
    #[error("Another workflow of this environment has this external id.")]
    Taken,
    #[error("This workflow has a node of that name already.")]
    KeyTaken,
    #[error("A workflow has at most {} nodes.", store::workflows::MOST_NODES)]
    Full,
    #[error("The workspace does not have this node type.")]
    NoType,
    #[error("The node type is disabled.")]
    Disabled,
    #[error("There is no key of this node type and environment with this id that the workflow’s owner may use.")]
    NoSecret,
    #[error("There is no working service token of this environment with that id.")]
    NoToken,
}

impl Refusal for WorkflowRefusal {}

pub(super) fn describe(row: &WorkflowRow) -> WorkflowFacts {
    WorkflowFacts { id: row.id.clone(), name: row.name.to_string(), environment: row.environment }
}

pub struct Ask {
    /// Drawn with the form, so that sending it twice makes one workflow.
    pub id: WorkflowId,
    pub name: Name,
    pub environment: Environment,
    pub external_id: Option<Handle>,
}

pub fn create(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    ask: &Ask,
) -> Outcome<(), WorkflowRefusal> {
    let new = NewWorkflow {
        id: &ask.id,
        owner: by.person(),
        name: &ask.name,
        environment: ask.environment,
        external_id: ask.external_id.as_ref(),
    };
    made(tx, by, tools, &new).map_err(|error| match error {
        Error::Taken => Fault::Refused(WorkflowRefusal::Taken),
        other => other.into(),
    })
}

fn made(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    new: &NewWorkflow<'_>,
) -> Result<(), Error> {
    store::workflows::insert(tx, by, new)?;
    let facts = WorkflowFacts { id: new.id.clone(), name: new.name.to_string(), environment: new.environment };
    audit::change(tx, by, tools, Event::Workflow(WorkflowEvent::Created { workflow: facts }))
}

/// A workflow of one's own, to be changed. Whoever sees it and is not its owner may not.
pub(super) fn own<E>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    id: &WorkflowId,
) -> Result<WorkflowRow, Fault<E>> {
    let row = store::workflows::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if policy::may_change_workflow(by.person(), &row.owner) { Ok(row) } else { Err(Denied::Forbidden.into()) }
}

/// Gives it another name; the one that it has already changes nothing.
pub fn rename(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, name): (&WorkflowId, &Name),
) -> Outcome<()> {
    let row = own(tx, by, id)?;
    if !named(tx, by, tools, (&row, name))? {
        tx.unrecorded(Unrecorded::Nothing);
    }
    Ok(())
}

fn named(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (row, name): (&WorkflowRow, &Name),
) -> Result<bool, Error> {
    if row.name == *name {
        return Ok(false);
    }
    store::workflows::rename(tx, by, (&row.id, name))?;
    let workflow = WorkflowFacts { name: name.to_string(), ..describe(row) };
    let event = WorkflowEvent::Renamed { workflow, before: row.name.to_string() };
    audit::change(tx, by, tools, Event::Workflow(event))?;
    Ok(true)
}

/// Deletes it with its nodes. The secrets stay where they are.
pub fn delete(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &WorkflowId,
) -> Outcome<()> {
    let row = store::workflows::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !policy::may_delete_workflow(Standing { person: by.person(), role: by.role() }, &row.owner) {
        return Err(Denied::Forbidden.into());
    }
    store::workflows::delete(tx, by, id)?;
    Ok(audit::change(tx, by, tools, Event::Workflow(WorkflowEvent::Deleted { workflow: describe(&row) }))?)
}

/// Lets a token run it. Naming a token's id is enough: whoever owns the workflow decides, not whoever made the token. But
/// by an external id a machine asks without knowing whose workflow bears it: somebody else's token is none there.
pub fn list_token(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, token): (&WorkflowId, &TokenId),
) -> Outcome<(), WorkflowRefusal> {
    let row = own(tx, by, id)?;
    let is_known = row.external_id.is_none() || store::tokens::find(tx, by, token)?.is_some();
    if !is_known || !store::workflows::is_living_token(tx, by, (token, row.environment))? {
        return Err(WorkflowRefusal::NoToken.into());
    }
    if !listed(tx, by, tools, (&row, token))? {
        tx.unrecorded(Unrecorded::Nothing);
    }
    Ok(())
}

/// Lets a token run it no more.
pub fn unlist_token(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, token): (&WorkflowId, &TokenId),
) -> Outcome<()> {
    let row = own(tx, by, id)?;
    if store::workflows::unlist_token(tx, by, (id, token))? {
        return Ok(tokens_changed(tx, by, tools, &row)?);
    }
    tx.unrecorded(Unrecorded::Nothing);
    Ok(())
}

fn listed(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (row, token): (&WorkflowRow, &TokenId),
) -> Result<bool, Error> {
    let is_new = store::workflows::list_token(tx, by, (&row.id, token))?;
    if is_new {
        tokens_changed(tx, by, tools, row)?;
    }
    Ok(is_new)
}

fn tokens_changed(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    row: &WorkflowRow,
) -> Result<(), Error> {
    let tokens = store::workflows::runners(tx, by, &row.id)?.into_iter().map(|token| token.id).collect();
    let event = WorkflowEvent::TokensChanged { workflow: describe(row), tokens };
    audit::change(tx, by, tools, Event::Workflow(event))
}
