//! Demands of people: a session asks to act in a workspace, or on its own account.

use std::marker::PhantomData;

use diesel::prelude::*;

use crate::domain::{Moment, PersonId, Role, SessionId, Slug, WorkspaceId};
use crate::store::error::{Denied, Error};
use crate::store::schema::{members, people, sessions, workspace_slugs, workspaces};
use crate::store::sessions::is_alive;
use crate::store::tx::{ReadTx, WriteTx};

use super::{AtLeast, Demand, Everywhere, Membership, Myself, MyselfEverywhere, Oneself, Proof};

/// This session asks to act with at least the role `R` in this workspace.
pub struct Ask<R> {
    session: SessionId,
    workspace: Slug,
    role: PhantomData<fn() -> R>,
}

impl<R> Ask<R> {
    pub fn new(session: SessionId, workspace: Slug) -> Self {
        Self { session, workspace, role: PhantomData }
    }
}

impl<R: AtLeast<R>> Demand for Ask<R> {
    type Right = R;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        let of_slug = workspace_slugs::table
            .filter(workspace_slugs::slug.eq(&self.workspace))
            .select(workspace_slugs::workspace_id);
        diesel::update(workspaces::table.filter(workspaces::id.eq_any(of_slug)))
            .set(workspaces::writes.eq(workspaces::writes + 1))
            .execute(tx.conn)?;
        Ok(())
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, R>, Error> {
        let myself = find_session(tx, &self.session)?;
        let of_slug = workspace_slugs::table
            .filter(workspace_slugs::slug.eq(&self.workspace))
            .select(workspace_slugs::workspace_id);
        let found: Option<(WorkspaceId, Slug, Role)> = members::table
            .inner_join(workspaces::table)
            .filter(members::person_id.eq(&myself.person))
            .filter(workspaces::id.eq_any(of_slug))
            .select((workspaces::id, workspaces::slug, members::role))
            .first(tx.conn)
            .optional()?;
        let (workspace, slug, role) = found.ok_or(Denied::NotFound)?;
        if slug != self.workspace {
            return Err(Error::Moved(slug));
        }
        if role < R::LEAST {
            return Err(Denied::Forbidden.into());
        }
        Ok(Proof::new(tx, Membership { workspace, person: myself.person, role }))
    }
}

/// This session asks for its own person's account.
pub struct AskMyself {
    pub session: SessionId,
}

impl Demand for AskMyself {
    type Right = Oneself;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        lock_person(tx, &self.session).map(drop)
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Oneself>, Error> {
        let myself = find_session(tx, &self.session)?;
        Ok(Proof::new(tx, myself))
    }
}

/// This session asks for its own person's account and all their memberships, to end them together.
pub struct AskEverywhere {
    pub session: SessionId,
}

impl Demand for AskEverywhere {
    type Right = Everywhere;

    /// The person first: whoever joins a workspace takes that row too, so none is added after they were listed.
    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        let Some(person) = lock_person(tx, &self.session)? else { return Ok(()) };
        for membership in memberships(tx, &person)? {
            diesel::update(workspaces::table.filter(workspaces::id.eq(membership.workspace)))
                .set(workspaces::writes.eq(workspaces::writes + 1))
                .execute(tx.conn)?;
        }
        Ok(())
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Everywhere>, Error> {
        let myself = find_session(tx, &self.session)?;
        let memberships = memberships(tx, &myself.person)?;
        Ok(Proof::new(tx, MyselfEverywhere { myself, memberships }))
    }
}

/// Takes the row of the session's person, if the session is known.
pub(super) fn lock_person(tx: &mut WriteTx<'_>, session: &SessionId) -> Result<Option<PersonId>, Error> {
    let person = sessions::table.filter(sessions::id.eq(session)).select(sessions::person_id);
    let person: Option<PersonId> = person.first(tx.conn).optional()?;
    if let Some(person) = &person {
        diesel::update(people::table.filter(people::id.eq(person)))
            .set(people::writes.eq(people::writes + 1))
            .execute(tx.conn)?;
    }
    Ok(person)
}

/// In the order of the workspaces' ids, in which everybody who takes several takes them.
fn memberships(tx: &mut ReadTx<'_>, person: &PersonId) -> Result<Vec<Membership>, Error> {
    let mut rows: Vec<(WorkspaceId, Role)> = members::table
        .filter(members::person_id.eq(person))
        .select((members::workspace_id, members::role))
        .load(tx.conn)?;
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    let membership = |(workspace, role)| Membership { workspace, person: person.clone(), role };
    Ok(rows.into_iter().map(membership).collect())
}

pub(super) fn find_session(tx: &mut ReadTx<'_>, id: &SessionId) -> Result<Myself, Error> {
    let found: Option<(PersonId, Moment, Moment)> = sessions::table
        .filter(sessions::id.eq(id))
        .select((sessions::person_id, sessions::created_at, sessions::seen_at))
        .first(tx.conn)
        .optional()?;
    match found {
        Some((person, created, seen)) if is_alive(created, seen, tx.now()) => {
            Ok(Myself { person, session: id.clone() })
        }
        _ => Err(Denied::SignedOut.into()),
    }
}

/// For actions that have just made a workspace: its first Owner needs no second look.
impl<'tx> Proof<'tx, super::Owner> {
    pub(in crate::store) fn of_founder(tx: &ReadTx<'tx>, workspace: WorkspaceId, person: PersonId) -> Self {
        Proof::new(tx, Membership { workspace, person, role: Role::Owner })
    }
}

/// For the command line: the operator acts as a member who is named or the only Owner.
impl<'tx, R: AtLeast<R>> Proof<'tx, R> {
    pub(in crate::store) fn of_member(
        tx: &ReadTx<'tx>,
        workspace: WorkspaceId,
        (person, role): (PersonId, Role),
    ) -> Result<Self, Error> {
        if role < R::LEAST {
            return Err(Denied::Forbidden.into());
        }
        Ok(Proof::new(tx, Membership { workspace, person, role }))
    }
}
