//! Service tokens: made, shown once, revoked.

use crate::crypto::NewToken;
use crate::domain::audit::Event;
use crate::domain::policy::{self, Standing};
use crate::domain::{Abilities, Environment, Moment, Name, TokenId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::tokens::NewTokenRow;
use crate::store::{self, Denied, Outcome, WriteTx};

use super::{Tools, audit};

pub struct Ask {
    /// Drawn by whoever asks, so that asking twice makes one token.
    pub id: TokenId,
    pub name: Name,
    pub environment: Environment,
    pub abilities: Abilities,
    pub expires_at: Option<Moment>,
}

pub struct Made {
    pub id: TokenId,
    pub token: NewToken,
}

pub fn create(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    ask: &Ask,
) -> Outcome<Made> {
    if !policy::may_make_token(by.role(), &ask.abilities) {
        return Err(Denied::Forbidden.into());
    }
    let id = ask.id.clone();
    let token = NewToken::draw(&id, ask.environment, tools.chance);
    let mac = tools.keyring.new_token_mac(&token);
    let row = NewTokenRow {
        id: &id,
        name: &ask.name,
        environment: ask.environment,
        abilities: &ask.abilities,
        mac: mac.as_bytes(),
        expires_at: ask.expires_at,
    };
    store::tokens::insert(tx, by, &row)?;
    let event = Event::TokenCreated {
        token: id.clone(),
        name: ask.name.to_string(),
        environment: ask.environment,
        abilities: ask.abilities.to_string(),
    };
    audit::change(tx, by, tools, event)?;
    Ok(Made { id, token })
}

/// Revokes a token; revoking it again changes nothing.
pub fn revoke(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &TokenId,
) -> Outcome<()> {
    let row = store::tokens::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !policy::may_revoke_token(Standing { person: by.person(), role: by.role() }, &row.maker) {
        return Err(Denied::Forbidden.into());
    }
    if store::tokens::revoke(tx, by, id)? {
        let event = Event::TokenRevoked { token: id.clone(), name: row.name.to_string() };
        audit::change(tx, by, tools, event)?;
    } else {
        tx.unrecorded(store::Unrecorded::Nothing);
    }
    Ok(())
}
