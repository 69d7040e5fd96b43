//! The demand of whoever brings the private link of a calendar.
//!
//! Invariant: it reads the dates that its member may see at that moment, and nothing else: no other proof comes of it
//! outside the store.

use diesel::prelude::*;

use crate::domain::{CalendarId, PersonId, Role, WorkspaceId};
use crate::store::error::{Denied, Error};
use crate::store::schema::{calendars, members};
use crate::store::tx::{ReadTx, WriteTx};

use super::{Demand, InWorkspace, Member, Membership, Proof, Right, is_same};

/// Reading the dates of one workspace, as one of its members would.
pub struct Calendar;

/// Whose calendar it is.
pub struct CalendarOf(Membership);

impl Right for Calendar {
    type Holder = CalendarOf;
}

impl InWorkspace for Calendar {
    fn workspace(holder: &CalendarOf) -> &WorkspaceId {
        &holder.0.workspace
    }
}

impl<'tx> Proof<'tx, Calendar> {
    /// The member themselves, for reading their dates.
    pub(in crate::store) fn reader(&self) -> Proof<'tx, Member> {
        Proof { holder: self.holder.0.clone(), brand: self.brand }
    }
}

/// A well-formed link as somebody brought it.
pub struct AskCalendar {
    pub calendar: CalendarId,
    pub mac: [u8; 32],
}

impl Demand for AskCalendar {
    type Right = Calendar;

    /// Nothing is changed by it.
    fn lock(&self, _tx: &mut WriteTx<'_>) -> Result<(), Error> {
        Err(Denied::Forbidden.into())
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Calendar>, Error> {
        let of_member =
            members::workspace_id.eq(calendars::workspace_id).and(members::person_id.eq(calendars::person_id));
        let found: Option<(WorkspaceId, PersonId, Role, Vec<u8>)> = calendars::table
            .inner_join(members::table.on(of_member))
            .filter(calendars::id.eq(&self.calendar))
            .select((members::workspace_id, members::person_id, members::role, calendars::mac))
            .first(tx.conn)
            .optional()?;
        let found = found.filter(|(_, _, _, mac)| is_same(mac, &self.mac));
        let (workspace, person, role, _) = found.ok_or(Denied::NotFound)?;
        Ok(Proof::new(tx, CalendarOf(Membership { workspace, person, role })))
    }
}
