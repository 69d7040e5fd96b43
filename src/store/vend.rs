//! Reading what a vend needs: the sealed value and the keys around it.

use crate::domain::keys::SealedValue;

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
    Ok(Some(SealedValue { secret: of.secret().clone(), number: of.number(), blob: row.blob, key }))
}
