//! End users' connections, and the end users and organizations that own them.

use diesel::prelude::*;

use crate::domain::secret::ConnectionRole;
use crate::domain::{Chance, EndUserId, NodeTypeId, OrganizationId};

use super::access::{ConnectRight, ConnectionOf, Proof};
use super::error::Error;
use super::schema::{end_users, node_types, organizations, secrets};
use super::secrets::{SecretRow, columns};
use super::tx::{ReadTx, WriteTx};

/// An end user's connection, with what the wire format shows of it.
#[derive(Queryable, Clone)]
pub struct ConnectionRow {
    pub secret: SecretRow,
    pub role: Option<ConnectionRole>,
    pub account_name: Option<String>,
    pub account_identifier: Option<String>,
    pub end_user: Option<String>,
    pub organization: Option<String>,
}

/// The first connection of an end user or organization for a node type.
pub fn first_connection(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    node_type: &NodeTypeId,
    of: &ConnectionOf,
) -> Result<Option<ConnectionRow>, Error> {
    let mut query = secrets::table
        .inner_join(node_types::table)
        .left_join(end_users::table)
        .left_join(organizations::table)
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::node_type_id.eq(node_type))
        .filter(secrets::environment.eq(by.environment()))
        .filter(secrets::connection_role.eq(ConnectionRole::Compatibility))
        .select((
            columns!(),
            secrets::connection_role,
            secrets::account_name,
            secrets::account_identifier,
            end_users::external_id.nullable(),
            organizations::external_id.nullable(),
        ))
        .into_boxed();
    query = match &of.end_user {
        Some(id) => query.filter(end_users::external_id.eq(id)),
        None => query.filter(secrets::end_user_id.is_null()),
    };
    query = match &of.organization {
        Some(id) => query.filter(organizations::external_id.eq(id)),
        None => query.filter(secrets::organization_id.is_null()),
    };
    Ok(query.first(tx.conn).optional()?)
}

/// The end user of this name, made by being mentioned for the first time.
pub fn end_user(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    external: &str,
    chance: &dyn Chance,
) -> Result<EndUserId, Error> {
    let known = end_users::table
        .filter(end_users::workspace_id.eq(by.workspace()))
        .filter(end_users::external_id.eq(external))
        .select(end_users::id)
        .first(tx.conn)
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let (id, now) = (EndUserId::draw(tx.now(), chance), tx.now());
    diesel::insert_into(end_users::table)
        .values((
            end_users::id.eq(&id),
            end_users::workspace_id.eq(by.workspace()),
            end_users::external_id.eq(external),
            end_users::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(id)
}

/// The organization of this name, made by being mentioned for the first time.
pub fn organization(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    external: &str,
    chance: &dyn Chance,
) -> Result<OrganizationId, Error> {
    let known = organizations::table
        .filter(organizations::workspace_id.eq(by.workspace()))
        .filter(organizations::external_id.eq(external))
        .select(organizations::id)
        .first(tx.conn)
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let (id, now) = (OrganizationId::draw(tx.now(), chance), tx.now());
    diesel::insert_into(organizations::table)
        .values((
            organizations::id.eq(&id),
            organizations::workspace_id.eq(by.workspace()),
            organizations::external_id.eq(external),
            organizations::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(id)
}
