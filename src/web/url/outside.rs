//! The addresses of end users and organizations.

use crate::domain::{OutsiderId, OutsiderKind};

pub fn end_users(ws: &str) -> String {
    format!("/w/{ws}/end-users")
}

pub fn organizations(ws: &str) -> String {
    format!("/w/{ws}/organizations")
}

/// The list of the one or the other.
pub fn outsiders(ws: &str, kind: OutsiderKind) -> String {
    match kind {
        OutsiderKind::EndUser => end_users(ws),
        OutsiderKind::Organization => organizations(ws),
    }
}

pub fn outsider(ws: &str, id: &OutsiderId) -> String {
    match id {
        OutsiderId::EndUser(id) => format!("/w/{ws}/end-users/{id}"),
        OutsiderId::Organization(id) => format!("/w/{ws}/organizations/{id}"),
    }
}

pub fn disconnect_outsider(ws: &str, id: &OutsiderId) -> String {
    format!("{}/disconnect", outsider(ws, id))
}

pub fn delete_outsider(ws: &str, id: &OutsiderId) -> String {
    format!("{}/delete", outsider(ws, id))
}
