//! Counting attempts, for all replicas together.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use crate::domain::Moment;

use super::access::{Proof, Right};
use super::error::Error;
use super::schema::throttles;
use super::tx::{ReadTx, WriteTx};

/// How often something was tried in the window that is open, and when that closes.
#[derive(QueryableByName, Clone, Copy, Debug)]
pub struct Count {
    #[diesel(sql_type = BigInt)]
    pub hits: i64,
    #[diesel(sql_type = BigInt)]
    window_ends_at: i64,
}

impl Count {
    pub fn ends_at(self) -> Moment {
        Moment::from_micros(self.window_ends_at)
    }
}

// The one upsert that both databases spell alike; diesel's own builder does not cover the two at once.
const HIT: &str = "INSERT INTO throttles (name, hits, window_ends_at) VALUES ($1, 1, $2) \
    ON CONFLICT (name) DO UPDATE SET \
    hits = CASE WHEN throttles.window_ends_at <= $3 THEN 1 ELSE throttles.hits + 1 END, \
    window_ends_at = CASE WHEN throttles.window_ends_at <= $4 THEN $5 ELSE throttles.window_ends_at END \
    RETURNING hits, window_ends_at";

/// Counts one more, and says how many that makes.
pub fn hit<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, name: &[u8], window: Duration) -> Result<Count, Error> {
    let now = tx.now().micros();
    let end = tx.now().plus(window).micros();
    let count = diesel::sql_query(HIT)
        .bind::<Binary, _>(name)
        .bind::<BigInt, _>(end)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(end)
        .get_result(tx.conn)?;
    Ok(count)
}

/// When the window ends in which no more attempts are taken; nothing is written.
pub fn closed_until<R: Right>(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, R>,
    (name, limit): (&[u8], i64),
) -> Result<Option<Moment>, Error> {
    let now = tx.now();
    let row = throttles::table
        .filter(throttles::name.eq(name))
        .filter(throttles::hits.ge(limit))
        .filter(throttles::window_ends_at.gt(now))
        .select(throttles::window_ends_at);
    Ok(row.first(tx.conn).optional()?)
}

/// Removes the windows that are over.
pub fn sweep<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>) -> Result<(), Error> {
    let now = tx.now();
    diesel::delete(throttles::table.filter(throttles::window_ends_at.le(now))).execute(tx.conn)?;
    Ok(())
}

pub fn forget<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, name: &[u8]) -> Result<(), Error> {
    diesel::delete(throttles::table.filter(throttles::name.eq(name))).execute(tx.conn)?;
    Ok(())
}

/// Takes one back: it was no failure after all.
pub fn take_back<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, name: &[u8]) -> Result<(), Error> {
    diesel::update(throttles::table.filter(throttles::name.eq(name)).filter(throttles::hits.gt(0)))
        .set(throttles::hits.eq(throttles::hits - 1))
        .execute(tx.conn)?;
    Ok(())
}
