//! Demands of those who hold a single-use link. Proving one does not spend it; the action does.

use std::marker::PhantomData;

use diesel::prelude::*;

use crate::domain::{Email, LinkId, PersonId};
use crate::store::error::{Denied, Error};
use crate::store::links::{self, OpenLink, Purpose};
use crate::store::schema::{links as rows, people};
use crate::store::tx::{ReadTx, WriteTx};

use super::{Demand, EmailChange, Proof, Reset, Right, SetUp, SignUp, is_same};

/// A well-formed link as somebody brought it; whether it is good for anything, the transaction says.
#[derive(Clone)]
pub struct Brought {
    pub link: LinkId,
    pub mac: [u8; 32],
}

impl Brought {
    pub(super) fn fits(&self, kept: &[u8]) -> bool {
        is_same(kept, &self.mac)
    }
}

/// Whoever holds this link asks for what it is good for.
pub struct AskLink<R> {
    brought: Brought,
    right: PhantomData<fn() -> R>,
}

impl<R> AskLink<R> {
    pub fn new(brought: Brought) -> Self {
        Self { brought, right: PhantomData }
    }
}

impl<R> Clone for AskLink<R> {
    fn clone(&self) -> Self {
        Self::new(self.brought.clone())
    }
}

/// A right that a link gives.
pub trait LinkRight: Right {
    const PURPOSE: Purpose;

    /// Who holds the link; none where a row lacks what links of this purpose have.
    fn holder(link: LinkId, email: Option<Email>, person: Option<PersonId>) -> Option<Self::Holder>;

    fn link(holder: &Self::Holder) -> &LinkId;
}

/// A right that a link gives to somebody's account.
pub trait AccountLink: LinkRight<Holder = Held> {}

/// A link that proves somebody's address for their account.
pub struct Held {
    link: LinkId,
    email: Email,
    person: PersonId,
}

/// A link that proves an address for an account that is still to be made.
pub struct Addressed {
    link: LinkId,
    email: Email,
}

macro_rules! account_links {
    ($($right:ident $purpose:expr;)+) => {$(
        impl LinkRight for $right {
            const PURPOSE: Purpose = $purpose;

            fn holder(link: LinkId, email: Option<Email>, person: Option<PersonId>) -> Option<Held> {
                Some(Held { link, email: email?, person: person? })
            }

            fn link(holder: &Held) -> &LinkId {
                &holder.link
            }
        }

        impl AccountLink for $right {}
    )+};
}

account_links! {
    Reset Purpose::PasswordReset;
    EmailChange Purpose::EmailChange;
}

impl LinkRight for SignUp {
    const PURPOSE: Purpose = Purpose::SignUp;

    fn holder(link: LinkId, email: Option<Email>, _: Option<PersonId>) -> Option<Addressed> {
        Some(Addressed { link, email: email? })
    }

    fn link(holder: &Addressed) -> &LinkId {
        &holder.link
    }
}

impl LinkRight for SetUp {
    const PURPOSE: Purpose = Purpose::SetUp;

    fn holder(link: LinkId, _: Option<Email>, _: Option<PersonId>) -> Option<LinkId> {
        Some(link)
    }

    fn link(holder: &LinkId) -> &LinkId {
        holder
    }
}

impl<R: LinkRight> Proof<'_, R> {
    pub(in crate::store) fn link(&self) -> &LinkId {
        R::link(&self.holder)
    }
}

impl<R: AccountLink> Proof<'_, R> {
    /// Whose account the link is about.
    pub fn account(&self) -> &PersonId {
        &self.holder.person
    }

    /// Where the link was sent.
    pub fn address(&self) -> &Email {
        &self.holder.email
    }
}

impl Proof<'_, SignUp> {
    /// Where the link was sent.
    pub fn address(&self) -> &Email {
        &self.holder.email
    }
}

/// Whether the link was sent to where the account is now: one that was on its way while the address changed was not.
fn is_addressed(tx: &mut ReadTx<'_>, link: &OpenLink) -> Result<bool, Error> {
    let (Some(email), Some(person)) = (&link.email, &link.person) else { return Ok(false) };
    Ok(crate::store::people::find_email(tx, person)?.0.key() == email.key())
}

impl<R: LinkRight> Demand for AskLink<R> {
    type Right = R;

    /// Takes what all who change the same thing take: the installation where it is founded, or the person's row.
    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        match R::PURPOSE {
            Purpose::SetUp => crate::store::installation::lock(tx),
            Purpose::SignUp => Ok(()),
            Purpose::PasswordReset | Purpose::EmailChange => {
                let person =
                    rows::table.filter(rows::id.eq(&self.brought.link)).select(rows::person_id.assume_not_null());
                diesel::update(people::table.filter(people::id.eq_any(person)))
                    .set(people::writes.eq(people::writes + 1))
                    .execute(tx.conn)?;
                Ok(())
            }
        }
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, R>, Error> {
        let id = &self.brought.link;
        let open = links::find_open(tx, id, R::PURPOSE)?.filter(|link| self.brought.fits(&link.mac));
        if R::PURPOSE == Purpose::PasswordReset
            && let Some(link) = &open
            && !is_addressed(tx, link)?
        {
            return Err(Denied::SpentLink.into());
        }
        let holder = open.and_then(|link| R::holder(id.clone(), link.email, link.person));
        let holder = holder.ok_or(Denied::SpentLink)?;
        if R::PURPOSE == Purpose::SetUp && crate::store::people::exist(tx)? {
            return Err(Denied::SpentLink.into());
        }
        Ok(Proof::new(tx, holder))
    }
}
