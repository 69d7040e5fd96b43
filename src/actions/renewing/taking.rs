//! Who asks a provider for new tokens: of all processes one, by a lease in the database.

use crate::catalog::NodeType;
use crate::domain::audit::{Actor, ConnectionEvent, Event};
use crate::domain::keys::{Hook, SealedValue};
use crate::domain::{Hindrance, Method};
use crate::store::access::{self, Proof, Renewing, RunnerIn, UseProof};
use crate::store::token_sets::TokenSet;
use crate::store::{self, Error, ReadTx, Unrecorded, WriteTx};

use super::outcome::{self, Lost};
use super::tokens::has_ended;
use super::{LEASE, TokensOf};
use crate::actions::Kit;
use crate::actions::clients::{AskedFor, Client, Clients};
use crate::actions::entering::Facts;
use crate::actions::uses::Use;

/// Why the provider is not to be asked now.
pub(super) enum NotNow {
    /// There are other tokens by now, or none to be renewed.
    Over,
    /// Somebody else is asking.
    Elsewhere,
    /// It came to nothing lately, and is tried again later.
    Later(Hindrance),
}

/// What the transaction that took the lease found: everything that is needed to record, to open and to ask.
pub(super) struct Ready {
    pub of: Use,
    pub name: String,
    pub number: i64,
    pub hook: Hook,
    pub method: Method,
    pub lease: String,
    pub set: TokenSet,
    pub sealed: Option<SealedValue>,
    pub client: Option<Client>,
    pub description: NodeType,
}

type Found<'tx> = (UseProof<'tx, Renewing>, TokenSet);

/// Whether the provider is to be asked for other tokens than these.
pub(super) fn look<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    of: &TokensOf,
) -> Result<Result<Found<'tx>, NotNow>, Error> {
    let now = tx.now();
    let Some(allowed) = access::prove_renewal(tx, by, &of.secret)? else { return Ok(Err(NotNow::Over)) };
    let Some(set) = store::token_sets::find(tx, by, &of.secret)? else { return Ok(Err(NotNow::Over)) };
    let unrenewable = set.renew_at.is_none() && !has_ended(&set, now);
    if allowed.number() != of.number || unrenewable {
        return Ok(Err(NotNow::Over));
    }
    if set.leased_until.is_some_and(|until| until > now) {
        return Ok(Err(NotNow::Elsewhere));
    }
    if set.tries > 0 && set.renew_at.is_some_and(|again| again > now) {
        return Ok(Err(NotNow::Later(set.hindrance.unwrap_or(Hindrance::Busy))));
    }
    Ok(Ok((allowed, set)))
}

/// Takes the lease, where there is something to ask with and somebody who may.
pub(super) fn take<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    (kit, clients): (&Kit, &Clients),
    (of, lease): (&TokensOf, &str),
) -> Result<Result<Ready, NotNow>, Error> {
    tx.unrecorded(Unrecorded::Lease);
    let now = tx.now();
    let (allowed, set) = match look(tx, by, of)? {
        Ok(found) => found,
        Err(not) => return Ok(Err(not)),
    };
    let Some(row) = store::node_types::find(tx, by, allowed.node_type())? else { return Ok(Err(NotNow::Over)) };
    let Some(description) = clients.describe(&row).map(std::borrow::Cow::into_owned) else {
        return Ok(Err(NotNow::Over));
    };
    if !store::token_sets::lease(tx, by, &of.secret, (lease, now.plus(LEASE)))? {
        return Ok(Err(NotNow::Elsewhere));
    }
    let client = match allowed.method() {
        Method::OAuth => clients.find(tx, by, (&row, allowed.environment()), AskedFor::OwnerOf(&of.secret))?,
        Method::Key | Method::ClientCredentials => None,
    };
    let moved = match &client {
        Some(client) => is_another(tx, by, of, (client, &set))?,
        None => false,
    };
    if set.renew_at.is_none() || (moved && has_ended(&set, now)) {
        // Only a person can go on from here.
        let lost =
            Lost { secret: &of.secret, number: of.number, name: allowed.name().as_str(), method: allowed.method() };
        kit.by(Actor::Keyrack, |tools| outcome::lose(tx, by, tools, &lost))?;
        return Ok(Err(NotNow::Over));
    }
    if moved {
        // What is held counts until its end, and until then the client may be put right.
        let again = set.ends_at.unwrap_or_else(|| outcome::again_at(now, set.tries));
        store::token_sets::hinder(tx, by, (&of.secret, lease), (Hindrance::OtherClient, Some(again)))?;
        return Ok(Err(NotNow::Later(Hindrance::OtherClient)));
    }
    let event = ConnectionEvent::Renewed {
        secret: allowed.secret().clone(),
        name: allowed.name().to_string(),
        node_type: allowed.node_type().to_string(),
        environment: allowed.environment(),
        value: allowed.number(),
    };
    let entry = kit.by(Actor::Keyrack, |tools| tools.origin.entry(now, Event::Connection(event)));
    let (workspace, secret) = (by.workspace().clone(), allowed.secret().clone());
    Ok(Ok(Ready {
        of: Use::uncounted((workspace, secret, allowed.node_type()), entry),
        name: allowed.name().to_string(),
        number: allowed.number(),
        hook: Hook { node_type: allowed.node_type_id().clone(), environment: allowed.environment() },
        method: allowed.method(),
        lease: lease.to_owned(),
        sealed: store::vend::sealed_value(tx, by, &allowed)?,
        client,
        description,
        set,
    }))
}

/// Whether the client that the tokens were given to has made room for another one, or asks somewhere else by now.
fn is_another<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    of: &TokensOf,
    (client, set): (&Client, &TokenSet),
) -> Result<bool, Error> {
    let facts = store::token_sets::facts(tx, by, &of.secret)?;
    let parts = facts.map(|facts| Facts::read(&facts.facts).fields).unwrap_or_default();
    let moved = client.parts.iter().any(|(name, text)| parts.get(name) != Some(text));
    Ok(client.id != set.client_id || moved)
}
