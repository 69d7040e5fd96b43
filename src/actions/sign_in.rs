//! Signing in and out, and the counting that slows guessing down without locking anybody out.

use std::net::IpAddr;
use std::time::Duration;

use crate::crypto::Keyring;
use crate::domain::audit::{AccountEvent, Event};
use crate::domain::{Email, Letter, Moment, PersonId, SessionId};
use crate::store::access::{Nobody, Oneself, Proof, Right};
use crate::store::people::Person;
use crate::store::sessions::SessionRow;
use crate::store::{self, Denied, Error, Outcome, Unrecorded, WriteTx};

use super::accounts::forget_letters;
use super::outbox::{self, Post};
use super::{Tools, audit};

const WINDOW: Duration = Duration::from_mins(15);
const PAIR_LIMIT: i64 = 5;
const ADDRESS_LIMIT: i64 = 50;
const FREE_FAILURES: i64 = 5;
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// Letters about a new password to one person within an hour.
const NOTICES_AT_MOST: i64 = 5;
const NOTICES_WINDOW: Duration = Duration::from_hours(1);

/// Under which names this attempt is counted.
#[derive(Clone)]
pub struct Attempt {
    pair: Vec<u8>,
    address: Vec<u8>,
    account: Vec<u8>,
    known_device: bool,
}

/// What counting an attempt found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Go on after this long.
    After(Duration),
    /// Not before then.
    Closed(Moment),
}

impl Attempt {
    /// A known device counts for itself, so that strangers behind the same address cannot use up its tries.
    /// So does a session that asks for the password once more.
    pub fn new(keyring: &Keyring, email: &str, address: IpAddr, device: Option<&str>) -> Self {
        let account = email.trim().to_ascii_lowercase();
        let network = network_of(address);
        let source = device.map_or_else(|| network.clone(), |device| format!("device {device}"));
        let name = |parts: &[&[u8]]| keyring.throttle_key(parts).as_bytes().to_vec();
        Self {
            pair: name(&[b"pair", source.as_bytes(), account.as_bytes()]),
            address: name(&[b"address", network.as_bytes()]),
            account: name(&[b"account", account.as_bytes()]),
            known_device: device.is_some(),
        }
    }
}

impl Attempt {
    /// What may not be tried more often than so, always in this order. A known device is not held up by others
    /// behind its address.
    fn limits(&self) -> impl Iterator<Item = (&[u8], i64)> {
        let address = (!self.known_device).then_some((self.address.as_slice(), ADDRESS_LIMIT));
        address.into_iter().chain([(self.pair.as_slice(), PAIR_LIMIT)])
    }
}

/// IPv6 addresses count by their /64: a household has billions of them.
pub(super) fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// Counts the attempt before anything is checked: attempts made at once cannot slip past each other.
pub fn count(tx: &mut WriteTx<'_>, by: &Proof<'_, Nobody>, attempt: &Attempt) -> Outcome<Gate> {
    tx.unrecorded(Unrecorded::Throttle);
    let limits: Vec<_> = attempt.limits().collect();
    if let Some(until) = closed(tx, by, &limits)? {
        return Ok(Gate::Closed(until));
    }
    let account = store::throttle::hit(tx, by, &attempt.account, WINDOW)?;
    let delay = if attempt.known_device { Duration::ZERO } else { delay_after(account.hits - 1) };
    Ok(Gate::After(delay))
}

/// Counts one more under each name; until when the gate is closed where that was one too many.
pub(super) fn closed<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    limits: &[(&[u8], i64)],
) -> Result<Option<Moment>, Error> {
    // Looked at before anything is written: whoever knocks at a closed gate costs no more than a look.
    for limit in limits {
        if let Some(until) = store::throttle::closed_until(tx, by, *limit)? {
            return Ok(Some(until));
        }
    }
    for (name, limit) in limits {
        let count = store::throttle::hit(tx, by, name, WINDOW)?;
        if count.hits > *limit {
            return Ok(Some(count.ends_at()));
        }
    }
    Ok(None)
}

/// One second after the free failures, then twice as long each time, never more than half a minute.
fn delay_after(failures: i64) -> Duration {
    match u32::try_from(failures - FREE_FAILURES) {
        Err(_) => Duration::ZERO,
        Ok(over) => Duration::from_secs(1_u64 << over.min(5)).min(LONGEST_DELAY),
    }
}

/// Takes an attempt back that could not be judged, so that a crowd at the door locks nobody out.
pub fn take_back(tx: &mut WriteTx<'_>, by: &Proof<'_, Nobody>, attempt: &Attempt) -> Outcome<()> {
    tx.unrecorded(Unrecorded::Throttle);
    for (name, _) in attempt.limits() {
        store::throttle::take_back(tx, by, name)?;
    }
    Ok(store::throttle::take_back(tx, by, &attempt.account)?)
}

/// The account of an address with its stored hash; to be compared outside any transaction.
pub fn find(
    tx: &mut store::ReadTx<'_>,
    _by: &Proof<'_, Nobody>,
    email: &Email,
) -> Outcome<Option<(PersonId, Option<String>)>> {
    Ok(store::people::find_by_email(tx, email)?.map(|(person, hash)| (person.id, hash)))
}

/// Where a session is used from, for its owner to recognise.
#[derive(Clone)]
pub struct Browser {
    pub address: String,
    pub user_agent: String,
    /// The session that is open there already, which ends when another one begins.
    pub session: Option<SessionId>,
}

/// A password that was right: the hash that it was compared with, and one at today's costs where that one was older.
pub struct Compared {
    pub person: PersonId,
    pub stored: String,
    pub fresh: Option<String>,
}

/// Starts a session for somebody whose password was right, unless it has changed since it was compared.
pub fn start(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Nobody>,
    tools: Tools<'_>,
    (compared, attempt): (&Compared, &Attempt),
    browser: &Browser,
) -> Outcome<Opened> {
    let hash = compared.fresh.as_ref().unwrap_or(&compared.stored);
    if !store::people::replace_password(tx, by, &compared.person, (&compared.stored, hash))? {
        return Err(Denied::SignedOut.into());
    }
    succeed(tx, by, attempt)?;
    store::throttle::sweep(tx, by)?;
    store::sessions::sweep(tx, by)?;
    Ok(open_session(tx, by, tools, &compared.person, browser)?)
}

/// A right password makes up for the wrong ones before it; of its network's attempts it takes its own back.
pub(super) fn succeed<R: Right>(tx: &mut WriteTx<'_>, by: &Proof<'_, R>, attempt: &Attempt) -> Result<(), Error> {
    if !attempt.known_device {
        store::throttle::take_back(tx, by, &attempt.address)?;
    }
    forget(tx, by, attempt)
}

/// Forgets what was counted for this account, and for it from this source.
pub(super) fn forget<R: Right>(tx: &mut WriteTx<'_>, by: &Proof<'_, R>, attempt: &Attempt) -> Result<(), Error> {
    store::throttle::forget(tx, by, &attempt.pair)?;
    store::throttle::forget(tx, by, &attempt.account)
}

/// A session that has begun, and the text of its cookie, which is kept nowhere.
pub struct Opened {
    pub session: SessionId,
    pub cookie: String,
}

/// Makes the session's row and its entry. Another session that was open in this browser ends.
pub fn open_session<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    person: &PersonId,
    browser: &Browser,
) -> Result<Opened, Error> {
    if let Some(session) = &browser.session
        && store::sessions::delete(tx, by, session)?
    {
        audit::installation(tx, tools, Event::Account(AccountEvent::SignedOut { session: session.clone() }))?;
    }
    let now = tx.now();
    let session = SessionId::draw(now, tools.chance);
    let row = SessionRow {
        id: session.clone(),
        person: person.clone(),
        address: browser.address.clone(),
        user_agent: browser.user_agent.chars().take(300).collect(),
        created_at: now,
        seen_at: now,
    };
    let cookie = tools.keyring.random_text();
    store::sessions::insert(tx, by, &row, tools.keyring.session_mac(&cookie).as_bytes())?;
    audit::installation(tx, tools, Event::Account(AccountEvent::SignedIn { session: session.clone() }))?;
    Ok(Opened { session, cookie })
}

pub fn refuse(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, Nobody>,
    tools: Tools<'_>,
    person: Option<PersonId>,
) -> Outcome<()> {
    Ok(audit::installation(tx, tools, Event::Account(AccountEvent::SignInRefused { person }))?)
}

/// Ends one of one's own sessions; this one when none is named.
pub fn end(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    tools: Tools<'_>,
    session: Option<&SessionId>,
) -> Outcome<()> {
    let id = session.unwrap_or(&by.holder().session).clone();
    if !store::sessions::delete_mine(tx, by, &id)? {
        return Err(Denied::NotFound.into());
    }
    let event = match session {
        None => Event::Account(AccountEvent::SignedOut { session: id }),
        Some(_) => Event::Account(AccountEvent::SessionsRevoked { sessions: vec![id] }),
    };
    Ok(audit::installation(tx, tools, event)?)
}

pub fn end_others(tx: &mut WriteTx<'_>, by: &Proof<'_, Oneself>, tools: Tools<'_>) -> Outcome<usize> {
    let sessions = store::sessions::delete_others(tx, by)?;
    let count = sessions.len();
    audit::installation(tx, tools, Event::Account(AccountEvent::SessionsRevoked { sessions }))?;
    Ok(count)
}

/// Sets a new password, ends every session and opens one for the browser that asked: its cookie is a new one too.
pub fn change_password(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Oneself>,
    tools: Tools<'_>,
    (compared, new): (&str, &str),
    (browser, attempt): (&Browser, &Attempt),
) -> Outcome<Opened> {
    let (person, _) = store::people::myself(tx, by)?;
    if !store::people::replace_password(tx, by, &person.id, (compared, new))? {
        return Err(Denied::SignedOut.into());
    }
    succeed(tx, by, attempt)?;
    password_is_new(
        tx,
        by,
        tools,
        &person,
        Event::Account(AccountEvent::PasswordChanged { person: person.id.clone() }),
    )?;
    Ok(open_session(tx, by, tools, &person.id, browser)?)
}

/// What a new password means for everything that the old one could have opened.
pub(super) fn password_is_new<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    person: &Person,
    event: Event,
) -> Result<(), Error> {
    let sessions = store::sessions::delete_all(tx, by, &person.id)?;
    store::links::forget_of(tx, by, &person.id)?;
    forget_letters(tx, by, tools, &person.email)?;
    audit::installation(tx, tools, event)?;
    if !sessions.is_empty() {
        audit::installation(tx, tools, Event::Account(AccountEvent::SessionsRevoked { sessions }))?;
    }
    // Whoever changes it back and forth does not fill the mailbox with it.
    let name = tools.keyring.throttle_key(&[b"password notice", person.id.as_str().as_bytes()]);
    if store::throttle::hit(tx, by, name.as_bytes(), NOTICES_WINDOW)?.hits > NOTICES_AT_MOST {
        return Ok(());
    }
    let letter = Letter::PasswordChanged { at: tx.now() };
    outbox::of_person(tx, by, tools, Post { to: &person.email, person: Some(&person.id), letter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_rises_and_stays_bearable() {
        let seconds: Vec<u64> = [0, 4, 5, 6, 7, 8, 9, 10, 11, 1_000].map(|n| delay_after(n).as_secs()).to_vec();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn one_household_counts_once() {
        let of = |text: &str| text.parse().map(network_of);
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
