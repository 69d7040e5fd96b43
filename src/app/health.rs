//! Whether the process lives, and whether it can do its work.

use actix_web::web::Data;
use actix_web::{HttpResponse, Responder};

use super::App;
use crate::actions::installation;

pub(super) async fn live() -> impl Responder {
    HttpResponse::Ok().json(serde_json::json!({ "status": "live" }))
}

/// Database, migrations and keys are asked each time.
pub(super) async fn ready(app: Data<App>) -> impl Responder {
    let database = app.db.is_ready().await;
    let keys = database && installation::are_keys_ours(&app.db, &app.keyring).await;
    let word = if keys { "ready" } else { "unavailable" };
    let body = serde_json::json!({ "status": word, "database": database, "keys": keys });
    if keys { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
