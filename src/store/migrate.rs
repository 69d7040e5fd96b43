//! Migrations, compiled in, applied at start. Two processes that start together take turns.
//!
//! Invariant: nothing is applied before the keys that are there already have been verified.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::config::{DatabaseAddress, DatabaseConfig};
use crate::domain::Moment;

use super::connection::{Conn, Mode, look_into_sqlite, open_postgres};
use super::db::in_transaction;
use super::error::{Error, Fault, Refusal};
use super::installation::{self, Kept};
use super::tx::ReadTx;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Held for the length of a migration; any number would do, as long as nobody else uses it.
const TURN: &str = "SELECT pg_advisory_xact_lock(7596117843251012)";

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the folder {0} cannot be made: {1}")]
    Folder(String, std::io::Error),
    #[error(
        "there is no Keyrack database at {0}; run keyrack serve or keyrack owner create first, \
         or name another database in KEYRACK_DATABASE_URL"
    )]
    Absent(String),
    #[error("the database cannot be reached: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("the migration failed: {0}")]
    Failed(String),
    #[error("the database was made by a newer version (it has the unknown migration {0})")]
    Newer(String),
}

impl Refusal for MigrateError {}

/// What to do where nobody has started Keyrack yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhereNew {
    Make,
    Refuse,
}

/// Brings the database up to date; the names of what was applied.
///
/// The keys that are kept there already are shown to `verify` first, in the same transaction: a start that it refuses
/// leaves everything as it was, and nobody can come in between.
pub fn run<E>(
    config: &DatabaseConfig,
    where_new: WhereNew,
    verify: impl FnOnce(&Kept) -> Result<(), E>,
) -> Result<Vec<String>, E>
where
    E: Refusal + From<MigrateError>,
{
    let refused = |error: MigrateError| Fault::Refused(E::from(error));
    let mut conn = open(&config.url, where_new)?;
    let done = in_transaction(&mut conn, Mode::Write, |conn| {
        take_turn(conn).map_err(Error::from)?;
        refuse_newer(conn).map_err(refused)?;
        let kept = look(conn)?;
        if kept.is_empty() && where_new == WhereNew::Refuse {
            return Err(refused(MigrateError::Absent(place(&config.url))));
        }
        verify(&kept).map_err(Fault::Refused)?;
        apply(conn).map_err(refused)
    });
    done.map_err(|fault| match fault {
        Fault::Refused(refusal) => refusal,
        Fault::Store(error) => MigrateError::Failed(error.to_string()).into(),
    })
}

fn open(address: &DatabaseAddress, where_new: WhereNew) -> Result<Conn, MigrateError> {
    match address {
        DatabaseAddress::Sqlite(path) if where_new == WhereNew::Refuse && !path.exists() => {
            Err(MigrateError::Absent(place(address)))
        }
        DatabaseAddress::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .map_err(|cause| MigrateError::Folder(folder.display().to_string(), cause))?;
            }
            let is_new = !path.exists();
            let conn = look_into_sqlite(path)?;
            if is_new {
                close_to_others(path)?;
            }
            Ok(Conn::Sqlite(conn))
        }
        DatabaseAddress::Postgres(url) => Ok(Conn::Pg(open_postgres(url)?)),
    }
}

/// Where the database is looked for, in words that may be printed.
fn place(address: &DatabaseAddress) -> String {
    match address {
        DatabaseAddress::Sqlite(path) => std::path::absolute(path).as_ref().unwrap_or(path).display().to_string(),
        DatabaseAddress::Postgres(_) => "the configured PostgreSQL address".to_owned(),
    }
}

/// SQLite's turn came with the beginning of the transaction.
fn take_turn(conn: &mut Conn) -> diesel::QueryResult<()> {
    match conn {
        Conn::Pg(conn) => conn.batch_execute(TURN),
        Conn::Sqlite(_) => Ok(()),
    }
}

/// What is kept of keys; nothing while there is no table for it.
fn look(conn: &mut Conn) -> Result<Kept, Error> {
    let table = match conn {
        Conn::Pg(_) => "SELECT COUNT(to_regclass('installation_keys')) AS count",
        Conn::Sqlite(_) => {
            "SELECT COUNT(*) AS count FROM sqlite_master WHERE type = 'table' AND name = 'installation_keys'"
        }
    };
    if count(conn, table)? == 0 {
        return Ok(Kept::default());
    }
    // Nothing of this depends on the time.
    installation::kept(&mut ReadTx::new(conn, Moment::EPOCH))
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> MigrateError {
    MigrateError::Failed(error.to_string())
}

fn refuse_newer(conn: &mut Conn) -> Result<(), MigrateError> {
    match conn {
        Conn::Pg(conn) => refuse_unknown(conn, &POSTGRES),
        Conn::Sqlite(conn) => refuse_unknown(conn, &SQLITE),
    }
}

fn refuse_unknown<DB, C>(conn: &mut C, migrations: &EmbeddedMigrations) -> Result<(), MigrateError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let known: Vec<String> = MigrationSource::<DB>::migrations(migrations)
        .map_err(failed)?
        .iter()
        .map(|m| m.name().version().to_string())
        .collect();
    let applied = conn.applied_migrations().map_err(failed)?;
    let unknown = applied.iter().map(ToString::to_string).find(|version| !known.contains(version));
    unknown.map_or(Ok(()), |version| Err(MigrateError::Newer(version)))
}

fn apply(conn: &mut Conn) -> Result<Vec<String>, MigrateError> {
    let done = match conn {
        Conn::Pg(conn) => conn.run_pending_migrations(POSTGRES),
        Conn::Sqlite(conn) => conn.run_pending_migrations(SQLITE),
    };
    Ok(done.map_err(failed)?.iter().map(ToString::to_string).collect())
}

/// The database file is for its own user alone, like the key file beside it.
fn close_to_others(path: &std::path::Path) -> Result<(), MigrateError> {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|cause| MigrateError::Folder(path.display().to_string(), cause))
}

/// Whether every migration this program knows has been applied.
pub(super) fn is_current(conn: &mut Conn) -> diesel::QueryResult<bool> {
    let applied = count(conn, "SELECT COUNT(*) AS count FROM __diesel_schema_migrations")?;
    let known = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_or(0, |all| all.len());
    Ok(usize::try_from(applied) == Ok(known))
}

fn count(conn: &mut Conn, query: &str) -> diesel::QueryResult<i64> {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    Ok(diesel::sql_query(query).get_result::<Count>(conn)?.count)
}
