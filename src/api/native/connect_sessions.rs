//! Pages on which end users connect by themselves, as backends ask for them.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actions::connect_sessions::{self, Offer, SessionRefusal};
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::api::pipes::{self, Subject};
use crate::app::App;
use crate::domain::connect_session::{Noted, Outcome, SessionState, Shade};
use crate::domain::{ConnectSessionId, Moment, NodeTypes, Slug};
use crate::store::access::ConnectRight;
use crate::store::connect_sessions::SessionRow;
use crate::store::{self, Denied, Fault};

use super::{Answer, Problem, schemas, worded};

/// Node types that one page may name.
const MOST_NODE_TYPES: usize = 50;

/// Whom a page is for, and for what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConnectSession {
    /// Your own name for the one who connects, of 1 to 255 visible characters. It may not begin with `usr_`.
    #[schema(min_length = 1, max_length = 255)]
    user_id: String,
    /// Your own name for their organization.
    #[serde(default)]
    organization_id: Option<String>,
    /// Whose the connections are: `user`, or `organization`, which needs `organization_id`.
    #[serde(default)]
    connection_owner: Option<String>,
    /// The slugs of the node types that may be connected.
    #[schema(min_items = 1, max_items = 50)]
    node_types: Vec<String>,
    /// The origin of your page that holds it in a frame, or opens it and hears of it. An Admin has registered it.
    #[serde(default)]
    #[schema(examples("https://app.example.com"))]
    origin: Option<String>,
    /// Where a button leads in the end. An Admin has registered it.
    #[serde(default)]
    return_to: Option<String>,
    /// Whether your page is light or dark; left out, the page follows its reader's system.
    #[serde(default)]
    #[schema(schema_with = schemas::shade)]
    theme: Option<Shade>,
}

/// A page on which one end user may connect.
#[derive(Serialize, ToSchema)]
pub struct ConnectSession {
    #[schema(examples("cns_01jd8x3f5k7q9r2t4v6w8y0z1a"))]
    id: String,
    /// What opens the page, once. It is told only when the session is made.
    #[schema(required)]
    url: Option<String>,
    #[schema(schema_with = schemas::session_state)]
    state: SessionState,
    user_id: String,
    #[schema(required)]
    organization_id: Option<String>,
    node_types: Vec<String>,
    #[schema(required)]
    origin: Option<String>,
    /// What came of it, for each node type the newest.
    results: Vec<ConnectResult>,
    #[schema(format = DateTime)]
    created_at: String,
    /// Until when it may be opened; once it is open, until when it may be used.
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
pub struct ConnectResult {
    node_type: String,
    #[schema(schema_with = schemas::outcome)]
    outcome: Outcome,
    /// The id of the connection.
    #[schema(required)]
    connection: Option<String>,
    #[schema(format = DateTime)]
    at: String,
}

impl ConnectSession {
    fn of(row: &SessionRow, url: Option<String>, now: Moment) -> Self {
        let results = row.results();
        let result = |(node_type, came): (&str, &Noted)| ConnectResult {
            node_type: node_type.to_owned(),
            outcome: came.outcome,
            connection: came.account.as_ref().map(ToString::to_string),
            at: came.at.wire(),
        };
        Self {
            id: row.id.to_string(),
            url,
            state: row.state(now),
            user_id: row.user.clone(),
            organization_id: row.of().organization,
            node_types: row.node_types.iter().map(ToString::to_string).collect(),
            origin: row.origin.clone(),
            results: results.iter().map(result).collect(),
            created_at: row.created_at.wire(),
            expires_at: row.expires_at.wire(),
        }
    }
}

impl From<SessionRefusal> for Error {
    fn from(refusal: SessionRefusal) -> Self {
        match refusal {
            SessionRefusal::NoType(_) => Self::Invalid(refusal.to_string()),
            SessionRefusal::Disabled => Self::Disabled,
            SessionRefusal::Origin => Self::Origin(refusal.to_string()),
            SessionRefusal::ReturnTo => Self::ReturnTo(refusal.to_string()),
            SessionRefusal::KeyReused => Self::KeyReused,
        }
    }
}

fn understand(app: &App, ask: &HttpRequest, sent: &Sent) -> Result<Offer, Error> {
    let body: NewConnectSession = pipes::read(sent)?;
    let of = Subject::of(&body.user_id, body.organization_id, body.connection_owner).end_users()?;
    if body.node_types.len() > MOST_NODE_TYPES {
        return Err(Error::Invalid(format!("node_types: at most {MOST_NODE_TYPES} may be named.")));
    }
    let slug = |text: String| {
        text.parse::<Slug>()
            .map_err(|_| Error::invalid("node_types: each is the slug of a node type of the workspace."))
    };
    let slugs = body.node_types.into_iter().map(slug).collect::<Result<Vec<_>, _>>()?;
    Ok(Offer {
        user: body.user_id,
        of,
        node_types: NodeTypes::new(slugs).ok_or_else(|| Error::invalid("node_types: name at least one."))?,
        origin: body.origin,
        return_to: body.return_to,
        shade: body.theme,
        once: pipes::once_of(app, ask, sent)?,
    })
}

/// Make a connect session
///
/// A page for one end user, which its `url` opens once within half an hour. With an `Idempotency-Key` the same request
/// makes another one in place of the one before.
#[utoipa::path(post, path = "/api/v1/connect-sessions", operation_id = "create_connect_session", tag = "Connect sessions",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters of your own.")),
    request_body = NewConnectSession,
    responses((status = 201, description = "The session, with the address that opens it.", body = ConnectSession),
        (status = 409, description = "The Idempotency-Key stood for something else.", body = Problem)))]
pub async fn create(caller: Caller, ask: HttpRequest, sent: Sent, app: Data<App>) -> Answer {
    let offer = caller.judged::<ConnectRight, _>(&app, understand(&app, &ask, &sent)).await?;
    let kit = app.kit(caller.address);
    let made = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        worded(kit.by_token(by, |tools| connect_sessions::make(tx, by, tools, &offer)))
    });
    let (row, link) = made.await?;
    let url = app.connect_session(link.as_str());
    Ok(HttpResponse::Created().json(ConnectSession::of(&row, Some(url), app.clock.now())))
}

fn id_of(path: &str) -> Result<ConnectSessionId, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

/// Show a connect session
///
/// One that this very token has made, with what came of it. It is kept for a day.
#[utoipa::path(get, path = "/api/v1/connect-sessions/{session}", operation_id = "show_connect_session",
    tag = "Connect sessions", params(("session" = String, Path, description = "The id of a session.")),
    responses((status = 200, description = "The session.", body = ConnectSession)))]
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let id = caller.judged::<ConnectRight, _>(&app, id_of(&path)).await?;
    let found = app.db.read(caller.ask::<ConnectRight>(), move |tx, by| {
        let row = store::connect_sessions::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Error>>(ConnectSession::of(&row, None, tx.now()))
    });
    Ok(HttpResponse::Ok().json(found.await?))
}

/// End a connect session
///
/// Neither its link nor its open page does anything from then on. What was connected stays.
#[utoipa::path(delete, path = "/api/v1/connect-sessions/{session}", operation_id = "end_connect_session",
    tag = "Connect sessions", params(("session" = String, Path, description = "The id of a session.")),
    responses((status = 204, description = "It is over.")))]
pub async fn destroy(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let id = caller.judged::<ConnectRight, _>(&app, id_of(&path)).await?;
    let kit = app.kit(caller.address);
    let ended = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        Ok::<_, Fault<Error>>(kit.by_token(by, |tools| connect_sessions::end(tx, by, tools, &id))?)
    });
    ended.await?;
    Ok(HttpResponse::NoContent().finish())
}
