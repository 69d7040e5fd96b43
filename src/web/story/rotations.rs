//! What was done to rounds of rotation, as sentences.

use crate::domain::audit::RotationEvent;
use crate::web::url;
use crate::web::view::{Link, counted};

use super::{Deed, Teller, deed};

impl Teller<'_> {
    pub(super) fn deed_to_rotation(&self, event: &RotationEvent) -> Deed {
        let link = |name: &str| Some(Link { label: name.to_owned(), url: url::rotation(self.ws, event.subject()) });
        match event {
            RotationEvent::Started { name, secrets, .. } => {
                let of = Some(format!("for {}", counted(*secrets, "secret", "secrets")));
                Deed { of, ..deed("started the rotation round", link(name), "rotate") }
            }
            RotationEvent::Reminded { name, .. } => deed("reminded the owners of", link(name), "mail"),
            RotationEvent::Closed { name, done, left, .. } => {
                let of = Some(format!("with {done} of {} done", counted(done + left, "secret", "secrets")));
                Deed { of, ..deed("closed the rotation round", link(name), "rotate") }
            }
        }
    }
}
