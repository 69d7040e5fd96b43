//! Roles, and how a membership ends.
//!
//! Invariant: a workspace always has an Owner. Writers of one workspace queue up before they look, so that two who go
//! at once cannot both be told that the other stays.

use std::collections::BTreeSet;

use crate::domain::audit::{Event, PeopleEvent, TokenEvent};
use crate::domain::{Letter, PersonId, Role, SecretId, Sharing, TroubleWhy, policy};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::invitations::InvitationRow;
use crate::store::members::MemberRow;
use crate::store::nodes::BoundNode;
use crate::store::paging::Turn;
use crate::store::secrets::{ListedSecret, Order, Sought, SoughtUsers};
use crate::store::tokens::TokenRow;
use crate::store::workflows::WorkflowRow;
use crate::store::{self, Denied, Error, Fault, ReadTx, Refusal, Unrecorded, WriteTx};

use super::nodes::{self, Because, Loosened};
use super::secrets::describe;
use super::{Tools, audit, deleting, fingerprint, handover, invitations, letters, outbox};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefusal {
    #[error("A workspace always has an Owner. Make somebody else an Owner first.")]
    LastOwner,
    #[error("Choose an Owner who takes over what stays.")]
    NoHeir,
    #[error("What would end has changed since you opened this page. Look once more.")]
    Changed,
}

impl Refusal for MemberRefusal {}

/// Makes somebody something else; what they are already changes nothing.
pub fn change_role(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (person, to): (&PersonId, Role),
) -> Result<(), Fault<MemberRefusal>> {
    let member = store::members::find(tx, by, person)?.ok_or(Denied::NotFound)?;
    if !policy::may_change_role(by.role(), member.role, to) {
        return Err(Denied::Forbidden.into());
    }
    if member.role == to {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    if member.role == Role::Owner && store::members::other_owners(tx, by, person)?.is_empty() {
        return Err(MemberRefusal::LastOwner.into());
    }
    store::members::set_role(tx, by, person, to)?;
    if person != by.person() && letters::may_tell(tx, by, tools, &[b"role", person.as_str().as_bytes()])? {
        let workspace = store::workspaces::current(tx, by)?;
        let letter = Letter::RoleChanged {
            workspace: workspace.name.to_string(),
            slug: workspace.slug.to_string(),
            by: store::workspaces::find_person(tx, by)?.name.to_string(),
            role: to,
        };
        outbox::of_workspace(tx, by, tools, (&member.email, letter))?;
    }
    let name = member.name.to_string();
    let event =
        Event::People(PeopleEvent::RoleChanged { person: person.clone(), name, before: member.role, after: to });
    Ok(audit::change(tx, by, tools, event)?)
}

/// What ends with a membership: the preview shows it, and the act works through it.
pub struct Leaving {
    pub member: MemberRow,
    /// Deleted with their values, but for the shared ones whose slots are kept.
    pub secrets: Vec<ListedSecret>,
    pub tokens: Vec<TokenRow>,
    /// Offers that are their word, which counts no more, and offers to their own address.
    pub invitations: Vec<InvitationRow>,
    /// What others own and they could use.
    pub reach: Reach,
    /// Passed to whoever takes over, with their nodes.
    pub workflows: Vec<WorkflowRow>,
    /// The nodes, of anybody's workflows, that the secrets serve.
    pub nodes: Vec<BoundNode>,
    /// Who may take over what stays: the remover, or for somebody who leaves any of the other Owners.
    pub heirs: Vec<MemberRow>,
    pub by_themselves: bool,
}

/// The first of the secrets that somebody could use and others own, and how many there are in all.
pub struct Reach {
    pub secrets: Vec<ListedSecret>,
    pub all: u64,
}

/// Of what somebody could use, so many are named; of the others the number is told.
const NAMED: usize = 20;

impl Reach {
    fn read(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, person: &PersonId) -> Result<Self, Error> {
        let sought = Sought { users: Some(SoughtUsers::Besides(person.clone())), ..Sought::default() };
        let mut secrets = store::secrets::list(tx, by, &sought, (Order::Newest, &Turn::Newest))?.rows;
        secrets.truncate(NAMED);
        Ok(Self { secrets, all: store::secrets::count(tx, by, &sought)? })
    }

    /// How many are not named.
    pub fn further(&self) -> u64 {
        self.all.saturating_sub(u64::try_from(self.secrets.len()).unwrap_or(u64::MAX))
    }
}

impl Leaving {
    /// By which an act tells whether it ends what its preview showed.
    pub fn fingerprint(&self) -> String {
        let secrets = self.secrets.iter().map(|row| format!("{} {}", row.secret.id, Self::may_keep(row)));
        let tokens = self.tokens.iter().map(|token| token.id.to_string());
        let invitations = self.invitations.iter().map(|row| row.id.to_string());
        let workflows = self.workflows.iter().map(|row| row.id.to_string());
        let nodes = self.nodes.iter().map(|node| format!("{} {}", node.id, node.secret));
        fingerprint(secrets.chain(tokens).chain(invitations).chain(workflows).chain(nodes))
    }

    pub fn may_keep(secret: &ListedSecret) -> bool {
        secret.secret.sharing != Sharing::Private
    }

    /// Whether it may end so, and who takes over what stays: needed where a slot is kept or a workflow passes on,
    /// and nowhere else.
    pub fn heir(&self, keeping: &Keeping) -> Result<Option<&PersonId>, MemberRefusal> {
        if self.fingerprint() != keeping.seen {
            return Err(MemberRefusal::Changed);
        }
        let named = |id: &PersonId| self.heirs.iter().find(|heir| heir.person == *id);
        let heir = match &keeping.heir {
            Some(id) => Some(named(id).ok_or(MemberRefusal::NoHeir)?),
            None if self.by_themselves => None,
            None => self.heirs.first(),
        };
        let keeps = self.secrets.iter().any(|row| keeping.secrets.contains(&row.secret.id) && Self::may_keep(row));
        if (keeps || !self.workflows.is_empty()) && heir.is_none() {
            return Err(MemberRefusal::NoHeir);
        }
        Ok(heir.map(|heir| &heir.person))
    }
}

/// Looks at what would end; refuses whoever may not end it.
pub fn leaving(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    person: &PersonId,
) -> Result<Leaving, Fault<MemberRefusal>> {
    let member = store::members::find(tx, by, person)?.ok_or(Denied::NotFound)?;
    let by_themselves = person == by.person();
    if !by_themselves && !policy::may_assign(by.role(), member.role) {
        return Err(Denied::Forbidden.into());
    }
    let owners = store::members::other_owners(tx, by, person)?;
    if owners.is_empty() && member.role == Role::Owner {
        return Err(MemberRefusal::LastOwner.into());
    }
    let heirs = if by_themselves { owners } else { store::members::find(tx, by, by.person())?.into_iter().collect() };
    Ok(Leaving {
        secrets: store::secrets::owned_by(tx, by, person)?,
        tokens: store::tokens::made_by(tx, by, person)?,
        invitations: store::invitations::of_member(tx, by, &member)?,
        reach: Reach::read(tx, by, person)?,
        workflows: store::workflows::owned_by(tx, by, person)?,
        nodes: store::workflows::of_secrets_of(tx, by, person)?,
        member,
        heirs,
        by_themselves,
    })
}

/// Which slots stay, and with whom.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    pub secrets: BTreeSet<SecretId>,
    /// Named by somebody who leaves; whoever removes somebody takes over themselves.
    pub heir: Option<PersonId>,
    /// The fingerprint of the preview.
    pub seen: String,
}

/// What came of it.
pub struct Ended {
    pub leaving: Leaving,
    /// The secrets of which the places stay.
    pub kept: BTreeSet<SecretId>,
    /// Who takes over.
    heir: Option<PersonId>,
}

/// Ends a membership: secrets deleted or their slots kept, workflows passed on, tokens revoked, offers taken back, shares
/// ended, and those concerned written to, all in one transaction.
pub fn end(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (person, keeping): (&PersonId, &Keeping),
) -> Result<Ended, Fault<MemberRefusal>> {
    let leaving = leaving(tx, by, person)?;
    let heir = leaving.heir(keeping)?.cloned();
    let (kept, mut loosened) = end_secrets(tx, by, tools, (&leaving, heir.as_ref(), keeping))?;
    if let Some(heir) = &heir {
        // What was theirs is the heir's to mend.
        for (node, _) in loosened.iter_mut().filter(|(node, _)| node.owner == *person) {
            node.owner = heir.clone();
        }
        loosened.extend(handover::pass_on(tx, by, tools, (&leaving.workflows, heir))?);
        // Whoever runs a workflow on a secret that is kept may not be among those whom the heir's secret is for.
        let because = Because { why: TroubleWhy::OwnerLeft, by: nodes::done_by(by, Some(person)) };
        for id in &kept {
            let bound = store::nodes::bound_to(tx, by, id)?;
            let lost = nodes::loosen_out_of_reach(tx, by, tools, (bound, because))?;
            loosened.extend(lost.into_iter().map(|node| (node, because)));
        }
    }
    for token in &leaving.tokens {
        store::tokens::revoke(tx, by, &token.id)?;
        let event = Event::Token(TokenEvent::Revoked { token: token.id.clone(), name: token.name.to_string() });
        audit::change(tx, by, tools, event)?;
    }
    for row in &leaving.invitations {
        invitations::take_back(tx, by, tools, row)?;
    }
    store::members::delete(tx, by, person)?;
    audit::change(tx, by, tools, ended(&leaving, kept.len()))?;
    let ended = Ended { leaving, kept, heir };
    tell(tx, by, tools, &ended)?;
    nodes::tell_owners(tx, by, tools, &loosened)?;
    Ok(ended)
}

/// Which slots are kept, and the nodes that have lost their secret with one that is not.
fn end_secrets(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (leaving, heir, keeping): (&Leaving, Option<&PersonId>, &Keeping),
) -> Result<(BTreeSet<SecretId>, Loosened), Error> {
    let (mut kept, mut loosened) = (BTreeSet::new(), Loosened::new());
    let person = &leaving.member.person;
    let because = Because { why: TroubleWhy::OwnerLeft, by: nodes::done_by(by, Some(person)) };
    let mut going = Vec::new();
    for row in &leaving.secrets {
        let id = &row.secret.id;
        let Some(heir) = heir.filter(|_| keeping.secrets.contains(id) && Leaving::may_keep(row)) else {
            going.push(row.clone());
            continue;
        };
        kept.insert(id.clone());
        store::secrets::hand_over(tx, by, id, heir)?;
        let event = Event::SlotKept { secret: describe(row), former_owner: person.clone(), owner: heir.clone() };
        audit::change(tx, by, tools, event)?;
    }
    let ids: Vec<SecretId> = going.iter().map(|row| row.secret.id.clone()).collect();
    loosened.extend(store::nodes::bound_to_any(tx, by, &ids)?.into_iter().map(|node| (node, because)));
    nodes::take_nodes(tx, by, tools, &loosened)?;
    deleting::end(tx, by, tools, &going)?;
    Ok((kept, loosened))
}

impl Ended {
    /// The names of the secrets that are gone, and of those whose places stay.
    pub fn secrets(&self) -> (Vec<String>, Vec<String>) {
        let (kept, deleted): (Vec<_>, Vec<_>) =
            self.leaving.secrets.iter().partition(|row| self.kept.contains(&row.secret.id));
        let names = |rows: Vec<&ListedSecret>| rows.iter().map(|row| row.secret.name.to_string()).collect();
        (names(deleted), names(kept))
    }

    /// To whom the workflows have passed, and which those are; nobody where there are none.
    pub fn workflows(&self) -> (Option<&MemberRow>, Vec<String>) {
        let heir = self.leaving.heirs.iter().find(|row| Some(&row.person) == self.heir.as_ref());
        let names: Vec<String> = self.leaving.workflows.iter().map(|row| row.name.to_string()).collect();
        (heir.filter(|_| !names.is_empty()), names)
    }

    pub fn tokens(&self) -> Vec<String> {
        self.leaving.tokens.iter().map(|token| token.name.to_string()).collect()
    }

    /// The names of what others own and they could use until now, as far as they are told.
    pub fn reach(&self) -> Vec<String> {
        self.leaving.reach.secrets.iter().map(|row| row.secret.name.to_string()).collect()
    }
}

/// Writes to whoever was removed, and to the Owners and Admins who stay.
fn tell(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    ended: &Ended,
) -> Result<(), Error> {
    let (workspace, gone) = (store::workspaces::current(tx, by)?, &ended.leaving.member);
    let remover = match ended.leaving.by_themselves {
        true => None,
        false => Some(store::workspaces::find_person(tx, by)?.name.to_string()),
    };
    if let Some(by_name) = &remover {
        let letter = Letter::Removed { workspace: workspace.name.to_string(), by: by_name.clone() };
        outbox::of_workspace(tx, by, tools, (&gone.email, letter))?;
    }
    let (deleted, kept) = ended.secrets();
    let (heir, workflows) = ended.workflows();
    let letter = Letter::MemberGone {
        workspace: workspace.name.to_string(),
        slug: workspace.slug.to_string(),
        name: gone.name.to_string(),
        by: remover,
        deleted,
        kept,
        tokens: ended.tokens(),
        reach: ended.reach(),
        further: ended.leaving.reach.further(),
        heir: heir.map(|row| row.name.to_string()),
        workflows,
    };
    for caretaker in store::members::caretakers(tx, by)? {
        outbox::of_workspace(tx, by, tools, (&caretaker.email, letter.clone()))?;
    }
    Ok(())
}

fn ended(leaving: &Leaving, kept: usize) -> Event {
    let (person, name, role) = (leaving.member.person.clone(), leaving.member.name.to_string(), leaving.member.role);
    let (secrets, tokens) = (leaving.secrets.len() - kept, leaving.tokens.len());
    if leaving.by_themselves {
        Event::People(PeopleEvent::MemberLeft { person, name, role, secrets, kept, tokens })
    } else {
        Event::People(PeopleEvent::MemberRemoved { person, name, role, secrets, kept, tokens })
    }
}
