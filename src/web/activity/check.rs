//! Whether the record of a workspace is whole, walked while one waits.

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::actions::record::{self, Checked, Flaw};
use crate::app::App;
use crate::domain::audit::ChainKind;
use crate::domain::record::EntryName;
use crate::store::access::Admin;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::frame::{self, Frame, Reply};
use crate::web::url;
use crate::web::view::{Link, Tone, When};
use crate::web::visitor::{Demand, Visitor};

use super::entry::number;
use super::{Never, page};

/// Entries of a chain that one request walks; the page leads on from there.
const AT_ONCE: i64 = 50_000;

/// After which entry of each chain to begin.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    changes: String,
    uses: String,
}

impl Asked {
    fn after(&self, kind: ChainKind) -> i64 {
        let text = if kind == ChainKind::Uses { &self.uses } else { &self.changes };
        text.parse().unwrap_or_default()
    }
}

pub async fn show(visitor: Visitor, demand: Demand<Admin>, asked: Query<Asked>, app: Data<App>) -> Reply {
    let mut walked = Vec::new();
    for kind in [ChainKind::Changes, ChainKind::Uses] {
        let chain =
            move |tx: &mut store::ReadTx<'_>, by: &store::access::Proof<'_, Admin>| store::record::chain(tx, by, kind);
        let after = asked.after(kind);
        let checked = record::check((&app.db, &app.keyring), || demand.ask(), chain, after, AT_ONCE).await?;
        walked.push((kind, checked));
    }
    let found = app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, tx.now())));
    let (frame, now) = found.await?;
    let ws = demand.ws();
    let template = page::Check {
        ws: ws.to_owned(),
        chains: walked.iter().map(|(kind, checked)| chain(ws, *kind, checked)).collect(),
        when: When::new(now, now),
        next: next(ws, &walked),
        chrome: frame::chrome(&visitor, Some(&frame), "The record", Place::Activity),
    };
    frame::page(&app, &visitor, &template)
}

/// On from where each chain was left; nothing where both were walked to their ends.
fn next(ws: &str, walked: &[(ChainKind, Checked)]) -> Option<String> {
    if walked.iter().all(|(_, checked)| checked.done) {
        return None;
    }
    let edges: Vec<(&str, String)> =
        walked.iter().map(|(kind, checked)| (kind.as_str(), checked.seq.to_string())).collect();
    let pairs: Vec<(&str, &str)> = edges.iter().map(|(kind, edge)| (*kind, edge.as_str())).collect();
    Some(url::with_query(&url::check_record(ws), &pairs))
}

fn chain(ws: &str, kind: ChainKind, checked: &Checked) -> page::Chain {
    let title = if kind == ChainKind::Uses { "Uses" } else { "Changes" };
    let link = |seq: i64| {
        let name = EntryName { kind, seq }.to_string();
        Link { url: url::activity_entry(ws, &name), label: name }
    };
    let (tone, verdict, detail, link) = match checked.flaw {
        None if !checked.done => {
            let (first, last) = (number(checked.began + 1), number(checked.seq));
            let detail = format!("Entries {first} to {last} of {}.", number(checked.end));
            (Tone::Info, "Unbroken so far".to_owned(), detail, None)
        }
        None if checked.began > 0 => {
            let detail = match checked.seq - checked.began {
                0 => format!("Nothing stands after entry {}.", number(checked.began)),
                _ => format!("Entries {} to {}, the last.", number(checked.began + 1), number(checked.seq)),
            };
            (Tone::Good, "Unbroken".to_owned(), detail, None)
        }
        None => {
            (Tone::Good, format!("{}, unbroken", entries(checked.seq)), "From the first to the last.".to_owned(), None)
        }
        Some((_, Flaw::NoChain)) => (Tone::Bad, "The chain is missing".to_owned(), String::new(), None),
        Some((seq, flaw)) => {
            let name = EntryName { kind, seq };
            let detail = format!(
                "The first that does not hold is {name}: {flaw}. {} before it hold.",
                entries(checked.seq.min(seq.saturating_sub(1)).max(0))
            );
            // What is missing has no page; the one before it has.
            let there = if flaw == Flaw::Missing { seq.saturating_sub(1) } else { seq };
            (Tone::Bad, format!("Broken at {name}"), detail, (there > 0).then(|| link(there)))
        }
    };
    page::Chain { title, tone, verdict, detail, link }
}

fn entries(count: i64) -> String {
    format!("{} {}", number(count), if count == 1 { "entry" } else { "entries" })
}
