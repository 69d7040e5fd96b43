//! Reading what a use needs: the sealed value and the keys around it.

use crate::domain::keys::{Hook, SealedValue};

use super::access::{self, InWorkspace, Proof, UseProof};
use super::error::Error;
use super::keys;
use super::tx::ReadTx;

/// The value that the proof is for.
pub fn sealed_value<'tx, For>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, impl InWorkspace>,
    of: &UseProof<'tx, For>,
) -> Result<Option<SealedValue>, Error> {
    if let Some(held) = of.held() {
        return Ok(Some(held.clone()));
    }
    let Some(row) = access::value_row(tx, of)? else { return Ok(None) };
    let Some(key) = keys::find(tx, by, &row.data_key)? else { return Ok(None) };
    let hook = Hook { node_type: of.node_type_id().clone(), environment: of.environment() };
    Ok(Some(SealedValue { secret: of.secret().clone(), hook, number: of.number(), blob: row.blob, key }))
}
