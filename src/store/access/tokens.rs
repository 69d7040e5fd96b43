//! Demands of machines: a service token asks for one of its abilities.

use std::marker::PhantomData;

use diesel::prelude::*;
use subtle::ConstantTimeEq;

use crate::domain::{Abilities, Environment, Moment, PersonId, TokenId, WorkspaceId, policy};
use crate::store::error::{Denied, Error};
use crate::store::schema::{members, tokens, workspaces};
use crate::store::tx::{ReadTx, WriteTx};

use super::{Demand, Proof, TokenHolder, TokenRight};

/// This bearer asks for the ability of `A`. The token's own text never comes this far, only its HMAC.
pub struct AskToken<A> {
    token: TokenId,
    mac: Vec<u8>,
    ability: PhantomData<fn() -> A>,
}

impl<A> AskToken<A> {
    pub fn new(token: TokenId, mac: &[u8]) -> Self {
        Self { token, mac: mac.to_vec(), ability: PhantomData }
    }
}

#[derive(Queryable)]
struct Row {
    workspace: WorkspaceId,
    maker: PersonId,
    environment: Environment,
    abilities: String,
    mac: Vec<u8>,
    expires_at: Option<Moment>,
    revoked_at: Option<Moment>,
    maker_role: crate::domain::Role,
}

impl<A: TokenRight> Demand for AskToken<A> {
    type Right = A;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        let of_token = tokens::table.filter(tokens::id.eq(&self.token)).select(tokens::workspace_id);
        let workspace: Option<WorkspaceId> = of_token.first(tx.conn).optional()?;
        if let Some(workspace) = workspace {
            diesel::update(workspaces::table.filter(workspaces::id.eq(workspace)))
                .set(workspaces::writes.eq(workspaces::writes + 1))
                .execute(tx.conn)?;
        }
        Ok(())
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, A>, Error> {
        // The join makes the token die with its maker's membership.
        let row: Option<Row> = tokens::table
            .inner_join(
                members::table
                    .on(members::workspace_id.eq(tokens::workspace_id).and(members::person_id.eq(tokens::maker_id))),
            )
            .filter(tokens::id.eq(&self.token))
            .select((
                tokens::workspace_id,
                tokens::maker_id,
                tokens::environment,
                tokens::abilities,
                tokens::mac,
                tokens::expires_at,
                tokens::revoked_at,
                members::role,
            ))
            .first(tx.conn)
            .optional()?;
        let row = row.ok_or(Denied::UnknownToken)?;
        let genuine = bool::from(row.mac.ct_eq(&self.mac));
        let lasting = row.revoked_at.is_none() && row.expires_at.is_none_or(|end| end > tx.now());
        if !genuine || !lasting {
            return Err(Denied::UnknownToken.into());
        }
        let abilities: Abilities = row.abilities.parse().map_err(|_| Denied::UnknownToken)?;
        // Never more than its maker may give today.
        if !policy::may_make_token(row.maker_role, &abilities) || !abilities.contains(A::ABILITY) {
            return Err(Denied::Lacks(A::ABILITY).into());
        }
        let token = self.token.clone();
        let holder = TokenHolder { workspace: row.workspace, token, maker: row.maker, environment: row.environment };
        Ok(Proof::new(tx, holder))
    }
}
