//! Transactions as values: what can be read, what can be written, and whether it has been recorded.

use std::ops::{Deref, DerefMut};

use crate::domain::Moment;

use super::connection::Conn;

/// A consistent view of the database at one moment.
pub struct ReadTx<'tx> {
    pub(super) conn: &'tx mut Conn,
    now: Moment,
}

/// A transaction that may change things. It is kept only once its record has been written.
pub struct WriteTx<'tx> {
    read: ReadTx<'tx>,
    recorded: bool,
    queued: bool,
    outgoing: bool,
}

/// The few changes that are bookkeeping and leave no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrecorded {
    /// The cookie of a session that has been recorded already, or that it was seen.
    SessionUpkeep,
    /// Counting attempts.
    Throttle,
    /// Keys and links made before there is anybody to record.
    FirstStart,
    /// Taking work and putting it back or away; what it changes is recorded by what it does.
    Work,
    /// What somebody has begun and not finished: sealed, theirs alone, and gone within the hour.
    Draft,
    /// Who asks a provider for new tokens at the moment. That they are used for it is recorded as a use.
    Lease,
    /// How often something was used: the uses themselves are recorded before.
    Tally,
    /// Nothing was changed after all.
    Nothing,
}

impl<'tx> ReadTx<'tx> {
    pub(super) fn new(conn: &'tx mut Conn, now: Moment) -> Self {
        Self { conn, now }
    }

    pub fn now(&self) -> Moment {
        self.now
    }
}

impl<'tx> WriteTx<'tx> {
    pub(super) fn new(conn: &'tx mut Conn, now: Moment) -> Self {
        Self { read: ReadTx::new(conn, now), recorded: false, queued: false, outgoing: false }
    }

    /// Says why this transaction needs no entry.
    pub fn unrecorded(&mut self, _why: Unrecorded) {
        self.recorded = true;
    }

    pub(super) fn mark_recorded(&mut self) {
        self.recorded = true;
    }

    pub(super) fn is_recorded(&self) -> bool {
        self.recorded
    }

    pub(super) fn mark_queued(&mut self) {
        self.queued = true;
    }

    pub(super) fn mark_outgoing(&mut self) {
        self.outgoing = true;
    }

    /// Whether there is an event to be sent once this transaction is kept.
    pub(super) fn has_outgoing(&self) -> bool {
        self.outgoing
    }

    /// Whether there is more work to be done once this transaction is kept.
    pub(super) fn has_queued(&self) -> bool {
        self.queued
    }
}

impl<'tx> Deref for WriteTx<'tx> {
    type Target = ReadTx<'tx>;
    fn deref(&self) -> &ReadTx<'tx> {
        &self.read
    }
}

impl<'tx> DerefMut for WriteTx<'tx> {
    fn deref_mut(&mut self) -> &mut ReadTx<'tx> {
        &mut self.read
    }
}
