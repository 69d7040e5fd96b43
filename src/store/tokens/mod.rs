//! Service tokens. Only the HMACs of a token's texts are stored.

mod lists;
mod uses;

use std::net::IpAddr;

use diesel::prelude::*;

use crate::domain::{Abilities, Calls, Environment, Moment, Name, Networks, NodeTypes, PersonId, TokenId, TokenState};

use super::access::{AtLeast, Member, Proof, TokenRight};
use super::error::Error;
use super::schema::tokens;
use super::tx::{ReadTx, WriteTx};

pub use lists::{Sought, count, counts, find, list, made_by};
pub use uses::{Used, UsedRow, UserRow, used_by, users_of_any, users_of_type};

#[derive(Queryable, Clone)]
pub struct TokenRow {
    pub id: TokenId,
    pub maker: PersonId,
    pub maker_name: Name,
    pub name: Name,
    pub environment: Environment,
    pub abilities: Abilities,
    pub node_types: Option<NodeTypes>,
    pub networks: Option<Networks>,
    pub calls: Option<Calls>,
    /// Which text counts, the first being number one, and since when.
    pub generation: i64,
    pub renewed_at: Option<Moment>,
    /// Until when the text before goes on working.
    previous_until: Option<Moment>,
    pub expires_at: Option<Moment>,
    pub revoked_at: Option<Moment>,
    pub last_used_at: Option<Moment>,
    pub last_used_from: Option<String>,
    pub created_at: Moment,
}

impl TokenRow {
    pub fn state(&self, now: Moment) -> TokenState {
        TokenState::derive(self.revoked_at, self.expires_at, now)
    }

    /// Until when the text before works beside the one that counts, while it does.
    pub fn overlaps_until(&self, now: Moment) -> Option<Moment> {
        self.previous_until.filter(|end| *end > now && self.state(now).lives())
    }
}

pub struct NewTokenRow<'a> {
    pub id: &'a TokenId,
    pub name: &'a Name,
    pub environment: Environment,
    pub abilities: &'a Abilities,
    pub node_types: Option<&'a NodeTypes>,
    pub networks: Option<&'a Networks>,
    pub calls: Option<&'a Calls>,
    pub mac: &'a [u8],
    pub expires_at: Option<Moment>,
}

macro_rules! columns {
    () => {
        (
            tokens::id,
            tokens::maker_id,
            people::name,
            tokens::name,
            tokens::environment,
            tokens::abilities,
            tokens::node_types,
            tokens::networks,
            tokens::calls,
            tokens::generation,
            tokens::renewed_at,
            tokens::previous_until,
            tokens::expires_at,
            tokens::revoked_at,
            tokens::last_used_at,
            tokens::last_used_from,
            tokens::created_at,
        )
    };
}

use columns;

/// In which environment of this workspace another token acts; none where there is no such token here.
pub fn place_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    id: &TokenId,
) -> Result<Option<Environment>, Error> {
    let row = tokens::table.filter(tokens::workspace_id.eq(by.workspace())).filter(tokens::id.eq(id));
    Ok(row.select(tokens::environment).first(tx.conn).optional()?)
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, row: &NewTokenRow<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(row.id),
            tokens::workspace_id.eq(by.workspace()),
            tokens::maker_id.eq(by.person()),
            tokens::name.eq(row.name),
            tokens::name_key.eq(row.name.key()),
            tokens::environment.eq(row.environment),
            tokens::abilities.eq(row.abilities.to_string()),
            tokens::node_types.eq(row.node_types.map(ToString::to_string)),
            tokens::networks.eq(row.networks.map(ToString::to_string)),
            tokens::calls.eq(row.calls.map(ToString::to_string)),
            tokens::mac.eq(row.mac),
            tokens::generation.eq(1_i64),
            tokens::expires_at.eq(row.expires_at),
            tokens::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Revokes it; false when it was revoked before.
pub fn revoke(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &TokenId) -> Result<bool, Error> {
    let now = tx.now();
    let living = tokens::table
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::id.eq(id))
        .filter(tokens::revoked_at.is_null());
    let gone = (tokens::revoked_at.eq(now), tokens::previous_mac.eq(None::<Vec<u8>>));
    Ok(diesel::update(living).set(gone).execute(tx.conn)? == 1)
}

macro_rules! no_previous {
    () => {
        (tokens::previous_mac.eq(None::<Vec<u8>>), tokens::previous_until.eq(None::<Moment>))
    };
}

/// Another text for a token, and until when the one before goes on working.
pub struct NewText<'a> {
    pub mac: &'a [u8],
    pub previous_until: Option<Moment>,
}

/// Gives the text of this generation a successor; false where it has one already. Of those before, only the last is kept.
pub fn renew(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (id, generation): (&TokenId, i64),
    text: &NewText<'_>,
) -> Result<bool, Error> {
    let now = tx.now();
    let row = tokens::table
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::id.eq(id))
        .filter(tokens::generation.eq(generation));
    let counted = (tokens::generation.eq(tokens::generation + 1), tokens::renewed_at.eq(now), tokens::mac.eq(text.mac));
    // The right-hand sides are the values before.
    let renewed = match text.previous_until {
        Some(until) => {
            let kept = (tokens::previous_mac.eq(tokens::mac.nullable()), tokens::previous_until.eq(until));
            diesel::update(row).set((kept, counted)).execute(tx.conn)?
        }
        None => diesel::update(row).set((no_previous!(), counted)).execute(tx.conn)?,
    };
    Ok(renewed == 1)
}

/// Ends the text before at once; false where none is kept.
pub fn end_previous(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &TokenId) -> Result<bool, Error> {
    let row = tokens::table
        .filter(tokens::workspace_id.eq(by.workspace()))
        .filter(tokens::id.eq(id))
        .filter(tokens::previous_mac.is_not_null());
    Ok(diesel::update(row).set(no_previous!()).execute(tx.conn)? == 1)
}

/// Notes that a token has just been used for something else than a secret, which is noted with the record of uses.
/// Called last: whoever has rows of secrets takes those first.
pub fn mark_used(tx: &mut WriteTx<'_>, by: &Proof<'_, impl TokenRight>, from: Option<IpAddr>) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(tokens::table.filter(tokens::id.eq(by.token())))
        .set((tokens::last_used_at.eq(now), tokens::last_used_from.eq(from.map(|address| address.to_string()))))
        .execute(tx.conn)?;
    Ok(())
}
