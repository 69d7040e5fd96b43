//! One node type: what it is, and what may be done about it.

use std::borrow::Cow;

use actix_web::web::{Data, Path};

use crate::app::App;
use crate::catalog::{KindSpec, NodeType, Placement, RateLimits};
use crate::domain::{Environment, Method, Role, Slug, policy};
use crate::store::access::{AtLeast, Member};
use crate::store::node_types::NodeTypeRow;
use crate::store::oauth_clients::ClientRow;
use crate::store::secrets::Sought;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::error::Error;
use crate::web::frame::{self, Frame, Reply};
use crate::web::secrets::page::Guide;
use crate::web::view::{Input, Link, NodeMark};
use crate::web::visitor::{Demand, Visitor};

use super::{Never, named, page, standing};

pub(super) struct Found {
    frame: Frame,
    slug: Slug,
    row: Option<NodeTypeRow>,
    secrets: u64,
    role: Role,
    may_add: bool,
    clients: Vec<ClientRow>,
}

pub(super) async fn find<R>(app: &Data<App>, demand: &Demand<R>, slug: &Slug) -> Result<Found, Error>
where
    R: AtLeast<R> + AtLeast<Member> + 'static,
{
    let slug = slug.clone();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::node_types::find(tx, by, &slug)?;
        let connects = row.as_ref().filter(|row| row.method == Method::OAuth);
        let clients = connects.map(|row| store::oauth_clients::list(tx, by, &row.id)).transpose()?;
        let sought = Sought { node_type: Some(slug.clone()), ..Sought::default() };
        Ok::<_, Fault<Never>>(Found {
            frame: Frame::of_member(tx, by)?,
            secrets: store::secrets::count(tx, by, &sought)?,
            may_add: policy::may_add_node_types(by.role(), store::workspaces::adders(tx, by)?),
            role: by.role(),
            clients: clients.unwrap_or_default(),
            slug: slug.clone(),
            row,
        })
    });
    Ok(found.await?)
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &named(&path)?).await?;
    frame::page(&app, &visitor, &page_of(&visitor, &app, demand.ws(), &found, None)?)
}

pub(super) fn page_of(
    visitor: &Visitor,
    app: &App,
    ws: &str,
    found: &Found,
    typed: Option<Input>,
) -> Result<page::Show, Error> {
    let spec = found.row.as_ref().and_then(|row| row.spec.as_deref());
    let described: Cow<'_, NodeType> = app.catalog.describe(found.slug.as_str(), spec).ok_or(Error::NotFound)?;
    let method = found.row.as_ref().map(|row| row.method);
    let under = method.map_or(described.clone(), |method| Cow::Owned(described.under(method).into_owned()));
    let node = under.as_ref();
    let name = found.row.as_ref().map_or_else(|| node.name.clone(), |row| row.name.to_string());
    let stored = found.row.as_ref().and_then(|row| row.description.clone()).unwrap_or_default();
    let guide = &node.guide;
    Ok(page::Show {
        chrome: frame::chrome(visitor, Some(&found.frame), &name, Place::NodeTypes),
        ws: ws.to_owned(),
        benefit: node.benefit.clone(),
        category: node.category.clone(),
        standing: found.row.as_ref().map_or(page::Standing::Absent, |row| standing(row.enabled)),
        method: found.row.as_ref().map(|row| row.method),
        methods: node.methods.clone(),
        clients: clients(app, found),
        custom: spec.is_some(),
        may_add: found.may_add,
        may_manage: policy::may_manage_node_types(found.role),
        secrets: found.secrets,
        kinds: page::kinds_of(node),
        ways: node.kinds.iter().filter_map(way).collect(),
        hosts: node.hosts.clone(),
        providers: method.map(|method| page::providers_of(node, method)).unwrap_or_default(),
        probe: node.probe.as_ref().map(|probe| format!("{} {}", probe.method, probe.path)),
        rates: node.rate_limits.as_ref().map(rates),
        links: links(node),
        guide: Guide {
            entered: true,
            steps: guide.steps.clone(),
            least: guide.least_permissions.clone(),
            sandbox: guide.sandbox.clone(),
            link: guide.url.as_ref().map(|url| Link { label: "Where the key is made".to_owned(), url: url.clone() }),
        },
        rejected: guide.rejected.clone(),
        revoke: guide.revoke.text.clone(),
        description: typed.unwrap_or(Input { value: stored, error: None }),
        node_type: NodeMark { slug: found.slug.to_string(), name },
    })
}

/// One for each environment, where accounts are connected.
fn clients(app: &App, found: &Found) -> Vec<page::ClientOf> {
    let Some(row) = found.row.as_ref().filter(|row| row.method == Method::OAuth) else { return Vec::new() };
    let of = |environment: &Environment| page::ClientOf {
        environment: *environment,
        client_id: found.clients.iter().find(|of| of.environment == *environment).map(|of| of.client_id.clone()),
        lent: app.clients.lent(row, *environment).is_some(),
        brought: row.organizations_bring_clients,
    };
    Environment::ALL.iter().map(of).collect()
}

/// How a request carries it, in words.
pub(super) fn way(kind: &KindSpec) -> Option<String> {
    let ways: Vec<String> = kind.placements.iter().map(place).collect();
    Some(ways.join(", and ")).filter(|words| !words.is_empty())
}

fn place(placement: &Placement) -> String {
    match placement {
        Placement::Header { name, .. } => format!("in the header {name}"),
        Placement::Query { name, .. } => format!("in the address, as the parameter {name}"),
        Placement::Basic { .. } => "as HTTP Basic authentication".to_owned(),
        Placement::Body { field, .. } => format!("in the body, as {field}"),
        Placement::Path { .. } => "in the path of the address".to_owned(),
        Placement::Cookie { name, .. } => format!("in the cookie {name}"),
    }
}

fn rates(limits: &RateLimits) -> String {
    let statuses = limits.statuses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ");
    match limits.headers.as_slice() {
        [] => format!("answered {statuses}"),
        headers => format!("answered {statuses}, with {}", headers.join(", ")),
    }
}

fn links(node: &NodeType) -> Vec<Link> {
    let rates = node.rate_limits.as_ref().and_then(|limits| limits.url.as_ref());
    let all = [
        ("Home page", node.homepage.as_ref()),
        ("About its keys", node.api_docs.as_ref()),
        ("About its limits", rates),
        ("Where it is revoked", node.guide.revoke.url.as_ref()),
    ];
    let link = |(label, url): (&str, Option<&String>)| Some(Link { label: label.to_owned(), url: url?.clone() });
    all.into_iter().filter_map(link).collect()
}

impl page::Show {
    /// The host of a link, which tells where it leads.
    pub fn host(url: &str) -> &str {
        page::host_of(url)
    }
}
