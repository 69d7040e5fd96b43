//! The pages: what people see in a browser.
//!
//! Invariant: a form's contents are out of reach until it has been checked to come from our own page,
//! in the same browser and session; no page has a place for a stored value.

pub mod account;
pub mod activity;
pub mod assets;
pub mod chrome;
mod csrf;
pub mod error;
mod flash;
mod forms;
mod frame;
pub mod home;
pub mod secrets;
pub mod session;
pub mod set_up;
pub mod sign_in;
mod story;
mod theme;
pub mod tokens;
pub mod url;
pub mod view;
mod visitor;

use actix_web::web::{self, ServiceConfig, get, post};

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/", get().to(home::root))
        .route("/favicon.ico", get().to(assets::favicon))
        .route("/assets/{hash}/{path:.*}", get().to(assets::show))
        .route("/theme", post().to(theme::update))
        .route("/set-up/{link}", get().to(set_up::new))
        .route("/set-up/{link}", post().to(set_up::create))
        .route("/sign-in", get().to(sign_in::new))
        .route("/sign-in", post().to(sign_in::create))
        .route("/sign-out", post().to(sign_in::destroy))
        .service(
            web::scope("/account")
                .route("", get().to(account::show))
                .route("/password", post().to(account::update_password))
                .route("/sessions", get().to(account::sessions))
                .route("/sessions/revoke-others", post().to(account::revoke_others))
                .route("/sessions/{session}/revoke", post().to(account::revoke)),
        )
        .service(
            web::scope("/w/{workspace}")
                .route("", get().to(home::show))
                .route("/secrets", get().to(secrets::index))
                .route("/secrets/new", get().to(secrets::create::choose))
                .route("/secrets/new/{node_type}", get().to(secrets::create::new))
                .route("/secrets/new/{node_type}", post().to(secrets::create::create))
                .route("/secrets/{secret}", get().to(secrets::show))
                .route("/secrets/{secret}/delete", get().to(secrets::delete::new))
                .route("/secrets/{secret}/delete", post().to(secrets::delete::create))
                .route("/tokens", get().to(tokens::index))
                .route("/tokens/new", get().to(tokens::new))
                .route("/tokens/new", post().to(tokens::create))
                .route("/tokens/{token}", get().to(tokens::show))
                .route("/tokens/{token}/revoke", post().to(tokens::revoke))
                .route("/activity", get().to(activity::index)),
        )
        .default_service(web::to(error::not_found));
}
