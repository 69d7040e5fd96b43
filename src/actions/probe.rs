//! Testing a secret: permission and row in one transaction, the record, then the call, then what came of it.
//!
//! Invariant: nothing leaves before the record of it is durable, and nobody holds a connection to the database meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::{Instrument as _, Span};

use crate::catalog::{Catalog, NodeType};
use crate::crypto::Purpose;
use crate::domain::audit::{Event, SecretEvent};
use crate::domain::keys::SealedValue;
use crate::domain::letter::Refused;
use crate::domain::probe::Found;
use crate::domain::secret::Slot;
use crate::domain::{Finding, Moment, SecretId, Verdict};
use crate::store::access::{self, Ask, Demand, InWorkspace, Member, Probing, Proof, UseProof, UseRefusal};
use crate::store::token_sets::TokenSet;
use crate::store::{self, Error, Fault, Refusal, Unrecorded, WriteTx};
use crate::upstream::probe;

use super::entering::Facts;
use super::renewing::{self, Renewer, TokensOf};
use super::sign_in::closed;
use super::uses::Use;
use super::{Kit, Tools, audit, health, using};

/// How often one person may test one secret, and any, in a quarter of an hour, and all of a workspace the secrets for one
/// host, whatever its port: Keyrack looks for nobody's open doors.
const OF_SECRET: i64 = 10;
const OF_PERSON: i64 = 60;
const OF_HOST: i64 = 60;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProbeRefusal {
    #[error(transparent)]
    Use(#[from] UseRefusal),
    #[error("no harmless request is known that tells whether the key works")]
    NoProbe,
    #[error("it was tested too often")]
    TooOften(Moment),
}

impl Refusal for ProbeRefusal {}

/// The parts that a test needs.
#[derive(Clone)]
pub struct Means {
    pub renewer: Arc<Renewer>,
    pub catalog: Arc<Catalog>,
    pub kit: Kit,
}

/// What the first transaction found: everything that is needed to record, to open and to ask.
pub(super) struct Ready {
    pub of: Use,
    pub name: String,
    pub number: i64,
    pub description: NodeType,
    /// The fields that are no secrets.
    pub plain: BTreeMap<String, String>,
    pub sealed: Option<SealedValue>,
}

/// Tests the current value of a secret, or the next one, for a person who may.
pub async fn probe<F>(means: Means, ask: F, secret: SecretId, slot: Slot) -> Result<Verdict, Fault<ProbeRefusal>>
where
    F: Fn() -> Ask<Member> + Send + Sync + 'static,
{
    freshen(&means, ask(), &secret).await?;
    let ready = prepare(&means, ask(), secret, slot).await?;
    // Whoever goes away meanwhile does not stop it: what has left is judged and noted.
    let testing = tokio::spawn(async move { test(&means, &ask, ready).await }.instrument(Span::current()));
    testing.await.unwrap_or_else(|_| Err(Error::Unavailable("the test was given up").into()))
}

/// How long somebody who has just stored a value or connected an account waits for what its provider says of it.
const GLANCE: Duration = Duration::from_secs(5);

/// Tests what was connected a moment ago: the provider tells whose account it is. That it does not is no reason to wait.
pub async fn introduce<F>(means: Means, ask: F, secret: SecretId)
where
    F: Fn() -> Ask<Member> + Send + Sync + 'static,
{
    glance(means, ask, secret, Slot::Current).await;
}

/// Tests what was stored a moment ago, and waits a little for what comes of it; the test goes on where it takes longer.
pub async fn glance<F>(means: Means, ask: F, secret: SecretId, slot: Slot)
where
    F: Fn() -> Ask<Member> + Send + Sync + 'static,
{
    let tested = tokio::time::timeout(GLANCE, probe(means, ask, secret, slot)).await;
    tracing::debug!(in_time = tested.is_ok(), "what was stored was tested");
}

/// Tokens that are about to end are renewed before they are tested; where they cannot be, the test says what it finds.
async fn freshen(means: &Means, ask: Ask<Member>, secret: &SecretId) -> Result<(), Fault<ProbeRefusal>> {
    let id = secret.clone();
    let stale = means.renewer.db.read::<_, _, ProbeRefusal, _>(ask, move |tx, by| {
        let row = store::secrets::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let stale = store::token_sets::find(tx, by, &id)?.filter(|set| renewing::is_stale(set, tx.now()));
        let (workspace, number) = (by.workspace().clone(), row.secret.value_number);
        let needed = |set: &TokenSet| renewing::has_ended(set, tx.now());
        Ok(stale.map(|set| (TokensOf { workspace, secret: id.clone(), number }, needed(&set))))
    });
    if let Some((of, needed)) = stale.await? {
        let renewed = means.renewer.renew(&of, needed).await;
        tracing::debug!(is_renewed = renewed.is_ok(), "tokens were to be renewed before their test");
    }
    Ok(())
}

async fn prepare(means: &Means, ask: Ask<Member>, secret: SecretId, slot: Slot) -> Result<Ready, Fault<ProbeRefusal>> {
    let (catalog, kit) = (means.catalog.clone(), means.kit.clone());
    let prepared = means.renewer.db.write(ask, move |tx, by| {
        let allowed = access::prove_probe(tx, by, &secret, slot).map_err(|fault| match fault {
            Fault::Refused(refusal) => Fault::Refused(ProbeRefusal::Use(refusal)),
            Fault::Store(error) => Fault::Store(error),
        })?;
        let row = store::node_types::find(tx, by, allowed.node_type())?.ok_or(store::Denied::NotFound)?;
        let description = catalog.describe(row.slug.as_str(), row.spec.as_deref());
        let description = description.filter(|of| of.probe.is_some()).ok_or(ProbeRefusal::NoProbe)?.into_owned();
        let Facts { fields: plain, hosts, .. } = Facts::read(&store::trials::facts(tx, &allowed)?);
        kit.by_person(by.person(), |tools| count(tx, by, tools, (&secret, &hosts)))?;
        let sealed = store::vend::sealed_value(tx, by, &allowed)?;
        let of = kit.by_person(by.person(), |tools| use_of(tx, by, tools, &allowed));
        Ok(Ready { of, name: allowed.name().to_string(), number: allowed.number(), description, plain, sealed })
    });
    prepared.await
}

fn count(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Member>,
    tools: Tools<'_>,
    (secret, hosts): (&SecretId, &[String]),
) -> Result<(), Fault<ProbeRefusal>> {
    tx.unrecorded(Unrecorded::Throttle);
    let person = by.person().as_str().as_bytes();
    let of_secret = tools.keyring.throttle_key(&[b"probe", person, secret.as_str().as_bytes()]);
    let of_person = tools.keyring.throttle_key(&[b"probes", person]);
    let workspace = by.workspace().as_str().as_bytes();
    let of_hosts: Vec<_> = names_of(hosts)
        .into_iter()
        .map(|host| tools.keyring.throttle_key(&[b"probed host", workspace, host.as_bytes()]))
        .collect();
    let mut limits = vec![(of_secret.as_bytes().as_slice(), OF_SECRET), (of_person.as_bytes().as_slice(), OF_PERSON)];
    limits.extend(of_hosts.iter().map(|name| (name.as_bytes().as_slice(), OF_HOST)));
    closed(tx, by, &limits)?.map_or(Ok(()), |until| Err(ProbeRefusal::TooOften(until).into()))
}

/// The names of hosts, each once, whatever its port.
pub(super) fn names_of(hosts: &[String]) -> BTreeSet<String> {
    let bare = |host: &String| host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name).to_ascii_lowercase();
    hosts.iter().map(bare).collect()
}

pub(super) fn use_of(
    tx: &WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    allowed: &UseProof<'_, Probing>,
) -> Use {
    let event = SecretEvent::Probed {
        secret: allowed.secret().clone(),
        name: allowed.name().to_string(),
        node_type: allowed.node_type().to_string(),
        environment: allowed.environment(),
        value: allowed.number(),
    };
    let entry = tools.origin.entry(tx.now(), Event::Secret(event));
    Use::uncounted((by.workspace().clone(), allowed.secret().clone(), allowed.node_type()), entry)
}

/// Records, sends and notes; whoever asks is asked once more before anything is noted.
pub(super) async fn test<D>(means: &Means, ask: &impl Fn() -> D, ready: Ready) -> Result<Verdict, Fault<ProbeRefusal>>
where
    D: Demand,
    D::Right: InWorkspace,
{
    means.renewer.recorder.record(ready.of.clone()).await?;
    let keyring = &means.kit.keyring;
    let opened = ready.sealed.as_ref().and_then(|sealed| keyring.open_value(Purpose::Probe, sealed).ok());
    let (Some(credential), Some(spec)) = (opened, &ready.description.probe) else {
        note_unreadable(means, ask(), &ready).await?;
        return Ok(Finding::Unreadable.verdict());
    };
    if credential.value(Purpose::Probe).is_empty() {
        // A client that has no token yet: there is nothing that could be tried.
        let found = Found::from(Finding::NotPlaced);
        let verdict = found.finding.verdict();
        note(means, ask(), &ready, found).await?;
        return Ok(verdict);
    }
    let found = probe::run(&means.renewer.upstream, &credential, (&ready.description, spec), &ready.plain).await;
    drop(credential);
    let verdict = found.finding.verdict();
    note(means, ask(), &ready, found).await?;
    Ok(verdict)
}

async fn note<D>(means: &Means, ask: D, ready: &Ready, found: Found) -> Result<(), Fault<ProbeRefusal>>
where
    D: Demand,
    D::Right: InWorkspace,
{
    let (kit, id, name, value) = (means.kit.clone(), ready.of.secret.clone(), ready.name.clone(), ready.number);
    let (described, actor) = (ready.description.clone(), ready.of.entry.by.clone());
    let noted = means.renewer.db.write(ask, move |tx, by| {
        // Deleted, disconnected or replaced for good meanwhile: there is nothing left that it could be said of.
        if !store::trials::note(tx, by, (&id, value), &found)? {
            tx.unrecorded(Unrecorded::Nothing);
            return Ok(());
        }
        let event = SecretEvent::ProbeAnswered {
            secret: id.clone(),
            name: name.clone(),
            value,
            verdict: found.finding.verdict(),
            finding: found.finding,
            status: found.status,
        };
        kit.by(actor.clone(), |tools| {
            audit::change(tx, by, tools, Event::Secret(event))?;
            health::tell_rejected(tx, by, tools, (&id, Some(&described), Refused::Test))
        })?;
        Ok(())
    });
    noted.await
}

async fn note_unreadable<D>(means: &Means, ask: D, ready: &Ready) -> Result<(), Fault<ProbeRefusal>>
where
    D: Demand,
    D::Right: InWorkspace,
{
    let (kit, id, name, value) = (means.kit.clone(), ready.of.secret.clone(), ready.name.clone(), ready.number);
    let actor = ready.of.entry.by.clone();
    let noted = means.renewer.db.write(ask, move |tx, by| {
        Ok(kit.by(actor.clone(), |tools| using::mark_unreadable(tx, by, tools, (&id, &name, value)))?)
    });
    noted.await
}
