//! Who may use a secret besides its owner: chosen members, or the whole workspace, each for a time or for good.
//!
//! Invariant: whatever narrows it says so to the nodes that used it, in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::audit::{Actor, Event, SecretEvent, SecretFacts};
use crate::domain::{Moment, PersonId, SecretId, Sharing, TroubleBy, TroubleWhy};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::secrets::ListedSecret;
use crate::store::shares::ShareRow;
use crate::store::{self, Denied, Error, Fault, ReadTx, Refusal, Unrecorded, WriteTx};

use super::audit::Origin;
use super::nodes::{self, Because};
use super::secrets::describe;
use super::{Tools, audit, fingerprint};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SharingRefusal {
    #[error("Choose at least one member.")]
    NobodyChosen,
    #[error("Somebody whom you chose is not a member any more. Look once more whom you share it with.")]
    NotAMember,
    #[error("An end has to lie ahead.")]
    Over,
    #[error("Who may use it has changed since you opened this page. Look once more.")]
    Changed,
}

impl Refusal for SharingRefusal {}

/// Who may use a secret at this moment, besides its owner.
#[derive(Clone, Debug)]
pub struct Shared {
    pub sharing: Sharing,
    /// Until when the whole workspace may.
    pub until: Option<Moment>,
    /// The chosen members, by their names.
    pub people: Vec<ShareRow>,
}

impl Shared {
    pub fn read(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, row: &ListedSecret) -> Result<Self, Error> {
        let sharing = row.facts().sharing_at(tx.now());
        let until = row.secret.shared_until.filter(|_| sharing == Sharing::Workspace);
        let people = match sharing {
            Sharing::Members => store::shares::of_secret(tx, by, &row.secret.id)?,
            Sharing::Private | Sharing::Workspace => Vec::new(),
        };
        // With members of whom none is left, it is its owner's alone.
        let sharing = if sharing == Sharing::Members && people.is_empty() { Sharing::Private } else { sharing };
        Ok(Self { sharing, until, people })
    }

    /// By which a change tells whether it begins from what its page showed.
    pub fn fingerprint(&self) -> String {
        let end = |end: Option<Moment>| end.map(|end| end.micros().to_string()).unwrap_or_default();
        let people = self.people.iter().map(|row| format!("{} {}", row.person, end(row.ends_at)));
        fingerprint([self.sharing.to_string(), end(self.until)].into_iter().chain(people))
    }

    fn wish(&self) -> Wish {
        let people = self.people.iter().map(|row| (row.person.clone(), row.ends_at)).collect();
        Wish { sharing: self.sharing, until: self.until, people }
    }
}

/// Who shall be able to use a secret, besides its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub sharing: Sharing,
    /// Until when the whole workspace may.
    pub until: Option<Moment>,
    /// The chosen members, and until when each of them may.
    pub people: BTreeMap<PersonId, Option<Moment>>,
}

impl Wish {
    /// The part of it that counts: a form sends also what belongs to the ways that were not chosen.
    fn of_owner(mut self, owner: &PersonId, now: Moment) -> Result<Self, SharingRefusal> {
        self.people.remove(owner);
        if self.sharing != Sharing::Members {
            self.people.clear();
        } else if self.people.is_empty() {
            return Err(SharingRefusal::NobodyChosen);
        }
        self.until = self.until.filter(|_| self.sharing == Sharing::Workspace);
        let is_over = self.people.values().chain([&self.until]).flatten().any(|end| *end <= now);
        if is_over { Err(SharingRefusal::Over) } else { Ok(self) }
    }
}

/// Shares a secret of one's own as wished for. What is so already changes nothing, so a form may be sent twice.
pub fn change(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, wish, seen): (&SecretId, Wish, &str),
) -> Result<(), Fault<SharingRefusal>> {
    let row = store::secrets::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !row.facts().governed_by(by.person()) {
        return Err(Denied::Forbidden.into());
    }
    let before = Shared::read(tx, by, &row)?;
    let wish = wish.of_owner(by.person(), tx.now())?;
    if wish == before.wish() {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    if seen != before.fingerprint() {
        return Err(SharingRefusal::Changed.into());
    }
    if !store::shares::are_members(tx, by, wish.people.keys())? {
        return Err(SharingRefusal::NotAMember.into());
    }
    // What is over by itself is told as such, before anything is told of the owner.
    end_over(tx, by, tools, id)?;
    let facts = SecretFacts { sharing: wish.sharing, ..describe(&row) };
    if (wish.sharing, wish.until) != (before.sharing, before.until) {
        store::shares::set(tx, by, id, (wish.sharing, wish.until))?;
        let event = SecretEvent::SharingChanged { secret: facts.clone(), before: before.sharing, until: wish.until };
        audit::change(tx, by, tools, Event::Secret(event))?;
    }
    for share in &before.people {
        if !wish.people.contains_key(&share.person) {
            store::shares::take(tx, by, id, &share.person)?;
            // Whoever may use it with everybody else from now on has lost nothing.
            if wish.sharing != Sharing::Workspace {
                let event = SecretEvent::ShareTaken { secret: facts.clone(), person: share.person.clone() };
                audit::change(tx, by, tools, Event::Secret(event))?;
            }
        }
    }
    let known = before.wish().people;
    for (person, until) in wish.people.iter().filter(|(person, until)| known.get(*person) != Some(*until)) {
        give(tx, by, tools, &facts, (person, *until))?;
    }
    let who = nodes::done_by(by, row.secret.owner.as_ref());
    nodes::sharing_changed(tx, by, tools, (id, Because { why: TroubleWhy::Unshared, by: who }))?;
    Ok(())
}

/// Shares a new secret with chosen members, who were looked up before it was stored.
pub(super) fn begin(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (secret, people): (&SecretFacts, &BTreeSet<PersonId>),
) -> Result<(), Error> {
    people.iter().try_for_each(|person| give(tx, by, tools, secret, (person, None)))
}

fn give(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    secret: &SecretFacts,
    (person, until): (&PersonId, Option<Moment>),
) -> Result<(), Error> {
    store::shares::give(tx, by, &secret.id, (person, until))?;
    let event = SecretEvent::ShareGiven { secret: secret.clone(), person: person.clone(), until };
    audit::change(tx, by, tools, Event::Secret(event))
}

/// Takes away what of a secret's sharing is over; false where nothing is. Nobody did it: it was agreed before.
pub fn end_over(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    id: &SecretId,
) -> Result<bool, Error> {
    let Some(over) = store::shares::end(tx, by, id)? else { return Ok(false) };
    let origin = Origin { by: Actor::Keyrack, from: None };
    let tools = Tools { origin: &origin, ..tools };
    for person in over.people.into_iter().map(Some).chain(over.workspace.then_some(None)) {
        let event = SecretEvent::ShareEnded { secret: id.clone(), name: over.name.to_string(), person };
        audit::change(tx, by, tools, Event::Secret(event))?;
    }
    let because = Because { why: TroubleWhy::ShareEnded, by: TroubleBy::Keyrack };
    nodes::sharing_changed(tx, by, tools, (id, because))?;
    Ok(true)
}
