//! The runner: takes work that is due, does it, and says what came of it.
//!
//! Invariant: any number of processes may run it on one database. A piece of work is taken by one of them; where that
//! one dies, another takes it when the lease is over. So whatever is done here may be done twice and comes to the same.

mod accounts;
mod probes;
mod renewals;
mod shares;
mod sweep;
mod told;
mod usage;
mod values;
mod webhooks;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::actions::outbox;
use crate::app::App;
use crate::crypto::LinkToken;
use crate::domain::audit::Actor;
use crate::domain::work::{MOST_TRIES, pause_after};
use crate::domain::{Email, Letter, Work, WorkspaceId};
use crate::mail::SendError;
use crate::store::access::AskRunner;
use crate::store::jobs::Taken;
use crate::store::{self, Error, Fault, Unrecorded};

/// Longer than any piece of work may take.
const LEASE: Duration = Duration::from_mins(5);
/// How often to look for what other processes have queued, and for what is to be tried again.
const GLANCE: Duration = Duration::from_secs(5);
/// How many pieces of work are done at once: a mail server that takes its time holds up no more than its own letter.
const LANES: usize = 4;
/// What was begun when the process is told to stop may take this long to end.
const GRACE: Duration = Duration::from_secs(20);

/// The running runner.
pub struct Running {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

pub fn start(app: App) -> Running {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(async move {
        let lanes = join_all((0..LANES).map(|lane| keep_running(&app, lane == 0, stopped.clone())));
        join(lanes, webhooks::keep_sending(&app, stopped.clone())).await;
    });
    Running { task, stop }
}

impl Running {
    /// Begins nothing more, and waits a while for what has begun: a letter that is cut off may be sent twice.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if tokio::time::timeout(GRACE, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// One of the lanes. The first looks around by itself; the others are woken by whoever finds work.
async fn keep_running(app: &App, looks_around: bool, mut stopped: watch::Receiver<bool>) {
    let mut planned = !looks_around;
    while !*stopped.borrow() {
        planned = planned || is_planned(app).await;
        if next(app).await {
            continue;
        }
        let glance = async {
            match looks_around {
                true => app.clock.sleep(GLANCE).await,
                false => std::future::pending().await,
            }
        };
        tokio::select! {
            () = app.db.work_was_queued() => {}
            () = glance => {}
            _ = stopped.changed() => {}
        }
    }
}

async fn is_planned(app: &App) -> bool {
    let planned = plan(app).await;
    if let Err(fault) = &planned {
        tracing::warn!(error = %fault, "what comes again by itself could not be planned yet");
    }
    planned.is_ok()
}

/// Plans what comes again by itself.
pub async fn plan(app: &App) -> Result<(), Fault<Infallible>> {
    for work in [Work::Sweep, Work::Renew, Work::Probe] {
        let kit = app.kit(None);
        let plan =
            app.db.write(AskRunner, move |tx, by| kit.by(Actor::Unknown, |tools| outbox::plan(tx, by, tools, &work)));
        plan.await?;
    }
    Ok(())
}

/// Does everything that is due, one after another; how many pieces of work that was.
pub async fn run_due(app: &App) -> usize {
    let mut done = 0;
    while next(app).await {
        done += 1;
    }
    done
}

/// Sends every event that is due to its webhooks; how many tries that were.
pub async fn send_due(app: &App) -> usize {
    webhooks::send_due(app).await
}

/// Does one piece of work; false where there is none, or none could be looked for.
async fn next(app: &App) -> bool {
    match take(app).await {
        Ok(Some(job)) => {
            // There may be more: somebody else looks while this is being done.
            app.db.wake_another();
            run(app, &job).await;
            true
        }
        Ok(None) => false,
        Err(fault) => {
            tracing::warn!(error = %fault, "work could not be looked for");
            false
        }
    }
}

async fn take(app: &App) -> Result<Option<Taken>, Fault<Infallible>> {
    while app.db.read(AskRunner, |tx, by| Ok(store::jobs::is_any_due(tx, by)?)).await? {
        let taken = app.db.write(AskRunner, |tx, by| {
            tx.unrecorded(Unrecorded::Work);
            Ok(store::jobs::take(tx, by, LEASE)?)
        });
        // Where somebody else was quicker, there may be more.
        if let Some(job) = taken.await? {
            return Ok(Some(job));
        }
    }
    Ok(None)
}

/// What came of a piece of work.
enum Outcome {
    Done,
    /// Done, and taken away in the same transaction.
    Settled,
    /// Once more, so much later, as if for the first time.
    Again(Duration),
    Failed(SendError),
}

async fn run(app: &App, job: &Taken) {
    let kind = job.kind;
    let outcome = AssertUnwindSafe(attempt(app, job)).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(job = %job.id, %kind, "work panicked");
        never("Keyrack made a mistake; its log says more")
    });
    if matches!(outcome, Outcome::Settled) {
        return;
    }
    if let Outcome::Failed(why) = &outcome {
        // Whom it was for stays out of the log; Owners see it on their page, where it is theirs to see.
        tracing::warn!(job = %job.id, %kind, tries = job.tries(), permanent = matches!(why, SendError::Never(_)), "work failed");
    }
    if let Err(fault) = settle(app, job.clone(), outcome).await {
        tracing::error!(job = %job.id, %kind, error = %fault, "what came of work could not be kept");
    }
}

async fn attempt(app: &App, job: &Taken) -> Outcome {
    if job.tries() > MOST_TRIES && !job.kind.comes_again() {
        return never("It was begun again and again, and the process ended each time");
    }
    if job.expires_at.is_some_and(|end| end <= app.clock.now()) {
        return never("It could not be sent before its link expired");
    }
    let Ok(work) = app.keyring.open_work(&job.id, &job.payload) else {
        return never("What was to be done cannot be read: it was changed outside Keyrack, or its key is damaged");
    };
    match work {
        Work::Letter { to, letter } => send(app, job, &to, &letter).await,
        Work::Sweep => sweep::run(app).await,
        Work::Renew => renewals::run(app).await,
        Work::Probe => probes::run(app).await,
        work => accounts::run(app, job, work).await,
    }
}

fn never(why: &str) -> Outcome {
    Outcome::Failed(SendError::Never(why.to_owned()))
}

async fn send(app: &App, job: &Taken, to: &Email, letter: &Letter) -> Outcome {
    match is_wanted(app, letter).await {
        Ok(true) => {}
        Ok(false) => return Outcome::Done,
        Err(fault) => return troubled(&fault),
    }
    match app.mailer.send(&job.id, app.clock.now(), to, letter).await {
        Ok(()) => Outcome::Done,
        Err(why) => Outcome::Failed(why),
    }
}

/// An invitation that was taken back while its letter waited would only mislead.
async fn is_wanted(app: &App, letter: &Letter) -> Result<bool, Fault<Infallible>> {
    let Letter::Invitation { link, .. } = letter else { return Ok(true) };
    let Ok(link) = link.parse::<LinkToken>() else { return Ok(false) };
    app.db.read(AskRunner, move |tx, by| Ok(store::invitations::is_open(tx, by, &link.id)?)).await
}

/// Trouble with the database is nobody's fault: it is tried again like a letter that was not taken.
fn troubled(fault: &Fault<Infallible>) -> Outcome {
    tracing::warn!(error = %fault, "work could not be done");
    Outcome::Failed(SendError::Later("The database was busy or away".to_owned()))
}

/// One workspace's trouble is not the others': it is said, and they are gone on with.
fn stood_still(workspace: &WorkspaceId, fault: Fault<Infallible>) -> Result<(), Fault<Infallible>> {
    tracing::error!(%workspace, error = %fault, "work in a workspace could not be done");
    Err(fault)
}

async fn settle(app: &App, job: Taken, outcome: Outcome) -> Result<(), Fault<Infallible>> {
    let settled = app.db.write(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        let now = tx.now();
        let kept: Result<(), Error> = match &outcome {
            Outcome::Done | Outcome::Settled => store::jobs::finish(tx, by, &job).map(drop),
            Outcome::Again(later) => store::jobs::repeat(tx, by, &job, now.plus(*later)),
            Outcome::Failed(SendError::Later(why)) if job.tries() < MOST_TRIES || job.kind.comes_again() => {
                store::jobs::postpone(tx, by, &job, (now.plus(pause_after(job.tries())), why))
            }
            Outcome::Failed(SendError::Later(why) | SendError::Never(why)) => store::jobs::fail(tx, by, &job, why),
        };
        Ok(kept?)
    });
    settled.await
}
