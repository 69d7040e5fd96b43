//! Webhooks: where a workspace has events sent to, and the keys that sign them.

mod sending;

use std::time::Duration;

use crate::crypto::NewSigningKey;
use crate::domain::audit::{Event, WebhookEvent, WebhookFacts};
use crate::domain::webhook::{Kinds, MOST, TakeOver};
use crate::domain::{DeliveryId, Environment, Moment, Name, WebhookId};
use crate::store::access::{Admin, AtLeast, InWorkspace, Proof, RunnerIn};
use crate::store::webhooks::{Change, NewKey, NewWebhook, WebhookRow};
use crate::store::{self, Denied, Error, Fault, Outcome, Refusal, Unrecorded, WriteTx};
use crate::upstream::{Guard, Refused};

use super::{Tools, audit, events};

pub use sending::{Means, give_up, is_any_due, next, send};

/// What somebody has sent by hand, in so long: a webhook is no way to flood others.
const BY_HAND: i64 = 30;
const WHILE: Duration = Duration::from_mins(10);
/// Longer addresses are no one's.
const LONGEST: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    #[error(
        "This workspace has {MOST} webhooks already, and that is as many as it can have. Delete one that is not needed."
    )]
    TooMany,
    #[error("the webhook has another key by now")]
    KeyChanged,
    #[error("the webhook is paused")]
    Paused,
    #[error("a try is under way")]
    UnderWay,
    #[error("too much was sent by hand")]
    TooOften(Moment),
}

impl Refusal for WebhookRefusal {}

#[derive(Clone)]
pub struct Ask {
    /// Drawn by whoever asks, so that asking twice makes one.
    pub id: WebhookId,
    pub environment: Environment,
    pub entry: Entry,
}

/// What may be changed later.
#[derive(Clone)]
pub struct Entry {
    pub name: Name,
    pub address: Address,
    /// None for all events.
    pub kinds: Option<Kinds>,
}

/// An address that was looked at as it is written; where its name leads is looked at with each try.
#[derive(Clone)]
pub struct Address {
    url: String,
    host: String,
}

impl Address {
    /// What is wrong with it, as a sentence for whoever typed it.
    pub fn read(guard: &Guard, text: &str) -> Result<Self, &'static str> {
        const NONE: &str = "Enter a whole address, as in https://app.example.com/webhooks.";
        if text.len() > LONGEST {
            return Err("Use at most 2,000 characters.");
        }
        let target = guard.admit(text.trim()).map_err(|why| match why {
            Refused::Scheme => "Use an address that begins with https://: what is sent tells who uses which keys.",
            Refused::Userinfo => "Leave user name and password out. That an event comes from here shows its signature.",
            Refused::NotPublic => "Keyrack does not send to this address: it is not public.",
            Refused::Malformed | Refused::Host | Refused::NoSuchName => NONE,
        })?;
        Ok(Self { url: target.url().to_string(), host: target.origin().shown() })
    }
}

fn facts(row: &WebhookRow) -> WebhookFacts {
    WebhookFacts { id: row.id.clone(), name: row.name.to_string(), environment: row.environment, host: row.host() }
}

fn get(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &WebhookId) -> Result<WebhookRow, Error> {
    Ok(store::webhooks::find(tx, by, id)?.ok_or(Denied::NotFound)?)
}

/// Makes one, and the key that signs, which is given back this once.
pub fn create(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    ask: &Ask,
) -> Outcome<NewSigningKey, WebhookRefusal> {
    if store::webhooks::count(tx, by)? >= MOST {
        return Err(WebhookRefusal::TooMany.into());
    }
    let (key, blob) = sealed_key(tx, by, tools, (&ask.id, 1))?;
    let Entry { name, address, kinds } = &ask.entry;
    let new = NewWebhook {
        id: &ask.id,
        name,
        environment: ask.environment,
        address: &address.url,
        kinds: kinds.as_ref(),
        key: NewKey { blob: &blob, last_four: key.last_four() },
    };
    store::webhooks::insert(tx, by, &new)?;
    let webhook = WebhookFacts {
        id: ask.id.clone(),
        name: name.to_string(),
        environment: ask.environment,
        host: address.host.clone(),
    };
    let event = WebhookEvent::Created { webhook, events: kinds.as_ref().map(Kinds::to_string) };
    audit::change(tx, by, tools, Event::Webhook(event))?;
    Ok(key)
}

fn sealed_key(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    of: (&WebhookId, i64),
) -> Result<(NewSigningKey, Vec<u8>), Error> {
    let key = NewSigningKey::draw(tools.chance);
    let wrapping = store::keys::workspace_key(tx, by)?;
    let blob = tools.keyring.seal_signing_key(&wrapping, of, &key).map_err(|_| Error::Unsealed)?;
    Ok((key, blob))
}

/// Changes name, address and events. What waits goes to the new address.
pub fn change(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    (id, entry): (&WebhookId, &Entry),
) -> Outcome<()> {
    let row = get(tx, by, id)?;
    let to = Change { name: &entry.name, address: &entry.address.url, kinds: entry.kinds.as_ref() };
    store::webhooks::change(tx, by, (id, &to))?;
    let webhook = WebhookFacts { name: entry.name.to_string(), host: entry.address.host.clone(), ..facts(&row) };
    let event = WebhookEvent::Changed { webhook, events: entry.kinds.as_ref().map(Kinds::to_string) };
    Ok(audit::change(tx, by, tools, Event::Webhook(event))?)
}

type Act = fn(WebhookFacts) -> WebhookEvent;

fn keep(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (row, done, act): (&WebhookRow, bool, Act),
) -> Result<(), Error> {
    if !done {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    audit::change(tx, by, tools, Event::Webhook(act(facts(row))))
}

/// Sends nothing more to it. What waits goes on waiting; what happens meanwhile is not written down for it.
pub fn pause(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &WebhookId,
) -> Outcome<()> {
    let row = get(tx, by, id)?;
    let done = store::webhooks::pause(tx, by, (id, false))?;
    Ok(keep(tx, by, tools, (&row, done, |webhook| WebhookEvent::Paused { webhook }))?)
}

pub fn resume(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &WebhookId,
) -> Outcome<()> {
    let row = get(tx, by, id)?;
    let done = store::webhooks::resume(tx, by, id)?;
    Ok(keep(tx, by, tools, (&row, done, |webhook| WebhookEvent::Resumed { webhook }))?)
}

pub fn delete(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &WebhookId,
) -> Outcome<()> {
    let row = get(tx, by, id)?;
    let done = store::webhooks::delete(tx, by, id)?;
    Ok(keep(tx, by, tools, (&row, done, |webhook| WebhookEvent::Deleted { webhook }))?)
}

/// A new key, and since when it signs.
pub struct Made {
    pub key: NewSigningKey,
    pub signs_from: Moment,
    pub now: Moment,
}

/// Which key the new one follows, as whoever asks has seen it: its number, and the end of the one that waits after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follows {
    pub number: i64,
    pub waiting: Option<String>,
}

impl Follows {
    pub fn of(row: &WebhookRow, now: Moment) -> Self {
        Self { number: row.key_number(now), waiting: row.waiting_key(now).map(|(end, _)| end.to_owned()) }
    }
}

/// Makes another key: asking twice makes one. Until it takes over, the old one signs on. One that was waiting already is
/// forgotten.
pub fn make_key(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    (id, follows): (&WebhookId, &Follows),
    when: TakeOver,
) -> Outcome<Made, WebhookRefusal> {
    let row = get(tx, by, id)?;
    if Follows::of(&row, tx.now()) != *follows {
        return Err(WebhookRefusal::KeyChanged.into());
    }
    let number = follows.number;
    // One whose time has come signs already: it takes its place first.
    if follows.waiting.is_none() {
        store::webhooks::take_over(tx, by, id)?;
    }
    let (key, blob) = sealed_key(tx, by, tools, (id, number.saturating_add(1)))?;
    let signs_from = tx.now().plus(when.span());
    let new = NewKey { blob: &blob, last_four: key.last_four() };
    if !store::webhooks::wait_to_sign(tx, by, (id, number), (new, signs_from))? {
        return Err(WebhookRefusal::KeyChanged.into());
    }
    if when == TakeOver::Now {
        store::webhooks::take_over(tx, by, id)?;
    }
    let event = WebhookEvent::KeyMade { webhook: facts(&row), signs_from };
    audit::change(tx, by, tools, Event::Webhook(event))?;
    Ok(Made { key, signs_from, now: tx.now() })
}

/// Has the key that waits sign from now on; the old one is destroyed.
pub fn take_over(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &WebhookId,
) -> Outcome<()> {
    let row = get(tx, by, id)?;
    let done = store::webhooks::take_over(tx, by, id)?;
    Ok(keep(tx, by, tools, (&row, done, |webhook| WebhookEvent::KeyTookOver { webhook }))?)
}

/// Destroys the keys whose successors sign by now.
pub fn end_old_keys(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>) -> Outcome<()> {
    tx.unrecorded(Unrecorded::Work);
    for id in store::webhooks::ended_keys(tx, by)? {
        store::webhooks::take_over(tx, by, &id)?;
    }
    Ok(())
}

fn count(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
) -> Result<(), Fault<WebhookRefusal>> {
    let name = tools.keyring.throttle_key(&[b"webhooks by hand", by.workspace().as_str().as_bytes()]);
    if let Some(until) = store::throttle::closed_until(tx, by, (name.as_bytes(), BY_HAND))? {
        return Err(WebhookRefusal::TooOften(until).into());
    }
    store::throttle::hit(tx, by, name.as_bytes(), WHILE)?;
    Ok(())
}

/// Sends an event of which nothing has happened.
pub fn test(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    id: &WebhookId,
) -> Outcome<DeliveryId, WebhookRefusal> {
    let row = get(tx, by, id)?;
    if row.paused_at.is_some() {
        return Err(WebhookRefusal::Paused.into());
    }
    count(tx, by, tools)?;
    let delivery = events::test(tx, by, tools, (&row.id, row.environment))?;
    audit::change(tx, by, tools, Event::Webhook(WebhookEvent::Tested { webhook: facts(&row) }))?;
    Ok(delivery)
}

/// Has one delivery sent at once, whatever came of it before: with the same event, and so with the event's own id.
pub fn send_again(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    tools: Tools<'_>,
    (id, delivery): (&WebhookId, &DeliveryId),
) -> Outcome<(), WebhookRefusal> {
    let row = get(tx, by, id)?;
    store::webhooks::find_delivery(tx, by, (id, delivery))?.ok_or(Denied::NotFound)?;
    if row.paused_at.is_some() {
        return Err(WebhookRefusal::Paused.into());
    }
    count(tx, by, tools)?;
    if !store::webhooks::send_again(tx, by, (id, delivery))? {
        return Err(WebhookRefusal::UnderWay.into());
    }
    let event = WebhookEvent::SentAgain { webhook: facts(&row), delivery: delivery.clone() };
    Ok(audit::change(tx, by, tools, Event::Webhook(event))?)
}
