//! What is known of the tokens that connections hold, and who asks for new ones at the moment.
//!
//! Invariant: of all processes one holds the lease of a token set, and new tokens take the place of exactly those that
//! they were asked for with.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::domain::secret::Slot;
use crate::domain::{Email, Hindrance, Moment, Name, Scopes, SecretId, Slug, WorkspaceId};

use super::access::{InWorkspace, Proof, Runner, RunnerIn};
use super::connection::straight;
use super::error::Error;
use super::organization_settings::organizations_own;
use super::schema::{node_types, organization_settings, people, secret_values, secrets, token_sets, workspaces};
use super::secrets::row;
use super::tx::{ReadTx, WriteTx};

#[derive(Queryable, Clone, Debug)]
pub struct TokenSet {
    pub client_id: String,
    pub asked: Scopes,
    pub granted: Scopes,
    /// Until when the access token counts, where that is known.
    pub ends_at: Option<Moment>,
    /// When new ones are asked for; none where there is nothing to ask with.
    pub renew_at: Option<Moment>,
    pub renewed_at: Moment,
    pub tries: i32,
    pub hindrance: Option<Hindrance>,
    pub leased_until: Option<Moment>,
}

macro_rules! columns {
    () => {
        (
            token_sets::client_id,
            token_sets::scopes_asked,
            token_sets::scopes,
            token_sets::ends_at,
            token_sets::renew_at,
            token_sets::renewed_at,
            token_sets::tries,
            token_sets::hindrance,
            token_sets::leased_until,
        )
    };
}

/// That of a secret of the workspace. Asked of the one row that is found: of a list of the workspace's secrets SQLite would
/// make the whole list first.
macro_rules! of_secret {
    ($by:expr, $id:expr) => {{
        let here = secrets::table.filter(secrets::id.eq(token_sets::secret_id));
        let here = here.filter(secrets::workspace_id.eq($by.workspace()));
        token_sets::table.filter(token_sets::secret_id.eq($id)).filter(diesel::dsl::exists(here))
    }};
}

pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<Option<TokenSet>, Error> {
    let set = of_secret!(by, id).select(columns!());
    Ok(straight!(tx.conn, |conn| set.first(conn)).optional()?)
}

/// What is known of tokens that have just been given.
pub struct Given<'a> {
    pub client_id: &'a str,
    pub asked: &'a Scopes,
    pub granted: &'a Scopes,
    pub ends_at: Option<Moment>,
    pub renew_at: Option<Moment>,
}

/// Notes new tokens. Whatever was in the way is over, and nobody is asking any more.
pub fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, new): (&SecretId, &Given<'_>),
) -> Result<(), Error> {
    let now = tx.now();
    forget(tx, by, id)?;
    diesel::insert_into(token_sets::table)
        .values((
            token_sets::secret_id.eq(id),
            token_sets::client_id.eq(new.client_id),
            token_sets::scopes_asked.eq(new.asked),
            token_sets::scopes.eq(new.granted),
            token_sets::ends_at.eq(new.ends_at),
            token_sets::renew_at.eq(new.renew_at),
            token_sets::renewed_at.eq(now),
            token_sets::tries.eq(0),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// What a list shows of a connection, beside its secret.
#[derive(Queryable, Clone, Debug)]
pub struct Fare {
    pub secret: SecretId,
    pub ends_at: Option<Moment>,
    pub renew_at: Option<Moment>,
    pub hindrance: Option<Hindrance>,
    /// As the provider calls it, where it was asked.
    pub account: Option<String>,
}

/// Of these secrets those that hold tokens.
pub fn of_any(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    ids: &[SecretId],
) -> Result<HashMap<SecretId, Fare>, Error> {
    let current = secret_values::secret_id.eq(token_sets::secret_id).and(secret_values::slot.eq(Slot::Current));
    let own = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq_any(ids));
    let rows: Vec<Fare> = token_sets::table
        .left_join(secret_values::table.on(current))
        .filter(token_sets::secret_id.eq_any(own.select(secrets::id)))
        .select((
            token_sets::secret_id,
            token_sets::ends_at,
            token_sets::renew_at,
            token_sets::hindrance,
            secret_values::probe_account.nullable(),
        ))
        .load(tx.conn)?;
    Ok(rows.into_iter().map(|fare| (fare.secret.clone(), fare)).collect())
}

pub fn forget(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<(), Error> {
    diesel::delete(of_secret!(by, id)).execute(tx.conn)?;
    Ok(())
}

/// Takes the lease, unless somebody holds it.
pub fn lease(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    id: &SecretId,
    (lease, until): (&str, Moment),
) -> Result<bool, Error> {
    let now = tx.now();
    let free = of_secret!(by, id).filter(token_sets::leased_until.is_null().or(token_sets::leased_until.le(now)));
    let leased =
        diesel::update(free).set((token_sets::lease.eq(lease), token_sets::leased_until.eq(until))).execute(tx.conn)?;
    Ok(leased == 1)
}

/// Gives the lease back, as if nobody had taken it.
pub fn free(tx: &mut WriteTx<'_>, by: &Proof<'_, RunnerIn>, (id, lease): (&SecretId, &str)) -> Result<(), Error> {
    diesel::update(of_secret!(by, id).filter(token_sets::lease.eq(lease)))
        .set((token_sets::lease.eq(None::<String>), token_sets::leased_until.eq(None::<Moment>)))
        .execute(tx.conn)?;
    Ok(())
}

/// Gives the lease back, with what was in the way, and when to try again.
pub fn hinder(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    (id, lease): (&SecretId, &str),
    (hindrance, again): (Hindrance, Option<Moment>),
) -> Result<(), Error> {
    diesel::update(of_secret!(by, id).filter(token_sets::lease.eq(lease)))
        .set((
            token_sets::lease.eq(None::<String>),
            token_sets::leased_until.eq(None::<Moment>),
            token_sets::tries.eq(token_sets::tries + 1),
            token_sets::hindrance.eq(hindrance),
            token_sets::renew_at.eq(again),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Puts new tokens in the place of those of this number; false where they are gone, or are others by now.
pub fn take_over(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    id: &SecretId,
    (before, number): (i64, i64),
) -> Result<bool, Error> {
    let now = tx.now();
    let none = None::<Moment>;
    let held = row!(by, id).filter(secrets::value_number.eq(before)).filter(secrets::value_entered_at.is_not_null());
    let taken = diesel::update(held)
        .set((
            secrets::value_number.eq(number),
            secrets::newest_number.eq(number),
            secrets::rejected_at.eq(none),
            secrets::refusals.eq(0),
            secrets::needs_reauthorization_at.eq(none),
            secrets::unreadable_at.eq(none),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(taken == 1)
}

/// Says on the secret that somebody has to connect it again; false where it says so already, or holds other tokens.
pub fn need_consent(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    (id, number): (&SecretId, i64),
) -> Result<bool, Error> {
    let now = tx.now();
    let held = row!(by, id)
        .filter(secrets::value_number.eq(number))
        .filter(secrets::value_entered_at.is_not_null())
        .filter(secrets::needs_reauthorization_at.is_null());
    let noted = diesel::update(held)
        .set((
            secrets::revision.eq(secrets::revision + 1),
            secrets::needs_reauthorization_at.eq(now),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    if noted == 1 {
        // Nobody tries any more: what is lost is found by nothing that looks for what is due or in trouble.
        diesel::update(of_secret!(by, id))
            .set((
                token_sets::ends_at.eq(None::<Moment>),
                token_sets::renew_at.eq(None::<Moment>),
                token_sets::hindrance.eq(None::<Hindrance>),
                token_sets::lease.eq(None::<String>),
                token_sets::leased_until.eq(None::<Moment>),
            ))
            .execute(tx.conn)?;
    }
    Ok(noted == 1)
}

/// Those whose time to be renewed has come, or that have ended with nothing to renew them, the longest due first: of
/// secrets that are used otherwise.
pub fn due(
    tx: &mut ReadTx<'_>,
    _by: &Proof<'_, Runner>,
    most: i64,
) -> Result<Vec<(WorkspaceId, SecretId, i64)>, Error> {
    let now = tx.now();
    let rows = token_sets::table
        .inner_join(secrets::table.inner_join(node_types::table))
        .left_join(organization_settings::table.on(organizations_own!()))
        .filter(token_sets::renew_at.le(now).or(token_sets::renew_at.is_null().and(token_sets::ends_at.le(now))))
        .filter(token_sets::leased_until.is_null().or(token_sets::leased_until.le(now)))
        .filter(secrets::value_entered_at.is_not_null())
        .filter(secrets::needs_reauthorization_at.is_null())
        .filter(secrets::expires_at.is_null().or(secrets::expires_at.gt(now)))
        .filter(node_types::enabled.eq(true))
        .filter(organization_settings::enabled.is_null().or(organization_settings::enabled.eq(true)))
        .order(token_sets::renew_at)
        .limit(most)
        .select((secrets::workspace_id, secrets::id, secrets::value_number))
        .load(tx.conn)?;
    Ok(rows)
}

/// What a secret's row goes on saying when its tokens are others.
#[derive(Queryable)]
pub struct Standing {
    pub newest_number: i64,
    pub last_four: Option<String>,
    pub facts: String,
    pub entered_at: Option<Moment>,
}

pub fn facts(tx: &mut ReadTx<'_>, by: &Proof<'_, RunnerIn>, id: &SecretId) -> Result<Option<Standing>, Error> {
    let row =
        row!(by, id).select((secrets::newest_number, secrets::last_four, secrets::facts, secrets::value_entered_at));
    Ok(row.first(tx.conn).optional()?)
}

/// Who is told of a secret that needs a person, and how it is called.
#[derive(Queryable)]
pub struct ToldOf {
    pub owner: Email,
    pub workspace: Name,
    pub slug: Slug,
    pub node_type: Name,
}

/// None where no member owns it.
pub fn told_of(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<Option<ToldOf>, Error> {
    let row = secrets::table
        .inner_join(people::table)
        .inner_join(workspaces::table)
        .inner_join(node_types::table)
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .select((people::email, workspaces::name, workspaces::slug, node_types::name));
    Ok(row.first(tx.conn).optional()?)
}
