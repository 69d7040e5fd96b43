//! What was done with service tokens.

use crate::domain::audit::TokenEvent;
use crate::web::url;

use super::{Deed, Teller};

impl Teller<'_> {
    pub(super) fn deed_to_token(&self, event: &TokenEvent) -> Deed {
        let (what, id, name) = match event {
            TokenEvent::Created { token, name, .. } => ("made the service token", token, name),
            TokenEvent::Renewed { token, name, .. } => ("gave a new text to the service token", token, name),
            TokenEvent::PreviousEnded { token, name } => ("ended the old text of the service token", token, name),
            TokenEvent::Revoked { token, name } => ("revoked the service token", token, name),
        };
        self.on(what, (id.as_str(), name), url::token, "ticket")
    }
}
