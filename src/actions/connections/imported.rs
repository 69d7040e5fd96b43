//! Tokens that a provider gave to somebody else before, taken over as they are.

use std::collections::BTreeMap;

use crate::actions::clients::Client;
use crate::actions::connecting::stored;
use crate::actions::entering::{FieldFault, name_parts};
use crate::actions::renewing::renewal_of;
use crate::catalog::NodeType;
use crate::crypto::Entered;
use crate::domain::{Kind, Method, Moment, Scopes};
use crate::upstream::oauth::tokens::Fetched;

use super::{Brought, Holding, Tokens};

/// Tokens as a backend brings them.
pub struct Given {
    /// None where they do not work any more.
    pub access: Option<Entered>,
    pub refresh: Option<Entered>,
    pub ends_at: Option<Moment>,
    /// None where they allow what is usually asked for.
    pub scopes: Option<Scopes>,
    /// Where the provider and its API are, as far as that differs.
    pub parts: BTreeMap<String, String>,
    pub now: Moment,
}

fn fault(field: &str, message: &str) -> Vec<FieldFault> {
    vec![FieldFault { field: field.to_owned(), message: message.to_owned() }]
}

/// What is stored of them; or what is wrong, at each field.
pub fn brought(node: &NodeType, client: Option<&Client>, given: Given) -> Result<Brought, Vec<FieldFault>> {
    if client.is_none() && given.refresh.is_some() {
        return Err(fault("refresh_token", "Nothing can renew it before the node type has an OAuth client."));
    }
    let parts = name_parts(node, client.map(|client| &client.parts), &given.parts)?;
    let lost = given.access.is_none();
    let renew_at = given.refresh.is_some().then(|| renewal_of(given.ends_at, given.now));
    let access = given.access.unwrap_or_else(|| Entered::exact(String::new()));
    let fetched = Fetched::known(access, given.refresh);
    let stored = stored(node, &parts, &fetched);
    let (credential, facts) = stored.ok_or_else(|| fault("config", "This makes no address of the API."))?;
    let asked = client.map_or_else(|| node.usual_scopes(Method::OAuth), |client| client.scopes.clone());
    Ok(Brought {
        kind: Kind::TokenSet,
        prefix_says: None,
        last_four: None,
        facts: serde_json::to_string(&facts).unwrap_or_default(),
        credential,
        holding: Holding::Tokens(Tokens {
            client_id: client.map(|client| client.id.clone()).unwrap_or_default(),
            granted: given.scopes.unwrap_or_else(|| asked.clone()),
            asked,
            ends_at: given.ends_at,
            renew_at,
            lost,
        }),
    })
}
