//! Whether the record is whole: each chain walked from its first entry to its head, and its seals made again.
//!
//! Invariant: one step reads a bounded number of links in a transaction of its own, so that a long chain holds up nobody.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use crate::crypto::Keyring;
use crate::domain::audit::{Event, ExportFormat, ListFormat};
use crate::store::access::{Admin, AtLeast, Demand, Member, Proof};
use crate::store::audit::StoredEntry;
use crate::store::record::{self, Chain, Found};
use crate::store::{Db, Error, Outcome, ReadTx, WriteTx};

use super::{Tools, audit};

/// Links that are read in one transaction.
const STEP: i64 = 500;

/// What is wrong at the first place where the chain does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The number is not there, though a later one or the head says that it was.
    Missing,
    /// What is stored is not what was sealed.
    Altered,
    /// It stands after the end that the chain's head names.
    Surplus,
    /// All entries hold, but the head is not the last one's.
    Head,
    NoChain,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "it is missing",
            Self::Altered => "it is not what was sealed: it, or its place, was changed",
            Self::Surplus => "it stands after the end of the chain",
            Self::Head => "the end of the chain does not name it",
            Self::NoChain => "the chain is missing",
        })
    }
}

/// How far a chain has been walked, and what was found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// After which entry the walk began.
    pub began: i64,
    /// The last entry that holds.
    pub seq: i64,
    /// Where the chain ended when the walk began. What is added meanwhile is not waited for.
    pub end: i64,
    /// The first place that does not hold.
    pub flaw: Option<(i64, Flaw)>,
    pub done: bool,
    mac: Vec<u8>,
    head: Vec<u8>,
    surplus: bool,
}

impl Checked {
    /// Begins after an entry that was checked before, or at the first.
    fn begin(tx: &mut ReadTx<'_>, chain: &Chain, after: i64) -> Result<Self, Error> {
        let surplus = record::last(tx, chain)?.is_some_and(|last| last > chain.seq);
        let (end, head) = (chain.seq, chain.head.clone());
        let mut begun = Self { began: 0, seq: 0, end, flaw: None, done: false, mac: Vec::new(), head, surplus };
        // Whoever names a place that the chain never reached begins at the first.
        if (1..=chain.seq).contains(&after) {
            match record::link(tx, chain, after)? {
                Some(link) => (begun.began, begun.seq, begun.mac) = (after, after, link.mac),
                None => begun.fail(after, Flaw::Missing),
            }
        }
        Ok(begun)
    }

    fn missing() -> Self {
        let (mac, head) = (Vec::new(), Vec::new());
        Self { began: 0, seq: 0, end: 0, flaw: Some((0, Flaw::NoChain)), done: true, mac, head, surplus: false }
    }

    fn fail(&mut self, seq: i64, flaw: Flaw) {
        (self.flaw, self.done) = (Some((seq, flaw)), true);
    }

    fn step(&mut self, tx: &mut ReadTx<'_>, keyring: &Keyring, chain: &Chain) -> Result<(), Error> {
        // What has no number that a chain gives is found too.
        let after = if self.seq == 0 { i64::MIN } else { self.seq };
        let links = record::links(tx, chain, after, STEP)?;
        let ended = links.last().is_none_or(|last| last.seq >= self.end);
        for link in links {
            if self.done || (self.seq == self.end && link.seq > self.end) {
                break;
            }
            self.take(keyring, chain, link);
        }
        if ended && !self.done {
            self.finish();
        }
        Ok(())
    }

    fn take(&mut self, keyring: &Keyring, chain: &Chain, link: StoredEntry) {
        let expected = self.seq.saturating_add(1);
        if link.seq < expected {
            self.fail(link.seq, Flaw::Surplus);
        } else if link.seq > expected {
            self.fail(expected, Flaw::Missing);
        } else if !audit::seal(keyring, &self.mac, (chain.id(), link.seq), link.at, &link.entry).matches(&link.mac) {
            self.fail(expected, Flaw::Altered);
        } else {
            (self.seq, self.mac) = (link.seq, link.mac);
        }
    }

    fn finish(&mut self) {
        if self.seq < self.end {
            self.fail(self.seq.saturating_add(1), Flaw::Missing);
        } else if self.mac != self.head {
            self.fail(self.seq, Flaw::Head);
        } else if self.surplus {
            self.fail(self.seq.saturating_add(1), Flaw::Surplus);
        }
        self.done = true;
    }
}

/// Walks a chain step by step from after this number, until its end, its first flaw or about so many links.
pub async fn check<D, F>(
    (db, keyring): (&Db, &Arc<Keyring>),
    ask: impl Fn() -> D,
    chain: F,
    after: i64,
    most: i64,
) -> Outcome<Checked>
where
    D: Demand,
    F: for<'tx> Fn(&mut ReadTx<'tx>, &Proof<'tx, D::Right>) -> Result<Option<Chain>, Error> + Clone + Send + 'static,
{
    let mut checked: Option<Checked> = None;
    loop {
        let (keyring, chain, so_far) = (keyring.clone(), chain.clone(), checked.take());
        let stepped = db.read::<_, _, Infallible, _>(ask(), move |tx, by| {
            let Some(found) = chain(tx, by)? else { return Ok(Checked::missing()) };
            let mut checked = match &so_far {
                Some(checked) => checked.clone(),
                None => Checked::begin(tx, &found, after)?,
            };
            if !checked.done {
                checked.step(tx, &keyring, &found)?;
            }
            Ok(checked)
        });
        let stepped = stepped.await?;
        if stepped.done || stepped.seq.saturating_sub(stepped.began) >= most {
            return Ok(stepped);
        }
        checked = Some(stepped);
    }
}

/// Whether one entry is what was sealed after the one before it; unknown where that one is missing.
pub fn holds(keyring: &Keyring, found: &Found) -> Option<bool> {
    let before = match &found.before {
        Some(before) => before.mac.as_slice(),
        None if found.entry.seq == 1 => &[],
        None => return None,
    };
    let entry = &found.entry;
    let seal = audit::seal(keyring, before, (found.chain.id(), entry.seq), entry.at, &entry.entry);
    Some(seal.matches(&entry.mac))
}

/// Records that the activity leaves for a file, before any of it does.
pub fn exported(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    format: ExportFormat,
) -> Result<(), Error> {
    audit::change(tx, by, tools, Event::ActivityExported { workspace: by.workspace().clone(), format })
}

/// Notes that somebody takes away what they may see of the secrets.
pub fn secrets_exported(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    format: ListFormat,
) -> Result<(), Error> {
    audit::change(tx, by, tools, Event::SecretsExported { workspace: by.workspace().clone(), format })
}
