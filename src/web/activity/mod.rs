//! What happened in the workspace: changes and uses, the newest first.

pub mod check;
pub mod entry;
pub mod export;
mod filter;
mod page;

use actix_web::web::{Data, Query};

use crate::app::App;
use crate::domain::audit::{ExportFormat, folded};
use crate::store::access::Admin;
use crate::store::paging::{PAGE, Turn};
use crate::store::trail::{Cut, LOOKED_AT, Size, Told};
use crate::store::{self, Fault};

use super::chrome::Place;
use super::frame::{self, Frame, Reply};
use super::story::Teller;
use super::view::{Link, When};
use super::visitor::{Demand, Visitor};
use super::{paging, url};
use filter::{Asked, Filter};

type Never = std::convert::Infallible;

/// Lines are bounded besides entries, because one entry may hold hundreds of uses by as many tokens.
const SIZE: Size = Size { entries: PAGE, lines: 100 };

pub async fn index(visitor: Visitor, demand: Demand<Admin>, asked: Query<Asked>, app: Data<App>) -> Reply {
    let (filter, turn) = (asked.filter(), paging::turn(&asked.before, &asked.after));
    let (look, upwards) = (filter.look(SIZE), matches!(turn, Turn::NewerThan(_)));
    let found = app.db.read(demand.ask(), move |tx, by| {
        let trail = store::trail::page(tx, by, &look, &turn)?;
        let names = store::audit::actors(tx, by)?;
        let secrets = store::secrets::seen_among(tx, by, trail.entries.iter().flat_map(|told| &told.acts))?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, trail, (names, secrets), tx.now()))
    });
    let (frame, trail, (names, secrets), now) = found.await?;
    let (ws, base) = (demand.ws(), url::activity(demand.ws()));
    let form = filter.form(&names);
    let teller = Teller { ws, names: names.into_iter().collect(), secrets, now };
    let key = |cut: Option<Cut>| cut.map(|cut| cut.to_string());
    let (newer, older) = (key(trail.newer), key(trail.older));
    let template = page::Index {
        ws: ws.to_owned(),
        rows: trail.entries.into_iter().flat_map(|told| rows(&teller, told)).collect(),
        chips: filter.chips(&base),
        form,
        narrow: filter.is_narrow(),
        exports: exports(ws, &filter),
        pager: paging::links(&base, &filter.pairs(), newer.as_deref(), older.as_deref()),
        looked_at: trail.stopped.then_some(LOOKED_AT),
        upwards,
        chrome: frame::chrome(&visitor, Some(&frame), "Activity", Place::Activity),
    };
    frame::page(&app, &visitor, &template)
}

/// The lines of an entry; one that cannot be read has a line too.
fn rows(teller: &Teller<'_>, told: Told) -> Vec<page::Row> {
    let url = url::activity_entry(teller.ws, &told.name.to_string());
    if told.acts.is_empty() {
        return vec![page::Row { line: None, when: When::new(told.at, teller.now), url }];
    }
    let row = |line| {
        let line = teller.tell(&line);
        page::Row { when: line.when.clone(), line: Some(line), url: url.clone() }
    };
    folded(told.acts).into_iter().map(row).collect()
}

/// Links to the same entries as files.
fn exports(ws: &str, filter: &Filter) -> [Link; 2] {
    [(ExportFormat::JsonLines, "JSON lines"), (ExportFormat::Csv, "CSV")].map(|(format, label)| {
        let pairs: Vec<(&str, &str)> = [("format", format.as_str())].into_iter().chain(filter.pairs()).collect();
        Link { label: label.to_owned(), url: url::with_query(&url::activity_export(ws), &pairs) }
    })
}
