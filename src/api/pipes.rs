//! The Pipes-compatible routes: vending, and storing an end user's key.

use std::collections::BTreeMap;
use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::actions::connections::{self, Upsert};
use crate::actions::entering::{self, Facts, Given};
use crate::actions::renewing;
use crate::actions::vend::{self, Tokens, VendRefusal, Vended};
use crate::app::App;
use crate::crypto::{Entered, Purpose};
use crate::domain::name::is_hidden;
use crate::domain::{Method, Moment, PersonId, SecretId, SecretState, Slug};
use crate::store::access::{ConnectRight, ConnectionOf, UseRefusal, VendRight, Wanted, Whose};
use crate::store::connections::ConnectionRow;
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Fault};

use super::authenticate::Caller;
use super::body::Sent;
use super::error::Error;

/// Whose connection a body names; the fields that every body shares.
#[derive(Deserialize)]
struct Subject {
    user_id: String,
    #[serde(default)]
    organization_id: Option<String>,
    #[serde(default)]
    connection_owner: Option<String>,
    #[serde(default)]
    connected_account_id: Option<String>,
}

#[derive(Deserialize)]
struct VendBody {
    #[serde(flatten)]
    subject: Subject,
    #[serde(default)]
    supports_multiple_connections: Option<bool>,
}

#[derive(Deserialize)]
struct ApiKeyBody {
    #[serde(flatten)]
    subject: Subject,
    secret: String,
    #[serde(default)]
    connection_intent: Option<String>,
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
    /// Absent keeps, null clears.
    #[serde(default, deserialize_with = "present")]
    account_display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    account_identifier: Option<Option<String>>,
}

fn present<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(from).map(Some)
}

pub(super) fn read<T: serde::de::DeserializeOwned>(sent: &Sent) -> Result<T, Error> {
    serde_json::from_slice(sent.bytes()?).map_err(|error| match error.classify() {
        // The position helps; the text around it could be a secret and stays out.
        serde_json::error::Category::Data => Error::Invalid(missing(&error)),
        _ => Error::Body(format!("line {}, column {}", error.line(), error.column())),
    })
}

/// Says which field is missing or of the wrong type, without quoting what was sent.
fn missing(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        Some((field, _)) => format!("The field {field} is required."),
        None => "A field of the request body has the wrong type.".to_owned(),
    }
}

impl Subject {
    fn external(text: &str, field: &str) -> Result<String, Error> {
        let fits = (1..=255).contains(&text.chars().count()) && !text.chars().any(is_hidden);
        if fits {
            Ok(text.to_owned())
        } else {
            Err(Error::Invalid(format!("The field {field} must be 1 to 255 visible characters.")))
        }
    }

    fn connection(&self) -> Result<ConnectionOf, Error> {
        let user = Self::external(&self.user_id, "user_id")?;
        let organization =
            self.organization_id.as_deref().map(|id| Self::external(id, "organization_id")).transpose()?;
        match self.connection_owner.as_deref() {
            None | Some("user") => Ok(ConnectionOf { end_user: Some(user), organization }),
            Some("organization") if organization.is_some() => Ok(ConnectionOf { end_user: None, organization }),
            Some("organization") => {
                Err(Error::Invalid("A connection owned by an organization needs organization_id.".to_owned()))
            }
            Some(_) => Err(Error::Invalid("connection_owner is user or organization.".to_owned())),
        }
    }

    fn whose(&self) -> Result<Whose, Error> {
        if self.user_id.starts_with(PersonId::PREFIX) {
            return Ok(Whose::Person(self.user_id.parse().map_err(|_| Error::NotFound)?));
        }
        Ok(Whose::Connection(self.connection()?))
    }

    fn account(&self) -> Result<Option<SecretId>, Error> {
        self.connected_account_id.as_deref().map(|id| id.parse().map_err(|_| Error::NotFound)).transpose()
    }
}

fn slug_of(path: &Path<String>) -> Result<Slug, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

/// `POST /data-integrations/{slug}/credentials`
pub async fn vend(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Result<HttpResponse, Error> {
    let wanted = match wanted(&path, &sent) {
        Ok(wanted) => wanted,
        Err(wrong) => return Err(caller.hears::<VendRight>(&app, wrong).await),
    };
    let vended = vend::vend(&app.renewer, &app.kit(caller.address), || caller.ask(), wanted).await;
    vend_answer(vended)
}

/// What every vend answers: the value, that there is none to have now, or an error.
pub(super) fn vend_answer(vended: Result<Vended, Fault<VendRefusal>>) -> Result<HttpResponse, Error> {
    match vended {
        Ok(vended) => Ok(credential(&vended)),
        Err(Fault::Refused(VendRefusal::Use(UseRefusal::NotInstalled))) => Ok(inactive("not_installed")),
        Err(Fault::Refused(VendRefusal::Use(UseRefusal::NeedsReauthorization))) => {
            Ok(inactive("needs_reauthorization"))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn wanted(path: &Path<String>, sent: &Sent) -> Result<Wanted, Error> {
    let body: VendBody = read(sent)?;
    Ok(Wanted::Secret {
        node_type: slug_of(path)?,
        whose: body.subject.whose()?,
        chosen: body.subject.account()?,
        several: body.supports_multiple_connections.unwrap_or(false),
    })
}

fn inactive(error: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "active": false, "error": error }))
}

/// The one answer that holds a value.
fn credential(vended: &Vended) -> HttpResponse {
    let Vended { credential: of, tokens } = vended;
    let shown = |name: &str| tokens.is_none() || !renewing::is_own(name);
    let config: Map<String, Value> = of
        .others(Purpose::Vend)
        .filter(|(name, _)| shown(name))
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect();
    let value = of.value(Purpose::Vend);
    let credential = match tokens {
        None => json!({ "object": "credential", "auth_method": "api_key", "value": value, "config": config }),
        Some(Tokens { set, .. }) => json!({
            "object": "credential",
            "auth_method": "oauth",
            "value": value,
            "expires_at": set.ends_at.map(Moment::wire),
            "scopes": set.granted.names().collect::<Vec<_>>(),
            "missing_scopes": set.granted.missing(&set.asked).names().collect::<Vec<_>>(),
            "metadata": {},
            "config": config,
        }),
    };
    HttpResponse::Ok().json(json!({ "active": true, "credential": credential }))
}

/// `PUT /data-integrations/{slug}/api-key`
pub async fn put_api_key(
    caller: Caller,
    path: Path<String>,
    sent: Sent,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    let slug = match slug_of(&path) {
        Ok(slug) => slug,
        Err(wrong) => return Err(caller.hears::<ConnectRight>(&app, wrong).await),
    };
    let found = app.db.read(caller.ask::<ConnectRight>(), move |tx, by| {
        Ok::<_, Fault<Infallible>>(store::node_types::find(tx, by, &slug)?)
    });
    let row = found.await?.ok_or(Error::NotFound)?;
    let ask = understand(&app, row, read(&sent)?)?;
    let kit = app.kit(caller.address);
    let stored = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        kit.by_token(by, |tools| connections::upsert(tx, by, tools, &ask))
    });
    Ok(HttpResponse::Ok().json(connected_account(&stored.await?, app.clock.now())))
}

fn understand(app: &App, row: NodeTypeRow, body: ApiKeyBody) -> Result<Upsert, Error> {
    let described = app.catalog.describe(row.slug.as_str(), row.spec.as_deref()).ok_or(Error::NotFound)?;
    let node_type = described.as_ref();
    if row.method != Method::Key {
        return Err(Error::Invalid(format!(
            "The node type {} does not take keys: its method is {}.",
            row.slug, row.method
        )));
    }
    if body.subject.user_id.starts_with(PersonId::PREFIX) {
        return Err(Error::Invalid("An end user's id may not begin with usr_.".to_owned()));
    }
    let of = body.subject.connection()?;
    let must_exist = match body.connection_intent.as_deref() {
        None => false,
        Some("reauthorize") => true,
        Some(_) => return Err(Error::Invalid("connection_intent is reauthorize here.".to_owned())),
    };
    let config = body.config.unwrap_or_default();
    let kind = config.get("kind").map(String::as_str);
    let placement = config.get("placement").map(String::as_str);
    let kind = entering::pick(node_type, kind, placement).ok_or_else(|| {
        Error::Invalid("config.placement or config.kind does not name a way that this node type offers.".to_owned())
    })?;
    let value_field = kind.value_field().map(|field| field.name.clone()).unwrap_or_default();
    let mut given: Given = config.into_iter().map(|(name, text)| (name, Entered::exact(text))).collect();
    given.insert(value_field.clone(), Entered::exact(body.secret));
    let filled = entering::fill(node_type, kind, given).map_err(|faults| {
        let first = faults.into_iter().next();
        let named = first.map(|fault| {
            (
                if fault.field == value_field { "secret".to_owned() } else { format!("config.{}", fault.field) },
                fault.message,
            )
        });
        Error::Invalid(named.map_or_else(String::new, |(field, message)| format!("{field}: {message}")))
    })?;
    Ok(Upsert {
        name: row.name,
        node_type: row.slug,
        revision: row.revision,
        expected: body.subject.account()?,
        must_exist,
        of,
        kind: filled.kind,
        prefix_says: filled.prefix_says,
        last_four: filled.last_four,
        facts: filled.facts,
        credential: filled.credential,
        account_name: label(body.account_display_name, "account_display_name")?,
        account_identifier: label(body.account_identifier, "account_identifier")?,
    })
}

fn label(given: Option<Option<String>>, field: &str) -> Result<Option<Option<String>>, Error> {
    let Some(Some(text)) = given else { return Ok(given) };
    Subject::external(&text, field).map(|text| Some(Some(text)))
}

fn connected_account(row: &ConnectionRow, now: Moment) -> Value {
    let (state, reason) = match row.secret.state(now) {
        SecretState::Connected => ("connected", None),
        SecretState::Rejected => ("needs_reauthorization", Some("rejected")),
        SecretState::Expired => ("needs_reauthorization", Some("expired")),
        SecretState::NeedsReauthorization => ("needs_reauthorization", None),
        SecretState::Disconnected => ("disconnected", None),
    };
    json!({
        "object": "connected_account",
        "id": row.secret.id,
        "connection_role": row.role,
        "account_identifier": row.account_identifier,
        "account_display_name": row.account_name,
        "user_id": row.end_user,
        "organization_id": row.organization,
        "scopes": [],
        "auth_method": "api_key",
        "api_key_last_4": row.secret.last_four,
        "client_id": null,
        "client_secret_last_4": null,
        "config": Facts::read(&row.secret.facts).fields,
        "state": state,
        "established_by_user_id": row.end_user,
        "state_reason": reason,
        "created_at": row.secret.created_at.wire(),
        "updated_at": row.secret.updated_at.wire(),
    })
}
