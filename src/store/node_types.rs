//! The node types that a workspace has.

use diesel::prelude::*;

use crate::domain::{Method, Name, NodeTypeId, Slug};

use super::access::{InWorkspace, Proof};
use super::error::Error;
use super::schema::node_types;
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone, Debug)]
pub struct NodeTypeRow {
    pub id: NodeTypeId,
    pub slug: Slug,
    pub name: Name,
    pub method: Method,
    pub enabled: bool,
    /// What end users read about it.
    pub description: Option<String>,
    /// How a custom API is described; none for what the catalogue describes.
    pub spec: Option<String>,
    pub revision: i64,
}

macro_rules! columns {
    () => {
        (
            node_types::id,
            node_types::slug,
            node_types::name,
            node_types::method,
            node_types::enabled,
            node_types::description,
            node_types::spec,
            node_types::revision,
        )
    };
}

pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, slug: &Slug) -> Result<Option<NodeTypeRow>, Error> {
    let row = node_types::table
        .filter(node_types::workspace_id.eq(by.workspace()))
        .filter(node_types::slug.eq(slug))
        .select(columns!())
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

pub fn list(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Vec<NodeTypeRow>, Error> {
    let rows = node_types::table
        .filter(node_types::workspace_id.eq(by.workspace()))
        .order(node_types::slug)
        .select(columns!())
        .load(tx.conn)?;
    Ok(rows)
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, row: &NodeTypeRow) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(node_types::table)
        .values((
            node_types::id.eq(&row.id),
            node_types::workspace_id.eq(by.workspace()),
            node_types::slug.eq(&row.slug),
            node_types::name.eq(&row.name),
            node_types::method.eq(row.method),
            node_types::enabled.eq(row.enabled),
            node_types::description.eq(&row.description),
            node_types::spec.eq(&row.spec),
            node_types::revision.eq(row.revision),
            node_types::created_at.eq(now),
            node_types::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}
