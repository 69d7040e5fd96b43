//! Coming in by a provider, and which of its accounts open one's own.
//!
//! Invariant: an account passes to nobody by an address alone. A provider's identity is joined to an account that was there
//! before by its own person, who is signed in; and only where the account's own address is proven is it even offered.

use std::time::Duration;

use crate::crypto::StateToken;
use crate::domain::audit::{AccountEvent, Actor, Event};
use crate::domain::errand::Link;
use crate::domain::{Email, Errand, IdentityId, Letter, Name, PersonId, Seen, Slug};
use crate::store::access::{Nobody, Offered, Oneself, Proof, Right};
use crate::store::people::Proven;
use crate::store::{self, Denied, Error, Fault, Outcome, ReadTx, Refusal, Unrecorded, WriteTx};

/// What a provider is told, and what came back from it.
pub use crate::upstream::oauth::{Answered, Begun};

use super::founding::{NewAccount, new_person};
use super::outbox::{self, Post};
use super::sign_in::{self, Attempt, Browser, Opened, open_session};
use super::{Kit, Tools, audit, domains, flows, invitations};

/// Who came, as what they are here, and in which browser.
pub struct Coming<'a> {
    pub seen: &'a Seen,
    /// What people call the provider.
    pub label: &'a str,
    pub browser: &'a Browser,
    /// The browser, as flows know it.
    pub mark: &'a str,
    /// Whether an account may be made.
    pub may_sign_up: bool,
}

/// What came of coming.
pub enum Arrival {
    In {
        opened: Opened,
        email: Email,
        made: bool,
    },
    /// An account has their address. By this state its own person may join the two.
    HasAccount(StateToken),
    /// An account has their address, and nobody knows whose it is.
    Unproven,
    /// Without a proven address there is nobody to make an account for.
    NotProven,
    /// Nobody makes an account with this address here.
    NoAccount,
}

pub fn arrive<'tx>(tx: &mut WriteTx<'tx>, by: &Proof<'tx, Nobody>, kit: &Kit, coming: &Coming<'_>) -> Outcome<Arrival> {
    let seen = coming.seen;
    if let Some(known) = store::identities::find(tx, by, seen)? {
        if !store::identities::mark_used(tx, by, &known.id, seen)? {
            return Err(Denied::SignedOut.into());
        }
        let email = store::people::email_of(tx, by, &known.person)?;
        let opened = kit.by_person(&known.person, |tools| {
            domains::join(tx, by, tools, (&known.person, seen, known.used_at))?;
            enter(tx, by, tools, &known.person, coming)
        })?;
        return Ok(Arrival::In { opened, email, made: false });
    }
    let Some(email) = seen.proven_email() else {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(Arrival::NotProven);
    };
    match store::identities::account_of(tx, by, email)? {
        Some((person, true)) => {
            let errand = Errand::Link(Box::new(Link { person: person.clone(), seen: seen.clone() }));
            let state = kit.by_person(&person, |tools| flows::begin(tx, by, tools, (coming.mark, &errand)))?;
            Ok(Arrival::HasAccount(state))
        }
        Some((_, false)) => {
            tx.unrecorded(Unrecorded::Nothing);
            Ok(Arrival::Unproven)
        }
        None if coming.may_sign_up => {
            let person = make(tx, by, kit, (email, coming))?;
            let opened = kit.by_person(&person, |tools| {
                domains::join(tx, by, tools, (&person, seen, None))?;
                enter(tx, by, tools, &person, coming)
            })?;
            Ok(Arrival::In { opened, email: email.clone(), made: true })
        }
        None => {
            tx.unrecorded(Unrecorded::Nothing);
            Ok(Arrival::NoAccount)
        }
    }
}

/// The session of somebody who came by a provider.
fn enter<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    person: &PersonId,
    coming: &Coming<'_>,
) -> Result<Opened, Error> {
    let provider = coming.label.to_owned();
    let event = Event::Account(AccountEvent::IdentityUsed { person: person.clone(), provider });
    audit::installation(tx, tools, event)?;
    store::sessions::sweep(tx, by)?;
    open_session(tx, by, tools, person, coming.browser)
}

/// An account without a password, for the address that the provider has proven.
fn make(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Nobody>,
    kit: &Kit,
    (email, coming): (&Email, &Coming<'_>),
) -> Result<PersonId, Error> {
    let account = NewAccount { name: name_of(coming.seen, email), password_hash: None };
    let person = kit.by(Actor::Unknown, |tools| new_person(tx, by, tools, (email, Proven::Yes), &account))?;
    kit.by_person(&person.id, |tools| add(tx, by, tools, &person.id, (coming.seen, coming.label, true)))?;
    Ok(person.id)
}

/// As the provider calls them; or what stands before the @.
fn name_of(seen: &Seen, email: &Email) -> Name {
    let told = seen.name.as_deref().and_then(|name| Name::parse(name).ok());
    told.unwrap_or_else(|| Name::of_address(email))
}

/// Takes down whose it is, and whether they came by it in this moment.
fn add<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    person: &PersonId,
    (seen, label, came): (&Seen, &str, bool),
) -> Result<(), Error> {
    let id = IdentityId::draw(tx.now(), tools.chance);
    store::identities::insert(tx, by, (&id, person), seen)?;
    if came {
        store::identities::mark_used(tx, by, &id, seen)?;
    }
    let event = AccountEvent::IdentityLinked { person: person.clone(), provider: label.to_owned() };
    audit::installation(tx, tools, Event::Account(event))
}

/// Accepts an invitation as somebody new, whose address the provider has proven.
pub fn join<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Offered>,
    kit: &Kit,
    coming: &Coming<'_>,
) -> Result<(Slug, Opened), Fault<JoinRefusal>> {
    let offer = by.holder().clone();
    let seen = coming.seen;
    if seen.proven_email().is_none_or(|email| email.key() != offer.email.key()) {
        return Err(JoinRefusal.into());
    }
    let account = NewAccount { name: name_of(seen, &offer.email), password_hash: None };
    let kit_of = kit.clone();
    kit.by(Actor::Unknown, |tools| {
        let (slug, person) = invitations::join_as_new(tx, by, tools, (Proven::Yes, &account))?;
        let opened = kit_of.by_person(&person, |tools| {
            add(tx, by, tools, &person, (seen, coming.label, true))?;
            enter(tx, by, tools, &person, coming)
        })?;
        Ok((slug, opened))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the invitation is for another address")]
pub struct JoinRefusal;

impl Refusal for JoinRefusal {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    #[error("it opens another account already")]
    Elsewhere,
    #[error("it was to be joined to another account")]
    OtherPerson,
    #[error("the way is over")]
    Over,
}

impl Refusal for LinkRefusal {}

/// Keeps who was seen, for the person to say that they want it.
pub fn offer_link(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    tools: Tools<'_>,
    (mark, seen): (&str, &Seen),
) -> Outcome<StateToken> {
    let link = Link { person: by.holder().person.clone(), seen: seen.clone() };
    Ok(flows::begin(tx, by, tools, (mark, &Errand::Link(Box::new(link))))?)
}

/// Joins what was kept to one's own account.
pub fn link(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    tools: Tools<'_>,
    (mark, state, label): (&str, &StateToken, &str),
) -> Result<(), Fault<LinkRefusal>> {
    let kept = match flows::finish(tx, by, tools, (mark, state)) {
        Ok(Some(Errand::Link(kept))) => kept,
        Ok(_) => return Err(LinkRefusal::Over.into()),
        Err(Fault::Store(error)) => return Err(error.into()),
        Err(Fault::Refused(never)) => match never {},
    };
    let person = &by.holder().person;
    if kept.person != *person {
        return Err(LinkRefusal::OtherPerson.into());
    }
    match store::identities::find(tx, by, &kept.seen)? {
        Some(known) if known.person == *person => return Ok(()),
        Some(_) => return Err(LinkRefusal::Elsewhere.into()),
        None => {}
    }
    add(tx, by, tools, person, (&kept.seen, label, false)).map_err(|error| match error {
        Error::Taken => Fault::Refused(LinkRefusal::Elsewhere),
        other => Fault::Store(other),
    })?;
    let letter = Letter::SignInLinked { provider: label.to_owned(), address: kept.seen.email.clone() };
    Ok(tell(tx, by, tools, letter)?)
}

fn tell(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>, tools: Tools<'_>, letter: Letter) -> Result<(), Error> {
    let (person, _) = store::people::myself(tx, by)?;
    outbox::of_person(tx, by, tools, Post { to: &person.email, person: Some(&person.id), letter })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is the only way in")]
pub struct OnlyWay;

impl Refusal for OnlyWay {}

/// Takes one away, where a password or another one that is still in use here remains.
pub fn unlink(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    tools: Tools<'_>,
    (id, providers): (&IdentityId, &[(String, String)]),
) -> Result<(), Fault<OnlyWay>> {
    let all = store::identities::mine(tx, by)?;
    let gone = all.iter().find(|row| row.id == *id).ok_or(Denied::NotFound)?;
    let (_, password) = store::people::myself(tx, by)?;
    let label_of = |slug: &str| providers.iter().find(|(of, _)| of == slug).map(|(_, label)| label.clone());
    let others = all.iter().filter(|row| row.id != *id && label_of(&row.provider).is_some());
    if password.is_none() && others.count() == 0 {
        return Err(OnlyWay.into());
    }
    if !store::identities::delete_mine(tx, by, id)? {
        return Err(Denied::NotFound.into());
    }
    let provider = label_of(&gone.provider).unwrap_or_else(|| gone.provider.clone());
    let person = by.holder().person.clone();
    audit::installation(
        tx,
        tools,
        Event::Account(AccountEvent::IdentityUnlinked { person, provider: provider.clone() }),
    )?;
    Ok(tell(tx, by, tools, Letter::SignInUnlinked { provider })?)
}

/// How long it counts that somebody has shown who they are.
const FRESH: Duration = Duration::from_mins(10);

/// Whether whoever uses this session has shown just now who they are, here or at a provider.
pub fn is_fresh(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<bool, Error> {
    let shown = store::sessions::shown_at(tx, by)?;
    Ok(tx.now().since(shown) < FRESH)
}

/// Whether what was shown still counts: the password that was compared, or what was shown at a provider by somebody who
/// has none.
pub(super) fn must_be_shown(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    (compared, attempt): (Option<&str>, &Attempt),
) -> Result<(), Error> {
    let (person, stored) = store::people::myself(tx, by)?;
    let shown = match compared {
        Some(hash) => store::people::replace_password(tx, by, &person.id, (hash, hash))?,
        None => stored.is_none() && is_fresh(tx, by)?,
    };
    if !shown {
        return Err(Denied::SignedOut.into());
    }
    if compared.is_some() { sign_in::succeed(tx, by, attempt) } else { Ok(()) }
}

/// Takes down that whoever uses this session has shown at a provider that they are its person.
pub fn confirm(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    tools: Tools<'_>,
    (seen, label): (&Seen, &str),
) -> Result<(), Fault<LinkRefusal>> {
    let known = store::identities::find(tx, by, seen)?.filter(|known| known.person == by.holder().person);
    if known.is_none() {
        return Err(LinkRefusal::OtherPerson.into());
    }
    store::sessions::confirm(tx, by)?;
    let (session, provider) = (by.holder().session.clone(), label.to_owned());
    Ok(audit::installation(tx, tools, Event::Account(AccountEvent::SessionConfirmed { session, provider }))?)
}
