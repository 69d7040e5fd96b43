//! Writing entries into the chains.

use std::net::IpAddr;

use crate::crypto::{Keyring, Mac};
use crate::domain::audit::{Actor, ChainKind, Entry, Event};
use crate::domain::record::Topic;
use crate::domain::{ChainId, Moment, PersonId};
use crate::store::access::{InWorkspace, Proof};
use crate::store::audit::Marks;
use crate::store::{self, Error, WriteTx};

use super::{Tools, events};

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
    tools: Tools<'_>,
    event: Event,
) -> Result<(), Error> {
    events::tell(tx, by, tools, &event)?;
    let entry = tools.origin.entry(tx.now(), event);
    append(tx, tools.keyring, ChainKind::Changes, by.workspace().as_str(), &[&entry])
}

/// Records something that concerns the installation: sign-ins, accounts, set-up.
pub(super) fn installation(tx: &mut WriteTx<'_>, tools: Tools<'_>, event: Event) -> Result<(), Error> {
    let entry = tools.origin.entry(tx.now(), event);
    append(tx, tools.keyring, ChainKind::Installation, INSTALLATION, &[&entry])
}

/// Appends one link to a chain: one change, or a group of uses in their order.
pub(super) fn append(
    tx: &mut WriteTx<'_>,
    keyring: &Keyring,
    kind: ChainKind,
    workspace: &str,
    entries: &[&Entry],
) -> Result<(), Error> {
    let text = serde_json::to_string(entries).map_err(|_| Error::Unrecorded)?;
    let subject = match entries {
        [change] if kind != ChainKind::Uses => Some(change.event.subject()),
        _ => None,
    };
    let actor = common(entries, |entry| entry.by.word());
    let topic = common(entries, |entry| Topic::of(&entry.event).as_str());
    let marks = Marks { subject, actor, topic };
    store::audit::append(tx, (kind, workspace), &marks, &text, |place, at| {
        seal(keyring, &place.previous, (&place.chain, place.seq), at, &text).as_bytes().to_vec()
    })
}

/// What stands under an entry: it covers the entry before, and so all of them.
pub(super) fn seal(keyring: &Keyring, before: &[u8], (chain, seq): (&ChainId, i64), at: Moment, text: &str) -> Mac {
    let (seq, at) = (seq.to_be_bytes(), at.micros().to_be_bytes());
    keyring.audit_mac(&[before, chain.as_str().as_bytes(), &seq, &at, text.as_bytes()])
}

/// The word that all of them have, or none.
fn common<'a>(entries: &[&'a Entry], word: impl Fn(&'a Entry) -> &'a str) -> &'a str {
    let mut words = entries.iter().map(|entry| word(entry));
    let Some(first) = words.next() else { return "" };
    if words.all(|other| other == first) { first } else { "" }
}
