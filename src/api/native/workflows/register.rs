//! A machine registers a workflow: once or again, it comes to the same.

use std::collections::BTreeSet;

use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::actions::workflows::{self, NodeAsk, RegisterRefusal, Registration, SecretAsk, WorkflowRefusal};
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::api::pipes;
use crate::app::App;
use crate::domain::workflow::HANDLE_RULE;
use crate::domain::{Called, Handle, Name};
use crate::store::access::ManageRight;
use crate::store::workflows::MOST_NODES;
use crate::store::{self, Fault};

use super::super::read::{Expected, tag, tagged};
use super::super::{Answer, Problem, worded};
use super::Workflow;

/// What a workflow is to be.
#[derive(Deserialize, ToSchema)]
pub struct Registered {
    /// One line of 1 to 80 visible characters.
    #[schema(min_length = 1, max_length = 80)]
    name: String,
    /// All of its nodes: those that are not sent are removed.
    #[serde(default)]
    #[schema(max_items = 100)]
    nodes: Vec<RegisteredNode>,
}

/// What a node is to be.
#[derive(Deserialize, ToSchema)]
pub struct RegisteredNode {
    /// What the workflow calls it: letters, digits and `. _ : -`.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
    key: String,
    /// The slug of a node type of the workspace.
    node_type: String,
    /// The id of a secret to bind. Left out, whatever is bound stays; null binds nothing.
    #[serde(default, deserialize_with = "pipes::present")]
    #[schema(value_type = Option<String>)]
    secret: Option<Option<String>>,
}

pub(super) fn handle(text: &str, what: &str) -> Result<Handle, Error> {
    text.parse().map_err(|_| Error::Invalid(format!("{what}: {HANDLE_RULE}")))
}

fn refused(key: &str, why: &WorkflowRefusal) -> Error {
    match why {
        WorkflowRefusal::Disabled => Error::Disabled,
        why => Error::Invalid(format!("Node “{key}”: {why}")),
    }
}

impl From<RegisterRefusal> for Error {
    fn from(refusal: RegisterRefusal) -> Self {
        match refusal {
            RegisterRefusal::NotYours => Self::NotYours,
            RegisterRefusal::Node { key, why } => refused(&key, &why),
        }
    }
}

fn understand(path: &str, sent: &Sent) -> Result<Registration, Error> {
    if Called::looks_like_an_id(path) {
        return Err(Error::invalid("An external id may not begin with wfl_."));
    }
    let external_id = handle(path, "The external id")?;
    let body: Registered = pipes::read(sent)?;
    let name = Name::parse(&body.name).map_err(|error| Error::Invalid(format!("name: {error}")))?;
    if body.nodes.len() > MOST_NODES {
        return Err(Error::Invalid(format!("A workflow has at most {MOST_NODES} nodes.")));
    }
    let mut keys = BTreeSet::new();
    let mut nodes = Vec::with_capacity(body.nodes.len());
    for (at, node) in body.nodes.into_iter().enumerate() {
        let key = handle(&node.key, &format!("nodes[{at}].key"))?;
        if !keys.insert(key.to_string()) {
            return Err(Error::Invalid(format!("nodes[{at}].key: another node has the same key.")));
        }
        let node_type = node.node_type.parse().map_err(|_| refused(key.as_str(), &WorkflowRefusal::NoType))?;
        let secret = match node.secret {
            None => SecretAsk::Keep,
            Some(None) => SecretAsk::Nothing,
            Some(Some(id)) => {
                SecretAsk::Secret(id.parse().map_err(|_| refused(key.as_str(), &WorkflowRefusal::NoSecret))?)
            }
        };
        nodes.push(NodeAsk { key, node_type, secret });
    }
    Ok(Registration { external_id, name, nodes })
}

/// Register a workflow
///
/// Makes the workflow of this name, or makes it what is sent; sending it again changes nothing. Its owner is the token's
/// maker, and the token that makes it may run it.
#[utoipa::path(put, path = "/api/v1/workflows/{workflow}", operation_id = "register_workflow", tag = "Workflows",
    params(("workflow" = String, Path, description = "The external id: your own name for it."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    request_body = Registered,
    responses((status = 200, description = "The workflow as it is now.", body = Workflow,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 412, description = "It has changed meanwhile, or is not there.", body = Problem)))]
pub async fn register(caller: Caller, path: Path<String>, expected: Expected, sent: Sent, app: Data<App>) -> Answer {
    let ask = caller.judged::<ManageRight, _>(&app, understand(&path, &sent)).await?;
    let kit = app.kit(caller.address);
    let stored = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let called = Called::External(ask.external_id.clone());
        let known = store::workflows::find_for_token(tx, by, &called)?;
        expected.meets(&known.map_or_else(String::new, |row| tag(row.revision)))?;
        let row = worded(kit.by_token(by, |tools| workflows::register(tx, by, tools, &ask)))?;
        let tag = tag(row.revision);
        Ok::<_, Fault<Error>>((tag, Workflow::of(tx, by, row)?))
    });
    let (tag, workflow) = stored.await?;
    Ok(tagged(&tag, &workflow))
}
