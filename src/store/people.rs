//! People and their accounts.

use diesel::prelude::*;

use crate::domain::{Email, Moment, Name, PersonId};

use super::access::{AccountLink, CommandLine, EmailChange, Everywhere, Invited, Nobody, Oneself, Proof, Reset, Right};
use super::error::Error;
use super::schema::{jobs, people, secret_shares, sessions, tokens};
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone)]
pub struct Person {
    pub id: PersonId,
    pub email: Email,
    pub name: Name,
}

pub fn exist(tx: &mut ReadTx<'_>) -> Result<bool, Error> {
    Ok(diesel::select(diesel::dsl::exists(people::table.select(people::id))).get_result(tx.conn)?)
}

pub fn is_there(tx: &mut ReadTx<'_>, id: &PersonId) -> Result<bool, Error> {
    let one = people::table.filter(people::id.eq(id)).select(people::id);
    Ok(diesel::select(diesel::dsl::exists(one)).get_result(tx.conn)?)
}

pub fn find_by_email(tx: &mut ReadTx<'_>, email: &Email) -> Result<Option<(Person, Option<String>)>, Error> {
    let row = people::table
        .filter(people::email_key.eq(email.key()))
        .select(((people::id, people::email, people::name), people::password_hash))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

/// The address of somebody who has just come in.
pub fn email_of(tx: &mut ReadTx<'_>, _by: &Proof<'_, Nobody>, person: &PersonId) -> Result<Email, Error> {
    Ok(find_email(tx, person)?.0)
}

/// The person whom an invitation is for.
pub fn invited(tx: &mut ReadTx<'_>, by: &Proof<'_, Invited>) -> Result<Person, Error> {
    let row = people::table
        .filter(people::id.eq(&by.holder().person))
        .select((people::id, people::email, people::name))
        .first(tx.conn)?;
    Ok(row)
}

/// Somebody's address, and when it was last seen to be theirs.
pub(super) fn find_email(tx: &mut ReadTx<'_>, person: &PersonId) -> Result<(Email, Option<Moment>), Error> {
    let row = people::table.filter(people::id.eq(person)).select((people::email, people::email_proven_at));
    Ok(row.first(tx.conn)?)
}

/// Takes down that what was sent to the invited person's address has reached them.
pub fn prove_email(tx: &mut WriteTx<'_>, by: &Proof<'_, Invited>) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(people::table.filter(people::id.eq(&by.holder().person)))
        .set(people::email_proven_at.eq(now))
        .execute(tx.conn)?;
    Ok(())
}

/// Somebody who is about to join a workspace: their row is taken first, so that their account does not end meanwhile.
pub fn find_to_join(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, CommandLine>,
    email: &Email,
) -> Result<Option<Person>, Error> {
    diesel::update(people::table.filter(people::email_key.eq(email.key())))
        .set(people::writes.eq(people::writes + 1))
        .execute(tx.conn)?;
    Ok(find_by_email(tx, email)?.map(|(person, _)| person))
}

pub fn myself(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<(Person, Option<String>), Error> {
    let row = people::table
        .filter(people::id.eq(&by.holder().person))
        .select(((people::id, people::email, people::name), people::password_hash))
        .first(tx.conn)?;
    Ok(row)
}

/// Whether an address is known to be the person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proven {
    /// They have read what was sent there, or whoever runs Keyrack says so.
    Yes,
    NotYet,
}

/// Makes an account: for those whose right the action has checked.
pub fn insert<R: Right>(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, R>,
    (person, proven): (&Person, Proven),
    password_hash: Option<&str>,
) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(people::table)
        .values((
            people::id.eq(&person.id),
            people::email.eq(&person.email),
            people::email_key.eq(person.email.key()),
            people::email_proven_at.eq((proven == Proven::Yes).then_some(now)),
            people::name.eq(&person.name),
            people::password_hash.eq(password_hash),
            people::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Sets a new hash where the old one is still the one that a password was compared with; false where it is not.
pub fn replace_password<R: Right>(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, R>,
    person: &PersonId,
    (compared, new): (&str, &str),
) -> Result<bool, Error> {
    let rows = diesel::update(people::table.filter(people::id.eq(person)).filter(people::password_hash.eq(compared)))
        .set((people::password_hash.eq(new), people::writes.eq(people::writes + 1)))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

/// Sets a password whatever stood there: for whoever proved that the account's address is theirs.
pub fn set_password(tx: &mut WriteTx<'_>, by: &Proof<'_, Reset>, hash: &str) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(people::table.filter(people::id.eq(by.account())))
        .set((people::password_hash.eq(hash), people::email_proven_at.eq(now)))
        .execute(tx.conn)?;
    Ok(())
}

/// Sets another address; one that is somebody's already is [`Error::Taken`].
pub fn set_email(tx: &mut WriteTx<'_>, by: &Proof<'_, EmailChange>) -> Result<(), Error> {
    let (now, email) = (tx.now(), by.address());
    diesel::update(people::table.filter(people::id.eq(by.account())))
        .set((people::email.eq(email), people::email_key.eq(email.key()), people::email_proven_at.eq(now)))
        .execute(tx.conn)?;
    Ok(())
}

/// Whose account a link is about.
pub fn of_link<R: AccountLink>(tx: &mut ReadTx<'_>, by: &Proof<'_, R>) -> Result<Person, Error> {
    let row = people::table
        .filter(people::id.eq(by.account()))
        .select((people::id, people::email, people::name))
        .first(tx.conn)?;
    Ok(row)
}

pub fn rename(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>, name: &Name) -> Result<(), Error> {
    diesel::update(people::table.filter(people::id.eq(&by.holder().person)))
        .set(people::name.eq(name))
        .execute(tx.conn)?;
    Ok(())
}

/// Removes somebody whose memberships have ended, with everything that is theirs alone: sessions, what was shared with
/// them, the tokens that they made anywhere with the counts of their uses, and the row with address and password.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, Everywhere>) -> Result<(), Error> {
    let person = &by.holder().myself().person;
    diesel::delete(sessions::table.filter(sessions::person_id.eq(person))).execute(tx.conn)?;
    diesel::delete(secret_shares::table.filter(secret_shares::person_id.eq(person))).execute(tx.conn)?;
    diesel::delete(tokens::table.filter(tokens::maker_id.eq(person))).execute(tx.conn)?;
    diesel::delete(jobs::table.filter(jobs::person_id.eq(person))).execute(tx.conn)?;
    diesel::delete(people::table.filter(people::id.eq(person))).execute(tx.conn)?;
    Ok(())
}

/// Since when this account has been there.
pub fn joined(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<crate::domain::Moment, Error> {
    Ok(people::table.filter(people::id.eq(&by.holder().person)).select(people::created_at).first(tx.conn)?)
}
