//! How a secret's current value fares with its provider: what calls have learnt about it, and when it is tested by itself.
//!
//! Invariant: every change names the value that it is about. What is heard late never touches a newer one.

use diesel::prelude::*;

use crate::domain::secret::Slot;
use crate::domain::{Finding, Moment, Name, SecretId, Slug, ValueId, WorkspaceId};

use super::access::{Proof, Runner, RunnerIn};
use super::error::Error;
use super::organization_settings::organizations_own;
use super::schema::{node_types, organization_settings, secret_values, secrets};
use super::secrets::row;
use super::tx::{ReadTx, WriteTx};

/// What is known of a current value.
#[derive(Queryable)]
pub struct Standing {
    pub name: Name,
    pub node_type: Slug,
    /// How a custom API is described.
    pub spec: Option<String>,
    /// Calls in a row that were refused.
    pub refusals: i32,
    pub rejected_at: Option<Moment>,
    /// When it is tested by itself next.
    pub probe_at: Option<Moment>,
    pub probed_at: Option<Moment>,
    pub finding: Option<Finding>,
}

/// None where the value of this number is not the current one.
pub fn standing(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, RunnerIn>,
    (id, number): (&SecretId, i64),
) -> Result<Option<Standing>, Error> {
    let current = secret_values::secret_id.eq(secrets::id).and(secret_values::slot.eq(Slot::Current));
    let found = secrets::table
        .inner_join(node_types::table)
        .inner_join(secret_values::table.on(current))
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .filter(secrets::value_number.eq(number))
        .filter(secret_values::number.eq(number))
        .select((
            secrets::name,
            node_types::slug,
            node_types::spec,
            secrets::refusals,
            secrets::rejected_at,
            secret_values::probe_at,
            secret_values::probed_at,
            secret_values::probe_finding,
        ))
        .first(tx.conn)
        .optional()?;
    Ok(found)
}

/// The secret's row, while this is its current value.
macro_rules! of_value {
    ($by:expr, $of:expr) => {
        row!($by, $of.0).filter(secrets::value_number.eq($of.1)).filter(secrets::value_entered_at.is_not_null())
    };
}

/// Counts one more call that was refused.
pub fn count_refusal(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, of: (&SecretId, i64)) -> Result<(), Error> {
    diesel::update(of_value!(by, of)).set(secrets::refusals.eq(secrets::refusals + 1)).execute(tx.conn)?;
    Ok(())
}

/// Marks it rejected; false where it is so already.
pub fn reject(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, of: (&SecretId, i64)) -> Result<bool, Error> {
    let now = tx.now();
    let fresh = of_value!(by, of).filter(secrets::rejected_at.is_null());
    let marked = diesel::update(fresh).set((secrets::rejected_at.eq(now), secrets::refusals.eq(0))).execute(tx.conn)?;
    if marked == 1 {
        note_on_value(tx, of, Some(now))?;
    }
    Ok(marked == 1)
}

/// It works: whatever was said against it is over.
pub fn clear(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, of: (&SecretId, i64)) -> Result<(), Error> {
    let cleared =
        diesel::update(of_value!(by, of)).set((secrets::rejected_at.eq(None::<Moment>), secrets::refusals.eq(0)));
    if cleared.execute(tx.conn)? == 1 {
        note_on_value(tx, of, None)?;
    }
    Ok(())
}

/// A value takes what was learnt about it along when it makes room for another. Only of a secret that was found here.
fn note_on_value(
    tx: &mut WriteTx<'_>,
    (id, number): (&SecretId, i64),
    rejected_at: Option<Moment>,
) -> Result<(), Error> {
    let value = secret_values::table.filter(secret_values::secret_id.eq(id)).filter(secret_values::number.eq(number));
    diesel::update(value).set(secret_values::rejected_at.eq(rejected_at)).execute(tx.conn)?;
    Ok(())
}

/// Has it tested then.
pub fn plan_probe(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    of: (&SecretId, i64),
    at: Moment,
) -> Result<(), Error> {
    let here = of_value!(by, of).select(secrets::id);
    let value =
        secret_values::table.filter(secret_values::secret_id.eq_any(here)).filter(secret_values::number.eq(of.1));
    diesel::update(value).set(secret_values::probe_at.eq(at)).execute(tx.conn)?;
    Ok(())
}

/// A value that no test is planned for, and when it was tested.
#[derive(Queryable)]
pub struct Unplanned {
    pub value: ValueId,
    pub secret: SecretId,
    pub tested_at: Option<Moment>,
}

/// Current values of secrets of these built-in node types that can be used and that no test is planned for, so many at most.
pub fn unplanned(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, Runner>,
    (slugs, most): (&[&str], i64),
) -> Result<Vec<Unplanned>, Error> {
    let now = tx.now();
    let rows = secret_values::table
        .inner_join(secrets::table.inner_join(node_types::table))
        .left_join(organization_settings::table.on(organizations_own!()))
        .filter(secret_values::probe_at.is_null())
        .filter(secret_values::slot.eq(Slot::Current))
        .filter(node_types::slug.eq_any(slugs))
        .filter(node_types::spec.is_null())
        .filter(node_types::enabled.eq(true))
        .filter(organization_settings::enabled.is_null().or(organization_settings::enabled.eq(true)))
        .filter(secrets::needs_reauthorization_at.is_null())
        .filter(secrets::unreadable_at.is_null())
        .filter(secrets::expires_at.is_null().or(secrets::expires_at.gt(now)))
        .limit(most)
        .select((secret_values::id, secrets::id, secret_values::probed_at))
        .load(tx.conn)?;
    Ok(rows)
}

/// Plans a test of each value by itself, unless one is planned by now.
pub fn plan(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, plans: &[(ValueId, Moment)]) -> Result<(), Error> {
    for (value, at) in plans {
        let open = secret_values::table.filter(secret_values::id.eq(value)).filter(secret_values::probe_at.is_null());
        diesel::update(open).set(secret_values::probe_at.eq(at)).execute(tx.conn)?;
    }
    Ok(())
}

/// A test by itself whose time has come.
#[derive(Queryable, Clone)]
pub struct Due {
    pub workspace: WorkspaceId,
    pub secret: SecretId,
    value: ValueId,
    /// When it was due: by this it is told from one that is planned later.
    at: Moment,
}

/// Those that have waited longest, so many at most.
pub fn due(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, most: i64) -> Result<Vec<Due>, Error> {
    let now = tx.now();
    let rows = secret_values::table
        .inner_join(secrets::table)
        .filter(secret_values::probe_at.le(now))
        .filter(secret_values::slot.eq(Slot::Current))
        // What does not open is tested once somebody has entered it again.
        .filter(secrets::unreadable_at.is_null())
        .order((secret_values::probe_at, secret_values::id))
        .limit(most)
        .select((secrets::workspace_id, secrets::id, secret_values::id, secret_values::probe_at.assume_not_null()))
        .load(tx.conn)?;
    Ok(rows)
}

/// Takes a test that is due, by putting it off; none where somebody else was quicker. Whoever dies over it leaves it to
/// another when that time comes.
pub fn put_off(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    due: &Due,
    until: Option<Moment>,
) -> Result<Option<Due>, Error> {
    let here = row!(by, &due.secret).select(secrets::id);
    let same = secret_values::table
        .filter(secret_values::id.eq(&due.value))
        .filter(secret_values::slot.eq(Slot::Current))
        .filter(secret_values::probe_at.eq(due.at))
        .filter(secret_values::secret_id.eq_any(here));
    let taken = diesel::update(same).set(secret_values::probe_at.eq(until)).execute(tx.conn)? == 1;
    Ok(taken.then(|| Due { at: until.unwrap_or(due.at), ..due.clone() }))
}
