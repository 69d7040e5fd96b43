//! Workspaces that people join by themselves, because a provider says that an address of a domain is theirs.
//!
//! Invariant: a domain is opened by an Owner who has a proven address of it, and nobody opens one that everybody gets
//! addresses of.

use crate::domain::audit::{Event, PeopleEvent};
use crate::domain::{Email, Moment, PersonId, Role, Seen};
use crate::store::access::{Admin, AtLeast, Nobody, Owner, Proof};
use crate::store::{self, Error, Fault, Outcome, ReadTx, Refusal, Unrecorded, WriteTx};

use super::{Tools, audit};

/// Where anybody can have an address.
const EVERYBODYS: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "bluewin.ch",
    "duck.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rocketmail.com",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "web.de",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainRefusal {
    #[error("Nobody knows yet that your own address is yours.")]
    Unproven,
    #[error("Anybody can have an address there, so anybody could come in.")]
    Everybodys,
    #[error("It is open already.")]
    Already,
}

impl Refusal for DomainRefusal {}

/// Which domain this Owner could open.
pub fn mine(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>) -> Result<Option<String>, Error> {
    Ok(store::domains::own(tx, by)?.filter(|domain| !EVERYBODYS.contains(&domain.as_str())))
}

/// Opens the workspace to the domain of one's own address.
pub fn open(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, tools: Tools<'_>) -> Result<(), Fault<DomainRefusal>> {
    let domain = store::domains::own(tx, by)?.ok_or(DomainRefusal::Unproven)?;
    if EVERYBODYS.contains(&domain.as_str()) {
        return Err(DomainRefusal::Everybodys.into());
    }
    if store::domains::list(tx, by)?.contains(&domain) {
        return Err(DomainRefusal::Already.into());
    }
    store::domains::insert(tx, by, &domain)?;
    let event = PeopleEvent::DomainOpened { workspace: by.workspace().clone(), domain };
    Ok(audit::change(tx, by, tools, Event::People(event))?)
}

/// Closes it again. Whoever has joined stays.
pub fn close(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, tools: Tools<'_>, domain: &str) -> Outcome<()> {
    if !store::domains::delete(tx, by, domain)? {
        // Somebody else was quicker.
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    let event = PeopleEvent::DomainClosed { workspace: by.workspace().clone(), domain: domain.to_owned() };
    Ok(audit::change(tx, by, tools, Event::People(event))?)
}

/// Lets somebody in wherever it has become open since they last came in by this identity: so nobody who was removed comes
/// back by it.
pub(super) fn join<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Nobody>,
    tools: Tools<'_>,
    (person, seen, since): (&PersonId, &Seen, Option<Moment>),
) -> Result<(), Error> {
    let Some(domain) = seen.proven_email().map(Email::domain) else { return Ok(()) };
    for workspace in store::domains::open_to(tx, by, (&domain, since))? {
        let Some(member) = store::domains::join(tx, by, (&workspace, &domain), person)? else { continue };
        let name = store::workspaces::find_person(tx, &member)?.name.to_string();
        let (person, role) = (person.clone(), Role::Member);
        let event = PeopleEvent::MemberJoined { person, name, role, invited_by: None, domain: Some(domain.clone()) };
        audit::change(tx, &member, tools, Event::People(event))?;
    }
    Ok(())
}
