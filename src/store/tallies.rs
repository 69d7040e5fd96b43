//! When and how often secrets and tokens were used, counted after the record of it.
//!
//! Invariant: counted in the order of their ids, so that replicas never wait for each other in a circle.

use std::collections::BTreeMap;
use std::net::IpAddr;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::domain::unusual::{self, Oddity};
use crate::domain::usage::{Origin, Refusals, Sums};
use crate::domain::{Moment, SecretId, Slug, TokenId, WorkflowId, WorkspaceId};

use super::access::{Nobody, Proof};
use super::error::Error;
use super::oddities::{self, Odd};
use super::schema::{secret_origins, secret_uses, secrets, tokens, usage_hours};
use super::tx::{ReadTx, WriteTx};

/// What the uses of one secret by one token, for one workflow or none, come to within an hour.
#[derive(Clone)]
pub struct Tally {
    pub workspace: WorkspaceId,
    pub secret: SecretId,
    pub token: TokenId,
    pub workflow: Option<WorkflowId>,
    pub node_type: Option<Slug>,
    /// Its first moment.
    pub hour: Moment,
    pub sums: Sums,
    pub last_at: Moment,
    pub from: Option<IpAddr>,
    /// What all uses of the secret tell together, with one tally of it.
    pub watched: Watched,
}

#[derive(Clone, Default)]
pub struct Watched {
    pub refusals: Refusals,
    pub origins: BTreeMap<Origin, Seen>,
}

/// When something was used from there, and by which token first.
#[derive(Clone)]
pub struct Seen {
    pub first: Moment,
    pub last: Moment,
    pub token: TokenId,
}

/// Of the places that a secret was used from, so many are kept.
const MOST_ORIGINS: i64 = 64;

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
    for tally in tallies {
        count(tx, tally)?;
        watch(tx, tally)?;
        add_to_hour(tx, tally)?;
    }
    Ok(())
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
    let uses = tally.sums.uses();
    let known = diesel::update(row)
        .set((secret_uses::uses.eq(secret_uses::uses + uses), secret_uses::last_used_at.eq(tally.last_at)))
        .execute(tx.conn)?;
    let there = secrets::table
        .inner_join(tokens::table.on(tokens::id.eq(&tally.token)))
        .filter(secrets::id.eq(&tally.secret))
        .select(secrets::id);
    if known > 0 || !diesel::select(diesel::dsl::exists(there)).get_result::<bool>(tx.conn)? {
        return Ok(());
    }
    let others = secret_uses::table.filter(secret_uses::secret_id.eq(&tally.secret)).count().get_result(tx.conn)?;
    if unusual::stands_out(used_since(tx, (&tally.workspace, &tally.secret))?, others, tx.now()) {
        oddities::meet(tx, (&tally.secret, Oddity::NewToken), &Odd::by(&tally.token, tally.last_at))?;
    }
    diesel::insert_into(secret_uses::table)
        .values((
            secret_uses::secret_id.eq(&tally.secret),
            secret_uses::token_id.eq(&tally.token),
            secret_uses::uses.eq(uses),
            secret_uses::last_used_at.eq(tally.last_at),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The first hour in which it was used, as far as that is kept.
pub(super) fn used_since(
    tx: &mut ReadTx<'_>,
    (workspace, secret): (&WorkspaceId, &SecretId),
) -> Result<Option<Moment>, Error> {
    let hours = usage_hours::table
        .filter(usage_hours::workspace_id.eq(workspace))
        .filter(usage_hours::secret_id.eq(secret))
        .order(usage_hours::hour.asc());
    Ok(hours.select(usage_hours::hour).first(tx.conn).optional()?)
}

fn watch(tx: &mut WriteTx<'_>, tally: &Tally) -> Result<(), Error> {
    let Watched { refusals, origins } = &tally.watched;
    if !refusals.say_nothing() {
        oddities::count_refusals(tx, &tally.secret, (*refusals, tally.last_at))?;
    }
    for (origin, seen) in origins {
        keep_origin(tx, (&tally.workspace, &tally.secret), (&origin.to_string(), seen))?;
    }
    Ok(())
}

fn keep_origin(
    tx: &mut WriteTx<'_>,
    (workspace, secret): (&WorkspaceId, &SecretId),
    (origin, seen): (&str, &Seen),
) -> Result<(), Error> {
    let of_secret = || secret_origins::table.filter(secret_origins::secret_id.eq(secret));
    let known = diesel::update(of_secret().filter(secret_origins::origin.eq(origin)))
        .set(secret_origins::last_at.eq(seen.last))
        .execute(tx.conn)?;
    let there = secrets::table.filter(secrets::id.eq(secret)).select(secrets::id);
    if known > 0 || !diesel::select(diesel::dsl::exists(there)).get_result::<bool>(tx.conn)? {
        return Ok(());
    }
    let others: i64 = of_secret().count().get_result(tx.conn)?;
    if unusual::stands_out(used_since(tx, (workspace, secret))?, others, tx.now()) {
        let odd = Odd { origin: Some(origin.to_owned()), ..Odd::by(&seen.token, seen.first) };
        oddities::meet(tx, (secret, Oddity::NewAddress), &odd)?;
    }
    if others >= MOST_ORIGINS {
        let oldest: Option<String> = of_secret()
            .order((secret_origins::last_at.asc(), secret_origins::origin.asc()))
            .select(secret_origins::origin)
            .first(tx.conn)
            .optional()?;
        diesel::delete(of_secret().filter(secret_origins::origin.eq(oldest.unwrap_or_default()))).execute(tx.conn)?;
    }
    diesel::insert_into(secret_origins::table)
        .values((
            secret_origins::secret_id.eq(secret),
            secret_origins::origin.eq(origin),
            secret_origins::first_at.eq(seen.first),
            secret_origins::last_at.eq(seen.last),
        ))
        .execute(tx.conn)?;
    Ok(())
}

// Both databases spell it alike. The token says which environment it was, and whether the workspace is there still.
const ADD: &str = "INSERT INTO usage_hours (workspace_id, hour, secret_id, token_id, workflow_id, node_type, environment, \
    vends, calls, failures, refused, limited, millis, longest, sent, received, last_at) \
    SELECT workspace_id, $1, $2, id, $3, $4, environment, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14 \
    FROM tokens WHERE id = $15 AND workspace_id = $16 \
    ON CONFLICT (workspace_id, hour, secret_id, token_id, workflow_id) DO UPDATE SET \
    vends = usage_hours.vends + excluded.vends, calls = usage_hours.calls + excluded.calls, \
    failures = usage_hours.failures + excluded.failures, refused = usage_hours.refused + excluded.refused, \
    limited = usage_hours.limited + excluded.limited, millis = usage_hours.millis + excluded.millis, \
    longest = CASE WHEN usage_hours.longest > excluded.longest THEN usage_hours.longest ELSE excluded.longest END, \
    sent = usage_hours.sent + excluded.sent, received = usage_hours.received + excluded.received, \
    last_at = CASE WHEN usage_hours.last_at > excluded.last_at THEN usage_hours.last_at ELSE excluded.last_at END";

fn add_to_hour(tx: &mut WriteTx<'_>, tally: &Tally) -> Result<(), Error> {
    let Sums { vends, calls, failures, refused, limited, millis, longest, sent, received } = tally.sums;
    diesel::sql_query(ADD)
        .bind::<BigInt, _>(tally.hour)
        .bind::<Text, _>(&tally.secret)
        .bind::<Text, _>(tally.workflow.as_ref().map_or("", WorkflowId::as_str))
        .bind::<Text, _>(tally.node_type.as_ref().map_or("", Slug::as_str))
        .bind::<BigInt, _>(vends)
        .bind::<BigInt, _>(calls)
        .bind::<BigInt, _>(failures)
        .bind::<BigInt, _>(refused)
        .bind::<BigInt, _>(limited)
        .bind::<BigInt, _>(millis)
        .bind::<BigInt, _>(longest)
        .bind::<BigInt, _>(sent)
        .bind::<BigInt, _>(received)
        .bind::<BigInt, _>(tally.last_at)
        .bind::<Text, _>(&tally.token)
        .bind::<Text, _>(&tally.workspace)
        .execute(tx.conn)?;
    Ok(())
}
