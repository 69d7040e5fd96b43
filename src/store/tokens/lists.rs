//! Which tokens a list holds: who may see them, what they are narrowed to, and how many there are.
//!
//! Invariant: every list, count and look-up begins with [`visible`].

use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::token::{LONG, LastUse, SOON};
use crate::domain::{Environment, Moment, PersonId, TokenId, TokenState, policy};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::connection::Backend;
use crate::store::error::Error;
use crate::store::paging::{Page, Turn, page_of_keys, turned};
use crate::store::schema::{people, tokens};
use crate::store::secrets::anywhere;
use crate::store::tx::ReadTx;

use super::{TokenRow, columns};

/// What a list of tokens is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Part of a name's key.
    pub name: Option<String>,
    pub environment: Option<Environment>,
    pub state: Option<TokenState>,
    pub maker: Option<PersonId>,
    pub last_use: Option<LastUse>,
}

/// All tokens for those who see all, one's own for the others.
fn visible<'a>(by: &'a Proof<'_, impl AtLeast<Member>>) -> tokens::BoxedQuery<'a, Backend, Text> {
    let of_workspace = tokens::table.filter(tokens::workspace_id.eq(by.workspace())).select(tokens::id).into_boxed();
    if policy::sees_all_tokens(by.role()) {
        of_workspace
    } else {
        of_workspace.filter(tokens::maker_id.eq(by.person()))
    }
}

fn matching<'a>(
    by: &'a Proof<'_, impl AtLeast<Member>>,
    sought: &Sought,
    now: Moment,
) -> tokens::BoxedQuery<'a, Backend, Text> {
    let mut ids = visible(by);
    if let Some(part) = &sought.name {
        ids = ids.filter(tokens::name_key.like(anywhere(part)).escape('\\'));
    }
    if let Some(environment) = sought.environment {
        ids = ids.filter(tokens::environment.eq(environment));
    }
    if let Some(maker) = &sought.maker {
        ids = ids.filter(tokens::maker_id.eq(maker.clone()));
    }
    ids = match sought.last_use {
        None => ids,
        Some(LastUse::Never) => ids.filter(tokens::last_used_at.is_null()),
        Some(LastUse::Lately) => ids.filter(tokens::last_used_at.gt(now.minus(LONG))),
        Some(LastUse::LongAgo) => ids.filter(tokens::last_used_at.le(now.minus(LONG))),
    };
    // The SQL of `TokenState::derive`.
    let soon = now.plus(SOON);
    match sought.state {
        None => ids,
        Some(TokenState::Revoked) => ids.filter(tokens::revoked_at.is_not_null()),
        Some(TokenState::Expired) => ids.filter(tokens::revoked_at.is_null()).filter(tokens::expires_at.le(now)),
        Some(TokenState::Expiring) => ids
            .filter(tokens::revoked_at.is_null())
            .filter(tokens::expires_at.gt(now))
            .filter(tokens::expires_at.le(soon)),
        Some(TokenState::Active) => {
            let lasts = tokens::expires_at.is_null().or(tokens::expires_at.gt(soon));
            ids.filter(tokens::revoked_at.is_null()).filter(lasts)
        }
    }
}

/// A page of those tokens that this member may see and that match.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    sought: &Sought,
    turn: &Turn<TokenId>,
) -> Result<Page<TokenRow>, Error> {
    let now = tx.now();
    let page = page_of_keys(turn, &mut |turn, limit| {
        Ok(turned!(matching(by, sought, now), tokens::id, turn, limit).load(tx.conn)?)
    })?;
    Ok(Page { rows: rows_of(tx, by, &page.rows)?, has_newer: page.has_newer, has_older: page.has_older })
}

pub fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<u64, Error> {
    let number: i64 = visible(by).select(diesel::dsl::count_star()).get_result(tx.conn)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// How many of those that this member may see match, and how many there are.
pub fn counts(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, sought: &Sought) -> Result<(u64, u64), Error> {
    let all = count(tx, by)?;
    if *sought == Sought::default() {
        return Ok((all, all));
    }
    let number: i64 = matching(by, sought, tx.now()).select(diesel::dsl::count_star()).get_result(tx.conn)?;
    Ok((u64::try_from(number).unwrap_or_default(), all))
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    id: &TokenId,
) -> Result<Option<TokenRow>, Error> {
    let seen: Option<TokenId> = visible(by).filter(tokens::id.eq(id)).first(tx.conn).optional()?;
    Ok(rows_of(tx, by, seen.as_slice())?.pop())
}

/// The rows of ids that were found visible, the newest first.
fn rows_of(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, ids: &[TokenId]) -> Result<Vec<TokenRow>, Error> {
    let rows = tokens::table
        .inner_join(people::table)
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::id.eq_any(ids))
        .order(tokens::id.desc())
        .select(columns!())
        .load(tx.conn)?;
    Ok(rows)
}

/// The living tokens that a member has made here, for whoever may end their membership.
pub fn made_by(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    maker: &PersonId,
) -> Result<Vec<TokenRow>, Error> {
    let ids: Vec<TokenId> =
        visible(by).filter(tokens::maker_id.eq(maker)).filter(tokens::revoked_at.is_null()).load(tx.conn)?;
    rows_of(tx, by, &ids)
}
