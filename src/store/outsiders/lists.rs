//! All end users and organizations of a workspace, for those who manage them: a page at a time, and what each holds.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;

use diesel::dsl::{count, count_star, exists, max};
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::id::Malformed;
use crate::domain::{
    EndUserId, Environment, Moment, NodeTypeId, OrganizationId, OutsiderId, OutsiderKind, Slug, WorkspaceId,
};
use crate::store::access::{Admin, AtLeast, Proof};
use crate::store::connection::Backend;
use crate::store::error::Error;
use crate::store::node_types;
use crate::store::paging::{Page, Turn, page_of_keys, turned};
use crate::store::schema::{end_users, organizations, secrets};
use crate::store::secrets::anywhere;
use crate::store::tx::{ReadTx, WriteTx};

diesel::define_sql_function! {
    /// The same letters in small: of both databases at least those of ASCII.
    fn lower(text: Text) -> Text;
}

/// What a list is narrowed to. What is said of connections is meant of one and the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Part of the name that the customer gave.
    pub external: Option<String>,
    /// The whole name of the organization that a connection is in.
    pub organization: Option<String>,
    pub node_type: Option<Slug>,
    pub environment: Option<Environment>,
}

/// Somebody outside, as lists and pages show them.
#[derive(Queryable, Clone, Debug)]
pub struct Listed<I> {
    pub id: I,
    pub external_id: String,
    pub created_at: Moment,
}

/// The connections of one node type that somebody has.
#[derive(Clone, Debug)]
pub struct Holding {
    pub node_type: NodeTypeId,
    pub connections: u64,
    pub last_used_at: Option<Moment>,
}

/// What somebody has connected.
#[derive(Clone, Debug, Default)]
pub struct Held {
    pub of_types: Vec<Holding>,
    /// How many of them do not work any more.
    pub broken: u64,
}

/// Who stands around somebody.
#[derive(Clone, Debug)]
pub enum Around {
    /// The organizations in which an end user has connections.
    Organizations(Vec<(OrganizationId, String)>),
    /// How many end users have connections in an organization.
    EndUsers(u64),
}

/// Either of the two, by its own kind of id.
pub trait Outsider:
    Clone + Display + Eq + Hash + FromStr<Err = Malformed> + Into<OutsiderId> + Send + Sync + 'static
{
    const KIND: OutsiderKind;

    fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, sought: &Sought) -> Result<u64, Error>;

    /// A page of those that match, who were mentioned last first.
    fn page(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl AtLeast<Admin>>,
        sought: &Sought,
        turn: &Turn<Self>,
    ) -> Result<Page<Listed<Self>>, Error>;

    fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &Self)
    -> Result<Option<Listed<Self>>, Error>;

    /// What these have connected, of an organization also what end users have in it.
    fn held(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl AtLeast<Admin>>,
        ids: &[Self],
    ) -> Result<HashMap<Self, Held>, Error>;

    fn around(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl AtLeast<Admin>>,
        ids: &[Self],
    ) -> Result<HashMap<Self, Around>, Error>;

    /// Takes the row away; what they had is deleted before.
    fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &Self) -> Result<(), Error>;
}

/// What is sought of connections, with the ids that stand for its words; nothing found is nothing that matches.
struct OfConnections {
    organizations: Option<Vec<OrganizationId>>,
    node_types: Vec<NodeTypeId>,
    environments: Vec<Environment>,
}

impl OfConnections {
    fn of(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, sought: &Sought) -> Result<Option<Self>, Error> {
        let Sought { organization, node_type, environment, .. } = sought;
        if organization.is_none() && node_type.is_none() && environment.is_none() {
            return Ok(None);
        }
        let organizations = match organization {
            Some(external) => Some(organizations_called(tx, by.workspace(), external)?),
            None => None,
        };
        let meant = |slug: &Slug| node_type.as_ref().is_none_or(|wanted| wanted == slug);
        let node_types = node_types::list(tx, by)?.into_iter().filter(|row| meant(&row.slug)).map(|row| row.id);
        let environments = environment.map_or_else(|| Environment::ALL.to_vec(), |one| vec![one]);
        Ok(Some(Self { organizations, node_types: node_types.collect(), environments }))
    }
}

fn organizations_called(
    tx: &mut ReadTx<'_>,
    workspace: &WorkspaceId,
    external: &str,
) -> Result<Vec<OrganizationId>, Error> {
    let called = organizations::table
        .filter(organizations::workspace_id.eq(workspace))
        .filter(organizations::external_id.eq(external));
    Ok(called.select(organizations::id).load(tx.conn)?)
}

/// The SQL of `SecretState::derive`, for whatever held a value and does not work: as the home page counts it.
macro_rules! broken {
    ($now:expr) => {{
        let over = secrets::expires_at.is_not_null().and(secrets::expires_at.assume_not_null().le($now));
        let refused = secrets::rejected_at.is_not_null().or(secrets::needs_reauthorization_at.is_not_null());
        let holds = secrets::value_entered_at.is_not_null();
        secrets::unreadable_at.is_not_null().or(holds.and(refused.or(over)))
    }};
}

macro_rules! outsider {
    ($id:ident, $kind:ident, $table:ident, $owner:ident, $matching:ident, $around:ident) => {
        fn $matching<'a>(
            by: &'a Proof<'_, impl AtLeast<Admin>>,
            sought: &Sought,
            of: Option<&'a OfConnections>,
        ) -> $table::BoxedQuery<'a, Backend, Text> {
            let here = $table::table.filter($table::workspace_id.eq(by.workspace()));
            let mut ids = here.select($table::id).into_boxed();
            if let Some(part) = &sought.external {
                let pattern = lower(anywhere(part));
                ids = ids.filter(lower($table::external_id).like(pattern).escape('\\'));
            }
            let Some(of) = of else { return ids };
            let theirs = secrets::table
                .filter(secrets::$owner.eq($table::id.nullable()))
                .filter(secrets::workspace_id.eq(by.workspace()))
                .filter(secrets::node_type_id.eq_any(&of.node_types))
                .filter(secrets::environment.eq_any(&of.environments));
            match &of.organizations {
                Some(organizations) => {
                    ids.filter(exists(theirs.filter(secrets::organization_id.eq_any(organizations))))
                }
                None => ids.filter(exists(theirs)),
            }
        }

        impl Outsider for $id {
            const KIND: OutsiderKind = OutsiderKind::$kind;

            fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, sought: &Sought) -> Result<u64, Error> {
                let of = OfConnections::of(tx, by, sought)?;
                let number: i64 = $matching(by, sought, of.as_ref()).select(count_star()).get_result(tx.conn)?;
                Ok(u64::try_from(number).unwrap_or_default())
            }

            fn page(
                tx: &mut ReadTx<'_>,
                by: &Proof<'_, impl AtLeast<Admin>>,
                sought: &Sought,
                turn: &Turn<Self>,
            ) -> Result<Page<Listed<Self>>, Error> {
                let of = OfConnections::of(tx, by, sought)?;
                let page = page_of_keys(turn, &mut |turn, limit| {
                    Ok(turned!($matching(by, sought, of.as_ref()), $table::id, turn, limit).load(tx.conn)?)
                })?;
                let rows = $table::table
                    .filter($table::workspace_id.eq(by.workspace()))
                    .filter($table::id.eq_any(&page.rows))
                    .order($table::id.desc())
                    .select(($table::id, $table::external_id, $table::created_at))
                    .load(tx.conn)?;
                Ok(Page { rows, has_newer: page.has_newer, has_older: page.has_older })
            }

            fn find(
                tx: &mut ReadTx<'_>,
                by: &Proof<'_, impl AtLeast<Admin>>,
                id: &Self,
            ) -> Result<Option<Listed<Self>>, Error> {
                let row = $table::table
                    .filter($table::workspace_id.eq(by.workspace()))
                    .filter($table::id.eq(id))
                    .select(($table::id, $table::external_id, $table::created_at))
                    .first(tx.conn)
                    .optional()?;
                Ok(row)
            }

            fn held(
                tx: &mut ReadTx<'_>,
                by: &Proof<'_, impl AtLeast<Admin>>,
                ids: &[Self],
            ) -> Result<HashMap<Self, Held>, Error> {
                let now = tx.now();
                let theirs = || {
                    secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::$owner.eq_any(ids))
                };
                let of_types: Vec<(Option<$id>, NodeTypeId, i64, Option<Moment>)> = theirs()
                    .group_by((secrets::$owner, secrets::node_type_id))
                    .select((secrets::$owner, secrets::node_type_id, count_star(), max(secrets::last_used_at)))
                    .load(tx.conn)?;
                let broken: Vec<(Option<$id>, i64)> = theirs()
                    .filter(broken!(now))
                    .group_by(secrets::$owner)
                    .select((secrets::$owner, count_star()))
                    .load(tx.conn)?;
                let mut held: HashMap<Self, Held> = HashMap::new();
                for (owner, node_type, number, last_used_at) in of_types {
                    let Some(owner) = owner else { continue };
                    let connections = u64::try_from(number).unwrap_or_default();
                    held.entry(owner).or_default().of_types.push(Holding { node_type, connections, last_used_at });
                }
                for (owner, number) in broken {
                    let Some(owner) = owner else { continue };
                    held.entry(owner).or_default().broken = u64::try_from(number).unwrap_or_default();
                }
                Ok(held)
            }

            fn around(
                tx: &mut ReadTx<'_>,
                by: &Proof<'_, impl AtLeast<Admin>>,
                ids: &[Self],
            ) -> Result<HashMap<Self, Around>, Error> {
                $around(tx, by.workspace(), ids)
            }

            fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &Self) -> Result<(), Error> {
                let row = $table::table.filter($table::workspace_id.eq(by.workspace())).filter($table::id.eq(id));
                diesel::delete(row).execute(tx.conn)?;
                Ok(())
            }
        }
    };
}

outsider!(EndUserId, EndUser, end_users, end_user_id, matching_end_users, around_end_users);
outsider!(OrganizationId, Organization, organizations, organization_id, matching_organizations, around_organizations);

fn around_end_users(
    tx: &mut ReadTx<'_>,
    workspace: &WorkspaceId,
    ids: &[EndUserId],
) -> Result<HashMap<EndUserId, Around>, Error> {
    let rows: Vec<(Option<EndUserId>, OrganizationId, String)> = secrets::table
        .inner_join(organizations::table)
        .filter(secrets::workspace_id.eq(workspace))
        .filter(secrets::end_user_id.eq_any(ids))
        .select((secrets::end_user_id, organizations::id, organizations::external_id))
        .distinct()
        .order((secrets::end_user_id, organizations::id))
        .load(tx.conn)?;
    let mut around: HashMap<EndUserId, Vec<(OrganizationId, String)>> = HashMap::new();
    for (end_user, id, external) in rows {
        let Some(end_user) = end_user else { continue };
        around.entry(end_user).or_default().push((id, external));
    }
    Ok(around.into_iter().map(|(id, of)| (id, Around::Organizations(of))).collect())
}

fn around_organizations(
    tx: &mut ReadTx<'_>,
    workspace: &WorkspaceId,
    ids: &[OrganizationId],
) -> Result<HashMap<OrganizationId, Around>, Error> {
    let rows: Vec<(Option<OrganizationId>, i64)> = secrets::table
        .filter(secrets::workspace_id.eq(workspace))
        .filter(secrets::organization_id.eq_any(ids))
        .group_by(secrets::organization_id)
        .select((secrets::organization_id, count(secrets::end_user_id).aggregate_distinct()))
        .load(tx.conn)?;
    let counted = |number: i64| Around::EndUsers(u64::try_from(number).unwrap_or_default());
    Ok(rows.into_iter().filter_map(|(id, number)| Some((id?, counted(number)))).collect())
}
