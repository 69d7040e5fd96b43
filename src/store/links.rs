//! Single-use links: sent by mail, or printed at the first start.
//!
//! Invariant: looking at a link spends nothing; spending is one conditional UPDATE, so a link is spent once.

use diesel::prelude::*;

use crate::domain::{Email, LinkId, Moment, PersonId};

use super::access::{LinkRight, Proof, Right};
use super::error::{Denied, Error};
use super::schema::links;
use super::tx::{ReadTx, WriteTx};

/// What a link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    SetUp,
    SignUp,
    PasswordReset,
    EmailChange,
}

impl Purpose {
    pub const fn word(self) -> &'static str {
        match self {
            Self::SetUp => "set_up",
            Self::SignUp => "sign_up",
            Self::PasswordReset => "password_reset",
            Self::EmailChange => "email_change",
        }
    }
}

/// A link as it is made.
pub struct NewLink<'a> {
    pub id: &'a LinkId,
    pub purpose: Purpose,
    pub mac: &'a [u8],
    /// Where it is sent; none for the set-up link.
    pub email: Option<&'a Email>,
    /// Whose account it is about, where there is one already.
    pub person: Option<&'a PersonId>,
    pub until: Moment,
}

pub fn insert<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, link: &NewLink<'_>) -> Result<(), Error> {
    diesel::insert_into(links::table)
        .values((
            links::id.eq(link.id),
            links::purpose.eq(link.purpose.word()),
            links::mac.eq(link.mac),
            links::email.eq(link.email),
            links::person_id.eq(link.person),
            links::expires_at.eq(link.until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// A link that can still be spent.
#[derive(Queryable, Clone)]
pub struct OpenLink {
    pub mac: Vec<u8>,
    pub email: Option<Email>,
    pub person: Option<PersonId>,
}

pub(super) fn find_open(tx: &mut ReadTx<'_>, id: &LinkId, purpose: Purpose) -> Result<Option<OpenLink>, Error> {
    let now = tx.now();
    let row = links::table
        .filter(links::id.eq(id))
        .filter(links::purpose.eq(purpose.word()))
        .filter(links::spent_at.is_null())
        .filter(links::expires_at.gt(now))
        .select((links::mac, links::email, links::person_id))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

/// Spends a link that has been proven, unless somebody was quicker.
pub fn spend<R: LinkRight>(tx: &mut WriteTx<'_>, by: &Proof<'_, R>) -> Result<(), Error> {
    let now = tx.now();
    let spent = diesel::update(links::table.filter(links::id.eq(by.link())).filter(links::spent_at.is_null()))
        .set(links::spent_at.eq(now))
        .execute(tx.conn)?;
    if spent == 1 { Ok(()) } else { Err(Denied::SpentLink.into()) }
}

/// Makes every open link about this account useless: its address or password is another one now. What was asked before
/// and waits to become a link goes first, so that none is made meanwhile.
pub fn forget_of<R: Right>(tx: &mut WriteTx<'_>, by: &Proof<'_, R>, person: &PersonId) -> Result<(), Error> {
    super::jobs::forget_asked(tx, by, person)?;
    diesel::delete(links::table.filter(links::person_id.eq(person))).execute(tx.conn)?;
    Ok(())
}

/// Forgets what nobody can spend any more.
pub fn sweep<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>) -> Result<(), Error> {
    let now = tx.now();
    diesel::delete(links::table.filter(links::expires_at.le(now))).execute(tx.conn)?;
    Ok(())
}
