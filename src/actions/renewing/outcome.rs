//! What came of asking for new tokens.

use std::sync::Arc;
use std::time::Duration;

use crate::crypto::Credential;
use crate::domain::audit::{Actor, ConnectionEvent, Event};
use crate::domain::keys::Hook;
use crate::domain::secret::Slot;
use crate::domain::{Hindrance, Kind, Letter, Method, Moment, Scopes, SecretId};
use crate::store::access::{AskRunnerIn, Proof, RunnerIn};
use crate::store::secrets::Dates;
use crate::store::token_sets::Given;
use crate::store::{self, Error, Fault, Unrecorded, WriteTx};
use crate::upstream::oauth::tokens::Fetched;

use super::{NotRenewed, Ready, Renewer, granted, holding, parts_of, renewal_of};
use crate::actions::sealing::{self, Numbered, Shown};
use crate::actions::{Tools, audit, outbox};

/// New tokens that could not be stored are tried again so often: with them the old ones may have ended.
const STORED_WITHIN: u32 = 40;
const PAUSE: Duration = Duration::from_millis(250);

pub(super) async fn note(
    renewer: &Renewer,
    ready: &Ready,
    fetched: Result<(Fetched, Credential), Fault<NotRenewed>>,
) -> Result<(), Fault<NotRenewed>> {
    match fetched {
        Ok((fetched, before)) => keep(renewer, ready, fetched, &before).await,
        Err(Fault::Refused(NotRenewed(hindrance))) => {
            hinder(renewer, ready, hindrance).await?;
            Err(NotRenewed(hindrance).into())
        }
        // The lease ends by itself; nothing was asked.
        Err(fault) => Err(fault),
    }
}

async fn keep(
    renewer: &Renewer,
    ready: &Ready,
    fetched: Fetched,
    before: &Credential,
) -> Result<(), Fault<NotRenewed>> {
    let lasts = fetched.lasts;
    let scopes = granted(&fetched, &ready.set.asked).clone();
    let credential = Arc::new(holding(&fetched, Some(before), (&parts_of(before), before.route.clone())));
    let mut tries = 0;
    loop {
        let (kit, credential, scopes) = (renewer.kit.clone(), credential.clone(), scopes.clone());
        let of = New::of(ready, lasts);
        let ask = AskRunnerIn { workspace: ready.of.workspace.clone() };
        let stored = renewer.db.write::<_, _, NotRenewed, _>(ask, move |tx, by| {
            Ok(kit.by(Actor::Keyrack, |tools| put(tx, by, tools, (&of, &credential, &scopes)))?)
        });
        match stored.await {
            Err(Fault::Store(error)) if !matches!(error, Error::Denied(_)) && tries < STORED_WITHIN => {
                tracing::warn!(%error, "new tokens could not be stored yet");
                tries += 1;
                renewer.clock.sleep(PAUSE).await;
            }
            stored => return stored,
        }
    }
}

/// What is written with new tokens, apart from themselves.
#[derive(Clone)]
struct New {
    secret: SecretId,
    hook: Hook,
    kind: Kind,
    before: i64,
    client_id: String,
    asked: Scopes,
    lasts: Option<Duration>,
    renewable: bool,
}

impl New {
    fn of(ready: &Ready, lasts: Option<Duration>) -> Self {
        Self {
            secret: ready.of.secret.clone(),
            hook: ready.hook.clone(),
            kind: if ready.method == Method::OAuth { Kind::TokenSet } else { Kind::ClientCredentials },
            before: ready.number,
            client_id: ready.set.client_id.clone(),
            asked: ready.set.asked.clone(),
            lasts,
            renewable: ready.set.renew_at.is_some(),
        }
    }
}

fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    tools: Tools<'_>,
    (new, credential, scopes): (&New, &Credential, &Scopes),
) -> Result<(), Error> {
    tx.unrecorded(Unrecorded::Lease);
    let now = tx.now();
    let Some(facts) = store::token_sets::facts(tx, by, &new.secret)? else { return Ok(()) };
    let number = facts.newest_number + 1;
    if !store::token_sets::take_over(tx, by, &new.secret, (new.before, number))? {
        // Deleted, disconnected or connected again meanwhile: nobody waits for these.
        return Ok(());
    }
    store::secrets::destroy_slot(tx, by, (&new.secret, Slot::Current))?;
    let last_four = facts.last_four.as_deref();
    let shown = Shown { kind: new.kind, last_four, facts: &facts.facts, dates: Dates::default() };
    sealing::seal(tx, by, tools, &new.hook, Numbered::current(&new.secret, number), (credential, shown))?;
    let given = Given {
        client_id: &new.client_id,
        asked: &new.asked,
        granted: scopes,
        ends_at: new.lasts.map(|lasts| now.plus(lasts)),
        renew_at: renewal_of(new.lasts, now).filter(|_| new.renewable),
    };
    store::token_sets::put(tx, by, (&new.secret, &given))
}

async fn hinder(renewer: &Renewer, ready: &Ready, hindrance: Hindrance) -> Result<(), Fault<NotRenewed>> {
    let (kit, tries) = (renewer.kit.clone(), ready.set.tries);
    let (secret, number, name) = (ready.of.secret.clone(), ready.number, ready.name.clone());
    let (lease, method) = (ready.lease.clone(), ready.method);
    let ask = AskRunnerIn { workspace: ready.of.workspace.clone() };
    let noted = renewer.db.write(ask, move |tx, by| {
        tx.unrecorded(Unrecorded::Lease);
        let again = again_at(tx.now(), tries);
        store::token_sets::hinder(tx, by, (&secret, &lease), (hindrance, Some(again)))?;
        // A client that fetches its own tokens is itself what was refused.
        let own = method == Method::ClientCredentials && hindrance == Hindrance::ClientRefused;
        if hindrance == Hindrance::Refused || own {
            let lost = Lost { secret: &secret, number, name: &name };
            kit.by(Actor::Keyrack, |tools| lose(tx, by, tools, &lost))?;
        }
        Ok(())
    });
    noted.await
}

/// One minute, then twice as long each time, never more than an hour.
fn again_at(now: Moment, tries: i32) -> Moment {
    let minutes = 1_u64 << tries.clamp(0, 6);
    now.plus(Duration::from_mins(minutes.min(60)))
}

/// A connection that only a person can mend.
pub(super) struct Lost<'a> {
    pub secret: &'a SecretId,
    pub number: i64,
    pub name: &'a str,
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
    };
    outbox::of_workspace(tx, by, tools, (&whom.owner, letter))
}
