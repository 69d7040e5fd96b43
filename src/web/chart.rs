//! Uses as bars of a chart, drawn as SVG on the server, with the table that says the same.
//!
//! Invariant: what a bar is, its place and its class say; nothing is left to a style or a script.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::Moment;
use crate::domain::usage::{Stretch, Sums};

use super::view::{counted, grouped};

/// Days that a chart shows, with today.
const DAYS: u32 = 30;
const DAY: Duration = Duration::from_hours(24);

/// In the units of the drawing: it is stretched to the room there is.
const SLOT: i64 = 20;
const GAP: i64 = 3;
pub const HEIGHT: i64 = 1_000;
/// However many others there are, one use is seen.
const LEAST: i64 = 16;

/// What a piece of a bar stands for, from the ground up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Vends,
    Calls,
    Failures,
    Limited,
    Refused,
}

impl Part {
    const ALL: [Self; 5] = [Self::Vends, Self::Calls, Self::Failures, Self::Limited, Self::Refused];

    pub fn class(self) -> &'static str {
        match self {
            Self::Vends => "vends",
            Self::Calls => "calls",
            Self::Failures => "failures",
            Self::Limited => "limited",
            Self::Refused => "refused",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Vends => "Fetched",
            Self::Calls => "Calls",
            Self::Failures => "Failed calls",
            Self::Limited => "Too fast",
            Self::Refused => "Key refused",
        }
    }

    /// Of these uses. A call that was refused stands with the refused ones alone.
    fn of(self, sums: &Sums) -> i64 {
        match self {
            Self::Vends => sums.vends,
            Self::Calls => sums.calls - sums.failures - sums.limited - sums.refused,
            Self::Failures => sums.failures,
            Self::Limited => sums.limited,
            Self::Refused => sums.refused,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Piece {
    pub part: Part,
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub height: i64,
}

/// A day with uses, as the table tells it.
pub struct Row {
    pub day: String,
    pub machine: String,
    /// One for each part of the chart.
    pub cells: Vec<(&'static str, String)>,
}

pub struct Chart {
    /// What is on the page once: its title and its description are found by it.
    pub id: &'static str,
    pub title: &'static str,
    /// The same in a sentence.
    pub about: String,
    pub pieces: Vec<Piece>,
    /// What there is of at all.
    pub parts: Vec<Part>,
    pub width: i64,
    /// The first day, and the most uses of one.
    pub first: String,
    pub most: String,
    /// The newest day first.
    pub rows: Vec<Row>,
}

impl Chart {
    /// From when on the days are asked for.
    pub fn since(now: Moment) -> Moment {
        Stretch::Day.start(now.minus(DAY * (DAYS - 1)))
    }

    /// The last days, each with what it came to.
    pub fn of_days(id: &'static str, title: &'static str, now: Moment, days: &BTreeMap<Moment, Sums>) -> Self {
        let first = Self::since(now);
        let slots: Vec<(Moment, Sums)> = (0..DAYS)
            .map(|at| first.plus(DAY * at))
            .map(|day| (day, days.get(&day).copied().unwrap_or_default()))
            .collect();
        let parts: Vec<Part> =
            Part::ALL.into_iter().filter(|part| slots.iter().any(|(_, sums)| part.of(sums) > 0)).collect();
        let most = slots.iter().map(|(_, sums)| sums.uses()).max().unwrap_or_default();
        let pieces = (0..).zip(&slots).flat_map(|(at, (_, sums))| bar(at * SLOT, sums, most)).collect();
        let used = slots.iter().rev().filter(|(_, sums)| sums.uses() > 0);
        let rows = used.map(|(day, sums)| row(*day, sums, &parts)).collect();
        Self {
            id,
            title,
            about: about(&slots, most),
            pieces,
            parts,
            width: i64::from(DAYS) * SLOT,
            first: day_of(first),
            most: figure(most),
            rows,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn figure(number: i64) -> String {
    grouped(u64::try_from(number).unwrap_or_default())
}

/// `21 Nov 2026`
fn day_of(at: Moment) -> String {
    at.readable().split(',').next().unwrap_or_default().to_owned()
}

fn bar(x: i64, sums: &Sums, most: i64) -> Vec<Piece> {
    let mut y = HEIGHT;
    let mut pieces = Vec::new();
    for part in Part::ALL {
        let number = part.of(sums);
        if number <= 0 || most <= 0 {
            continue;
        }
        let height = (number.saturating_mul(HEIGHT) / most).max(LEAST).min(y);
        y -= height;
        pieces.push(Piece { part, x: x + GAP, y, width: SLOT - 2 * GAP, height });
    }
    pieces
}

fn row(day: Moment, sums: &Sums, parts: &[Part]) -> Row {
    let cells = parts.iter().map(|part| (part.label(), figure(part.of(sums)))).collect();
    let (date, machine) = (day_of(day), day.day());
    // Which year it is, the chart says.
    let day = date.rsplit_once(' ').map_or(date.clone(), |(day, _)| day.to_owned());
    Row { day, machine, cells }
}

fn about(slots: &[(Moment, Sums)], most: i64) -> String {
    let uses: i64 = slots.iter().map(|(_, sums)| sums.uses()).sum();
    let busiest = slots.iter().find(|(_, sums)| sums.uses() == most).map(|(day, _)| day_of(*day));
    let all = counted(u64::try_from(uses).unwrap_or_default(), "use", "uses");
    match busiest {
        Some(day) if uses > 0 => format!("{all} in {DAYS} days. The most on one day were {}, on {day}.", figure(most)),
        _ => format!("No use in {DAYS} days."),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Moment = Moment::from_micros(1_795_257_720_000_000);

    fn chart(days: &[(u32, Sums)]) -> Chart {
        let at = |ago: u32| Stretch::Day.start(NOW.minus(DAY * ago));
        Chart::of_days("uses", "Uses per day", NOW, &days.iter().map(|(ago, sums)| (at(*ago), *sums)).collect())
    }

    fn used(vends: i64, calls: i64, refused: i64) -> Sums {
        Sums { vends, calls, refused, ..Sums::default() }
    }

    #[test]
    fn bars_stand_where_their_days_are() {
        let drawn = chart(&[(0, used(4, 4, 2)), (29, used(2, 0, 0)), (30, used(99, 0, 0))]);
        let places: Vec<_> = drawn.pieces.iter().map(|piece| (piece.part, piece.x, piece.y, piece.height)).collect();
        let today = 29 * SLOT + GAP;
        assert_eq!(
            places,
            [
                (Part::Vends, GAP, 750, 250),
                (Part::Vends, today, 500, 500),
                (Part::Calls, today, 250, 250),
                (Part::Refused, today, 0, 250)
            ]
        );
        assert_eq!(drawn.about, "10 uses in 30 days. The most on one day were 8, on 21 Nov 2026.");
        let days: Vec<_> = drawn.rows.iter().map(|row| row.machine.as_str()).collect();
        assert_eq!(days, ["2026-11-21", "2026-10-23"]);
        assert_eq!(drawn.parts, [Part::Vends, Part::Calls, Part::Refused]);
        assert!(chart(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn no_piece_leaves_the_drawing(days in proptest::collection::vec((0..9_i64, 0..9_000_000_i64, 0..9_i64), 0..30)) {
            let days: Vec<_> = (0..).zip(&days).map(|(ago, of)| (ago, used(of.0, of.1 + of.2, of.2))).collect();
            let drawn = chart(&days);
            for piece in &drawn.pieces {
                prop_assert!(piece.y >= 0 && piece.height >= 0 && piece.y + piece.height <= HEIGHT);
                prop_assert!(piece.x >= 0 && piece.x + piece.width <= drawn.width);
            }
        }
    }
}
