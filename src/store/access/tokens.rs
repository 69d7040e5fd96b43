//! Demands of machines: a service token asks for one of its abilities.

use std::marker::PhantomData;
use std::net::IpAddr;

use diesel::prelude::*;

use crate::domain::{
    Abilities, Calls, Environment, Moment, Networks, NodeTypes, PersonId, TokenId, WorkspaceId, policy,
};
use crate::store::connection::straight;
use crate::store::error::{Denied, Error};
use crate::store::schema::{members, tokens, workspaces};
use crate::store::tx::{ReadTx, WriteTx};

use super::{Demand, Proof, TokenHolder, TokenRight, is_same};

/// This bearer asks for the ability of `A`. The token's own text never comes this far, only its HMAC.
pub struct AskToken<A> {
    token: TokenId,
    mac: Vec<u8>,
    /// Where the request came from, as far as that is known.
    from: Option<IpAddr>,
    ability: PhantomData<fn() -> A>,
}

impl<A> AskToken<A> {
    pub fn new(token: TokenId, mac: &[u8], from: Option<IpAddr>) -> Self {
        Self { token, mac: mac.to_vec(), from, ability: PhantomData }
    }
}

#[derive(Queryable)]
pub(super) struct Row {
    workspace: WorkspaceId,
    maker: PersonId,
    environment: Environment,
    abilities: Abilities,
    node_types: Option<NodeTypes>,
    networks: Option<Networks>,
    calls: Option<Calls>,
    mac: Vec<u8>,
    previous_mac: Option<Vec<u8>>,
    previous_until: Option<Moment>,
    expires_at: Option<Moment>,
    revoked_at: Option<Moment>,
    maker_role: crate::domain::Role,
}

impl Row {
    /// Whether the text is the token's own: the one that counts now, or the one before while that goes on.
    fn is_of(&self, mac: &[u8], now: Moment) -> bool {
        let before = self.previous_mac.as_deref().is_some_and(|previous| is_same(previous, mac));
        is_same(&self.mac, mac) | (before & self.previous_until.is_some_and(|end| end > now))
    }

    fn lasts(&self, now: Moment) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

impl<A: TokenRight> Demand for AskToken<A> {
    type Right = A;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        lock(tx, &self.token)
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, A>, Error> {
        prove(tx, &self.token, |row, now| {
            if !row.is_of(&self.mac, now) {
                return Err(Denied::UnknownToken);
            }
            match &row.networks {
                Some(networks) if !networks.admit(self.from) => Err(Denied::OutOfNetworks),
                _ => Ok(()),
            }
        })
    }
}

/// Takes the workspace's row, as all its writers do.
pub(super) fn lock(tx: &mut WriteTx<'_>, token: &TokenId) -> Result<(), Error> {
    let of_token = tokens::table.filter(tokens::id.eq(token)).select(tokens::workspace_id);
    let workspace: Option<WorkspaceId> = of_token.first(tx.conn).optional()?;
    if let Some(workspace) = workspace {
        diesel::update(workspaces::table.filter(workspaces::id.eq(workspace)))
            .set(workspaces::writes.eq(workspaces::writes + 1))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// What the token may at this moment, where whoever asks is who they should be.
pub(super) fn prove<'tx, A: TokenRight>(
    tx: &mut ReadTx<'tx>,
    token: &TokenId,
    is_theirs: impl FnOnce(&Row, Moment) -> Result<(), Denied>,
) -> Result<Proof<'tx, A>, Error> {
    // The join makes the token die with its maker's membership.
    let found = tokens::table
        .inner_join(
            members::table
                .on(members::workspace_id.eq(tokens::workspace_id).and(members::person_id.eq(tokens::maker_id))),
        )
        .filter(tokens::id.eq(token))
        .select((
            tokens::workspace_id,
            tokens::maker_id,
            tokens::environment,
            tokens::abilities,
            tokens::node_types,
            tokens::networks,
            tokens::calls,
            tokens::mac,
            tokens::previous_mac,
            tokens::previous_until,
            tokens::expires_at,
            tokens::revoked_at,
            members::role,
        ));
    let row: Option<Row> = straight!(tx.conn, |conn| found.first(conn)).optional()?;
    let row = row.filter(|row| row.lasts(tx.now())).ok_or(Denied::UnknownToken)?;
    is_theirs(&row, tx.now())?;
    // Never more than its maker may give today.
    let may = |ability| policy::may_make_token(row.maker_role, &row.abilities) && row.abilities.contains(ability);
    if let Some(lacking) = A::ABILITY.filter(|ability| !may(*ability)) {
        return Err(Denied::Lacks(lacking).into());
    }
    let Row { workspace, maker, environment, node_types, calls, maker_role: role, .. } = row;
    Ok(Proof::new(tx, TokenHolder { workspace, token: token.clone(), maker, environment, role, node_types, calls }))
}
