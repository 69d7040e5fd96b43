//! What accounts look like on the wire.

use serde_json::{Map, Value, json};

use crate::actions::entering::Facts;
use crate::actions::renewing;
use crate::api::error::Error;
use crate::domain::{Kind, Method, Moment, SecretState, Slug};
use crate::store::connections::ConnectionRow;

pub(super) fn slug_of(path: &str) -> Result<Slug, Error> {
    path.parse().map_err(|_| Error::NotFound)
}

/// A method as the wire calls it.
pub(super) fn method_word(method: Method) -> &'static str {
    match method {
        Method::Key => "api_key",
        Method::OAuth => "oauth",
        Method::ClientCredentials => "client_credentials",
    }
}

fn state_of(row: &ConnectionRow, now: Moment) -> (&'static str, Option<&'static str>) {
    match row.secret.state(now) {
        SecretState::Connected => ("connected", None),
        SecretState::Rejected => ("needs_reauthorization", Some("rejected")),
        SecretState::Expired => ("needs_reauthorization", Some("expired")),
        SecretState::NeedsReauthorization => ("needs_reauthorization", None),
        SecretState::Disconnected => ("disconnected", None),
    }
}

/// An account with every field of it, and no value.
pub(super) fn connected_account(row: &ConnectionRow, now: Moment) -> Value {
    Value::Object(fields(row, now))
}

/// The same among the fields of its provider, where it has some of them once more.
pub(super) fn embedded_account(row: &ConnectionRow, now: Moment) -> Value {
    let mut fields = fields(row, now);
    let more = [
        ("userlandUserId", json!(user_of(row))),
        ("userland_user_id", json!(user_of(row))),
        ("organizationId", json!(row.organization)),
        ("createdAt", json!(row.secret.created_at.wire())),
        ("updatedAt", json!(row.secret.updated_at.wire())),
    ];
    fields.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(fields)
}

/// An end user, or the member whose own it is.
fn user_of(row: &ConnectionRow) -> Option<String> {
    row.end_user.clone().or_else(|| row.secret.owner.as_ref().map(ToString::to_string))
}

/// What a node type that was added with its first key says of it.
pub(super) fn installation(row: &ConnectionRow) -> Value {
    json!({
        "id": row.secret.id,
        "connection_role": role_of(row),
        "account_identifier": row.account_identifier,
        "account_display_name": row.account_name,
        "user_id": row.end_user,
        "organization_id": row.organization,
        "api_key_last_4": row.secret.last_four,
    })
}

fn role_of(row: &ConnectionRow) -> &'static str {
    row.role.map_or("standard", |role| role.as_str())
}

fn fields(row: &ConnectionRow, now: Moment) -> Map<String, Value> {
    let (state, reason) = state_of(row, now);
    let mut plain = Facts::read(&row.secret.facts).fields;
    let client_id = plain.get(renewing::CLIENT_ID).cloned();
    let is_client = row.secret.kind == Kind::ClientCredentials;
    if is_client {
        plain.retain(|name, _| !renewing::is_own(name));
    }
    let last_four = |of_client: bool| row.secret.last_four.as_ref().filter(|_| is_client == of_client);
    let fields = json!({
        "object": "connected_account",
        "id": row.secret.id,
        "connection_role": role_of(row),
        "account_identifier": row.account_identifier,
        "account_display_name": row.account_name.as_ref().or(row.found_name.as_ref()),
        "user_id": user_of(row),
        "organization_id": row.organization,
        "scopes": row.granted.iter().flat_map(|scopes| scopes.names()).collect::<Vec<_>>(),
        "auth_method": method_word(row.secret.kind.method()),
        "api_key_last_4": last_four(false),
        "client_id": client_id.filter(|_| is_client),
        "client_secret_last_4": last_four(true),
        "config": plain,
        "state": state,
        "established_by_user_id": row.established_by.clone().or_else(|| user_of(row)),
        "state_reason": reason,
        "created_at": row.secret.created_at.wire(),
        "updated_at": row.secret.updated_at.wire(),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
