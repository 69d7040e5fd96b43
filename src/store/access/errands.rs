//! Demands of whoever goes on with what a token has asked for: the end user whom its backend has sent.
//!
//! Invariant: an errand is sealed by Keyrack when the token asks, and goes on only while the token could still ask.

use crate::domain::TokenId;
use crate::store::error::Error;
use crate::store::tx::{ReadTx, WriteTx};

use super::{ConnectRight, Demand, Proof, tokens};

/// Somebody is on an errand of this token's.
pub struct AskErrand {
    token: TokenId,
}

impl AskErrand {
    /// The token as an errand names it that was opened.
    pub fn of(token: TokenId) -> Self {
        Self { token }
    }
}

impl Demand for AskErrand {
    type Right = ConnectRight;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        tokens::lock(tx, &self.token)
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, ConnectRight>, Error> {
        // Who asks is not where the token is used from.
        tokens::prove(tx, &self.token, |_, _| Ok(()))
    }
}
