//! What machines change of secrets: what is said of them, and whether they are there. No value comes in or out here.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actions::revoking::{self, Forgetting};
use crate::actions::{keeping, secrets, tokens};
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::api::pipes;
use crate::app::App;
use crate::domain::audit::Actor;
use crate::domain::{Moment, Name, SecretId};
use crate::store::access::{Admin, ManageRight, Member, Proof};
use crate::store::secrets::{Dates, ListedSecret};
use crate::store::{Denied, Fault, ReadTx};

use super::super::read::{Expected, tag, tagged};
use super::super::{Answer, worded};
use super::{Secret, id_of, seen};

/// What is changed. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretChange {
    /// One line of 1 to 80 visible characters, which no other secret of the node type and environment has.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// The moment from which it does not work any more; null takes it away.
    #[serde(default, deserialize_with = "pipes::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<String>>,
    /// When to remind its owner of entering another value; null takes it away.
    #[serde(default, deserialize_with = "pipes::present")]
    #[schema(value_type = Option<String>, format = DateTime)]
    rotate_at: Option<Option<String>>,
}

type Date = Option<Option<Moment>>;

struct Change {
    name: Option<Name>,
    expires_at: Date,
    rotate_at: Date,
}

fn understand(sent: &Sent) -> Result<Change, Error> {
    let body: SecretChange = pipes::read(sent)?;
    let name = body.name.as_deref().map(Name::parse).transpose();
    Ok(Change {
        name: name.map_err(|error| Error::Invalid(format!("name: {error}")))?,
        expires_at: date(body.expires_at, "expires_at")?,
        rotate_at: date(body.rotate_at, "rotate_at")?,
    })
}

fn date(given: Option<Option<String>>, field: &str) -> Result<Date, Error> {
    let wrong = || Error::Invalid(format!("{field} is a time such as 2027-10-01T12:00:00.000Z, or null."));
    // What the calendar of the answers cannot write is no date.
    let sane = |at: &Moment| (0..=253_402_300_799_999_999).contains(&at.micros());
    match given {
        None => Ok(None),
        Some(None) => Ok(Some(None)),
        Some(Some(text)) => Moment::of_rfc3339(&text).filter(sane).map(|at| Some(Some(at))).ok_or_else(wrong),
    }
}

impl Change {
    /// The dates that are to stand there: those that are new lie ahead, and the reminder before the end.
    fn dates(&self, known: Dates, now: Moment) -> Result<Dates, Error> {
        let dates = Dates {
            expires_at: self.expires_at.unwrap_or(known.expires_at),
            rotate_at: self.rotate_at.unwrap_or(known.rotate_at),
        };
        let is_over = |new: Option<Moment>, known| new != known && new.is_some_and(|at| at <= now);
        if is_over(dates.expires_at, known.expires_at) || is_over(dates.rotate_at, known.rotate_at) {
            return Err(Error::invalid("A date has to lie ahead."));
        }
        match (dates.expires_at, dates.rotate_at) {
            (Some(end), Some(reminder)) if reminder > end && dates != known => {
                Err(Error::invalid("rotate_at comes after expires_at."))
            }
            _ => Ok(dates),
        }
    }
}

/// A member's secret, as it was expected to be, for whoever may change something of it.
pub(in crate::api::native) fn members<'tx>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'tx, ManageRight>,
    (id, expected): (&SecretId, &Expected),
) -> Result<(Proof<'tx, Admin>, ListedSecret), Fault<Error>> {
    let (admin, row) = seen(tx, by, id)?;
    // Product rule 4: an end user's secret is changed by Admins themselves, and by tokens with `connect`.
    if row.secret.owner.is_none() {
        return Err(Error::OfEndUser.into());
    }
    expected.meets(&tag(row.secret.revision))?;
    Ok((admin, row))
}

/// Change a secret
///
/// Its name and its dates, by a token that the secret's own owner has made. A secret without a value has no dates.
#[utoipa::path(patch, path = "/api/v1/secrets/{secret}", operation_id = "update_secret", tag = "Secrets",
    params(("secret" = String, Path, description = "The id of a secret."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    request_body = SecretChange,
    responses((status = 200, description = "The secret as it is now.", body = Secret,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 409, description = "Another secret has this name.", body = crate::api::native::Problem),
        (status = 412, description = "It has changed meanwhile.", body = crate::api::native::Problem)))]
pub async fn update(caller: Caller, path: Path<String>, expected: Expected, sent: Sent, app: Data<App>) -> Answer {
    let understood = id_of(&path).and_then(|id| Ok((id, understand(&sent)?)));
    let (id, change) = caller.judged::<ManageRight, _>(&app, understood).await?;
    let kit = app.kit(caller.address);
    let changed = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let (admin, row) = members(tx, by, (&id, &expected))?;
        if !row.facts().governed_by(by.maker()) {
            return Err(Denied::Forbidden.into());
        }
        let dates = change.dates(row.secret.dates(), tx.now())?;
        if row.secret.value_entered_at.is_none() && dates != Dates::default() {
            return Err(Error::invalid("A secret without a value has no dates.").into());
        }
        kit.by_token(by, |tools| {
            if let Some(name) = &change.name {
                worded(keeping::rename(tx, &admin, tools, (&id, name)))?;
            }
            worded(keeping::set_dates(tx, &admin, tools, (&id, dates)))
        })?;
        tokens::used(tx, by, kit.from)?;
        let (_, row) = seen(tx, by, &id)?;
        Ok::<_, Fault<Error>>((tag(row.secret.revision), Secret::of(&row, tx.now())))
    });
    let (tag, secret) = changed.await?;
    Ok(tagged(&tag, &secret))
}

/// Delete a secret
///
/// A member's secret, with its value, at once. Whoever owns it is told by letter; nodes that used it need
/// reconfiguration.
#[utoipa::path(delete, path = "/api/v1/secrets/{secret}", operation_id = "delete_secret", tag = "Secrets",
    params(("secret" = String, Path, description = "The id of a secret."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 204, description = "It is gone."),
        (status = 412, description = "It has changed meanwhile.", body = crate::api::native::Problem)))]
pub async fn destroy(caller: Caller, path: Path<String>, expected: Expected, app: Data<App>) -> Answer {
    let id = caller.judged::<ManageRight, _>(&app, id_of(&path)).await?;
    let kit = app.kit(caller.address);
    let gone = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let (admin, _) = members(tx, by, (&id, &expected))?;
        worded(kit.by_token(by, |tools| secrets::delete(tx, &admin, tools, &id)))?;
        Ok::<_, Fault<Error>>(tokens::used(tx, by, kit.from)?)
    });
    gone.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What became of a value that was taken away.
#[derive(Serialize, ToSchema)]
pub struct Disconnected {
    /// The secret, whose place stays with its name, its sharing and what is bound to it.
    secret: Secret,
    /// Whether the provider was asked to forget what it had given, and did: `nothing` where there was nothing to ask,
    /// `forgotten`, or `unsure`.
    provider: Provider,
}

/// What the provider said.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Nothing,
    Forgotten,
    Unsure,
}

impl Disconnected {
    pub(in crate::api::native) fn of(secret: Secret, forgetting: Forgetting) -> Self {
        let provider = match forgetting {
            Forgetting::Nothing => Provider::Nothing,
            Forgetting::Done => Provider::Forgotten,
            Forgetting::Unsure => Provider::Unsure,
        };
        Self { secret, provider }
    }
}

/// Disconnect a secret
///
/// Destroys the value of a member's secret at once and keeps its place, so that another value makes everything go on. Doing
/// it again changes nothing.
#[utoipa::path(post, path = "/api/v1/secrets/{secret}/disconnect", operation_id = "disconnect_secret", tag = "Secrets",
    params(("secret" = String, Path, description = "The id of a secret."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 200, description = "It holds no value any more.", body = Disconnected,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 412, description = "It has changed meanwhile.", body = crate::api::native::Problem)))]
pub async fn disconnect(caller: Caller, path: Path<String>, expected: Expected, app: Data<App>) -> Answer {
    let id = caller.judged::<ManageRight, _>(&app, id_of(&path)).await?;
    let (means, of, from) = (app.connecting(app.kit(caller.address)), id.clone(), caller.address);
    let forgetting = revoking::disconnect_as(&means, caller.ask::<ManageRight>(), id.clone(), move |tx, by| {
        members(tx, by, (&of, &expected))?;
        tokens::used(tx, by, from)?;
        let maker = by.makers::<Member>().ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Error>>((maker, Actor::Token { id: by.token().clone(), maker: by.maker().clone() }))
    });
    let forgetting = forgetting.await?;
    let found = app.db.read(caller.ask::<ManageRight>(), move |tx, by| {
        let (_, row) = seen(tx, by, &id)?;
        Ok::<_, Fault<Error>>((tag(row.secret.revision), Secret::of(&row, tx.now())))
    });
    let (tag, secret) = found.await?;
    Ok(tagged(&tag, &Disconnected::of(secret, forgetting)))
}
