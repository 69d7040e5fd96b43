//! Workflows pass to somebody else when their owner goes.

use crate::domain::audit::{Event, WorkflowEvent};
use crate::domain::{PersonId, TroubleWhy};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::workflows::WorkflowRow;
use crate::store::{self, Error, WriteTx};

use super::nodes::{self, Because, Loosened};
use super::workflows::describe;
use super::{Tools, audit};

/// Passes these workflows on, and checks each of their nodes against the rights of whoever takes over.
pub(super) fn pass_on(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (workflows, heir): (&[WorkflowRow], &PersonId),
) -> Result<Loosened, Error> {
    let mut loosened = Loosened::new();
    for row in workflows {
        store::workflows::hand_over(tx, by, (&row.id, heir))?;
        let (former_owner, owner) = (row.owner.clone(), heir.clone());
        let event = WorkflowEvent::HandedOver { workflow: describe(row), former_owner, owner };
        audit::change(tx, by, tools, Event::Workflow(event))?;
        let because = Because { why: TroubleWhy::HandedOver, by: nodes::done_by(by, Some(&row.owner)) };
        let bound = store::workflows::bound_in(tx, by, &row.id)?;
        let lost = nodes::loosen_out_of_reach(tx, by, tools, (bound, because))?;
        loosened.extend(lost.into_iter().map(|node| (node, because)));
    }
    Ok(loosened)
}
