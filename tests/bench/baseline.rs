//! What Keyrack is measured against by `tests/bench/vend`: the least that an answer can be made of.
//!
//! `baseline FILE ADDRESS ROWS` fills a SQLite file with that many sealed rows where there are none, and serves:
//! - `/bare`: an answer that nothing was done for;
//! - `/pool/{name}`: one indexed read and one opening, on a thread of the blocking pool;
//! - `/worker/{name}`: the same on the thread that took the request.

#![expect(clippy::unwrap_used, reason = "a tool for measuring stops at the first surprise")]

use std::cell::RefCell;
use std::path::Path;

use actix_web::{App, HttpResponse, HttpServer, web};
use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use serde_json::json;

/// The same as Keyrack's, so that what is compared is the work.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The rows that requests ask for: as many as there are customers whose keys are vended.
const ASKED_FOR: u32 = 1_000;
const KEY: [u8; 32] = [7; 32];
const VALUE: &[u8] = b"rk_test_000000000000000000000000";

diesel::table! {
    sealed (name) {
        name -> Text,
        blob -> Binary,
    }
}

thread_local! {
    static CONNECTION: RefCell<Option<SqliteConnection>> = const { RefCell::new(None) };
}

fn open(file: &str) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(file).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
    conn
}

fn fill(file: &str, rows: u32) {
    if Path::new(file).exists() {
        return;
    }
    let mut conn = open(file);
    conn.batch_execute("CREATE TABLE sealed (name TEXT NOT NULL PRIMARY KEY, blob BLOB NOT NULL)").unwrap();
    let cipher = Aes256Gcm::new(&KEY.into());
    conn.transaction(|conn| {
        for row in 1..=rows {
            // Those that are asked for lie among all the others.
            let name = match row.is_multiple_of(rows / ASKED_FOR) {
                true => format!("customer-{}", row / (rows / ASKED_FOR)),
                false => format!("other-{row}"),
            };
            let nonce = Nonce::from([1; 12]);
            let blob = cipher.encrypt(&nonce, Payload { msg: VALUE, aad: name.as_bytes() }).unwrap();
            diesel::insert_into(sealed::table).values((sealed::name.eq(name), sealed::blob.eq(blob))).execute(conn)?;
        }
        diesel::QueryResult::Ok(())
    })
    .unwrap();
}

fn value(file: &str, cipher: &Aes256Gcm, name: &str) -> String {
    CONNECTION.with_borrow_mut(|conn| {
        let conn = conn.get_or_insert_with(|| open(file));
        let blob: Vec<u8> = sealed::table.find(name).select(sealed::blob).first(conn).unwrap();
        let payload = Payload { msg: &blob, aad: name.as_bytes() };
        String::from_utf8(cipher.decrypt(&Nonce::from([1; 12]), payload).unwrap()).unwrap()
    })
}

fn answer(value: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "value": value }))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [file, address, rows] = arguments.try_into().unwrap();
    fill(&file, rows.parse().unwrap());
    HttpServer::new(move || {
        let cipher = Aes256Gcm::new(&KEY.into());
        let (pooled, on_worker) = ((file.clone(), cipher.clone()), (file.clone(), cipher));
        App::new()
            .route("/bare", web::post().to(|| async { answer("nothing") }))
            .route(
                "/pool/{name}",
                web::post().to(move |name: web::Path<String>| {
                    let (file, cipher) = pooled.clone();
                    async move { answer(&web::block(move || value(&file, &cipher, &name)).await.unwrap()) }
                }),
            )
            .route(
                "/worker/{name}",
                web::post().to(move |name: web::Path<String>| {
                    let (file, cipher) = on_worker.clone();
                    async move { answer(&value(&file, &cipher, &name)) }
                }),
            )
    })
    .workers(2)
    .bind(address)?
    .run()
    .await
}
