//! What came of asking for new tokens.

use std::sync::Arc;
use std::time::Duration;

use crate::crypto::{Credential, Purpose};
use crate::domain::audit::{Actor, ConnectionEvent, Event};
use crate::domain::secret::Slot;
use crate::domain::{Hindrance, Kind, Letter, Method, Moment, SecretId};
use crate::store::access::{AskRunnerIn, Proof, RunnerIn};
use crate::store::secrets::Dates;
use crate::store::{self, Error, Fault, Unrecorded, WriteTx};
use crate::upstream::oauth::tokens::Fetched;

use super::taking::Ready;
use super::{Asked, Got, NotRenewed, Renewer, holding, parts_of};
use crate::actions::revoking::{self, Place};
use crate::actions::sealing::{self, Numbered, Shown};
use crate::actions::{Tools, audit, outbox};

pub(super) async fn note(
    renewer: &Renewer,
    ready: &Arc<Ready>,
    got: Result<Got, Fault<NotRenewed>>,
) -> Result<(), Fault<NotRenewed>> {
    match got {
        Ok(got) => keep(renewer, ready, got).await,
        Err(Fault::Refused(NotRenewed(hindrance))) => {
            hinder(renewer, ready, hindrance).await?;
            Err(NotRenewed(hindrance).into())
        }
        // Nothing was asked: somebody else may.
        Err(fault) => {
            let (secret, lease) = (ready.of.secret.clone(), ready.lease.clone());
            let ask = AskRunnerIn { workspace: ready.of.workspace.clone() };
            let freed = renewer.db.write::<_, _, NotRenewed, _>(ask, move |tx, by| {
                tx.unrecorded(Unrecorded::Lease);
                Ok(store::token_sets::free(tx, by, (&secret, &lease))?)
            });
            if let Err(error) = freed.await {
                tracing::warn!(%error, "a lease ends by itself");
            }
            Err(fault)
        }
    }
}

async fn keep(renewer: &Renewer, ready: &Arc<Ready>, got: Got) -> Result<(), Fault<NotRenewed>> {
    let before = &got.before;
    let route = before.route.clone();
    let credential = holding(&got.fetched, Some(before), (&parts_of(before, Purpose::Refresh), route));
    let new = Arc::new((got, credential));
    let stored = renewer.persist(|| {
        let (kit, ready, new) = (renewer.kit.clone(), ready.clone(), new.clone());
        let ask = AskRunnerIn { workspace: ready.of.workspace.clone() };
        renewer.db.write::<_, _, NotRenewed, _>(ask, move |tx, by| {
            Ok(kit.by(Actor::Keyrack, |tools| put(tx, by, tools, (&ready, &new.0.fetched, &new.1)))?)
        })
    });
    if stored.await? == Stored::Nowhere {
        let got = &new.0;
        if let Some(client) = &got.client {
            let place =
                Place { of: &ready.of, name: &ready.name, node_type: &ready.description.slug, hook: &ready.hook };
            let back = (&got.endpoints, (ready.set.client_id.as_str(), client), &got.fetched);
            revoking::give_back(renewer, (place, ready.number + 1), back).await;
        }
    }
    Ok(())
}

/// What became of new tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    Kept,
    /// Others took their place meanwhile.
    Replaced,
    /// The place was deleted or disconnected meanwhile.
    Nowhere,
}

fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    tools: Tools<'_>,
    (ready, fetched, credential): (&Ready, &Fetched, &Credential),
) -> Result<Stored, Error> {
    tx.unrecorded(Unrecorded::Lease);
    let (id, set) = (&ready.of.secret, &ready.set);
    let Some(facts) = store::token_sets::facts(tx, by, id)? else { return Ok(Stored::Nowhere) };
    let number = facts.newest_number + 1;
    if !store::token_sets::take_over(tx, by, id, (ready.number, number))? {
        return Ok(if facts.entered_at.is_some() { Stored::Replaced } else { Stored::Nowhere });
    }
    let known = store::trials::known(tx, by, id)?;
    store::secrets::destroy_slot(tx, by, (id, Slot::Current))?;
    let (kind, otherwise) = match ready.method {
        Method::ClientCredentials => (Kind::ClientCredentials, &set.asked),
        // A renewal that names no permissions has left them as they were.
        Method::OAuth | Method::Key => (Kind::TokenSet, &set.granted),
    };
    let shown = Shown { kind, last_four: facts.last_four.as_deref(), facts: &facts.facts, dates: Dates::default() };
    sealing::seal(tx, by, tools, &ready.hook, Numbered::current(id, number), (credential, shown))?;
    if let Some(known) = known {
        // The account is the same one.
        store::trials::carry(tx, by, (id, &known))?;
    }
    let renewable = set.renew_at.is_some();
    let asked = Asked { client_id: &set.client_id, scopes: &set.asked, otherwise, renewable };
    store::token_sets::put(tx, by, (id, &asked.given(fetched, tx.now())))?;
    Ok(Stored::Kept)
}

async fn hinder(renewer: &Renewer, ready: &Arc<Ready>, hindrance: Hindrance) -> Result<(), Fault<NotRenewed>> {
    // What the provider has said is not asked once more for want of a free connection.
    let noted = renewer.persist(|| {
        let (kit, ready) = (renewer.kit.clone(), ready.clone());
        let ask = AskRunnerIn { workspace: ready.of.workspace.clone() };
        renewer.db.write(ask, move |tx, by| {
            tx.unrecorded(Unrecorded::Lease);
            let again = again_at(tx.now(), ready.set.tries);
            let secret = &ready.of.secret;
            store::token_sets::hinder(tx, by, (secret, &ready.lease), (hindrance, Some(again)))?;
            // A client that fetches its own tokens is itself what was refused.
            let own = ready.method == Method::ClientCredentials && hindrance == Hindrance::ClientRefused;
            if hindrance == Hindrance::Refused || own {
                let lost = Lost { secret, number: ready.number, name: &ready.name, method: ready.method };
                kit.by(Actor::Keyrack, |tools| lose(tx, by, tools, &lost))?;
            }
            Ok(())
        })
    });
    noted.await
}

/// One minute, then twice as long each time, never more than an hour.
pub(super) fn again_at(now: Moment, tries: i32) -> Moment {
    let minutes = 1_u64 << tries.clamp(0, 6);
    now.plus(Duration::from_mins(minutes.min(60)))
}

/// A connection that only a person can mend.
pub(super) struct Lost<'a> {
    pub secret: &'a SecretId,
    pub number: i64,
    pub name: &'a str,
    pub method: Method,
}

/// Says so on the secret, in the record and to its owner: once, and only while it holds these very tokens.
pub(super) fn lose(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    tools: Tools<'_>,
    lost: &Lost<'_>,
) -> Result<(), Error> {
    if !store::token_sets::need_consent(tx, by, (lost.secret, lost.number))? {
        return Ok(());
    }
    let event =
        ConnectionEvent::ConsentLost { secret: lost.secret.clone(), name: lost.name.to_owned(), value: lost.number };
    audit::change(tx, by, tools, Event::Connection(event))?;
    let Some(whom) = store::token_sets::told_of(tx, by, lost.secret)? else { return Ok(()) };
    let letter = Letter::ConsentLost {
        workspace: whom.workspace.to_string(),
        slug: whom.slug.to_string(),
        id: lost.secret.clone(),
        name: lost.name.to_owned(),
        node_type: whom.node_type.to_string(),
        method: lost.method,
    };
    outbox::of_workspace(tx, by, tools, (&whom.owner, letter))
}
