//! Secrets as machines see them: what is known of them, never a value.

mod changes;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::{Delivery, Environment, Kind, Moment, PersonId, SecretId, SecretState, Sharing, Slug};
use crate::store::access::{Admin, Proof, ReadRight, TokenRight};
use crate::store::paging::Part;
use crate::store::secrets::{ListedSecret, Narrow, SoughtOwner};
use crate::store::tokens::UserRow;
use crate::store::{self, Denied, Fault, ReadTx};

use super::read::{Asked, Page, stretch, tag, tagged};
use super::{Answer, admin, schemas, wire};

// The handlers and what describes them, which the attribute makes beside each.
pub use changes::*;

type Never = std::convert::Infallible;

/// What is known of a stored credential.
#[derive(Serialize, ToSchema)]
pub struct Secret {
    #[schema(examples("sec_01jd8x3f5k7q9r2t4v6w8y0z1a"))]
    id: String,
    name: String,
    /// The slug of its node type, which never changes.
    node_type: String,
    #[schema(schema_with = schemas::environment)]
    environment: Environment,
    #[schema(schema_with = schemas::kind)]
    kind: Kind,
    #[schema(schema_with = schemas::state)]
    state: SecretState,
    /// How its value may leave.
    #[schema(schema_with = schemas::delivery)]
    delivery: Delivery,
    /// Who may use it besides its owner.
    #[schema(schema_with = schemas::sharing)]
    sharing: Sharing,
    /// The member whose it is; null where it is an end user's or an organization's connection.
    #[schema(required)]
    owner: Option<Person>,
    /// The end user who owns the connection, by the customer's own name for them.
    #[schema(required)]
    end_user: Option<String>,
    #[schema(required)]
    organization: Option<String>,
    /// The last four characters of its value, where that has twelve or more.
    #[schema(required)]
    last_four: Option<String>,
    /// Which of its values is the current one, the first being number one; 0 before there was any.
    version: i64,
    #[schema(required, format = DateTime)]
    value_entered_at: Option<String>,
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    /// When another value is meant to be entered.
    #[schema(required, format = DateTime)]
    rotate_at: Option<String>,
    #[schema(required, format = DateTime)]
    last_used_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A member by their id, with their name.
#[derive(Serialize, ToSchema)]
pub struct Person {
    pub id: String,
    pub name: String,
}

impl Secret {
    pub(super) fn of(row: &ListedSecret, now: Moment) -> Self {
        let secret = &row.secret;
        let name = || row.owner_name.as_ref().map(ToString::to_string).unwrap_or_default();
        Self {
            id: secret.id.to_string(),
            name: secret.name.to_string(),
            node_type: secret.node_type.to_string(),
            environment: secret.environment,
            kind: secret.kind,
            state: secret.state(now),
            delivery: secret.delivery,
            sharing: row.facts().sharing_at(now),
            owner: secret.owner.as_ref().map(|id| Person { id: id.to_string(), name: name() }),
            end_user: row.end_user.clone(),
            organization: row.organization.clone(),
            last_four: secret.last_four.clone(),
            version: secret.value_number,
            value_entered_at: wire(secret.value_entered_at),
            expires_at: wire(secret.expires_at),
            rotate_at: wire(secret.rotate_at),
            last_used_at: wire(secret.last_used_at),
            created_at: secret.created_at.wire(),
            updated_at: secret.updated_at.wire(),
        }
    }
}

pub(super) fn id_of(text: &str) -> Result<SecretId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

/// A secret of the token's environment and of a node type that it may be told of.
pub(super) fn seen<'tx>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'tx, impl TokenRight>,
    id: &SecretId,
) -> Result<(Proof<'tx, Admin>, ListedSecret), store::Error> {
    let admin = admin(by)?;
    let row = store::secrets::find(tx, &admin, id)?.filter(|row| row.secret.environment == by.environment());
    let row = row.ok_or(Denied::NotFound)?;
    by.covers(&row.secret.node_type)?;
    Ok((admin, row))
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// The slug of a node type.
    node_type: Option<String>,
    #[param(schema_with = schemas::state)]
    state: Option<SecretState>,
    /// The id of a member: what they own.
    owner: Option<String>,
    /// The customer's own name for an end user: the connections that they own.
    end_user: Option<String>,
    /// The same for an organization.
    organization: Option<String>,
    /// How many, from 1 to 100; 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// What `next` said of the page before.
    after: Option<String>,
}

type Understood = (store::secrets::Sought, Narrow);

fn understand(sought: Sought) -> Result<(Understood, store::paging::Stretch<SecretId>), Error> {
    let stretch = stretch(sought.limit, sought.after.as_deref())?;
    let node_type = sought.node_type.as_deref().map(str::parse::<Slug>).transpose();
    let owner = sought.owner.as_deref().map(str::parse::<PersonId>).transpose();
    let rows = store::secrets::Sought {
        node_type: node_type.map_err(|_| Error::invalid("node_type is the slug of a node type."))?,
        owner: owner.map_err(|_| Error::invalid("owner is the id of a member."))?.map(SoughtOwner::Person),
        state: sought.state,
        ..store::secrets::Sought::default()
    };
    let narrow = Narrow { node_types: None, end_user: sought.end_user, organization: sought.organization };
    if [&narrow.end_user, &narrow.organization].into_iter().flatten().any(|name| name.contains('\0')) {
        return Err(Error::invalid("No end user or organization has such a name."));
    }
    Ok(((rows, narrow), stretch))
}

/// List secrets
///
/// Members' secrets and end users' connections of the token's environment, the newest first. A token acts for its maker,
/// who is an Admin: so it is told of every secret, and of no value.
#[utoipa::path(get, path = "/api/v1/secrets", operation_id = "list_secrets", tag = "Secrets", params(Sought),
    responses((status = 200, description = "A page of secrets.", body = Page<Secret>)))]
pub async fn index(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood = asked.into_inner().and_then(understand);
    let ((mut sought, mut narrow), stretch) = caller.judged::<ReadRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        if let Some(slug) = &sought.node_type {
            by.covers(slug)?;
        }
        sought.environment = Some(by.environment());
        narrow.node_types = by.limit().cloned();
        let Part { rows, has_more } = store::secrets::part(tx, &admin(by)?, (&sought, &narrow), &stretch)?;
        let data = rows.iter().map(|row| Secret::of(row, tx.now())).collect();
        Ok::<_, Fault<Never>>(Page::of(data, has_more, |last: &Secret| last.id.clone()))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Show a secret
#[utoipa::path(get, path = "/api/v1/secrets/{secret}", operation_id = "show_secret", tag = "Secrets",
    params(("secret" = String, Path, description = "The id of a secret.")),
    responses((status = 200, description = "The secret.", body = Secret,
        headers(("ETag" = String, description = "Its state, for If-Match.")))))]
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let id = caller.judged::<ReadRight, _>(&app, id_of(&path)).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let (_, row) = seen(tx, by, &id)?;
        Ok::<_, Fault<Never>>((tag(row.secret.revision), Secret::of(&row, tx.now())))
    });
    let (tag, secret) = found.await?;
    Ok(tagged(&tag, &secret))
}

/// A token that has used a secret.
#[derive(Serialize, ToSchema)]
pub struct Use {
    token_id: String,
    token_name: String,
    /// The member for whom the token acts.
    maker_id: String,
    /// How often it has used the secret since both are there.
    uses: i64,
    #[schema(format = DateTime)]
    last_used_at: String,
}

/// Everything that has used a secret.
#[derive(Serialize, ToSchema)]
pub struct Uses {
    data: Vec<Use>,
}

/// List who has used a secret
///
/// Each token that has used it, how often and when last, the latest first. Single uses are told by the record.
#[utoipa::path(get, path = "/api/v1/secrets/{secret}/uses", operation_id = "list_uses", tag = "Secrets",
    params(("secret" = String, Path, description = "The id of a secret.")),
    responses((status = 200, description = "The tokens that have used it.", body = Uses)))]
pub async fn uses(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let id = caller.judged::<ReadRight, _>(&app, id_of(&path)).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let (admin, row) = seen(tx, by, &id)?;
        Ok::<_, Fault<Never>>(store::tokens::users_of_any(tx, &admin, std::slice::from_ref(&row.secret.id))?)
    });
    let told = |row: UserRow| Use {
        token_id: row.token.to_string(),
        token_name: row.name.to_string(),
        maker_id: row.maker.to_string(),
        uses: row.uses,
        last_used_at: row.last_used_at.wire(),
    };
    Ok(HttpResponse::Ok().json(Uses { data: found.await?.into_iter().map(told).collect() }))
}
