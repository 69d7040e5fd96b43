//! Who may use a secret besides its owner, as machines see and change it.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actions::sharing::{self, Shared, SharingRefusal, Wish};
use crate::actions::tokens;
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::api::pipes;
use crate::app::App;
use crate::domain::{Moment, PersonId, SecretId, Sharing};
use crate::store::access::{ManageRight, Proof, ReadRight, TokenRight};
use crate::store::{self, Fault, ReadTx};

use super::read::{Expected, tagged};
use super::secrets::{id_of, members, seen};
use super::{Answer, Problem, schemas, wire, worded};

type Never = std::convert::Infallible;

/// Who may use a secret besides its owner.
#[derive(Serialize, ToSchema)]
pub struct Shares {
    #[schema(schema_with = schemas::sharing)]
    sharing: Sharing,
    /// Until when the whole workspace may; null where it has no end, or is not shared so.
    #[schema(required, format = DateTime)]
    until: Option<String>,
    /// The chosen members; empty but where it is shared with some.
    members: Vec<Share>,
}

/// A member who may use it.
#[derive(Serialize, ToSchema)]
pub struct Share {
    id: String,
    name: String,
    /// Until when; null where it has no end.
    #[schema(required, format = DateTime)]
    until: Option<String>,
}

/// Who shall be able to use a secret besides its owner, and nobody else.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SharesWish {
    #[schema(schema_with = schemas::sharing)]
    sharing: Sharing,
    /// Until when the whole workspace may.
    #[serde(default)]
    #[schema(format = DateTime)]
    until: Option<String>,
    /// The chosen members, where it is shared with some.
    #[serde(default)]
    #[schema(max_items = 500)]
    members: Vec<ShareWish>,
}

/// A member who shall be able to use it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareWish {
    /// The id of a member.
    id: String,
    #[serde(default)]
    #[schema(format = DateTime)]
    until: Option<String>,
}

/// As many as one request names.
const MOST: usize = 500;

impl From<Shared> for Shares {
    fn from(shared: Shared) -> Self {
        let share = |row: &store::shares::ShareRow| Share {
            id: row.person.to_string(),
            name: row.name.to_string(),
            until: wire(row.ends_at),
        };
        Self { sharing: shared.sharing, until: wire(shared.until), members: shared.people.iter().map(share).collect() }
    }
}

impl From<SharingRefusal> for Error {
    fn from(refusal: SharingRefusal) -> Self {
        match refusal {
            SharingRefusal::Changed => Self::Changed,
            SharingRefusal::NobodyChosen => Self::invalid("members: name at least one besides the owner."),
            SharingRefusal::NotAMember => Self::invalid("members: somebody who is named is no member."),
            SharingRefusal::Over => Self::invalid("until: an end has to lie ahead."),
        }
    }
}

fn until(text: Option<&str>) -> Result<Option<Moment>, Error> {
    let wrong = || Error::invalid("until is a time such as 2027-10-01T12:00:00.000Z, or null.");
    let sane = |at: &Moment| (0..=253_402_300_799_999_999).contains(&at.micros());
    text.map(|text| Moment::of_rfc3339(text).filter(sane).ok_or_else(wrong)).transpose()
}

fn understand(sent: &Sent) -> Result<Wish, Error> {
    let body: SharesWish = pipes::read(sent)?;
    if body.members.len() > MOST {
        return Err(Error::Invalid(format!("members: name at most {MOST}.")));
    }
    let mut people: BTreeMap<PersonId, Option<Moment>> = BTreeMap::new();
    for wish in &body.members {
        let person = wish.id.parse().map_err(|_| Error::from(SharingRefusal::NotAMember))?;
        people.insert(person, until(wish.until.as_deref())?);
    }
    Ok(Wish { sharing: body.sharing, until: until(body.until.as_deref())?, people })
}

fn tag_of(shared: &Shared) -> String {
    format!("\"{}\"", shared.fingerprint())
}

fn shown(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    id: &SecretId,
) -> Result<(String, Shares), store::Error> {
    let (admin, row) = seen(tx, by, id)?;
    let shared = Shared::read(tx, &admin, &row)?;
    Ok((tag_of(&shared), shared.into()))
}

/// Show who may use a secret
#[utoipa::path(get, path = "/api/v1/secrets/{secret}/shares", operation_id = "show_shares", tag = "Shares",
    params(("secret" = String, Path, description = "The id of a secret.")),
    responses((status = 200, description = "Who may use it besides its owner.", body = Shares,
        headers(("ETag" = String, description = "Its state, for If-Match.")))))]
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let id = caller.judged::<ReadRight, _>(&app, id_of(&path)).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| Ok::<_, Fault<Never>>(shown(tx, by, &id)?));
    let (tag, shares) = found.await?;
    Ok(tagged(&tag, &shares))
}

/// Share a secret
///
/// Makes its sharing what is sent, by a token that the secret's own owner has made. Nodes of workflows whose owner may not
/// use it any more need reconfiguration.
#[utoipa::path(put, path = "/api/v1/secrets/{secret}/shares", operation_id = "put_shares", tag = "Shares",
    params(("secret" = String, Path, description = "The id of a secret."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    request_body = SharesWish,
    responses((status = 200, description = "Who may use it now.", body = Shares,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn update(caller: Caller, path: Path<String>, expected: Expected, sent: Sent, app: Data<App>) -> Answer {
    let understood = id_of(&path).and_then(|id| Ok((id, understand(&sent)?)));
    let (id, wish) = caller.judged::<ManageRight, _>(&app, understood).await?;
    let (tag, shares) = change(&caller, &app, (id, wish, expected)).await?;
    Ok(tagged(&tag, &shares))
}

/// Take all shares away
///
/// The secret is its owner's alone from then on.
#[utoipa::path(delete, path = "/api/v1/secrets/{secret}/shares", operation_id = "delete_shares", tag = "Shares",
    params(("secret" = String, Path, description = "The id of a secret."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 204, description = "Nobody else may use it."),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn destroy(caller: Caller, path: Path<String>, expected: Expected, app: Data<App>) -> Answer {
    let id = caller.judged::<ManageRight, _>(&app, id_of(&path)).await?;
    let wish = Wish { sharing: Sharing::Private, until: None, people: BTreeMap::new() };
    change(&caller, &app, (id, wish, expected)).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn change(
    caller: &Caller,
    app: &Data<App>,
    (id, wish, expected): (SecretId, Wish, Expected),
) -> Result<(String, Shares), Error> {
    let (kit, any) = (app.kit(caller.address), Expected::any());
    let changed = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let (admin, row) = members(tx, by, (&id, &any))?;
        let shared = Shared::read(tx, &admin, &row)?;
        expected.meets(&tag_of(&shared))?;
        let (wish, seen) = (wish.clone(), shared.fingerprint());
        worded(kit.by_token(by, |tools| sharing::change(tx, &admin, tools, (&id, wish, &seen))))?;
        tokens::used(tx, by, kit.from)?;
        Ok::<_, Fault<Error>>(shown(tx, by, &id)?)
    });
    Ok(changed.await?)
}
