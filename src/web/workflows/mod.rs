//! Workflows: the list, one of them with its nodes, and what its owner changes.

pub mod create;
pub mod delete;
mod index;
pub mod node;
mod page;
pub mod update;

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};

use crate::app::App;
use crate::domain::policy::{self, Standing};
use crate::domain::{Delivery, Moment, Name, Role, SecretState, Slug, TokenId, TokenState, WorkflowId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::secrets::{self, ListedSecret, Sought};
use crate::store::workflows::{NodeRow, RunnerRow, WorkflowRow};
use crate::store::{self, Denied, Fault, ReadTx};

use super::chrome::Place;
use super::error::Error;
use super::frame::{self, Frame, Reply};
use super::snippet::Snippet;
use super::url;
use super::view::{Choice, Input, NodeMark, Shown as _, When};
use super::visitor::{Demand, Visitor};

pub use index::index;

type Never = std::convert::Infallible;

/// Keys that a node's menu on the workflow's page offers; its own page searches all of them.
const MENU: i64 = 25;
/// Tokens that the menu offers; any other is named by its id.
const TOKENS: i64 = 50;

/// A workflow that this member may see, and what stands around it.
struct Found {
    frame: Frame,
    row: WorkflowRow,
    nodes: Vec<NodeRow>,
    runners: Vec<RunnerRow>,
    /// Of the workspace, for the forms of the workflow's owner.
    node_types: Vec<NodeTypeRow>,
    /// For each node type, what its nodes could be bound to.
    menus: BTreeMap<Slug, secrets::Choice>,
    tokens: Vec<(TokenId, Name)>,
    role: Role,
    now: Moment,
}

fn look(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &WorkflowId) -> Result<Found, store::Error> {
    let row = store::workflows::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let nodes = store::workflows::nodes_of(tx, by, std::slice::from_ref(id))?;
    let (mut menus, mut tokens, mut node_types) = (BTreeMap::new(), Vec::new(), Vec::new());
    if policy::may_change_workflow(by.person(), &row.owner) {
        for node in &nodes {
            if !menus.contains_key(&node.node_type) {
                menus.insert(node.node_type.clone(), fitting(tx, by, (&row, node, ""), MENU)?);
            }
        }
        tokens = store::workflows::tokens_to_list(tx, by, row.environment, TOKENS)?;
        node_types = store::node_types::list(tx, by)?;
    }
    Ok(Found {
        frame: Frame::of_member(tx, by)?,
        runners: store::workflows::runners(tx, by, id)?,
        row,
        nodes,
        node_types,
        menus,
        tokens,
        role: by.role(),
        now: tx.now(),
    })
}

/// What could be bound to a node: of its node type, in its environment, and for the workflow's owner to use.
fn fitting(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (row, node, typed): (&WorkflowRow, &NodeRow, &str),
    limit: i64,
) -> Result<secrets::Choice, store::Error> {
    let sought = Sought {
        name: Name::part_of_key(typed),
        node_type: Some(node.node_type.clone()),
        environment: Some(row.environment),
        ..Sought::default()
    };
    secrets::choice(tx, by, &sought, limit)
}

async fn find(app: &Data<App>, demand: &Demand<Member>, id: &str) -> Result<Found, Error> {
    let id: WorkflowId = id.parse().map_err(|_| Error::NotFound)?;
    Ok(app.db.read(demand.ask(), move |tx, by| Ok::<_, Fault<Never>>(look(tx, by, &id)?)).await?)
}

impl Found {
    fn yours(&self) -> bool {
        policy::may_change_workflow(&self.frame.person.id, &self.row.owner)
    }

    fn standing(&self) -> Standing<'_> {
        Standing { person: &self.frame.person.id, role: self.role }
    }

    fn may_delete(&self) -> bool {
        policy::may_delete_workflow(self.standing(), &self.row.owner)
    }
}

/// Words that a form on a workflow's page comes back with.
#[derive(Default)]
struct Again {
    name: Option<Input>,
    key: Option<(Input, String, Option<String>)>,
    token: Option<Input>,
}

fn show_page(visitor: &Visitor, app: &App, ws: &str, found: &Found, again: Again) -> page::Show {
    let row = &found.row;
    let (key, chosen, error) = again.key.unwrap_or_default();
    let type_choice = |row: &NodeTypeRow| Choice {
        value: row.slug.to_string(),
        label: row.name.to_string(),
        chosen: row.slug.as_str() == chosen,
    };
    let listed = |id: &TokenId| found.runners.iter().any(|runner| runner.id == *id);
    let token_choice =
        |(id, name): &(TokenId, Name)| Choice { value: id.to_string(), label: name.to_string(), chosen: false };
    page::Show {
        chrome: frame::chrome(visitor, Some(&found.frame), row.name.as_str(), Place::Workflows),
        ws: ws.to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        environment: row.environment,
        external_id: row.external_id.clone(),
        owner: row.owner_name.to_string(),
        yours: found.yours(),
        may_delete: found.may_delete(),
        created: When::new(row.created_at, found.now),
        snippet: snippet(app, found),
        nodes: found.nodes.iter().map(|node| node_of(ws, found, node)).collect(),
        runners: found.runners.iter().map(|runner| runner_of(ws, found, runner)).collect(),
        adding: page::Adding { key, node_types: found.node_types.iter().map(type_choice).collect(), error },
        listing: page::Listing {
            tokens: found.tokens.iter().filter(|(id, _)| !listed(id)).map(token_choice).collect(),
            token_id: again.token.unwrap_or_default(),
        },
        new_name: again.name.unwrap_or_else(|| Input { value: row.name.to_string(), error: None }),
    }
}

/// The ready request for a node that has a key, or else for any, for the workflow's owner.
fn snippet(app: &App, found: &Found) -> Option<Snippet> {
    let ready = found.nodes.iter().find(|node| node.unready(found.now).is_none());
    let node = ready.or(found.nodes.first()).filter(|_| found.yours())?;
    let called = found.row.external_id.as_deref().unwrap_or(found.row.id.as_str());
    let base = app.config.server.base();
    let code = format!(
        "curl -X POST {base}/api/v1/workflows/{called}/nodes/{}/credentials \\\n  -H \"Authorization: Bearer $TOKEN\"",
        node.key
    );
    Some(Snippet { id: "request", title: format!("Fetch the key of “{}”", node.key), code })
}

fn node_of(ws: &str, found: &Found, node: &NodeRow) -> page::Node {
    let menu = found.menus.get(&node.node_type);
    let picker = menu.map(|menu| picker_of(ws, (&found.node_types, node), menu, found.now));
    shown_node(ws, node, picker.unwrap_or_default(), (found.role, found.now))
}

fn shown_node(ws: &str, node: &NodeRow, picker: page::Picker, (role, now): (Role, Moment)) -> page::Node {
    let unready = node.unready(now);
    let opens = unready.is_none() || policy::sees_all_secrets(role);
    let bound = node.secret.as_ref().map(|secret| page::Bound {
        name: secret.name.to_string(),
        url: opens.then(|| url::secret(ws, secret.id.as_str())),
        last_four: secret.last_four.clone(),
        state: secret.state(now),
        proxy_only: secret.delivery == Delivery::Proxy,
    });
    page::Node {
        id: node.id.to_string(),
        key: node.key.clone(),
        node_type: NodeMark {
            slug: node.node_type.to_string(),
            name: node.node_type_name.as_ref().map_or_else(|| node.node_type.to_string(), ToString::to_string),
        },
        why: unready.map(|why| why.to_string()),
        bound,
        picker,
    }
}

/// The keys to choose from, the one that is bound among them.
fn picker_of(
    ws: &str,
    (node_types, node): (&[NodeTypeRow], &NodeRow),
    menu: &secrets::Choice,
    now: Moment,
) -> page::Picker {
    let bound = node.secret.as_ref();
    let mut choices: Vec<Choice> = menu.rows.iter().map(|row| choice_of(row, bound.map(|b| &b.id), now)).collect();
    if let Some(held) = bound.filter(|_| !choices.iter().any(|choice| choice.chosen)) {
        choices.insert(0, Choice { value: held.id.to_string(), label: held.name.to_string(), chosen: true });
    }
    let enabled = node_types.iter().any(|row| row.slug == node.node_type && row.enabled);
    page::Picker { choices, all: menu.all, add: enabled.then(|| url::new_secret_of(ws, node.node_type.as_str())) }
}

fn choice_of(row: &ListedSecret, bound: Option<&crate::domain::SecretId>, now: Moment) -> Choice {
    let (secret, state) = (&row.secret, row.secret.state(now));
    let mut label = secret.name.to_string();
    if let Some(tail) = &secret.last_four {
        label = format!("{label} ••••{tail}");
    }
    if let Some(owner) = &row.owner_name {
        label = format!("{label} · {owner}");
    }
    if state != SecretState::Connected {
        label = format!("{label} · {}", state.word());
    }
    Choice { value: secret.id.to_string(), label, chosen: bound == Some(&secret.id) }
}

fn runner_of(ws: &str, found: &Found, row: &RunnerRow) -> page::Runner {
    page::Runner {
        id: row.id.to_string(),
        name: row.name.to_string(),
        maker: row.maker_name.to_string(),
        url: policy::sees_token(found.standing(), &row.maker).then(|| url::token(ws, row.id.as_str())),
        state: TokenState::derive(row.revoked_at, row.expires_at, found.now),
    }
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &path.1).await?;
    frame::page(&app, &visitor, &show_page(&visitor, &app, demand.ws(), &found, Again::default()))
}
