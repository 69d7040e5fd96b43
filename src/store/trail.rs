//! The chains of a workspace read back as one list, the newest first.
//!
//! Invariant: a page is cut off by the numbers of its entries within their chains, never by their times: two entries may
//! have the same time, and clocks go wrong.

use std::fmt;
use std::str::FromStr;

use diesel::prelude::*;

use crate::domain::audit::{ChainKind, Line, folded};
use crate::domain::id::Malformed;

use super::access::{Admin, AtLeast, Proof};
use super::audit::{StoredEntry, chain_of};
use super::error::Error;
use super::paging::Turn;
use super::schema::audit_entries;
use super::tx::ReadTx;

/// A cut through both chains: in each the number of the first entry above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    changes: i64,
    uses: i64,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.changes, self.uses)
    }
}

impl FromStr for Cut {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let (changes, uses) = text.split_once('.').ok_or(Malformed("Cut"))?;
        let number = |digits: &str| digits.parse().map_err(|_| Malformed("Cut"));
        Ok(Self { changes: number(changes)?, uses: number(uses)? })
    }
}

/// Which chains are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Everything,
    Changes,
    Uses,
}

/// How much a page holds at most. An entry is never split, so one alone may bring more lines.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub entries: usize,
    pub lines: usize,
}

pub struct Trail {
    pub lines: Vec<Line>,
    /// Where the next page towards the newest begins, if there is one.
    pub newer: Option<Cut>,
    pub older: Option<Cut>,
}

/// An entry, and whether it is a use.
struct Step {
    is_use: bool,
    entry: StoredEntry,
    lines: Vec<Line>,
}

pub fn page(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    which: Which,
    turn: &Turn<Cut>,
    size: Size,
) -> Result<Trail, Error> {
    let limit = i64::try_from(size.entries).unwrap_or(i64::MAX).saturating_add(1);
    let (changes, uses) = both(tx, by, which, turn, limit)?;
    let above = |entries: &[StoredEntry]| entries.first().map_or(0, |entry| entry.seq.saturating_add(1));
    let start = match turn {
        Turn::Newest => Cut { changes: above(&changes), uses: above(&uses) },
        Turn::OlderThan(cut) | Turn::NewerThan(cut) => *cut,
    };
    let upwards = matches!(turn, Turn::NewerThan(_));
    let (mut steps, more) = merged(changes, uses, upwards, size);
    if upwards && !more {
        return page(tx, by, which, &Turn::Newest, size);
    }
    let mut end = start;
    for step in &steps {
        let edge = if upwards { step.entry.seq.saturating_add(1) } else { step.entry.seq };
        *(if step.is_use { &mut end.uses } else { &mut end.changes }) = edge;
    }
    let behind = match turn {
        Turn::Newest => false,
        Turn::OlderThan(cut) => any(tx, by, which, &Turn::NewerThan(*cut))?,
        Turn::NewerThan(cut) => any(tx, by, which, &Turn::OlderThan(*cut))?,
    };
    let (behind, ahead) = (behind.then_some(start), more.then_some(end));
    let (newer, older) = if upwards { (ahead, behind) } else { (behind, ahead) };
    if upwards {
        steps.reverse();
    }
    Ok(Trail { lines: steps.into_iter().flat_map(|step| step.lines).collect(), newer, older })
}

/// Puts two chains together, the nearest to the cut first and each in its own order, until the page is full; and says
/// whether anything is left.
fn merged(changes: Vec<StoredEntry>, uses: Vec<StoredEntry>, upwards: bool, size: Size) -> (Vec<Step>, bool) {
    let (mut changes, mut uses) = (changes.into_iter().peekable(), uses.into_iter().peekable());
    let (mut steps, mut lines) = (Vec::new(), 0);
    loop {
        let is_use = match (changes.peek(), uses.peek()) {
            (Some(change), Some(usage)) if upwards => usage.at <= change.at,
            (Some(change), Some(usage)) => usage.at > change.at,
            (change, _) => change.is_none(),
        };
        let Some(entry) = (if is_use { uses.next() } else { changes.next() }) else { return (steps, false) };
        let step = Step { is_use, lines: folded(entry.acts()), entry };
        lines += step.lines.len();
        if steps.len() == size.entries || (lines > size.lines && !steps.is_empty()) {
            return (steps, true);
        }
        steps.push(step);
    }
}

fn any(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    which: Which,
    turn: &Turn<Cut>,
) -> Result<bool, Error> {
    let (changes, uses) = both(tx, by, which, turn, 1)?;
    Ok(!changes.is_empty() || !uses.is_empty())
}

fn both(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    which: Which,
    turn: &Turn<Cut>,
    limit: i64,
) -> Result<(Vec<StoredEntry>, Vec<StoredEntry>), Error> {
    let one = |of: fn(&Cut) -> i64| match turn {
        Turn::Newest => Turn::Newest,
        Turn::OlderThan(cut) => Turn::OlderThan(of(cut)),
        Turn::NewerThan(cut) => Turn::NewerThan(of(cut)),
    };
    let changes = match which {
        Which::Uses => Vec::new(),
        _ => entries(tx, by, ChainKind::Changes, &one(|cut| cut.changes), limit)?,
    };
    let uses = match which {
        Which::Changes => Vec::new(),
        _ => entries(tx, by, ChainKind::Uses, &one(|cut| cut.uses), limit)?,
    };
    Ok((changes, uses))
}

/// Entries of one chain under a cut or from it upwards, the nearest to it first.
fn entries(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    kind: ChainKind,
    turn: &Turn<i64>,
    limit: i64,
) -> Result<Vec<StoredEntry>, Error> {
    let Some(chain) = chain_of(tx, by, kind)? else { return Ok(Vec::new()) };
    let query = audit_entries::table
        .filter(audit_entries::chain_id.eq(chain))
        .limit(limit)
        .select((audit_entries::seq, audit_entries::at, audit_entries::entry, audit_entries::mac))
        .into_boxed();
    let query = match turn {
        Turn::Newest => query.order(audit_entries::seq.desc()),
        Turn::OlderThan(seq) => query.filter(audit_entries::seq.lt(*seq)).order(audit_entries::seq.desc()),
        Turn::NewerThan(seq) => query.filter(audit_entries::seq.ge(*seq)).order(audit_entries::seq.asc()),
    };
    Ok(query.load(tx.conn)?)
}
