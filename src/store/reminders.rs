//! Of which dates of secrets somebody was written, and what they do not want to hear of.
//!
//! Invariant: a row says nothing of other dates than those the secret has. Whoever changes them takes it away.

use diesel::prelude::*;

use crate::domain::reminder::{LATE, OVERDUE, SOON, Told};
use crate::domain::{Email, Environment, Moment, Name, PersonId, SecretId, Slug};

use super::access::{AtLeast, InWorkspace, Member, Proof, Runner};
use super::error::Error;
use super::schema::{members, node_types, people, reminders, secrets, workspaces};
use super::secrets::Dates;
use super::tx::{ReadTx, WriteTx};

/// More than one run looks at is looked at by the next.
const MOST: i64 = 20_000;

/// A secret whose dates concern its owner now, as a letter names it.
#[derive(Clone, Debug)]
pub struct Dated {
    pub owner: PersonId,
    pub email: Email,
    pub workspace: (Slug, Name),
    pub id: SecretId,
    pub name: Name,
    pub node_type: Name,
    pub environment: Environment,
    pub dates: Dates,
    pub told: Told,
}

type ToldRow = Option<(i32, i32, Option<Moment>, Option<Moment>)>;
type DatedRow =
    ((PersonId, Email, Slug, Name), (SecretId, Name, Name, Environment), (Option<Moment>, Option<Moment>), ToldRow);

fn told((expiry, rotation, at, snoozed_until): (i32, i32, Option<Moment>, Option<Moment>)) -> Told {
    Told { expiry, rotation, at, snoozed_until }
}

/// Secrets of members, with a value, that end soon or have lately, or that another value is due of: of everybody, or of
/// one. In the order of their owners.
pub fn dated(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, of: Option<&PersonId>) -> Result<Vec<Dated>, Error> {
    let now = tx.now();
    let (from, until) = (now.minus(LATE), now.plus(SOON));
    let own = reminders::secret_id.eq(secrets::id).and(reminders::person_id.nullable().eq(secrets::owner_id));
    let here = members::workspace_id.eq(secrets::workspace_id).and(members::person_id.nullable().eq(secrets::owner_id));
    let ends = secrets::expires_at.is_not_null().and(secrets::expires_at.assume_not_null().between(from, until));
    let due =
        secrets::rotate_at.is_not_null().and(secrets::rotate_at.assume_not_null().between(now.minus(OVERDUE), now));
    let mut query = secrets::table
        .inner_join(people::table)
        .inner_join(workspaces::table)
        .inner_join(node_types::table)
        .inner_join(members::table.on(here))
        .left_join(reminders::table.on(own))
        .filter(secrets::value_entered_at.is_not_null())
        .filter(ends.or(due))
        .order((people::id, secrets::id))
        .limit(MOST)
        .select((
            (people::id, people::email, workspaces::slug, workspaces::name),
            (secrets::id, secrets::name, node_types::name, secrets::environment),
            (secrets::expires_at, secrets::rotate_at),
            (reminders::expiry_told, reminders::rotation_told, reminders::told_at, reminders::snoozed_until).nullable(),
        ))
        .into_boxed();
    if let Some(person) = of {
        query = query.filter(people::id.eq(person));
    }
    let rows: Vec<DatedRow> = query.load(tx.conn)?;
    Ok(rows.into_iter().map(Dated::of).collect())
}

impl Dated {
    fn of((whose, what, (expires_at, rotate_at), row): DatedRow) -> Self {
        let (owner, email, slug, workspace) = whose;
        let (id, name, node_type, environment) = what;
        let dates = Dates { expires_at, rotate_at };
        let told = row.map(told).unwrap_or_default();
        Self { owner, email, workspace: (slug, workspace), id, name, node_type, environment, dates, told }
    }
}

/// Takes what all take who write to this person of their secrets' dates.
pub fn take_turn(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, person: &PersonId) -> Result<(), Error> {
    diesel::update(people::table.filter(people::id.eq(person)))
        .set(people::writes.eq(people::writes + 1))
        .execute(tx.conn)?;
    Ok(())
}

/// When this person was written to of any such date for the last time.
pub fn last_told(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, person: &PersonId) -> Result<Option<Moment>, Error> {
    let rows = reminders::table.filter(reminders::person_id.eq(person));
    Ok(rows.select(diesel::dsl::max(reminders::told_at)).first(tx.conn)?)
}

/// Notes how many letters were written of it by now.
pub fn note_told(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, Runner>,
    (of, letters): (&Dated, (i32, i32)),
) -> Result<(), Error> {
    let now = tx.now();
    let row = Told { expiry: letters.0, rotation: letters.1, at: Some(now), ..of.told };
    put(tx, (&of.id, &of.owner), row)
}

fn put(tx: &mut WriteTx<'_>, (id, person): (&SecretId, &PersonId), row: Told) -> Result<(), Error> {
    let own = reminders::table.filter(reminders::secret_id.eq(id)).filter(reminders::person_id.eq(person));
    diesel::delete(own).execute(tx.conn)?;
    diesel::insert_into(reminders::table)
        .values((
            reminders::secret_id.eq(id),
            reminders::person_id.eq(person),
            reminders::expiry_told.eq(row.expiry),
            reminders::rotation_told.eq(row.rotation),
            reminders::told_at.eq(row.at),
            reminders::snoozed_until.eq(row.snoozed_until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The one who looks wants to hear no more of this secret's dates until then. Only of one that they have been shown.
pub fn snooze(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    id: &SecretId,
    until: Moment,
) -> Result<(), Error> {
    let row = reminders::table
        .filter(reminders::secret_id.eq(id))
        .filter(reminders::person_id.eq(by.person()))
        .select((reminders::expiry_told, reminders::rotation_told, reminders::told_at, reminders::snoozed_until))
        .first(tx.conn)
        .optional()?;
    let before = row.map(told).unwrap_or_default();
    put(tx, (id, by.person()), Told { snoozed_until: Some(until), ..before })
}

/// What was said of a secret's dates counts no more: they are others, or it has another value.
pub fn forget(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<(), Error> {
    let here = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq(id));
    diesel::delete(reminders::table.filter(reminders::secret_id.eq_any(here.select(secrets::id)))).execute(tx.conn)?;
    Ok(())
}

/// Nor does what somebody wanted who is no member any more.
pub fn forget_person(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, person: &PersonId) -> Result<(), Error> {
    let here = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).select(secrets::id);
    let theirs = reminders::table.filter(reminders::person_id.eq(person)).filter(reminders::secret_id.eq_any(here));
    diesel::delete(theirs).execute(tx.conn)?;
    Ok(())
}
