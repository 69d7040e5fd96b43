//! Of which domains people join a workspace by themselves, when a provider says that an address of it is theirs.

use diesel::prelude::*;

use crate::domain::{Moment, PersonId, Role, WorkspaceId};

use super::access::{Admin, AtLeast, Member, Nobody, Owner, Proof};
use super::error::Error;
use super::schema::{members, people, workspace_domains, workspaces};
use super::tx::{ReadTx, WriteTx};

pub fn list(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>) -> Result<Vec<String>, Error> {
    let here = workspace_domains::table.filter(workspace_domains::workspace_id.eq(by.workspace()));
    Ok(here.order(workspace_domains::domain).select(workspace_domains::domain).load(tx.conn)?)
}

/// The domain of one's own address, where that is known to be one's own.
pub fn own(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>) -> Result<Option<String>, Error> {
    let (email, proven) = super::people::find_email(tx, by.person())?;
    Ok(proven.map(|_| email.domain()))
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Owner>>, domain: &str) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(workspace_domains::table)
        .values((
            workspace_domains::workspace_id.eq(by.workspace()),
            workspace_domains::domain.eq(domain),
            workspace_domains::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Owner>>, domain: &str) -> Result<bool, Error> {
    let one = workspace_domains::table
        .filter(workspace_domains::workspace_id.eq(by.workspace()))
        .filter(workspace_domains::domain.eq(domain));
    Ok(diesel::delete(one).execute(tx.conn)? == 1)
}

/// The workspaces that are open to a domain since then, in the order in which they are taken.
pub fn open_to(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, Nobody>,
    (domain, since): (&str, Option<Moment>),
) -> Result<Vec<WorkspaceId>, Error> {
    let mut all = workspace_domains::table.filter(workspace_domains::domain.eq(domain)).into_boxed();
    if let Some(since) = since {
        all = all.filter(workspace_domains::created_at.gt(since));
    }
    Ok(all.order(workspace_domains::workspace_id).select(workspace_domains::workspace_id).load(tx.conn)?)
}

/// Makes somebody a Member of a workspace that is open to their domain still; nothing where they are one already.
pub fn join<'tx>(
    tx: &mut WriteTx<'tx>,
    _by: &Proof<'tx, Nobody>,
    (workspace, domain): (&WorkspaceId, &str),
    person: &PersonId,
) -> Result<Option<Proof<'tx, Member>>, Error> {
    // The person first, as everywhere; and then the workspace, so that whoever closes it is waited for.
    diesel::update(people::table.filter(people::id.eq(person)))
        .set(people::writes.eq(people::writes + 1))
        .execute(tx.conn)?;
    diesel::update(workspaces::table.filter(workspaces::id.eq(workspace)))
        .set(workspaces::writes.eq(workspaces::writes + 1))
        .execute(tx.conn)?;
    let open = workspace_domains::table.find((workspace, domain)).count().get_result::<i64>(tx.conn)?;
    let member = members::table.find((workspace, person)).count().get_result::<i64>(tx.conn)?;
    if open == 0 || member > 0 {
        return Ok(None);
    }
    let now = tx.now();
    diesel::insert_into(members::table)
        .values((
            members::workspace_id.eq(workspace),
            members::person_id.eq(person),
            members::role.eq(Role::Member),
            members::joined_at.eq(now),
        ))
        .execute(tx.conn)?;
    Proof::of_member(tx, workspace.clone(), (person.clone(), Role::Member)).map(Some)
}
