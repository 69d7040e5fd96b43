//! What the last test of each value found. It stands beside the value, so that it never tells of another one.

use diesel::prelude::*;

use crate::domain::probe::Found;
use crate::domain::secret::Slot;
use crate::domain::{Finding, Moment, SecretId, Verdict};

use super::access::{AtLeast, InWorkspace, Member, Probing, Proof, UseProof};
use super::error::Error;
use super::schema::{secret_values, secrets};
use super::secrets::ListedSecret;
use super::tx::{ReadTx, WriteTx};

/// A value that was tested, and what came of it.
#[derive(Clone, Debug)]
pub struct Tested {
    pub slot: Slot,
    pub at: Moment,
    pub found: Found,
}

type Row = (Slot, Option<Moment>, Option<Finding>, Option<i32>, Option<String>);

/// The last test of each value of a secret that somebody has been shown.
pub fn of(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, impl AtLeast<Member>>,
    secret: &ListedSecret,
) -> Result<Vec<Tested>, Error> {
    let rows: Vec<Row> = secret_values::table
        .filter(secret_values::secret_id.eq(&secret.secret.id))
        .filter(secret_values::probed_at.is_not_null())
        .select((
            secret_values::slot,
            secret_values::probed_at,
            secret_values::probe_finding,
            secret_values::probe_status,
            secret_values::probe_account,
        ))
        .load(tx.conn)?;
    let whole = |(slot, at, finding, status, account): Row| {
        let status = status.and_then(|status| u16::try_from(status).ok());
        Some(Tested { slot, at: at?, found: Found { finding: finding?, status, account } })
    };
    Ok(rows.into_iter().filter_map(whole).collect())
}

/// What is known of the account that a current value is for, to go along with tokens that take its place.
#[derive(Queryable)]
pub struct Known {
    at: Option<Moment>,
    finding: Option<Finding>,
    status: Option<i32>,
    account: Option<String>,
}

/// Of a value that works, and of no other.
pub fn known(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<Option<Known>, Error> {
    let own = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq(id));
    let row: Option<Known> = secret_values::table
        .filter(secret_values::secret_id.eq_any(own.select(secrets::id)))
        .filter(secret_values::slot.eq(Slot::Current))
        .select((
            secret_values::probed_at,
            secret_values::probe_finding,
            secret_values::probe_status,
            secret_values::probe_account,
        ))
        .first(tx.conn)
        .optional()?;
    Ok(row.filter(|known| known.finding.is_some_and(|finding| finding.verdict() == Verdict::Verified)))
}

/// Puts it beside the value that is current now.
pub fn carry(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, known): (&SecretId, &Known),
) -> Result<(), Error> {
    let own = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq(id));
    let value = secret_values::table
        .filter(secret_values::secret_id.eq_any(own.select(secrets::id)))
        .filter(secret_values::slot.eq(Slot::Current));
    diesel::update(value)
        .set((
            secret_values::probed_at.eq(known.at),
            secret_values::probe_finding.eq(known.finding),
            secret_values::probe_status.eq(known.status),
            secret_values::probe_account.eq(known.account.as_deref()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The plain facts of the value that is tested.
pub fn facts(tx: &mut ReadTx<'_>, of: &UseProof<'_, Probing>) -> Result<String, Error> {
    let row = secret_values::table
        .filter(secret_values::secret_id.eq(of.secret()))
        .filter(secret_values::number.eq(of.number()))
        .select(secret_values::facts);
    Ok(row.first(tx.conn).optional()?.unwrap_or_default())
}

/// Notes what was found at the value of this number; false where that is there no more.
pub fn note(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, number): (&SecretId, i64),
    found: &Found,
) -> Result<bool, Error> {
    let now = tx.now();
    let here = || secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq(id));
    let value = || {
        secret_values::table
            .filter(secret_values::secret_id.eq_any(here().select(secrets::id)))
            .filter(secret_values::number.eq(number))
    };
    let noted = diesel::update(value())
        .set((
            secret_values::probed_at.eq(now),
            secret_values::probe_finding.eq(found.finding),
            secret_values::probe_status.eq(found.status.map(i32::from)),
            secret_values::probe_account.eq(found.account.as_deref()),
            // The next one is planned from this one on.
            secret_values::probe_at.eq(None::<Moment>),
        ))
        .execute(tx.conn)?;
    if noted == 0 {
        return Ok(false);
    }
    // A value takes what it has learnt along when it becomes the current one.
    match found.finding.verdict() {
        Verdict::Verified => {
            diesel::update(value()).set(secret_values::rejected_at.eq(None::<Moment>)).execute(tx.conn)?;
        }
        Verdict::Rejected => {
            let fresh = value().filter(secret_values::rejected_at.is_null());
            diesel::update(fresh).set(secret_values::rejected_at.eq(now)).execute(tx.conn)?;
        }
        Verdict::Unreachable | Verdict::Untestable => {}
    }
    settle(tx, by, (id, number), found.finding.verdict())?;
    Ok(true)
}

/// A verdict counts for the secret only while its value is the current one: a slow one does not touch a newer value.
fn settle(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, number): (&SecretId, i64),
    verdict: Verdict,
) -> Result<(), Error> {
    let now = tx.now();
    let current = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .filter(secrets::value_number.eq(number));
    match verdict {
        Verdict::Verified => {
            let cleared = (secrets::rejected_at.eq(None::<Moment>), secrets::refusals.eq(0));
            if diesel::update(current).set(cleared).execute(tx.conn)? > 0 {
                super::oddities::begin_anew(tx, id)?;
            }
        }
        // Since when, not how often.
        Verdict::Rejected => {
            let fresh = current.filter(secrets::rejected_at.is_null());
            diesel::update(fresh).set(secrets::rejected_at.eq(now)).execute(tx.conn)?;
        }
        Verdict::Unreachable | Verdict::Untestable => {}
    }
    Ok(())
}
