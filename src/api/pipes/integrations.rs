//! Data integrations, which are the node types of the workspace: listed, added, changed, removed.

use std::collections::BTreeMap;
use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;
use serde_json::json;

use crate::actions::integrations::{self, Changes, IntegrationRefusal, SentClient, SentCredentials};
use crate::actions::oauth_clients::ClientEntry;
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::app::App;
use crate::catalog::Draft;
use crate::crypto::Entered;
use crate::domain::message::Message;
use crate::domain::{Ability, Method, NodeTypeId, Scopes, Slug};
use crate::store::access::{Admin, ManageRight, Proof, ReadRight};
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Denied, Fault};

use super::custom_provider::CustomProvider;
use super::integration::{Ownership, Told};
use super::read::{present, read};
use super::shapes::{method_word, slug_of};

type Answer = Result<HttpResponse, Error>;

/// Which of them a list shows.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Listed {
    limit: String,
    before: String,
    after: String,
    order: String,
    ownership: String,
}

/// A page of the list.
struct Page {
    limit: usize,
    before: Option<NodeTypeId>,
    after: Option<NodeTypeId>,
    newest_first: bool,
    ownership: Ownership,
}

const LIMIT: usize = 10;
const MOST: usize = 100;

impl Listed {
    fn page(&self) -> Result<Page, Error> {
        let limit = match self.limit.as_str() {
            "" => LIMIT,
            text => {
                let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
                number.ok_or_else(|| Error::invalid("limit is a number from 1 to 100."))?
            }
        };
        let id = |text: &str, wrong| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Error::invalid(wrong)),
        };
        let before = id(&self.before, "before is an id as list_metadata says it.")?;
        let after = id(&self.after, "after is an id as list_metadata says it.")?;
        if before.is_some() && after.is_some() {
            return Err(Error::invalid("Name before or after, not both."));
        }
        let newest_first = match self.order.as_str() {
            "" | "desc" | "normal" => true,
            "asc" => false,
            _ => return Err(Error::invalid("order is asc, desc or normal.")),
        };
        let ownership = match self.ownership.as_str() {
            "" => Ownership::User,
            text => Ownership::read(text).ok_or_else(|| Error::invalid("ownership is user or organization."))?,
        };
        Ok(Page { limit, before, after, newest_first, ownership })
    }
}

impl Page {
    /// The rows of this page, with whether there are others before and behind them. An id that is gone still has its place.
    fn cut(&self, mut rows: Vec<NodeTypeRow>) -> (Vec<NodeTypeRow>, bool, bool) {
        let order = |one: &NodeTypeId, other: &NodeTypeId| {
            let order = one.as_str().cmp(other.as_str());
            if self.newest_first { order.reverse() } else { order }
        };
        rows.sort_by(|one, other| order(&one.id, &other.id));
        let (from, to) = match (&self.after, &self.before) {
            (Some(after), _) => (rows.partition_point(|row| order(&row.id, after).is_le()), rows.len()),
            (None, Some(before)) => {
                let to = rows.partition_point(|row| order(&row.id, before).is_lt());
                (to.saturating_sub(self.limit), to)
            }
            (None, None) => (0, rows.len()),
        };
        let to = to.min(from + self.limit);
        let (has_before, has_after) = (from > 0, to < rows.len());
        (rows.into_iter().skip(from).take(to - from).collect(), has_before, has_after)
    }
}

/// `GET /data-integrations`
pub async fn index(caller: Caller, listed: Query<Listed>, app: Data<App>) -> Answer {
    let page = match listed.page() {
        Ok(page) => page,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let (clients, ownership) = (app.clients.clone(), page.ownership);
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let mut rows = store::node_types::list(tx, by)?;
        rows.retain(|row| by.includes(&row.slug));
        let (rows, has_before, has_after) = page.cut(rows);
        let told: Result<Vec<Told>, _> = rows.into_iter().map(|row| Told::of(tx, by, (&clients, row))).collect();
        Ok::<_, Fault<Infallible>>((told?, has_before, has_after))
    });
    let (told, has_before, has_after) = found.await?;
    let edge = |told: Option<&Told>, more: bool| told.filter(|_| more).map(|told| told.row.id.to_string());
    Ok(HttpResponse::Ok().json(json!({
        "object": "list",
        "data": told.iter().map(|told| told.json(&app, ownership)).collect::<Vec<_>>(),
        "list_metadata": { "before": edge(told.first(), has_before), "after": edge(told.last(), has_after) },
    })))
}

/// `GET /data-integrations/{slug}`
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    shown((caller, app), &path, Ownership::User).await
}

/// `GET /data-integrations/{slug}/organization`
pub async fn show_of_organizations(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    shown((caller, app), &path, Ownership::Organization).await
}

async fn shown((caller, app): (Caller, Data<App>), path: &str, ownership: Ownership) -> Answer {
    let slug = match slug_of(path) {
        Ok(slug) => slug,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let clients = app.clients.clone();
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        by.covers(&slug)?;
        let row = store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Infallible>>(Told::of(tx, by, (&clients, row))?)
    });
    Ok(HttpResponse::Ok().json(found.await?.json(&app, ownership)))
}

/// What is to be from now on.
#[derive(Deserialize)]
struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    description: Option<Option<String>>,
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    scopes: Option<Option<Vec<String>>>,
    #[serde(default)]
    credentials: Option<Credentials>,
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
    #[serde(default)]
    custom_provider: Option<CustomProvider>,
    #[serde(default)]
    api_key: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Credentials {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    client_secret: Option<String>,
}

#[derive(Deserialize)]
struct CreateBody {
    provider: String,
    #[serde(default)]
    ownership: Option<String>,
    #[serde(default)]
    auth_methods: Option<Vec<String>>,
    #[serde(flatten)]
    changes: ChangeBody,
}

/// A client whose id and secret are as those of clients are. `at` is where its fields stand.
pub(super) fn sent_client((id, secret): (String, String), at: &str) -> Result<SentClient, Error> {
    let (id, secret) = (id.trim().to_owned(), Entered::new(secret));
    if let Some(fault) = ClientEntry::id_fault(&id) {
        return Err(Error::Invalid(format!("{at}client_id: {fault}")));
    }
    if let Some(fault) = ClientEntry::secret_fault(&secret) {
        return Err(Error::Invalid(format!("{at}client_secret: {fault}")));
    }
    Ok(SentClient { id, secret })
}

/// The names of permissions; absent keeps, null is what is usual.
pub(super) fn scopes(sent: Option<Option<Vec<String>>>) -> Result<Option<Option<Scopes>>, Error> {
    let Some(Some(names)) = sent else { return Ok(sent.map(|_| None)) };
    let read: Result<Scopes, _> = names.join(" ").parse();
    read.map(|scopes| Some(Some(scopes))).map_err(|_| Error::invalid("scopes is a list of names."))
}

impl Credentials {
    fn read(self) -> Result<SentCredentials, Error> {
        match (self.kind.as_str(), self.client_id, self.client_secret) {
            ("organization", None, None) => Ok(SentCredentials::OfOrganizations),
            ("organization", _, _) => Err(Error::invalid(
                "credentials of the type organization name no client: each organization brings one.",
            )),
            ("custom", Some(id), Some(secret)) => Ok(SentCredentials::Own(sent_client((id, secret), "credentials.")?)),
            ("custom", _, _) => Err(Error::invalid("credentials of the type custom need client_id and client_secret.")),
            _ => Err(Error::invalid("credentials.type is custom or organization.")),
        }
    }
}

impl ChangeBody {
    /// With what is said of a provider that the workspace describes.
    fn changes(self) -> Result<(Option<CustomProvider>, Changes), Error> {
        if self.api_key.is_some() {
            return Err(Error::invalid("api_key: store keys with PUT /data-integrations/{slug}/api-key."));
        }
        let description = self.description.map(|text| match text {
            None => Ok(None),
            Some(text) => Message::parse(&text).map_err(|error| Error::Invalid(format!("description: {error}"))),
        });
        let changes = Changes {
            description: description.transpose()?,
            enabled: self.enabled,
            scopes: scopes(self.scopes)?,
            credentials: self.credentials.map(Credentials::read).transpose()?,
            parts: self.config,
        };
        Ok((self.custom_provider, changes))
    }
}

/// The right of the Admin who made the token.
fn admin<'tx>(by: &Proof<'tx, ManageRight>) -> Result<Proof<'tx, Admin>, Denied> {
    by.makers().ok_or(Denied::Lacks(Ability::Manage))
}

/// The same to what the token's limits name.
pub(super) fn admins<'tx>(by: &Proof<'tx, ManageRight>, slug: &Slug) -> Result<Proof<'tx, Admin>, Denied> {
    by.covers(slug)?;
    admin(by)
}

/// `POST /data-integrations`
pub async fn create(caller: Caller, sent: Sent, app: Data<App>) -> Answer {
    let (what, ownership, changes) = match understand(&sent) {
        Ok(understood) => understood,
        Err(wrong) => return Err(caller.hears::<ManageRight>(&app, wrong).await),
    };
    let (kit, shared) = (app.kit(caller.address), app.clone());
    let made = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let clients = &shared.clients;
        let at = (clients, by.environment());
        let slug = match &what {
            New::Custom(draft) => {
                let admin = admin(by)?;
                let made =
                    kit.by_token(by, |tools| integrations::create_custom(tx, &admin, tools, at, (draft, &changes)))?;
                // Its slug is Keyrack's to give: only now it is known whether the token's limits name it.
                by.covers(&made)?;
                made
            }
            New::BuiltIn(slug, method) => {
                let admin = admins(by, slug)?;
                let node = shared.catalog.get(slug.as_str()).ok_or(Denied::NotFound)?;
                if !node.methods.contains(method) {
                    return Err(IntegrationRefusal::NoSuchMethod.into());
                }
                let work = (node, *method, &changes);
                kit.by_token(by, |tools| integrations::create(tx, &admin, tools, at, work))?
            }
        };
        store::tokens::mark_used(tx, by, kit.from)?;
        let row = store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        Ok(Told::of(tx, by, (clients, row))?)
    });
    Ok(HttpResponse::Created().json(made.await?.json(&app, ownership)))
}

/// What is to be added.
enum New {
    BuiltIn(Slug, Method),
    Custom(Box<Draft>),
}

/// Where the API of a provider is that a backend describes: Keyrack's own.
const BASE_URL: &str = "base_url";

fn understand(sent: &Sent) -> Result<(New, Ownership, Changes), Error> {
    let mut body: CreateBody = read(sent)?;
    let method = match body.auth_methods.as_deref() {
        None => Method::OAuth,
        Some([word]) => {
            let known = Method::ALL.iter().find(|method| method_word(**method) == word);
            *known.ok_or_else(|| Error::invalid("auth_methods holds oauth, api_key or client_credentials."))?
        }
        Some(_) => {
            return Err(Error::invalid("auth_methods holds one method: a node type is added with one, which stays."));
        }
    };
    let ownership = match body.ownership.as_deref() {
        None => Ownership::User,
        Some(text) => Ownership::read(text).ok_or_else(|| Error::invalid("ownership is user or organization."))?,
    };
    let slug: Slug = body.provider.parse().map_err(|_| Error::NotFound)?;
    let what = match body.changes.custom_provider.take() {
        None => New::BuiltIn(slug, method),
        Some(_) if method != Method::OAuth => {
            return Err(Error::invalid("custom_provider: what takes keys is described on its page in Keyrack."));
        }
        Some(provider) => {
            let base_url = body.changes.config.as_mut().and_then(|config| config.remove(BASE_URL));
            New::Custom(Box::new(provider.draft(base_url)?))
        }
    };
    let (_, mut changes) = body.changes.changes()?;
    // As the hosted product has it: what is not said to be open is closed.
    changes.enabled.get_or_insert(false);
    Ok((what, ownership, changes))
}

/// `PUT /data-integrations/{slug}`
pub async fn update(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Answer {
    updated((caller, app), (&path, &sent), Ownership::User).await
}

/// `PUT /data-integrations/{slug}/organization`
pub async fn update_of_organizations(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Answer {
    updated((caller, app), (&path, &sent), Ownership::Organization).await
}

async fn updated((caller, app): (Caller, Data<App>), (path, sent): (&str, &Sent), ownership: Ownership) -> Answer {
    let understood = slug_of(path).and_then(|slug| Ok((slug, read::<ChangeBody>(sent)?.changes()?)));
    let (slug, (provider, changes)) = match understood {
        Ok(understood) => understood,
        Err(wrong) => return Err(caller.hears::<ManageRight>(&app, wrong).await),
    };
    let (kit, clients) = (app.kit(caller.address), app.clients.clone());
    let changed = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let admin = admins(by, &slug)?;
        let at = (&clients, by.environment());
        kit.by_token(by, |tools| {
            if let Some(provider) = &provider {
                let over = |draft| provider.over(draft).map_err(|e| IntegrationRefusal::Unreadable(e.to_string()));
                integrations::describe_custom(tx, &admin, tools, &clients, (&slug, over))?;
            }
            integrations::change(tx, &admin, tools, at, (&slug, &changes))
        })?;
        store::tokens::mark_used(tx, by, kit.from)?;
        let row = store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<IntegrationRefusal>>(Told::of(tx, by, (&clients, row))?)
    });
    Ok(HttpResponse::Ok().json(changed.await?.json(&app, ownership)))
}

/// `DELETE /data-integrations/{slug}`
pub async fn destroy(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let slug = match slug_of(&path) {
        Ok(slug) => slug,
        Err(wrong) => return Err(caller.hears::<ManageRight>(&app, wrong).await),
    };
    let kit = app.kit(caller.address);
    let gone = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let admin = admins(by, &slug)?;
        kit.by_token(by, |tools| integrations::remove(tx, &admin, tools, (by.environment(), &slug)))?;
        Ok::<_, Fault<IntegrationRefusal>>(store::tokens::mark_used(tx, by, kit.from)?)
    });
    gone.await?;
    Ok(HttpResponse::NoContent().finish())
}
