//! The secrets that an editor of workflows offers for a node.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::{Called, Delivery, Name, SecretId, SecretState, Slug};
use crate::store::access::{Member, ReadRight};
use crate::store::secrets::ListedSecret;
use crate::store::{self, Denied, Fault};

use super::read::Asked;
use super::secrets::Person;
use super::{Answer, schemas};

/// What there is to choose from.
#[derive(Serialize, ToSchema)]
pub struct Picker {
    /// The first so many, by their names.
    data: Vec<Choice>,
    /// How many there are in all; `q` finds those that are not shown.
    total: u64,
}

/// A secret that the node may be bound to.
#[derive(Serialize, ToSchema)]
pub struct Choice {
    id: String,
    name: String,
    #[schema(required)]
    last_four: Option<String>,
    #[schema(schema_with = schemas::state)]
    state: SecretState,
    #[schema(schema_with = schemas::delivery)]
    delivery: Delivery,
    /// Whose it is; somebody else's is shared with the workflow's owner.
    #[schema(required)]
    owner: Option<Person>,
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// The id or the external id of the workflow. Without it, what the token's maker may bind in one of theirs.
    workflow: Option<String>,
    /// Part of a name.
    q: Option<String>,
    /// How many to show, from 1 to 100; 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

struct Understood {
    slug: Slug,
    workflow: Option<Called>,
    name: Option<String>,
    limit: i64,
}

fn understand(path: &str, sought: Sought) -> Result<Understood, Error> {
    let workflow = sought.workflow.as_deref().map(|text| text.parse().map_err(|_| Error::NotFound));
    let limit = super::read::stretch::<SecretId>(sought.limit, None)?.limit;
    Ok(Understood {
        slug: path.parse().map_err(|_| Error::NotFound)?,
        workflow: workflow.transpose()?,
        name: sought.q.as_deref().and_then(Name::part_of_key),
        limit: i64::try_from(limit).unwrap_or(1),
    })
}

/// Offer secrets for a node
///
/// What a node of this node type can be bound to: the secrets of the token's environment that the workflow's owner may use,
/// by their names. An end user's connection is never among them. The pages offer the very same.
#[utoipa::path(get, path = "/api/v1/pickers/{slug}", operation_id = "show_picker", tag = "Workflows",
    params(("slug" = String, Path, description = "The slug of the node's node type."), Sought),
    responses((status = 200, description = "What there is to choose from.", body = Picker)))]
pub async fn show(caller: Caller, path: Path<String>, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood = asked.into_inner().and_then(|sought| understand(&path, sought));
    let Understood { slug, workflow, name, limit } = caller.judged::<ReadRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        by.covers(&slug)?;
        store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        if let Some(called) = &workflow {
            let row = store::workflows::find_for_token(tx, by, called)?.ok_or(Denied::NotFound)?;
            // Only its owner binds, so nobody else is offered anything for it.
            if row.owner != *by.maker() {
                return Err(Error::NotYours.into());
            }
        }
        let maker = by.makers::<Member>().ok_or(Denied::NotFound)?;
        let sought = store::secrets::Sought {
            name: name.clone(),
            node_type: Some(slug.clone()),
            environment: Some(by.environment()),
            ..store::secrets::Sought::default()
        };
        let choice = store::secrets::choice(tx, &maker, &sought, limit)?;
        let now = tx.now();
        let choice_of = |row: &ListedSecret| Choice {
            id: row.secret.id.to_string(),
            name: row.secret.name.to_string(),
            last_four: row.secret.last_four.clone(),
            state: row.secret.state(now),
            delivery: row.secret.delivery,
            owner: row.secret.owner.as_ref().map(|id| Person {
                id: id.to_string(),
                name: row.owner_name.as_ref().map(ToString::to_string).unwrap_or_default(),
            }),
        };
        Ok::<_, Fault<Error>>(Picker { data: choice.rows.iter().map(choice_of).collect(), total: choice.all })
    });
    Ok(HttpResponse::Ok().json(found.await?))
}
