//! The description of this API as OpenAPI 3.1: made of the handlers and their types, and of the table of routes.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::api::codes::Code;
use crate::app::routes::{Least, MACHINES};

use super::{
    audit, connect_sessions, connections, members, node_types, outsiders, pickers, secrets, shares, token, usage,
    workflows,
};

#[derive(OpenApi)]
#[openapi(
    paths(
        token::show,
        node_types::index,
        node_types::show,
        secrets::index,
        secrets::show,
        secrets::update,
        secrets::destroy,
        secrets::disconnect,
        secrets::uses,
        shares::show,
        shares::update,
        shares::destroy,
        workflows::index,
        workflows::show,
        workflows::register,
        workflows::destroy,
        workflows::add_node,
        workflows::remove_node,
        workflows::bind_node,
        workflows::unbind_node,
        workflows::vend,
        pickers::show,
        outsiders::end_users,
        outsiders::end_user,
        outsiders::organizations,
        outsiders::organization,
        connect_sessions::create,
        connect_sessions::show,
        connect_sessions::destroy,
        connections::destroy,
        connections::disconnect,
        members::index,
        members::show,
        usage::index,
        audit::index,
    ),
    components(schemas(super::Problem)),
    tags(
        (name = "Token", description = "The service token that asks."),
        (name = "Node types", description = "The kinds of action that the workspace keeps secrets for."),
        (name = "Secrets", description = "What is known of stored credentials. No route here takes or answers a value: keys \
            are entered on the pages, and end users' by the Pipes-compatible routes."),
        (name = "Shares", description = "Who may use a secret besides its owner. Sharing gives use, never sight."),
        (name = "Workflows", description = "Registered consumers of secrets and their nodes."),
        (name = "End users", description = "Those outside the workspace, and what they have connected."),
        (name = "Connect sessions", description = "Pages on which your users connect accounts and keys by themselves, alone or \
            in a frame on your own site."),
        (name = "Members", description = "The people of the workspace."),
        (name = "Usage", description = "How often secrets were used."),
        (name = "Audit", description = "The record of changes and uses."),
    ),
)]
struct Described;

const ABOUT: &str = "Keyrack's own API. Send a service token as `Authorization: Bearer …`; it acts for its maker, in its one \
    environment, and within its limits. Lists are read page by page: `next` of one goes into `after` for the following one. \
    Every error is an object with `code`, `message` and `docs`. Answers tell in `RateLimit-Limit`, `RateLimit-Remaining` and \
    `RateLimit-Reset` how fast the token may go on. The Pipes-compatible routes are described in docs/pipes.md.";

/// The whole document, as it is served.
pub fn document() -> Value {
    let Ok(Value::Object(mut whole)) = serde_json::to_value(Described::openapi()) else { return Value::Null };
    let errors = Code::ALL
        .iter()
        .map(|code| json!({ "code": code, "status": code.status().as_u16(), "means": code.means() }))
        .collect();
    let info = json!({ "title": "Keyrack", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT });
    whole.extend([
        ("info".to_owned(), info),
        ("servers".to_owned(), json!([{ "url": "/" }])),
        ("security".to_owned(), json!([{ "token": [] }])),
        ("x-errors".to_owned(), errors),
    ]);
    if let Some(components) = whole.get_mut("components").and_then(Value::as_object_mut) {
        let scheme = json!({ "type": "http", "scheme": "bearer", "description": "A service token." });
        components.insert("securitySchemes".to_owned(), json!({ "token": scheme }));
    }
    let paths = whole.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete(operation, (method, path));
            }
        }
    }
    Value::Object(whole)
}

/// What every route has, or every route of its kind.
fn complete(operation: &mut Map<String, Value>, (method, path): (&str, &str)) {
    let row = MACHINES.iter().find(|row| row.path == path && row.method.as_str().eq_ignore_ascii_case(method));
    let ability = match row.map(|row| row.least) {
        Some(Least::Token(ability)) => ability.as_str(),
        _ => "any",
    };
    operation.insert("x-ability".to_owned(), json!(ability));
    let has_body = operation.contains_key("requestBody");
    let parameters = operation.get("parameters").and_then(Value::as_array);
    let has_query = parameters.into_iter().flatten().any(|one| one.get("in").is_some_and(|place| place == "query"));
    let mut codes = vec![400, 401, 403, 429, 500, 503];
    if path.contains('{') {
        codes.push(404);
    }
    if has_query || has_body {
        codes.push(422);
    }
    if has_body {
        codes.extend([408, 413]);
    }
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for status in codes {
        responses.entry(status.to_string()).or_insert_with(|| json!({ "description": meaning(status) }));
    }
    for (status, response) in responses {
        problem(status, response);
    }
}

/// Which codes come with a status.
fn meaning(status: u16) -> String {
    let words: Vec<&str> =
        NATIVE.iter().filter(|code| code.status().as_u16() == status).map(|code| code.as_str()).collect();
    format!("An error: {}.", words.join(", "))
}

/// An error's answer has the one shape, and the header by which a client waits.
fn problem(status: &str, response: &mut Value) {
    let Some(response) = response.as_object_mut().filter(|_| status.starts_with(['4', '5'])) else { return };
    let shape = json!({ "$ref": "#/components/schemas/Problem" });
    response.insert("content".to_owned(), json!({ "application/json": { "schema": shape } }));
    if matches!(status, "429" | "503") {
        let about = json!({ "description": "Seconds to wait.", "schema": { "type": "integer" } });
        response.insert("headers".to_owned(), json!({ "Retry-After": about }));
    }
}

/// The codes that these routes answer; the others belong to the Pipes-compatible ones.
const NATIVE: &[Code] = &[
    Code::InvalidRequest,
    Code::Origin,
    Code::ReturnTo,
    Code::KeyReused,
    Code::Unauthorized,
    Code::InsufficientAbility,
    Code::AddressNotAllowed,
    Code::NodeTypeNotAllowed,
    Code::NodeTypeDisabled,
    Code::NotYours,
    Code::OwnedByEndUser,
    Code::ProxyOnly,
    Code::TokenNotListed,
    Code::OfAnotherMember,
    Code::NotFound,
    Code::RequestTimeout,
    Code::PayloadTooLarge,
    Code::InvalidParameters,
    Code::RateLimited,
    Code::Internal,
    Code::NotRenewed,
    Code::Unavailable,
];
