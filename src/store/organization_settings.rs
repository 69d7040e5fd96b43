//! What single organizations have otherwise than everybody, and the clients that they bring.
//!
//! Invariant: settings are found by their organization, node type and environment, all of the workspace of the proof.

use diesel::prelude::*;

use crate::domain::keys::{Hook, SealedClient};
use crate::domain::{DataKeyId, Environment, Moment, NodeTypeId, OrganizationId, Scopes};

use super::access::{Admin, AtLeast, InWorkspace, Proof};
use super::error::Error;
use super::keys;
use super::oauth_clients::NewClient;
use super::schema::{node_types, organization_settings, organizations};
use super::tx::{ReadTx, WriteTx};

/// What one organization has otherwise.
#[derive(Clone, Debug)]
pub struct SettingsRow {
    pub enabled: bool,
    /// None for what is asked for of everybody.
    pub scopes: Option<Scopes>,
    /// The client that it brings.
    pub client: Option<BroughtClient>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// What is shown of a client that an organization brings.
#[derive(Clone, Debug)]
pub struct BroughtClient {
    pub client_id: String,
    pub number: i64,
    /// Where the provider is, as JSON.
    pub facts: String,
    pub last_four: Option<String>,
}

/// An organization that brings a client, by the name that the customer gave it, and for which environment.
#[derive(Queryable, Clone, Debug)]
pub struct Bringer {
    pub id: OrganizationId,
    pub name: String,
    pub environment: Environment,
}

/// Of which organization, for which node type and environment.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub organization: &'a OrganizationId,
    pub hook: &'a Hook,
}

type Brought = (Option<String>, Option<i64>, Option<String>, Option<String>);
type Row = (bool, Option<Scopes>, Brought, Moment, Moment);

impl From<Row> for SettingsRow {
    fn from((enabled, scopes, brought, created_at, updated_at): Row) -> Self {
        let (client_id, number, facts, last_four) = brought;
        let client = (|| Some(BroughtClient { client_id: client_id?, number: number?, facts: facts?, last_four }))();
        Self { enabled, scopes, client, created_at, updated_at }
    }
}

/// Joins to a secret what its organization has otherwise.
macro_rules! organizations_own {
    () => {{
        use crate::store::schema::{organization_settings, secrets};
        organization_settings::organization_id
            .nullable()
            .eq(secrets::organization_id)
            .and(organization_settings::node_type_id.eq(secrets::node_type_id))
            .and(organization_settings::environment.eq(secrets::environment))
    }};
}

pub(in crate::store) use organizations_own;

/// The settings that the workspace has, whosever they are.
macro_rules! of_workspace {
    ($by:expr) => {{
        let own = node_types::table.filter(node_types::workspace_id.eq($by.workspace())).select(node_types::id);
        organization_settings::table.filter(organization_settings::node_type_id.eq_any(own))
    }};
}

macro_rules! at {
    ($by:expr, $place:expr) => {
        of_workspace!($by)
            .filter(organization_settings::organization_id.eq($place.organization))
            .filter(organization_settings::node_type_id.eq(&$place.hook.node_type))
            .filter(organization_settings::environment.eq($place.hook.environment))
    };
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    place: Place<'_>,
) -> Result<Option<SettingsRow>, Error> {
    let row: Option<Row> = at!(by, place)
        .select((
            organization_settings::enabled,
            organization_settings::scopes,
            (
                organization_settings::client_id,
                organization_settings::number,
                organization_settings::facts,
                organization_settings::last_four,
            ),
            organization_settings::created_at,
            organization_settings::updated_at,
        ))
        .first(tx.conn)
        .optional()?;
    Ok(row.map(SettingsRow::from))
}

/// The client's secret with its key, to be opened where a token is asked for.
pub fn sealed(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    place: Place<'_>,
) -> Result<Option<SealedClient>, Error> {
    type Sealed = (Option<Vec<u8>>, Option<DataKeyId>, Option<i64>);
    let row: Option<Sealed> = at!(by, place)
        .select((organization_settings::blob, organization_settings::data_key_id, organization_settings::number))
        .first(tx.conn)
        .optional()?;
    let Some((Some(blob), Some(data_key), Some(number))) = row else { return Ok(None) };
    // A row that was moved to another hook has no key there.
    let key = keys::find(tx, by, &data_key)?.filter(|key| key.hook == *place.hook);
    let organization = Some(place.organization.clone());
    Ok(key.map(|key| SealedClient { organization, number, blob, key }))
}

/// Who has brought a client for a node type.
pub fn bringers(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    node_type: &NodeTypeId,
) -> Result<Vec<Bringer>, Error> {
    let rows = of_workspace!(by)
        .inner_join(organizations::table)
        .filter(organization_settings::node_type_id.eq(node_type))
        .filter(organization_settings::client_id.is_not_null())
        .order((organizations::external_id, organization_settings::environment))
        .select((organizations::id, organizations::external_id, organization_settings::environment))
        .load(tx.conn)?;
    Ok(rows)
}

/// Whether it is open for them, and what is asked for.
pub fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    place: Place<'_>,
    (enabled, scopes): (bool, Option<&Scopes>),
) -> Result<(), Error> {
    let now = tx.now();
    let changed = diesel::update(at!(by, place))
        .set((
            organization_settings::enabled.eq(enabled),
            organization_settings::scopes.eq(scopes),
            organization_settings::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    if changed > 0 {
        return Ok(());
    }
    diesel::insert_into(organization_settings::table)
        .values((
            organization_settings::organization_id.eq(place.organization),
            organization_settings::node_type_id.eq(&place.hook.node_type),
            organization_settings::environment.eq(place.hook.environment),
            organization_settings::enabled.eq(enabled),
            organization_settings::scopes.eq(scopes),
            organization_settings::created_at.eq(now),
            organization_settings::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Puts a client in the place of the one that is there. The settings are there already.
pub fn put_client(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    place: Place<'_>,
    new: &NewClient<'_>,
) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(at!(by, place))
        .set((
            organization_settings::client_id.eq(new.client_id),
            organization_settings::blob.eq(new.blob),
            organization_settings::data_key_id.eq(new.data_key),
            organization_settings::number.eq(new.number),
            organization_settings::facts.eq(new.facts),
            organization_settings::last_four.eq(new.last_four),
            organization_settings::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Overwrites and removes the client; whether there was one.
pub fn remove_client(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    place: Place<'_>,
) -> Result<bool, Error> {
    let now = tx.now();
    let held = || at!(by, place).filter(organization_settings::client_id.is_not_null());
    diesel::update(held()).set(organization_settings::blob.eq(Vec::<u8>::new())).execute(tx.conn)?;
    let removed = diesel::update(held())
        .set((
            organization_settings::client_id.eq(None::<String>),
            organization_settings::blob.eq(None::<Vec<u8>>),
            organization_settings::data_key_id.eq(None::<DataKeyId>),
            organization_settings::number.eq(None::<i64>),
            organization_settings::facts.eq(None::<String>),
            organization_settings::last_four.eq(None::<String>),
            organization_settings::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(removed == 1)
}
