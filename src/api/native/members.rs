//! The people of the workspace, for whoever may see them all.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::{PersonId, Role};
use crate::store::access::ReadRight;
use crate::store::members::MemberRow;
use crate::store::{self, Denied, Fault};

use super::read::{Asked, Page, stretch};
use super::{Answer, admin, schemas};

type Never = std::convert::Infallible;

/// A person in the workspace.
#[derive(Serialize, ToSchema)]
pub struct Member {
    #[schema(examples("usr_01jd8x3f5k7q9r2t4v6w8y0z1a"))]
    id: String,
    name: String,
    email: String,
    #[schema(schema_with = schemas::role)]
    role: Role,
    /// Since when they belong to it.
    #[schema(format = DateTime)]
    since: String,
}

impl From<&MemberRow> for Member {
    fn from(row: &MemberRow) -> Self {
        Self {
            id: row.person.to_string(),
            name: row.name.to_string(),
            email: row.email.to_string(),
            role: row.role,
            since: row.joined_at.wire(),
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

/// List members
///
/// The people of the workspace, whose account is the newest first. They are changed by people alone.
#[utoipa::path(get, path = "/api/v1/members", operation_id = "list_members", tag = "Members", params(Sought),
    responses((status = 200, description = "A page of members.", body = Page<Member>)))]
pub async fn index(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood = asked.into_inner().and_then(|sought| stretch::<PersonId>(sought.limit, sought.after.as_deref()));
    let stretch = caller.judged::<ReadRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        Ok::<_, Fault<Never>>(store::members::part(tx, &admin(by)?, &stretch)?)
    });
    let part = found.await?;
    let data = part.rows.iter().map(Member::from).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, part.has_more, |last: &Member| last.id.clone())))
}

/// Show a member
#[utoipa::path(get, path = "/api/v1/members/{member}", operation_id = "show_member", tag = "Members",
    params(("member" = String, Path, description = "The id of a member.")),
    responses((status = 200, description = "The member.", body = Member)))]
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let id: Result<PersonId, Error> = path.parse().map_err(|_| Error::NotFound);
    let id = caller.judged::<ReadRight, _>(&app, id).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        Ok::<_, Fault<Never>>(store::members::find(tx, &admin(by)?, &id)?.ok_or(Denied::NotFound)?)
    });
    Ok(HttpResponse::Ok().json(Member::from(&found.await?)))
}
