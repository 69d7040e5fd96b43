//! Webhooks: listed, made, looked at, changed, paused, deleted; their keys, and the log of what was sent.

pub mod create;
pub mod delivery;
pub mod edit;
mod form;
pub mod index;
pub mod key;
mod page;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::{Tools, webhooks};
use crate::app::App;
use crate::domain::webhook::{DeliveryState, FAILURES, Kinds};
use crate::domain::{DeliveryId, Moment, WebhookId};
use crate::store::access::{Admin, Proof};
use crate::store::paging::Page;
use crate::store::webhooks::{DeliveryRow, WebhookRow};
use crate::store::{self, Denied, Fault, Outcome, WriteTx};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::frame::{self, Frame, Reply as Answered, see_other};
use super::sign_in::Nothing;
use super::view::{When, counted};
use super::visitor::{Demand, Visitor};
use super::{paging, url};

type Never = std::convert::Infallible;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    state: String,
    before: String,
    after: String,
}

/// What the page of a webhook shows, read in one moment.
struct Found {
    frame: Frame,
    row: WebhookRow,
    log: Page<DeliveryRow>,
    now: Moment,
}

async fn find(app: &App, demand: &Demand<Admin>, id: &str) -> Result<(Frame, WebhookRow, Moment), Error> {
    let id: WebhookId = id.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::webhooks::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, row, tx.now()))
    });
    Ok(found.await?)
}

pub async fn show(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    asked: Query<Asked>,
    app: Data<App>,
) -> Answered {
    let id: WebhookId = path.1.parse().map_err(|_| Error::NotFound)?;
    let (state, turn) =
        (asked.state.parse::<DeliveryState>().ok(), paging::turn::<DeliveryId>(&asked.before, &asked.after));
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::webhooks::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        let log = store::webhooks::list_deliveries(tx, by, (&id, state), &turn)?;
        Ok::<_, Fault<Never>>(Found { frame: Frame::of_member(tx, by)?, row, log, now: tx.now() })
    });
    let Found { frame, row, log, now } = found.await?;
    let (ws, id) = (demand.ws(), row.id.to_string());
    let when = |at: Moment| When::new(at, now);
    let (last_four, made) = row.signing_key(now);
    let filter = state.map_or("", DeliveryState::as_str);
    let template = page::Show {
        chrome: frame::chrome(&visitor, Some(&frame), row.name.as_str(), Place::Webhooks),
        ws: ws.to_owned(),
        name: row.name.to_string(),
        environment: row.environment,
        address: row.address.clone(),
        kinds: row.kinds.as_ref().map(|kinds| kinds.iter().collect()).unwrap_or_default(),
        state: row.state(),
        paused: row.paused_at.map(when),
        failing: row.failing_since.map(when),
        failures: counted(u64::try_from(row.failures).unwrap_or_default(), "try", "tries"),
        patience: counted(u64::try_from(FAILURES).unwrap_or_default(), "try", "tries"),
        created: when(row.created_at),
        key: page::Key {
            last_four: last_four.to_owned(),
            made: when(made),
            waiting: row.waiting_key(now).map(|(last_four, from)| (last_four.to_owned(), when(from))),
        },
        filter: state,
        rows: log.rows.iter().map(|delivery| delivery_of(delivery, now)).collect(),
        pager: paging::pager(&url::webhook(ws, &id), &[("state", filter)], &log, |delivery| delivery.id.to_string()),
        id,
    };
    frame::page(&app, &visitor, &template)
}

fn delivery_of(row: &DeliveryRow, now: Moment) -> page::Delivery {
    let when = |at: Moment| When::new(at, now);
    let state = match row.state {
        DeliveryState::Waiting if row.is_under_way(now) => page::Stand::UnderWay,
        DeliveryState::Waiting => match row.due_at.filter(|_| row.tries > 0) {
            Some(due) => page::Stand::Again(when(due)),
            None => page::Stand::New,
        },
        DeliveryState::Delivered => page::Stand::Delivered,
        DeliveryState::Failed => page::Stand::Failed,
    };
    page::Delivery {
        id: row.id.to_string(),
        event: row.event.to_string(),
        kind: row.kind,
        state,
        tries: u64::try_from(row.tries).unwrap_or_default(),
        said: row.reply.map(|reply| page::said(reply, row.status)),
        last_tried: row.last_tried_at.map(when),
        written: when(row.created_at),
    }
}

/// “All events”, or how many kinds of them.
fn kinds_in_words(kinds: Option<&Kinds>) -> String {
    kinds.map_or_else(
        || "All events".to_owned(),
        |kinds| counted(u64::try_from(kinds.iter().count()).unwrap_or_default(), "kind of event", "kinds of events"),
    )
}

type Act = fn(&mut WriteTx<'_>, &Proof<'_, Admin>, Tools<'_>, &WebhookId) -> Outcome<()>;

async fn act(visitor: &Visitor, demand: &Demand<Admin>, app: &Data<App>, id: &str, act: Act) -> Result<(), Error> {
    let id: WebhookId = id.parse().map_err(|_| Error::NotFound)?;
    let kit = visitor.kit(app);
    let done = app.db.write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| act(tx, by, tools, &id)));
    Ok(done.await?)
}

pub async fn pause(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Answered {
    act(&visitor, &demand, &app, &path.1, webhooks::pause).await?;
    Ok(see_other(&app, &url::webhook(demand.ws(), &path.1), Some(Flash::WebhookPaused)))
}

pub async fn resume(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Answered {
    act(&visitor, &demand, &app, &path.1, webhooks::resume).await?;
    Ok(see_other(&app, &url::webhook(demand.ws(), &path.1), Some(Flash::WebhookResumed)))
}

pub async fn destroy(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Answered {
    act(&visitor, &demand, &app, &path.1, webhooks::delete).await?;
    Ok(see_other(&app, &url::webhooks(demand.ws()), Some(Flash::WebhookDeleted)))
}
