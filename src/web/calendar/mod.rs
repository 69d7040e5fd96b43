//! What ends or is due, month by month, and the same for calendars elsewhere.

mod ical;
mod page;

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};

use crate::actions::calendars;
use crate::app::App;
use crate::crypto::CalendarToken;
use crate::domain::Moment;
use crate::store::access::{AskCalendar, Member};
use crate::store::calendars::{Date, What};
use crate::store::{self, Denied, Error as StoreError, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::frame::{self, Frame, Reply, see_other};
use super::sign_in::Nothing;
use super::url;
use super::view::{Link, When};
use super::visitor::{Demand, Visitor};

type Never = std::convert::Infallible;

/// What was over so lately is still shown.
const BACK: Duration = Duration::from_hours(30 * 24);

pub async fn show(visitor: Visitor, demand: Demand<Member>, app: Data<App>) -> Reply {
    let page = drawn(&visitor, &demand, &app, None).await?;
    frame::page(&app, &visitor, &page)
}

/// Makes a private link, and shows it this once.
pub async fn open(visitor: Visitor, demand: Demand<Member>, _form: CsrfForm<Nothing>, app: Data<App>) -> Reply {
    let kit = visitor.kit(&app);
    let opened =
        app.db.write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| calendars::open(tx, by, tools)));
    let link = format!("{}{}", app.config.server.base(), url::calendar_feed(&opened.await?));
    let page = drawn(&visitor, &demand, &app, Some(link)).await?;
    frame::page(&app, &visitor, &page)
}

pub async fn close(visitor: Visitor, demand: Demand<Member>, _form: CsrfForm<Nothing>, app: Data<App>) -> Reply {
    let kit = visitor.kit(&app);
    let closed =
        app.db.write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| calendars::close(tx, by, tools)));
    closed.await?;
    Ok(see_other(&app, &url::calendar(demand.ws()), Some(Flash::CalendarClosed)))
}

async fn drawn(
    visitor: &Visitor,
    demand: &Demand<Member>,
    app: &Data<App>,
    link: Option<String>,
) -> Result<page::Show, Error> {
    let found = app.db.read(demand.ask(), |tx, by| {
        let now = tx.now();
        let dates = store::calendars::dates(tx, by, now.minus(BACK))?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, dates, store::calendars::since(tx, by)?, now))
    });
    let (frame, dates, linked, now) = found.await?;
    Ok(page::Show {
        chrome: frame::chrome(visitor, Some(&frame), "Calendar", Place::Calendar),
        ws: demand.ws().to_owned(),
        all: u64::try_from(dates.len()).unwrap_or(u64::MAX),
        months: months(demand.ws(), &dates, now),
        linked: linked.map(|at| When::new(at, now)),
        link,
    })
}

fn months(ws: &str, dates: &[Date], now: Moment) -> Vec<page::Month> {
    let mut months: Vec<page::Month> = Vec::new();
    for date in dates {
        let name = date.at.month();
        let line = line(ws, date, now);
        match months.last_mut() {
            Some(month) if month.name == name => month.lines.push(line),
            _ => months.push(page::Month { name, lines: vec![line] }),
        }
    }
    months
}

fn line(ws: &str, date: &Date, now: Moment) -> page::Line {
    let over = date.at <= now;
    let (icon, words, detail, url) = match &date.what {
        What::SecretEnds { secret, node_type, environment } => {
            let words = if over { "has expired" } else { "expires" };
            ("hourglass", words, format!("{node_type} · {environment}"), url::secret(ws, secret.as_str()))
        }
        What::ValueDue { secret, node_type, environment } => (
            "rotate",
            "is due for a new value",
            format!("{node_type} · {environment}"),
            url::secret(ws, secret.as_str()),
        ),
        What::ValueAsked { secret } => {
            ("rotate", "is asked for a new value", "Rotation round".to_owned(), url::secret(ws, secret.as_str()))
        }
        What::TokenEnds { token, environment } => {
            let words = if over { "has expired" } else { "expires" };
            ("ticket", words, format!("Service token · {environment}"), url::token(ws, token.as_str()))
        }
    };
    let tone = if over {
        "bad"
    } else if date.at <= now.plus(crate::domain::reminder::SOON) {
        "warn"
    } else {
        "info"
    };
    let what = Link { label: date.name.to_string(), url };
    let (when, day) = (When::new(date.at, now), date.at.short_day());
    // What is far away is a date in any case.
    let distance = Some(when.relative.clone()).filter(|words| !words.starts_with(&day));
    page::Line { icon, tone, what, words, detail, when, day, distance }
}

/// The file that calendars elsewhere fetch. Whoever has no link that counts is told of nothing.
pub async fn feed(path: Path<String>, app: Data<App>) -> Reply {
    let text = path.strip_suffix(".ics").ok_or(Error::NotFound)?;
    let link: CalendarToken = text.parse().map_err(|_| Error::NotFound)?;
    let mac = *app.keyring.calendar_mac(&link).as_bytes();
    let read = app.db.read(AskCalendar { calendar: link.id, mac }, |tx, by| {
        let now = tx.now();
        Ok::<_, Fault<Never>>((store::calendars::read(tx, by, now.minus(BACK))?, now))
    });
    let (read, now) = match read.await {
        Ok(read) => read,
        Err(Fault::Store(StoreError::Denied(Denied::NotFound))) => return Err(Error::NotFound),
        Err(fault) => return Err(fault.into()),
    };
    let base = app.config.server.base();
    let events: Vec<_> = read.dates.iter().map(|date| event(base, read.slug.as_str(), date)).collect();
    let text = ical::written(&format!("Keyrack · {}", read.name), now, &events);
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/calendar; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, "inline; filename=\"keyrack.ics\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text))
}

fn event(base: &str, ws: &str, date: &Date) -> ical::Event {
    let name = &date.name;
    let (id, summary, way) = match &date.what {
        What::SecretEnds { secret, node_type, environment } => (
            format!("{secret}-ends"),
            format!("{name} expires ({node_type}, {environment})"),
            url::secret(ws, secret.as_str()),
        ),
        What::ValueDue { secret, node_type, environment } => (
            format!("{secret}-due"),
            format!("{name} is due for a new value ({node_type}, {environment})"),
            url::secret(ws, secret.as_str()),
        ),
        What::ValueAsked { secret } => {
            (format!("{secret}-asked"), format!("{name}: a new value is asked for"), url::secret(ws, secret.as_str()))
        }
        What::TokenEnds { token, environment } => (
            format!("{token}-ends"),
            format!("The service token {name} expires ({environment})"),
            url::token(ws, token.as_str()),
        ),
    };
    ical::Event { id: format!("{id}@keyrack"), day: date.at, summary, url: format!("{base}{way}") }
}
