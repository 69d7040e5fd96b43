//! What the database does for a page of the list: it walks an index in the order of the page and sorts nothing. And for a
//! vend: it finds the one secret without looking at others.

use std::collections::BTreeSet;

use diesel::QueryableByName;
use diesel::sql_types::Text;
use serde_json::Value;

use crate::end_users::{USERS, mention};
use crate::lists::{ACME, hang, id, newer, numbers, older};
use crate::support::{Browser, Database, EMAIL, Machine, PASSWORD, Serving};

/// The statements with these words in them, among all that were logged: those of the jobs too.
fn statements(log: &str, words: &[&str]) -> BTreeSet<String> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let statements = lines.filter_map(|line| line["statement"].as_str().map(ToOwned::to_owned));
    let is_meant = |statement: &String| {
        let plain = statement.replace(['`', '"'], "");
        words.iter().all(|part| plain.contains(part))
    };
    statements.filter(is_meant).collect()
}

/// Those that fetch pages of a workspace's secrets.
const PAGES: [&str; 4] = [" FROM secrets WHERE ", "secrets.workspace_id = ", " ORDER BY ", "LIMIT"];
/// Those that fetch pages of end users.
const END_USERS: [&str; 4] = [" FROM end_users WHERE ", "end_users.workspace_id = ", " ORDER BY ", "LIMIT"];
/// The one that finds what is handed out.
const VEND: [&str; 4] = ["secret_values.blob", "meant_user.external_id = ", "secrets.connection_role = ", "LIMIT"];
/// The one that finds what is known of its tokens.
const TOKENS: [&str; 2] = ["SELECT token_sets.client_id", "secrets.workspace_id = "];
/// The one that finds an end user's connections.
const CONNECTIONS: [&str; 4] = ["secrets.account_name", "meant_user.external_id = ", " ORDER BY ", "LIMIT"];
/// The one that finds what was done to a thing.
const HISTORY: [&str; 4] = [" FROM audit_entries WHERE ", "audit_entries.subject = ", " ORDER BY ", "LIMIT"];
/// The one that finds a node type as an organization has it: no other look is made for that.
const FOR_ORGANIZATION: [&str; 3] =
    ["organization_settings.enabled", "node_types.slug = ", "organizations.external_id = "];

#[derive(QueryableByName)]
struct InSqlite {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// The plan of a statement whose values are not known yet.
fn plan(database: &Database, statement: &str) -> String {
    if !database.is_postgres() {
        let lines: Vec<InSqlite> = database.load(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        return lines.into_iter().map(|line| line.detail).collect::<Vec<_>>().join("\n");
    }
    let binds = (1..).take_while(|at| statement.contains(&format!("${at}"))).count();
    let nothing = vec!["NULL"; binds].join(", ");
    database.explain(
        &format!(
            "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_sort = off; \
             SET enable_incremental_sort = off; SET enable_bitmapscan = off; PREPARE page AS {statement}"
        ),
        &format!("EXPLAIN EXECUTE page({nothing})"),
    )
}

async fn visit(browser: &mut Browser) {
    for order in ["newest", "name", "last_use", "expiry"] {
        for filter in ["", "&environment=test", "&q=key"] {
            let first = browser.get(&format!("/w/acme/secrets?sort={order}{filter}")).await;
            let second = browser.get(&older(&first).unwrap()).await;
            assert_eq!(second.status, 200);
            assert_eq!(browser.get(&newer(&second).unwrap()).await.status, 200);
        }
    }
}

/// Forty other workspaces with as many secrets, and what PostgreSQL gathers about all of them by itself sooner or later:
/// on its own a workspace is the whole table, and any index as good as another.
fn hang_elsewhere(database: &Database) {
    let numbers = numbers(40);
    database.run(&format!(
        "INSERT INTO workspaces (id, slug, name, master, key_blob, created_at) {numbers} \
         SELECT 'wsp_' || tail, 'other-' || tail, 'Other', master, key_blob, 1 FROM workspaces, numbered WHERE slug = 'acme'; \
         INSERT INTO secrets (id, workspace_id, node_type_id, environment, name, name_key, kind, owner_id, sharing, \
         delivery, revision, value_number, newest_number, facts, value_entered_at, created_at, updated_at) \
         SELECT w.slug || s.id, w.id, node_type_id, environment, s.name, name_key || w.slug, kind, owner_id, sharing, \
         delivery, revision, value_number, newest_number, facts, value_entered_at, s.created_at, updated_at \
         FROM secrets s, workspaces w WHERE w.slug LIKE 'other-%'"
    ));
    if database.is_postgres() {
        database.run("ANALYZE");
    }
}

/// A process of its own, which logs each statement: what other tests do at the time stands in no log of it.
async fn serve_telling(machine: &mut Machine) -> Serving {
    for (name, text) in [("KEYRACK_SLOW_QUERY_MS", "0"), ("KEYRACK_LOG_FORMAT", "json")] {
        machine.settings.push((name.to_owned(), text.to_owned()));
    }
    let mut server = machine.serve();
    server.ready().await;
    server
}

#[actix_web::test]
async fn every_page_walks_an_index_and_sorts_nothing() {
    let mut machine = Machine::new();
    machine.set_up();
    hang(&machine.database, 300, "00000000", EMAIL, "private");
    hang_elsewhere(&machine.database);
    let server = serve_telling(&mut machine).await;
    let mut ada = Browser::new(&server.base);
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    visit(&mut ada).await;
    let heard = statements(&machine.log(), &PAGES);
    assert!(heard.len() >= 24, "four orders, forwards and backwards, three filters: {}", heard.len());
    for statement in heard {
        let plan = plan(&machine.database, &statement);
        let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort");
        let walks = plan.contains("secrets_in_order_of_") || plan.contains("secrets_by_age");
        assert!(walks && !sorts, "{statement}\n{plan}");
    }
}

/// End users with a key each, here and in the other workspaces.
fn serve_many(database: &Database) {
    mention(database, "end_users", 200);
    let numbers = numbers(200);
    database.run(&format!(
        "INSERT INTO end_users (id, workspace_id, external_id, created_at) {numbers} \
         SELECT w.slug || tail, w.id, 'guest-' || tail, 1 FROM workspaces w, numbered WHERE w.slug LIKE 'other-%'; \
         INSERT INTO secrets (id, workspace_id, node_type_id, environment, name, name_key, kind, end_user_id, \
         connection_role, sharing, delivery, revision, value_number, newest_number, facts, value_entered_at, created_at, \
         updated_at) SELECT 'sec_' || e.id, e.workspace_id, n.id, 'test', 'Key', 'key', 'api_key', e.id, 'compatibility', \
         'private', 'vend', 1, 1, 1, '{{}}', 1, 1, 1 FROM end_users e, node_types n \
         WHERE n.slug = 'stripe' AND n.workspace_id = {ACME}"
    ));
    if database.is_postgres() {
        database.run("ANALYZE");
    }
}

#[actix_web::test]
async fn every_page_of_end_users_walks_an_index_and_sorts_nothing() {
    let mut machine = Machine::new();
    machine.set_up();
    hang(&machine.database, 1, "00000000", EMAIL, "private");
    hang_elsewhere(&machine.database);
    serve_many(&machine.database);
    let server = serve_telling(&mut machine).await;
    let mut ada = Browser::new(&server.base);
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    for filter in ["", "q=guest", "environment=test", "node_type=stripe"] {
        let first = ada.get(&format!("{USERS}?{filter}")).await;
        let second = ada.get(&older(&first).unwrap()).await;
        assert_eq!(ada.get(&newer(&second).unwrap()).await.status, 200);
    }
    let heard = statements(&machine.log(), &END_USERS);
    assert!(heard.len() >= 9, "forwards and backwards, by name, by connection: {}", heard.len());
    for statement in heard {
        let plan = plan(&machine.database, &statement);
        let sorts = plan.contains("TEMP B-TREE FOR ORDER") || plan.contains("Sort");
        assert!(plan.contains("end_users_by_age") && !sorts, "{statement}\n{plan}");
    }
}

#[actix_web::test]
async fn a_vend_looks_at_no_secret_but_the_one() {
    let mut machine = Machine::new();
    let text = machine.set_up();
    hang(&machine.database, 300, "00000000", EMAIL, "private");
    hang_elsewhere(&machine.database);
    let server = serve_telling(&mut machine).await;
    let token = server.token(&text);
    assert_eq!(token.put("stripe", "anna", "rk_test_first1234567890").await.status, 200);
    token.vend("stripe", "anna").await.hands_out("rk_test_first1234567890");
    // The same as tokens that count for ever.
    machine.database.run(
        "UPDATE node_types SET method = 'oauth' WHERE slug = 'stripe'; INSERT INTO token_sets (secret_id, client_id, \
         scopes_asked, scopes, renewed_at, tries) SELECT id, 'client', '', '', 1, 0 FROM secrets WHERE end_user_id IS NOT NULL",
    );
    assert_eq!(token.vend("stripe", "anna").await.body["credential"]["value"], "rk_test_first1234567890");
    for words in [VEND.as_slice(), &TOKENS, &CONNECTIONS] {
        let heard = statements(&machine.log(), words);
        assert!(!heard.is_empty(), "{words:?}");
        for statement in heard {
            let plan = plan(&machine.database, &statement);
            let by_id = ["autoindex_secrets_1", "secrets_pkey", "AND (id = $1)"].iter().any(|by| plan.contains(by));
            // PostgreSQL knows that nobody else has a connection here, and finds those without an owner as well.
            let of_few = machine.database.is_postgres() && plan.contains("secrets_by_owner");
            assert!(by_id || of_few || plan.contains("secrets_by_end_user"), "{statement}\n{plan}");
        }
    }
}

#[actix_web::test]
async fn what_an_organization_has_otherwise_is_found_with_the_node_type() {
    let mut machine = Machine::new();
    let text = machine.set_up();
    hang_elsewhere(&machine.database);
    let server = serve_telling(&mut machine).await;
    let token = server.token(&text);
    let of = serde_json::json!({ "user_id": "anna", "organization_id": "hotel", "secret": "rk_test_first1234567890" });
    assert_eq!(token.put_with("stripe", &of).await.status, 200);
    let before = machine.log().len();
    token.vend_with("stripe", &of).await.hands_out("rk_test_first1234567890");
    let log = machine.log();
    let heard = statements(&log[before..], &FOR_ORGANIZATION);
    assert_eq!(heard.len(), 1, "{heard:?}");
    let mut all = statements(&log[before..], &["organization_settings"]);
    // The job that renews tokens asks whenever it likes.
    all.retain(|statement| !statement.contains("renew_at"));
    assert_eq!(all, heard, "it is looked for once more");
    for statement in heard {
        let plan = plan(&machine.database, &statement);
        let walks =
            ["autoindex_organization_settings_1", "organization_settings_pkey", "organization_settings_by_type"];
        let is_found = walks.iter().any(|index| plan.contains(index));
        assert!(is_found && !plan.contains("SCAN") && !plan.contains("Seq Scan"), "{statement}\n{plan}");
    }
}

#[actix_web::test]
async fn what_was_done_to_a_secret_is_found_by_its_id() {
    let mut machine = Machine::new();
    machine.set_up();
    hang(&machine.database, 300, "00000000", EMAIL, "private");
    for (kind, subject) in [("changes", "'sec_' || tail"), ("uses", "NULL")] {
        let numbers = numbers(2_000);
        machine.database.run(&format!(
            "INSERT INTO audit_entries (chain_id, seq, at, subject, entry, mac) {numbers} \
             SELECT c.id, 1000000 + i, 1, {subject}, '', c.head FROM audit_chains c, numbered \
             WHERE c.kind = '{kind}' AND c.workspace_id = {ACME}"
        ));
    }
    if machine.database.is_postgres() {
        machine.database.run("ANALYZE");
    }
    let server = serve_telling(&mut machine).await;
    let mut ada = Browser::new(&server.base);
    assert_eq!(ada.sign_in(EMAIL, PASSWORD).await.status, 303);
    assert_eq!(ada.get(&format!("/w/acme/secrets/{}", id("00000000", 1))).await.status, 200);
    let heard = statements(&machine.log(), &HISTORY);
    assert!(!heard.is_empty());
    for statement in heard {
        let plan = plan(&machine.database, &statement);
        assert!(plan.contains("audit_entries_by_subject"), "{statement}\n{plan}");
    }
}
