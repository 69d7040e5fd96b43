//! When and how often secrets and tokens were used, counted after the record of it.
//!
//! Invariant: counted in the order of their ids, so that replicas never wait for each other in a circle.

use std::net::IpAddr;

use diesel::prelude::*;

use crate::domain::{Moment, SecretId, TokenId};

use super::access::{Nobody, Proof};
use super::error::Error;
use super::schema::{secret_uses, secrets, tokens};
use super::tx::WriteTx;

/// What the uses of one secret by one token come to.
#[derive(Clone)]
pub struct Tally {
    pub secret: SecretId,
    pub token: TokenId,
    pub uses: i64,
    pub last_at: Moment,
    pub from: Option<IpAddr>,
}

/// Adds them to what was counted before. Whatever is gone by now needs no count: the record has it.
pub fn add(tx: &mut WriteTx<'_>, _by: &Proof<'_, Nobody>, tallies: &[Tally]) -> Result<(), Error> {
    for tally in tallies {
        let earlier = secrets::last_used_at.is_null().or(secrets::last_used_at.lt(tally.last_at));
        diesel::update(secrets::table.filter(secrets::id.eq(&tally.secret)).filter(earlier))
            .set(secrets::last_used_at.eq(tally.last_at))
            .execute(tx.conn)?;
    }
    for tally in of_tokens(tallies) {
        let earlier = tokens::last_used_at.is_null().or(tokens::last_used_at.le(tally.last_at));
        diesel::update(tokens::table.filter(tokens::id.eq(&tally.token)).filter(earlier))
            .set((
                tokens::last_used_at.eq(tally.last_at),
                tokens::last_used_from.eq(tally.from.map(|address| address.to_string())),
            ))
            .execute(tx.conn)?;
    }
    tallies.iter().try_for_each(|tally| count(tx, tally))
}

/// The last use of each token.
fn of_tokens(tallies: &[Tally]) -> Vec<&Tally> {
    let mut last: Vec<&Tally> = tallies.iter().collect();
    last.sort_by(|one, other| one.token.cmp(&other.token).then(other.last_at.cmp(&one.last_at)));
    last.dedup_by(|later, first| later.token == first.token);
    last
}

fn count(tx: &mut WriteTx<'_>, tally: &Tally) -> Result<(), Error> {
    let row = secret_uses::table
        .filter(secret_uses::secret_id.eq(&tally.secret))
        .filter(secret_uses::token_id.eq(&tally.token));
    let known = diesel::update(row)
        .set((secret_uses::uses.eq(secret_uses::uses + tally.uses), secret_uses::last_used_at.eq(tally.last_at)))
        .execute(tx.conn)?;
    let there = secrets::table
        .inner_join(tokens::table.on(tokens::id.eq(&tally.token)))
        .filter(secrets::id.eq(&tally.secret))
        .select(secrets::id);
    if known > 0 || !diesel::select(diesel::dsl::exists(there)).get_result::<bool>(tx.conn)? {
        return Ok(());
    }
    diesel::insert_into(secret_uses::table)
        .values((
            secret_uses::secret_id.eq(&tally.secret),
            secret_uses::token_id.eq(&tally.token),
            secret_uses::uses.eq(tally.uses),
            secret_uses::last_used_at.eq(tally.last_at),
        ))
        .execute(tx.conn)?;
    Ok(())
}
