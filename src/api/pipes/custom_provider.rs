//! Providers that a backend describes itself: on the wire, and as a custom API.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use crate::api::error::Error;
use crate::catalog::{Draft, DraftFault, PARAMETERS, parameters_written};
use crate::domain::Method;

use super::read::present;

/// What is absent stays as it is, or is as usual.
#[derive(Deserialize)]
pub struct CustomProvider {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    authorization_url: Option<String>,
    #[serde(default)]
    token_url: Option<String>,
    #[serde(default, deserialize_with = "present")]
    refresh_token_url: Option<Option<String>>,
    #[serde(default)]
    request_scope_separator: Option<String>,
    #[serde(default)]
    additional_authorization_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    token_body_content_type: Option<String>,
    #[serde(default)]
    authenticate_via: Option<String>,
}

fn invalid(text: &str) -> Error {
    Error::Invalid(format!("custom_provider.{text}"))
}

impl CustomProvider {
    /// A new one. Keyrack's own `config.base_url` says where the API is; otherwise it is where the tokens come from.
    pub fn draft(&self, base_url: Option<String>) -> Result<Draft, Error> {
        if self.name.is_none() {
            return Err(invalid("name is required."));
        }
        let origin = || {
            let url = Url::parse(self.token_url.as_deref()?).ok()?;
            Some(url.origin().ascii_serialization())
        };
        let base_url = base_url.or_else(origin).unwrap_or_default();
        self.over(Draft { base_url, method: Method::OAuth.to_string(), ..Draft::default() })
    }

    /// One that is there, with what is said anew.
    pub fn over(&self, mut draft: Draft) -> Result<Draft, Error> {
        let set = |into: &mut String, text: Option<&String>| {
            if let Some(text) = text {
                into.clone_from(text);
            }
        };
        set(&mut draft.name, self.name.as_ref());
        set(&mut draft.provider.authorize_url, self.authorization_url.as_ref());
        if let Some(url) = &self.refresh_token_url {
            draft.provider.refresh_url = url.clone().unwrap_or_default();
        }
        let asking = &mut draft.provider.account;
        set(&mut asking.token_url, self.token_url.as_ref());
        if let Some(separator) = self.request_scope_separator.as_deref() {
            asking.separator = word(separator, [(" ", "space"), (",", "comma")], "request_scope_separator")?;
        }
        if let Some(kind) = self.token_body_content_type.as_deref() {
            let kinds = [("application/x-www-form-urlencoded", "form"), ("application/json", "json")];
            asking.body = word(kind, kinds, "token_body_content_type")?;
        }
        if let Some(way) = self.authenticate_via.as_deref() {
            asking.client_auth =
                word(way, [("request_body", "body"), ("basic_auth_header", "basic")], "authenticate_via")?;
        }
        if let Some(more) = &self.additional_authorization_parameters {
            // On the form each stands on a line of its own, its name before the first equals sign.
            let breaks = |text: &String| text.contains(['\n', '\r']) || text.trim() != text;
            if more.iter().any(|(name, value)| name.contains('=') || breaks(name) || breaks(value)) {
                return Err(invalid("additional_authorization_parameters: a name or a value is none."));
            }
            draft.provider.parameters = parameters_written(more);
        }
        Ok(draft)
    }
}

/// The form's own word for one of the wire's.
fn word(sent: &str, all: [(&str, &str); 2], field: &str) -> Result<String, Error> {
    let found = all.iter().find(|(wire, _)| *wire == sent);
    found.map(|(_, own)| (*own).to_owned()).ok_or_else(|| invalid(&format!("{field} is none of those that are known.")))
}

/// What is wrong with a description, under the name that its field has on the wire.
pub fn told(faults: &[DraftFault]) -> String {
    let Some(fault) = faults.first() else { return String::new() };
    let field = match fault.field {
        "base_url" => "config.base_url",
        "authorize_url" | "oauth-authorize_url" => "custom_provider.authorization_url",
        "token_url" | "oauth-token_url" => "custom_provider.token_url",
        "refresh_url" | "oauth-refresh_url" => "custom_provider.refresh_token_url",
        "name" => "custom_provider.name",
        PARAMETERS => "custom_provider.additional_authorization_parameters",
        other => other,
    };
    format!("{field}: {}", fault.message)
}
