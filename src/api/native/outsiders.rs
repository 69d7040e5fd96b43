//! End users and organizations with what they have connected.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::api::pipes::external;
use crate::app::App;
use crate::domain::secret::ConnectionRole;
use crate::domain::{EndUserId, Moment, OrganizationId, SecretState};
use crate::store::access::ReadRight;
use crate::store::outsiders::{self, OutsiderRow, OwnedRow};
use crate::store::{Denied, Fault};

use super::read::{Asked, Page, stretch};
use super::{Answer, schemas};

type Never = std::convert::Infallible;

/// Somebody outside the workspace, or a group of them, who owns connections in the token's environment.
#[derive(Serialize, ToSchema)]
pub struct Outsider {
    #[schema(examples("eu_01jd8x3f5k7q9r2t4v6w8y0z1a"))]
    id: String,
    /// The customer's own name for them.
    external_id: String,
    connections: Vec<Connection>,
    /// When they were mentioned first.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A connection of theirs. More is told of it as a secret.
#[derive(Serialize, ToSchema)]
pub struct Connection {
    id: String,
    /// The slug of its node type.
    node_type: String,
    #[schema(schema_with = schemas::connection_role)]
    role: ConnectionRole,
    #[schema(schema_with = schemas::state)]
    state: SecretState,
}

impl Outsider {
    fn of<I: std::fmt::Display + PartialEq>(row: OutsiderRow<I>, owned: &[OwnedRow<I>], now: Moment) -> Self {
        let connection = |owned: &OwnedRow<I>| Connection {
            id: owned.id.to_string(),
            node_type: owned.node_type.to_string(),
            role: owned.role(),
            state: owned.state(now),
        };
        Self {
            connections: owned.iter().filter(|owned| owned.owner == row.id).map(connection).collect(),
            id: row.id.to_string(),
            external_id: row.external_id,
            created_at: row.created_at.wire(),
        }
    }
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// How many, from 1 to 100; 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// What `next` said of the page before.
    after: Option<String>,
}

/// List end users
///
/// Those who own connections in the token's environment, of the node types that it may be told of; who came last first.
#[utoipa::path(get, path = "/api/v1/end-users", operation_id = "list_end_users", tag = "End users", params(Sought),
    responses((status = 200, description = "A page of end users.", body = Page<Outsider>)))]
pub async fn end_users(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood = asked.into_inner().and_then(|sought| stretch::<EndUserId>(sought.limit, sought.after.as_deref()));
    let stretch = caller.judged::<ReadRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let part = outsiders::end_users_part(tx, by, &stretch)?;
        let ids: Vec<EndUserId> = part.rows.iter().map(|row| row.id.clone()).collect();
        let owned = outsiders::of_end_users(tx, by, &ids)?;
        let data = part.rows.into_iter().map(|row| Outsider::of(row, &owned, tx.now())).collect();
        Ok::<_, Fault<Never>>(Page::of(data, part.has_more, |last: &Outsider| last.id.clone()))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Show an end user
#[utoipa::path(get, path = "/api/v1/end-users/{user}", operation_id = "show_end_user", tag = "End users",
    params(("user" = String, Path, description = "The customer's own name for them.")),
    responses((status = 200, description = "The end user.", body = Outsider)))]
pub async fn end_user(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let name = external(&path, "user").map_err(|_| Error::NotFound);
    let name = caller.judged::<ReadRight, _>(&app, name).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let row = outsiders::find_end_user(tx, by, &name)?.ok_or(Denied::NotFound)?;
        let owned = outsiders::of_end_users(tx, by, std::slice::from_ref(&row.id))?;
        Ok::<_, Fault<Never>>(Outsider::of(row, &owned, tx.now()))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// List organizations
///
/// Those that own connections in the token's environment, or whose end users do for them; which came last first.
#[utoipa::path(get, path = "/api/v1/organizations", operation_id = "list_organizations", tag = "End users",
    params(Sought),
    responses((status = 200, description = "A page of organizations.", body = Page<Outsider>)))]
pub async fn organizations(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood =
        asked.into_inner().and_then(|sought| stretch::<OrganizationId>(sought.limit, sought.after.as_deref()));
    let stretch = caller.judged::<ReadRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let part = outsiders::organizations_part(tx, by, &stretch)?;
        let ids: Vec<OrganizationId> = part.rows.iter().map(|row| row.id.clone()).collect();
        let owned = outsiders::of_organizations(tx, by, &ids)?;
        let data = part.rows.into_iter().map(|row| Outsider::of(row, &owned, tx.now())).collect();
        Ok::<_, Fault<Never>>(Page::of(data, part.has_more, |last: &Outsider| last.id.clone()))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Show an organization
#[utoipa::path(get, path = "/api/v1/organizations/{organization}", operation_id = "show_organization", tag = "End users",
    params(("organization" = String, Path, description = "The customer's own name for it.")),
    responses((status = 200, description = "The organization.", body = Outsider)))]
pub async fn organization(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let name = external(&path, "organization").map_err(|_| Error::NotFound);
    let name = caller.judged::<ReadRight, _>(&app, name).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let row = outsiders::find_organization(tx, by, &name)?.ok_or(Denied::NotFound)?;
        let owned = outsiders::of_organizations(tx, by, std::slice::from_ref(&row.id))?;
        Ok::<_, Fault<Never>>(Outsider::of(row, &owned, tx.now()))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}
