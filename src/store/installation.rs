//! Installation keys and key checks.

use diesel::prelude::*;

use crate::domain::keys::WrappedInstallationKey;

use super::access::{CommandLine, Proof};
use super::error::Error;
use super::schema::{installation_keys, master_checks, workspaces};
use super::tx::{ReadTx, WriteTx};

/// What an installation keeps of its keys, and needs of its masters.
#[derive(Default)]
pub struct Kept {
    pub keys: Vec<WrappedInstallationKey>,
    /// Every master id that was ever active, with its check value.
    pub checks: Vec<(String, Vec<u8>)>,
    /// How many workspace keys are wrapped by each master.
    pub needed: Vec<(String, i64)>,
}

impl Kept {
    /// Whether nothing was ever kept here, so that keys may be made.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.checks.is_empty() && self.needed.is_empty()
    }
}

pub fn kept(tx: &mut ReadTx<'_>) -> Result<Kept, Error> {
    Ok(Kept { keys: keys(tx)?, checks: checks(tx)?, needed: needed_masters(tx)? })
}

fn keys(tx: &mut ReadTx<'_>) -> Result<Vec<WrappedInstallationKey>, Error> {
    let rows: Vec<(String, String, Vec<u8>)> = installation_keys::table
        .select((installation_keys::purpose, installation_keys::master, installation_keys::blob))
        .load(tx.conn)?;
    Ok(rows.into_iter().map(|(purpose, master, blob)| WrappedInstallationKey { purpose, master, blob }).collect())
}

/// Makes whoever founds something wait for whoever founds something else: people and workspaces are counted there.
pub(super) fn lock(tx: &mut WriteTx<'_>) -> Result<(), Error> {
    diesel::update(installation_keys::table.filter(installation_keys::purpose.eq("pepper")))
        .set(installation_keys::master.eq(installation_keys::master))
        .execute(tx.conn)?;
    Ok(())
}

pub fn insert_key(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, CommandLine>,
    key: &WrappedInstallationKey,
) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(installation_keys::table)
        .values((
            installation_keys::purpose.eq(&key.purpose),
            installation_keys::master.eq(&key.master),
            installation_keys::blob.eq(&key.blob),
            installation_keys::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

fn checks(tx: &mut ReadTx<'_>) -> Result<Vec<(String, Vec<u8>)>, Error> {
    Ok(master_checks::table.select((master_checks::master, master_checks::mac)).load(tx.conn)?)
}

pub fn insert_check(tx: &mut WriteTx<'_>, _by: &Proof<'_, CommandLine>, master: &str, mac: &[u8]) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(master_checks::table)
        .values((master_checks::master.eq(master), master_checks::mac.eq(mac), master_checks::created_at.eq(now)))
        .execute(tx.conn)?;
    Ok(())
}

fn needed_masters(tx: &mut ReadTx<'_>) -> Result<Vec<(String, i64)>, Error> {
    let rows = workspaces::table
        .group_by(workspaces::master)
        .select((workspaces::master, diesel::dsl::count_star()))
        .load(tx.conn)?;
    Ok(rows)
}
