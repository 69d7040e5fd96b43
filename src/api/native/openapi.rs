//! The description itself, for whoever makes clients of it.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::app::App;

/// `GET /api/v1/openapi.json`
pub async fn show(app: Data<App>) -> HttpResponse {
    HttpResponse::Ok().json(&*app.description)
}
