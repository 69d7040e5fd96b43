//! Tests that Keyrack makes by itself: of what was not tested for long, and of what a call was refused with.
//!
//! Invariant: taken by one conditional UPDATE, so that of any number of processes one makes it; recorded before anything
//! leaves, as a person's test is; and never more in an hour for one host than the operator has set.

use std::convert::Infallible;
use std::time::Duration;

use crate::catalog::Catalog;
use crate::domain::audit::Actor;
use crate::domain::{Moment, SecretId, ValueId};
use crate::store::access::{self, AskRunner, AskRunnerIn, Proof, RunnerIn};
use crate::store::health::Due;
use crate::store::{self, Denied, Error, Fault, ReadTx, Unrecorded, WriteTx};

use super::Tools;
use super::entering::Facts;
use super::health::is_tested;
use super::probe::{self, Means, Ready};
use super::renewing::{self, TokensOf};

/// Longer than a test may take, with tokens renewed before: whoever dies over one leaves it to another after this.
const LEASE: Duration = Duration::from_mins(10);
/// The window in which the tests for one host are counted.
const WINDOW: Duration = Duration::from_hours(1);
/// What is put off comes back spread over this, so that the next window is not filled by its first minute.
const SPREAD: Duration = Duration::from_mins(30);
/// Secrets that are planned in one transaction.
const AT_ONCE: i64 = 500;

/// Plans a test for what can be tested and has none planned: a period after the last one, a tenth sooner or later; of what
/// was never tested some time within a period. Which time it is follows from the id, so that they spread. False where
/// there are more.
pub async fn plan(means: &Means, every: Duration) -> Result<bool, Fault<Infallible>> {
    let catalog = means.catalog.clone();
    let open = means
        .renewer
        .db
        .read(AskRunner, move |tx, by| Ok(store::health::unplanned(tx, by, (&tested(&catalog), AT_ONCE))?));
    let open = open.await?;
    let is_all = i64::try_from(open.len()).is_ok_and(|number| number < AT_ONCE);
    if open.is_empty() {
        return Ok(is_all);
    }
    let planned = means.renewer.db.write(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        let now = tx.now();
        let at = |id: &SecretId, last: Option<Moment>| match last {
            Some(last) => last.plus(every * 9 / 10).plus(share(every / 5, id)).max(now),
            None => now.plus(share(every, id)),
        };
        let plans: Vec<(ValueId, Moment)> =
            open.iter().map(|one| (one.value.clone(), at(&one.secret, one.tested_at))).collect();
        Ok(store::health::plan(tx, by, &plans)?)
    });
    planned.await?;
    Ok(is_all)
}

fn tested(catalog: &Catalog) -> Vec<&str> {
    catalog.all().filter(|of| is_tested(of, None)).map(|of| of.slug.as_str()).collect()
}

/// The part of a span that falls to this id: the same each time, and spread over all ids.
fn share(of: Duration, id: &SecretId) -> Duration {
    let part = crc32fast::hash(id.as_str().as_bytes());
    of.mul_f64(f64::from(part) / f64::from(u32::MAX))
}

/// Those that are due, so many at most.
pub async fn due(means: &Means, most: i64) -> Result<Vec<Due>, Fault<Infallible>> {
    means.renewer.db.read(AskRunner, move |tx, by| Ok(store::health::due(tx, by, most)?)).await
}

/// Makes one test that is due, unless somebody else does, or nothing can be tested there any more.
pub async fn run(means: &Means, due: Due, hourly: i64) -> Result<(), Fault<probe::ProbeRefusal>> {
    let ask = {
        let workspace = due.workspace.clone();
        move || AskRunnerIn { workspace: workspace.clone() }
    };
    freshen(means, ask(), &due.secret).await?;
    let (catalog, kit) = (means.catalog.clone(), means.kit.clone());
    let prepared = means.renewer.db.write(ask(), move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        Ok(kit.by(Actor::Keyrack, |tools| prepare(tx, by, tools, (&catalog, &due, hourly)))?)
    });
    let ready = match prepared.await {
        Ok(Some(ready)) => ready,
        Ok(None) | Err(Fault::Store(Error::Denied(Denied::NotFound))) => return Ok(()),
        Err(fault) => return Err(fault),
    };
    match probe::test(means, &ask, ready).await {
        Ok(verdict) => tracing::debug!(%verdict, "a secret was tested by itself"),
        // Deleted with its workspace meanwhile.
        Err(Fault::Store(Error::Denied(Denied::NotFound))) => {}
        Err(fault) => return Err(fault),
    }
    Ok(())
}

/// Tokens that are about to end are renewed first, as before any use.
async fn freshen(means: &Means, ask: AskRunnerIn, secret: &SecretId) -> Result<(), Fault<probe::ProbeRefusal>> {
    let id = secret.clone();
    let stale = means.renewer.db.read::<_, _, probe::ProbeRefusal, _>(ask, move |tx, by| Ok(stale(tx, by, &id)?));
    let stale = match stale.await {
        Err(Fault::Store(Error::Denied(Denied::NotFound))) => None,
        stale => stale?,
    };
    if let Some(of) = stale {
        let renewed = means.renewer.renew(&of, false).await;
        tracing::debug!(is_renewed = renewed.is_ok(), "tokens were to be renewed before their test");
    }
    Ok(())
}

fn stale<'tx>(tx: &mut ReadTx<'tx>, by: &Proof<'tx, RunnerIn>, id: &SecretId) -> Result<Option<TokensOf>, Error> {
    let Some(allowed) = access::prove_checkup(tx, by, id)? else { return Ok(None) };
    let set = store::token_sets::find(tx, by, id)?.filter(|set| renewing::is_stale(set, tx.now()));
    let (workspace, number) = (by.workspace().clone(), allowed.number());
    Ok(set.map(|_| TokensOf { workspace, secret: id.clone(), number }))
}

/// Takes the test, and reads all that it needs; none where there is nothing to be done now.
fn prepare<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    tools: Tools<'_>,
    (catalog, due, hourly): (&Catalog, &Due, i64),
) -> Result<Option<Ready>, Error> {
    let now = tx.now();
    let allowed = access::prove_checkup(tx, by, &due.secret)?;
    let described = allowed.as_ref().and_then(|of| catalog.describe(of.node_type().as_str(), None));
    let (Some(allowed), Some(description)) = (allowed, described.filter(|of| of.probe.is_some())) else {
        // It is planned again once it can be tested.
        store::health::put_off(tx, by, due, None)?;
        return Ok(None);
    };
    let has_ended = store::token_sets::find(tx, by, &due.secret)?.is_some_and(|set| renewing::has_ended(&set, now));
    if has_ended {
        // What is refused then is no news: whoever renews it says what is in the way.
        store::health::put_off(tx, by, due, Some(now.plus(WINDOW)))?;
        return Ok(None);
    }
    let Some(taken) = store::health::put_off(tx, by, due, Some(now.plus(LEASE)))? else { return Ok(None) };
    let Facts { fields: plain, hosts, .. } = Facts::read(&store::trials::facts(tx, &allowed)?);
    if let Some(until) = exhausted(tx, by, tools, (&hosts, hourly))? {
        store::health::put_off(tx, by, &taken, Some(until.plus(share(SPREAD, &due.secret))))?;
        return Ok(None);
    }
    let sealed = store::vend::sealed_value(tx, by, &allowed)?;
    let of = probe::use_of(tx, by, tools, &allowed);
    let description = description.into_owned();
    Ok(Some(Ready { of, name: allowed.name().to_string(), number: allowed.number(), description, plain, sealed }))
}

/// Until when no more tests go to one of these hosts, where they have had theirs.
fn exhausted(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    tools: Tools<'_>,
    (hosts, hourly): (&[String], i64),
) -> Result<Option<Moment>, Error> {
    let names: Vec<_> = probe::names_of(hosts)
        .iter()
        .map(|host| tools.keyring.throttle_key(&[b"tested by itself", host.as_bytes()]))
        .collect();
    for name in &names {
        if let Some(until) = store::throttle::closed_until(tx, by, (name.as_bytes(), hourly))? {
            return Ok(Some(until));
        }
    }
    for name in &names {
        store::throttle::hit(tx, by, name.as_bytes(), WINDOW)?;
    }
    Ok(None)
}
