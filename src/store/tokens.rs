//! Service tokens. Only the HMAC of a token's text is stored.

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::{Environment, Moment, Name, NodeTypeId, PersonId, SecretId, TokenId, policy};

use super::access::{Admin, AtLeast, Member, Proof};
use super::connection::Backend;
use super::error::Error;
use super::paging::{Page, Turn, page_of_keys, turned};
use super::schema::{people, secret_uses, secrets, tokens};
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone)]
pub struct TokenRow {
    pub id: TokenId,
    pub maker: PersonId,
    pub maker_name: Name,
    pub name: Name,
    pub environment: Environment,
    pub abilities: String,
    pub expires_at: Option<Moment>,
    pub revoked_at: Option<Moment>,
    pub last_used_at: Option<Moment>,
    pub created_at: Moment,
}

pub struct NewTokenRow<'a> {
    pub id: &'a TokenId,
    pub name: &'a Name,
    pub environment: Environment,
    pub abilities: &'a crate::domain::Abilities,
    pub mac: &'a [u8],
    pub expires_at: Option<Moment>,
}

macro_rules! columns {
    () => {
        (
            tokens::id,
            tokens::maker_id,
            people::name,
            tokens::name,
            tokens::environment,
            tokens::abilities,
            tokens::expires_at,
            tokens::revoked_at,
            tokens::last_used_at,
            tokens::created_at,
        )
    };
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, row: &NewTokenRow<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(row.id),
            tokens::workspace_id.eq(by.workspace()),
            tokens::maker_id.eq(by.person()),
            tokens::name.eq(row.name),
            tokens::environment.eq(row.environment),
            tokens::abilities.eq(row.abilities.to_string()),
            tokens::mac.eq(row.mac),
            tokens::expires_at.eq(row.expires_at),
            tokens::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// All tokens for those who see all, one's own for the others.
fn visible<'a>(by: &'a Proof<'_, impl AtLeast<Member>>) -> tokens::BoxedQuery<'a, Backend, Text> {
    let of_workspace = tokens::table.filter(tokens::workspace_id.eq(by.workspace())).select(tokens::id).into_boxed();
    if policy::sees_all_tokens(by.role()) {
        of_workspace
    } else {
        of_workspace.filter(tokens::maker_id.eq(by.person()))
    }
}

/// A page of the tokens that this member may see.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    turn: &Turn<TokenId>,
) -> Result<Page<TokenRow>, Error> {
    let page = page_of_keys(turn, &mut |turn, limit| Ok(turned!(visible(by), tokens::id, turn, limit).load(tx.conn)?))?;
    Ok(Page { rows: rows_of(tx, by, &page.rows)?, has_newer: page.has_newer, has_older: page.has_older })
}

pub fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<u64, Error> {
    let number: i64 = visible(by).select(diesel::dsl::count_star()).get_result(tx.conn)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    id: &TokenId,
) -> Result<Option<TokenRow>, Error> {
    let seen: Option<TokenId> = visible(by).filter(tokens::id.eq(id)).first(tx.conn).optional()?;
    Ok(rows_of(tx, by, seen.as_slice())?.pop())
}

/// The rows of ids that were found visible, the newest first.
fn rows_of(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, ids: &[TokenId]) -> Result<Vec<TokenRow>, Error> {
    let rows = tokens::table
        .inner_join(people::table)
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::id.eq_any(ids))
        .order(tokens::id.desc())
        .select(columns!())
        .load(tx.conn)?;
    Ok(rows)
}

/// Revokes it; false when it was revoked before.
pub fn revoke(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &TokenId) -> Result<bool, Error> {
    let now = tx.now();
    let living = tokens::table
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::id.eq(id))
        .filter(tokens::revoked_at.is_null());
    Ok(diesel::update(living).set(tokens::revoked_at.eq(now)).execute(tx.conn)? == 1)
}

/// The living tokens that a member has made here, for whoever may end their membership.
pub fn made_by(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    maker: &crate::domain::PersonId,
) -> Result<Vec<TokenRow>, Error> {
    let ids: Vec<TokenId> =
        visible(by).filter(tokens::maker_id.eq(maker)).filter(tokens::revoked_at.is_null()).load(tx.conn)?;
    rows_of(tx, by, &ids)
}

/// A token that has used a secret, how often, and when last.
#[derive(Queryable, Clone)]
pub struct UserRow {
    pub token: TokenId,
    pub name: Name,
    pub uses: i64,
    pub last_used_at: Moment,
}

/// The tokens that have used any secret of a node type, the latest first.
pub fn users_of_type(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    node_type: &NodeTypeId,
) -> Result<Vec<UserRow>, Error> {
    let of_type = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::node_type_id.eq(node_type))
        .select(secrets::id);
    let rows = secret_uses::table
        .inner_join(tokens::table)
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(secret_uses::secret_id.eq_any(of_type))
        .order(secret_uses::last_used_at.desc())
        .select((tokens::id, tokens::name, secret_uses::uses, secret_uses::last_used_at))
        .load(tx.conn)?;
    Ok(merged(rows))
}

/// The tokens that have used any of these secrets, which the caller has found before, the latest first.
pub fn users_of_any(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    ids: &[SecretId],
) -> Result<Vec<UserRow>, Error> {
    let rows = secret_uses::table
        .inner_join(tokens::table)
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(secret_uses::secret_id.eq_any(ids))
        .order(secret_uses::last_used_at.desc())
        .select((tokens::id, tokens::name, secret_uses::uses, secret_uses::last_used_at))
        .load(tx.conn)?;
    Ok(merged(rows))
}

/// One row for each token, with its uses of all secrets together.
fn merged(rows: Vec<UserRow>) -> Vec<UserRow> {
    let mut users: Vec<UserRow> = Vec::new();
    for row in rows {
        match users.iter_mut().find(|user| user.token == row.token) {
            Some(user) => user.uses += row.uses,
            None => users.push(row),
        }
    }
    users
}

/// How often a token has been used.
pub fn uses_of(tx: &mut ReadTx<'_>, id: &TokenId) -> Result<i64, Error> {
    let counts: Vec<i64> =
        secret_uses::table.filter(secret_uses::token_id.eq(id)).select(secret_uses::uses).load(tx.conn)?;
    Ok(counts.into_iter().sum())
}
