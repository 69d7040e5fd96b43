//! Calls that were made with a secret, as sentences.

use crate::domain::audit::CallEvent;
use crate::web::url;

use super::{Deed, Teller, whose};

impl Teller<'_> {
    pub(super) fn deed_of_call(&self, event: &CallEvent) -> Deed {
        match event {
            CallEvent::Called { secret, name, method, host, path, end_user, organization, node, .. } => {
                let of = whose(end_user.as_ref(), organization.as_ref());
                let of = of.or_else(|| node.as_ref().map(|key| format!("for the node {key}")));
                let host = host.as_deref().unwrap_or_default();
                let what = format!("called {method} {host}{path} with");
                Deed { of, ..self.on(&what, (secret.as_str(), name), url::secret, "outside") }
            }
            CallEvent::Ended { secret, name, status, failure, .. } => {
                let of = match (status, failure) {
                    (Some(status), None) => format!("was answered {status}"),
                    (Some(status), Some(why)) => format!("was answered {status}, but: {why}"),
                    (None, why) => format!("was not answered: {}", why.as_deref().unwrap_or("nobody knows why")),
                };
                Deed {
                    of: Some(of),
                    ..self.on("heard that a call with", (secret.as_str(), name), url::secret, "outside")
                }
            }
        }
    }
}
