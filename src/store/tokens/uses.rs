//! Which tokens have used which secrets, and how often.

use diesel::prelude::*;

use crate::domain::{Moment, Name, NodeTypeId, PersonId, SecretId, TokenId};
use crate::store::access::{Admin, AtLeast, Member, Proof};
use crate::store::error::Error;
use crate::store::schema::{end_users, organizations, secret_uses, secrets, tokens};
use crate::store::secrets::visible_ids;
use crate::store::tx::ReadTx;

/// A token that has used a secret, how often, and when last.
#[derive(Queryable, Clone)]
pub struct UserRow {
    pub token: TokenId,
    pub maker: PersonId,
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
        .select((tokens::id, tokens::maker_id, tokens::name, secret_uses::uses, secret_uses::last_used_at))
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
        .select((tokens::id, tokens::maker_id, tokens::name, secret_uses::uses, secret_uses::last_used_at))
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

/// A secret that a token has used.
#[derive(Queryable, Clone)]
pub struct UsedRow {
    pub secret: SecretId,
    pub name: Name,
    /// Whose connection it is, outside the workspace's own people.
    pub end_user: Option<String>,
    pub organization: Option<String>,
    pub uses: i64,
    pub last_used_at: Moment,
}

/// What a token has used: the latest of the secrets that this member may see, how many there are, and how often in all.
pub struct Used {
    pub latest: Vec<UsedRow>,
    pub secrets: u64,
    pub uses: u64,
}

/// Secrets that are told by their names.
const LATEST: i64 = 20;

/// What a token that the caller has found before has used.
pub fn used_by(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, token: &TokenId) -> Result<Used, Error> {
    let mut latest: Vec<UsedRow> = secret_uses::table
        .inner_join(secrets::table.left_join(end_users::table).left_join(organizations::table))
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secret_uses::token_id.eq(token))
        .limit(LATEST)
        .order((secret_uses::last_used_at.desc(), secrets::id))
        .select((
            secrets::id,
            secrets::name,
            end_users::external_id.nullable(),
            organizations::external_id.nullable(),
            secret_uses::uses,
            secret_uses::last_used_at,
        ))
        .load(tx.conn)?;
    let ids = latest.iter().map(|row| &row.secret);
    let seen: Vec<SecretId> = visible_ids(by, tx.now()).filter(secrets::id.eq_any(ids)).load(tx.conn)?;
    latest.retain(|row| seen.contains(&row.secret));
    let counts: Vec<i64> =
        secret_uses::table.filter(secret_uses::token_id.eq(token)).select(secret_uses::uses).load(tx.conn)?;
    let uses = u64::try_from(counts.iter().sum::<i64>()).unwrap_or_default();
    Ok(Used { latest, secrets: u64::try_from(counts.len()).unwrap_or_default(), uses })
}
