//! Workspaces and their members.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::keys::WrappedWorkspaceKey;
use crate::domain::return_to::ReturnAddresses;
use crate::domain::{Adders, Name, PersonId, Role, Sharing, Slug, WorkspaceId};

use super::access::{Admin, AtLeast, CommandLine, InWorkspace, Membership, Oneself, Owner, Proof, Right};
use super::error::{Denied, Error};
use super::people::Person;
use super::schema::{
    members, node_types, oauth_clients, organization_settings, people, secrets, workspace_slugs, workspaces,
};
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone)]
pub struct WorkspaceRow {
    pub id: WorkspaceId,
    pub slug: Slug,
    pub name: Name,
}

pub fn current(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<WorkspaceRow, Error> {
    let row = workspaces::table
        .filter(workspaces::id.eq(by.workspace()))
        .select((workspaces::id, workspaces::slug, workspaces::name))
        .first(tx.conn)?;
    Ok(row)
}

pub fn of_person(tx: &mut ReadTx<'_>, person: &PersonId) -> Result<Vec<(WorkspaceRow, Role)>, Error> {
    let rows = members::table
        .inner_join(workspaces::table)
        .filter(members::person_id.eq(person))
        .order(workspaces::name)
        .select(((workspaces::id, workspaces::slug, workspaces::name), members::role))
        .load(tx.conn)?;
    Ok(rows)
}

pub fn mine(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<Vec<(WorkspaceRow, Role)>, Error> {
    of_person(tx, &by.holder().person)
}

pub fn find_person(tx: &mut ReadTx<'_>, by: &Proof<'_, impl Right<Holder = Membership>>) -> Result<Person, Error> {
    let row = people::table
        .filter(people::id.eq(by.person()))
        .select((people::id, people::email, people::name))
        .first(tx.conn)?;
    Ok(row)
}

// Both databases spell it alike; diesel's own builder does not cover the two at once.
const CLAIM: &str = "INSERT INTO workspace_slugs (slug, workspace_id, created_at) VALUES ($1, $2, $3) \
    ON CONFLICT (slug) DO NOTHING";

/// Takes a slug that nobody was ever given, or that this workspace was given before; false when it is another's.
pub fn claim_slug<R: Right>(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, R>,
    (slug, of): (&Slug, &WorkspaceId),
) -> Result<bool, Error> {
    let now = tx.now().micros();
    diesel::sql_query(CLAIM)
        .bind::<Text, _>(slug.as_str())
        .bind::<Text, _>(of.as_str())
        .bind::<BigInt, _>(now)
        .execute(tx.conn)?;
    let owner: WorkspaceId = workspace_slugs::table
        .filter(workspace_slugs::slug.eq(slug))
        .select(workspace_slugs::workspace_id)
        .first(tx.conn)?;
    Ok(owner == *of)
}

/// Gives the workspace another name, and an address that it has claimed; the old one leads on.
pub fn rename(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    name: &Name,
    slug: &Slug,
) -> Result<(), Error> {
    diesel::update(workspaces::table.filter(workspaces::id.eq(by.workspace())))
        .set((workspaces::name.eq(name), workspaces::slug.eq(slug)))
        .execute(tx.conn)?;
    Ok(())
}

/// Who may use a new secret where nobody says otherwise.
pub fn default_sharing(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Sharing, Error> {
    let row = workspaces::table.filter(workspaces::id.eq(by.workspace())).select(workspaces::default_sharing);
    Ok(row.first(tx.conn)?)
}

pub fn set_default_sharing(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    sharing: Sharing,
) -> Result<(), Error> {
    diesel::update(workspaces::table.filter(workspaces::id.eq(by.workspace())))
        .set(workspaces::default_sharing.eq(sharing))
        .execute(tx.conn)?;
    Ok(())
}

/// Who may add built-in node types.
pub fn adders(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Adders, Error> {
    let row = workspaces::table.filter(workspaces::id.eq(by.workspace())).select(workspaces::adders);
    Ok(row.first(tx.conn)?)
}

pub fn set_adders(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, adders: Adders) -> Result<(), Error> {
    diesel::update(workspaces::table.filter(workspaces::id.eq(by.workspace())))
        .set(workspaces::adders.eq(adders))
        .execute(tx.conn)?;
    Ok(())
}

/// To where people may be sent back who have connected something.
pub fn return_addresses(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<ReturnAddresses, Error> {
    let row = workspaces::table.filter(workspaces::id.eq(by.workspace())).select(workspaces::return_addresses);
    let text: String = row.first(tx.conn)?;
    Ok(ReturnAddresses::parse(&text).unwrap_or_default())
}

pub fn set_return_addresses(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    addresses: &ReturnAddresses,
) -> Result<(), Error> {
    diesel::update(workspaces::table.filter(workspaces::id.eq(by.workspace())))
        .set(workspaces::return_addresses.eq(addresses.text()))
        .execute(tx.conn)?;
    Ok(())
}

/// Destroys the workspace's key, and then everything that belongs to it. Its slugs stay taken.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Owner>>) -> Result<(), Error> {
    let row = || workspaces::table.filter(workspaces::id.eq(by.workspace()));
    diesel::update(row()).set(workspaces::key_blob.eq(Vec::<u8>::new())).execute(tx.conn)?;
    // Before the keys that their values name: PostgreSQL looks after each step of a cascade.
    diesel::delete(secrets::table.filter(secrets::workspace_id.eq(by.workspace()))).execute(tx.conn)?;
    let node_types = || node_types::table.filter(node_types::workspace_id.eq(by.workspace())).select(node_types::id);
    diesel::delete(oauth_clients::table.filter(oauth_clients::node_type_id.eq_any(node_types()))).execute(tx.conn)?;
    let settings = organization_settings::table.filter(organization_settings::node_type_id.eq_any(node_types()));
    diesel::delete(settings).execute(tx.conn)?;
    diesel::delete(row()).execute(tx.conn)?;
    Ok(())
}

/// Makes a workspace; the proof that comes back is its first Owner's.
pub fn found<'tx, R: Right>(
    tx: &mut WriteTx<'tx>,
    _by: &Proof<'tx, R>,
    row: &WorkspaceRow,
    key: &WrappedWorkspaceKey,
    owner: &PersonId,
) -> Result<Proof<'tx, Owner>, Error> {
    let now = tx.now();
    diesel::insert_into(workspaces::table)
        .values((
            workspaces::id.eq(&row.id),
            workspaces::slug.eq(&row.slug),
            workspaces::name.eq(&row.name),
            workspaces::master.eq(&key.master),
            workspaces::key_blob.eq(&key.blob),
            workspaces::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    let proof = Proof::of_founder(tx, row.id.clone(), owner.clone());
    insert_member(tx, &proof, owner, Role::Owner)?;
    Ok(proof)
}

pub fn insert_member(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, person: &PersonId, role: Role) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(members::table)
        .values((
            members::workspace_id.eq(by.workspace()),
            members::person_id.eq(person),
            members::role.eq(role),
            members::joined_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// For the command line: the workspace with this slug, or else the only one of this name. Names are anybody's to give.
pub fn find_named(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, CommandLine>,
    name: &Name,
) -> Result<Option<WorkspaceRow>, Error> {
    let all = || workspaces::table.select((workspaces::id, workspaces::slug, workspaces::name));
    if let Some(row) = all().filter(workspaces::slug.eq(name.as_str())).first(tx.conn).optional()? {
        return Ok(Some(row));
    }
    let mut named: Vec<WorkspaceRow> = all().filter(workspaces::name.eq(name)).limit(2).load(tx.conn)?;
    match (named.pop(), named.is_empty()) {
        (Some(_), false) => Err(Denied::Ambiguous.into()),
        (found, _) => Ok(found),
    }
}

/// For the command line: to act as the member who is named, or as the only Owner.
pub fn act_as<'tx, R: AtLeast<R>>(
    tx: &mut WriteTx<'tx>,
    _by: &Proof<'tx, CommandLine>,
    workspace: &WorkspaceRow,
    email: Option<&crate::domain::Email>,
) -> Result<Proof<'tx, R>, Error> {
    diesel::update(workspaces::table.filter(workspaces::id.eq(&workspace.id)))
        .set(workspaces::writes.eq(workspaces::writes + 1))
        .execute(tx.conn)?;
    let mut query = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(&workspace.id))
        .select((members::person_id, members::role))
        .into_boxed();
    query = match email {
        Some(email) => query.filter(people::email_key.eq(email.key())),
        None => query.filter(members::role.eq(Role::Owner)),
    };
    let mut found: Vec<(PersonId, Role)> = query.limit(2).load(tx.conn)?;
    match (found.pop(), found.is_empty()) {
        (Some(member), true) => Proof::of_member(tx, workspace.id.clone(), member),
        _ => Err(Denied::NotFound.into()),
    }
}

/// For the command line, which may add an Owner to any workspace.
pub fn act_as_operator<'tx>(
    tx: &mut WriteTx<'tx>,
    _by: &Proof<'tx, CommandLine>,
    workspace: &WorkspaceRow,
    person: &PersonId,
) -> Proof<'tx, Owner> {
    Proof::of_founder(tx, workspace.id.clone(), person.clone())
}
