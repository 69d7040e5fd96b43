//! Mail and jobs, for Owners: how letters leave, what waits, what failed.

mod page;

use actix_web::web::{Data, Path, Query};

use crate::actions::Tools;
use crate::actions::work::{self, TrialRefusal};
use crate::app::App;
use crate::domain::{JobId, Moment};
use crate::store::access::{Owner, Proof};
use crate::store::jobs::JobRow;
use crate::store::paging::{Page, Turn};
use crate::store::{self, Fault, Outcome, WriteTx};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::frame::{self, Frame, Reply, see_other};
use super::sign_in::Nothing;
use super::view::{When, counted};
use super::visitor::{Demand, Visitor};
use super::{paging, url};

type Never = std::convert::Infallible;

/// What the page shows, read in one moment.
struct Found {
    frame: Frame,
    jobs: Page<JobRow>,
    waiting: u64,
    failed: u64,
    recurring: Vec<page::Recurring>,
    now: Moment,
}

async fn find(app: &App, demand: &Demand<Owner>, turn: Turn<JobId>) -> Result<Found, Error> {
    let found = app.db.read(demand.ask(), move |tx, by| {
        let now = tx.now();
        let (waiting, failed) = store::jobs::counts(tx, by)?;
        let recurring = store::jobs::recurring(tx, by)?.into_iter().map(|(kind, done, next)| page::Recurring {
            name: kind.label(),
            done: done.map(|at| When::new(at, now)),
            next: (next > now).then(|| When::new(next, now)),
        });
        let recurring = recurring.collect();
        let (frame, jobs) = (Frame::of_member(tx, by)?, store::jobs::list(tx, by, &turn)?);
        Ok::<_, Fault<Never>>(Found { frame, jobs, waiting, failed, recurring, now })
    });
    Ok(found.await?)
}

fn page_of(visitor: &Visitor, app: &App, ws: &str, found: Found, trouble: Option<String>) -> page::Index {
    page::Index {
        chrome: frame::chrome(visitor, Some(&found.frame), "Mail and jobs", Place::Settings),
        ws: ws.to_owned(),
        way: app.mailer.way(),
        delivers: app.mailer.delivers(),
        email: found.frame.person.email.to_string(),
        trouble,
        rows: found.jobs.rows.iter().map(|row| row_of(row, found.now)).collect(),
        waiting: found.waiting,
        failed: found.failed,
        pager: paging::pager(&url::jobs(ws), &[], &found.jobs, |row| row.id.to_string()),
        recurring: found.recurring,
    }
}

fn row_of(row: &JobRow, now: Moment) -> page::Row {
    let state = match (row.failed_at, row.leased_until) {
        (Some(at), _) => page::State::Failed(When::new(at, now)),
        (None, Some(end)) if end > now => page::State::BeingDone,
        (None, _) => page::State::Waiting((row.run_at > now).then(|| When::new(row.run_at, now))),
    };
    page::Row {
        id: row.id.to_string(),
        title: row.title.clone(),
        recipient: row.recipient.as_ref().map(ToString::to_string),
        since: When::new(row.created_at, now),
        tries: u64::try_from(row.tries).unwrap_or_default(),
        state,
        error: row.last_error.clone(),
        is_over: row.expires_at.is_some_and(|end| end <= now),
    }
}

pub async fn index(visitor: Visitor, demand: Demand<Owner>, asked: Query<paging::Asked>, app: Data<App>) -> Reply {
    let found = find(&app, &demand, asked.turn()).await?;
    frame::page(&app, &visitor, &page_of(&visitor, &app, demand.ws(), found, None))
}

/// What an action needs besides its transaction, kept for as long as that may be tried anew.
fn within<T, E, F>(
    visitor: &Visitor,
    app: &App,
    act: F,
) -> impl Fn(&mut WriteTx<'_>, &Proof<'_, Owner>) -> Result<T, Fault<E>> + use<T, E, F>
where
    F: Fn(&mut WriteTx<'_>, &Proof<'_, Owner>, Tools<'_>) -> Result<T, Fault<E>>,
{
    let kit = visitor.kit(app);
    move |tx, by| kit.by_person(by.person(), |tools| act(tx, by, tools))
}

pub async fn send_trial(visitor: Visitor, demand: Demand<Owner>, _form: CsrfForm<Nothing>, app: Data<App>) -> Reply {
    let sent = app.db.write(demand.ask(), within(&visitor, &app, work::send_trial)).await;
    match sent {
        Ok(()) => Ok(see_other(&app, &url::jobs(demand.ws()), Some(Flash::TrialQueued))),
        Err(Fault::Refused(TrialRefusal::TooSoon(until))) => {
            let found = find(&app, &demand, Turn::Newest).await?;
            let seconds = until.since(found.now).as_secs().max(1);
            let wait = counted(seconds, "second", "seconds");
            let sentence = format!("A trial letter was queued a moment ago. Wait {wait}, then send another.");
            let page = page_of(&visitor, &app, demand.ws(), found, Some(sentence));
            frame::later(&app, &visitor, seconds, &page)
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

type Act = fn(&mut WriteTx<'_>, &Proof<'_, Owner>, Tools<'_>, &JobId) -> Outcome<bool>;

async fn settle(visitor: &Visitor, demand: &Demand<Owner>, app: &Data<App>, id: &str, then: (Act, Flash)) -> Reply {
    let id: JobId = id.parse().map_err(|_| Error::NotFound)?;
    let (act, flash) = then;
    let settled =
        app.db.write(demand.ask(), within(visitor, app, move |tx, by, tools| act(tx, by, tools, &id))).await?;
    let flash = if settled { flash } else { Flash::JobUnderWay };
    Ok(see_other(app, &url::jobs(demand.ws()), Some(flash)))
}

pub async fn retry(
    visitor: Visitor,
    demand: Demand<Owner>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    settle(&visitor, &demand, &app, &path.1, (work::retry, Flash::JobRetried)).await
}

pub async fn discard(
    visitor: Visitor,
    demand: Demand<Owner>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    settle(&visitor, &demand, &app, &path.1, (work::discard, Flash::JobDiscarded)).await
}
