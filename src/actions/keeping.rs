//! What is said of a secret beside its value: its name, its dates, how it may leave.

use crate::domain::audit::{Event, SecretEvent, SecretFacts};
use crate::domain::policy::Standing;
use crate::domain::{Delivery, Name, SecretId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::secrets::{Dates, ListedSecret};
use crate::store::{self, Denied, Error, Fault, Outcome, ReadTx, Unrecorded, WriteTx};

use super::secrets::{SecretRefusal, describe};
use super::{Tools, audit};

/// A secret that this member may see.
fn seen(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &SecretId) -> Result<ListedSecret, Error> {
    Ok(store::secrets::find(tx, by, id)?.ok_or(Denied::NotFound)?)
}

fn is_rotatable(by: &Proof<'_, impl AtLeast<Member>>, row: &ListedSecret) -> bool {
    row.facts().rotatable_by(Standing { person: by.person(), role: by.role() })
}

/// Gives a secret of one's own another name.
pub fn rename(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, name): (&SecretId, &Name),
) -> Result<(), Fault<SecretRefusal>> {
    let row = seen(tx, by, id)?;
    if !row.facts().governed_by(by.person()) {
        return Err(Denied::Forbidden.into());
    }
    if row.secret.name == *name {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::secrets::rename(tx, by, id, name).map_err(|error| match error {
        Error::Taken => Fault::Refused(SecretRefusal::NameTaken),
        other => other.into(),
    })?;
    let secret = SecretFacts { name: name.to_string(), ..describe(&row) };
    let event = SecretEvent::Renamed { secret, before: row.secret.name.to_string() };
    Ok(audit::change(tx, by, tools, Event::Secret(event))?)
}

/// Sets its last day and its reminder, or takes them away. A slot without a value has none.
pub fn set_dates(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, dates): (&SecretId, Dates),
) -> Outcome<()> {
    let row = seen(tx, by, id)?;
    if !is_rotatable(by, &row) {
        return Err(Denied::Forbidden.into());
    }
    if row.secret.value_entered_at.is_none() || row.secret.dates() == dates {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::secrets::set_dates(tx, by, id, dates)?;
    let Dates { expires_at, rotate_at } = dates;
    let event = SecretEvent::DatesChanged { secret: describe(&row), expires_at, rotate_at };
    Ok(audit::change(tx, by, tools, Event::Secret(event))?)
}

/// Lets the value never leave again. The other way takes a new value.
pub fn narrow(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &SecretId,
) -> Outcome<()> {
    let row = seen(tx, by, id)?;
    if !is_rotatable(by, &row) {
        return Err(Denied::Forbidden.into());
    }
    if row.secret.delivery == Delivery::Proxy {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::secrets::set_delivery(tx, by, id, Delivery::Proxy)?;
    let secret = SecretFacts { delivery: Delivery::Proxy, ..describe(&row) };
    Ok(audit::change(tx, by, tools, Event::Secret(SecretEvent::DeliveryNarrowed { secret }))?)
}
