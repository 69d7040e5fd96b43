//! What a workflow looks like.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::native::schemas;
use crate::domain::{Environment, Moment, SecretState, WorkflowId};
use crate::store::access::{Proof, TokenRight};
use crate::store::workflows::{NodeRow, WorkflowRow};
use crate::store::{self, Denied, ReadTx};

/// A registered consumer of secrets, with its nodes.
#[derive(Serialize, ToSchema)]
pub struct Workflow {
    #[schema(examples("wfl_01jd8x3f5k7q9r2t4v6w8y0z1a"))]
    id: String,
    /// What the system that runs it calls it.
    #[schema(required)]
    external_id: Option<String>,
    name: String,
    #[schema(schema_with = schemas::environment)]
    environment: Environment,
    /// The member whose rights decide what it may use.
    owner_id: String,
    state: Readiness,
    /// Those that the token may be told of.
    nodes: Vec<Node>,
    /// The tokens that may run it.
    token_ids: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Whether everything has something that it can use.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    Ready,
    NeedsReconfiguration,
}

/// One action of a workflow.
#[derive(Serialize, ToSchema)]
pub struct Node {
    key: String,
    /// The slug of its node type.
    node_type: String,
    state: Readiness,
    /// Why it needs reconfiguration.
    #[schema(required)]
    reason: Option<String>,
    /// What it is bound to.
    #[schema(required)]
    secret: Option<BoundSecret>,
}

/// The secret of a node, by name and state.
#[derive(Serialize, ToSchema)]
pub struct BoundSecret {
    id: String,
    name: String,
    #[schema(required)]
    last_four: Option<String>,
    #[schema(schema_with = schemas::state)]
    state: SecretState,
}

impl Readiness {
    fn of(ready: bool) -> Self {
        if ready { Self::Ready } else { Self::NeedsReconfiguration }
    }
}

impl Node {
    fn of(row: &NodeRow, now: Moment) -> Self {
        let unready = row.unready(now);
        let secret = row.secret.as_ref().map(|secret| BoundSecret {
            id: secret.id.to_string(),
            name: secret.name.to_string(),
            last_four: secret.last_four.clone(),
            state: secret.state(now),
        });
        Self {
            key: row.key.clone(),
            node_type: row.node_type.to_string(),
            state: Readiness::of(unready.is_none()),
            reason: unready.map(|why| why.to_string()),
            secret,
        }
    }
}

impl Workflow {
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn of(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl TokenRight>,
        row: WorkflowRow,
    ) -> Result<Self, store::Error> {
        Self::all(tx, by, vec![row])?.pop().ok_or_else(|| Denied::NotFound.into())
    }

    /// With what stands around them, read in one moment.
    pub(super) fn all(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl TokenRight>,
        rows: Vec<WorkflowRow>,
    ) -> Result<Vec<Self>, store::Error> {
        let ids: Vec<WorkflowId> = rows.iter().map(|row| row.id.clone()).collect();
        let nodes = store::workflows::nodes_of(tx, by, &ids)?;
        let tokens = store::workflows::token_ids(tx, by, &ids)?;
        let now = tx.now();
        let told = |row: WorkflowRow| {
            let told: Vec<&NodeRow> =
                nodes.iter().filter(|node| node.workflow == row.id && by.includes(&node.node_type)).collect();
            Self {
                state: Readiness::of(told.iter().all(|node| node.unready(now).is_none())),
                nodes: told.into_iter().map(|node| Node::of(node, now)).collect(),
                token_ids: tokens.iter().filter(|(of, _)| *of == row.id).map(|(_, token)| token.to_string()).collect(),
                id: row.id.to_string(),
                external_id: row.external_id,
                name: row.name.to_string(),
                environment: row.environment,
                owner_id: row.owner.to_string(),
                created_at: row.created_at.wire(),
                updated_at: row.updated_at.wire(),
            }
        };
        Ok(rows.into_iter().map(told).collect())
    }
}
