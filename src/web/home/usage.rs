//! How much is used, and what of it is unusual.

use std::collections::BTreeMap;

use crate::domain::Moment;
use crate::domain::unusual::Oddity;
use crate::domain::usage::{Stretch, Sums};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::oddities::OddRow;
use crate::store::usage::Narrow;
use crate::store::{self, ReadTx};
use crate::web::chart::Chart;
use crate::web::frame::Frame;
use crate::web::unusual::{Reader, sentence};
use crate::web::url;
use crate::web::view::{Link, Tone};

use super::page::Attention;

/// So many are told of; the others stand on the pages of their secrets.
const TOLD: usize = 5;

pub(super) struct Seen {
    days: BTreeMap<Moment, Sums>,
    odd: Vec<OddRow>,
}

pub(super) fn look(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Seen, store::Error> {
    let narrow = Narrow { from: Some(Chart::since(tx.now())), ..Narrow::default() };
    let days = store::usage::by_stretch(tx, by, &narrow, Stretch::Day)?;
    Ok(Seen { days, odd: store::oddities::open(tx, by, None)? })
}

pub(super) fn chart(seen: &Seen, now: Moment) -> Chart {
    Chart::of_days("use-chart", "Uses per day", now, &seen.days)
}

pub(super) fn attention(ws: &str, frame: &Frame, seen: &Seen, now: Moment) -> Vec<Attention> {
    let item = |row: &OddRow| Attention {
        tone: if row.kind == Oddity::Refusals { Tone::Bad } else { Tone::Warn },
        title: format!("Unusual use of {}", row.name),
        detail: sentence(row, Reader { ws, frame, now }),
        action: Link { label: "Look at it".to_owned(), url: url::secret(ws, row.secret.as_str()) },
        place: None,
        snooze: None,
    };
    seen.odd.iter().take(TOLD).map(item).collect()
}
