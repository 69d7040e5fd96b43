//! Offers of membership that are open.

use diesel::prelude::*;

use super::access::{Proof, Right};
use super::error::Error;
use super::schema::invitations;
use super::tx::WriteTx;

/// Forgets the offers whose time is long over, so that pages show for a while which have expired.
pub fn sweep<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>) -> Result<(), Error> {
    let before = tx.now().minus(std::time::Duration::from_hours(30 * 24));
    diesel::delete(invitations::table.filter(invitations::expires_at.le(before))).execute(tx.conn)?;
    Ok(())
}
