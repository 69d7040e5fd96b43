//! The runner: takes work that is due, does it, and says what came of it.
//!
//! Invariant: any number of processes may run it on one database. A piece of work is taken by one of them; where that
//! one dies, another takes it when the lease is over. So whatever is done here may be done twice and comes to the same.

mod sweep;

use std::convert::Infallible;
use std::time::Duration;

use crate::actions::outbox;
use crate::app::App;
use crate::domain::work::{MOST_TRIES, pause_after};
use crate::domain::{Email, Letter, Work};
use crate::mail::SendError;
use crate::store::access::AskRunner;
use crate::store::jobs::Taken;
use crate::store::{self, Error, Fault, Unrecorded};

/// Longer than any piece of work may take.
const LEASE: Duration = Duration::from_mins(5);
/// How often to look for what other processes have queued, and for what is to be tried again.
const GLANCE: Duration = Duration::from_secs(5);

/// Runs until it is dropped.
pub async fn keep_running(app: App) {
    if let Err(fault) = plan(&app).await {
        tracing::error!(error = %fault, "what comes again by itself could not be planned");
    }
    loop {
        run_due(&app).await;
        tokio::select! {
            () = app.db.work_was_queued() => {}
            () = app.clock.sleep(GLANCE) => {}
        }
    }
}

/// Plans what comes again by itself.
pub async fn plan(app: &App) -> Result<(), Fault<Infallible>> {
    let (keyring, chance) = (app.keyring.clone(), app.chance.clone());
    app.db.write(AskRunner, move |tx, by| Ok(outbox::plan(tx, by, (&keyring, &*chance), &Work::Sweep)?)).await
}

/// Does everything that is due; how many pieces of work that was.
pub async fn run_due(app: &App) -> usize {
    let mut done = 0;
    loop {
        match take(app).await {
            Ok(Some(job)) => run(app, &job).await,
            Ok(None) => return done,
            Err(fault) => {
                tracing::warn!(error = %fault, "work could not be looked for");
                return done;
            }
        }
        done += 1;
    }
}

async fn take(app: &App) -> Result<Option<Taken>, Fault<Infallible>> {
    if !app.db.read(AskRunner, |tx, by| Ok(store::jobs::is_any_due(tx, by)?)).await? {
        return Ok(None);
    }
    let taken = app.db.write(AskRunner, |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        Ok(store::jobs::take(tx, by, LEASE)?)
    });
    taken.await
}

/// What came of a piece of work.
enum Outcome {
    Done,
    /// Once more, so much later, as if for the first time.
    Again(Duration),
    Failed(SendError),
}

async fn run(app: &App, job: &Taken) {
    let outcome = attempt(app, job).await;
    let kind = job.kind;
    if let Outcome::Failed(why) = &outcome {
        // Whom it was for stays out of the log; Owners see it on their page.
        tracing::warn!(job = %job.id, %kind, tries = job.tries(), permanent = matches!(why, SendError::Never(_)), "work failed");
    }
    if let Err(fault) = settle(app, job.clone(), outcome).await {
        tracing::error!(job = %job.id, %kind, error = %fault, "what came of work could not be kept");
    }
}

async fn attempt(app: &App, job: &Taken) -> Outcome {
    if job.expires_at.is_some_and(|end| end <= app.clock.now()) {
        return Outcome::Failed(SendError::Never("it was not sent in time; send it again".to_owned()));
    }
    let Ok(work) = app.keyring.open_work(&job.id, &job.payload) else {
        return Outcome::Failed(SendError::Never("what was to be done cannot be read".to_owned()));
    };
    match work {
        Work::Letter { to, letter } => send(app, job, &to, &letter).await,
        Work::Sweep => sweep::run(app).await,
        Work::ResetAsked { .. } | Work::SignUpAsked { .. } | Work::EmailChangeAsked { .. } => Outcome::Done,
    }
}

async fn send(app: &App, job: &Taken, to: &Email, letter: &Letter) -> Outcome {
    match app.mailer.send(&job.id, app.clock.now(), to, letter).await {
        Ok(()) => Outcome::Done,
        Err(why) => Outcome::Failed(why),
    }
}

/// Trouble with the database is nobody's fault: it is tried again like a letter that was not taken.
fn troubled(fault: &Fault<Infallible>) -> Outcome {
    tracing::warn!(error = %fault, "work could not be done");
    Outcome::Failed(SendError::Later("the database was busy or away".to_owned()))
}

async fn settle(app: &App, job: Taken, outcome: Outcome) -> Result<(), Fault<Infallible>> {
    let settled = app.db.write(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        let now = tx.now();
        let kept: Result<(), Error> = match &outcome {
            Outcome::Done => store::jobs::finish(tx, by, &job).map(drop),
            Outcome::Again(later) => store::jobs::repeat(tx, by, &job, now.plus(*later)),
            Outcome::Failed(SendError::Later(why)) if job.tries() < MOST_TRIES => {
                store::jobs::postpone(tx, by, &job, (now.plus(pause_after(job.tries())), why))
            }
            Outcome::Failed(SendError::Later(why) | SendError::Never(why)) => store::jobs::fail(tx, by, &job, why),
        };
        Ok(kept?)
    });
    settled.await
}
