//! Demands of those who were invited: by the link of the letter, or by the address that it was sent to.

use crate::domain::{InvitationId, PersonId, SessionId};
use crate::store::error::{Denied, Error};
use crate::store::invitations::{self, By};
use crate::store::people;
use crate::store::tx::{ReadTx, WriteTx};

use super::sessions::{find_session, lock_person};
use super::{Brought, Demand, Invited, Invitee, Offer, Offered, Proof};

/// The bearer of an invitation's link. Proving it does not spend it; accepting does.
#[derive(Clone)]
pub struct AskOffered(pub Brought);

impl Demand for AskOffered {
    type Right = Offered;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        invitations::lock_workspace(tx, &By::Link(&self.0.link))
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Offered>, Error> {
        let offer = find_by_link(tx, &self.0)?;
        Ok(Proof::new(tx, offer))
    }
}

fn find_by_link(tx: &mut ReadTx<'_>, brought: &Brought) -> Result<Offer, Error> {
    let found = invitations::find_open(tx, &By::Link(&brought.link))?.filter(|(_, kept)| brought.fits(kept));
    Ok(found.ok_or(Denied::SpentLink)?.0)
}

/// Which invitation is meant.
pub enum Which {
    Link(Brought),
    /// By its id: whoever is known to have the address needs no link.
    Mine(InvitationId),
}

/// This session's person asks for an invitation that was made to their address.
pub struct AskInvited {
    pub session: SessionId,
    pub which: Which,
}

impl Demand for AskInvited {
    type Right = Invited;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        // The person first, as everywhere: their account does not end while they join.
        lock_person(tx, &self.session)?;
        match &self.which {
            Which::Link(brought) => invitations::lock_workspace(tx, &By::Link(&brought.link)),
            Which::Mine(id) => invitations::lock_workspace(tx, &By::Address(id, "")),
        }
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Invited>, Error> {
        let person: PersonId = find_session(tx, &self.session)?.person;
        let (email, proven_at) = people::find_email(tx, &person)?;
        let key = email.key();
        let offer = match &self.which {
            Which::Link(brought) => find_by_link(tx, brought)?,
            // Whoever cannot show the link must be known to read what is sent to the address.
            Which::Mine(_) if proven_at.is_none() => return Err(Denied::SpentLink.into()),
            Which::Mine(id) => invitations::find_open(tx, &By::Address(id, &key))?.ok_or(Denied::SpentLink)?.0,
        };
        if offer.email.key() != key {
            return Err(Denied::Forbidden.into());
        }
        let has_link = matches!(self.which, Which::Link(..));
        Ok(Proof::new(tx, Invitee { person, offer, has_link }))
    }
}
