//! The reader's own workflows that need reconfiguration, each with the one thing to do.

use crate::domain::{Moment, WorkflowId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::paging::Turn;
use crate::store::workflows::{NodeRow, Sought, WorkflowRow};
use crate::store::{self, ReadTx};
use crate::web::url;
use crate::web::view::{Link, Tone, counted};

use super::page::Attention;

/// Workflows named; of more only the number is told.
const NAMED: usize = 5;

pub(super) struct Broken {
    rows: Vec<WorkflowRow>,
    nodes: Vec<NodeRow>,
    all: u64,
}

pub(super) fn broken(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Broken, store::Error> {
    let sought = Sought { owner: Some(by.person().clone()), ready: Some(false), ..Sought::default() };
    let all = store::workflows::count(tx, by, &sought)?;
    let mut rows = store::workflows::list(tx, by, &sought, &Turn::Newest)?.rows;
    rows.truncate(NAMED);
    let ids: Vec<WorkflowId> = rows.iter().map(|row| row.id.clone()).collect();
    let nodes = store::workflows::nodes_of(tx, by, &ids)?;
    Ok(Broken { rows, nodes, all })
}

pub(super) fn attention(ws: &str, broken: &Broken, now: Moment) -> Vec<Attention> {
    let mut items: Vec<Attention> = broken.rows.iter().map(|row| one(ws, row, &broken.nodes, now)).collect();
    let further = broken.all.saturating_sub(u64::try_from(items.len()).unwrap_or(u64::MAX));
    if further > 0 {
        let address = url::with_query(&url::workflows(ws), &[("state", "needs")]);
        items.push(Attention {
            tone: Tone::Warn,
            title: format!("{} of yours need reconfiguration too", counted(further, "more workflow", "more workflows")),
            detail: "Each has a node without a key that it could use.".to_owned(),
            action: Link { label: "Show them".to_owned(), url: address },
            place: None,
            snooze: None,
        });
    }
    items
}

fn one(ws: &str, row: &WorkflowRow, nodes: &[NodeRow], now: Moment) -> Attention {
    let own = nodes.iter().filter(|node| node.workflow == row.id);
    let mut unready = own.filter_map(|node| node.unready(now).map(|why| format!("“{}”: {why}.", node.key)));
    let first = unready.next().unwrap_or_default();
    let detail = match u64::try_from(unready.count()).unwrap_or(u64::MAX) {
        0 => first,
        more => format!("{first} And {}.", counted(more, "more node", "more nodes")),
    };
    Attention {
        tone: Tone::Warn,
        title: format!("{} needs reconfiguration", row.name),
        detail,
        action: Link { label: "Choose a key".to_owned(), url: url::workflow(ws, row.id.as_str()) },
        place: None,
        snooze: None,
    }
}
