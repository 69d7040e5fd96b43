//! The hand-written schema and the migrations of both databases say the same, and every column can be read.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, Text};
use regex::Regex;
use serde_json::json;

use crate::support::{Browser, Database, OPEN, Oidc, TestApp};

/// A column's type as diesel names it, and whether it may be empty.
type Column = (String, bool);
type Tables = BTreeMap<String, BTreeMap<String, Column>>;

/// The tables that `src/store/schema.rs` declares.
fn declared() -> Tables {
    let text = concat!(
        include_str!("../../src/store/schema/mod.rs"),
        include_str!("../../src/store/schema/connecting.rs"),
        include_str!("../../src/store/schema/connections.rs"),
        include_str!("../../src/store/schema/consumers.rs"),
        include_str!("../../src/store/schema/drafts.rs"),
        include_str!("../../src/store/schema/machines.rs"),
        include_str!("../../src/store/schema/usage.rs"),
        include_str!("../../src/store/schema/ways.rs"),
        include_str!("../../src/store/schema/outgoing.rs"),
        include_str!("../../src/store/schema/remembered.rs"),
    );
    let table = Regex::new(r"table! \{\s*(\w+) \([\w, ]+\) \{([^}]*)\}").unwrap();
    let column = Regex::new(r"(\w+) -> (?:(Nullable)<)?(\w+)>?,").unwrap();
    let columns_of = |body: &str| -> BTreeMap<String, Column> {
        let lines = body.lines().filter(|line| !line.trim().is_empty()).count();
        let columns = column.captures_iter(body);
        let columns: BTreeMap<_, _> =
            columns.map(|found| (found[1].to_owned(), (found[3].to_owned(), found.get(2).is_some()))).collect();
        assert_eq!(columns.len(), lines, "a column is written in a way that is not understood: {body}");
        columns
    };
    let tables: Tables = table.captures_iter(text).map(|found| (found[1].to_owned(), columns_of(&found[2]))).collect();
    assert_eq!(tables.len(), text.matches("table! {").count(), "a table is written in a way that is not understood");
    tables
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Integer)]
    nullable: i32,
}

// SQLite does not call the columns of a primary key NOT NULL, unless a migration does.
const IN_SQLITE: &str = "SELECT t.name AS table_name, c.name AS column_name, c.type AS kind, \
    CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 0 ELSE 1 END AS nullable \
    FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'";
const IN_POSTGRES: &str = "SELECT table_name::text, column_name::text, data_type::text AS kind, \
    CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END AS nullable \
    FROM information_schema.columns WHERE table_schema = 'public'";

/// The tables that the migrations have made, but for the one in which they are counted.
fn made(database: &Database) -> Tables {
    let found: Vec<Found> = database.load(if database.is_postgres() { IN_POSTGRES } else { IN_SQLITE }).unwrap();
    let mut tables = Tables::new();
    for column in found.into_iter().filter(|column| column.table_name != "__diesel_schema_migrations") {
        let kind = match column.kind.to_lowercase().as_str() {
            "text" => "Text",
            "bytea" | "blob" => "Binary",
            "bigint" => "BigInt",
            "integer" => "Integer",
            "boolean" => "Bool",
            other => panic!("{}.{} is of the type {other}", column.table_name, column.column_name),
        };
        let table = tables.entry(column.table_name).or_default();
        table.insert(column.column_name, (kind.to_owned(), column.nullable == 1));
    }
    tables
}

#[actix_web::test]
async fn the_schema_and_the_migrations_agree() {
    let app = TestApp::start().await;
    let (declared, made) = (declared(), made(&app.database));
    let names = |tables: &Tables| tables.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&declared), names(&made));
    for (table, columns) in &declared {
        assert_eq!(columns, &made[table], "{table}: what the schema says, and what the migrations made");
    }
}

macro_rules! readers {
    ($($name:ident($type:ty) as $sql:ty),+ $(,)?) => {
        $(
            #[derive(QueryableByName)]
            struct $name {
                #[diesel(sql_type = Nullable<$sql>)]
                value: Option<$type>,
            }
        )+

        /// Reads every row of one column as its type; which of them are filled.
        fn read(database: &Database, query: &str, kind: &str) -> diesel::QueryResult<Vec<bool>> {
            match kind {
                $(stringify!($sql) => {
                    let rows: Vec<$name> = database.load(query)?;
                    Ok(rows.into_iter().map(|row| row.value.is_some()).collect())
                })+
                other => panic!("no column is read as {other} yet"),
            }
        }
    };
}

readers!(
    ATextValue(String) as Text,
    ABinaryValue(Vec<u8>) as Binary,
    ABigIntValue(i64) as BigInt,
    AnIntegerValue(i32) as Integer,
    ABoolValue(bool) as Bool,
);

/// Something in every table.
async fn fill(app: &TestApp, provider: &Oidc) {
    let mut ada = app.owner().await;
    let id = ada.add_stripe("Payments", "rk_test_first1234567890", "vend").await;
    let (token, person) = ada.make_token("test").await;
    token.vend("stripe", &person).await.hands_out("rk_test_first1234567890");
    let body = json!({ "user_id": "anna", "organization_id": "hotel", "secret": "rk_test_other0987654321" });
    assert_eq!(token.once("PUT", "/data-integrations/stripe/api-key", &body, "once").await.status, 200);
    assert_eq!(app.anonymous().sign_in("bob@example.com", "none of these words").await.status, 422);
    ada.invite("/w/acme", "guest@example.com").await;
    app.failed_notice(crate::support::EMAIL, "anna@example.com").await;
    let forgotten = app.anonymous().submit("/forgotten", "/forgotten", &[("email", crate::support::EMAIL)]).await;
    assert_eq!(forgotten.status, 200);
    app.post().await;
    // Nobody does what is asked now, so it waits.
    app.anonymous().submit("/forgotten", "/forgotten", &[("email", crate::support::EMAIL)]).await;
    let (workflow, node) = ada.add_bound("Invoices", &id).await;
    assert_eq!(ada.let_run(&workflow, &token.id()).await.status, 303);
    let trouble = "trouble = 'deleted', trouble_secret = 'Old', trouble_by = 'admin', trouble_at = 0";
    app.database.run(&format!("UPDATE nodes SET {trouble} WHERE id = '{node}'"));
    app.database.run("UPDATE workflows SET external_id = 'inv'");
    let import = [("text", "STRIPE_KEY=rk_test_begun1234567890")];
    assert_eq!(ada.submit("/w/acme/secrets/import", "/w/acme/secrets/import", &import).await.status, 303);
    let mut grace = app.anonymous();
    assert_eq!(grace.come_by(provider, "acme", &[]).await.status, 303);
    grace.go_to("acme", &[]).await;
    app.database.run(
        "INSERT INTO oauth_clients (node_type_id, environment, client_id, blob, data_key_id, number, facts, scopes, \
         created_at, updated_at) SELECT node_type_id, environment, 'app', blob, id, 1, '{}', 'read', 0, 0 FROM data_keys",
    );
    app.database.run(
        "INSERT INTO organization_settings (organization_id, node_type_id, environment, enabled, scopes, client_id, blob, \
         data_key_id, number, facts, last_four, created_at, updated_at) SELECT o.id, k.node_type_id, k.environment, TRUE, \
         'read', 'app', k.blob, k.id, 1, '{}', '1234', 0, 0 FROM data_keys k, organizations o",
    );
    app.database.run(
        "INSERT INTO token_sets (secret_id, client_id, scopes_asked, scopes, ends_at, renew_at, renewed_at, tries, \
         hindrance, lease, leased_until) SELECT id, 'app', 'read', 'read', 0, 0, 0, 0, 'busy', 'lease', 0 FROM secrets",
    );
    fill_connect_page(app);
    let hook = ada.add_webhook("https://hooks.example.com/", &[]).await;
    assert_eq!(ada.press(&hook, "test").await.status, 303);
    fill_oddities(app);
    fill_reminders(app, &mut ada, (&id, &person)).await;
    app.database.run("INSERT INTO ends_told (secret_id, expires_at) SELECT id, 0 FROM secrets");
    // No action makes any of these yet.
    let acme = "(SELECT id FROM workspaces)";
    app.database.run(&format!(
        "INSERT INTO workspace_domains (workspace_id, domain, created_at) VALUES ({acme}, 'a.example', 0)"
    ));
    app.database.run(&format!(
        "INSERT INTO rotations (id, workspace_id, name, started_by, created_at) VALUES ('rot_1', {acme}, 'All', '{person}', 0)"
    ));
    app.database.run(&format!(
        "INSERT INTO rotation_items (rotation_id, secret_id, name, node_type, owner_name) \
         VALUES ('rot_1', '{id}', 'Payments', 'Stripe', 'Ada')"
    ));
    app.database.run(
        "UPDATE secret_values SET probed_at = 0, probe_finding = 'refused', probe_status = 401, probe_account = 'Acme'",
    );
    app.database
        .run(&format!("INSERT INTO secret_shares (secret_id, person_id, created_at) VALUES ('{id}', '{person}', 0)"));
}

/// Something unusual, at which somebody has looked.
fn fill_oddities(app: &TestApp) {
    app.database.run(
        "INSERT INTO oddities (secret_id, kind, token_id, origin, number, usual, found_at, settled_at) \
         SELECT secrets.id, 'spike', tokens.id, '192.0.2.1', 90, 9, 0, 0 FROM secrets, tokens LIMIT 1",
    );
}

/// A private link to the calendar, and what is remembered of a letter.
async fn fill_reminders(app: &TestApp, ada: &mut Browser, (id, person): (&str, &str)) {
    assert_eq!(ada.submit("/account", "/w/acme/calendar/link", &[]).await.status, 200);
    app.database.run(&format!(
        "INSERT INTO reminders (secret_id, person_id, expiry_told, rotation_told, told_at, snoozed_until) \
         VALUES ('{id}', '{person}', 1, 0, 0, 0)"
    ));
}

/// A page of its own for end users, and somebody on it.
fn fill_connect_page(app: &TestApp) {
    app.database.run(
        "INSERT INTO connect_pages (workspace_id, origins, name, accent, logo, logo_name) \
         SELECT id, 'https://app.example.com', 'Acme', '#86601a', key_blob, 'logo' FROM workspaces",
    );
    app.database.run(
        "INSERT INTO connect_sessions (id, workspace_id, token_id, user_name, end_user, organization, node_types, origin, \
         return_to, shade, link_mac, page_mac, opened_at, ended_at, results, acts, created_at, expires_at) \
         SELECT 'cns_1', workspace_id, id, 'anna', 'anna', 'hotel', 'stripe', 'https://app.example.com', \
         'https://app.example.com/', 'dark', mac, mac, 0, 0, '{}', 0, 0, 0 FROM tokens",
    );
}

#[actix_web::test]
async fn every_column_is_read_as_its_type() {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    fill(&app, &provider).await;
    app.counted().await;
    for (table, columns) in declared() {
        assert!(app.database.count(&table) > 0, "{table} is empty; put something into it");
        for (column, (kind, nullable)) in columns {
            let filled = read(&app.database, &format!("SELECT {column} AS value FROM {table}"), &kind);
            let filled = filled.unwrap_or_else(|error| panic!("{table}.{column}: {error}"));
            assert!(nullable || filled.iter().all(|filled| *filled), "{table}.{column} is empty in a row");
            if !app.database.is_postgres() {
                is_stored_as(&app.database, &table, &column, &kind);
            }
        }
    }
}

/// SQLite would turn any value into the type that is asked for; so it is asked what it has stored.
#[track_caller]
fn is_stored_as(database: &Database, table: &str, column: &str, kind: &str) {
    let storage = match kind {
        "Text" => "text",
        "Binary" => "blob",
        _ => "integer",
    };
    let others = format!(
        "SELECT COUNT(*) AS number FROM {table} WHERE {column} IS NOT NULL AND typeof({column}) <> '{storage}'"
    );
    assert_eq!(database.number(&others), 0, "{table}.{column} holds something else than {storage}");
}
