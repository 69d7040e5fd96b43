//! Who people are at the providers that they sign in with.
//!
//! Invariant: an identity is named by issuer and subject and by nothing else, and belongs to one person.

use diesel::prelude::*;

use crate::domain::{Email, IdentityId, Moment, PersonId, Seen};

use super::access::{Nobody, Oneself, Proof, Reset, Right};
use super::error::Error;
use super::schema::identities;
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone)]
pub struct IdentityRow {
    pub id: IdentityId,
    pub person: PersonId,
    pub provider: String,
    pub address: Option<Email>,
    pub created_at: Moment,
    pub used_at: Option<Moment>,
}

macro_rules! columns {
    () => {
        (
            identities::id,
            identities::person_id,
            identities::provider,
            identities::address,
            identities::created_at,
            identities::used_at,
        )
    };
}

pub fn find<R: Right>(tx: &mut ReadTx<'_>, _by: &Proof<'_, R>, seen: &Seen) -> Result<Option<IdentityRow>, Error> {
    let one =
        identities::table.filter(identities::issuer.eq(&seen.issuer)).filter(identities::subject.eq(&seen.subject));
    Ok(one.select(columns!()).first(tx.conn).optional()?)
}

pub fn mine(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<Vec<IdentityRow>, Error> {
    let mine = identities::table.filter(identities::person_id.eq(&by.holder().person));
    Ok(mine.order(identities::id).select(columns!()).load(tx.conn)?)
}

/// One that is somebody's already is [`Error::Taken`].
pub fn insert<R: Right>(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, R>,
    (id, person): (&IdentityId, &PersonId),
    seen: &Seen,
) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(identities::table)
        .values((
            identities::id.eq(id),
            identities::issuer.eq(&seen.issuer),
            identities::subject.eq(&seen.subject),
            identities::person_id.eq(person),
            identities::provider.eq(&seen.provider),
            identities::address.eq(seen.email.as_ref()),
            identities::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Takes down that somebody came in by it; false where it was unlinked in this very moment.
pub fn mark_used<R: Right>(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, R>,
    id: &IdentityId,
    seen: &Seen,
) -> Result<bool, Error> {
    let now = tx.now();
    let rows = diesel::update(identities::table.filter(identities::id.eq(id)))
        .set((
            identities::used_at.eq(now),
            identities::address.eq(seen.email.as_ref()),
            identities::provider.eq(&seen.provider),
        ))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

/// The account that has an address, and whether the address is known to be its own.
pub fn account_of(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, Nobody>,
    email: &Email,
) -> Result<Option<(PersonId, bool)>, Error> {
    let Some((person, _)) = super::people::find_by_email(tx, email)? else { return Ok(None) };
    let (_, proven) = super::people::find_email(tx, &person.id)?;
    Ok(Some((person.id, proven.is_some())))
}

/// Takes away all that opens an account whose address nobody has proven yet, for whoever is about to: the providers of
/// those that went.
pub fn delete_before_proof(tx: &mut WriteTx<'_>, by: &Proof<'_, Reset>) -> Result<Vec<String>, Error> {
    if super::people::find_email(tx, by.account())?.1.is_some() {
        return Ok(Vec::new());
    }
    let all = || identities::table.filter(identities::person_id.eq(by.account()));
    let providers = all().order(identities::id).select(identities::provider).load(tx.conn)?;
    diesel::delete(all()).execute(tx.conn)?;
    Ok(providers)
}

pub fn delete_mine(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>, id: &IdentityId) -> Result<bool, Error> {
    let mine = identities::table.filter(identities::person_id.eq(&by.holder().person)).filter(identities::id.eq(id));
    Ok(diesel::delete(mine).execute(tx.conn)? == 1)
}
