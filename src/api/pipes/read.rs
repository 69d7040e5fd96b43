//! Bodies, queries and headers, as far as every route reads them alike.

use actix_web::HttpRequest;
use serde::Deserialize;

use crate::api::body::Sent;
use crate::api::error::Error;
use crate::domain::SecretId;

pub(in crate::api) fn read<T: serde::de::DeserializeOwned>(sent: &Sent) -> Result<T, Error> {
    serde_json::from_slice(sent.bytes()?).map_err(|error| match error.classify() {
        // The position helps; the text around it could be a secret and stays out.
        serde_json::error::Category::Data => Error::Invalid(missing(&error)),
        _ => Error::Body(format!("line {}, column {}", error.line(), error.column())),
    })
}

/// Says which field is missing or of the wrong type, without quoting what was sent.
fn missing(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        Some((field, _)) => format!("The field {field} is required."),
        None => "A field of the request body has the wrong type.".to_owned(),
    }
}

/// Tells a field that is null from one that is not there.
pub(in crate::api) fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

/// What a query says of a connection. Everything is a text: whatever is wrong with it is told in our own words.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub organization_id: Option<String>,
    supports_multiple_connections: String,
    connected_account_id: String,
    connection_intent: String,
}

impl Asked {
    pub fn several(&self) -> Result<bool, Error> {
        match self.supports_multiple_connections.as_str() {
            "" | "false" => Ok(false),
            "true" => Ok(true),
            _ => Err(Error::invalid("supports_multiple_connections is true or false.")),
        }
    }

    pub fn account(&self) -> Result<Option<SecretId>, Error> {
        match self.connected_account_id.as_str() {
            "" => Ok(None),
            id => id.parse().map(Some).map_err(|_| Error::NotFound),
        }
    }

    /// None where nothing is said.
    pub fn intent(&self) -> Option<&str> {
        Some(self.connection_intent.as_str()).filter(|word| !word.is_empty())
    }
}

/// As long as keys of requests may be.
const LONGEST_KEY: usize = 255;

/// By what a request is known when it comes again.
pub(super) fn key_of(request: &HttpRequest) -> Result<Option<String>, Error> {
    let Some(sent) = request.headers().get("idempotency-key") else { return Ok(None) };
    let text = sent.to_str().ok().filter(|text| (1..=LONGEST_KEY).contains(&text.len()));
    let wrong = || Error::Invalid(format!("Idempotency-Key is 1 to {LONGEST_KEY} ASCII characters."));
    text.map(|text| Some(text.to_owned())).ok_or_else(wrong)
}
