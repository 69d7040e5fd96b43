//! Requests that pages show to be tried.

use std::collections::BTreeMap;

use crate::domain::SecretId;

/// A request to be pasted into a terminal. `$TOKEN` stands for the service token,
/// so that no snippet ever holds a credential.
#[derive(Clone, Debug)]
pub struct Snippet {
    pub id: &'static str,
    pub title: String,
    pub code: String,
}

impl Snippet {
    /// Fetches the credential of a person or end user.
    pub fn vend(id: &'static str, title: &str, base: &str, node_type: &str, user_id: &str) -> Self {
        let code = format!(
            "curl {base}/data-integrations/{node_type}/credentials \\\n  \
             -H \"Authorization: Bearer $TOKEN\" \\\n  \
             -H \"Content-Type: application/json\" \\\n  \
             -d '{{\"user_id\":\"{user_id}\"}}'"
        );
        Self { id, title: title.to_owned(), code }
    }

    /// Calls what the node type stands for, with a key that the caller does not get.
    pub fn call(
        id: &'static str,
        base: &str,
        (node_type, path): (&str, &str),
        headers: &BTreeMap<String, String>,
        secret: Option<&SecretId>,
    ) -> Self {
        // Nothing of it ends the quotation.
        let path = path.replace('\'', "%27");
        let mut code = format!("curl '{base}/proxy/{node_type}{path}' \\\n  -H \"Authorization: Bearer $TOKEN\"");
        let headers = headers.iter().map(|(name, text)| format!("{name}: {text}"));
        for header in secret.map(|id| format!("Keyrack-Secret: {id}")).into_iter().chain(headers) {
            code.push_str(&format!(" \\\n  -H '{}'", header.replace('\'', "")));
        }
        Self { id, title: "Call the API through Keyrack".to_owned(), code }
    }

    /// Stores the key of an end user.
    pub fn put_api_key(id: &'static str, title: &str, base: &str, node_type: &str, user_id: &str) -> Self {
        let code = format!(
            "curl -X PUT {base}/data-integrations/{node_type}/api-key \\\n  \
             -H \"Authorization: Bearer $TOKEN\" \\\n  \
             -H \"Content-Type: application/json\" \\\n  \
             -d '{{\"user_id\":\"{user_id}\",\"secret\":\"THEIR_KEY\"}}'"
        );
        Self { id, title: title.to_owned(), code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_into_a_terminal_is_one_request() {
        let headers = BTreeMap::from([("Version".to_owned(), "1'; ls".to_owned())]);
        let call = Snippet::call("call", "http://k", ("api", "/me?a=b&c;d'$(e)"), &headers, None);
        let wanted = "curl 'http://k/proxy/api/me?a=b&c;d%27$(e)' \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Version: 1; ls'";
        assert_eq!(call.code, wanted);
    }
}
