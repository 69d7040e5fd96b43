//! Demands of whoever brings the link of a connect session, or what its page carries.
//!
//! Invariant: a session goes on only while the token that asked for it could still ask.

use diesel::prelude::*;

use crate::domain::{ConnectSessionId, Moment, TokenId};
use crate::store::error::{Denied, Error};
use crate::store::schema::connect_sessions as rows;
use crate::store::tx::{ReadTx, WriteTx};

use super::{ConnectRight, Demand, Proof, is_same, tokens};

/// What was brought, as its HMAC: the link that nobody has opened yet, or the page that it was opened to.
#[derive(Clone)]
enum Brought {
    Link([u8; 32]),
    Page([u8; 32]),
}

/// Somebody is on the page of this session.
#[derive(Clone)]
pub struct AskSession {
    session: ConnectSessionId,
    brought: Brought,
}

impl AskSession {
    pub fn by_link(session: ConnectSessionId, mac: [u8; 32]) -> Self {
        Self { session, brought: Brought::Link(mac) }
    }

    pub fn by_page(session: ConnectSessionId, mac: [u8; 32]) -> Self {
        Self { session, brought: Brought::Page(mac) }
    }

    /// Whether this is what opened it, or what its page carried, whatever has become of it.
    pub(in crate::store) fn was_of(&self, link_mac: &[u8], page_mac: Option<&[u8]>) -> bool {
        match &self.brought {
            Brought::Link(mac) => is_same(link_mac, mac),
            Brought::Page(mac) => page_mac.is_some_and(|kept| is_same(kept, mac)),
        }
    }

    pub fn session(&self) -> &ConnectSessionId {
        &self.session
    }
}

#[derive(Queryable)]
struct Row {
    token: TokenId,
    link_mac: Vec<u8>,
    page_mac: Option<Vec<u8>>,
    ended_at: Option<Moment>,
    expires_at: Moment,
}

impl Row {
    fn fits(&self, brought: &Brought) -> bool {
        match (brought, &self.page_mac) {
            (Brought::Link(mac), None) => is_same(&self.link_mac, mac),
            (Brought::Page(mac), Some(kept)) => is_same(kept, mac),
            _ => false,
        }
    }
}

fn token_of(tx: &mut ReadTx<'_>, session: &ConnectSessionId) -> Result<Option<TokenId>, Error> {
    let row = rows::table.filter(rows::id.eq(session)).select(rows::token_id);
    Ok(row.first(tx.conn).optional()?)
}

impl Demand for AskSession {
    type Right = ConnectRight;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        match token_of(tx, &self.session)? {
            Some(token) => tokens::lock(tx, &token),
            None => Ok(()),
        }
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, ConnectRight>, Error> {
        let row: Option<Row> = rows::table
            .filter(rows::id.eq(&self.session))
            .select((rows::token_id, rows::link_mac, rows::page_mac, rows::ended_at, rows::expires_at))
            .first(tx.conn)
            .optional()?;
        let lasts = |row: &Row| row.ended_at.is_none() && row.expires_at > tx.now() && row.fits(&self.brought);
        let row = row.filter(lasts).ok_or(Denied::SpentLink)?;
        // Who asks is not where the token is used from.
        tokens::prove(tx, &row.token, |_, _| Ok(()))
    }
}
