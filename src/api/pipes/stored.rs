//! Keys and clients that backends store for their end users.

use std::collections::BTreeMap;
use std::convert::Infallible;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::actions::connections::{self, Brought, Holding, Put};
use crate::actions::entering::{self, Facts, Filled, Given};
use crate::actions::once::Once;
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::app::App;
use crate::catalog::{KindSpec, NodeType};
use crate::crypto::Entered;
use crate::domain::errand::Intent;
use crate::domain::{Method, Name, Slug};
use crate::store::access::ConnectRight;
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Fault};

use super::integration::Ownership;
use super::read::{key_of, present, read};
use super::shapes::{connected_account, slug_of};
use super::subject::{Subject, external};

/// A key as it is sent, alone or with the node type that it is the first of.
#[derive(Deserialize)]
pub(super) struct KeyBody {
    secret: String,
    #[serde(flatten)]
    common: Common,
}

#[derive(Deserialize)]
struct ClientBody {
    client_id: String,
    client_secret: String,
    #[serde(flatten)]
    common: Common,
}

/// What both say besides.
#[derive(Deserialize)]
struct Common {
    #[serde(flatten)]
    subject: Subject,
    #[serde(default)]
    connection_intent: Option<String>,
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    labels: Labels,
}

/// Absent keeps, null clears.
type Label = Option<Option<String>>;

#[derive(Default, Deserialize)]
pub(super) struct Labels {
    #[serde(default, deserialize_with = "present")]
    account_display_name: Label,
    #[serde(default, deserialize_with = "present")]
    account_identifier: Label,
}

impl Labels {
    /// The name and the identifier.
    pub fn read(self) -> Result<(Label, Label), Error> {
        let label = |given: Label, field| match given {
            Some(Some(text)) => external(&text, field).map(|text| Some(Some(text))),
            other => Ok(other),
        };
        Ok((
            label(self.account_display_name, "account_display_name")?,
            label(self.account_identifier, "account_identifier")?,
        ))
    }
}

/// Whether an upsert is asked for, or one connection more.
#[derive(Clone, Copy)]
enum Way {
    Upsert,
    Add,
}

type Read = fn(&App, NodeTypeRow, &Sent, Way) -> Result<Put, Error>;

/// `PUT /data-integrations/{slug}/api-key`
pub async fn put_key(caller: Caller, path: Path<String>, ask: HttpRequest, sent: Sent, app: Data<App>) -> Answer {
    store((caller, app), (&path, &ask, &sent), (key, Way::Upsert)).await
}

/// `POST /data-integrations/{slug}/api-key`
pub async fn post_key(caller: Caller, path: Path<String>, ask: HttpRequest, sent: Sent, app: Data<App>) -> Answer {
    store((caller, app), (&path, &ask, &sent), (key, Way::Add)).await
}

/// `PUT /data-integrations/{slug}/client-credentials`
pub async fn put_client(caller: Caller, path: Path<String>, ask: HttpRequest, sent: Sent, app: Data<App>) -> Answer {
    store((caller, app), (&path, &ask, &sent), (client, Way::Upsert)).await
}

/// `POST /data-integrations/{slug}/client-credentials`
pub async fn post_client(caller: Caller, path: Path<String>, ask: HttpRequest, sent: Sent, app: Data<App>) -> Answer {
    store((caller, app), (&path, &ask, &sent), (client, Way::Add)).await
}

type Answer = Result<HttpResponse, Error>;

async fn store(
    (caller, app): (Caller, Data<App>),
    (path, ask, sent): (&str, &HttpRequest, &Sent),
    (read, way): (Read, Way),
) -> Answer {
    let row = node_type(&app, &caller, slug_of(path)).await?;
    let put = Put { once: once_of(&app, ask, sent)?, ..read(&app, row, sent, way)? };
    let kit = app.kit(caller.address);
    let stored = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        kit.by_token(by, |tools| connections::put(tx, by, tools, &put))
    });
    Ok(HttpResponse::Ok().json(connected_account(&stored.await?, app.clock.now())))
}

/// The node type that is meant, for whoever may store something for it.
pub(super) async fn node_type(app: &App, caller: &Caller, slug: Result<Slug, Error>) -> Result<NodeTypeRow, Error> {
    let slug = match slug {
        Ok(slug) => slug,
        Err(wrong) => return Err(caller.hears::<ConnectRight>(app, wrong).await),
    };
    let found = app.db.read(caller.ask::<ConnectRight>(), move |tx, by| {
        by.covers(&slug)?;
        Ok::<_, Fault<Infallible>>(store::node_types::find(tx, by, &slug)?)
    });
    found.await?.ok_or(Error::NotFound)
}

/// A request that names a key is one and the same however often it comes.
pub(in crate::api) fn once_of(app: &App, ask: &HttpRequest, sent: &Sent) -> Result<Option<Once>, Error> {
    let Some(key) = key_of(ask)? else { return Ok(None) };
    let asked = [ask.method().as_str(), ask.path(), ask.query_string()].map(str::as_bytes);
    let whole = [asked.as_slice(), &[sent.bytes()?]].concat();
    Ok(Some(Once::new(&app.keyring, &key, &whole)))
}

/// The node type as it takes credentials of this method.
fn described(app: &App, row: &NodeTypeRow, method: Method) -> Result<NodeType, Error> {
    if row.method != method {
        let (slug, is) = (&row.slug, row.method);
        return Err(Error::Invalid(format!("The node type {slug} is of another method: {is}.")));
    }
    let described = app.catalog.describe(row.slug.as_str(), row.spec.as_deref()).ok_or(Error::NotFound)?;
    Ok(if method == Method::Key { described.into_owned() } else { described.under(method).into_owned() })
}

fn key(app: &App, row: NodeTypeRow, sent: &Sent, way: Way) -> Result<Put, Error> {
    let body: KeyBody = read(sent)?;
    let node = described(app, &row, Method::Key)?;
    keyed(&node, row.into(), body, way)
}

/// The first key of a node type that is added by the same request: what its row says is told once there is one.
pub(super) fn first_key(node: &NodeType, slug: Slug, of: Ownership, mut body: KeyBody) -> Result<Put, Error> {
    if of == Ownership::Organization {
        body.common.subject.organizations();
    }
    let name = Name::parse(&node.name).map_err(|_| Error::NotFound)?;
    keyed(node, On { node_type: slug, revision: 0, name }, body, Way::Upsert)
}

fn keyed(node: &NodeType, on: On, body: KeyBody, way: Way) -> Result<Put, Error> {
    let config = body.common.config.clone().unwrap_or_default();
    let named = |name: &str| config.get(name).map(String::as_str);
    let kind = entering::pick(node, named("kind"), named("placement")).ok_or_else(|| {
        Error::invalid("config.placement or config.kind does not name a way that this node type offers.")
    })?;
    let value = kind.value_field().map(|field| field.name.clone()).unwrap_or_default();
    let filled = fill((node, kind), config, [(value.as_str(), body.secret, "secret")])?;
    whole(on, body.common, way, (filled, Holding::Key))
}

fn client(app: &App, row: NodeTypeRow, sent: &Sent, way: Way) -> Result<Put, Error> {
    let body: ClientBody = read(sent)?;
    let node = described(app, &row, Method::ClientCredentials)?;
    let kind = node.kinds.first().ok_or(Error::NotFound)?;
    let config = body.common.config.clone().unwrap_or_default();
    let own = [("client_id", body.client_id, "client_id"), ("client_secret", body.client_secret, "client_secret")];
    let filled = fill((&node, kind), config, own)?;
    let asks = node.asks(Method::ClientCredentials, &Facts::read(&filled.facts).fields);
    whole(row.into(), body.common, way, (filled, Holding::Client(asks)))
}

/// By which of `config` a way is chosen.
const CHOOSING: [&str; 2] = ["kind", "placement"];

/// Looks at what was sent: the fields of their own, each with the name that it has on the wire, and the others in `config`.
fn fill<const N: usize>(
    (node, kind): (&NodeType, &KindSpec),
    config: BTreeMap<String, String>,
    own: [(&str, String, &str); N],
) -> Result<Filled, Error> {
    let known = |name: &str| {
        CHOOSING.contains(&name)
            || kind.fields.iter().any(|field| field.name == name)
            || node.parts.iter().any(|part| part.name == name)
    };
    if let Some(name) = config.keys().find(|name| !known(name)) {
        return Err(Error::Invalid(format!("config.{name}: this node type asks for nothing of that name.")));
    }
    let mut given: Given = config.into_iter().map(|(name, text)| (name, Entered::exact(text))).collect();
    let wire: BTreeMap<String, &str> = own.iter().map(|(name, _, wire)| ((*name).to_owned(), *wire)).collect();
    given.extend(own.into_iter().map(|(name, text, _)| (name.to_owned(), Entered::exact(text))));
    entering::fill(node, kind, given).map_err(|faults| {
        let first = faults.into_iter().next();
        let told = first.map(|fault| match wire.get(&fault.field) {
            Some(name) => format!("{name}: {}", fault.message),
            None => format!("config.{}: {}", fault.field, fault.message),
        });
        Error::Invalid(told.unwrap_or_default())
    })
}

/// The node type that a credential is put on, as it was described when that was looked at.
struct On {
    node_type: Slug,
    revision: i64,
    name: Name,
}

impl From<NodeTypeRow> for On {
    fn from(row: NodeTypeRow) -> Self {
        Self { node_type: row.slug, revision: row.revision, name: row.name }
    }
}

fn whole(on: On, common: Common, way: Way, (filled, holding): (Filled, Holding)) -> Result<Put, Error> {
    let Common { subject, connection_intent, labels, .. } = common;
    let intent = connection_intent.as_deref();
    let meant: Intent = match way {
        Way::Upsert => subject.upserted(intent)?,
        Way::Add => subject.added(intent)?,
    };
    let (account_name, account_identifier) = labels.read()?;
    Ok(Put {
        node_type: on.node_type,
        revision: on.revision,
        name: on.name,
        of: subject.end_users()?,
        user: Some(subject.user_id),
        meant,
        brought: Brought {
            kind: filled.kind,
            prefix_says: filled.prefix_says,
            last_four: filled.last_four,
            facts: filled.facts,
            credential: filled.credential,
            holding,
        },
        account_name,
        account_identifier,
        drawn: None,
        once: None,
    })
}
