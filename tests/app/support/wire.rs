//! The shapes of the Pipes wire, field by field: every field is there, none besides, each of its type.

use serde_json::Value;

/// `name: type`, where `?` allows null and `[]` is a list of texts.
const ACCOUNT: &str = "object=connected_account, id: text, connection_role: compatibility|standard, \
    account_identifier: text?, account_display_name: text?, user_id: text?, organization_id: text?, scopes: [], \
    auth_method: oauth|api_key|client_credentials, api_key_last_4: text?, client_id: text?, \
    client_secret_last_4: text?, config: texts, state: connected|needs_reauthorization|disconnected, \
    established_by_user_id: text?, state_reason: text?, created_at: time, updated_at: time";
const EMBEDDED: &str = ", userlandUserId: text?, userland_user_id: text?, organizationId: text?, createdAt: time, \
    updatedAt: time";
const PROVIDER: &str = "object=data_provider, id: text, name: text, description: text?, slug: text, \
    integration_type: text, credentials_type: text, scopes: []?, auth_methods: [], \
    connection_owner: user|organization, ownership: userland_user|organization, created_at: time, updated_at: time, \
    integrationType: text, credentialsType: text, createdAt: time, updatedAt: time, connected_account: any, \
    connected_accounts: any";
const INTEGRATION: &str = "object=data_integration, id: text, slug: text, integration_type: text, \
    ownership: user|organization, description: text?, enabled: bool, state: valid|invalid|requested, scopes: []?, \
    redirect_uri: text, auth_methods: [], credentials: any, installation: any, config: texts, custom_provider: any, \
    created_at: time, updated_at: time";
const INSTALLATION: &str = "id: text, connection_role: compatibility|standard, account_identifier: text?, \
    account_display_name: text?, user_id: text?, organization_id: text?, api_key_last_4: text?";
const CREDENTIALS: &str = "type: custom|organization, client_id: text?, redacted_client_secret: text?";
const CONFIGURATION: &str = "object=data_integration_configuration, id: text, organization_id: text, slug: text, \
    name: text, enabled: bool, scopes: []?, config: texts, created_at: time, updated_at: time";
const BROUGHT: &str = "credentials_type: organization, has_credentials: bool, client_id: text?, \
    client_secret_last_four: text?, redirect_uri: text";
const OAUTH: &str = "object=credential, auth_method: oauth|client_credentials, value: text, expires_at: time?, \
    scopes: [], missing_scopes: [], metadata: texts, config: texts";
const ACCESS_TOKEN: &str = "object=access_token, access_token: text, expires_at: time?, scopes: [], missing_scopes: []";

const EVENT: &str = "object=event, id: text, event: text, data: any, created_at: time";
const HAPPENED: &str = "object=connected_account, id: text, data_integration_id: text, provider_slug: text, \
    user_id: text?, organization_id: text?, scopes: [], state: connected|needs_reauthorization|disconnected, \
    created_at: time, updated_at: time";
const FAILED: &str = "object=connection_failed, data_integration_id: text, provider_slug: text, user_id: text?, \
    organization_id: text?, error_code: text, error_reason: text, provider_error: text?, \
    provider_error_description: text?, created_at: time";

#[track_caller]
pub fn is_account(value: &Value) {
    fits(value, ACCOUNT);
}

#[track_caller]
pub fn is_provider(value: &Value) {
    fits(value, PROVIDER);
    let embedded = format!("{ACCOUNT}{EMBEDDED}");
    let all = value["connected_accounts"].as_array().unwrap();
    all.iter().for_each(|account| fits(account, &embedded));
    assert_eq!(value["connected_account"], all.first().cloned().unwrap_or(Value::Null));
    for (one, other) in [
        ("integration_type", "integrationType"),
        ("credentials_type", "credentialsType"),
        ("created_at", "createdAt"),
        ("updated_at", "updatedAt"),
    ] {
        assert_eq!(value[one], value[other]);
    }
}

#[track_caller]
pub fn is_integration(value: &Value) {
    fits(value, INTEGRATION);
    if !value["credentials"].is_null() {
        fits(&value["credentials"], CREDENTIALS);
    }
    if !value["installation"].is_null() {
        fits(&value["installation"], INSTALLATION);
    }
}

/// What an organization has of a node type, with credentials only where it brings its own.
#[track_caller]
pub fn is_configuration(value: &Value) {
    let mut plain = value.clone();
    if let Some(credentials) = plain.as_object_mut().unwrap().remove("credentials") {
        fits(&credentials, BROUGHT);
    }
    fits(&plain, CONFIGURATION);
}

#[track_caller]
pub fn is_event(value: &Value) {
    fits(value, EVENT);
    fits(&value["data"], if value["event"].as_str().unwrap().ends_with("failed") { FAILED } else { HAPPENED });
}

/// A vend of what was connected.
#[track_caller]
pub fn is_vended_token(value: &Value) {
    assert_eq!(value["active"], true, "{value}");
    fits(&value["credential"], OAUTH);
}

#[track_caller]
pub fn is_access_token(value: &Value) {
    assert_eq!(value["active"], true, "{value}");
    fits(&value["access_token"], ACCESS_TOKEN);
}

#[track_caller]
fn fits(value: &Value, shape: &str) {
    let fields = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    let mut known = Vec::new();
    for field in shape.split(',').map(str::trim) {
        let (name, wanted) = field.split_once(['=', ':']).unwrap();
        let wanted = wanted.trim();
        let found = fields.get(name).unwrap_or_else(|| panic!("{name} is missing: {value}"));
        let is = if field.contains('=') { found == wanted } else { is_of(found, wanted) };
        assert!(is, "{name} is not {wanted}: {found}");
        known.push(name);
    }
    let more: Vec<_> = fields.keys().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(more.is_empty(), "more than there should be: {more:?}");
}

fn is_of(value: &Value, wanted: &str) -> bool {
    let (wanted, may_be_null) = match wanted.strip_suffix('?') {
        Some(wanted) => (wanted, true),
        None => (wanted, false),
    };
    if value.is_null() {
        return may_be_null || wanted == "any";
    }
    let text = value.as_str();
    match wanted {
        "any" => true,
        "text" => text.is_some(),
        "bool" => value.is_boolean(),
        "[]" => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
        "texts" => value.as_object().is_some_and(|all| all.values().all(Value::is_string)),
        "time" => text.is_some_and(|text| text.len() == 24 && text.ends_with('Z') && text.as_bytes()[19] == b'.'),
        words => text.is_some_and(|text| words.split('|').any(|word| word == text)),
    }
}
