//! Migrations, compiled in, applied at start. Two processes that start together take turns.

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::{Connection, PgConnection, RunQueryDsl};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::config::{DatabaseAddress, DatabaseConfig};

use super::connection::open_sqlite;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Held for the length of a migration; any number would do, as long as nobody else uses it.
const TURN: &str = "SELECT pg_advisory_xact_lock(7596117843251012)";

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the folder {0} cannot be made: {1}")]
    Folder(String, std::io::Error),
    #[error("the database cannot be reached: {0}")]
    Connect(#[from] diesel::ConnectionError),
    #[error("the migration failed: {0}")]
    Failed(String),
    #[error("the database was made by a newer version (it has the unknown migration {0})")]
    Newer(String),
}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Brings the database up to date; the names of what was applied.
pub fn run(config: &DatabaseConfig) -> Result<Vec<String>, MigrateError> {
    match &config.url {
        DatabaseAddress::Sqlite(path) => {
            if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .map_err(|cause| MigrateError::Folder(folder.display().to_string(), cause))?;
            }
            let mut conn = open_sqlite(path)?;
            close_to_others(path)?;
            conn.immediate_transaction(|conn| apply(conn, SQLITE))
        }
        DatabaseAddress::Postgres(url) => {
            let mut conn = PgConnection::establish(url.expose())?;
            conn.transaction(|conn| {
                conn.batch_execute(TURN)?;
                apply(conn, POSTGRES)
            })
        }
    }
}

fn apply<DB, C>(conn: &mut C, migrations: EmbeddedMigrations) -> Result<Vec<String>, MigrateError>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| MigrateError::Failed(error.to_string());
    let known: Vec<String> = MigrationSource::<DB>::migrations(&migrations)
        .map_err(failed)?
        .iter()
        .map(|m| m.name().version().to_string())
        .collect();
    let applied = conn.applied_migrations().map_err(failed)?;
    if let Some(unknown) = applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        return Err(MigrateError::Newer(unknown));
    }
    let done = conn.run_pending_migrations(migrations).map_err(failed)?;
    Ok(done.iter().map(ToString::to_string).collect())
}

/// The database file is for its own user alone, like the key file beside it.
fn close_to_others(path: &std::path::Path) -> Result<(), MigrateError> {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|cause| MigrateError::Folder(path.display().to_string(), cause))
}

/// Whether every migration this program knows has been applied.
pub(super) fn is_current(conn: &mut super::connection::Conn) -> diesel::QueryResult<bool> {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let rows: Vec<Count> = diesel::sql_query("SELECT COUNT(*) AS count FROM __diesel_schema_migrations").load(conn)?;
    let known = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).map_or(0, |all| all.len());
    Ok(rows.first().is_some_and(|row| usize::try_from(row.count) == Ok(known)))
}
