//! What people change of their own accounts.

use crate::crypto::Keyring;
use crate::domain::Name;
use crate::domain::audit::Event;
use crate::store::access::{Oneself, Proof};
use crate::store::{self, Error, Unrecorded, WriteTx};

use super::audit::{self, Origin};

/// Another name, in every workspace at once.
pub fn rename(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    keyring: &Keyring,
    origin: &Origin,
    name: &Name,
) -> Result<(), Error> {
    let (person, _) = store::people::myself(tx, by)?;
    if person.name == *name {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::people::rename(tx, by, name)?;
    let (before, after) = (person.name.to_string(), name.to_string());
    audit::installation(tx, keyring, origin, Event::PersonRenamed { person: person.id, before, after })
}
