//! Offers of membership that are open.
//!
//! Invariant: an offer is no membership. It becomes one in [`accept`] alone, which takes the offer away in the same
//! transaction, so that it is accepted once.

use std::time::Duration;

use diesel::prelude::*;

use crate::domain::{Email, InvitationId, LinkId, Moment, Name, PersonId, Role, WorkspaceId, policy};

use super::access::{
    Admin, AtLeast, InWorkspace, Invited, Invitee, Member, Offer, Offered, Oneself, Proof, Right, Runner,
};
use super::error::{Denied, Error};
use super::members::MemberRow;
use super::paging::{Page, Turn, page_of_keys, turned};
use super::schema::{invitations, members, people, workspaces};
use super::tx::{ReadTx, WriteTx};

/// Offers that a person is shown at once.
const LISTED: i64 = 20;
/// Expired ones are kept for so long, to be sent again.
const SHOWN: Duration = Duration::from_hours(30 * 24);

#[derive(Queryable, Clone)]
pub struct InvitationRow {
    pub id: InvitationId,
    pub email: Email,
    pub role: Role,
    pub message: Option<String>,
    pub inviter: PersonId,
    pub inviter_name: Name,
    pub sent_at: Moment,
    pub expires_at: Moment,
}

macro_rules! columns {
    () => {
        (
            invitations::id,
            invitations::email,
            invitations::role,
            invitations::message,
            invitations::inviter_id,
            people::name,
            invitations::sent_at,
            invitations::expires_at,
        )
    };
}

macro_rules! here {
    ($by:expr) => {
        invitations::table
            .inner_join(people::table)
            .filter(invitations::workspace_id.eq($by.workspace()))
            .select(columns!())
    };
}

/// A page of the open offers, the newest first.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    turn: &Turn<InvitationId>,
) -> Result<Page<InvitationRow>, Error> {
    let keys =
        || invitations::table.filter(invitations::workspace_id.eq(by.workspace())).select(invitations::id).into_boxed();
    let page = page_of_keys(turn, &mut |turn, limit| Ok(turned!(keys(), invitations::id, turn, limit).load(tx.conn)?))?;
    let rows = here!(by).filter(invitations::id.eq_any(&page.rows)).order(invitations::id.desc()).load(tx.conn)?;
    Ok(Page { rows, has_newer: page.has_newer, has_older: page.has_older })
}

pub fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>) -> Result<u64, Error> {
    let number: i64 =
        invitations::table.filter(invitations::workspace_id.eq(by.workspace())).count().get_result(tx.conn)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    id: &InvitationId,
) -> Result<Option<InvitationRow>, Error> {
    Ok(here!(by).filter(invitations::id.eq(id)).first(tx.conn).optional()?)
}

pub fn find_to(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    email: &Email,
) -> Result<Option<InvitationRow>, Error> {
    Ok(here!(by).filter(invitations::email_key.eq(email.key())).first(tx.conn).optional()?)
}

/// Open offers that are this member's word, or were made to their address: neither outlasts the membership.
pub fn of_member(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    member: &MemberRow,
) -> Result<Vec<InvitationRow>, Error> {
    let theirs = invitations::inviter_id.eq(&member.person).or(invitations::email_key.eq(member.email.key()));
    Ok(here!(by).filter(theirs).order(invitations::id).load(tx.conn)?)
}

/// Whether the link of a letter that waits is still good for something.
pub fn is_open(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, link: &LinkId) -> Result<bool, Error> {
    Ok(find_open(tx, &By::Link(link))?.is_some())
}

/// A link as it is kept: what it is looked up by, and what it is compared with.
pub struct KeptLink<'a> {
    pub id: &'a LinkId,
    pub mac: &'a [u8],
    /// Whether it was shown to be handed on: then it proves nobody's address.
    pub handed_on: bool,
    pub until: Moment,
}

pub struct NewInvitation<'a> {
    pub id: &'a InvitationId,
    pub email: &'a Email,
    pub role: Role,
    pub message: Option<&'a str>,
    pub link: KeptLink<'a>,
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, new: &NewInvitation<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(new.id),
            invitations::workspace_id.eq(by.workspace()),
            invitations::email.eq(new.email),
            invitations::email_key.eq(new.email.key()),
            invitations::role.eq(new.role),
            invitations::message.eq(new.message),
            invitations::inviter_id.eq(by.person()),
            invitations::link_id.eq(new.link.id),
            invitations::mac.eq(new.link.mac),
            invitations::handed_on.eq(new.link.handed_on),
            invitations::sent_at.eq(now),
            invitations::expires_at.eq(new.link.until),
            invitations::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Another link, which takes the place of the one before; it is the word of whoever sends it again.
pub fn renew(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    id: &InvitationId,
    link: &KeptLink<'_>,
) -> Result<(), Error> {
    let now = tx.now();
    let row = invitations::table.filter(invitations::workspace_id.eq(by.workspace())).filter(invitations::id.eq(id));
    diesel::update(row)
        .set((
            invitations::inviter_id.eq(by.person()),
            invitations::link_id.eq(link.id),
            invitations::mac.eq(link.mac),
            invitations::handed_on.eq(link.handed_on),
            invitations::sent_at.eq(now),
            invitations::expires_at.eq(link.until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Takes an offer back; false where it is none any more.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &InvitationId) -> Result<bool, Error> {
    let row = invitations::table.filter(invitations::workspace_id.eq(by.workspace())).filter(invitations::id.eq(id));
    Ok(diesel::delete(row).execute(tx.conn)? == 1)
}

/// An offer with its MAC and the role that its inviter has today. Without a membership there is no row.
macro_rules! open {
    () => {
        invitations::table
            .inner_join(workspaces::table)
            .inner_join(people::table)
            .inner_join(members::table.on(
                members::workspace_id.eq(invitations::workspace_id).and(members::person_id.eq(invitations::inviter_id)),
            ))
            .select((
                (
                    invitations::id,
                    workspaces::id,
                    workspaces::slug,
                    workspaces::name,
                    invitations::email,
                    invitations::role,
                    people::id,
                    people::name,
                    invitations::message,
                    invitations::handed_on,
                    invitations::expires_at,
                ),
                invitations::mac,
                members::role,
            ))
    };
}

/// How an offer is named by whoever wants to look at it.
pub(super) enum By<'a> {
    Link(&'a LinkId),
    /// By its id, for the person whose address it was made to.
    Address(&'a InvitationId, &'a str),
}

/// An offer that can be accepted now, with the MAC of its link: in time, and still its inviter's to make.
pub(super) fn find_open(tx: &mut ReadTx<'_>, by: &By<'_>) -> Result<Option<(Offer, Vec<u8>)>, Error> {
    let now = tx.now();
    let mut query = open!().filter(invitations::expires_at.gt(now)).into_boxed();
    query = match by {
        By::Link(link) => query.filter(invitations::link_id.eq(*link)),
        By::Address(id, key) => query.filter(invitations::id.eq(*id)).filter(invitations::email_key.eq(*key)),
    };
    let row: Option<(Offer, Vec<u8>, Role)> = query.first(tx.conn).optional()?;
    Ok(row.filter(is_good).map(|(offer, mac, _)| (offer, mac)))
}

fn is_good((offer, _, inviter): &(Offer, Vec<u8>, Role)) -> bool {
    policy::may_assign(*inviter, offer.role)
}

/// The newest offers that were made to one's own address, where that is known to be one's own.
pub fn mine(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<Vec<Offer>, Error> {
    let now = tx.now();
    let (email, Some(_)) = super::people::find_email(tx, &by.holder().person)? else { return Ok(Vec::new()) };
    let rows: Vec<(Offer, Vec<u8>, Role)> = open!()
        .filter(invitations::email_key.eq(email.key()))
        .filter(invitations::expires_at.gt(now))
        .order(invitations::id.desc())
        .limit(LISTED)
        .load(tx.conn)?;
    Ok(rows.into_iter().filter(is_good).map(|(offer, _, _)| offer).collect())
}

/// Locks the workspace that an offer is of, so that whoever ends or changes it waits.
pub(super) fn lock_workspace(tx: &mut WriteTx<'_>, by: &By<'_>) -> Result<(), Error> {
    let all = invitations::table.select(invitations::workspace_id).into_boxed();
    let of: Option<WorkspaceId> = match by {
        By::Link(link) => all.filter(invitations::link_id.eq(*link)),
        By::Address(id, _) => all.filter(invitations::id.eq(*id)),
    }
    .first(tx.conn)
    .optional()?;
    diesel::update(workspaces::table.filter(workspaces::id.nullable().eq(of)))
        .set(workspaces::writes.eq(workspaces::writes + 1))
        .execute(tx.conn)?;
    Ok(())
}

/// Whoever is offered something: by a link alone, or signed in with the address that it was made to.
pub trait Offeree: Right {
    fn offer(holder: &Self::Holder) -> &Offer;
}

impl Offeree for Offered {
    fn offer(holder: &Offer) -> &Offer {
        holder
    }
}

impl Offeree for Invited {
    fn offer(holder: &Invitee) -> &Offer {
        &holder.offer
    }
}

/// Turns the offer into a membership. The proof that comes back is the new member's.
pub fn accept<'tx, R: Offeree>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, R>,
    person: &PersonId,
) -> Result<Proof<'tx, Member>, Error> {
    let offer = R::offer(by.holder());
    let now = tx.now();
    if diesel::delete(invitations::table.filter(invitations::id.eq(&offer.id))).execute(tx.conn)? != 1 {
        return Err(Denied::SpentLink.into());
    }
    diesel::insert_into(members::table)
        .values((
            members::workspace_id.eq(&offer.workspace),
            members::person_id.eq(person),
            members::role.eq(offer.role),
            members::joined_at.eq(now),
        ))
        .execute(tx.conn)?;
    Proof::of_member(tx, offer.workspace.clone(), (person.clone(), offer.role))
}

/// Takes away an offer that one was made; false where it is none any more.
pub fn decline(tx: &mut WriteTx<'_>, by: &Proof<'_, Invited>) -> Result<bool, Error> {
    let row = invitations::table.filter(invitations::id.eq(&by.holder().offer.id));
    Ok(diesel::delete(row).execute(tx.conn)? == 1)
}

/// Forgets the offers that are long over.
pub fn sweep<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>) -> Result<(), Error> {
    let before = tx.now().minus(SHOWN);
    diesel::delete(invitations::table.filter(invitations::expires_at.le(before))).execute(tx.conn)?;
    Ok(())
}
