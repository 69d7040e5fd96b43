//! Signed-in browsers. The act of signing in makes the row, with the HMAC of its cookie.

use std::time::Duration;

use diesel::prelude::*;

use crate::domain::{Moment, PersonId, SessionId};

use super::access::{Nobody, Oneself, Proof, Right};
use super::error::Error;
use super::schema::{people, sessions};
use super::tx::{ReadTx, WriteTx};

pub const LONGEST: Duration = Duration::from_hours(12);
pub const IDLE: Duration = Duration::from_hours(2);

/// Whether a session still counts.
pub fn is_alive(created: Moment, seen: Moment, now: Moment) -> bool {
    created.plus(LONGEST) > now && seen.plus(IDLE) > now
}

#[derive(Queryable, Clone)]
pub struct SessionRow {
    pub id: SessionId,
    pub person: PersonId,
    pub address: String,
    pub user_agent: String,
    pub created_at: Moment,
    pub seen_at: Moment,
}

pub fn insert<R: Right>(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, R>,
    row: &SessionRow,
    cookie: &[u8],
) -> Result<(), Error> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(&row.id),
            sessions::cookie_mac.eq(cookie),
            sessions::person_id.eq(&row.person),
            sessions::address.eq(&row.address),
            sessions::user_agent.eq(&row.user_agent),
            sessions::created_at.eq(row.created_at),
            sessions::seen_at.eq(row.seen_at),
        ))
        .execute(tx.conn)?;
    diesel::update(people::table.filter(people::id.eq(&row.person)))
        .set(people::last_seen_at.eq(row.seen_at))
        .execute(tx.conn)?;
    Ok(())
}

/// The living session of a cookie, and when it was last seen.
pub fn find_by_cookie(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, Nobody>,
    cookie: &[u8],
) -> Result<Option<(SessionId, Moment)>, Error> {
    let row: Option<(SessionId, Moment, Moment)> = sessions::table
        .filter(sessions::cookie_mac.eq(cookie))
        .select((sessions::id, sessions::created_at, sessions::seen_at))
        .first(tx.conn)
        .optional()?;
    let now = tx.now();
    Ok(row.filter(|(_, created, seen)| is_alive(*created, *seen, now)).map(|(id, _, seen)| (id, seen)))
}

pub fn touch(tx: &mut WriteTx<'_>, _by: &Proof<'_, Nobody>, id: &SessionId) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(sessions::table.filter(sessions::id.eq(id))).set(sessions::seen_at.eq(now)).execute(tx.conn)?;
    let person = sessions::table.filter(sessions::id.eq(id)).select(sessions::person_id);
    diesel::update(people::table.filter(people::id.eq_any(person)))
        .set(people::last_seen_at.eq(now))
        .execute(tx.conn)?;
    Ok(())
}

/// When its person last showed in this session who they are: when it began, or at a provider since.
pub fn shown_at(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<Moment, Error> {
    let this = sessions::table.filter(sessions::id.eq(&by.holder().session));
    let (created, confirmed): (Moment, Option<Moment>) =
        this.select((sessions::created_at, sessions::confirmed_at)).first(tx.conn)?;
    Ok(confirmed.map_or(created, |at| at.max(created)))
}

pub fn confirm(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(sessions::table.filter(sessions::id.eq(&by.holder().session)))
        .set(sessions::confirmed_at.eq(now))
        .execute(tx.conn)?;
    Ok(())
}

/// Ends a session whose browser begins another one.
pub fn delete<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, id: &SessionId) -> Result<bool, Error> {
    Ok(diesel::delete(sessions::table.filter(sessions::id.eq(id))).execute(tx.conn)? == 1)
}

/// Removes the sessions that count no more, with the addresses that they held.
pub fn sweep<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>) -> Result<(), Error> {
    let now = tx.now();
    let over = sessions::created_at.le(now.minus(LONGEST)).or(sessions::seen_at.le(now.minus(IDLE)));
    diesel::delete(sessions::table.filter(over)).execute(tx.conn)?;
    Ok(())
}

pub fn mine(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<Vec<SessionRow>, Error> {
    let rows: Vec<SessionRow> = sessions::table
        .filter(sessions::person_id.eq(&by.holder().person))
        .order(sessions::seen_at.desc())
        .select((
            sessions::id,
            sessions::person_id,
            sessions::address,
            sessions::user_agent,
            sessions::created_at,
            sessions::seen_at,
        ))
        .load(tx.conn)?;
    let now = tx.now();
    Ok(rows.into_iter().filter(|row| is_alive(row.created_at, row.seen_at, now)).collect())
}

/// Ends one of one's own sessions; false when it is not one's own.
pub fn delete_mine(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>, id: &SessionId) -> Result<bool, Error> {
    let own = sessions::table.filter(sessions::person_id.eq(&by.holder().person)).filter(sessions::id.eq(id));
    Ok(diesel::delete(own).execute(tx.conn)? == 1)
}

/// Ends all sessions of a person; which they were.
pub fn delete_all<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, of: &PersonId) -> Result<Vec<SessionId>, Error> {
    let all = || sessions::table.filter(sessions::person_id.eq(of));
    let ids = all().select(sessions::id).order(sessions::id).load(tx.conn)?;
    diesel::delete(all()).execute(tx.conn)?;
    Ok(ids)
}

/// Ends all of one's sessions but this one; which they were.
pub fn delete_others(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>) -> Result<Vec<SessionId>, Error> {
    let others = || {
        sessions::table
            .filter(sessions::person_id.eq(&by.holder().person))
            .filter(sessions::id.ne(&by.holder().session))
    };
    let ids = others().select(sessions::id).load(tx.conn)?;
    diesel::delete(others()).execute(tx.conn)?;
    Ok(ids)
}
