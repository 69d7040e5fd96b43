//! What ends or is due in a workspace, and the private links by which calendars elsewhere read it.
//!
//! Invariant: a link is of one membership, and reads what its member may see at that moment. With the membership it ends.

use diesel::prelude::*;

use crate::domain::{CalendarId, Environment, Moment, Name, PersonId, SecretId, Slug, TokenId, policy};

use super::access::{AtLeast, Calendar, InWorkspace, Member, Proof};
use super::error::Error;
use super::paging::IDS_AT_ONCE;
use super::rotations;
use super::schema::{calendars, node_types, secrets, tokens, workspaces};
use super::secrets::visible_ids;
use super::tx::{ReadTx, WriteTx};

/// Dates of one sort that are listed.
const MOST: i64 = 1_000;

/// Something that ends or is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    pub what: What,
    pub name: Name,
    pub at: Moment,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    SecretEnds {
        secret: SecretId,
        node_type: Name,
        environment: Environment,
    },
    ValueDue {
        secret: SecretId,
        node_type: Name,
        environment: Environment,
    },
    /// A round of rotation asks them for another value by then.
    ValueAsked {
        secret: SecretId,
    },
    TokenEnds {
        token: TokenId,
        environment: Environment,
    },
}

/// What ends or is due from then on, of all that this member may see, in the order of its days.
pub fn dates(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, from: Moment) -> Result<Vec<Date>, Error> {
    let mut all = secrets_ending(tx, by, from)?;
    all.extend(values_due(tx, by, from)?);
    all.extend(tokens_ending(tx, by, from)?);
    let asked = rotations::of_owner(tx, by, MOST)?.0;
    let asked = asked.into_iter().filter_map(|(secret, name, due)| {
        Some(Date { what: What::ValueAsked { secret }, name, at: due.filter(|at| *at >= from)? })
    });
    all.extend(asked);
    all.sort_by_key(|one| (one.at, one.name.key()));
    Ok(all)
}

type SecretRow = (SecretId, Name, Name, Environment, (Option<Moment>, Option<Moment>));

fn secrets_ending(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, from: Moment) -> Result<Vec<Date>, Error> {
    let ids = visible_ids(by, tx.now()).filter(secrets::value_entered_at.is_not_null());
    let ids = ids.filter(secrets::expires_at.ge(from)).order((secrets::expires_at.asc(), secrets::id.asc()));
    let ids: Vec<SecretId> = ids.limit(MOST).load(tx.conn)?;
    let date = |(secret, name, node_type, environment, (expires_at, _)): SecretRow| {
        Some(Date { what: What::SecretEnds { secret, node_type, environment }, name, at: expires_at? })
    };
    Ok(rows_of(tx, &ids)?.into_iter().filter_map(date).collect())
}

fn values_due(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, from: Moment) -> Result<Vec<Date>, Error> {
    let ids = visible_ids(by, tx.now()).filter(secrets::value_entered_at.is_not_null());
    let ids = ids.filter(secrets::rotate_at.ge(from)).order((secrets::rotate_at.asc(), secrets::id.asc()));
    let ids: Vec<SecretId> = ids.limit(MOST).load(tx.conn)?;
    let date = |(secret, name, node_type, environment, (_, rotate_at)): SecretRow| {
        Some(Date { what: What::ValueDue { secret, node_type, environment }, name, at: rotate_at? })
    };
    Ok(rows_of(tx, &ids)?.into_iter().filter_map(date).collect())
}

/// Of secrets that were found visible.
fn rows_of(tx: &mut ReadTx<'_>, ids: &[SecretId]) -> Result<Vec<SecretRow>, Error> {
    let mut rows = Vec::with_capacity(ids.len());
    for some in ids.chunks(IDS_AT_ONCE) {
        let found: Vec<SecretRow> = secrets::table
            .inner_join(node_types::table)
            .filter(secrets::id.eq_any(some))
            .select((
                secrets::id,
                secrets::name,
                node_types::name,
                secrets::environment,
                (secrets::expires_at, secrets::rotate_at),
            ))
            .load(tx.conn)?;
        rows.extend(found);
    }
    Ok(rows)
}

fn tokens_ending(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, from: Moment) -> Result<Vec<Date>, Error> {
    let mut query = tokens::table
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::expires_at.ge(from))
        .order((tokens::expires_at, tokens::id))
        .limit(MOST)
        .select((tokens::id, tokens::name, tokens::environment, tokens::expires_at.assume_not_null()))
        .into_boxed();
    if !policy::sees_all_tokens(by.role()) {
        query = query.filter(tokens::maker_id.eq(by.person()));
    }
    let rows: Vec<(TokenId, Name, Environment, Moment)> = query.load(tx.conn)?;
    let date = |(token, name, environment, at)| Date { what: What::TokenEnds { token, environment }, name, at };
    Ok(rows.into_iter().map(date).collect())
}

/// What the holder of a private link reads: which workspace it is of, and its dates.
pub struct Read {
    pub slug: Slug,
    pub name: Name,
    pub dates: Vec<Date>,
}

pub fn read(tx: &mut ReadTx<'_>, by: &Proof<'_, Calendar>, from: Moment) -> Result<Read, Error> {
    let row = workspaces::table.filter(workspaces::id.eq(by.workspace())).select((workspaces::slug, workspaces::name));
    let (slug, name) = row.first(tx.conn)?;
    Ok(Read { slug, name, dates: dates(tx, &by.reader(), from)? })
}

/// Since when the one who asks has a link, if they do.
pub fn since(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Option<Moment>, Error> {
    let row = calendars::table
        .filter(calendars::workspace_id.eq(by.workspace()))
        .filter(calendars::person_id.eq(by.person()))
        .select(calendars::created_at);
    Ok(row.first(tx.conn).optional()?)
}

/// Puts a link in the place of the one they had.
pub fn set(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (id, mac): (&CalendarId, &[u8]),
) -> Result<(), Error> {
    let now = tx.now();
    forget(tx, by, by.person())?;
    diesel::insert_into(calendars::table)
        .values((
            calendars::id.eq(id),
            calendars::workspace_id.eq(by.workspace()),
            calendars::person_id.eq(by.person()),
            calendars::mac.eq(mac),
            calendars::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Takes this member's link back; false where they have none.
pub fn forget(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, person: &PersonId) -> Result<bool, Error> {
    let own =
        calendars::table.filter(calendars::workspace_id.eq(by.workspace())).filter(calendars::person_id.eq(person));
    Ok(diesel::delete(own).execute(tx.conn)? == 1)
}
