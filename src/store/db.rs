//! The way to a connection: a fair queue, a short wait, a transaction, a bounded number of tries.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::{Pool, PooledConnection};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::config::{DatabaseAddress, DatabaseConfig};
use crate::domain::{Chance, Clock, Moment};

use super::access::{Demand, Proof};
use super::connection::{Conn, Manager, Mode};
use super::error::{Error, Fault};
use super::tx::{ReadTx, WriteTx};

const TRIES: u32 = 5;
/// How long a start waits for a disk or a server that stands still: nobody else waits yet.
const ARRIVAL: Duration = Duration::from_secs(30);

/// It panicked, or the program ends.
const GIVEN_UP: Error = Error::Unavailable("the work was given up");

/// One try: from the demand to the proof to the work.
type Attempt<D, F, T, E> = fn(&mut Conn, Moment, &D, &mut F) -> Result<T, Fault<E>>;

/// Connections of one sort, and the queue for them.
#[derive(Clone)]
struct Gate {
    queue: Arc<Semaphore>,
    pool: Pool<Manager>,
    wait: Duration,
}

impl Gate {
    fn open(config: &DatabaseConfig, mode: Mode, size: u32) -> Self {
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(1))
            .connection_timeout(config.wait)
            // The beginning of a transaction is the test.
            .test_on_check_out(false)
            .build_unchecked(Manager::new(config, mode));
        let queue = Arc::new(Semaphore::new(usize::try_from(size).unwrap_or(1)));
        Self { queue, pool, wait: config.wait }
    }

    /// First come, first served; whoever waits too long is told at once.
    async fn enter(&self) -> Result<OwnedSemaphorePermit, Error> {
        tokio::time::timeout(self.wait, self.queue.clone().acquire_owned())
            .await
            .map_err(|_| Error::Unavailable("every connection is in use"))?
            .map_err(|_| Error::Unavailable("the program is stopping"))
    }

    /// Waits for the first connection.
    fn arrive(&self) -> Result<(), Error> {
        self.pool.get_timeout(ARRIVAL).map(drop).map_err(|_| Error::Unavailable("no connection could be made"))
    }

    fn connection(&self) -> Result<PooledConnection<Manager>, Error> {
        self.pool.get().map_err(|_| Error::Unavailable("no connection could be made"))
    }

    /// A connection in a transaction. One that has died while nobody used it is thrown away, and the next one taken.
    fn begin(&self, mode: Mode) -> Result<PooledConnection<Manager>, Error> {
        for _ in 0..=self.pool.max_size() {
            let mut conn = self.connection()?;
            match conn.begin(mode) {
                Ok(()) => return Ok(conn),
                Err(error) if !conn.is_broken() => return Err(error.into()),
                Err(_) => {}
            }
        }
        Err(Error::Unavailable("no connection could be made"))
    }
}

/// What work takes along to the thread that it is done on.
struct Errand {
    gate: Gate,
    mode: Mode,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
}

impl Errand {
    fn run<D, F, T, E>(&self, ask: &D, work: &mut F, attempt: Attempt<D, F, T, E>) -> Result<T, Fault<E>> {
        let mut tries = 0;
        loop {
            tries += 1;
            let begun = self.gate.begin(self.mode).map_err(Fault::from);
            let done =
                begun.and_then(|mut conn| to_its_end(&mut conn, |conn| attempt(conn, self.clock.now(), ask, work)));
            match done {
                Err(Fault::Store(Error::Collided)) if tries < TRIES => pause(tries, &*self.chance),
                Err(Fault::Store(Error::Collided)) => return Err(Error::Unavailable("others were quicker").into()),
                other => return other,
            }
        }
    }
}

/// What a transaction that was kept leaves behind.
struct Kept<T> {
    done: T,
    queued: bool,
    outgoing: bool,
}

/// The database. SQLite has one writer, handed out in order, and readers of their own.
#[derive(Clone)]
pub struct Db {
    readers: Gate,
    writers: Gate,
    /// Whether the database is part of this process.
    embedded: bool,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    queued: Arc<Notify>,
    outgoing: Arc<Notify>,
}

impl Db {
    pub fn open(config: &DatabaseConfig, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Self {
        let (readers, writers) = match config.url {
            DatabaseAddress::Sqlite(_) => {
                (Gate::open(config, Mode::Read, config.readers), Gate::open(config, Mode::Write, 1))
            }
            DatabaseAddress::Postgres(_) => {
                let gate = Gate::open(config, Mode::Write, config.readers);
                (gate.clone(), gate)
            }
        };
        let embedded = matches!(config.url, DatabaseAddress::Sqlite(_));
        Self { readers, writers, embedded, clock, chance, queued: Arc::default(), outgoing: Arc::default() }
    }

    /// Waits for the first connections, which a program that starts needs before it can say anything.
    pub async fn arrive(&self) -> Result<(), Error> {
        let (readers, writers) = (self.readers.clone(), self.writers.clone());
        let arriving = tokio::task::spawn_blocking(move || readers.arrive().and_then(|()| writers.arrive()));
        arriving.await.unwrap_or_else(|_| Err(GIVEN_UP))
    }

    /// Looks, in a transaction that sees one moment, once the demand has become a proof.
    pub async fn read<D, T, E, F>(&self, ask: D, work: F) -> Result<T, Fault<E>>
    where
        D: Demand,
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnMut(&mut ReadTx<'tx>, &Proof<'tx, D::Right>) -> Result<T, Fault<E>> + Send + 'static,
    {
        self.run(self.readers.clone(), ask, Mode::Read, work, |conn, now, ask, work| {
            let mut tx = ReadTx::new(conn, now);
            let proof = ask.prove(&mut tx)?;
            work(&mut tx, &proof)
        })
        .await
    }

    /// The same for a look that is over in a fraction of a millisecond. SQLite is asked on the thread that is here: the way
    /// to another one would take longer than the look. PostgreSQL's answer is not waited for where others are served.
    pub async fn glance<D, T, E, F>(&self, ask: D, mut work: F) -> Result<T, Fault<E>>
    where
        D: Demand,
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnMut(&mut ReadTx<'tx>, &Proof<'tx, D::Right>) -> Result<T, Fault<E>> + Send + 'static,
    {
        if !self.embedded {
            return self.read(ask, work).await;
        }
        let looked = {
            let _permit = self.readers.enter().await?;
            let now = self.clock.now();
            self.readers.begin(Mode::Read).map_err(Fault::from).and_then(|mut conn| {
                to_its_end(&mut conn, |conn| {
                    let mut tx = ReadTx::new(conn, now);
                    let proof = ask.prove(&mut tx)?;
                    work(&mut tx, &proof)
                })
            })
        };
        match looked {
            // Somebody mends or moves the file at this moment: that is waited for elsewhere, as ever.
            Err(Fault::Store(Error::Collided)) => self.read(ask, work).await,
            looked => looked,
        }
    }

    /// Changes, in a transaction that is kept only together with its audit entry.
    pub async fn write<D, T, E, F>(&self, ask: D, work: F) -> Result<T, Fault<E>>
    where
        D: Demand,
        T: Send + 'static,
        E: Send + 'static,
        F: for<'tx> FnMut(&mut WriteTx<'tx>, &Proof<'tx, D::Right>) -> Result<T, Fault<E>> + Send + 'static,
    {
        let kept = self.run(self.writers.clone(), ask, Mode::Write, work, change).await?;
        Ok(self.told(kept))
    }

    /// The same on the thread that is here, which must have nobody else to serve. A panic of the work is an error like others,
    /// so that the thread goes on.
    pub async fn write_here<D, T, E, F>(&self, ask: D, mut work: F) -> Result<T, Fault<E>>
    where
        D: Demand,
        F: for<'tx> FnMut(&mut WriteTx<'tx>, &Proof<'tx, D::Right>) -> Result<T, Fault<E>>,
    {
        let _permit = self.writers.enter().await?;
        let errand = self.errand(self.writers.clone(), Mode::Write);
        let done = catch_unwind(AssertUnwindSafe(|| errand.run(&ask, &mut work, change)));
        let kept = done.unwrap_or_else(|_| Err(GIVEN_UP.into()))?;
        Ok(self.told(kept))
    }

    /// Wakes those who wait for what a transaction left.
    fn told<T>(&self, kept: Kept<T>) -> T {
        if kept.queued {
            self.queued.notify_one();
        }
        if kept.outgoing {
            self.outgoing.notify_one();
        }
        kept.done
    }

    /// Has one more of those look who wait for work.
    pub fn wake_another(&self) {
        self.queued.notify_one();
    }

    /// Returns once a transaction of this process was kept that queued work, or somebody found some.
    pub async fn work_was_queued(&self) {
        self.queued.notified().await;
    }

    /// Returns once a transaction of this process was kept by which an event is to be sent.
    pub async fn events_are_due(&self) {
        self.outgoing.notified().await;
    }

    async fn run<D, T, E, F>(
        &self,
        gate: Gate,
        ask: D,
        mode: Mode,
        mut work: F,
        attempt: Attempt<D, F, T, E>,
    ) -> Result<T, Fault<E>>
    where
        D: Demand,
        T: Send + 'static,
        E: Send + 'static,
        F: Send + 'static,
    {
        let permit = gate.enter().await?;
        let errand = self.errand(gate, mode);
        let blocking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            errand.run(&ask, &mut work, attempt)
        });
        blocking.await.unwrap_or_else(|_| Err(GIVEN_UP.into()))
    }

    fn errand(&self, gate: Gate, mode: Mode) -> Errand {
        Errand { gate, mode, clock: self.clock.clone(), chance: self.chance.clone() }
    }

    /// Whether the database answers and is up to date.
    pub async fn is_ready(&self) -> bool {
        let gate = self.readers.clone();
        let Ok(permit) = gate.enter().await else { return false };
        let looked = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let look = |conn: &mut Conn| Ok::<_, Fault<Error>>(super::migrate::is_current(conn).unwrap_or(false));
            gate.begin(Mode::Read).is_ok_and(|mut conn| to_its_end(&mut conn, look).unwrap_or(false))
        });
        looked.await.unwrap_or(false)
    }
}

fn change<D, F, T, E>(conn: &mut Conn, now: Moment, ask: &D, work: &mut F) -> Result<Kept<T>, Fault<E>>
where
    D: Demand,
    F: for<'tx> FnMut(&mut WriteTx<'tx>, &Proof<'tx, D::Right>) -> Result<T, Fault<E>>,
{
    let mut tx = WriteTx::new(conn, now);
    // The lock comes before the proof, so that the proof is read from the newest state.
    ask.lock(&mut tx)?;
    let proof = ask.prove(&mut tx)?;
    let done = work(&mut tx, &proof)?;
    if !tx.is_recorded() {
        return Err(Error::Unrecorded.into());
    }
    Ok(Kept { done, queued: tx.has_queued(), outgoing: tx.has_outgoing() })
}

pub(super) fn in_transaction<T, E>(
    conn: &mut Conn,
    mode: Mode,
    work: impl FnOnce(&mut Conn) -> Result<T, Fault<E>>,
) -> Result<T, Fault<E>> {
    conn.begin(mode).map_err(Error::from)?;
    to_its_end(conn, work)
}

/// Does the work of a transaction that has begun, and keeps or drops what it did.
fn to_its_end<T, E>(conn: &mut Conn, work: impl FnOnce(&mut Conn) -> Result<T, Fault<E>>) -> Result<T, Fault<E>> {
    let result = work(conn);
    let kept = match &result {
        Ok(_) => conn.commit(),
        Err(_) => conn.roll_back(),
    };
    match (result, kept) {
        (Ok(_), Err(error)) => Err(Error::from(error).into()),
        (result, _) => result,
    }
}

/// A short rest of uneven length, so that those who collided do not meet again.
#[expect(clippy::disallowed_methods, reason = "waits for another transaction, on a thread made for waiting")]
fn pause(tries: u32, chance: &dyn Chance) {
    let mut jitter = [0_u8; 1];
    chance.fill(&mut jitter);
    let millis = (1_u64 << tries.min(6)) * 2 + u64::from(jitter[0] % 16);
    std::thread::sleep(Duration::from_millis(millis));
}
