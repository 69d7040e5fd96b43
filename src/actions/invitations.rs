//! Offering membership, taking an offer back, and accepting one.
//!
//! Invariant: an offer counts for as long as it is in time and whoever made it may still give its role.

use std::time::Duration;

use crate::crypto::LinkToken;
use crate::domain::audit::{Event, PeopleEvent};
use crate::domain::message::Message;
use crate::domain::{Email, InvitationId, Letter, LinkId, Moment, PersonId, Role, Slug, policy};
use crate::store::access::{Admin, AtLeast, InWorkspace, Invited, Member, Offer, Offered, Proof};
use crate::store::invitations::{InvitationRow, KeptLink, NewInvitation, Offeree};
use crate::store::people::{Person, Proven};
use crate::store::{self, Denied, Error, Fault, Outcome, ReadTx, Refusal, WriteTx};

use super::founding::{NewAccount, new_person};
use super::sign_in::{Browser, Opened, open_session};
use super::{Tools, audit, outbox};

/// How long an offer stands.
pub const LIFETIME: Duration = Duration::from_hours(7 * 24);
/// How long after a letter the next one may be sent.
const PAUSE: Duration = Duration::from_mins(1);
/// Open offers of one workspace.
const MOST: u64 = 200;
/// In one hour: letters to one address, by whomever, and letters by one person, to whomever.
const WINDOW: Duration = Duration::from_hours(1);
const TO_ONE_ADDRESS: i64 = 5;
const BY_ONE_PERSON: i64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InviteRefusal {
    #[error("This address belongs to a member already.")]
    Member,
    #[error("This address is invited already. Send that invitation again, or revoke it first.")]
    Pending,
    #[error("It was sent a moment ago. Wait a minute before you send it again.")]
    TooSoon,
    #[error("Too many invitations are open. Revoke some that nobody will accept.")]
    TooMany,
    #[error("Too many invitations were sent in a short time. Go on in an hour.")]
    TooOften,
}

impl Refusal for InviteRefusal {}

pub struct Ask {
    pub email: Email,
    pub role: Role,
    pub message: Option<Message>,
    /// Whether the link is shown to be handed on, because no mail is set up.
    pub handed_on: bool,
}

/// The link of an offer, for whoever hands it on where no mail is set up.
pub struct Made {
    pub link: LinkToken,
    pub until: Moment,
}

pub fn invite(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    ask: &Ask,
) -> Result<Made, Fault<InviteRefusal>> {
    if !policy::may_assign(by.role(), ask.role) {
        return Err(Denied::Forbidden.into());
    }
    if store::members::has_address(tx, by, &ask.email)? {
        return Err(InviteRefusal::Member.into());
    }
    if store::invitations::find_to(tx, by, &ask.email)?.is_some() {
        return Err(InviteRefusal::Pending.into());
    }
    if store::invitations::count(tx, by)? >= MOST {
        return Err(InviteRefusal::TooMany.into());
    }
    count(tx, by, tools, &ask.email)?;
    let id = InvitationId::draw(tx.now(), tools.chance);
    let made = draw(tx, tools);
    let mac = tools.keyring.link_mac(&made.link);
    let message = ask.message.as_ref().map(Message::as_str);
    let link = KeptLink { id: &made.link.id, mac: mac.as_bytes(), handed_on: ask.handed_on, until: made.until };
    store::invitations::insert(tx, by, &NewInvitation { id: &id, email: &ask.email, role: ask.role, message, link })?;
    write(tx, by, tools, (&ask.email, ask.role, message), &made)?;
    let event =
        Event::People(PeopleEvent::InvitationSent { invitation: id, address: ask.email.to_string(), role: ask.role });
    audit::change(tx, by, tools, event)?;
    Ok(made)
}

/// Makes another link and sends it; the one before is good for nothing any more.
pub fn send_again(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    (id, handed_on): (&InvitationId, bool),
) -> Result<Made, Fault<InviteRefusal>> {
    let row = find(tx, by, id)?;
    if row.sent_at.plus(PAUSE) > tx.now() {
        return Err(InviteRefusal::TooSoon.into());
    }
    count(tx, by, tools, &row.email)?;
    let made = draw(tx, tools);
    let mac = tools.keyring.link_mac(&made.link);
    let link = KeptLink { id: &made.link.id, mac: mac.as_bytes(), handed_on, until: made.until };
    store::invitations::renew(tx, by, id, &link)?;
    write(tx, by, tools, (&row.email, row.role, row.message.as_deref()), &made)?;
    let event = Event::People(PeopleEvent::InvitationSentAgain { invitation: row.id, address: row.email.to_string() });
    audit::change(tx, by, tools, event)?;
    Ok(made)
}

pub fn revoke(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &InvitationId,
) -> Outcome<()> {
    let row = find(tx, by, id)?;
    Ok(take_back(tx, by, tools, &row)?)
}

/// Takes an offer back: on somebody's word, or because its maker, or the member whose address it names, goes.
pub(super) fn take_back(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    row: &InvitationRow,
) -> Result<(), Error> {
    store::invitations::delete(tx, by, &row.id)?;
    let event =
        Event::People(PeopleEvent::InvitationRevoked { invitation: row.id.clone(), address: row.email.to_string() });
    audit::change(tx, by, tools, event)
}

/// An offer that is the caller's to change.
fn find(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &InvitationId) -> Result<InvitationRow, Error> {
    let row = store::invitations::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if policy::may_assign(by.role(), row.role) { Ok(row) } else { Err(Denied::Forbidden.into()) }
}

/// Nobody floods a mailbox with letters from here, or strangers with letters of their own.
fn count(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    email: &Email,
) -> Result<(), Fault<InviteRefusal>> {
    let to = tools.keyring.throttle_key(&[b"invitation to", email.key().as_bytes()]);
    let from = tools.keyring.throttle_key(&[b"invitation by", by.person().as_str().as_bytes()]);
    for (name, most) in [(to, TO_ONE_ADDRESS), (from, BY_ONE_PERSON)] {
        if store::throttle::hit(tx, by, name.as_bytes(), WINDOW)?.hits > most {
            return Err(InviteRefusal::TooOften.into());
        }
    }
    Ok(())
}

fn draw(tx: &WriteTx<'_>, tools: Tools<'_>) -> Made {
    let link = LinkToken::draw(LinkId::draw(tx.now(), tools.chance), tools.chance);
    Made { link, until: tx.now().plus(LIFETIME) }
}

fn write(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    (email, role, message): (&Email, Role, Option<&str>),
    made: &Made,
) -> Result<(), Error> {
    let inviter = store::workspaces::find_person(tx, by)?;
    let letter = Letter::Invitation {
        workspace: store::workspaces::current(tx, by)?.name.to_string(),
        by: inviter.name.to_string(),
        address: inviter.email,
        role,
        message: message.map(ToOwned::to_owned),
        link: made.link.as_str().to_owned(),
        until: made.until,
    };
    outbox::of_workspace(tx, by, tools, (email, letter))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptRefusal {
    #[error("You are a member already.")]
    Already,
    #[error(
        "There is an account with this address already. Sign in to accept; if you do not know its password, ask for a new one on the page to sign in."
    )]
    HasAccount,
}

impl Refusal for AcceptRefusal {}

/// Accepts as the signed-in person whose address was invited.
pub fn accept<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Invited>,
    tools: Tools<'_>,
) -> Result<Slug, Fault<AcceptRefusal>> {
    let (person, offer) = (&by.holder().person, &by.holder().offer);
    if store::workspaces::of_person(tx, person)?.iter().any(|(row, _)| row.id == offer.workspace) {
        return Err(AcceptRefusal::Already.into());
    }
    if by.holder().has_link && !offer.handed_on {
        store::people::prove_email(tx, by)?;
    }
    let name = store::people::invited(tx, by)?.name.to_string();
    join(tx, by, tools, (person, name))?;
    Ok(offer.slug.clone())
}

/// Whether the invited address has an account, so that none can be made: asked before a password is hashed in vain.
pub fn has_account(tx: &mut ReadTx<'_>, by: &Proof<'_, Offered>) -> Outcome<bool> {
    Ok(store::people::find_by_email(tx, &by.holder().email)?.is_some())
}

/// Accepts as somebody new: the account is made with the invited address, and a session begins.
pub fn accept_as_newcomer<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Offered>,
    tools: Tools<'_>,
    (account, browser): (&NewAccount, &Browser),
) -> Result<(Slug, Opened), Fault<AcceptRefusal>> {
    let offer: Offer = by.holder().clone();
    if store::people::find_by_email(tx, &offer.email)?.is_some() {
        return Err(AcceptRefusal::HasAccount.into());
    }
    let proven = if offer.handed_on { Proven::NotYet } else { Proven::Yes };
    let (slug, person) = join_as_new(tx, by, tools, (proven, account))?;
    let origin = audit::Origin::of(&person, tools.origin.from);
    let opened = open_session(tx, by, Tools { origin: &origin, ..tools }, &person, browser)?;
    Ok((slug, opened))
}

/// Makes the account of the invited address, and the membership.
pub(super) fn join_as_new<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Offered>,
    tools: Tools<'_>,
    (proven, account): (Proven, &NewAccount),
) -> Result<(Slug, PersonId), Error> {
    let offer: Offer = by.holder().clone();
    let person: Person = new_person(tx, by, tools, (&offer.email, proven), account)?;
    let origin = audit::Origin::of(&person.id, tools.origin.from);
    join(tx, by, Tools { origin: &origin, ..tools }, (&person.id, person.name.to_string()))?;
    Ok((offer.slug, person.id))
}

fn join<'tx, R: Offeree>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, R>,
    tools: Tools<'_>,
    (person, name): (&PersonId, String),
) -> Result<(), Error> {
    let offer = R::offer(by.holder());
    let (role, invited_by) = (offer.role, Some(offer.inviter.clone()));
    let member: Proof<'tx, Member> = store::invitations::accept(tx, by, person)?;
    let event =
        Event::People(PeopleEvent::MemberJoined { person: person.clone(), name, role, invited_by, domain: None });
    audit::change(tx, &member, tools, event)
}

/// Says no; the offer is gone.
pub fn decline(tx: &mut WriteTx<'_>, by: &Proof<'_, Invited>, tools: Tools<'_>) -> Outcome<()> {
    let offer = by.holder().offer.clone();
    if !store::invitations::decline(tx, by)? {
        return Err(Denied::SpentLink.into());
    }
    let event =
        Event::People(PeopleEvent::InvitationDeclined { invitation: offer.id, address: offer.email.to_string() });
    Ok(audit::change(tx, by, tools, event)?)
}
