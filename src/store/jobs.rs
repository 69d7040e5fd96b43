//! Work that waits, is being done, or has failed.
//!
//! Invariant: a piece of work is one process's own until its lease is over, and only whoever took it last may say what
//! came of it. Taking is one conditional UPDATE, so any number of processes may look for work.

use std::time::Duration;

use diesel::prelude::*;

use crate::domain::{Email, JobId, JobKind, Moment, PersonId, WorkspaceId};

use super::access::{Owner, Proof, Right, Runner};
use super::error::Error;
use super::paging::{Page, Turn, page_of_keys, turned};
use super::schema::{jobs, members};
use super::tx::{ReadTx, WriteTx};

/// Work as it is queued.
pub struct NewJob<'a> {
    pub id: &'a JobId,
    pub kind: JobKind,
    pub title: &'a str,
    /// Whose Owners see it.
    pub workspace: Option<&'a WorkspaceId>,
    pub person: Option<&'a PersonId>,
    pub recipient: Option<&'a Email>,
    pub payload: &'a [u8],
    pub expires_at: Option<Moment>,
    pub run_at: Moment,
}

pub fn queue<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, job: &NewJob<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(job.id),
            jobs::kind.eq(job.kind),
            jobs::title.eq(job.title),
            jobs::workspace_id.eq(job.workspace),
            jobs::person_id.eq(job.person),
            jobs::recipient.eq(job.recipient),
            jobs::payload.eq(job.payload),
            jobs::expires_at.eq(job.expires_at),
            jobs::tries.eq(0),
            jobs::run_at.eq(job.run_at),
            jobs::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    tx.mark_queued();
    Ok(())
}

/// What comes again by itself comes now: there is something to do.
pub fn hasten<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, kind: JobKind) -> Result<(), Error> {
    let now = tx.now();
    let later = jobs::table.filter(jobs::kind.eq(kind)).filter(jobs::failed_at.is_null()).filter(jobs::run_at.gt(now));
    diesel::update(later).set(jobs::run_at.eq(now)).execute(tx.conn)?;
    tx.mark_queued();
    Ok(())
}

/// Work that this process has taken. By its number of tries it is told from the same work taken again.
#[derive(Queryable, Clone)]
pub struct Taken {
    pub id: JobId,
    pub kind: JobKind,
    pub payload: Vec<u8>,
    pub expires_at: Option<Moment>,
    tries: i32,
}

impl Taken {
    /// How often it has been tried, this time included.
    pub fn tries(&self) -> u32 {
        u32::try_from(self.tries).unwrap_or_default()
    }
}

type Due = (JobId, i32);

fn due(tx: &mut ReadTx<'_>) -> Result<Option<Due>, Error> {
    let now = tx.now();
    let free = jobs::leased_until.is_null().or(jobs::leased_until.le(now));
    let row = jobs::table
        .filter(jobs::failed_at.is_null())
        .filter(jobs::run_at.le(now))
        .filter(free)
        .order((jobs::run_at, jobs::id))
        .select((jobs::id, jobs::tries))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}

pub fn is_any_due(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>) -> Result<bool, Error> {
    Ok(due(tx)?.is_some())
}

/// Takes the work that has waited longest; none where there is none, or somebody else was quicker.
pub fn take(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, lease: Duration) -> Result<Option<Taken>, Error> {
    let Some((id, tries)) = due(tx)? else { return Ok(None) };
    let until = tx.now().plus(lease);
    let row = jobs::table.filter(jobs::id.eq(&id)).filter(jobs::tries.eq(tries)).filter(jobs::failed_at.is_null());
    let taken = diesel::update(row)
        .set((jobs::leased_until.eq(until), jobs::tries.eq(jobs::tries + 1)))
        .returning((jobs::id, jobs::kind, jobs::payload, jobs::expires_at, jobs::tries))
        .get_result(tx.conn)
        .optional()?;
    Ok(taken)
}

/// Takes away what is done; false where it is somebody else's by now.
pub fn finish(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, job: &Taken) -> Result<bool, Error> {
    let own = jobs::table.filter(jobs::id.eq(&job.id)).filter(jobs::tries.eq(job.tries));
    Ok(diesel::delete(own).execute(tx.conn)? == 1)
}

/// Puts back what comes again, as if it had never been tried.
pub fn repeat(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, job: &Taken, at: Moment) -> Result<(), Error> {
    let now = tx.now();
    let own = jobs::table.filter(jobs::id.eq(&job.id)).filter(jobs::tries.eq(job.tries));
    diesel::update(own)
        .set((
            jobs::run_at.eq(at),
            jobs::tries.eq(0),
            jobs::done_at.eq(now),
            jobs::leased_until.eq(None::<Moment>),
            jobs::last_error.eq(None::<String>),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Puts back what is to be tried again then.
pub fn postpone(
    tx: &mut WriteTx<'_>,
    _by: &Proof<'_, Runner>,
    job: &Taken,
    (at, why): (Moment, &str),
) -> Result<(), Error> {
    let own = jobs::table.filter(jobs::id.eq(&job.id)).filter(jobs::tries.eq(job.tries));
    diesel::update(own)
        .set((jobs::run_at.eq(at), jobs::leased_until.eq(None::<Moment>), jobs::last_error.eq(why)))
        .execute(tx.conn)?;
    Ok(())
}

/// Gives up; an Owner may have it tried again.
pub fn fail(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, job: &Taken, why: &str) -> Result<(), Error> {
    let now = tx.now();
    let own = jobs::table.filter(jobs::id.eq(&job.id)).filter(jobs::tries.eq(job.tries));
    diesel::update(own)
        .set((jobs::failed_at.eq(now), jobs::leased_until.eq(None::<Moment>), jobs::last_error.eq(why)))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether work of this kind waits already; for what comes again by itself. Those who ask at once take turns.
pub fn is_planned(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, kind: JobKind) -> Result<bool, Error> {
    super::installation::lock(tx)?;
    let same = jobs::table.filter(jobs::kind.eq(kind)).filter(jobs::failed_at.is_null()).select(jobs::id);
    Ok(diesel::select(diesel::dsl::exists(same)).get_result(tx.conn)?)
}

/// Forgets what was asked for an account from inside, as long as nothing has come of it.
pub fn forget_asked<R: Right>(tx: &mut WriteTx<'_>, _by: &Proof<'_, R>, person: &PersonId) -> Result<(), Error> {
    let asked = jobs::table.filter(jobs::person_id.eq(person)).filter(jobs::kind.eq(JobKind::EmailChangeAsked));
    diesel::delete(asked).execute(tx.conn)?;
    Ok(())
}

/// Forgets what failed before then.
pub fn sweep(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, before: Moment) -> Result<(), Error> {
    diesel::delete(jobs::table.filter(jobs::failed_at.le(before))).execute(tx.conn)?;
    Ok(())
}

/// Work as Owners see it.
#[derive(Queryable, Clone)]
pub struct JobRow {
    pub id: JobId,
    pub title: String,
    pub recipient: Option<Email>,
    pub tries: i32,
    pub run_at: Moment,
    pub failed_at: Option<Moment>,
    pub last_error: Option<String>,
    pub leased_until: Option<Moment>,
    pub expires_at: Option<Moment>,
    pub created_at: Moment,
}

macro_rules! visible {
    ($by:expr) => {{
        let here =
            members::table.filter(members::workspace_id.eq($by.workspace())).select(members::person_id.nullable());
        let of_workspace = jobs::workspace_id.eq($by.workspace());
        let of_person = jobs::workspace_id.is_null().and(jobs::person_id.eq_any(here));
        jobs::table.filter(of_workspace.assume_not_null().or(of_person.assume_not_null()))
    }};
}

/// A page of what waits or has failed, the newest first.
pub fn list(tx: &mut ReadTx<'_>, by: &Proof<'_, Owner>, turn: &Turn<JobId>) -> Result<Page<JobRow>, Error> {
    let seen = || visible!(by).select(jobs::id).into_boxed();
    let page = page_of_keys(turn, &mut |turn, limit| Ok(turned!(seen(), jobs::id, turn, limit).load(tx.conn)?))?;
    let rows = jobs::table
        .filter(jobs::id.eq_any(&page.rows))
        .order(jobs::id.desc())
        .select((
            jobs::id,
            jobs::title,
            jobs::recipient,
            jobs::tries,
            jobs::run_at,
            jobs::failed_at,
            jobs::last_error,
            jobs::leased_until,
            jobs::expires_at,
            jobs::created_at,
        ))
        .load(tx.conn)?;
    Ok(Page { rows, has_newer: page.has_newer, has_older: page.has_older })
}

/// How many wait, and how many have failed.
pub fn counts(tx: &mut ReadTx<'_>, by: &Proof<'_, Owner>) -> Result<(u64, u64), Error> {
    let all: i64 = visible!(by).count().get_result(tx.conn)?;
    let failed: i64 = visible!(by).filter(jobs::failed_at.is_not_null()).count().get_result(tx.conn)?;
    let number = |count: i64| u64::try_from(count).unwrap_or_default();
    Ok((number(all - failed), number(failed)))
}

/// What comes again by itself: what it is, when it was last done, when it is next.
pub fn recurring(tx: &mut ReadTx<'_>, _by: &Proof<'_, Owner>) -> Result<Vec<(JobKind, Option<Moment>, Moment)>, Error> {
    let kinds: Vec<JobKind> = JobKind::ALL.iter().copied().filter(|kind| kind.comes_again()).collect();
    let rows = jobs::table
        .filter(jobs::kind.eq_any(kinds))
        .filter(jobs::failed_at.is_null())
        .order(jobs::id)
        .select((jobs::kind, jobs::done_at, jobs::run_at))
        .load(tx.conn)?;
    Ok(rows)
}

/// The title of work that these Owners see.
pub fn title(tx: &mut ReadTx<'_>, by: &Proof<'_, Owner>, id: &JobId) -> Result<Option<String>, Error> {
    Ok(visible!(by).filter(jobs::id.eq(id)).select(jobs::title).first(tx.conn).optional()?)
}

/// Has failed work tried again at once; false where it has not failed, or is none of these Owners'.
pub fn retry(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, id: &JobId) -> Result<bool, Error> {
    let now = tx.now();
    if title(tx, by, id)?.is_none() {
        return Ok(false);
    }
    let failed = jobs::table.filter(jobs::id.eq(id)).filter(jobs::failed_at.is_not_null());
    let changed = diesel::update(failed)
        .set((jobs::failed_at.eq(None::<Moment>), jobs::tries.eq(0), jobs::run_at.eq(now)))
        .execute(tx.conn)?;
    tx.mark_queued();
    Ok(changed == 1)
}

/// Gives failed work up for good; false where it has not failed, or is none of these Owners'.
pub fn discard(tx: &mut WriteTx<'_>, by: &Proof<'_, Owner>, id: &JobId) -> Result<bool, Error> {
    if title(tx, by, id)?.is_none() {
        return Ok(false);
    }
    let failed = jobs::table.filter(jobs::id.eq(id)).filter(jobs::failed_at.is_not_null());
    Ok(diesel::delete(failed).execute(tx.conn)? == 1)
}
