//! A fresh database for each test, and a way past the program to its rows.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection as _;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{Connection, PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};

static COUNT: AtomicU32 = AtomicU32::new(0);

pub struct Database {
    pub url: String,
    /// Server and name, where it has to be dropped at the end.
    postgres: Option<(String, String)>,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    step: String,
}

/// A transaction that is not ended yet.
pub struct Held {
    _conn: Connected,
}

enum Connected {
    Pg(PgConnection),
    Lite(SqliteConnection),
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

impl Database {
    pub fn create(folder: &Path) -> Self {
        if std::env::var("KEYRACK_TEST_DATABASE").is_ok_and(|word| word == "postgres") {
            let server = std::env::var("KEYRACK_TEST_POSTGRES_URL").expect("KEYRACK_TEST_POSTGRES_URL names a server");
            let name = format!("keyrack_test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
            psql(&server, &format!("CREATE DATABASE \"{name}\""));
            let url = format!("{}/{name}", server.rsplit_once('/').unwrap().0);
            return Self { url, postgres: Some((server, name)) };
        }
        Self { url: format!("sqlite:{}", folder.join("keyrack.db").display()), postgres: None }
    }

    /// A database that lies somewhere already.
    pub fn of(url: &str) -> Self {
        Self { url: url.to_owned(), postgres: None }
    }

    pub fn is_postgres(&self) -> bool {
        self.postgres.is_some()
    }

    fn connect(&self) -> Connected {
        match self.url.strip_prefix("sqlite:") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout = 20000").unwrap();
                Connected::Lite(conn)
            }
            None => Connected::Pg(PgConnection::establish(&self.url).unwrap()),
        }
    }

    /// Does these statements behind the program's back.
    pub fn run(&self, statements: &str) {
        match self.connect() {
            Connected::Pg(mut conn) => conn.batch_execute(statements).unwrap(),
            Connected::Lite(mut conn) => conn.batch_execute(statements).unwrap(),
        }
    }

    /// Does these in a transaction that is kept open: whoever wants the same rows waits until this is dropped.
    pub fn hold(&self, statements: &str) -> Held {
        let begun = format!("BEGIN; {statements}");
        let mut conn = self.connect();
        match &mut conn {
            Connected::Pg(conn) => conn.batch_execute(&begun).unwrap(),
            Connected::Lite(conn) => conn.batch_execute(&begun).unwrap(),
        }
        Held { _conn: conn }
    }

    /// One number, such as a count, which the query calls `number`.
    pub fn number(&self, query: &str) -> i64 {
        let numbers = match self.connect() {
            Connected::Pg(mut conn) => sql_query(query).get_result::<Number>(&mut conn),
            Connected::Lite(mut conn) => sql_query(query).get_result::<Number>(&mut conn),
        };
        numbers.unwrap().number
    }

    /// One text, such as an id, which the query calls `text`.
    pub fn text(&self, query: &str) -> String {
        let words = match self.connect() {
            Connected::Pg(mut conn) => sql_query(query).get_result::<Words>(&mut conn),
            Connected::Lite(mut conn) => sql_query(query).get_result::<Words>(&mut conn),
        };
        words.unwrap().text
    }

    pub fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) AS number FROM {table}"))
    }

    /// Texts that the query calls `text`.
    pub fn texts(&self, query: &str) -> Vec<String> {
        self.load::<Line>(query).unwrap().into_iter().map(|line| line.text).collect()
    }

    /// Rows of any shape whose types diesel is told.
    pub fn load<T>(&self, query: &str) -> QueryResult<Vec<T>>
    where
        T: QueryableByName<diesel::pg::Pg> + QueryableByName<diesel::sqlite::Sqlite> + 'static,
    {
        match self.connect() {
            Connected::Pg(mut conn) => sql_query(query).load(&mut conn),
            Connected::Lite(mut conn) => sql_query(query).load(&mut conn),
        }
    }

    /// What PostgreSQL means to do, after these preparations on the same connection.
    pub fn explain(&self, before: &str, explain: &str) -> String {
        let Connected::Pg(mut conn) = self.connect() else { return String::new() };
        conn.batch_execute(before).unwrap();
        let lines: Vec<Step> = sql_query(explain).load(&mut conn).unwrap();
        lines.into_iter().map(|line| line.step).collect::<Vec<_>>().join("\n")
    }

    fn rows(&self, query: &str) -> Vec<(String, Vec<u8>)> {
        let rows: Vec<Row> = match self.connect() {
            Connected::Pg(mut conn) => sql_query(query).load(&mut conn).unwrap(),
            Connected::Lite(mut conn) => sql_query(query).load(&mut conn).unwrap(),
        };
        rows.into_iter().map(|row| (row.id, row.bytes)).collect()
    }

    /// The sealed current value of a secret.
    pub fn blob(&self, secret: &str) -> Vec<u8> {
        let all = self.rows("SELECT secret_id AS id, blob AS bytes FROM secret_values WHERE slot = 'current'");
        all.into_iter().find(|(id, _)| id == secret).expect("the secret has a value").1
    }

    pub fn put_blob(&self, secret: &str, blob: &[u8]) {
        const UPDATE: &str = "UPDATE secret_values SET blob = $1 WHERE secret_id = $2 AND slot = 'current'";
        let query = sql_query(UPDATE).bind::<Binary, _>(blob).bind::<Text, _>(secret);
        let changed = match self.connect() {
            Connected::Pg(mut conn) => query.execute(&mut conn),
            Connected::Lite(mut conn) => query.execute(&mut conn),
        };
        assert_eq!(changed.unwrap(), 1);
    }

    /// Runs one statement past the program.
    pub fn execute(&self, statement: &str) -> usize {
        match self.connect() {
            Connected::Pg(mut conn) => sql_query(statement).execute(&mut conn).unwrap(),
            Connected::Lite(mut conn) => sql_query(statement).execute(&mut conn).unwrap(),
        }
    }

    /// Every row that holds a key, a check or a sealed value.
    pub fn keys(&self) -> Vec<(String, Vec<u8>)> {
        self.rows(
            "SELECT purpose AS id, blob AS bytes FROM installation_keys \
             UNION ALL SELECT master, mac FROM master_checks \
             UNION ALL SELECT id, key_blob FROM workspaces \
             UNION ALL SELECT id, blob FROM data_keys \
             UNION ALL SELECT id, blob FROM secret_values ORDER BY 1",
        )
    }

    /// Everything that the server holds, as text with bytes in hex; nothing on SQLite, whose file lies in the folder.
    pub fn dump(&self) -> Vec<u8> {
        if !self.is_postgres() {
            return Vec::new();
        }
        let output = Command::new("pg_dump").arg(&self.url).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty());
        output.stdout
    }

    /// All that the database holds at this moment, whichever it is: SQLite's log is put into its file first.
    pub fn everything(&self) -> Vec<u8> {
        let Some(path) = self.url.strip_prefix("sqlite:") else { return self.dump() };
        self.run("PRAGMA wal_checkpoint(TRUNCATE)");
        [path.to_owned(), format!("{path}-wal")].iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.postgres {
            let drop = format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");
            let _dropped = Command::new("psql").args(["-qX", "-c", &drop, server]).output();
        }
    }
}

fn psql(server: &str, statement: &str) {
    let output = Command::new("psql").args(["-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, server]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
