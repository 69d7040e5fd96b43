//! Workflows as the systems that run them see them: read, registered, changed, and their nodes' credentials vended.

mod changes;
mod register;
mod shapes;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::actions::vend;
use crate::actions::workflows::WorkflowRefusal;
use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::api::pipes;
use crate::app::App;
use crate::domain::{Called, WorkflowId};
use crate::store::access::{ReadRight, VendRight, Wanted};
use crate::store::paging::Part;
use crate::store::{self, Denied, Fault};

use super::read::{Asked, Page, stretch, tag, tagged};
use super::{Answer, Problem};

// The handlers and what describes them, which the attribute makes beside each.
pub use changes::*;
pub use register::*;
pub use shapes::*;

type Never = std::convert::Infallible;

fn called(text: &str) -> Result<Called, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

impl From<WorkflowRefusal> for Error {
    fn from(refusal: WorkflowRefusal) -> Self {
        match refusal {
            WorkflowRefusal::Disabled => Self::Disabled,
            WorkflowRefusal::Taken | WorkflowRefusal::KeyTaken => Self::Taken(refusal.to_string()),
            other => Self::Invalid(other.to_string()),
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

/// List workflows
///
/// Everybody's in the token's environment, the newest first, with those of their nodes that the token may be told of.
#[utoipa::path(get, path = "/api/v1/workflows", operation_id = "list_workflows", tag = "Workflows", params(Sought),
    responses((status = 200, description = "A page of workflows.", body = Page<Workflow>)))]
pub async fn index(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood = asked.into_inner().and_then(|sought| stretch::<WorkflowId>(sought.limit, sought.after.as_deref()));
    let stretch = caller.judged::<ReadRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let Part { rows, has_more } = store::workflows::part_for_token(tx, by, &stretch)?;
        let data = Workflow::all(tx, by, rows)?;
        Ok::<_, Fault<Never>>(Page::of(data, has_more, |last: &Workflow| last.id().to_owned()))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// Show a workflow
#[utoipa::path(get, path = "/api/v1/workflows/{workflow}", operation_id = "show_workflow", tag = "Workflows",
    params(("workflow" = String, Path, description = "Its id, or its external id.")),
    responses((status = 200, description = "The workflow.", body = Workflow,
        headers(("ETag" = String, description = "Its state, for If-Match.")))))]
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let called = caller.judged::<ReadRight, _>(&app, called(&path)).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let row = store::workflows::find_for_token(tx, by, &called)?.ok_or(Denied::NotFound)?;
        let tag = tag(row.revision);
        Ok::<_, Fault<Never>>((tag, Workflow::of(tx, by, row)?))
    });
    let (tag, workflow) = found.await?;
    Ok(tagged(&tag, &workflow))
}

/// What a node may use, or that there is nothing to have at the moment.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Vended {
    Active {
        /// Always true.
        active: bool,
        credential: Credential,
    },
    Inactive {
        /// Always false.
        active: bool,
        /// `not_installed` where there is no value, `needs_reauthorization` where it has expired or was taken back.
        error: String,
    },
}

/// A value on its way to a backend.
#[derive(Serialize, ToSchema)]
pub struct Credential {
    /// Always `credential`.
    object: String,
    /// `api_key`, `oauth` or `client_credentials`.
    auth_method: String,
    value: String,
    /// The other fields of the credential, by their names.
    config: std::collections::BTreeMap<String, String>,
    /// Of tokens: until when this one works.
    #[schema(nullable, format = DateTime)]
    expires_at: Option<String>,
    /// Of tokens: what they allow.
    #[schema(nullable = false)]
    scopes: Option<Vec<String>>,
    /// Of tokens: what was asked for and is not allowed.
    #[schema(nullable = false)]
    missing_scopes: Option<Vec<String>>,
}

/// Vend for a node
///
/// Answers the value of the secret that the node is bound to. The workflow has to list the token, its owner has to be
/// allowed to use the secret at this moment, and the secret's delivery has to be `vend`. The use is recorded before the
/// answer leaves.
#[utoipa::path(post, path = "/api/v1/workflows/{workflow}/nodes/{node}/credentials", operation_id = "vend_for_node",
    tag = "Workflows",
    params(("workflow" = String, Path, description = "Its id, or its external id."),
        ("node" = String, Path, description = "The key of the node.")),
    responses((status = 200, description = "The value, or that there is none to have now.", body = Vended),
        (status = 409, description = "The node needs reconfiguration, or its value cannot be opened.", body = Problem)))]
pub async fn vend(caller: Caller, path: Path<(String, String)>, app: Data<App>) -> Answer {
    let wanted = called(&path.0).and_then(|workflow| {
        let key = path.1.parse().map_err(|_| Error::NotFound)?;
        Ok(Wanted::Node { workflow, key, node_type: None })
    });
    let wanted = caller.judged::<VendRight, _>(&app, wanted).await?;
    let vended = vend::vend(&app.renewer, &app.kit(caller.address), || caller.ask(), wanted).await;
    pipes::vend_answer(vended)
}
