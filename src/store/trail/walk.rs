//! A walk along one chain, entry by entry, that passes over what is not asked for.
//!
//! Invariant: rows come in small portions, and each comes out of the walk's budget; whatever the chain holds, memory and
//! work are bounded.

use std::collections::VecDeque;

use diesel::prelude::*;

use crate::domain::ChainId;
use crate::domain::audit::ChainKind;
use crate::domain::record::{EntryName, Topic};
use crate::store::access::{Admin, AtLeast, Proof};
use crate::store::audit::{StoredEntry, chain_of};
use crate::store::error::Error;
use crate::store::paging::Turn;
use crate::store::schema::audit_entries;
use crate::store::tx::ReadTx;

use super::{Look, Narrow, Told};

/// Rows that are read at once where most of them may not match.
const PORTION: usize = 100;
/// Entries written side by side, or while a clock was put right, stand in another order than their times: a period is
/// looked for with so many entries around it.
const AROUND: i64 = 1_000;

pub(super) struct Walk<'l> {
    kind: ChainKind,
    /// None where this chain is not asked for.
    chain: Option<ChainId>,
    narrow: &'l Narrow,
    portion: usize,
    upwards: bool,
    /// What is still ahead: from `low` to just below `high`.
    low: i64,
    high: i64,
    rows: VecDeque<StoredEntry>,
    found: Option<Told>,
    ended: bool,
}

/// The column that rows are found by, each with its index; empty stands for a group that has several.
#[derive(Clone, Copy)]
enum Lead<'a> {
    Number,
    Actor(&'a str),
    Topic(&'a str),
}

impl<'l> Walk<'l> {
    pub fn begin(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl AtLeast<Admin>>,
        look: &'l Look,
        kind: ChainKind,
        turn: &Turn<i64>,
    ) -> Result<Self, Error> {
        let chain = if look.which.holds(kind) { chain_of(tx, by, kind)? } else { None };
        let (low, high) = match &chain {
            Some(chain) => range(tx, chain, &look.narrow)?,
            None => (0, 0),
        };
        let (low, high) = match turn {
            Turn::Newest => (low, high),
            Turn::OlderThan(cut) => (low, high.min(*cut)),
            Turn::NewerThan(cut) => (low.max(*cut), high),
        };
        Ok(Self {
            kind,
            ended: chain.is_none() || low >= high,
            chain,
            portion: if look.narrow.is_nothing() { look.size.entries.saturating_add(1) } else { PORTION },
            narrow: &look.narrow,
            upwards: matches!(turn, Turn::NewerThan(_)),
            low,
            high,
            rows: VecDeque::new(),
            found: None,
        })
    }

    /// Goes on to the next entry that is asked for, as long as the budget lasts.
    pub fn find(&mut self, tx: &mut ReadTx<'_>, budget: &mut usize) -> Result<(), Error> {
        while self.found.is_none() {
            let Some(row) = self.rows.pop_front() else {
                if self.ended || *budget == 0 {
                    return Ok(());
                }
                self.load(tx, budget)?;
                continue;
            };
            let seq = row.seq;
            let asked_for = wanted(self.narrow, self.kind, row);
            self.reach(seq);
            match asked_for {
                Some(told) => self.found = Some(told),
                None => self.pass(seq),
            }
        }
        Ok(())
    }

    pub fn found(&self) -> Option<&Told> {
        self.found.as_ref()
    }

    pub fn take(&mut self) -> Option<Told> {
        let told = self.found.take()?;
        self.pass(told.name.seq);
        Some(told)
    }

    /// Whether there may be more that was not looked at.
    pub fn is_stopped(&self) -> bool {
        self.found.is_none() && !self.ended
    }

    /// Where whoever goes on begins.
    pub fn edge(&self) -> i64 {
        if self.upwards { self.low } else { self.high }
    }

    /// Whether there is anything at all on the other side of the cut.
    pub fn any_behind(&self, tx: &mut ReadTx<'_>, cut: i64) -> Result<bool, Error> {
        let Some(chain) = &self.chain else { return Ok(false) };
        let behind = audit_entries::table.filter(audit_entries::chain_id.eq(chain)).select(audit_entries::seq);
        let first: Option<i64> = if self.upwards {
            behind.filter(audit_entries::seq.lt(cut)).order(audit_entries::seq.desc()).first(tx.conn).optional()?
        } else {
            behind.filter(audit_entries::seq.ge(cut)).order(audit_entries::seq).first(tx.conn).optional()?
        };
        Ok(first.is_some())
    }

    /// The entry stands next to the edge, and has not been passed.
    fn reach(&mut self, seq: i64) {
        *(if self.upwards { &mut self.low } else { &mut self.high }) =
            if self.upwards { seq } else { seq.saturating_add(1) };
    }

    fn pass(&mut self, seq: i64) {
        *(if self.upwards { &mut self.low } else { &mut self.high }) =
            if self.upwards { seq.saturating_add(1) } else { seq };
    }

    fn load(&mut self, tx: &mut ReadTx<'_>, budget: &mut usize) -> Result<(), Error> {
        let limit = self.portion.min(*budget);
        let mut rows = Vec::new();
        for lead in leads(self.narrow) {
            rows.extend(self.led(tx, lead, limit)?);
        }
        rows.sort_by_key(|row| row.seq);
        if !self.upwards {
            rows.reverse();
        }
        self.ended = rows.len() < limit;
        rows.truncate(limit);
        *budget -= rows.len();
        self.rows = rows.into();
        Ok(())
    }

    fn led(&self, tx: &mut ReadTx<'_>, lead: Lead<'_>, limit: usize) -> Result<Vec<StoredEntry>, Error> {
        let Some(chain) = &self.chain else { return Ok(Vec::new()) };
        let query = audit_entries::table
            .filter(audit_entries::chain_id.eq(chain))
            .filter(audit_entries::seq.ge(self.low))
            .filter(audit_entries::seq.lt(self.high))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .select((audit_entries::seq, audit_entries::at, audit_entries::entry, audit_entries::mac))
            .into_boxed();
        let query = match lead {
            Lead::Number => query,
            Lead::Actor(word) => query.filter(audit_entries::actor.eq(word)),
            Lead::Topic(word) => query.filter(audit_entries::topic.eq(word)),
        };
        let ordered =
            if self.upwards { query.order(audit_entries::seq.asc()) } else { query.order(audit_entries::seq.desc()) };
        Ok(ordered.load(tx.conn)?)
    }
}

fn leads(narrow: &Narrow) -> Vec<Lead<'_>> {
    match (&narrow.actor, narrow.topic) {
        (Some(actor), _) => vec![Lead::Actor(actor), Lead::Actor("")],
        (None, Some(topic)) => vec![Lead::Topic(Topic::as_str(topic)), Lead::Topic("")],
        (None, None) => vec![Lead::Number],
    }
}

/// The entry with those of its acts that are asked for, if there are any. Where nothing is narrowed, also one that
/// cannot be read is told.
fn wanted(narrow: &Narrow, kind: ChainKind, row: StoredEntry) -> Option<Told> {
    // A large group is not taken apart for somebody whom it does not name.
    let names_them = narrow.actor.as_ref().is_none_or(|actor| row.entry.contains(actor.as_str()));
    let mut acts = if names_them { row.acts() } else { Vec::new() };
    acts.retain(|act| narrow.meets(act));
    let told = Told { name: EntryName { kind, seq: row.seq }, at: row.at, mac: row.mac, acts };
    (narrow.is_nothing() || !told.acts.is_empty()).then_some(told)
}

/// The numbers between which a period lies: found by its first and its last entry in time.
fn range(tx: &mut ReadTx<'_>, chain: &ChainId, narrow: &Narrow) -> Result<(i64, i64), Error> {
    let all = || audit_entries::table.filter(audit_entries::chain_id.eq(chain)).select(audit_entries::seq);
    let newest: Option<i64> = all().order(audit_entries::seq.desc()).first(tx.conn).optional()?;
    let Some(newest) = newest else { return Ok((0, 0)) };
    let (mut low, mut high) = (i64::MIN, newest.saturating_add(1));
    if let Some(from) = narrow.from {
        let first: Option<i64> = all()
            .filter(audit_entries::at.ge(from))
            .order((audit_entries::at.asc(), audit_entries::seq.asc()))
            .first(tx.conn)
            .optional()?;
        low = first.map_or(high, |first| first.saturating_sub(AROUND));
    }
    if let Some(to) = narrow.to {
        let last: Option<i64> = all()
            .filter(audit_entries::at.le(to))
            .order((audit_entries::at.desc(), audit_entries::seq.desc()))
            .first(tx.conn)
            .optional()?;
        high = last.map_or(low, |last| last.saturating_add(AROUND)).min(high);
    }
    Ok((low, high))
}
