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
use super::routes::{EMBEDDED, FILES, HEALTH, MACHINES, PAGES, resources};
use super::{App, middleware};
use crate::web::error::not_found;
use crate::web::session::Store;

/// Seconds that running requests are given to finish when the process is told to stop.
const GRACE: u64 = 20;

pub fn listen(app: &App, listener: TcpListener) -> std::io::Result<Server> {
    let app = app.clone();
    let workers = app.config.server.workers;
    let key = Key::derive_from(&app.keyring.cookie_key());
    let server = HttpServer::new(move || {
        let app = App { upstream: app.upstream.apart(), ..app.clone() };
        let limit = app.config.server.body_limit;
        ActixApp::new()
            .app_data(Data::new(app.clone()))
            .app_data(web::PayloadConfig::new(limit))
            .service(resources(HEALTH))
            .service(resources(MACHINES))
            .service(resources(FILES))
            .service(resources(EMBEDDED))
            .service(
                web::scope("")
                    .wrap(sessions(&app, key.clone()))
                    .service(resources(PAGES))
                    .default_service(web::to(not_found)),
            )
            .wrap(from_fn(middleware::around))
    });
    // Whoever goes away is waited for no longer, and neither is what they asked of others.
    let server = server.h1_allow_half_closed(false);
    // An answer whose body comes after its head is not kept back until the head has been acknowledged.
    let server = server.tcp_nodelay(true);
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
