//! The node types that a workspace has.

use diesel::prelude::*;

use crate::domain::{Method, NodeTypeId, Slug};

use super::access::{InWorkspace, Owner, Proof};
use super::error::Error;
use super::schema::node_types;
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone, Debug)]
pub struct NodeTypeRow {
    pub id: NodeTypeId,
    pub slug: Slug,
    pub method: Method,
    pub enabled: bool,
}

pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, slug: &Slug) -> Result<Option<NodeTypeRow>, Error> {
    let row = node_types::table
        .filter(node_types::workspace_id.eq(by.workspace()))
        .filter(node_types::slug.eq(slug))
        .select((node_types::id, node_types::slug, node_types::method, node_types::enabled))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

pub fn list(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Vec<NodeTypeRow>, Error> {
    let rows = node_types::table
        .filter(node_types::workspace_id.eq(by.workspace()))
        .order(node_types::slug)
        .select((node_types::id, node_types::slug, node_types::method, node_types::enabled))
        .load(tx.conn)?;
    Ok(rows)
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, row: &NodeTypeRow) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(node_types::table)
        .values((
            node_types::id.eq(&row.id),
            node_types::workspace_id.eq(by.workspace()),
            node_types::slug.eq(&row.slug),
            node_types::method.eq(row.method),
            node_types::enabled.eq(row.enabled),
            node_types::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}
