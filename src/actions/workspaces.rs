//! A workspace's name and address, and its end.

use crate::domain::audit::{ChainHead, Event, NodeTypeEvent, PeopleEvent};
use crate::domain::return_to::ReturnAddresses;
use crate::domain::{Name, Sharing, Slug};
use crate::store::access::{Admin, AtLeast, Owner, Proof};
use crate::store::{self, Fault, Outcome, Refusal, Unrecorded, WriteTx};

use super::founding::{FoundingError, take_slug};
use super::{Tools, audit};

/// Which members is said of one secret, never of those to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Choose the owner alone or the whole workspace.")]
pub struct SharingError;

impl Refusal for SharingError {}

/// Another name, and an address that reads like it; the old address leads on.
pub fn rename(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    name: &Name,
) -> Result<Slug, Fault<FoundingError>> {
    let row = store::workspaces::current(tx, by)?;
    if row.name == *name {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(row.slug);
    }
    let slug = take_slug(tx, by, tools, (name, by.workspace()))?;
    store::workspaces::rename(tx, by, name, &slug)?;
    let (before, after) = (row.name.to_string(), name.to_string());
    let event = Event::People(PeopleEvent::WorkspaceRenamed { workspace: row.id, before, after });
    audit::change(tx, by, tools, event)?;
    Ok(slug)
}

/// Who may use secrets that are added from now on, where nobody says otherwise. Those that are there keep theirs.
pub fn share_by_default(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    sharing: Sharing,
) -> Result<(), Fault<SharingError>> {
    if sharing == Sharing::Members {
        return Err(SharingError.into());
    }
    let before = store::workspaces::default_sharing(tx, by)?;
    if before == sharing {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::workspaces::set_default_sharing(tx, by, sharing)?;
    let event =
        Event::People(PeopleEvent::DefaultSharingChanged { workspace: by.workspace().clone(), before, after: sharing });
    Ok(audit::change(tx, by, tools, event)?)
}

/// To where end users may be sent back from now on.
pub fn register_return_addresses(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    after: &ReturnAddresses,
) -> Outcome<()> {
    if store::workspaces::return_addresses(tx, by)? == *after {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::workspaces::set_return_addresses(tx, by, after)?;
    let addresses = after.iter().map(ToOwned::to_owned).collect();
    let event = NodeTypeEvent::ReturnAddressesChanged { workspace: by.workspace().clone(), addresses };
    Ok(audit::change(tx, by, tools, Event::NodeType(event))?)
}

/// Destroys the workspace's key and everything that is in it. The installation's chain keeps where its chains ended.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Owner>>, tools: Tools<'_>) -> Outcome<()> {
    let row = store::workspaces::current(tx, by)?;
    let heads = store::audit::close_chains(tx, by)?.into_iter().map(|head| ChainHead {
        kind: head.kind,
        seq: head.seq,
        mac: data_encoding::HEXLOWER.encode(&head.mac),
    });
    let heads = heads.collect();
    store::workspaces::delete(tx, by)?;
    let event = Event::People(PeopleEvent::WorkspaceDeleted { workspace: row.id, name: row.name.to_string(), heads });
    Ok(audit::installation(tx, tools, event)?)
}
