//! A workspace's name and address, and its end.

use crate::crypto::Keyring;
use crate::domain::audit::{ChainHead, Event};
use crate::domain::{Chance, Name, Slug};
use crate::store::access::{Admin, AtLeast, Owner, Proof};
use crate::store::{self, Fault, Unrecorded, WriteTx};

use super::audit::{self, Origin};
use super::founding::{FoundingError, take_slug};

/// Another name, and an address that reads like it; the old address leads on.
pub fn rename(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (keyring, chance): (&Keyring, &dyn Chance),
    origin: &Origin,
    name: &Name,
) -> Result<Slug, Fault<FoundingError>> {
    let row = store::workspaces::current(tx, by)?;
    if row.name == *name {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(row.slug);
    }
    let slug = take_slug(tx, by, chance, (name, by.workspace()))?;
    store::workspaces::rename(tx, by, name, &slug)?;
    let (before, after) = (row.name.to_string(), name.to_string());
    let event = Event::WorkspaceRenamed { workspace: row.id, before, after };
    audit::change(tx, by, keyring, origin, event)?;
    Ok(slug)
}

/// Destroys the workspace's key and everything that is in it. The installation's chain keeps where its chains ended.
pub fn delete(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Owner>>,
    keyring: &Keyring,
    origin: &Origin,
) -> Result<(), store::Error> {
    let row = store::workspaces::current(tx, by)?;
    let heads = store::audit::close_chains(tx, by)?.into_iter().map(|head| ChainHead {
        kind: head.kind,
        seq: head.seq,
        mac: data_encoding::HEXLOWER.encode(&head.mac),
    });
    let heads = heads.collect();
    store::workspaces::delete(tx, by)?;
    let event = Event::WorkspaceDeleted { workspace: row.id, name: row.name.to_string(), heads };
    audit::installation(tx, keyring, origin, event)
}
