//! End users' connections, and the end users and organizations that own them.

use diesel::prelude::*;

use crate::domain::secret::{ConnectionRole, Slot};
use crate::domain::{Chance, EndUserId, NodeTypeId, OrganizationId, Scopes, SecretId};

use super::access::of_whom;
use super::access::{ConnectionOf, InEnvironment, InWorkspace, Proof, TokenRight};
use super::error::Error;
use super::schema::{end_users, node_types, organizations, secret_values, secrets, token_sets};
use super::secrets::{SecretRow, columns, row, usable_ids};
use super::tx::{ReadTx, WriteTx};

/// An end user's connection, with what the wire format shows of it.
#[derive(Queryable, Clone)]
pub struct ConnectionRow {
    pub secret: SecretRow,
    pub role: Option<ConnectionRole>,
    pub account_name: Option<String>,
    pub account_identifier: Option<String>,
    pub established_by: Option<String>,
    pub end_user: Option<String>,
    pub organization: Option<String>,
    /// What its tokens allow, where it holds any.
    pub granted: Option<Scopes>,
    /// As the provider calls the account, where it was asked.
    pub found_name: Option<String>,
}

/// Which connections are sought.
pub struct Sought<'a> {
    /// None for those of every node type.
    pub node_type: Option<&'a NodeTypeId>,
    pub of: &'a ConnectionOf,
    pub chosen: Option<&'a SecretId>,
    /// Whether those beside the first one are meant too.
    pub several: bool,
}

/// As many as somebody is shown of theirs.
const MOST: i64 = 500;

/// Whatever there is in the environment of the machine that asks, the first ones before those that were added.
macro_rules! rows {
    ($by:expr) => {{
        let current = secret_values::secret_id.eq(secrets::id).and(secret_values::slot.eq(Slot::Current));
        secrets::table
            .inner_join(node_types::table)
            .left_join(end_users::table)
            .left_join(organizations::table)
            .left_join(token_sets::table)
            .left_join(secret_values::table.on(current))
            .filter(secrets::workspace_id.eq($by.workspace()))
            .filter(secrets::environment.eq($by.environment()))
            // By the time of their making, as the ids are: in the order of the ids SQLite walks all of the workspace.
            .order((secrets::connection_role, secrets::created_at, secrets::id))
            .select((
                columns!(),
                secrets::connection_role,
                secrets::account_name,
                secrets::account_identifier,
                secrets::established_by,
                end_users::external_id.nullable(),
                organizations::external_id.nullable(),
                token_sets::scopes.nullable(),
                secret_values::probe_account.nullable(),
            ))
            .into_boxed()
    }};
}

pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InEnvironment>,
    sought: &Sought<'_>,
) -> Result<Vec<ConnectionRow>, Error> {
    let mut query = of_whom!(rows!(by).filter(secrets::owner_id.is_null()), by, sought.of);
    if let Some(node_type) = sought.node_type {
        query = query.filter(secrets::node_type_id.eq(node_type));
    }
    if let Some(chosen) = sought.chosen {
        query = query.filter(secrets::id.eq(chosen));
    }
    if !sought.several {
        query = query.filter(secrets::connection_role.eq(ConnectionRole::Compatibility));
    }
    Ok(query.limit(MOST).load(tx.conn)?)
}

/// What the maker of a token may use themselves, as machines see it.
pub fn usable_by_maker(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    (node_type, chosen): (Option<&NodeTypeId>, Option<&SecretId>),
) -> Result<Vec<ConnectionRow>, Error> {
    let own = secrets::table.filter(secrets::workspace_id.eq(by.workspace()));
    let own = own.filter(secrets::environment.eq(by.environment())).select(secrets::id).into_boxed();
    let mut own = usable_ids(own, by.maker(), tx.now());
    if let Some(node_type) = node_type {
        own = own.filter(secrets::node_type_id.eq(node_type));
    }
    if let Some(chosen) = chosen {
        own = own.filter(secrets::id.eq(chosen));
    }
    let ids: Vec<SecretId> = own.order(secrets::id.desc()).limit(MOST).load(tx.conn)?;
    Ok(rows!(by).filter(secrets::id.eq_any(ids)).load(tx.conn)?)
}

/// An end user's or an organization's connection, whoever they are.
pub fn of_anybody(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InEnvironment>,
    id: &SecretId,
) -> Result<Option<ConnectionRow>, Error> {
    let row = rows!(by).filter(secrets::owner_id.is_null()).filter(secrets::id.eq(id));
    Ok(row.first(tx.conn).optional()?)
}

/// One of their connections.
pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InEnvironment>,
    (node_type, of, id): (&NodeTypeId, &ConnectionOf, &SecretId),
) -> Result<Option<ConnectionRow>, Error> {
    let sought = Sought { node_type: Some(node_type), of, chosen: Some(id), several: true };
    Ok(list(tx, by, &sought)?.pop())
}

/// Says whose request made a connection.
pub fn set_establisher(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, end_user): (&SecretId, &str),
) -> Result<(), Error> {
    diesel::update(row!(by, id)).set(secrets::established_by.eq(end_user)).execute(tx.conn)?;
    Ok(())
}

/// Says that the tokens which were brought do not work any more.
pub fn set_lost(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(row!(by, id)).set(secrets::needs_reauthorization_at.eq(now)).execute(tx.conn)?;
    Ok(())
}

/// The end user of this name, made by being mentioned for the first time.
pub fn end_user(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InEnvironment>,
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

/// The organization of this name, where it was mentioned before.
pub fn known_organization(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    external: &str,
) -> Result<Option<OrganizationId>, Error> {
    let known = organizations::table
        .filter(organizations::workspace_id.eq(by.workspace()))
        .filter(organizations::external_id.eq(external))
        .select(organizations::id);
    Ok(known.first(tx.conn).optional()?)
}

/// The organization that a connection belongs to, or for which its end user asked.
pub fn organization_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
) -> Result<Option<OrganizationId>, Error> {
    let of: Option<Option<OrganizationId>> = row!(by, id).select(secrets::organization_id).first(tx.conn).optional()?;
    Ok(of.flatten())
}

/// The organization of this name, made by being mentioned for the first time.
pub fn organization(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    external: &str,
    chance: &dyn Chance,
) -> Result<OrganizationId, Error> {
    if let Some(id) = known_organization(tx, by, external)? {
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
