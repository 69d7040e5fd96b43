//! Who belongs to a workspace, and as what.

use diesel::prelude::*;

use crate::domain::{Email, Moment, Name, PersonId, Role, Sharing};

use super::access::{Admin, AtLeast, InWorkspace, Member, Proof};
use super::error::Error;
use super::paging::{Page, Part, Stretch, Turn, page_of_keys, turned};
use super::schema::{members, people, secret_shares, secrets};
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone)]
pub struct MemberRow {
    pub person: PersonId,
    pub name: Name,
    pub email: Email,
    pub role: Role,
    pub joined_at: Moment,
    pub last_seen_at: Option<Moment>,
}

macro_rules! columns {
    () => {
        (people::id, people::name, people::email, members::role, members::joined_at, people::last_seen_at)
    };
}

/// A page of the members, who came last first.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    turn: &Turn<PersonId>,
) -> Result<Page<MemberRow>, Error> {
    let here =
        || members::table.filter(members::workspace_id.eq(by.workspace())).select(members::person_id).into_boxed();
    let page =
        page_of_keys(turn, &mut |turn, limit| Ok(turned!(here(), members::person_id, turn, limit).load(tx.conn)?))?;
    let rows = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(members::person_id.eq_any(&page.rows))
        .order(members::person_id.desc())
        .select(columns!())
        .load(tx.conn)?;
    Ok(Page { rows, has_newer: page.has_newer, has_older: page.has_older })
}

/// Some of the members, who came last first.
pub fn part(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    stretch: &Stretch<PersonId>,
) -> Result<Part<MemberRow>, Error> {
    let mut rows = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .order(members::person_id.desc())
        .limit(stretch.fetch())
        .select(columns!())
        .into_boxed();
    if let Some(after) = &stretch.after {
        rows = rows.filter(members::person_id.lt(after));
    }
    Ok(stretch.cut(rows.load(tx.conn)?))
}

pub fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<u64, Error> {
    let number: i64 = members::table
        .filter(members::workspace_id.eq(by.workspace()))
        .select(diesel::dsl::count_star())
        .get_result(tx.conn)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    person: &PersonId,
) -> Result<Option<MemberRow>, Error> {
    let row = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(members::person_id.eq(person))
        .select(columns!())
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

/// Whether a member has this address, whatever its letter case.
pub fn has_address(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, email: &Email) -> Result<bool, Error> {
    let rows = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(people::email_key.eq(email.key()))
        .select(members::person_id);
    Ok(diesel::select(diesel::dsl::exists(rows)).get_result(tx.conn)?)
}

/// The Owners besides this person.
pub fn other_owners(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    person: &PersonId,
) -> Result<Vec<MemberRow>, Error> {
    let rows = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(members::role.eq(Role::Owner))
        .filter(members::person_id.ne(person))
        .order(people::name)
        .select(columns!())
        .load(tx.conn)?;
    Ok(rows)
}

/// Those who look after the workspace: its Owners and Admins.
pub fn caretakers(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Vec<MemberRow>, Error> {
    let rows = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(members::role.ne(Role::Member))
        .order(people::id)
        .select(columns!())
        .load(tx.conn)?;
    Ok(rows)
}

/// The addresses of those of these people who are members.
pub fn addresses(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    of: &[PersonId],
) -> Result<Vec<(PersonId, Email)>, Error> {
    let rows = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .filter(members::person_id.eq_any(of))
        .order(people::id)
        .select((people::id, people::email))
        .load(tx.conn)?;
    Ok(rows)
}

pub fn set_role(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    person: &PersonId,
    role: Role,
) -> Result<(), Error> {
    let row = members::table.filter(members::workspace_id.eq(by.workspace())).filter(members::person_id.eq(person));
    diesel::update(row).set(members::role.eq(role)).execute(tx.conn)?;
    Ok(())
}

/// Ends the membership, and what others in this workspace have shared with the one who goes.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, person: &PersonId) -> Result<(), Error> {
    let of_workspace = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).select(secrets::id);
    let shares = secret_shares::table
        .filter(secret_shares::person_id.eq(person))
        .filter(secret_shares::secret_id.eq_any(of_workspace));
    diesel::delete(shares).execute(tx.conn)?;
    super::reminders::forget_person(tx, by, person)?;
    super::calendars::forget(tx, by, person)?;
    // What nobody is left to use besides its owner is its owner's alone.
    let shared = secret_shares::table.select(secret_shares::secret_id);
    let left_alone = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::sharing.eq(Sharing::Members))
        .filter(secrets::id.ne_all(shared));
    diesel::update(left_alone).set(secrets::sharing.eq(Sharing::Private)).execute(tx.conn)?;
    let row = members::table.filter(members::workspace_id.eq(by.workspace())).filter(members::person_id.eq(person));
    diesel::delete(row).execute(tx.conn)?;
    Ok(())
}
