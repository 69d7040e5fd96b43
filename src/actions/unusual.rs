//! What somebody says of unusual use: that all is well.

use crate::domain::SecretId;
use crate::domain::audit::{Event, SecretEvent};
use crate::domain::policy::Standing;
use crate::domain::unusual::Oddity;
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::{self, Denied, Outcome, Unrecorded, WriteTx};

use super::secrets::describe;
use super::{Tools, audit};

/// Whoever may replace the value may also say that its use is as it should be; of what, where that is known.
pub fn settle(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, kind): (&SecretId, Option<Oddity>),
) -> Outcome<()> {
    let row = store::secrets::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !row.facts().rotatable_by(Standing { person: by.person(), role: by.role() }) {
        return Err(Denied::Forbidden.into());
    }
    let settled = match kind {
        Some(kind) => store::oddities::settle(tx, by, (id, kind))?.then_some(kind),
        None => None,
    };
    let Some(kind) = settled else {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    };
    let event = SecretEvent::FoundWell { secret: describe(&row), kind };
    Ok(audit::change(tx, by, tools, Event::Secret(event))?)
}
