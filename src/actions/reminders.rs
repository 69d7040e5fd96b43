//! Reminding people of their secrets' dates: one letter a day at most, and as late as they wish.

use std::convert::Infallible;
use std::time::Duration;

use crate::domain::audit::{Event, SecretEvent};
use crate::domain::letter::DateLine;
use crate::domain::reminder::{DateKind, SNOOZES};
use crate::domain::{Letter, Moment, PersonId, SecretId};
use crate::store::access::{AskRunner, AtLeast, Member, Proof, Runner};
use crate::store::reminders::Dated;
use crate::store::{self, Db, Denied, Error, Fault, Refusal, Unrecorded, WriteTx};

use super::outbox::{self, Post};
use super::secrets::describe;
use super::{Kit, Tools, audit};
use crate::domain::audit::Actor;

/// Secrets that a letter lists; the rest is counted.
const LISTED: usize = 30;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnoozeRefusal {
    #[error("it is put off for one day, seven or thirty")]
    OtherSpan,
    #[error("there is no date that one would be reminded of")]
    NoDate,
}

impl Refusal for SnoozeRefusal {}

/// The one who asks hears no more of a secret's dates for so many days.
pub fn snooze(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, days): (&SecretId, u64),
) -> Result<(), Fault<SnoozeRefusal>> {
    let row = store::secrets::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !SNOOZES.contains(&days) {
        return Err(SnoozeRefusal::OtherSpan.into());
    }
    if row.secret.expires_at.is_none() && row.secret.rotate_at.is_none() {
        return Err(SnoozeRefusal::NoDate.into());
    }
    let until = tx.now().plus(Duration::from_hours(24) * u32::try_from(days).unwrap_or(1));
    store::reminders::snooze(tx, by, id, until)?;
    let event = SecretEvent::ReminderSnoozed { secret: describe(&row), until };
    Ok(audit::change(tx, by, tools, Event::Secret(event))?)
}

/// Writes to everybody whose secrets end soon, or are due for another value, and who was not written to today.
pub async fn remind(db: &Db, kit: &Kit) -> Result<(), Fault<Infallible>> {
    let open = db.read(AskRunner, |tx, by| {
        let now = tx.now();
        let mut owners: Vec<PersonId> = Vec::new();
        for of in store::reminders::dated(tx, by, None)? {
            if is_open(&of, now) && owners.last() != Some(&of.owner) {
                owners.push(of.owner);
            }
        }
        Ok(owners)
    });
    for person in open.await? {
        let kit = kit.clone();
        let written = db.write(AskRunner, move |tx, by| {
            // What was written of is no change of anything.
            tx.unrecorded(Unrecorded::Work);
            Ok(kit.by(Actor::Keyrack, |tools| write(tx, by, tools, &person))?)
        });
        written.await?;
    }
    Ok(())
}

fn dates(of: &Dated) -> impl Iterator<Item = (DateKind, Moment)> {
    let all = [(DateKind::Expiry, of.dates.expires_at), (DateKind::Rotation, of.dates.rotate_at)];
    all.into_iter().filter_map(|(kind, at)| Some((kind, at?)))
}

/// Whether there is news of it.
fn is_open(of: &Dated, now: Moment) -> bool {
    dates(of).any(|(kind, at)| of.told.lacks(kind, at, now))
}

fn write(tx: &mut WriteTx<'_>, by: &Proof<'_, Runner>, tools: Tools<'_>, person: &PersonId) -> Result<(), Error> {
    store::reminders::take_turn(tx, by, person)?;
    let now = tx.now();
    if store::reminders::last_told(tx, by, person)?.is_some_and(|last| last.day() == now.day()) {
        return Ok(());
    }
    let mut all = store::reminders::dated(tx, by, Some(person))?;
    let Some(email) = all.iter().find(|of| is_open(of, now)).map(|of| of.email.clone()) else { return Ok(()) };
    // Where there is news, what was told before and is still to be done is told along.
    all.retain(|of| !of.told.is_snoozed(now));
    let mut lines: Vec<DateLine> = all.iter().flat_map(|of| lines_of(of, now)).collect();
    lines.sort_by_key(|line| line.at);
    let more = lines.len().saturating_sub(LISTED);
    lines.truncate(LISTED);
    for of in &all {
        let written = |kind: DateKind, at: Option<Moment>| at.map_or(0, |at| kind.letters(at, now));
        let letters = (written(DateKind::Expiry, of.dates.expires_at), written(DateKind::Rotation, of.dates.rotate_at));
        store::reminders::note_told(tx, by, (of, letters))?;
    }
    let post = Post { to: &email, person: Some(person), letter: Letter::Reminder { lines, more } };
    outbox::of_person(tx, by, tools, post)
}

fn lines_of(of: &Dated, now: Moment) -> Vec<DateLine> {
    let reached = dates(of).filter(|(kind, at)| kind.letters(*at, now) > 0);
    let line = |(kind, at)| DateLine {
        slug: of.workspace.0.to_string(),
        workspace: of.workspace.1.to_string(),
        name: of.name.to_string(),
        node_type: of.node_type.to_string(),
        environment: of.environment,
        kind,
        at,
    };
    reached.map(line).collect()
}
