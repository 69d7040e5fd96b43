//! Handing a value to a backend: permission and row in one read, the record, then the opening.

use std::sync::Arc;

use crate::crypto::{Credential, Purpose};
use crate::domain::Hindrance;
use crate::domain::audit::Event;
use crate::domain::usage::Counted;
use crate::store::Fault;
use crate::store::access::{AskToken, VendRight, Wanted};

use super::Kit;
use super::renewing::Renewer;
use super::using::{self, Ready};
pub use super::using::{Tokens, UsingRefusal};

/// A value on its way out.
pub struct Vended {
    pub credential: Credential,
    /// None for a key.
    pub tokens: Option<Tokens>,
}

pub async fn vend(
    renewer: &Renewer,
    kit: &Kit,
    ask: impl Fn() -> AskToken<VendRight>,
    wanted: Wanted,
) -> Result<Vended, Fault<UsingRefusal>> {
    let ready = using::fresh(renewer, kit, &ask, &Arc::new(wanted), |_| Ok(())).await?;
    let entry = ready.origin.entry(ready.now, vended(&ready));
    renewer.recorder.record(ready.as_use(Counted::Vend, entry)).await?;
    let opened = ready.sealed.as_ref().and_then(|sealed| kit.keyring.open_value(Purpose::Vend, sealed).ok());
    let Some(credential) = opened else {
        using::note_unreadable(renewer, kit, ask(), &ready).await?;
        return Err(UsingRefusal::Unreadable(ready.name).into());
    };
    if ready.has_ended(renewer.now()) {
        // Another process could not read it, and so nobody has renewed it.
        return Err(UsingRefusal::NotRenewed(Hindrance::Unreadable).into());
    }
    Ok(Vended { credential, tokens: ready.tokens })
}

fn vended(of: &Ready) -> Event {
    Event::Vended {
        secret: of.secret.clone(),
        name: of.name.to_string(),
        node_type: of.node_type.to_string(),
        environment: of.environment,
        value: of.number,
        end_user: of.end_user.clone(),
        organization: of.organization.clone(),
        workflow: of.of_node.as_ref().map(|node| node.workflow.clone()),
        node: of.of_node.as_ref().map(|node| node.key.clone()),
    }
}
