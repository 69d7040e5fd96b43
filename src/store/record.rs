//! The record as it is stored, link by link: for checking it, and for showing one entry.
//!
//! Invariant: a chain is reached through a proof of its workspace, or of the command line; its links come in portions.

use diesel::prelude::*;

use crate::domain::audit::ChainKind;
use crate::domain::record::EntryName;
use crate::domain::{ChainId, Slug, WorkspaceId};

use super::access::{Admin, AtLeast, CommandLine, Proof};
use super::audit::StoredEntry;
use super::error::Error;
use super::schema::{audit_chains, audit_entries, workspaces};
use super::tx::ReadTx;

/// A chain, and where its head says that it ends.
#[derive(Queryable, Clone)]
pub struct Chain {
    id: ChainId,
    pub seq: i64,
    pub head: Vec<u8>,
}

impl Chain {
    pub fn id(&self) -> &ChainId {
        &self.id
    }
}

pub fn chain(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    kind: ChainKind,
) -> Result<Option<Chain>, Error> {
    load(tx, by.workspace().as_str(), kind)
}

/// For the command line: a chain of any workspace, or the installation's, which has none.
pub fn any_chain(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, CommandLine>,
    workspace: Option<&WorkspaceId>,
    kind: ChainKind,
) -> Result<Option<Chain>, Error> {
    load(tx, workspace.map_or("", WorkspaceId::as_str), kind)
}

fn load(tx: &mut ReadTx<'_>, workspace: &str, kind: ChainKind) -> Result<Option<Chain>, Error> {
    let chain = audit_chains::table
        .filter(audit_chains::workspace_id.eq(workspace))
        .filter(audit_chains::kind.eq(kind))
        .select((audit_chains::id, audit_chains::seq, audit_chains::head))
        .first(tx.conn)
        .optional()?;
    Ok(chain)
}

/// For the command line: whether this workspace is there.
pub fn exists(tx: &mut ReadTx<'_>, _by: &Proof<'_, CommandLine>, id: &WorkspaceId) -> Result<bool, Error> {
    let row = workspaces::table.filter(workspaces::id.eq(id)).select(workspaces::id);
    Ok(diesel::select(diesel::dsl::exists(row)).get_result(tx.conn)?)
}

/// For the command line: every workspace, by its address.
pub fn workspaces(tx: &mut ReadTx<'_>, _by: &Proof<'_, CommandLine>) -> Result<Vec<(WorkspaceId, Slug)>, Error> {
    Ok(workspaces::table.order(workspaces::slug).select((workspaces::id, workspaces::slug)).load(tx.conn)?)
}

/// The links after this number, in their order.
pub fn links(tx: &mut ReadTx<'_>, chain: &Chain, after: i64, limit: i64) -> Result<Vec<StoredEntry>, Error> {
    let links = audit_entries::table
        .filter(audit_entries::chain_id.eq(&chain.id))
        .filter(audit_entries::seq.gt(after))
        .order(audit_entries::seq)
        .limit(limit)
        .select((audit_entries::seq, audit_entries::at, audit_entries::entry, audit_entries::mac))
        .load(tx.conn)?;
    Ok(links)
}

pub fn link(tx: &mut ReadTx<'_>, chain: &Chain, seq: i64) -> Result<Option<StoredEntry>, Error> {
    Ok(links(tx, chain, seq.saturating_sub(1), 1)?.pop().filter(|link| link.seq == seq))
}

/// The highest number that is stored, whatever the head says.
pub fn last(tx: &mut ReadTx<'_>, chain: &Chain) -> Result<Option<i64>, Error> {
    let last = audit_entries::table
        .filter(audit_entries::chain_id.eq(&chain.id))
        .order(audit_entries::seq.desc())
        .select(audit_entries::seq)
        .first(tx.conn)
        .optional()?;
    Ok(last)
}

/// One entry, and what stands around it.
pub struct Found {
    pub chain: Chain,
    pub entry: StoredEntry,
    pub before: Option<StoredEntry>,
    pub has_next: bool,
}

pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, name: EntryName) -> Result<Option<Found>, Error> {
    let Some(chain) = chain(tx, by, name.kind)? else { return Ok(None) };
    let Some(entry) = link(tx, &chain, name.seq)? else { return Ok(None) };
    let before = link(tx, &chain, name.seq.saturating_sub(1))?;
    let has_next = link(tx, &chain, name.seq.saturating_add(1))?.is_some();
    Ok(Some(Found { chain, entry, before, has_next }))
}
