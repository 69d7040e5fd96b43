//! The node types that a workspace has.

use diesel::prelude::*;

use crate::domain::{Environment, Method, Moment, Name, NodeTypeId, Slug};

use super::access::{Admin, AtLeast, InWorkspace, Proof};
use super::connection::straight;
use super::error::Error;
use super::schema::{node_types, organization_settings, organizations};
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
    /// How often it was described: a value is entered under one of these descriptions.
    pub revision: i64,
    /// Whether each organization brings a client of its own: then there is none of the workspace's.
    pub organizations_bring_clients: bool,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl NodeTypeRow {
    /// Whether Admins of the workspace wrote its description, and so what a test sends.
    pub fn is_homemade(&self) -> bool {
        self.spec.is_some()
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Setting<'a> {
    Enabled(bool),
    Description(Option<&'a str>),
    OrganizationsBringClients(bool),
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
            node_types::organizations_bring_clients,
            node_types::created_at,
            node_types::updated_at,
        )
    };
}

pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, slug: &Slug) -> Result<Option<NodeTypeRow>, Error> {
    let row = node_types::table
        .filter(node_types::workspace_id.eq(by.workspace()))
        .filter(node_types::slug.eq(slug))
        .select(columns!());
    Ok(straight!(tx.conn, |conn| row.first(conn)).optional()?)
}

/// The same for an organization, as far as one is named: enabled alone where it is for that organization too. Whatever
/// is done for an end user asks here.
pub fn find_for(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (slug, environment, organization): (&Slug, Environment, Option<&str>),
) -> Result<Option<NodeTypeRow>, Error> {
    let Some(name) = organization else { return find(tx, by, slug) };
    let meant = organizations::table
        .filter(organizations::workspace_id.eq(by.workspace()))
        .filter(organizations::external_id.eq(name))
        .select(organizations::id);
    let its = organization_settings::node_type_id
        .eq(node_types::id)
        .and(organization_settings::environment.eq(environment))
        .and(organization_settings::organization_id.nullable().eq(meant.single_value()));
    let row = node_types::table
        .left_join(organization_settings::table.on(its))
        .filter(node_types::workspace_id.eq(by.workspace()))
        .filter(node_types::slug.eq(slug))
        .select((columns!(), organization_settings::enabled.nullable()));
    let found: Option<(NodeTypeRow, Option<bool>)> = straight!(tx.conn, |conn| row.first(conn)).optional()?;
    Ok(found.map(|(row, open)| NodeTypeRow { enabled: row.enabled && open.unwrap_or(true), ..row }))
}

pub fn list(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Vec<NodeTypeRow>, Error> {
    let rows = node_types::table
        .filter(node_types::workspace_id.eq(by.workspace()))
        .order(node_types::slug)
        .select(columns!())
        .load(tx.conn)?;
    Ok(rows)
}

/// Changes what is set of a node type, none of which makes a new description of it.
pub fn set(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    id: &NodeTypeId,
    what: Setting<'_>,
) -> Result<(), Error> {
    let now = tx.now();
    let row = node_types::table.filter(node_types::workspace_id.eq(by.workspace())).filter(node_types::id.eq(id));
    let stamp = node_types::updated_at.eq(now);
    match what {
        Setting::Enabled(enabled) => {
            diesel::update(row).set((node_types::enabled.eq(enabled), stamp)).execute(tx.conn)?;
        }
        Setting::Description(text) => {
            diesel::update(row).set((node_types::description.eq(text), stamp)).execute(tx.conn)?;
        }
        Setting::OrganizationsBringClients(bring) => {
            diesel::update(row).set((node_types::organizations_bring_clients.eq(bring), stamp)).execute(tx.conn)?;
        }
    }
    Ok(())
}

/// Another name and another description for a custom API.
pub fn describe_anew(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    id: &NodeTypeId,
    (name, spec): (&Name, &str),
) -> Result<(), Error> {
    let now = tx.now();
    let row = node_types::table.filter(node_types::workspace_id.eq(by.workspace())).filter(node_types::id.eq(id));
    diesel::update(row)
        .set((
            node_types::name.eq(name),
            node_types::spec.eq(spec),
            node_types::revision.eq(node_types::revision + 1),
            node_types::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Deletes the row, and with it the data keys. Its secrets must be gone before: their values name the keys.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &NodeTypeId) -> Result<(), Error> {
    let row = node_types::table.filter(node_types::workspace_id.eq(by.workspace())).filter(node_types::id.eq(id));
    diesel::delete(row).execute(tx.conn)?;
    Ok(())
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
            node_types::organizations_bring_clients.eq(row.organizations_bring_clients),
            node_types::created_at.eq(now),
            node_types::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}
