//! The chains of a workspace read back as one list, the newest first.
//!
//! Invariant: a page is cut off by the numbers of its entries within their chains, never by their times: two entries may
//! have the same time, and clocks go wrong.

mod scope;
mod walk;

use std::fmt;
use std::str::FromStr;

use crate::domain::Moment;
use crate::domain::audit::{ChainKind, Entry, folded};
use crate::domain::id::Malformed;
use crate::domain::record::{EntryName, Topic};

use super::access::{Admin, AtLeast, Proof};
use super::error::Error;
use super::paging::Turn;
use super::tx::ReadTx;
pub use scope::{keep_told, word};
use walk::Walk;

/// Entries that one page looks at, at most, before it says that it stopped.
pub const LOOKED_AT: usize = 5_000;

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    #[default]
    Everything,
    Changes,
    Uses,
}

impl Which {
    fn holds(self, kind: ChainKind) -> bool {
        match self {
            Self::Everything => true,
            Self::Changes => kind == ChainKind::Changes,
            Self::Uses => kind == ChainKind::Uses,
        }
    }
}

/// What the list is narrowed to. A group of uses is narrowed act by act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrow {
    /// The word of whoever acted.
    pub actor: Option<String>,
    pub topic: Option<Topic>,
    /// The word of an event, as `secret.created`.
    pub event: Option<String>,
    pub from: Option<Moment>,
    pub to: Option<Moment>,
}

impl Narrow {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    fn meets(&self, act: &Entry) -> bool {
        self.actor.as_ref().is_none_or(|actor| act.by.word() == actor)
            && self.topic.is_none_or(|topic| Topic::of(&act.event) == topic)
            && self.event.as_ref().is_none_or(|word| scope::word(&act.event).as_ref() == Some(word))
            && self.from.is_none_or(|from| from <= act.at)
            && self.to.is_none_or(|to| act.at <= to)
    }
}

/// How much a page holds at most. An entry is never split, so one alone may bring more lines.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub entries: usize,
    pub lines: usize,
}

/// What is asked for, whatever page of it.
#[derive(Clone, Debug)]
pub struct Look {
    pub which: Which,
    pub narrow: Narrow,
    pub size: Size,
}

/// An entry, with those of its acts that are asked for. None can be read where its text was changed.
pub struct Told {
    pub name: EntryName,
    pub at: Moment,
    pub mac: Vec<u8>,
    pub acts: Vec<Entry>,
}

pub struct Trail {
    pub entries: Vec<Told>,
    /// Where the next page towards the newest begins, if there is one.
    pub newer: Option<Cut>,
    pub older: Option<Cut>,
    /// Whether the page ended because enough had been looked at, and not because it was full.
    pub stopped: bool,
}

/// Why no more entries came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Full,
    Stopped,
    Reached,
}

pub fn page(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    look: &Look,
    turn: &Turn<Cut>,
) -> Result<Trail, Error> {
    let mut changes = Walk::begin(tx, by, look, ChainKind::Changes, &one(turn, |cut| cut.changes))?;
    let mut uses = Walk::begin(tx, by, look, ChainKind::Uses, &one(turn, |cut| cut.uses))?;
    let upwards = matches!(turn, Turn::NewerThan(_));
    let (mut entries, end) = merged(tx, (&mut changes, &mut uses), upwards, look.size)?;
    if upwards && end == End::Reached {
        return page(tx, by, look, &Turn::Newest);
    }
    // The way back is offered wherever there is something, whether or not it matches.
    let behind = match turn {
        Turn::Newest => None,
        Turn::OlderThan(cut) | Turn::NewerThan(cut) => {
            (changes.any_behind(tx, cut.changes)? || uses.any_behind(tx, cut.uses)?).then_some(*cut)
        }
    };
    let ahead = (end != End::Reached).then(|| Cut { changes: changes.edge(), uses: uses.edge() });
    let (newer, older) = if upwards { (ahead, behind) } else { (behind, ahead) };
    if upwards {
        entries.reverse();
    }
    Ok(Trail { entries, newer, older, stopped: end == End::Stopped })
}

fn one(turn: &Turn<Cut>, of: fn(&Cut) -> i64) -> Turn<i64> {
    match turn {
        Turn::Newest => Turn::Newest,
        Turn::OlderThan(cut) => Turn::OlderThan(of(cut)),
        Turn::NewerThan(cut) => Turn::NewerThan(of(cut)),
    }
}

/// Puts two chains together, the nearest to the cut first and each in its own order, until the page is full, the chains
/// end or enough has been looked at. Which of two comes first is known only while both have been found.
fn merged<'l>(
    tx: &mut ReadTx<'_>,
    (changes, uses): (&mut Walk<'l>, &mut Walk<'l>),
    upwards: bool,
    size: Size,
) -> Result<(Vec<Told>, End), Error> {
    let (mut told, mut lines, mut budget) = (Vec::new(), 0, LOOKED_AT);
    loop {
        changes.find(tx, &mut budget)?;
        uses.find(tx, &mut budget)?;
        if changes.is_stopped() || uses.is_stopped() {
            return Ok((told, End::Stopped));
        }
        let is_use = match (changes.found(), uses.found()) {
            (Some(change), Some(usage)) if upwards => usage.at <= change.at,
            (Some(change), Some(usage)) => usage.at > change.at,
            (change, _) => change.is_none(),
        };
        let nearest = if is_use { &mut *uses } else { &mut *changes };
        let Some(next) = nearest.found() else { return Ok((told, End::Reached)) };
        lines += folded(next.acts.clone()).len();
        if told.len() == size.entries || (lines > size.lines && !told.is_empty()) {
            return Ok((told, End::Full));
        }
        told.extend(nearest.take());
    }
}
