//! Accounts by mail: what is asked, what is sent, and what a link that was sent is good for.
//!
//! Invariant: whoever asks from outside has the same done and written, whether the address has an account or not. What
//! comes of it is decided later, by [`answer`], and told to the address alone.

use std::net::IpAddr;
use std::time::Duration;

use crate::crypto::{Keyring, LinkToken, Mac};
use crate::domain::audit::{AccountEvent, Event};
use crate::domain::{Email, Letter, LinkId, Moment, PersonId, Work};
use crate::store::access::{AccountLink, EmailChange, Oneself, Proof, Reset, Right, Runner, SignUp};
use crate::store::links::{NewLink, Purpose};
use crate::store::people::{Person, Proven};
use crate::store::{self, Error, Fault, Outcome, WriteTx};

use super::founding::{NewAccount, new_person};
use super::outbox::{self, Post};
use super::sign_in::{self, Attempt};
use super::{Tools, audit, identities};

/// What may be asked from one network within a quarter of an hour.
const ASKED_AT_MOST: i64 = 20;
/// Letters of one kind to one address within an hour.
const LETTERS_AT_MOST: i64 = 3;
const LETTERS_WINDOW: Duration = Duration::from_hours(1);
const RESET_LASTS: Duration = Duration::from_mins(60);
const PROOF_LASTS: Duration = Duration::from_hours(24);

/// The network that somebody asks from, as it is counted.
#[derive(Clone)]
pub struct Asker(Vec<u8>);

impl Asker {
    pub fn new(keyring: &Keyring, address: IpAddr) -> Self {
        let network = sign_in::network_of(address);
        Self(keyring.throttle_key(&[b"asked", network.as_bytes()]).as_bytes().to_vec())
    }
}

/// What came of asking: nothing, until then, where too much was asked before.
pub type Asked = Result<(), Moment>;

fn count<R: Right>(tx: &mut WriteTx<'_>, by: &Proof<'_, R>, asker: &Asker) -> Result<Asked, Error> {
    Ok(sign_in::closed(tx, by, &[(asker.0.as_slice(), ASKED_AT_MOST)])?.map_or(Ok(()), Err))
}

/// Takes down what a stranger asks for an address. Nothing is looked up.
pub fn ask<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    asker: &Asker,
    work: &Work,
) -> Outcome<Asked> {
    tx.unrecorded(store::Unrecorded::Work);
    let counted = count(tx, by, asker)?;
    if counted.is_ok() {
        outbox::unseen(tx, by, tools, work)?;
    }
    Ok(counted)
}

/// Takes down that somebody wants another address, and tells the present one. Nothing about the new one is looked up.
pub fn ask_email_change(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    tools: Tools<'_>,
    (compared, attempt, asker): (Option<&str>, &Attempt, &Asker),
    new: &Email,
) -> Outcome<Asked> {
    tx.unrecorded(store::Unrecorded::Work);
    let (person, _) = store::people::myself(tx, by)?;
    identities::must_be_shown(tx, by, (compared, attempt))?;
    let counted = count(tx, by, asker)?;
    if counted.is_ok() {
        tell(tx, by, tools, (&person.email, &person.id), Letter::EmailChangeAsked { new: new.clone() })?;
        let work = Work::EmailChangeAsked { person: person.id.clone(), email: new.clone() };
        outbox::for_person(tx, by, tools, (&person.id, &work))?;
    }
    Ok(counted)
}

fn tell<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (to, person): (&Email, &PersonId),
    letter: Letter,
) -> Result<(), Error> {
    outbox::of_person(tx, by, tools, Post { to, person: Some(person), letter })
}

/// What somebody wants of an address.
#[derive(Clone)]
pub enum Wish {
    Reset,
    SignUp,
    /// For this person's account.
    EmailChange(PersonId),
}

impl Wish {
    pub fn of(work: Work) -> Option<(Self, Email)> {
        match work {
            Work::ResetAsked { email } => Some((Self::Reset, email)),
            Work::SignUpAsked { email } => Some((Self::SignUp, email)),
            Work::EmailChangeAsked { person, email } => Some((Self::EmailChange(person), email)),
            Work::Letter { .. } | Work::Sweep | Work::Renew | Work::Probe => None,
        }
    }

    fn purpose(&self) -> Purpose {
        match self {
            Self::Reset => Purpose::PasswordReset,
            Self::SignUp => Purpose::SignUp,
            Self::EmailChange(_) => Purpose::EmailChange,
        }
    }
}

/// Sends the letter that an address is due, if any.
pub fn answer(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Runner>,
    tools: Tools<'_>,
    (wish, email): (&Wish, &Email),
) -> Result<(), Error> {
    // Counted before anything is looked up. Beyond it the earlier letters, and their links, are enough.
    let name = letters_to(tools, wish.purpose(), email);
    if store::throttle::hit(tx, by, name.as_bytes(), LETTERS_WINDOW)?.hits > LETTERS_AT_MOST {
        return Ok(());
    }
    let known = store::people::find_by_email(tx, email)?.map(|(person, _)| person);
    match (wish, known) {
        (Wish::Reset, None) => Ok(()),
        // To the address as it is kept, not as a stranger spelled it.
        (Wish::Reset, Some(person)) => {
            let letter = draw_link(tx, by, tools, wish, (&person.email, Some(&person.id)))?;
            tell(tx, by, tools, (&person.email, &person.id), letter)
        }
        (Wish::SignUp, None) => send_link(tx, by, tools, wish, (email, None)),
        // Deleted meanwhile.
        (Wish::EmailChange(of), _) if !store::people::is_there(tx, of)? => Ok(()),
        (Wish::EmailChange(of), None) => send_link(tx, by, tools, wish, (email, Some(of))),
        // The same address in another letter case.
        (Wish::EmailChange(of), Some(person)) if person.id == *of => send_link(tx, by, tools, wish, (email, Some(of))),
        (Wish::SignUp | Wish::EmailChange(_), Some(person)) => {
            outbox::of_person(tx, by, tools, Post { to: &person.email, person: None, letter: Letter::AlreadyHere })
        }
    }
}

/// What letters of one kind to one address are counted by.
fn letters_to(tools: Tools<'_>, purpose: Purpose, email: &Email) -> Mac {
    tools.keyring.throttle_key(&[b"letter", purpose.word().as_bytes(), email.key().as_bytes()])
}

/// Where the links that were sent there are good for nothing any more, new ones may be asked for at once.
pub(super) fn forget_letters<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    email: &Email,
) -> Result<(), Error> {
    for purpose in [Purpose::PasswordReset, Purpose::EmailChange] {
        store::throttle::forget(tx, by, letters_to(tools, purpose, email).as_bytes())?;
    }
    Ok(())
}

/// Sends a link that somebody asked for who may not learn what came of it: the letter is shown to nobody.
fn send_link(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Runner>,
    tools: Tools<'_>,
    wish: &Wish,
    (to, person): (&Email, Option<&PersonId>),
) -> Result<(), Error> {
    let letter = draw_link(tx, by, tools, wish, (to, person))?;
    outbox::of_person(tx, by, tools, Post { to, person: None, letter })
}

fn draw_link(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Runner>,
    tools: Tools<'_>,
    wish: &Wish,
    (to, person): (&Email, Option<&PersonId>),
) -> Result<Letter, Error> {
    let token = LinkToken::draw(LinkId::draw(tx.now(), tools.chance), tools.chance);
    let mac = tools.keyring.link_mac(&token);
    let until = tx.now().plus(if matches!(wish, Wish::Reset) { RESET_LASTS } else { PROOF_LASTS });
    let (purpose, mac) = (wish.purpose(), mac.as_bytes());
    let row = NewLink { id: &token.id, purpose, mac, email: Some(to), person, until };
    store::links::insert(tx, by, &row)?;
    let link = token.as_str().to_owned();
    Ok(match wish {
        Wish::Reset => Letter::PasswordReset { link, until },
        Wish::SignUp => Letter::SignUp { link, until },
        Wish::EmailChange(_) => Letter::EmailProof { link, until },
    })
}

/// Whose account a link is about, and the address that it was sent to.
pub fn about<R: AccountLink>(tx: &mut store::ReadTx<'_>, by: &Proof<'_, R>) -> Outcome<(Person, Email)> {
    Ok((store::people::of_link(tx, by)?, by.address().clone()))
}

/// Spends the link on a new password.
pub fn reset_password(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Reset>,
    tools: Tools<'_>,
    (hash, attempt): (&str, &Attempt),
) -> Outcome<()> {
    store::links::spend(tx, by)?;
    let person = store::people::of_link(tx, by)?;
    // Somebody else may have made it, with ways in of their own.
    for provider in store::identities::delete_before_proof(tx, by)? {
        let event = AccountEvent::IdentityUnlinked { person: person.id.clone(), provider };
        audit::installation(tx, tools, Event::Account(event))?;
    }
    store::people::set_password(tx, by, hash)?;
    sign_in::forget(tx, by, attempt)?;
    let event = Event::Account(AccountEvent::PasswordReset { person: person.id.clone() });
    Ok(sign_in::password_is_new(tx, by, tools, &person, event)?)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("somebody has an account with this address by now")]
pub struct AddressTaken;

impl store::Refusal for AddressTaken {}

/// What is unique here, besides ids that are drawn at random, is the address.
fn taken(error: Error) -> Fault<AddressTaken> {
    match error {
        Error::Taken => Fault::Refused(AddressTaken),
        other => Fault::Store(other),
    }
}

/// Spends the link on an account with the address that it proves.
pub fn sign_up(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, SignUp>,
    tools: Tools<'_>,
    account: &NewAccount,
) -> Result<PersonId, Fault<AddressTaken>> {
    store::links::spend(tx, by)?;
    let person = new_person(tx, by, tools, (by.address(), Proven::Yes), account).map_err(taken)?;
    Ok(person.id)
}

/// Spends the link on the address that it proves.
pub fn change_email(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, EmailChange>,
    tools: Tools<'_>,
) -> Result<(), Fault<AddressTaken>> {
    store::links::spend(tx, by)?;
    let person = store::people::of_link(tx, by)?;
    // In this order: whoever makes a link of what waits holds the row of the work, and then looks at the person's.
    store::links::forget_of(tx, by, &person.id)?;
    store::people::set_email(tx, by).map_err(taken)?;
    audit::installation(tx, tools, Event::Account(AccountEvent::EmailChanged { person: person.id.clone() }))?;
    let (before, after) = (person.email, by.address().clone());
    for (to, to_new) in [(&before, false), (&after, true)] {
        let letter = Letter::EmailChanged { before: before.clone(), after: after.clone(), to_new };
        tell(tx, by, tools, (to, &person.id), letter)?;
        forget_letters(tx, by, tools, to)?;
    }
    Ok(())
}
