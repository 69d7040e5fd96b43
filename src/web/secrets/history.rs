//! Everything that was ever done to a secret, page by page.

use std::collections::HashMap;

use actix_web::web::{Data, Path, Query};

use crate::app::App;
use crate::domain::SecretId;
use crate::domain::audit::folded;
use crate::store::access::Member;
use crate::store::paging::Turn;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::error::Error;
use crate::web::frame::{self, Frame, Reply};
use crate::web::paging::{self, Asked};
use crate::web::story::Teller;
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::Never;
use super::pages_of_life::History;

pub async fn history(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    asked: Query<Asked>,
    app: Data<App>,
) -> Reply {
    let id: SecretId = path.1.parse().map_err(|_| Error::NotFound)?;
    let turn: Turn<i64> = asked.turn();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::secrets::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let page = store::audit::history(tx, by, &row, &turn)?;
        let names = store::audit::actors(tx, by)?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, row, page, names, tx.now()))
    });
    let (frame, row, page, names, now) = found.await?;
    let (ws, id) = (demand.ws(), row.secret.id.to_string());
    let names: HashMap<_, _> = names.into_iter().collect();
    let teller = Teller { ws, names, secrets: [id.clone()].into(), now };
    let lines = page.rows.iter().flat_map(|entry| folded(entry.acts())).map(|line| teller.tell(&line)).collect();
    let edge = |entry: Option<&store::audit::StoredEntry>| entry.map(|entry| entry.seq.to_string()).unwrap_or_default();
    let newer = page.has_newer.then(|| edge(page.rows.first()));
    let older = page.has_older.then(|| edge(page.rows.last()));
    let template = History {
        chrome: frame::chrome(&visitor, Some(&frame), "History of a secret", Place::Secrets),
        ws: ws.to_owned(),
        name: row.secret.name.to_string(),
        lines,
        pager: paging::links(&url::secret_history(ws, &id), &[], newer.as_deref(), older.as_deref()),
        id,
    };
    frame::page(&app, &visitor, &template)
}
