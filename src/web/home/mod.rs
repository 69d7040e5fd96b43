//! The root address, and the home of a workspace.

mod page;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::app::App;
use crate::domain::SecretState;
use crate::domain::audit::ChainKind;
use crate::store::access::{Admin, AskNothing, Member};
use crate::store::secrets::ListedSecret;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::frame::{self, Frame, Reply, see_other};
use super::story::Teller;
use super::view::{Link, Tone};
use super::visitor::{Demand, Visitor};
use super::{set_up, url};

type Never = std::convert::Infallible;

/// Sends everybody to where they belong.
pub async fn root(visitor: Visitor, app: Data<App>) -> Reply {
    let Some(session) = visitor.session.clone() else {
        let someone = app.db.read(AskNothing, |tx, _| Ok::<_, Fault<Never>>(store::people::exist(tx)?)).await?;
        return if someone {
            Ok(see_other(&app, &url::sign_in(), visitor.flash))
        } else {
            set_up::closed(&visitor, &app, false)
        };
    };
    let ask = store::access::AskMyself { session };
    let all = app.db.read(ask, |tx, by| Ok::<_, Fault<Never>>(store::workspaces::mine(tx, by)?)).await?;
    let to = all.first().map_or_else(url::account, |(row, _)| url::workspace(row.slug.as_str()));
    Ok::<HttpResponse, _>(see_other(&app, &to, visitor.flash))
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, app: Data<App>) -> Reply {
    let found = app.db.read(demand.ask(), |tx, by| {
        let frame = Frame::of_member(tx, by)?;
        let secrets = store::secrets::list(tx, by)?;
        let tokens = store::tokens::list(tx, by)?;
        let stored = if let Some(admin) = by.raised::<Admin>() {
            let changes = store::audit::newest(tx, &admin, ChainKind::Changes, None, 8)?;
            let uses = store::audit::newest(tx, &admin, ChainKind::Uses, None, 8)?;
            Some((changes, uses, store::audit::names(tx, by)?))
        } else {
            None
        };
        Ok::<_, Fault<Never>>((frame, secrets, tokens, stored, tx.now()))
    });
    let (frame, secrets, tokens, stored, now) = found.await?;
    let used = secrets.iter().any(|row| row.secret.last_used_at.is_some());
    let vendable = secrets.iter().find(|row| row.secret.delivery == crate::domain::Delivery::Vend);
    let start = page::Start {
        key: !secrets.is_empty(),
        token: !tokens.is_empty(),
        used,
        use_it: vendable.map(|row| url::secret(demand.ws(), row.secret.id.as_str())),
    };
    let mut recent = Vec::new();
    if let Some((changes, uses, names)) = stored {
        let teller = Teller { ws: demand.ws(), names: names.into_iter().collect(), now };
        let mut acts: Vec<_> = changes.iter().chain(&uses).flat_map(store::audit::StoredEntry::acts).collect();
        acts.sort_by_key(|act| std::cmp::Reverse(act.at));
        recent = acts.iter().take(8).map(|act| teller.tell(act)).collect();
    }
    let template = page::Show {
        ws: demand.ws().to_owned(),
        workspace: frame.here.as_ref().map(|(row, _)| row.name.to_string()).unwrap_or_default(),
        attention: secrets.iter().filter_map(|row| attention(demand.ws(), row, now)).collect(),
        start: (start.done() < 3).then_some(start),
        counts: vec![
            count(secrets.len(), ("secret", "secrets"), url::secrets(demand.ws())),
            count(tokens.len(), ("service token", "service tokens"), url::tokens(demand.ws())),
        ],
        recent,
        chrome: frame::chrome(&visitor, Some(&frame), "Home", Place::Home),
    };
    frame::page(&app, &visitor, &template)
}

fn count(number: usize, (one, many): (&'static str, &'static str), url: String) -> page::Count {
    let label = if number == 1 { one } else { many };
    page::Count { number: u64::try_from(number).unwrap_or(u64::MAX), label, url: Some(url) }
}

fn attention(ws: &str, row: &ListedSecret, now: crate::domain::Moment) -> Option<page::Attention> {
    let name = row.secret.name.to_string();
    let (tone, title, detail) = match row.secret.state(now) {
        _ if row.secret.unreadable_at.is_some() => {
            (Tone::Bad, format!("{name} cannot be read"), "Its stored value does not open. Delete it and add it again.")
        }
        SecretState::Expired => (Tone::Bad, format!("{name} has expired"), "Add the key that replaces it."),
        SecretState::Rejected => (Tone::Bad, format!("{name} was rejected"), "The provider no longer takes it."),
        _ => return None,
    };
    let action = Link { label: "Look at it".to_owned(), url: url::secret(ws, row.secret.id.as_str()) };
    Some(page::Attention { tone, title, detail: detail.to_owned(), action })
}
