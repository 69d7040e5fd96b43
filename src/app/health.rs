//! Whether the process lives, and whether it can do its work.

use actix_web::web::Data;
use actix_web::{HttpResponse, Responder};

use super::App;

pub(super) async fn live() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

/// The keys were verified before the first request; database and migrations are asked each time.
pub(super) async fn ready(app: Data<App>) -> impl Responder {
    let database = app.db.is_ready().await;
    let word = if database { "ready" } else { "unavailable" };
    let body = serde_json::json!({ "status": word, "database": database, "keys": true });
    if database { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
