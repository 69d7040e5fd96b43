//! Deleting many secrets at once: what would go, and the end of exactly that.
//!
//! Invariant: what goes is what a preview showed, as it was then, and all of it goes or nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::domain::audit::Event;
use crate::domain::letter::SecretsEnd;
use crate::domain::policy::Standing;
use crate::domain::{PersonId, SecretId, TroubleWhy};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::nodes::BoundNode;
use crate::store::secrets::{ListedSecret, Parted, Sought};
use crate::store::tokens::UserRow;
use crate::store::{self, Error, Fault, ReadTx, Refusal, Unrecorded, WriteTx};

use super::nodes::{self, Because, Loosened};
use super::secrets::describe;
use super::{Tools, audit, fingerprint, letters};

/// So many go at once: the transaction stays short, and so does what somebody has to look through.
pub const MOST: usize = 500;
/// Of what stays, so many are named.
const NAMED: usize = 50;

/// What a preview showed is not as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("What would go has changed since you looked. Look once more.")]
pub struct ChangedSince;

impl Refusal for ChangedSince {}

/// Secrets by their ids, each with a mark of the state that it was seen in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen(BTreeMap<SecretId, String>);

impl Seen {
    pub fn ids(&self) -> Vec<SecretId> {
        self.0.keys().cloned().collect()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it was seen before, and in another state than now.
    pub fn has_other(&self, now: &Self, id: &SecretId) -> bool {
        matches!((self.0.get(id), now.0.get(id)), (Some(before), Some(now)) if before != now)
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (id, mark)) in self.0.iter().enumerate() {
            write!(f, "{}{id}.{mark}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl FromStr for Seen {
    type Err = crate::domain::id::Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let one = |part: &str| {
            let (id, mark) = part.split_once('.').ok_or(crate::domain::id::Malformed("Seen"))?;
            Ok((id.parse()?, mark.to_owned()))
        };
        text.split_ascii_whitespace().map(one).collect::<Result<_, _>>().map(Self)
    }
}

/// What somebody would delete, as it stands now.
#[derive(Default)]
pub struct Chosen {
    /// What they may delete, the newest first; nothing where it is too much.
    pub going: Vec<ListedSecret>,
    /// How much there is where that is more than goes at once.
    pub too_many: Option<u64>,
    /// The nodes that would lose their key.
    pub nodes: Vec<BoundNode>,
    /// The tokens that have used any of it.
    pub users: Vec<UserRow>,
    /// What others alone may delete: the first of it, and how much there is.
    pub kept: Vec<ListedSecret>,
    pub kept_all: u64,
    /// How much of what was named is not there, or not for them to see.
    pub gone: usize,
    pub seen: Seen,
}

/// Of these secrets, what would go.
pub fn named(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, ids: &[SecretId]) -> Result<Chosen, Error> {
    if ids.len() > MOST {
        return Ok(Chosen { too_many: Some(number(ids.len())), ..Chosen::default() });
    }
    let rows = store::secrets::among(tx, by, ids)?;
    let gone = ids.len().saturating_sub(rows.len());
    let who = Standing { person: by.person(), role: by.role() };
    let (going, kept): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.facts().deletable_by(who));
    let kept_all = number(kept.len());
    around(tx, by, Chosen { going, kept, kept_all, gone, ..Chosen::default() })
}

/// Of what a filter finds, what would go.
pub fn found(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, sought: &Sought) -> Result<Chosen, Error> {
    let (most, names) = (number(MOST), i64::try_from(NAMED).unwrap_or(i64::MAX));
    let Parted { deletable, deletable_all, kept, kept_all } = store::secrets::parted(tx, by, sought, (most, names))?;
    let too_many = (deletable_all > most).then_some(deletable_all);
    around(tx, by, Chosen { going: deletable, too_many, kept, kept_all, ..Chosen::default() })
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Reads what hangs on the secrets, and marks the state that each of them is in.
fn around(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, chosen: Chosen) -> Result<Chosen, Error> {
    let ids: Vec<SecretId> = chosen.going.iter().map(|row| row.secret.id.clone()).collect();
    let nodes = store::nodes::bound_to_any(tx, by, &ids)?;
    let users = store::tokens::users_of_any(tx, by, &ids)?;
    let mut more: BTreeMap<&SecretId, Vec<String>> = BTreeMap::new();
    let shares = store::shares::of_any(tx, by, &ids)?;
    for (id, person, until) in &shares {
        more.entry(id).or_default().push(format!("{person} {until:?}"));
    }
    for node in &nodes {
        more.entry(&node.secret).or_default().push(node.id.to_string());
    }
    let marks = chosen.going.iter().map(|row| {
        let id = &row.secret.id;
        (id.clone(), mark(row, more.get(id).map(Vec::as_slice).unwrap_or_default()))
    });
    let seen = Seen(marks.collect());
    Ok(Chosen { nodes, users, seen, ..chosen })
}

/// A mark of everything about a secret that somebody could want to know before they delete it.
fn mark(row: &ListedSecret, more: &[String]) -> String {
    let secret = &row.secret;
    let owner = secret.owner.as_ref().map_or("", PersonId::as_str);
    // What people do raises the revision. The number of a value does so by itself, whenever tokens are renewed.
    let own = format!("{} {owner} {}", secret.revision, secret.sharing);
    fingerprint(std::iter::once(&own).chain(more))
}

/// Deletes what a preview showed, and says how much that was: nothing where all of it is gone already.
pub fn delete(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    seen: &Seen,
) -> Result<usize, Fault<ChangedSince>> {
    let chosen = named(tx, by, &seen.ids())?;
    if chosen.gone == seen.len() {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(0);
    }
    if chosen.seen != *seen {
        return Err(ChangedSince.into());
    }
    let owners: BTreeMap<&SecretId, Option<&PersonId>> =
        chosen.going.iter().map(|row| (&row.secret.id, row.secret.owner.as_ref())).collect();
    let because = |node: &BoundNode| {
        let owner = owners.get(&node.secret).copied().flatten();
        Because { why: TroubleWhy::Deleted, by: nodes::done_by(by, owner) }
    };
    let loosened: Loosened = chosen.nodes.iter().map(|node| (node.clone(), because(node))).collect();
    nodes::take_nodes(tx, by, tools, &loosened)?;
    end(tx, by, tools, &chosen.going)?;
    letters::tell_owners(tx, by, tools, (&chosen.going, SecretsEnd::Deleted))?;
    nodes::tell_owners(tx, by, tools, &loosened)?;
    Ok(chosen.going.len())
}

/// Destroys all of these, each with its entry; the nodes that were bound to them are loosened by then.
pub(super) fn end(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    rows: &[ListedSecret],
) -> Result<(), Error> {
    let ids: Vec<SecretId> = rows.iter().map(|row| row.secret.id.clone()).collect();
    store::secrets::delete(tx, by, &ids)?;
    rows.iter().try_for_each(|row| audit::change(tx, by, tools, Event::SecretDeleted { secret: describe(row) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_read_back_as_it_was_written() {
        let id = "sec_01jd8x3f5k7q9r2t4v6w8y0z1a";
        for text in [String::new(), format!("{id}.0a1b2c3d"), format!("{id}.0a1b2c3d {}b.00000000", &id[..29])] {
            assert_eq!(text.parse::<Seen>().unwrap().to_string(), text);
        }
        for bad in ["x", id, "sec_1.00000000"] {
            assert!(bad.parse::<Seen>().is_err(), "{bad}");
        }
    }
}
