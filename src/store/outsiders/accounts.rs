//! What is known of the accounts behind connections, beside what is known of them as secrets.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::secret::Slot;
use crate::domain::{EndUserId, Hindrance, Moment, OrganizationId, Scopes, SecretId};
use crate::store::access::{Admin, AtLeast, Proof};
use crate::store::error::Error;
use crate::store::schema::{end_users, organizations, secret_values, secrets, token_sets};
use crate::store::tx::ReadTx;

/// The tokens that a connection holds, as far as a page tells of them.
#[derive(Queryable, Clone, Debug)]
pub struct Tokens {
    pub asked: Scopes,
    pub granted: Scopes,
    pub ends_at: Option<Moment>,
    pub renewed_at: Moment,
    pub hindrance: Option<Hindrance>,
}

#[derive(Queryable, Clone, Debug)]
pub struct Account {
    secret: SecretId,
    pub end_user: Option<(EndUserId, String)>,
    pub organization: Option<(OrganizationId, String)>,
    /// As the backend called it.
    name: Option<String>,
    identifier: Option<String>,
    /// As the provider calls it, where it was asked.
    found_name: Option<String>,
    pub tokens: Option<Tokens>,
}

impl Account {
    /// What it is called by: the provider's own word first.
    pub fn called(&self) -> Option<&str> {
        [&self.found_name, &self.name, &self.identifier].into_iter().find_map(Option::as_deref)
    }
}

/// Those behind these connections.
pub fn accounts(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    ids: &[SecretId],
) -> Result<HashMap<SecretId, Account>, Error> {
    let current = secret_values::secret_id.eq(secrets::id).and(secret_values::slot.eq(Slot::Current));
    let rows: Vec<Account> = secrets::table
        .left_join(end_users::table)
        .left_join(organizations::table)
        .left_join(token_sets::table)
        .left_join(secret_values::table.on(current))
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::owner_id.is_null())
        .filter(secrets::id.eq_any(ids))
        .select((
            secrets::id,
            (end_users::id, end_users::external_id).nullable(),
            (organizations::id, organizations::external_id).nullable(),
            secrets::account_name,
            secrets::account_identifier,
            secret_values::probe_account.nullable(),
            (
                token_sets::scopes_asked,
                token_sets::scopes,
                token_sets::ends_at,
                token_sets::renewed_at,
                token_sets::hindrance,
            )
                .nullable(),
        ))
        .load(tx.conn)?;
    Ok(rows.into_iter().map(|account| (account.secret.clone(), account)).collect())
}
