//! Puts routes and middleware together and listens.

use std::net::TcpListener;

use actix_session::SessionMiddleware;
use actix_session::config::PersistentSession;
use actix_web::cookie::{Key, SameSite, time};
use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App as ActixApp, HttpServer};

use super::context::Cookies;
use super::{App, health, middleware};
use crate::web::session::Store;
use crate::{api, web as pages};

/// Seconds that running requests are given to finish when the process is told to stop.
const GRACE: u64 = 20;

pub fn listen(app: &App, listener: TcpListener) -> std::io::Result<Server> {
    let app = app.clone();
    let workers = app.config.server.workers;
    let key = Key::derive_from(&app.keyring.cookie_key());
    let server = HttpServer::new(move || {
        let limit = app.config.server.body_limit;
        ActixApp::new()
            .app_data(Data::new(app.clone()))
            .app_data(web::PayloadConfig::new(limit))
            .service(
                web::scope("/health")
                    .route("/live", web::get().to(health::live))
                    .route("/ready", web::get().to(health::ready)),
            )
            .configure(api::configure)
            .service(web::scope("").wrap(sessions(&app, key.clone())).configure(pages::configure))
            .wrap(from_fn(middleware::around))
    });
    Ok(server.workers(workers).shutdown_timeout(GRACE).listen(listener)?.run())
}

fn sessions(app: &App, key: Key) -> SessionMiddleware<Store> {
    let cookies = Cookies::new(&app.config.server);
    let lasts = time::Duration::try_from(crate::store::sessions::LONGEST).unwrap_or(time::Duration::HOUR);
    SessionMiddleware::builder(Store::new(app.clone()), key)
        .cookie_name(cookies.name(""))
        .cookie_secure(cookies.secure())
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .session_lifecycle(PersistentSession::default().session_ttl(lasts))
        .build()
}
