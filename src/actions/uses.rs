//! The record of uses: concurrent ones share a commit, and each answer waits for its own.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};

use crate::crypto::Keyring;
use crate::domain::audit::{ChainKind, Entry};
use crate::domain::{SecretId, TokenId, WorkspaceId};
use crate::store::access::AskNothing;
use crate::store::audit::Used;
use crate::store::{self, Db, Error, Fault, Outcome, WriteTx};

use super::audit;

/// At most this many uses in one commit.
const GROUP: usize = 256;
/// Uses that may wait to be recorded; more are told to come again.
const WAITING: usize = 4_096;

/// One use, to be recorded before its answer leaves.
#[derive(Clone)]
pub struct Use {
    pub workspace: WorkspaceId,
    pub secret: SecretId,
    /// None where a person tests it: that is no use of the kind that is counted.
    pub token: Option<TokenId>,
    pub entry: Entry,
}

struct Waiting {
    of: Use,
    done: oneshot::Sender<bool>,
}

/// The way to the writer that gathers concurrent uses.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
}

impl Recorder {
    /// Starts the writer; it ends when the last recorder is gone.
    pub fn start(db: Db, keyring: Arc<Keyring>) -> Self {
        let (queue, incoming) = mpsc::channel(WAITING);
        tokio::spawn(write_groups(db, keyring, incoming));
        Self { queue }
    }

    /// Returns once the record is durable. An error means that nothing may be handed out.
    pub async fn record(&self, of: Use) -> Result<(), Error> {
        const UNRECORDED: Error = Error::Unavailable("the use could not be recorded");
        let (done, recorded) = oneshot::channel();
        self.queue.try_send(Waiting { of, done }).map_err(|_| UNRECORDED)?;
        if recorded.await.unwrap_or(false) { Ok(()) } else { Err(UNRECORDED) }
    }
}

async fn write_groups(db: Db, keyring: Arc<Keyring>, mut incoming: mpsc::Receiver<Waiting>) {
    let mut group = Vec::new();
    while incoming.recv_many(&mut group, GROUP).await > 0 {
        let waiting = std::mem::take(&mut group);
        match write(&db, &keyring, &waiting).await {
            Ok(()) => tell(waiting, true),
            Err(fault) => apart(&db, &keyring, waiting, &fault).await,
        }
    }
}

/// One workspace's trouble is not the others', whether its record is broken or somebody keeps its rows for long: each is
/// tried once more by itself, all at once, and answered as soon as it is written.
async fn apart(db: &Db, keyring: &Arc<Keyring>, waiting: Vec<Waiting>, why: &Fault<Infallible>) {
    let groups = by_workspace(waiting);
    let is_hopeless = groups.len() == 1 && matches!(why, Fault::Store(Error::Unavailable(_)));
    let each = groups.into_values().map(|waiting| async move {
        let written = !is_hopeless && write(db, keyring, &waiting).await.is_ok();
        tell(waiting, written);
    });
    join_all(each).await;
}

async fn write(db: &Db, keyring: &Arc<Keyring>, waiting: &[Waiting]) -> Outcome<()> {
    let uses: Vec<Use> = waiting.iter().map(|one| one.of.clone()).collect();
    let keyring = keyring.clone();
    let written = db.write::<_, _, Infallible, _>(AskNothing, move |tx, _| Ok(commit(tx, &keyring, &uses)?)).await;
    if let Err(fault) = &written {
        tracing::error!(error = %fault, uses = waiting.len(), "uses could not be recorded");
    }
    written
}

fn tell(waiting: Vec<Waiting>, written: bool) {
    for one in waiting {
        // Whoever asked may have gone away; the record stands all the same.
        let _gone = one.done.send(written);
    }
}

fn by_workspace(waiting: Vec<Waiting>) -> BTreeMap<WorkspaceId, Vec<Waiting>> {
    let mut groups: BTreeMap<WorkspaceId, Vec<Waiting>> = BTreeMap::new();
    for one in waiting {
        groups.entry(one.of.workspace.clone()).or_default().push(one);
    }
    groups
}

/// One entry per workspace with its uses in order; workspaces in id order, so that replicas never
/// wait for each other in a circle.
fn commit(tx: &mut WriteTx<'_>, keyring: &Keyring, uses: &[Use]) -> Result<(), Error> {
    let mut by_workspace: BTreeMap<&WorkspaceId, Vec<Entry>> = BTreeMap::new();
    for one in uses {
        by_workspace.entry(&one.workspace).or_default().push(one.entry.clone());
    }
    for (workspace, entries) in by_workspace {
        audit::append(tx, keyring, ChainKind::Uses, workspace.as_str(), &entries)?;
    }
    let used = |one: &Use| Some(Used { secret: one.secret.clone(), token: one.token.clone()?, from: one.entry.from });
    let used: Vec<Used> = uses.iter().filter_map(used).collect();
    store::audit::mark_used(tx, &used)?;
    store::audit::count_uses(tx, &used)
}
