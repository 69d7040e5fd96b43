//! What somebody has gone to a provider for.
//!
//! Invariant: a flow is taken once, because taking it is one conditional DELETE.

use diesel::prelude::*;

use crate::domain::{FlowId, Moment};

use super::access::{Proof, Right, Runner};
use super::error::Error;
use super::schema::flows;
use super::tx::{ReadTx, WriteTx};

pub struct NewFlow<'a> {
    pub id: &'a FlowId,
    pub mac: &'a [u8],
    pub payload: &'a [u8],
    pub until: Moment,
}

/// One that has not been finished and is not over.
#[derive(Queryable)]
pub struct FlowRow {
    pub mac: Vec<u8>,
    pub payload: Vec<u8>,
}

pub fn insert<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, flow: &NewFlow<'_>) -> Result<(), Error> {
    diesel::insert_into(flows::table)
        .values((
            flows::id.eq(flow.id),
            flows::mac.eq(flow.mac),
            flows::payload.eq(flow.payload),
            flows::expires_at.eq(flow.until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn find<R: Right>(tx: &mut ReadTx<'_>, _by: &Proof<'_, R>, id: &FlowId) -> Result<Option<FlowRow>, Error> {
    let now = tx.now();
    let open = flows::table.filter(flows::id.eq(id)).filter(flows::expires_at.gt(now));
    Ok(open.select((flows::mac, flows::payload)).first(tx.conn).optional()?)
}

/// Whether it was still there to be taken.
pub fn take<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, id: &FlowId) -> Result<bool, Error> {
    Ok(diesel::delete(flows::table.filter(flows::id.eq(id))).execute(tx.conn)? == 1)
}

pub fn sweep(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>) -> Result<(), Error> {
    let now = tx.now();
    diesel::delete(flows::table.filter(flows::expires_at.le(now))).execute(tx.conn)?;
    Ok(())
}
