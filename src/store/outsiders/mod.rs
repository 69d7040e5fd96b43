//! End users and organizations: for a token as far as they own connections in its environment, for an Admin all there are.

mod accounts;
mod lists;

use diesel::prelude::*;

use crate::domain::secret::{ConnectionRole, StateFacts};
use crate::domain::{EndUserId, Moment, NodeTypeId, OrganizationId, SecretId, SecretState, Slug};

use super::access::{Proof, TokenRight};
use super::error::Error;
use super::node_types;
use super::paging::{Part, Stretch};
use super::schema::{self, end_users, organizations, secrets};
use super::tx::ReadTx;

pub use accounts::{Account, accounts};
pub use lists::{Around, Held, Holding, Listed, Outsider, Sought};

/// Somebody outside the workspace, with the name that the customer gave them.
#[derive(Queryable, Clone)]
pub struct OutsiderRow<I> {
    pub id: I,
    pub external_id: String,
    pub created_at: Moment,
}

/// A connection, as the list of its owners tells of it.
#[derive(Queryable, Clone)]
pub struct OwnedRow<I> {
    pub owner: I,
    pub id: SecretId,
    pub node_type: Slug,
    role: Option<ConnectionRole>,
    value_entered_at: Option<Moment>,
    expires_at: Option<Moment>,
    needs_reauthorization_at: Option<Moment>,
    rejected_at: Option<Moment>,
}

impl<I> OwnedRow<I> {
    pub fn role(&self) -> ConnectionRole {
        self.role.unwrap_or(ConnectionRole::Standard)
    }

    pub fn state(&self, now: Moment) -> SecretState {
        let facts = StateFacts {
            has_value: self.value_entered_at.is_some(),
            expires_at: self.expires_at,
            needs_reauthorization: self.needs_reauthorization_at.is_some(),
            rejected: self.rejected_at.is_some(),
        };
        SecretState::derive(facts, now)
    }
}

/// Who owns what of the token's environment and of these node types.
macro_rules! told {
    ($by:expr, $types:expr, $owner:ident) => {
        secrets::table
            .filter(secrets::workspace_id.eq($by.workspace()))
            .filter(secrets::environment.eq($by.environment()))
            .filter(secrets::owner_id.is_null())
            .filter(secrets::node_type_id.eq_any($types))
            .select(secrets::$owner)
    };
}

macro_rules! outsiders {
    ($table:ident, $owner:ident, $id:ident, $part:ident, $find:ident, $owned:ident) => {
        /// Those who own a connection that the token may be told of, who were mentioned last first.
        pub fn $part(
            tx: &mut ReadTx<'_>,
            by: &Proof<'_, impl TokenRight>,
            stretch: &Stretch<$id>,
        ) -> Result<Part<OutsiderRow<$id>>, Error> {
            let types = types(tx, by)?;
            let mut rows = $table::table
                .filter($table::workspace_id.eq(by.workspace()))
                .filter($table::id.nullable().eq_any(told!(by, &types, $owner)))
                .order($table::id.desc())
                .limit(stretch.fetch())
                .select(($table::id, $table::external_id, $table::created_at))
                .into_boxed();
            if let Some(after) = &stretch.after {
                rows = rows.filter($table::id.lt(after));
            }
            Ok(stretch.cut(rows.load(tx.conn)?))
        }

        pub fn $find(
            tx: &mut ReadTx<'_>,
            by: &Proof<'_, impl TokenRight>,
            external: &str,
        ) -> Result<Option<OutsiderRow<$id>>, Error> {
            let types = types(tx, by)?;
            let row = $table::table
                .filter($table::workspace_id.eq(by.workspace()))
                .filter($table::external_id.eq(external))
                .filter($table::id.nullable().eq_any(told!(by, &types, $owner)))
                .select(($table::id, $table::external_id, $table::created_at))
                .first(tx.conn)
                .optional()?;
            Ok(row)
        }

        /// What these own, of what the token may be told of.
        pub fn $owned(
            tx: &mut ReadTx<'_>,
            by: &Proof<'_, impl TokenRight>,
            owners: &[$id],
        ) -> Result<Vec<OwnedRow<$id>>, Error> {
            let mut rows: Vec<OwnedRow<$id>> = secrets::table
                .inner_join(schema::node_types::table)
                .filter(secrets::workspace_id.eq(by.workspace()))
                .filter(secrets::environment.eq(by.environment()))
                .filter(secrets::owner_id.is_null())
                .filter(secrets::$owner.eq_any(owners))
                .order(secrets::id)
                .select((
                    secrets::$owner.assume_not_null(),
                    secrets::id,
                    schema::node_types::slug,
                    secrets::connection_role,
                    secrets::value_entered_at,
                    secrets::expires_at,
                    secrets::needs_reauthorization_at,
                    secrets::rejected_at,
                ))
                .load(tx.conn)?;
            rows.retain(|row| by.includes(&row.node_type));
            Ok(rows)
        }
    };
}

outsiders!(end_users, end_user_id, EndUserId, end_users_part, find_end_user, of_end_users);
outsiders!(organizations, organization_id, OrganizationId, organizations_part, find_organization, of_organizations);

/// The node types that the token may be told of.
fn types(tx: &mut ReadTx<'_>, by: &Proof<'_, impl TokenRight>) -> Result<Vec<NodeTypeId>, Error> {
    let told = node_types::list(tx, by)?.into_iter().filter(|row| by.includes(&row.slug));
    Ok(told.map(|row| row.id).collect())
}
