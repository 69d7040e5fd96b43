//! Another value for a secret that is there: entered in place of the old one, or beside it and promoted later.
//!
//! Invariant: id, name, sharing and bindings stay whatever is done here. Nothing here opens a value.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::crypto::Credential;
use crate::domain::audit::{Event, SecretEvent, SecretFacts};
use crate::domain::keys::Hook;
use crate::domain::letter::SecretDeed;
use crate::domain::policy::Standing;
use crate::domain::secret::Slot;
use crate::domain::{Delivery, Kind, Method, Scopes, SecretId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::secrets::{Dates, Held, ListedSecret, Replaced};
use crate::store::{self, Denied, Error, Fault, Outcome, ReadTx, Refusal, WriteTx};

use super::entering::Facts;
use super::sealing::{Numbered, Shown};
use super::secrets::describe;
use super::{Tools, audit, letters, renewing, sealing};

/// How long one can go back to the value that was current before.
pub const KEPT: Duration = Duration::from_hours(24);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueRefusal {
    #[error("This node type is disabled.")]
    Disabled,
    #[error("It holds no value that another one could follow. Enter its value instead.")]
    NoValue,
    #[error("Where this secret may travel has changed since you opened this page. Look once more.")]
    Moved,
    #[error("It has changed since you opened this page. Look once more.")]
    Changed,
    #[error("The last day of the next value is over. Drop it and enter another one.")]
    Over,
}

impl Refusal for ValueRefusal {}

/// A value as somebody entered it, checked against the description of its node type.
pub struct NewEntry {
    /// Which description of the node type the person had before them.
    pub revision: i64,
    pub kind: Kind,
    pub last_four: Option<String>,
    /// Plain facts to show, as JSON.
    pub facts: String,
    /// The parts of the address, which only the owner may choose anew.
    pub parts: BTreeMap<String, String>,
    pub credential: Credential,
    pub dates: Dates,
    /// What a client that fetches its own tokens asks for.
    pub asks: Scopes,
    /// Stays as it is where nothing is said.
    pub delivery: Option<Delivery>,
}

impl NewEntry {
    fn shown(&self) -> Shown<'_> {
        let Self { kind, dates, .. } = *self;
        Shown { kind, last_four: self.last_four.as_deref(), facts: &self.facts, dates }
    }
}

/// A secret that this member may enter a value for.
fn rotatable(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &SecretId) -> Result<ListedSecret, Error> {
    let row = store::secrets::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    match row.facts().rotatable_by(Standing { person: by.person(), role: by.role() }) {
        true => Ok(row),
        false => Err(Denied::Forbidden.into()),
    }
}

/// Where its values are sealed, once it is clear that this entry may be one of them.
fn hook_for(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    row: &ListedSecret,
    entry: &NewEntry,
) -> Result<Hook, Fault<ValueRefusal>> {
    let secret = &row.secret;
    let node_type = store::node_types::find(tx, by, &secret.node_type)?.ok_or(Denied::NotFound)?;
    if !node_type.enabled {
        return Err(ValueRefusal::Disabled.into());
    }
    if node_type.method != entry.kind.method() {
        return Err(ValueRefusal::Moved.into());
    }
    // Product rule 16: a value goes where the person who entered it saw that it would.
    if node_type.revision != entry.revision {
        return Err(ValueRefusal::Moved.into());
    }
    let governs = row.facts().governed_by(by.person());
    // Product rule 4: whoever enters a value for somebody else sends it nowhere else, and hands it to nobody else.
    let held = Facts::read(&secret.facts).fields;
    let elsewhere = |(name, text): (&String, &String)| held.get(name).is_some_and(|held| held != text);
    if !governs && entry.parts.iter().any(elsewhere) {
        return Err(ValueRefusal::Moved.into());
    }
    let widens = entry.delivery == Some(Delivery::Vend) && secret.delivery == Delivery::Proxy;
    if widens && !governs {
        return Err(Denied::Forbidden.into());
    }
    Ok(Hook { node_type: node_type.id, environment: secret.environment })
}

/// Enters another value in place of all that are there, and keeps nothing of them.
pub fn replace(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &SecretId,
    entry: &NewEntry,
) -> Result<(), Fault<ValueRefusal>> {
    let row = rotatable(tx, by, id)?;
    let hook = hook_for(tx, by, &row, entry)?;
    let (secret, number) = (&row.secret, row.secret.newest_number + 1);
    store::secrets::destroy_values(tx, by, id)?;
    let client = (entry.kind == Kind::ClientCredentials).then(|| renewing::of_client(&entry.credential));
    let credential = client.as_ref().unwrap_or(&entry.credential);
    sealing::seal(tx, by, tools, &hook, Numbered::current(id, number), (credential, entry.shown()))?;
    let (kind, last_four, facts) = (entry.kind, entry.last_four.as_deref(), entry.facts.as_str());
    let new = Replaced { number, kind, last_four, facts, account_name: None, account_identifier: None };
    store::secrets::note_new_value(tx, by, id, &new)?;
    store::secrets::set_dates(tx, by, id, entry.dates)?;
    if client.is_some() {
        renewing::begin(tx, by, id, (&entry.credential, &entry.asks))?;
    }
    let delivery = entry.delivery.unwrap_or(secret.delivery);
    let now = SecretFacts { kind, delivery, ..describe(&row) };
    audit::change(tx, by, tools, Event::ValueReplaced { secret: now.clone(), value: number })?;
    deliver(tx, by, tools, (&row, &now))?;
    if secret.value_entered_at.is_some() && entry.dates != secret.dates() {
        let Dates { expires_at, rotate_at } = entry.dates;
        let event = SecretEvent::DatesChanged { secret: now, expires_at, rotate_at };
        audit::change(tx, by, tools, Event::Secret(event))?;
    }
    Ok(letters::tell_owner(tx, by, tools, (&row, SecretDeed::Replaced))?)
}

/// How it may leave from now on; a new value has just been stored.
pub(super) fn deliver(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (before, now): (&ListedSecret, &SecretFacts),
) -> Result<(), Error> {
    if now.delivery == before.secret.delivery {
        return Ok(());
    }
    store::secrets::set_delivery(tx, by, &before.secret.id, now.delivery)?;
    let secret = now.clone();
    let event = match now.delivery {
        Delivery::Vend => SecretEvent::DeliveryWidened { secret },
        Delivery::Proxy => SecretEvent::DeliveryNarrowed { secret },
    };
    audit::change(tx, by, tools, Event::Secret(event))
}

/// Enters the value that is to follow the current one. One that was entered before for that is destroyed.
pub fn stage(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &SecretId,
    entry: &NewEntry,
) -> Result<(), Fault<ValueRefusal>> {
    let row = rotatable(tx, by, id)?;
    let hook = hook_for(tx, by, &row, entry)?;
    if row.secret.value_entered_at.is_none() || entry.kind.method() != Method::Key {
        return Err(ValueRefusal::NoValue.into());
    }
    let number = row.secret.newest_number + 1;
    if let Some(before) = held_in(tx, by, &row, Slot::Next)? {
        drop_held(tx, by, tools, (&row, &before))?;
    }
    let numbered = Numbered { secret: id, slot: Slot::Next, number };
    sealing::seal(tx, by, tools, &hook, numbered, (&entry.credential, entry.shown()))?;
    store::secrets::note_staged(tx, by, id, number)?;
    let event = SecretEvent::Staged { secret: describe(&row), value: number };
    audit::change(tx, by, tools, Event::Secret(event))?;
    Ok(letters::tell_owner(tx, by, tools, (&row, SecretDeed::Staged))?)
}

fn held_in(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    row: &ListedSecret,
    slot: Slot,
) -> Result<Option<Held>, Error> {
    Ok(store::secrets::held(tx, by, row)?.into_iter().find(|held| held.slot == slot))
}

fn drop_held(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (row, held): (&ListedSecret, &Held),
) -> Result<(), Error> {
    store::secrets::destroy_slot(tx, by, (&row.secret.id, held.slot))?;
    let event = SecretEvent::StagedDropped { secret: describe(row), value: held.number };
    audit::change(tx, by, tools, Event::Secret(event))
}

/// The secret and the very value that its page showed there.
fn meant(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (id, slot, number): (&SecretId, Slot, i64),
) -> Result<(ListedSecret, Held), Fault<ValueRefusal>> {
    let row = rotatable(tx, by, id)?;
    let held = held_in(tx, by, &row, slot)?.filter(|held| held.number == number);
    Ok((row, held.ok_or(ValueRefusal::Changed)?))
}

/// Lets the next value be the current one. What was current is kept for a day, to go back to.
pub fn promote(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, number): (&SecretId, i64),
) -> Result<(), Fault<ValueRefusal>> {
    let (row, next) = meant(tx, by, (id, Slot::Next, number))?;
    let now = tx.now();
    if next.expires_at.is_some_and(|end| end <= now) {
        return Err(ValueRefusal::Over.into());
    }
    store::secrets::promote(tx, by, (&row.secret, &next), now.plus(KEPT))?;
    let secret = SecretFacts { kind: next.kind, ..describe(&row) };
    let event = SecretEvent::Promoted { secret, value: number, before: row.secret.value_number };
    audit::change(tx, by, tools, Event::Secret(event))?;
    Ok(letters::tell_owner(tx, by, tools, (&row, SecretDeed::Promoted))?)
}

/// Lets the previous value be the current one again, while it is kept. The one that had followed it is destroyed.
pub fn roll_back(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, number): (&SecretId, i64),
) -> Result<(), Fault<ValueRefusal>> {
    let (row, previous) = meant(tx, by, (id, Slot::Previous, number))?;
    store::secrets::roll_back(tx, by, (&row.secret, &previous))?;
    let secret = SecretFacts { kind: previous.kind, ..describe(&row) };
    let event = SecretEvent::RolledBack { secret, value: number, before: row.secret.value_number };
    audit::change(tx, by, tools, Event::Secret(event))?;
    Ok(letters::tell_owner(tx, by, tools, (&row, SecretDeed::RolledBack))?)
}

/// Destroys the next value before it was ever the current one.
pub fn drop_next(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, number): (&SecretId, i64),
) -> Result<(), Fault<ValueRefusal>> {
    let (row, next) = meant(tx, by, (id, Slot::Next, number))?;
    drop_held(tx, by, tools, (&row, &next))?;
    Ok(letters::tell_owner(tx, by, tools, (&row, SecretDeed::Dropped))?)
}

/// Takes the value away, and keeps the slot with its name, its sharing and what is bound to it.
pub fn disconnect(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &SecretId,
) -> Outcome<()> {
    let row = rotatable(tx, by, id)?;
    if row.secret.value_entered_at.is_none() {
        tx.unrecorded(store::Unrecorded::Nothing);
        return Ok(());
    }
    store::secrets::empty(tx, by, id)?;
    audit::change(tx, by, tools, Event::Secret(SecretEvent::Disconnected { secret: describe(&row) }))?;
    Ok(letters::tell_owner(tx, by, tools, (&row, SecretDeed::Disconnected))?)
}
