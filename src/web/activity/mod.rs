//! What happened in the workspace: changes and uses, the newest first.

mod page;

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::app::App;
use crate::store::access::Admin;
use crate::store::paging::PAGE;
use crate::store::trail::{Cut, Size, Which};
use crate::store::{self, Fault};

use super::chrome::Place;
use super::frame::{self, Frame, Reply};
use super::story::Teller;
use super::view::Link;
use super::visitor::{Demand, Visitor};
use super::{paging, url};

/// Lines are bounded besides entries, because one entry may hold hundreds of uses by as many tokens.
const SIZE: Size = Size { entries: PAGE, lines: 100 };

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Narrow {
    kind: String,
    before: String,
    after: String,
}

pub async fn index(visitor: Visitor, demand: Demand<Admin>, narrow: Query<Narrow>, app: Data<App>) -> Reply {
    let which = match narrow.kind.as_str() {
        "changes" => Which::Changes,
        "uses" => Which::Uses,
        _ => Which::Everything,
    };
    let turn = paging::turn(&narrow.before, &narrow.after);
    let found = app.db.read(demand.ask(), move |tx, by| {
        let trail = store::trail::page(tx, by, which, &turn, SIZE)?;
        let names = store::audit::actors(tx, by)?;
        Ok::<_, Fault<std::convert::Infallible>>((Frame::of_member(tx, by)?, trail, names, tx.now()))
    });
    let (frame, trail, names, now) = found.await?;
    let teller = Teller { ws: demand.ws(), names: names.into_iter().collect(), now };
    let base = url::activity(demand.ws());
    let key = |cut: Option<Cut>| cut.map(|cut| cut.to_string());
    let (newer, older) = (key(trail.newer), key(trail.older));
    let template = page::Index {
        entries: trail.lines.iter().map(|line| teller.tell(line)).collect(),
        filters: filters(&base, &narrow.kind),
        pager: paging::links(&base, &[("kind", &narrow.kind)], newer.as_deref(), older.as_deref()),
        chrome: frame::chrome(&visitor, Some(&frame), "Activity", Place::Activity),
    };
    frame::page(&app, &visitor, &template)
}

fn filters(base: &str, chosen: &str) -> Vec<page::Filter> {
    [("", "Everything"), ("changes", "Changes"), ("uses", "Uses")]
        .map(|(kind, label)| page::Filter {
            link: Link { label: label.to_owned(), url: url::with_query(base, &[("kind", kind)]) },
            chosen: kind == chosen,
        })
        .into()
}
