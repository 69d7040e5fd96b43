//! Which workflows a list holds: who may see them, what they are narrowed to, and how many there are.
//!
//! Invariant: every list, count and look-up for a person begins with [`visible`], for a machine with [`of_environment`].

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::{Called, Environment, Moment, PersonId, Sharing, WorkflowId, policy};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof, TokenRight};
use crate::store::connection::Backend;
use crate::store::error::Error;
use crate::store::paging::{IDS_AT_ONCE, Page, Part, Stretch, Turn, page_of_keys, turned};
use crate::store::schema::{nodes, people, secret_shares, secrets, workflows};
use crate::store::secrets::anywhere;
use crate::store::tx::ReadTx;

use super::{WorkflowRow, columns};

/// What a list of workflows is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Part of a name's key.
    pub name: Option<String>,
    pub environment: Option<Environment>,
    pub owner: Option<PersonId>,
    /// Whether every node can be used.
    pub ready: Option<bool>,
}

/// A selection of workflows' ids, still to be ordered, bounded or counted.
type Ids<'a> = workflows::BoxedQuery<'a, Backend, Text>;

/// The workflows that this member may see.
fn visible<'a>(by: &'a Proof<'_, impl AtLeast<Member>>) -> Ids<'a> {
    let here = workflows::table.filter(workflows::workspace_id.eq(by.workspace())).select(workflows::id).into_boxed();
    if policy::sees_all_workflows(by.role()) { here } else { here.filter(workflows::owner_id.eq(by.person())) }
}

/// Test and live never mix: a token knows the workflows of its own environment.
fn of_environment<'a>(by: &'a Proof<'_, impl TokenRight>) -> Ids<'a> {
    workflows::table
        .filter(workflows::workspace_id.eq(by.workspace()))
        .filter(workflows::environment.eq(by.environment()))
        .select(workflows::id)
        .into_boxed()
}

// The workflow of a node, beside the workflows that a list is made of.
diesel::alias!(workflows as of_node: OfNode);

/// The workflows with a node that cannot be used: the SQL of `domain::Unready`.
macro_rules! with_unready_nodes {
    ($by:expr, $now:expr) => {{
        let owner = of_node.field(workflows::owner_id);
        let now = $now;
        let shared_with_them = secret_shares::secret_id.eq(secrets::id).and(secret_shares::person_id.eq(owner));
        let by_all = secrets::sharing
            .eq(Sharing::Workspace)
            .and(secrets::shared_until.is_null().or(secrets::shared_until.gt(now)));
        let chosen = secrets::sharing
            .eq(Sharing::Members)
            .and(secret_shares::person_id.is_not_null())
            .and(secret_shares::ends_at.is_null().or(secret_shares::ends_at.gt(now)));
        let usable = secrets::owner_id.is_not_null().and(secrets::owner_id.eq(owner.nullable()).or(by_all).or(chosen));
        nodes::table
            .inner_join(of_node.on(of_node.field(workflows::id).eq(nodes::workflow_id)))
            .left_join(secrets::table)
            .left_join(secret_shares::table.on(shared_with_them))
            .filter(nodes::workspace_id.eq($by.workspace()))
            .filter(nodes::secret_id.is_null().or(nodes::trouble.is_not_null()).or(not(usable)))
            .select(nodes::workflow_id)
    }};
}

fn matching<'a>(by: &'a Proof<'_, impl AtLeast<Member>>, sought: &'a Sought, now: Moment) -> Ids<'a> {
    let mut ids = visible(by);
    if let Some(part) = &sought.name {
        ids = ids.filter(workflows::name_key.like(anywhere(part)).escape('\\'));
    }
    if let Some(environment) = sought.environment {
        ids = ids.filter(workflows::environment.eq(environment));
    }
    if let Some(owner) = &sought.owner {
        ids = ids.filter(workflows::owner_id.eq(owner));
    }
    match sought.ready {
        None => ids,
        Some(false) => ids.filter(workflows::id.eq_any(with_unready_nodes!(by, now))),
        Some(true) => ids.filter(not(workflows::id.eq_any(with_unready_nodes!(by, now)))),
    }
}

/// A page of those workflows that this member may see and that match.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    sought: &Sought,
    turn: &Turn<WorkflowId>,
) -> Result<Page<WorkflowRow>, Error> {
    let now = tx.now();
    let page = page_of_keys(turn, &mut |turn, limit| {
        Ok(turned!(matching(by, sought, now), workflows::id, turn, limit).load(tx.conn)?)
    })?;
    Ok(Page { rows: rows_of(tx, by, &page.rows)?, has_newer: page.has_newer, has_older: page.has_older })
}

/// How many workflows this member may see that match.
pub fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, sought: &Sought) -> Result<u64, Error> {
    let number: i64 = matching(by, sought, tx.now()).select(diesel::dsl::count_star()).get_result(tx.conn)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// How many of those that this member may see match, and how many there are.
pub fn counts(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, sought: &Sought) -> Result<(u64, u64), Error> {
    let everything = Sought::default();
    let all = count(tx, by, &everything)?;
    let matching = if *sought == everything { all } else { count(tx, by, sought)? };
    Ok((matching, all))
}

/// Some of the workflows of the token's environment, the newest first.
pub fn part_for_token(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    stretch: &Stretch<WorkflowId>,
) -> Result<Part<WorkflowRow>, Error> {
    let mut ids = of_environment(by);
    if let Some(after) = &stretch.after {
        ids = ids.filter(workflows::id.lt(after));
    }
    let ids: Vec<WorkflowId> = ids.order(workflows::id.desc()).limit(stretch.fetch()).load(tx.conn)?;
    let Part { rows, has_more } = stretch.cut(ids);
    Ok(Part { rows: rows_of(tx, by, &rows)?, has_more })
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    id: &WorkflowId,
) -> Result<Option<WorkflowRow>, Error> {
    let seen: Option<WorkflowId> = visible(by).filter(workflows::id.eq(id)).first(tx.conn).optional()?;
    Ok(rows_of(tx, by, seen.as_slice())?.pop())
}

/// A workflow of the token's environment.
pub fn find_for_token(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    called: &Called,
) -> Result<Option<WorkflowRow>, Error> {
    super::called(tx, by, (called, by.environment()))
}

/// What a member owns here, for whoever may end their membership.
pub fn owned_by(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    owner: &PersonId,
) -> Result<Vec<WorkflowRow>, Error> {
    let ids: Vec<WorkflowId> = visible(by).filter(workflows::owner_id.eq(owner)).load(tx.conn)?;
    rows_of(tx, by, &ids)
}

/// The rows of ids that were found before, the newest first.
fn rows_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    ids: &[WorkflowId],
) -> Result<Vec<WorkflowRow>, Error> {
    let mut rows: Vec<WorkflowRow> = Vec::with_capacity(ids.len());
    for some in ids.chunks(IDS_AT_ONCE) {
        let found: Vec<WorkflowRow> = workflows::table
            .inner_join(people::table)
            .filter(workflows::workspace_id.eq(by.workspace()))
            .filter(workflows::id.eq_any(some))
            .select(columns!())
            .load(tx.conn)?;
        rows.extend(found);
    }
    rows.sort_by(|one, other| other.id.cmp(&one.id));
    Ok(rows)
}
