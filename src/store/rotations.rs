//! Rounds of rotation, and the secrets that were picked for them.

use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::rotation::{Done, Progress};
use crate::domain::{Email, Environment, Moment, Name, PersonId, RotationId, SecretId, Slug};

use super::access::{Admin, AtLeast, InWorkspace, Member, Proof};
use super::error::Error;
use super::paging::{IDS_AT_ONCE, Page, Turn, page_of_keys, turned};
use super::schema::{node_types, people, rotation_items, rotations, secrets};
use super::secrets::usable_ids;
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone)]
pub struct RotationRow {
    pub id: RotationId,
    pub name: Name,
    /// None where whoever started it has deleted their account.
    pub started_by: Option<Name>,
    pub due_at: Option<Moment>,
    pub closed_at: Option<Moment>,
    pub created_at: Moment,
}

/// Which secrets are picked: members' own that hold a value, and of these:
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    All,
    NodeType(Slug),
    /// Those that this person may use, whoever owns them: what a leaver has had in their hands.
    UsableBy(PersonId),
}

/// A secret of a round.
#[derive(Queryable, Clone)]
pub struct Item {
    pub secret: SecretId,
    pub name: String,
    pub node_type: String,
    pub owner: String,
    pub done: Option<Done>,
    pub done_at: Option<Moment>,
}

/// An owner who has secrets to replace, and their names.
pub struct Asked {
    pub person: PersonId,
    pub email: Email,
    pub secrets: Vec<String>,
}

macro_rules! columns {
    () => {
        (
            rotations::id,
            rotations::name,
            people::name.nullable(),
            rotations::due_at,
            rotations::closed_at,
            rotations::created_at,
        )
    };
}

macro_rules! item_columns {
    () => {
        (
            rotation_items::secret_id,
            rotation_items::name,
            rotation_items::node_type,
            rotation_items::owner_name,
            rotation_items::done,
            rotation_items::done_at,
        )
    };
}

/// A selection of secrets' ids.
type Ids<'a> = secrets::BoxedQuery<'a, super::connection::Backend, Text>;

fn picked<'a>(
    by: &'a Proof<'_, impl AtLeast<Admin>>,
    (pick, environment): (&'a Pick, Option<Environment>),
    now: Moment,
) -> Ids<'a> {
    let held = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::owner_id.is_not_null())
        .filter(secrets::value_entered_at.is_not_null())
        .select(secrets::id)
        .into_boxed();
    let held = match environment {
        Some(environment) => held.filter(secrets::environment.eq(environment)),
        None => held,
    };
    match pick {
        Pick::All => held,
        Pick::NodeType(slug) => {
            let of_type = node_types::table
                .filter(node_types::workspace_id.eq(by.workspace()))
                .filter(node_types::slug.eq(slug))
                .select(node_types::id);
            held.filter(secrets::node_type_id.eq_any(of_type))
        }
        Pick::UsableBy(person) => usable_ids(held, person, now),
    }
}

/// How many secrets a pick holds, and whose they are.
pub fn count(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    pick: (&Pick, Option<Environment>),
) -> Result<(u64, u64), Error> {
    let now = tx.now();
    let all: i64 = picked(by, pick, now).select(count_star()).get_result(tx.conn)?;
    let owners = diesel::dsl::count(secrets::owner_id).aggregate_distinct();
    let owners: i64 = picked(by, pick, now).select(owners).get_result(tx.conn)?;
    Ok((u64::try_from(all).unwrap_or_default(), u64::try_from(owners).unwrap_or_default()))
}

pub struct NewRotation<'a> {
    pub id: &'a RotationId,
    pub name: &'a Name,
    pub due_at: Option<Moment>,
}

/// Makes a round of what is picked at this moment.
pub fn start(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    new: &NewRotation<'_>,
    pick: (&Pick, Option<Environment>),
) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(rotations::table)
        .values((
            rotations::id.eq(new.id),
            rotations::workspace_id.eq(by.workspace()),
            rotations::name.eq(new.name),
            rotations::started_by.eq(by.person()),
            rotations::due_at.eq(new.due_at),
            rotations::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    let ids: Vec<SecretId> = picked(by, pick, now).load(tx.conn)?;
    ids.chunks(IDS_AT_ONCE).try_for_each(|ids| insert_items(tx, new.id, ids))
}

fn insert_items(tx: &mut WriteTx<'_>, rotation: &RotationId, ids: &[SecretId]) -> Result<(), Error> {
    let items: Vec<(SecretId, Name, Name, Name)> = secrets::table
        .inner_join(node_types::table)
        .inner_join(people::table)
        .filter(secrets::id.eq_any(ids))
        .select((secrets::id, secrets::name, node_types::name, people::name))
        .load(tx.conn)?;
    for (secret, name, node_type, owner) in &items {
        diesel::insert_into(rotation_items::table)
            .values((
                rotation_items::rotation_id.eq(rotation),
                rotation_items::secret_id.eq(secret),
                rotation_items::name.eq(name),
                rotation_items::node_type.eq(node_type),
                rotation_items::owner_name.eq(owner),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// The newest first.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    turn: &Turn<RotationId>,
) -> Result<Page<(RotationRow, Progress)>, Error> {
    let page = page_of_keys(turn, &mut |turn, limit| {
        let of_workspace =
            rotations::table.filter(rotations::workspace_id.eq(by.workspace())).select(rotations::id).into_boxed();
        Ok(turned!(of_workspace, rotations::id, turn, limit).load(tx.conn)?)
    })?;
    let mut found: Vec<RotationRow> = rotations::table
        .left_join(people::table)
        .filter(rotations::id.eq_any(&page.rows))
        .select(columns!())
        .load(tx.conn)?;
    found.sort_by(|one, other| other.id.cmp(&one.id));
    let mut progress = progress_of(tx, by, &page.rows)?;
    let rows = found.into_iter().map(|row| {
        let progress = progress.remove(&row.id).unwrap_or_default();
        (row, progress)
    });
    Ok(Page { rows: rows.collect(), has_newer: page.has_newer, has_older: page.has_older })
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    id: &RotationId,
) -> Result<Option<RotationRow>, Error> {
    let row = rotations::table
        .left_join(people::table)
        .filter(rotations::workspace_id.eq(by.workspace()))
        .filter(rotations::id.eq(id))
        .select(columns!())
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

pub fn progress(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &RotationId) -> Result<Progress, Error> {
    Ok(progress_of(tx, by, std::slice::from_ref(id))?.remove(id).unwrap_or_default())
}

fn progress_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    ids: &[RotationId],
) -> Result<HashMap<RotationId, Progress>, Error> {
    let counts: Vec<(RotationId, Option<Done>, i64)> = rotation_items::table
        .inner_join(rotations::table)
        .filter(rotations::workspace_id.eq(by.workspace()))
        .filter(rotation_items::rotation_id.eq_any(ids))
        .group_by((rotation_items::rotation_id, rotation_items::done))
        .select((rotation_items::rotation_id, rotation_items::done, count_star()))
        .load(tx.conn)?;
    let mut progress: HashMap<RotationId, Progress> = HashMap::new();
    for (id, done, count) in counts {
        let (count, of) = (u64::try_from(count).unwrap_or_default(), progress.entry(id).or_default());
        of.all += count;
        of.done += done.map_or(0, |_| count);
    }
    Ok(progress)
}

/// The secrets of a round, those that are left or those that are done.
pub fn items(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (id, done): (&RotationId, bool),
    turn: &Turn<SecretId>,
) -> Result<Page<Item>, Error> {
    let round = || {
        rotations::table
            .filter(rotations::workspace_id.eq(by.workspace()))
            .filter(rotations::id.eq(id))
            .select(rotations::id)
    };
    let page = page_of_keys(turn, &mut |turn, limit| {
        let of_round = rotation_items::table
            .filter(rotation_items::rotation_id.eq_any(round()))
            .filter(rotation_items::done.is_not_null().eq(done))
            .select(rotation_items::secret_id)
            .into_boxed();
        Ok(turned!(of_round, rotation_items::secret_id, turn, limit).load(tx.conn)?)
    })?;
    let mut rows: Vec<Item> = rotation_items::table
        .filter(rotation_items::rotation_id.eq_any(round()))
        .filter(rotation_items::secret_id.eq_any(&page.rows))
        .select(item_columns!())
        .load(tx.conn)?;
    rows.sort_by(|one, other| other.secret.cmp(&one.secret));
    Ok(Page { rows, has_newer: page.has_newer, has_older: page.has_older })
}

/// Whom to write to: those who own what is left, each with the names of theirs.
pub fn asked(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &RotationId) -> Result<Vec<Asked>, Error> {
    let rows: Vec<(PersonId, Email, String)> = rotation_items::table
        .inner_join(secrets::table.on(secrets::id.eq(rotation_items::secret_id)))
        .inner_join(people::table.on(secrets::owner_id.eq(people::id.nullable())))
        .inner_join(rotations::table)
        .filter(rotations::workspace_id.eq(by.workspace()))
        .filter(rotation_items::rotation_id.eq(id))
        .filter(rotation_items::done.is_null())
        .order((people::id, secrets::name_key))
        .select((people::id, people::email, secrets::name))
        .load(tx.conn)?;
    let mut asked: Vec<Asked> = Vec::new();
    for (person, email, name) in rows {
        match asked.last_mut().filter(|last| last.person == person) {
            Some(last) => last.secrets.push(name),
            None => asked.push(Asked { person, email, secrets: vec![name] }),
        }
    }
    Ok(asked)
}

/// Ticks secrets off in every round that is open: with every new value and every deletion, in its transaction.
pub(super) fn tick(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (secrets, done): (&[SecretId], Done),
) -> Result<(), Error> {
    let now = tx.now();
    let open = rotations::table
        .filter(rotations::workspace_id.eq(by.workspace()))
        .filter(rotations::closed_at.is_null())
        .select(rotations::id);
    let left = rotation_items::table
        .filter(rotation_items::secret_id.eq_any(secrets))
        .filter(rotation_items::done.is_null())
        .filter(rotation_items::rotation_id.eq_any(open));
    diesel::update(left).set((rotation_items::done.eq(done), rotation_items::done_at.eq(now))).execute(tx.conn)?;
    Ok(())
}

/// Asks again for what was ticked off by the value that goes: a member went back to the one before.
pub(super) fn untick(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (secret, since): (&SecretId, Moment),
) -> Result<(), Error> {
    let open = rotations::table
        .filter(rotations::workspace_id.eq(by.workspace()))
        .filter(rotations::closed_at.is_null())
        .select(rotations::id);
    let by_it = rotation_items::table
        .filter(rotation_items::secret_id.eq(secret))
        .filter(rotation_items::done.eq(Done::Replaced))
        .filter(rotation_items::done_at.ge(since))
        .filter(rotation_items::rotation_id.eq_any(open));
    diesel::update(by_it)
        .set((rotation_items::done.eq(None::<Done>), rotation_items::done_at.eq(None::<Moment>)))
        .execute(tx.conn)?;
    Ok(())
}

/// Closes a round; false where it is closed already.
pub fn close(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &RotationId) -> Result<bool, Error> {
    let now = tx.now();
    let open = rotations::table
        .filter(rotations::workspace_id.eq(by.workspace()))
        .filter(rotations::id.eq(id))
        .filter(rotations::closed_at.is_null());
    Ok(diesel::update(open).set(rotations::closed_at.eq(now)).execute(tx.conn)? == 1)
}

/// A secret that a round asks a new value of, and until when.
pub type Due = (SecretId, Name, Option<Moment>);

/// What is asked of a member's own secrets: the first so many, the most urgent first, and how many there are.
pub fn of_owner(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    limit: i64,
) -> Result<(Vec<Due>, u64), Error> {
    let left = || {
        rotation_items::table
            .inner_join(rotations::table)
            .inner_join(secrets::table.on(secrets::id.eq(rotation_items::secret_id)))
            .filter(rotations::workspace_id.eq(by.workspace()))
            .filter(rotations::closed_at.is_null())
            .filter(rotation_items::done.is_null())
            .filter(secrets::owner_id.eq(by.person()))
    };
    let rows = left()
        .order((rotations::due_at.is_null(), rotations::due_at, secrets::name_key, secrets::id))
        .select((secrets::id, secrets::name, rotations::due_at))
        .limit(limit)
        .load(tx.conn)?;
    let all: i64 = left().select(count_star()).get_result(tx.conn)?;
    Ok((rows, u64::try_from(all).unwrap_or_default()))
}

/// The open rounds that ask for a new value of this secret: their names and when it is due.
pub fn asking_for(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    secret: &SecretId,
) -> Result<Vec<(Name, Option<Moment>)>, Error> {
    let rows = rotation_items::table
        .inner_join(rotations::table)
        .filter(rotations::workspace_id.eq(by.workspace()))
        .filter(rotations::closed_at.is_null())
        .filter(rotation_items::secret_id.eq(secret))
        .filter(rotation_items::done.is_null())
        .order(rotations::id)
        .select((rotations::name, rotations::due_at))
        .load(tx.conn)?;
    Ok(rows)
}
