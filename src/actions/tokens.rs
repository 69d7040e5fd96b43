//! Service tokens: made, shown once, given another text, revoked.

use std::net::IpAddr;

use crate::crypto::NewToken;
use crate::domain::audit::{Event, TokenEvent};
use crate::domain::policy::{self, Standing};
use crate::domain::token::Overlap;
use crate::domain::{Abilities, Calls, Environment, Moment, Name, Networks, NodeTypes, TokenId};
use crate::store::access::{AtLeast, Member, Proof, TokenRight};
use crate::store::tokens::{NewText, NewTokenRow, TokenRow};
use crate::store::{self, Denied, Error, Fault, Outcome, Refusal, WriteTx};

use super::{Tools, audit};

#[derive(Clone)]
pub struct Ask {
    /// Drawn by whoever asks, so that asking twice makes one token.
    pub id: TokenId,
    pub name: Name,
    pub environment: Environment,
    pub abilities: Abilities,
    /// For which node types alone, and from which networks alone; none is no limit.
    pub node_types: Option<NodeTypes>,
    pub networks: Option<Networks>,
    /// Which calls alone it makes through the proxy.
    pub calls: Option<Calls>,
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
        node_types: ask.node_types.as_ref(),
        networks: ask.networks.as_ref(),
        calls: ask.calls.as_ref(),
        mac: mac.as_bytes(),
        expires_at: ask.expires_at,
    };
    store::tokens::insert(tx, by, &row)?;
    let event = TokenEvent::Created {
        token: id.clone(),
        name: ask.name.to_string(),
        environment: ask.environment,
        abilities: ask.abilities.to_string(),
        node_types: ask.node_types.as_ref().map(NodeTypes::to_string),
        networks: ask.networks.as_ref().map(Networks::to_string),
        calls: ask.calls.as_ref().map(Calls::to_string),
        expires_at: ask.expires_at,
    };
    audit::change(tx, by, tools, Event::Token(event))?;
    Ok(Made { id, token })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RenewRefusal {
    #[error("the token has a newer text already")]
    Renewed,
    #[error("the token has expired or was revoked")]
    Over,
}

impl Refusal for RenewRefusal {}

pub struct Renewed {
    pub token: NewToken,
    pub previous_until: Option<Moment>,
}

/// Gives a token another text in place of the one of this generation: asking twice makes one. All else of it stays. What
/// was left of an older text ends at once.
pub fn renew(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, generation): (&TokenId, i64),
    overlap: Overlap,
) -> Outcome<Renewed, RenewRefusal> {
    let row = own(tx, by, id)?;
    if !row.state(tx.now()).lives() {
        return Err(RenewRefusal::Over.into());
    }
    let token = NewToken::draw(id, row.environment, tools.chance);
    let mac = tools.keyring.new_token_mac(&token);
    let until = overlap.span().map(|span| tx.now().plus(span));
    let previous_until = until.map(|until| row.expires_at.map_or(until, |end| until.min(end)));
    if !store::tokens::renew(tx, by, (id, generation), &NewText { mac: mac.as_bytes(), previous_until })? {
        return Err(RenewRefusal::Renewed.into());
    }
    let event = TokenEvent::Renewed { token: id.clone(), name: row.name.to_string(), previous_until };
    audit::change(tx, by, tools, Event::Token(event))?;
    Ok(Renewed { token, previous_until })
}

/// Ends the text before at once, where one is left; the new one goes on.
pub fn end_previous(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &TokenId,
) -> Outcome<()> {
    let row = revocable(tx, by, id)?;
    if store::tokens::end_previous(tx, by, id)? {
        let event = TokenEvent::PreviousEnded { token: id.clone(), name: row.name.to_string() };
        audit::change(tx, by, tools, Event::Token(event))?;
    } else {
        tx.unrecorded(store::Unrecorded::Nothing);
    }
    Ok(())
}

fn own<E>(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &TokenId) -> Result<TokenRow, Fault<E>> {
    let row = store::tokens::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let standing = Standing { person: by.person(), role: by.role() };
    if policy::may_renew_token(standing, &row.maker, &row.abilities) { Ok(row) } else { Err(Denied::Forbidden.into()) }
}

fn revocable(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &TokenId) -> Outcome<TokenRow> {
    let row = store::tokens::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let standing = Standing { person: by.person(), role: by.role() };
    if policy::may_revoke_token(standing, &row.maker) { Ok(row) } else { Err(Denied::Forbidden.into()) }
}

/// Revokes a token with all its texts; revoking it again changes nothing.
pub fn revoke(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &TokenId,
) -> Outcome<()> {
    let row = revocable(tx, by, id)?;
    if store::tokens::revoke(tx, by, id)? {
        let event = TokenEvent::Revoked { token: id.clone(), name: row.name.to_string() };
        audit::change(tx, by, tools, Event::Token(event))?;
    } else {
        tx.unrecorded(store::Unrecorded::Nothing);
    }
    Ok(())
}

/// Notes that a token has just changed something. Called last in its transaction.
pub fn used(tx: &mut WriteTx<'_>, by: &Proof<'_, impl TokenRight>, from: Option<IpAddr>) -> Result<(), Error> {
    store::tokens::mark_used(tx, by, from)
}
