//! What is unusual about a secret's uses, until somebody says that all is well.
//!
//! Invariant: of each kind a secret has one row at most, however often it comes about.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use crate::domain::unusual::{self, Oddity};
use crate::domain::usage::Refusals;
use crate::domain::{Moment, Name, PersonId, SecretId, TokenId, policy};

use super::access::{AtLeast, InWorkspace, Member, Proof, RunnerIn};
use super::error::Error;
use super::schema::{oddities, secrets, tokens};
use super::tx::{ReadTx, WriteTx};

/// What was met, and when.
pub(super) struct Odd {
    pub token: Option<TokenId>,
    pub origin: Option<String>,
    pub number: i64,
    pub usual: Option<i64>,
    pub at: Moment,
}

impl Odd {
    /// Somebody new.
    pub fn by(token: &TokenId, at: Moment) -> Self {
        Self { token: Some(token.clone()), origin: None, number: 1, usual: None, at }
    }
}

type Place<'a> = (&'a SecretId, Oddity);

#[derive(Queryable, Default)]
struct Standing {
    number: i64,
    settled_at: Option<Moment>,
}

fn standing(tx: &mut ReadTx<'_>, (secret, kind): Place<'_>) -> Result<Option<Standing>, Error> {
    let row = oddities::table.filter(oddities::secret_id.eq(secret)).filter(oddities::kind.eq(kind));
    Ok(row.select((oddities::number, oddities::settled_at)).first(tx.conn).optional()?)
}

// Both databases spell it alike; diesel's own builder does not cover the two at once.
const PUT: &str = "INSERT INTO oddities (secret_id, kind, token_id, origin, number, usual, found_at, settled_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (secret_id, kind) DO UPDATE SET \
    token_id = excluded.token_id, origin = excluded.origin, number = excluded.number, usual = excluded.usual, \
    found_at = excluded.found_at, settled_at = excluded.settled_at";

fn put(tx: &mut WriteTx<'_>, (secret, kind): Place<'_>, odd: &Odd, settled: Option<Moment>) -> Result<(), Error> {
    diesel::sql_query(PUT)
        .bind::<Text, _>(secret)
        .bind::<Text, _>(kind)
        .bind::<Nullable<Text>, _>(odd.token.as_ref())
        .bind::<Nullable<Text>, _>(odd.origin.as_deref())
        .bind::<BigInt, _>(odd.number)
        .bind::<Nullable<BigInt>, _>(odd.usual)
        .bind::<BigInt, _>(odd.at)
        .bind::<Nullable<BigInt>, _>(settled)
        .execute(tx.conn)?;
    Ok(())
}

/// Somebody new was met: the last one is told of, with how many there are.
pub(super) fn meet(tx: &mut WriteTx<'_>, place: Place<'_>, odd: &Odd) -> Result<(), Error> {
    let before = standing(tx, place)?.filter(|row| row.settled_at.is_none()).map_or(0, |row| row.number);
    let odd = Odd {
        number: before.saturating_add(1),
        token: odd.token.clone(),
        origin: odd.origin.clone(),
        usual: odd.usual,
        at: odd.at,
    };
    put(tx, place, &odd, None)
}

/// Counts how often in a row the provider refused it. They are told of once there are several.
pub(super) fn count_refusals(
    tx: &mut WriteTx<'_>,
    secret: &SecretId,
    (heard, at): (Refusals, Moment),
) -> Result<(), Error> {
    let place = (secret, Oddity::Refusals);
    let row = standing(tx, place)?;
    let (before, settled) = row.as_ref().map_or((0, None), |row| (row.number, row.settled_at));
    let number = heard.after(before);
    if number == 0 {
        if row.is_some() {
            forget(tx, place)?;
        }
        return Ok(());
    }
    let there = secrets::table.filter(secrets::id.eq(secret)).select(secrets::id);
    if row.is_none() && !diesel::select(diesel::dsl::exists(there)).get_result::<bool>(tx.conn)? {
        return Ok(());
    }
    let settled = settled.filter(|_| !unusual::is_row(number));
    put(tx, place, &Odd { token: None, origin: None, number, usual: None, at }, settled)
}

fn forget(tx: &mut WriteTx<'_>, (secret, kind): Place<'_>) -> Result<(), Error> {
    let row = oddities::table.filter(oddities::secret_id.eq(secret)).filter(oddities::kind.eq(kind));
    diesel::delete(row).execute(tx.conn)?;
    Ok(())
}

/// A new value has not been refused yet.
pub(super) fn begin_anew(tx: &mut WriteTx<'_>, secret: &SecretId) -> Result<(), Error> {
    forget(tx, (secret, Oddity::Refusals))
}

/// An hour with far more uses than any before.
pub struct Spike {
    pub secret: SecretId,
    /// Who used it most.
    pub token: TokenId,
    /// Its first moment.
    pub hour: Moment,
    pub uses: i64,
    pub busiest: i64,
}

/// Notes a spike; of one that goes on, the greatest number. What somebody has called well since is left so.
pub fn note_spike(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, spike: &Spike) -> Result<bool, Error> {
    let place = (&spike.secret, Oddity::Spike);
    let there = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(&spike.secret))
        .select(secrets::id);
    if !diesel::select(diesel::dsl::exists(there)).get_result::<bool>(tx.conn)? {
        return Ok(false);
    }
    let is_known = standing(tx, place)?.is_some_and(|row| match row.settled_at {
        Some(settled) => settled >= spike.hour,
        None => row.number >= spike.uses,
    });
    if is_known {
        return Ok(false);
    }
    let odd = Odd {
        token: Some(spike.token.clone()),
        origin: None,
        number: spike.uses,
        usual: Some(spike.busiest),
        at: spike.hour,
    };
    put(tx, place, &odd, None)?;
    Ok(true)
}

/// Something unusual, as its reader is told of it.
#[derive(Queryable, Clone, Debug)]
pub struct OddRow {
    pub secret: SecretId,
    pub name: Name,
    pub kind: Oddity,
    /// Where there still is such a token.
    pub token: Option<(TokenId, Name, PersonId)>,
    pub origin: Option<String>,
    pub number: i64,
    pub usual: Option<i64>,
    pub found_at: Moment,
}

/// Of how many secrets a list tells at most.
const TOLD: i64 = 20;

/// What is open about the secrets whose value this member may replace: those are the ones who can do something about it.
pub fn open(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    secret: Option<&SecretId>,
) -> Result<Vec<OddRow>, Error> {
    // A token that was revoked since is nobody's worry any more.
    let made = oddities::token_id.eq(tokens::id.nullable()).and(tokens::revoked_at.is_null());
    let mut rows = oddities::table
        .inner_join(secrets::table)
        .left_join(tokens::table.on(made))
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(oddities::settled_at.is_null())
        .into_boxed();
    // Of a secret that is rejected, its state says enough.
    let row = oddities::number.ge(unusual::ROW).and(secrets::rejected_at.is_null());
    rows = rows.filter(oddities::kind.ne(Oddity::Refusals).or(row));
    rows = rows.filter(oddities::kind.eq_any([Oddity::Spike, Oddity::Refusals]).or(tokens::id.is_not_null()));
    if !policy::sees_all_secrets(by.role()) {
        rows = rows.filter(secrets::owner_id.eq(by.person()));
    }
    if let Some(secret) = secret {
        rows = rows.filter(oddities::secret_id.eq(secret));
    }
    let rows = rows
        .order((oddities::found_at.desc(), oddities::secret_id, oddities::kind))
        .limit(TOLD)
        .select((
            oddities::secret_id,
            secrets::name,
            oddities::kind,
            (tokens::id, tokens::name, tokens::maker_id).nullable(),
            oddities::origin,
            oddities::number,
            oddities::usual,
            oddities::found_at,
        ))
        .load(tx.conn)?;
    Ok(rows)
}

/// Whoever looked says that all is well; false where there was nothing to say it of.
pub fn settle(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (secret, kind): (&SecretId, Oddity),
) -> Result<bool, Error> {
    let now = tx.now();
    let here = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).select(secrets::id);
    let row = oddities::table
        .filter(oddities::secret_id.eq(secret))
        .filter(oddities::secret_id.eq_any(here))
        .filter(oddities::kind.eq(kind))
        .filter(oddities::settled_at.is_null());
    // What comes after this is counted from the beginning.
    let settled = diesel::update(row).set((oddities::settled_at.eq(now), oddities::number.eq(0))).execute(tx.conn)?;
    Ok(settled > 0)
}
