//! What machines speak: the Pipes-compatible routes.
//!
//! Invariant: every error is a JSON object `{code, message}`, and a token's text goes no further than
//! `authenticate`.

mod authenticate;
pub mod error;
mod pipes;

use actix_web::web::{self, ServiceConfig};

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::scope("/data-integrations")
            .route("/{slug}/credentials", web::post().to(pipes::vend))
            .route("/{slug}/api-key", web::put().to(pipes::put_api_key))
            .default_service(web::to(pipes::unknown)),
    );
}
