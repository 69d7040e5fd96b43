//! Who the token itself is.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::api::authenticate::Caller;
use crate::app::App;
use crate::domain::{Ability, Environment, Role, policy};
use crate::store::access::{AnyRight, Member};
use crate::store::{self, Denied, Fault};

use super::{Answer, schemas, wire};

type Never = std::convert::Infallible;

/// The service token that asks.
#[derive(Serialize, ToSchema)]
pub struct Token {
    #[schema(examples("tok_01jd8x3f5k7q9r2t4v6w8y0z1a"))]
    id: String,
    name: String,
    workspace: Workspace,
    /// The only one whose things are there for it.
    #[schema(schema_with = schemas::environment)]
    environment: Environment,
    /// What it may do at this moment: none of them while its maker may not give them.
    abilities: Vec<AbilityWord>,
    /// The slugs of the node types that it is limited to; null where it is for all of them.
    #[schema(required)]
    node_types: Option<Vec<String>>,
    /// The addresses and networks that it is limited to; null where it may come from everywhere.
    #[schema(required)]
    networks: Option<String>,
    /// The methods and paths that it is limited to through the proxy, each as in `GET /charges`; null where it may make
    /// every call.
    #[schema(required)]
    calls: Option<Vec<String>>,
    maker: Maker,
    /// From when it does not work any more; null where it has no such day.
    #[schema(required, format = DateTime)]
    expires_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

/// What a token may do.
#[derive(Serialize)]
#[serde(transparent)]
pub struct AbilityWord(Ability);

impl utoipa::PartialSchema for AbilityWord {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        schemas::ability().into()
    }
}

impl ToSchema for AbilityWord {
    fn name() -> std::borrow::Cow<'static, str> {
        "Ability".into()
    }
}

/// The workspace that the token belongs to.
#[derive(Serialize, ToSchema)]
pub struct Workspace {
    id: String,
    slug: String,
    name: String,
}

/// The member for whom it acts.
#[derive(Serialize, ToSchema)]
pub struct Maker {
    id: String,
    name: String,
    #[schema(schema_with = schemas::role)]
    role: Role,
}

/// The token that asks
///
/// Tells who it is, what it may do, and to what it is limited. Any token may ask.
#[utoipa::path(get, path = "/api/v1/token", operation_id = "show_token", tag = "Token",
    responses((status = 200, description = "The token.", body = Token)))]
pub async fn show(caller: Caller, app: Data<App>) -> Answer {
    let found = app.db.read(caller.ask::<AnyRight>(), |tx, by| {
        let maker = by.makers::<Member>().ok_or(Denied::NotFound)?;
        let row = store::tokens::find(tx, &maker, by.token())?.ok_or(Denied::NotFound)?;
        let workspace = store::workspaces::current(tx, by)?;
        let in_force = policy::may_make_token(maker.role(), &row.abilities);
        Ok::<_, Fault<Never>>(Token {
            id: row.id.to_string(),
            name: row.name.to_string(),
            workspace: Workspace {
                id: workspace.id.to_string(),
                slug: workspace.slug.to_string(),
                name: workspace.name.to_string(),
            },
            environment: row.environment,
            abilities: row.abilities.iter().filter(|_| in_force).map(AbilityWord).collect(),
            node_types: row.node_types.map(|limit| limit.iter().map(ToString::to_string).collect()),
            networks: row.networks.map(|networks| networks.to_string()),
            calls: row.calls.map(|calls| calls.words()),
            maker: Maker { id: row.maker.to_string(), name: row.maker_name.to_string(), role: maker.role() },
            expires_at: wire(row.expires_at),
            created_at: row.created_at.wire(),
        })
    });
    Ok(HttpResponse::Ok().json(found.await?))
}
