//! Where a workspace has events sent to, and the keys that sign what is sent.
//!
//! Invariant: a key is stored sealed, with its number; the one that is to take over has the number after it.

mod deliveries;
mod sending;

use diesel::dsl::exists;
use diesel::prelude::*;

use crate::domain::webhook::{Kinds, WebhookState};
use crate::domain::{Environment, Moment, Name, TellKind, WebhookId, WorkspaceId};

use super::access::{Admin, AtLeast, InWorkspace, Proof, Runner, RunnerIn};
use super::error::Error;
use super::schema::webhooks;
use super::tx::{ReadTx, WriteTx};

pub use deliveries::{DeliveryRow, NewDelivery, find_delivery, insert_delivery, latest, list_deliveries, send_again};
pub use sending::{Noted, Taken, Tried, is_any_due, note, take};

#[derive(Queryable, Clone)]
pub struct WebhookRow {
    pub id: WebhookId,
    pub name: Name,
    pub environment: Environment,
    pub address: String,
    /// None for all of them.
    pub kinds: Option<Kinds>,
    key_number: i64,
    key_last_four: String,
    key_made_at: Moment,
    /// The key that takes over, and when.
    next_last_four: Option<String>,
    next_made_at: Option<Moment>,
    next_from: Option<Moment>,
    pub paused_at: Option<Moment>,
    pub given_up: bool,
    pub failures: i32,
    pub failing_since: Option<Moment>,
    pub created_at: Moment,
}

impl WebhookRow {
    pub fn state(&self) -> WebhookState {
        match (self.paused_at, self.failing_since) {
            (Some(_), _) if self.given_up => WebhookState::GivenUp,
            (Some(_), _) => WebhookState::Paused,
            (None, Some(_)) => WebhookState::Failing,
            (None, None) => WebhookState::Active,
        }
    }

    /// The host of its address, with its port where it names one: what people know it by.
    pub fn host(&self) -> String {
        let rest = self.address.split_once("://").map_or(self.address.as_str(), |(_, rest)| rest);
        rest.split(['/', '?', '#']).next().unwrap_or_default().to_owned()
    }

    /// The key that waits to sign, by its last four characters, and until when it waits.
    pub fn waiting_key(&self, now: Moment) -> Option<(&str, Moment)> {
        self.next_last_four.as_deref().zip(self.next_from.filter(|from| *from > now))
    }

    fn has_taken_over(&self, now: Moment) -> bool {
        self.next_from.is_some_and(|from| from <= now)
    }

    /// The number of the key that signs.
    pub fn key_number(&self, now: Moment) -> i64 {
        self.key_number.saturating_add(i64::from(self.has_taken_over(now)))
    }

    /// Its last four characters, and when it was made.
    pub fn signing_key(&self, now: Moment) -> (&str, Moment) {
        match (&self.next_last_four, self.next_made_at) {
            (Some(next), Some(made)) if self.has_taken_over(now) => (next, made),
            _ => (&self.key_last_four, self.key_made_at),
        }
    }
}

macro_rules! columns {
    () => {
        (
            webhooks::id,
            webhooks::name,
            webhooks::environment,
            webhooks::address,
            webhooks::kinds,
            webhooks::key_number,
            webhooks::key_last_four,
            webhooks::key_made_at,
            webhooks::next_last_four,
            webhooks::next_made_at,
            webhooks::next_from,
            webhooks::paused_at,
            webhooks::given_up,
            webhooks::failures,
            webhooks::failing_since,
            webhooks::created_at,
        )
    };
}

/// One of the workspace's.
macro_rules! row {
    ($by:expr, $id:expr) => {
        webhooks::table.filter(webhooks::workspace_id.eq($by.workspace())).filter(webhooks::id.eq($id))
    };
}

/// All of them, by their names.
pub fn list(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>) -> Result<Vec<WebhookRow>, Error> {
    let rows = webhooks::table
        .filter(webhooks::workspace_id.eq(by.workspace()))
        .order((webhooks::name, webhooks::id))
        .select(columns!())
        .load(tx.conn)?;
    Ok(rows)
}

pub fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>) -> Result<u64, Error> {
    let all: i64 = webhooks::table.filter(webhooks::workspace_id.eq(by.workspace())).count().get_result(tx.conn)?;
    Ok(u64::try_from(all).unwrap_or_default())
}

/// How many Keyrack has given up.
pub fn given_up(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>) -> Result<u64, Error> {
    let all: i64 = webhooks::table
        .filter(webhooks::workspace_id.eq(by.workspace()))
        .filter(webhooks::given_up.eq(true))
        .count()
        .get_result(tx.conn)?;
    Ok(u64::try_from(all).unwrap_or_default())
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &WebhookId,
) -> Result<Option<WebhookRow>, Error> {
    Ok(row!(by, id).select(columns!()).first(tx.conn).optional()?)
}

/// Those that an event of this kind is sent to.
pub fn wanting(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (environment, kind): (Environment, TellKind),
) -> Result<Vec<WebhookId>, Error> {
    let rows: Vec<(WebhookId, Option<Kinds>)> = webhooks::table
        .filter(webhooks::workspace_id.eq(by.workspace()))
        .filter(webhooks::environment.eq(environment))
        .filter(webhooks::paused_at.is_null())
        .order(webhooks::id)
        .select((webhooks::id, webhooks::kinds))
        .load(tx.conn)?;
    let wants = |(id, kinds): (WebhookId, Option<Kinds>)| kinds.is_none_or(|all| all.contains(kind)).then_some(id);
    Ok(rows.into_iter().filter_map(wants).collect())
}

pub struct NewWebhook<'a> {
    pub id: &'a WebhookId,
    pub name: &'a Name,
    pub environment: Environment,
    pub address: &'a str,
    pub kinds: Option<&'a Kinds>,
    pub key: NewKey<'a>,
}

/// A key as it is kept.
#[derive(Clone, Copy)]
pub struct NewKey<'a> {
    pub blob: &'a [u8],
    pub last_four: &'a str,
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, new: &NewWebhook<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(webhooks::table)
        .values((
            webhooks::id.eq(new.id),
            webhooks::workspace_id.eq(by.workspace()),
            webhooks::name.eq(new.name),
            webhooks::environment.eq(new.environment),
            webhooks::address.eq(new.address),
            webhooks::kinds.eq(new.kinds.map(ToString::to_string)),
            webhooks::key_number.eq(1_i64),
            webhooks::key_blob.eq(new.key.blob),
            webhooks::key_last_four.eq(new.key.last_four),
            webhooks::key_made_at.eq(now),
            webhooks::given_up.eq(false),
            webhooks::failures.eq(0),
            webhooks::created_at.eq(now),
            webhooks::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// What may change of one; its environment and its keys may not.
pub struct Change<'a> {
    pub name: &'a Name,
    pub address: &'a str,
    pub kinds: Option<&'a Kinds>,
}

pub fn change(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (id, to): (&WebhookId, &Change<'_>),
) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(row!(by, id))
        .set((
            webhooks::name.eq(to.name),
            webhooks::address.eq(to.address),
            webhooks::kinds.eq(to.kinds.map(ToString::to_string)),
            webhooks::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Sends nothing to it from now on; false where that is so already.
pub fn pause(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, given_up): (&WebhookId, bool),
) -> Result<bool, Error> {
    let now = tx.now();
    let sent_to = row!(by, id).filter(webhooks::paused_at.is_null());
    let set = (webhooks::paused_at.eq(now), webhooks::given_up.eq(given_up), webhooks::updated_at.eq(now));
    Ok(diesel::update(sent_to).set(set).execute(tx.conn)? == 1)
}

/// Sends to it again, as if nothing had ever failed; false where it is not paused.
pub fn resume(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &WebhookId) -> Result<bool, Error> {
    let now = tx.now();
    let paused = row!(by, id).filter(webhooks::paused_at.is_not_null());
    let set = (
        webhooks::paused_at.eq(None::<Moment>),
        webhooks::given_up.eq(false),
        webhooks::failures.eq(0),
        webhooks::failing_since.eq(None::<Moment>),
        webhooks::updated_at.eq(now),
    );
    let resumed = diesel::update(paused).set(set).execute(tx.conn)? == 1;
    tx.mark_outgoing();
    Ok(resumed)
}

/// Overwrites its keys and removes it with its deliveries; false where it is gone already.
pub fn delete(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, id: &WebhookId) -> Result<bool, Error> {
    let nothing = (webhooks::key_blob.eq(Vec::<u8>::new()), webhooks::next_blob.eq(None::<Vec<u8>>));
    diesel::update(row!(by, id)).set(nothing).execute(tx.conn)?;
    Ok(diesel::delete(row!(by, id)).execute(tx.conn)? == 1)
}

macro_rules! no_next {
    () => {
        (
            webhooks::next_blob.eq(None::<Vec<u8>>),
            webhooks::next_last_four.eq(None::<String>),
            webhooks::next_made_at.eq(None::<Moment>),
            webhooks::next_from.eq(None::<Moment>),
        )
    };
}

/// Has a key wait until then to take over from the one of this number; false where that is not the one that signs.
pub fn wait_to_sign(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (id, number): (&WebhookId, i64),
    (key, from): (NewKey<'_>, Moment),
) -> Result<bool, Error> {
    let now = tx.now();
    let set = (
        webhooks::next_blob.eq(key.blob),
        webhooks::next_last_four.eq(key.last_four),
        webhooks::next_made_at.eq(now),
        webhooks::next_from.eq(from),
        webhooks::updated_at.eq(now),
    );
    Ok(diesel::update(row!(by, id).filter(webhooks::key_number.eq(number))).set(set).execute(tx.conn)? == 1)
}

/// Puts the key that waits in the place of the one that signs, which is overwritten; false where none waits.
pub fn take_over(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &WebhookId) -> Result<bool, Error> {
    type Waiting = (Option<Vec<u8>>, Option<String>, Option<Moment>);
    let waiting = row!(by, id).select((webhooks::next_blob, webhooks::next_last_four, webhooks::next_made_at));
    let found: Option<Waiting> = waiting.first(tx.conn).optional()?;
    let Some((Some(blob), Some(last_four), Some(made_at))) = found else { return Ok(false) };
    let now = tx.now();
    let set = (
        webhooks::key_number.eq(webhooks::key_number + 1),
        webhooks::key_blob.eq(blob),
        webhooks::key_last_four.eq(last_four),
        webhooks::key_made_at.eq(made_at),
        webhooks::updated_at.eq(now),
        no_next!(),
    );
    Ok(diesel::update(row!(by, id)).set(set).execute(tx.conn)? == 1)
}

/// The workspaces in which a key is to take over by now.
pub fn with_ended_keys(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>) -> Result<Vec<WorkspaceId>, Error> {
    let now = tx.now();
    let over = webhooks::table.filter(webhooks::next_from.le(now));
    Ok(over.select(webhooks::workspace_id).distinct().load(tx.conn)?)
}

pub fn ended_keys(tx: &mut ReadTx<'_>, by: &Proof<'_, RunnerIn>) -> Result<Vec<WebhookId>, Error> {
    let now = tx.now();
    let here = webhooks::table.filter(webhooks::workspace_id.eq(by.workspace()));
    Ok(here.filter(webhooks::next_from.le(now)).select(webhooks::id).load(tx.conn)?)
}

/// Whether anything is sent to it.
fn is_sent_to(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &WebhookId) -> Result<bool, Error> {
    let sent_to = row!(by, id).filter(webhooks::paused_at.is_null()).select(webhooks::id);
    Ok(diesel::select(exists(sent_to)).get_result(tx.conn)?)
}
