//! Work and letters, queued in the transaction of the change that causes them: kept with it, or not at all.

use crate::domain::{Email, JobId, Letter, PersonId, Work, WorkspaceId};
use crate::store::access::{InWorkspace, Proof, Right, Runner};
use crate::store::jobs::NewJob;
use crate::store::{self, Error, Outcome, WriteTx};

use super::Tools;

/// A letter to somebody.
pub struct Post<'a> {
    pub to: &'a Email,
    /// Whose account it concerns, where it concerns no workspace.
    pub person: Option<&'a PersonId>,
    pub letter: Letter,
}

/// Queues a letter about a workspace, whose Owners see whether it was sent.
pub fn of_workspace(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (to, letter): (&Email, Letter),
) -> Result<(), Error> {
    let work = Work::Letter { to: to.clone(), letter: Box::new(letter) };
    queue(tx, by, tools, &work, About { workspace: Some(by.workspace()), person: None })
}

/// Queues a letter about somebody's account.
pub fn of_person<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    post: Post<'_>,
) -> Result<(), Error> {
    let work = Work::Letter { to: post.to.clone(), letter: Box::new(post.letter) };
    queue(tx, by, tools, &work, About { workspace: None, person: post.person })
}

/// Queues work that concerns nobody who could look at it.
pub fn unseen<R: Right>(tx: &mut WriteTx<'_>, by: &Proof<'_, R>, tools: Tools<'_>, work: &Work) -> Result<(), Error> {
    queue(tx, by, tools, work, About { workspace: None, person: None })
}

/// Queues work about somebody's account, which is forgotten once the account has another password or address.
pub fn for_person<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (person, work): (&PersonId, &Work),
) -> Result<(), Error> {
    queue(tx, by, tools, work, About { workspace: None, person: Some(person) })
}

/// Plans what comes again by itself, where it is not planned yet.
pub fn plan(tx: &mut WriteTx<'_>, by: &Proof<'_, Runner>, tools: Tools<'_>, work: &Work) -> Outcome<()> {
    tx.unrecorded(store::Unrecorded::Work);
    if store::jobs::is_planned(tx, by, work.kind())? {
        return Ok(());
    }
    Ok(unseen(tx, by, tools, work)?)
}

/// Who may see it.
struct About<'a> {
    workspace: Option<&'a WorkspaceId>,
    person: Option<&'a PersonId>,
}

fn queue<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    work: &Work,
    about: About<'_>,
) -> Result<(), Error> {
    let id = JobId::draw(tx.now(), tools.chance);
    let payload = tools.keyring.seal_work(&id, work).map_err(|_| Error::Unsealed)?;
    let (recipient, expires_at) = match work {
        // Whom it is for is told only where somebody may see it.
        Work::Letter { to, letter } => {
            (Some(to).filter(|_| about.workspace.is_some() || about.person.is_some()), letter.until())
        }
        _ => (None, None),
    };
    let job = NewJob {
        id: &id,
        kind: work.kind(),
        title: work.title(),
        workspace: about.workspace,
        person: about.person,
        recipient,
        payload: &payload,
        expires_at,
        run_at: tx.now(),
    };
    store::jobs::queue(tx, by, &job)
}
