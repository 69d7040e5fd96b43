//! Workflows as the systems that run them see them: registered, read, and their nodes' credentials vended.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::vend;
use crate::actions::workflows::{self, NodeAsk, RegisterRefusal, Registration, SecretAsk, WorkflowRefusal};
use crate::app::App;
use crate::domain::workflow::HANDLE_RULE;
use crate::domain::{Called, Handle, Moment, Name, TokenId, WorkflowId};
use crate::store::access::{ManageRight, Proof, ReadRight, TokenRight, VendRight, Wanted};
use crate::store::paging::{Page, Turn};
use crate::store::workflows::{MOST_NODES, NodeRow, WorkflowRow};
use crate::store::{self, Denied, Fault, ReadTx};

use super::authenticate::Caller;
use super::body::Sent;
use super::error::Error;
use super::pipes;

type Never = std::convert::Infallible;

/// A workflow with what stands around it, read in one moment: those of its nodes that the token's limits cover.
struct Told {
    row: WorkflowRow,
    nodes: Vec<NodeRow>,
    tokens: Vec<TokenId>,
    now: Moment,
}

impl Told {
    fn of(tx: &mut ReadTx<'_>, by: &Proof<'_, impl TokenRight>, row: WorkflowRow) -> Result<Self, store::Error> {
        Self::all(tx, by, vec![row])?.pop().ok_or_else(|| Denied::NotFound.into())
    }

    fn all(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl TokenRight>,
        rows: Vec<WorkflowRow>,
    ) -> Result<Vec<Self>, store::Error> {
        let ids: Vec<WorkflowId> = rows.iter().map(|row| row.id.clone()).collect();
        let nodes = store::workflows::nodes_of(tx, by, &ids)?;
        let tokens = store::workflows::token_ids(tx, by, &ids)?;
        let now = tx.now();
        let told = |row: WorkflowRow| Self {
            nodes: nodes
                .iter()
                .filter(|node| node.workflow == row.id && by.includes(&node.node_type))
                .cloned()
                .collect(),
            tokens: tokens.iter().filter(|(of, _)| *of == row.id).map(|(_, token)| token.clone()).collect(),
            row,
            now,
        };
        Ok(rows.into_iter().map(told).collect())
    }

    fn json(&self) -> Value {
        let nodes: Vec<Value> = self.nodes.iter().map(|node| node_json(node, self.now)).collect();
        let ready = self.nodes.iter().all(|node| node.unready(self.now).is_none());
        json!({
            "object": "workflow",
            "id": self.row.id,
            "external_id": self.row.external_id,
            "name": self.row.name.as_str(),
            "environment": self.row.environment,
            "owner_id": self.row.owner,
            "state": state(ready),
            "nodes": nodes,
            "token_ids": self.tokens,
            "created_at": self.row.created_at.wire(),
            "updated_at": self.row.updated_at.wire(),
        })
    }
}

fn state(ready: bool) -> &'static str {
    if ready { "ready" } else { "needs_reconfiguration" }
}

/// A node and what it is bound to, by name and state: never a value.
fn node_json(node: &NodeRow, now: Moment) -> Value {
    let unready = node.unready(now);
    let secret = node.secret.as_ref().map(|secret| {
        json!({
            "id": secret.id,
            "name": secret.name.as_str(),
            "last_four": secret.last_four,
            "state": secret.state(now).as_str(),
        })
    });
    json!({
        "object": "node",
        "key": node.key,
        "node_type": node.node_type,
        "state": state(unready.is_none()),
        "reason": unready.map(|why| why.to_string()),
        "secret": secret,
    })
}

fn called(text: &str) -> Result<Called, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// Which page is asked for: `after` the last of the page before, or `before` the first of the one behind.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: String,
    after: String,
}

impl Asked {
    fn turn(&self) -> Result<Turn<WorkflowId>, Error> {
        let id = |text: &str, name: &str| {
            text.parse()
                .map_err(|_| Error::Invalid(format!("{name} is the id of a workflow, as list_metadata says it.")))
        };
        match (self.before.as_str(), self.after.as_str()) {
            ("", "") => Ok(Turn::Newest),
            ("", after) => id(after, "after").map(Turn::OlderThan),
            (before, "") => id(before, "before").map(Turn::NewerThan),
            _ => Err(Error::invalid("Name before or after, not both.")),
        }
    }
}

/// `GET /api/v1/workflows`
pub async fn index(caller: Caller, asked: Query<Asked>, app: Data<App>) -> Result<HttpResponse, Error> {
    let turn = match asked.turn() {
        Ok(turn) => turn,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let Page { rows, has_newer, has_older } = store::workflows::list_for_token(tx, by, &turn)?;
        Ok::<_, Fault<Never>>(Page { rows: Told::all(tx, by, rows)?, has_newer, has_older })
    });
    let page = found.await?;
    let edge = |told: Option<&Told>, more: bool| told.filter(|_| more).map(|told| told.row.id.to_string());
    Ok(HttpResponse::Ok().json(json!({
        "object": "list",
        "data": page.rows.iter().map(Told::json).collect::<Vec<_>>(),
        "list_metadata": {
            "before": edge(page.rows.first(), page.has_newer),
            "after": edge(page.rows.last(), page.has_older),
        },
    })))
}

/// `GET /api/v1/workflows/{id or external id}`
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Result<HttpResponse, Error> {
    let called = match called(&path) {
        Ok(called) => called,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let row = store::workflows::find_for_token(tx, by, &called)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Never>>(Told::of(tx, by, row)?)
    });
    Ok(HttpResponse::Ok().json(found.await?.json()))
}

#[derive(Deserialize)]
struct Body {
    name: String,
    #[serde(default)]
    nodes: Vec<BodyNode>,
}

#[derive(Deserialize)]
struct BodyNode {
    key: String,
    node_type: String,
    /// Absent keeps what is bound, null binds nothing.
    #[serde(default, deserialize_with = "present")]
    secret: Option<Option<String>>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(from).map(Some)
}

/// `PUT /api/v1/workflows/{external id}`
pub async fn register(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Result<HttpResponse, Error> {
    let ask = match understand(&path, &sent) {
        Ok(ask) => ask,
        Err(wrong) => return Err(caller.hears::<ManageRight>(&app, wrong).await),
    };
    let kit = app.kit(caller.address);
    let stored = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let row = kit.by_token(by, |tools| workflows::register(tx, by, tools, &ask))?;
        Ok::<_, Fault<RegisterRefusal>>(Told::of(tx, by, row)?)
    });
    Ok(HttpResponse::Ok().json(stored.await?.json()))
}

fn understand(path: &str, sent: &Sent) -> Result<Registration, Error> {
    if Called::looks_like_an_id(path) {
        return Err(Error::invalid("An external id may not begin with wfl_."));
    }
    let external_id = handle(path, "The external id")?;
    let body: Body = pipes::read(sent)?;
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
        let node_type = node.node_type.parse().map_err(|_| refused(&key.to_string(), &WorkflowRefusal::NoType))?;
        let secret = match node.secret {
            None => SecretAsk::Keep,
            Some(None) => SecretAsk::Nothing,
            Some(Some(id)) => {
                let id = id.parse().map_err(|_| refused(&key.to_string(), &WorkflowRefusal::NoSecret))?;
                SecretAsk::Secret(id)
            }
        };
        nodes.push(NodeAsk { key, node_type, secret });
    }
    Ok(Registration { external_id, name, nodes })
}

fn handle(text: &str, what: &str) -> Result<Handle, Error> {
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

/// `POST /api/v1/workflows/{id or external id}/nodes/{key}/credentials`
pub async fn vend(caller: Caller, path: Path<(String, String)>, app: Data<App>) -> Result<HttpResponse, Error> {
    let wanted = called(&path.0).and_then(|workflow| {
        let key = path.1.parse().map_err(|_| Error::NotFound)?;
        Ok(Wanted::Node { workflow, key })
    });
    let wanted = match wanted {
        Ok(wanted) => wanted,
        Err(wrong) => return Err(caller.hears::<VendRight>(&app, wrong).await),
    };
    let vended = vend::vend(&app.renewer, &app.kit(caller.address), || caller.ask(), wanted).await;
    pipes::vend_answer(vended)
}
