//! What is known about secrets as a file, page by page, so that memory stays flat however many there are. Never a value.
//!
//! Invariant: what leaves is recorded first, and each page asks again for the right to read it.

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::{Deserialize, Serialize};

use crate::actions::record;
use crate::app::App;
use crate::domain::Moment;
use crate::domain::audit::ListFormat;
use crate::store::access::Member;
use crate::store::paging::Turn;
use crate::store::secrets::{ListedSecret, Order, Sought, Spot};
use crate::store::{self, Fault};
use crate::web::error::Error;
use crate::web::frame::{Reply, see_other};
use crate::web::view::Link;
use crate::web::visitor::{Demand, Visitor};
use crate::web::{cells, csrf, url};

use super::index::Asked;
use super::{Never, owner_of};

const HEADINGS: [&str; 16] = [
    "id",
    "name",
    "node_type",
    "environment",
    "kind",
    "owner",
    "sharing",
    "delivery",
    "state",
    "last_four",
    "version",
    "created",
    "value_entered",
    "expires",
    "rotation_due",
    "last_used",
];

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    format: String,
}

/// A secret as the file tells of it, in the order of the headings.
#[derive(Serialize)]
struct Line {
    id: String,
    name: String,
    node_type: String,
    environment: String,
    kind: String,
    owner: String,
    sharing: String,
    delivery: String,
    state: String,
    last_four: Option<String>,
    version: i64,
    created: String,
    value_entered: Option<String>,
    expires: Option<String>,
    rotation_due: Option<String>,
    last_used: Option<String>,
}

/// Where the file has come to.
struct Writing {
    app: Data<App>,
    demand: Demand<Member>,
    sought: Sought,
    format: ListFormat,
    /// None when all has been written.
    turn: Option<Turn<Spot>>,
}

/// To the list as a file in each of the formats.
pub(super) fn links(ws: &str, filters: &[(&str, &str)]) -> [Link; 2] {
    [ListFormat::Csv, ListFormat::Json].map(|format| {
        let pairs: Vec<(&str, &str)> = filters.iter().copied().chain([("format", format.as_str())]).collect();
        Link { label: format.as_str().to_uppercase(), url: url::with_query(&url::export_secrets(ws), &pairs) }
    })
}

pub async fn show(
    request: HttpRequest,
    visitor: Visitor,
    demand: Demand<Member>,
    form: Query<Form>,
    asked: Query<Asked>,
    app: Data<App>,
) -> Reply {
    // An export leaves an entry, so that another site's link leads to the list and not to the file.
    if !csrf::comes_from_here(&app, &request) {
        return Ok(see_other(&app, &url::secrets(demand.ws()), None));
    }
    let format: Option<ListFormat> = form.format.parse().ok();
    let now = match format.filter(|_| request.method() != Method::HEAD) {
        Some(format) => begin(&app, &demand, &visitor, format).await?,
        None => app.db.read(demand.ask(), |tx, _| Ok::<_, Fault<Never>>(tx.now())).await?,
    };
    let format = format.ok_or(Error::BadRequest)?;
    let kind = match format {
        ListFormat::Csv => "text/csv; charset=utf-8; header=present",
        ListFormat::Json => "application/json",
    };
    let name = format!("attachment; filename=\"{}-secrets-{}.{format}\"", demand.ws(), now.day());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, kind)).insert_header((header::CONTENT_DISPOSITION, name));
    let writing = Writing { app, demand, sought: asked.sought(), format, turn: Some(Turn::Newest) };
    Ok(response.streaming(stream::try_unfold(writing, next)))
}

/// Records who takes the list away, before any of it leaves.
async fn begin(
    app: &Data<App>,
    demand: &Demand<Member>,
    visitor: &Visitor,
    format: ListFormat,
) -> Result<Moment, Error> {
    let kit = visitor.kit(app);
    let recorded = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| record::secrets_exported(tx, by, tools, format))?;
        Ok::<_, Fault<Never>>(tx.now())
    });
    Ok(recorded.await?)
}

/// The next piece of the file. A failure in the middle cuts the answer off, so that half a file is not taken for a whole.
async fn next(mut writing: Writing) -> Result<Option<(Bytes, Writing)>, Error> {
    let Some(turn) = writing.turn.take() else { return Ok(None) };
    let (sought, asked) = (writing.sought.clone(), turn.clone());
    let found = writing.app.db.read(writing.demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>((store::secrets::list(tx, by, &sought, (Order::Newest, &asked))?, tx.now()))
    });
    let (page, now) = found.await?;
    let first = turn == Turn::Newest;
    let last = page.rows.last().filter(|_| page.has_older).map(|row| row.spot(Order::Newest));
    let lines: Vec<Line> = page.rows.iter().map(|row| line_of(row, now)).collect();
    let piece = match writing.format {
        ListFormat::Csv => csv(&lines, first),
        ListFormat::Json => json(&lines, first, last.is_none())?,
    };
    writing.turn = last.map(Turn::OlderThan);
    Ok(Some((Bytes::from(piece), writing)))
}

fn line_of(row: &ListedSecret, now: Moment) -> Line {
    let secret = &row.secret;
    Line {
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: secret.node_type.to_string(),
        environment: secret.environment.to_string(),
        kind: secret.kind.to_string(),
        owner: owner_of(row).to_string(),
        sharing: secret.sharing.to_string(),
        delivery: secret.delivery.to_string(),
        state: secret.state(now).to_string(),
        last_four: secret.last_four.clone(),
        version: secret.value_number,
        created: secret.created_at.wire(),
        value_entered: secret.value_entered_at.map(Moment::wire),
        expires: secret.expires_at.map(Moment::wire),
        rotation_due: secret.rotate_at.map(Moment::wire),
        last_used: secret.last_used_at.map(Moment::wire),
    }
}

fn csv(lines: &[Line], first: bool) -> String {
    let mut piece = String::new();
    if first {
        cells::push_row(&mut piece, &HEADINGS.map(ToOwned::to_owned));
    }
    for line in lines {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
        let cells = [
            line.id.clone(),
            line.name.clone(),
            line.node_type.clone(),
            line.environment.clone(),
            line.kind.clone(),
            line.owner.clone(),
            line.sharing.clone(),
            line.delivery.clone(),
            line.state.clone(),
            or_none(&line.last_four),
            line.version.to_string(),
            line.created.clone(),
            or_none(&line.value_entered),
            or_none(&line.expires),
            or_none(&line.rotation_due),
            or_none(&line.last_used),
        ];
        cells::push_row(&mut piece, &cells);
    }
    piece
}

/// A piece of one list, so that a file that was cut off is none.
fn json(lines: &[Line], first: bool, last: bool) -> Result<String, Error> {
    let mut piece = String::new();
    for (at, line) in lines.iter().enumerate() {
        piece.push_str(if first && at == 0 { "[\n" } else { ",\n" });
        piece.push_str(&serde_json::to_string(line).map_err(|_| Error::Internal)?);
    }
    if first && lines.is_empty() {
        piece.push('[');
    }
    if last {
        piece.push_str("\n]\n");
    }
    Ok(piece)
}
