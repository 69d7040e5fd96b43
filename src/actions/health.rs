//! What calls upstream tell about a credential, and who is told when its provider does not take it any more.
//!
//! Invariant: what is heard counts for the value that the call carried, and for no newer one. A rejection is told once.

use std::convert::Infallible;
use std::time::Duration;

use crate::catalog::{Catalog, NodeType};
use crate::domain::audit::{Actor, Event, SecretEvent};
use crate::domain::letter::Refused;
use crate::domain::{JobKind, Letter, Moment, SecretId, Verdict, WorkspaceId};
use crate::store::access::{AskRunnerIn, InWorkspace, Proof, RunnerIn};
use crate::store::{self, Denied, Error, Fault, ReadTx, Unrecorded, WriteTx};

use super::probe::Means;
use super::{Tools, audit, letters, outbox};

/// So many calls in a row that were refused mark a value rejected that nothing can test.
const REFUSALS: i32 = 3;
/// A value that was tested so lately is not tested again for the next call that is refused.
const PAUSE: Duration = Duration::from_mins(5);
/// A test that is due so soon is waited for.
const SOON: Duration = Duration::from_mins(10);

/// What an upstream made of the credential that a call carried.
#[derive(Clone, Debug)]
pub struct Heard {
    pub workspace: WorkspaceId,
    pub secret: SecretId,
    /// Of the value that was sent.
    pub number: i64,
    /// Whether it let the caller in; false for what says that it does not know the credential, such as 401.
    pub accepted: bool,
}

/// What follows from it.
enum Step {
    Nothing,
    /// A test is to tell more.
    Probe(Moment),
    Count,
    Reject {
        name: String,
        description: Option<Box<NodeType>>,
    },
    /// There were refusals, of which nobody was told.
    Forget,
    Clear {
        name: String,
    },
}

/// Takes in what was heard. An accepted call needs to be told only where the use's own proof said that the value is in
/// doubt (`UseProof::is_in_doubt`): of all others nothing could be cleared. Of a refused one, most change nothing either,
/// so that it is looked at first and waits among the writers only where it does.
pub async fn heard(means: &Means, of: Heard) -> Result<(), Fault<Infallible>> {
    let ask = || AskRunnerIn { workspace: of.workspace.clone() };
    let (catalog, looked) = (means.catalog.clone(), of.clone());
    let idle =
        means.renewer.db.read(ask(), move |tx, by| Ok(matches!(follows(tx, by, (&catalog, &looked))?, Step::Nothing)));
    match idle.await {
        Ok(false) => {}
        // Deleted since.
        Ok(true) | Err(Fault::Store(Error::Denied(Denied::NotFound))) => return Ok(()),
        Err(fault) => return Err(fault),
    }
    let (catalog, kit) = (means.catalog.clone(), means.kit.clone());
    let written = means.renewer.db.write(ask(), move |tx, by| {
        // Counting and planning are no changes of the secret; those that are leave an entry.
        tx.unrecorded(Unrecorded::Tally);
        let step = follows(tx, by, (&catalog, &of))?;
        Ok(kit.by(Actor::Keyrack, |tools| take(tx, by, tools, (&of, step)))?)
    });
    match written.await {
        Err(Fault::Store(Error::Denied(Denied::NotFound))) => Ok(()),
        written => written,
    }
}

fn follows(tx: &mut ReadTx<'_>, by: &Proof<'_, RunnerIn>, (catalog, of): (&Catalog, &Heard)) -> Result<Step, Error> {
    let now = tx.now();
    let Some(found) = store::health::standing(tx, by, (&of.secret, of.number))? else { return Ok(Step::Nothing) };
    let name = found.name.to_string();
    match (of.accepted, found.rejected_at.is_some()) {
        (true, true) => return Ok(Step::Clear { name }),
        (true, false) if found.refusals > 0 => return Ok(Step::Forget),
        (true, false) => return Ok(Step::Nothing),
        // It is known, and was told.
        (false, true) => return Ok(Step::Nothing),
        (false, false) => {}
    }
    let description = catalog.describe(found.node_type.as_str(), found.spec.as_deref());
    let says_nothing = found.finding.is_some_and(|finding| finding.verdict() == Verdict::Untestable);
    if !says_nothing && description.as_ref().is_some_and(|of| is_tested(of, found.spec.as_deref())) {
        let at = found.probed_at.map_or(now, |last| last.plus(PAUSE).max(now));
        let is_planned = found.probe_at.is_some_and(|planned| planned <= now.plus(SOON));
        return Ok(if is_planned { Step::Nothing } else { Step::Probe(at) });
    }
    if found.refusals + 1 < REFUSALS {
        return Ok(Step::Count);
    }
    Ok(Step::Reject { name, description: description.map(|of| Box::new(of.into_owned())) })
}

/// Whether Keyrack tests keys of this node type by itself. What somebody wrote in the workspace is sent by nobody but those
/// who may use the key: whoever writes it would use others' private ones.
pub(super) fn is_tested(description: &NodeType, spec: Option<&str>) -> bool {
    description.probe.is_some() && spec.is_none()
}

fn take(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, RunnerIn>,
    tools: Tools<'_>,
    (of, step): (&Heard, Step),
) -> Result<(), Error> {
    let value = (&of.secret, of.number);
    match step {
        Step::Nothing => Ok(()),
        Step::Probe(at) => {
            store::health::plan_probe(tx, by, value, at)?;
            if at > tx.now() { Ok(()) } else { store::jobs::hasten(tx, by, JobKind::Probe) }
        }
        Step::Count => store::health::count_refusal(tx, by, value),
        Step::Forget => store::health::clear(tx, by, value),
        Step::Clear { name } => {
            store::health::clear(tx, by, value)?;
            let event = SecretEvent::CallAccepted { secret: of.secret.clone(), name, value: of.number };
            audit::change(tx, by, tools, Event::Secret(event))
        }
        Step::Reject { name, description } => {
            if !store::health::reject(tx, by, value)? {
                return Ok(());
            }
            let event = SecretEvent::CallsRefused { secret: of.secret.clone(), name, value: of.number };
            audit::change(tx, by, tools, Event::Secret(event))?;
            tell_rejected(tx, by, tools, (&of.secret, description.as_deref(), Refused::Calls))
        }
    }
}

/// Writes to the owner of a secret that is rejected since this very moment, with what its node type says of it.
pub(super) fn tell_rejected(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (id, description, refused): (&SecretId, Option<&NodeType>, Refused),
) -> Result<(), Error> {
    let Some(found) = store::events::secret(tx, by, id)? else { return Ok(()) };
    if found.rejected_at != Some(tx.now()) {
        return Ok(());
    }
    let Some(whom) = store::token_sets::told_of(tx, by, id)? else { return Ok(()) };
    if !letters::may_tell(tx, by, tools, &[b"rejected", id.as_str().as_bytes()])? {
        return Ok(());
    }
    let described = description.map(|of| of.under(found.kind.method()));
    let letter = Letter::SecretRejected {
        workspace: whom.workspace.to_string(),
        slug: whom.slug.to_string(),
        id: id.clone(),
        name: found.name.to_string(),
        node_type: whom.node_type.to_string(),
        refused,
        method: found.kind.method(),
        advice: described.as_ref().map(|of| of.guide.rejected.clone()).unwrap_or_default(),
        place: described.as_ref().and_then(|of| of.place_of_keys().map(ToOwned::to_owned)),
    };
    outbox::of_workspace(tx, by, tools, (&whom.owner, letter))
}
