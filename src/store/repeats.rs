//! What tokens have made under keys of their own choice.
//!
//! Invariant: a key stands for one request of one token; what it made is looked up and never kept as an answer.

use diesel::prelude::*;

use crate::domain::Moment;

use super::access::{Proof, Runner, TokenRight};
use super::error::Error;
use super::schema::repeats;
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable)]
pub struct RepeatRow {
    pub request_mac: Vec<u8>,
    pub made: String,
}

pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl TokenRight>, key: &[u8]) -> Result<Option<RepeatRow>, Error> {
    let row = repeats::table.filter(repeats::token_id.eq(by.token())).filter(repeats::key_mac.eq(key));
    Ok(row.select((repeats::request_mac, repeats::made)).first(tx.conn).optional()?)
}

/// Notes what a key has made, in the place of what it stood for before.
pub fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    (key, request, made): (&[u8], &[u8], &str),
) -> Result<(), Error> {
    let now = tx.now();
    let row = repeats::table.filter(repeats::token_id.eq(by.token())).filter(repeats::key_mac.eq(key));
    diesel::delete(row).execute(tx.conn)?;
    diesel::insert_into(repeats::table)
        .values((
            repeats::token_id.eq(by.token()),
            repeats::key_mac.eq(key),
            repeats::request_mac.eq(request),
            repeats::made.eq(made),
            repeats::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn sweep(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, before: Moment) -> Result<(), Error> {
    diesel::delete(repeats::table.filter(repeats::created_at.lt(before))).execute(tx.conn)?;
    Ok(())
}
