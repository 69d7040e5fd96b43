//! One connection type for two databases, opened by the scheme of the configured address.

use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, Instrumentation, InstrumentationEvent, SimpleConnection, TransactionManager,
};
use diesel::r2d2::{self, ManageConnection};
use diesel::{Connection, ConnectionError, PgConnection, QueryResult, SqliteConnection};

use crate::config::{DatabaseAddress, DatabaseConfig, Redacted};

#[derive(diesel::MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Either database, as diesel's types name it.
pub(super) type Backend = <Conn as Connection>::Backend;

/// What a transaction is for, which decides how each database begins it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
}

type Pg = AnsiTransactionManager;

/// Asks the very database that is there. Through the type that stands for both, diesel puts the words of a statement
/// together anew, several times over, whenever it is asked: for the statements of a use that is a fifth of the whole.
macro_rules! straight {
    ($conn:expr, |$straight:ident| $asked:expr) => {
        match &mut *$conn {
            crate::store::connection::Conn::Pg($straight) => $asked,
            crate::store::connection::Conn::Sqlite($straight) => $asked,
        }
    };
}

pub(super) use straight;

impl Conn {
    pub(super) fn begin(&mut self, mode: Mode) -> QueryResult<()> {
        match (self, mode) {
            (Self::Pg(c), Mode::Read) => {
                Pg::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            }
            (Self::Pg(c), Mode::Write) => Pg::begin_transaction_sql(c, "BEGIN"),
            (Self::Sqlite(c), Mode::Read) => Pg::begin_transaction_sql(c, "BEGIN DEFERRED"),
            // Never deferred: a later upgrade to a write lock would fail at once when somebody else holds it.
            (Self::Sqlite(c), Mode::Write) => Pg::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        }
    }

    pub(super) fn commit(&mut self) -> QueryResult<()> {
        match self {
            Self::Pg(c) => Pg::commit_transaction(c),
            Self::Sqlite(c) => Pg::commit_transaction(c),
        }
    }

    pub(super) fn roll_back(&mut self) -> QueryResult<()> {
        match self {
            Self::Pg(c) => Pg::rollback_transaction(c),
            Self::Sqlite(c) => Pg::rollback_transaction(c),
        }
    }

    /// Whether the connection must not be used again.
    pub(super) fn is_broken(&mut self) -> bool {
        match self {
            Self::Pg(c) => r2d2::R2D2Connection::is_broken(c),
            Self::Sqlite(c) => r2d2::R2D2Connection::is_broken(c),
        }
    }
}

/// Opens connections for a pool.
pub(super) struct Manager {
    address: DatabaseAddress,
    slow: Duration,
    mode: Mode,
}

impl Manager {
    pub(super) fn new(config: &DatabaseConfig, mode: Mode) -> Self {
        Self { address: config.url.clone(), slow: config.slow_query, mode }
    }
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Conn, r2d2::Error> {
        match &self.address {
            DatabaseAddress::Postgres(url) => {
                let mut conn = open_postgres(url).map_err(r2d2::Error::ConnectionError)?;
                conn.set_instrumentation(SlowQueries::new(self.slow));
                conn.batch_execute("SET application_name = 'keyrack'; SET idle_in_transaction_session_timeout = '30s'; SET lock_timeout = '3s'")
                    .map_err(r2d2::Error::QueryError)?;
                Ok(Conn::Pg(conn))
            }
            DatabaseAddress::Sqlite(path) => {
                let mut conn = open_sqlite(path).map_err(r2d2::Error::ConnectionError)?;
                conn.set_instrumentation(SlowQueries::new(self.slow));
                if self.mode == Mode::Read {
                    conn.batch_execute("PRAGMA query_only = ON").map_err(r2d2::Error::QueryError)?;
                }
                Ok(Conn::Sqlite(conn))
            }
        }
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), r2d2::Error> {
        conn.batch_execute("SELECT 1").map_err(r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        conn.is_broken()
    }
}

/// A PostgreSQL connection, or a reason that may be printed: libpq quotes the address where it does not accept it.
pub(super) fn open_postgres(url: &Redacted) -> diesel::ConnectionResult<PgConnection> {
    PgConnection::establish(url.expose()).map_err(|cause| match cause {
        ConnectionError::BadConnection(text) if is_about_the_server(&text) => ConnectionError::BadConnection(text),
        _ => ConnectionError::BadConnection(
            "PostgreSQL's library does not accept the address in KEYRACK_DATABASE_URL. \
             Its own words are left out, because they may quote the password"
                .to_owned(),
        ),
    })
}

/// Whether each line tells of a server that was called: it can name host, port, user and database, and no more.
fn is_about_the_server(text: &str) -> bool {
    const BEGINNINGS: [&str; 2] = ["connection to server ", "could not translate host name "];
    // What belongs to the line above, a hint for one, is indented.
    let is_known = |line: &str| line.starts_with('\t') || BEGINNINGS.iter().any(|words| line.starts_with(words));
    // Even a line that begins well may end with a setting of the address that libpq did not accept.
    text.lines().all(|line| is_known(line) && !line.contains("invalid "))
}

/// A SQLite connection with the pragmas that every one needs; the order matters, patience first.
pub(super) fn open_sqlite(path: &std::path::Path) -> diesel::ConnectionResult<SqliteConnection> {
    let mut conn = look_into_sqlite(path)?;
    conn.batch_execute("PRAGMA journal_mode = WAL").map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}

/// The same without the one pragma that changes the file: somebody has yet to say that it is ours.
pub(super) fn look_into_sqlite(path: &std::path::Path) -> diesel::ConnectionResult<SqliteConnection> {
    const PRAGMAS: [&str; 5] = [
        "PRAGMA busy_timeout = 5000",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",
        "PRAGMA temp_store = MEMORY",
    ];
    let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
    for pragma in PRAGMAS {
        conn.batch_execute(pragma).map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(conn)
}

/// Logs statements that take long: their text, never what was bound to them.
struct SlowQueries {
    slow: Duration,
    began: Option<std::time::Instant>,
}

impl SlowQueries {
    fn new(slow: Duration) -> Self {
        Self { slow, began: None }
    }
}

impl Instrumentation for SlowQueries {
    #[expect(clippy::disallowed_methods, reason = "measures a duration, decides nothing")]
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { .. } => self.began = Some(std::time::Instant::now()),
            InstrumentationEvent::FinishQuery { query, .. } => {
                let Some(took) = self.began.take().map(|began| began.elapsed()) else { return };
                if took >= self.slow {
                    let text = query.to_string();
                    let statement = text.split(" -- binds").next().unwrap_or_default();
                    tracing::warn!(target: "keyrack::slow_query", took_ms = took.as_millis(), statement, "slow query");
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_hold_the_address_is_repeated() {
        let refused =
            "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs the server running?\n";
        assert!(is_about_the_server(refused));
        assert!(is_about_the_server("could not translate host name \"db\" to address: Name or service not known\n"));
        for text in [
            "invalid percent-encoded token: \"hunter2%zz\"",
            "invalid sslmode value: \"hunter2\"\n",
            "connection to server at \"db\" failed: invalid integer value \"hunter2\" for connection option",
            "connection to server at \"db\" failed: refused\ninvalid port number: \"hunter2\"\n",
        ] {
            assert!(!is_about_the_server(text), "{text}");
        }
        let address = Redacted::new("postgres://u:hunter2@127.0.0.1:1/k?sslmode=hunter2");
        let said = open_postgres(&address).map(|_| ()).unwrap_err().to_string();
        assert!(!said.contains("hunter2") && said.contains("KEYRACK_DATABASE_URL"), "{said}");
    }
}
