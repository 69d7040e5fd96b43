//! Reading what a vend needs: the sealed value and the keys around it.

use crate::domain::keys::{Hook, SealedValue};

use super::access::{self, Proof, UseProof, VendRight};
use super::error::Error;
use super::keys;
use super::tx::ReadTx;

/// The current value of the secret that the proof is for.
pub fn sealed_value<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, VendRight>,
    of: &UseProof<'tx>,
) -> Result<Option<SealedValue>, Error> {
    let Some(row) = access::value_row(tx, of)? else { return Ok(None) };
    let Some(key) = keys::find(tx, by, &row.data_key)? else { return Ok(None) };
    let hook = Hook { node_type: of.node_type_id().clone(), environment: of.environment() };
    Ok(Some(SealedValue { secret: of.secret().clone(), hook, number: of.number(), blob: row.blob, key }))
}
