//! How a secret's current value fares with its provider: what calls have learnt about it, and when it is tested by itself.
//!
//! Invariant: every change names the value that it is about. What is heard late never touches a newer one.

use diesel::prelude::*;

use crate::domain::secret::Slot;
use crate::domain::{Finding, Moment, Name, SecretId, Slug};

use super::access::{Proof, RunnerIn};
use super::error::Error;
use super::schema::{node_types, secret_values, secrets};
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
