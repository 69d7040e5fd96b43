//! What has happened, in order, for whoever asks.
//!
//! Invariant: whoever writes an event holds the workspace's row, so that an event that is read later has a greater number.

mod things;

use diesel::dsl::max;
use diesel::prelude::*;

use crate::domain::{Environment, EventId, Moment, NodeTypeId, Scopes, SecretId, Slug, TellKind};

use crate::store::access::{AuditRight, InWorkspace, Proof, Runner};
use crate::store::error::Error;
use crate::store::schema::{end_users, events, node_types, organizations, secrets, token_sets};
use crate::store::tx::{ReadTx, WriteTx};

pub use things::{NodeSubject, SecretSubject, expiring, node, note_end_told, secret, with_expiring};

/// An end user's connection as far as an event tells of it.
#[derive(Queryable)]
pub struct Subject {
    pub node_type: Slug,
    pub node_type_id: NodeTypeId,
    pub environment: Environment,
    pub end_user: Option<String>,
    pub organization: Option<String>,
    pub lost_at: Option<Moment>,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub scopes: Option<Scopes>,
}

/// None where there is none of this id any more, or where a member owns it.
pub fn subject(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<Option<Subject>, Error> {
    let row = secrets::table
        .inner_join(node_types::table)
        .left_join(end_users::table)
        .left_join(organizations::table)
        .left_join(token_sets::table)
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .filter(secrets::owner_id.is_null())
        .select((
            node_types::slug,
            node_types::id,
            secrets::environment,
            end_users::external_id.nullable(),
            organizations::external_id.nullable(),
            secrets::needs_reauthorization_at,
            secrets::created_at,
            secrets::updated_at,
            token_sets::scopes.nullable(),
        ));
    Ok(row.first(tx.conn).optional()?)
}

pub struct NewEvent<'a> {
    pub id: &'a EventId,
    pub environment: Environment,
    pub kind: TellKind,
    pub node_type: Option<&'a str>,
    pub organization: Option<&'a str>,
    /// As JSON, without any value.
    pub data: &'a str,
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, new: &NewEvent<'_>) -> Result<(), Error> {
    let now = tx.now();
    let here = events::table.filter(events::workspace_id.eq(by.workspace()));
    let last: Option<i64> = here.select(max(events::number)).first(tx.conn)?;
    diesel::insert_into(events::table)
        .values((
            events::id.eq(new.id),
            events::workspace_id.eq(by.workspace()),
            events::number.eq(last.unwrap_or(0) + 1),
            events::environment.eq(new.environment),
            events::kind.eq(new.kind),
            events::node_type.eq(new.node_type),
            events::organization.eq(new.organization),
            events::data.eq(new.data),
            events::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

#[derive(Queryable, Clone)]
pub struct EventRow {
    pub id: EventId,
    pub kind: TellKind,
    pub data: String,
    pub created_at: Moment,
}

/// What is asked for.
#[derive(Default)]
pub struct Sought {
    /// Empty for those of connections.
    pub kinds: Vec<TellKind>,
    pub after: Option<EventId>,
    pub from: Option<Moment>,
    pub until: Option<Moment>,
    pub organization: Option<String>,
}

/// The first of them that the token may be told of, in the order in which they happened, one more than `limit` where there are more.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, AuditRight>,
    (sought, limit): (&Sought, i64),
) -> Result<Vec<EventRow>, Error> {
    let here = || events::table.filter(events::workspace_id.eq(by.workspace()));
    let mut query = here()
        .filter(events::environment.eq(by.environment()))
        .order(events::number)
        .limit(limit + 1)
        .select((events::id, events::kind, events::data, events::created_at))
        .into_boxed();
    if let Some(after) = &sought.after {
        let number: Option<i64> =
            here().filter(events::id.eq(after)).select(events::number).first(tx.conn).optional()?;
        query = query.filter(events::number.gt(number.unwrap_or(0)));
    }
    let kinds = if sought.kinds.is_empty() { TellKind::OF_CONNECTIONS.to_vec() } else { sought.kinds.clone() };
    query = query.filter(events::kind.eq_any(kinds));
    if let Some(limit) = by.limit() {
        query = query.filter(events::node_type.eq_any(limit.iter().map(Slug::as_str)));
    }
    if let Some(from) = sought.from {
        query = query.filter(events::created_at.ge(from));
    }
    if let Some(until) = sought.until {
        query = query.filter(events::created_at.lt(until));
    }
    if let Some(organization) = &sought.organization {
        query = query.filter(events::organization.eq(organization));
    }
    Ok(query.load(tx.conn)?)
}

pub fn sweep(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, before: Moment) -> Result<(), Error> {
    diesel::delete(events::table.filter(events::created_at.lt(before))).execute(tx.conn)?;
    Ok(())
}
