//! The activity as a file, page by page, so that memory stays flat however long it is.
//!
//! Invariant: what leaves is recorded first, and each page asks again for the right to read it.

use std::collections::HashSet;

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use data_encoding::HEXLOWER;
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;

use crate::actions::record;
use crate::app::App;
use crate::domain::Moment;
use crate::domain::audit::{Entry, ExportFormat, Line};
use crate::store::access::Admin;
use crate::store::paging::Turn;
use crate::store::trail::{Cut, Look, Size, Told};
use crate::store::{self, Fault};
use crate::web::cells;
use crate::web::csrf;
use crate::web::error::Error;
use crate::web::frame::{Reply, see_other};
use crate::web::story::Teller;
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::Never;
use super::filter::Asked;

/// A page of the file.
const SIZE: Size = Size { entries: 200, lines: 1_000 };
const HEADINGS: &str = "entry,time,who,what,event,by,about,address\r\n";

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    format: String,
}

/// Where the file has come to.
struct Writing {
    app: Data<App>,
    demand: Demand<Admin>,
    look: Look,
    format: ExportFormat,
    /// None when all has been written.
    turn: Option<Turn<Cut>>,
}

pub async fn show(
    request: HttpRequest,
    visitor: Visitor,
    demand: Demand<Admin>,
    form: Query<Form>,
    asked: Query<Asked>,
    app: Data<App>,
) -> Reply {
    let filter = asked.filter();
    // An export leaves an entry, so that another site's link leads to the page and not to the file.
    if !csrf::comes_from_here(&app, &request) {
        return Ok(see_other(&app, &url::with_query(&url::activity(demand.ws()), &filter.pairs()), None));
    }
    let format: Option<ExportFormat> = form.format.parse().ok();
    let now = if request.method() == Method::HEAD {
        app.db.read(demand.ask(), |tx, _| Ok::<_, Fault<Never>>(tx.now())).await?
    } else {
        begin(&app, &demand, &visitor, format).await?
    };
    let format = format.ok_or(Error::BadRequest)?;
    let (kind, ending) = match format {
        ExportFormat::JsonLines => ("application/x-ndjson", "jsonl"),
        ExportFormat::Csv => ("text/csv; charset=utf-8; header=present", "csv"),
    };
    let name = format!("attachment; filename=\"{}-activity-{}.{ending}\"", demand.ws(), now.day());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, kind)).insert_header((header::CONTENT_DISPOSITION, name));
    let writing = Writing { app, demand, look: filter.look(SIZE), format, turn: Some(Turn::Newest) };
    Ok(response.streaming(stream::try_unfold(writing, next)))
}

/// Records who takes the activity away, before any of it leaves.
async fn begin(
    app: &Data<App>,
    demand: &Demand<Admin>,
    visitor: &Visitor,
    format: Option<ExportFormat>,
) -> Result<Moment, Error> {
    let Some(format) = format else {
        return Ok(app.db.read(demand.ask(), |tx, _| Ok::<_, Fault<Never>>(tx.now())).await?);
    };
    let kit = visitor.kit(app);
    let recorded = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| record::exported(tx, by, tools, format))?;
        Ok::<_, Fault<Never>>(tx.now())
    });
    Ok(recorded.await?)
}

/// The next piece of the file. A failure in the middle cuts the answer off, so that half a file is not taken for a whole.
async fn next(mut writing: Writing) -> Result<Option<(Bytes, Writing)>, Error> {
    let Some(turn) = writing.turn.take() else { return Ok(None) };
    let (look, asked) = (writing.look.clone(), turn.clone());
    let found = writing.app.db.read(writing.demand.ask(), move |tx, by| {
        let trail = store::trail::page(tx, by, &look, &asked)?;
        Ok::<_, Fault<Never>>((trail, store::audit::actors(tx, by)?, tx.now()))
    });
    let (trail, names, now) = found.await?;
    let teller = Teller { ws: writing.demand.ws(), names: names.into_iter().collect(), secrets: HashSet::new(), now };
    let mut piece = String::new();
    if turn == Turn::Newest && writing.format == ExportFormat::Csv {
        piece.push_str(HEADINGS);
    }
    for told in &trail.entries {
        // An entry that cannot be read has a line too.
        let none = told.acts.is_empty().then_some(None);
        for act in told.acts.iter().rev().map(Some).chain(none) {
            match writing.format {
                ExportFormat::JsonLines => push_json(&mut piece, told, act),
                ExportFormat::Csv => push_row(&mut piece, &teller, told, act),
            }
        }
    }
    drop(teller);
    writing.turn = trail.older.map(Turn::OlderThan);
    Ok(Some((Bytes::from(piece), writing)))
}

/// The act as it was sealed, with the place and the seal of its entry.
fn push_json(piece: &mut String, told: &Told, act: Option<&Entry>) {
    let line = json!({
        "entry": told.name.to_string(),
        "time": act.map_or(told.at, |act| act.at).wire(),
        "mac": HEXLOWER.encode(&told.mac),
        "act": act,
    });
    piece.push_str(&line.to_string());
    piece.push('\n');
}

fn push_row(piece: &mut String, teller: &Teller<'_>, told: &Told, act: Option<&Entry>) {
    let cells = match act {
        Some(act) => cells(teller, told, act),
        None => {
            let said = [told.name.to_string(), told.at.wire(), String::new(), "cannot be read".to_owned()];
            said.into_iter().chain(std::iter::repeat_n(String::new(), 4)).collect()
        }
    };
    cells::push_row(piece, &cells);
}

/// In the order of the headings.
fn cells(teller: &Teller<'_>, told: &Told, act: &Entry) -> Vec<String> {
    let line = teller.tell(&Line { act: act.clone(), times: 1 });
    let who = [Some(line.who), line.token.map(|token| token.label)];
    let what = [Some(line.what), line.target.map(|target| target.label), line.of];
    let joined = |parts: &[Option<String>]| parts.iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    vec![
        told.name.to_string(),
        act.at.wire(),
        joined(&who),
        joined(&what),
        event_word(act),
        act.by.word().to_owned(),
        act.event.subject().to_owned(),
        line.address.unwrap_or_default(),
    ]
}

fn event_word(act: &Entry) -> String {
    let said = serde_json::to_value(&act.event).ok();
    said.as_ref().and_then(|event| event.get("event")?.as_str()).unwrap_or_default().to_owned()
}
