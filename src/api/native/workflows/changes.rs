//! What a machine changes of a workflow of its maker's: single nodes, what they are bound to, and that it is there.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::actions::once::{self, KeyReused};
use crate::actions::tokens;
use crate::actions::workflows::{self, WorkflowRefusal};
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::api::pipes;
use crate::app::App;
use crate::domain::{Called, Handle, NodeId, SecretId, Slug};
use crate::store::access::{ManageRight, Member, Proof};
use crate::store::workflows::{NodeRow, WorkflowRow};
use crate::store::{self, Denied, Fault, ReadTx, Unrecorded, WriteTx};

use super::super::read::{Expected, tag, tagged};
use super::super::{Answer, Problem, worded};
use super::register::handle;
use super::{Workflow, called};

impl From<KeyReused> for Error {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

/// A workflow of the maker's own, as it was expected to be, and their right to change it.
fn own<'tx>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'tx, ManageRight>,
    (called, expected): (&Called, &Expected),
) -> Result<(Proof<'tx, Member>, WorkflowRow), Fault<Error>> {
    let row = store::workflows::find_for_token(tx, by, called)?.ok_or(Denied::NotFound)?;
    if row.owner != *by.maker() {
        return Err(Error::NotYours.into());
    }
    expected.meets(&tag(row.revision))?;
    Ok((by.makers::<Member>().ok_or(Denied::NotFound)?, row))
}

fn node_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ManageRight>,
    (row, key): (&WorkflowRow, &Handle),
) -> Result<NodeRow, store::Error> {
    let nodes = store::workflows::nodes_of(tx, by, std::slice::from_ref(&row.id))?;
    let node = nodes.into_iter().find(|node| node.key == key.as_str()).ok_or(Denied::NotFound)?;
    by.covers(&node.node_type)?;
    Ok(node)
}

/// The workflow once it is changed.
fn changed(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ManageRight>,
    row: WorkflowRow,
    from: Option<std::net::IpAddr>,
) -> Result<(String, Workflow), Fault<Error>> {
    tokens::used(tx, by, from)?;
    let row = store::workflows::find_for_token(tx, by, &Called::Id(row.id))?.ok_or(Denied::NotFound)?;
    Ok((tag(row.revision), Workflow::of(tx, by, row)?))
}

fn node_at(path: &(String, String)) -> Result<(Called, Handle), Error> {
    Ok((called(&path.0)?, path.1.parse().map_err(|_| Error::NotFound)?))
}

/// Delete a workflow
///
/// With its nodes. The secrets stay where they are. An Admin's token may delete other members' workflows too; one that is
/// limited to node types those alone that have no other nodes.
#[utoipa::path(delete, path = "/api/v1/workflows/{workflow}", operation_id = "delete_workflow", tag = "Workflows",
    params(("workflow" = String, Path, description = "Its id, or its external id."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 204, description = "It is gone."),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn destroy(caller: Caller, path: Path<String>, expected: Expected, app: Data<App>) -> Answer {
    let called = caller.judged::<ManageRight, _>(&app, called(&path)).await?;
    let kit = app.kit(caller.address);
    let gone = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let row = store::workflows::find_for_token(tx, by, &called)?.ok_or(Denied::NotFound)?;
        expected.meets(&tag(row.revision))?;
        for node in store::workflows::nodes_of(tx, by, std::slice::from_ref(&row.id))? {
            by.covers(&node.node_type)?;
        }
        let maker = by.makers::<Member>().ok_or(Denied::NotFound)?;
        worded(kit.by_token(by, |tools| workflows::delete(tx, &maker, tools, &row.id)))?;
        Ok::<_, Fault<Error>>(tokens::used(tx, by, kit.from)?)
    });
    gone.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A node to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNode {
    /// What the workflow calls it: letters, digits and `. _ : -`.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
    key: String,
    /// The slug of a node type of the workspace.
    node_type: String,
    /// The id of a secret to bind to it.
    #[serde(default)]
    secret: Option<String>,
}

fn new_node(sent: &Sent) -> Result<(Handle, Slug, Option<SecretId>), Error> {
    let body: NewNode = pipes::read(sent)?;
    let node_type = body.node_type.parse().map_err(|_| Error::from(WorkflowRefusal::NoType))?;
    let secret = body.secret.as_deref().map(str::parse).transpose();
    Ok((handle(&body.key, "key")?, node_type, secret.map_err(|_| Error::from(WorkflowRefusal::NoSecret))?))
}

/// Add a node
///
/// To a workflow of the token's maker. With an `Idempotency-Key` the same request adds one node alone, however often it
/// comes within a day.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow}/nodes", operation_id = "add_node", tag = "Workflows",
    params(("workflow" = String, Path, description = "Its id, or its external id."),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters of your own."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    request_body = NewNode,
    responses((status = 201, description = "The workflow with its new node.", body = Workflow,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 409, description = "It has a node of this key, or the Idempotency-Key stood for something else.",
            body = Problem),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn add_node(
    caller: Caller,
    path: Path<String>,
    (expected, ask): (Expected, HttpRequest),
    sent: Sent,
    app: Data<App>,
) -> Answer {
    let understood = called(&path).and_then(|called| {
        let new = new_node(&sent)?;
        Ok((called, new, pipes::once_of(&app, &ask, &sent)?))
    });
    let (called, (key, node_type, secret), once) = caller.judged::<ManageRight, _>(&app, understood).await?;
    let kit = app.kit(caller.address);
    let added = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        by.covers(&node_type)?;
        if let Some(made) = once::made::<NodeId, Error>(tx, by, once.as_ref())? {
            let (_, row) = own(tx, by, (&called, &Expected::any()))?;
            if store::workflows::find_node(tx, by, (&row.id, &made))?.is_some() {
                tx.unrecorded(Unrecorded::Nothing);
                return changed(tx, by, row, kit.from);
            }
        }
        let (maker, row) = own(tx, by, (&called, &expected))?;
        let id = kit.by_token(by, |tools| {
            let id = worded(workflows::add(tx, &maker, tools, (&row.id, &key, &node_type)))?;
            if let Some(secret) = &secret {
                worded(workflows::bind(tx, &maker, tools, (&row.id, &id, secret)))?;
            }
            Ok::<_, Fault<Error>>(id)
        })?;
        once::note(tx, by, once.as_ref(), id.as_str())?;
        changed(tx, by, row, kit.from)
    });
    let (tag, workflow) = added.await?;
    let mut answer = tagged(&tag, &workflow);
    *answer.status_mut() = actix_web::http::StatusCode::CREATED;
    Ok(answer)
}

/// Remove a node
#[utoipa::path(delete, path = "/api/v1/workflows/{workflow}/nodes/{node}", operation_id = "remove_node", tag = "Workflows",
    params(("workflow" = String, Path, description = "Its id, or its external id."),
        ("node" = String, Path, description = "The key of the node."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 200, description = "The workflow without it.", body = Workflow,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn remove_node(caller: Caller, path: Path<(String, String)>, expected: Expected, app: Data<App>) -> Answer {
    let (called, key) = caller.judged::<ManageRight, _>(&app, node_at(&path)).await?;
    let kit = app.kit(caller.address);
    let removed = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let (maker, row) = own(tx, by, (&called, &expected))?;
        let node = node_of(tx, by, (&row, &key))?;
        worded(kit.by_token(by, |tools| workflows::remove(tx, &maker, tools, (&row.id, &node.id))))?;
        changed(tx, by, row, kit.from)
    });
    let (tag, workflow) = removed.await?;
    Ok(tagged(&tag, &workflow))
}

/// What a node is to be bound to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The id of a secret of the node's node type and the workflow's environment, that the workflow's owner may use.
    secret: String,
}

/// Bind a node
///
/// To a secret that the workflow's owner may use; the picker offers those there are.
#[utoipa::path(put, path = "/api/v1/workflows/{workflow}/nodes/{node}/secret", operation_id = "bind_node",
    tag = "Workflows",
    params(("workflow" = String, Path, description = "Its id, or its external id."),
        ("node" = String, Path, description = "The key of the node."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    request_body = Binding,
    responses((status = 200, description = "The workflow as it is now.", body = Workflow,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn bind_node(
    caller: Caller,
    path: Path<(String, String)>,
    expected: Expected,
    sent: Sent,
    app: Data<App>,
) -> Answer {
    let understood = node_at(&path).and_then(|at| {
        let body: Binding = pipes::read(&sent)?;
        Ok((at, body.secret.parse::<SecretId>().map_err(|_| Error::from(WorkflowRefusal::NoSecret))?))
    });
    let ((called, key), secret) = caller.judged::<ManageRight, _>(&app, understood).await?;
    let kit = app.kit(caller.address);
    let bound = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let (maker, row) = own(tx, by, (&called, &expected))?;
        let node = node_of(tx, by, (&row, &key))?;
        worded(kit.by_token(by, |tools| workflows::bind(tx, &maker, tools, (&row.id, &node.id, &secret))))?;
        changed(tx, by, row, kit.from)
    });
    let (tag, workflow) = bound.await?;
    Ok(tagged(&tag, &workflow))
}

/// Unbind a node
///
/// It is bound to nothing then. Doing it again changes nothing.
#[utoipa::path(delete, path = "/api/v1/workflows/{workflow}/nodes/{node}/secret", operation_id = "unbind_node",
    tag = "Workflows",
    params(("workflow" = String, Path, description = "Its id, or its external id."),
        ("node" = String, Path, description = "The key of the node."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 200, description = "The workflow as it is now.", body = Workflow,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn unbind_node(caller: Caller, path: Path<(String, String)>, expected: Expected, app: Data<App>) -> Answer {
    let (called, key) = caller.judged::<ManageRight, _>(&app, node_at(&path)).await?;
    let kit = app.kit(caller.address);
    let unbound = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let (maker, row) = own(tx, by, (&called, &expected))?;
        let node = node_of(tx, by, (&row, &key))?;
        worded(kit.by_token(by, |tools| workflows::unbind(tx, &maker, tools, (&row.id, &node.id))))?;
        changed(tx, by, row, kit.from)
    });
    let (tag, workflow) = unbound.await?;
    Ok(tagged(&tag, &workflow))
}
