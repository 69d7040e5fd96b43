//! Secrets as machines list them: from the newest to the oldest, so many after a place.

use diesel::prelude::*;

use crate::domain::{NodeTypes, SecretId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::error::Error;
use crate::store::paging::{Part, Stretch};
use crate::store::schema::{end_users, node_types, organizations, secrets};
use crate::store::tx::ReadTx;

use super::lists::{Ids, matching, rows_of};
use super::{ListedSecret, Sought};

/// To what a list is narrowed besides.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// The node types that the token is limited to, where it is.
    pub node_types: Option<NodeTypes>,
    /// Outsiders by the names that the customer gave them.
    pub end_user: Option<String>,
    pub organization: Option<String>,
}

fn narrowed<'a>(mut ids: Ids<'a>, by: &'a Proof<'_, impl AtLeast<Member>>, narrow: &'a Narrow) -> Ids<'a> {
    if let Some(limit) = &narrow.node_types {
        let named = node_types::table
            .filter(node_types::workspace_id.eq(by.workspace()))
            .filter(node_types::slug.eq_any(limit.iter()))
            .select(node_types::id);
        ids = ids.filter(secrets::node_type_id.eq_any(named));
    }
    if let Some(external) = &narrow.end_user {
        let theirs = end_users::table
            .filter(end_users::workspace_id.eq(by.workspace()))
            .filter(end_users::external_id.eq(external))
            .select(end_users::id.nullable());
        ids = ids.filter(secrets::end_user_id.eq_any(theirs));
    }
    if let Some(external) = &narrow.organization {
        let theirs = organizations::table
            .filter(organizations::workspace_id.eq(by.workspace()))
            .filter(organizations::external_id.eq(external))
            .select(organizations::id.nullable());
        ids = ids.filter(secrets::organization_id.eq_any(theirs));
    }
    ids
}

/// Some of the secrets that this member may see and that match.
pub fn part(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (sought, narrow): (&Sought, &Narrow),
    stretch: &Stretch<SecretId>,
) -> Result<Part<ListedSecret>, Error> {
    let now = tx.now();
    let mut ids = narrowed(matching(by, sought, now), by, narrow);
    if let Some(after) = &stretch.after {
        ids = ids.filter(secrets::id.lt(after));
    }
    let ids: Vec<SecretId> = ids.order(secrets::id.desc()).limit(stretch.fetch()).load(tx.conn)?;
    let Part { rows, has_more } = stretch.cut(ids);
    Ok(Part { rows: rows_of(tx, by, &rows)?, has_more })
}
