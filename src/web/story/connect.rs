//! What happened around the connect page, as sentences.

use crate::domain::audit::{ConnectEvent, SessionFacts};

use super::{Deed, deed, whose};

pub(super) fn deed_on_connect_page(event: &ConnectEvent) -> Deed {
    let session = |what: &str, session: &SessionFacts| {
        let of = whose(session.end_user.as_ref(), session.organization.as_ref());
        let names = session.node_types.replace(',', ", ");
        Deed { of, ..deed(format!("{what} a connect page with {names}"), None, "plug") }
    };
    match event {
        ConnectEvent::Made { session: facts } => session("asked for", facts),
        ConnectEvent::Opened { session: facts } => session("opened", facts),
        ConnectEvent::Ended { session: facts } => session("ended", facts),
        ConnectEvent::PageChanged { origins, .. } => {
            let of = (!origins.is_empty()).then(|| format!("which may stand at {}", origins.join(", ")));
            Deed { of, ..deed("changed the connect page", None, "building") }
        }
        ConnectEvent::LogoChanged { shown, .. } => deed(
            if *shown { "changed the logo of the connect page" } else { "removed the logo of the connect page" },
            None,
            "building",
        ),
    }
}
