//! What happened in the workspace: changes and uses, the newest first.

mod page;

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::app::App;
use crate::domain::Moment;
use crate::domain::audit::ChainKind;
use crate::store::access::Admin;
use crate::store::audit::StoredEntry;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::frame::{self, Frame, Reply};
use super::story::Teller;
use super::url;
use super::view::{Link, Pager};
use super::visitor::{Demand, Visitor};

const PAGE: usize = 50;

#[derive(Deserialize)]
pub struct Narrow {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    before: Option<i64>,
}

pub async fn index(visitor: Visitor, demand: Demand<Admin>, narrow: Query<Narrow>, app: Data<App>) -> Reply {
    let kinds: &[ChainKind] = match narrow.kind.as_str() {
        "changes" => &[ChainKind::Changes],
        "uses" => &[ChainKind::Uses],
        _ => &[ChainKind::Changes, ChainKind::Uses],
    };
    let before = narrow.before.map(Moment::from_micros);
    let found = app.db.read(demand.ask(), move |tx, by| {
        let mut stored = Vec::new();
        for kind in kinds {
            stored.extend(store::audit::newest(tx, by, *kind, before, 51)?);
        }
        let names = store::audit::names(tx, by)?;
        Ok::<_, Fault<std::convert::Infallible>>((Frame::of_member(tx, by)?, stored, names, tx.now()))
    });
    let (frame, mut stored, names, now) = found.await?;
    stored.sort_by_key(|entry| std::cmp::Reverse(entry.at));
    let more = stored.len() > PAGE;
    stored.truncate(PAGE);
    let teller = Teller { ws: demand.ws(), names: names.into_iter().collect(), now };
    let last = stored.last().map(|entry| entry.at.micros().to_string()).unwrap_or_default();
    let base = url::activity(demand.ws());
    let older = more.then(|| url::with_query(&base, &[("kind", &narrow.kind), ("before", &last)]));
    let newest = url::with_query(&base, &[("kind", &narrow.kind)]);
    let template = page::Index {
        entries: stored.iter().flat_map(StoredEntry::acts).map(|act| teller.tell(&act)).collect(),
        filters: filters(&base, &narrow.kind),
        pager: Pager { newer: before.map(|_| newest), older },
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
