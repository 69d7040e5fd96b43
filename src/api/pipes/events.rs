//! What has happened, for whoever asks: to the connections of end users, unless something else is named.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::web::{Data, Query};
use serde_json::json;

use crate::actions::events;
use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::{EventId, Moment, TellKind};
use crate::store::access::AuditRight;
use crate::store::events::Sought;
use crate::store::{self, Fault};

use super::subject::external;

const LIMIT: i64 = 10;
const MOST: i64 = 100;

/// A list in a query comes as one text with commas, or as the same name several times.
type Asked = Query<Vec<(String, String)>>;

fn understand(asked: &[(String, String)]) -> Result<(Sought, i64), Error> {
    let (mut sought, mut limit) = (Sought::default(), LIMIT);
    let time = |text: &str| {
        Moment::of_rfc3339(text)
            .ok_or_else(|| Error::invalid("A range is given by times such as 2026-10-01T12:00:00.000Z."))
    };
    for (name, text) in asked.iter().filter(|(_, text)| !text.is_empty()) {
        match name.as_str() {
            "events" | "events[]" => {
                let kinds: Result<Vec<TellKind>, _> = text.split(',').map(str::parse).collect();
                sought
                    .kinds
                    .extend(kinds.map_err(|_| Error::invalid("events names something that is not told here."))?);
            }
            "after" => {
                let after: EventId = text.parse().map_err(|_| Error::invalid("after is the id of an event."))?;
                sought.after = Some(after);
            }
            "limit" => {
                let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
                limit = number.ok_or_else(|| Error::invalid("limit is a number from 1 to 100."))?;
            }
            "range_start" => sought.from = Some(time(text)?),
            "range_end" => sought.until = Some(time(text)?),
            "organization_id" => sought.organization = Some(external(text, "organization_id")?),
            _ => {}
        }
    }
    Ok((sought, limit))
}

/// `GET /events`
pub async fn index(caller: Caller, asked: Asked, app: Data<App>) -> Result<HttpResponse, Error> {
    let (sought, limit) = match understand(&asked) {
        Ok(understood) => understood,
        Err(wrong) => return Err(caller.hears::<AuditRight>(&app, wrong).await),
    };
    let found = app.db.read(caller.ask::<AuditRight>(), move |tx, by| {
        Ok::<_, Fault<Infallible>>(store::events::list(tx, by, (&sought, limit))?)
    });
    let mut rows = found.await?;
    let asked_for = usize::try_from(limit).unwrap_or_default();
    let has_more = rows.len() > asked_for;
    rows.truncate(asked_for);
    let after = rows.last().filter(|_| has_more).map(|row| row.id.to_string());
    Ok(HttpResponse::Ok().json(json!({
        "object": "list",
        "data": rows.iter().map(events::wire).collect::<Vec<_>>(),
        "list_metadata": { "before": null, "after": after },
    })))
}
