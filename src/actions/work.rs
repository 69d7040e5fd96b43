//! What Owners do about letters and other work: send one to try, try again, give up.

use std::time::Duration;

use crate::domain::audit::Event;
use crate::domain::{JobId, Letter, Moment};
use crate::store::access::{Owner, Proof};
use crate::store::{self, Denied, Fault, Outcome, Refusal, Unrecorded, WriteTx};

use super::{Tools, audit, outbox};

/// One trial letter in so long.
const PAUSE: Duration = Duration::from_mins(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrialRefusal {
    #[error("a trial letter was sent a moment ago")]
    TooSoon(Moment),
}

impl Refusal for TrialRefusal {}

/// Queues a letter to the Owner's own address.
pub fn send_trial(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, tools: Tools<'_>) -> Result<(), Fault<TrialRefusal>> {
    let person = store::workspaces::find_person(tx, by)?;
    let name = tools.keyring.throttle_key(&[b"trial", person.id.as_str().as_bytes()]);
    if let Some(until) = store::throttle::closed_until(tx, by, (name.as_bytes(), 1))? {
        return Err(TrialRefusal::TooSoon(until).into());
    }
    store::throttle::hit(tx, by, name.as_bytes(), PAUSE)?;
    let workspace = store::workspaces::current(tx, by)?.name.to_string();
    outbox::of_workspace(tx, by, tools, (&person.email, Letter::Trial { workspace }))?;
    Ok(audit::change(tx, by, tools, Event::MailTried { person: person.id })?)
}

/// Has failed work tried again; false where it is tried already.
pub fn retry(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, tools: Tools<'_>, id: &JobId) -> Outcome<bool> {
    let title = store::jobs::title(tx, by, id)?.ok_or(Denied::NotFound)?;
    let retried = store::jobs::retry(tx, by, id)?;
    keep(tx, by, tools, retried.then(|| Event::JobRetried { job: id.clone(), title }))
}

/// Gives failed work up for good; false where it is tried again.
pub fn discard(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, tools: Tools<'_>, id: &JobId) -> Outcome<bool> {
    let title = store::jobs::title(tx, by, id)?.ok_or(Denied::NotFound)?;
    let discarded = store::jobs::discard(tx, by, id)?;
    keep(tx, by, tools, discarded.then(|| Event::JobDiscarded { job: id.clone(), title }))
}

fn keep(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, tools: Tools<'_>, done: Option<Event>) -> Outcome<bool> {
    let Some(event) = done else {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(false);
    };
    audit::change(tx, by, tools, event)?;
    Ok(true)
}
