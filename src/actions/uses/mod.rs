//! The record of uses: concurrent ones share a commit, and each answer waits for its own.

mod tallies;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot, watch};

use crate::crypto::Keyring;
use crate::domain::audit::{ChainKind, Entry};
use crate::domain::usage::Counted;
use crate::domain::{Clock, SecretId, Slug, TokenId, WorkflowId, WorkspaceId};
use crate::store::access::{AskNothing, Nobody, Proof};
use crate::store::{Db, Error, Fault, Outcome, WriteTx};

use super::audit;
use tallies::Tallies;

pub use tallies::PERIOD as COUNTED_EVERY;

/// At most this many uses in one commit.
const GROUP: usize = 256;
/// Uses that may wait to be recorded; more are told to come again.
const WAITING: usize = 4_096;

/// Of the time that the last commit took, the part for which others are waited for before the next: a slow disk is
/// worth a longer wait, a fast one none. Less than the shortest is not waited for: whoever rests so briefly is woken late.
const LINGER: u32 = 16;
const SHORTEST_LINGER: Duration = Duration::from_micros(100);
const LONGEST_LINGER: Duration = Duration::from_micros(500);
/// So many times, as long as others come.
const LINGERS: usize = 8;
/// So long what nobody waits for stays behind, so as not to keep those waiting who come next.
const ALONE: Duration = Duration::from_millis(20);

/// One use, to be recorded before its answer leaves.
#[derive(Clone)]
pub struct Use {
    pub workspace: WorkspaceId,
    pub secret: SecretId,
    /// None where a person tests it: that is no use of the kind that is counted.
    pub token: Option<TokenId>,
    pub node_type: Option<Slug>,
    /// For which one it was asked for, where it was for a node.
    pub workflow: Option<WorkflowId>,
    pub counted: Counted,
    pub entry: Arc<Entry>,
}

impl Use {
    /// Of Keyrack itself, or of a person who tests it.
    pub fn uncounted((workspace, secret, node_type): (WorkspaceId, SecretId, &Slug), entry: Entry) -> Self {
        let (node_type, counted) = (Some(node_type.clone()), Counted::Nothing);
        Self { workspace, secret, token: None, node_type, workflow: None, counted, entry: Arc::new(entry) }
    }
}

struct Waiting {
    /// None where somebody waits for everything that was queued before.
    of: Option<Use>,
    /// None where nobody waits.
    done: Option<oneshot::Sender<bool>>,
}

/// The way to the writer that gathers concurrent uses.
#[derive(Clone)]
pub struct Recorder {
    queue: mpsc::Sender<Waiting>,
    tallies: Tallies,
    /// Ends with the writer.
    over: watch::Receiver<()>,
}

impl Recorder {
    /// Starts the writer; it ends when the last recorder is gone.
    pub fn start(db: Db, keyring: Arc<Keyring>, clock: Arc<dyn Clock>) -> std::io::Result<Self> {
        let (queue, incoming) = mpsc::channel(WAITING);
        let tallies = Tallies::new(db.clone());
        let writer = Writer { db, keyring, tallies: tallies.clone(), clock: clock.clone() };
        let (ended, over) = watch::channel(());
        // A thread of its own: the way to another one and back, for each commit, takes longer than most of what is done there.
        std::thread::Builder::new().name("record".to_owned()).spawn(move || {
            writer.run(incoming);
            drop(ended);
        })?;
        tokio::spawn(tallies.clone().keep(clock, over.clone()));
        Ok(Self { queue, tallies, over })
    }

    /// Returns once the last recorder is gone and its writer has let go of the database.
    pub fn over(&self) -> impl Future<Output = ()> + use<> {
        let mut over = self.over.clone();
        async move {
            let _ended = over.changed().await;
        }
    }

    /// Returns once the record is durable. An error means that nothing may be handed out.
    pub async fn record(&self, of: Use) -> Result<(), Error> {
        const UNRECORDED: Error = Error::Unavailable("the use could not be recorded");
        let (done, recorded) = oneshot::channel();
        self.queue.try_send(Waiting { of: Some(of), done: Some(done) }).map_err(|_| UNRECORDED)?;
        if recorded.await.unwrap_or(false) { Ok(()) } else { Err(UNRECORDED) }
    }

    /// Records what nobody waits for: what came of something whose own record is durable already.
    pub fn note(&self, of: Use) {
        if self.queue.try_send(Waiting { of: Some(of), done: None }).is_err() {
            tracing::warn!("what came of a use is not recorded: too many wait");
        }
    }

    /// Returns once everything is recorded and counted that was queued before.
    pub async fn settle(&self) {
        let (done, reached) = oneshot::channel();
        if self.queue.send(Waiting { of: None, done: Some(done) }).await.is_ok() {
            let _over = reached.await;
        }
        self.tallies.write().await;
    }
}

/// Where a group is written.
#[derive(Clone, Copy)]
enum Thread {
    TheWriters,
    /// Where others are written at the same time.
    Another,
}

struct Writer {
    db: Db,
    keyring: Arc<Keyring>,
    tallies: Tallies,
    clock: Arc<dyn Clock>,
}

impl Writer {
    fn run(self, incoming: mpsc::Receiver<Waiting>) {
        match tokio::runtime::Builder::new_current_thread().enable_time().build() {
            Ok(runtime) => runtime.block_on(self.write_groups(incoming)),
            // Nothing is handed out without a record.
            Err(error) => tracing::error!(%error, "no use can be recorded"),
        }
    }

    async fn write_groups(&self, mut incoming: mpsc::Receiver<Waiting>) {
        let mut group = Vec::new();
        let (mut last, mut took) = (0, Duration::ZERO);
        while incoming.recv_many(&mut group, GROUP).await > 0 {
            accompanied(&mut group, &mut incoming).await;
            // Whoever asks alone waits for nobody.
            if last.max(waited_for(&group)) > 1 {
                linger((took / LINGER).min(LONGEST_LINGER), &incoming);
                while group.len() < GROUP
                    && let Ok(one) = incoming.try_recv()
                {
                    group.push(one);
                }
            }
            let waiting = std::mem::take(&mut group);
            let began = self.clock.now();
            last = waited_for(&waiting);
            match self.write(&waiting, Thread::TheWriters).await {
                Ok(()) => tell(waiting, true),
                Err(fault) => self.apart(waiting, &fault).await,
            }
            took = self.clock.now().since(began);
        }
    }

    /// One workspace's trouble is not the others', whether its record is broken or somebody keeps its rows for long: each
    /// is tried once more by itself, all at once, and answered as soon as it is written. Where a connection broke while the
    /// commit was on its way, a use may so stand in the record twice.
    async fn apart(&self, waiting: Vec<Waiting>, why: &Fault<Infallible>) {
        let (groups, after) = by_workspace(waiting);
        let is_hopeless = groups.len() == 1 && matches!(why, Fault::Store(Error::Unavailable(_)));
        let each = groups.into_values().map(|waiting| async move {
            let written = !is_hopeless && self.write(&waiting, Thread::Another).await.is_ok();
            tell(waiting, written);
        });
        join_all(each).await;
        tell(after, true);
    }

    async fn write(&self, waiting: &[Waiting], on: Thread) -> Outcome<()> {
        let mut entries: BTreeMap<WorkspaceId, Vec<Arc<Entry>>> = BTreeMap::new();
        for of in waiting.iter().filter_map(|one| one.of.as_ref()) {
            entries.entry(of.workspace.clone()).or_default().push(of.entry.clone());
        }
        if entries.is_empty() {
            return Ok(());
        }
        let keyring = self.keyring.clone();
        let write = move |tx: &mut WriteTx<'_>, _: &Proof<'_, Nobody>| Ok(commit(tx, &keyring, &entries)?);
        let written: Outcome<()> = match on {
            Thread::TheWriters => self.db.write_here(AskNothing, write).await,
            Thread::Another => self.db.write(AskNothing, write).await,
        };
        match &written {
            Ok(()) => self.tallies.add(waiting.iter().filter_map(|one| one.of.as_ref())),
            Err(fault) => tracing::error!(error = %fault, uses = waiting.len(), "uses could not be recorded"),
        }
        written
    }
}

fn waited_for(group: &[Waiting]) -> usize {
    group.iter().filter(|one| one.done.is_some()).count()
}

/// What nobody waits for leaves together with the next that somebody does, or alone after a while.
async fn accompanied(group: &mut Vec<Waiting>, incoming: &mut mpsc::Receiver<Waiting>) {
    let company = async {
        while group.len() < GROUP && waited_for(group) == 0 {
            if incoming.recv_many(group, GROUP - group.len()).await == 0 {
                return;
            }
        }
    };
    let _alone = tokio::time::timeout(ALONE, company).await;
}

/// Waits for those who are on their way, for as long as more come.
fn linger(pause: Duration, incoming: &mpsc::Receiver<Waiting>) {
    for _ in 0..LINGERS {
        let before = incoming.len();
        if pause < SHORTEST_LINGER || before >= GROUP {
            return;
        }
        rest(pause);
        if incoming.len() == before {
            return;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a fraction of a millisecond, for which the runtime's timer is too coarse"
)]
fn rest(pause: Duration) {
    std::thread::sleep(pause);
}

fn tell(waiting: Vec<Waiting>, written: bool) {
    for done in waiting.into_iter().filter_map(|one| one.done) {
        // Whoever asked may have gone away; the record stands all the same.
        let _gone = done.send(written);
    }
}

/// The uses of each workspace, and those who wait for all of them.
fn by_workspace(waiting: Vec<Waiting>) -> (BTreeMap<WorkspaceId, Vec<Waiting>>, Vec<Waiting>) {
    let mut groups: BTreeMap<WorkspaceId, Vec<Waiting>> = BTreeMap::new();
    let mut after = Vec::new();
    for one in waiting {
        match one.of.as_ref().map(|of| of.workspace.clone()) {
            Some(workspace) => groups.entry(workspace).or_default().push(one),
            None => after.push(one),
        }
    }
    (groups, after)
}

/// One entry per workspace with its uses in order; workspaces in id order, so that replicas never
/// wait for each other in a circle.
fn commit(tx: &mut WriteTx<'_>, keyring: &Keyring, uses: &BTreeMap<WorkspaceId, Vec<Arc<Entry>>>) -> Result<(), Error> {
    for (workspace, entries) in uses {
        let entries: Vec<&Entry> = entries.iter().map(AsRef::as_ref).collect();
        audit::append(tx, keyring, ChainKind::Uses, workspace.as_str(), &entries)?;
    }
    Ok(())
}
