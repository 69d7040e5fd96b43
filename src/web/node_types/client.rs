//! The client with which a workspace asks a provider for access, in one environment.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web::{Data, Path};

use crate::actions::entering::{self, Facts, FieldFault};
use crate::actions::oauth_clients::{self, ClientEntry};
use crate::actions::{clients, connecting};
use crate::app::App;
use crate::catalog::NodeType;
use crate::crypto::Entered;
use crate::domain::{Environment, Method, Scopes, SecretState, Slug};
use crate::store::access::Admin;
use crate::store::node_types::NodeTypeRow;
use crate::store::oauth_clients::ClientRow;
use crate::store::secrets::Sought;
use crate::store::{self, Denied, Fault};
use crate::web::chrome::{Chrome, Place};
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::wrong;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::secrets::form;
use crate::web::secrets::page::{Control, Field};
use crate::web::url;
use crate::web::view::{Input, Link, NodeMark, Tone, counted};
use crate::web::visitor::{Demand, Visitor};

use super::{Never, Nothing, page};

type At = Path<(String, String, String)>;

#[derive(askama::Template)]
#[template(path = "node_types/client.html")]
pub struct Client {
    pub chrome: Chrome,
    pub ws: String,
    pub node_type: NodeMark,
    /// Of the description that is shown.
    pub revision: i64,
    pub environment: Environment,
    /// Where the provider sends people back to: to be entered there exactly.
    pub redirect: String,
    pub steps: Vec<String>,
    pub link: Option<Link>,
    pub client_id: Input,
    pub secret_error: Option<String>,
    /// To whom the secret is shown: hosts, where the workspace itself says who the provider is.
    pub sent_to: String,
    /// Whether there is one already, whose secret may stay.
    pub known: bool,
    /// The end of its secret, where that may be shown.
    pub last_four: Option<String>,
    /// Whether organizations bring theirs until there is one.
    pub brought: bool,
    /// Whether the operator has one, for where the workspace has none.
    pub lent: bool,
    /// How many accounts are connected, in words.
    pub connected: Option<String>,
    /// Where the provider is, as far as that differs.
    pub parts: Vec<Field>,
    pub scopes: Vec<Asked>,
    pub further: Input,
    pub refused: bool,
}

/// A permission that can be asked for.
pub struct Asked {
    pub name: String,
    pub means: String,
    pub chosen: bool,
}

struct Found {
    frame: Frame,
    row: NodeTypeRow,
    client: Option<ClientRow>,
    environment: Environment,
    connected: u64,
}

async fn find(app: &Data<App>, demand: &Demand<Admin>, at: &At) -> Result<Found, Error> {
    let slug: Slug = at.1.parse().map_err(|_| Error::NotFound)?;
    let environment: Environment = at.2.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::node_types::find(tx, by, &slug)?.filter(|row| row.method == Method::OAuth);
        let row = row.ok_or(Denied::NotFound)?;
        let clients = store::oauth_clients::list(tx, by, &row.id)?;
        let client = clients.into_iter().find(|client| client.environment == environment);
        let all = Sought { node_type: Some(slug.clone()), environment: Some(environment), ..Sought::default() };
        let empty = Sought { state: Some(SecretState::Disconnected), ..all.clone() };
        let connected = store::secrets::count(tx, by, &all)? - store::secrets::count(tx, by, &empty)?;
        Ok::<_, Fault<Never>>(Found { frame: Frame::of_member(tx, by)?, row, client, environment, connected })
    });
    Ok(found.await?)
}

fn page_of(visitor: &Visitor, app: &App, ws: &str, (found, node): (&Found, &NodeType), typed: Typed) -> Client {
    let all = node.scopes(Method::OAuth);
    let asked = |name: &str| typed.scopes.has(name);
    let known: BTreeSet<&str> = all.iter().map(|scope| scope.name.as_str()).collect();
    let further = typed.scopes.names().filter(|name| !known.contains(name)).collect::<Vec<_>>().join(" ");
    let oauth = node.oauth.as_ref();
    Client {
        chrome: frame::chrome(visitor, Some(&found.frame), &format!("Client of {}", node.name), Place::NodeTypes),
        ws: ws.to_owned(),
        node_type: NodeMark { slug: found.row.slug.to_string(), name: found.row.name.to_string() },
        revision: found.row.revision,
        environment: found.environment,
        redirect: redirect(app, &connecting::callback(&found.row, node, (found.environment, None))),
        steps: oauth.map(|spec| spec.steps.clone()).unwrap_or_default(),
        link: oauth
            .and_then(|spec| spec.url.clone())
            .map(|url| Link { label: "Where a client is registered".to_owned(), url }),
        client_id: typed.client_id,
        secret_error: typed.secret_error,
        sent_to: sent_to(&found.row, node),
        known: found.client.is_some(),
        last_four: found.client.as_ref().and_then(|client| client.last_four.clone()),
        brought: found.row.organizations_bring_clients,
        connected: (found.connected > 0).then(|| counted(found.connected, "account is", "accounts are")),
        lent: app.clients.lent(&found.row, found.environment).is_some(),
        parts: form::parts_drawn(node.client_parts(), &typed.parts, typed.faults),
        scopes: all
            .iter()
            .map(|scope| Asked { name: scope.name.clone(), means: scope.means.clone(), chosen: asked(&scope.name) })
            .collect(),
        further: typed.further.unwrap_or(Input { value: further, error: None }),
        refused: typed.refused,
    }
}

fn sent_to(row: &NodeTypeRow, node: &NodeType) -> String {
    if row.spec.is_none() {
        return node.name.clone();
    }
    let origins = clients::providers(node, &BTreeMap::new());
    origins.iter().map(|origin| page::host_of(origin)).collect::<Vec<_>>().join(" and ")
}

/// Where a provider sends people back to.
pub fn redirect(app: &App, callback: &str) -> String {
    app.way_back(callback)
}

/// What the form shows.
#[derive(Default)]
struct Typed {
    client_id: Input,
    secret_error: Option<String>,
    parts: BTreeMap<String, String>,
    faults: Vec<FieldFault>,
    scopes: Scopes,
    /// What was typed into it, where it was no list of permissions.
    further: Option<Input>,
    refused: bool,
}

fn described<'a>(app: &'a App, found: &Found) -> Result<std::borrow::Cow<'a, NodeType>, Error> {
    app.catalog.describe(found.row.slug.as_str(), found.row.spec.as_deref()).ok_or(Error::NotFound)
}

pub async fn edit(visitor: Visitor, demand: Demand<Admin>, at: At, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &at).await?;
    let node = described(&app, &found)?;
    let typed = match &found.client {
        Some(client) => Typed {
            client_id: Input { value: client.client_id.clone(), error: None },
            parts: Facts::read(&client.facts).fields,
            scopes: client.scopes.clone(),
            ..Typed::default()
        },
        None => Typed { scopes: node.usual_scopes(Method::OAuth), ..Typed::default() },
    };
    frame::page(&app, &visitor, &page_of(&visitor, &app, demand.ws(), (&found, &node), typed))
}

pub async fn update(
    visitor: Visitor,
    demand: Demand<Admin>,
    at: At,
    form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let found = find(&app, &demand, &at).await?;
    let node = described(&app, &found)?;
    let again = |typed| frame::again(&app, &visitor, &page_of(&visitor, &app, demand.ws(), (&found, &node), typed));
    let (entry, mut typed) = match understand((&found, &node), form.into_inner()) {
        (Some(entry), typed) => (entry, typed),
        (None, typed) => return again(typed),
    };
    let (kit, clients) = (visitor.kit(&app), app.clients.clone());
    let stored = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| oauth_clients::put(tx, by, tools, (&clients, &entry)))
    });
    match stored.await {
        Ok(()) => Ok(see_other(&app, &url::node_type(demand.ws(), &at.1), Some(Flash::ClientStored))),
        Err(Fault::Refused(refusal)) => {
            typed.secret_error = Some(refusal.to_string());
            typed.refused = true;
            again(typed)
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn understand((found, node): (&Found, &NodeType), sent: Vec<(String, String)>) -> (Option<ClientEntry>, Typed) {
    let chosen: Vec<String> = sent.iter().filter(|(name, _)| name == "scope").map(|(_, text)| text.clone()).collect();
    let mut sent: form::Sent = sent.into_iter().collect();
    let revision = form::seen(node, found.row.revision, &sent);
    let secret = sent.remove("client_secret").map(Entered::new).filter(|secret| !secret.is_empty());
    let id = sent.remove("client_id").unwrap_or_default().trim().to_owned();
    let further = sent.remove("further").unwrap_or_default();
    let given = form::parts_sent(node.client_parts(), &sent);
    let filled = entering::fill_parts(node.client_parts(), &given);
    let more: Result<Scopes, _> = further.parse();
    let all = chosen.iter().map(String::as_str);
    let scopes = Scopes::of(all.chain(more.as_ref().map(Scopes::names).into_iter().flatten()));
    let client_id = Input { value: id.clone(), error: None };
    let mut typed = Typed { client_id, scopes, parts: given, ..Typed::default() };
    if let Some(fault) = ClientEntry::id_fault(&id) {
        typed.client_id = wrong(&id, fault);
    }
    typed.secret_error = secret.as_ref().and_then(ClientEntry::secret_fault).map(ToOwned::to_owned);
    if more.is_err() {
        typed.further = Some(wrong(&further, "Write the names as the provider does, with spaces between."));
    }
    typed.refused = typed.client_id.error.is_some() || typed.secret_error.is_some() || typed.further.is_some();
    let parts = match filled {
        Ok(parts) if !typed.refused => parts,
        filled => {
            typed.refused = true;
            typed.faults = filled.err().unwrap_or_default();
            return (None, typed);
        }
    };
    let entry = ClientEntry {
        node_type: found.row.slug.clone(),
        revision,
        environment: found.environment,
        client_id: id,
        secret,
        parts,
        scopes: typed.scopes.clone(),
    };
    (Some(entry), typed)
}

pub async fn destroy(
    visitor: Visitor,
    demand: Demand<Admin>,
    at: At,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let found = find(&app, &demand, &at).await?;
    let (kit, slug, environment) = (visitor.kit(&app), found.row.slug.clone(), found.environment);
    let removed = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| oauth_clients::remove(tx, by, tools, (&slug, environment)))
    });
    removed.await?;
    Ok(see_other(&app, &url::node_type(demand.ws(), &at.1), Some(Flash::ClientRemoved)))
}
