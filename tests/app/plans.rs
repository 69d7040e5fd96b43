//! What the database does for a page of the list: it walks an index in the order of the page and sorts nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use diesel::QueryableByName;
use diesel::sql_types::Text;
use serde_json::Value;

use crate::lists::{hang, older};
use crate::support::{Browser, Database, EMAIL, TestApp};

/// What is logged, line by line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// The statements that fetch pages of secrets.
    fn statements(&self) -> BTreeSet<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let statements = lines.filter_map(|line| line["fields"]["statement"].as_str().map(ToOwned::to_owned));
        let is_page = |statement: &String| {
            let plain = statement.replace(['`', '"'], "");
            plain.contains(" FROM secrets WHERE ") && plain.contains(" ORDER BY ") && plain.contains("LIMIT")
        };
        statements.filter(is_page).collect()
    }
}

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
             SET enable_bitmapscan = off; PREPARE page AS {statement}"
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
            assert_eq!(browser.get(&crate::lists::newer(&second).unwrap()).await.status, 200);
        }
    }
}

#[actix_web::test]
async fn every_page_walks_an_index_and_sorts_nothing() {
    let log = Log::default();
    let written = log.clone();
    // Of the whole process: the other tests log no statement, because none of theirs is slow.
    tracing_subscriber::fmt().json().with_writer(move || written.clone()).init();
    let app = TestApp::start_set(&[("KEYRACK_SLOW_QUERY_MS", "0")]).await;
    let mut ada = app.owner().await;
    hang(&app, 300, "00000000", EMAIL, "private");
    visit(&mut ada).await;
    let heard = log.statements();
    assert!(heard.len() >= 24, "four orders, forwards and backwards, three filters: {}", heard.len());
    for statement in heard {
        let plan = plan(&app.database, &statement);
        let sorts = plan.contains("TEMP B-TREE") || plan.contains("Sort");
        let walks = plan.contains("secrets_in_order_of_") || plan.contains("secrets_by_age");
        assert!(walks && !sorts, "{statement}\n{plan}");
    }
}
