//! What was done to end users and organizations.

use crate::domain::audit::OutsiderEvent;
use crate::web::view::counted;

use super::{Deed, deed};

pub(super) fn deed_to_outsider(event: &OutsiderEvent) -> Deed {
    let (who, external_id, connections) = match event {
        OutsiderEvent::EndUserDeleted { external_id, connections, .. } => ("end user", external_id, connections),
        OutsiderEvent::OrganizationDeleted { external_id, connections, .. } => {
            ("organization", external_id, connections)
        }
    };
    let of = Some(format!("with {}", counted(*connections, "connection", "connections")));
    Deed { of, ..deed(format!("deleted the {who} {external_id}"), None, "trash") }
}
