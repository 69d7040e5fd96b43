//! What people change of their own accounts.

use crate::domain::Name;
use crate::domain::audit::{AccountEvent, Event};
use crate::store::access::{Oneself, Proof};
use crate::store::{self, Outcome, Unrecorded, WriteTx};

use super::{Tools, audit};

/// Another name, in every workspace at once.
pub fn rename(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>, tools: Tools<'_>, name: &Name) -> Outcome<()> {
    let (person, _) = store::people::myself(tx, by)?;
    if person.name == *name {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::people::rename(tx, by, name)?;
    let (before, after) = (person.name.to_string(), name.to_string());
    Ok(audit::installation(
        tx,
        tools,
        Event::Account(AccountEvent::PersonRenamed { person: person.id, before, after }),
    )?)
}
