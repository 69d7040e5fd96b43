//! The private link by which a member's calendar elsewhere reads what ends in a workspace.

use crate::crypto::CalendarToken;
use crate::domain::CalendarId;
use crate::domain::audit::{Event, PeopleEvent};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::{self, Outcome, Unrecorded, WriteTx};

use super::{Tools, audit};

/// Makes a link, in place of the one before: its text is shown now, and never again.
pub fn open(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, tools: Tools<'_>) -> Outcome<String> {
    let link = CalendarToken::draw(CalendarId::draw(tx.now(), tools.chance), tools.chance);
    let mac = tools.keyring.calendar_mac(&link);
    store::calendars::set(tx, by, (&link.id, mac.as_bytes()))?;
    let name = store::workspaces::find_person(tx, by)?.name.to_string();
    let event = PeopleEvent::CalendarOpened { person: by.person().clone(), name };
    audit::change(tx, by, tools, Event::People(event))?;
    Ok(link.as_str().to_owned())
}

/// Takes it back: whoever holds it reads nothing more.
pub fn close(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, tools: Tools<'_>) -> Outcome<()> {
    if !store::calendars::forget(tx, by, by.person())? {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    let name = store::workspaces::find_person(tx, by)?.name.to_string();
    let event = PeopleEvent::CalendarClosed { person: by.person().clone(), name };
    Ok(audit::change(tx, by, tools, Event::People(event))?)
}
