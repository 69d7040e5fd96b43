//! Whether what was entered under one description goes the same way under another.

use crate::catalog::spec::{ClientCredentials, KindSpec, NodeType, OAuth};

impl NodeType {
    /// Whether a value entered under the one description travels the same way, to the same place, under the other.
    pub fn travels_like(&self, other: &Self) -> bool {
        // What was entered as a secret is not shown from now on, nor the other way round.
        let alike = |one: &KindSpec, other: &KindSpec| {
            let fields = |spec: &KindSpec| -> Vec<(String, bool)> {
                spec.fields.iter().map(|field| (field.name.clone(), field.secret)).collect()
            };
            one.kind == other.kind && one.placements == other.placements && fields(one) == fields(other)
        };
        let kinds = self.kinds.len() == other.kinds.len()
            && self.kinds.iter().zip(&other.kinds).all(|(one, other)| alike(one, other));
        self.base_url == other.base_url && self.hosts == other.hosts && kinds && self.asks_like(other)
    }

    /// Whether the same provider is asked for tokens, in the same way: a client's secret goes where it was entered for.
    pub fn asks_like(&self, other: &Self) -> bool {
        self.oauth.as_ref().map(account) == other.oauth.as_ref().map(account)
            && self.client_credentials.as_ref().map(client) == other.client_credentials.as_ref().map(client)
    }
}

/// What is asked for, and by which words, may change: nothing goes elsewhere by it.
fn account(spec: &OAuth) -> impl PartialEq + use<> {
    let OAuth { authorize_url, token_url, refresh_url, revoke_url, client_auth, body, .. } = spec.clone();
    let refresh_url = refresh_url.unwrap_or_else(|| token_url.clone());
    (authorize_url, token_url, refresh_url, revoke_url, client_auth, body)
}

fn client(spec: &ClientCredentials) -> impl PartialEq + use<> {
    let ClientCredentials { token_url, client_auth, body, parameters, .. } = spec.clone();
    (token_url, client_auth, body, parameters)
}
