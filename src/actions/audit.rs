//! Writing entries into the chains.

use std::net::IpAddr;

use crate::crypto::Keyring;
use crate::domain::audit::{Actor, ChainKind, Entry, Event};
use crate::domain::{Moment, PersonId};
use crate::store::access::{InWorkspace, Proof};
use crate::store::{self, Error, WriteTx};

/// The workspace column of the installation's chain.
pub(super) const INSTALLATION: &str = "";

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub struct Origin {
    pub by: Actor,
    pub from: Option<IpAddr>,
}

impl Origin {
    /// A person, in their own name.
    pub fn of(person: &PersonId, from: Option<IpAddr>) -> Self {
        Self { by: Actor::Person { id: person.clone() }, from }
    }

    pub fn entry(&self, at: Moment, event: Event) -> Entry {
        Entry { at, by: self.by.clone(), from: self.from, event }
    }
}

/// Records a change of a workspace, in the change's own transaction.
pub(super) fn change(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    keyring: &Keyring,
    origin: &Origin,
    event: Event,
) -> Result<(), Error> {
    let entry = origin.entry(tx.now(), event);
    append(tx, keyring, ChainKind::Changes, by.workspace().as_str(), &[entry])
}

/// Records something that concerns the installation: sign-ins, accounts, set-up.
pub(super) fn installation(
    tx: &mut WriteTx<'_>,
    keyring: &Keyring,
    origin: &Origin,
    event: Event,
) -> Result<(), Error> {
    let entry = origin.entry(tx.now(), event);
    append(tx, keyring, ChainKind::Installation, INSTALLATION, &[entry])
}

/// Appends one link to a chain: one change, or a group of uses in their order.
pub(super) fn append(
    tx: &mut WriteTx<'_>,
    keyring: &Keyring,
    kind: ChainKind,
    workspace: &str,
    entries: &[Entry],
) -> Result<(), Error> {
    let text = serde_json::to_string(entries).map_err(|_| Error::Unrecorded)?;
    let subject = match entries {
        [change] if kind != ChainKind::Uses => Some(change.event.subject()),
        _ => None,
    };
    let place = store::audit::take_place(tx, kind, workspace)?;
    let at = tx.now().micros().to_be_bytes();
    let seq = place.seq.to_be_bytes();
    let parts: [&[u8]; 5] = [&place.previous, place.chain.as_str().as_bytes(), &seq, &at, text.as_bytes()];
    let mac = keyring.audit_mac(&parts);
    store::audit::append(tx, &place, subject, &text, mac.as_bytes())
}
