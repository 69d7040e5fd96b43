//! Workflows: whose they are, which tokens may run them, and their nodes.

mod lists;
mod nodes;

use diesel::prelude::*;

use crate::domain::{Called, Environment, Handle, Moment, Name, PersonId, TokenId, WorkflowId};

use super::access::{AtLeast, InWorkspace, Member, Proof};
use super::error::Error;
use super::schema::{people, tokens, workflow_tokens, workflows};
use super::tx::{ReadTx, WriteTx};

pub use lists::{Sought, count, counts, find, find_for_token, list, owned_by, part_for_token};
pub use nodes::{
    BoundSecret, NewNode, NodeRow, ToBind, bind, bound_in, delete_node, find_node, insert_node, nodes_of,
    of_secrets_of, to_bind, unbind,
};

/// Nodes that a workflow may have.
pub const MOST_NODES: usize = 100;

#[derive(Queryable, Clone, Debug)]
pub struct WorkflowRow {
    pub id: WorkflowId,
    pub name: Name,
    pub environment: Environment,
    /// What the system that runs it calls it.
    pub external_id: Option<String>,
    pub owner: PersonId,
    pub owner_name: Name,
    /// Counts every change of it, of its nodes and of who may run it.
    pub revision: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
}

macro_rules! columns {
    () => {
        (
            workflows::id,
            workflows::name,
            workflows::environment,
            workflows::external_id,
            workflows::owner_id,
            people::name,
            workflows::revision,
            workflows::created_at,
            workflows::updated_at,
        )
    };
}

use columns;

pub struct NewWorkflow<'a> {
    pub id: &'a WorkflowId,
    pub owner: &'a PersonId,
    pub name: &'a Name,
    pub environment: Environment,
    pub external_id: Option<&'a Handle>,
}

/// One that is there already, by its id or its external id, is [`Error::Taken`].
pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, new: &NewWorkflow<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(workflows::table)
        .values((
            workflows::id.eq(new.id),
            workflows::workspace_id.eq(by.workspace()),
            workflows::owner_id.eq(new.owner),
            workflows::environment.eq(new.environment),
            workflows::name.eq(new.name),
            workflows::name_key.eq(new.name.key()),
            workflows::external_id.eq(new.external_id.map(Handle::as_str)),
            workflows::revision.eq(1_i64),
            workflows::created_at.eq(now),
            workflows::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Anything in the workspace by this name and of this environment, whoever may see it: for who has proven enough.
pub fn called(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (called, environment): (&Called, Environment),
) -> Result<Option<WorkflowRow>, Error> {
    let rows = workflows::table
        .inner_join(people::table)
        .filter(workflows::workspace_id.eq(by.workspace()))
        .filter(workflows::environment.eq(environment))
        .select(columns!())
        .into_boxed();
    let rows = match called {
        Called::Id(id) => rows.filter(workflows::id.eq(id)),
        Called::External(handle) => rows.filter(workflows::external_id.eq(handle.as_str())),
    };
    Ok(rows.first(tx.conn).optional()?)
}

pub fn rename(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, name): (&WorkflowId, &Name),
) -> Result<(), Error> {
    let now = tx.now();
    let row = workflows::table.filter(workflows::workspace_id.eq(by.workspace())).filter(workflows::id.eq(id));
    diesel::update(row)
        .set((
            workflows::name.eq(name),
            workflows::name_key.eq(name.key()),
            workflows::revision.eq(workflows::revision + 1),
            workflows::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn hand_over(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, heir): (&WorkflowId, &PersonId),
) -> Result<(), Error> {
    let now = tx.now();
    let row = workflows::table.filter(workflows::workspace_id.eq(by.workspace())).filter(workflows::id.eq(id));
    diesel::update(row)
        .set((
            workflows::owner_id.eq(heir),
            workflows::revision.eq(workflows::revision + 1),
            workflows::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &WorkflowId) -> Result<(), Error> {
    let row = workflows::table.filter(workflows::workspace_id.eq(by.workspace())).filter(workflows::id.eq(id));
    diesel::delete(row).execute(tx.conn)?;
    Ok(())
}

/// A token that may run a workflow.
#[derive(Queryable, Clone, Debug)]
pub struct RunnerRow {
    pub id: TokenId,
    pub name: Name,
    pub maker: PersonId,
    pub maker_name: Name,
    pub expires_at: Option<Moment>,
    pub revoked_at: Option<Moment>,
}

/// The tokens that may run a workflow which the caller has found before.
pub fn runners(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &WorkflowId,
) -> Result<Vec<RunnerRow>, Error> {
    let rows = workflow_tokens::table
        .inner_join(tokens::table.inner_join(people::table))
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(workflow_tokens::workflow_id.eq(id))
        .order(tokens::id)
        .select((tokens::id, tokens::name, tokens::maker_id, people::name, tokens::expires_at, tokens::revoked_at))
        .load(tx.conn)?;
    Ok(rows)
}

/// Which tokens may run which of these workflows, that the caller has found before.
pub fn token_ids(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    of: &[WorkflowId],
) -> Result<Vec<(WorkflowId, TokenId)>, Error> {
    let rows = workflow_tokens::table
        .inner_join(tokens::table)
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(workflow_tokens::workflow_id.eq_any(of))
        .order(tokens::id)
        .select((workflow_tokens::workflow_id, tokens::id))
        .load(tx.conn)?;
    Ok(rows)
}

/// Lets a living token of the workflow's environment run it; false where it may already.
pub fn list_token(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (workflow, token): (&WorkflowId, &TokenId),
) -> Result<bool, Error> {
    if runners(tx, by, workflow)?.iter().any(|row| row.id == *token) {
        return Ok(false);
    }
    diesel::insert_into(workflow_tokens::table)
        .values((workflow_tokens::workflow_id.eq(workflow), workflow_tokens::token_id.eq(token)))
        .execute(tx.conn)?;
    counted(tx, by, workflow)?;
    Ok(true)
}

/// Lets it run the workflow no more; false where it never could.
pub fn unlist_token(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (workflow, token): (&WorkflowId, &TokenId),
) -> Result<bool, Error> {
    let of_workspace = workflows::table.filter(workflows::workspace_id.eq(by.workspace())).select(workflows::id);
    let row = workflow_tokens::table
        .filter(workflow_tokens::workflow_id.eq(workflow))
        .filter(workflow_tokens::token_id.eq(token))
        .filter(workflow_tokens::workflow_id.eq_any(of_workspace));
    let was_listed = diesel::delete(row).execute(tx.conn)? == 1;
    counted(tx, by, workflow)?;
    Ok(was_listed)
}

/// Something that belongs to the workflow has changed.
pub(super) fn counted(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    workflow: &WorkflowId,
) -> Result<(), Error> {
    let row = workflows::table.filter(workflows::workspace_id.eq(by.workspace())).filter(workflows::id.eq(workflow));
    diesel::update(row).set(workflows::revision.eq(workflows::revision + 1)).execute(tx.conn)?;
    Ok(())
}

/// Whether there is such a living token in this environment of the workspace.
pub fn is_living_token(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (token, environment): (&TokenId, Environment),
) -> Result<bool, Error> {
    let row = living(by, environment, tx.now()).filter(tokens::id.eq(token));
    Ok(row.select(tokens::id).first::<TokenId>(tx.conn).optional()?.is_some())
}

type Tokens<'a> = tokens::BoxedQuery<'a, super::connection::Backend>;

fn living<'a>(by: &'a Proof<'_, impl InWorkspace>, environment: Environment, now: Moment) -> Tokens<'a> {
    tokens::table
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::environment.eq(environment))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.is_null().or(tokens::expires_at.gt(now)))
        .into_boxed()
}

/// The newest of the living tokens that this member may see, to choose from.
pub fn tokens_to_list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    environment: Environment,
    limit: i64,
) -> Result<Vec<(TokenId, Name)>, Error> {
    let mut rows = living(by, environment, tx.now());
    if !crate::domain::policy::sees_all_tokens(by.role()) {
        rows = rows.filter(tokens::maker_id.eq(by.person()));
    }
    Ok(rows.order(tokens::id.desc()).limit(limit).select((tokens::id, tokens::name)).load(tx.conn)?)
}
