//! The nodes that a secret serves, as far as its reader may know of them.

use crate::domain::policy::{self, Standing};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::nodes::BoundNode;
use crate::store::secrets::ListedSecret;
use crate::store::{self, ReadTx};
use crate::web::url;

/// A node of a workflow that uses the secret.
#[derive(Clone)]
pub struct Serving {
    pub node: String,
    pub workflow: String,
    /// Where the reader may open the workflow.
    pub url: Option<String>,
}

/// Whoever may take the secret away sees all that would break; others see what is theirs.
pub(super) fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    row: &ListedSecret,
) -> Result<Vec<BoundNode>, store::Error> {
    let mut nodes = store::nodes::bound_to(tx, by, &row.secret.id)?;
    if !row.facts().deletable_by(Standing { person: by.person(), role: by.role() }) {
        nodes.retain(|node| node.owner == *by.person());
    }
    Ok(nodes)
}

pub(super) fn shown(ws: &str, nodes: &[BoundNode], reader: Standing<'_>) -> Vec<Serving> {
    let serving = |node: &BoundNode| {
        let opens = policy::sees_all_workflows(reader.role) || node.owner == *reader.person;
        Serving {
            node: node.key.clone(),
            workflow: node.workflow_name.to_string(),
            url: opens.then(|| url::workflow(ws, node.workflow.as_str())),
        }
    };
    nodes.iter().map(serving).collect()
}
