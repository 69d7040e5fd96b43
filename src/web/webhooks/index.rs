//! The list of webhooks. There are few enough for one page.

use actix_web::web::Data;

use crate::app::App;
use crate::domain::webhook::MOST;
use crate::store::access::Admin;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::frame::{self, Frame, Reply};
use crate::web::visitor::{Demand, Visitor};

use super::{Never, delivery_of, kinds_in_words, page};

pub async fn index(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let found = app.db.read(demand.ask(), |tx, by| {
        let mut rows = Vec::new();
        for row in store::webhooks::list(tx, by)? {
            let last = store::webhooks::latest(tx, by, &row.id)?;
            rows.push((row, last));
        }
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, rows, tx.now()))
    });
    let (frame, rows, now) = found.await?;
    let template = page::Index {
        chrome: frame::chrome(&visitor, Some(&frame), "Webhooks", Place::Webhooks),
        ws: demand.ws().to_owned(),
        has_room: u64::try_from(rows.len()).is_ok_and(|number| number < MOST),
        rows: rows
            .iter()
            .map(|(row, last)| page::Row {
                id: row.id.to_string(),
                name: row.name.to_string(),
                host: row.host(),
                environment: row.environment,
                kinds: kinds_in_words(row.kinds.as_ref()),
                state: row.state(),
                last: last.as_ref().map(|last| delivery_of(last, now)),
            })
            .collect(),
    };
    frame::page(&app, &visitor, &template)
}
