//! What ends by itself because a time that somebody had set is over.

use crate::domain::audit::{Event, SecretEvent};
use crate::domain::secret::Slot;
use crate::store::access::{Proof, RunnerIn};
use crate::store::{self, Outcome, Unrecorded, WriteTx};

use super::{Tools, audit};

/// Destroys the previous values that nobody can roll back to any more. Done twice it comes to the same.
pub fn destroy_previous(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, tools: Tools<'_>) -> Outcome<()> {
    let ended = store::secrets::ended_previous(tx, by)?;
    if ended.is_empty() {
        tx.unrecorded(Unrecorded::Nothing);
    }
    for one in ended {
        store::secrets::destroy_slot(tx, by, (&one.secret, Slot::Previous))?;
        let event =
            SecretEvent::PreviousDestroyed { secret: one.secret, name: one.name.to_string(), value: one.number };
        audit::change(tx, by, tools, Event::Secret(event))?;
    }
    Ok(())
}
